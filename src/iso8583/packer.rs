//! Writes a message into a reused buffer, element by element, without the heap.

use super::{
    de::De,
    digits::{self, Padding},
    element::Content,
    error::PackError,
    frame::{FrameHead, LengthHeader},
    message::Message,
    mti::Mti,
    plan::{Step, is_track},
    spec::{BitmapCoding, MtiCoding, Spec},
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
    buffer: &'a mut Vec<u8>,
    length: Option<LengthHeader>,
    /// Where the frame starts in the buffer.
    base: usize,
    /// Where the MTI starts.
    message: usize,
    bitmap: usize,
    /// Where the next element goes; the buffer is longer.
    at: usize,
    bits: [u64; 2],
    last: Option<De>,
    error: Option<PackError>,
}

impl<'a> Packer<'a> {
    /// Starts a frame as the spec frames messages; `head` counts as far as the spec has its parts.
    pub fn new(spec: &'a Spec, buffer: &'a mut Vec<u8>, head: &FrameHead, mti: Mti) -> Self {
        let mut packer = Self::at_end(spec, buffer);
        let framing = &spec.framing;
        packer.length = framing.length;
        packer.at += framing.length.map_or(0, |length| length.size());
        if framing.tpdu {
            packer.append(&head.tpdu.0);
        }
        if framing.header {
            packer.append(&head.header.0);
        }
        packer.start(mti)
    }

    /// Starts a message without framing.
    pub fn unframed(spec: &'a Spec, buffer: &'a mut Vec<u8>, mti: Mti) -> Self {
        Self::at_end(spec, buffer).start(mti)
    }

    fn at_end(spec: &'a Spec, buffer: &'a mut Vec<u8>) -> Self {
        let base = buffer.len();
        buffer.resize(base + ROOM, 0);
        Self {
            spec,
            buffer,
            length: None,
            base,
            message: base,
            bitmap: base,
            at: base,
            bits: [0; 2],
            last: None,
            error: None,
        }
    }

    fn start(mut self, mti: Mti) -> Self {
        self.message = self.at;
        match self.spec.mti {
            MtiCoding::Bcd => self.append(&mti.packed().to_be_bytes()),
            MtiCoding::Ascii => self.append(&mti.digits()),
        }
        self.bitmap = self.at;
        self.at += self.bitmap_width();
        self
    }

    /// Writes an element in its logical form: digits as ASCII, track nibbles `0`–`F` (`=` is `D`), text, raw bytes.
    ///
    /// Text of fixed length is filled up on its right; all else must have the length of the element.
    #[inline]
    pub fn put(&mut self, de: De, logical: &[u8]) -> &mut Self {
        if self.error.is_none()
            && let Err(error) = self.try_put(de, logical)
        {
            self.error = Some(error);
        }
        self
    }

    /// Writes a number; in an element of fixed length with zeros in front.
    #[inline]
    pub fn put_number(&mut self, de: De, number: u64) -> &mut Self {
        if self.error.is_none()
            && let Err(error) = self.try_put_number(de, number)
        {
            self.error = Some(error);
        }
        self
    }

    /// Copies an element of a received message, when it is there.
    ///
    /// Free of allocation when both messages code the element alike.
    pub fn copy(&mut self, message: &Message<'_>, de: De) -> &mut Self {
        let alike = std::ptr::eq(self.spec, message.spec()) || self.spec.element(de) == message.element(de);
        let Some(value) = message.get(de) else { return self };
        let Some(wire) = message.wire(de).filter(|_| alike) else {
            let mut logical = Vec::new();
            value.append_to(&mut logical);
            return self.put(de, &logical);
        };
        if self.error.is_none() {
            match self.announce(de) {
                Ok(_) => self.append(wire),
                Err(error) => self.error = Some(error),
            }
        }
        self
    }

    /// Ends the message: completes bitmap and length, and returns the bytes of the frame.
    ///
    /// # Errors
    /// The first thing that went wrong; the buffer is as it was before then.
    pub fn finish(&mut self) -> Result<usize, PackError> {
        let size = self.error.map_or_else(|| self.complete(), Err);
        self.buffer.truncate(size.map_or(self.base, |size| self.base + size));
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
        if self.error.is_none()
            && let Err(error) = self.try_put_mac(mac)
        {
            self.error = Some(error);
        }
        self.finish()
    }

    /// Writes bitmaps and length.
    fn complete(&mut self) -> Result<usize, PackError> {
        self.write_bitmaps();
        let frame = self.buffer.get_mut(self.base..self.at).unwrap_or_default();
        let size = frame.len();
        let written = self.length.is_none_or(|length| length.write(frame).is_some());
        if written && self.at - self.message <= Message::SIZE_MAX {
            Ok(size)
        } else {
            Err(PackError::FrameTooLong(size))
        }
    }

    fn try_put_mac(&mut self, mac: impl FnOnce(&[u8]) -> [u8; 8]) -> Result<(), PackError> {
        let de = self.spec.mac_element(self.bits[1] != 0).ok_or(PackError::NoMac)?;
        let step = self.announce(de)?;
        self.write_bitmaps();
        let mac = mac(self.buffer.get(self.message..self.at).unwrap_or_default());
        let length = step.length_max().min(mac.len());
        self.write_element(de, step, &mac[..length])
    }

    #[inline(always)]
    fn try_put(&mut self, de: De, logical: &[u8]) -> Result<(), PackError> {
        let step = self.announce(de)?;
        self.write_element(de, step, logical)
    }

    #[inline(always)]
    fn try_put_number(&mut self, de: De, number: u64) -> Result<(), PackError> {
        let step = *self.spec.plan().step(de.index());
        let length = step.count_max as usize;
        if step.content != Content::Digits || !step.is_fixed() || length > 16 {
            return self.put_number_as_text(de, &step, number);
        }
        self.announce(de)?;
        if number >= POWERS[length] {
            return Err(PackError::TooLong { de, length: number.ilog10() as usize + 1, max: length });
        }
        let (high, low) = ((number / 100_000_000) as u32, (number % 100_000_000) as u32);
        let high = if length > 8 { u64::from(digits::pack_number(high)) << 32 } else { 0 };
        self.append_packed(high | u64::from(digits::pack_number(low)), length, &step, de);
        Ok(())
    }

    fn put_number_as_text(&mut self, de: De, step: &Step, number: u64) -> Result<(), PackError> {
        let mut digits = [b'0'; 64];
        super::text::decimal(number, &mut digits);
        let natural = number.checked_ilog10().unwrap_or(0) as usize + 1;
        let wanted = if step.is_fixed() { step.length_max().clamp(natural, digits.len()) } else { natural };
        self.try_put(de, &digits[digits.len() - wanted..])
    }

    /// Sets the bit of an element, which must be higher than the last.
    #[inline(always)]
    fn announce(&mut self, de: De) -> Result<&'a Step, PackError> {
        if let Some(last) = self.last
            && last >= de
        {
            return Err(PackError::OutOfOrder { de, last });
        }
        let step = self.spec.plan().step(de.index());
        if !step.is_defined() {
            return Err(PackError::Undefined(de));
        }
        if de.index() >= 64 && self.bits[1] == 0 {
            self.insert_second_bitmap(de)?;
        }
        self.last = Some(de);
        self.bits[de.index() / 64] |= 1 << 63 >> (de.index() % 64);
        Ok(step)
    }

    #[cold]
    fn insert_second_bitmap(&mut self, de: De) -> Result<(), PackError> {
        if !self.spec.second_bitmap {
            return Err(PackError::Undefined(de));
        }
        let width = self.bitmap_width();
        self.reserve(width);
        let elements = self.bitmap + width;
        self.buffer.copy_within(elements..self.at, elements + width);
        self.at += width;
        self.bits[0] |= 1 << 63;
        Ok(())
    }

    #[inline(always)]
    fn write_element(&mut self, de: De, step: &Step, logical: &[u8]) -> Result<(), PackError> {
        let (length, count) = (logical.len(), step.count(logical.len()));
        if step.is_fixed() {
            if count != step.count_max as usize {
                return self.write_filled(de, step, logical);
            }
        } else {
            if count > step.count_max as usize {
                return Err(PackError::TooLong { de, length, max: step.length_max() });
            }
            let (prefix, width) = step.prefix_word(count);
            self.append_word(prefix, width);
        }
        let known = match step.content {
            Content::Digits => self.append_digits(de, step, logical),
            Content::Text | Content::Binary => {
                self.append(logical);
                true
            }
            _ => self.append_other(de, step, logical),
        };
        if known { Ok(()) } else { Err(PackError::BadCharacter(de)) }
    }

    /// Writes text that is shorter than its element.
    fn write_filled(&mut self, de: De, step: &Step, text: &[u8]) -> Result<(), PackError> {
        let (length, fixed) = (text.len(), step.length_max());
        let (Some(missing), Content::Text) = (fixed.checked_sub(length), step.content) else {
            return Err(PackError::WrongLength { de, length, fixed });
        };
        self.append(text);
        self.reserve(missing);
        let fill = self.spec.element(de).map_or(b' ', |element| element.pad_char);
        self.buffer[self.at..self.at + missing].fill(fill);
        self.at += missing;
        Ok(())
    }

    /// Appends what is neither plain digits nor taken as it is; `false` when a character does not belong there.
    fn append_other(&mut self, de: De, step: &Step, logical: &[u8]) -> bool {
        match step.content {
            Content::Nibbles => self.append_nibbles(de, step, logical),
            Content::AsciiDigits => {
                self.append(logical);
                digits::is_ascii_digits(logical)
            }
            Content::AsciiTrack => {
                logical.iter().for_each(|byte| self.append_word(u64::from(track(*byte)) << 56, 1));
                logical.iter().all(|byte| is_track(*byte))
            }
            Content::HexText => {
                logical
                    .iter()
                    .for_each(|byte| self.append_word(digits::unpack_nibbles(u32::from(*byte)) << 48, 2));
                true
            }
            _ => self.append_signed(de, step, logical),
        }
    }

    fn append_signed(&mut self, de: De, step: &Step, logical: &[u8]) -> bool {
        let Some((sign, digits)) = logical.split_first() else { return true };
        self.append_word(u64::from(*sign) << 56, 1);
        if step.content == Content::SignedDigits {
            return self.append_digits(de, step, digits);
        }
        self.append(digits);
        digits::is_ascii_digits(digits)
    }

    #[inline(always)]
    fn append_digits(&mut self, de: De, step: &Step, text: &[u8]) -> bool {
        self.append_characters(de, step, text, digits::pack_digits)
    }

    fn append_nibbles(&mut self, de: De, step: &Step, text: &[u8]) -> bool {
        self.append_characters(de, step, text, digits::pack_nibbles)
    }

    /// Appends characters two a byte; `false` when `pack` does not know one.
    #[inline(always)]
    fn append_characters(
        &mut self,
        de: De,
        step: &Step,
        text: &[u8],
        pack: impl Fn(u64) -> Option<u32>,
    ) -> bool {
        let (lead, text) = match step.align {
            super::element::Align::Right if text.len() % 2 == 1 => text.split_at(1),
            _ => (&[][..], text),
        };
        if !lead.is_empty() {
            let Some(digit) = pack(digits::load_digits(lead)) else { return false };
            self.append_word(u64::from(self.pad_nibble(de) << 4 | digit) << 56, 1);
        }
        let (words, tail) = text.as_chunks::<8>();
        for word in words {
            let Some(packed) = pack(u64::from_be_bytes(*word)) else { return false };
            self.append_word(u64::from(packed) << 32, 4);
        }
        if tail.is_empty() {
            return true;
        }
        let Some(packed) = pack(digits::load_digits(tail)) else { return false };
        let odd = tail.len() % 2 == 1;
        let packed = if odd { packed << 4 | self.pad_nibble(de) } else { packed };
        let width = tail.len().div_ceil(2);
        self.append_word(u64::from(packed) << (64 - 8 * width), width);
        true
    }

    /// Appends up to sixteen packed digits, right-justified in `packed`.
    #[inline(always)]
    fn append_packed(&mut self, packed: u64, length: usize, step: &Step, de: De) {
        let width = length.div_ceil(2);
        let word = match step.padding(length) {
            Padding::None => packed,
            Padding::First => packed | u64::from(self.pad_nibble(de)) << (length * 4),
            Padding::Last => packed << 4 | u64::from(self.pad_nibble(de)),
        };
        if width > 0 {
            self.append_word(word << (64 - 8 * width), width);
        }
    }

    #[inline(always)]
    fn pad_nibble(&self, de: De) -> u32 {
        self.spec.element(de).map_or(0, |element| u32::from(element.pad_nibble & 0x0F))
    }

    /// Appends the first `width` bytes of a word.
    #[inline(always)]
    fn append_word(&mut self, word: u64, width: usize) {
        self.reserve(8);
        if let Some(place) = self.buffer.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut) {
            *place = word.to_be_bytes();
        }
        self.at += width;
    }

    #[inline(always)]
    fn append(&mut self, bytes: &[u8]) {
        let length = bytes.len();
        if let (true, Some(first), Some(last)) =
            (length <= 16, bytes.first_chunk::<8>(), bytes.last_chunk::<8>())
        {
            let end = self.at + length;
            self.append_word(u64::from_be_bytes(*first), length - 8);
            self.append_word(u64::from_be_bytes(*last), 8);
            debug_assert_eq!(self.at, end);
        } else if length < 8 {
            let word = digits::load(bytes).checked_shl(64 - 8 * length as u32).unwrap_or(0);
            self.append_word(word, length);
        } else {
            self.reserve(length);
            self.buffer[self.at..self.at + length].copy_from_slice(bytes);
            self.at += length;
        }
    }

    /// Makes sure that so many bytes can be written.
    #[inline(always)]
    fn reserve(&mut self, bytes: usize) {
        if self.buffer.len() < self.at + bytes {
            self.grow(bytes);
        }
    }

    #[cold]
    fn grow(&mut self, bytes: usize) {
        self.buffer.resize(self.at + bytes + ROOM, 0);
    }

    #[inline(always)]
    fn write_bitmaps(&mut self) {
        let (at, width) = (self.bitmap, self.bitmap_width());
        self.write_bitmap(at, self.bits[0]);
        if self.bits[1] != 0 {
            self.write_bitmap(at + width, self.bits[1]);
        }
    }

    #[inline(always)]
    fn write_bitmap(&mut self, at: usize, bits: u64) {
        match self.spec.bitmap {
            BitmapCoding::Binary => self.buffer[at..at + 8].copy_from_slice(&bits.to_be_bytes()),
            BitmapCoding::Hex => {
                let halves = [(bits >> 32) as u32, bits as u32].map(digits::unpack_nibbles);
                self.buffer[at..at + 8].copy_from_slice(&halves[0].to_be_bytes());
                self.buffer[at + 8..at + 16].copy_from_slice(&halves[1].to_be_bytes());
            }
        }
    }

    fn bitmap_width(&self) -> usize {
        match self.spec.bitmap {
            BitmapCoding::Binary => 8,
            BitmapCoding::Hex => 16,
        }
    }
}

/// Turns the ways to write a track character into that of the wire.
const fn track(byte: u8) -> u8 {
    if matches!(byte, b'D' | b'd') { b'=' } else { byte }
}

/// How much the buffer grows at once: a usual message fits.
const ROOM: usize = 320;

/// Powers of ten up to what sixteen digits hold.
const POWERS: [u64; 17] = {
    let mut powers = [1; 17];
    let mut index = 1;
    while index < powers.len() {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};
