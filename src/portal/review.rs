//! Applications and their review: submitted once, decided by machine or by hand, each attempt recorded.

use super::{
    Acquirer, Identity, Portal, Refusal,
    agenda::Due,
    binding::SerialNumber,
    card_change::CardChange,
    history::Fact,
    journal::{Act, Witness},
    merchant_change::MerchantChange,
    rules::Review,
    terminal_order::TerminalOrder,
};
use crate::{iso8583::MerchantId, time::Instant};
use std::fmt;

/// Number of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationNo(pub u64);

impl fmt::Display for ApplicationNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "A{:011}", self.0)
    }
}

/// What an application is about; there is never more than one open for the same matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matter {
    /// The settlement card of a merchant.
    Card(MerchantId),
    /// The merchant of a device.
    Merchant(SerialNumber),
    /// Instant settlement of a merchant.
    Instant(MerchantId),
    /// A terminal for a person.
    Terminal(Identity),
}

/// Where an application stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not under review yet: an applicant for a terminal is contacted first.
    Received,
    /// Under review.
    Pending,
    /// Approved, not in effect yet.
    Approved,
    /// In effect.
    Done,
    /// Rejected, for that reason.
    Rejected(String),
}

/// What a reviewer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Approve,
    /// No, for that reason.
    Reject(String),
}

/// One submission of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// When it was submitted.
    pub at: Instant,
    /// When and how it was decided.
    pub decided: Option<(Instant, Decision)>,
}

/// An application.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Application {
    /// Who may ask about it; nobody yet for a terminal.
    pub(super) merchant: Option<MerchantId>,
    pub(super) matter: Matter,
    pub(super) content: Content,
    pub(super) stage: Stage,
    pub(super) submissions: Vec<Submission>,
}

/// What is applied for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Card(CardChange),
    Merchant(MerchantChange),
    Instant,
    Terminal(TerminalOrder),
}

impl Portal {
    /// Decides an application by hand.
    ///
    /// # Errors
    /// [`Refusal::ApplicationUnknown`] or [`Refusal::NotPending`].
    pub fn decide(
        &mut self,
        now: Instant,
        acquirer: &dyn Acquirer,
        no: ApplicationNo,
        decision: Decision,
    ) -> Result<(), Refusal> {
        let now = self.advance(now, acquirer);
        let application = self.books.applications.get(&no).ok_or(Refusal::ApplicationUnknown)?;
        if application.stage != Stage::Pending {
            return Err(Refusal::NotPending);
        }
        let witness = Witness::new(acquirer);
        self.decided(now, &witness, no, decision.clone());
        self.enter(Act::Review(no, decision), witness.into_said(), None);
        Ok(())
    }

    /// The applications that wait for a review, oldest first.
    pub fn pending_reviews(&self) -> impl Iterator<Item = (ApplicationNo, &Matter)> {
        let pending =
            self.books.applications.iter().filter(|(_, application)| application.stage == Stage::Pending);
        pending.map(|(no, application)| (*no, &application.matter))
    }

    /// Takes a new application, and begins its review unless the applicant is contacted first.
    pub(super) fn submit(
        &mut self,
        at: Instant,
        merchant: Option<MerchantId>,
        matter: Matter,
        content: Content,
    ) -> ApplicationNo {
        let no = ApplicationNo(self.books.applications.len() as u64 + 1);
        let application =
            Application { merchant, matter, content, stage: Stage::Received, submissions: Vec::new() };
        self.books.applications.insert(no, application);
        self.submit_again(at, no);
        no
    }

    /// Takes an application anew.
    pub(super) fn submit_again(&mut self, at: Instant, no: ApplicationNo) {
        let application = self.books.application_mut(no);
        application.submissions.push(Submission { at, decided: None });
        let (matter, is_order) =
            (application.matter.clone(), matches!(application.content, Content::Terminal(_)));
        self.books.open.insert(matter.clone(), no);
        self.note(at, Fact::Submitted { application: no, matter });
        if is_order {
            self.step_later(at, no);
        } else {
            self.begin_review(at, no);
        }
    }

    pub(super) fn begin_review(&mut self, at: Instant, no: ApplicationNo) {
        let application = self.books.application_mut(no);
        application.stage = Stage::Pending;
        let attempt = application.submissions.len();
        if let Review::ByMachine { after, .. } = *self.review_of(no) {
            let due = at + after.draw(&mut self.chance());
            self.books.agenda.enter(due, Due::Review(no, attempt));
        }
    }

    /// Decides by machine, unless somebody was faster.
    pub(super) fn review_by_machine(
        &mut self,
        at: Instant,
        acquirer: &dyn Acquirer,
        (no, attempt): (ApplicationNo, usize),
    ) {
        let application = self.books.application(no);
        if application.stage != Stage::Pending || application.submissions.len() != attempt {
            return;
        }
        let rejects = match self.review_of(no) {
            Review::ByMachine { rejects, .. } => *rejects,
            Review::ByHand => 0.0,
        };
        let is_rejected = self.chance().happens(rejects);
        let decision = if is_rejected { Decision::Reject(REASON.to_owned()) } else { Decision::Approve };
        self.decided(at, acquirer, no, decision);
    }

    /// Marks an application as ended, so that another may be submitted in the matter.
    pub(super) fn close(&mut self, at: Instant, application: ApplicationNo, stage: Stage) {
        let record = self.books.application_mut(application);
        record.stage = stage;
        let matter = record.matter.clone();
        self.books.open.remove(&matter);
        self.note(at, Fact::Closed { application, matter });
    }

    fn decided(&mut self, at: Instant, acquirer: &dyn Acquirer, no: ApplicationNo, decision: Decision) {
        let application = self.books.application_mut(no);
        if let Some(last) = application.submissions.last_mut() {
            last.decided = Some((at, decision.clone()));
        }
        let content = application.content.clone();
        match (content, decision) {
            (Content::Card(change), Decision::Approve) => self.approve_card(at, no, &change),
            (Content::Card(change), Decision::Reject(reason)) => self.reject_card(at, no, &change, reason),
            (Content::Merchant(change), Decision::Approve) => {
                self.approve_merchant_change(at, acquirer, no, &change);
            }
            (Content::Merchant(change), Decision::Reject(reason)) => {
                self.reject_merchant_change(at, no, &change, reason);
            }
            (Content::Instant, Decision::Approve) => self.enable_instant(at, no),
            (Content::Instant, Decision::Reject(reason)) => self.reject_instant(at, no, reason),
            (Content::Terminal(order), Decision::Approve) => self.approve_order(at, no, &order),
            (Content::Terminal(_), Decision::Reject(reason)) => self.close(at, no, Stage::Rejected(reason)),
        }
    }

    fn review_of(&self, no: ApplicationNo) -> &Review {
        match self.books.application(no).content {
            Content::Card(_) => &self.rules.card_review,
            Content::Merchant(_) => &self.rules.merchant_review,
            Content::Instant => &self.rules.instant_review,
            Content::Terminal(_) => &self.rules.terminal_review,
        }
    }
}

/// Why the machine rejects.
const REASON: &str = "资料不符，请核对后重新提交";
