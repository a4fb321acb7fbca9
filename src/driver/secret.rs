//! Secrets that nobody can guess, out of the system's chance and not out of the seed of a run.

use std::fmt::Write;
use tokio_rustls::rustls::crypto::ring;

/// A text of 32 hexadecimal digits that nobody can guess.
///
/// # Panics
/// When the system has no chance to give, which no system of today does.
#[must_use]
pub fn secret() -> String {
    let mut bytes = [0; 16];
    let chance = ring::default_provider().secure_random;
    chance.fill(&mut bytes).expect("the system gives random bytes");
    bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_the_same() {
        let (one, other) = (secret(), secret());
        assert!(one != other && one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
