//! How the operator wants the dashboard: its options, the environment, the file of keys, and screens that are kept.

use crate::{
    dashboard::{self, Keymap, Options, Picture, Theme},
    report,
};
use clap::{Args, ValueEnum};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub(super) struct ScreenArguments {
    /// The colours of the dashboard [default: what the terminal can show; none with NO_COLOR].
    #[arg(long, value_enum)]
    theme: Option<ThemeName>,
    /// Takes the keys of the dashboard from this file [default: posfleet/keys.yaml in the configuration folder].
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Shows the latencies of the run in this results folder beside those of this one.
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,
}

/// How many colours there are.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ThemeName {
    /// Of 24 bits.
    Rgb,
    /// 256.
    #[value(name = "256")]
    Indexed,
    /// The sixteen that the terminal itself defines.
    #[value(name = "16")]
    Sixteen,
    /// None: bold, dim and reversed only.
    None,
}

impl ScreenArguments {
    /// How the dashboard is wanted.
    ///
    /// # Errors
    /// When the file of keys or the baseline cannot be used; in a sentence, with the place.
    pub(super) fn options(&self) -> Result<Options, String> {
        let theme = self.theme.map(|name| match name {
            ThemeName::Rgb => Theme::RGB,
            ThemeName::Indexed => Theme::INDEXED,
            ThemeName::Sixteen => Theme::SIXTEEN,
            ThemeName::None => Theme::PLAIN,
        });
        let look = dashboard::look(theme, |name| env::var(name).ok());
        let baseline = self.baseline.as_deref().map(report::step_views).transpose();
        let baseline = baseline.map_err(|error| format!("baseline: {error}"))?.unwrap_or_default();
        Ok(Options { keymap: self.keymap()?, baseline, ..Options::of(look) })
    }

    /// The keys of the file that was named, or of the usual one where there is one.
    fn keymap(&self) -> Result<Keymap, String> {
        let usual = configuration().map(|folder| folder.join("posfleet").join("keys.yaml"));
        let Some(path) = self.keys.clone().or(usual) else { return Ok(Keymap::default()) };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.keys.is_none() => {
                return Ok(Keymap::default());
            }
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        Keymap::parse(&text).map_err(|error| format!("{}:{error}", path.display()))
    }
}

/// Where programs of this user keep their configuration.
fn configuration() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CONFIG_HOME").filter(|path| path.is_absolute()).or_else(|| Some(set("HOME")?.join(".config")))
}

/// What is said of an answer that the run took; an empty one means that it is done.
pub(super) fn answered(prompt: u64, text: &str) -> String {
    format!("{prompt}: {}", if text.is_empty() { "done" } else { text })
}

/// Keeps a screen in the results folder, as text and as a picture; answers with the name of the text.
pub(super) fn keep(picture: &Picture, results: &Path) -> Result<String, String> {
    let folder = results.join("screens");
    let files = [("txt", &picture.text), ("svg", &picture.svg)];
    let write = || {
        fs::create_dir_all(&folder)?;
        files
            .iter()
            .try_for_each(|(ending, text)| fs::write(folder.join(format!("{}.{ending}", picture.name)), text))
    };
    write().map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(format!("{}", folder.join(format!("{}.txt", picture.name)).display()))
}
