//! Keys and what terminals do with them: MACs, work-key transport, PIN blocks, encrypted tracks.
//!
//! Everything here is a pure function of its arguments; randomness is handed in. **For test keys only**: the
//! DES tables are not constant time, so a neighbour on the same processor could learn a key. Messages, and
//! which of their elements carry a MAC or a PIN block, belong to `iso8583` and to the machines above.

mod block;
mod des;
mod des_tables;
mod dukpt_aes;
mod dukpt_tdes;
mod hex;
mod key;
mod ksn;
mod mac;
mod master_key;
mod pin_block;
mod pin_block_iso4;
mod role;
mod track;
mod work_keys;

pub use block::BlockCipher;
pub use des::{Des, DesState, Tdes};
pub use dukpt_aes::{AesInitialKey, AesTransactionKey, AesWorkingKey};
pub use dukpt_tdes::{TdesInitialKey, TdesTransactionKey};
pub use key::{Algorithm, Kcv, Key, KeyError};
pub use ksn::{AesKsn, KsnError, TdesKsn};
pub use mac::{MacAlgorithm, MacForm, MacSchedule};
pub use pin_block::{ClearPinBlock, PanBinding, PinBlock, PinBlockError, PinFormat, PinLengthCode};
pub use pin_block_iso4::Iso4PinKey;
pub use role::{Mak, Pik, Role, Tdk, Tmk};
pub use track::{TrackCipher, TrackError};
pub use work_keys::{WorkKeyError, WorkKeyLayout, WorkKeys};
