//! Cards: what they accept, what they hide, and the test cards made from a seed.

use std::collections::HashSet;

use posfleet::card::{
    Bin, Card, CardError, CardGenerator, CardParts, CardRange, CardRangeError, Expiry, Pan, Pin, ServiceCode,
    Track2, luhn_digit,
};

#[test]
fn luhn_digits_are_right() {
    // The example of ISO/IEC 7812-1 and well-known test numbers.
    for pan in ["4992739871600006", "79927398713", "4111111111111111", "6212345000000004"] {
        let (payload, check) = pan.as_bytes().split_at(pan.len() - 1);
        let valid = luhn_digit(payload) == check[0];
        assert_eq!(pan.parse::<Pan>().unwrap().is_luhn_valid(), valid, "{pan}");
    }
    assert_eq!(luhn_digit(b"7992739871"), b'3');
    assert_eq!(luhn_digit(b"411111111111111"), b'1');
    assert_eq!(luhn_digit(b"0000000"), b'0');
    assert!(!"4111111111111112".parse::<Pan>().unwrap().is_luhn_valid());
}

#[test]
fn a_pan_has_8_to_19_digits() {
    let parse = |text: &str| text.parse::<Pan>().map(|pan| pan.as_str().to_owned());
    for len in 0..=21 {
        let digits = "6212345678901234567890"[..len].to_owned();
        let expected =
            if (8..=19).contains(&len) { Ok(digits.clone()) } else { Err(CardError::PanLength(len)) };
        assert_eq!(parse(&digits), expected);
    }
    assert_eq!(parse("62123450 0000000"), Err(CardError::PanDigit(8)));
    assert_eq!(parse("6212345000000卡"), Err(CardError::PanDigit(13)));
}

#[test]
fn a_pan_shows_first_six_and_last_four_at_most() {
    let shown = |text: &str| text.parse::<Pan>().unwrap().to_string();
    assert_eq!(shown("6212345678901234567"), "621234*********4567");
    assert_eq!(shown("6212345678901234"), "621234******1234");
    assert_eq!(shown("6212345678901"), "621234***8901");
    assert_eq!(shown("621234567890"), "********7890");
    assert_eq!(shown("62123456"), "****3456");
    assert_eq!(format!("{:?}", "62123456".parse::<Pan>().unwrap()), "Pan(****3456)");
}

#[test]
fn a_pin_has_4_to_12_digits() {
    for len in 0..=14 {
        let text = &"01234567890123"[..len];
        let pin = text.parse::<Pin>();
        assert_eq!(pin.is_ok(), (4..=12).contains(&len), "{text}");
        if let Ok(pin) = pin {
            let digits: String = pin.digits().map(|digit| char::from(b'0' + digit)).collect();
            assert_eq!((pin.len(), digits.as_str()), (len, text));
            assert_eq!(Pin::from_packed(*pin.packed()), Some(pin));
        }
    }
    for wrong in ["12a4", "12 4", "????", "١٢٣٤", "12345678901?"] {
        assert_eq!(wrong.parse::<Pin>(), Err(CardError::Pin), "{wrong}");
    }
}

#[test]
fn packed_digits_after_filler_are_no_pin() {
    assert!(Pin::from_packed([0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF]).is_some());
    for wrong in
        [[0x12, 0x34, 0xF5, 0xFF, 0xFF, 0xFF], [0x12, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF], [0xAA; 6], [0xFF; 6]]
    {
        assert!(Pin::from_packed(wrong).is_none(), "{wrong:02X?}");
    }
}

#[test]
fn an_expiry_is_a_month_and_can_be_moved() {
    for wrong in ["", "2", "291", "29123", "2900", "2913", "29a1", "-101"] {
        assert_eq!(wrong.parse::<Expiry>(), Err(CardError::Expiry), "{wrong}");
    }
    let december: Expiry = "2912".parse().unwrap();
    assert_eq!((december.year(), december.month(), december.to_ascii()), (29, 12, *b"2912"));
    assert_eq!(december.plus_months(1).to_string(), "3001");
    assert_eq!(december.plus_months(24).to_string(), "3112");
    assert_eq!("9911".parse::<Expiry>().unwrap().plus_months(u16::MAX).to_string(), "9912");
    assert!(december < december.plus_months(1));
}

#[test]
fn a_track_takes_both_separators_and_gives_its_parts() {
    for text in ["6212345000000001D29122011234567890123", "6212345000000001=29122011234567890123"] {
        let track: Track2 = text.parse().unwrap();
        assert_eq!(track.as_bytes(), b"6212345000000001D29122011234567890123");
        assert_eq!(track.pan().as_str(), "6212345000000001");
        assert_eq!(track.expiry().to_string(), "2912");
        assert_eq!(track.service_code().as_bytes(), b"201");
    }
}

#[test]
fn what_is_no_track_says_why() {
    let error = |text: &str| text.parse::<Track2>().unwrap_err();
    assert_eq!(error(""), CardError::Track2);
    assert_eq!(error("62123450000000012912201"), CardError::Track2);
    assert_eq!(error("6212345000000001D291220"), CardError::Track2);
    assert_eq!(error("6212345000000001D291"), CardError::Track2);
    assert_eq!(error("6212345000000001D29122011234567890123D"), CardError::Track2);
    assert_eq!(error("6212345000000001D2912201123456789D123"), CardError::Track2);
    assert_eq!(error("6212345000000001D2912201?"), CardError::Track2);
    assert_eq!(error("6212345000000001D2913201"), CardError::Expiry);
    assert_eq!(error("6212345D2912201"), CardError::PanLength(7));
    assert_eq!(error("62123450000000010000D2912201"), CardError::PanLength(20));
    assert_eq!(error("6212345000000001D2912D01"), CardError::ServiceCode);
}

#[test]
fn a_card_comes_from_its_parts() {
    let card = Card::from_parts(CardParts {
        pan: "6212345000000001",
        expiry: "2912",
        sequence: "07",
        pin: "123456",
        ..CardParts::default()
    })
    .unwrap();
    assert_eq!((card.sequence, card.service_code), (Some(7), ServiceCode::default()));
    assert_eq!(card.pin, Some("123456".parse().unwrap()));
    assert_eq!(card.track2().as_bytes(), b"6212345000000001D2912201");
}

#[test]
fn a_card_comes_from_its_track_alone_and_gives_it_back() {
    // The longest tracks of the shortest and the longest PAN.
    for track2 in ["62123450D2912120123456789012345678901", "6212345000000000001D29121201234567890"] {
        let card = Card::from_parts(CardParts { track2, ..CardParts::default() }).unwrap();
        assert_eq!(card.track2().as_bytes(), track2.as_bytes());
        assert!(!card.service_code.has_chip());
        assert_eq!((card.sequence, card.pin), (None, None));
    }
}

#[test]
fn a_card_names_the_part_that_is_wrong() {
    let good = CardParts { pan: "6212345000000001", expiry: "2912", ..CardParts::default() };
    let error = |parts| Card::from_parts(parts).unwrap_err();
    let track2 = "6212345000000001D2912120";
    assert_eq!(error(CardParts { pan: "", ..good }), CardError::Missing("PAN"));
    assert_eq!(error(CardParts { expiry: "", ..good }), CardError::Missing("expiry"));
    assert_eq!(error(CardParts { pan: "62123450000000AB", ..good }), CardError::PanDigit(14));
    assert_eq!(error(CardParts { expiry: "12/29", ..good }), CardError::Expiry);
    assert_eq!(error(CardParts { sequence: "100", ..good }), CardError::Sequence);
    assert_eq!(error(CardParts { service_code: "20", ..good }), CardError::ServiceCode);
    assert_eq!(error(CardParts { pin: "123", ..good }), CardError::Pin);
    assert_eq!(error(CardParts { track2: "6212", ..good }), CardError::Track2);
    assert_eq!(error(CardParts { pan: "6212345000000002", track2, ..good }), CardError::Disagreement("PAN"));
    assert_eq!(error(CardParts { expiry: "3012", track2, ..good }), CardError::Disagreement("expiry"));
    assert_eq!(
        error(CardParts { service_code: "201", track2, ..good }),
        CardError::Disagreement("service code")
    );
}

#[test]
fn nothing_prints_a_card() {
    let track2 = "6212345000000001D29122011234567890123";
    let parts = CardParts { track2, pin: "246810", ..CardParts::default() };
    let card = Card::from_parts(parts).unwrap();
    let track = card.track2();
    let pin = card.pin.clone().unwrap();
    let texts = [
        format!("{parts:?} {parts:#?}"),
        format!("{card} {card:?} {card:#?}"),
        format!("{track} {track:?} {track:#?}"),
        format!("{pin} {pin:?} {pin:#?}"),
        format!("{} {:?}", card.pan, card.pan),
    ];
    for text in texts {
        for secret in ["246810", "36, 104", "6212345", "0000001", "1234567890123", "54, 50"] {
            assert!(!text.contains(secret), "{text} holds {secret}");
        }
    }
    assert_eq!(card.to_string(), "621234******0001 until 2912");
    assert_eq!(format!("{track:?}"), "Track2(621234******0001D***)");
}

#[test]
fn a_hundred_thousand_cards_fit() {
    assert!(size_of::<Card>() <= 48, "{}", size_of::<Card>());
    assert_eq!(size_of::<Option<Pin>>(), 7);
}

#[test]
fn generated_cards_are_valid_and_no_two_alike() {
    let generator = CardGenerator::new(CardRange::default(), 42, today()).unwrap();
    let mut seen = HashSet::new();
    for card in generator.iter() {
        assert!(card.pan.is_luhn_valid() && card.pan.len() == 16);
        assert!(card.pan.as_str().starts_with("6212345"));
        assert!(card.expiry >= today().plus_months(12) && card.expiry < today().plus_months(60));
        assert_eq!(card.pin.as_ref().map(Pin::len), Some(6));
        assert_eq!(card.track2().as_bytes().len(), 37);
        assert!(seen.insert(card.pan), "{card:?} twice");
    }
    assert_eq!(seen.len(), 100_000);
}

#[test]
fn a_full_range_uses_every_number_once() {
    let bins: Vec<Bin> = ["621234500000", "621234500001"].map(|bin| bin.parse().unwrap()).to_vec();
    for seed in 0..20 {
        let range = CardRange { bins: bins.clone(), count: 2_000, pan_len: 16, ..CardRange::default() };
        let pans: HashSet<Pan> =
            CardGenerator::new(range, seed, today()).unwrap().iter().map(|card| card.pan).collect();
        assert_eq!(pans.len(), 2_000, "seed {seed}");
    }
}

#[test]
fn a_card_depends_on_seed_and_index_alone() {
    let cards =
        |seed, count| CardGenerator::new(CardRange { count, ..CardRange::default() }, seed, today()).unwrap();
    let (few, many, other) = (cards(1, 10), cards(1, 1_000_000), cards(2, 10));
    for index in 0..10 {
        assert_eq!(few.card(index), many.card(index));
        assert_eq!(few.card(index + 10), few.card(index));
        assert_ne!(few.card(index).pan, other.card(index).pan);
        assert_ne!(few.card(index).pin, other.card(index).pin);
    }
    // Runs of earlier versions must replay: this card never changes.
    let card = few.card(0);
    assert_eq!(format!("{} {}", card.pan.as_str(), card.expiry), FIRST_CARD_OF_SEED_1);
}

#[test]
fn an_impossible_range_is_refused() {
    let refuse = |range| CardGenerator::new(range, 1, today()).unwrap_err();
    let bin = |digits: &str| digits.parse::<Bin>().unwrap();
    let range = CardRange::default;
    assert_eq!(refuse(CardRange { bins: vec![], ..range() }), CardRangeError::NoBin);
    assert_eq!(refuse(CardRange { pan_len: 12, ..range() }), CardRangeError::PanLength(12));
    assert_eq!(refuse(CardRange { pan_len: 20, ..range() }), CardRangeError::PanLength(20));
    assert_eq!(refuse(CardRange { pin_len: 3, ..range() }), CardRangeError::PinLength(3));
    let (short, long) = (bin("621234"), bin("62123450"));
    let overlap = CardRange { bins: vec![long, bin("62123300"), short], ..range() };
    assert_eq!(refuse(overlap), CardRangeError::Overlap(short, long));
    assert_eq!(refuse(CardRange { bins: vec![long, long], ..range() }), CardRangeError::Overlap(long, long));
    let count = |count| CardRange { bins: vec![bin("621234500000")], count, ..range() };
    assert!(CardGenerator::new(count(1_000), 1, today()).is_ok());
    for wanted in [0, 1_001] {
        assert_eq!(refuse(count(wanted)), CardRangeError::Count { capacity: 1_000, wanted });
    }
    for wrong in ["62123", "6212345000000", "62123a"] {
        assert_eq!(wrong.parse::<Bin>(), Err(CardRangeError::Bin));
    }
}

fn today() -> Expiry {
    "2611".parse().unwrap()
}

const FIRST_CARD_OF_SEED_1: &str = "6212345005787890 3010";
