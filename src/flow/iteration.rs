//! One pass of one terminal through its flow.

use super::{
    Action, CardFeeder, CardTemplate, Check, Draw, Flow, OnError, OriginalTemplate, Rest, Step, Template,
    Variable, template,
};
use crate::{
    card::Card,
    expr::{EvalError, Expr, Scope, Value, VariableId},
    iso8583::{BatchNo, MerchantId, TerminalId},
    metrics::{Class, StepId},
    money::Amount,
    operation::{CardUse, Operation, Original, Outcome},
    rng::Rng,
};
use std::{sync::Arc, time::Duration};

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
    /// The stocks of cards of the plan.
    pub feeders: &'a [CardFeeder],
}

/// One pass of one terminal through its flow.
#[derive(Debug)]
pub struct Iteration {
    flow: Arc<Flow>,
    /// The number of this iteration among all of its scenario, counted from 0.
    ordinal: u64,
    rng: Rng,
    next_step: usize,
    cards_drawn: u64,
    /// The card drawn last, with the number of its feeder.
    card: Option<(usize, Card)>,
    request_amount: Amount,
    request_tip: Amount,
    last: Option<Outcome>,
    slots: Vec<Value<'static>>,
    failed: bool,
}

/// What an iteration wants next.
#[derive(Debug)]
pub enum Next {
    /// The terminal shall do this.
    Operate(Operation),
    /// Nothing for so long.
    Think(Duration),
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

impl Iteration {
    /// The pass number `ordinal` of its scenario; `rng` is the stream that belongs to it.
    pub fn new(flow: Arc<Flow>, ordinal: u64, rng: Rng) -> Self {
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
            last: None,
            slots,
            failed: false,
        }
    }

    /// What to do next.
    pub fn next(&mut self, cast: &Cast<'_>) -> Next {
        let flow = Arc::clone(&self.flow);
        let Some(step) = flow.steps.get(self.next_step) else {
            return Next::Done { failed: self.failed };
        };
        match &step.action {
            Action::Think { min, max } => {
                self.next_step += 1;
                let nanos = self.rng.between(crate::time::nanos(*min), crate::time::nanos(*max));
                Next::Think(Duration::from_nanos(nanos))
            }
            Action::Operate(template) => match self.operation(template, cast) {
                Ok(operation) => Next::Operate(operation),
                Err(error) => {
                    self.next_step = flow.steps.len();
                    self.failed = true;
                    Next::Broken(step.id, error)
                }
            },
        }
    }

    /// Takes what came of the operation that [`Iteration::next`] asked for.
    ///
    /// # Errors
    /// When a check or a capture cannot be evaluated; the iteration then ends.
    pub fn outcome(&mut self, cast: &Cast<'_>, outcome: Outcome) -> Result<StepResult, EvalError> {
        let flow = Arc::clone(&self.flow);
        let class = outcome.class();
        self.last = Some(outcome);
        let Some(step) = flow.steps.get(self.next_step) else {
            return Ok(StepResult { id: None, class, checks_passed: 0, checks_failed: 0 });
        };
        let evaluated = self.evaluate(step, cast);
        let broke_off = matches!(class, Class::TimedOut | Class::Failed);
        let checks_failed = evaluated.as_ref().map_or(0, |(_, failed)| *failed);
        self.failed |= broke_off || checks_failed > 0 || evaluated.is_err();
        let ends_here = evaluated.is_err() || (broke_off && step.on_error == OnError::Abort);
        self.next_step = if ends_here { flow.steps.len() } else { self.next_step + 1 };
        let (checks_passed, checks_failed) = evaluated?;
        Ok(StepResult { id: step.id, class, checks_passed, checks_failed })
    }

    /// The measured step that is under way.
    pub fn step(&self) -> Option<StepId> {
        self.flow.steps.get(self.next_step).and_then(|step| step.id)
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

    fn evaluate_one(&mut self, expression: &Expr, cast: &Cast<'_>) -> Result<Value<'static>, EvalError> {
        let mut rng = self.rng.clone();
        let value = expression.eval(&View { iteration: self, cast }, &mut rng)?.into_owned();
        self.rng = rng;
        Ok(value)
    }

    /// Evaluates checks and captures of `step`; how many checks held, and how many did not.
    fn evaluate(&mut self, step: &Step, cast: &Cast<'_>) -> Result<(u32, u32), EvalError> {
        let mut held = (0, 0);
        for Check { condition, .. } in &step.checks {
            match self.evaluate_one(condition, cast)?.truth()? {
                true => held.0 += 1,
                false => held.1 += 1,
            }
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

/// What expressions can see of an iteration.
struct View<'a> {
    iteration: &'a Iteration,
    cast: &'a Cast<'a>,
}

impl Scope for View<'_> {
    fn variable(&self, id: VariableId) -> Value<'_> {
        let (iteration, cast) = (self.iteration, self.cast);
        let last = iteration.last.as_ref();
        let text = |value: Option<String>| value.map_or(Value::Nothing, |text| Value::Text(text.into()));
        match Variable::from_id(id) {
            Variable::Iteration => Value::Number(iteration.ordinal as f64 + 1.0),
            Variable::TerminalNumber => Value::Number(f64::from(cast.number)),
            Variable::TerminalId => text(Some(cast.terminal.to_string())),
            Variable::MerchantId => text(Some(cast.merchant.to_string())),
            Variable::Code => text(last.and_then(|last| last.code).map(|code| code.to_string())),
            Variable::Outcome => last.map_or(Value::Nothing, |last| Value::Text(last.class().name().into())),
            Variable::Amount => {
                // Without an answer there is no amount of one.
                let answered = last.filter(|last| last.code.is_some());
                answered.map_or(Value::Nothing, |last| Value::Amount(last.amount))
            }
            Variable::Stan => text(last.and_then(|last| last.stan).map(|stan| stan.to_string())),
            Variable::Rrn => text(last.and_then(|last| last.rrn).map(|rrn| rrn.to_string())),
            Variable::ApprovalCode => {
                text(last.and_then(|last| last.approval_code).map(|code| code.to_string()))
            }
            Variable::Balance => {
                let balance = last.and_then(|last| last.balance);
                balance.map_or(Value::Nothing, |minor| Value::Number(minor as f64 / 100.0))
            }
            Variable::ServiceTime => {
                let service = last.and_then(|last| last.service);
                service.map_or(Value::Nothing, |time| Value::Number(time.as_secs_f64() * 1000.0))
            }
            Variable::Date => text(last.and_then(|last| last.date).map(|date| date.to_string())),
            Variable::Batch => text(Some(cast.batch.to_string())),
            Variable::RequestAmount => Value::Amount(iteration.request_amount),
            Variable::RequestTip => Value::Amount(iteration.request_tip),
            Variable::Slot(slot) => iteration.slots.get(slot).cloned().unwrap_or(Value::Nothing),
        }
    }
}
