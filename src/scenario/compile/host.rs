//! The host inside this program: its limits, its moods, and the terminals and cards that it knows.

use super::Compiler;
use crate::{
    flow::CardFeeder,
    host::{self, Action, Enrolment, Match},
    scenario::{
        file::{self, Rule},
        node::Node,
        plan::{Group, Target},
        words::{self, Drop, Fault, MacKey},
    },
    time::WallClock,
};

impl Compiler<'_> {
    pub(super) fn host(&mut self, groups: &[Group], feeders: &[CardFeeder]) -> Option<host::Config> {
        let node = self.root.child("host");
        let written = &self.file.host;
        let rules = self.rules(node.child("rules"), &written.rules);
        if written.sale_limit.0 == crate::money::Amount::ZERO {
            self.complain(&node.at("saleLimit"), "with this limit every sale is declined");
        }
        let mut embedded = groups.iter().filter(|group| group.target == Target::Embedded);
        let first = embedded.next().or(groups.first())?;
        for other in embedded {
            let (one, two) = (&first.profile, &other.profile);
            if (one.spec.name != two.spec.name) || one.mac != two.mac || one.mac_form != two.mac_form {
                let at = self.root.child("terminals").at_key(&other.name);
                let message = format!(
                    "the host inside this program speaks one dialect, and `{}` has another `spec`, `mac` or `macForm`",
                    first.name
                );
                self.complain(&at, message);
            }
        }
        let identities = groups.iter().flat_map(|group| group.identities.iter());
        Some(host::Config {
            spec: first.profile.spec,
            mac: first.profile.mac,
            mac_form: first.profile.mac_form,
            double_length_mak: written.mac_key == MacKey::Double,
            key_scheme: first.profile.key_scheme,
            terminals: identities
                .map(|identity| Enrolment {
                    terminal: identity.terminal,
                    merchant: identity.merchant,
                    tmk: identity.tmk.clone(),
                })
                .collect(),
            cards: Self::all_cards(feeders),
            unknown_cards: match written.unknown_cards {
                words::UnknownCards::Accept => host::UnknownCards::Accept,
                words::UnknownCards::Decline => host::UnknownCards::Decline,
            },
            opening_balance: written.opening_balance.0,
            sale_limit: written.sale_limit.0,
            rules,
            clock: WallClock::starting_at(0),
            seed: self.seed,
            ..host::Config::default()
        })
    }

    fn rules(&mut self, node: &Node, rules: &[Rule]) -> Vec<host::Rule> {
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
        let respond = match &rule.respond {
            Some(code) => Some(self.or_complain(&node.at("respond"), two_characters(code))?),
            None => None,
        };
        let actions = [
            ("respond", respond.map(Action::Respond)),
            ("delay", rule.delay.map(|range| Action::Delay(range.min.0..=range.max.0))),
            ("drop", rule.drop.map(dropped)),
            ("fault", rule.fault.map(fault)),
        ];
        let mut given = actions.into_iter().filter_map(|(key, action)| Some((key, action?)));
        match (given.next(), given.next()) {
            (Some((_, action)), None) => Some(action),
            (Some((first, _)), Some((second, _))) => {
                let message = format!("a rule does one thing, this one says `{first}` and `{second}`");
                self.complain(&node.at_key(second), message);
                None
            }
            (None, _) => {
                if !node.is_tainted() {
                    self.complain(&node.span, "a rule needs one of respond, delay, drop, fault");
                }
                None
            }
        }
    }

    fn when(&mut self, node: &Node, when: &file::When) -> Match {
        if when.probability.is_some_and(|probability| probability.0 == 0.0) {
            self.complain(&node.at("probability"), "a rule with 0% never applies");
        }
        Match {
            mti: self.text(node, "mti", when.mti.as_ref()),
            processing_code: self.text(node, "processingCode", when.processing_code.as_ref()),
            amount: when.amount.as_ref().map(|range| range.0.clone()),
            card_prefix: self.card_prefix(node, when.card.as_deref()),
            terminal: self.text(node, "terminal", when.terminal.as_ref()),
            probability: when.probability.map(|probability| probability.0),
        }
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

fn two_characters(code: &str) -> Result<crate::iso8583::ResponseCode, String> {
    let fits = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let code = fits.then(|| code.parse().ok()).flatten();
    code.ok_or_else(|| "a response code is two letters or digits, such as 51".to_owned())
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
    }
}
