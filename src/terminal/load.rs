//! What an operator does to a terminal by hand: new numbers and a new master key, as after a change of merchant.
//!
//! Numbers, batch and keys begin anew; the STAN goes on, as does the serial number of the device. What the old numbers
//! still owe the host would be lost, so they are loaded only once everything is settled.

use super::Terminal;
use crate::{
    crypto::Tmk,
    iso8583::{BatchNo, MerchantId, TerminalId},
};

/// Why a terminal takes no other numbers now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// An operation is under way.
    #[error("the terminal is busy")]
    Busy,
    /// The host has yet to hear of a reversal, the result of a script, a notice or an order.
    #[error("the terminal owes the host messages")]
    Owes,
    /// The batch of the old numbers is not settled.
    #[error("the open batch is not settled")]
    NotSettled,
}

impl Terminal {
    /// Loads new numbers and a master key; the terminal has to sign in before anything that needs keys.
    ///
    /// # Errors
    /// [`LoadError`]; the terminal is then what it was.
    pub fn load(&mut self, id: TerminalId, merchant: MerchantId, tmk: Tmk) -> Result<(), LoadError> {
        match () {
            () if !self.is_idle() => return Err(LoadError::Busy),
            () if self.owes() => return Err(LoadError::Owes),
            () if !self.log.is_empty() || self.is_settling() => return Err(LoadError::NotSettled),
            () => {}
        }
        (self.id, self.merchant, self.tmk) = (id, merchant, tmk);
        // Counters of derived keys belong to the key that is gone.
        (self.keys, self.key_counter, self.batch) = (None, 0, BatchNo::FIRST);
        Ok(())
    }
}
