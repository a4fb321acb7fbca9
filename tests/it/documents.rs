//! The documents: what they show is real, and the scenarios in them are valid.

use posfleet::scenario::{self, Overrides};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Every scenario in a document can be copied out of it and run.
#[test]
fn scenarios_in_documents_are_valid() {
    for (document, least) in
        [("README.md", 1), ("docs/scenarios.md", 5), ("docs/cookbook.md", 1), ("docs/merchants.md", 1)]
    {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let scenarios: Vec<&str> = blocks(&text, "yaml")
            .into_iter()
            .filter(|block| block.starts_with("schema:") && !block.contains("\nextends:"))
            .collect();
        assert!(scenarios.len() >= least, "{document} has {} scenarios", scenarios.len());
        for text in scenarios {
            let loaded = scenario::load(text, document, &Overrides::default(), 1, &beside_documents);
            assert!(loaded.is_ok(), "{}\n{text}", loaded.err().unwrap().render(false));
        }
    }
}

/// Every link between documents leads somewhere.
#[test]
fn links_in_documents_lead_to_files() {
    for document in [
        "README.md",
        "docs/architecture.md",
        "docs/performance.md",
        "docs/scenarios.md",
        "docs/cookbook.md",
        "docs/merchants.md",
        "docs/portal-api.md",
        "docs/console.md",
        "docs/reading-results.md",
        "docs/devices.md",
        "docs/README.md",
        "docs/concepts.md",
        "docs/security.md",
        "docs/connections.md",
    ] {
        let path = root().join(document);
        let text = fs::read_to_string(&path).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") {
                assert!(path.with_file_name(file).exists(), "{document} links to {target}");
            }
        }
    }
}

/// The pictures show a run; `docs/pictures` draws them anew.
#[test]
fn pictures_show_a_run_and_are_small() {
    let images = root().join("docs/img");
    let svg = fs::read_to_string(images.join("dashboard.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    for word in ["posfleet", "sale-mix", "Overview", "planned/s", "insufficient", "generator", "seed"] {
        assert!(svg.contains(word), "{word}");
    }
    let png = fs::read(images.join("report.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n"));
    assert!(png.len().max(svg.len()) < 200_000, "{} and {} bytes", png.len(), svg.len());
}

/// The fenced blocks of a language in a Markdown text.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let begin = format!("```{language}\n");
    text.split(begin.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// The files that scenarios in documents name.
fn beside_documents(name: &str) -> io::Result<Vec<u8>> {
    match name {
        "my-terminals.csv" => Ok(TERMINALS.into()),
        "my-cards.csv" => Ok("pan,expiry,pin\n6217990000000008,3012,123456\n".into()),
        "my-bank.yaml" => Ok("schema: 1\nname: my-bank\nextends: unionpay\nmac: x919\n".into()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

const TERMINALS: &str = "terminal_id,merchant_id,tmk\n\
    10000001,104110045110001,0123456789ABCDEFFEDCBA9876543210\n\
    10000002,104110045110001,89ABCDEF0123456776543210FEDCBA98\n";
