//! From the selector of an inventory to what can be opened now.

use super::{lease::Leases, plugged::Plugged};
use crate::rack::Selector;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{net::TcpStream, time::timeout};

/// What can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A serial port.
    Serial(PathBuf),
    /// Host and port.
    Tcp(String),
}

/// Why a selector leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// Nothing that is plugged in fits.
    #[error("nothing is plugged in at {0}")]
    Absent(Selector),
    /// More than one thing fits.
    #[error("{0} fits {1}: name the one that is meant by its serial number or its place")]
    Ambiguous(Selector, String),
}

/// Finds ports by what stays the same.
#[derive(Clone, Debug)]
pub struct Locator {
    /// Where the links to pretended terminals are.
    sim_folder: PathBuf,
}

impl Locator {
    /// One that looks for pretended terminals in this folder.
    pub fn new(sim_folder: &Path) -> Self {
        Self { sim_folder: sim_folder.to_owned() }
    }

    /// Where the port of a selector is at this moment; every replug asks anew.
    ///
    /// # Errors
    /// When nothing fits, or more than one thing does.
    pub fn locate(&self, selector: &Selector) -> Result<Place, LocateError> {
        match selector {
            Selector::Path(path) => Ok(Place::Serial(path.clone())),
            Selector::Tcp { host, port } => Ok(Place::Tcp(format!("{host}:{port}"))),
            // The links of a simulator that was killed may lead to anybody's pseudo-terminal by now.
            Selector::Sim(_) if !is_simulated(&self.sim_folder) => Err(LocateError::Absent(selector.clone())),
            Selector::Sim(name) => Ok(Place::Serial(self.sim_folder.join(name))),
            Selector::Usb { .. } | Selector::Location(_) => among(&Plugged::all(), selector),
        }
    }

    /// Whether the port of a selector is there at this moment: its node on this machine, or whoever listens there.
    ///
    /// # Errors
    /// When more than one thing fits.
    pub async fn is_present(&self, selector: &Selector) -> Result<bool, LocateError> {
        match self.locate(selector) {
            // The node that a link leads to, not the link: udev and simulators may leave it behind.
            Ok(Place::Serial(path)) => Ok(path.exists()),
            Ok(Place::Tcp(address)) => {
                Ok(matches!(timeout(LISTENS, TcpStream::connect(address)).await, Ok(Ok(_))))
            }
            Err(LocateError::Absent(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The lease that a simulator has on its folder while it lives.
pub(super) fn sim_lease(folder: &Path) -> (Leases, String) {
    // One folder has many names.
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    (Leases::at(&folder, "a simulator"), folder.display().to_string())
}

fn is_simulated(folder: &Path) -> bool {
    let (leases, name) = sim_lease(folder);
    leases.holder(&name).is_ok_and(|holder| holder.is_some())
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Serial(path) => write!(f, "{}", path.display()),
            Self::Tcp(address) => f.write_str(address),
        }
    }
}

impl Place {
    /// What its lease is called: the same for all names of one port.
    pub fn lease_name(&self) -> String {
        match self {
            // Behind the link to a pretended terminal is another port after every hang-up.
            Self::Serial(path) => match std::fs::canonicalize(path) {
                Ok(real) if !real.starts_with("/dev/pts") => real.display().to_string(),
                _ => canonical_parent(path).display().to_string(),
            },
            Self::Tcp(address) => format!("tcp:{address}"),
        }
    }
}

/// A path whose folder has its one true name; what it leads to does not matter.
fn canonical_parent(path: &Path) -> PathBuf {
    let parts = path.parent().and_then(|folder| std::fs::canonicalize(folder).ok()).zip(path.file_name());
    parts.map_or_else(|| path.to_owned(), |(folder, name)| folder.join(name))
}

/// The one of these ports that the selector means.
pub(super) fn among(plugged: &[Plugged], selector: &Selector) -> Result<Place, LocateError> {
    let fits = |port: &&Plugged| {
        port.usb.as_ref().is_some_and(|usb| match selector {
            Selector::Usb { vendor, product, serial } => {
                let is_serial = serial.is_none() || usb.serial == *serial;
                (usb.vendor, usb.product) == (*vendor, *product) && is_serial
            }
            Selector::Location(location) => usb.is_at(location),
            _ => false,
        })
    };
    let found: Vec<&Plugged> = plugged.iter().filter(fits).collect();
    match found[..] {
        [] => Err(LocateError::Absent(selector.clone())),
        [one] => Ok(Place::Serial(one.path.clone())),
        _ => {
            let names: Vec<String> = found.iter().map(|port| port.path.display().to_string()).collect();
            Err(LocateError::Ambiguous(selector.clone(), names.join(", ")))
        }
    }
}

/// Whoever does not answer for so long does not listen.
const LISTENS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::serial::UsbAdapter;

    fn adapter(path: &str, serial: Option<&str>, location: &str) -> Plugged {
        let serial = serial.map(str::to_owned);
        let location = location.to_owned();
        let usb =
            UsbAdapter { vendor: 0x0403, product: 0x6001, serial, location, name: None, latency_ms: None };
        Plugged { path: path.into(), usb: Some(usb), links: Vec::new() }
    }

    #[test]
    fn one_adapter_is_told_from_the_next() {
        let plugged =
            [adapter("/dev/ttyUSB0", Some("A1"), "1-1.4:1.0"), adapter("/dev/ttyUSB1", None, "1-2:1.0")];
        let find = |text: &str| {
            let selector: Selector = text.parse().expect("a selector");
            among(&plugged, &selector).map_err(|error| error.to_string())
        };
        let serial = |path: &str| Ok(Place::Serial(path.into()));
        assert_eq!(find("usb:0403:6001:A1"), serial("/dev/ttyUSB0"));
        assert_eq!(find("location:1-2"), serial("/dev/ttyUSB1"));
        assert_eq!(find("location:1-1.4:1.0"), serial("/dev/ttyUSB0"));
        assert_eq!(find("location:1-1"), Err("nothing is plugged in at location:1-1".to_owned()));
        let both = "usb:0403:6001 fits /dev/ttyUSB0, /dev/ttyUSB1: name the one that is meant by its serial number or its place";
        assert_eq!(find("usb:0403:6001"), Err(both.to_owned()));
    }
}
