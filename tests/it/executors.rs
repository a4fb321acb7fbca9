//! Every shipped example of an executor starts exactly what its plan says, and the answers are all accounted for.

use crate::program::{Finished, Folder, run_in, shipped};
use serde_json::json;
use std::{collections::BTreeSet, fs};

#[test]
fn open_executors_start_what_their_plan_says() {
    for (name, sales) in [
        ("constant-arrival-rate", 400),
        ("ramping-arrival-rate", 400),
        ("at-once", 100),
        ("replay", 10),
        ("replay-capture", 12),
        ("profile", 280),
        ("saturation", 200),
    ] {
        let run = Run::of(name);
        assert_eq!(run.counter("planned"), run.signed_in + sales, "{name}");
        assert_eq!(run.counter("started") + run.counter("dropped"), run.counter("planned"), "{name}");
        assert_eq!(run.counter("finished"), run.counter("started"), "{name}");
        assert_eq!(run.sales(), sales - run.counter("dropped"), "{name}");
    }
}

#[test]
fn closed_executors_with_a_piece_of_work_do_all_of_it() {
    for (name, sales) in [("per-terminal-iterations", 200), ("shared-iterations", 500)] {
        let run = Run::of(name);
        assert_eq!((run.counter("started"), run.sales()), (run.signed_in + sales, sales), "{name}");
    }
}

#[test]
fn closed_executors_with_a_time_sell_for_all_of_it() {
    for (name, terminals) in [("constant-terminals", 20), ("ramping-terminals", 20)] {
        let run = Run::of(name);
        assert!(run.sales() > terminals, "{name}: each sells more than once in seconds, {} did", run.sales());
        assert_eq!(run.counter("started"), run.signed_in + run.sales(), "{name}");
    }
}

#[test]
fn cases_are_one_result_each_on_every_terminal() {
    let run = Run::of("cases");
    assert_eq!((run.counter("started"), run.counter("failed"), run.sales()), (30, 0, 20));
    let cases = &run.summary["cases"];
    assert_eq!((&cases["passed"], cases["rows"].as_array().unwrap().len()), (&json!(30), 30));
    assert_eq!(run.summary["steps"]["settlement"]["approved"], 10, "one teardown a terminal");
}

#[test]
fn a_queue_loses_nothing_and_what_waited_was_due_before() {
    let run = Run::of("saturation");
    assert_eq!((run.counter("dropped"), run.sales()), (0, 200));
    let response = run.summary["steps"]["sale"]["response_time_ms"]["p50"].as_f64().unwrap();
    let service = run.summary["steps"]["sale"]["service_time_ms"]["p50"].as_f64().unwrap();
    assert!(response > 5.0 * service, "two at a time: {response} ms of which {service} ms at the host");
    assert!(run.counter("late") > 100, "{}", run.counter("late"));
}

#[test]
fn a_mix_adds_up_and_its_choice_is_the_same_whatever_the_shards() {
    let flows = |shards: &str| Run::with("mix", &["--shards", shards]).summary["flows"].clone();
    let two = flows("2");
    let count = |flow: &str| two[flow].as_u64().unwrap();
    assert_eq!(count("sell") + count("ask") + count("greet"), 400);
    assert!((250..310).contains(&count("sell")) && (55..105).contains(&count("ask")), "{two}");
    assert_eq!(two, flows("3"));
}

#[test]
fn terminals_that_meet_sell_together_and_keep_their_pace() {
    let run = Run::of("rendezvous");
    assert_eq!((run.counter("finished"), run.sales()), (20 + 60, 60));
    assert_eq!(
        run.summary["causes"].as_object().map(|causes| causes.len()),
        Some(0),
        "nobody waited in vain"
    );
    let seconds = run.summary["duration_seconds"].as_f64().unwrap();
    assert!(seconds > 1.9, "half a second of sign-ins, three iterations of half a second each: {seconds}");
}

#[test]
fn what_is_done_while_warming_up_is_counted_and_in_no_figure() {
    let run = Run::of("warmup");
    assert_eq!((run.sales(), run.counter("started")), (200, run.signed_in + 400));
    let warmup = &run.summary["warmup"];
    assert_eq!((warmup["iterations"].as_u64(), warmup["failed"].as_u64()), (Some(200), Some(0)));
}

#[test]
fn setup_and_teardown_are_steps_and_no_iterations() {
    let run = Run::of("setup");
    assert_eq!((run.counter("started"), run.sales(), run.signed_in), (200, 200, 40));
    let approved = |step: &str| run.summary["steps"][step]["approved"].as_u64();
    assert_eq!((approved("settlement"), approved("sign-out")), (Some(40), Some(40)));
}

#[test]
fn a_setup_that_fails_ends_the_scenario_with_its_reason() {
    let folder = Folder::new("setup-fails");
    let file = folder.file("scenario.yaml", FAILING_SETUP);
    let run = Finished::of(&mut run_in(&folder, &file, &["--shards", "2"])).exits_with(107);
    let summary = run.summary();
    assert_eq!(summary["counters"]["started"], 0);
    let causes = summary["causes"].to_string();
    assert!(causes.contains("setup `open` failed"), "{causes}");
}

#[test]
fn an_iteration_that_is_cut_short_does_what_its_flow_says_then() {
    let run = Run::of("interrupt");
    assert_eq!(run.summary["steps"]["void"]["approved"].as_u64(), Some(10));
    assert_eq!((run.counter("started") - run.signed_in, run.counter("finished")), (10, run.signed_in));
}

/// How near it comes is shown in virtual time, beside the search itself; here a busy machine may only find less.
#[test]
fn a_search_does_not_find_more_than_a_capacity_that_is_known() {
    let folder = Folder::new("search");
    let run = Finished::of(&mut run_in(&folder, &shipped("executors/search.yaml"), &["--shards", "2"]));
    let knee = &run.summary()["knee"];
    let stages = knee["stages"].as_array().unwrap();
    let broken = stages.iter().filter(|stage| stage["kept"] == false);
    assert!(
        broken.clone().count() > 0 && broken.clone().all(|stage| stage["reasons"][0].is_string()),
        "{knee:#}"
    );
    let last = stages.last().unwrap();
    assert_eq!(last["purpose"], "hold", "{knee:#}");
    if knee["limit"] == "machine" && knee["rate"].is_null() {
        // A machine that is too busy to tell says so each time that it holds, and finds nothing.
        let mut held = stages.iter().filter(|stage| stage["purpose"] == "hold");
        assert!(
            held.all(|stage| stage["reasons"].to_string().contains("this machine was too busy")),
            "{knee:#}"
        );
        run.exits_with(99);
    } else {
        let rate = knee["rate"].as_f64().unwrap();
        assert!((10.0..111.0).contains(&rate), "{knee:#}");
        assert_eq!((last["kept"].as_bool(), last["rate"].as_f64()), (Some(true), Some(rate)));
        run.exits_with(0);
    }
}

#[test]
fn a_scenario_that_must_not_be_saturated_ends_the_run_with_its_own_code() {
    let folder = Folder::new("abort");
    let text = fs::read_to_string(shipped("executors/saturation.yaml")).unwrap();
    let file = folder.file("scenario.yaml", &text.replace("onSaturation: queue", "onSaturation: abort"));
    let run = Finished::of(&mut run_in(&folder, &file, &["--shards", "2"])).exits_with(108);
    let dropped = run.summary()["counters"]["dropped"].as_u64().unwrap();
    assert!((1..=4).contains(&dropped), "each shard stops soon: {dropped}");
}

/// Whoever adds an executor or a way to shape load adds its example, and a line above.
#[test]
fn every_executor_has_its_example() {
    let folder = shipped("executors");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let examples: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let expected: BTreeSet<String> = EXECUTORS.iter().chain(SHAPES).map(|name| (*name).to_owned()).collect();
    assert_eq!(examples, expected);
    let schema = serde_json::to_value(posfleet::scenario::schema()).unwrap().to_string();
    assert!(EXECUTORS.iter().all(|name| schema.contains(&format!("\"{name}\""))), "{examples:?}");
}

const EXECUTORS: &[&str] = &[
    "constant-arrival-rate",
    "ramping-arrival-rate",
    "constant-terminals",
    "ramping-terminals",
    "per-terminal-iterations",
    "shared-iterations",
    "at-once",
    "replay",
    "search",
    "cases",
];
const SHAPES: &[&str] =
    &["interrupt", "mix", "profile", "rendezvous", "replay-capture", "saturation", "setup", "warmup"];

/// The host answers no sign-in.
const FAILING_SETUP: &str = "
schema: 1
name: setup-fails
seed: 1
terminals: { shop: { count: 4, responseTimeout: 100ms } }
flows:
  sell: { steps: [ { sale: { amount: 1.00 } } ] }
  open: { steps: [ sign-in ] }
scenarios:
  day: { flow: sell, setup: open, executor: per-terminal-iterations }
host:
  rules: [ { when: { mti: '0800' }, drop: request } ]
";

struct Run {
    summary: serde_json::Value,
    signed_in: u64,
}

impl Run {
    fn of(example: &str) -> Self {
        Self::with(example, &["--shards", "2"])
    }

    fn with(example: &str, arguments: &[&str]) -> Self {
        Self::of_file(example, &format!("executors/{example}.yaml"), arguments)
    }

    fn of_file(name: &str, file: &str, arguments: &[&str]) -> Self {
        let folder = Folder::new(name);
        let summary = Finished::of(&mut run_in(&folder, &shipped(file), arguments)).exits_with(0).summary();
        let signed_in = summary["steps"]["sign-in"]["count"].as_u64().unwrap();
        Self { summary, signed_in }
    }

    fn counter(&self, name: &str) -> u64 {
        self.summary["counters"][name].as_u64().unwrap()
    }

    fn sales(&self) -> u64 {
        self.summary["steps"]["sale"]["approved"].as_u64().unwrap()
    }
}
