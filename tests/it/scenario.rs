//! Scenario files: one body, many files; what is wrong with a file is what its `.expected` neighbour says.

use posfleet::{
    crypto::{Key, Tmk},
    host,
    load::Schedule,
    operation::Kind,
    scenario::{
        Assumptions, Diagnostics, Overrides, Plan, Start, Target, expand, load, load_file, load_rules, schema,
    },
    terminal::KeyScheme,
};
use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

const SEED: u64 = 1;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|kind| kind == "yaml")).collect();
    files.sort();
    assert!(!files.is_empty(), "no scenarios in {}", folder.display());
    files
}

fn plan_of(file: &str, overrides: &Overrides) -> Result<Plan, Diagnostics> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/valid");
    let text = fs::read_to_string(folder.join(file)).unwrap();
    load(&text, file, overrides, SEED, &|name| fs::read(folder.join(name)))
}

fn text(text: &str) -> Result<Plan, Diagnostics> {
    load(text, "test.yaml", &Overrides::default(), SEED, &|_| Err(std::io::ErrorKind::NotFound.into()))
}

#[test]
fn shipped_and_valid_scenarios_load_and_their_effective_form_loads_to_the_same() {
    for path in files("scenarios").into_iter().chain(files("tests/data/scenarios/valid")) {
        let plan = load_file(&path, &Overrides::default(), SEED).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(!plan.scenarios.is_empty() && !plan.groups.is_empty());
        let folder = path.parent().unwrap();
        let masked = plan.effective.lines().any(|line| line.contains("tmk:") || line.contains("bdk:"));
        let read = |name: &str| fs::read(folder.join(name));
        if !masked {
            let again = load(&plan.effective, "effective", &Overrides::default(), SEED, &read);
            let again = again.unwrap_or_else(|errors| panic!("{}\n{errors}", plan.effective));
            assert_eq!(again.effective, plan.effective);
            assert_eq!(format!("{:?}", again.scenarios), format!("{:?}", plan.scenarios));
        }
    }
}

#[test]
fn invalid_scenarios_say_all_that_is_wrong() {
    for path in files("tests/data/scenarios/invalid") {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let read = |file: &str| fs::read(path.parent().unwrap().join(file));
        let diagnostics = load(&text, &name, &Overrides::default(), SEED, &read).expect_err(&name);
        let rendered = diagnostics.render(false);
        let expected_path = path.with_extension("expected");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected_path, &rendered).unwrap();
        }
        let expected = fs::read_to_string(&expected_path).unwrap();
        assert_eq!(rendered, expected, "{name}: run with UPDATE_EXPECTED=1 and read the difference");
        // A comment that begins with `!` marks a line that must be complained about.
        let complained: Vec<usize> = diagnostics.reports().iter().map(|report| report.line).collect();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.contains("# !")) {
            assert!(
                complained.contains(&(number + 1)),
                "{name}:{}: nobody complains about {line}",
                number + 1
            );
        }
    }
}

#[test]
fn reports_for_machines_have_places() {
    let errors =
        text("schema: 1\nname: x\nterminals: { shop: { cuont: 1 } }\nscenarios: {}\n").expect_err("invalid");
    let json = serde_json::to_value(errors.reports()).unwrap();
    assert_eq!(json[0]["file"], "test.yaml");
    assert_eq!((json[0]["line"].as_u64(), json[0]["column"].as_u64()), (Some(3), Some(22)));
    assert_eq!(json[0]["message"], "unknown key `cuont`");
    assert_eq!(json[0]["help"], "did you mean `count`?");
}

#[test]
fn an_environment_is_laid_over_the_file() {
    let lab = Overrides { environment: Some("lab".into()), ..Overrides::default() };
    let plan = plan_of("everything.yaml", &lab).unwrap();
    assert_eq!(plan.groups[0].target, Target::Address("192.0.2.1:9000".into()));
    assert_eq!(rate_of(&plan, 1), 10.0 / 60.0);
    let plan = plan_of("everything.yaml", &Overrides::default()).unwrap();
    assert_eq!(rate_of(&plan, 1), 40.0 / 60.0);
}

#[test]
fn command_line_settings_change_variables_paths_and_targets() {
    let set = [("peak", "120"), ("scenarios.ramp.stages.1.target", "30"), ("terminals.made.count", "4")];
    let overrides = Overrides {
        set: set.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec(),
        targets: vec![("spare".into(), "localhost:1".into())],
        ..Overrides::default()
    };
    let plan = plan_of("everything.yaml", &overrides).unwrap();
    assert_eq!((rate_of(&plan, 1), rate_of(&plan, 2)), (2.0, 30.0));
    assert_eq!(plan.groups[1].identities.len(), 4);
    assert_eq!(plan.groups[1].target, Target::Address("localhost:1".into()));
}

#[test]
fn names_that_hold_dots_are_reached_from_the_command_line() {
    let conditions = |set: &[(&str, &str)]| {
        let set = set.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        let plan = plan_of("everything.yaml", &Overrides { set, ..Overrides::default() }).unwrap();
        plan.thresholds.into_iter().map(|threshold| threshold.expression).collect::<Vec<_>>()
    };
    let unset = conditions(&[]);
    let changed = conditions(&[
        ("thresholds.reversal.response_time", "[max < 9s]"),
        ("thresholds.named-balance.checks", "[rate > 9%]"),
        ("thresholds.response_time.1", "avg < 200"),
    ]);
    assert_eq!(unset.len(), changed.len());
    for (wanted, old) in [("max < 9s", "max < 1s"), ("avg < 200", "avg<100"), ("rate > 9%", "rate == 100%")] {
        let holds =
            |conditions: &[String], text: &str| conditions.iter().any(|condition| condition.contains(text));
        assert!(holds(&unset, old) && !holds(&changed, old), "{old}\n{changed:#?}");
        assert!(holds(&changed, wanted), "{wanted}\n{changed:#?}");
    }
}

#[test]
fn duration_rate_and_terminals_scale_the_load() {
    let overrides = Overrides {
        duration: Some(Duration::from_secs(18)),
        rate: Some(1000.0),
        terminals: Some(500),
        ..Overrides::default()
    };
    let plan = plan_of("trading-hour.yaml", &overrides).unwrap();
    let expansion = expand(&plan, Assumptions::default());
    assert_eq!((expansion.ends_at_s, plan.groups[0].identities.len()), (18.0, 500));
    assert!(expansion.scenarios[1].peak_rate.is_some_and(|rate| (rate - 1000.0).abs() < 1e-9));
    assert_eq!(expansion.scenarios[1].begins_at_s, 12.0);
    // Two minutes of sign-in and one of sales: the sales keep their third.
    assert_eq!(expansion.scenarios[1].iterations, Some(3000.0));
    assert!(expansion.warnings[0].contains("iterations will be dropped"), "{:?}", expansion.warnings);
}

#[test]
fn two_groups_share_the_terminals_of_the_command_line() {
    let plan = plan_of("everything.yaml", &Overrides { terminals: Some(7), ..Overrides::default() }).unwrap();
    let counts: Vec<usize> = plan.groups.iter().map(|group| group.identities.len()).collect();
    assert_eq!(counts, [2, 5]);
    let errors = plan_of("everything.yaml", &Overrides { terminals: Some(26), ..Overrides::default() });
    assert!(errors.unwrap_err().render(false).contains("6 terminals are wanted, and the file has 3 rows"));
}

#[test]
fn chosen_scenarios_run_alone() {
    let chosen = Overrides { scenarios: vec!["ramp".into()], ..Overrides::default() };
    let plan = plan_of("everything.yaml", &chosen).unwrap();
    assert_eq!(plan.scenarios.len(), 1);
    assert_eq!(plan.scenarios[0].start, Start::At(Duration::ZERO));
    let plan = plan_of("everything.yaml", &Overrides::default()).unwrap();
    assert_eq!(plan.scenarios[2].start, Start::After(1, Duration::ZERO));
}

#[test]
fn wrong_settings_of_the_command_line_are_shown() {
    let overrides = Overrides {
        environment: Some("lba".into()),
        set: vec![("paek".into(), "1".into()), ("scenarios.flat.rate".into(), "many".into())],
        targets: vec![("main".into(), "nowhere".into())],
        scenarios: vec!["ramps".into()],
        ..Overrides::default()
    };
    let rendered = plan_of("everything.yaml", &overrides).unwrap_err().render(false);
    for wanted in [
        "unknown environment `lba`",
        "did you mean `lab`?",
        "unknown variable `paek`",
        "did you mean `peak`?",
        "expected a number, found `many`",
        "--set:1:21",
        "expected an address such as",
        "unknown scenario `ramps`",
    ] {
        assert!(rendered.contains(wanted), "{wanted}\n{rendered}");
    }
}

#[test]
fn seeds_decide_everything_that_is_made_up() {
    let keys = |seed| {
        let plan =
            plan_of("trading-hour.yaml", &Overrides { seed: Some(seed), ..Overrides::default() }).unwrap();
        let cards: Vec<_> = plan.feeders[0].cards.iter().take(5).map(|card| card.pan).collect();
        (plan.groups[0].identities[0].tmk.clone(), cards)
    };
    assert!(keys(5) == keys(5) && keys(5) != keys(6));
    assert_eq!(plan_of("trading-hour.yaml", &Overrides::default()).unwrap().seed.0, SEED);
    assert_eq!(plan_of("everything.yaml", &Overrides::default()).unwrap().seed.0, 7);
}

#[test]
fn the_effective_scenario_hides_keys() {
    let plan = plan_of("everything.yaml", &Overrides::default()).unwrap();
    assert!(
        plan.effective.contains("kcv") && plan.effective.contains("responseTimeout"),
        "{}",
        plan.effective
    );
    assert!(!plan.effective.contains("0123456789ABCDEF"), "{}", plan.effective);
}

#[test]
fn initial_keys_follow_from_the_base_key_and_the_terminal() {
    let plan = plan_of("derived-keys.yaml", &Overrides::default()).unwrap();
    let base: Key = "aes:00112233445566778899AABBCCDDEEFF".parse().unwrap();
    for identity in plan.groups[0].identities.iter() {
        assert_eq!(
            KeyScheme::DukptAes.initial_key(&base, identity.numbers.terminal),
            Some(identity.tmk.clone())
        );
    }
    let written: Tmk = "aes:0123456789ABCDEF0123456789ABCDEF".parse().unwrap();
    assert_eq!(plan.groups[1].identities[0].tmk, written);
    let published: Key = "aes:FEDCBA9876543210F1F1F1F1F1F1F1F1".parse().unwrap();
    let last = &plan.groups[2].identities[1];
    assert_eq!(KeyScheme::DukptAes.initial_key(&published, last.numbers.terminal), Some(last.tmk.clone()));
    assert!(plan.effective.contains("bdk:") && !plan.effective.contains("00112233"), "{}", plan.effective);
}

#[test]
fn what_is_said_of_the_host_reaches_it() {
    let plan = plan_of("host.yaml", &Overrides::default()).unwrap();
    let host::Config { settlement, tables, chip, .. } = &plan.host;
    assert_eq!((settlement.closing, settlement.drill.share), (host::Closing::AtEnd, 0.25));
    assert_eq!(settlement.drill.terminals[0].as_str(), "00000002");
    assert_eq!((tables.page_items, tables.page_bytes, tables.renews_keys), (3, 200, false));
    let asked = host::ProcessingRequest { digit: 2, kind: Kind::StatusUpload };
    assert_eq!((tables.requests.len(), tables.requests[1]), (2, asked));
    assert_eq!((chip.scripts, chip.wrong_answers, chip.refuses_fallback), (0.05, 0.01, false));
    assert_eq!(chip.refusal.to_string(), "63");
    assert!(plan.keeps_ledger && plan.groups[0].profile.first_downloads);
    let silent = plan_of("trading-hour.yaml", &Overrides::default()).unwrap();
    assert!(!silent.keeps_ledger && !silent.groups[0].profile.first_downloads);
    assert_eq!((silent.host.settlement, silent.host.tables), Default::default());
}

#[test]
fn terminals_and_cards_of_files_reach_plan_and_host() {
    let plan = plan_of("everything.yaml", &Overrides::default()).unwrap();
    assert_eq!(plan.groups[0].identities[2].numbers.terminal.as_str(), "SHOP0003");
    assert_eq!(plan.groups[1].identities[0].numbers.terminal.as_str(), "MADE0004");
    assert_eq!(plan.host.terminals.len(), 13);
    assert_eq!(plan.host.cards.len(), 22);
    assert_eq!(plan.feeders[1].cards[0].pin.as_ref().map(|pin| pin.len()), Some(6));
    assert_eq!(plan.host.rules.len(), 6);
    let names: Vec<&str> = plan.steps.iter().collect();
    let (written, of_their_own_accord) = names.split_at(7);
    assert_eq!(written, ["sign-in", "echo", "balance", "named-balance", "sale", "sign-out", "reversal"]);
    assert!(
        ["script-result", "settlement", "batch-upload"].iter().all(|name| of_their_own_accord.contains(name))
    );
}

#[test]
fn the_expansion_splits_and_counts() {
    let plan = plan_of("everything.yaml", &Overrides::default()).unwrap();
    let expansion =
        expand(&plan, Assumptions { service_time: Duration::from_millis(100), shares: 3, machine: None });
    assert_eq!(expansion.groups[1].per_share, [4, 3, 3]);
    assert_eq!(expansion.scenarios[0].iterations, Some(20.0));
    assert_eq!(expansion.scenarios[2].iterations, Some(50.0));
    assert_eq!(expansion.scenarios[3].in_flight, 3.0);
    assert_eq!(expansion.scenarios[3].begins_at_s, 7.0);
    insta::assert_snapshot!(expansion);
}

#[test]
fn the_schema_speaks_of_every_key_and_forbids_others() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let definitions = schema["$defs"].as_object().unwrap();
    for (name, definition) in definitions.iter().filter(|(_, definition)| definition["type"] == "object") {
        assert_eq!(definition["additionalProperties"], false, "{name} takes unknown keys");
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string(), "{name}.{key} is not described");
        }
    }
    assert!(!schema.to_string().contains("\"null\""), "leaving a key out is the way to say nothing");
}

#[test]
fn what_the_schema_knows_the_loader_takes() {
    // The loader refuses unknown keys by this schema, so a key it knows and the structs do not would get past
    // the check and fail afterwards; the valid files together use them all.
    let schema = schema();
    let all: String =
        files("tests/data/scenarios/valid").iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        for key in definition["properties"].as_object().into_iter().flatten().map(|(key, _)| key) {
            let is_used = all.contains(&format!("{key}:")) || all.contains(&format!("- {key}\n"));
            assert!(is_used, "no valid test file uses {name}.{key}");
        }
    }
}

#[test]
fn rules_can_come_from_a_file_of_their_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/rules");
    assert_eq!(load_rules(&folder.join("good.yaml")).unwrap().len(), 2);
    let rendered = load_rules(&folder.join("bad.yaml")).unwrap_err().render(false);
    assert!(rendered.contains("bad.yaml:1:3") && rendered.contains("did you mean `drop`?"), "{rendered}");
    assert!(
        load_rules(&folder.join("none.yaml")).unwrap_err().render(false).contains("cannot read the file")
    );
}

#[test]
fn messages_never_show_a_key() {
    let invalid = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/invalid/terminals.yaml");
    let rendered = load_file(&invalid, &Overrides::default(), SEED).unwrap_err().render(false);
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/invalid/keys.yaml");
    let keys = load_file(&keys, &Overrides::default(), SEED).unwrap_err().render(false);
    assert!(keys.contains("base derivation key") && !keys.contains("0123456789ABCDEF"), "{keys}");
    assert!(
        rendered.contains("the TMK does not fit") && !rendered.contains("0123456789ABCDEF"),
        "{rendered}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_damage_to_a_file_breaks_the_loader(from in 0.0..1.0, length in 0usize..40, with in "[ -~\n签]{0,6}") {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/valid");
        let whole = fs::read_to_string(folder.join("everything.yaml")).unwrap();
        let start = whole.floor_char_boundary((whole.len() as f64 * from) as usize);
        let end = whole.ceil_char_boundary((start + length).min(whole.len()));
        let damaged = format!("{}{with}{}", &whole[..start], &whole[end..]);
        let read = |name: &str| fs::read(folder.join(name));
        if let Err(diagnostics) = load(&damaged, "damaged.yaml", &Overrides::default(), SEED, &read) {
            prop_assert!(!diagnostics.problems.is_empty());
            prop_assert!(diagnostics.render(false).contains("damaged.yaml"));
        }
    }
}

/// The highest rate of scenario number `index`.
fn rate_of(plan: &Plan, index: usize) -> f64 {
    match &plan.scenarios[index].load.schedule {
        Schedule::Arrivals { rate, .. } => rate.peak(),
        _ => 0.0,
    }
}
