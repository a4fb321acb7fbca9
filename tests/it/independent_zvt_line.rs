//! A serial line under the crate `zvt`, which knows APDUs only: frames with DLE, CRC and acknowledgements (PA00P016),
//! written from the standard and not from ours.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    task::JoinHandle,
};
use tokio_serial::SerialStream;

/// The APDUs of a line, and who carries them until one of the ends is closed.
pub fn over_serial(line: SerialStream) -> (DuplexStream, JoinHandle<()>) {
    let (near, far) = tokio::io::duplex(65_536);
    (near, tokio::spawn(carry(line, far)))
}

async fn carry(mut line: SerialStream, mut apdus: DuplexStream) {
    let (mut heard, mut said) = (Vec::new(), Vec::new());
    loop {
        tokio::select! {
            read = line.read_buf(&mut heard) => {
                if !matches!(read, Ok(1..)) {
                    return;
                }
                while let Some(piece) = next_piece(&mut heard) {
                    if let Piece::Frame(apdu) = piece {
                        line.write_all(&[ACK]).await.unwrap();
                        apdus.write_all(&apdu).await.unwrap();
                    }
                }
            }
            read = apdus.read_buf(&mut said) => {
                if !matches!(read, Ok(1..)) {
                    return;
                }
                while let Some(apdu) = next_apdu(&mut said) {
                    line.write_all(&frame(&apdu)).await.unwrap();
                }
            }
        }
    }
}

/// What stands at the beginning of what was heard.
enum Piece {
    Frame(Vec<u8>),
    Acknowledged,
}

fn next_piece(heard: &mut Vec<u8>) -> Option<Piece> {
    match heard[..] {
        [] => None,
        [ACK, ..] => {
            heard.remove(0);
            Some(Piece::Acknowledged)
        }
        [DLE, ..] => next_frame(heard).map(Piece::Frame),
        [other, ..] => panic!("{other:02x} is neither a frame nor an acknowledgement"),
    }
}

/// `DLE STX`, the APDU with every DLE doubled, `DLE ETX`, the CRC with its low byte first.
fn next_frame(heard: &mut Vec<u8>) -> Option<Vec<u8>> {
    let (mut apdu, mut at) = (Vec::new(), 2);
    loop {
        match *heard.get(at..)? {
            [DLE, DLE, ..] => {
                apdu.push(DLE);
                at += 2;
            }
            [DLE, ETX, low, high, ..] => {
                assert_eq!((heard[1], crc(&apdu).to_le_bytes()), (STX, [low, high]));
                heard.drain(..at + 4);
                return Some(apdu);
            }
            [DLE, ..] | [] => return None,
            [byte, ..] => {
                apdu.push(byte);
                at += 1;
            }
        }
    }
}

fn next_apdu(said: &mut Vec<u8>) -> Option<Vec<u8>> {
    let size = match *said.get(2..)? {
        [0xFF, low, high, ..] => 5 + usize::from(u16::from_le_bytes([low, high])),
        [count, ..] if count < 0xFF => 3 + usize::from(count),
        _ => return None,
    };
    (said.len() >= size).then(|| said.drain(..size).collect())
}

fn frame(apdu: &[u8]) -> Vec<u8> {
    let doubled = apdu.iter().flat_map(|byte| std::iter::repeat_n(*byte, if *byte == DLE { 2 } else { 1 }));
    let body: Vec<u8> = doubled.collect();
    [&[DLE, STX], &body[..], &[DLE, ETX], &crc(apdu).to_le_bytes()].concat()
}

/// Over the APDU and ETX, bit by bit.
fn crc(apdu: &[u8]) -> u16 {
    let bit = |crc: u16| if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 };
    let byte = |crc: u16, byte: &u8| (0..8).fold(crc ^ u16::from(*byte), |crc, _| bit(crc));
    apdu.iter().chain(&[ETX]).fold(0, byte)
}

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const ACK: u8 = 0x06;
const DLE: u8 = 0x10;
