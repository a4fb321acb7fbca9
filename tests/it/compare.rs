//! Runs held against each other: what differs, what chance explains, and what a CI job hears of it.

use crate::{
    program::{Finished, posfleet},
    recorded::{Recorded, Scratch},
};
use posfleet::report::{Archive, Comparison, Judgement, compare};
use std::path::Path;

#[test]
fn a_run_held_against_itself_does_not_differ() {
    let scratch = Scratch::new("compare-same");
    let folder = Recorded::default().write(&scratch.0);
    let found = compared(&folder, &folder);
    assert_eq!(found.plan_differences, [""; 0]);
    assert_eq!(found.steps.len(), 2);
    for step in &found.steps {
        assert_eq!(step.count, [1_005, 1_005]);
        assert_eq!((step.failed.base, step.failed.difference), (5.0 / 1_005.0, 0.0));
        for one in &step.response_time_ms {
            assert_eq!(one.difference.difference, 0.0);
            // A thousand samples have one above p99.9: nothing can be said of it.
            let expected = if one.percentile > 99.0 { Judgement::TooFew } else { Judgement::Same };
            assert_eq!(one.difference.judgement, expected, "p{}", one.percentile);
        }
    }
    assert_eq!(found.regressions(0.0), [""; 0]);
}

#[test]
fn a_slower_run_is_told_by_how_much() {
    let scratch = Scratch::new("compare-slower");
    let base = Recorded::default();
    let slower = Recorded { slower: 20, ..base.clone() };
    let found = compared(&base.write(&scratch.0), &slower.write(&scratch.0));
    let sale = &found.steps[0];
    let median = &sale.response_time_ms[0];
    assert_eq!((sale.step.as_str(), median.percentile), ("sale", 50.0));
    let (expected_base, expected_run) = (
        base.summary().steps["sale"].response_time_ms.p50,
        slower.summary().steps["sale"].response_time_ms.p50,
    );
    assert_eq!((median.difference.base, median.difference.run), (expected_base, expected_run));
    assert!((median.difference.percent().unwrap() - 20.0).abs() < 0.2);
    assert_eq!(median.difference.judgement, Judgement::Worse);
    let [low, high] = median.difference.interval.unwrap();
    assert!(low > 0.0 && low < median.difference.difference && median.difference.difference < high);
    assert_eq!(
        found.regressions(0.05),
        [
            "sale: response time p50",
            "sale: response time p90",
            "sign in: response time p50",
            "sign in: response time p90",
        ]
        .map(String::from),
        "p99 lies among the time-outs of both or is not certain"
    );
    assert_eq!(found.regressions(0.25), [""; 0], "20 % is within a tolerance of 25 %");
    let back = compared(&slower.write(&scratch.0), &base.write(&scratch.0));
    assert_eq!(back.steps[0].response_time_ms[0].difference.judgement, Judgement::Better);
}

#[test]
fn several_runs_of_a_side_are_one_and_as_unsure_as_they_differ() {
    let scratch = Scratch::new("compare-pooled");
    let run = |slower| {
        let run = Recorded { slower, ..Recorded::default() };
        Archive::open(&run.write(&scratch.0)).unwrap()
    };
    let (even, slow) = (run(0), run(20));
    let median = |found: &Comparison| found.steps[0].response_time_ms[0].difference;
    let pooled = compare(&[&even, &even], &[&slow, &slow]).unwrap();
    assert_eq!((pooled.base.len(), pooled.run.len(), pooled.steps[0].count), (2, 2, [2_010, 2_010]));
    let width = |found: &Comparison| median(found).interval.map(|[low, high]| high - low).unwrap();
    let single = compare(&[&even], &[&slow]).unwrap();
    assert!(width(&pooled) < width(&single) * 0.8, "twice as many samples say more");
    assert_eq!(median(&pooled).judgement, Judgement::Worse);
    // One of the new runs was as quick as the old ones: nobody can say that the program became slower.
    let unsure = compare(&[&even, &even], &[&even, &slow]).unwrap();
    assert_eq!(median(&unsure).judgement, Judgement::Same);
    assert!(width(&unsure) > width(&pooled));
}

#[test]
fn a_regression_is_one_at_the_near_end_of_its_interval() {
    let scratch = Scratch::new("compare-bound");
    let base = Recorded::default();
    let slower = Recorded { slower: 20, ..base.clone() };
    let found = compared(&base.write(&scratch.0), &slower.write(&scratch.0));
    let median = found.steps[0].response_time_ms[0].difference;
    let near = median.interval.unwrap()[0] / median.base;
    assert!(near > 0.05 && near < 0.19, "{near}");
    assert!(median.is_regression(near - 0.001) && !median.is_regression(near + 0.001));
}

#[test]
fn sides_of_several_runs_are_named_on_the_command_line() {
    let scratch = Scratch::new("compare-against");
    let base = Recorded::default();
    let slower = Recorded { slower: 20, ..base.clone() };
    let [one, other] = [(); 2].map(|()| base.write(&scratch.0));
    let [new, newer] = [(); 2].map(|()| slower.write(&scratch.0));
    let run = |arguments: &[&str], folders: &[&Path], against: &[&Path], code| {
        let mut command = posfleet(["compare"]);
        command.args(arguments).args(folders).arg("--against").args(against);
        Finished::of(&mut command).exits_with(code)
    };
    let json = run(&["--format", "json"], &[&one, &other], &[&new, &newer], 0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json.as_array().unwrap().len(), json[0]["run"].as_array().unwrap().len()), (1, 2));
    assert_eq!(json[0]["steps"][0]["count"], serde_json::json!([2_010, 2_010]));
    let gate = ["--format", "markdown", "--fail-on-regression", "5%"];
    let page = run(&gate, &[&one, &other], &[&new, &newer], 98).stdout;
    for words in
        ["## ❌ worse by more than 5 %", "- sale: response time p50", "| sale p50 | ", "| ▲ slower |"]
    {
        assert!(page.contains(words), "{words}\n{page}");
    }
    let page = run(&gate, &[&one], &[&other], 0).stdout;
    assert!(page.starts_with("## ✅ nothing is surely worse by more than 5 %"), "{page}");
    let alone = run(&[], &[], &[&new], 2).stderr;
    assert!(alone.contains("nothing to compare with"), "{alone}");
}

#[test]
fn a_step_that_is_gone_is_a_regression() {
    let scratch = Scratch::new("compare-gone");
    let base = Recorded::default();
    let run = Recorded { steps: vec!["sale"], ..base.clone() };
    let found = compared(&base.write(&scratch.0), &run.write(&scratch.0));
    assert_eq!(found.steps[1].response_time_ms[0].difference.judgement, Judgement::Missing);
    assert_eq!(found.regressions(0.05), ["sign in: it did not occur"]);
}

#[test]
fn a_ci_job_hears_of_regressions_by_the_exit_code() {
    let scratch = Scratch::new("compare-cli");
    let base = Recorded::default();
    let (base, slower) = (base.write(&scratch.0), Recorded { slower: 20, ..base.clone() }.write(&scratch.0));
    let finished = Finished::of(posfleet(["compare"]).args([&base, &slower])).exits_with(0);
    assert!(
        finished.stdout.contains("sale p50") && finished.stdout.contains("▲ slower"),
        "{}",
        finished.stdout
    );
    let gate = |tolerance: &str, code| {
        let arguments = ["compare", "--format", "json", "--fail-on-regression", tolerance];
        Finished::of(posfleet(arguments).args([&base, &slower])).exits_with(code)
    };
    assert!(gate("5%", 98).stderr.contains("is worse than"));
    let json: serde_json::Value = serde_json::from_str(&gate("25%", 0).stdout).unwrap();
    assert_eq!(json[0]["steps"][0]["response_time_ms"][0]["judgement"], "worse");
    let finished = Finished::of(posfleet(["compare"]).arg(&base)).exits_with(2);
    assert!(finished.stderr.contains("nothing to compare with"), "{}", finished.stderr);
}

#[test]
fn other_plans_are_refused_unless_one_insists() {
    let scratch = Scratch::new("compare-plan");
    let base = Recorded::default();
    let other = Recorded { scenario: base.scenario.replace("rate: 200", "rate: 400"), ..base.clone() };
    let seeded = Recorded { scenario: base.scenario.replace("seed: 7", "seed: 8"), ..base.clone() };
    let (base, other, seeded) = (base.write(&scratch.0), other.write(&scratch.0), seeded.write(&scratch.0));
    let refused = Finished::of(posfleet(["compare"]).args([&base, &other])).exits_with(104);
    assert!(refused.stderr.contains("scenarios: `rate: 200` / `rate: 400`"), "{}", refused.stderr);
    let forced = Finished::of(posfleet(["compare", "--force"]).args([&base, &other])).exits_with(0);
    assert!(forced.stdout.contains("▲ plan differs: scenarios"), "{}", forced.stdout);
    Finished::of(posfleet(["compare"]).args([&base, &seeded])).exits_with(0);
}

#[test]
fn a_baseline_says_what_its_run_said() {
    let scratch = Scratch::new("compare-baseline");
    let base = Recorded::default();
    let (folder, slower) = (base.write(&scratch.0), Recorded { slower: 20, ..base }.write(&scratch.0));
    let baselines = scratch.0.join("kept");
    let run = |arguments: &[&str], folder: &Path, code| {
        let mut command = posfleet(["compare", "--format", "json", "--baselines"]);
        Finished::of(command.arg(&baselines).args(arguments).arg(folder)).exits_with(code)
    };
    run(&["--save-baseline", "main"], &slower, 0);
    run(&["--save-baseline", "main"], &folder, 0);
    let kept = baselines.join("main");
    let of_run = serde_json::to_value(&compared(&folder, &slower).steps).unwrap();
    let of_baseline = serde_json::to_value(&compared(&kept, &slower).steps).unwrap();
    assert_eq!(of_run, of_baseline, "the later one has replaced the first");
    let told = run(&["--baseline", "main", "--fail-on-regression", "5"], &slower, 98);
    assert!(told.stderr.contains("sale: response time p50"), "{}", told.stderr);
    run(&["--baseline", "other"], &slower, 104);
    run(&["--baseline", "../main"], &slower, 2);
}

fn compared(base: &Path, run: &Path) -> Comparison {
    compare(&[&Archive::open(base).unwrap()], &[&Archive::open(run).unwrap()]).unwrap()
}
