//! What the answer of a terminal to its register is to a flow.

use crate::{
    ecr::{Answer, Verdict},
    iso8583::{ApprovalCode, ResponseCode, Rrn, Stan},
    money::Amount,
    operation::{End, Failure, Kind, Outcome},
};

/// What an answer of the terminal is to a flow.
pub(super) fn outcome(kind: Kind, asked: Amount, answer: &Answer) -> Outcome {
    let end = match answer.verdict {
        Verdict::Approved => End::Approved,
        Verdict::Declined | Verdict::NotDone => End::Declined,
        Verdict::Unsupported => End::Failed(Failure::NotAble),
        Verdict::NoAnswer | Verdict::Unknown => End::TimedOut,
    };
    let is_approved = end == End::Approved;
    let told = ResponseCode::from_bytes(&answer.code.0).ok();
    let told_amount = is_approved && answer.amount > Amount::ZERO;
    let amount = if told_amount { answer.amount } else { asked };
    let trace = if answer.trace == 0 { answer.receipt } else { answer.trace };
    Outcome {
        code: if is_approved {
            Some(ResponseCode::APPROVED)
        } else {
            told.filter(|code| !code.is_approval())
        },
        stan: Stan::new(trace).filter(|_| trace > 0),
        rrn: Rrn::from_bytes(&answer.reference.0).ok().filter(|_| answer.reference.0.len() == 12),
        approval_code: ApprovalCode::from_bytes(&answer.approval.0).ok(),
        ..Outcome::ended(kind, end, amount)
    }
}
