//! Any payload through any frame, and any bytes into everything that listens on a line.

use posfleet::{
    ecr::{
        Answer, Deframer, Dialogue, Frame, Link, LinkPolicy, MaskedCard, Original, Outbox, Output, Patience,
        Piece, Register, RegisterInput, Request, Role, Service, Serving, Terminal, TerminalInput, Text,
        Verdict, caisse, concert, mis, zvt,
    },
    money::Amount,
    time::Instant,
};
use proptest::{collection::vec, prelude::*};
use std::time::Duration;

const FRAMES: [Frame; 7] = [
    Frame::STX_LRC,
    Frame::STX_BCD,
    Frame::ZVT_SERIAL,
    Frame::ZVT_TCP,
    Frame::ISELF,
    Frame::WISEASY,
    Frame::GHL,
];

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn what_is_built_is_cut_out_again(
        kind in 0..FRAMES.len(),
        payloads in vec(vec(any::<u8>(), 3..400), 1..4),
        garbage in vec(0xE0_u8.., 0..20),
        cuts in vec(1_usize..40, 1..20),
    ) {
        let frame = &FRAMES[kind];
        let payloads: Vec<Vec<u8>> = payloads.into_iter().map(|payload| fit(kind, payload)).collect();
        // A stream without start bytes cannot have garbage.
        let mut bytes = if frame.start.is_empty() { Vec::new() } else { garbage };
        for payload in &payloads {
            frame.build(payload, &mut bytes).unwrap();
        }
        let mut deframer = Deframer::default();
        let (mut rest, mut found) = (&bytes[..], Vec::new());
        for cut in cuts.iter().cycle() {
            let (part, after) = rest.split_at((*cut).min(rest.len()));
            deframer.push(part);
            found.extend(std::iter::from_fn(|| deframer.next_piece(frame)));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        let expected: Vec<Piece> = payloads.into_iter().map(Piece::Frame).collect();
        prop_assert_eq!(found, expected);
        prop_assert!(!deframer.is_pending());
    }

    #[test]
    fn a_frame_with_one_wrong_bit_is_no_frame(
        kind in 0..FRAMES.len(),
        payload in vec(any::<u8>(), 3..100),
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let frame = &FRAMES[kind];
        let payload = fit(kind, payload);
        let mut bytes = Vec::new();
        frame.build(&payload, &mut bytes).unwrap();
        *place.get_mut(&mut bytes) ^= 1 << bit;
        // A bare APDU has nothing to be checked by.
        prop_assume!(frame.check.size() > 0);
        let whole = pieces(frame, &bytes);
        prop_assert!(!whole.contains(&Piece::Frame(payload)), "{:?}", whole);
    }

    #[test]
    fn random_bytes_end_in_few_pieces_and_little_memory(kind in 0..FRAMES.len(), bytes in vec(byte(), 0..3_000)) {
        let found = pieces(&FRAMES[kind], &bytes);
        prop_assert!(found.len() <= bytes.len());
    }

    #[test]
    fn silence_ends_what_random_bytes_began(kind in 0..FRAMES.len(), bytes in vec(byte(), 0..300)) {
        let frame = &FRAMES[kind];
        let mut deframer = Deframer::default();
        deframer.push(&bytes);
        while deframer.next_piece(frame).is_some() {}
        deframer.gap(frame);
        prop_assert!(!deframer.is_pending());
    }

    #[test]
    fn parsers_survive_random_bytes(bytes in vec(byte(), 0..300)) {
        for preset in [mis::Preset::allinpay(), mis::Preset::df_tlv()] {
            drop(preset.parse(&bytes));
        }
        drop(zvt::Message::parse(&bytes));
        drop(zvt::Bmps::parse(&bytes));
        drop(zvt::find_tlv(&bytes, 0x1F73));
        drop(caisse::Message::parse(&bytes));
        drop(concert::Request::parse(&bytes));
        drop(concert::Reply::parse(&bytes));
    }

    #[test]
    fn requests_are_read_as_they_were_written(request in request()) {
        for preset in [mis::Preset::allinpay(), mis::Preset::df_tlv()] {
            let packet = mis::Packet { echo: preset.echo(request.id), message: mis::Message::Request(request.clone()) };
            prop_assert_eq!(preset.parse(&preset.write(&packet)), Ok(packet));
        }
    }

    #[test]
    fn answers_are_read_as_they_were_written(id in 1..1_000_000_u32, answer in answer()) {
        for preset in [mis::Preset::allinpay(), mis::Preset::df_tlv()] {
            let service = Service::Sale;
            for message in
                [mis::Message::Answer { id, service, answer: answer.clone() }, mis::Message::Found { id, answer: answer.clone() }]
            {
                let packet = mis::Packet { echo: preset.echo(id), message };
                prop_assert_eq!(preset.parse(&preset.write(&packet)), Ok(packet));
            }
        }
        let answer = Answer { code: Text(vec![0]), receipt: answer.receipt % 10_000, ..answer };
        let answer = Answer { verdict: Verdict::Approved, reference: Text::default(), ..answer };
        let message = zvt::Message::Status(Box::new(zvt::Status { result: 0, id, answer }));
        prop_assert_eq!(zvt::Message::parse(&message.write()), Ok(message));
    }
}

proptest! {
    // Every case goes through all machines over all frames and policies.
    #![proptest_config(ProptestConfig {
        cases: 24,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8),
        ..ProptestConfig::default()
    })]

    #[test]
    fn machines_survive_random_bytes(inputs in vec(vec(byte(), 0..60), 0..30)) {
        for_all_machines(&inputs);
    }

    #[test]
    fn machines_survive_random_payloads_in_good_frames(payloads in vec(vec(byte(), 0..60), 0..12)) {
        for frame in &FRAMES {
            let built = payloads.iter().filter_map(|payload| {
                let mut bytes = Vec::new();
                frame.build(payload, &mut bytes).ok().map(|()| bytes)
            });
            for_all_machines(&built.collect::<Vec<_>>());
        }
    }
}

#[test]
fn no_debug_text_shows_a_card() {
    let pan = "4970101234567890";
    let text = Text::from(format!("CARD {pan}").as_str());
    let answer = Answer {
        card: MaskedCard::new(pan.as_bytes()),
        text: text.clone(),
        ..Answer::bare(Verdict::Approved)
    };
    let fields = mis::Fields::default().with(0x9F0B, pan.as_bytes());
    let shown = [
        format!("{answer:?}"),
        format!("{fields:?}"),
        format!("{:?}", zvt::Apdu::new(0x040F, pan.as_bytes().to_vec())),
        format!("{:?}", caisse::Tags::default().with(b"AA", pan.as_bytes())),
        format!("{:?}", Piece::Frame(pan.as_bytes().to_vec())),
        format!("{:?}", posfleet::ecr::Opaque(pan.as_bytes().to_vec())),
        format!("{:?}", zvt::Message::PrintLine { attribute: 0, text }),
    ];
    for shown in shown {
        assert!(!shown.contains("101234567"), "{shown}");
        assert!(!shown.contains("49, 55, 48, 49, 48, 49"), "{shown}");
    }
}

/// A payload that the frame can carry.
fn fit(kind: usize, payload: Vec<u8>) -> Vec<u8> {
    let frame = &FRAMES[kind];
    match frame.body {
        posfleet::ecr::Body::Marked => {
            payload.into_iter().map(|byte| if byte == 3 { 4 } else { byte }).collect()
        }
        posfleet::ecr::Body::Counted(field) if field.is_payload => zvt::Apdu::new(0x040F, payload).write(),
        _ => payload,
    }
}

fn pieces(frame: &Frame, bytes: &[u8]) -> Vec<Piece> {
    let mut deframer = Deframer::default();
    deframer.push(bytes);
    std::iter::from_fn(|| deframer.next_piece(frame)).collect()
}

/// Any byte, control characters and digits more often.
fn byte() -> impl Strategy<Value = u8> {
    let marks = vec![
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0F, 0x10, 0x15, 0x55, 0xAA, 0x80, 0x84, 0x9C, 0xDF, 0x9F,
    ];
    prop_oneof![any::<u8>(), prop::sample::select(marks), b'0'..=b'9']
}

fn text(max: usize) -> impl Strategy<Value = Text> {
    vec(b'A'..=b'Z', 0..max).prop_map(Text)
}

fn request() -> impl Strategy<Value = Request> {
    let services = vec![Service::Sale, Service::Void, Service::Refund];
    let original = (0..1_000_000_u32, text(12), 1..1_232_u16);
    let original = original.prop_map(|(receipt, reference, date)| Original { receipt, reference, date });
    (1..1_000_000_u32, prop::sample::select(services), 0..1_000_000_000_000_u64, prop::option::of(original))
        .prop_map(|(id, service, minor, original)| Request {
            id,
            service,
            amount: Amount::from_minor(minor),
            original,
        })
}

fn answer() -> impl Strategy<Value = Answer> {
    (
        any::<bool>(),
        0..1_000_000_000_u64,
        0..1_000_000_u32,
        text(6),
        text(12),
        text(20),
        vec(b'0'..=b'9', 13..19),
    )
        .prop_map(|(is_approved, minor, receipt, approval, reference, text, card)| Answer {
            verdict: if is_approved { Verdict::Approved } else { Verdict::Declined },
            amount: Amount::from_minor(minor),
            code: Text::from(if is_approved { "00" } else { "51" }),
            receipt,
            approval,
            reference,
            text,
            card: MaskedCard::new(&card),
            ..Answer::bare(Verdict::Declined)
        })
}

/// Feeds the inputs to every machine that there is, time passing in between.
fn for_all_machines(inputs: &[Vec<u8>]) {
    for policy in [LinkPolicy::BARE, LinkPolicy::BY_TERMINAL, LinkPolicy::ZVT, LinkPolicy::CONCERT] {
        for frame in [Frame::STX_BCD, Frame::STX_LRC, Frame::ZVT_SERIAL, Frame::ZVT_TCP, Frame::SILENCE] {
            let link = |role| Link::new(frame.clone(), policy, role);
            let (register, terminal) = (|| link(Role::Register), || link(Role::Terminal));
            for preset in [mis::Preset::allinpay(), mis::Preset::df_tlv()] {
                feed_register(mis::Asking::new(preset.clone()), register(), inputs);
                feed_terminal(mis::Answering::new(preset), terminal(), inputs);
            }
            feed_register(zvt::Asking::new(0, 978), register(), inputs);
            feed_terminal(zvt::Answering::default(), terminal(), inputs);
            feed_register(concert::Asking::new(1, 978), register(), inputs);
            feed_terminal(concert::Answering::default(), terminal(), inputs);
            feed_register(caisse::Asking::new(1, 978, true), register(), inputs);
            feed_terminal(caisse::Answering::default(), terminal(), inputs);
        }
    }
}

fn feed_register<D: Dialogue>(asking: D, link: Link, inputs: &[Vec<u8>]) {
    let (connect, pause) = (Duration::from_secs(5), Duration::from_secs(5));
    let patience = Patience { connect, pause, tries: 3, reconnects: false };
    let mut register = Register::new(asking, link, patience);
    let mut now = Instant::START;
    let mut take = |now, input: RegisterInput<'_>| {
        let mut outbox = Outbox::default();
        register.handle(now, input, &mut outbox);
        drain(&mut outbox)
    };
    let sale = Request { id: 1, service: Service::Sale, amount: Amount::from_minor(100), original: None };
    take(now, RegisterInput::Ask(sale));
    take(now, RegisterInput::Connected);
    for input in inputs {
        let wait = take(now, RegisterInput::Received(input));
        now = wait.unwrap_or(now).max(now + Duration::from_millis(100));
        take(now, RegisterInput::Timeout);
    }
    take(now, RegisterInput::Closed);
}

fn feed_terminal<S: Serving>(answering: S, link: Link, inputs: &[Vec<u8>]) {
    let mut terminal = Terminal::new(answering, link);
    let mut now = Instant::START;
    let mut take = |now, input: TerminalInput<'_>| {
        let mut outbox = Outbox::default();
        terminal.handle(now, input, &mut outbox);
        drain(&mut outbox)
    };
    take(now, TerminalInput::Connected);
    for input in inputs {
        take(now, TerminalInput::Received(input));
        let wait = take(now, TerminalInput::Decide(Answer::bare(Verdict::Approved)));
        now = wait.unwrap_or(now).max(now + Duration::from_millis(100));
        take(now, TerminalInput::Timeout);
    }
    take(now, TerminalInput::Closed);
}

/// Polls an outbox to its wait, which must come, as the last and soon.
fn drain<E: std::fmt::Debug>(outbox: &mut Outbox<E>) -> Option<Instant> {
    for _ in 0..1_000 {
        if let Some(Output::Wait(until)) = outbox.poll() {
            assert!(outbox.poll().is_none());
            return until;
        }
    }
    panic!("an outbox without a wait");
}
