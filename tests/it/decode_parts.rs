//! What `decode` takes apart: parameters, uploads, tables, signatures, key serial numbers, and texts in Chinese.

use crate::program::{Finished, Folder, posfleet};
use serde_json::{Value, json};

#[test]
fn parameters_and_the_state_of_a_terminal() {
    let name = format!("22{:<40}", "TEST MERCHANT");
    let text = format!("11011260133180{name}2700");
    let shown = decoded("0810", &[("60", "00000001360"), ("62", &hex(text.as_bytes()))]);
    has(
        &shown,
        &["11 type of application    01", "12 time-out in seconds    60", "13 retries of a call      3"],
    );
    has(&shown, &["18 tips allowed           0", "22 name of the merchant   TEST MERCHANT\n"]);
    let status = hex(b"01002003004005051000007000002");
    let shown = decoded("0820", &[("60", "00000001362"), ("62", &status)]);
    has(&shown, &["01 state of the card reader", "51 calls and failed calls 000007000002"]);
    let broken = decoded("0810", &[("60", "00000001360"), ("62", &hex(b"11019"))]);
    has(&broken, &["11 type of application", "not well formed"]);
}

#[test]
fn the_upload_of_a_batch() {
    let details = "0200000001000062000000000000050000000010500100000200006212345000000001000000002000";
    let shown = decoded("0320", &[("48", details), ("60", "00000001201")]);
    has(&shown, &["detail 1", "STAN 000001, 10.50 with the domestic card 620000******0005"]);
    has(&shown, &["detail 2", "STAN 000002, 20.00 with the foreign card 621234******0001"]);
    assert!(!shown.contains("6200000000000005"), "{shown}");
    has(
        &decoded("0320", &[("48", "0012"), ("60", "00000001207")]),
        &["uploaded                  12 transactions"],
    );
    let one = hex(b"610000000000002000156");
    let shown = decoded("0320", &[("60", "00000001203"), ("62", &one)]);
    has(&shown, &["card                      domestic", "amount                    20.00"]);
    let failed = hex(b"71010000000000200084002");
    let shown = decoded("0320", &[("60", "00000001206"), ("62", &failed)]);
    has(
        &shown,
        &[
            "card                      foreign",
            "currency                  840",
            "failure                   02",
        ],
    );
}

#[test]
fn lists_of_applications_and_keys_and_their_items() {
    let list = "329F0608A0000003330101019F0607A0000000031010";
    let shown = decoded("0830", &[("60", "00000001382"), ("62", list)]);
    has(
        &shown,
        &[
            "page                      more pages follow",
            "items                     2",
            "9F06 application identifier",
            "A0000000031010",
        ],
    );
    let question = decoded("0820", &[("60", "00000001382"), ("62", &hex(b"105"))]);
    has(&question, &["asks                      for what follows the first 5"]);
    let wanted = decoded("0800", &[("60", "00000001370"), ("62", "9F0605A0000003339F220101")]);
    has(&wanted, &["9F06 application identifier", "9F22 certification authority public key index"]);
    let key = "319F0605A0000003339F220101DF05083230333931323331DF040103";
    let shown = decoded("0810", &[("60", "00000001370"), ("62", key)]);
    has(
        &shown,
        &[
            "page                      the last page",
            "DF05 certification authority public key expiry 20391231",
        ],
    );
    let records = decoded("0810", &[("60", "00000001390"), ("62", &hex(b"16212345000000001"))]);
    has(&records, &["records                   ************0001"]);
    let nothing = decoded("0830", &[("60", "00000001382"), ("62", "30")]);
    has(&nothing, &["page                      nothing", "items                     0"]);
}

#[test]
fn the_receipt_and_the_parts_of_a_signature() {
    let receipt = "FF000454455354FF060E3230323630343031313230303030FF0B0B3133383030303030303030FF60023132";
    let elements = [("55", receipt), ("60", "07000001802"), ("62", "00112233")];
    let shown = decoded("0820", &elements);
    has(&shown, &["FF00 merchant name        TEST", "FF06 date and time        20260401120000"]);
    has(&shown, &["FF60 original transaction", "signature                 part 2, 4 bytes"]);
    assert!(!shown.contains("13800000000"), "the telephone number is hidden: {shown}");
}

#[test]
fn the_tags_of_keys_and_codes() {
    let ksn = "FFFF9876543210E00001";
    let tags = format!("K1020{ksn}K2020{ksn}P1032{}A6004PAID", "0123456789ABCDEF".repeat(2));
    let shown = decoded("0200", &[("59", &tags), ("60", "22000001000")]);
    has(
        &shown,
        &["K1 key serial number, PIN FFFF9876543210E00001", "K2 key serial number, MAC", "A6 order state"],
    );
    has(&shown, &["P1 PIN block              ********************************"]);
    assert!(!shown.contains("0123456789ABCDEF"), "a PIN block is a secret: {shown}");
    let json = Finished::of(&mut posfleet([
        "decode",
        &bytes("0200", &[("59", &tags)], "unionpay"),
        "--format",
        "json",
    ]));
    assert!(!json.stdout.contains("0123456789ABCDEF"), "{}", json.stdout);
    let open =
        Finished::of(&mut posfleet(["decode", &bytes("0200", &[("59", &tags)], "unionpay"), "--unsafe"]));
    assert!(
        open.stdout.contains("P1 PIN block              0123456789ABCDEF0123456789ABCDEF"),
        "{}",
        open.stdout
    );
}

#[test]
fn chinese_is_readable_and_comes_back_byte_for_byte() {
    let folder = Folder::new("gbk");
    let all = folder.file("all.yaml", "schema: 1\nname: all\nextends: unionpay\ncharset: gbk\n");
    let one = folder.file(
        "one.yaml",
        "schema: 1\nname: one\nextends: unionpay\nelements: { 63: { charset: gbk }, 59: { charset: gbk } }\n",
    );
    // 中国银联, a character whose second byte is a backslash, and a byte that begins none.
    let elements = [
        ("44", "\\xD2\\xF8\\xC1\\xAA"),
        ("59", "A4008\\xD6\\xD0\\xB9\\xFA\\xD2\\xF8\\xC1\\xAA"),
        ("63", "CUP\\xB9\\x5C\\xFF"),
    ];
    let digits = bytes("0210", &elements, "unionpay");
    for (profile, issuer) in [(&all, "银联"), (&one, "\\xD2\\xF8\\xC1\\xAA")] {
        let profile = profile.to_str().unwrap();
        let decoded = Finished::of(&mut posfleet(["decode", &digits, "--spec", profile, "--format", "json"]));
        let line: Value = serde_json::from_str(&decoded.exits_with(0).stdout).unwrap();
        assert_eq!(line["elements"], json!({ "44": issuer, "59": "A4008中国银联", "63": "CUP筡\\xFF" }));
        let mut encode = posfleet(["encode", &line.to_string(), "--spec", profile]);
        assert_eq!(Finished::of(&mut encode).exits_with(0).stdout.trim(), digits);
        let table = Finished::of(&mut posfleet(["decode", &digits, "--spec", profile])).exits_with(0).stdout;
        has(&table, &["A4 voucher                中国银联"]);
    }
    let mut encode = posfleet(["encode", r#"{"mti":"0210","elements":{"63":"中"}}"#]);
    let refused = Finished::of(&mut encode).exits_with(104);
    assert!(refused.stderr.contains("DE 63: not a text of this element"), "{}", refused.stderr);
}

/// What people see of a message with these elements.
fn decoded(mti: &str, elements: &[(&str, &str)]) -> String {
    Finished::of(&mut posfleet(["decode", &bytes(mti, elements, "unionpay")])).exits_with(0).stdout
}

fn bytes(mti: &str, elements: &[(&str, &str)], spec: &str) -> String {
    let elements: serde_json::Map<String, Value> =
        elements.iter().map(|(de, text)| ((*de).to_owned(), json!(text))).collect();
    let message = json!({ "mti": mti, "elements": elements }).to_string();
    Finished::of(&mut posfleet(["encode", &message, "--spec", spec])).exits_with(0).stdout.trim().to_owned()
}

fn has(shown: &str, parts: &[&str]) {
    for part in parts {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
