//! Robots that put cards into terminals, asked over HTTP; what they answer is documented in `docs/devices.md`.

use super::prompt::{Prompt, PromptAnswer};
use crate::{
    driver::{Clock, HttpClient, block_on},
    http::{Answer, Body, Cookies, Failure, Method, Request, Server},
    rack::http_address,
};
use serde_json::{Value, json};
use std::{io, time::Duration};
use tokio::sync::oneshot;

/// Why a robot has not done what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RobotError {
    /// Its address is none.
    #[error("`{0}` is no address of a robot: it is `http://HOST:PORT/PATH`")]
    Address(String),
    /// It did not answer.
    #[error("the robot at {0}: {1}")]
    NoAnswer(String, Failure),
    /// Its answer means nothing.
    #[error("the robot at {0} answered {1}, and that means nothing")]
    Nonsense(String, u16),
    /// This machine could not ask.
    #[error("the robot cannot be asked: {0}")]
    Here(String),
}

/// Has a robot do what a prompt says, so long at most.
pub(super) async fn ask(url: &str, prompt: &Prompt, within: Duration) -> Result<PromptAnswer, RobotError> {
    let (server, target) = server(url).ok_or_else(|| RobotError::Address(url.to_owned()))?;
    let request = Request {
        server: 0,
        method: Method::Post,
        target,
        headers: Vec::new(),
        body: Body::Json(question(prompt, within).to_string()),
        timeout: within,
    };
    let answer = send(server, request).await.map_err(|error| RobotError::Here(error.to_string()))?;
    let answer = answer.map_err(|failure| RobotError::NoAnswer(url.to_owned(), failure))?;
    meaning(&answer).ok_or_else(|| RobotError::Nonsense(url.to_owned(), answer.status))
}

/// Sends one request from a thread of its own: the client belongs to one thread, and who asks may move between some.
async fn send(server: Server, request: Request) -> io::Result<Result<Answer, Failure>> {
    let (sender, answered) = oneshot::channel();
    std::thread::Builder::new().name("robot".to_owned()).spawn(move || {
        let answer = block_on(async {
            let client = HttpClient::new(Clock::start(), &[server])?;
            client.send(&request, &mut Cookies::default()).await
        });
        // Whoever asked may have given up.
        let _ = sender.send(answer);
    })?;
    answered.await.unwrap_or_else(|_| Err(io::Error::other("its thread has ended")))
}

fn server(url: &str) -> Option<(Server, String)> {
    let (host, port, path) = http_address(url)?;
    let server = Server {
        name: "robot".to_owned(),
        host: host.to_owned(),
        port,
        prefix: String::new(),
        tls: None,
        connections: 1,
        idle: Duration::ZERO,
        body_max: BODY_MAX,
    };
    Some((server, path.to_owned()))
}

fn question(prompt: &Prompt, within: Duration) -> Value {
    let labels: serde_json::Map<String, Value> =
        prompt.labels.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    json!({
        "device": prompt.device,
        "labels": labels,
        "card": prompt.card,
        "text": prompt.text,
        "within_ms": u64::try_from(within.as_millis()).unwrap_or(u64::MAX),
    })
}

/// `204`, or `{"result": "done"}`, or `{"result": "refused", "reason": …}`; any 4xx or 5xx is a refusal too.
fn meaning(answer: &Answer) -> Option<PromptAnswer> {
    let told: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let text = |key: &str| told.as_ref().and_then(|told| told[key].as_str());
    match (answer.status, text("result")) {
        (204, _) | (200..=299, Some("done")) => Some(PromptAnswer::Done),
        (200..=299, Some("refused")) | (400..=599, _) => {
            let reason = text("reason").map_or_else(|| format!("status {}", answer.status), str::to_owned);
            Some(PromptAnswer::Refused(reason))
        }
        _ => None,
    }
}

/// No answer of a robot is larger, in bytes.
const BODY_MAX: usize = 16_384;
