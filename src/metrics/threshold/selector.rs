//! Which steps, scenarios, groups, targets, flows, devices and codes a metric is of, by name and by number.
//!
//! Shards keep figures by step. What a threshold asks for beyond that is a [`Selection`], of which they keep figures
//! only because it is asked for.

use super::{MetricName, Threshold, ThresholdError};
use crate::metrics::{ResponseCodeText, StepId, StepNames};
use std::fmt;

/// Which steps, scenarios, groups, targets, flows, devices and codes a metric is of; what is absent is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// The name of the step.
    pub step: Option<String>,
    /// The name of the scenario.
    pub scenario: Option<String>,
    /// The name of the group of terminals.
    pub group: Option<String>,
    /// The name of the target that terminals are connected to.
    pub target: Option<String>,
    /// The name of the flow.
    pub flow: Option<String>,
    /// The name of the device.
    pub device: Option<String>,
    /// The code of the answer.
    pub code: Option<ResponseCodeText>,
}

impl Selector {
    /// Whether figures by step do not tell, so that shards must keep some for it.
    fn is_beyond_steps(&self) -> bool {
        self.asks_for_origin() || self.code.is_some()
    }

    /// Whether it asks where a step came from.
    pub fn asks_for_origin(&self) -> bool {
        self.scenario.is_some() || self.group.is_some() || self.flow.is_some() || self.device.is_some()
    }

    fn place(&mut self, tag: &str) -> Option<&mut Option<String>> {
        match tag {
            "step" => Some(&mut self.step),
            "scenario" => Some(&mut self.scenario),
            "group" => Some(&mut self.group),
            "target" => Some(&mut self.target),
            "flow" => Some(&mut self.flow),
            "device" => Some(&mut self.device),
            _ => None,
        }
    }
}

/// As a threshold writes it between braces, always in the same order.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map(|code| code.to_string());
        let Self { step, scenario, group, flow, device, target, .. } = self;
        let values = [step, scenario, group, flow, device, &code, target];
        let written = TAGS.iter().zip(values).filter_map(|(tag, value)| Some((tag, value.as_ref()?)));
        for (number, (tag, value)) in written.enumerate() {
            write!(f, "{}{tag}:{value}", if number == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// Reads `step.name{tag:text, tag:text}`.
pub(super) fn parse_metric(text: &str) -> Result<(MetricName, Selector), ThresholdError> {
    let (path, tags) = match text.split_once('{') {
        None => (text, ""),
        Some((path, tags)) => {
            (path, tags.strip_suffix('}').ok_or_else(|| ThresholdError::Selector(text.to_owned()))?)
        }
    };
    let (step, metric) = match (path.parse::<MetricName>(), path.rsplit_once('.')) {
        (Ok(metric), _) => (None, metric),
        (Err(_), Some((step, name))) if MetricName::STEP_METRICS.contains(&name) => {
            (Some(step), name.parse()?)
        }
        (Err(error), _) => return Err(error),
    };
    let mut selector = Selector { step: step.map(str::to_owned), ..Selector::default() };
    for tag in tags.split(',').filter(|_| !tags.is_empty()) {
        add_tag(&mut selector, &metric, tag)?;
    }
    Ok((metric, selector))
}

fn add_tag(selector: &mut Selector, metric: &MetricName, text: &str) -> Result<(), ThresholdError> {
    let wrong = || ThresholdError::Selector(text.trim().to_owned());
    let (tag, value) =
        text.split_once(':').map(|(tag, value)| (tag.trim(), value.trim())).ok_or_else(wrong)?;
    let known = TAGS
        .into_iter()
        .find(|known| *known == tag)
        .ok_or_else(|| ThresholdError::Selector(tag.to_owned()))?;
    if !metric.tags().contains(&known) {
        return Err(ThresholdError::NotSelectable(metric.to_string(), known));
    }
    match selector.place(tag) {
        None => selector.code = Some(value.parse().map_err(|_| wrong())?),
        Some(Some(_)) if tag == "step" => return Err(ThresholdError::TwoSteps),
        Some(place) if value.is_empty() || place.is_some() => return Err(wrong()),
        Some(place) => *place = Some(value.to_owned()),
    }
    Ok(())
}

impl Threshold {
    /// What shards must keep figures of for this threshold, beyond those by step.
    fn selected(&self) -> Option<Selector> {
        let is_of_steps = self.metric.tags().contains(&"step");
        let mut selector = self.selector.clone();
        if self.metric == MetricName::Answers {
            // They are a share of all that ended, and figures by step count codes.
            selector.code = None;
        }
        (is_of_steps && selector.is_beyond_steps()).then_some(selector)
    }

    /// Whose connections shards must keep figures of for this threshold, beyond those of all.
    fn linked(&self) -> Option<&Selector> {
        let is_of_some = self.selector.group.is_some() || self.selector.target.is_some();
        (matches!(self.metric, MetricName::Connections(_)) && is_of_some).then_some(&self.selector)
    }
}

/// What shards keep figures of because thresholds ask for it, in the order of `Interval::selections`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selections {
    steps: Vec<(Selector, Selection)>,
    /// Groups of terminals by their numbers, in the order of `Interval::links`.
    links: Vec<(Selector, Vec<usize>)>,
}

impl Selections {
    /// Of figures by step alone.
    pub const NONE: Self = Self { steps: Vec::new(), links: Vec::new() };

    /// What `thresholds` ask for; names become numbers by their places in these lists.
    pub fn of<'t>(thresholds: impl IntoIterator<Item = &'t Threshold>, names: &Catalog<'_>) -> Self {
        let mut all = Self::default();
        for threshold in thresholds {
            if let Some(selector) = threshold.selected().filter(|selector| all.position(selector).is_none()) {
                let selection = names.selection(&selector);
                all.steps.push((selector, selection));
            }
            if let Some(selector) = threshold.linked().filter(|selector| all.link(selector).is_none()) {
                all.links.push((selector.clone(), names.groups_of(selector)));
            }
        }
        all
    }

    /// What `thresholds` ask for by name, for who has figures of a run and not its plan.
    pub fn by_name<'t>(thresholds: impl IntoIterator<Item = &'t Threshold>) -> Self {
        let steps = StepNames::default();
        let none =
            Catalog { steps: &steps, scenarios: &[], groups: &[], targets: &[], flows: &[], devices: &[] };
        Self::of(thresholds, &none)
    }

    /// How many there are of steps.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is none of steps.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// All of those of steps in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Selection> {
        self.steps.iter().map(|(_, selection)| selection)
    }

    /// The selectors of those of steps, in the same order.
    pub fn selectors(&self) -> impl Iterator<Item = &Selector> {
        self.steps.iter().map(|(selector, _)| selector)
    }

    /// The groups, by their numbers, whose connections are counted together, in the order of `Interval::links`.
    pub fn links(&self) -> impl ExactSizeIterator<Item = &[usize]> {
        self.links.iter().map(|(_, groups)| groups.as_slice())
    }

    /// Where the figures for `threshold` are, if it has some of its own; nothing where nobody keeps them.
    pub(in crate::metrics) fn place(&self, threshold: &Threshold) -> Option<Option<usize>> {
        threshold.selected().map(|selector| self.position(&selector))
    }

    /// Where the figures of connections for `threshold` are, if it has some of its own.
    pub(in crate::metrics) fn place_of_link(&self, threshold: &Threshold) -> Option<Option<usize>> {
        threshold.linked().map(|selector| self.link(selector))
    }

    fn position(&self, selector: &Selector) -> Option<usize> {
        self.steps.iter().position(|(known, _)| known == selector)
    }

    fn link(&self, selector: &Selector) -> Option<usize> {
        self.links.iter().position(|(known, _)| known == selector)
    }
}

/// The names of a plan, each list in the order of its numbers.
#[derive(Clone, Copy, Debug)]
pub struct Catalog<'n> {
    /// Steps.
    pub steps: &'n StepNames,
    /// Scenarios.
    pub scenarios: &'n [&'n str],
    /// Groups of terminals.
    pub groups: &'n [&'n str],
    /// The target of each group; `None` is the host inside this program.
    pub targets: &'n [Option<&'n str>],
    /// Flows.
    pub flows: &'n [&'n str],
    /// Devices.
    pub devices: &'n [&'n str],
}

impl Catalog<'_> {
    fn selection(&self, selector: &Selector) -> Selection {
        let number = |names: &[&str], name: &Option<String>| {
            // A name that is not there selects nothing.
            name.as_ref().map(|name| names.iter().position(|known| known == name).unwrap_or(usize::MAX))
        };
        Selection {
            step: selector.step.as_ref().map(|step| self.steps.find(step).unwrap_or(StepId(u16::MAX))),
            scenario: number(self.scenarios, &selector.scenario),
            group: number(self.groups, &selector.group),
            flow: number(self.flows, &selector.flow),
            device: number(self.devices, &selector.device),
            code: selector.code,
        }
    }

    /// The numbers of the groups that `selector` means.
    fn groups_of(&self, selector: &Selector) -> Vec<usize> {
        let is_meant = |number: &usize| {
            let target = self.targets.get(*number).copied().flatten();
            selector.group.as_deref().is_none_or(|wanted| self.groups.get(*number) == Some(&wanted))
                && selector.target.as_deref().is_none_or(|wanted| target == Some(wanted))
        };
        (0..self.groups.len()).filter(is_meant).collect()
    }
}

/// Where the end of a step came from, by numbers of the plan; what a terminal does of its own accord has no scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The scenario.
    pub scenario: Option<usize>,
    /// The group of the terminal.
    pub group: usize,
    /// The flow.
    pub flow: Option<usize>,
    /// The device, where the terminal is not virtual.
    pub device: Option<usize>,
}

/// A [`Selector`] by numbers of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    step: Option<StepId>,
    scenario: Option<usize>,
    group: Option<usize>,
    flow: Option<usize>,
    device: Option<usize>,
    code: Option<ResponseCodeText>,
}

impl Selection {
    /// Whether a step with this origin and code is meant.
    pub fn takes(&self, origin: Origin, step: StepId, code: Option<ResponseCodeText>) -> bool {
        self.step.is_none_or(|wanted| wanted == step)
            && self.scenario.is_none_or(|wanted| Some(wanted) == origin.scenario)
            && self.group.is_none_or(|wanted| wanted == origin.group)
            && self.flow.is_none_or(|wanted| Some(wanted) == origin.flow)
            && self.device.is_none_or(|wanted| Some(wanted) == origin.device)
            && self.code.is_none_or(|wanted| Some(wanted) == code)
    }
}

const TAGS: [&str; 7] = ["step", "scenario", "group", "flow", "device", "code", "target"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_selectors_share_figures_and_numbers_decide_what_is_taken() {
        let mut steps = StepNames::default();
        let (sale, echo) = (steps.intern("sale"), steps.intern("echo"));
        let names = Catalog {
            steps: &steps,
            scenarios: &["am", "pm"],
            groups: &["shop"],
            targets: &[None],
            flows: &["sell"],
            devices: &["a", "b"],
        };
        let read = |metric| Threshold::parse(metric, "count < 9").expect("valid");
        let thresholds =
            ["sale.failed{scenario:pm}", "sale.approved{scenario:pm}", "sale.failed", "failed{code:05}"]
                .into_iter()
                .chain(["line_time{device:b}"]);
        let selections = Selections::of(&thresholds.map(read).collect::<Vec<_>>(), &names);
        assert_eq!(selections.len(), 3);
        let [of_pm, of_05, of_b] = [0, 1, 2].map(|place| *selections.iter().nth(place).expect("three"));
        let pm = Origin { scenario: Some(1), group: 0, flow: Some(0), device: None };
        assert!(of_pm.takes(pm, sale, None) && !of_pm.takes(pm, echo, None));
        assert!(!of_pm.takes(Origin { scenario: Some(0), ..pm }, sale, None));
        let on = |device| Origin { device: Some(device), ..pm };
        assert!(
            of_b.takes(on(1), sale, None) && !of_b.takes(on(0), sale, None) && !of_b.takes(pm, sale, None)
        );
        let code = |text: &str| text.parse::<ResponseCodeText>().ok();
        assert!(of_05.takes(pm, echo, code("05")) && !of_05.takes(pm, echo, code("00")));
        assert_eq!(selections.place(&read("sale.failed")), None);
        assert_eq!(selections.place(&read("sale.failed{scenario:am}")), Some(None));
    }

    #[test]
    fn connections_are_of_all_groups_unless_one_or_a_target_is_named() {
        let names = Catalog {
            steps: &StepNames::default(),
            scenarios: &[],
            groups: &["shop", "kiosk", "taxi"],
            targets: &[Some("east"), None, Some("east")],
            flows: &[],
            devices: &[],
        };
        let read = |metric| Threshold::parse(metric, "count < 9").expect("valid");
        let thresholds = [
            "connections.refused",
            "connections.refused{target:east}",
            "connections.opened{target:east}",
            "connections.opened{group:kiosk}",
            "connections.opened{group:kiosk,target:east}",
        ];
        let selections = Selections::of(&thresholds.map(read), &names);
        let nobody: &[usize] = &[];
        assert!(selections.links().eq([&[0, 2], &[1][..], nobody]));
        let place = |metric| selections.place_of_link(&read(metric));
        assert_eq!((place(thresholds[0]), place(thresholds[2])), (None, Some(Some(0))));
        assert!(Threshold::parse("connections.refused{step:sale}", "count < 9").is_err());
        assert!(Threshold::parse("connections.bytes_in{target:east}", "count < 9").is_err());
    }

    #[test]
    fn answers_of_a_code_are_a_share_of_all_so_figures_by_step_tell() {
        let threshold = Threshold::parse("sale.answers{code:51}", "rate < 2%").expect("valid");
        assert_eq!(threshold.selected(), None);
        let threshold = Threshold::parse("sale.answers{code:51,group:shop}", "rate < 2%").expect("valid");
        assert_eq!(
            threshold.selected().map(|selected| (selected.code, selected.group)),
            Some((None, Some("shop".to_owned())))
        );
    }
}
