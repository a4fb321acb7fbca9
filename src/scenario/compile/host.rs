//! The host inside this program: its limits, and the terminals and cards that it knows.

use super::Compiler;
use crate::{
    flow::CardFeeder,
    host::{self, Enrolment},
    scenario::{
        plan::{Group, Target},
        words::{self, MacKey},
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
        if written.orders.closed.0 + written.orders.expired.0 > 1.0 {
            self.complain(&node.at("orders"), "more orders are closed or expire than there are");
        }
        let mut embedded = groups.iter().filter(|group| group.target == Target::Embedded);
        let first = embedded.next().or(groups.first())?;
        for other in embedded {
            let (one, two) = (&first.profile, &other.profile);
            let same_dialect = one.spec == two.spec && one.customs.is_understood_as(&two.customs);
            if !same_dialect || one.mac != two.mac || one.mac_form != two.mac_form {
                let at = self.root.child("terminals").at_key(&other.name);
                let message = format!(
                    "the host inside this program speaks one dialect, and `{}` has another `profile`, `spec`, `mac` or `macForm`",
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
            sign_in: first.profile.sign_in,
            customs: first.profile.customs,
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
            settlement: host::SettlementRules::default(),
            tables: host::TableStock::default(),
            chip: host::ChipRules::default(),
            clock: WallClock::starting_at(0),
            seed: self.seed,
        })
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
