//! Keys, MACs, PIN blocks and tracks against published vectors, other implementations and wrong input.

use std::fmt::{Debug, Display};

use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use posfleet::card::Pan;
use posfleet::crypto::{
    AesInitialKey, AesKsn, AesWorkingKey, Algorithm, ClearPinBlock, Des, Iso4PinKey, Kcv, Key, KeyError,
    MacAlgorithm, MacForm, MacSchedule, Mak, PanBinding, Pik, PinBlockError, PinFormat, PinLengthCode, Role,
    Tdes, TdesInitialKey, TdesTransactionKey, Tdk, Tmk, TrackCipher, TrackError, WorkKeyError, WorkKeyLayout,
    WorkKeys,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

#[test]
fn every_vector_holds() {
    let files = [include_str!("../data/crypto.json"), include_str!("../data/crypto-more.json")];
    let mut checked = 0;
    for file in files {
        let vectors: Vec<Value> = serde_json::from_str(file).unwrap();
        for vector in vectors {
            check(&vector);
            checked += 1;
        }
    }
    // 29 of the first file and 10 of the second; a vector that is passed over would lower the count.
    assert_eq!(checked, 39);
}

/// Checks a vector by its kind.
fn check(vector: &Value) {
    match text(vector, "kind") {
        "mac_cup_ecb_des" | "mac_cup_ecb_tdes" => check_union_pay(vector, ""),
        "mac_cup_ecb_sm4" => check_union_pay(vector, "sm4:"),
        "mac_x99_cbc_des_zero_pad" => check_mac(vector, MacAlgorithm::X99),
        "mac_x919_zero_pad" => check_mac(vector, MacAlgorithm::X919),
        "sm4_block" => check_sm4_block(vector),
        "f62_keys_24" | "f62_keys_40" | "f62_keys_40_mak16" | "f62_keys_60" | "f62_keys_60_sm4" => {
            check_work_keys(vector);
        }
        "key_components" => check_components(vector),
        "pinblock_iso0" => check_clear_pin_block(vector, PanBinding::WithPan),
        "pinblock_no_pan" => check_clear_pin_block(vector, PanBinding::WithoutPan),
        "pinblock_encrypted" => check_encrypted_pin_block(vector),
        "pinblock_iso4" => check_iso4(vector),
        "track_encrypt_3des" => check_track(vector),
        "dukpt_tdes_pin" => check_dukpt_pin(vector),
        "dukpt_tdes_mac_req" => check_dukpt_mac(vector),
        "dukpt_tdes_data_req" => check_dukpt_data(vector),
        "dukpt_aes_ik" => check_dukpt_aes_initial_key(vector),
        "dukpt_aes_work" => check_dukpt_aes_keys(vector),
        unknown => panic!("no test for vectors of kind {unknown}"),
    }
}

fn check_union_pay(vector: &Value, prefix: &str) {
    let mak: Mak = format!("{prefix}{}", text(vector, "key")).parse().unwrap();
    let mac = |form| MacSchedule::new(&mak, MacAlgorithm::UnionPayEcb, form).unwrap().mac(&data(vector));
    assert_eq!(mac(MacForm::Ascii8).as_slice(), text(vector, "mac_ascii").as_bytes(), "{vector}");
    if let Some(cipher) = vector.get("cipher2").and_then(Value::as_str) {
        assert_eq!(mac(MacForm::Raw8).as_slice(), &unhex(cipher)[..8], "{vector}");
        assert_eq!(mac(MacForm::Raw4).as_slice(), [&unhex(cipher)[..4], &[0; 4]].concat(), "{vector}");
    }
}

fn check_mac(vector: &Value, algorithm: MacAlgorithm) {
    let schedule = MacSchedule::new(&parsed(vector, "key"), algorithm, algorithm.usual_form()).unwrap();
    assert_eq!(schedule.mac(&data(vector)).as_slice(), bytes(vector, "mac"), "{vector}");
}

fn check_sm4_block(vector: &Value) {
    let cipher = Key::new(Algorithm::Sm4, &bytes(vector, "key")).unwrap().expand();
    let mut block = bytes(vector, "plain");
    cipher.encrypt_blocks(&mut block);
    assert_eq!(block, bytes(vector, "cipher"));
    cipher.decrypt_blocks(&mut block);
    assert_eq!(block, bytes(vector, "plain"));
}

fn check_work_keys(vector: &Value) {
    let (tmk, f62): (Tmk, _) = (parsed(vector, "tmk"), bytes(vector, "f62"));
    let keys = WorkKeys::unwrap(&tmk, &f62).unwrap();
    assert_eq!(keys.pik, parsed(vector, "pik"), "{vector}");
    assert_eq!(keys.mak, parsed(vector, "mak"), "{vector}");
    assert_eq!(keys.tdk, vector.get("tdk").map(|_| parsed(vector, "tdk")), "{vector}");
    for (key, name) in [(&*keys.pik, "pik_kcv"), (&*keys.mak, "mak_kcv")] {
        if vector.get(name).is_some() {
            assert_eq!(key.kcv().0, bytes(vector, name)[..4], "{vector}");
        }
    }
    let mut wrapped = Vec::new();
    keys.wrap(&tmk, &mut wrapped).unwrap();
    assert_eq!(wrapped, f62, "{vector}");
}

fn check_components(vector: &Value) {
    let (a, b): (Key, Key) = (parsed(vector, "a"), parsed(vector, "b"));
    let sum = a.combine(&b).unwrap();
    assert_eq!(sum, parsed(vector, "xor"));
    for (key, name) in [(a, "a_kcv"), (b, "b_kcv"), (sum, "xor_kcv")] {
        assert_eq!(key.kcv().0[..3], bytes(vector, name));
    }
}

fn check_clear_pin_block(vector: &Value, pan: PanBinding) {
    let number = vector.get("pan").and_then(Value::as_str).unwrap_or("6212345000000001").parse().unwrap();
    let format = PinFormat { pan, ..PinFormat::default() };
    let block = ClearPinBlock::short(&parsed(vector, "pin"), &number, format);
    assert_eq!(block.bytes(), bytes(vector, "clear"), "{vector}");
    assert_eq!(block.pin(&number, pan).unwrap(), parsed(vector, "pin"));
}

fn check_encrypted_pin_block(vector: &Value) {
    let (pik, pan): (Pik, Pan) = (parsed(vector, "pik"), parsed(vector, "pan"));
    let block = pik.encrypt_pin(&parsed(vector, "pin"), &pan, PinFormat::default());
    assert_eq!(block.as_bytes(), bytes(vector, "f52"));
    assert_eq!(pik.decrypt_pin(block.as_bytes(), &pan, PanBinding::WithPan).unwrap(), parsed(vector, "pin"));
}

fn check_iso4(vector: &Value) {
    let (key, pan) = (Iso4PinKey::new(&parsed(vector, "key")).unwrap(), parsed(vector, "pan"));
    let random = bytes(vector, "random").try_into().unwrap();
    let block = key.encrypt(&parsed(vector, "pin"), &pan, random);
    assert_eq!(block.as_bytes(), bytes(vector, "block"));
    assert_eq!(key.decrypt(block.as_bytes(), &pan).unwrap(), parsed(vector, "pin"));
}

fn check_track(vector: &Value) {
    let cipher = TrackCipher::new(&parsed(vector, "tdk"));
    let mut track = text(vector, "track2").as_bytes().to_vec();
    cipher.encrypt(&mut track).unwrap();
    assert_eq!(String::from_utf8_lossy(&track), text(vector, "result"));
    cipher.decrypt(&mut track).unwrap();
    assert_eq!(String::from_utf8_lossy(&track), text(vector, "track2"));
}

fn check_dukpt_pin(vector: &Value) {
    let key = dukpt_key(vector);
    assert_eq!(key.to_key(), parsed(vector, "key"), "{vector}");
    let block = key.pin().encrypt_pin(&parsed(vector, "pin"), &parsed(vector, "pan"), PinFormat::default());
    assert_eq!(block.as_bytes(), bytes(vector, "encrypted_pin"), "{vector}");
}

fn check_dukpt_mac(vector: &Value) {
    let schedule = MacSchedule::new(&dukpt_key(vector).mac_request(), MacAlgorithm::X919, MacForm::Raw8);
    assert_eq!(schedule.unwrap().mac(&data(vector)).as_slice(), bytes(vector, "mac"), "{vector}");
}

/// The data key itself, and CBC under it with zeros up to a full block.
fn check_dukpt_data(vector: &Value) {
    let key = dukpt_key(vector).data_request();
    assert_eq!(key, parsed(vector, "data_key"), "{vector}");
    let mut plain = data(vector);
    plain.resize(plain.len().next_multiple_of(8), 0);
    let (cipher, mut chain, mut sealed) = (key.expand(), [0; 8], Vec::new());
    for block in plain.chunks(8) {
        chain.iter_mut().zip(block).for_each(|(chain, byte)| *chain ^= byte);
        cipher.encrypt_blocks(&mut chain);
        sealed.extend_from_slice(&chain);
    }
    assert_eq!(sealed, bytes(vector, "cipher_cbc"), "{vector}");
}

/// Vectors without a base key are under that of ANSI X9.24-1.
fn dukpt_key(vector: &Value) -> TdesTransactionKey {
    let base: Key = vector.get("bdk").and_then(Value::as_str).unwrap_or(DOUBLE).parse().unwrap();
    let ksn = parsed(vector, "ksn");
    TdesInitialKey::derive(&base, &ksn).unwrap().transaction_key(&ksn)
}

fn check_dukpt_aes_initial_key(vector: &Value) {
    let ik: Key = format!("aes:{}", text(vector, "ik")).parse().unwrap();
    assert_eq!(dukpt_aes_initial_key(vector).0.to_key(), ik);
}

fn check_dukpt_aes_keys(vector: &Value) {
    let (initial, ksn) = dukpt_aes_initial_key(vector);
    let counter = vector["counter"].as_u64().unwrap().try_into().unwrap();
    let key = initial.transaction_key(&ksn.with_counter(counter).unwrap());
    let aes = |name| format!("aes:{}", text(vector, name)).parse::<Key>().unwrap();
    assert_eq!(key.to_key(), aes("derivation"));
    assert_eq!(*key.pin(AesWorkingKey::Aes), aes("pin"));
    assert_eq!(*key.mac_request(AesWorkingKey::Aes), aes("mac_gen_self"));
}

fn dukpt_aes_initial_key(vector: &Value) -> (AesInitialKey, AesKsn) {
    let base: Key = format!("aes:{}", text(vector, "bdk")).parse().unwrap();
    let ksn = AesKsn::initial(bytes(vector, "ikid").try_into().unwrap());
    (AesInitialKey::derive(&base, &ksn).unwrap(), ksn)
}

#[test]
fn des_agrees_with_an_independent_implementation() {
    let mut random = StdRng::seed_from_u64(1);
    for _ in 0..2_000 {
        let (key, block): ([u8; 8], [u8; 8]) = (random.random(), random.random());
        let theirs = des::Des::new(&Array::from(key));
        assert_eq!(Des::new(&key).encrypt(block), run(block, |block| theirs.encrypt_block(block)));
        assert_eq!(Des::new(&key).decrypt(block), run(block, |block| theirs.decrypt_block(block)));
    }
}

#[test]
fn triple_des_agrees_with_an_independent_implementation() {
    let mut random = StdRng::seed_from_u64(2);
    for _ in 0..1_000 {
        let (key, block): ([u8; 24], [u8; 8]) = (random.random(), random.random());
        let (ours, theirs) = (Tdes::triple(&key), des::TdesEde3::new(&Array::from(key)));
        assert_eq!(ours.encrypt(block), run(block, |block| theirs.encrypt_block(block)));
        assert_eq!(ours.decrypt(block), run(block, |block| theirs.decrypt_block(block)));

        let key: [u8; 16] = random.random();
        let (ours, theirs) = (Tdes::double(&key), des::TdesEde2::new(&Array::from(key)));
        assert_eq!(ours.encrypt(block), run(block, |block| theirs.encrypt_block(block)));
        assert_eq!(ours.decrypt(block), run(block, |block| theirs.decrypt_block(block)));
    }
}

#[test]
fn retail_macs_agree_with_blocks_chained_one_by_one() {
    let mut random = StdRng::seed_from_u64(3);
    for len in 0..80_usize {
        let message: Vec<u8> = (0..len).map(|_| random.random()).collect();
        let key: [u8; 16] = random.random();
        let mak = Mak(Key::new(Algorithm::Tdes, &key).unwrap());
        let mac = |algorithm| MacSchedule::new(&mak, algorithm, MacForm::Raw8).unwrap().mac(&message);

        let mut zeros = message.clone();
        zeros.resize(len.max(1).next_multiple_of(8), 0);
        assert_eq!(mac(MacAlgorithm::X919), retail(key, &zeros), "{len} bytes");

        let mut marked = message.clone();
        marked.push(0x80);
        marked.resize(marked.len().next_multiple_of(8), 0);
        assert_eq!(mac(MacAlgorithm::Pboc), retail(key, &marked), "{len} bytes");
    }
}

/// ISO 9797-1 algorithm 3 over whole blocks, with the independent DES.
fn retail(key: [u8; 16], padded: &[u8]) -> [u8; 8] {
    let [left, right] = [&key[..8], &key[8..]].map(|half| des::Des::new_from_slice(half).unwrap());
    let mut state = [0; 8];
    for block in padded.chunks(8) {
        state.iter_mut().zip(block).for_each(|(state, byte)| *state ^= byte);
        state = run(state, |block| left.encrypt_block(block));
    }
    run(run(state, |block| right.decrypt_block(block)), |block| left.encrypt_block(block))
}

fn run(block: [u8; 8], apply: impl Fn(&mut Array<u8, des::cipher::consts::U8>)) -> [u8; 8] {
    let mut block = Array::from(block);
    apply(&mut block);
    block.0
}

#[test]
fn sm4_cbc_of_one_block_is_that_block_encrypted() {
    let mak: Mak = "sm4:0123456789ABCDEFFEDCBA9876543210".parse().unwrap();
    let schedule = MacSchedule::new(&mak, MacAlgorithm::Sm4Cbc, MacForm::Raw8).unwrap();
    assert_eq!(schedule.mac(mak.bytes()).as_slice(), unhex("681EDF34D206965E"));
    // One byte more makes a second block, filled up with zeros.
    let mut longer = mak.bytes().to_vec();
    longer.push(0);
    let mut padded = mak.bytes().to_vec();
    padded.resize(32, 0);
    assert_eq!(schedule.mac(&longer), schedule.mac(&padded));
    assert_ne!(schedule.mac(&longer), schedule.mac(mak.bytes()));
}

#[test]
fn a_mac_verifies_until_one_bit_changes() {
    let mak: Mak = "0123456789ABCDEF".parse().unwrap();
    let schedule = MacSchedule::new(&mak, MacAlgorithm::UnionPayEcb, MacForm::Ascii8).unwrap();
    let mut message = *b"0210 and nine bytes more than one block";
    let mac = schedule.mac(&message);
    assert!(schedule.verify(&message, &mac));
    for bit in 0..64 {
        let mut wrong = mac;
        wrong[bit / 8] ^= 1 << (bit % 8);
        assert!(!schedule.verify(&message, &wrong), "bit {bit}");
    }
    message[3] ^= 1;
    assert!(!schedule.verify(&message, &mac));
}

#[test]
fn four_bytes_of_mac_verify_whatever_follows_them() {
    let mak: Mak = DOUBLE.parse().unwrap();
    let schedule = MacSchedule::new(&mak, MacAlgorithm::X919, MacForm::Raw4).unwrap();
    let mut mac = schedule.mac(b"0210");
    assert_eq!(mac[4..], [0; 4]);
    mac[4..].fill(0x20);
    assert!(schedule.verify(b"0210", &mac));
    mac[3] ^= 1;
    assert!(!schedule.verify(b"0210", &mac));
}

#[test]
fn an_algorithm_refuses_a_key_it_cannot_use() {
    let keys = ["0123456789ABCDEF", DOUBLE, SM4, AES];
    let fits = |algorithm| {
        keys.map(|key| MacSchedule::new(&key.parse().unwrap(), algorithm, MacForm::Raw8).map(|_| ()).is_ok())
    };
    assert_eq!(fits(MacAlgorithm::UnionPayEcb), [true, true, true, false]);
    assert_eq!(fits(MacAlgorithm::X99), [true, true, false, false]);
    assert_eq!(fits(MacAlgorithm::X919), [false, true, false, false]);
    assert_eq!(fits(MacAlgorithm::Pboc), [false, true, false, false]);
    assert_eq!(fits(MacAlgorithm::Sm4Cbc), [false, false, true, false]);
    assert!(Iso4PinKey::new(&DOUBLE.parse().unwrap()).is_err());
}

#[test]
fn a_wrong_check_value_names_the_key() {
    let tmk: Tmk = DOUBLE.parse().unwrap();
    let mut de62 = Vec::new();
    work_keys(WorkKeyLayout::TDES_TRACK, 5).wrap(&tmk, &mut de62).unwrap();
    for (role, place) in [(Role::Pik, 16), (Role::Mak, 36), (Role::Tdk, 59)] {
        let mut wrong = de62.clone();
        wrong[place] ^= 1;
        match WorkKeys::unwrap(&tmk, &wrong) {
            Err(WorkKeyError::CheckValue(named, ..)) => assert_eq!(named, role),
            other => panic!("{other:?}"),
        }
    }
    let other_tmk = "00112233445566778899AABBCCDDEEFF".parse().unwrap();
    assert!(matches!(WorkKeys::unwrap(&other_tmk, &de62), Err(WorkKeyError::CheckValue(Role::Pik, ..))));
}

#[test]
fn work_keys_come_back_in_every_layout() {
    let layouts = [
        (WorkKeyLayout::DES, "0123456789ABCDEF", 24),
        (WorkKeyLayout::TDES, DOUBLE, 40),
        (WorkKeyLayout::TDES_MAK, DOUBLE, 40),
        (WorkKeyLayout::TDES_TRACK, DOUBLE, 60),
        (WorkKeyLayout::TDES_MAK_TRACK, DOUBLE, 60),
        (WorkKeyLayout::SM4_TRACK, SM4, 60),
        (WorkKeyLayout { pik: Algorithm::Tdes3, ..WorkKeyLayout::TDES }, DOUBLE, 56),
        (WorkKeyLayout { pik: Algorithm::Tdes3, ..WorkKeyLayout::TDES_TRACK }, DOUBLE, 84),
    ];
    for (seed, (layout, tmk, len)) in layouts.into_iter().enumerate() {
        let (tmk, keys) = (tmk.parse().unwrap(), work_keys(layout, seed as u64));
        let mut de62 = vec![0xEE];
        keys.wrap(&tmk, &mut de62).unwrap();
        assert_eq!(de62.len(), 1 + len, "{layout:?}");
        assert_eq!(WorkKeys::unwrap(&tmk, &de62[1..]).unwrap(), keys, "{layout:?}");
    }
}

#[test]
fn work_keys_of_no_layout_are_refused() {
    let tmk = DOUBLE.parse().unwrap();
    for len in (0..100).filter(|len| ![24, 40, 56, 60, 84].contains(len)) {
        assert_eq!(WorkKeys::unwrap(&tmk, &vec![0x55; len]), Err(WorkKeyError::Length(len)));
    }
    let refused = |tmk: &str, len| WorkKeys::unwrap(&tmk.parse().unwrap(), &vec![0x55; len]);
    assert_eq!(refused(SM4, 24), Err(WorkKeyError::Tmk(Algorithm::Sm4, 8)));
    assert_eq!(refused(AES, 40), Err(WorkKeyError::Tmk(Algorithm::Aes, 16)));
    let mut nothing = Vec::new();
    let wrapped = work_keys(WorkKeyLayout::TDES, 6).wrap(&SM4.parse().unwrap(), &mut nothing);
    assert_eq!(wrapped, Err(WorkKeyError::Tmk(Algorithm::Sm4, 16)));
    assert!(nothing.is_empty());
}

#[test]
fn a_slot_of_zeros_is_refused_and_not_a_panic() {
    let tmk = DOUBLE.parse().unwrap();
    for len in [24, 40, 56, 60, 84] {
        let refused = WorkKeys::unwrap(&tmk, &vec![0; len]);
        assert!(matches!(refused, Err(WorkKeyError::CheckValue(Role::Pik, ..))), "{refused:?}");
    }
}

#[test]
fn pins_of_every_length_come_back() {
    let pan: Pan = "6212345000000001".parse().unwrap();
    let bindings = [PanBinding::WithPan, PanBinding::WithoutPan];
    let codes = [PinLengthCode::Nibble, PinLengthCode::Decimal];
    for (key, len) in [("0123456789ABCDEF", 8), (DOUBLE, 8), (SM4, 16)] {
        let pik: Pik = key.parse().unwrap();
        assert_eq!(pik.pin_block_len(), len);
        for (digits, pan_binding, length) in pin_cases(bindings, codes) {
            let pin = digits.parse().unwrap();
            let block = pik.encrypt_pin(&pin, &pan, PinFormat { pan: pan_binding, length });
            assert_eq!(block.as_bytes().len(), len);
            assert_eq!(pik.decrypt_pin(block.as_bytes(), &pan, pan_binding), Ok(pin), "{digits} {length:?}");
        }
    }
    let iso4 = Iso4PinKey::new(&AES.parse().unwrap()).unwrap();
    for len in 4..=12 {
        let pin = PIN[..len].parse().unwrap();
        assert_eq!(iso4.decrypt(iso4.encrypt(&pin, &pan, [7; 8]).as_bytes(), &pan), Ok(pin));
    }
}

fn pin_cases(
    bindings: [PanBinding; 2],
    codes: [PinLengthCode; 2],
) -> impl Iterator<Item = (&'static str, PanBinding, PinLengthCode)> {
    (4..=12).flat_map(move |len| {
        bindings.into_iter().flat_map(move |pan| codes.into_iter().map(move |code| (&PIN[..len], pan, code)))
    })
}

#[test]
fn long_pins_announce_their_length_in_two_ways() {
    let (pin, pan) = (PIN.parse().unwrap(), "6212345000000001".parse().unwrap());
    let first = |length| {
        ClearPinBlock::short(&pin, &pan, PinFormat { pan: PanBinding::WithoutPan, length }).bytes()[0]
    };
    assert_eq!(first(PinLengthCode::Nibble), 0x0C);
    assert_eq!(first(PinLengthCode::Decimal), 0x12);
}

#[test]
fn a_pin_block_gives_no_pin_for_another_pan_or_key() {
    let (pik, pan): (Pik, Pan) = (DOUBLE.parse().unwrap(), "6212345000000001".parse().unwrap());
    let block = pik.encrypt_pin(&"123456".parse().unwrap(), &pan, PinFormat::default());
    let decrypt = |pik: &Pik, block: &[u8], pan: &str| {
        pik.decrypt_pin(block, &pan.parse().unwrap(), PanBinding::WithPan)
    };
    let content = Err(PinBlockError::Content);
    assert_eq!(decrypt(&pik, block.as_bytes(), "6212345999999991"), content);
    assert_eq!(decrypt(&"0123456789ABCDEF".parse().unwrap(), block.as_bytes(), pan.as_str()), content);
    let short = Err(PinBlockError::Length { expected: 8, found: 7 });
    assert_eq!(decrypt(&pik, &block.as_bytes()[..7], pan.as_str()), short);

    let iso4 = Iso4PinKey::new(&AES.parse().unwrap()).unwrap();
    let block = iso4.encrypt(&"1234".parse().unwrap(), &pan, [1; 8]);
    assert_eq!(iso4.decrypt(block.as_bytes(), &"6212345999999991".parse().unwrap()), content);
    assert!(matches!(iso4.decrypt(&[], &pan), Err(PinBlockError::Length { expected: 16, found: 0 })));
}

#[test]
fn a_track_of_every_length_comes_back_with_its_block_replaced() {
    let whole: Vec<u8> = (0..104).map(|place| b'0' + place % 10).collect();
    for (key, digits) in [(DOUBLE, 16), (SM4, 32)] {
        let cipher = TrackCipher::new(&key.parse().unwrap());
        for len in 0..=whole.len() {
            let mut track = whole[..len].to_vec();
            cipher.encrypt(&mut track).unwrap();
            assert_eq!(track.len(), len.max(digits + 1));
            if len > digits {
                let plain_end = if len % 2 == 1 { 1 } else { 2 };
                let start = len - plain_end - digits;
                assert_eq!(track[..start], whole[..start], "{len}");
                assert_eq!(track[len - plain_end..], whole[len - plain_end..len], "{len}");
                assert_ne!(track[start..len - plain_end], whole[start..len - plain_end], "{len}");
            }
            cipher.decrypt(&mut track).unwrap();
            assert_eq!(track, whole[..len], "{len}");
        }
    }
}

#[test]
fn what_is_no_track_stays_as_it_is() {
    let cipher = TrackCipher::new(&DOUBLE.parse().unwrap());
    let mut track = b"6212345=2912".to_vec();
    assert_eq!(cipher.encrypt(&mut track), Err(TrackError::Digit(7)));
    assert_eq!(track, b"6212345=2912");
    let mut short = b"0123456789ABCDEF".to_vec();
    assert_eq!(cipher.decrypt(&mut short), Err(TrackError::Length { least: 17, found: 16 }));
    assert_eq!(short, b"0123456789ABCDEF");
}

#[test]
fn keys_parse_by_length_and_name() {
    let algorithm = |text: &str| text.parse::<Key>().map(|key| key.algorithm());
    assert_eq!(algorithm("0123456789abcdef"), Ok(Algorithm::Des));
    assert_eq!(algorithm(DOUBLE), Ok(Algorithm::Tdes));
    assert_eq!(algorithm(&"0123456789ABCDEF".repeat(3)), Ok(Algorithm::Tdes3));
    assert_eq!(algorithm(SM4), Ok(Algorithm::Sm4));
    assert_eq!(algorithm(AES), Ok(Algorithm::Aes));
    for wrong in
        ["", "0", "0123456789ABCDE", "0123456789ABCDEG", "sm4:0123456789ABCDEF", "rc4:00", "密钥密钥密1"]
    {
        assert_eq!(algorithm(wrong), Err(KeyError::Text), "{wrong}");
    }
    assert_eq!(Key::new(Algorithm::Sm4, &[0; 8]).unwrap_err(), KeyError::Length(Algorithm::Sm4, 8));
    let (des, tdes): (Key, Key) = ("0123456789ABCDEF".parse().unwrap(), DOUBLE.parse().unwrap());
    assert_eq!(des.combine(&tdes).unwrap_err(), KeyError::Components(Algorithm::Des, Algorithm::Tdes));
    assert_eq!("13E9A422".parse(), Ok(Kcv([0x13, 0xE9, 0xA4, 0x22])));
}

#[test]
fn the_keys_of_a_sleeping_terminal_are_small() {
    let size = size_of::<Tmk>() + size_of::<Pik>() + size_of::<Mak>() + size_of::<Option<Tdk>>();
    assert_eq!(size, 100);
}

#[test]
fn nothing_prints_a_key() {
    for key in
        ["A1A2A3A4A5A6A7A8", "1122334455667788A0A0B0B0C0C0D0D0", "sm4:1122334455667788A0A0B0B0C0C0D0D0"]
    {
        let key: Key = key.parse().unwrap();
        let kcv = key.kcv().to_string();
        let (tmk, pik, mak, tdk) = (Tmk(key.clone()), Pik(key.clone()), Mak(key.clone()), Tdk(key.clone()));
        let keys = WorkKeys { pik: pik.clone(), mak: mak.clone(), tdk: Some(tdk.clone()) };
        let mut texts = vec![format!("{key:?}"), format!("{keys:?}"), format!("{keys:#?}")];
        texts.extend([both(&tmk), both(&pik), both(&mak), both(&tdk)]);
        for text in texts {
            assert!(text.contains(&kcv), "{text}");
            assert_hides(&text, key.bytes());
        }
    }
    let mak: Mak = "A1A2A3A4A5A6A7A8".parse().unwrap();
    assert_eq!(mak.to_string(), "Mak(DES, kcv 13E9A422)");
}

#[test]
fn nothing_prints_a_pin_block_in_clear() {
    let (pin, pan) = ("123456".parse().unwrap(), "6212345000000001".parse().unwrap());
    let format = PinFormat { pan: PanBinding::WithoutPan, ..PinFormat::default() };
    assert_eq!(format!("{:?}", ClearPinBlock::short(&pin, &pan, format)), "ClearPinBlock(***)");
    let block = DOUBLE.parse::<Pik>().unwrap().encrypt_pin(&pin, &pan, format);
    assert!(!format!("{block:?}").contains("123456"));
}

/// No eight digits of the secret in either case, nor its bytes as a list of numbers.
fn assert_hides(text: &str, secret: &[u8]) {
    let hex: String = secret.iter().map(|byte| format!("{byte:02X}")).collect();
    for part in hex.as_bytes().windows(8).map(|part| std::str::from_utf8(part).unwrap()) {
        assert!(!text.to_uppercase().contains(part), "{text}");
    }
    assert!(!text.contains(&format!("{}, {}, {}", secret[0], secret[1], secret[2])), "{text}");
}

fn both<T: Debug + Display>(value: &T) -> String {
    format!("{value} {value:?} {value:#?}")
}

fn work_keys(layout: WorkKeyLayout, seed: u64) -> WorkKeys {
    let mut random = StdRng::seed_from_u64(seed);
    WorkKeys::random(layout, || random.random())
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap_or_else(|| panic!("no {name} in {vector}"))
}

fn bytes(vector: &Value, name: &str) -> Vec<u8> {
    unhex(text(vector, name))
}

fn data(vector: &Value) -> Vec<u8> {
    match vector.get("data_ascii") {
        Some(_) => text(vector, "data_ascii").as_bytes().to_vec(),
        None => bytes(vector, "data"),
    }
}

fn parsed<T: std::str::FromStr<Err: Debug>>(vector: &Value, name: &str) -> T {
    text(vector, name).parse().unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

const DOUBLE: &str = "0123456789ABCDEFFEDCBA9876543210";
const SM4: &str = "sm4:0123456789ABCDEFFEDCBA9876543210";
const AES: &str = "aes:0123456789ABCDEFFEDCBA9876543210";
const PIN: &str = "123456789012";
