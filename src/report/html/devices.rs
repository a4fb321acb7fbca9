//! The devices: what each came to, whose fault its failures were, and where its time went.

use super::{
    cases,
    run::Run,
    strip::{Share, legend, strip},
};
use crate::{
    metrics::{CaseClass, CaseRow, CaseWord, DeviceResult, StepSummary, Summary},
    report::{
        figures::{NOTHING, count, time},
        text::plural,
    },
};
use maud::{Markup, html};
use std::collections::BTreeMap;

pub(super) fn section(run: &Run<'_>) -> Option<Markup> {
    let summary = run.archive.summary.as_ref()?;
    let devices = devices(summary);
    if devices.is_empty() {
        return None;
    }
    let body = html! {
        (results(&devices))
        @if devices.iter().any(|device| device.spent().is_some()) { (times(&devices)) }
        (steps(&summary.steps))
        @if let Some(found) = &summary.cases { (cases::table(found)) }
    };
    let says = "A device failure is the terminal's; an infrastructure failure is the lab's, and says nothing about the \
                terminal; flaky is what passed at a further attempt.";
    super::section("devices", "Devices", says, &body)
}

/// One device: what the lab knows of it, and what its cases came to.
#[derive(Default)]
struct Told<'s> {
    id: &'s str,
    lab: Option<&'s DeviceResult>,
    passed: u64,
    flaky: u64,
    skipped: u64,
    failed: BTreeMap<CaseClass, u64>,
}

impl Told<'_> {
    fn add(&mut self, row: &CaseRow) {
        match row.result {
            CaseWord::Passed => self.passed += 1,
            CaseWord::Flaky => self.flaky += 1,
            CaseWord::Skipped => self.skipped += 1,
            CaseWord::Failed => {
                *self.failed.entry(row.class.unwrap_or(CaseClass::Device)).or_default() += 1;
            }
        }
    }

    fn failed(&self) -> u64 {
        self.failed.values().sum()
    }

    fn cases(&self) -> u64 {
        self.passed + self.flaky + self.skipped + self.failed()
    }

    /// Seconds of the terminal, of the line and of the host; nothing where no exchange was timed.
    fn spent(&self) -> Option<[f64; 3]> {
        let seconds = self.lab.map(|lab| [lab.device_seconds, lab.line_seconds, lab.host_seconds])?;
        (seconds.iter().sum::<f64>() > 0.0).then_some(seconds)
    }
}

/// The devices of the lab in the order of the run, and after them virtual terminals that had cases.
fn devices(summary: &Summary) -> Vec<Told<'_>> {
    let of_lab = summary.devices.iter().map(|lab| Told { id: &lab.id, lab: Some(lab), ..Told::default() });
    let mut devices: Vec<Told<'_>> = of_lab.collect();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    places.extend(devices.iter().enumerate().map(|(place, device)| (device.id, place)));
    for row in summary.cases.iter().flat_map(|cases| &cases.rows) {
        let place = *places.entry(&row.device).or_insert_with(|| {
            devices.push(Told { id: &row.device, ..Told::default() });
            devices.len() - 1
        });
        devices[place].add(row);
    }
    devices
}

fn results(devices: &[Told<'_>]) -> Markup {
    let has_cases = devices.iter().any(|device| device.cases() > 0);
    html! {
        div.wide { table {
            thead { tr {
                th { "device" } th { "speaks, where" } th { "terminal" } th.n { "exchanges" } th.n { "errors" } th { "in the end" }
                @if has_cases {
                    @for name in ["passed", "flaky", "skipped", "failed"] { th.n { (name) } }
                    th { "by whose fault" } th { "cases" }
                }
            } }
            tbody { @for device in devices.iter().take(ROWS_MAX) {
                tr { (lab(device)) @if has_cases { (cases_of(device)) } }
            } }
        } }
        @if devices.len() > ROWS_MAX { p.says { "and " (plural((devices.len() - ROWS_MAX) as u64, "further device")) } }
    }
}

/// What the lab knows of it.
fn lab(device: &Told<'_>) -> Markup {
    html! {
        th { (device.id) }
        @match device.lab {
            Some(lab) => {
                td { (lab.driver) " " small { (lab.port) } }
                td title=(who(lab)) { (lab.terminal_id) }
                td.n { (count(lab.exchanges)) }
                td.n.bad[lab.errors > 0] title=(lab.last_error) { (count(lab.errors)) }
                @if lab.quarantined { td.bad { "✗ quarantined" } } @else { td { "in use" } }
            }
            None => { td { "virtual" } td { (device.id) } td.n { (NOTHING) } td.n { (NOTHING) } td { (NOTHING) } }
        }
    }
}

fn cases_of(device: &Told<'_>) -> Markup {
    let failed = device.failed();
    html! {
        td.n { (count(device.passed)) }
        td.n.warn[device.flaky > 0] { (count(device.flaky)) }
        td.n { (count(device.skipped)) }
        td.n.bad[failed > 0] { (count(failed)) }
        td { (faults(device)) }
        td.strip { (of_cases(device, failed)) }
    }
}

/// `2 device, 1 infrastructure`
fn faults(device: &Told<'_>) -> String {
    let told =
        device.failed.iter().rev().map(|(class, number)| format!("{} {}", count(*number), class.name()));
    told.collect::<Vec<_>>().join(", ")
}

fn who(lab: &DeviceResult) -> String {
    let texts = [("firmware", &lab.firmware), ("serial number", &lab.serial_number)];
    let told = texts.into_iter().filter(|(_, text)| !text.is_empty());
    told.map(|(name, text)| format!("{name} {text}")).collect::<Vec<_>>().join("\n")
}

fn of_cases(device: &Told<'_>, failed: u64) -> Markup {
    let shares = [
        Share { name: "passed", look: 1, value: device.passed as f64 },
        Share { name: "flaky", look: 2, value: device.flaky as f64 },
        Share { name: "skipped", look: 3, value: device.skipped as f64 },
        Share { name: "failed", look: 4, value: failed as f64 },
    ];
    let whole = shares.iter().map(|share| share.value).sum();
    strip(&format!("cases of {}", device.id), &shares, whole, |value| count(value as u64))
}

/// The time of each device, the longest as wide as its place.
fn times(devices: &[Told<'_>]) -> Markup {
    let whole = |spent: [f64; 3]| spent.iter().sum::<f64>();
    let longest = devices.iter().filter_map(Told::spent).map(whole).fold(0.0, f64::max);
    let timed = || devices.iter().filter_map(|device| Some((device, device.spent()?)));
    html! {
        h3 { "Where the time of each device went" }
        (legend(&[("device", 1), ("line", 2), ("host", 3)]))
        div.wide { table {
            thead { tr {
                th { "device" } th { "beside the longest" }
                @for name in ["device", "line", "host", "together"] { th.n { (name) } }
            } }
            tbody { @for (device, spent) in timed().take(ROWS_MAX) {
                tr {
                    th { (device.id) }
                    td.strip { (of_time(device.id, spent, longest)) }
                    @for seconds in spent { td.n { (time(seconds * 1000.0)) } }
                    td.n { (time(whole(spent) * 1000.0)) }
                }
            } }
        } }
    }
}

fn of_time(id: &str, [device, line, host]: [f64; 3], longest: f64) -> Markup {
    let shares = [
        Share { name: "device", look: 1, value: device },
        Share { name: "line", look: 2, value: line },
        Share { name: "host", look: 3, value: host },
    ];
    strip(&format!("time of {id}"), &shares, longest, |seconds| time(seconds * 1000.0))
}

/// Where the time of each step on devices went.
fn steps(steps: &BTreeMap<String, StepSummary>) -> Markup {
    let on_devices = || steps.iter().filter_map(|(name, step)| Some((name, step.devices.as_ref()?)));
    if on_devices().next().is_none() {
        return html! {};
    }
    html! {
        h3 { "Where the time of each step on devices went" }
        div.wide { table {
            thead { tr {
                th { "step" } th.n { "count" }
                @for name in ["device p50", "p99", "line p50", "p99", "host p50", "p99"] { th.n { (name) } }
            } }
            tbody { @for (name, found) in on_devices() {
                tr {
                    th { (name) } td.n { (count(found.count)) }
                    @for part in [found.device_ms, found.line_ms, found.host_ms] {
                        td.n { (time(part.p50)) } td.n { (time(part.p99)) }
                    }
                }
            } }
        } }
    }
}

const ROWS_MAX: usize = 1000;
