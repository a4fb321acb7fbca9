//! Writes a message into a reused buffer, element by element, without the heap.

use super::{
    de::De,
    digits,
    element::{Align, Content},
    error::PackError,
    frame::{FrameHead, LengthHeader},
    message::Message,
    mti::Mti,
    plan::{Kind, Step, is_track},
    spec::{BitmapCoding, MtiCoding, Spec},
    writer::Writer,
};

/// Writes one message at the end of a buffer; elements ascend, the first error is kept for [`Packer::finish`].
///
/// A failed one leaves the buffer as it was; one that is never finished leaves it in disorder.
///
/// ```
/// use posfleet::iso8583::{De, FrameHead, Message, Mti, Packer, Spec};
///
/// let spec = Spec::unionpay();
/// let mut buffer = Vec::new();
/// Packer::new(spec, &mut buffer, &FrameHead::default(), Mti::NETWORK_ADVICE)
///     .put(De::TERMINAL_ID, b"10000001")
///     .put(De::MERCHANT_ID, b"898100012340001")
///     .put(De::PRIVATE_60, b"00000001301")
///     .finish()?;
/// let frame = spec.framing.open(&buffer).unwrap();
/// assert!(Message::parse(spec, frame.body).unwrap().get(De::TERMINAL_ID).unwrap().is(b"10000001"));
/// # Ok::<(), posfleet::iso8583::PackError>(())
/// ```
#[derive(Debug)]
#[must_use = "a packer writes nothing useful until it is finished"]
pub struct Packer<'a> {
    spec: &'a Spec,
    writer: Writer<'a>,
    length: Option<LengthHeader>,
    /// Where the frame starts in the buffer.
    base: usize,
    /// Where the MTI starts.
    message: usize,
    bitmap: usize,
    bits: [u64; 2],
    /// The number of the last element, 0 for none, [`FAILED`] after an error.
    last: u8,
    error: Option<PackError>,
}

impl<'a> Packer<'a> {
    /// Starts a frame as the spec frames messages; `head` counts as far as the spec has its parts.
    pub fn new(spec: &'a Spec, buffer: &'a mut Vec<u8>, head: &FrameHead, mti: Mti) -> Self {
        let base = buffer.len();
        let mut writer = Writer::at_end(buffer);
        let framing = &spec.framing;
        writer.at += framing.length.map_or(0, LengthHeader::size);
        if framing.tpdu {
            writer.bytes(&head.tpdu.0);
        }
        if framing.header {
            writer.bytes(&head.header.0);
        }
        Self::start(spec, writer, framing.length, base, mti)
    }

    /// Starts a message without framing.
    pub fn unframed(spec: &'a Spec, buffer: &'a mut Vec<u8>, mti: Mti) -> Self {
        let base = buffer.len();
        Self::start(spec, Writer::at_end(buffer), None, base, mti)
    }

    fn start(
        spec: &'a Spec,
        mut writer: Writer<'a>,
        length: Option<LengthHeader>,
        base: usize,
        mti: Mti,
    ) -> Self {
        let message = writer.at;
        match spec.mti {
            MtiCoding::Bcd => writer.bytes(&mti.packed().to_be_bytes()),
            MtiCoding::Ascii => writer.bytes(&mti.digits()),
        }
        let bitmap = writer.at;
        writer.at += spec.bitmap.width();
        Self { spec, writer, length, base, message, bitmap, bits: [0; 2], last: 0, error: None }
    }

    /// Writes an element in its logical form: digits as ASCII, track nibbles `0`–`F` (`=` is `D`), text, raw bytes.
    ///
    /// Text of fixed length is filled up on its right; all else must have the length of the element.
    #[inline(always)]
    pub fn put(&mut self, de: De, logical: &[u8]) -> &mut Self {
        if self.announce(de) {
            self.write(de, logical);
        }
        self
    }

    /// Writes a number; in an element of fixed length with zeros in front.
    #[inline(always)]
    pub fn put_number(&mut self, de: De, number: u64) -> &mut Self {
        if self.announce(de) {
            self.write_number(de, number);
        }
        self
    }

    /// Copies an element of a received message, when it is there.
    ///
    /// Free of allocation when both messages code the element alike.
    pub fn copy(&mut self, message: &Message<'_>, de: De) -> &mut Self {
        let alike =
            std::ptr::eq(self.spec, message.spec()) || self.spec.element(de) == message.spec().element(de);
        match (message.wire(de), message.get(de)) {
            (Some(wire), _) if alike => {
                if self.announce(de) {
                    self.writer.bytes(wire);
                }
                self
            }
            (_, Some(value)) => {
                let mut logical = Vec::new();
                value.append_to(&mut logical);
                self.put(de, &logical)
            }
            _ => self,
        }
    }

    /// Ends the message: completes bitmap and length, and returns the bytes of the frame.
    ///
    /// # Errors
    /// The first thing that went wrong; the buffer is as it was before then.
    pub fn finish(&mut self) -> Result<usize, PackError> {
        let size = self.error.map_or_else(|| self.complete(), Err);
        self.writer.buffer.truncate(size.map_or(self.base, |size| self.base + size));
        size
    }

    /// Ends the message with a MAC: `mac` sees the bytes from the MTI to the last before the MAC, bitmap complete.
    ///
    /// A MAC element shorter than eight bytes takes the first of them.
    ///
    /// # Errors
    /// As [`Packer::finish`], and when the spec has no MAC.
    #[inline]
    pub fn finish_with_mac(&mut self, mac: impl FnOnce(&[u8]) -> [u8; 8]) -> Result<usize, PackError> {
        match self.spec.mac_element(self.bits[1] != 0) {
            Some(de) if self.announce(de) => {
                self.write_bitmaps();
                let mac = mac(self.writer.written(self.message));
                let length = self.spec.plan().step(de.index()).length_max().min(mac.len());
                self.write(de, &mac[..length]);
            }
            Some(_) => {}
            None => self.fail(PackError::NoMac),
        }
        self.finish()
    }

    /// Writes bitmaps and length.
    fn complete(&mut self) -> Result<usize, PackError> {
        self.write_bitmaps();
        let frame = self.writer.written(self.base);
        let size = frame.len();
        let written = self.length.is_none_or(|length| length.write(frame).is_some());
        let fits = self.writer.at - self.message <= Message::SIZE_MAX;
        if written && fits { Ok(size) } else { Err(PackError::FrameTooLong(size)) }
    }

    /// Sets the bit of an element, which must be higher than the last; `false` after an error.
    #[inline(always)]
    fn announce(&mut self, de: De) -> bool {
        if self.last >= de.number() {
            self.refuse(de);
            return false;
        }
        if de.number() > 64 && self.bits[1] == 0 && !self.insert_second_bitmap(de) {
            return false;
        }
        self.last = de.number();
        self.bits[de.index() / 64] |= 1 << 63 >> (de.index() % 64);
        true
    }

    #[cold]
    fn refuse(&mut self, de: De) {
        if let Some(last) = De::new(self.last) {
            self.fail(PackError::OutOfOrder { de, last });
        }
    }

    #[cold]
    fn insert_second_bitmap(&mut self, de: De) -> bool {
        if !self.spec.second_bitmap {
            self.fail(PackError::Undefined(de));
            return false;
        }
        let width = self.spec.bitmap.width();
        self.writer.insert(self.bitmap + width, width);
        self.bits[0] |= 1 << 63;
        true
    }

    #[cold]
    fn fail(&mut self, error: PackError) {
        self.last = FAILED;
        self.error.get_or_insert(error);
    }

    /// Writes an element whose bit is set.
    #[inline(always)]
    fn write(&mut self, de: De, logical: &[u8]) {
        self.write_step(self.spec.plan().step(de.index()), de, logical);
    }

    #[inline(always)]
    fn write_step(&mut self, step: &Step, de: De, logical: &[u8]) {
        match step.kind {
            Kind::FixedBytes => self.write_fixed_bytes(step, de, logical),
            Kind::FixedDigits => self.write_fixed_digits(step, de, logical),
            Kind::VarBytes => self.write_var_bytes(step, de, logical),
            Kind::VarDigits => self.write_var_packed::<false>(step, de, logical),
            Kind::VarNibbles => self.write_var_packed::<true>(step, de, logical),
            _ => self.write_other(step, de, logical),
        }
    }

    #[inline(always)]
    fn write_fixed_bytes(&mut self, step: &Step, de: De, bytes: &[u8]) {
        if bytes.len() != step.count_max as usize {
            return self.write_other(step, de, bytes);
        }
        self.writer.bytes(bytes);
    }

    #[inline(always)]
    fn write_fixed_digits(&mut self, step: &Step, de: De, text: &[u8]) {
        let packed = digits::pack_up_to_16(text);
        match packed {
            Some(packed) if text.len() == step.count_max as usize => self.write_packed(step, packed),
            _ => self.write_other(step, de, text),
        }
    }

    #[inline(never)]
    fn write_var_bytes(&mut self, step: &Step, de: De, bytes: &[u8]) {
        if bytes.len() > step.count_max as usize {
            return self.write_other(step, de, bytes);
        }
        let (prefix, width) = step.packed_prefix_word(bytes.len());
        self.writer.word(prefix, width);
        self.writer.bytes(bytes);
    }

    #[inline(never)]
    fn write_var_packed<const TRACK: bool>(&mut self, step: &Step, de: De, text: &[u8]) {
        if text.len() > step.count_max as usize {
            return self.write_other(step, de, text);
        }
        let (prefix, width) = step.packed_prefix_word(text.len());
        self.writer.word(prefix, width);
        if self.writer.packed::<TRACK>(text, Align::Left, step.pad_nibble).is_none() {
            self.fail(PackError::BadCharacter(de));
        }
    }

    #[inline(always)]
    fn write_number(&mut self, de: De, number: u64) {
        let step = self.spec.plan().step(de.index());
        if step.kind != Kind::FixedDigits || number >= POWERS[step.count_max as usize & 31] {
            return self.write_number_as_text(step, de, number);
        }
        let low = u64::from(digits::pack_number((number % 100_000_000) as u32));
        let high = (number / 100_000_000) as u32;
        let high = if high == 0 { 0 } else { u64::from(digits::pack_number(high)) };
        self.write_packed(step, high << 32 | low);
    }

    #[inline(never)]
    fn write_number_as_text(&mut self, step: &Step, de: De, number: u64) {
        let mut digits = [b'0'; 64];
        super::text::decimal(number, &mut digits);
        let natural = number.checked_ilog10().unwrap_or(0) as usize + 1;
        let wanted = if step.is_fixed() { step.length_max().clamp(natural, digits.len()) } else { natural };
        self.write_other(step, de, &digits[digits.len() - wanted..]);
    }

    /// Writes right-justified digits into [`Kind::FixedDigits`].
    #[inline(always)]
    fn write_packed(&mut self, step: &Step, packed: u64) {
        let mut word = packed << step.shift;
        if step.pad_nibble != 0 && step.count_max % 2 == 1 {
            word |= u64::from(step.pad_nibble) << step.pad_shift();
        }
        self.writer.word(word, usize::from(step.wire));
    }

    #[inline(never)]
    fn write_other(&mut self, step: &Step, de: De, logical: &[u8]) {
        if let Err(error) = self.try_write_other(de, step, logical) {
            self.fail(error);
        }
    }

    fn try_write_other(&mut self, de: De, step: &Step, logical: &[u8]) -> Result<(), PackError> {
        let (length, count, max) = (logical.len(), step.count(logical.len()), step.count_max as usize);
        if step.kind == Kind::Undefined {
            return Err(PackError::Undefined(de));
        }
        if step.is_fixed() {
            match max.checked_sub(count) {
                Some(0) => {}
                Some(missing) if step.content == Content::Text => {
                    self.writer.bytes(logical);
                    self.writer.fill(step.pad_char, missing);
                    return Ok(());
                }
                _ => return Err(PackError::WrongLength { de, length, fixed: step.length_max() }),
            }
        } else {
            if count > max {
                return Err(PackError::TooLong { de, length, max: step.length_max() });
            }
            let (prefix, width) = step.prefix_word(count);
            self.writer.word(prefix, width);
        }
        self.write_characters(step, logical).ok_or(PackError::BadCharacter(de))
    }

    /// Writes the characters of any content; `None` when one does not belong there.
    fn write_characters(&mut self, step: &Step, logical: &[u8]) -> Option<()> {
        let writer = &mut self.writer;
        let (align, pad) = (step.align, step.pad_nibble);
        let known = match step.content {
            Content::Digits => return writer.digits(logical, align, pad),
            Content::Nibbles => return writer.nibbles(logical, align, pad),
            Content::SignedDigits => {
                let (sign, digits) = logical.split_at_checked(1)?;
                writer.bytes(sign);
                return writer.digits(digits, align, pad);
            }
            Content::AsciiTrack => {
                logical.iter().for_each(|byte| writer.bytes(&[track(*byte)]));
                return logical.iter().all(|byte| is_track(*byte)).then_some(());
            }
            Content::HexText => {
                logical
                    .iter()
                    .for_each(|byte| writer.word(digits::unpack_nibbles(u32::from(*byte)) << 48, 2));
                return Some(());
            }
            Content::AsciiDigits => digits::is_ascii_digits(logical),
            Content::SignedAscii => digits::is_ascii_digits(logical.get(1..)?),
            Content::Text | Content::Binary => true,
        };
        writer.bytes(logical);
        known.then_some(())
    }

    fn write_bitmaps(&mut self) {
        let (at, width) = (self.bitmap, self.spec.bitmap.width());
        self.write_bitmap(at, self.bits[0]);
        if self.bits[1] != 0 {
            self.write_bitmap(at + width, self.bits[1]);
        }
    }

    fn write_bitmap(&mut self, at: usize, bits: u64) {
        let buffer = &mut self.writer.buffer;
        match self.spec.bitmap {
            BitmapCoding::Binary => buffer[at..at + 8].copy_from_slice(&bits.to_be_bytes()),
            BitmapCoding::Hex => {
                let halves = [(bits >> 32) as u32, bits as u32].map(digits::unpack_nibbles);
                buffer[at..at + 8].copy_from_slice(&halves[0].to_be_bytes());
                buffer[at + 8..at + 16].copy_from_slice(&halves[1].to_be_bytes());
            }
        }
    }
}

/// Turns the ways to write a track character into that of the wire.
const fn track(byte: u8) -> u8 {
    if matches!(byte, b'D' | b'd') { b'=' } else { byte }
}

/// Stands for the last element after an error: no element is higher.
const FAILED: u8 = u8::MAX;

/// Powers of ten up to what sixteen digits hold; nothing is below the rest.
const POWERS: [u64; 32] = {
    let mut powers = [0; 32];
    let (mut index, mut power) = (0, 1);
    while index <= 16 {
        powers[index] = power;
        power *= 10;
        index += 1;
    }
    powers
};
