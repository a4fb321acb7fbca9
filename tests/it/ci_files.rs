//! What a CI job takes from a run: JUnit XML, Markdown, lines of JSON, and the schema of the summary.

use crate::recorded::{Recorded, Scratch};
use posfleet::{
    metrics::{Phase, ReconciliationSummary, Snapshot, Summary, Verdict},
    report::{junit_xml, progress_line, summary_line, summary_markdown, summary_schema},
};
use serde_json::Value;
use std::fs;

#[test]
fn junit_has_a_case_for_all_that_is_judged() {
    let found =
        ReconciliationSummary { transactions: 9, mismatches: 2, lost: 2, ..ReconciliationSummary::default() };
    let summary = Summary { reconciliation: Some(found), ..Recorded::default().summary() };
    let xml = junit_xml(&summary);
    for suite in ["run", "thresholds", "checks", "reconciliation"] {
        assert!(xml.contains(&format!("<testsuite name=\"{suite}\"")), "{xml}");
    }
    assert!(
        xml.contains("failures=\"1\" errors=\"0\""),
        "the broken threshold, and nothing else, decides: {xml}"
    );
    assert!(xml.contains("<failure message=\"the value is 10\""), "{xml}");
    assert!(xml.contains("5 of 1000 did not hold; checks decide nothing alone"), "{xml}");
    assert!(xml.contains("2 transactions: the terminal believes in it, the host does not have it"), "{xml}");
    let invalid = junit_xml(&Summary { verdict: Verdict::Invalid, exit_code: 110, ..summary });
    assert!(
        invalid.contains("<error message=\"the measurement is not valid, see events.ndjson\""),
        "{invalid}"
    );
}

#[test]
fn names_are_no_markup_in_any_file() {
    let mut summary = Recorded { name: "a|b`<x>&\u{1}@all", ..Recorded::default() }.summary();
    let step = summary.steps["sale"].clone();
    summary.steps.insert("]]></testcase>|\n# head".to_owned(), step);
    let xml = junit_xml(&summary);
    assert!(xml.contains("a|b`&lt;x&gt;&amp;@all") && !xml.contains("]]></testcase>|"), "{xml}");
    let markdown = summary_markdown(&summary);
    assert!(markdown.contains("FAIL: a\\|b\\`&lt;x&gt;&amp; \\@all"), "{markdown}");
    assert!(markdown.contains("\\]\\]&gt;&lt;/testcase&gt;\\| \\# head"), "{markdown}");
}

#[test]
fn the_markdown_summary_of_a_run() {
    insta::assert_snapshot!(summary_markdown(&Recorded::default().summary()));
}

#[test]
fn a_run_leaves_the_files_in_its_folder() {
    let scratch = Scratch::new("ci-files");
    let run = Recorded::default();
    let folder = run.write(&scratch.0);
    assert_eq!(fs::read_to_string(folder.join("junit.xml")).unwrap(), junit_xml(&run.summary()));
    assert_eq!(fs::read_to_string(folder.join("summary.md")).unwrap(), summary_markdown(&run.summary()));
}

#[test]
fn progress_is_a_line_of_json() {
    let line = progress_line(&Snapshot { phase: Phase::Running, ..Snapshot::default() });
    let json: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&json["type"], &json["phase"]), (&"progress".into(), &"running".into()));
    assert_eq!(json["counters"]["planned"], 0);
    let line = summary_line(&Recorded::default().summary());
    let json: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&json["type"], &json["summary"]["schema"]), (&"summary".into(), &1.into()));
    assert!(!line.contains('\n'));
}

/// A change here is a change of what scripts rely on: keys may be added, none may go or change without a new version.
#[test]
fn the_schema_of_the_summary_is_stable() {
    let schema = summary_schema();
    let mut keys = keys("summary", &schema);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        keys.extend(self::keys(name, definition));
    }
    insta::assert_snapshot!(keys.join("\n"));
}

/// The keys of one object with their types, those that may be missing with a question mark.
fn keys(name: &str, schema: &Value) -> Vec<String> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let key = |(key, of): (&String, &Value)| {
        let kind =
            of.get("$ref").or_else(|| of.get("type")).or_else(|| of.get("anyOf")).unwrap_or(&Value::Null);
        let mark = if required.contains(&Value::from(key.as_str())) { "" } else { "?" };
        format!("{name}.{key}{mark}: {kind}")
    };
    properties.map(key).collect()
}

#[test]
fn a_summary_is_what_its_schema_says() {
    let schema = summary_schema();
    let found = ReconciliationSummary::default();
    let summary = Summary { reconciliation: Some(found), ..Recorded::default().summary() };
    let json = serde_json::to_value(summary).unwrap();
    let mut checked = 0;
    fits(&schema, &schema, &json, "summary", &mut checked);
    assert!(checked > 80, "{checked} values were held against the schema");
    let mut lacking = json;
    lacking.as_object_mut().unwrap().remove("verdict");
    assert!(std::panic::catch_unwind(|| fits(&schema, &schema, &lacking, "summary", &mut 0)).is_err());
}

/// Holds a value to the part of JSON Schema that the schema of the summary uses.
fn fits(root: &Value, schema: &Value, value: &Value, path: &str, checked: &mut usize) {
    *checked += 1;
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(root, root.pointer(&reference[1..]).unwrap(), value, path, checked);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let one = any.iter().find(|one| value.is_null() == (one["type"] == "null")).unwrap();
        return fits(root, one, value, path, checked);
    }
    if let Some(words) = schema["oneOf"].as_array() {
        assert!(words.iter().any(|word| word["const"] == *value), "{path}: {value}");
        return;
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    let is = match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(number) if number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::Null => "null",
        Value::Bool(_) => "boolean",
    };
    let is_number = is == "integer" && types.contains(&"number".into());
    assert!(types.contains(&is.into()) || is_number, "{path}: {is} is none of {types:?}");
    for required in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(required.as_str().unwrap()).is_some(), "{path} lacks {required}");
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        let of = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        fits(root, of.unwrap_or_else(|| panic!("{path}.{name} is not in the schema")), inner, name, checked);
    }
    for inner in value.as_array().into_iter().flatten() {
        fits(root, &schema["items"], inner, path, checked);
    }
}
