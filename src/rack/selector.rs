//! How a device's port is named so that it is the same one after the next boot.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where a device is plugged in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// A path, best one below `/dev/serial/by-id`: `/dev/…`.
    Path(PathBuf),
    /// The adapter with these numbers: `usb:0403:6001` or `usb:0403:6001:A50285BI`.
    Usb {
        /// The maker.
        vendor: u16,
        /// The product.
        product: u16,
        /// The adapter's serial number; without one there must be no other such adapter.
        serial: Option<String>,
    },
    /// The socket of a hub, with the interface where it matters: `location:1-1.4` or `location:1-1.4:1.0`.
    Location(String),
    /// A network address: `tcp:192.0.2.7:20007`.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// A pretended terminal of this name: `sim:t1`.
    Sim(String),
}

/// Why a text selects no port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// It has none of the forms.
    #[error(
        "expected a path below /dev, `usb:VID:PID[:SERIAL]`, `location:BUS-PORT`, `tcp:HOST:PORT` or `sim:NAME`"
    )]
    Form,
    /// The numbers of a USB adapter are wrong.
    #[error(
        "a USB adapter is `usb:VID:PID` or `usb:VID:PID:SERIAL`, the first two of four hexadecimal digits"
    )]
    Usb,
    /// The place of a USB adapter is wrong.
    #[error("a USB location is bus and ports, such as `location:1-1.4` or `location:1-1.4:1.0`")]
    Location,
    /// The address is wrong.
    #[error("a network address is `tcp:HOST:PORT`, the port from 1 to 65535")]
    Tcp,
    /// The name would be no file name.
    #[error(
        "the name of a pretended terminal has letters, digits, `-`, `_` and `.`, and begins with a letter or digit"
    )]
    Sim,
}

impl Selector {
    /// Whether it is a serial line, real or pretended.
    pub fn is_serial(&self) -> bool {
        !matches!(self, Self::Tcp { .. })
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        if text.starts_with('/') {
            return Ok(Self::Path(text.into()));
        }
        match text.split_once(':').ok_or(SelectorError::Form)? {
            ("usb", rest) => usb(rest).ok_or(SelectorError::Usb),
            ("location", rest) if is_location(rest) => Ok(Self::Location(rest.to_owned())),
            ("location", _) => Err(SelectorError::Location),
            ("tcp", rest) => tcp(rest).ok_or(SelectorError::Tcp),
            ("sim", name) if is_name(name) => Ok(Self::Sim(name.to_owned())),
            ("sim", _) => Err(SelectorError::Sim),
            _ => Err(SelectorError::Form),
        }
    }
}

fn usb(rest: &str) -> Option<Selector> {
    let mut parts = rest.splitn(3, ':');
    let mut number = || parts.next().filter(|digits| digits.len() == 4);
    let (vendor, product) = (number()?, number()?);
    let serial = parts.next().map(str::to_owned);
    let hex = |digits| u16::from_str_radix(digits, 16).ok();
    let is_named = serial.as_ref().is_none_or(|serial| !serial.is_empty());
    let (vendor, product) = (hex(vendor)?, hex(product)?);
    is_named.then_some(Selector::Usb { vendor, product, serial })
}

fn is_location(rest: &str) -> bool {
    let (device, interface) = rest.split_once(':').map_or((rest, "0.0"), |(device, after)| (device, after));
    let is_path = |text: &str| {
        text.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_device = device.split_once('-').is_some_and(|(bus, ports)| is_path(bus) && is_path(ports));
    is_device && is_path(interface)
}

fn tcp(rest: &str) -> Option<Selector> {
    let (host, port) = rest.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port > 0)?;
    (!host.is_empty()).then(|| Selector::Tcp { host: host.to_owned(), port })
}

/// Whether a text may name a device: it becomes the name of files.
pub fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric()) && name.bytes().all(is_inner)
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Usb { vendor, product, serial: None } => write!(f, "usb:{vendor:04x}:{product:04x}"),
            Self::Usb { vendor, product, serial: Some(serial) } => {
                write!(f, "usb:{vendor:04x}:{product:04x}:{serial}")
            }
            Self::Location(location) => write!(f, "location:{location}"),
            Self::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
            Self::Sim(name) => write!(f, "sim:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in [
            "/dev/serial/by-id/usb-FTDI_FT232R_A50285BI-if00-port0",
            "usb:0403:6001",
            "usb:0403:6001:A50285BI",
            "location:1-1.4",
            "location:3-2:1.0",
            "tcp:192.0.2.7:20007",
            "sim:t-1",
        ] {
            assert_eq!(text.parse::<Selector>().map(|selector| selector.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, error) in [
            ("ttyUSB0", SelectorError::Form),
            ("com:1", SelectorError::Form),
            ("usb:403:6001", SelectorError::Usb),
            ("usb:0403", SelectorError::Usb),
            ("usb:0403:6001:", SelectorError::Usb),
            ("location:1", SelectorError::Location),
            ("location:1-1..4", SelectorError::Location),
            ("tcp:host", SelectorError::Tcp),
            ("tcp:host:0", SelectorError::Tcp),
            ("sim:", SelectorError::Sim),
            ("sim:../etc", SelectorError::Sim),
        ] {
            assert_eq!(text.parse::<Selector>(), Err(error), "{text}");
        }
    }
}
