//! What kind of file one is, by its keys, and whether it is valid.

use super::{
    Diagnostics, Overrides, acquirer, load, load_file, load_mapping, load_rack, parse_device_profile,
    read_file,
};
use std::{fmt, path::Path};

/// A file that is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Valid {
    /// A scenario of this name.
    Scenario(String),
    /// A profile of this name.
    Profile(String),
    /// A mapping of a host's statement.
    Mapping,
    /// The inventory of a lab of this name.
    Rack(String),
    /// A device profile of this name.
    Device(String),
}

/// Reads the file at `path`, whichever of the five it is; what is none of the others is taken for a scenario.
///
/// # Errors
/// Everything that is wrong with it.
pub fn validate_file(path: &Path, fallback_seed: u64) -> Result<Valid, Diagnostics> {
    let (name, text) = read_file(path)?;
    match Looks::of(&text) {
        Looks::Profile => acquirer::parse_profile(&text, &name).map(|acquirer| Valid::Profile(acquirer.name)),
        Looks::Mapping => load_mapping(path).map(|_| Valid::Mapping),
        Looks::Device => parse_device_profile(&text, &name).map(|profile| Valid::Device(profile.name)),
        Looks::Rack => load_rack(path).map(|rack| Valid::Rack(rack.name)),
        Looks::Scenario => {
            load_file(path, &Overrides::default(), fallback_seed).map(|plan| Valid::Scenario(plan.name))
        }
    }
}

/// What a file looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    Scenario,
    Profile,
    Mapping,
    Rack,
    Device,
}

impl Looks {
    /// By the keys that only one kind of file has; broken YAML looks like a scenario, whose reader says what is wrong.
    fn of(text: &str) -> Self {
        let Ok(root) = load::parse(0, text) else { return Self::Scenario };
        let has = |key| root.has(key);
        match () {
            () if has("terminals") || has("scenarios") => Self::Scenario,
            () if has("exchanges") && has("messages") => Self::Device,
            () if has("extends") || has("elements") || has("framing") => Self::Profile,
            () if has("columns") => Self::Mapping,
            () if has("devices") => Self::Rack,
            () => Self::Scenario,
        }
    }
}

impl fmt::Display for Valid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scenario(name) => f.write_str(name),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::Mapping => f.write_str("mapping of a statement"),
            Self::Device(name) => write!(f, "device profile {name}"),
            Self::Rack(name) => write!(f, "rack {name}"),
        }
    }
}
