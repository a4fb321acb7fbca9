//! `posfleet decode` and `encode`: messages for people and programs, and the way back.

mod decode;
mod encode;
mod input;
mod mac;
mod message;
mod table;

pub(super) use decode::{DecodeArguments, decode};
pub(super) use encode::{EncodeArguments, encode};

use super::{Exit, complain, scenario};
use crate::{
    inspect::framing_from_text,
    iso8583::{Framing, Spec},
    scenario::{Acquirer, SHIPPED_PROFILES, load_profile},
};
use clap::Args;
use std::path::Path;

/// What `decode` and `encode` know of the messages.
#[derive(Debug, Args)]
struct Dialect {
    /// The dialect: unionpay, overseas, iso87-ascii, iso87-binary, x919-raw-mac, or the path of a profile file.
    #[arg(long, value_name = "NAME|FILE", default_value = "unionpay")]
    spec: String,
    /// What stands around each message: length,tpdu,header, fewer of them, or none.
    #[arg(long, value_name = "PARTS")]
    framing: Option<String>,
    /// How the MAC is computed [default: as the dialect says].
    #[arg(long, value_name = "NAME", value_parser = algorithm)]
    mac: Option<mac::Algorithm>,
}

impl Dialect {
    /// The acquirer's profile; what is wrong with it is printed.
    fn acquirer(&self) -> Result<Acquirer, Exit> {
        let names: Vec<&str> = SHIPPED_PROFILES.iter().map(|(name, _)| *name).collect();
        if !names.contains(&self.spec.as_str()) && !Path::new(&self.spec).exists() {
            let spec = &self.spec;
            complain(format!("there is no dialect and no file `{spec}`; shipped are {}", names.join(", ")));
            return Err(Exit::BadConfiguration);
        }
        load_profile(&self.spec).map_err(|diagnostics| {
            scenario::tell(&diagnostics, super::Format::Human);
            Exit::BadConfiguration
        })
    }

    /// The framing that the command line forces.
    fn framing(&self, spec: &Spec) -> Result<Option<Framing>, Exit> {
        let Some(text) = &self.framing else { return Ok(None) };
        framing_from_text(text, spec).map(Some).ok_or_else(|| {
            complain(format!("`{text}` is no framing: write length,tpdu,header, fewer of them, or none"));
            Exit::Usage
        })
    }
}

fn algorithm(text: &str) -> Result<mac::Algorithm, String> {
    let known: Vec<&str> = crate::scenario::MAC_ALGORITHMS.iter().map(|(_, word)| *word).collect();
    let found = crate::scenario::MAC_ALGORITHMS.iter().find(|(_, word)| *word == text);
    found
        .map(|(word, _)| mac::Algorithm((*word).into()))
        .ok_or(format!("expected one of {}", known.join(", ")))
}
