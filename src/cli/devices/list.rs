//! `posfleet devices list`: the ports of this machine, or where those of a rack lead and who has them.

use super::OWNER;
use crate::{
    cli::{Exit, Format, print, print_json},
    driver::serial::{Leases, Locator, Place, Plugged},
    rack::{self, Rack},
};
use serde_json::{Value, json};

/// Shows the serial ports of this machine.
pub(super) fn list_ports(format: Format) -> Exit {
    let ports = Plugged::all();
    match format {
        Format::Json => drop(print_json(&ports.iter().map(port_json).collect::<Vec<_>>())),
        Format::Human if ports.is_empty() => print("no serial port is plugged in"),
        Format::Human => ports.iter().for_each(|port| print(&port_line(port))),
    }
    Exit::Pass
}

fn port_line(port: &Plugged) -> String {
    let mut line = port.path.display().to_string();
    if let Some(usb) = &port.usb {
        let serial = usb.serial.as_ref().map(|serial| format!(":{serial}")).unwrap_or_default();
        line += &format!("  usb:{:04x}:{:04x}{serial}  location:{}", usb.vendor, usb.product, usb.location);
        line += &usb.name.as_ref().map(|name| format!("  {name}")).unwrap_or_default();
        if let Some(latency) = usb.latency_ms.filter(|latency| *latency > 1) {
            line += &format!("  holds bytes for {latency} ms");
        }
    }
    port.links.iter().fold(line, |line, link| format!("{line}\n  {}", link.display()))
}

fn port_json(port: &Plugged) -> Value {
    let usb = port.usb.as_ref().map(|usb| {
        json!({
            "vendor": format!("{:04x}", usb.vendor),
            "product": format!("{:04x}", usb.product),
            "serial": usb.serial,
            "location": usb.location,
            "name": usb.name,
            "latency_ms": usb.latency_ms,
        })
    });
    json!({ "path": port.path, "usb": usb, "links": port.links })
}

/// Shows where the ports of a rack are, and who has them.
pub(super) fn list_rack(rack: &Rack, format: Format) -> Exit {
    let (locator, leases) = (Locator::new(&rack.sim_folder), Leases::of_user(OWNER));
    let rows: Vec<Value> = rack.devices.iter().map(|device| row(device, &locator, &leases)).collect();
    match format {
        Format::Json => drop(print_json(&rows)),
        Format::Human => rows.iter().for_each(|row| {
            let shown = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let lease =
                if row["lease"].is_null() { String::new() } else { format!("  held by {}", shown("lease")) };
            let line = format!(
                "{:16} {:9} {}  {}{lease}",
                shown("id"),
                shown("driver"),
                shown("port"),
                shown("state")
            );
            print(line.trim_end());
        }),
    }
    Exit::Pass
}

fn row(device: &rack::Device, locator: &Locator, leases: &Leases) -> Value {
    let place = locator.locate(&device.port);
    let lease = place.as_ref().ok().and_then(|place| leases.holder(&place.lease_name()).ok().flatten());
    let state = match &place {
        _ if !device.is_enabled => "switched off".to_owned(),
        Ok(Place::Serial(path)) if !path.exists() => format!("{} is not there", path.display()),
        Ok(place) => place.to_string(),
        Err(error) => error.to_string(),
    };
    json!({
        "id": device.id,
        "driver": device.speaker.name(),
        "port": device.port.to_string(),
        "line": device.port.is_serial().then(|| device.line.to_string()),
        "state": state,
        "lease": lease.map(|holder| holder.to_string()),
        "features": device.features,
        "labels": device.labels.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "notes": device.notes,
    })
}
