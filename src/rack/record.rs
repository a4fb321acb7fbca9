//! What is kept of the bytes on a line: time, direction, hexadecimal digits – and no card.
//!
//! A card number shows its first six and last four digits, what follows it in a track shows nothing; `*` stands for a
//! digit that is hidden. Rather too much is hidden than too little. Where a file describes the messages, it may name
//! values that are secret beside that.

use crate::{
    ecr::{
        Deframer, Frame, Piece,
        script::{Script, Secrecy, Secret},
    },
    time::Instant,
};
use std::{fmt::Write, sync::Arc};

/// Takes the lines of a record.
pub trait RecordLines {
    /// One read or write: when, by whom, and its bytes as hexadecimal digits with a space between two bytes.
    fn line(&mut self, at: Instant, direction: Direction, digits: &str);
}

impl RecordLines for String {
    fn line(&mut self, at: Instant, direction: Direction, digits: &str) {
        let arrow = if direction == Direction::Out { '>' } else { '<' };
        let space = if digits.is_empty() { "" } else { " " };
        // Writing into a string cannot fail.
        let _ = writeln!(self, "{:.6} {arrow}{space}{digits}", at.as_secs_f64());
    }
}

/// Who sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// We did.
    Out,
    /// The device did.
    In,
}

/// Writes what goes over one line as lines of text, cards hidden.
///
/// A card number may come in several reads, so that nothing is written before the direction turns, the line ends, or
/// [`HELD_MAX`] bytes wait; what comes after that is still seen together with what came before it.
#[derive(Debug, Default)]
pub struct Record {
    held: Option<Held>,
    /// What describes the messages, where a file does.
    script: Option<Arc<Script>>,
    /// What was written last of each direction.
    before: [Vec<u8>; 2],
}

#[derive(Debug)]
struct Held {
    direction: Direction,
    bytes: Vec<u8>,
    /// The time and the size of each read.
    reads: Vec<(Instant, usize)>,
}

impl Record {
    /// One that hides also what this script says.
    pub fn of(script: Arc<Script>) -> Self {
        Self { script: Some(script).filter(|script| !script.secrets.is_empty()), ..Self::default() }
    }

    /// Takes bytes; what can be written is appended to `out`.
    pub fn take(&mut self, now: Instant, direction: Direction, bytes: &[u8], out: &mut impl RecordLines) {
        let is_turn = self.held.as_ref().is_some_and(|held| held.direction != direction);
        if is_turn {
            self.settle(out);
        }
        let held = self.held.get_or_insert_with(|| Held { direction, bytes: Vec::new(), reads: Vec::new() });
        held.bytes.extend_from_slice(bytes);
        held.reads.push((now, bytes.len()));
        if held.bytes.len() > HELD_MAX {
            self.settle(out);
        }
    }

    /// Writes all that is held.
    pub fn settle(&mut self, out: &mut impl RecordLines) {
        let Some(Held { direction, bytes, reads }) = self.held.take() else { return };
        let before = &mut self.before[direction as usize];
        let seen = before.len();
        before.extend_from_slice(&bytes);
        let mut hidden = hidden(before);
        if let Some(script) = &self.script {
            hide_secrets(script, before, &mut hidden);
        }
        let (mut at, mut digits) = (seen, String::new());
        for (time, count) in reads {
            digits.clear();
            let shown = before.iter().zip(&hidden).skip(at).take(count);
            shown.for_each(|(byte, hides)| write_byte(*byte, *hides, &mut digits));
            out.line(time, direction, digits.trim_start());
            at += count;
        }
        let cut = before.len().saturating_sub(REMEMBERED);
        before.drain(..cut);
    }
}

fn write_byte(byte: u8, hides: [bool; 2], out: &mut String) {
    out.push(' ');
    for (nibble, hides) in [byte >> 4, byte & 15].into_iter().zip(hides) {
        let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('?');
        out.push(if hides { '*' } else { digit });
    }
}

/// Which halves of each byte are not to be shown.
fn hidden(bytes: &[u8]) -> Vec<[bool; 2]> {
    let mut hides = vec![[false; 2]; bytes.len()];
    hide_text(bytes, &mut hides);
    hide_packed(bytes, &mut hides);
    hides
}

/// Hides the secrets of all frames that stand in these bytes.
fn hide_secrets(script: &Script, bytes: &[u8], hides: &mut [[bool; 2]]) {
    let mut deframer = Deframer::default();
    deframer.push(bytes);
    while let Some(piece) = deframer.next_piece(&script.frame) {
        let Piece::Frame(payload) = piece else { continue };
        for secret in script.secrets.of(&payload) {
            hide_secret(secret, &script.frame, bytes, hides);
        }
    }
}

/// Hides a secret wherever its bytes stand: what looks like it may be it.
fn hide_secret(secret: Secret<'_>, frame: &Frame, bytes: &[u8], hides: &mut [[bool; 2]]) {
    let Some(wire) = frame.escaped(secret.bytes) else { return };
    let halves = wire.len() * 2;
    let [first, last] = match (secret.secrecy, secret.is_packed) {
        (Secrecy::Whole, _) => [0, 0],
        (Secrecy::Card, true) => [SHOWN_FIRST, SHOWN_LAST],
        (Secrecy::Card, false) => [SHOWN_FIRST * 2, SHOWN_LAST * 2],
    };
    // A number that is too short to be one of a card shows nothing.
    let shown = if halves > first + last { first..halves - last } else { 0..halves };
    let places = bytes.windows(wire.len()).enumerate().filter(|(_, window)| *window == wire);
    places.for_each(|(at, _)| hide(at * 2 + shown.start..at * 2 + shown.end, hides));
}

/// Hides card numbers and tracks in characters: every run of 13 digits or more.
fn hide_text(bytes: &[u8], hides: &mut [[bool; 2]]) {
    let mut at = 0;
    let mut is_track = false;
    for run in bytes.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let end = at + run.len();
        let is_number = run.first().is_some_and(u8::is_ascii_digit);
        let is_card = is_number && run.len() >= SHORTEST;
        let range = match (is_card, is_number && is_track) {
            (_, true) => at..end,
            (true, _) => at + SHOWN_FIRST..end - SHOWN_LAST,
            _ => at..at,
        };
        hides.get_mut(range).into_iter().flatten().for_each(|byte| *byte = [true; 2]);
        is_track = is_card || (is_track && !is_number && matches!(run, b"=" | b"D"));
        at = end;
    }
}

/// Hides card numbers and tracks in packed digits: what has the length, the beginning and the check digit of a card,
/// and any number that is followed by the separator of a track.
fn hide_packed(bytes: &[u8], hides: &mut [[bool; 2]]) {
    let mut digits: Vec<u8> = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    blank_text(bytes, &mut digits);
    let mut at = 0;
    while at < digits.len() {
        let run = digits.iter().skip(at).take_while(|digit| **digit < 10).count();
        let end = at + run;
        if run >= SHORTEST {
            hide_run(&digits, at..end, hides);
        }
        at = end + 1;
    }
}

fn hide_run(digits: &[u8], run: std::ops::Range<usize>, hides: &mut [[bool; 2]]) {
    let all = digits.get(run.clone()).unwrap_or_default();
    for start in 0..all.len() {
        for size in SHORTEST..=LONGEST {
            let is_card = all.get(start..start + size).is_some_and(is_card);
            if is_card {
                hide(run.start + start + SHOWN_FIRST..run.start + start + size - SHOWN_LAST, hides);
            }
        }
    }
    if digits.get(run.end) == Some(&SEPARATOR) {
        let rest = digits.iter().skip(run.end + 1).take_while(|digit| **digit < 10).count();
        let first = run.end.saturating_sub(LONGEST).max(run.start);
        hide(first + SHOWN_FIRST..run.end - SHOWN_LAST, hides);
        hide(run.end + 1..run.end + 1 + rest, hides);
    }
}

fn hide(range: std::ops::Range<usize>, hides: &mut [[bool; 2]]) {
    for digit in range {
        if let Some(byte) = hides.get_mut(digit / 2) {
            byte[digit % 2] = true;
        }
    }
}

/// Longer texts of digits are no packed digits.
fn blank_text(bytes: &[u8], digits: &mut [u8]) {
    let mut at = 0;
    for run in bytes.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        if run.len() >= TEXT_MIN && run.first().is_some_and(u8::is_ascii_digit) {
            digits.iter_mut().skip(at * 2).take(run.len() * 2).for_each(|digit| *digit = 0xF);
        }
        at += run.len();
    }
}

/// Whether digits have the beginning of a card scheme, a length that it has, and the right check digit.
fn is_card(digits: &[u8]) -> bool {
    let &[a, b, ..] = digits else { return false };
    let has_form = matches!(
        (a * 10 + b, digits.len()),
        (62, _)
            | (60 | 81, 16..=19)
            | (34 | 37, 15)
            | (36 | 38, 14)
            | (22..=27 | 35 | 51..=55 | 64 | 65, 16)
            | (40..=49, 13 | 16 | 19)
            | (50 | 56..=58 | 63 | 67 | 68 | 90..=99, 16 | 19)
    );
    has_form && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let sum = digits.iter().rev().enumerate().map(|(at, digit)| match (at % 2, digit) {
        (0, _) => u32::from(*digit),
        (_, ..5) => u32::from(*digit) * 2,
        _ => u32::from(*digit) * 2 - 9,
    });
    sum.sum::<u32>() % 10 == 0
}

/// So many bytes wait for a turn of the line at most.
pub const HELD_MAX: usize = 4_096;
/// So many bytes are remembered: a track and what leads to it.
const REMEMBERED: usize = 64;
const SHORTEST: usize = 13;
const LONGEST: usize = 19;
const SHOWN_FIRST: usize = 6;
const SHOWN_LAST: usize = 4;
/// Between the number and the rest of track 2.
const SEPARATOR: u8 = 0xD;
/// So many ASCII digits in a row are text.
const TEXT_MIN: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecr::script::{Dictionary, Message, Part, Secrets, Slot};

    /// The record of reads of the device.
    fn record(reads: &[&[u8]]) -> String {
        let (mut record, mut out) = (Record::default(), String::new());
        reads.iter().for_each(|read| record.take(Instant::START, Direction::In, read, &mut out));
        record.settle(&mut out);
        out
    }

    #[test]
    fn a_card_in_characters_is_hidden_however_it_is_cut() {
        let whole = record(&[b"\x026225880123456789\x03"]);
        let hidden = "** ** ** ** ** **";
        assert_eq!(whole, format!("0.000000 < 02 36 32 32 35 38 38 {hidden} 36 37 38 39 03\n"));
        for cut in 1..17 {
            let (front, back) = b"\x026225880123456789\x03".split_at(cut);
            let digits: String = record(&[front, back]).replace("0.000000 <", "").replace('\n', "");
            assert_eq!(digits, whole.replace("0.000000 <", "").replace('\n', ""), "cut at {cut}");
        }
    }

    #[test]
    fn a_card_that_comes_after_a_turn_is_seen_with_what_came_before() {
        let (mut record, mut out) = (Record::default(), String::new());
        record.take(Instant::START, Direction::In, b"622588", &mut out);
        record.take(Instant::START, Direction::Out, b"\x06", &mut out);
        record.take(Instant::START, Direction::In, b"0123456789", &mut out);
        record.settle(&mut out);
        let last = out.lines().last().unwrap_or_default();
        assert_eq!(last, "0.000000 < ** ** ** ** ** ** 36 37 38 39");
    }

    #[test]
    fn tracks_show_nothing_behind_the_number() {
        let text = record(&[b"6225880123456789=25122011234"]);
        assert_eq!(
            text,
            format!("0.000000 < 36 32 32 35 38 38{} 36 37 38 39 3d{}\n", " **".repeat(6), " **".repeat(11))
        );
        let packed = record(&[b"\x35\x62\x25\x88\x01\x23\x45\x67\x89\xd2\x51\x22\x01"]);
        assert_eq!(packed, "0.000000 < 35 62 25 ** ** ** ** 67 89 d* ** ** **\n");
    }

    #[test]
    fn a_packed_card_is_hidden_and_an_amount_is_not() {
        // 6225880123456783 has the right check digit.
        let card = record(&[b"\x22\xf0\xf8\x62\x25\x88\x01\x23\x45\x67\x83"]);
        assert_eq!(card, "0.000000 < 22 f0 f8 62 25 88 ** ** ** 67 83\n");
        let sale = record(&[b"\x06\x01\x0a\x04\x00\x00\x00\x00\x12\x50\x49\x09\x78"]);
        assert_eq!(sale, "0.000000 < 06 01 0a 04 00 00 00 00 12 50 49 09 78\n");
    }

    #[test]
    fn a_file_names_what_is_secret_beside_cards() {
        let own = ["pin".to_owned(), "holder".to_owned()];
        let dictionary = Dictionary { own: &own, ..Dictionary::default() };
        let message = |text: &str| Message::Row(Part::parse_with(text, dictionary).expect("a template"));
        let messages = [message("P|{pin}|{holder}|{card}|"), message("Q|{card:d}")];
        let values =
            vec![(Slot::Own(0), Secrecy::Whole), (Slot::Own(1), Secrecy::Whole), (Slot::Card, Secrecy::Card)];
        let secrets = Arc::new(Secrets::new(values, messages.iter()));
        let frame = Frame { signals: (&[0x06][..]).into(), ..Frame::ZVT_SERIAL };
        let script = Arc::new(Script { frame: frame.clone(), secrets, ..Script::silent() });
        let shown = |payload: &[u8]| {
            let (mut bytes, mut out) = (vec![0x06], String::new());
            frame.build(payload, &mut bytes).expect("a frame");
            let mut record = Record::of(Arc::clone(&script));
            record.take(Instant::START, Direction::In, &bytes, &mut out);
            record.settle(&mut out);
            out
        };
        // The holder's name has the byte that a frame doubles.
        let row = shown(b"P|4711|A\x10B|12345678901|");
        let expected =
            "06 10 02 50 7c ** ** ** ** 7c ** ** ** ** 7c 31 32 33 34 35 36 ** 38 39 30 31 7c 10 03";
        assert!(row.contains(expected), "{row}");
        let packed = shown(b"Q|\x12\x34\x56\x78\x90\x12");
        assert!(packed.contains("51 7c 12 34 56 ** 90 12 10 03"), "{packed}");
        let other = shown(b"R|4711|");
        assert!(other.contains("52 7c 34 37 31 31 7c"), "{other}");
    }
}
