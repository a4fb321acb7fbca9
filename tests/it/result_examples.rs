//! The two runs below `results/examples`, which the documents name: every command that reads results reads them.

use crate::{
    program::{Finished, Folder, posfleet},
    webdriver::Browser,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The results folder of a run that is part of the repository.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples").join(name)
}

#[test]
fn report_draws_an_example_and_a_browser_shows_it() {
    let folder = Folder::new("example-report");
    let page = folder.results().with_extension("html");
    let mut command = posfleet(["report", "--out"]);
    let finished = Finished::of(command.args([&page, &example("quickstart-1")])).exits_with(0);
    assert!(finished.stderr.contains("the report is in"), "{}", finished.stderr);
    let browser = Browser::open();
    browser.resize(360, 740, true);
    browser.go(&format!("file://{}", page.display()));
    browser.wait("document.readyState === 'complete'");
    assert!(
        browser.run("return document.querySelectorAll('figure.chart path.line').length").as_u64() > Some(10)
    );
    let wide = browser.run("return document.documentElement.scrollWidth - window.innerWidth");
    assert!(wide.as_i64().unwrap() <= 0, "{wide} pixels too wide");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn compare_holds_the_examples_against_each_other() {
    let folders = ["quickstart-1", "quickstart-2"].map(example);
    let finished = Finished::of(posfleet(["compare"]).args(&folders)).exits_with(0);
    assert!(finished.stdout.contains("sale p99") && !finished.stdout.contains("plan differs"));
    let mut markdown = posfleet(["compare", "--format", "markdown"]);
    let page = Finished::of(markdown.arg(&folders[0]).arg("--against").args(&folders)).exits_with(0).stdout;
    assert!(page.contains("| sale p50 | "), "{page}");
}

#[test]
fn merge_makes_one_of_the_examples() {
    let folder = Folder::new("example-merge");
    let folders = ["quickstart-1", "quickstart-2"].map(example);
    Finished::of(posfleet(["merge"]).arg(folder.results()).args(&folders)).exits_with(0);
    let summary = |path: &Path| -> Value {
        serde_json::from_slice(&fs::read(path.join("summary.json")).unwrap()).unwrap()
    };
    let sales = |path: &Path| summary(path)["steps"]["sale"]["count"].as_u64().unwrap();
    assert_eq!(sales(&folder.results()), folders.iter().map(|path| sales(path)).sum::<u64>());
}
