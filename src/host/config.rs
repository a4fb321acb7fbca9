//! What a simulated host is told before it starts: its dialect, limits and moods.

use super::{
    chip::ChipRules,
    opening::PortalSetup,
    policy::{Bug, Fees, OrderDrill, PreAuthPolicy, TipPolicy},
    rule::Rule,
    settle::SettlementRules,
    tables::TableStock,
};
use crate::{
    card::Card,
    crypto::{MacAlgorithm, MacForm, Tmk},
    iso8583::{MerchantId, Mti, Spec, TerminalId},
    money::Amount,
    operation::Kind,
    rng::Seed,
    terminal::{Customs, KeyScheme, SignInForm},
    time::WallClock,
};
use std::{collections::HashSet, sync::Arc};

/// What a simulated host is told before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The dialect of the messages.
    pub spec: &'static Spec,
    /// How the MAC is computed.
    pub mac: MacAlgorithm,
    /// How the MAC is written into DE 64.
    pub mac_form: MacForm,
    /// Whether the MAK it hands out is 16 bytes long; else 8.
    pub double_length_mak: bool,
    /// What keys protect PINs and messages; under derived keys the master keys of the terminals are initial keys.
    pub key_scheme: KeyScheme,
    /// Which work keys a sign-in asks for whose DE 60.3 does not tell, because the customs have a code of their own.
    pub sign_in: SignInForm,
    /// Which messages have a MAC, and what their DE 60.3 says.
    pub customs: Customs,
    /// The terminals that it knows.
    pub terminals: Vec<Enrolment>,
    /// The terminals of which every request is told, see [`super::Output::Overheard`].
    pub watched: HashSet<TerminalId>,
    /// The cards that it knows, with their PINs.
    pub cards: Arc<[Card]>,
    /// What it makes of cards that it does not know.
    pub unknown_cards: UnknownCards,
    /// What every account holds at the start.
    pub opening_balance: Amount,
    /// The largest sale; beyond it the answer is 61.
    pub sale_limit: Amount,
    /// The first rule that fits a request decides about it; without one the host does its work.
    pub rules: Vec<Rule>,
    /// How many requests a second it can serve, one after the other; `None` serves each at once.
    pub capacity: Option<f64>,
    /// What the acquirer keeps.
    pub fees: Fees,
    /// How completions relate to what was set aside.
    pub pre_auth: PreAuthPolicy,
    /// How large tips may be.
    pub tips: TipPolicy,
    /// What becomes of orders that wait for their payer.
    pub orders: OrderDrill,
    /// How it treats chip cards.
    pub chip: ChipRules,
    /// What it gets wrong on purpose.
    pub bug: Option<Bug>,
    /// How it settles.
    pub settlement: SettlementRules,
    /// What it has for terminals to download.
    pub tables: TableStock,
    /// The merchant portal; `None` has none, and binds terminals to merchants by the enrolment alone.
    pub portal: Option<PortalSetup>,
    /// The wall clock for DE 12, 13 and 15.
    pub clock: WallClock,
    /// The seed of everything that it decides by chance.
    pub seed: Seed,
}

impl Default for Config {
    /// A host of UnionPay's dialect that knows no terminal and no card, at the start of the Unix epoch.
    fn default() -> Self {
        Self {
            spec: Spec::unionpay(),
            mac: MacAlgorithm::UnionPayEcb,
            mac_form: MacForm::Ascii8,
            double_length_mak: false,
            key_scheme: KeyScheme::default(),
            sign_in: SignInForm::DoubleDes,
            customs: Customs::default(),
            terminals: Vec::new(),
            watched: HashSet::new(),
            cards: Arc::new([]),
            unknown_cards: UnknownCards::default(),
            opening_balance: Amount::ZERO,
            sale_limit: Amount::MAX,
            rules: Vec::new(),
            capacity: None,
            fees: Fees::default(),
            pre_auth: PreAuthPolicy::default(),
            tips: TipPolicy::default(),
            orders: OrderDrill::default(),
            chip: ChipRules::default(),
            bug: None,
            settlement: SettlementRules::default(),
            tables: TableStock::default(),
            portal: None,
            clock: WallClock::starting_at(0),
            seed: Seed(0),
        }
    }
}

impl Config {
    /// The usual DE 60.3 of a message whose terminal says `code`.
    pub(super) fn usual_code(&self, mti: Mti, code: u16) -> u16 {
        match self.customs.renamed(mti, code) {
            Some((Kind::SignIn, _)) => self.sign_in.network_management(),
            Some((kind, steps)) => kind.form().network_management + steps,
            None => code,
        }
    }
}

/// A terminal as the host knows it.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 42, the only one this terminal may use.
    pub merchant: MerchantId,
    /// The master key under which its work keys travel.
    pub tmk: Tmk,
}

/// What a host makes of cards that it does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownCards {
    /// It opens an account for any number whose check digit holds, and takes any PIN.
    #[default]
    Accept,
    /// It declines with 14.
    Decline,
}
