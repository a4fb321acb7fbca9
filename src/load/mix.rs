//! Which of several flows an iteration walks through, by weight.

use crate::rng::Rng;

/// Several flows, each with its share.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix(Vec<Part>);

#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    flow: usize,
    weight: f64,
    /// The sum of the weights up to this one.
    until: f64,
}

impl Mix {
    /// The flows by number with their weights, which are more than nought.
    pub fn new(parts: impl IntoIterator<Item = (usize, f64)>) -> Self {
        let mut until = 0.0;
        let part = |(flow, weight)| {
            until += weight;
            Part { flow, weight, until }
        };
        Self(parts.into_iter().map(part).collect())
    }

    /// The flows with their shares of all iterations, which add up to 1.
    pub fn shares(&self) -> impl Iterator<Item = (usize, f64)> {
        let all = self.all();
        self.0.iter().map(move |part| (part.flow, part.weight / all))
    }

    /// The flow of an iteration, by chance from the stream that belongs to it.
    pub fn pick(&self, rng: &mut Rng) -> Option<usize> {
        let at = rng.unit() * self.all();
        let part = self.0.iter().find(|part| at < part.until).or(self.0.last());
        part.map(|part| part.flow)
    }

    fn all(&self) -> f64 {
        self.0.last().map_or(0.0, |last| last.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed};

    #[test]
    fn each_flow_has_its_share_and_the_choice_is_that_of_the_iteration() {
        let mix = Mix::new([(4, 7.0), (1, 2.0), (2, 1.0)]);
        let pick = |ordinal| mix.pick(&mut Seed(5).stream(Domain::Iteration, 0, ordinal)).expect("a flow");
        let counts = |flow| (0..10_000).filter(|ordinal| pick(*ordinal) == flow).count() as f64;
        for (flow, share) in [(4, 7000.0), (1, 2000.0), (2, 1000.0)] {
            assert!((counts(flow) - share).abs() < 130.0, "{flow}: {}", counts(flow));
        }
        assert!((mix.shares().map(|(_, share)| share).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(pick(17), pick(17));
    }
}
