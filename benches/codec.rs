//! Time and allocations of the codec: messages of 20 elements in and out (bars: 100 ns, 130 ns, no allocation).

#![expect(clippy::unwrap_used, reason = "a bench of messages that do not pack measures nothing")]

#[path = "common/bar.rs"]
mod bar;
#[path = "common/timing.rs"]
mod timing;

use bar::bar;
use std::hint::black_box;
use timing::fastest_ns;

use divan::{AllocProfiler, Bencher};
use posfleet::iso8583::{De, Deframer, FrameHead, Message, Mti, Packer, Spec};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
    let spec = Spec::unionpay();
    for (what, body) in [("response", response()), ("request with chip data", request())] {
        let decode = || Message::parse(black_box(spec), black_box(&body)).is_ok();
        bar(&format!("ns to decode a {what} of 20 elements"), fastest_ns(decode), ..=100.0);
    }
    let packs: [(&str, Pack); 2] = [("response", pack_response), ("request with chip data", pack_request)];
    for (what, pack) in packs {
        let mut buffer = Vec::with_capacity(1024);
        let encode = || {
            buffer.clear();
            pack(&mut buffer);
            black_box(buffer.len())
        };
        bar(&format!("ns to encode a {what} of 20 elements"), fastest_ns(encode), ..=130.0);
    }
}

/// Writes a message into a buffer.
type Pack = fn(&mut Vec<u8>);

#[divan::bench]
fn decode_response(bencher: Bencher) {
    let (spec, body) = (Spec::unionpay(), response());
    assert_eq!(Message::parse(spec, &body).unwrap().elements().count(), 20);
    bencher.bench_local(|| Message::parse(black_box(spec), black_box(&body)).is_ok());
}

#[divan::bench]
fn decode_request(bencher: Bencher) {
    let (spec, body) = (Spec::unionpay(), request());
    assert_eq!(Message::parse(spec, &body).unwrap().elements().count(), 20);
    bencher.bench_local(|| Message::parse(black_box(spec), black_box(&body)).is_ok());
}

#[divan::bench]
fn decode_response_and_match(bencher: Bencher) {
    let (spec, asked, body) = (Spec::unionpay(), request(), response());
    let asked = Message::parse(spec, &asked).unwrap();
    bencher.bench_local(|| {
        let answer = Message::parse(black_box(spec), black_box(&body)).unwrap();
        let matched = [De::PROCESSING_CODE, De::AMOUNT, De::STAN, De::TERMINAL_ID];
        matched.iter().all(|de| answer.same(*de, &asked)) && answer.get(De::RESPONSE_CODE).unwrap().is(b"00")
    });
}

#[divan::bench]
fn encode_response(bencher: Bencher) {
    let mut buffer = Vec::with_capacity(1024);
    bencher.bench_local(|| {
        buffer.clear();
        pack_response(&mut buffer);
        black_box(buffer.len())
    });
}

#[divan::bench]
fn encode_request(bencher: Bencher) {
    let mut buffer = Vec::with_capacity(1024);
    bencher.bench_local(|| {
        buffer.clear();
        pack_request(&mut buffer);
        black_box(buffer.len())
    });
}

#[divan::bench]
fn deframe_four(bencher: Bencher) {
    let mut stream = Vec::new();
    for _ in 0..4 {
        pack_response(&mut stream);
    }
    let mut deframer = Deframer::for_framing(&Spec::unionpay().framing).unwrap();
    bencher.bench_local(|| {
        let (mut input, mut frames) = (black_box(&stream[..]), 0);
        while let Ok(Some(frame)) = deframer.next_frame(&mut input) {
            frames += black_box(frame).len();
        }
        frames
    });
}

/// What goes into the messages: of known sizes, and with values the compiler cannot know.
struct Sale {
    pan: [u8; 19],
    amount: u64,
    stan: u64,
    time: [u8; 6],
    date: [u8; 4],
    expiry: [u8; 4],
    acquirer: [u8; 8],
    track2: [u8; 34],
    rrn: [u8; 12],
    approval: [u8; 6],
    terminal: [u8; 8],
    merchant: [u8; 15],
    institutions: [u8; 22],
    icc: [u8; 135],
    code: [u8; 23],
    private: [u8; 14],
}

const SALE: Sale = Sale {
    pan: *b"6212260000000005573",
    amount: 73_700,
    stan: 2_332,
    time: *b"203217",
    date: *b"0827",
    expiry: *b"3012",
    acquirer: *b"48031000",
    track2: *b"6212260000000005573D30122200012356",
    rrn: *b"203217491827",
    approval: *b"012345",
    terminal: *b"10000001",
    merchant: *b"898100012340001",
    institutions: *b"01020000   48031000   ",
    icc: [0x9F; 135],
    code: *b"A3019621226000000000557",
    private: *b"22000065000501",
};

fn pack_response(buffer: &mut Vec<u8>) {
    let (spec, sale) = black_box((Spec::unionpay(), &SALE));
    Packer::new(spec, buffer, &FrameHead::default(), Mti::FINANCIAL.response())
        .put(De::PAN, &sale.pan)
        .put_number(De::PROCESSING_CODE, 0)
        .put_number(De::AMOUNT, sale.amount)
        .put_number(De::STAN, sale.stan)
        .put(De::LOCAL_TIME, &sale.time)
        .put(De::LOCAL_DATE, &sale.date)
        .put(De::EXPIRY, &sale.expiry)
        .put(De::SETTLEMENT_DATE, &sale.date)
        .put(De::CONDITION_CODE, b"00")
        .put(De::ACQUIRER_ID, &sale.acquirer)
        .put(De::RRN, &sale.rrn)
        .put(De::APPROVAL_CODE, &sale.approval)
        .put(De::RESPONSE_CODE, b"00")
        .put(De::TERMINAL_ID, &sale.terminal)
        .put(De::MERCHANT_ID, &sale.merchant)
        .put(De::ADDITIONAL_RESPONSE, &sale.institutions)
        .put(De::CURRENCY, b"156")
        .put(De::ICC_DATA, &sale.icc[..5])
        .put(De::PRIVATE_60, &sale.private)
        .finish_with_mac(mac)
        .unwrap();
}

fn pack_request(buffer: &mut Vec<u8>) {
    let (spec, sale) = black_box((Spec::unionpay(), &SALE));
    Packer::new(spec, buffer, &FrameHead::default(), Mti::FINANCIAL)
        .put(De::PAN, &sale.pan)
        .put_number(De::PROCESSING_CODE, 0)
        .put_number(De::AMOUNT, sale.amount)
        .put_number(De::STAN, sale.stan)
        .put(De::EXPIRY, &sale.expiry)
        .put(De::ENTRY_MODE, b"051")
        .put(De::CARD_SEQUENCE, b"001")
        .put(De::CONDITION_CODE, b"00")
        .put(De::PIN_CAPTURE, b"06")
        .put(De::TRACK2, &sale.track2)
        .put(De::TERMINAL_ID, &sale.terminal)
        .put(De::MERCHANT_ID, &sale.merchant)
        .put(De::CURRENCY, b"156")
        .put(De::PIN_BLOCK, &sale.icc[..8])
        .put(De::SECURITY_CONTROL, b"2600000000000000")
        .put(De::ICC_DATA, &sale.icc)
        .put(De::PRIVATE_59, &sale.code)
        .put(De::PRIVATE_60, &sale.private)
        .put(De::PRIVATE_63, b"01 ")
        .finish_with_mac(mac)
        .unwrap();
}

/// Stands in for a MAC: its time is measured elsewhere.
fn mac(data: &[u8]) -> [u8; 8] {
    data.last_chunk().copied().unwrap_or_default()
}

fn response() -> Vec<u8> {
    let mut frame = Vec::new();
    pack_response(&mut frame);
    Spec::unionpay().framing.open(&frame).unwrap().body.to_vec()
}

fn request() -> Vec<u8> {
    let mut frame = Vec::new();
    pack_request(&mut frame);
    Spec::unionpay().framing.open(&frame).unwrap().body.to_vec()
}
