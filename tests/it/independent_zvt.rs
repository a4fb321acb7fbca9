//! The crate `zvt` as the cash register of our pretended terminals and as the terminal of our register, over TCP and
//! serial; and what the authors of the crate recorded of a real terminal.

use crate::{
    independent_rig::{Lab, PATIENCE, ask, run, sale},
    independent_zvt_line::over_serial,
    program::{Finished, Folder, Running, posfleet},
};
use futures_util::StreamExt;
use posfleet::ecr::{Service, Verdict, zvt as ours};
use std::{net::SocketAddr, pin::Pin};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_serial::{SerialPort, SerialPortBuilderExt, SerialStream, StopBits};
// The derives of the crate name this one.
use zvt as zvt_builder;
use zvt::{
    Zvt, ZvtEnum, ZvtParser, ZvtSerializer, encoding, length, packets,
    sequences::{self, AuthorizationResponse, Sequence, read_packet_async, write_with_ack_async},
};

/// 06 01, which the crate leaves out.
#[derive(Debug, Default, PartialEq, Zvt)]
#[zvt_control_field(class = 0x06, instr = 0x01)]
struct Authorisation {
    #[zvt_bmp(number = 0x04, length = length::Fixed<6>, encoding = encoding::Bcd)]
    amount: Option<usize>,
    #[zvt_bmp(number = 0x49, length = length::Fixed<2>, encoding = encoding::Bcd)]
    currency: Option<usize>,
    #[zvt_bmp(number = 0x06, length = length::Tlv)]
    tlv: Option<Container>,
}

#[derive(Debug, Default, PartialEq, Zvt)]
struct Container {
    #[zvt_tlv(tag = 0x1f73, encoding = encoding::Bcd)]
    sequence: Option<usize>,
}

impl Sequence for Authorisation {
    type Input = Self;
    type Output = AuthorizationResponse;
}

/// What our register commands.
#[derive(ZvtEnum)]
enum Command {
    Registration(packets::Registration),
    StatusEnquiry(packets::StatusEnquiry),
    EndOfDay(packets::EndOfDay),
    Authorisation(Authorisation),
}

#[test]
fn the_crate_is_served_over_tcp() {
    let lab = Lab::of("zvt-tcp", &format!("tcp:127.0.0.1:{}", free_port()), TERMINAL);
    let address = lab.rack.devices[0].port.to_string();
    let tally = run(lab.pretend(async {
        let address = address.trim_start_matches("tcp:");
        be_a_register(&mut TcpStream::connect(address).await.unwrap()).await;
    }));
    assert_eq!((tally.asked, tally.booked()), (3, 1));
}

#[test]
fn the_crate_is_served_on_a_serial_line() {
    let lab = Lab::of("zvt-serial", "sim:a", &format!("{TERMINAL}, line: {{ baud: 115200 }}"));
    let tally = run(lab.pretend(async {
        let port = tokio_serial::new(lab.link().to_str().unwrap(), 115_200).stop_bits(StopBits::Two);
        let (mut line, adapter) = over_serial(port.open_native_async().unwrap());
        be_a_register(&mut line).await;
        drop(line);
        adapter.await.unwrap();
    }));
    assert_eq!((tally.asked, tally.booked()), (3, 1));
}

/// What `examples/status.rs` of the crate does, in front of the command that users start.
#[test]
fn the_example_of_the_crate_runs_to_its_end() {
    let folder = Folder::new("zvt-example");
    let port = free_port();
    let rack = folder.file("rack.yaml", &rack_at(([127, 0, 0, 1], port).into()));
    let simulator = Running::start(posfleet(["devices", "simulate"]).arg(&rack));
    simulator.wait_for("terminals pretended");
    run(async {
        let mut line = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        keep_house(&mut line).await;
    });
    simulator.signal("INT");
    simulator.finish().exits_with(0);
}

#[test]
fn our_register_is_served_by_the_crate_over_tcp() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let lab = Lab::of("zvt-register", &format!("tcp:{}", listener.local_addr().unwrap()), TERMINAL);
        let terminal = tokio::spawn(async move { be_a_terminal(listener.accept().await.unwrap().0).await });
        drive(&lab).await;
        assert_eq!(terminal.await.unwrap(), SEEN);
    });
}

#[test]
fn the_command_identifies_a_terminal_of_the_crate() {
    let told = run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let folder = Folder::new("zvt-identify");
        let rack = folder.file("rack.yaml", &rack_at(listener.local_addr().unwrap()));
        let terminal = tokio::spawn(async move { be_a_terminal(listener.accept().await.unwrap().0).await });
        let mut command = posfleet(["devices", "identify"]);
        command.arg(rack);
        let told = tokio::task::spawn_blocking(move || Finished::of(&mut command)).await.unwrap();
        assert_eq!(terminal.await.unwrap(), SEEN[..2]);
        told
    });
    assert!(told.exits_with(0).stdout.contains("terminal 52523535"));
}

#[test]
fn our_register_is_served_by_the_crate_on_a_serial_line() {
    run(async {
        let (terminal, keeper) = SerialStream::pair().unwrap();
        let lab = Lab::of("zvt-line", &keeper.name().unwrap(), TERMINAL);
        let (line, _adapter) = over_serial(terminal);
        let terminal = tokio::spawn(be_a_terminal(line));
        drive(&lab).await;
        // Nobody holds the line any more: it hangs up.
        drop(keeper);
        assert_eq!(terminal.await.unwrap(), SEEN);
    });
}

/// The frames are those of a real terminal and of its register.
#[test]
fn what_a_real_terminal_said_is_understood() {
    let message =
        |name: &str| ours::Message::parse(&recorded(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let same = ["registration", "registration-completion", "intermediate-status", "completion", "end-of-day"];
    for name in same {
        let recorded = recorded(name);
        let cut = if name == "registration-completion" { 10 } else { recorded.len() };
        assert_eq!(message(name).write()[3..cut], recorded[3..cut], "{name}");
    }
    assert_eq!(
        message("status-completion"),
        ours::Message::Completion {
            status: Some(0),
            terminal: Some(52_523_535),
            version: "GER-APP-v2.0.9;cS02.01.01-10.10-2-2;CC26".into()
        }
    );
    let ours::Message::Status(status) = message("status-information-approved") else { panic!("a status") };
    let answer = &status.answer;
    assert_eq!((status.result, answer.amount.minor(), answer.receipt, answer.trace), (0, 2_500, 231, 975));
    assert_eq!(
        (answer.card.as_bytes(), &answer.terminal.0[..]),
        (&b"559883******8074"[..], &b"52523535"[..])
    );
    assert_eq!(answer.approval.0, b"750071");
    for name in ["status-information-reversed", "status-information-card-read", "status-information-totals"] {
        assert!(matches!(message(name), ours::Message::Status(_)), "{name}");
    }
    let ours::Message::PrintBlock(lines) = message("receipt") else { panic!("a receipt") };
    assert_eq!(lines.len(), 33);
    assert_eq!(lines[1].0.trim_ascii(), b"** Customer Receipt **");
    assert_eq!(message("no-pre-authorization"), ours::Message::Aborted(0xB8));
}

/// Registration, status, a sale, one that is refused, the end of the day: each as the crate has it.
async fn be_a_register<S: AsyncRead + AsyncWrite + Unpin + Send>(line: &mut S) {
    let registered = answers::<sequences::Registration>(&REGISTRATION, line).await;
    let sequences::RegistrationResponse::CompletionData(completion) = &registered[0];
    assert_eq!(completion.terminal_id, Some(52_523_535));
    let nothing = packets::StatusEnquiry { password: None, service_byte: None, tlv: None };
    let status = answers::<sequences::StatusEnquiry>(&nothing, line).await;
    assert!(matches!(&status[..], [sequences::StatusEnquiryResponse::CompletionData(_)]), "{status:?}");

    // On a serial line the amount has the byte that is doubled, 10, twice.
    let sold = sell(line, 1_010).await;
    let [AuthorizationResponse::StatusInformation(status), AuthorizationResponse::CompletionData(_)] =
        &sold[..]
    else {
        panic!("{sold:?}")
    };
    assert_eq!((status.result_code, status.amount, status.receipt_no), (Some(0), Some(1_010), Some(1)));
    assert_eq!(status.aid_authorization_attribute.as_deref(), Some("000001"));
    let refused = sell(line, 5_100).await;
    let [AuthorizationResponse::StatusInformation(status), AuthorizationResponse::Abort(abort)] =
        &refused[..]
    else {
        panic!("{refused:?}")
    };
    assert_eq!((status.result_code, abort.error), (Some(0x6C), 0x6C));

    let closed = answers::<sequences::EndOfDay>(&packets::EndOfDay { password: 123_456 }, line).await;
    assert!(matches!(&closed[..], [sequences::EndOfDayResponse::CompletionData(_)]), "{closed:?}");
}

/// The crate's way through an authorization, for a command that it does not have.
async fn sell<S: AsyncRead + AsyncWrite + Unpin + Send>(
    line: &mut S,
    amount: usize,
) -> Vec<AuthorizationResponse> {
    let command = Authorisation { amount: Some(amount), currency: Some(978), tlv: None };
    let mut line = Pin::new(line);
    write_with_ack_async(&command, &mut line).await.unwrap();
    let mut answers = Vec::new();
    loop {
        let packet = read_packet_async(&mut line).await.unwrap();
        line.write_all(&packets::Ack {}.zvt_serialize()).await.unwrap();
        let answer = AuthorizationResponse::zvt_parse(&packet).unwrap();
        let is_end =
            matches!(answer, AuthorizationResponse::CompletionData(_) | AuthorizationResponse::Abort(_));
        answers.push(answer);
        if is_end {
            return answers;
        }
    }
}

/// The sequences of the example: all that a register may want of a terminal besides money.
async fn keep_house(line: &mut TcpStream) {
    let password = 123_456;
    answers::<sequences::Registration>(&REGISTRATION, line).await;
    let id = packets::SetTerminalId { password, terminal_id: Some(12_345_678) };
    answers::<sequences::SetTerminalId>(&id, line).await;
    answers::<sequences::Initialization>(&packets::Initialization { password }, line).await;
    answers::<sequences::Diagnosis>(&packets::Diagnosis { tlv: None }, line).await;
    answers::<sequences::PrintSystemConfiguration>(&packets::PrintSystemConfiguration {}, line).await;
    answers::<sequences::EndOfDay>(&packets::EndOfDay { password }, line).await;
    let nothing = packets::StatusEnquiry { password: None, service_byte: None, tlv: None };
    let status = answers::<sequences::StatusEnquiry>(&nothing, line).await;
    let sequences::StatusEnquiryResponse::CompletionData(completion) = &status[0] else {
        panic!("{status:?}")
    };
    assert_eq!(completion.terminal_id, Some(12_345_678), "the id that was set");
    let open = packets::PartialReversal { receipt_no: Some(0xFFFF), ..packets::PartialReversal::default() };
    let open = answers::<sequences::PartialReversal>(&open, line).await;
    let [sequences::PartialReversalResponse::PartialReversalAbort(none)] = &open[..] else {
        panic!("{open:?}")
    };
    assert_eq!((none.error, none.receipt_no), (0xB8, Some(0xFFFF)));
}

/// What a sequence of the crate yields, in order.
async fn answers<S: Sequence>(
    command: &S::Input,
    line: &mut (impl AsyncRead + AsyncWrite + Unpin + Send),
) -> Vec<S::Output>
where
    S::Input: ZvtSerializer + Send + Sync,
    encoding::Default: encoding::Encoding<S::Input>,
{
    S::into_stream(command, line)
        .map(|answer| answer.expect("an answer that the crate knows"))
        .collect()
        .await
}

/// What our register does in front of the crate.
async fn drive(lab: &Lab) {
    let mut register = lab.register();
    let identity = register.identify(PATIENCE).await.unwrap();
    assert_eq!(identity.terminal.0, b"52523535");
    let answer = register.ask(sale(7, 1_010), PATIENCE).await.unwrap();
    assert_eq!((answer.verdict, answer.amount.minor(), answer.receipt), (Verdict::Approved, 1_010, 231));
    assert_eq!((answer.card.as_bytes(), answer.approval.0), (&b"629100******0006"[..], b"750071".to_vec()));
    assert_eq!(answer.lines, ["THANK YOU".into()]);
    let answer = register.ask(sale(8, 5_100), PATIENCE).await.unwrap();
    assert_eq!((answer.verdict, answer.code.0), (Verdict::Declined, vec![0x6C]));
    let answer = register.ask(ask(9, Service::Settlement, 0), PATIENCE).await.unwrap();
    assert_eq!(answer.verdict, Verdict::Approved);
    register.release().await;
}

/// A terminal out of the crate's packets, until the line is closed; what it was asked for.
async fn be_a_terminal(mut line: impl AsyncRead + AsyncWrite + Unpin + Send) -> Vec<String> {
    let mut line = Pin::new(&mut line);
    let mut seen = Vec::new();
    while let Ok(packet) = read_packet_async(&mut line).await {
        let command = Command::zvt_parse(&packet).expect("a command that the crate knows");
        line.write_all(&packets::Ack {}.zvt_serialize()).await.unwrap();
        let completion = packets::CompletionData { terminal_id: Some(52_523_535), ..Default::default() };
        match command {
            Command::Registration(registration) => {
                seen.push(format!("registration {:?}", registration.currency))
            }
            Command::StatusEnquiry(enquiry) => seen.push(format!("status {:?}", enquiry.password)),
            Command::EndOfDay(end) => seen.push(format!("end of day {}", end.password)),
            Command::Authorisation(command) => {
                let (amount, sequence) = (command.amount.unwrap(), command.tlv.unwrap().sequence.unwrap());
                seen.push(format!("authorisation {sequence}: {amount}"));
                if amount == 5_100 {
                    write_with_ack_async(&packets::Abort { error: 0x6C }, &mut line).await.unwrap();
                    continue;
                }
                authorise(amount, &mut line).await;
            }
        }
        write_with_ack_async(&completion, &mut line).await.unwrap();
    }
    seen
}

/// Says what a terminal says between a command and its completion.
async fn authorise<S: AsyncRead + AsyncWrite + Unpin + Send>(amount: usize, line: &mut Pin<&mut S>) {
    let waits = packets::IntermediateStatusInformation { status: 0x17, timeout: Some(2) };
    write_with_ack_async(&waits, line).await.unwrap();
    let status = packets::StatusInformation {
        result_code: Some(0),
        amount: Some(amount),
        currency: Some(978),
        trace_number: Some(975),
        receipt_no: Some(231),
        card_number: Some(6_291_000_000_000_006),
        aid_authorization_attribute: Some("750071".to_owned()),
        card_name: Some("UnionPay".to_owned()),
        ..Default::default()
    };
    write_with_ack_async(&status, line).await.unwrap();
    let thanks = packets::PrintLine { attribute: 0x80, text: "THANK YOU".to_owned() };
    write_with_ack_async(&thanks, line).await.unwrap();
}

fn recorded(name: &str) -> Vec<u8> {
    let text = include_str!("../data/peers/zvt-recorded.txt");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap();
    let pair = |at| u8::from_str_radix(&line[at..at + 2], 16).unwrap();
    (0..line.len()).step_by(2).map(pair).collect()
}

/// A rack of one terminal on TCP.
fn rack_at(address: SocketAddr) -> String {
    format!("schema: 1\nname: a\ndevices:\n  - {{ id: a, port: \"tcp:{address}\", {TERMINAL} }}\n")
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

const REGISTRATION: packets::Registration =
    packets::Registration { password: 123_456, config_byte: 0xDE, currency: Some(978), tlv: None };
const TERMINAL: &str = "driver: zvt, currency: 978, expect: { terminal: \"52523535\" }, simulate: { refuse: [ { amount: 51.00, code: l } ] }";
const SEEN: [&str; 5] = [
    "registration Some(978)",
    "status None",
    "authorisation 7: 1010",
    "authorisation 8: 5100",
    "end of day 0",
];
