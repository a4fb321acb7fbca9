//! What a ledger was founded on, and a host must still have when it opens it again.

use super::StoreError;
use crate::{host::Config, money::Amount};
use std::path::Path;

/// What must be the same in every life of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charter {
    /// What cards are opened with.
    pub opening_balance: Amount,
    /// The print of the portal, see [`Config::portal_print`]; nothing without a portal.
    pub portal: Option<u64>,
}

impl Charter {
    /// The charter of a host.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self { opening_balance: config.opening_balance, portal: config.portal_print() }
    }

    /// Refuses a host that has another one than the ledger.
    ///
    /// # Errors
    /// What differs, and what to do about it.
    pub(super) fn check(&self, path: &Path, kept: &Self) -> Result<(), StoreError> {
        let path = path.to_owned();
        if kept.opening_balance != self.opening_balance {
            let (kept, wanted) = (kept.opening_balance, self.opening_balance);
            return Err(StoreError::OpeningBalance { path, kept, wanted });
        }
        match (kept.portal, self.portal) {
            (kept, wanted) if kept == wanted => Ok(()),
            (None, _) => Err(StoreError::PortalNew(path)),
            (_, None) => Err(StoreError::PortalGone(path)),
            _ => Err(StoreError::PortalOther(path)),
        }
    }
}
