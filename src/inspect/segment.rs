//! The TCP segment in a captured packet, below Ethernet with or without tags, Linux cooked, loopback or raw IP.

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};
use std::net::{IpAddr, SocketAddr};

/// One TCP segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// When it was captured, in nanoseconds since 1970.
    pub time: Option<u64>,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// The number of its first byte.
    pub sequence: u32,
    /// Whether it opens the connection.
    pub opens: bool,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// Returns the TCP segment of a packet of a link type, `None` where there is none.
pub(super) fn segment(link: i32, time: Option<u64>, packet: &[u8]) -> Option<Segment> {
    let sliced = match link {
        ETHERNET => LaxSlicedPacket::from_ethernet(packet).ok()?,
        _ => LaxSlicedPacket::from_ip(packet.get(before_ip(link)?..)?).ok()?,
    };
    let (from, to): (IpAddr, IpAddr) = match sliced.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        LaxNetSlice::Ipv6(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        LaxNetSlice::Arp(_) => return None,
    };
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { return None };
    Some(Segment {
        time,
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        opens: tcp.syn(),
        payload: tcp.payload().to_vec(),
    })
}

/// The bytes in front of the IP header.
fn before_ip(link: i32) -> Option<usize> {
    Some(match link {
        NULL | LOOP => 4,
        RAW | RAW_OF_BSD | RAW_OF_OPENBSD | IPV4 | IPV6 => 0,
        LINUX_COOKED => 16,
        LINUX_COOKED_2 => 20,
        _ => return None,
    })
}

// Numbers of link types (https://www.tcpdump.org/linktypes.html).
const NULL: i32 = 0;
const ETHERNET: i32 = 1;
const RAW_OF_BSD: i32 = 12;
const RAW_OF_OPENBSD: i32 = 14;
const RAW: i32 = 101;
const LOOP: i32 = 108;
const LINUX_COOKED: i32 = 113;
const IPV4: i32 = 228;
const IPV6: i32 = 229;
const LINUX_COOKED_2: i32 = 276;
