//! How a portal opens: with the merchants of the host's terminals, their cards, and the devices that they have.

use crate::{
    directory::{Directory, Entry},
    host::Config,
    iso8583::{MerchantId, TerminalId},
    portal::{
        AccountClass, BankAccount, Identity, MerchantData, MerchantRecord, NewCard, Pair, Password, Person,
        Phone, Portal, Rules, SerialNumber, Settlement,
    },
    terminal,
    time::Instant,
};
use std::collections::BTreeSet;

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

/// The portal of a host that opens, with the merchants of its terminals.
pub(super) fn open(config: &Config) -> Option<Portal> {
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
    Some(portal)
}

/// The serial number of the device that had this terminal number first.
#[must_use]
pub fn serial_number(terminal: TerminalId) -> SerialNumber {
    SerialNumber(terminal::serial_number(terminal))
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
