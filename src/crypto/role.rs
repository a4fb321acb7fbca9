//! What a key is for, as a type: a MAC key cannot be handed to PIN encryption. The material is left to [`Key`].

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::key::{Key, KeyError};

/// The role of a key in the two-level scheme of UnionPay terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Terminal master key.
    Tmk,
    /// PIN key.
    Pik,
    /// MAC key.
    Mak,
    /// Track data key.
    Tdk,
}

macro_rules! role {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
        pub struct $name(pub Key);

        impl Deref for $name {
            type Target = Key;

            fn deref(&self) -> &Key {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = KeyError;

            fn from_str(text: &str) -> Result<Self, KeyError> {
                text.parse().map(Self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({}, kcv {})", stringify!($name), self.algorithm(), self.kcv())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }
    };
}

role! {
    /// A terminal master key (主密钥), under which the work keys travel.
    Tmk
}
role! {
    /// A PIN key, which encrypts DE 52.
    Pik
}
role! {
    /// A MAC key, which makes DE 64.
    Mak
}
role! {
    /// A track data key, which encrypts part of DE 35 and DE 36.
    Tdk
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tmk => "TMK",
            Self::Pik => "PIK",
            Self::Mak => "MAK",
            Self::Tdk => "TDK",
        })
    }
}
