//! The cryptograms of chip cards, from both sides: a test card that makes them and an issuer that verifies them.
//!
//! Only what an online transaction needs: keys by PAN, session keys by transaction counter, ARQC, TC and AAC over the
//! data of the transaction, and the issuer's answer (ARPC). Certificates, offline PINs and commands to a real card are
//! left out; what a message says besides is left to the machines. Cryptograms with SM4 are not here: no published
//! values were found to hold them to.

mod card;
mod cryptogram;
mod issuer;
mod key;

pub use card::{Generated, TestCard};
pub use cryptogram::{CollectError, CryptogramKind, CryptogramVersion, IssuerData, Terms};
pub use issuer::{ChipError, Issuer, Verified};
pub use key::{CardKey, CardKeyDerivation, IssuerKey, SessionKey};
