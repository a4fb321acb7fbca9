//! The packets of a capture file, pcap or pcapng, with the time and the link type of each.

use super::segment::{Segment, segment};
use pcap_parser::{
    Block, Linktype, PcapBlockOwned, PcapNGSlice, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_header,
    traits::PcapNGPacketBlock,
};

/// The TCP segments of a capture.
#[derive(Debug, Default)]
pub struct Capture {
    /// In the order of the file.
    pub segments: Vec<Segment>,
    /// How many packets were no TCP over IP, or of a link type that nobody here reads.
    pub others: usize,
    /// Whether the file ends in the middle of a packet, or goes on with something else.
    pub is_cut_off: bool,
}

/// Why a file is not a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a capture that can be read: its header is broken")]
pub struct CaptureError;

/// Whether bytes begin as the file of a capture does.
pub fn is_capture(bytes: &[u8]) -> bool {
    bytes.first_chunk().is_some_and(|magic| MAGIC.contains(magic))
}

impl Capture {
    /// Reads the file of a capture.
    ///
    /// # Errors
    /// When its header is broken. What is wrong further on ends the reading, and is noted.
    pub fn read(bytes: &[u8]) -> Result<Self, CaptureError> {
        let mut capture = Self::default();
        if bytes.starts_with(&MAGIC[0]) {
            capture.read_pcapng(bytes)?;
        } else {
            capture.read_pcap(bytes)?;
        }
        Ok(capture)
    }

    fn read_pcap(&mut self, bytes: &[u8]) -> Result<(), CaptureError> {
        let (mut rest, header) = parse_pcap_header(bytes).map_err(|_| CaptureError)?;
        let parse = if header.is_bigendian() { parse_pcap_frame_be } else { parse_pcap_frame };
        let unit = if header.is_nanosecond_precision() { 1 } else { 1_000 };
        while !rest.is_empty() {
            let Ok((next, packet)) = parse(rest) else {
                self.is_cut_off = true;
                break;
            };
            let time = u64::from(packet.ts_sec) * NANOSECONDS + u64::from(packet.ts_usec) * unit;
            self.take(header.network, Some(time), packet.data);
            rest = next;
        }
        Ok(())
    }

    fn read_pcapng(&mut self, bytes: &[u8]) -> Result<(), CaptureError> {
        let mut interfaces: Vec<(Linktype, u64, i64)> = Vec::new();
        for block in PcapNGSlice::from_slice(bytes).map_err(|_| CaptureError)? {
            match block {
                Ok(PcapBlockOwned::NG(Block::SectionHeader(_))) => interfaces.clear(),
                Ok(PcapBlockOwned::NG(Block::InterfaceDescription(interface))) => {
                    let resolution =
                        interface.ts_resolution().filter(|units| *units > 0).unwrap_or(MICROSECONDS);
                    interfaces.push((interface.linktype, resolution, interface.if_tsoffset));
                }
                Ok(PcapBlockOwned::NG(Block::EnhancedPacket(packet))) => {
                    let Some((link, resolution, offset)) = interfaces.get(packet.if_id as usize) else {
                        self.others += 1;
                        continue;
                    };
                    let units = u128::from(packet.ts_high) << 32 | u128::from(packet.ts_low);
                    let since = units * u128::from(NANOSECONDS) / u128::from(*resolution);
                    let offset = offset.saturating_mul(NANOSECONDS as i64);
                    let time = u64::try_from(since).unwrap_or_default().saturating_add_signed(offset);
                    self.take(*link, Some(time), packet.packet_data());
                }
                Ok(PcapBlockOwned::NG(Block::SimplePacket(packet))) => match interfaces.first() {
                    Some((link, ..)) => self.take(*link, None, packet.packet_data()),
                    None => self.others += 1,
                },
                Ok(_) => {}
                Err(_) => {
                    self.is_cut_off = true;
                    break;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, link: Linktype, time: Option<u64>, packet: &[u8]) {
        match segment(link.0, time, packet) {
            Some(segment) => self.segments.push(segment),
            None => self.others += 1,
        }
    }
}

const NANOSECONDS: u64 = 1_000_000_000;
const MICROSECONDS: u64 = 1_000_000;

/// The first bytes of pcapng, and of pcap in both orders of bytes, with microseconds and with nanoseconds.
const MAGIC: [[u8; 4]; 5] = [
    [0x0A, 0x0D, 0x0D, 0x0A],
    [0xA1, 0xB2, 0xC3, 0xD4],
    [0xD4, 0xC3, 0xB2, 0xA1],
    [0xA1, 0xB2, 0x3C, 0x4D],
    [0x4D, 0x3C, 0xB2, 0xA1],
];
