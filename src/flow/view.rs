//! What expressions can see of an iteration.

use super::{BothEnds, Cast, Iteration, LineAnswer, Particular, Variable, iteration::Last};
use crate::{
    directory::Entry,
    expr::{Scope, Value, VariableId},
    money::Amount,
    operation::Outcome,
};
use std::time::Duration;

/// What expressions can see of an iteration.
pub(super) struct View<'a> {
    pub(super) iteration: &'a Iteration<'a>,
    pub(super) cast: &'a Cast<'a>,
}

impl Scope for View<'_> {
    fn variable(&self, id: VariableId) -> Value<'_> {
        let (iteration, cast) = (self.iteration, self.cast);
        let last = iteration.last.outcome();
        let answer = iteration.visit.as_ref().and_then(|visit| visit.answer());
        match Variable::from_id(id) {
            Variable::Iteration => Value::Number(iteration.ordinal as f64 + 1.0),
            Variable::TerminalNumber => Value::Number(f64::from(cast.number)),
            Variable::TerminalId => Value::text(cast.terminal.to_string()),
            Variable::MerchantId => Value::text(cast.merchant.to_string()),
            Variable::Serial => Value::text(format!("SN{}", cast.planned.terminal)),
            Variable::Code => self.code(),
            Variable::Outcome => {
                iteration.last.class().map_or(Value::Nothing, |class| Value::text(class.name()))
            }
            Variable::ServiceTime => {
                let of_request =
                    answer.filter(|_| iteration.last.is_request()).map(|answer| answer.timing.total);
                let service = last.map_or(of_request, |last| last.service);
                service.map_or(Value::Nothing, |time| Value::Number(time.as_secs_f64() * 1000.0))
            }
            Variable::Batch => Value::text(cast.batch.to_string()),
            Variable::RequestAmount => Value::Amount(iteration.request_amount),
            Variable::RequestTip => Value::Amount(iteration.request_tip),
            Variable::Status => {
                answer.map_or(Value::Nothing, |answer| Value::Number(f64::from(answer.status)))
            }
            Variable::Body => {
                let body = iteration.visit.as_ref().and_then(|visit| visit.body());
                body.map_or(Value::Nothing, Value::Text)
            }
            Variable::Merchant(particular) => self.merchant(particular),
            Variable::HostMessages
            | Variable::HostMac
            | Variable::HostCode
            | Variable::HostAmount
            | Variable::HostTime
            | Variable::LineCode
            | Variable::LineText
            | Variable::LineReceipt
            | Variable::LineCard
            | Variable::LineTime
            | Variable::DeviceTime => {
                let ends = iteration.visit.as_ref().and_then(|visit| visit.ends.as_ref());
                ends.map_or(Value::Nothing, |ends| of_ends(Variable::from_id(id), ends))
            }
            Variable::Slot(slot) => iteration.slots.get(slot).map_or(Value::Nothing, Value::borrow),
            of_outcome => last.map_or(Value::Nothing, |last| of_operation(of_outcome, last)),
        }
    }

    fn json(&self) -> Option<&serde_json::Value> {
        self.iteration.visit.as_ref()?.json()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.iteration.visit.as_ref()?.header(name)
    }

    fn host_field(&self, number: u8) -> Option<&str> {
        self.iteration.visit.as_ref()?.ends.as_ref()?.element(number)
    }
}

impl View<'_> {
    /// DE 39, or the status where the last step was a request.
    fn code(&self) -> Value<'_> {
        match &self.iteration.last {
            Last::Operation(outcome) => text(outcome.code),
            Last::Request(_) => {
                text(self.iteration.visit.as_ref().and_then(|visit| Some(visit.answer()?.status)))
            }
            Last::Nothing | Last::Load(_) => Value::Nothing,
        }
    }

    fn merchant(&self, particular: Particular) -> Value<'_> {
        let (iteration, cast) = (self.iteration, self.cast);
        let entry: &Entry =
            iteration.entry.get_or_init(|| Box::new(cast.directory.entry(cast.planned.merchant)));
        let turn = iteration.ordinal / u64::from(cast.fleet.max(1));
        Value::text(match particular {
            Particular::Name => entry.name.as_str(),
            Particular::Address => &entry.address,
            Particular::Holder => &entry.holder,
            Particular::Identity => &entry.identity,
            Particular::Phone => &entry.phone,
            Particular::Licence => &entry.licence,
            Particular::Password => &entry.password,
            Particular::QueryPassword => &entry.query_password,
            Particular::Bank => &entry.bank,
            Particular::Card => entry.card.as_str(),
            Particular::SpareCard => return Value::text(entry.spare(turn).as_str().to_owned()),
            Particular::InactiveCard => entry.inactive.as_str(),
            Particular::SecondClassCard => entry.second_class.as_str(),
        })
    }
}

/// What both ends of a device say of its last step.
fn of_ends(variable: Variable, ends: &BothEnds) -> Value<'_> {
    let ms = |time: Duration| Value::Number(time.as_secs_f64() * 1000.0);
    let times = ends.times;
    let line = |part: fn(&LineAnswer) -> &str| {
        ends.line.as_ref().map_or(Value::Nothing, |line| Value::text(part(line)))
    };
    match variable {
        Variable::HostMessages => ends.mtis().map_or(Value::Nothing, Value::text),
        Variable::HostMac => ends.mac().map_or(Value::Nothing, Value::text),
        Variable::HostCode => ends.code().map_or(Value::Nothing, Value::text),
        Variable::HostAmount => {
            let minor = ends.element(4).and_then(|digits| digits.parse().ok());
            minor.map_or(Value::Nothing, |minor| Value::Amount(Amount::from_minor(minor)))
        }
        Variable::HostTime => ends.messages.as_ref().map_or(Value::Nothing, |_| ms(times.host)),
        Variable::LineCode => line(|line| &line.code),
        Variable::LineText => line(|line| &line.text),
        Variable::LineCard => line(|line| &line.card),
        Variable::LineReceipt => {
            ends.line.as_ref().map_or(Value::Nothing, |line| Value::Number(f64::from(line.receipt)))
        }
        Variable::LineTime => ms(times.line),
        Variable::DeviceTime => ms(times.device),
        _ => Value::Nothing,
    }
}

/// What the last operation says of itself.
fn of_operation(variable: Variable, last: &Outcome) -> Value<'static> {
    match variable {
        // Without an answer there is no amount of one.
        Variable::Amount if last.code.is_some() => Value::Amount(last.amount),
        Variable::Stan => text(last.stan),
        Variable::Rrn => text(last.rrn),
        Variable::ApprovalCode => text(last.approval_code),
        Variable::Balance => last.balance.map_or(Value::Nothing, |minor| Value::Number(minor as f64 / 100.0)),
        Variable::Date => text(last.date),
        _ => Value::Nothing,
    }
}

fn text(value: Option<impl ToString>) -> Value<'static> {
    value.map_or(Value::Nothing, |value| Value::text(value.to_string()))
}
