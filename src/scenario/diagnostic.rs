//! What is wrong with a scenario: all of it, with the places, rendered for people and for machines.

use super::node::Span;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;
use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What, in one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Adds "did you mean", if there is anything to mean.
    pub(super) fn did_you_mean(self, names: &[String]) -> Self {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        if quoted.is_empty() { self } else { self.help(format!("did you mean {}?", quoted.join(" or "))) }
    }
}

/// A text that problems point into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path, or the option of the command line.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Everything that is wrong with one scenario; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    /// The texts that the problems point into.
    pub sources: Vec<Source>,
    /// What is wrong, in the order of the places.
    pub problems: Vec<Problem>,
}

/// One problem as `--format json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The path, or the option of the command line.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Diagnostics {
    /// Puts the problems into the order of their places; says nothing twice.
    pub(super) fn new(sources: Vec<Source>, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.span.source, problem.span.range.start));
        problems.dedup();
        Self { sources, problems }
    }

    /// Renders all problems with snippets, in colours if `styled`.
    pub fn render(&self, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let rendered: Vec<String> =
            self.problems.iter().map(|problem| self.snippet(problem, &renderer)).collect();
        let count = self.problems.len();
        let files = self.sources.first().map_or("scenario", |source| source.name.as_str());
        let plural = if count == 1 { "" } else { "s" };
        format!("{}\n\n{files}: {count} problem{plural}\n", rendered.join("\n\n"))
    }

    /// The problems for machines.
    pub fn reports(&self) -> Vec<Report> {
        self.problems.iter().map(|problem| self.report(problem)).collect()
    }

    fn report(&self, problem: &Problem) -> Report {
        let source = self.sources.get(problem.span.source);
        let before =
            source.and_then(|source| source.text.get(..problem.span.range.start)).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Report {
            file: source.map_or_else(String::new, |source| source.name.clone()),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: problem.message.clone(),
            help: problem.help.clone(),
        }
    }

    fn snippet(&self, problem: &Problem, renderer: &Renderer) -> String {
        let title = Level::ERROR.primary_title(&problem.message);
        let Some(source) = self.sources.get(problem.span.source) else {
            return renderer.render(&[annotate_snippets::Group::with_title(title)]);
        };
        let range = visible(&source.text, problem.span.range.clone());
        let snippet =
            Snippet::source(&source.text).path(&source.name).annotation(AnnotationKind::Primary.span(range));
        let mut group = title.element(snippet);
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

/// The range, made to lie on characters of the text and to be one at least.
fn visible(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let start = text.floor_char_boundary(range.start.min(text.len()));
    let next = text[start..].chars().next().map_or(0, char::len_utf8);
    start..text.ceil_char_boundary(range.end.clamp(start + next, text.len()))
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
