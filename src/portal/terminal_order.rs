//! Application for a terminal: received → contacted → approved → shipped → received there → activated → in use.

use super::{
    MerchantData, NewCard, Password, Person, Phone, Portal, Refusal, Response,
    agenda::Due,
    binding::{Pair, SerialNumber},
    merchant::check_text,
    notification::{Notification, Topic},
    response::OrderView,
    review::{ApplicationNo, Content, Matter, Stage},
    settlement_card::{CardState, check},
};
use crate::{iso8583::TerminalId, time::Instant};

/// What an applicant sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalForm {
    /// The shop.
    pub data: MerchantData,
    /// The applicant.
    pub holder: Person,
    /// The card that payouts are to go to.
    pub card: NewCard,
    /// Which kind of terminal.
    pub wanted: TerminalKind,
}

/// The kinds of terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TerminalKind {
    /// 传统.
    Traditional,
    /// 电签.
    ESign,
    /// 智能.
    Smart,
}

/// How far an application for a terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderStep {
    /// The form has arrived.
    Applied,
    /// Somebody has phoned the applicant; the review goes on.
    Contacted,
    /// It was approved, and a device was set aside.
    Approved,
    /// The device is on its way; the activation code came by SMS.
    Shipped,
    /// The device has arrived.
    Delivered,
    /// The device has its numbers and its master key.
    Activated,
    /// The first sale was made.
    InUse,
}

/// An application for a terminal.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TerminalOrder {
    pub(super) form: TerminalForm,
    pub(super) step: OrderStep,
    pub(super) device: Option<SerialNumber>,
    code: Password,
}

impl TerminalOrder {
    /// What an applicant is told of it.
    pub(super) fn view(&self) -> OrderView {
        let device = self.device.clone().filter(|_| self.step >= OrderStep::Delivered);
        OrderView { step: self.step, tracking: self.tracking(), device }
    }

    /// The number by which the parcel is followed, once it is on its way.
    fn tracking(&self) -> Option<String> {
        let device = self.device.as_ref().filter(|_| self.step >= OrderStep::Shipped);
        device.map(|device| format!("SF{device}"))
    }
}

impl Portal {
    pub(super) fn order_terminal(&mut self, at: Instant, form: &TerminalForm) -> Result<Response, Refusal> {
        form.data.check()?;
        check_text(&form.holder.name, Refusal::NameInvalid)?;
        if !form.holder.identity.is_valid() {
            return Err(Refusal::IdentityInvalid);
        }
        check(&form.card, &form.holder, &self.books.bank)?;
        let matter = Matter::Terminal(form.holder.identity.clone());
        self.check_not_open(&matter, Refusal::OrderOpen)?;
        let (step, code) = (OrderStep::Applied, Password::default());
        let order = TerminalOrder { form: form.clone(), step, device: None, code };
        let no = self.submit(at, None, matter, Content::Terminal(order));
        self.application_view(no)
    }

    /// What an applicant without an account may ask: by number and phone.
    pub(super) fn order_state(&self, no: ApplicationNo, phone: &Phone) -> Result<Response, Refusal> {
        let order = self.order(no).ok_or(Refusal::ApplicationUnknown)?;
        if order.form.data.phone != *phone {
            return Err(Refusal::ApplicationForeign);
        }
        self.application_view(no)
    }

    pub(super) fn approve_order(&mut self, at: Instant, no: ApplicationNo, order: &TerminalOrder) {
        let device = self.books.next_device();
        let code = Password::new(format!("{:08}", self.chance().between(0, 99_999_999)));
        self.books.orders.insert(device.clone(), no);
        let order = TerminalOrder { device: Some(device), code, step: OrderStep::Approved, ..order.clone() };
        self.put_order(at, no, order);
        self.books.application_mut(no).stage = Stage::Approved;
        self.step_later(at, no);
    }

    /// Makes the step that comes by itself.
    pub(super) fn step_order(&mut self, at: Instant, no: ApplicationNo, order: &TerminalOrder) {
        let step = |step| TerminalOrder { step, ..order.clone() };
        match order.step {
            OrderStep::Applied => {
                self.put_order(at, no, step(OrderStep::Contacted));
                self.begin_review(at, no);
            }
            OrderStep::Approved => {
                self.put_order(at, no, step(OrderStep::Shipped));
                let phone = order.form.data.phone.clone();
                self.send_sms(at, phone, Topic::Code, Some(order.code.clone()));
                self.step_later(at, no);
            }
            OrderStep::Shipped => self.put_order(at, no, step(OrderStep::Delivered)),
            _ => {}
        }
    }

    /// Registers and activates a device: it gets its numbers, and its merchant an account.
    pub(super) fn activate(
        &mut self,
        at: Instant,
        device: &SerialNumber,
        code: &Password,
    ) -> Result<Response, Refusal> {
        let no = *self.books.orders.get(device).ok_or(Refusal::ActivationUnknown)?;
        let order = self.order(no).ok_or(Refusal::ActivationUnknown)?.clone();
        if order.code != *code {
            return Err(Refusal::ActivationUnknown);
        }
        match order.step {
            OrderStep::Delivered => {}
            OrderStep::Activated | OrderStep::InUse => return Err(Refusal::ActivatedAlready),
            _ => return Err(Refusal::ActivationTooEarly),
        }
        let pair = self.enter_applicant(at, device, &order.form);
        self.books.unproven.insert(pair.terminal, no);
        self.put_order(at, no, TerminalOrder { step: OrderStep::Activated, ..order });
        self.books.application_mut(no).merchant = Some(pair.merchant);
        self.close(at, no, Stage::Done);
        Ok(Response::Activated(pair))
    }

    /// The first sale activates a terminal for good.
    pub(super) fn first_sale(&mut self, at: Instant, terminal: TerminalId) {
        let Some(no) = self.books.unproven.remove(&terminal) else { return };
        if let Some(order) = self.order(no).cloned() {
            self.put_order(at, no, TerminalOrder { step: OrderStep::InUse, ..order });
        }
        if let Some(merchant) = self.books.application(no).merchant {
            self.notify(at, merchant, Notification::of(Topic::TerminalInUse));
        }
    }

    pub(super) fn step_later(&mut self, at: Instant, no: ApplicationNo) {
        let due = at + self.rules.terminal_step.draw(&mut self.chance());
        self.books.agenda.enter(due, Due::Step(no));
    }

    fn enter_applicant(&mut self, at: Instant, device: &SerialNumber, form: &TerminalForm) -> Pair {
        let form = form.clone();
        let licence = String::new();
        let merchant = self.welcome(at, form.data, form.holder, licence);
        let pair = Pair { terminal: self.books.next_terminal(), merchant };
        self.bind(at, device.clone(), pair);
        let card = self.books.next_card();
        self.books.merchant_mut(merchant).wallet.add(card, form.card, CardState::Pending);
        self.direct_payouts(at, merchant, card);
        pair
    }

    fn order(&self, no: ApplicationNo) -> Option<&TerminalOrder> {
        match &self.books.applications.get(&no)?.content {
            Content::Terminal(order) => Some(order),
            _ => None,
        }
    }

    fn put_order(&mut self, at: Instant, no: ApplicationNo, order: TerminalOrder) {
        let phone = order.form.data.phone.clone();
        self.books.application_mut(no).content = Content::Terminal(order);
        self.send_sms(at, phone, Topic::TerminalStep, None);
    }
}
