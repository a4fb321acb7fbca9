//! Cuts bytes into messages when nobody says what stands around them: of all framings the one wins that explains most.

use crate::iso8583::{
    De, Flaw, FrameError, FrameHead, Framing, Length, LengthHeader, Message, Mti, ParseError, Place, Spec,
};

/// Bytes cut into messages.
#[derive(Debug)]
pub struct Cutting<'a> {
    /// What stands around each message.
    pub framing: Framing,
    /// The messages, as far as each can be read.
    pub messages: Vec<Cut<'a>>,
    /// How many frames of length zero stood between them: some networks keep connections alive so.
    pub keep_alives: usize,
}

/// One message cut out of bytes.
#[derive(Debug)]
pub struct Cut<'a> {
    /// Where its frame starts, in bytes from the first of the input.
    pub start: usize,
    /// Where its MTI stands, in bytes from the first of the input.
    pub body_start: usize,
    /// What the length in front says, where it says something else than there is.
    pub wrong_length: Option<usize>,
    /// TPDU and header, where the framing has one of them.
    pub head: Option<FrameHead>,
    /// The message from its MTI on.
    pub body: &'a [u8],
    /// What can be read of it.
    pub message: Option<Message<'a>>,
    /// What is wrong with the frame.
    pub frame_error: Option<FrameError>,
    /// What is wrong with the message.
    pub error: Option<ParseError>,
    /// Whether the message ends before the MAC that its bitmap announces: what a MAC is computed over.
    pub mac_is_missing: bool,
}

/// What is said of a message that ends before its MAC.
pub const MAC_MISSING: &str = "the MAC is not there: this is what a MAC is computed over";

/// Cuts bytes as the framing says that fits best: the one of the spec, or one that lacks some of its parts or has more.
pub fn cut<'a>(bytes: &'a [u8], spec: &'a Spec) -> Cutting<'a> {
    let mut best: Option<((bool, usize), Cutting<'a>)> = None;
    for framing in candidates(spec.framing) {
        let cutting = cut_as(bytes, spec, framing);
        if cutting.is_whole() && cutting.heads_are_likely() {
            return cutting;
        }
        let score = (cutting.is_whole() && cutting.mtis_are_likely(), cutting.score());
        if best.as_ref().is_none_or(|(most, _)| score > *most) {
            best = Some((score, cutting));
        }
    }
    best.map_or_else(|| cut_as(bytes, spec, spec.framing), |(_, cutting)| cutting)
}

/// Cuts bytes as a framing says; stops where it loses its place.
pub fn cut_as<'a>(bytes: &'a [u8], spec: &'a Spec, framing: Framing) -> Cutting<'a> {
    let (mut messages, mut keep_alives) = (Vec::new(), 0);
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(size) = keep_alive(rest, framing) {
            (at, keep_alives) = (at + size, keep_alives + 1);
            continue;
        }
        let (cut, next) = one(bytes, at, spec, framing);
        messages.push(cut);
        at = next.max(at + 1);
    }
    Cutting { framing, messages, keep_alives }
}

/// The size of the frame of length zero that bytes begin with.
fn keep_alive(bytes: &[u8], framing: Framing) -> Option<usize> {
    let length = framing.length?;
    matches!(length.read(bytes), Ok(Some(0))).then_some(length.size())
}

impl Cutting<'_> {
    /// Whether everything could be read.
    pub fn is_whole(&self) -> bool {
        !self.messages.is_empty() && self.messages.iter().all(Cut::is_whole)
    }

    /// Real TPDUs begin with 6, which tells them from other digits.
    fn heads_are_likely(&self) -> bool {
        let begins_right = |head: &FrameHead| !self.framing.tpdu || head.tpdu.0[0] >> 4 == 6;
        self.messages.iter().all(|cut| cut.head.as_ref().is_none_or(begins_right))
    }

    fn mtis_are_likely(&self) -> bool {
        self.messages.iter().all(|cut| cut.message.as_ref().is_some_and(|message| is_likely(message.mti())))
    }

    /// How many elements could be read; messages without an error and TPDUs that look like some count more.
    fn score(&self) -> usize {
        let messages = self.messages.iter().map(|cut| match &cut.message {
            Some(message) if !is_likely(message.mti()) => 0,
            Some(message) => 5 + message.numbers().count() + if cut.error.is_none() { 20 } else { 0 },
            None => 0,
        });
        messages.sum::<usize>() + if self.framing.tpdu && self.heads_are_likely() { 10 } else { 0 }
    }
}

/// Whether the MTI has a version and a class that exist.
fn is_likely(mti: Mti) -> bool {
    let [version, class, ..] = mti.digits();
    matches!(version, b'0'..=b'2') && matches!(class, b'1'..=b'8')
}

impl Cut<'_> {
    /// Whether frame and message could be read to the end.
    pub fn is_whole(&self) -> bool {
        self.message.is_some() && self.error.is_none() && self.frame_error.is_none()
    }
}

/// The message whose frame starts at `start`, and where the next one does.
fn one<'a>(bytes: &'a [u8], start: usize, spec: &'a Spec, framing: Framing) -> (Cut<'a>, usize) {
    let rest = bytes.get(start..).unwrap_or_default();
    let mut frame_error = None;
    let mut wrong_length = None;
    let (payload, end) = match framing.length.map(|length| (length, length.read(rest))) {
        None => (rest, bytes.len()),
        Some((length, Ok(Some(said)))) => {
            let payload = rest.get(length.size()..).unwrap_or_default();
            match payload.get(..said) {
                Some(payload) => (payload, start + length.size() + said),
                None => {
                    wrong_length = Some(said);
                    frame_error = Some(FrameError::LengthMismatch { said, found: payload.len() });
                    (payload, bytes.len())
                }
            }
        }
        Some((length, Ok(None))) => {
            frame_error = Some(FrameError::TooShort { length: rest.len(), min: length.size() });
            (&rest[rest.len()..], bytes.len())
        }
        Some((_, Err(error))) => {
            frame_error = Some(error);
            (&rest[rest.len()..], bytes.len())
        }
    };
    let (head, body) = match framing.split(payload) {
        Ok(frame) => ((framing.tpdu || framing.header).then_some(frame.head), frame.body),
        Err(error) => {
            frame_error = frame_error.or(Some(error));
            (None, &payload[payload.len()..])
        }
    };
    let body_start = end - body.len();
    let mut cut = Cut {
        start,
        body_start,
        wrong_length,
        head,
        body,
        message: None,
        frame_error,
        error: None,
        mac_is_missing: false,
    };
    if cut.frame_error.is_none() || !body.is_empty() {
        cut.read(spec, framing);
    }
    let next = if framing.length.is_none() { body_start + cut.body.len() } else { end };
    (cut, next)
}

impl<'a> Cut<'a> {
    /// Reads the message; without a length in front it ends where its last element does.
    fn read(&mut self, spec: &'a Spec, framing: Framing) {
        match Message::parse_leading(spec, self.body) {
            Ok((_, Some(ParseError { place: Place::End, offset, .. }))) if framing.length.is_none() => {
                self.body = self.body.get(..offset).unwrap_or(self.body);
                self.message = Message::parse(spec, self.body).ok();
            }
            Ok((message, Some(error))) if is_missing_mac(spec, &error) => {
                self.message = Message::parse_mac_absent(spec, self.body).ok().or(Some(message));
                self.mac_is_missing = true;
            }
            Ok((message, error)) => (self.message, self.error) = (Some(message), error),
            Err(error) => self.error = Some(error),
        }
    }
}

fn is_missing_mac(spec: &Spec, error: &ParseError) -> bool {
    let Place::Element(de) = error.place else { return false };
    let is_mac = spec.mac_element(false) == Some(de) || spec.mac_element(true) == Some(de);
    is_mac && matches!(error.flaw, Flaw::Truncated { left: 0, .. }) && has_fixed_length(spec, de)
}

fn has_fixed_length(spec: &Spec, de: De) -> bool {
    spec.element(de).is_some_and(|element| matches!(element.length, Length::Fixed(_)))
}

/// The framings to try: the spec's own first, then with parts left out, then with parts that it does not have.
fn candidates(own: Framing) -> Vec<Framing> {
    let length = own.length.or(Some(LengthHeader::BINARY2));
    let parts = [
        (true, true, true),
        (false, true, true),
        (true, false, false),
        (false, false, false),
        (true, true, false),
        (false, true, false),
        (true, false, true),
        (false, false, true),
    ];
    let framing = |(has_length, tpdu, header): (bool, bool, bool)| Framing {
        length: length.filter(|_| has_length),
        tpdu,
        header,
    };
    let mut all = vec![own];
    all.extend(parts.into_iter().map(framing).filter(|framing| *framing != own));
    all
}

/// A framing in words: `length,tpdu,header`, fewer of them, or `none`.
pub fn framing_text(framing: Framing) -> String {
    let parts = [("length", framing.length.is_some()), ("tpdu", framing.tpdu), ("header", framing.header)];
    let there: Vec<&str> = parts.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect();
    if there.is_empty() { "none".to_owned() } else { there.join(",") }
}

/// The framing that words such as `length,tpdu,header` or `none` name; a length is written as the spec writes it.
pub fn framing_from_text(text: &str, spec: &Spec) -> Option<Framing> {
    let mut framing = Framing::NONE;
    for word in text.split(',').map(str::trim).filter(|word| *word != "none") {
        match word {
            "length" => framing.length = spec.framing.length.or(Some(LengthHeader::BINARY2)),
            "tpdu" => framing.tpdu = true,
            "header" => framing.header = true,
            _ => return None,
        }
    }
    Some(framing)
}
