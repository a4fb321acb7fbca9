//! The desk: which flow answers which request. The gates before it are those of the machine's head.

use super::{
    AccountRequest, Acquirer, Caller, CardRequest, InstantRequest, MerchantChangeRequest, MerchantRequest,
    Portal, Refusal, Request, Response, TerminalRequest, UnbindRequest,
};
use crate::{iso8583::MerchantId, time::Instant};

impl Portal {
    /// Answers a request of somebody who may ask it; `merchant` is whose session it came in.
    pub(super) fn answer(
        &mut self,
        now: Instant,
        acquirer: &dyn Acquirer,
        merchant: Option<MerchantId>,
        request: &Request,
    ) -> Result<Response, Refusal> {
        match (request, merchant) {
            (Request::Terminal(request), _) => self.terminal_request(now, request),
            (_, Some(merchant)) => self.answer_merchant(&Caller { now, merchant, acquirer }, request),
            (_, None) => Err(Refusal::SessionUnknown),
        }
    }

    fn answer_merchant(&mut self, caller: &Caller<'_>, request: &Request) -> Result<Response, Refusal> {
        match request {
            Request::Merchant(request) => self.merchant_request(caller, request),
            Request::Card(request) => self.card_request(caller, request),
            Request::Unbind(request) => self.unbind_request(caller, request),
            Request::MerchantChange(request) => self.merchant_change_request(caller, request),
            Request::Instant(InstantRequest::Apply { name, number }) => {
                self.apply_for_instant(caller, name, *number)
            }
            Request::Account(request) => self.account_request(caller, request),
            Request::Login { .. } | Request::Logout | Request::Terminal(_) => {
                self.guards.sessions.logout(caller.merchant);
                Ok(Response::Done)
            }
        }
    }

    fn merchant_request(
        &mut self,
        caller: &Caller<'_>,
        request: &MerchantRequest,
    ) -> Result<Response, Refusal> {
        match request {
            MerchantRequest::Show => {
                Ok(Response::Merchant(self.books.merchant(caller.merchant).record.data.clone()))
            }
            MerchantRequest::Edit(data) => self.edit_merchant(caller, data),
        }
    }

    fn card_request(&mut self, caller: &Caller<'_>, request: &CardRequest) -> Result<Response, Refusal> {
        match request {
            CardRequest::List => Ok(self.list_cards(caller)),
            CardRequest::History => Ok(self.card_history(caller)),
            CardRequest::Begin { page, new } => self.begin_change(caller, *page, new),
            CardRequest::SendCode => self.send_change_code(caller),
            CardRequest::Verify(code) => self.verify_change(caller, code),
            CardRequest::Confirmation => self.confirmation(caller),
            CardRequest::Confirm => self.confirm_change(caller),
        }
    }

    fn unbind_request(&mut self, caller: &Caller<'_>, request: &UnbindRequest) -> Result<Response, Refusal> {
        match request {
            UnbindRequest::Begin(card) => self.begin_unbind(caller, *card),
            UnbindRequest::SendCode => self.send_unbind_code(caller),
            UnbindRequest::Verify(proof) => self.verify_unbind(caller, proof),
            UnbindRequest::FaceCheck { has_passed } => self.face_check(caller, *has_passed),
        }
    }

    fn merchant_change_request(
        &mut self,
        caller: &Caller<'_>,
        request: &MerchantChangeRequest,
    ) -> Result<Response, Refusal> {
        match request {
            MerchantChangeRequest::Device(device) => self.device_view(caller, device),
            MerchantChangeRequest::Apply(form) => self.apply_for_merchant_change(caller, form),
            MerchantChangeRequest::Resubmit(no, form) => self.resubmit_merchant_change(caller, *no, form),
        }
    }

    fn account_request(
        &mut self,
        caller: &Caller<'_>,
        request: &AccountRequest,
    ) -> Result<Response, Refusal> {
        match request {
            AccountRequest::Application(no) => {
                self.own_application(caller, *no)?;
                self.application_view(*no)
            }
            AccountRequest::Devices => Ok(self.list_devices(caller)),
            AccountRequest::Transactions => {
                Ok(Response::Transactions(caller.acquirer.transactions(caller.merchant)))
            }
            AccountRequest::Balance => self.balance(caller),
            AccountRequest::Payouts => Ok(self.list_payouts(caller)),
            AccountRequest::Messages => Ok(self.list_messages(caller)),
        }
    }

    fn terminal_request(&mut self, now: Instant, request: &TerminalRequest) -> Result<Response, Refusal> {
        match request {
            TerminalRequest::Apply(form) => self.order_terminal(now, form),
            TerminalRequest::State(no, phone) => self.order_state(*no, phone),
            TerminalRequest::Activate { device, code } => self.activate(now, device, code),
        }
    }
}
