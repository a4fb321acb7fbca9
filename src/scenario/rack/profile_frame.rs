//! Frames and links of device profiles.

use super::{
    super::node::Node,
    profile::Reader,
    profile_file::{
        AcknowledgeWord, CheckFile, CheckWord, CoverWord, FrameFile, LengthFile, LengthWord, LinkFile,
        OrderWord, Preset, SignalsFile, StrayWord,
    },
};
use crate::ecr::{Body, Checksum, Coverage, Frame, LengthField, LengthForm, LinkPolicy, Signalling, Signals};
use std::{borrow::Cow, time::Duration};

impl Reader<'_> {
    /// How messages travel, and who acknowledges them.
    pub(super) fn way(&mut self, frame: &FrameFile, link: &LinkFile) -> (Frame, LinkPolicy) {
        let signals = self.signals(&link.signals);
        let (frame, link) = (self.frame(frame, signals), policy(link, signals));
        self.check_signals(&frame, &link);
        (frame, link)
    }

    /// The frame that a file describes, between which these bytes stand alone.
    fn frame(&mut self, file: &FrameFile, signals: Signals) -> Frame {
        let place = self.root.child("frame");
        let mut frame = file.preset.map_or(NO_FRAME, preset);
        frame.signals = frame.signals.iter().map(|byte| renamed(*byte, signals)).collect();
        let given = [
            (&mut frame.start, &file.start, "start"),
            (&mut frame.end, &file.end, "end"),
            (&mut frame.tail, &file.tail, "tail"),
            (&mut frame.signals, &file.signals, "signals"),
        ];
        for (bytes, digits, key) in given {
            if let Some(read) = digits.as_ref().and_then(|digits| self.hex(digits, place.child(key))) {
                *bytes = Cow::Owned(read);
            }
        }
        if let Some(length) = &file.length {
            frame.body = Body::Counted(length_field(length));
        }
        if let Some([escape]) =
            file.escape.as_ref().and_then(|digits| self.hex(digits, place.child("escape"))).as_deref()
        {
            frame.body = Body::Stuffed(*escape);
        }
        if let Some(check) = &file.check {
            (frame.check, frame.coverage) = (self.check(check, place.child("check")), coverage(check));
        }
        frame.max = file.max.map_or(frame.max, |max| max as usize);
        frame.refuses_strays = file.stray.map_or(frame.refuses_strays, |stray| stray == StrayWord::Refuse);
        self.check_frame(&frame, place);
        frame
    }

    fn check(&mut self, file: &CheckFile, node: &Node) -> Checksum {
        let post = file.post.as_ref().and_then(|digits| self.hex(digits, node.child("post")));
        let post = post.and_then(|bytes| bytes.first().copied()).unwrap_or(0);
        let is_little = file.order == Some(OrderWord::Low);
        if file.kind == CheckWord::Kermit && file.order == Some(OrderWord::High) {
            self.complain(node.at("order"), "the lowest byte of `kermit` comes first".to_owned());
        }
        match file.kind {
            CheckWord::None => Checksum::None,
            CheckWord::Xor => Checksum::Xor { post },
            CheckWord::Sum => Checksum::Sum,
            CheckWord::Kermit => Checksum::Kermit,
            CheckWord::Xmodem => Checksum::Ccitt { start: 0, is_little },
            CheckWord::CcittFalse => Checksum::Ccitt { start: 0xFFFF, is_little },
            CheckWord::XorColumns => Checksum::XorColumns,
        }
    }

    /// A frame whose end cannot be known would never end.
    fn check_frame(&mut self, frame: &Frame, place: &Node) {
        let is_endless = match frame.body {
            Body::Marked => frame.end.is_empty(),
            Body::Stuffed(escape) => frame.end.len() != 2 || frame.end.first() != Some(&escape),
            Body::Counted(_) | Body::Silence => false,
        };
        if is_endless {
            let message = "a frame ends by its length, by its end bytes, or by the escape and one byte more";
            self.complain(place.span.clone(), message.to_owned());
        }
        if frame.start.is_empty() {
            self.complain(
                place.span.clone(),
                "on a serial line a frame begins with bytes of its own".to_owned(),
            );
        }
    }
}

fn preset(word: Preset) -> Frame {
    match word {
        Preset::StxLrc => Frame::STX_LRC,
        Preset::StxBcd => Frame::STX_BCD,
        Preset::Zvt => Frame::ZVT_SERIAL,
        Preset::Iself => Frame::ISELF,
        Preset::Wiseasy => Frame::WISEASY,
        Preset::Ghl => Frame::GHL,
    }
}

pub(super) fn length_field(file: &LengthFile) -> LengthField {
    let size = usize::from(file.bytes);
    let form = match file.form {
        LengthWord::Bcd => LengthForm::Bcd(size),
        LengthWord::BigEndian => LengthForm::BigEndian(size),
        LengthWord::LittleEndian => LengthForm::LittleEndian(size),
        LengthWord::Ascii => LengthForm::Ascii(size),
        LengthWord::Nibbles => LengthForm::Nibbles(size),
        LengthWord::Escaped => LengthForm::Escaped,
    };
    LengthField { after: usize::from(file.after), form, is_payload: false, adds: usize::from(file.adds) }
}

fn coverage(file: &CheckFile) -> Coverage {
    let covers = |word| file.covers.contains(&word);
    Coverage {
        start: covers(CoverWord::Start),
        length: covers(CoverWord::Length),
        end: covers(CoverWord::End),
    }
}

impl Reader<'_> {
    /// The bytes that stand alone between frames.
    fn signals(&mut self, file: &SignalsFile) -> Signals {
        let place = self.root.child("link").child("signals");
        let usual = Signals::ASCII;
        let mut byte = |digits: &Option<String>, key: &str, usual: u8| {
            let Some(read) = digits.as_ref().and_then(|digits| self.hex(digits, place.child(key))) else {
                return usual;
            };
            let [byte] = *read else {
                self.complain(place.at(key), "a signal is one byte".to_owned());
                return usual;
            };
            byte
        };
        let signals = Signals {
            ack: byte(&file.ack, "ack", usual.ack),
            nak: byte(&file.nak, "nak", usual.nak),
            enq: byte(&file.enq, "enq", usual.enq),
            eot: byte(&file.eot, "eot", usual.eot),
        };
        let mut all = signals.all();
        all.sort_unstable();
        if all.windows(2).any(|pair| pair[0] == pair[1]) {
            self.complain(place.span.clone(), "one byte cannot be two signals".to_owned());
        }
        signals
    }

    /// A side that waits for a byte that it would not know waits in vain.
    fn check_signals(&mut self, frame: &Frame, link: &LinkPolicy) {
        let Signals { ack, nak, enq, eot } = link.signals;
        let needed: &[u8] = match link.signalling {
            Signalling::Bare => &[],
            Signalling::ByTerminal | Signalling::Acknowledged => &[ack, nak],
            Signalling::Session => &[ack, nak, enq, eot],
        };
        let place = self.root.child("frame");
        if let Some(missing) = needed.iter().find(|byte| !frame.signals.contains(byte)) {
            let message = format!("the link needs the signal {missing:02X}, which `signals` does not have");
            self.complain(place.at("signals"), message);
        }
        if needed.iter().any(|byte| frame.start.first() == Some(byte)) {
            self.complain(place.span.clone(), "a signal cannot be the byte that begins a frame".to_owned());
        }
    }
}

/// The signal of a protocol in place of that of ASCII.
fn renamed(byte: u8, signals: Signals) -> u8 {
    let pairs = Signals::ASCII.all().into_iter().zip(signals.all());
    pairs.into_iter().find(|(usual, _)| *usual == byte).map_or(byte, |(_, own)| own)
}

/// Who acknowledges what, with the timers that are usual for that.
fn policy(file: &LinkFile, signals: Signals) -> LinkPolicy {
    let known = match file.acknowledge {
        AcknowledgeWord::None => LinkPolicy::BARE,
        AcknowledgeWord::Terminal => LinkPolicy::BY_TERMINAL,
        AcknowledgeWord::Both => LinkPolicy::ZVT,
        AcknowledgeWord::Session => LinkPolicy::CONCERT,
    };
    let signalling = match file.acknowledge {
        AcknowledgeWord::None => Signalling::Bare,
        AcknowledgeWord::Terminal => Signalling::ByTerminal,
        AcknowledgeWord::Both => Signalling::Acknowledged,
        AcknowledgeWord::Session => Signalling::Session,
    };
    LinkPolicy {
        signalling,
        signals,
        gap: file.gap.map_or(known.gap, Duration::from),
        acknowledgement: file.timeout.map_or(known.acknowledgement, Duration::from),
        repeats: file.repeats.unwrap_or(known.repeats),
    }
}

/// What a frame is of which nothing is said.
const NO_FRAME: Frame = Frame {
    start: Cow::Borrowed(&[]),
    end: Cow::Borrowed(&[]),
    check: Checksum::None,
    coverage: Coverage { start: false, length: false, end: false },
    signals: Cow::Borrowed(&[]),
    ..Frame::STX_LRC
};
