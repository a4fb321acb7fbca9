//! Keys that are derived for every transaction: against published values, and between a terminal and a host.

use crate::{draft::Draft, pair::Pair};
use posfleet::card::Pan;
use posfleet::crypto::{
    AesInitialKey, AesKsn, AesWorkingKey, Iso4PinKey, Key, KeyError, MacAlgorithm, MacForm, MacSchedule,
    PinFormat, TdesInitialKey, TdesKsn,
};
use posfleet::iso8583::{De, ResponseCode, TerminalId};
use posfleet::money::Amount;
use posfleet::operation::{End, Entry, Failure, Kind, Operation};
use posfleet::terminal::{KeyScheme, SignInForm, Terminal};

/// ANSI X9.24-1:2009 annex A.4, as moov-io/dukpt and jPOS repeat it: initial key, and key and PIN block by counter.
#[test]
fn the_published_keys_of_triple_des() {
    let initial = tdes_initial_key();
    assert_eq!(initial.to_key(), "6AC292FAA1315B4D858AB3A3D7D5933A".parse().unwrap());
    let published = [
        ("FFFF9876543210E00001", "042666B49184CFA368DE9628D0397BC9", "1B9C1845EB993A7A"),
        ("FFFF9876543210E00002", "C46551CEF9FD24B0AA9AD834130D3BC7", "10A01C8D02C69107"),
        ("FFFF9876543210E00003", "0DF3D9422ACA56E547676D07AD6BADFA", "18DC07B94797B466"),
        ("FFFF9876543210E00004", "279C0F6AEED0BE652B2C733E1383AE91", "0BC79509D5645DF7"),
        ("FFFF9876543210E00005", "5F8DC6D2C845C125508DDC048093B83F", "5BC0AF22AD87B327"),
        ("FFFF9876543210E00006", "5E415CB0BAF9F03CD0C14B63FB62FF43", "A16DF70AE36158D8"),
    ];
    let pan: Pan = "4012345678909".parse().unwrap();
    for (ksn, key, pin_block) in published {
        let derived = initial.transaction_key(&ksn.parse().unwrap());
        assert_eq!(derived.to_key(), key.parse().unwrap(), "{ksn}");
        let block = derived.pin().encrypt_pin(&"1234".parse().unwrap(), &pan, PinFormat::default());
        assert_eq!(hex(block.as_bytes()), pin_block, "{ksn}");
    }
}

/// ANSI X9.24-1:2009 annex A.4: both directions of the MAC over the first example's text.
#[test]
fn the_published_macs_of_triple_des() {
    let key = tdes_initial_key().transaction_key(&"FFFF9876543210E00001".parse().unwrap());
    for (mak, mac) in [(key.mac_request(), "9CCC78173FC4FB64"), (key.mac_response(), "20364223C1FF00FA")] {
        let schedule = MacSchedule::new(&mak, MacAlgorithm::X919, MacForm::Raw8).unwrap();
        assert_eq!(hex(&schedule.mac(b"4012345678909D987")), mac);
    }
}

/// ANSI X9.24-3:2017 supplement, "AES DUKPT test vectors", AES-128 throughout.
#[test]
fn the_published_keys_of_aes() {
    let initial = aes_initial_key();
    assert_eq!(initial.to_key(), "aes:1273671EA26AC29AFA4D1084127652A1".parse().unwrap());
    let key = initial.transaction_key(&"123456789012345600000001".parse().unwrap());
    let aes = AesWorkingKey::Aes;
    let expect = |digits: &str| format!("aes:{digits}").parse::<Key>().unwrap();
    assert_eq!(key.to_key(), expect("4F21B565BAD9835E112B6465635EAE44"));
    assert_eq!(*key.pin(aes), expect("AF8CB133A78F8DC2D1359F18527593FB"));
    assert_eq!(*key.mac_request(aes), expect("A2DC23DE6FDE0824A2BC321E08E4B8B7"));
    assert_eq!(*key.data_request(aes), expect("A35C412EFD41FDB98B69797C02DCD08F"));
    assert_ne!(*key.mac_request(aes), *key.mac_response(aes));

    let pan = "4111111111111111".parse().unwrap();
    let pin_key = Iso4PinKey::new(&key.pin(aes)).unwrap();
    let block =
        pin_key.encrypt(&"1234".parse().unwrap(), &pan, [0x2F, 0x69, 0xAD, 0xDE, 0x2E, 0x9E, 0x7A, 0xCE]);
    assert_eq!(hex(block.as_bytes()), "A912150391AB65A67E52883D81CE2D15");
}

#[test]
fn every_counter_has_keys_of_its_own() {
    let (tdes, aes) = (tdes_initial_key(), aes_initial_key());
    let (mut tdes_ksn, mut aes_ksn) = (tdes_ksn(), AesKsn::initial(*b"00000001"));
    let mut seen = std::collections::HashSet::new();
    for _ in 0..500 {
        (tdes_ksn, aes_ksn) = (tdes_ksn.next().unwrap(), aes_ksn.next().unwrap());
        let (tdes, aes) = (tdes.transaction_key(&tdes_ksn), aes.transaction_key(&aes_ksn));
        let keys = [
            (*tdes.pin()).clone(),
            (*tdes.mac_request()).clone(),
            (*tdes.mac_response()).clone(),
            (*tdes.data_request()).clone(),
            (*aes.pin(AesWorkingKey::Aes)).clone(),
            (*aes.mac_request(AesWorkingKey::Tdes)).clone(),
            (*aes.mac_response(AesWorkingKey::Tdes)).clone(),
            (*aes.data_request(AesWorkingKey::Tdes)).clone(),
        ];
        for key in keys {
            assert!(seen.insert(key.bytes().to_vec()), "{tdes_ksn} {aes_ksn}");
        }
    }
}

#[test]
fn a_base_key_of_another_cipher_is_refused() {
    let aes: Key = "aes:0123456789ABCDEFFEDCBA9876543210".parse().unwrap();
    let tdes: Key = "0123456789ABCDEFFEDCBA9876543210".parse().unwrap();
    let single: Key = "0123456789ABCDEF".parse().unwrap();
    assert!(matches!(TdesInitialKey::derive(&aes, &tdes_ksn()), Err(KeyError::Unsuitable { .. })));
    assert!(matches!(TdesInitialKey::new(&single), Err(KeyError::Unsuitable { .. })));
    assert!(matches!(AesInitialKey::new(&tdes), Err(KeyError::Unsuitable { .. })));
}

#[test]
fn derived_keys_do_not_print() {
    let key = tdes_initial_key().transaction_key(&"FFFF9876543210E00001".parse().unwrap());
    assert!(!format!("{key:?}{:?}", aes_initial_key()).contains("0426"));
    assert_eq!(format!("{key:?}"), "TdesTransactionKey([***, ***])");
}

fn tdes_ksn() -> TdesKsn {
    "FFFF9876543210E00000".parse().unwrap()
}

fn tdes_initial_key() -> TdesInitialKey {
    TdesInitialKey::derive(&"0123456789ABCDEFFEDCBA9876543210".parse().unwrap(), &tdes_ksn()).unwrap()
}

fn aes_initial_key() -> AesInitialKey {
    let ksn = "123456789012345600000000".parse().unwrap();
    AesInitialKey::derive(&"aes:FEDCBA9876543210F1F1F1F1F1F1F1F1".parse().unwrap(), &ksn).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn a_terminal_sells_under_keys_of_every_scheme() {
    for (scheme, key) in SCHEMES {
        for (entry, pin) in [(Entry::Chip, true), (Entry::Stripe, true), (Entry::Stripe, false)] {
            let mut pair = pair(scheme, key);
            pair.profile.encrypt_tracks = true;
            for counter in 1..=3 {
                let sale = pair.sale(entry, pin);
                assert_eq!(pair.does(sale).end, End::Approved, "{scheme:?} {entry:?} {pin}");
                assert_eq!(pair.terminal.key_counter(), counter);
            }
            let [.., request, _] = &pair.wire[..] else { panic!("nothing was sent") };
            let tags = Draft::of(request).text(De::PRIVATE_59).unwrap();
            let ksn = scheme.ksn(pair.terminal.id(), 3).unwrap();
            let ksn = String::from_utf8_lossy(ksn.as_bytes());
            assert_eq!(tags.matches(&*ksn).count(), 2 + usize::from(pin), "PIN, MAC and track: {tags}");
            assert_eq!(tags.contains("P1032"), pin && scheme == KeyScheme::DukptAes);
        }
    }
}

#[test]
fn a_wrong_pin_is_found_under_every_scheme() {
    for (scheme, key) in SCHEMES {
        let mut pair = pair(scheme, key);
        let mut sale = pair.sale(Entry::Chip, true);
        if let Some(used) = &mut sale.card {
            used.card.pin = Some("000000".parse().unwrap());
        }
        let outcome = pair.does(sale);
        assert_eq!(outcome.code, Some(ResponseCode::WRONG_PIN), "{scheme:?}");
    }
}

#[test]
fn a_counter_that_went_back_is_refused_and_the_next_one_is_taken() {
    for (scheme, key) in SCHEMES {
        let mut pair = pair(scheme, key);
        let sale = pair.sale(Entry::Chip, true);
        assert_eq!(pair.does(sale.clone()).end, End::Approved);
        let again = pair.wire[pair.wire.len() - 2].clone();
        let answer = pair.host_answers(&again).pop().unwrap();
        assert_eq!(
            Draft::of(&answer).text(De::RESPONSE_CODE).as_deref(),
            Some("A0"),
            "{scheme:?}: sent twice"
        );

        let mut behind = self::pair(scheme, key);
        std::mem::swap(&mut behind.host, &mut pair.host);
        let outcome = behind.does(sale.clone());
        assert_eq!(outcome.code, Some(ResponseCode::MAC_FAILED), "{scheme:?}: the terminal is behind");
        let outcome = behind.does(Operation { amount: Amount::from_minor(77), ..sale });
        assert_eq!((outcome.end, behind.terminal.key_counter()), (End::Approved, 2), "{scheme:?}");
    }
}

#[test]
fn a_terminal_without_counters_says_so() {
    for ((scheme, key), last) in SCHEMES.into_iter().zip([0x1F_F800, 0xFFFF_0000]) {
        let mut pair = pair(scheme, key);
        let sign_in = Operation::management(Kind::SignIn);
        assert_eq!(pair.does(sign_in).end, End::Approved);
        let terminal = Terminal::new(
            pair.terminal.id(),
            pair.terminal.merchant(),
            key.parse().unwrap(),
            &pair.profile,
            true,
        );
        pair.terminal = terminal.with_key_counter(last);
        let sale = pair.sale(Entry::Chip, true);
        assert_eq!(pair.does(sale).end, End::Failed(Failure::KeysExhausted), "{scheme:?}");
    }
}

#[test]
fn initial_keys_follow_from_a_base_key_and_differ_by_terminal() {
    let ids = [b"10000001", b"10000002", b"ABCDEFGH", b"~~~~~~~~", b"        "]
        .map(|id| TerminalId::from_bytes(id).unwrap());
    for (scheme, key) in SCHEMES {
        let keys = ids.map(|id| scheme.initial_key(&key.parse().unwrap(), id).unwrap().bytes().to_vec());
        assert!((1..keys.len()).all(|place| !keys[..place].contains(&keys[place])), "{scheme:?}");
        let ksn = scheme.ksn(ids[0], 5).unwrap();
        assert_eq!(scheme.counter_of(ksn.as_bytes(), ids[0]), Some(5));
        assert_eq!(scheme.counter_of(ksn.as_bytes(), ids[1]), None);
    }
    assert!(KeyScheme::Session.initial_key(&SCHEMES[0].1.parse().unwrap(), ids[0]).is_none());
}

#[test]
fn sm4_protects_pin_mac_and_track() {
    let mut pair = Pair::new("sm4:0123456789ABCDEFFEDCBA9876543210", |profile, _| {
        (profile.sign_in, profile.encrypt_tracks) = (SignInForm::Sm4, true);
    });
    let sale = pair.sale(Entry::Chip, true);
    assert_eq!(pair.does(sale).end, End::Approved);
    let [.., request, _] = &pair.wire[..] else { panic!("nothing was sent") };
    let request = Draft::of(request);
    assert_eq!(request.text(De::PIN_BLOCK), None, "DE 52 has no room for 16 bytes");
    assert!(request.text(De::PRIVATE_59).unwrap().starts_with("P1032"));
    assert_eq!(request.text(De::SECURITY_CONTROL).as_deref(), Some("2310000000000000"));
    let mut wrong = pair.sale(Entry::Stripe, true);
    if let Some(used) = &mut wrong.card {
        used.card.pin = Some("000000".parse().unwrap());
    }
    assert_eq!(pair.does(wrong).code, Some(ResponseCode::WRONG_PIN));
}

fn pair(scheme: KeyScheme, key: &str) -> Pair {
    Pair::new(key, |profile, _| profile.key_scheme = scheme)
}

const SCHEMES: [(KeyScheme, &str); 2] = [
    (KeyScheme::DukptTdes, "0123456789ABCDEFFEDCBA9876543210"),
    (KeyScheme::DukptAes, "aes:0123456789ABCDEFFEDCBA9876543210"),
];
