//! What a host must keep of its portal, and how both come back in a later life.
//!
//! The portal tells what it has taken in, and each of these inputs goes out as [`Output::Note`] in front of whatever
//! tells of it, in one sequence with the records of the books. The host's books and the portal are restored each from
//! their own: while records are taken again, the portal is told nothing. What depends on both is counted once, when the
//! host first does something new.

use super::{Config, Host, Outbox, Output, PortalSetup, counter::Counter};
use crate::{
    iso8583::{MerchantId, TerminalId},
    portal::{Act, Diverged, Input},
};

impl Host {
    /// Takes what the portal has taken in in an earlier life, in the order in which it was told among the records.
    ///
    /// # Errors
    /// [`Diverged`] when the portal does not come out as it was: its rules, its merchants or the program are others.
    /// Also where there is no portal.
    pub fn resume(&mut self, input: &Input) -> Result<(), Diverged> {
        self.come_back();
        if let (Act::Approved(sale), Some(counter)) = (&input.act, self.counter.as_deref_mut()) {
            counter.sold.note_method(sale);
        }
        self.with_portal(input.at, |portal, _| portal.restore(input)).unwrap_or(Err(Diverged))
    }

    /// Books and portal come back.
    pub(super) fn come_back(&mut self) {
        self.counter.as_deref_mut().into_iter().for_each(|counter| counter.is_coming_back = true);
    }

    /// Books and portal have come back, if they did: what merchants are owed from open batches is counted anew.
    pub(super) fn be_back(&mut self) {
        let counter = self.counter.as_deref_mut().filter(|counter| counter.is_coming_back);
        if let Some(Counter { portal, sold, is_coming_back, .. }) = counter {
            *is_coming_back = false;
            sold.recount(&self.ledger, |key| portal.is_cleared(key));
        }
    }

    /// Says what the portal has taken in, in front of whatever tells of it.
    pub(super) fn journal(&mut self, out: &mut Outbox) {
        let Some(counter) = self.counter.as_deref_mut() else { return };
        while let Some(input) = counter.portal.poll_input() {
            out.push(Output::Note(Box::new(input)));
        }
    }
}

impl Config {
    /// A number that is another one where the portal is, or would come to be, another: by its rules, its merchants,
    /// its terminals or its seed. Nothing where there is no portal.
    pub fn portal_print(&self) -> Option<u64> {
        let PortalSetup { rules, directory, settlement } = self.portal.as_ref()?;
        let terminals: Vec<(TerminalId, MerchantId)> =
            self.terminals.iter().map(|enrolment| (enrolment.terminal, enrolment.merchant)).collect();
        let text = format!("{rules:?} {directory:?} {settlement:?} {:?} {terminals:?}", self.seed);
        Some(fnv_1a(text.as_bytes()))
    }
}

/// The same number for the same bytes on every machine.
fn fnv_1a(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, fold)
}
