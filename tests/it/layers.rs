//! Holds the source to the architecture: which module may use which, and who may touch a socket or a clock.
//!
//! The table is the one `DESIGN.md` draws; a module that is not in it may use nothing, and nobody may use it.

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

/// Every module of the crate with the modules it may use, from the bottom to the top.
const LAYERS: &[(&str, &[&str])] = &[
    ("money", &[]),
    ("rng", &[]),
    ("time", &[]),
    ("card", &["money", "rng", "time"]),
    ("crypto", &["card", "money", "rng", "time"]),
    ("iso8583", &[]),
    ("ecr", &["money", "time"]),
    ("http", &["time"]),
    ("directory", &["card", "iso8583", "rng"]),
    ("inspect", &["iso8583"]),
    ("emv", &["card", "crypto", "iso8583"]),
    ("expr", &["money", "rng"]),
    ("control", &[]),
    ("metrics", &["control"]),
    ("exposition", &["metrics"]),
    ("link", &["iso8583", "metrics", "rng", "time"]),
    ("load", &["rng"]),
    ("operation", &["card", "iso8583", "metrics", "money", "time"]),
    ("rack", &["ecr", "money", "operation", "rng", "time"]),
    ("regression", &["rack", "time"]),
    (
        "flow",
        &[
            "card",
            "crypto",
            "directory",
            "expr",
            "http",
            "iso8583",
            "link",
            "metrics",
            "money",
            "operation",
            "rng",
            "time",
        ],
    ),
    ("reconcile", &["card", "iso8583", "metrics", "money", "operation", "time"]),
    ("ledger", &["card", "iso8583", "money", "operation", "reconcile"]),
    ("terminal", &["card", "crypto", "emv", "iso8583", "money", "operation", "reconcile", "rng", "time"]),
    ("portal", &["card", "iso8583", "ledger", "money", "operation", "reconcile", "rng", "time"]),
    (
        "host",
        &[
            "card",
            "crypto",
            "directory",
            "emv",
            "iso8583",
            "ledger",
            "money",
            "operation",
            "portal",
            "reconcile",
            "rng",
            "terminal",
            "time",
        ],
    ),
    (
        "driver",
        &[
            "card",
            "ecr",
            "host",
            "http",
            "iso8583",
            "ledger",
            "link",
            "metrics",
            "money",
            "operation",
            "portal",
            "rack",
            "reconcile",
            "rng",
            "terminal",
            "time",
        ],
    ),
    (
        "scenario",
        &[
            "card",
            "crypto",
            "directory",
            "ecr",
            "expr",
            "flow",
            "host",
            "http",
            "inspect",
            "iso8583",
            "link",
            "load",
            "metrics",
            "money",
            "operation",
            "portal",
            "rack",
            "reconcile",
            "regression",
            "rng",
            "terminal",
            "time",
        ],
    ),
    (
        "sim",
        &[
            "card",
            "crypto",
            "directory",
            "flow",
            "host",
            "iso8583",
            "ledger",
            "load",
            "metrics",
            "money",
            "operation",
            "portal",
            "reconcile",
            "rng",
            "scenario",
            "terminal",
            "time",
        ],
    ),
    ("web", &["card", "driver", "host", "iso8583", "money", "portal", "reconcile", "time"]),
    (
        "engine",
        &[
            "card",
            "control",
            "directory",
            "driver",
            "ecr",
            "expr",
            "flow",
            "host",
            "http",
            "iso8583",
            "link",
            "load",
            "metrics",
            "money",
            "operation",
            "portal",
            "rack",
            "reconcile",
            "regression",
            "rng",
            "scenario",
            "terminal",
            "time",
            "web",
        ],
    ),
    ("dashboard", &["control", "metrics"]),
    (
        "report",
        &[
            "card",
            "control",
            "engine",
            "iso8583",
            "metrics",
            "money",
            "operation",
            "portal",
            "reconcile",
            "time",
        ],
    ),
    (
        "cli",
        &[
            "control",
            "crypto",
            "dashboard",
            "driver",
            "ecr",
            "engine",
            "exposition",
            "host",
            "inspect",
            "iso8583",
            "link",
            "metrics",
            "money",
            "rack",
            "reconcile",
            "report",
            "scenario",
            "sim",
            "terminal",
            "time",
            "web",
        ],
    ),
];

/// What only some modules may name: the word, and who may.
const FENCED: &[(&str, &[&str])] = &[
    ("tokio::net", &["driver"]),
    ("TcpStream", &["driver"]),
    ("TcpListener", &["driver"]),
    ("UdpSocket", &["driver"]),
    ("UnixStream", &["driver"]),
    ("UnixListener", &["driver"]),
    ("ToSocketAddrs", &["driver"]),
    ("std::time::Instant", &["driver", "dashboard"]),
    ("std::time::SystemTime", &["driver", "report"]),
    ("SystemTime::now", &["driver"]),
    ("Instant::now", &["driver", "dashboard"]),
    ("std::fs", &["cli", "driver", "report", "scenario"]),
    ("crossterm", &["cli", "dashboard"]),
    ("ratatui", &["dashboard"]),
    ("crossbeam", &["engine"]),
    ("schemars", &["control", "metrics", "report", "scenario"]),
    ("axum", &["web"]),
    ("hyper", &["driver"]),
    ("utoipa", &["web"]),
    ("tokio_rustls", &["driver", "link"]),
    ("tokio_serial", &["driver"]),
    ("serde_saphyr", &["dashboard", "scenario"]),
    ("clap", &["cli"]),
    ("pcap_parser", &["inspect"]),
    ("etherparse", &["inspect"]),
    ("rusqlite", &["driver"]),
];

#[test]
fn modules_use_only_what_lies_below_them() {
    let violations: Vec<Violation> = sources().iter().flat_map(Source::forbidden_uses).collect();
    assert!(violations.is_empty(), "{}", list(&violations));
}

#[test]
fn only_drivers_touch_sockets_and_clocks_and_only_faces_screens_and_files() {
    let violations: Vec<Violation> = sources().iter().flat_map(Source::fence_crossings).collect();
    assert!(violations.is_empty(), "{}", list(&violations));
}

#[test]
fn every_module_of_the_crate_is_in_the_table_and_uses_only_rows_above_its_own() {
    let folders: BTreeSet<String> = sources().into_iter().filter_map(|source| source.module()).collect();
    let missing: Vec<&String> = folders.iter().filter(|folder| row(folder).is_none()).collect();
    assert!(missing.is_empty(), "without a row in the table of layers: {missing:?}");
    for (number, (module, below)) in LAYERS.iter().enumerate() {
        let upward = below.iter().find(|name| !LAYERS[..number].iter().any(|(above, _)| above == *name));
        assert_eq!(upward, None, "{module} may only use what stands above it in the table");
    }
}

#[test]
fn planted_violations_are_caught() {
    let caught = |path: &str, text: &str| -> Vec<String> {
        let source = Source { path: path.into(), text: text.to_owned() };
        let violations = source.forbidden_uses().into_iter().chain(source.fence_crossings());
        violations.map(|violation| format!("{}:{}", violation.line, violation.what)).collect()
    };
    let tree = "use crate::{\n    money::Amount,\n    card::{Card, Pan},\n    engine::{self, Run},\n};\n";
    assert_eq!(caught("flow/mod.rs", tree), ["4:engine"]);
    assert_eq!(caught("iso8583/de.rs", "fn f() -> crate::money::Amount {}"), ["1:money"]);
    assert_eq!(caught("money/mod.rs", "use super::rng::Rng;"), ["1:rng"]);
    assert_eq!(caught("money/deep.rs", "use super::super::time::Instant;"), ["1:time"]);
    assert_eq!(caught("dashboard/mod.rs", "#[cfg(test)]\nmod tests {\n use crate::engine; }"), ["3:engine"]);
    assert_eq!(caught("terminal/mod.rs", "use tokio::net::TcpStream;"), ["1:tokio::net", "1:TcpStream"]);
    assert_eq!(
        caught("host/mod.rs", "use std::{\n net::TcpListener,\n time::SystemTime };"),
        ["2:TcpListener", "3:std::time::SystemTime"]
    );
    assert_eq!(caught("unknown/mod.rs", "use crate::money::Amount;"), ["1:money"]);
    let innocent = "// crate::engine\n/* TcpStream */ const A: &str = \"crate::engine\"; use super::Run;";
    assert_eq!(caught("flow/step.rs", innocent), [""; 0]);
    assert_eq!(caught("card/mod.rs", "#[cfg(test)]\nmod tests {\n use super::engine; }"), [""; 0]);
    assert_eq!(caught("main.rs", "fn main() { posfleet::cli::main() }"), [""; 0]);
}

/// A file of the crate.
struct Source {
    /// Below `src`.
    path: PathBuf,
    text: String,
}

/// A place where a file says what its module may not.
struct Violation {
    path: PathBuf,
    line: usize,
    what: String,
    module: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what, module } = self;
        write!(f, "src/{}:{line}: {module} may not use {what}", path.display())
    }
}

impl Source {
    /// The module that the file belongs to; none for `lib.rs` and `main.rs`.
    fn module(&self) -> Option<String> {
        let mut parts = self.path.iter();
        let first = parts.next()?.to_string_lossy().into_owned();
        parts.next().map(|_| first)
    }

    fn forbidden_uses(&self) -> Vec<Violation> {
        let module = self.module();
        let code = Code::new(&self.text);
        let from_root = code.paths("super").into_iter().filter_map(|(at, path)| {
            let depth = path.iter().take_while(|part| *part == "super").count();
            (depth == self.depth_at(&code, at)).then(|| (at, path[depth..].to_vec()))
        });
        let uses = code.paths("crate").into_iter().chain(from_root).filter_map(|(at, path)| {
            let (module, used) = (module.clone()?, path.first()?.clone());
            let is_allowed = used == module || row(&module).is_some_and(|below| below.contains(&&*used));
            let is_module = row(&used).is_some();
            (is_module && !is_allowed).then(|| self.violation(&code, at, used, module))
        });
        let mut uses: Vec<Violation> = uses.collect();
        uses.dedup_by(|a, b| (a.line, &a.what) == (b.line, &b.what));
        uses
    }

    fn fence_crossings(&self) -> Vec<Violation> {
        let code = Code::new(&self.text);
        let module = self.module().unwrap_or_default();
        let fenced = FENCED.iter().filter(|(_, allowed)| !module.is_empty() && !allowed.contains(&&*module));
        let crossings = fenced.flat_map(|(word, _)| {
            let found = code.find(word);
            found.into_iter().map(|at| self.violation(&code, at, (*word).to_owned(), module.clone()))
        });
        crossings.collect()
    }

    /// How many `super` lead from this place of the file to the root of the crate.
    fn depth_at(&self, code: &Code, at: usize) -> usize {
        let is_folder = self.path.file_stem().is_some_and(|stem| stem == "mod");
        let in_tests = code.0.find("#[cfg(test)]").is_some_and(|tests| at > tests);
        self.path.iter().count() - usize::from(is_folder) + usize::from(in_tests)
    }

    fn violation(&self, code: &Code, at: usize, what: String, module: String) -> Violation {
        Violation { path: self.path.clone(), line: code.line(at), what, module }
    }
}

/// Source code whose comments and literals are blanked, byte for byte.
struct Code(String);

impl Code {
    fn new(text: &str) -> Self {
        let mut code = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let blank = literal_or_comment(rest);
            let (taken, is_blank) = if blank > 0 { (blank, true) } else { (first.len_utf8(), false) };
            let (part, after) = rest.split_at(taken);
            for byte in part.bytes() {
                let shown = if is_blank && byte != b'\n' || !byte.is_ascii() { b' ' } else { byte };
                code.push(char::from(shown));
            }
            rest = after;
        }
        Self(code)
    }

    /// All paths that begin with `root`, trees taken apart, with the places of their second parts.
    ///
    /// Those of `crate` come without it, those of `super` with all of them.
    fn paths(&self, root: &str) -> Vec<(usize, Vec<String>)> {
        let mut found = Vec::new();
        for (at, _) in self.0.match_indices(root) {
            let is_start = !self.0[..at].ends_with(is_word) && !self.0[..at].ends_with("::");
            let is_root = self.0[at + root.len()..].starts_with("::");
            if is_start && is_root {
                let kept = if root == "super" { vec![root.to_owned()] } else { Vec::new() };
                walk(&self.0, at + root.len() + 2, &kept, &mut found);
            }
        }
        found
    }

    /// The places that name `word`, a name or a path, alone or in a tree; one a line.
    fn find(&self, word: &str) -> Vec<usize> {
        let is_whole =
            |at: usize| !self.0[..at].ends_with(is_word) && !self.0[at + word.len()..].starts_with(is_word);
        let plain = self.0.match_indices(word).map(|(at, _)| at).filter(|at| is_whole(*at));
        let mut found: Vec<usize> = plain.collect();
        if let Some((root, rest)) = word.split_once("::") {
            let in_tree = self.paths(root).into_iter().filter(|(_, path)| {
                let path = path.join("::");
                path == rest || path.strip_prefix(rest).is_some_and(|more| more.starts_with("::"))
            });
            found.extend(in_tree.map(|(at, _)| at));
        }
        found.sort_unstable();
        found.dedup_by_key(|at| self.line(*at));
        found
    }

    fn line(&self, at: usize) -> usize {
        1 + self.0[..at].matches('\n').count()
    }
}

/// Walks one path or tree from `at`; returns where it ends.
fn walk(code: &str, at: usize, before: &[String], found: &mut Vec<(usize, Vec<String>)>) -> usize {
    let at = at + code[at..].len() - code[at..].trim_start().len();
    if code[at..].starts_with('{') {
        let mut place = at + 1;
        loop {
            place = walk(code, place, before, found);
            let rest = code[place..].trim_start();
            let next = code.len() - rest.len();
            match rest.chars().next() {
                Some(',') => place = next + 1,
                Some('}') => return next + 1,
                _ => return next,
            }
        }
    }
    let name: String = code[at..].chars().take_while(|letter| is_word(*letter)).collect();
    let end = at + name.len();
    let mut path = before.to_vec();
    path.extend((!name.is_empty()).then_some(name));
    if code[end..].starts_with("::") {
        return walk(code, end + 2, &path, found);
    }
    found.push((at, path));
    let rest = code[end..].trim_start();
    match rest.strip_prefix("as ") {
        Some(alias) => code.len() - alias.trim_start().trim_start_matches(is_word).len(),
        None => end,
    }
}

/// The bytes of the comment or literal that `rest` begins with; 0 when it begins with neither.
fn literal_or_comment(rest: &str) -> usize {
    let to = |end: &str, skip: usize| rest[skip..].find(end).map_or(rest.len(), |at| skip + at + end.len());
    match rest.as_bytes() {
        [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => to("*/", 2),
        [b'r', b'#', b'"', ..] => to("\"#", 3),
        [b'r', b'"', ..] => to("\"", 2),
        [b'"', ..] => quoted(rest),
        [b'\'', b'\\', ..] => to("'", 3),
        [b'\'', _, b'\'', ..] => 3,
        _ => 0,
    }
}

fn quoted(rest: &str) -> usize {
    let mut bytes = rest.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn row(module: &str) -> Option<&'static [&'static str]> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, below)| *below)
}

fn list(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// All Rust files below `src`.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { path: path.strip_prefix(&root).unwrap().to_owned(), text });
            }
        }
    }
    found
}
