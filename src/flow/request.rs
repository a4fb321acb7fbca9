//! Templates of HTTP requests: what a step says, its values still expressions, and when it is asked again.

use super::JsonTemplate;
use crate::{
    expr::{EvalError, Expr, Value, percent_encoded},
    http::{Body, Failure, Method, Part, Request},
    rng::Rng,
};
use std::time::Duration;

/// A request whose values are still expressions, and what counts as its answer.
#[derive(Clone, Debug)]
pub struct RequestTemplate {
    /// The number of the server in the plan.
    pub server: usize,
    /// What is to be done.
    pub method: Method,
    /// Path and query as written, their holes percent-encoded.
    pub target: Expr,
    /// What is added to the query; values that are nothing are left out.
    pub query: Vec<(String, Expr)>,
    /// Header fields; values that are nothing are left out.
    pub headers: Vec<(String, Expr)>,
    /// What goes with it.
    pub body: BodyTemplate,
    /// The token of `Authorization: Bearer`.
    pub bearer: Option<Expr>,
    /// The `Idempotency-Key`, the same one however often the step asks.
    pub key: Option<Expr>,
    /// How long one answer may take.
    pub timeout: Duration,
    /// The statuses that count as approved; without any those from 200 to 399 do.
    pub approves: Vec<u16>,
    /// When it is sent again because it failed.
    pub retry: Option<Retry>,
    /// Until when it is asked again and again.
    pub poll: Option<Poll>,
}

/// A body whose values are still expressions.
#[derive(Clone, Debug, Default)]
pub enum BodyTemplate {
    /// Nothing.
    #[default]
    Empty,
    /// `application/json`.
    Json(JsonTemplate),
    /// `application/x-www-form-urlencoded`; values that are nothing are left out.
    Form(Vec<(String, Expr)>),
    /// `multipart/form-data`.
    Multipart(Vec<PartTemplate>),
    /// Text as it is.
    Text(Expr),
}

/// One part of a `multipart/form-data` body.
#[derive(Clone, Debug)]
pub struct PartTemplate {
    /// The name of the field.
    pub name: String,
    /// The name of the file, where it is one.
    pub file: Option<String>,
    /// Its content type, where it is said.
    pub content_type: Option<String>,
    /// What it holds.
    pub content: Expr,
}

/// When a request is sent again because it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often at most, for each answer that is wanted.
    pub times: u32,
    /// The shortest pause.
    pub shortest: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// What it is sent again after.
    pub on: Vec<RetryOn>,
}

/// What a request is sent again after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryOn {
    /// There was no answer in time.
    Timeout,
    /// There was no connection, or it broke off.
    Connect,
    /// A status of 500 to 599.
    ServerError,
    /// 429: too many requests.
    TooManyRequests,
}

/// Until when a request is asked again and again.
#[derive(Clone, Debug)]
pub struct Poll {
    /// What an answer must be like.
    pub until: Expr,
    /// The pause between an answer and the next request.
    pub every: Duration,
    /// From the first request; what has not come by then has timed out.
    pub within: Duration,
}

impl RequestTemplate {
    /// The request, its holes filled by `value`.
    pub(super) fn fill(
        &self,
        mut value: impl FnMut(&Expr) -> Result<Value<'static>, EvalError>,
    ) -> Result<Request, EvalError> {
        let mut target = value(&self.target)?.to_string();
        for (name, said) in said(&self.query, &mut value)? {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&percent_encoded(&name));
            target.push('=');
            target.push_str(&percent_encoded(&said));
        }
        let mut headers = said(&self.headers, &mut value)?;
        if let Some(token) = &self.bearer {
            headers.push(("authorization".to_owned(), format!("Bearer {}", value(token)?)));
        }
        if let Some(key) = &self.key {
            headers.push(("idempotency-key".to_owned(), value(key)?.to_string()));
        }
        let body = self.body.fill(&mut value)?;
        Ok(Request { server: self.server, method: self.method, target, headers, body, timeout: self.timeout })
    }

    /// Whether an answer of this status counts as approved.
    pub(super) fn approves(&self, status: u16) -> bool {
        match self.approves.is_empty() {
            true => (200..400).contains(&status),
            false => self.approves.contains(&status),
        }
    }

    /// Whether the step may send more than one request.
    pub(super) fn may_repeat(&self) -> bool {
        self.retry.is_some() || self.poll.is_some()
    }
}

impl BodyTemplate {
    fn fill(
        &self,
        value: &mut impl FnMut(&Expr) -> Result<Value<'static>, EvalError>,
    ) -> Result<Body, EvalError> {
        Ok(match self {
            Self::Empty => Body::Empty,
            Self::Json(template) => Body::Json(template.render(value)?),
            Self::Form(fields) => Body::Form(said(fields, value)?),
            Self::Multipart(parts) => {
                let parts = parts.iter().map(|part| {
                    Ok(Part {
                        name: part.name.clone(),
                        file: part.file.clone(),
                        content_type: part.content_type.clone(),
                        content: value(&part.content)?.to_string().into_bytes(),
                    })
                });
                Body::Multipart(parts.collect::<Result<_, EvalError>>()?)
            }
            Self::Text(text) => Body::Text(value(text)?.to_string()),
        })
    }
}

impl Retry {
    /// The pause before retry number `number`, counted from 0: drawn between the shortest one and a bound that doubles.
    pub(super) fn pause(&self, number: u32, rng: &mut Rng) -> Duration {
        let bound = self.shortest.saturating_mul(2_u32.saturating_pow(number.saturating_add(1)));
        let [low, high] = [self.shortest, bound.min(self.longest)].map(crate::time::nanos);
        Duration::from_nanos(rng.between(low, high))
    }

    /// Whether it is sent again after an answer of this status.
    pub(super) fn follows_status(&self, status: u16) -> bool {
        self.on.iter().any(|on| match on {
            RetryOn::ServerError => (500..600).contains(&status),
            RetryOn::TooManyRequests => status == 429,
            RetryOn::Timeout | RetryOn::Connect => false,
        })
    }

    /// Whether it is sent again after this failure.
    pub(super) fn follows_failure(&self, failure: &Failure) -> bool {
        match failure {
            Failure::TimedOut => self.on.contains(&RetryOn::Timeout),
            Failure::Connect(_) | Failure::Tls(_) | Failure::Broken(_) => self.on.contains(&RetryOn::Connect),
            Failure::TooLarge(_) | Failure::Unsendable(_) | Failure::Interrupted => false,
        }
    }
}

/// Names and texts of the values that are something.
fn said(
    all: &[(String, Expr)],
    value: &mut impl FnMut(&Expr) -> Result<Value<'static>, EvalError>,
) -> Result<Vec<(String, String)>, EvalError> {
    let mut said = Vec::with_capacity(all.len());
    for (name, expression) in all {
        match value(expression)? {
            Value::Nothing => {}
            value => said.push((name.clone(), value.to_string())),
        }
    }
    Ok(said)
}
