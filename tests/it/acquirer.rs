//! Profile files of acquirers: the shipped ones, what groups make of them, and everything that can be wrong in one.

use crate::program::{Finished, posfleet};
use posfleet::{
    crypto::{MacAlgorithm, MacForm},
    iso8583::{Content, De, Length, Spec},
    operation::Kind,
    scenario::{
        Diagnostics, Overrides, Plan, SHIPPED_PROFILES, TerminalKind, abilities, load, load_profile,
        parse_profile, profile_schema, traits,
    },
    terminal::{Profile, SignInForm},
};
use std::{fs, io, time::Duration};

/// The reference of the format is at the same time the default of the program, key by key.
#[test]
fn the_spelled_out_profile_is_the_built_in_one() {
    let acquirer = load_profile("unionpay").unwrap_or_else(|errors| panic!("{errors}"));
    assert!(std::ptr::eq(acquirer.spec, Spec::unionpay()), "another dialect than the built-in one");
    assert_eq!(format!("{:?}", acquirer.profile()), format!("{:?}", Profile::default()));
    let (_, text) = SHIPPED_PROFILES.iter().find(|(name, _)| *name == "unionpay").unwrap();
    let schema = profile_schema();
    for key in schema["properties"].as_object().unwrap().keys() {
        assert!(text.lines().any(|line| line.starts_with(&format!("{key}:"))), "it says nothing of `{key}`");
    }
}

#[test]
fn shipped_profiles_are_valid_and_differ_as_they_say() {
    for (name, text) in SHIPPED_PROFILES {
        let acquirer = parse_profile(text, name).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(acquirer.name, name);
        assert!(!acquirer.description.is_empty());
    }
    let overseas = load_profile("overseas").unwrap();
    assert_eq!(overseas.spec.element(De::PRIVATE_60).unwrap().content, Content::Text);
    assert_eq!(overseas.profile().processing_requests[1], Some(Kind::SignIn));
    assert_eq!(overseas.profile().processing_requests[2], Some(Kind::CapkDownload));
    for name in ["iso87-ascii", "iso87-binary"] {
        assert!(
            *load_profile(name).unwrap().spec.element(De::PAN).unwrap()
                == *Spec::by_name(name).unwrap().element(De::PAN).unwrap()
        );
    }
    let x919 = load_profile("x919-raw-mac").unwrap().profile();
    assert_eq!((x919.mac, x919.mac_form, x919.reversal.resend), (MacAlgorithm::X919, MacForm::Raw8, 2));
}

#[test]
fn the_same_dialect_is_kept_once() {
    let (one, two) = (load_profile("overseas").unwrap(), load_profile("overseas").unwrap());
    assert!(std::ptr::eq(one.spec, two.spec));
}

#[test]
fn every_key_of_a_profile_reaches_codec_and_terminals() {
    let acquirer = parse_profile(ALL, "all.yaml").unwrap_or_else(|errors| panic!("{errors}"));
    let spec = acquirer.spec;
    assert!(spec.framing.tpdu && !spec.framing.header && spec.framing.length.unwrap().counts_itself);
    assert_eq!(spec.element(De::PRIVATE_48).unwrap().content, Content::Text);
    let Length::Prefixed(prefix) = spec.element(De::PRIVATE_48).unwrap().length else {
        panic!("not prefixed")
    };
    assert_eq!((prefix.digits, prefix.max), (3, 512));
    assert!(
        spec.element(De::new(57).unwrap()).is_none()
            && spec.element(De::ENTRY_MODE).unwrap().pad_nibble == 0xF
    );
    assert_eq!(spec.mac_element(false), Some(De::MAC_128));
    let profile = acquirer.profile();
    assert_eq!(profile.sign_in, SignInForm::DoubleDesWithTrackKey);
    assert_eq!(profile.response_timeout, Duration::from_secs(60));
    assert_eq!(profile.customs.network_management(Kind::SignIn, 3), 7);
    assert_eq!(profile.customs.network_management(Kind::Echo, 301), 301);
    assert_eq!(profile.customs.reasons.no_answer.as_str(), "06");
    assert_eq!((profile.customs.financial_60, profile.log_capacity), (14, 500));
    assert!(profile.settlement.sign_out && !profile.settlement.always_end);
    assert!(!profile.reversal.keep && profile.reversal.resend == 3);
}

#[test]
fn a_group_takes_a_profile_and_its_own_words_win() {
    let plan = scenario("profile: bank.yaml, responseTimeout: 7s, mac: x99")
        .unwrap_or_else(|errors| panic!("{errors}"));
    let profile = &plan.groups[0].profile;
    assert_eq!(profile.response_timeout, Duration::from_secs(7));
    assert_eq!((profile.mac, profile.mac_form), (MacAlgorithm::X99, MacForm::Raw8));
    assert_eq!(&profile.currency, b"978");
    assert_eq!(profile.spec.name, "all");
    assert!(std::ptr::eq(plan.host.spec, profile.spec), "the host inside speaks the group's dialect");
    assert!(
        plan.effective.contains("profile: bank.yaml") && plan.effective.contains("978"),
        "{}",
        plan.effective
    );
    let own = scenario("profile: bank.yaml, spec: unionpay").unwrap();
    assert!(std::ptr::eq(own.groups[0].profile.spec, Spec::unionpay()));
}

#[test]
fn what_is_wrong_with_a_groups_profile_is_shown_where_it_is() {
    let rendered = scenario("profile: broken.yaml").unwrap_err().render(false);
    assert!(
        rendered.contains("broken.yaml:4:1") && rendered.contains("did you mean `responseTimeout`?"),
        "{rendered}"
    );
    let rendered = scenario("profile: gone.yaml").unwrap_err().render(false);
    assert!(rendered.contains("cannot read `gone.yaml`") && rendered.contains("test.yaml:4:"), "{rendered}");
    let rendered = scenario("profile: overseas2").unwrap_err().render(false);
    assert!(rendered.contains("did you mean `overseas`?"), "{rendered}");
}

#[test]
fn everything_wrong_with_a_profile_is_said_at_once() {
    let diagnostics = parse_profile(BROKEN, "broken.yaml").unwrap_err();
    let lines: Vec<usize> = diagnostics.reports().iter().map(|report| report.line).collect();
    let rendered = diagnostics.render(false);
    for (number, line) in BROKEN.lines().enumerate().filter(|(_, line)| line.contains("# !")) {
        assert!(lines.contains(&(number + 1)), "nobody complains about {line}\n{rendered}");
    }
    insta::assert_snapshot!(rendered);
}

#[test]
fn the_schema_of_profiles_is_printed() {
    let printed = Finished::of(&mut posfleet(["schema", "profile"])).exits_with(0).stdout;
    let schema: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert!(
        schema["properties"]["elements"].is_object() && schema["properties"]["responseTimeout"].is_object()
    );
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn kinds_of_terminals_can_do_what_they_should() {
    let has = |kind, operation| abilities(kind).has(operation);
    for (kind, by_code, signs, contactless, prints) in [
        (TerminalKind::Traditional, false, false, false, true),
        (TerminalKind::ESign, false, true, false, false),
        (TerminalKind::Smart, true, true, true, true),
    ] {
        assert_eq!((has(kind, Kind::QrSale), has(kind, Kind::QrOrder)), (by_code, by_code), "{kind:?}");
        assert_eq!(has(kind, Kind::ESignature), signs, "{kind:?}");
        assert_eq!((traits(kind).contactless, traits(kind).prints), (contactless, prints), "{kind:?}");
        assert!(has(kind, Kind::Sale) && has(kind, Kind::Settlement) && has(kind, Kind::Balance));
    }
    let profile = &scenario("kind: traditional").unwrap().groups[0].profile;
    assert!(!profile.abilities.has(Kind::QrSale) && !profile.prints, "nobody has asked for receipts");
    assert!(scenario("kind: traditional, receipts: true").unwrap().groups[0].profile.prints);
    let error = scenario("kind: e-sign, receipts: true").unwrap_err();
    assert!(error.to_string().contains("prints nothing"), "{error}");
}

#[test]
fn a_flow_asks_of_terminals_only_what_their_kind_can_do() {
    let text = |kind: &str| {
        format!(
            "schema: 1\nname: test\nterminals:\n  shop: {{ count: 2, kind: {kind} }}\nflows:\n  \
             tap: {{ steps: [ {{ sale: {{ amount: 1.00, entry: contactless }} }} ] }}\nscenarios:\n  \
             open: {{ flow: tap, executor: per-terminal-iterations }}\n"
        )
    };
    let loaded = |kind: &str| {
        load(&text(kind), "test.yaml", &Overrides::default(), 1, &|_| Err(io::ErrorKind::NotFound.into()))
    };
    assert!(loaded("smart").is_ok());
    let rendered = loaded("traditional").map(|_| ()).unwrap_err().render(false);
    let expected = "the terminals of `shop` are traditional, which read no contactless cards";
    assert!(rendered.contains(expected) && rendered.contains("test.yaml:8:17"), "{rendered}");
}

fn scenario(group: &str) -> Result<Plan, Diagnostics> {
    let text = format!(
        "schema: 1\nname: test\nterminals:\n  shop: {{ count: 2, {group} }}\nscenarios:\n  \
         open: {{ flow: sign-in, executor: per-terminal-iterations }}\n"
    );
    load(&text, "test.yaml", &Overrides::default(), 1, &|name| match name {
        "bank.yaml" => Ok(ALL.into()),
        "broken.yaml" => Ok("schema: 1\nname: broken\nextends: unionpay\nresponseTimout: 3s\n".into()),
        _ => Err(io::ErrorKind::NotFound.into()),
    })
}

/// Profile files of the cookbook are valid.
#[test]
fn profiles_in_documents_are_valid() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cookbook.md")).unwrap();
    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let profiles: Vec<&str> = blocks.filter(|block| block.contains("\nextends:")).collect();
    assert!(!profiles.is_empty());
    for profile in profiles {
        parse_profile(profile, "cookbook").unwrap_or_else(|errors| panic!("{errors}\n{profile}"));
    }
}

const ALL: &str = r#"schema: 1
name: all
extends: unionpay
secondBitmap: true
framing: { lengthCountsItself: true, header: false }
elements:
  22: { padNibble: F }
  48: { content: text, max: 512 }
  57: none
  128: { content: binary, length: 8 }
macElement: 128
keys: double-des-track
currency: "978"
responseTimeout: 60s
reversal: { keep: false }
reversalReasons: { noAnswer: "06" }
codes: { sign-in: 7 }
financial60: 14
logCapacity: 500
settlement: { signOut: true }
"#;

const BROKEN: &str = r#"schema: 1
name: broken
extends: unionpay
mit: bcd                                      # !
bitmap: octal                                 # !
framing: { length: binary3, tpdu: maybe }     # !
elements:
  1: { content: digits, length: 2 }           # !
  7: { length: 10 }                           # !
  9: { content: digits }                      # !
  11: { length: 6, prefix: ll }               # !
  12: { max: 3 }                              # !
  48: { max: 1000 }                           # !
  60: { contents: text }                      # !
  63: { align: right }                        # !
  22: { padNibble: "10" }                     # !
  41: { padChar: "ab" }                       # !
  90: { content: digits, length: 42 }         # !
currency: CNY                                 # !
responseTimeout: 0s                           # !
reversalReasons: { noAnswer: "980" }          # !
processingRequests: { 12: sign-in }           # !
codes: { sing-in: 3 }                         # !
macMessages: [ 0200, sael, 0800, 0999 ]       # !
financial60: 12                               # !
logCapacity: 0                                # !
"#;
