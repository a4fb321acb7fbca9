//! Which serial ports this machine has, from what the kernel says about them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugged {
    /// Its path, which the next boot may give to another.
    pub path: PathBuf,
    /// The adapter behind it.
    pub usb: Option<UsbAdapter>,
    /// The names that stay.
    pub links: Vec<PathBuf>,
}

/// A serial adapter on USB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbAdapter {
    /// The maker.
    pub vendor: u16,
    /// The product.
    pub product: u16,
    /// Its serial number, which cheap ones do not have.
    pub serial: Option<String>,
    /// Bus and ports with the interface: `1-1.4:1.0`.
    pub location: String,
    /// What it calls itself.
    pub name: Option<String>,
    /// How long an FTDI adapter holds bytes back, in milliseconds.
    pub latency_ms: Option<u32>,
}

impl Plugged {
    /// All ports of this machine.
    pub fn all() -> Vec<Self> {
        Self::below(Path::new("/sys"), Path::new("/dev"))
    }

    /// All ports that the kernel's tree at `sys` knows, their nodes at `dev`.
    pub fn below(sys: &Path, dev: &Path) -> Vec<Self> {
        let links = stable_links(dev);
        let mut found: Vec<Self> = entries(&sys.join("class/tty"))
            .into_iter()
            .filter_map(|class| {
                let path = dev.join(class.file_name()?);
                let device = fs::canonicalize(class.join("device")).ok()?;
                // Sockets on the board without a chip behind them are listed, but are nothing.
                let is_there = path.exists() && !is_empty_socket(&class);
                let own = links.iter().filter(|(_, target)| *target == path);
                let links = own.map(|(link, _)| link.clone()).collect();
                let usb = UsbAdapter::of(&device);
                is_there.then_some(Self { links, usb, path })
            })
            .collect();
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }
}

impl UsbAdapter {
    /// The adapter that the device of a port belongs to.
    fn of(device: &Path) -> Option<Self> {
        let adapter = device.ancestors().find(|folder| folder.join("idVendor").exists())?;
        let hex = |name| u16::from_str_radix(&text(&adapter.join(name))?, 16).ok();
        let place = adapter.file_name()?.to_str()?;
        let interface = device.ancestors().take_while(|folder| *folder != adapter);
        let interface = interface.filter_map(|folder| folder.file_name()?.to_str());
        let location =
            interface.filter(|name| name.starts_with(&format!("{place}:"))).last().unwrap_or(place);
        Some(Self {
            vendor: hex("idVendor")?,
            product: hex("idProduct")?,
            serial: text(&adapter.join("serial")),
            location: location.to_owned(),
            name: text(&adapter.join("product")),
            latency_ms: text(&device.join("latency_timer")).and_then(|number| number.parse().ok()),
        })
    }

    /// Whether it stands at this place: bus and ports, with the interface or without.
    pub fn is_at(&self, location: &str) -> bool {
        let without = self.location.split(':').next().unwrap_or_default();
        self.location == location || without == location
    }
}

/// The names below `/dev/serial`, with what they lead to.
fn stable_links(dev: &Path) -> Vec<(PathBuf, PathBuf)> {
    let folders = ["by-id", "by-path"].map(|name| dev.join("serial").join(name));
    let links = folders.iter().flat_map(|folder| entries(folder));
    let mut links: Vec<_> =
        links.filter_map(|link| Some((link.clone(), fs::canonicalize(&link).ok()?))).collect();
    links.sort();
    links
}

/// A UART of the board that the kernel has not found: its type is 0.
fn is_empty_socket(class: &Path) -> bool {
    text(&class.join("type")).is_some_and(|kind| kind == "0")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn text(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
