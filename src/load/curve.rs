//! A value over time made of straight lines: the rate of arrivals, or a number of terminals.

use std::time::Duration;

/// A straight line from the previous value to `target`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// How long the line takes; with zero the value jumps.
    pub duration: Duration,
    /// The value at its end.
    pub target: f64,
}

/// A piecewise linear function of time that starts at zero and ends with its last stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    pieces: Vec<Piece>,
}

/// One stage with everything that the questions need, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    begin: f64,
    length: f64,
    from: f64,
    to: f64,
    /// The integral of the whole curve before this piece.
    area_before: f64,
}

impl Curve {
    /// Begins at `start` and follows `stages`.
    pub fn new(start: f64, stages: &[Stage]) -> Self {
        let mut pieces: Vec<Piece> = Vec::with_capacity(stages.len());
        let mut from = start;
        for stage in stages {
            let (begin, area_before) =
                pieces.last().map_or((0.0, 0.0), |last| (last.end(), last.area_after()));
            let length = stage.duration.as_secs_f64();
            pieces.push(Piece { begin, length, from, to: stage.target, area_before });
            from = stage.target;
        }
        Self { pieces }
    }

    /// How long the curve goes on.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.pieces.last().map_or(0.0, Piece::end))
    }

    /// The value at `at` after the start; zero after the end.
    pub fn value(&self, at: Duration) -> f64 {
        let at = at.as_secs_f64();
        self.pieces.iter().find(|piece| at < piece.end()).map_or(0.0, |piece| piece.value(at - piece.begin))
    }

    /// The largest value the curve reaches.
    pub fn peak(&self) -> f64 {
        self.pieces.iter().flat_map(|piece| [piece.from, piece.to]).fold(0.0, f64::max)
    }

    /// The times at which the curve is above `level`, touching ones joined.
    pub fn above(&self, level: f64) -> Vec<(Duration, Duration)> {
        let mut times: Vec<(f64, f64)> = Vec::new();
        for (begin, end) in self.pieces.iter().filter_map(|piece| piece.above(level)) {
            match times.last_mut() {
                Some((_, last)) if *last >= begin => *last = end,
                _ => times.push((begin, end)),
            }
        }
        let time = Duration::from_secs_f64;
        times.into_iter().map(|(begin, end)| (time(begin), time(end))).collect()
    }

    /// The straight lines: begin and length in seconds, first and last value.
    pub fn lines(&self) -> impl Iterator<Item = (f64, f64, f64, f64)> {
        self.pieces.iter().map(|piece| (piece.begin, piece.length, piece.from, piece.to))
    }

    /// The integral over the whole curve: the number of arrivals of a rate.
    pub fn area(&self) -> f64 {
        self.pieces.last().map_or(0.0, Piece::area_after)
    }

    /// The integral from the start to `at`.
    pub fn area_until(&self, at: Duration) -> f64 {
        let at = at.as_secs_f64();
        let piece = self.pieces.iter().find(|piece| at < piece.end());
        piece.map_or_else(|| self.area(), |piece| piece.area_before + piece.area_until(at - piece.begin))
    }

    /// The number of the stage at `at`, counted from 0, and how many there are.
    pub fn stage(&self, at: Duration) -> (usize, usize) {
        let at = at.as_secs_f64();
        let count = self.pieces.len();
        let current = self.pieces.iter().position(|piece| at < piece.end());
        (current.unwrap_or(count.saturating_sub(1)), count)
    }

    /// The earliest time at which the integral reaches `area`, searching from piece number `piece` on.
    ///
    /// Returns the time in seconds and the piece it lies in.
    pub(super) fn time_of_area(&self, area: f64, piece: usize) -> Option<(f64, usize)> {
        let (number, piece) =
            self.pieces.iter().enumerate().skip(piece).find(|(_, piece)| area < piece.area_after())?;
        Some((piece.begin + piece.time_of_area(area - piece.area_before), number))
    }
}

impl Piece {
    fn end(&self) -> f64 {
        self.begin + self.length
    }

    fn area_after(&self) -> f64 {
        self.area_before + (self.from + self.to) / 2.0 * self.length
    }

    fn area_until(&self, at: f64) -> f64 {
        (self.from + self.value(at)) / 2.0 * at
    }

    fn value(&self, at: f64) -> f64 {
        self.from + self.slope() * at
    }

    /// From when to when it is above `level`; `None` when it never is.
    fn above(&self, level: f64) -> Option<(f64, f64)> {
        if self.length <= 0.0 || self.from.max(self.to) <= level {
            return None;
        }
        let crossing = self.begin + (level - self.from) / self.slope();
        match (self.from > level, self.to > level) {
            (true, true) => Some((self.begin, self.end())),
            (true, false) => Some((self.begin, crossing)),
            (false, _) => Some((crossing, self.end())),
        }
    }

    fn slope(&self) -> f64 {
        (self.to - self.from) / self.length
    }

    /// Solves `from * t + slope / 2 * t² = area` in the form that stays exact when the slope is near zero.
    fn time_of_area(&self, area: f64) -> f64 {
        let root = (self.from * self.from + 2.0 * self.slope() * area).max(0.0).sqrt();
        if self.from + root == 0.0 { 0.0 } else { (2.0 * area / (self.from + root)).min(self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: f64) -> Duration {
        Duration::from_secs_f64(s)
    }

    fn curve() -> Curve {
        let stages = [(10.0, 100.0), (0.0, 20.0), (5.0, 20.0), (5.0, 0.0)];
        let stages = stages.map(|(length, target)| Stage { duration: seconds(length), target });
        Curve::new(0.0, &stages)
    }

    #[test]
    fn values_areas_and_stages() {
        let curve = curve();
        assert_eq!(curve.duration(), seconds(20.0));
        assert_eq!((curve.value(seconds(5.0)), curve.value(seconds(10.0))), (50.0, 20.0));
        assert_eq!((curve.value(seconds(17.5)), curve.value(seconds(20.0))), (10.0, 0.0));
        assert_eq!((curve.area(), curve.peak()), (650.0, 100.0));
        let areas = [5.0, 11.0, 17.5, 30.0].map(|at| curve.area_until(seconds(at)));
        assert_eq!(areas, [125.0, 520.0, 637.5, 650.0]);
        assert_eq!((curve.stage(seconds(1.0)), curve.stage(seconds(99.0))), ((0, 4), (3, 4)));
    }

    #[test]
    fn time_of_area_inverts_the_integral() {
        let curve = curve();
        for (area, time) in [(0.0, 0.0), (125.0, 5.0), (520.0, 11.0), (637.5, 17.5)] {
            let (found, _) = curve.time_of_area(area, 0).expect("inside the curve");
            assert!((found - time).abs() < 1e-9, "area {area}: {found} instead of {time}");
        }
        assert_eq!(curve.time_of_area(650.0, 0), None);
    }
}
