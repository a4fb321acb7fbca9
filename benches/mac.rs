//! What one block, one key schedule and one MAC over a 200-byte message cost.
//!
//! `cargo bench --bench mac`. The bar for X9.19 is half of the time of the `des` crate, that for a 3DES block is 1.2 times
//! that of OpenSSL, whose program is asked where it is installed.

#[path = "common/bar.rs"]
mod bar;
#[path = "common/timing.rs"]
mod timing;

use std::{hint::black_box, process::Command};

use bar::bar;
use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use divan::Bencher;
use posfleet::card::Pan;
use posfleet::crypto::{Des, Key, MacAlgorithm, MacSchedule, Mak, Pik, PinFormat, Tdes};
use timing::fastest_ns;

fn main() {
    divan::main();
    let x919 = schedule(&Mak(key("")), MacAlgorithm::X919);
    let [left, right] = DOUBLE_KEY.map(|key| des::Des::new(&Array::from(key)));
    let ours = fastest_ns(|| x919.mac(black_box(&MESSAGE)));
    let theirs = fastest_ns(|| x919_by(&left, &right, black_box(&MESSAGE)));
    bar("X9.19 over that of the des crate", ours / theirs, ..=0.5);
    let tdes = Tdes::double(&double_key());
    // Each block depends on the one before, as with OpenSSL, which measures CBC.
    let mut block = BLOCK;
    let ours = fastest_ns(|| {
        block = tdes.encrypt(block);
        block
    });
    match openssl_block_ns() {
        Some(theirs) => bar("3DES block over OpenSSL's", ours / theirs, ..=1.2),
        None => println!("3DES block over OpenSSL's: openssl is not installed"),
    }
}

/// Nanoseconds of a block of OpenSSL's 3DES.
fn openssl_block_ns() -> Option<f64> {
    let speed = ["speed", "-mr", "-seconds", "2", "-bytes", "8192", "des-ede3"];
    let told = Command::new("openssl").args(speed).output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let bytes_per_second = told.lines().find(|line| line.starts_with("+F:"))?.rsplit(':').next()?;
    bytes_per_second.parse::<f64>().ok().map(|rate| 8e9 / rate)
}

mod block {
    use super::*;

    #[divan::bench]
    fn des(bencher: Bencher) {
        let des = Des::new(&DOUBLE_KEY[0]);
        bencher.bench(|| des.encrypt(black_box(BLOCK)));
    }

    #[divan::bench]
    fn des_rustcrypto(bencher: Bencher) {
        let des = des::Des::new(&Array::from(DOUBLE_KEY[0]));
        bencher.bench(|| encrypt_rustcrypto(&des, black_box(BLOCK)));
    }

    #[divan::bench]
    fn tdes(bencher: Bencher) {
        let tdes = Tdes::double(&double_key());
        bencher.bench(|| tdes.encrypt(black_box(BLOCK)));
    }

    #[divan::bench]
    fn tdes_rustcrypto(bencher: Bencher) {
        let tdes = des::TdesEde2::new(&Array::from(double_key()));
        bencher.bench(|| encrypt_rustcrypto(&tdes, black_box(BLOCK)));
    }

    /// A run of 3DES blocks in ECB, each independent: what `openssl speed` measures, per 8 kB.
    #[divan::bench]
    fn tdes_1024_blocks(bencher: Bencher) {
        let tdes = key("").expand();
        let mut data = vec![0x5A; 8192];
        bencher.bench_local(|| tdes.encrypt_blocks(black_box(&mut data)));
    }

    #[divan::bench]
    fn sm4(bencher: Bencher) {
        let sm4 = key("sm4:").expand();
        bencher.bench(|| {
            let mut block = black_box([0x5A; 16]);
            sm4.encrypt_blocks(&mut block);
            block
        });
    }
}

mod schedule {
    use super::*;

    #[divan::bench]
    fn des() -> Des {
        Des::new(black_box(&DOUBLE_KEY[0]))
    }

    #[divan::bench]
    fn tdes() -> Tdes {
        Tdes::double(black_box(&double_key()))
    }

    #[divan::bench(args = ["", "sm4:"])]
    fn mac(bencher: Bencher, prefix: &str) {
        let mak = Mak(key(prefix));
        bencher.bench(|| union_pay(black_box(&mak)));
    }
}

mod mac_200_bytes {
    use super::*;

    #[divan::bench]
    fn union_pay_des(bencher: Bencher) {
        run(bencher, &union_pay(&Mak(SINGLE_KEY.parse().expect("a DES key"))));
    }

    #[divan::bench]
    fn union_pay_tdes(bencher: Bencher) {
        run(bencher, &union_pay(&Mak(key(""))));
    }

    #[divan::bench]
    fn union_pay_sm4(bencher: Bencher) {
        run(bencher, &union_pay(&Mak(key("sm4:"))));
    }

    #[divan::bench]
    fn sm4_cbc(bencher: Bencher) {
        run(bencher, &schedule(&Mak(key("sm4:")), MacAlgorithm::Sm4Cbc));
    }

    #[divan::bench]
    fn x919(bencher: Bencher) {
        run(bencher, &schedule(&Mak(key("")), MacAlgorithm::X919));
    }

    #[divan::bench]
    fn x919_rustcrypto(bencher: Bencher) {
        let [left, right] = DOUBLE_KEY.map(|key| des::Des::new(&Array::from(key)));
        bencher.bench(|| x919_by(&left, &right, black_box(&MESSAGE)));
    }

    fn run(bencher: Bencher, schedule: &MacSchedule) {
        bencher.bench(|| schedule.mac(black_box(&MESSAGE)));
    }
}

/// The key schedule is made per block, as terminals use it.
#[divan::bench]
fn pin_block_with_schedule(bencher: Bencher) {
    let pik = Pik(key(""));
    let (pin, pan): (_, Pan) = ("123456".parse().expect("a PIN"), "6212345000000001".parse().expect("a PAN"));
    bencher.bench(|| black_box(&pik).encrypt_pin(&pin, &pan, PinFormat::default()));
}

fn x919_by(left: &des::Des, right: &des::Des, data: &[u8]) -> [u8; 8] {
    let mut state = [0; 8];
    for block in data.as_chunks::<8>().0 {
        state =
            encrypt_rustcrypto(left, (u64::from_ne_bytes(state) ^ u64::from_ne_bytes(*block)).to_ne_bytes());
    }
    let mut state = Array::from(state);
    right.decrypt_block(&mut state);
    encrypt_rustcrypto(left, state.0)
}

fn encrypt_rustcrypto<C: BlockCipherEncrypt<BlockSize = des::cipher::consts::U8>>(
    cipher: &C,
    block: [u8; 8],
) -> [u8; 8] {
    let mut block = Array::from(block);
    cipher.encrypt_block(&mut block);
    block.0
}

fn union_pay(mak: &Mak) -> MacSchedule {
    schedule(mak, MacAlgorithm::UnionPayEcb)
}

fn schedule(mak: &Mak, algorithm: MacAlgorithm) -> MacSchedule {
    MacSchedule::new(mak, algorithm, algorithm.usual_form()).expect("the key fits the algorithm")
}

fn key(prefix: &str) -> Key {
    format!("{prefix}{SINGLE_KEY}FEDCBA9876543210").parse().expect("a double-length key")
}

fn double_key() -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(DOUBLE_KEY.as_flattened());
    key
}

const SINGLE_KEY: &str = "0123456789ABCDEF";
const DOUBLE_KEY: [[u8; 8]; 2] =
    [0x0123_4567_89AB_CDEF_u64.to_be_bytes(), 0xFEDC_BA98_7654_3210_u64.to_be_bytes()];
const BLOCK: [u8; 8] = [0x5A; 8];
const MESSAGE: [u8; 200] = [0x35; 200];
