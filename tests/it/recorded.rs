//! Results folders of runs that never ran: every figure in them is known.

use posfleet::{
    engine::{Moment, Observer},
    metrics::{
        CaseClass, CaseRow, CaseWord, CasesSummary, Class, ConnectionSummary, Counters, DeviceResult,
        EventLine, Fault, GeneratorSummary, Interval, LagSummary, Point, ResponseCodeText, Scope, Selections,
        Severity, StepNames, Summary, Threshold, ThresholdSummary, Verdict, Vitals,
    },
    reconcile::Findings,
    report::Folder,
};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// A run of some seconds, in each of which every step is approved two hundred times and times out once.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub name: &'static str,
    pub seconds: u64,
    /// By how much every response is later than in the plainest run, in percent.
    pub slower: u64,
    pub steps: Vec<&'static str>,
    /// The effective scenario.
    pub scenario: String,
    pub thresholds: Vec<(&'static str, &'static str)>,
    /// What must hold of the load generator.
    pub health: Vec<(&'static str, &'static str)>,
    /// Whether two devices of a lab were there, with cases, and a network with faults.
    pub has_lab: bool,
}

impl Default for Recorded {
    fn default() -> Self {
        Self {
            name: "day",
            seconds: 5,
            slower: 0,
            steps: vec!["sale", "sign in"],
            scenario: "schema: 1\nname: day\nseed: 7\nscenarios:\n  day:\n    rate: 200\n".to_owned(),
            thresholds: vec![("sale.response_time", "p(99) < 80ms"), ("failed", "count < 1")],
            health: Vec::new(),
            has_lab: false,
        }
    }
}

impl Recorded {
    /// Writes the folder into `parent` as a run does that ends.
    pub fn write(&self, parent: &Path) -> PathBuf {
        let mut folder = self.write_seconds(parent);
        folder.finish(&self.summary(), Some(&Findings::default())).unwrap();
        folder.path().to_owned()
    }

    /// Writes the folder into `parent` as a run does that is killed in the end.
    pub fn write_crashed(&self, parent: &Path) -> PathBuf {
        self.write_seconds(parent).path().to_owned()
    }

    /// Everything that was recorded.
    pub fn total(&self) -> Interval {
        let mut total = Interval::new(1, self.steps.len()).with_selections(&self.selections());
        (0..self.seconds).for_each(|second| total.merge(&self.second(second)));
        total
    }

    pub fn names(&self) -> StepNames {
        let mut names = StepNames::default();
        for name in &self.steps {
            names.intern(name);
        }
        names
    }

    /// What the thresholds ask for beyond steps.
    fn selections(&self) -> Selections {
        let thresholds = self.thresholds.iter().map(|(metric, text)| Threshold::parse(metric, text).unwrap());
        Selections::by_name(&thresholds.collect::<Vec<_>>())
    }

    pub fn summary(&self) -> Summary {
        let (total, names, selections) = (self.total(), self.names(), self.selections());
        let judge = |&(metric, condition): &(&str, &str)| {
            let threshold = Threshold::parse(metric, condition).unwrap();
            let value =
                threshold.value(&total, &Scope { selections: &selections, ..Scope::of_steps(&names) });
            let pass = value.is_none_or(|value| threshold.holds(value));
            ThresholdSummary { expression: threshold.expression, value, pass, ..ThresholdSummary::default() }
        };
        let thresholds: Vec<ThresholdSummary> = self.thresholds.iter().map(judge).collect();
        let holds = thresholds.iter().all(|judged| judged.pass);
        Summary {
            connections: self.has_lab.then(|| ConnectionSummary::from(&total.connections)),
            schema: Summary::SCHEMA,
            scenario: self.name.to_owned(),
            seed: 7,
            verdict: if holds { Verdict::Pass } else { Verdict::Fail },
            exit_code: if holds { 0 } else { 99 },
            started_at: "2026-11-22T01:45:00Z".to_owned(),
            duration_seconds: self.seconds as f64,
            counters: total.counters(),
            steps: names
                .iter()
                .zip(&total.steps)
                .map(|(name, step)| (name.to_owned(), step.into()))
                .collect(),
            causes: [("sale: the target did not answer in time".to_owned(), self.seconds)].into(),
            generator: GeneratorSummary {
                schedule_lag_ms: LagSummary::from(total.lag.percentiles()),
                cpu_seconds: 1.5,
                health: self.health.iter().map(judge).collect(),
                max_rss_bytes: 50_000_000,
                terminals: 100,
                shards: 2,
            },
            thresholds,
            control: None,
            flows: Default::default(),
            warmup: None,
            knee: None,
            settlements: None,
            reconciliation: None,
            mismatches: Vec::new(),
            portal: None,
            cases: self.has_lab.then(cases),
            devices: if self.has_lab { devices() } else { Vec::new() },
            portal_findings: Vec::new(),
        }
    }

    fn write_seconds(&self, parent: &Path) -> Folder {
        let mut folder = Folder::create(parent, self.name, STARTED, &self.scenario).unwrap();
        let event = |at_ms, severity, text: &str| EventLine {
            at: Duration::from_millis(at_ms),
            severity,
            text: text.to_owned(),
        };
        folder.event(&event(3, Severity::Info, "scenario day begins")).unwrap();
        folder.event(&event(1_200, Severity::Warning, "<b>three</b> dropped & \"late\"")).unwrap();
        for second in 0..self.seconds {
            let interval = self.second(second);
            let begin = Duration::from_secs(second);
            let point = point(begin, &interval);
            folder
                .interval(&Moment {
                    begin,
                    interval: &interval,
                    steps: &self.names(),
                    selections: &self.selections(),
                    point: &point,
                })
                .unwrap();
        }
        folder
    }

    fn second(&self, second: u64) -> Interval {
        let mut interval = Interval::new(1, self.steps.len()).with_selections(&self.selections());
        for (number, step) in interval.steps.iter_mut().enumerate() {
            for sample in 0..200 {
                let plain = 2_000 + (sample * 7_919 + second * 104_729 + number as u64 * 1_299_709) % 50_000;
                let response = Duration::from_micros(plain + plain * self.slower / 100);
                step.record(Class::Approved, response, Some(response - Duration::from_micros(500)));
                if self.steps[number] == ON_DEVICES {
                    let [device, line, host] = [7, 2, 1].map(|tenths| response * tenths / 10);
                    step.devices.get_or_insert_default().record(device, line, host);
                }
            }
            step.record(Class::TimedOut, Duration::from_secs(30), None);
            step.codes.add(ResponseCodeText::of(*b"00"), 200);
            step.checks_passed = 199;
            step.checks_failed = 1;
            if self.has_lab {
                let attempts = step.attempts.get_or_insert_default();
                (attempts.count, attempts.retried) = (200, 1);
                attempts.first_byte.record(Duration::from_millis(20 + second));
                let times = step.devices.get_or_insert_default();
                let [device, line, host] = [900, 60, 40].map(Duration::from_millis);
                times.record(device + Duration::from_millis(second), line, host);
            }
        }
        for figures in &mut interval.selections {
            let response = Duration::from_millis(10 + second);
            figures.record(Class::Approved, response, None);
            figures.record(Class::Failed, response + response * self.slower as u32 / 100, None);
        }
        if self.has_lab {
            interval.connections.counts.opened = 3;
            interval.connections.times_mut().connect.record(Duration::from_millis(2 + second));
            interval.connections.counts.faults[Fault::Reset as usize] = second % 2;
        }
        (0..100).for_each(|sample| interval.lag.record(Duration::from_micros(50 + sample)));
        interval.scenarios[0] =
            Counters { planned: 203, started: 201, late: 4, dropped: 2, finished: 201, failed: 1 };
        interval
    }
}

/// Two devices, the second of which was left out in the end.
pub fn devices() -> Vec<DeviceResult> {
    let device = |number: u64| DeviceResult {
        id: format!("lab-{number}"),
        group: "bench".to_owned(),
        driver: "zvt".to_owned(),
        port: format!("/dev/ttyUSB{number}"),
        exchanges: 10 * number,
        errors: number - 1,
        last_error: "no answer".to_owned(),
        opened: 1,
        quarantined: number == 2,
        device_seconds: 9.0 * number as f64,
        line_seconds: 0.5,
        host_seconds: 0.25,
        ..DeviceResult::default()
    };
    [1, 2].map(device).into()
}

/// A case that passed on the first device, and one that failed on the second.
fn cases() -> CasesSummary {
    let row = |device: &str, class: Option<CaseClass>| CaseRow {
        device: device.to_owned(),
        scenario: "regression".to_owned(),
        case: "sale".to_owned(),
        result: if class.is_some() { CaseWord::Failed } else { CaseWord::Passed },
        class,
        step: None,
        reason: class.map(|_| "the port hung up".to_owned()),
        attempts: Vec::new(),
    };
    let mut cases = CasesSummary::default();
    cases.add(row("lab-1", None));
    cases.add(row("lab-2", Some(CaseClass::Infrastructure)));
    cases
}

fn point(begin: Duration, interval: &Interval) -> Point {
    let codes = interval.codes().sorted();
    Point {
        connections: interval.connections.counts,
        at: begin + Duration::from_secs(1),
        length: Duration::from_secs(1),
        counters: interval.counters(),
        in_flight: 0,
        response: interval.response().percentiles(),
        steps: interval.steps.iter().map(|step| step.total()).sum(),
        errors: interval.steps.len() as u64,
        lag: interval.lag.percentiles(),
        codes: codes.into_iter().map(|(code, count)| (code.to_string(), count)).collect(),
        heat: interval.response().heat(),
        vitals: Vitals { connections: 100, cpu_cores: 0.25, rss_bytes: 40_000_000 + begin.as_secs() },
    }
}

/// A directory of its own that goes with the test.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("posfleet-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A step of this name is done on devices.
pub const ON_DEVICES: &str = "counter";

const STARTED: u64 = 1_795_311_900;
