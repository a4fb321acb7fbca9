//! `posfleet reconcile` with files: our own results, statements of others, and files that are no statements.

use crate::program::{Finished, Folder, patient_quickstart, posfleet, run_in};
use posfleet::{
    reconcile::{Fault, Mapping},
    report::{Meter, reconcile_files},
};
use serde_json::Value;
use std::{fs, num::NonZero, path::PathBuf};

const HEADER: &str = "at_ms,terminal,batch,stan,kind,amount_minor,card,belief,merchant,rrn\n";

/// A results folder with a journal of these lines.
fn results(name: &str, lines: &[&str]) -> Folder {
    let folder = Folder::new(name);
    fs::create_dir_all(folder.results().join("journal")).unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(folder.results().join("journal/terminals.csv"), format!("{HEADER}{text}")).unwrap();
    folder
}

/// Three sales, of which one was reversed.
fn day(name: &str) -> Folder {
    results(
        name,
        &[
            "1,10000001,000001,000001,sale,1000,622202******0001,approved,898100012340001,100000000001",
            "2,10000001,000001,000002,sale,2000,622202******0002,unknown,898100012340001,",
            "3,10000002,000001,000001,sale,3000,622202******0003,approved,898100012340002,100000000003",
            "4,10000001,000001,000002,sale,2000,622202******0002,reversed,898100012340001,",
        ],
    )
}

fn reconcile(folder: &Folder, statement: &PathBuf, more: &[&str]) -> Finished {
    let mut command = posfleet(["reconcile"]);
    command.arg(folder.results()).arg("--statement").arg(statement).args(more);
    Finished::of(&mut command)
}

const MAPPING: &str = "\
schema: 1
separator: ';'
amounts: decimal
columns: { rrn: REF, amount: AMT, state: ST, kind: TYPE, terminal: TID }
states: { '00': captured, REV: reversed, FEE: ignored }
kinds: { PURCHASE: sale }
";

#[test]
fn a_run_reconciles_again_from_its_folder_alone() {
    let folder = Folder::new("own");
    let arguments = ["--terminals", "40", "--duration", "2s"];
    let summary =
        Finished::of(&mut run_in(&folder, &patient_quickstart(&folder), &arguments)).exits_with(0).summary();
    for parts in [&[][..], &["--parts", "5"]] {
        let mut again = posfleet(["reconcile", "--format", "json"]);
        let printed = Finished::of(again.arg(folder.results()).args(parts)).exits_with(0).summary();
        assert_eq!(printed["reconciliation"], summary["reconciliation"]);
        assert_eq!(printed["mismatches"], Value::Array(Vec::new()));
    }
    // One row of the host forged: found, with both records.
    let path = folder.results().join("journal/host.csv");
    let text = fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once('\n').unwrap();
    let (row, rest) = rest.split_once('\n').unwrap();
    let forged = row.replace(",captured", ",reversed");
    fs::write(&path, format!("{head}\n{forged}\n{rest}")).unwrap();
    let told = Finished::of(posfleet(["reconcile"]).arg(folder.results())).exits_with(99).stdout;
    assert!(told.contains("1 lost: the terminal believes in it, the host does not have it"), "{told}");
    assert!(
        told.lines().any(|line| line.starts_with("  terminal ") && line.ends_with(" approved")),
        "{told}"
    );
    assert!(told.lines().any(|line| line.starts_with("  host ") && line.ends_with(" reversed")), "{told}");
}

#[test]
fn a_statement_of_another_host_is_read_by_its_mapping() {
    let folder = day("foreign");
    let mapping = folder.file("mapping.yaml", MAPPING);
    let mapping = ["--mapping", mapping.to_str().unwrap()];
    let agrees = folder.file(
        "agrees.csv",
        "\u{feff}TYPE;TID;REF;AMT;ST;NOTE\nPURCHASE;10000001;100000000001;10.00;00;\nPURCHASE;10000002;100000000003;30;00;x\n\
         PURCHASE;10000001;;20.00;REV;\nMONTHLY;;;9.99;FEE;\n",
    );
    let agreed = reconcile(&folder, &agrees, &mapping).exits_with(0);
    assert_eq!(agreed.stdout, "compared 3 transactions of 2 terminals: both sides agree\n");
    let differs = folder.file(
        "differs.csv",
        "TYPE;TID;REF;AMT;ST\nPURCHASE;10000009;100000000001;10.00;00\nPURCHASE;10000002;100000000003;30.01;00\n",
    );
    let told = reconcile(&folder, &differs, &mapping).exits_with(99).stdout;
    insta::assert_snapshot!(told, @"
    compared 3 transactions of 2 terminals: the sides do not agree on 2 transactions
      1 amount: the amounts differ
      1 wrong-terminal: the host has it under another terminal

    wrong-terminal: the host has it under another terminal
      terminal  10000001 000001/000001 sale 10.00 622202******0001 RRN 100000000001 merchant 898100012340001 approved
      host      10000009 ?/? sale 10.00 RRN 100000000001 captured

    amount: the amounts differ
      terminal  10000002 000001/000001 sale 30.00 622202******0003 RRN 100000000003 merchant 898100012340002 approved
      host      10000002 ?/? sale 30.01 RRN 100000000003 captured
    ");
}

#[test]
fn json_statements_are_read_as_an_array_and_line_by_line() {
    let folder = day("json");
    let mapping = folder.file(
        "mapping.yaml",
        "schema: 1\namounts: minor\ncolumns: { terminal: pos.id, batch: batch, stan: stan, amount: amount.value }\n\
         constants: { state: captured, kind: sale }\n",
    );
    let mapping = ["--mapping", mapping.to_str().unwrap(), "--format", "json"];
    let rows = [
        r#"{ "pos": { "id": "10000001" }, "batch": 1, "stan": 1, "amount": { "value": 1000 } }"#,
        r#"{ "pos": { "id": "10000001" }, "batch": "000001", "stan": 2, "amount": { "value": 2000 }, "x": null }"#,
        r#"{ "pos": { "id": "10000002" }, "batch": 1, "stan": 1, "amount": { "value": 3000 } }"#,
    ];
    for (name, text) in [("array.json", format!("[{}]", rows.join(",\n"))), ("lines.ndjson", rows.join("\n"))]
    {
        let printed = reconcile(&folder, &folder.file(name, &text), &mapping).exits_with(99).summary();
        assert_eq!(printed["reconciliation"]["mismatches"], 1, "{name}: {printed:#}");
        assert_eq!(printed["reconciliation"]["not_reversed"], 1, "{name}");
        let mismatch = &printed["mismatches"][0];
        assert_eq!(
            (&mismatch["terminal"]["state"], &mismatch["host"]["state"]),
            (&"reversed".into(), &"captured".into())
        );
        assert_eq!(mismatch["terminal"]["card"], "622202******0002");
    }
}

#[test]
fn what_is_no_statement_says_where_and_what_to_do() {
    let folder = day("bad");
    let own = "terminal,merchant,batch,stan,kind,amount_minor,rrn,card,state\n";
    let row = "10000001,,000001,000001,sale,1000,,,captured\n";
    let cases: [(&str, Vec<u8>, &str); 14] = [
        ("empty.csv", Vec::new(), "empty.csv: the file is empty"),
        (
            "sheet.xlsx",
            b"PK\x03\x04rest".to_vec(),
            "sheet.xlsx: this is a spreadsheet or an archive; export it as CSV",
        ),
        ("binary.csv", b"a,b\0c".to_vec(), "binary.csv: this is a binary file"),
        ("wide.csv", b"\xFF\xFEa\0".to_vec(), "iconv -f UTF-16 -t UTF-8"),
        ("missing.csv", b"terminal,batch\n1,2\n".to_vec(), "missing.csv:1: the column `merchant` is missing"),
        ("separator.csv", own.replace(',', ";").into_bytes(), "set `separator` in the mapping"),
        (
            "twice.csv",
            format!("{},stan\n", own.trim_end()).into_bytes(),
            "twice.csv:1: the header has the column `stan` twice",
        ),
        (
            "short.csv",
            format!("{own}{row}1,2\n").into_bytes(),
            "short.csv:3: 2 columns where the header has 9",
        ),
        (
            "amount.csv",
            format!("{own}{}", row.replace("1000,", "ten,")).into_bytes(),
            "amount.csv:2: column `amount_minor`: `ten` is not an amount",
        ),
        (
            "stan.csv",
            format!("{own}{}", row.replace("000001,sale", "0,sale")).into_bytes(),
            "stan.csv:2: column `stan`: expected a number from 1 to 999999",
        ),
        (
            "state.csv",
            format!("{own}{}", row.replace("captured", "ok")).into_bytes(),
            "state.csv:2: column `state`: `ok` is not known",
        ),
        (
            "gbk.csv",
            [own.as_bytes(), b"\xCF\xFB,,000001,000001,sale,1000,,,captured\n"].concat(),
            "gbk.csv:2: this is not UTF-8",
        ),
        ("broken.json", b"[{\"terminal\":".to_vec(), "broken.json:1: this is not JSON"),
        (
            "other.json",
            b"{\"tid\": 1}".to_vec(),
            "other.json:1: the key `batch` is missing, the object has `tid`",
        ),
    ];
    for (name, bytes, expected) in cases {
        let path = folder.results().join(name);
        fs::write(&path, bytes).unwrap();
        let finished = reconcile(&folder, &path, &[]).exits_with(104);
        assert!(finished.stderr.contains(expected), "{name}: {}", finished.stderr);
        assert_eq!(finished.stdout, "", "{name}");
    }
    let none = reconcile(&folder, &folder.results().join("none.csv"), &[]).exits_with(104);
    assert!(none.stderr.contains("cannot read") && none.stderr.contains("none.csv"), "{}", none.stderr);
    let own = Finished::of(posfleet(["reconcile"]).arg(folder.results())).exits_with(104);
    assert!(own.stderr.contains("name a statement with --statement"), "{}", own.stderr);
}

#[test]
fn a_mapping_that_is_wrong_is_refused_with_the_place_and_a_suggestion() {
    let folder = day("mapping");
    let statement = folder.file("statement.csv", "a\n");
    let cases = [
        ("schema: 1\ncolums: { rrn: A, amount: B }\n", "mapping.yaml:2:1", "did you mean `columns`?"),
        ("schema: 1\ncolumns: { rnn: A, amount: B }\n", "mapping.yaml:2:12", "did you mean `rrn`?"),
        (
            "schema: 1\ncolumns: { rrn: A, amount: B }\nstates: { OK: capturd }\n",
            "mapping.yaml:3:15",
            "did you mean `captured`?",
        ),
        (
            "schema: 1\ncolumns: { rrn: A, amount: B }\nkinds: { P: sal }\n",
            "mapping.yaml:3:13",
            "did you mean `sale`?",
        ),
        (
            "schema: 1\ncolumns: { stan: A, amount: B }\n",
            "mapping.yaml:2:1",
            "name `terminal`, `batch` and `stan`, or `rrn`",
        ),
        ("schema: 1\ncolumns: { rrn: A }\n", "mapping.yaml:2:1", "the column of `amount` is missing"),
        (
            "schema: 1\nseparator: '::'\ncolumns: { rrn: A, amount: B }\n",
            "mapping.yaml:2:12",
            "expected one character, or `tab`",
        ),
        (
            "schema: 1\nunlisted: [ viod ]\ncolumns: { rrn: A, amount: B }\n",
            "mapping.yaml:2:13",
            "did you mean `void`?",
        ),
        (
            "schema: 1\nconstants: { rrn: A }\ncolumns: { rrn: A, amount: B }\n",
            "mapping.yaml:2:14",
            "`rrn` is a column already",
        ),
    ];
    for (text, place, help) in cases {
        let mapping = folder.file("mapping.yaml", text);
        let finished =
            reconcile(&folder, &statement, &["--mapping", mapping.to_str().unwrap()]).exits_with(104);
        assert!(finished.stderr.contains(place), "{text}{}", finished.stderr);
        assert!(finished.stderr.contains(help), "{text}{}", finished.stderr);
    }
}

#[test]
fn parts_find_the_same_as_all_at_once() {
    let lines: Vec<String> = (1..=600)
        .map(|number| {
            let (terminal, belief) =
                (10_000_000 + number % 7, if number % 11 == 0 { "unknown" } else { "approved" });
            format!(
                "{number},{terminal},000001,{number:06},sale,{},,{belief},898100012340001,{number:012}",
                number * 100
            )
        })
        .collect();
    let folder = results("parts", &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let mut text = "terminal,merchant,batch,stan,kind,amount_minor,rrn,card,state\n".to_owned();
    for number in (1..=600).filter(|number| number % 50 != 0) {
        // Every thirteenth goes to a neighbour, which lies in another part.
        let terminal = 10_000_000 + number % 7 + u32::from(number % 13 == 0);
        let state = if number % 11 == 0 { "reversed" } else { "captured" };
        text += &format!("{terminal},,000001,{number:06},sale,{},{number:012},,{state}\n", number * 100);
    }
    let statement = folder.file("host.csv", &text);
    let found = |parts, mapping: &Mapping| {
        let parts = NonZero::new(parts);
        let findings =
            reconcile_files(&folder.results(), &statement, mapping, parts, &Meter::default()).unwrap();
        (findings.summary, findings.mismatches)
    };
    let by_number = Mapping::default();
    let (summary, mismatches) = found(1, &by_number);
    // 12 rows are left out, 46 go to the neighbour; what was reversed among them is missed by nobody.
    assert_eq!((summary.lost, summary.wrong_terminal), (11, 42), "{summary:?}");
    assert_eq!(mismatches.len(), 53);
    let by_rrn = Mapping {
        sources: by_number.sources.iter().filter(|(column, _)| column.name() != "stan").cloned().collect(),
        ..by_number.clone()
    };
    for parts in [1, 2, 16] {
        assert_eq!(found(parts, &by_number), (summary, mismatches.clone()), "{parts} parts");
        let faults = |found: &[posfleet::reconcile::Mismatch]| {
            found.iter().map(|one| one.fault).collect::<Vec<Fault>>()
        };
        assert_eq!(faults(&found(parts, &by_rrn).1), faults(&mismatches), "{parts} parts by RRN");
    }
    let left = fs::read_dir(std::env::temp_dir()).unwrap().map(|entry| entry.unwrap().file_name());
    let ours = format!("posfleet-reconcile-{}-", std::process::id());
    assert_eq!(left.filter(|name| name.to_string_lossy().starts_with(&ours)).count(), 0, "parts are removed");
}
