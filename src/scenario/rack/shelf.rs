//! The device profiles that a rack names: shipped ones by name, others by the path of their file.

use super::{
    super::{diagnostic::Problem, node::Span, overlay::Sources},
    profile::{self, SHIPPED_DEVICES},
};
use crate::{
    expr::nearest,
    rack::{Profile, Protocol},
};
use std::{fs, path::Path, sync::Arc};

/// Profiles that were asked for, each read once.
pub(super) struct Shelf<'s> {
    folder: &'s Path,
    sources: &'s mut Sources,
    known: Vec<(String, Option<Arc<Profile>>)>,
}

impl<'s> Shelf<'s> {
    /// One that looks for files in `folder`.
    pub(super) fn new(folder: &'s Path, sources: &'s mut Sources) -> Self {
        Self { folder, sources, known: Vec::new() }
    }

    /// The profile of a driver's name, which stands at `span`.
    pub(super) fn profile(
        &mut self,
        name: &str,
        span: &Span,
        problems: &mut Vec<Problem>,
    ) -> Option<Arc<Profile>> {
        if let Some((_, profile)) = self.known.iter().find(|(known, _)| known == name) {
            return profile.clone();
        }
        let profile = self.read(name, span, problems).map(Arc::new);
        self.known.push((name.to_owned(), profile.clone()));
        profile
    }

    fn read(&mut self, name: &str, span: &Span, problems: &mut Vec<Problem>) -> Option<Profile> {
        let shipped = SHIPPED_DEVICES.iter().find(|(known, _)| *known == name);
        let text = match shipped {
            Some((_, text)) => (*text).to_owned(),
            None if !is_file(name) => {
                problems.push(unknown(name, span));
                return None;
            }
            None => fs::read_to_string(self.folder.join(name))
                .map_err(|error| {
                    let message = format!("cannot read the device profile `{name}`: {error}");
                    problems.push(Problem::new(span.clone(), message));
                })
                .ok()?,
        };
        let place = self.sources.option(name, text.clone());
        profile::read(place.source, &text, problems)
    }
}

fn is_file(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

fn unknown(name: &str, span: &Span) -> Problem {
    let known = || {
        let built_in = Protocol::ALL.iter().map(|(_, known)| *known);
        built_in.chain(SHIPPED_DEVICES.iter().map(|(known, _)| *known))
    };
    let problem = Problem::new(span.clone(), format!("unknown driver `{name}`"));
    match nearest(name, known()) {
        near if near.is_empty() => {
            let all: Vec<&str> = known().collect();
            problem.help(format!("a driver is the file of a device profile, or one of {}", all.join(", ")))
        }
        near => problem.did_you_mean(&near),
    }
}
