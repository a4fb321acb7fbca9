//! `posfleet decode`: shows the messages in digits, files and captures, card data hidden unless told otherwise.

use super::{
    Dialect,
    input::{As, Input},
    mac::{Rule, Verdict},
    message::{Extras, Line, Origin, faults, transcript},
    table::table,
};
use crate::{
    cli::{Exit, Format, complain, note, print, progress},
    crypto::Mak,
    inspect::{Capture, Chunk, Cutting, Half, cut, cut_as, streams},
    iso8583::{Framing, Masking, Spec},
    report::Meter,
    time::DateTime,
};
use clap::Args;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(in crate::cli) struct DecodeArguments {
    /// Hexadecimal digits, a file of digits, of bytes, or of a capture (pcap, pcapng), or - for the standard input.
    #[arg(value_name = "HEX|FILE|-", default_value = "-")]
    input: String,
    #[command(flatten)]
    dialect: Dialect,
    /// How messages are printed; JSON is one message a line, as `encode` takes it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Shows card numbers, tracks, PIN blocks and keys: for test data only.
    #[arg(long = "unsafe")]
    show_all: bool,
    /// Checks MACs with this key, hexadecimal digits, `sm4:` in front of one of SM4; exit code 99 when one is wrong.
    #[arg(long, value_name = "KEY", value_parser = key)]
    verify_mac: Option<Mak>,
    /// Takes the input as the bytes of messages, whatever it looks like.
    #[arg(long, conflicts_with = "pcap")]
    raw: bool,
    /// Takes the input as a capture.
    #[arg(long)]
    pcap: bool,
}

pub(in crate::cli) fn decode(arguments: &DecodeArguments) -> ExitCode {
    let shown = progress::shown_beside_output("decoding", |meter| decoded(arguments, meter));
    shown.unwrap_or_else(|exit| exit).into()
}

fn decoded(arguments: &DecodeArguments, meter: &Meter) -> Result<Exit, Exit> {
    Decoder::new(arguments, meter).and_then(|mut decoder| {
        let read_as = match (arguments.raw, arguments.pcap) {
            (true, _) => As::Raw,
            (_, true) => As::Capture,
            _ => As::Guess,
        };
        match Input::read(&arguments.input, read_as).map_err(bad)? {
            Input::Bytes(bytes) => decoder.bytes(&bytes),
            Input::Capture(bytes) => decoder.capture(&bytes)?,
        }
        decoder.tell_keep_alives();
        Ok(decoder.exit)
    })
}

struct Decoder {
    spec: &'static Spec,
    framing: Option<Framing>,
    masking: Masking,
    format: Format,
    rule: Option<Rule>,
    exit: Exit,
    /// Frames of length zero that were passed over.
    keep_alives: usize,
    meter: Meter,
}

impl Decoder {
    fn new(arguments: &DecodeArguments, meter: &Meter) -> Result<Self, Exit> {
        let acquirer = arguments.dialect.acquirer()?;
        let rule = arguments.verify_mac.as_ref();
        let rule = rule.map(|key| Rule::new(key, &acquirer, arguments.dialect.mac)).transpose();
        Ok(Self {
            spec: acquirer.spec,
            framing: arguments.dialect.framing(acquirer.spec)?,
            masking: if arguments.show_all { Masking::Unmasked } else { Masking::Masked },
            format: arguments.format,
            rule: rule.map_err(bad)?,
            exit: Exit::Pass,
            keep_alives: 0,
            meter: meter.clone(),
        })
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.meter.expect(bytes.len() as u64);
        let cutting = self.cut(bytes);
        self.keep_alives += cutting.keep_alives;
        if cutting.messages.is_empty() {
            complain("there is no message");
            self.exit = Exit::BadConfiguration;
        }
        self.show_all(&cutting, |_| None);
    }

    fn capture(&mut self, bytes: &[u8]) -> Result<(), Exit> {
        let capture = Capture::read(bytes).map_err(bad)?;
        let halves = streams(&capture.segments);
        let all = halves.iter().flat_map(|half| &half.chunks).map(|chunk| chunk.bytes.len() as u64);
        self.meter.expect(all.sum());
        let mut shown: Vec<(Option<u64>, String)> = Vec::new();
        for half in halves.iter().filter(|half| !half.chunks.is_empty()) {
            for chunk in &half.chunks {
                self.chunk(half, chunk, &mut shown);
                self.meter.advance(chunk.bytes.len() as u64);
            }
        }
        shown.sort_by_key(|(time, _)| *time);
        shown.iter().for_each(|(_, text)| print(text));
        if capture.is_cut_off {
            complain("the capture ends in the middle of a packet");
            self.worsen(Exit::BadConfiguration);
        }
        if shown.is_empty() {
            let (tcp, others) = (capture.segments.len(), capture.others);
            complain(format!("no message of this dialect in {tcp} TCP segments and {others} other packets"));
            self.worsen(Exit::BadConfiguration);
        }
        Ok(())
    }

    /// Shows the messages in bytes without a gap; bytes of another protocol are passed over.
    fn chunk(&mut self, half: &Half, chunk: &Chunk, shown: &mut Vec<(Option<u64>, String)>) {
        let (from, to) = (half.from.to_string(), half.to.to_string());
        if chunk.lost_before > 0 {
            let lost = chunk.lost_before;
            complain(format!("stream {}: the capture lacks {lost} bytes from {from} to {to}", half.stream));
        }
        let cutting = self.cut(&chunk.bytes);
        self.keep_alives += cutting.keep_alives;
        if cutting.messages.is_empty() && cutting.keep_alives > 0 {
            return;
        }
        if !cutting.messages.iter().any(|cut| cut.message.is_some()) {
            let count = chunk.bytes.len();
            complain(format!("stream {}: {count} bytes from {from} to {to} are no message", half.stream));
            return;
        }
        for (index, cut) in cutting.messages.iter().enumerate() {
            let end = cut.body_start + cut.body.len();
            let time = chunk.time(end);
            let time_text = time.map(rfc3339);
            let origin = Origin { time: time_text, stream: half.stream, from: from.clone(), to: to.clone() };
            if let Some(text) = self.show(&cutting, index, Some(&origin)) {
                shown.push((time, text));
            }
        }
    }

    fn cut<'b>(&self, bytes: &'b [u8]) -> Cutting<'b> {
        match self.framing {
            Some(framing) => cut_as(bytes, self.spec, framing),
            None => cut(bytes, self.spec),
        }
    }

    fn show_all(&mut self, cutting: &Cutting<'_>, origin: impl Fn(usize) -> Option<Origin>) {
        for index in 0..cutting.messages.len() {
            if let Some(text) = self.show(cutting, index, origin(index).as_ref()) {
                print(&text);
            }
            self.meter.advance(cutting.messages.get(index).map_or(0, |cut| cut.body.len() as u64));
        }
    }

    fn show(&mut self, cutting: &Cutting<'_>, index: usize, origin: Option<&Origin>) -> Option<String> {
        let cut = cutting.messages.get(index)?;
        let rule = self.rule.as_ref().zip(cut.message.as_ref());
        let verdict = rule.map(|(rule, message)| rule.verify(message, cut.mac_is_missing));
        if matches!(verdict, Some(Verdict::Wrong { .. })) && cut.is_whole() {
            self.worsen(Exit::CheckFailed);
        }
        if !cut.is_whole() {
            self.worsen(Exit::BadConfiguration);
        }
        Some(match self.format {
            Format::Human => table(cut, cutting, origin, self.masking, verdict.as_ref()),
            Format::Json => {
                let line = Line {
                    origin,
                    transcript: transcript(cut, cutting.framing, self.masking),
                    extras: Extras::of(cut, cutting.framing, self.spec.framing),
                    mac: verdict.as_ref(),
                    errors: faults(cut),
                };
                serde_json::to_string(&line).expect("texts and numbers can be written as JSON")
            }
        })
    }

    fn tell_keep_alives(&self) {
        match self.keep_alives {
            0 => {}
            1 => note("passed over one frame of length zero"),
            count => note(format!("passed over {count} frames of length zero")),
        }
    }

    /// Broken input is worse than a wrong MAC.
    fn worsen(&mut self, exit: Exit) {
        if self.exit != Exit::BadConfiguration {
            self.exit = exit;
        }
    }
}

fn bad(error: impl std::fmt::Display) -> Exit {
    complain(error);
    Exit::BadConfiguration
}

fn key(text: &str) -> Result<Mak, crate::crypto::KeyError> {
    text.parse()
}

/// A time in nanoseconds since 1970.
fn rfc3339(nanoseconds: u64) -> String {
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    let time = DateTime::from_unix(seconds as i64).to_string();
    format!("{}.{:06}Z", time.trim_end_matches('Z'), rest / 1_000)
}
