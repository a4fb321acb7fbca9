//! The settings of a line as files write them.

use super::{
    super::{diagnostic::Problem, node::Node},
    file::{Line, ParityWord},
};
use crate::rack::{BAUD_RATES, DataBits, LineSettings, OnOpen, Parity, StopBits};

/// The settings that the file says, the others as in `own`; `node` has the key `line`.
pub(super) fn settings(
    file: &Line,
    own: LineSettings,
    node: &Node,
    problems: &mut Vec<Problem>,
) -> LineSettings {
    let place = node.child("line");
    let mut complain = |key: &str, message: String| problems.push(Problem::new(place.at(key), message));
    let baud = file.baud.unwrap_or(own.baud);
    if !BAUD_RATES.contains(&baud) {
        complain("baud", format!("no serial port has {baud} baud; the nearest is {}", nearest_baud(baud)));
    }
    let data = file.bits.map_or(Some(own.data), data_bits).unwrap_or_else(|| {
        complain("bits", "a byte has 5, 6, 7 or 8 bits".to_owned());
        own.data
    });
    let stop = file.stop.map_or(Some(own.stop), stop_bits).unwrap_or_else(|| {
        complain("stop", "there are 1 or 2 stop bits".to_owned());
        own.stop
    });
    let on_open = OnOpen {
        dtr: file.dtr.or(own.on_open.dtr),
        rts: file.rts.or(own.on_open.rts),
        drains: file.drain.unwrap_or(own.on_open.drains),
    };
    LineSettings { baud, data, parity: file.parity.map_or(own.parity, parity), stop, on_open }
}

fn nearest_baud(baud: u32) -> u32 {
    BAUD_RATES.into_iter().min_by_key(|known| known.abs_diff(baud)).unwrap_or(LineSettings::DEFAULT.baud)
}

fn data_bits(bits: u32) -> Option<DataBits> {
    let all = [DataBits::Five, DataBits::Six, DataBits::Seven, DataBits::Eight];
    all.into_iter().find(|known| *known as u32 == bits)
}

fn stop_bits(bits: u32) -> Option<StopBits> {
    [StopBits::One, StopBits::Two].into_iter().find(|known| *known as u32 == bits)
}

fn parity(word: ParityWord) -> Parity {
    match word {
        ParityWord::None => Parity::None,
        ParityWord::Odd => Parity::Odd,
        ParityWord::Even => Parity::Even,
    }
}
