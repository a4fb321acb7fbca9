//! What a plan will do, before it does it: stages, arrivals, expected work in flight, shares, and warnings.

use super::{
    duration::{Time, TimeRange},
    limits::{self, Machine},
    plan::{Group, Plan, Scenario, Start},
};
use crate::{
    flow::{Action, Flow},
    host,
    iso8583::MerchantId,
    load::{Curve, Purpose, Schedule, Search, Share},
    portal::Review,
};
use serde::Serialize;
use std::{collections::HashSet, fmt, time::Duration};

/// What is not known before a run and has to be assumed.
#[derive(Clone, Copy, Debug)]
pub struct Assumptions {
    /// How long the host takes to answer.
    pub service_time: Duration,
    /// On how many shards or agents the fleet is split.
    pub shares: u32,
    /// What the machine allows that shall run it; `None` asks nothing of it.
    pub machine: Option<Machine>,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self { service_time: Duration::from_millis(50), shares: 1, machine: None }
    }
}

/// What a plan will do.
#[derive(Clone, Debug, Serialize)]
pub struct Expansion {
    /// The plan's name.
    pub name: String,
    /// The seed.
    pub seed: u64,
    /// When the last scenario stops to start iterations, in seconds; those without a known end count with their limit.
    pub ends_at_s: f64,
    /// The groups of terminals.
    pub groups: Vec<GroupExpansion>,
    /// The scenarios.
    pub scenarios: Vec<ScenarioExpansion>,
    /// The merchant portal; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal: Option<PortalExpansion>,
    /// What looks wrong.
    pub warnings: Vec<String>,
    /// What the plan asks of the machine and cannot get, each with the remedy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shortages: Vec<String>,
}

/// A merchant portal.
#[derive(Clone, Debug, Serialize)]
pub struct PortalExpansion {
    /// How many merchants it has in the beginning.
    pub merchants: usize,
    /// The least and the longest time from the confirmation of a new settlement card until payouts go to it, in seconds;
    /// absent when somebody reviews it by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_change_s: Option<[f64; 2]>,
}

/// A group of terminals.
#[derive(Clone, Debug, Serialize)]
pub struct GroupExpansion {
    /// Its name.
    pub name: String,
    /// How many terminals it has.
    pub terminals: usize,
    /// How many of them belong to each share.
    pub per_share: Vec<usize>,
    /// What it talks to.
    pub target: String,
    /// The devices that its terminals are; empty where they are virtual.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceExpansion>,
}

/// A device of a group.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceExpansion {
    /// Its name in the lab.
    pub id: String,
    /// What it speaks.
    pub driver: String,
    /// Where it is plugged in.
    pub port: String,
    /// DE 41, as the rack expects it or as it is given here.
    pub terminal: String,
}

/// A scenario.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioExpansion {
    /// Its name.
    pub name: String,
    /// Its executor.
    pub executor: &'static str,
    /// Its flow; the first one where it has a mix.
    pub flow: String,
    /// The flows of its mix with their shares of all iterations; empty where it has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mix: Vec<(String, f64)>,
    /// Its group.
    pub group: String,
    /// When it begins, in seconds after the start of the run.
    pub begins_at_s: f64,
    /// How long it starts iterations, in seconds; its limit where it ends by itself.
    pub duration_s: f64,
    /// How many iterations come due; `None` where that depends on the host.
    pub iterations: Option<f64>,
    /// The highest rate, in iterations per second.
    pub peak_rate: Option<f64>,
    /// Iterations under way at the highest rate, by Little's law.
    pub in_flight: f64,
    /// The stages of its rate.
    pub stages: Vec<StageExpansion>,
}

/// A straight line of a rate.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StageExpansion {
    /// When it begins, in seconds after the start of the scenario.
    pub begins_at_s: f64,
    /// How long it takes, in seconds.
    pub duration_s: f64,
    /// The rate at its begin, in iterations per second.
    pub from: f64,
    /// The rate at its end.
    pub to: f64,
}

/// Foretells what `plan` will do under `assumptions`.
pub fn expand(plan: &Plan, assumptions: Assumptions) -> Expansion {
    let begins = begins(plan);
    let scenarios: Vec<ScenarioExpansion> = plan
        .scenarios
        .iter()
        .zip(&begins)
        .map(|(scenario, begin)| scenario_expansion(plan, scenario, *begin, assumptions))
        .collect();
    Expansion {
        name: plan.name.clone(),
        seed: plan.seed.0,
        ends_at_s: scenarios.iter().map(|one| one.begins_at_s + one.duration_s).fold(0.0, f64::max),
        groups: groups(plan, assumptions.shares.max(1)),
        portal: portal(&plan.host),
        warnings: warnings(plan, &scenarios, assumptions),
        shortages: assumptions
            .machine
            .map(|machine| limits::shortages(plan, &scenarios, machine))
            .unwrap_or_default(),
        scenarios,
    }
}

fn groups(plan: &Plan, of: u32) -> Vec<GroupExpansion> {
    let of_group = |count: u32| (0..of).map(|index| Share { index, of }.terminals(count).count()).collect();
    plan.groups
        .iter()
        .map(|group| GroupExpansion {
            name: group.name.clone(),
            terminals: group.identities.len(),
            per_share: of_group(group.identities.len() as u32),
            target: match &group.target {
                super::Target::Embedded => "the host inside this program".to_owned(),
                super::Target::Address(address) => address.clone(),
            },
            devices: devices(group),
        })
        .collect()
}

fn devices(group: &Group) -> Vec<DeviceExpansion> {
    let devices = group.devices.iter().flat_map(|rack| &rack.devices).zip(group.identities.iter());
    devices
        .map(|(device, identity)| DeviceExpansion {
            id: device.id.clone(),
            driver: device.speaker.name().to_owned(),
            port: device.port.to_string(),
            terminal: identity.numbers.terminal.to_string(),
        })
        .collect()
}

/// When each scenario begins; one that ends by itself counts with its limit.
fn begins(plan: &Plan) -> Vec<Duration> {
    let mut begins = vec![Duration::ZERO; plan.scenarios.len()];
    // `startAfter` has no cycles, so each round settles one more link of every chain.
    for _ in &plan.scenarios {
        for (index, scenario) in plan.scenarios.iter().enumerate() {
            begins[index] = match scenario.start {
                Start::At(at) | Start::Signal(at) => at,
                Start::After(before, pause) => {
                    let own = plan.scenarios.get(before).map_or(Duration::ZERO, expected_duration);
                    begins.get(before).copied().unwrap_or_default() + own + pause
                }
            };
        }
    }
    begins
}

/// How long a scenario starts iterations; of a loop with a count, the time over which its first iterations spread.
fn expected_duration(scenario: &Scenario) -> Duration {
    match &scenario.load.schedule {
        Schedule::Loop { within, .. } if scenario.load.stop.iterations_per_terminal.is_some() => *within,
        Schedule::Search { .. } => scenario.load.likely_duration().unwrap_or_default(),
        _ => scenario.load.duration().unwrap_or_default(),
    }
}

fn scenario_expansion(
    plan: &Plan,
    scenario: &Scenario,
    begin: Duration,
    assumptions: Assumptions,
) -> ScenarioExpansion {
    let group = plan.groups.get(scenario.group);
    let fleet = group.map_or(0, |group| group.identities.len());
    let flow = plan.flows.get(scenario.flow);
    let iteration = mean_iteration_time(plan, scenario, assumptions.service_time);
    let (peak_rate, in_flight, stages) = match &scenario.load.schedule {
        Schedule::Arrivals { rate, .. } => {
            let in_flight = (rate.peak() * iteration).min(fleet as f64);
            (Some(rate.peak()), in_flight, stages(rate))
        }
        Schedule::Search { search, .. } => {
            let peak = search.max.min(search.start * SHOWN_GROWTH);
            (Some(peak), (peak * iteration).min(fleet as f64), raises(search, peak))
        }
        Schedule::Instants(instants) => (None, (instants.len() as f64).min(fleet as f64), Vec::new()),
        Schedule::Loop { terminals, .. } => (None, fleet.min(*terminals as usize) as f64, Vec::new()),
        Schedule::Ramp { terminals } => (None, terminals.peak().min(fleet as f64), stages(terminals)),
    };
    ScenarioExpansion {
        name: scenario.name.clone(),
        executor: scenario.executor,
        flow: flow.map_or_else(String::new, |flow| flow.name.to_string()),
        mix: mix(plan, scenario),
        group: group.map_or_else(String::new, |group| group.name.clone()),
        begins_at_s: begin.as_secs_f64(),
        duration_s: expected_duration(scenario).as_secs_f64(),
        iterations: scenario.load.iterations(fleet as u64),
        peak_rate,
        in_flight,
        stages,
    }
}

/// The stages of a search that keeps every rate up to `peak`.
fn raises(search: &Search, peak: f64) -> Vec<StageExpansion> {
    let duration_s = (search.settle + search.measured(Purpose::Raise)).as_secs_f64();
    let rates = std::iter::successors(Some(search.start), |rate| Some(rate * search.growth));
    let stage = |(number, rate): (usize, f64)| {
        let rate = rate.min(peak);
        StageExpansion { begins_at_s: number as f64 * duration_s, duration_s, from: rate, to: rate }
    };
    rates.take_while(|rate| *rate < peak * search.growth).enumerate().map(stage).collect()
}

fn stages(rate: &Curve) -> Vec<StageExpansion> {
    rate.lines()
        .map(|(begins_at_s, duration_s, from, to)| StageExpansion { begins_at_s, duration_s, from, to })
        .collect()
}

fn mix(plan: &Plan, scenario: &Scenario) -> Vec<(String, f64)> {
    let name = |flow: usize| plan.flows.get(flow).map_or_else(String::new, |flow| flow.name.to_string());
    let shares = scenario.conduct.mix.iter().flat_map(|mix| mix.shares());
    shares.map(|(flow, share)| (name(flow), share)).collect()
}

/// How long one iteration of a scenario takes on average, in seconds, whichever flow it has.
fn mean_iteration_time(plan: &Plan, scenario: &Scenario, service_time: Duration) -> f64 {
    let of = |flow: usize| plan.flows.get(flow).map_or(0.0, |flow| iteration_time(flow, service_time));
    match &scenario.conduct.mix {
        Some(mix) => mix.shares().map(|(flow, share)| of(flow) * share).sum(),
        None => of(scenario.flow),
    }
}

/// How long one iteration takes on average, in seconds.
fn iteration_time(flow: &Flow, service_time: Duration) -> f64 {
    let pace: Duration = flow.steps.iter().map(|step| cadence(&step.action)).sum();
    let step = |action: &Action| match action {
        Action::Operate(_) | Action::Request(_) => service_time,
        Action::Load(_) | Action::Pace { .. } | Action::Meet(_) => Duration::ZERO,
        Action::Think { min, max } => (*min + *max) / 2,
    };
    let steps: Duration = flow.steps.iter().map(|step_| step(&step_.action)).sum();
    steps.max(pace).as_secs_f64()
}

/// The least time that a step makes of an iteration.
fn cadence(action: &Action) -> Duration {
    match action {
        Action::Pace { min, max } => (*min + *max) / 2,
        _ => Duration::ZERO,
    }
}

fn portal(host: &host::Config) -> Option<PortalExpansion> {
    let rules = &host.portal.as_ref()?.rules;
    let merchants: HashSet<MerchantId> = host.terminals.iter().map(|enrolment| enrolment.merchant).collect();
    let card_change_s = match &rules.card_review {
        Review::ByHand => None,
        Review::ByMachine { after, .. } => Some([
            (after.least + rules.effective_after.least).as_secs_f64(),
            (after.most + rules.effective_after.most).as_secs_f64(),
        ]),
    };
    Some(PortalExpansion { merchants: merchants.len(), card_change_s })
}

fn warnings(plan: &Plan, scenarios: &[ScenarioExpansion], assumptions: Assumptions) -> Vec<String> {
    let mut warnings = Vec::new();
    for (scenario, expansion) in plan.scenarios.iter().zip(scenarios) {
        let Some(group) = plan.groups.get(scenario.group) else { continue };
        let fleet = group.identities.len() as f64;
        if let Some(wanted) = wanted(&scenario.load.schedule) {
            if wanted > fleet {
                let name = &scenario.name;
                warnings
                    .push(format!("`{name}` asks for {wanted} terminals, and `{}` has {fleet}", group.name));
            }
            continue;
        }
        let peak = expansion.peak_rate.unwrap_or(0.0);
        let needed = peak * mean_iteration_time(plan, scenario, assumptions.service_time);
        let needed_at_worst = peak * mean_iteration_time(plan, scenario, group.profile.response_timeout);
        let text = if needed > fleet {
            format!(
                "`{}` needs about {needed:.0} terminals at {peak:.1}/s when the host answers in {}, and `{}` has {fleet}: \
                 iterations will be dropped",
                scenario.name,
                Time(assumptions.service_time),
                group.name,
            )
        } else if needed_at_worst > fleet {
            format!(
                "`{}` drops iterations when the host stops answering: {peak:.1}/s for {} would need {needed_at_worst:.0} \
                 terminals, and `{}` has {fleet}",
                scenario.name,
                Time(group.profile.response_timeout),
                group.name,
            )
        } else {
            continue;
        };
        warnings.push(text);
    }
    warnings
}

/// How many terminals must be free for a schedule to be kept whatever the host does; `None` where its rate decides.
fn wanted(schedule: &Schedule) -> Option<f64> {
    match schedule {
        Schedule::Arrivals { .. } | Schedule::Search { .. } => None,
        Schedule::Instants(instants) => {
            let at_once = instants.chunk_by(|one, other| one == other).map(<[Duration]>::len).max();
            Some(at_once.unwrap_or_default() as f64)
        }
        Schedule::Loop { terminals: u32::MAX, .. } => Some(0.0),
        Schedule::Loop { terminals, .. } => Some(f64::from(*terminals)),
        Schedule::Ramp { terminals } => Some(terminals.peak().ceil()),
    }
}

/// The form for people.
impl fmt::Display for Expansion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, seed {}, about {}", self.name, self.seed, time(self.ends_at_s))?;
        writeln!(f, "\nterminals")?;
        for group in &self.groups {
            let shares: Vec<String> = group.per_share.iter().map(ToString::to_string).collect();
            let split = if shares.len() > 1 { format!(" ({})", shares.join(" + ")) } else { String::new() };
            writeln!(f, "  {:<16} {:>8}{split} → {}", group.name, group.terminals, group.target)?;
            for DeviceExpansion { id, driver, port, terminal } in &group.devices {
                writeln!(f, "    {id:<16} {driver:<9} {terminal}  {port}")?;
            }
        }
        writeln!(f, "\nscenarios")?;
        for scenario in &self.scenarios {
            write!(f, "{scenario}")?;
        }
        if let Some(portal) = &self.portal {
            write!(f, "\nportal\n{portal}")?;
        }
        for warning in self.warnings.iter().chain(&self.shortages) {
            writeln!(f, "\nwarning: {warning}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PortalExpansion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {} merchants", self.merchants)?;
        match self.card_change_s {
            Some([least, most]) => {
                let (min, max) = (time(least), time(most));
                writeln!(
                    f,
                    "  a settlement card is effective {} after its confirmation",
                    TimeRange { min, max }
                )
            }
            None => writeln!(f, "  a settlement card is effective after a review by hand"),
        }
    }
}

impl fmt::Display for ScenarioExpansion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, executor, flow, group, .. } = self;
        let mixed: Vec<String> =
            self.mix.iter().map(|(flow, share)| format!("`{flow}` {:.1} %", share * 100.0)).collect();
        let what = if mixed.is_empty() { format!("`{flow}`") } else { mixed.join(", ") };
        writeln!(f, "  {name:<16} {executor} of {what} by `{group}`")?;
        writeln!(f, "    from {} for {}", time(self.begins_at_s), time(self.duration_s))?;
        match (self.iterations, self.peak_rate) {
            (Some(count), Some(peak)) => writeln!(f, "    about {count:.0} iterations, at most {peak:.1}/s")?,
            (Some(count), None) => writeln!(f, "    {count:.0} iterations")?,
            _ => writeln!(f, "    as many iterations as the host allows")?,
        }
        writeln!(f, "    about {:.0} terminals at work", self.in_flight.ceil())?;
        let unit = if self.peak_rate.is_some() { "/s" } else { "" };
        for (number, stage) in self.stages.iter().enumerate() {
            let StageExpansion { duration_s, from, to, .. } = stage;
            writeln!(
                f,
                "    stage {} {:>8}  {from:>8.1}{unit} → {to:>8.1}{unit}",
                number + 1,
                time(*duration_s).to_string()
            )?;
        }
        Ok(())
    }
}

/// How many times its first rate a search is shown with, for nobody knows where it ends.
const SHOWN_GROWTH: f64 = 8.0;

fn time(seconds: f64) -> Time {
    Time(Duration::from_millis((seconds * 1000.0).round() as u64))
}
