//! What a merchant tells the portal and no log may repeat: passwords, phone and identity numbers.

use std::fmt;

/// Declares a text that prints only its ends.
macro_rules! masked {
    ($(#[$doc:meta])* $name:ident, $first:literal, $last:literal) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The whole text, unmasked.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let letters: Vec<char> = self.0.chars().collect();
                // A short text would show most of itself.
                let is_long = letters.len() > 2 * ($first + $last);
                let (first, last) = if is_long { ($first, $last) } else { (0, 0) };
                let hidden = letters.len() - first - last;
                letters.iter().take(first).try_for_each(|letter| write!(f, "{letter}"))?;
                write!(f, "{:*<hidden$}", "")?;
                letters.iter().skip(first + hidden).try_for_each(|letter| write!(f, "{letter}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

masked! {
    /// A password, a query password, or a code: never shown.
    Password, 0, 0
}

masked! {
    /// A mobile number; prints as its last two digits and the first three.
    Phone, 3, 2
}

masked! {
    /// A citizen's identity number (GB 11643, 18 characters); prints as its first three and last two.
    Identity, 3, 2
}

impl Phone {
    /// Whether it is a mobile number of the mainland: 11 digits that begin with 1.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.0.len() == 11 && self.0.starts_with('1') && self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl Identity {
    /// Whether the last character is the check digit of the others (ISO 7064 MOD 11-2).
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let bytes = self.0.as_bytes();
        let Some((check, payload)) = bytes.split_last().filter(|_| bytes.len() == 18) else { return false };
        payload.iter().all(u8::is_ascii_digit) && Self::check_digit(payload) == *check
    }

    /// The number whose first 17 digits these are.
    #[must_use]
    pub fn of(payload: &str) -> Self {
        Self(format!("{payload}{}", char::from(Self::check_digit(payload.as_bytes()))))
    }

    fn check_digit(payload: &[u8]) -> u8 {
        let sum = payload.iter().fold(0, |sum, digit| (sum + u32::from(digit & 0xF)) * 2 % 11);
        match (12 - sum) % 11 {
            10 => b'X',
            digit => b'0' + digit as u8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Password::new("hunter2")), "Password(*******)");
        assert_eq!(Phone::new("13800138000").to_string(), "138******00");
        assert_eq!(Phone::new("1380").to_string(), "****");
        assert_eq!(Identity::new("11010519491231002X").to_string(), "110*************2X");
    }

    #[test]
    fn identity_numbers_have_a_check_digit() {
        assert!(Identity::new("11010519491231002X").is_valid(), "the example of GB 11643");
        assert!(!Identity::new("110105194912310021").is_valid());
        assert!(!Identity::new("1101051949123100").is_valid() && !Identity::new("").is_valid());
        assert_eq!(Identity::of("11010519491231002").as_str(), "11010519491231002X");
    }

    #[test]
    fn phones_are_mobile_numbers() {
        assert!(Phone::new("13800138000").is_valid());
        assert!(
            ["", "1380013800", "23800138000", "1380013800a"].iter().all(|text| !Phone::new(*text).is_valid())
        );
    }
}
