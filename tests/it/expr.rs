//! The expression language: values, errors with their places, and that no text can break it.

use posfleet::{
    expr::{
        Binding, Expr, ParseError, Scope, Unknown, Value, VariableId, nearest, parse_expression,
        parse_template,
    },
    money::Amount,
    rng::{Domain, Rng, Seed},
};
use proptest::prelude::*;

const NAMES: [&str; 6] = ["code", "amount", "request.amount", "approvalCode", "iteration", "approved"];

/// An approved sale of 12.50 that got no approval code.
struct Answer;

impl Scope for Answer {
    fn variable(&self, id: VariableId) -> Value<'_> {
        match id.0 {
            0 => Value::text("00"),
            1 | 2 => Value::Amount(Amount::from_minor(1250)),
            4 => Value::Number(7.0),
            5 => Value::Bool(true),
            _ => Value::Nothing,
        }
    }
}

fn resolve(name: &str) -> Result<Binding, Unknown> {
    let found = NAMES.iter().position(|known| *known == name);
    found
        .map(|index| Binding::Variable(VariableId(index as u16)))
        .ok_or_else(|| Unknown { suggestions: nearest(name, NAMES) })
}

fn rng() -> Rng {
    Seed(1).stream(Domain::Iteration, 0, 0)
}

fn condition(text: &str) -> Expr {
    parse_expression(text, &resolve).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn value(text: &str) -> String {
    condition(text)
        .eval(&Answer, &mut rng())
        .map_or_else(|error| format!("error: {error}"), |v| v.to_string())
}

fn refused(text: &str) -> (String, String) {
    let error = parse_expression(text, &resolve).expect_err(text);
    (error.to_string(), text[error.range].to_owned())
}

#[test]
fn values() {
    let cases = [
        ("1 + 2 * 3 - 4 / 2", "5"),
        ("(1 + 2) * 3 % 4", "1"),
        ("-iteration + 10", "3"),
        ("code == '00' && amount == request.amount", "true"),
        ("code == \"51\" || !approved", "false"),
        ("amount > 12.49 && amount >= 12.50 && amount <= 12.5 && !(amount < 12.50)", "true"),
        ("amount == 12.50", "true"),
        ("0.29 == amount(0.29)", "true"),
        ("approvalCode == nothing && approvalCode != '123456'", "true"),
        ("approvalCode < 'x' || approvalCode >= 'x'", "false"),
        ("amount + amount", "25.00"),
        ("amount * 3 - 0.05", "37.45"),
        ("amount / 3", "4.17"),
        ("amount / request.amount", "1"),
        ("min(3, 1, 2) + max(amount, 20) + round(2.5)", "24"),
        ("length(code) + length('签到')", "4"),
        ("upper('ab')", "AB"),
        ("lower('AB')", "ab"),
        ("contains('123456', '34') && startsWith(code, '0')", "true"),
        ("if(approved, 'yes', 1 / (iteration - 7))", "yes"),
        ("if(iteration > 6, code, amount)", "00"),
        ("json('$.a') == nothing && jsonCount('$..a') == 0 && header('Location') == nothing", "true"),
        ("urlEncode('a b/?') == 'a%20b%2F%3F'", "true"),
        ("length(uuid())", "36"),
        ("true || code", "true"),
        ("amount - 20", "error: an amount is between 0 and 9999999999.99"),
        ("iteration / (iteration - 7)", "error: division by zero"),
        ("code == iteration", "error: a text cannot be compared with a number"),
        ("code + code", "error: `+` is not defined for a text and a text"),
        ("!code", "error: expected true or false, found a text"),
        ("digits(iteration / 2)", "error: expected a whole number from 1 to 64"),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn refusals_name_the_place() {
    let cases = [
        ("code === '00'", "unexpected character `=`", "="),
        ("code = '00'", "unexpected character `=`", "="),
        ("code == '00", "this text has no closing quote", "'00"),
        ("'00' == 0", "a text cannot be compared with a number", "'00' == 0"),
        ("length(code) == '2'", "a number cannot be compared with a text", "length(code) == '2'"),
        ("amount(5, 1)", "the lower bound is above the upper one", "amount(5, 1)"),
        ("code == '00' && 1 / 0 > 1", "division by zero", "1 / 0"),
        ("pick()", "`pick(a, b, …)` does not take 0 arguments", "pick()"),
        ("length(code, code)", "does not take 2 arguments", ""),
        ("upper(5)", "expected a text, found a number", "5"),
        ("!'x'", "expected true or false, found a text", "'x'"),
        ("1 < iteration < 3", "comparisons do not chain", "<"),
        ("approved and true", "expected an operator or the end, found `and`", "and"),
        ("(1 + 2", "expected `)`, found the end", ""),
        ("1.2.3", "expected a number, found `1.2.3`", "1.2.3"),
        ("if(1, 2, 3)", "expected true or false, found a number", "1"),
        ("", "expected a value, found the end", ""),
        ("amuont(1, 2)", "unknown function `amuont`", "amuont"),
    ];
    for (text, message, place) in cases {
        let (found, at) = refused(text);
        assert!(found.contains(message), "{text}: {found}");
        assert!(place.is_empty() || at == place, "{text}: {at}");
    }
}

#[test]
fn misspelt_names_get_suggestions() {
    let suggestions = |text: &str| parse_expression(text, &resolve).expect_err(text).suggestions;
    assert_eq!(suggestions("aprovalCode == 'x'"), ["approvalCode"]);
    assert_eq!(suggestions("request.amuont > 1"), ["request.amount"]);
    assert_eq!(suggestions("amuont(1, 2)"), ["amount"]);
    assert_eq!(suggestions("approved and true"), ["&&"]);
    assert_eq!(suggestions("code = '00'"), ["=="]);
}

#[test]
fn random_functions_keep_their_bounds() {
    let mut rng = rng();
    let amount = condition("amount(0.01, 0.03)");
    let integer = condition("integer(-1, 1)");
    let digits = condition("digits(6)");
    let pick = condition("pick('a', 'b')");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..500 {
        for expr in [&amount, &integer, &pick] {
            seen.insert(expr.eval(&Answer, &mut rng).expect("draws").to_string());
        }
        let text = digits.eval(&Answer, &mut rng).expect("draws").to_string();
        assert!(text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
    }
    assert_eq!(Vec::from_iter(seen), ["-1", "0", "0.01", "0.02", "0.03", "1", "a", "b"]);
}

#[test]
fn templates_keep_the_type_of_a_lone_hole() {
    let evaluate = |text: &str| {
        let template = parse_template(text, &resolve).expect(text);
        template.eval(&Answer, &mut rng()).expect(text).into_owned()
    };
    assert_eq!(evaluate("${ request.amount }"), Value::Amount(Amount::from_minor(1250)));
    assert_eq!(evaluate("order-${iteration}/${ '}' }${approvalCode}"), Value::text("order-7/}"));
    assert_eq!(evaluate("plain $ {text}"), Value::text("plain $ {text}"));
    assert_eq!(evaluate("$${ iteration } costs $1"), Value::text("${ iteration } costs $1"));
    assert_eq!(evaluate(""), Value::text(""));
    let is_constant = |text| parse_template(text, &resolve).expect("valid").is_constant();
    assert!(is_constant("plain") && is_constant("${ 1 + 1 }") && is_constant("a${ 'b' }"));
    assert!(!is_constant("${ amount(1, 2) }") && !is_constant("${ code }"));
}

#[test]
fn template_errors_point_into_the_whole_text() {
    let refused = |text: &str| parse_template(text, &resolve).expect_err(text);
    let ParseError { range, problem, .. } = refused("order-${ iteratoin }-${");
    assert_eq!((range, problem.to_string()), (9..18, "unknown variable `iteratoin`".to_owned()));
    assert_eq!(refused("a ${ code").range, 2..4);
    assert!(refused("a ${ code + }").to_string().contains("found `}`"));
}

#[test]
fn nesting_and_length_are_bounded() {
    for open in ["(", "!", "-", "length(", "if("] {
        let error = parse_expression(&open.repeat(1000), &resolve).expect_err(open);
        assert!(error.to_string().contains("too deeply"), "{open}: {error}");
    }
    let nested = |depth| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse_expression(&nested(40), &resolve).is_ok());
    let chain = format!("iteration{}", " + iteration".repeat(1000));
    assert!(parse_expression(&chain, &resolve).expect_err("long").to_string().contains("too long"));
    assert!(parse_template(&"${ code }".repeat(2000), &resolve).is_err());
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in ".{0,80}") {
        survives(&text);
    }

    #[test]
    fn no_arrangement_of_tokens_breaks_it(tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..24)) {
        survives(&tokens.join(" "));
        survives(&tokens.concat());
    }
}

/// Errors point inside the text; what parses can be evaluated, if only to an error.
fn survives(text: &str) {
    for parsed in [parse_expression(text, &resolve), parse_template(text, &resolve)] {
        match parsed {
            Ok(expr) => drop(expr.eval(&Answer, &mut rng()).map(Value::into_owned)),
            Err(error) => assert!(text.get(error.range.clone()).is_some(), "{text:?}: {error:?}"),
        }
    }
}

const TOKENS: &[&str] = &[
    "(",
    ")",
    ",",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    "<=",
    "&&",
    "||",
    "1",
    "0",
    "0.5",
    "'a'",
    "\"b\"",
    "code",
    "amount",
    "iteration",
    "approvalCode",
    "true",
    "nothing",
    "if(",
    "amount(",
    "pick(",
    "digits(",
    "min(",
    "contains(",
    "integer(",
    "${",
    "}",
    "$${",
    ".",
    "=",
    "签",
];
