//! The OpenAPI document: it is valid, it holds every route with all that may come of it, and a fuzzer finds nothing.
//!
//! `.ci/run` installs what validates and fuzzes; where that is missing the tests say so and do nothing.

use crate::{
    browser::Browser,
    portal_site::{DOCUMENT, PortalSite},
    program::Folder,
};
use posfleet::{
    portal::Refusal,
    web::{self, Fault},
};
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

#[test]
fn the_document_is_valid() {
    if !is_there("openapi_spec_validator") {
        return;
    }
    let folder = Folder::new("openapi");
    let file = folder.file("openapi.json", web::document());
    let mut validator = Command::new("python3");
    let told = validator.args(["-m", "openapi_spec_validator"]).arg(file).output().unwrap();
    let text = String::from_utf8_lossy(&told.stdout).into_owned() + &String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{text}");
}

#[test]
fn it_is_served_as_it_is_and_says_openapi_3_1() {
    let mut site = PortalSite::open();
    assert_eq!(site.get("/openapi.json").is(200).body, *DOCUMENT);
    assert!(DOCUMENT["openapi"].as_str().unwrap().starts_with("3.1."));
    let inbox = &DOCUMENT["paths"]["/simulator/inbox/{phone}"]["get"];
    assert_eq!(inbox["tags"][0], "simulator");
}

#[test]
fn every_path_answers_to_the_methods_of_the_document_and_to_no_other() {
    let site = PortalSite::open();
    let mut browser = Browser::connect(site.address());
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        let path = path.replace(['{', '}'], "");
        let documented: BTreeSet<String> =
            item.as_object().unwrap().keys().map(|method| method.to_ascii_uppercase()).collect();
        let answer = browser.ask("OPTIONS", &path, &[], b"");
        assert_eq!(answer.status, 405, "{path}");
        let allowed = answer.header("allow").unwrap().split(',').filter(|method| *method != "HEAD");
        assert_eq!(allowed.map(str::to_owned).collect::<BTreeSet<_>>(), documented, "{path}");
    }
}

#[test]
fn no_route_is_made_but_through_the_document() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let sources = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in sources.filter(|path| path.is_file()) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains(".route("), "{}", path.display());
    }
}

#[test]
fn every_refusal_that_a_merchant_may_meet_stands_in_the_document() {
    let text = web::document();
    for refusal in Refusal::ALL.iter().filter(|refusal| **refusal != Refusal::NotPending) {
        assert!(text.contains(&format!("{}: {}", refusal.code(), refusal.english())), "{refusal:?}");
    }
    // The first two belong to no route, the third to the console, which is no merchant's.
    let elsewhere = [Fault::RouteUnknown, Fault::MethodUnknown, Fault::TokenWrong];
    for fault in Fault::ALL.iter().filter(|fault| !elsewhere.contains(fault)) {
        assert!(text.contains(&format!("{}: {}", fault.code(), fault.english())), "{fault:?}");
    }
}

#[test]
fn the_page_of_codes_is_the_table_of_the_program() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/portal-api.md")).unwrap();
    let is_row = |line: &&str| {
        line.strip_prefix("| ").is_some_and(|row| row.starts_with(|first: char| first.is_ascii_digit()))
    };
    let table: Vec<&str> = page.lines().filter(is_row).collect();
    let refusals =
        Refusal::ALL.iter().map(|one| (one.code(), web::status(*one), one.english(), one.chinese()));
    let faults = Fault::ALL.iter().map(|one| (one.code(), one.status(), one.english(), one.chinese()));
    let rows: Vec<String> = refusals
        .chain(faults)
        .map(|(code, status, english, chinese)| format!("| {code} | {status} | {english} | {chinese} |"))
        .collect();
    assert_eq!(table, rows, "the table should be\n{}", rows.join("\n"));
}

#[test]
fn a_fuzzer_that_reads_the_document_finds_nothing() {
    if !is_there("schemathesis") {
        return;
    }
    let mut site = PortalSite::open();
    site.log_in(1);
    let token = &format!("Bearer {}", site.token.clone().unwrap());
    let folder = Folder::new("fuzz");
    let mut fuzzer = Command::new("python3");
    fuzzer.args(["-m", "schemathesis.cli", "run"]).arg(format!("http://{}/openapi.json", site.address()));
    fuzzer.args([
        "--header",
        &format!("Authorization: {token}"),
        "--seed",
        "7",
        "--max-examples",
        "8",
        "--workers",
        "2",
    ]);
    fuzzer.args(["--phases", "examples,coverage,fuzzing", "--generation-database", "none", "--no-color"]);
    fuzzer.args(["--checks", CHECKS, "--max-response-time", "10", "--suppress-health-check", "all"]);
    // Logging out would leave the rest to the first gate.
    fuzzer.args(["--exclude-operation-id", "log_out"]);
    let told = fuzzer.current_dir(folder.file("here", "").parent().unwrap()).output().unwrap();
    let text = String::from_utf8_lossy(&told.stdout).into_owned() + &String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{text}");
    let alive = Browser::connect(site.address()).ask("GET", "/merchant", &[("Authorization", token)], b"");
    assert_eq!(alive.status, 200, "the session has outlived it");
}

/// Whether Python has a package.
fn is_there(package: &str) -> bool {
    let mut python = Command::new("python3");
    let imported = python.args(["-c", &format!("import {package}")]).stderr(Stdio::null()).status();
    let is_there = imported.is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("skipped: needs python3 with the package {package}");
    }
    is_there
}

const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
