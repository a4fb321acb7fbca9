//! A merchant at the counter of the portal: it changes cards, unbinds them and asks about its money, in any order, and
//! says many things twice.

use crate::{
    directory::{Directory, Entry},
    host::{Host, Outbox},
    iso8583::MerchantId,
    portal::{
        AccountRequest, Call, CardRequest, IdempotencyKey, InstantRequest, NewCard, Page, Password, Phone,
        Proof, Request, Response, Token, Topic, UnbindRequest,
    },
    rng::Rng,
    time::Instant,
};

/// A merchant at the counter.
#[derive(Debug)]
pub(super) struct Visitor {
    merchant: MerchantId,
    entry: Entry,
    rng: Rng,
    session: Option<Token>,
    /// How far it is with the change of a card.
    step: usize,
    calls: u64,
    last: Option<Call>,
}

impl Visitor {
    pub(super) fn new(merchant: MerchantId, directory: Directory, rng: Rng) -> Self {
        let entry = directory.entry(merchant);
        Self { merchant, entry, rng, session: None, step: 0, calls: 0, last: None }
    }

    /// Asks for something; says whether it was granted.
    pub(super) fn visit(&mut self, now: Instant, host: &mut Host, out: &mut Outbox) -> bool {
        let repeated = self.last.clone().filter(|_| self.rng.happens(0.2));
        let call = repeated.unwrap_or_else(|| self.next_call(now, host));
        let answer = host.call(now, &call, out);
        self.last = Some(call);
        if let Ok(Response::Session(token)) = &answer {
            self.session = Some(*token);
        }
        answer.is_ok()
    }

    fn next_call(&mut self, now: Instant, host: &Host) -> Call {
        self.calls += 1;
        let key = Some(IdempotencyKey(format!("visit {}", self.calls)));
        let request = if self.session.is_none() { self.login() } else { self.next_request(now, host) };
        Call { session: self.session, key, request }
    }

    fn login(&self) -> Request {
        Request::Login { account: self.merchant, password: Password::new(&self.entry.password) }
    }

    fn next_request(&mut self, now: Instant, host: &Host) -> Request {
        match self.rng.between(0, 9) {
            0..3 => self.unbind(host),
            3 => {
                let (name, number) = (self.entry.name.clone(), self.merchant);
                Request::Instant(InstantRequest::Apply { name, number })
            }
            4 => Request::Account(AccountRequest::Balance),
            5 => self.login(),
            _ => {
                self.step += 1;
                Request::Card(self.change_card(now, host))
            }
        }
    }

    fn change_card(&mut self, now: Instant, host: &Host) -> CardRequest {
        let phone = Phone::new(&self.entry.phone);
        match self.step % 4 {
            1 => {
                let page = if self.rng.happens(0.5) { Page::Account } else { Page::Binding };
                let pan = self.entry.spare(self.rng.between(0, 3));
                let (holder, bank) = (self.entry.holder.clone(), self.entry.bank.clone());
                CardRequest::Begin { page, new: NewCard { pan, holder, bank, phone } }
            }
            2 => CardRequest::SendCode,
            3 => {
                let inbox = host.portal().into_iter().flat_map(|portal| portal.sms(now, &phone));
                let codes = inbox.filter(|sms| sms.topic == Topic::Code);
                let code = codes.filter_map(|sms| sms.secret.clone()).last();
                CardRequest::Verify(code.unwrap_or_else(|| Password::new("000000")))
            }
            _ => CardRequest::Confirm,
        }
    }

    /// Begins with the card that payouts go to, or verifies what was begun.
    fn unbind(&mut self, host: &Host) -> Request {
        let password = Password::new(&self.entry.query_password);
        let verify = UnbindRequest::Verify(Proof::QueryPassword(password));
        let effective = host.portal().and_then(|portal| portal.effective_card(self.merchant));
        let begin = effective.filter(|_| self.rng.happens(0.5)).map(UnbindRequest::Begin);
        Request::Unbind(begin.unwrap_or(verify))
    }
}
