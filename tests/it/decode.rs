//! `posfleet decode` and `encode` as users start them: published messages, dumps, captures, and what is broken.

use crate::program::{Finished, Folder, posfleet};
use posfleet::iso8583::De;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

#[derive(Deserialize)]
struct Vector {
    name: String,
    hex: String,
    dialect: String,
    decoded: Decoded,
    #[serde(default)]
    spec_override: BTreeMap<De, (String, Value)>,
    #[serde(default)]
    bitmap_encoding: String,
}

#[derive(Deserialize)]
struct Decoded {
    mti: String,
    tpdu: Option<String>,
    header: Option<String>,
    fields: BTreeMap<String, String>,
    len_mismatch: Option<usize>,
}

#[test]
fn every_published_message_decodes_and_encodes_to_the_same_digits() {
    let folder = Folder::new("vectors");
    for vector in vectors() {
        let spec = vector.spec(&folder);
        let decoded = Finished::of(&mut decode(&vector.hex, &spec, &["--format", "json", "--unsafe"]));
        let line: Value = serde_json::from_str(&decoded.stdout)
            .unwrap_or_else(|error| panic!("{}: {error}\n{}{}", vector.name, decoded.stdout, decoded.stderr));
        let wrong_length = vector.decoded.len_mismatch.is_some();
        assert_eq!(decoded.status.code(), Some(if wrong_length { 104 } else { 0 }), "{}", vector.name);
        assert_eq!(line["mti"], vector.decoded.mti, "{}", vector.name);
        assert_eq!(line["tpdu"].as_str(), vector.decoded.tpdu.as_deref(), "{}", vector.name);
        assert_eq!(line["header"].as_str(), vector.decoded.header.as_deref(), "{}", vector.name);
        assert_eq!(line["elements"], vector.elements(), "{}", vector.name);
        let mut encode = posfleet(["encode", decoded.stdout.trim(), "--spec", &spec]);
        let encoded = Finished::of(&mut encode).exits_with(0);
        assert_eq!(encoded.stdout.trim().to_lowercase(), vector.hex.to_lowercase(), "{}", vector.name);
    }
}

/// A masked message shows neither the number of the card, nor its track, PIN block or keys, in no format.
#[test]
fn masked_messages_show_no_secret() {
    let folder = Folder::new("masked");
    let mut secrets = 0;
    // The messages made up for ISO 8583:1987 have the same digits in every element.
    for vector in vectors().into_iter().filter(|vector| vector.dialect.starts_with("unionpay")) {
        let spec = vector.spec(&folder);
        for format in ["human", "json"] {
            let shown = Finished::of(&mut decode(&vector.hex, &spec, &["--format", format])).stdout;
            let fields = vector.decoded.fields.iter();
            for (de, value) in fields.filter(|(de, _)| ["2", "35", "36", "45", "52"].contains(&de.as_str())) {
                let pan = value.split(['=', 'D']).next().unwrap();
                let secret = if pan.len() >= 13 { pan } else { value };
                assert!(!shown.contains(secret), "{} DE {de} in {format}:\n{shown}", vector.name);
                secrets += 1;
            }
        }
    }
    assert_eq!(secrets, 40, "twenty secrets in two formats");
}

#[test]
fn a_sale_response_and_a_sign_in_response_for_people() {
    for name in
        ["0210 sale response with F55 and MAC", "0810 sign-in response 60-byte keys (TPDU+header, no length)"]
    {
        let vector = vectors().into_iter().find(|vector| vector.name == name).unwrap();
        let shown = Finished::of(&mut decode(&vector.hex, "unionpay", &[])).exits_with(0).stdout;
        insta::assert_snapshot!(name.split(' ').take(3).collect::<Vec<_>>().join("-"), shown);
    }
}

#[test]
fn digits_dumps_bytes_and_standard_input_say_the_same() {
    let folder = Folder::new("inputs");
    let bytes = bytes(ECHO);
    let expected = Finished::of(&mut decode(ECHO, "unionpay", &[])).exits_with(0).stdout;
    let xxd: String = bytes
        .chunks(16)
        .enumerate()
        .map(|(row, chunk)| {
            let pairs: Vec<String> = chunk.chunks(2).map(hex).collect();
            format!("{:08x}: {:<39}  {}\n", row * 16, pairs.join(" "), "..0A 12..")
        })
        .collect();
    let hexdump: String = bytes
        .chunks(16)
        .enumerate()
        .map(|(row, chunk)| {
            let pairs: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{:08x}  {:<48}  |0123|\n", row * 16, pairs.join(" "))
        })
        .collect();
    let raw = folder.file("message.bin", "");
    std::fs::write(&raw, &bytes).unwrap();
    let spaced = bytes.iter().map(|byte| format!("0x{byte:02x}, ")).collect::<String>();
    for text in [&xxd, &hexdump, &spaced] {
        let file = folder.file("message.txt", text);
        assert_eq!(Finished::of(posfleet(["decode"]).arg(&file)).exits_with(0).stdout, expected, "{text}");
        assert_eq!(piped(&["decode"], text.as_bytes()).0, expected, "{text}");
    }
    assert_eq!(Finished::of(posfleet(["decode"]).arg(&raw)).exits_with(0).stdout, expected);
    assert_eq!(piped(&["decode", "-"], &bytes).0, expected);
}

#[test]
fn several_messages_come_as_lines_and_go_back() {
    for two in [format!("{ECHO}{ECHO}"), format!("{}{}", &ECHO[26..], &ECHO[26..])] {
        let decoded = Finished::of(&mut decode(&two, "unionpay", &["--format", "json"])).exits_with(0).stdout;
        assert_eq!(decoded.lines().count(), 2, "{decoded}");
        let (encoded, code) = piped(&["encode"], decoded.as_bytes());
        assert_eq!((encoded.replace('\n', "").to_lowercase(), code), (two.to_lowercase(), 0));
    }
}

#[test]
fn a_mac_is_checked_and_made() {
    let vector = "0200 QR/other request for MAC vector V2";
    let vector = vectors().into_iter().find(|other| other.name == vector).unwrap();
    let check = |key: &str| Finished::of(&mut decode(&vector.hex, "unionpay", &["--verify-mac", key]));
    assert!(check("0723C80DB5F4CD3D").exits_with(0).stdout.contains("MAC ok"));
    let wrong = check("1723C80DB5F4CD3E").exits_with(99).stdout;
    assert!(wrong.contains("MAC wrong: the message has B3A092AE, computed "), "{wrong}");
    let json = Finished::of(&mut decode(&vector.hex, "unionpay", &["--format", "json", "--unsafe"])).stdout;
    let broken = json.replace("4233413039324145", "3030303030303030");
    assert_ne!(json, broken);
    let mut encode = posfleet(["encode", broken.trim(), "--mac-key", "0723C80DB5F4CD3D"]);
    let encoded = Finished::of(&mut encode).exits_with(0).stdout;
    assert_eq!(encoded.trim().to_lowercase(), vector.hex.to_lowercase());
}

#[test]
fn broken_messages_show_what_can_be_read_and_where_it_ends() {
    let cut = &REVERSAL[..REVERSAL.len() - 88];
    let finished = Finished::of(&mut decode(cut, "unionpay", &[])).exits_with(104);
    assert!(finished.stdout.contains("DE 11   STAN                        300203"), "{}", finished.stdout);
    let error = "error: DE 41: needs 8 bytes, 1 are left (at byte 40 of the input, 27 of the message)";
    assert!(finished.stdout.contains(error), "{}", finished.stdout);
    let line = Finished::of(&mut decode(cut, "unionpay", &["--format", "json"])).exits_with(104).stdout;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (line["errors"][1]["offset"].as_u64(), line["elements"]["39"].as_str()),
        (Some(40), Some("98"))
    );
}

#[test]
fn what_is_no_message_is_said_to_be_none() {
    for (arguments, words) in [
        (&["decode", "zz"][..], "neither a file nor hexadecimal digits: line 1, column 1"),
        (&["decode", "020"], "an odd number of hexadecimal digits, 3"),
        (
            &["decode", "02", "--spec", "unonpay"],
            "there is no dialect and no file `unonpay`; shipped are unionpay",
        ),
        (&["decode", "0a0d0d0a00", "--pcap"], "this is not a capture that can be read: its header is broken"),
        (
            &["encode", r#"{"mti":"0200","elements":{"4":"12"}}"#],
            "message 1: DE 4: has length 2, must have 12",
        ),
        (
            &["encode", r#"{"mti":"0200","elements":{"2":"621226*****5573"}}"#],
            "message 1: DE 2: holds a character",
        ),
        (&["encode", r#"{"mti":"0200","elemnts":{}}"#], "message 1: unknown field `elemnts`"),
        (&["encode", r#"{"mti":"#], "message 1: not JSON: EOF"),
        (&["encode", "{}", "--spec", "nothing.yaml"], "no file `nothing.yaml`"),
    ] {
        let command = &mut posfleet(arguments);
        let finished = Finished::of(command);
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(finished.status.code() == Some(104) && said.contains(words), "{arguments:?}: {said}");
    }
    let usage = Finished::of(&mut posfleet(["decode", "02", "--verify-mac", "12"])).exits_with(2);
    assert!(usage.stderr.contains("a key is written as"), "{}", usage.stderr);
}

/// Some networks keep connections alive with frames of length zero, before, between and behind messages.
#[test]
fn frames_of_length_zero_are_passed_over_and_counted() {
    let alive = format!("0000{ECHO}00000000{ECHO}0000");
    let finished = Finished::of(&mut decode(&alive, "unionpay", &["--format", "json"])).exits_with(0);
    assert_eq!(finished.stdout.lines().count(), 2, "{}", finished.stdout);
    assert!(finished.stderr.contains("passed over 4 frames of length zero"), "{}", finished.stderr);
    let folder = Folder::new("alive");
    let at = |from_terminal, sequence, payload: &[u8]| {
        Link::Ethernet.packet(&Tcp { version: 4, from_terminal, sequence, flags: 0, payload })
    };
    let path = folder.file("alive.pcap", "");
    let request = [&[0, 0], &bytes(ECHO)[..]].concat();
    std::fs::write(&path, pcap(Link::Ethernet, &[at(true, 1, &request), at(false, 1, &[0, 0])])).unwrap();
    let finished = Finished::of(posfleet(["decode"]).arg(&path)).exits_with(0);
    assert!(finished.stdout.contains("0820"), "{}", finished.stdout);
    assert!(finished.stderr.contains("passed over 2 frames of length zero"), "{}", finished.stderr);
    let nothing = Finished::of(&mut decode("0000", "unionpay", &["--framing", "length"])).exits_with(104);
    assert!(nothing.stderr.contains("there is no message"), "{}", nothing.stderr);
}

/// Segments in disorder, split inside of frames, sent twice, both directions, below every kind of link.
#[test]
fn messages_of_a_capture_come_in_the_order_of_time() {
    let folder = Folder::new("capture");
    let (request, response) = (bytes(ECHO_FRAMED), bytes(REVERSAL));
    for link in [Link::Ethernet, Link::Cooked, Link::Raw, Link::Loopback] {
        for version in [4, 6] {
            let at = |from_terminal, sequence, flags, payload: &[u8]| {
                link.packet(&Tcp { version, from_terminal, sequence, flags, payload })
            };
            let packets = [
                at(true, 99, SYN, &[]),
                at(false, 499, SYN, &[]),
                at(true, 110, 0, &request[10..]),
                at(true, 100, 0, &request[..10]),
                at(true, 105, 0, &request[5..20]),
                at(false, 500, 0, &response[..1]),
                at(false, 501, 0, &response[1..]),
                at(true, 100 + request.len() as u32, 0, &request),
            ];
            for (name, file) in [("a.pcap", pcap(link, &packets)), ("a.pcapng", pcapng(link, &packets))] {
                let path = folder.file(name, "");
                std::fs::write(&path, file).unwrap();
                let mut decode = posfleet(["decode", "--format", "json"]);
                let shown = Finished::of(decode.arg(&path)).exits_with(0).stdout;
                let lines: Vec<Value> =
                    shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                let found: Vec<_> =
                    lines.iter().map(|line| (line["mti"].as_str(), line["time"].as_str())).collect();
                let expected = [
                    (Some("0820"), Some("2026-04-01T00:00:04.000000Z")),
                    (Some("0400"), Some("2026-04-01T00:00:06.000000Z")),
                    (Some("0820"), Some("2026-04-01T00:00:07.000000Z")),
                ];
                assert_eq!(found, expected, "{name} {link:?} IPv{version}");
                assert!(lines[0]["from"].as_str().unwrap().ends_with(":1000"), "{shown}");
                assert_eq!((&lines[1]["from"], &lines[1]["stream"]), (&lines[0]["to"], &json!(1)));
            }
        }
    }
}

#[test]
fn captures_that_lack_something_say_what() {
    let folder = Folder::new("holes");
    let request = bytes(ECHO_FRAMED);
    let at = |sequence, payload: &[u8]| {
        Link::Ethernet.packet(&Tcp { version: 4, from_terminal: true, sequence, flags: 0, payload })
    };
    let hole = [at(1, &request), at(100, &request)];
    let path = folder.file("hole.pcap", "");
    let mut file = pcap(Link::Ethernet, &hole);
    file.truncate(file.len() - 1);
    let whole = pcap(Link::Ethernet, &hole);
    std::fs::write(&path, &whole).unwrap();
    let finished = Finished::of(posfleet(["decode"]).arg(&path)).exits_with(0);
    assert!(finished.stderr.contains("the capture lacks 45 bytes"), "{}", finished.stderr);
    std::fs::write(&path, &file).unwrap();
    let finished = Finished::of(posfleet(["decode"]).arg(&path)).exits_with(104);
    assert!(finished.stderr.contains("ends in the middle of a packet"), "{}", finished.stderr);
    assert!(finished.stdout.contains("0820"), "what is whole is shown");
    let noise = pcap(Link::Ethernet, &[at(1, b"GET / HTTP/1.1\r\n\r\n")]);
    std::fs::write(&path, noise).unwrap();
    let finished = Finished::of(posfleet(["decode"]).arg(&path)).exits_with(104);
    assert!(finished.stderr.contains("no message of this dialect in 1 TCP segments"), "{}", finished.stderr);
}

impl Vector {
    /// The dialect's name, or the path of a profile with what the message's source does differently.
    fn spec(&self, folder: &Folder) -> String {
        let base = match self.dialect.as_str() {
            "unionpay-terminal" => return "unionpay".to_owned(),
            "iso8583-1987-binary" => return "iso87-binary".to_owned(),
            dialect if dialect.contains("variant") => return "overseas".to_owned(),
            _ => "iso87-ascii",
        };
        let mut text = format!("schema: 1\nname: custom\nextends: {base}\n");
        if self.bitmap_encoding == "binary" {
            text.push_str("bitmap: binary\n");
        }
        text.push_str(if self.spec_override.is_empty() { "" } else { "elements:\n" });
        for (de, (kind, size)) in &self.spec_override {
            let content = if kind == "raw" { "binary" } else { "text" };
            let length = match size.as_array().map(Vec::as_slice) {
                Some([prefix, max]) => {
                    format!(
                        "prefix: {}, max: {max}, prefixCoding: ascii",
                        prefix.as_str().unwrap().to_lowercase()
                    )
                }
                _ => format!("length: {size}"),
            };
            text.push_str(&format!("  {}: {{ content: {content}, {length} }}\n", de.number()));
        }
        let path: PathBuf = folder.file("custom.yaml", &text);
        path.to_str().unwrap().to_owned()
    }

    /// The elements as `decode` writes them: the separator of tracks as `D`.
    fn elements(&self) -> Value {
        let separator = |(de, value): (&String, &String)| {
            let is_track = de == "35" || (de == "36" && self.dialect.starts_with("unionpay"));
            (de.clone(), Value::from(if is_track { value.replace('=', "D") } else { value.clone() }))
        };
        Value::Object(self.decoded.fields.iter().map(separator).collect())
    }
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../data/iso8583-messages.json")).unwrap()
}

fn decode(input: &str, spec: &str, arguments: &[&str]) -> Command {
    let mut command = posfleet(["decode", input, "--spec", spec]);
    command.args(arguments);
    command
}

/// What a command prints that is given `input`, and its exit code.
fn piped(arguments: &[&str], input: &[u8]) -> (String, i32) {
    let mut command = posfleet(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

fn bytes(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What stands in front of IP.
#[derive(Clone, Copy, Debug)]
enum Link {
    Ethernet,
    Cooked,
    Raw,
    Loopback,
}

struct Tcp<'a> {
    version: u8,
    from_terminal: bool,
    sequence: u32,
    flags: u8,
    payload: &'a [u8],
}

impl Link {
    fn number(self) -> u16 {
        match self {
            Self::Ethernet => 1,
            Self::Cooked => 113,
            Self::Raw => 101,
            Self::Loopback => 0,
        }
    }

    fn packet(self, tcp: &Tcp<'_>) -> Vec<u8> {
        let kind: [u8; 2] = if tcp.version == 4 { [0x08, 0x00] } else { [0x86, 0xDD] };
        let front = match self {
            Self::Ethernet => [&[2; 12][..], &kind].concat(),
            Self::Cooked => [&[0, 0, 0, 1, 0, 6][..], &[2; 8], &kind].concat(),
            Self::Raw => Vec::new(),
            Self::Loopback => vec![if tcp.version == 4 { 2 } else { 30 }, 0, 0, 0],
        };
        [front, tcp.packet()].concat()
    }
}

impl Tcp<'_> {
    fn packet(&self) -> Vec<u8> {
        let (from, to) = if self.from_terminal { (1, 2) } else { (2, 1) };
        let port = |end: u8| if end == 1 { 1000u16 } else { 8583 }.to_be_bytes();
        let mut tcp = [port(from), port(to)].concat();
        tcp.extend(self.sequence.to_be_bytes());
        tcp.extend([0, 0, 0, 0, 0x50, 0x10 | self.flags, 0xFF, 0xFF, 0, 0, 0, 0]);
        tcp.extend(self.payload);
        let length = tcp.len() as u16;
        let mut packet = match self.version {
            4 => {
                let total = (length + 20).to_be_bytes();
                let head = [0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, 6, 0, 0];
                [&head[..], &[10, 0, 0, from], &[10, 0, 0, to]].concat()
            }
            _ => {
                let length = length.to_be_bytes();
                let mut head = vec![0x60, 0, 0, 0, length[0], length[1], 6, 64];
                for end in [from, to] {
                    head.extend([0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, end]);
                }
                head
            }
        };
        packet.extend(tcp);
        packet
    }
}

/// A file of pcap, big-endian; one packet a second.
fn pcap(link: Link, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [0xA1, 0xB2, 0xC3, 0xD4, 0, 2, 0, 4].to_vec();
    file.extend([0; 8]);
    file.extend(65_535u32.to_be_bytes());
    file.extend(u32::from(link.number()).to_be_bytes());
    for (index, packet) in packets.iter().enumerate() {
        file.extend((FIRST_OF_APRIL + index as u32).to_be_bytes());
        file.extend([0; 4]);
        file.extend([(packet.len() as u32).to_be_bytes(); 2].concat());
        file.extend(packet);
    }
    file
}

/// The same as a file of pcapng, little-endian.
fn pcapng(link: Link, packets: &[Vec<u8>]) -> Vec<u8> {
    let block = |kind: u32, body: Vec<u8>| {
        let padded = [&body[..], &vec![0; body.len().next_multiple_of(4) - body.len()]].concat();
        let length = (padded.len() as u32 + 12).to_le_bytes();
        [&kind.to_le_bytes()[..], &length, &padded, &length].concat()
    };
    let section = [&0x1A2B_3C4Du32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xFF; 8]].concat();
    let interface = [&link.number().to_le_bytes()[..], &[0, 0], &65_535u32.to_le_bytes()].concat();
    let mut file = [block(0x0A0D_0D0A, section), block(1, interface)].concat();
    for (index, packet) in packets.iter().enumerate() {
        let time = u64::from(FIRST_OF_APRIL + index as u32) * 1_000_000;
        let mut body = 0u32.to_le_bytes().to_vec();
        body.extend(((time >> 32) as u32).to_le_bytes());
        body.extend((time as u32).to_le_bytes());
        body.extend([(packet.len() as u32).to_le_bytes(); 2].concat());
        body.extend(packet);
        file.extend(block(6, body));
    }
    file
}

const SYN: u8 = 2;
/// 2026-04-01T00:00:00Z.
const FIRST_OF_APRIL: u32 = 1_775_001_600;
const ECHO: &str = "00346000060000603200990002082000000000\
                    00C0001031303030303238343538353239303034383134303030310011000000013010";
const ECHO_FRAMED: &str = ECHO;
const REVERSAL: &str = "0053600004000060220000000004003020048002C0801300000000000100200030020302100039383130343331323538\
                        38373434343033343531313235313031353600082200070500033031203342463735343838";
