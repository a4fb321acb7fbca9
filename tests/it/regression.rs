//! The way of a device through its cases: told by tables, and held to its promises by random results.

use posfleet::{
    rack::FailureClass::{self, Device, Infrastructure, Scenario},
    regression::{CaseResult, Course, Line, Next, Policy, Record, Report, Skip, Trouble, Verdict},
    time::Instant,
};
use proptest::{collection::vec, prelude::*};
use std::{num::NonZero, time::Duration};

const PASS: Report = Report::Passed;

fn fails(class: FailureClass, line: Line, contact: bool) -> Report {
    let (step, reason) = ("sale".to_owned(), class.word().to_owned());
    Report::Failed(Trouble { class, step, reason, line, contact })
}

fn wrong() -> Report {
    fails(Device, Line::Sound, true)
}

fn hung_up() -> Report {
    fails(Infrastructure, Line::InDoubt, true)
}

fn policy(attempts: u32, power_cycles: bool, quarantine_after: u32) -> Policy {
    let quarantine_after = NonZero::new(quarantine_after);
    Policy { attempts: NonZero::new(attempts).unwrap(), power_cycles, quarantine_after }
}

fn course(policy: Policy, cases: usize) -> Course {
    Course::new(policy, cases, Record::default(), Instant::START)
}

/// Tells `reports` one a stage; returns the stages as letters, `0` and so on for cases.
fn walk(course: &mut Course, reports: &[Report]) -> String {
    let mut stages = String::new();
    for (number, report) in reports.iter().enumerate() {
        stages.push(letter(course.next()));
        course.tell(Instant::START + Duration::from_secs(number as u64 + 1), report.clone());
    }
    stages.push(letter(course.next()));
    stages
}

fn letter(next: Next) -> char {
    match next {
        Next::Identify => 'I',
        Next::PowerCycle => 'P',
        Next::Setup => 'S',
        Next::Case(number) => char::from(b'0' + number as u8),
        Next::Teardown => 'T',
        Next::Done => '.',
    }
}

fn words(course: &Course) -> Vec<&'static str> {
    course.results().iter().map(|result| word(result)).collect()
}

fn word(result: &CaseResult) -> &'static str {
    match &result.verdict {
        Verdict::Passed => "passed",
        Verdict::Flaky => "flaky",
        Verdict::Failed(trouble) => trouble.class.word(),
        Verdict::Skipped(skip) => skip.word(),
    }
}

/// A name, the policy, what is reported in turn, what came next in turn, and the results.
type Row<'r> = (&'r str, Policy, Vec<Report>, &'r str, &'r [&'r str]);

#[test]
fn the_ways_of_a_device() {
    let operator = || Report::Skipped(Skip::NoOperator("insert card 7".to_owned()));
    let refused = || fails(Infrastructure, Line::Refused, true);
    let once = policy(1, false, 0);
    let twice = policy(2, false, 0);
    let powered = policy(2, true, 0);
    let strict = policy(3, false, 2);
    let rows: [Row; 19] = [
        ("all pass", once, vec![PASS; 5], "IS01T.", &["passed", "passed"]),
        (
            "a failed case ends its block",
            once,
            vec![PASS, PASS, wrong(), PASS, PASS, PASS, PASS],
            "IS0TS1T.",
            &["device", "passed"],
        ),
        (
            "a second attempt has its own setup",
            twice,
            vec![PASS, PASS, wrong(), PASS, PASS, PASS, PASS, PASS],
            "IS0TS01T.",
            &["flaky", "passed"],
        ),
        (
            "attempts are bounded",
            twice,
            vec![PASS, PASS, wrong(), PASS, PASS, wrong(), PASS, PASS, PASS, PASS],
            "IS0TS0TS1T.",
            &["device", "passed"],
        ),
        (
            "after a link error the device is identified before anything else",
            twice,
            vec![PASS, PASS, hung_up(), PASS, PASS, PASS, PASS, PASS, PASS],
            "IS0ITS01T.",
            &["flaky", "passed"],
        ),
        (
            "a line that stays in doubt is looked after again",
            twice,
            vec![PASS, PASS, hung_up(), hung_up(), hung_up(), PASS, PASS, PASS, PASS, PASS],
            "IS0ITIS01T.",
            &["flaky", "passed"],
        ),
        (
            "power-cycles come before further attempts only",
            powered,
            vec![PASS, PASS, wrong(), PASS, PASS, PASS, PASS, PASS, PASS, PASS],
            "IS0TPIS01T.",
            &["flaky", "passed"],
        ),
        (
            "a plug that does not work uses up the attempt",
            powered,
            vec![PASS, PASS, wrong(), PASS, hung_up()],
            "IS0TP.",
            &["device", "setup-failed"],
        ),
        (
            "what the scenario cannot mean is not tried again",
            twice,
            vec![PASS, PASS, fails(Scenario, Line::Sound, true), PASS, PASS, PASS, PASS],
            "IS0TS1T.",
            &["scenario", "passed"],
        ),
        (
            "a setup that fails is tried again",
            twice,
            vec![PASS, wrong(), PASS, PASS, PASS, PASS, PASS],
            "ISTS01T.",
            &["flaky", "passed"],
        ),
        (
            "a setup that never passes is the end",
            twice,
            vec![PASS, wrong(), PASS, wrong(), PASS],
            "ISTST.",
            &["device", "setup-failed"],
        ),
        (
            "a device that is not there has no setup",
            twice,
            vec![fails(Infrastructure, Line::InDoubt, false), fails(Infrastructure, Line::InDoubt, false)],
            "II.",
            &["infrastructure", "setup-failed"],
        ),
        (
            "busy is no incident",
            strict,
            vec![refused(), refused(), refused()],
            "III.",
            &["infrastructure", "setup-failed"],
        ),
        (
            "without contact there is no quarantine",
            strict,
            vec![
                PASS,
                PASS,
                fails(Infrastructure, Line::Sound, false),
                PASS,
                PASS,
                fails(Infrastructure, Line::Sound, false),
                PASS,
                PASS,
                PASS,
                PASS,
                PASS,
            ],
            "IS0TS0TS01T.",
            &["flaky", "passed"],
        ),
        (
            "quarantine ends the attempts, and tears down",
            strict,
            vec![PASS, PASS, hung_up(), PASS, PASS, PASS, hung_up(), PASS, PASS],
            "IS0ITS0IT.",
            &["infrastructure", "quarantined"],
        ),
        (
            "no operator is a result of its own",
            twice,
            vec![PASS, PASS, operator(), PASS, PASS],
            "IS01T.",
            &["no-operator", "passed"],
        ),
        (
            "what failed once cannot be skipped",
            twice,
            vec![PASS, PASS, wrong(), PASS, PASS, operator(), PASS, PASS],
            "IS0TS01T.",
            &["device", "passed"],
        ),
        (
            "a device that knows no setup needs none",
            twice,
            vec![PASS, Report::Skipped(Skip::Unsupported(String::new())), PASS, PASS, PASS],
            "IS01T.",
            &["passed", "passed"],
        ),
        (
            "a skipped setup skips the cases",
            twice,
            vec![PASS, operator(), PASS],
            "IST.",
            &["no-operator", "no-operator"],
        ),
    ];
    for (name, policy, reports, stages, verdicts) in rows {
        let mut course = course(policy, 2);
        assert_eq!(walk(&mut course, &reports), stages, "{name}");
        assert_eq!(words(&course), verdicts, "{name}");
    }
}

#[test]
fn the_device_is_blamed_before_the_cable() {
    let mut course = course(policy(2, false, 0), 1);
    walk(&mut course, &[PASS, PASS, wrong(), PASS, PASS, hung_up(), PASS, PASS]);
    assert_eq!(words(&course), ["device"]);
    let attempts = &course.results()[0].attempts;
    let classes: Vec<_> = attempts.iter().flat_map(|one| &one.trouble).map(|one| one.class).collect();
    assert_eq!(classes, [Device, Infrastructure]);
    assert_eq!(attempts[1].took, Duration::from_secs(1));
}

#[test]
fn a_failed_teardown_is_told_where_nothing_else_had_failed() {
    let mut good = course(Policy::default(), 1);
    walk(&mut good, &[PASS, PASS, PASS, wrong()]);
    assert_eq!((words(&good), good.teardowns().len()), (vec!["passed"], 1));
    let mut bad = course(Policy::default(), 1);
    walk(&mut bad, &[PASS, PASS, wrong(), wrong()]);
    assert_eq!((words(&bad), bad.teardowns().len()), (vec!["device"], 0));
}

#[test]
fn quarantine_lasts_over_scenarios() {
    let strict = policy(1, false, 1);
    let mut first = course(strict, 1);
    walk(&mut first, &[PASS, PASS, hung_up(), PASS, PASS]);
    let second = Course::new(strict, 2, first.record().clone(), Instant::START);
    assert_eq!((second.next(), words(&second)), (Next::Done, vec!["quarantined", "quarantined"]));
}

#[test]
fn a_run_that_ends_leaves_no_case_without_a_result() {
    let mut stopped = course(Policy::default(), 3);
    walk(&mut stopped, &[PASS, PASS, PASS]);
    stopped.stop();
    assert_eq!(words(&stopped), ["passed", "run-ended", "run-ended"]);
    assert_eq!(walk(&mut stopped, &[PASS]), "T.");
    let mut aborted = course(Policy::default(), 1);
    walk(&mut aborted, &[PASS, PASS]);
    aborted.abort();
    assert_eq!((aborted.next(), words(&aborted)), (Next::Done, vec!["run-ended"]));
    let mut before = course(Policy::default(), 1);
    walk(&mut before, &[PASS]);
    before.stop();
    assert_eq!(before.next(), Next::Done, "a setup that was not begun owes no teardown");
}

fn report() -> impl Strategy<Value = Report> {
    let class = prop_oneof![Just(Device), Just(Infrastructure), Just(Scenario)];
    let line = prop_oneof![Just(Line::Sound), Just(Line::InDoubt), Just(Line::Refused)];
    prop_oneof![
        3 => Just(PASS),
        1 => Just(Report::Skipped(Skip::NoOperator(String::new()))),
        3 => (class, line, any::<bool>()).prop_map(|(class, line, contact)| fails(class, line, contact)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(5), ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_case_has_one_result_and_every_setup_one_teardown(
        attempts in 1_u32..4,
        power_cycles in any::<bool>(),
        limit in 0_u32..4,
        cases in 0_usize..5,
        reports in vec(report(), 1..40),
    ) {
        let policy = policy(attempts, power_cycles, limit);
        let mut course = course(policy, cases);
        let (mut setups, mut teardowns, mut tried) = (0_u32, 0_u32, vec![0_u32; cases]);
        let (mut is_in_doubt, mut told) = (true, reports.iter().cycle());
        let stages_max = 7 * attempts as usize * cases + 1;
        for _ in 0..stages_max {
            let (stage, report) = (course.next(), told.next().unwrap().clone());
            match stage {
                Next::Done => break,
                Next::Setup | Next::Case(_) => prop_assert!(!is_in_doubt, "{stage:?} on a line in doubt"),
                Next::Identify => is_in_doubt = false,
                _ => {}
            }
            setups += u32::from(stage == Next::Setup);
            teardowns += u32::from(stage == Next::Teardown);
            prop_assert!(setups - teardowns <= 1);
            if let Next::Case(number) = stage {
                prop_assert_eq!(number, course.results().len());
                tried[number] += 1;
            }
            is_in_doubt |= matches!(&report, Report::Failed(trouble) if trouble.line == Line::InDoubt);
            course.tell(Instant::START, report);
        }
        prop_assert_eq!(course.next(), Next::Done);
        prop_assert_eq!(setups, teardowns);
        prop_assert_eq!(course.results().len(), cases);
        for (result, tried) in course.results().iter().zip(tried) {
            prop_assert!(tried <= attempts && result.attempts.len() <= attempts as usize);
            let passed = result.attempts.iter().filter(|attempt| attempt.trouble.is_none()).count();
            let failed = result.attempts.len() - passed;
            let is_consistent = match result.verdict {
                Verdict::Passed => (passed, failed) == (1, 0),
                Verdict::Flaky => passed == 1 && failed > 0,
                Verdict::Failed(_) => passed == 0 && failed > 0,
                Verdict::Skipped(_) => result.attempts.is_empty(),
            };
            prop_assert!(is_consistent, "{:?}", result);
        }
    }
}
