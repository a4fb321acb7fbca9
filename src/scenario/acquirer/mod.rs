//! Acquirer profiles: files that adapt the dialect and its terminals to a host, without a line of Rust.
//!
//! ```text
//! text ─ load ─► nodes ─ shape ─► nodes ─ decode ─► File, Settings ─ compile ─► Acquirer { spec, settings }
//! ```
//!
//! A scenario's group names one by `profile:`; `decode` and `encode` take one by `--spec`.

mod compile;
mod file;
mod intern;
mod kinds;
mod mac_messages;
mod settings;
mod shipped;
mod words;

pub use kinds::{KindTraits, abilities, traits};
pub use shipped::SHIPPED;

pub(super) use settings::{Order, Settings, Settlement};
pub(super) use words::{KeySchemeWord, Notices, Request};

use super::{
    Read,
    decode::decode,
    diagnostic::{Diagnostics, Problem},
    file::{File as ScenarioFile, Group},
    node::{Node, Span},
    overlay::Sources,
    shape, undecodable,
};
use crate::{expr::nearest, iso8583::Spec, terminal::Profile};
use serde_json::Value as Json;
use std::path::Path;

/// A profile file, read and checked.
#[derive(Clone, Debug)]
pub struct Acquirer {
    /// Its name.
    pub name: String,
    /// Whose profile it is, in a sentence or two.
    pub description: String,
    /// The dialect of the messages.
    pub spec: &'static Spec,
    pub(super) settings: Settings,
}

impl Acquirer {
    /// The profile of terminals of this acquirer that say nothing of their own.
    pub fn profile(&self) -> Profile {
        self.settings.profile(&self.name, self.spec)
    }
}

/// Reads the profile that `name` means: a shipped one, or the file at that path.
///
/// # Errors
/// Everything that is wrong with the profile.
pub fn load_profile(name: &str) -> Result<Acquirer, Diagnostics> {
    match shipped::text(name) {
        Some(text) => parse_profile(text, name),
        None => {
            let (name, text) = super::read_file(Path::new(name))?;
            parse_profile(&text, &name)
        }
    }
}

/// Reads the profile `text`, called `name` in messages.
///
/// # Errors
/// Everything that is wrong with the profile.
pub fn parse_profile(text: &str, name: &str) -> Result<Acquirer, Diagnostics> {
    let sources = Sources::new(name, text);
    let mut problems = Vec::new();
    let acquirer = acquirer(0, text, &mut problems);
    match acquirer {
        Some(acquirer) if problems.is_empty() => Ok(acquirer),
        _ => Err(Diagnostics::new(sources.all, problems)),
    }
}

/// The JSON Schema (draft 2020-12) of profile files.
pub fn profile_schema() -> Json {
    let mut schema = super::schema::of::<file::File>();
    let settings = super::schema::of::<Settings>();
    for part in ["properties", "$defs"] {
        if let (Some(all), Some(more)) = (schema[part].as_object_mut(), settings[part].as_object()) {
            all.extend(more.clone());
        }
    }
    schema["additionalProperties"] = Json::Bool(false);
    schema
}

/// Reads the profile of text number `source`; everything wrong with it is added to `problems`.
fn acquirer(source: usize, text: &str, problems: &mut Vec<Problem>) -> Option<Acquirer> {
    let root = super::load::parse(source, text).map_err(|problem| problems.push(*problem)).ok()?;
    let mut found = shape::check(&root, &profile_schema());
    let read = decode::<file::File>(&root).and_then(|file| Ok((file, decode::<Settings>(&root)?)));
    let read = read.map_err(|error| {
        if found.is_empty() {
            found.push(undecodable(error));
        }
    });
    let made = read.ok().map(|(file, settings)| {
        let spec = compile::spec(&file, &settings, &root, &mut found);
        (file, settings, spec)
    });
    let is_good = found.is_empty();
    problems.append(&mut found);
    let (file, settings, spec) = made.filter(|_| is_good)?;
    let Some(spec) = intern::interned(spec) else {
        problems.push(Problem::new(root.at("name"), "too many different profiles for one run"));
        return None;
    };
    Some(Acquirer { name: file.name, description: file.description, spec, settings })
}

/// The profiles that the groups of a scenario name, one entry a group.
pub(super) type Acquirers = Vec<Option<Acquirer>>;

/// Reads the profiles that groups name, and writes what they say into what the groups leave unsaid.
pub(super) fn of_groups(
    file: &mut ScenarioFile,
    root: &Node,
    sources: &mut Sources,
    read: Read<'_>,
    problems: &mut Vec<Problem>,
) -> Acquirers {
    let mut known: Vec<(String, Option<Acquirer>)> = Vec::new();
    let mut found = Vec::new();
    for (group, thing) in &mut file.terminals.0 {
        let acquirer = thing.profile.as_ref().and_then(|name| {
            if let Some((_, acquirer)) = known.iter().find(|(other, _)| other == name) {
                return acquirer.clone();
            }
            let span = root.child("terminals").child(group).at("profile");
            let acquirer = of_name(name, span, sources, read, problems);
            known.push((name.clone(), acquirer.clone()));
            acquirer
        });
        let settings = acquirer.as_ref().map(|acquirer| acquirer.settings.clone()).unwrap_or_default();
        thing.fill(&settings);
        found.push(acquirer);
    }
    found
}

fn of_name(
    name: &str,
    span: Span,
    sources: &mut Sources,
    read: Read<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Acquirer> {
    let is_path = name.contains(['.', '/']);
    let text = match shipped::text(name) {
        Some(text) => text.to_owned(),
        None if is_path => match read(name).and_then(super::text_of) {
            Ok(text) => text,
            Err(error) => {
                problems.push(Problem::new(span, format!("cannot read `{name}`: {error}")));
                return None;
            }
        },
        None => {
            let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            let near = nearest(name, names.iter().copied());
            let problem = Problem::new(span, format!("there is no shipped profile `{name}`"));
            problems.push(if near.is_empty() {
                problem.help(format!("write a path such as ./{name}.yaml, or one of {}", names.join(", ")))
            } else {
                problem.did_you_mean(&near)
            });
            return None;
        }
    };
    let place = sources.option(name, text.clone());
    acquirer(place.source, &text, problems)
}

impl Group {
    /// What this group says itself.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            keys: self.keys,
            mac: self.mac,
            mac_form: self.mac_form,
            check_every_mac: self.check_every_mac,
            pin_block: self.pin_block,
            encrypt_tracks: self.encrypt_tracks,
            currency: self.currency,
            operator: self.operator,
            auto_sign_in: self.auto_sign_in,
            connect_timeout: self.connect_timeout,
            response_timeout: self.response_timeout,
            reversal: self.reversal,
            tpdu: self.tpdu,
            header: self.header,
            key_scheme: self.key_scheme,
            log_capacity: self.log_capacity,
            notices: self.notices,
            settlement: self.settlement,
            contactless_limit: self.contactless_limit,
            signature_part: self.signature_part,
            order: self.order,
            ..Settings::default()
        }
    }

    /// Says aloud what a profile, or the default, says where the group says nothing.
    fn fill(&mut self, below: &Settings) {
        let said = self.settings().or(below);
        let profile = said.profile("", Spec::unionpay());
        self.keys = said.keys.or_else(|| Some(Default::default()));
        self.mac = said.mac.or_else(|| Some(Default::default()));
        self.mac_form = Some(said.mac_form.unwrap_or_else(|| profile.mac_form.into()));
        self.check_every_mac = Some(profile.checks_every_mac);
        self.pin_block = said.pin_block.or_else(|| Some(Default::default()));
        self.encrypt_tracks = Some(profile.encrypt_tracks);
        self.currency = Some(super::text::Currency(profile.currency));
        self.operator = Some(profile.operator);
        self.auto_sign_in = Some(profile.auto_sign_in);
        self.connect_timeout = Some(super::duration::Time(profile.connect_timeout));
        self.response_timeout = Some(super::duration::Time(profile.response_timeout));
        self.reversal = super::file::Reversal {
            resend: Some(profile.reversal.resend),
            keep: Some(profile.reversal.keep),
            at_once: Some(profile.reversal.at_once),
            on_duplicate: Some(profile.reversal.on_duplicate),
        };
        self.tpdu = Some(super::text::Tpdu(profile.tpdu));
        self.header = Some(super::text::Header(profile.header));
        self.key_scheme = said.key_scheme.or_else(|| Some(Default::default()));
        self.log_capacity = Some(profile.log_capacity);
        self.notices = said.notices.or_else(|| Some(Default::default()));
        self.settlement = Settlement {
            sign_out: Some(profile.settlement.sign_out),
            always_end: Some(profile.settlement.always_end),
        };
        self.contactless_limit = Some(super::text::Money(profile.contactless_limit));
        self.signature_part = Some(profile.signature_part);
        self.order = Order {
            poll_every: Some(super::duration::Time(profile.order.poll_every)),
            give_up_after: Some(super::duration::Time(profile.order.give_up_after)),
        };
    }
}
