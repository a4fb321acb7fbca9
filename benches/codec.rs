//! Time and allocations of the codec: messages of 20 elements in and out (bars: 100 ns, 130 ns, no allocation).

use std::hint::black_box;

use divan::{AllocProfiler, Bencher};
use posfleet::iso8583::{De, Deframer, FrameHead, Message, Mti, Packer, Spec};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

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

fn pack_response(buffer: &mut Vec<u8>) {
    Packer::new(Spec::unionpay(), buffer, &FrameHead::default(), Mti::FINANCIAL.response())
        .put(De::PAN, black_box(b"6212260000000005573"))
        .put_number(De::PROCESSING_CODE, 0)
        .put_number(De::AMOUNT, black_box(73_700))
        .put_number(De::STAN, black_box(2_332))
        .put(De::LOCAL_TIME, black_box(b"203217"))
        .put(De::LOCAL_DATE, black_box(b"0827"))
        .put(De::EXPIRY, black_box(b"3012"))
        .put(De::SETTLEMENT_DATE, black_box(b"0827"))
        .put(De::CONDITION_CODE, black_box(b"00"))
        .put(De::ACQUIRER_ID, black_box(b"48031000"))
        .put(De::RRN, black_box(b"203217491827"))
        .put(De::APPROVAL_CODE, black_box(b"012345"))
        .put(De::RESPONSE_CODE, black_box(b"00"))
        .put(De::TERMINAL_ID, black_box(b"10000001"))
        .put(De::MERCHANT_ID, black_box(b"898100012340001"))
        .put(De::ADDITIONAL_RESPONSE, black_box(b"01020000   48031000   "))
        .put(De::CURRENCY, black_box(b"156"))
        .put(De::ICC_DATA, black_box(&[0x9F, 0x36, 0x02, 0x00, 0x47]))
        .put(De::PRIVATE_60, black_box(b"22000065000501"))
        .finish_with_mac(|data| mac(data))
        .unwrap();
}

fn pack_request(buffer: &mut Vec<u8>) {
    Packer::new(Spec::unionpay(), buffer, &FrameHead::default(), Mti::FINANCIAL)
        .put(De::PAN, black_box(b"6212260000000005573"))
        .put_number(De::PROCESSING_CODE, 0)
        .put_number(De::AMOUNT, black_box(73_700))
        .put_number(De::STAN, black_box(2_332))
        .put(De::EXPIRY, black_box(b"3012"))
        .put(De::ENTRY_MODE, black_box(b"051"))
        .put(De::CARD_SEQUENCE, black_box(b"001"))
        .put(De::CONDITION_CODE, black_box(b"00"))
        .put(De::PIN_CAPTURE, black_box(b"06"))
        .put(De::TRACK2, black_box(b"6212260000000005573D30122200012356"))
        .put(De::TERMINAL_ID, black_box(b"10000001"))
        .put(De::MERCHANT_ID, black_box(b"898100012340001"))
        .put(De::CURRENCY, black_box(b"156"))
        .put(De::PIN_BLOCK, black_box(&[0x12; 8]))
        .put(De::SECURITY_CONTROL, black_box(b"2600000000000000"))
        .put(De::ICC_DATA, black_box(&[0x9F; 135]))
        .put(De::PRIVATE_59, black_box(b"A3019621226000000000557"))
        .put(De::PRIVATE_60, black_box(b"22000065000501"))
        .put(De::PRIVATE_63, black_box(b"01 "))
        .finish_with_mac(|data| mac(data))
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
