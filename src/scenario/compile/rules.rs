//! The rules of the host: conditions become matchers, words become actions.

use super::Compiler;
use crate::{
    expr::nearest,
    host::{self, Action, Delay, Match, Pattern},
    iso8583::{De, ResponseCode},
    operation::Kind,
    scenario::{
        diagnostic::Problem,
        node::Node,
        rule::{Delay as Written, Distribution, Rule, When},
        text::MoneyRange,
        words::{Drop, Fault},
    },
};
use std::{ops::Range, time::Duration};

impl Compiler<'_> {
    pub(super) fn rules(&mut self, node: &Node, rules: &[Rule]) -> Vec<host::Rule> {
        let mut made = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let node = node.item(index);
            let when = self.when(node.child("when"), &rule.when);
            if let Some(action) = self.action(node, rule) {
                made.push(host::Rule { when, action });
            }
        }
        made
    }

    fn action(&mut self, node: &Node, rule: &Rule) -> Option<Action> {
        let (respond, decline) = (self.respond(node, rule)?, self.decline(node, rule)?);
        let actions = [
            ("respond", respond),
            ("decline", decline),
            ("drop", rule.drop.map(dropped)),
            ("fault", rule.fault.map(fault)),
            ("restart", rule.restart.map(|time| Action::Restart(time.0))),
        ];
        let delay = match &rule.delay {
            Some(delay) => Some(self.delay(node, delay)?),
            None => None,
        };
        let mut given = actions.into_iter().filter_map(|(key, action)| Some((key, action?)));
        match (given.next(), given.next(), delay) {
            (Some((first, _)), Some((second, _)), _) => {
                let message = format!("a rule does one thing, this one says `{first}` and `{second}`");
                self.complain(&node.at_key(second), message);
                None
            }
            (Some((key @ ("drop" | "restart"), _)), None, Some(_)) => {
                let message = format!("`{key}` answers nothing that could come later");
                self.complain(&node.at_key("delay"), message);
                None
            }
            (Some((_, action)), None, Some(delay)) => Some(Action::Late(delay, Box::new(action))),
            (Some((_, action)), None, None) => Some(action),
            (None, _, Some(delay)) => Some(Action::Delay(delay)),
            (None, _, None) => {
                if !node.is_tainted() {
                    let message = "a rule needs one of respond, decline, delay, drop, fault, restart";
                    self.complain(&node.span, message);
                }
                None
            }
        }
    }

    /// The action of `respond`, if it is there; `None` when its code is none.
    fn respond(&mut self, node: &Node, rule: &Rule) -> Option<Option<Action>> {
        let Some(code) = &rule.respond else { return Some(None) };
        let code = self.or_complain(&node.at("respond"), two_characters(code))?;
        Some(Some(Action::Respond(code)))
    }

    fn decline(&mut self, node: &Node, rule: &Rule) -> Option<Option<Action>> {
        match rule.decline.as_deref() {
            None => Some(None),
            Some("random") => Some(Some(Action::Decline)),
            Some(code) => {
                let code = self.or_complain(&node.at("decline"), two_characters(code))?;
                if code == ResponseCode::APPROVED {
                    self.complain(
                        &node.at("decline"),
                        "00 approves; write `respond: \"00\"` if that is meant",
                    );
                }
                Some(Some(Action::Respond(code)))
            }
        }
    }

    fn delay(&mut self, node: &Node, written: &Written) -> Option<Delay> {
        let Distribution { normal, exponential, lognormal } = match written {
            Written::Range(range) => return Some(Delay::Even(range.min.0..=range.max.0)),
            Written::By(distribution) => *distribution,
        };
        let at = node.child("delay");
        let delay = match (normal, exponential, lognormal) {
            (Some(spread), None, None) => Delay::Normal { mean: spread.mean.0, sd: spread.sd.0 },
            (None, Some(mean), None) => Delay::Exponential { mean: mean.mean.0 },
            (None, None, Some(spread)) => Delay::LogNormal { mean: spread.mean.0, sd: spread.sd.0 },
            _ => {
                if !at.is_tainted() {
                    self.complain(&at.span, "a delay is a range, or one of normal, exponential, lognormal");
                }
                return None;
            }
        };
        if matches!(&delay, Delay::LogNormal { mean, .. } if mean.is_zero()) {
            self.complain(&at.child("lognormal").at("mean"), "the mean is more than 0");
        }
        Some(delay)
    }

    fn when(&mut self, node: &Node, when: &When) -> Match {
        if when.probability.is_some_and(|probability| probability.0 == 0.0) {
            self.complain(&node.at("probability"), "a rule with 0% never applies");
        }
        let kind = when.kind.as_deref().and_then(|name| self.kind(node, name));
        let (terminal, any_terminal) = match &when.terminal {
            Some(pattern) if pattern.contains('*') => (None, Some((De::TERMINAL_ID, pattern))),
            exact => (self.text(node, "terminal", exact.as_ref()), None),
        };
        let merchant = when.merchant.as_ref().map(|pattern| (De::MERCHANT_ID, pattern));
        let texts = any_terminal.into_iter().chain(merchant);
        let mut elements: Vec<_> = texts.map(|(de, text)| (de, Pattern::Text(text.clone()))).collect();
        elements
            .extend(when.de.iter().filter_map(|(number, text)| self.element(node.child("de"), number, text)));
        Match {
            mti: self.text(node, "mti", when.mti.as_ref()),
            processing_code: self.text(node, "processingCode", when.processing_code.as_ref()),
            kind,
            amount: when.amount.as_ref().map(|range| range.0.clone()),
            card_prefix: self.card_prefix(node, when.card.as_deref()),
            terminal,
            elements,
            window: self.window(node, when),
            every: when.every,
            probability: when.probability.map(|probability| probability.0),
            first: when.first,
        }
    }

    fn kind(&mut self, node: &Node, name: &str) -> Option<Kind> {
        let kind = Kind::from_name(name);
        if kind.is_none() {
            let near = nearest(name, Kind::ALL.iter().map(|(_, known)| *known));
            let problem = Problem::new(node.at("kind"), format!("unknown operation `{name}`"));
            self.problems.push(problem.did_you_mean(&near));
        }
        kind
    }

    /// What element `number` must hold.
    fn element(&mut self, node: &Node, number: &str, text: &str) -> Option<(De, Pattern)> {
        let de = number.parse().ok().and_then(De::new).filter(|de| de.number() > 1);
        let Some(de) = de else {
            self.complain(&node.at_key(number), "an element has a number from 2 to 128");
            return None;
        };
        let pattern = match (text, text.split_once("..")) {
            ("true", _) => Pattern::Present(true),
            ("false", _) => Pattern::Present(false),
            _ if AMOUNTS.contains(&de.number()) => {
                let range = self.or_complain(&node.at(number), text.parse::<MoneyRange>())?;
                Pattern::Number(range.0.start().minor()..=range.0.end().minor())
            }
            (_, Some((low, high))) if is_number(low) && is_number(high) => {
                let bounds = low.parse::<u64>().and_then(|low| Ok((low, high.parse::<u64>()?)));
                let (low, high) = self.or_complain(&node.at(number), bounds)?;
                if low > high {
                    self.complain(&node.at(number), "the range is reversed: the smaller number comes first");
                }
                Pattern::Number(low..=high)
            }
            _ => Pattern::Text(text.to_owned()),
        };
        Some((de, pattern))
    }

    /// The time in which a rule is in force.
    fn window(&mut self, node: &Node, when: &When) -> Option<Range<Duration>> {
        let begin = when.after.unwrap_or_default().0;
        let end = match (when.before, when.lasts) {
            (None, None) => when.after.map(|_| Duration::MAX)?,
            (Some(before), None) => before.0,
            (None, Some(lasts)) => begin + lasts.0,
            (Some(_), Some(_)) => {
                self.complain(&node.at_key("for"), "`before` and `for` both say when it ends");
                return None;
            }
        };
        if end <= begin {
            let key = if when.before.is_some() { "before" } else { "for" };
            self.complain(&node.at(key), "with these times the rule never applies");
        }
        Some(begin..end)
    }

    fn text<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        node: &Node,
        key: &str,
        text: Option<&String>,
    ) -> Option<T> {
        text.and_then(|text| self.or_complain(&node.at(key), text.parse()))
    }

    fn card_prefix(&mut self, node: &Node, written: Option<&str>) -> Option<String> {
        let digits = written?.trim_end_matches(['…', '*']);
        if digits.is_empty() || digits.len() > 19 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            self.complain(&node.at("card"), "expected the first digits of card numbers, such as 6212");
        }
        Some(digits.to_owned())
    }
}

/// A response code as files write it.
pub(super) fn two_characters(code: &str) -> Result<ResponseCode, String> {
    let fits = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let code = fits.then(|| code.parse().ok()).flatten();
    code.ok_or_else(|| "a response code is two letters or digits, such as 51".to_owned())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn dropped(what: Drop) -> Action {
    match what {
        Drop::Request => Action::DropRequest,
        Drop::Response => Action::DropResponse,
    }
}

fn fault(fault: Fault) -> Action {
    match fault {
        Fault::Close => Action::Close,
        Fault::Duplicate => Action::Duplicate,
        Fault::WrongMac => Action::WrongMac,
        Fault::Garbage => Action::Garbage,
        Fault::HalfFrame => Action::HalfFrame,
        Fault::Oversized => Action::Oversized,
        Fault::Stray => Action::Stray,
        Fault::Corrupt => Action::Corrupt,
    }
}

/// The elements that hold amounts, written in major units.
const AMOUNTS: [u8; 3] = [4, 5, 6];
