//! The answers to requests that changed something, kept so that a repeated request is not done twice.

use super::{Owner, Refusal, Request, Response};
use crate::time::Instant;
use std::{collections::BTreeMap, fmt, time::Duration};

/// What a client calls one request, however often it sends it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(pub String);

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What was asked and answered.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    at: Instant,
    request: Request,
    answer: Result<Response, Refusal>,
}

/// The answers that are kept, each owner's keys apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    kept: BTreeMap<Owner, BTreeMap<IdempotencyKey, Kept>>,
}

impl Answers {
    /// The answer to a request that was made before; a conflict when the key was another request's.
    pub(super) fn find(
        &self,
        owner: &Owner,
        key: &IdempotencyKey,
        request: &Request,
        oldest: Instant,
    ) -> Option<Result<Response, Refusal>> {
        let kept = self.kept.get(owner)?.get(key).filter(|kept| kept.at >= oldest)?;
        Some(if kept.request == *request { kept.answer.clone() } else { Err(Refusal::KeyConflict) })
    }

    pub(super) fn keep(
        &mut self,
        now: Instant,
        owner: Owner,
        key: IdempotencyKey,
        asked: (Request, Result<Response, Refusal>),
    ) {
        let (request, answer) = asked;
        let kept = self.kept.entry(owner).or_default();
        while kept.len() >= KEYS_MAX {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.at).map(|(key, _)| key.clone());
            oldest.map(|key| kept.remove(&key));
        }
        kept.insert(key, Kept { at: now, request, answer });
    }
}

/// The instant before which nothing is remembered.
pub(super) fn oldest(now: Instant, valid_for: Duration) -> Instant {
    Instant::from_nanos(now.as_nanos().saturating_sub(crate::time::nanos(valid_for)))
}

/// Keys of one owner.
const KEYS_MAX: usize = 256;
