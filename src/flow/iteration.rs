//! One pass of one terminal through its flow.

use super::{
    Action, BothEnds, CardFeeder, CardTemplate, Check, Draw, Fault, FaultKind, Flow, Loading, Meeting,
    OnError, OriginalTemplate, Rest, Step, Template, template, view::View, visit::Visit,
};
use crate::{
    card::Card,
    directory::{Directory, Entry},
    expr::{EvalError, Expr, Value},
    http::Request,
    iso8583::{BatchNo, MerchantId, TerminalId},
    link::Network,
    metrics::{Class, StepId},
    money::Amount,
    operation::{CardUse, Operation, Original, Outcome},
    rng::Rng,
};
use std::{cell::OnceCell, sync::Arc, time::Duration};

/// Who walks through a flow.
#[derive(Clone, Copy, Debug)]
pub struct Cast<'a> {
    /// The terminal's number in its group, counted from 0.
    pub number: u32,
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42.
    pub merchant: MerchantId,
    /// The batch that is open in the terminal at this moment.
    pub batch: BatchNo,
    /// The numbers that the terminal has in the plan, whatever was loaded into it since; few flows look at them.
    pub planned: &'a Numbers,
    /// How many terminals its group has.
    pub fleet: u32,
    /// The merchants behind the fleet.
    pub directory: Directory,
    /// The stocks of cards of the plan.
    pub feeders: &'a [CardFeeder],
}

/// The numbers of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42.
    pub merchant: MerchantId,
}

/// One pass of one terminal through its flow.
#[derive(Debug)]
pub struct Iteration<'f> {
    pub(super) flow: &'f Flow,
    /// The number of this iteration among all of its scenario, counted from 0.
    pub(super) ordinal: u64,
    pub(super) rng: Rng,
    pub(super) next_step: usize,
    cards_drawn: u64,
    /// The card drawn last, with the number of its feeder.
    card: Option<(usize, Card)>,
    pub(super) request_amount: Amount,
    pub(super) request_tip: Amount,
    pub(super) last: Last,
    pub(super) slots: Vec<Value<'static>>,
    /// What requests leave behind; `None` before the first one.
    pub(super) visit: Option<Box<Visit>>,
    /// The merchant of the terminal in the plan, looked up when an expression asks.
    pub(super) entry: OnceCell<Box<Entry>>,
    pub(super) failed: bool,
    fault: Option<Fault>,
}

/// What the last step was, and what came of it.
#[derive(Debug)]
pub(super) enum Last {
    /// There was none.
    Nothing,
    /// An operation of the terminal.
    Operation(Outcome),
    /// An HTTP request.
    Request(Class),
    /// An operator at the terminal.
    Load(Class),
}

/// What an iteration wants next.
#[derive(Debug)]
pub enum Next {
    /// The terminal shall do this.
    Operate(Operation),
    /// This is to be asked of a server, see [`Iteration::answered`].
    Request(Box<Request>),
    /// An operator shall load this into the terminal, see [`Iteration::loaded`].
    Load(Box<Loading>),
    /// Nothing for so long.
    Think(Duration),
    /// Nothing until so long after the begin of the iteration, or after the last pace.
    Pace(Duration),
    /// Nothing until other terminals are there too.
    Meet(Meeting),
    /// The scenario asks for what cannot be: the step in question, and why.
    Broken(Option<StepId>, EvalError),
    /// The iteration is over.
    Done {
        /// Whether a step ended in an error or a check did not hold.
        failed: bool,
    },
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepResult {
    /// Where its figures go.
    pub id: Option<StepId>,
    /// How it ended.
    pub class: Class,
    /// Checks that held.
    pub checks_passed: u32,
    /// Checks that did not hold.
    pub checks_failed: u32,
}

impl<'f> Iteration<'f> {
    /// The pass number `ordinal` of its scenario; `rng` is the stream that belongs to it.
    pub fn new(flow: &'f Flow, ordinal: u64, rng: Rng) -> Self {
        let slots = vec![Value::Nothing; flow.captures];
        Self {
            flow,
            ordinal,
            rng,
            next_step: 0,
            cards_drawn: 0,
            card: None,
            request_amount: Amount::ZERO,
            request_tip: Amount::ZERO,
            last: Last::Nothing,
            slots,
            visit: None,
            entry: OnceCell::new(),
            failed: false,
            fault: None,
        }
    }

    /// What to do next.
    pub fn next(&mut self, cast: &Cast<'_>) -> Next {
        let flow = self.flow;
        let Some(step) = flow.steps.get(self.next_step) else {
            return Next::Done { failed: self.failed };
        };
        match &step.action {
            Action::Think { min, max } => {
                self.next_step += 1;
                Next::Think(self.between(*min, *max))
            }
            Action::Pace { min, max } => {
                self.next_step += 1;
                Next::Pace(self.between(*min, *max))
            }
            Action::Meet(meeting) => {
                self.next_step += 1;
                Next::Meet(*meeting)
            }
            Action::Operate(template) => {
                let operation = self.operation(template, cast);
                operation.map_or_else(|error| self.broken(step.id, error), Next::Operate)
            }
            Action::Request(template) => {
                let request = self.request(template, cast);
                request.map_or_else(|error| self.broken(step.id, error), |all| Next::Request(Box::new(all)))
            }
            Action::Load(template) => {
                let loading = template.fill(|expression| self.evaluate_one(expression, cast));
                loading.map_or_else(|error| self.broken(step.id, error), |all| Next::Load(Box::new(all)))
            }
        }
    }

    /// Takes what came of the operation that [`Iteration::next`] asked for, while the terminal may still be busy with
    /// what follows from it; see [`Iteration::operated`].
    pub fn hear(&mut self, outcome: Outcome) {
        self.last = Last::Operation(outcome);
    }

    /// What came of the last operation.
    pub fn heard(&self) -> Option<&Outcome> {
        self.last.outcome()
    }

    /// Goes on after the operation whose outcome was heard.
    ///
    /// # Errors
    /// When a check or a capture cannot be evaluated; the iteration then ends.
    pub fn operated(&mut self, cast: &Cast<'_>) -> Result<StepResult, EvalError> {
        let class = self.last.class().unwrap_or(Class::Failed);
        self.end_step(cast, class)
    }

    /// Takes what both ends of a device say of the operation whose outcome comes next.
    pub fn witnessed(&mut self, ends: BothEnds) {
        self.visit.get_or_insert_default().ends = Some(ends);
    }

    /// Takes whether the terminal took what [`Iteration::next`] asked to load into it.
    ///
    /// # Errors
    /// When a check or a capture cannot be evaluated; the iteration then ends.
    pub fn loaded(&mut self, cast: &Cast<'_>, is_loaded: bool) -> Result<StepResult, EvalError> {
        let class = if is_loaded { Class::Approved } else { Class::Failed };
        self.last = Last::Load(class);
        self.end_step(cast, class)
    }

    /// The measured step that is under way.
    pub fn step(&self) -> Option<StepId> {
        self.flow.steps.get(self.next_step).and_then(|step| step.id)
    }

    /// The network of the step that is under way, where it has one of its own.
    pub fn network(&self) -> Option<&'f Arc<Network>> {
        self.flow.steps.get(self.next_step)?.network.as_ref()
    }

    /// Goes on with what follows where an iteration is cut short; `false` where its flow has nothing for that.
    pub fn interrupt(&mut self) -> bool {
        let Some(rest) = self.flow.on_interrupt.as_deref() else { return false };
        (self.flow, self.next_step) = (rest, 0);
        true
    }

    fn between(&mut self, min: Duration, max: Duration) -> Duration {
        Duration::from_nanos(self.rng.between(crate::time::nanos(min), crate::time::nanos(max)))
    }

    /// The scenario asks for what cannot be.
    fn broken(&mut self, step: Option<StepId>, error: EvalError) -> Next {
        self.give_up();
        Next::Broken(step, error)
    }

    /// What went wrong first, if something did.
    pub fn fault(&self) -> Option<Fault> {
        self.fault
    }

    fn note(&mut self, what: FaultKind) {
        let code = self.last.outcome().and_then(|outcome| outcome.code);
        self.fault.get_or_insert(Fault { step: self.next_step, what, code });
    }

    /// The iteration ends here, and has failed.
    pub(super) fn give_up(&mut self) {
        self.note(FaultKind::Broken);
        self.next_step = self.flow.steps.len();
        self.failed = true;
    }

    /// The step under way has ended as `class`.
    pub(super) fn end_step(&mut self, cast: &Cast<'_>, class: Class) -> Result<StepResult, EvalError> {
        let flow = self.flow;
        let Some(step) = flow.steps.get(self.next_step) else {
            return Ok(StepResult { id: None, class, checks_passed: 0, checks_failed: 0 });
        };
        let broke_off = matches!(class, Class::TimedOut | Class::Failed);
        if broke_off {
            self.note(FaultKind::Ended(class, self.last.outcome().and_then(Outcome::failure)));
        }
        let evaluated = self.evaluate(step, cast);
        let checks_failed = evaluated.as_ref().map_or(0, |(_, failed)| *failed);
        if evaluated.is_err() {
            self.note(FaultKind::Broken);
        }
        self.failed |= broke_off || checks_failed > 0 || evaluated.is_err();
        let ends_here = evaluated.is_err() || (broke_off && step.on_error == OnError::Abort);
        self.next_step = if ends_here { flow.steps.len() } else { self.next_step + 1 };
        let (checks_passed, checks_failed) = evaluated?;
        Ok(StepResult { id: step.id, class, checks_passed, checks_failed })
    }

    fn operation(&mut self, template: &Template, cast: &Cast<'_>) -> Result<Operation, EvalError> {
        let amount = match &template.amount {
            Some(expression) => self.evaluate_one(expression, cast)?.amount()?,
            None => Amount::ZERO,
        };
        let card = match &template.card {
            Some(card) => Some(self.card(card, cast)?),
            None => None,
        };
        self.request_amount = amount;
        self.request_tip = Amount::ZERO;
        let plain = Operation { amount, card, variant: template.variant, ..Operation::of(template.kind) };
        match &template.rest {
            Some(rest) => self.with_rest(plain, rest, cast),
            None => Ok(plain),
        }
    }

    /// Adds what only few steps say.
    fn with_rest(&mut self, plain: Operation, rest: &Rest, cast: &Cast<'_>) -> Result<Operation, EvalError> {
        if let Some(tip) = &rest.tip {
            self.request_tip = self.evaluate_one(tip, cast)?.amount()?;
        }
        let original = match &rest.original {
            None => Original::Newest,
            Some(OriginalTemplate::Stan(stan)) => {
                Original::Stan(template::stan(&self.evaluate_one(stan, cast)?)?)
            }
            Some(OriginalTemplate::Receipt(receipt)) => {
                Original::Receipt(receipt.resolve(|expression| self.evaluate_one(expression, cast))?)
            }
        };
        let payment_code = match &rest.code {
            Some(code) => Some(template::payment_code(&self.evaluate_one(code, cast)?)?),
            None => None,
        };
        Ok(Operation { tip: self.request_tip, original, payment_code, ..plain })
    }

    fn card(&mut self, template: &CardTemplate, cast: &Cast<'_>) -> Result<CardUse, EvalError> {
        let has_drawn = self.card.as_ref().is_some_and(|(feeder, _)| *feeder == template.feeder);
        if template.draw == Draw::Next || !has_drawn {
            let draws = self.flow.card_draws.max(1);
            let drawn = self.ordinal.wrapping_mul(draws).wrapping_add(self.cards_drawn);
            let feeder = cast.feeders.get(template.feeder);
            let card = feeder.and_then(|feeder| feeder.draw(drawn, &mut self.rng)).cloned();
            self.card = card.map(|card| (template.feeder, card));
            self.cards_drawn += 1;
        }
        let (_, card) = self.card.clone().ok_or(EvalError::NoCard)?;
        Ok(CardUse { card, entry: template.entry, pin: template.pin })
    }

    pub(super) fn evaluate_one(
        &mut self,
        expression: &Expr,
        cast: &Cast<'_>,
    ) -> Result<Value<'static>, EvalError> {
        let mut rng = self.rng.clone();
        let value = expression.eval(&View { iteration: self, cast }, &mut rng)?.into_owned();
        self.rng = rng;
        Ok(value)
    }

    /// Evaluates checks and captures of `step`; how many checks held, and how many did not.
    fn evaluate(&mut self, step: &Step, cast: &Cast<'_>) -> Result<(u32, u32), EvalError> {
        let mut held = (0, 0);
        let mut failed = None;
        for (index, Check { condition, .. }) in step.checks.iter().enumerate() {
            match self.evaluate_one(condition, cast)?.truth()? {
                true => held.0 += 1,
                false => {
                    held.1 += 1;
                    failed.get_or_insert(index as u32);
                }
            }
        }
        if let Some(check) = failed {
            self.note(FaultKind::Check(check));
        }
        for capture in &step.captures {
            let value = self.evaluate_one(&capture.value, cast)?;
            if let Some(slot) = self.slots.get_mut(capture.slot) {
                *slot = value;
            }
        }
        Ok(held)
    }
}

impl Last {
    pub(super) fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Operation(outcome) => Some(outcome),
            _ => None,
        }
    }

    pub(super) fn class(&self) -> Option<Class> {
        match self {
            Self::Nothing => None,
            Self::Operation(outcome) => Some(outcome.class()),
            Self::Request(class) | Self::Load(class) => Some(*class),
        }
    }

    pub(super) fn is_request(&self) -> bool {
        matches!(self, Self::Request(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Iterations are many, and most have no request: what only requests need is behind a pointer.
    #[test]
    fn requests_cost_other_iterations_nothing_but_their_pointers() {
        assert_eq!(size_of::<Last>(), size_of::<Option<Outcome>>());
        assert_eq!(
            size_of::<OnceCell<Box<Entry>>>() + size_of::<Option<Box<Visit>>>(),
            2 * size_of::<usize>()
        );
        assert!(size_of::<Next>() <= size_of::<Operation>() + size_of::<usize>());
    }
}
