//! Every shipped example of an executor starts exactly what its plan says, and the answers are all accounted for.

use crate::program::{Finished, Folder, run_in, shipped};
use serde_json::json;
use std::{collections::BTreeSet, fs};

#[test]
fn open_executors_start_what_their_plan_says() {
    for (name, sales) in
        [("constant-arrival-rate", 400), ("ramping-arrival-rate", 400), ("at-once", 100), ("replay", 10)]
    {
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

/// Whoever adds an executor adds its example, and a line above.
#[test]
fn every_executor_has_its_example() {
    let folder = shipped("executors");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let examples: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let schema = posfleet::scenario::schema();
    let schema = serde_json::to_value(schema).unwrap().to_string();
    assert_eq!(examples.len(), 9);
    assert!(examples.iter().all(|name| schema.contains(&format!("\"{name}\""))), "{examples:?}");
}

struct Run {
    summary: serde_json::Value,
    signed_in: u64,
}

impl Run {
    fn of(executor: &str) -> Self {
        let folder = Folder::new(executor);
        let file = shipped(&format!("executors/{executor}.yaml"));
        let summary = Finished::of(&mut run_in(&folder, &file, &["--shards", "2"])).exits_with(0).summary();
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
