//! The merchants' side of the host: who asks the portal, and what the host does about what happens there.

use super::{
    Config, Enrolment, Host, Inquiry, Outbox,
    branch::{Branch, Sighting},
    opening,
    sold::Sold,
    station::Station,
};
use crate::{
    crypto::{Algorithm, Key, Tmk},
    iso8583::{MerchantId, TerminalId},
    portal::{Acquirer, ApplicationNo, Call, Decision, Event, Pair, Portal, Refusal, Response},
    rng::{Domain, Seed},
    time::Instant,
};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// The portal, and what the host keeps for it alone.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) portal: Portal,
    pub(super) sold: Sold,
    pub(super) sightings: HashMap<TerminalId, Sighting>,
    /// Terminals whose parameters have changed since they downloaded them.
    ///
    /// A restart forgets who has downloaded: those whose card was ever changed do it once more.
    outdated: HashSet<TerminalId>,
    online_within: Duration,
    /// Whether the books come back, of which the portal is told nothing: it has inputs of its own.
    pub(super) is_coming_back: bool,
    /// The cipher of master keys that are given out.
    cipher: Algorithm,
}

impl Counter {
    pub(super) fn open(config: &Config) -> Option<Box<Self>> {
        let first = config.terminals.first();
        let portal = opening::open(config)?;
        Some(Box::new(Self {
            portal,
            sold: Sold::default(),
            sightings: HashMap::new(),
            outdated: HashSet::new(),
            online_within: config.portal.as_ref()?.rules.online_within,
            is_coming_back: false,
            cipher: first.map_or(Algorithm::Tdes, |enrolment| enrolment.tmk.algorithm()),
        }))
    }
}

impl Host {
    /// The merchant portal, where there is one.
    pub fn portal(&self) -> Option<&Portal> {
        self.counter.as_deref().map(|counter| &counter.portal)
    }

    /// The master key of a terminal, to be loaded into a device that was activated or has changed its merchant.
    pub fn master_key(&self, terminal: TerminalId) -> Option<&Tmk> {
        self.stations.get(&terminal).filter(|station| !station.has_ended).map(Station::initial_key)
    }

    /// Asks the portal.
    ///
    /// # Errors
    /// [`Refusal`]; also [`Refusal::SessionUnknown`] where there is no portal.
    pub fn call(&mut self, now: Instant, call: &Call, out: &mut Outbox) -> Result<Response, Refusal> {
        let answer = self.at_counter(now, |portal, branch| portal.handle(now, branch, call));
        self.wait(out);
        answer.unwrap_or(Err(Refusal::SessionUnknown))
    }

    /// Reviews an application by hand.
    ///
    /// # Errors
    /// [`Refusal::ApplicationUnknown`] or [`Refusal::NotPending`].
    pub fn review(
        &mut self,
        now: Instant,
        no: ApplicationNo,
        decision: Decision,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        let decided = self.at_counter(now, |portal, branch| portal.decide(now, branch, no, decision));
        self.wait(out);
        decided.unwrap_or(Err(Refusal::ApplicationUnknown))
    }

    /// Looks at the portal and at what it may ask; nothing where there is none.
    pub fn look<T>(&mut self, now: Instant, sight: impl FnOnce(&Portal, &dyn Acquirer) -> T) -> Option<T> {
        self.at_counter(now, |portal, branch| sight(portal, branch))
    }

    /// Does something with the portal and what it may ask, and follows what comes of it; nothing without a portal.
    pub(super) fn at_counter<T>(
        &mut self,
        now: Instant,
        work: impl FnOnce(&mut Portal, &dyn Acquirer) -> T,
    ) -> Option<T> {
        self.be_back();
        self.with_portal(now, work)
    }

    /// The same, also while the books come back.
    pub(super) fn with_portal<T>(
        &mut self,
        now: Instant,
        work: impl FnOnce(&mut Portal, &dyn Acquirer) -> T,
    ) -> Option<T> {
        let Self { counter, stations, ledger, config, .. } = self;
        let Counter { portal, sold, sightings, online_within, .. } = counter.as_deref_mut()?;
        let (clock, online_within) = (config.clock, *online_within);
        let done = work(portal, &Branch { stations, ledger, sold, sightings, now, clock, online_within });
        while let Some(event) = self.counter.as_deref_mut()?.portal.poll_event() {
            self.follow_event(event);
        }
        Some(done)
    }

    fn follow_event(&mut self, event: Event) {
        match event {
            Event::BindingChanged { from, to, .. } => self.rebind(from, to),
            Event::CardChanged { merchant, .. } => self.outdate(merchant),
            Event::Payout { .. } | Event::Notification { .. } | Event::Alarm(_) => {}
        }
    }

    /// A device has other numbers from now on: the old ones may only finish what they have begun.
    fn rebind(&mut self, from: Option<Pair>, to: Pair) {
        let Some(counter) = self.counter.as_deref() else { return };
        let tmk = master_key(self.config.seed, to, counter.cipher);
        let mut station = Station::new(&Enrolment { terminal: to.terminal, merchant: to.merchant, tmk });
        station.batch = self.ledger.batch(&to.terminal).unwrap_or(station.batch);
        self.stations.insert(to.terminal, station);
        if let Some(old) = from.and_then(|from| self.stations.get_mut(&from.terminal)) {
            old.has_ended = true;
        }
    }

    /// The terminals of a merchant are to download their parameters again.
    fn outdate(&mut self, merchant: MerchantId) {
        let Some(Counter { portal, outdated, .. }) = self.counter.as_deref_mut() else { return };
        outdated.extend(portal.devices(merchant).map(|(_, pair)| pair.terminal));
    }

    /// Whether a terminal is to download its parameters; `has_come` when it just has.
    pub(super) fn is_outdated(&mut self, inquiry: &Inquiry<'_>, has_come: bool) -> bool {
        let Some(counter) = self.counter.as_deref_mut() else { return false };
        if has_come {
            counter.outdated.remove(&inquiry.terminal);
        }
        counter.outdated.contains(&inquiry.terminal)
    }
}

/// The master key of a device that gets these numbers: always the same.
fn master_key(seed: Seed, pair: Pair, cipher: Algorithm) -> Tmk {
    let bytes = pair.terminal.as_bytes().iter().chain(pair.merchant.as_bytes());
    let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    let mut rng = seed.stream(Domain::Keys, bytes.fold(0xCBF2_9CE4_8422_2325, hash), GIVEN_OUT);
    Tmk(Key::random(cipher, || rng.bits()))
}

/// Tells these keys from those that fleets begin with.
const GIVEN_OUT: u64 = 1;
