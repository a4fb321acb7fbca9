//! From the name of a host to its address; which of several addresses is best is left to the system.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::mpsc::{RecvTimeoutError, sync_channel},
    time::Duration,
};

/// The first address of `host:port`; asks the system's resolver when the host is a name, and waits `within` for it.
///
/// # Errors
/// When the text is no `host:port`, the name has no address, or the resolver says nothing in time.
pub fn resolve(text: &str, within: Duration) -> io::Result<SocketAddr> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let name = text.to_owned();
    answered(within, move || name.to_socket_addrs()?.next().ok_or_else(|| io::Error::other("no address")))
}

/// What `ask` says, if it says so in time; the system's resolver knows no time-out of ours, and goes on for itself.
fn answered<T: Send + 'static>(
    within: Duration,
    ask: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, answer) = sync_channel(1);
    // Whoever has given up waits for nothing.
    let asking = std::thread::Builder::new().name("resolver".to_owned());
    asking.spawn(move || drop(sender.send(ask())))?;
    answer.recv_timeout(within).unwrap_or_else(|error| match error {
        RecvTimeoutError::Timeout => {
            let text = format!("the name has no address after {within:?}, which is `connectTimeout`");
            Err(io::Error::new(io::ErrorKind::TimedOut, text))
        }
        RecvTimeoutError::Disconnected => Err(io::ErrorKind::BrokenPipe.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_without_a_resolver_and_what_is_none_says_so() {
        let at_once = |text| resolve(text, Duration::ZERO);
        assert_eq!(at_once("192.0.2.1:8583").expect("an address").port(), 8583);
        assert!(at_once("[::1]:8583").expect("an address").is_ipv6());
        let error = resolve("nowhere", Duration::from_secs(60)).expect_err("it has no port");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_resolver_that_says_nothing_holds_nobody() {
        let (_silence, never) = std::sync::mpsc::channel::<()>();
        let asked = answered(Duration::from_millis(1), move || never.recv().map_err(io::Error::other));
        assert_eq!(asked.expect_err("nobody answers").kind(), io::ErrorKind::TimedOut);
    }
}
