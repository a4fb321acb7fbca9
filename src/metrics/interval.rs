//! What one shard, or the whole run, recorded in one interval.

use super::{Connections, Counters, DeviceLatencies, Latency, Selections};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::AddAssign, str::FromStr, sync::Arc, time::Duration};

/// The number of a step name in a [`StepNames`] table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub u16);

/// The names of all steps of a plan; equal names are one step.
#[derive(Clone, Debug, Default)]
pub struct StepNames(Vec<Arc<str>>);

impl StepNames {
    /// The number of `name`, which is added when it is new.
    pub fn intern(&mut self, name: &str) -> StepId {
        let index = self.find(name).map_or(self.0.len(), |id| usize::from(id.0));
        if index == self.0.len() {
            self.0.push(name.into());
        }
        StepId(u16::try_from(index).expect("a scenario has fewer than 65,536 step names"))
    }

    /// The number of `name`, if it is known.
    pub fn find(&self, name: &str) -> Option<StepId> {
        self.0.iter().position(|known| **known == *name).map(|index| StepId(index as u16))
    }

    /// The name of step `id`.
    pub fn name(&self, id: StepId) -> &str {
        self.0.get(usize::from(id.0)).map_or("?", |name| name)
    }

    /// All names in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// The host approved.
    Approved,
    /// The host answered, and declined.
    Declined,
    /// No answer came in time.
    TimedOut,
    /// The step could not be done: no connection, a wrong MAC, an answer that is not one.
    Failed,
}

impl Class {
    /// All classes in the order in which they are stored and shown.
    pub const ALL: [Self; 4] = [Self::Approved, Self::Declined, Self::TimedOut, Self::Failed];

    /// The name in files and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::TimedOut => "timeout",
            Self::Failed => "error",
        }
    }
}

/// The code of an answer: the two characters of DE 39, or the three digits of an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResponseCodeText([u8; 3]);

impl ResponseCodeText {
    /// The two characters of DE 39.
    #[must_use]
    pub const fn of([first, second]: [u8; 2]) -> Self {
        Self([first, second, 0])
    }

    /// The two characters, where it is a DE 39.
    #[must_use]
    pub fn response_code(self) -> Option<[u8; 2]> {
        let [first, second, third] = self.0;
        (third == 0).then_some([first, second])
    }

    /// The last three digits of an HTTP status.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        Self([status / 100 % 10, status / 10 % 10, status % 10].map(|digit| b'0' + digit as u8))
    }
}

impl FromStr for ResponseCodeText {
    type Err = ();

    /// Reads two letters or digits, or the three digits of a status.
    fn from_str(text: &str) -> Result<Self, ()> {
        match *text.as_bytes() {
            [first, second] if [first, second].iter().all(u8::is_ascii_alphanumeric) => {
                Ok(Self::of([first, second]))
            }
            [first, second, third] if text.bytes().all(|digit| digit.is_ascii_digit()) => {
                Ok(Self([first, second, third]))
            }
            _ => Err(()),
        }
    }
}

impl fmt::Display for ResponseCodeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().filter(|byte| **byte > 0).try_for_each(|&byte| write!(f, "{}", char::from(byte)))
    }
}

/// How often each response code came; a host uses few, so a short list beats a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeCounts(Vec<(ResponseCodeText, u64)>);

impl CodeCounts {
    /// Counts `count` more answers with `code`.
    pub fn add(&mut self, code: ResponseCodeText, count: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == code) {
            Some((_, total)) => *total += count,
            None => self.0.push((code, count)),
        }
    }

    /// Adds everything that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(code, count)| self.add(*code, *count));
    }

    /// How often `code` came.
    pub fn count(&self, code: ResponseCodeText) -> u64 {
        self.0.iter().find(|(known, _)| *known == code).map_or(0, |(_, count)| *count)
    }

    /// How many answers there were.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Codes and counts, the most frequent first.
    pub fn sorted(&self) -> Vec<(ResponseCodeText, u64)> {
        let mut codes = self.0.clone();
        codes.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
        codes
    }
}

/// The two latencies of a step.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    /// From the scheduled start to the end.
    pub response: Latency,
    /// From the send of the request to its answer.
    pub service: Latency,
}

/// What was recorded of one step.
#[derive(Clone, Debug, Default)]
pub struct StepInterval {
    classes: [Option<Box<Latencies>>; Class::ALL.len()],
    /// Response codes of the answers.
    pub codes: CodeCounts,
    /// Checks that held.
    pub checks_passed: u64,
    /// Checks that did not hold.
    pub checks_failed: u64,
    /// What its HTTP requests came to; `None` where it sent none.
    pub attempts: Option<Box<Attempts>>,
    /// Where its time went on devices; `None` where no device did it.
    pub devices: Option<Box<DeviceLatencies>>,
}

/// What the HTTP requests of a step came to, those before the last one included.
#[derive(Clone, Debug, Default)]
pub struct Attempts {
    /// How many there were.
    pub count: u64,
    /// How many were followed by another one because they failed.
    pub retried: u64,
    /// Opening connections.
    pub connect: Latency,
    /// TLS handshakes.
    pub tls: Latency,
    /// From the send to the head of the answer.
    pub first_byte: Latency,
}

impl Attempts {
    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.retried += other.retried;
        self.connect.merge(&other.connect);
        self.tls.merge(&other.tls);
        self.first_byte.merge(&other.first_byte);
    }

    /// Whether there was none; a log knows times without their count.
    fn is_empty(&self) -> bool {
        self.count == 0 && [&self.connect, &self.tls, &self.first_byte].into_iter().all(Latency::is_empty)
    }

    fn clear(&mut self) {
        (self.count, self.retried) = (0, 0);
        [&mut self.connect, &mut self.tls, &mut self.first_byte].into_iter().for_each(Latency::clear);
    }
}

impl StepInterval {
    /// Records one end of the step.
    pub fn record(&mut self, class: Class, response: Duration, service: Option<Duration>) {
        let latencies = self.classes[class as usize].get_or_insert_default();
        latencies.response.record(response);
        if let Some(service) = service {
            latencies.service.record(service);
        }
    }

    /// The latencies of one class, if it was recorded at all.
    pub fn class(&self, class: Class) -> Option<&Latencies> {
        self.classes[class as usize].as_deref()
    }

    /// The latencies of one class, to add to them.
    pub fn class_mut(&mut self, class: Class) -> &mut Latencies {
        self.classes[class as usize].get_or_insert_default()
    }

    /// How often the step ended as `class`.
    pub fn count(&self, class: Class) -> u64 {
        self.class(class).map_or(0, |latencies| latencies.response.count())
    }

    /// How often the step ended.
    pub fn total(&self) -> u64 {
        Class::ALL.iter().map(|&class| self.count(class)).sum()
    }

    /// The latencies of all classes together.
    pub fn all(&self) -> Latencies {
        let mut all = Latencies::default();
        for latencies in self.classes.iter().flatten() {
            all.response.merge(&latencies.response);
            all.service.merge(&latencies.service);
        }
        all
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.classes.iter_mut().zip(&other.classes) {
            if let Some(theirs) = theirs.as_deref().filter(|theirs| !theirs.response.is_empty()) {
                let mine = mine.get_or_insert_default();
                mine.response.merge(&theirs.response);
                mine.service.merge(&theirs.service);
            }
        }
        self.codes.merge(&other.codes);
        self.checks_passed += other.checks_passed;
        self.checks_failed += other.checks_failed;
        if let Some(theirs) = other.attempts.as_deref().filter(|theirs| !theirs.is_empty()) {
            self.attempts.get_or_insert_default().merge(theirs);
        }
        if let Some(theirs) = other.devices.as_deref() {
            self.devices.get_or_insert_default().merge(theirs);
        }
    }

    fn clear(&mut self) {
        for latencies in self.classes.iter_mut().flatten() {
            latencies.response.clear();
            latencies.service.clear();
        }
        self.codes.0.clear();
        self.checks_passed = 0;
        self.checks_failed = 0;
        self.attempts.as_deref_mut().into_iter().for_each(Attempts::clear);
        self.devices.as_deref_mut().into_iter().for_each(DeviceLatencies::clear);
    }
}

/// Everything that was recorded between two ticks: by one shard, or merged over all of them.
#[derive(Clone, Debug, Default)]
pub struct Interval {
    /// Iteration counters, one entry a scenario of the plan.
    pub scenarios: Vec<Counters>,
    /// One entry a step name.
    pub steps: Vec<StepInterval>,
    /// One entry for each of the [`Selections`] that thresholds ask for.
    pub selections: Vec<StepInterval>,
    /// From the scheduled to the actual start of iterations.
    pub lag: Latency,
    /// Each time that this program stood still for long, though it wanted to run.
    pub standstill: Latency,
    /// What became of the connections of terminals.
    pub connections: Connections,
    /// The same of the groups that thresholds ask for, one entry for each of those [`Selections`].
    pub links: Vec<Connections>,
    /// Iterations of mixes by the number of their flow; as long as the highest one that began.
    pub mixed: Vec<u64>,
    /// What the time of warm-up came to, which is in no other figure of steps.
    pub warmup: WarmUp,
}

/// What was done before scenarios were warm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WarmUp {
    /// Iterations that began; they are among the started ones.
    pub iterations: u64,
    /// Steps that ended.
    pub steps: u64,
    /// Steps among them that timed out or ended in an error.
    pub failed: u64,
}

impl AddAssign for WarmUp {
    fn add_assign(&mut self, other: Self) {
        self.iterations += other.iterations;
        self.steps += other.steps;
        self.failed += other.failed;
    }
}

impl Interval {
    /// An empty interval for so many scenarios and steps.
    pub fn new(scenarios: usize, steps: usize) -> Self {
        Self {
            scenarios: vec![Counters::default(); scenarios],
            steps: vec![StepInterval::default(); steps],
            selections: Vec::new(),
            lag: Latency::default(),
            standstill: Latency::default(),
            connections: Connections::default(),
            links: Vec::new(),
            mixed: Vec::new(),
            warmup: WarmUp::default(),
        }
    }

    /// The same with what thresholds ask for.
    #[must_use]
    pub fn with_selections(self, asked: &Selections) -> Self {
        Self {
            selections: vec![StepInterval::default(); asked.len()],
            links: vec![Connections::default(); asked.links().len()],
            ..self
        }
    }

    /// Counts an iteration of a mix that has the flow of that number.
    pub fn count_mixed(&mut self, flow: usize) {
        if self.mixed.len() <= flow {
            self.mixed.resize(flow + 1, 0);
        }
        self.mixed[flow] += 1;
    }

    /// The counters of all scenarios together.
    pub fn counters(&self) -> Counters {
        let mut total = Counters::default();
        self.scenarios.iter().for_each(|counters| total += *counters);
        total
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.scenarios.iter_mut().zip(&other.scenarios).for_each(|(mine, theirs)| *mine += *theirs);
        self.steps.iter_mut().zip(&other.steps).for_each(|(mine, theirs)| mine.merge(theirs));
        self.selections.iter_mut().zip(&other.selections).for_each(|(mine, theirs)| mine.merge(theirs));
        self.lag.merge(&other.lag);
        self.standstill.merge(&other.standstill);
        self.connections.merge(&other.connections);
        self.links.iter_mut().zip(&other.links).for_each(|(mine, theirs)| mine.merge(theirs));
        self.mixed.resize(self.mixed.len().max(other.mixed.len()), 0);
        self.mixed.iter_mut().zip(&other.mixed).for_each(|(mine, theirs)| *mine += theirs);
        self.warmup += other.warmup;
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.scenarios.fill(Counters::default());
        self.steps.iter_mut().chain(&mut self.selections).for_each(StepInterval::clear);
        self.lag.clear();
        self.standstill.clear();
        self.connections.clear();
        self.links.iter_mut().for_each(Connections::clear);
        self.mixed.clear();
        self.warmup = WarmUp::default();
    }

    /// The response times of all steps and classes together.
    pub fn response(&self) -> Latency {
        let mut all = Latency::default();
        for latencies in self.steps.iter().flat_map(|step| step.classes.iter().flatten()) {
            all.merge(&latencies.response);
        }
        all
    }

    /// The response codes of all steps together.
    pub fn codes(&self) -> CodeCounts {
        let mut all = CodeCounts::default();
        self.steps.iter().for_each(|step| all.merge(&step.codes));
        all
    }
}
