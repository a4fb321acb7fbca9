//! How long short things take.

use std::{hint::black_box, time::Instant};

/// Nanoseconds of one `act`: the fastest of many samples, because whatever else a machine does only adds to it.
pub fn fastest_ns<T>(mut act: impl FnMut() -> T) -> f64 {
    let sample = |_| {
        let began = Instant::now();
        (0..ACTS).for_each(|_| drop(black_box(act())));
        began.elapsed().as_secs_f64() * 1e9 / f64::from(ACTS)
    };
    (0..SAMPLES).map(sample).fold(f64::INFINITY, f64::min)
}

const SAMPLES: u32 = 200;
const ACTS: u32 = 2_000;
