//! The merchants' side of the host: its portal, and what the portal may ask of stations and books.

use super::{Host, Outbox, station::Station};
use crate::{
    directory::{Directory, Entry},
    iso8583::{MerchantId, TerminalId},
    ledger::Ledger,
    money::Amount,
    portal::{
        AccountClass, Acquirer, ApplicationNo, BankAccount, Call, Decision, Identity, MerchantData,
        MerchantRecord, NewCard, Pair, Password, Person, Phone, Portal, Refusal, Response, Rules, Sale,
        SerialNumber, Settlement, TerminalStatus,
    },
    time::Instant,
};
use std::collections::{BTreeSet, HashMap};

/// What a portal is told before it opens; its merchants are those of the terminals.
#[derive(Clone, Debug, PartialEq)]
pub struct PortalSetup {
    /// Its figures.
    pub rules: Rules,
    /// Who the merchants are.
    pub directory: Directory,
    /// How merchants are paid in the beginning.
    pub settlement: Settlement,
}

/// The host as its portal sees it.
struct Branch<'a> {
    stations: &'a HashMap<TerminalId, Station>,
    ledger: &'a Ledger,
}

impl Host {
    /// The merchant portal, where there is one.
    pub fn portal(&self) -> Option<&Portal> {
        self.portal.as_deref()
    }

    /// Asks the portal.
    ///
    /// # Errors
    /// [`Refusal`]; also [`Refusal::SessionUnknown`] where there is no portal.
    pub fn call(&mut self, now: Instant, call: &Call, out: &mut Outbox) -> Result<Response, Refusal> {
        let answer = self.at_counter(|portal, branch| portal.handle(now, branch, call));
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
        let decided = self.at_counter(|portal, branch| portal.decide(now, branch, no, decision));
        self.wait(out);
        decided.unwrap_or(Err(Refusal::ApplicationUnknown))
    }

    /// Looks at the portal and at what it may ask; nothing where there is none.
    pub fn look<T>(&mut self, _: Instant, sight: impl FnOnce(&Portal, &dyn Acquirer) -> T) -> Option<T> {
        self.at_counter(|portal, branch| sight(portal, branch))
    }

    /// Does something with the portal and what it may ask, and follows what comes of it.
    fn at_counter<T>(&mut self, work: impl FnOnce(&mut Portal, &dyn Acquirer) -> T) -> Option<T> {
        let Self { portal, stations, ledger, .. } = self;
        let portal = portal.as_deref_mut()?;
        let done = work(portal, &Branch { stations, ledger });
        while portal.poll_event().is_some() {}
        Some(done)
    }
}

impl Acquirer for Branch<'_> {
    fn unsettled(&self, _: MerchantId) -> Amount {
        Amount::ZERO
    }

    fn has_open_batch(&self, terminal: TerminalId) -> bool {
        let station = self.stations.get(&terminal);
        station.is_some_and(|station| self.ledger.of_batch(terminal, station.batch).next().is_some())
    }

    fn status(&self, _: TerminalId) -> Option<TerminalStatus> {
        None
    }

    fn transactions(&self, _: MerchantId) -> Vec<Sale> {
        Vec::new()
    }
}

/// The portal of a host that opens, with the merchants of its terminals.
pub(super) fn open(config: &super::Config) -> Option<Box<Portal>> {
    let PortalSetup { rules, directory, settlement } = config.portal.clone()?;
    let mut portal = Portal::new(rules, config.seed, config.clock);
    let merchants: BTreeSet<MerchantId> =
        config.terminals.iter().map(|enrolment| enrolment.merchant).collect();
    for merchant in merchants {
        let entry = directory.entry(merchant);
        accounts(&entry).for_each(|account| portal.open_account(account));
        portal.register(Instant::START, record(merchant, &entry, settlement), Some(card(&entry)));
    }
    for enrolment in &config.terminals {
        let pair = Pair { terminal: enrolment.terminal, merchant: enrolment.merchant };
        portal.bind(Instant::START, serial_number(enrolment.terminal), pair);
    }
    while portal.poll_event().is_some() {}
    Some(Box::new(portal))
}

/// The serial number of the device that had this terminal number first.
#[must_use]
pub fn serial_number(terminal: TerminalId) -> SerialNumber {
    SerialNumber(format!("SN{terminal}"))
}

fn record(id: MerchantId, entry: &Entry, settlement: Settlement) -> MerchantRecord {
    let data = MerchantData {
        name: entry.name.clone(),
        address: entry.address.clone(),
        contact: entry.holder.clone(),
        phone: Phone::new(&entry.phone),
    };
    let holder = Person { name: entry.holder.clone(), identity: Identity::new(&entry.identity) };
    let password = Password::new(&entry.password);
    MerchantRecord { id, data, holder, licence: entry.licence.clone(), password, settlement }
}

fn card(entry: &Entry) -> NewCard {
    NewCard {
        pan: entry.card,
        holder: entry.holder.clone(),
        bank: entry.bank.clone(),
        phone: Phone::new(&entry.phone),
    }
}

/// The accounts of a holder as the banks know them.
fn accounts(entry: &Entry) -> impl Iterator<Item = BankAccount> + '_ {
    let usual = [entry.card].into_iter().chain(entry.spares).map(|pan| (pan, true, AccountClass::First));
    let odd =
        [(entry.inactive, false, AccountClass::First), (entry.second_class, true, AccountClass::Second)];
    usual.chain(odd).map(|(pan, is_activated, class)| BankAccount {
        pan,
        holder: entry.holder.clone(),
        identity: Identity::new(&entry.identity),
        is_activated,
        class,
        query_password: Password::new(&entry.query_password),
    })
}
