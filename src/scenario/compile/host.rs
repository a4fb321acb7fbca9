//! The host inside this program: its limits, and the terminals and cards that it knows.

use super::{Compiler, rules::two_characters};
use crate::{
    flow::CardFeeder,
    host::{self, Enrolment},
    iso8583::{ResponseCode, TerminalId},
    scenario::{
        host::{Chip, Closure, Demand, Tables},
        node::Node,
        plan::{Group, Target},
        words::{self, MacKey},
    },
    time::WallClock,
};
use std::collections::HashSet;

impl Compiler<'_> {
    pub(super) fn host(&mut self, groups: &[Group], feeders: &[CardFeeder]) -> Option<host::Config> {
        let node = self.root.child("host");
        let written = &self.file.host;
        let rules = self.rules(node.child("rules"), &written.rules);
        if written.sale_limit.0 == crate::money::Amount::ZERO {
            self.complain(&node.at("saleLimit"), "with this limit every sale is declined");
        }
        if written.capacity.is_some_and(|rate| rate <= 0.0 || !rate.is_finite()) {
            self.complain(&node.at("capacity"), "`capacity` is more than 0 requests a second");
        }
        if written.orders.closed.0 + written.orders.expired.0 > 1.0 {
            self.complain(&node.at("orders"), "more orders are closed or expire than there are");
        }
        let settlement = self.settlement(node.child("settlement"), &written.settlement, groups);
        let tables = self.tables(node.child("tables"), &written.tables);
        let chip = self.chip(node.child("chip"), &written.chip);
        let portal = self.portal(node.child("portal"), written.portal.as_ref());
        let mut embedded = groups.iter().filter(|group| group.target == Target::Embedded);
        let first = embedded.next().or(groups.first())?;
        for other in embedded {
            let (one, two) = (&first.profile, &other.profile);
            let at = self.root.child("terminals").at_key(&other.name);
            let same_dialect = one.spec == two.spec && one.customs.is_understood_as(&two.customs);
            if !same_dialect || one.mac != two.mac || one.mac_form != two.mac_form {
                let message = format!(
                    "the host inside this program speaks one dialect, and `{}` has another `profile`, `spec`, `mac` or `macForm`",
                    first.name
                );
                self.complain(&at, message);
            }
            if one.key_scheme != two.key_scheme {
                let message = format!(
                    "the host inside this program has one kind of keys, and `{}` has another `keyScheme`",
                    first.name
                );
                self.complain(&at, message);
            }
        }
        let identities = groups.iter().flat_map(|group| group.identities.iter());
        Some(host::Config {
            portal,
            spec: first.profile.spec,
            mac: first.profile.mac,
            mac_form: first.profile.mac_form,
            double_length_mak: written.mac_key == MacKey::Double,
            key_scheme: first.profile.key_scheme,
            sign_in: first.profile.sign_in,
            customs: first.profile.customs,
            terminals: identities
                .map(|identity| Enrolment {
                    terminal: identity.numbers.terminal,
                    merchant: identity.numbers.merchant,
                    tmk: identity.tmk.clone(),
                })
                .collect(),
            watched: watched(groups),
            cards: Self::all_cards(feeders),
            unknown_cards: match written.unknown_cards {
                words::UnknownCards::Accept => host::UnknownCards::Accept,
                words::UnknownCards::Decline => host::UnknownCards::Decline,
            },
            opening_balance: written.opening_balance.0,
            sale_limit: written.sale_limit.0,
            rules,
            capacity: written.capacity,
            fees: host::Fees { basis_points: (written.fees.0 * 10_000.0).round() as u32 },
            pre_auth: host::PreAuthPolicy { completion_percent: written.completion_percent },
            tips: host::TipPolicy { percent: written.tip_percent },
            orders: host::OrderDrill {
                pays_after: written.orders.pays_after.min.0..=written.orders.pays_after.max.0,
                closed: written.orders.closed.0,
                expired: written.orders.expired.0,
                expires_after: written.orders.expires_after.0,
            },
            bug: written.bug.map(bug),
            settlement,
            tables,
            chip,
            clock: WallClock::starting_at(0),
            seed: self.seed,
        })
    }

    fn settlement(&mut self, node: &Node, written: &Closure, groups: &[Group]) -> host::SettlementRules {
        let terminals = node.child("terminals");
        let known = |text: &str| {
            let mut all = groups.iter().flat_map(|group| group.identities.iter());
            all.find(|identity| identity.numbers.terminal.as_str() == text)
                .map(|identity| identity.numbers.terminal)
        };
        let mut drilled = Vec::new();
        for (index, text) in written.terminals.iter().enumerate() {
            match known(text) {
                Some(terminal) => drilled.push(terminal),
                None => self.complain(&terminals.item(index).span, format!("no terminal is called `{text}`")),
            }
        }
        host::SettlementRules {
            closing: match written.closing {
                words::Closing::WhenBalanced => host::Closing::WhenBalanced,
                words::Closing::AtEnd => host::Closing::AtEnd,
            },
            drill: host::TotalsDrill { share: written.unbalanced.0, terminals: drilled },
        }
    }

    fn tables(&mut self, node: &Node, written: &Tables) -> host::TableStock {
        let requests = node.child("requests");
        let mut asked = Vec::new();
        for (index, Demand { digit, kind }) in written.requests.iter().enumerate() {
            match kind.kind() {
                Some(kind) => asked.push(host::ProcessingRequest { digit: *digit, kind }),
                None => self.complain(&requests.item(index).at("kind"), "this asks for nothing"),
            }
        }
        host::TableStock {
            page_items: written.page_items as usize,
            page_bytes: written.page_bytes as usize,
            renews_keys: written.renews_keys,
            requests: asked,
            ..host::TableStock::default()
        }
    }

    fn chip(&mut self, node: &Node, written: &Chip) -> host::ChipRules {
        let at = node.at("refusal");
        let refusal = self.or_complain(&at, two_characters(&written.refusal));
        if refusal.is_some_and(ResponseCode::is_approval) {
            self.complain(&at, "this code approves; a refusal is one such as 05");
        }
        let default = host::ChipRules::default();
        host::ChipRules {
            scripts: written.scripts.0,
            wrong_answers: written.wrong_answers.0,
            refuses_fallback: written.refuses_fallback,
            refusal: refusal.unwrap_or(default.refusal),
            ..default
        }
    }
}

fn bug(word: words::Bug) -> host::Bug {
    match word {
        words::Bug::ForgetsReversal => host::Bug::ForgetsReversal,
        words::Bug::BooksTwice => host::Bug::BooksTwice,
        words::Bug::IgnoresVoid => host::Bug::IgnoresVoid,
        words::Bug::SettlesToNeighbour => host::Bug::SettlesToNeighbour,
        words::Bug::WrongAmount => host::Bug::WrongAmount,
    }
}

/// The terminals that are devices: what they send is held against what their registers are told.
fn watched(groups: &[Group]) -> HashSet<TerminalId> {
    let devices = groups.iter().filter(|group| group.devices.is_some() && group.target == Target::Embedded);
    devices.flat_map(|group| group.identities.iter().map(|identity| identity.numbers.terminal)).collect()
}
