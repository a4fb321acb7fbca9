//! Operations of steps: texts become expressions, words become cards, variants and originals.

use super::{Compiler, flows::Names};
use crate::{
    expr::{self, Expr, ValueKind, parse_template},
    flow::{CardTemplate, Draw, OriginalTemplate, ReceiptTemplate, Rest, Template},
    money::Amount,
    operation::{Entry, Kind, Variant},
    scenario::{
        node::{Node, Span},
        operation_keys::{self as keys, OperationKeys, Original, Receipt},
        words,
    },
};

impl Compiler<'_> {
    /// The template of the operation that is written at `node`.
    pub(super) fn template(
        &mut self,
        node: &Node,
        kind: Kind,
        keys: &OperationKeys,
        names: &Names,
    ) -> Option<Template> {
        let card = match &keys.card {
            Some(text) => Some(self.card(node, text, keys)?),
            None => self.no_card(node),
        };
        let amount = match &keys.amount {
            Some(text) => Some(self.amount(&node.at("amount"), text, names)?),
            None => None,
        };
        let variant = self.variant(node, kind, keys.variant);
        let rest = Rest {
            tip: match &keys.tip {
                Some(text) => Some(self.amount(&node.at("tip"), text, names)?),
                None => None,
            },
            original: match &keys.of {
                Some(original) => Some(self.original(node, original, names)?),
                None => None,
            },
            code: match &keys.code {
                Some(text) => Some(self.payment_code(&node.at("code"), text, names)?),
                None => None,
            },
        };
        let says_more = rest.tip.is_some() || rest.original.is_some() || rest.code.is_some();
        Some(Template { kind, variant, amount, card, rest: says_more.then(|| Box::new(rest)) })
    }

    /// Without a card there is nothing to read and nobody to enter a PIN.
    fn no_card(&mut self, node: &Node) -> Option<CardTemplate> {
        for key in ["entry", "pin"].into_iter().filter(|key| node.has(key)) {
            let message = format!("`{key}` needs a `card`: without one the original's is taken");
            self.complain_with_help(&node.at_key(key), message, "write `card: \"${ cards.current }\"`");
        }
        None
    }

    fn amount(&mut self, span: &Span, text: &str, names: &Names) -> Option<Expr> {
        let parsed = parse_template(text, &|name| names.resolve(name));
        let expression = self.parsed(span, text, parsed)?;
        let amount = match expression.as_constant() {
            None => {
                return self.of_kind(span, expression, &[ValueKind::Amount, ValueKind::Number], "an amount");
            }
            Some(expr::Value::Text(text)) => text.trim().parse::<Amount>().map_err(|error| error.to_string()),
            Some(value) => value.amount().map_err(|error| error.to_string()),
        };
        let amount = self.or_complain(span, amount)?;
        if amount == Amount::ZERO {
            self.complain(span, "an amount of 0 moves no money");
        }
        Some(Expr::constant(expr::Value::Amount(amount)))
    }

    fn card(&mut self, node: &Node, text: &str, keys: &OperationKeys) -> Option<CardTemplate> {
        let file = self.file;
        let at = node.at("card");
        let inside = text.trim().strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let drawn = inside.and_then(|inside| inside.trim().rsplit_once('.'));
        let (feeder, draw) = match drawn {
            Some((feeder, "next")) => (feeder, Draw::Next),
            Some((feeder, "current")) => (feeder, Draw::Current),
            _ => {
                self.complain(&at, "expected `${ FEEDER.next }` or `${ FEEDER.current }`");
                return None;
            }
        };
        let Some(number) = file.feeders.position(feeder) else {
            if !self.root.child("feeders").is_tainted() {
                self.unknown(&at, "feeder", feeder, file.feeders.names());
            }
            return None;
        };
        let entry = entry(keys.entry.unwrap_or_default());
        Some(CardTemplate { feeder: number, draw, entry, pin: keys.pin.unwrap_or_default() })
    }

    fn variant(&mut self, node: &Node, kind: Kind, written: Option<keys::Variant>) -> Variant {
        let Some(variant) = written else { return Variant::Plain };
        if !variant.0.applies_to(kind) {
            let all = Kind::ALL.into_iter().filter(|(kind, _)| variant.0.applies_to(*kind));
            let names: Vec<&str> = all.map(|(_, name)| name).collect();
            self.complain_with_help(
                &node.at("variant"),
                format!("there is no `{}` of `{}`", variant.word(), kind.name()),
                format!("this variant goes with {}", names.join(", ")),
            );
        }
        variant.0
    }

    fn original(&mut self, node: &Node, original: &Original, names: &Names) -> Option<OriginalTemplate> {
        match original {
            Original::Stan(text) => self.word(&node.at("of"), text, names).map(OriginalTemplate::Stan),
            Original::Receipt(receipt) => self.receipt(node.child("of"), receipt, names),
        }
    }

    fn receipt(&mut self, node: &Node, receipt: &Receipt, names: &Names) -> Option<OriginalTemplate> {
        if receipt.rrn.is_none() && receipt.stan.is_none() && !node.is_tainted() {
            let message = "a receipt names its transaction by `rrn` or `stan`";
            self.complain_with_help(&node.span, message, "capture `rrn` in the step of the original");
        }
        let mut word = |key: &str, text: &Option<String>| match text {
            Some(text) => self.word(&node.at(key), text, names).map(Some),
            None => Some(None),
        };
        Some(OriginalTemplate::Receipt(ReceiptTemplate {
            batch: word("batch", &receipt.batch)?,
            stan: word("stan", &receipt.stan)?,
            rrn: word("rrn", &receipt.rrn)?,
            approval_code: word("approvalCode", &receipt.approval_code)?,
            date: word("date", &receipt.date)?,
        }))
    }

    fn payment_code(&mut self, span: &Span, text: &str, names: &Names) -> Option<Expr> {
        let code = self.word(span, text, names)?;
        let digits = code.as_constant().map(ToString::to_string);
        let fits =
            |text: &String| (16..=24).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_some_and(|digits| !fits(&digits)) {
            self.complain(span, "the code of a payer has 16 to 24 digits, or is `${ paymentCode() }`");
        }
        Some(code)
    }
}

fn entry(word: words::Entry) -> Entry {
    match word {
        words::Entry::Chip => Entry::Chip,
        words::Entry::Contactless => Entry::Contactless,
        words::Entry::Stripe => Entry::Stripe,
        words::Entry::Keyed => Entry::Keyed,
    }
}
