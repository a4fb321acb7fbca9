//! Strips: one bar in a cell of a table, which shares lie in side by side.

use super::chart::unit;
use maud::{Markup, html};

/// One share of a strip; its number decides how it looks.
pub(super) struct Share {
    pub(super) name: &'static str,
    /// From 1; the style sheet has four.
    pub(super) look: usize,
    pub(super) value: f64,
}

/// The shares of `whole` beside each other; pointed at, each says its figure.
pub(super) fn strip(label: &str, shares: &[Share], whole: f64, figure: impl Fn(f64) -> String) -> Markup {
    let shares: Vec<(&Share, f64, f64)> = placed(shares, whole);
    if shares.is_empty() {
        return html! {};
    }
    html! {
        svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label=(label) {
            @for (share, from, to) in shares {
                path.bar.(format!("b{}", share.look)) d=(format!("M{} 0H{}V10H{}z", unit(from), unit(to), unit(from))) {
                    title { (share.name) ": " (figure(share.value)) }
                }
            }
        }
    }
}

/// What the looks of shares stand for.
pub(super) fn legend(looks: &[(&str, usize)]) -> Markup {
    html! {
        ul.legend {
            @for (name, look) in looks {
                li.strip { svg.box viewBox="0 0 10 10" aria-hidden="true" { path.(format!("b{look}")) d="M0 0h10v10H0z" {} } (name) }
            }
        }
    }
}

/// Each share that is more than nothing, with where it begins and ends.
fn placed<'s>(shares: &'s [Share], whole: f64) -> Vec<(&'s Share, f64, f64)> {
    let mut end = 0.0;
    let used = shares.iter().filter(|share| share.value > 0.0 && whole > 0.0 && share.value.is_finite());
    let place = |share: &'s Share| {
        let from: f64 = end;
        end = (from + share.value / whole).min(1.0);
        (share, from, end)
    };
    used.map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_lie_side_by_side_and_never_beyond_the_end() {
        let share = |value| Share { name: "a", look: 1, value };
        let shares = [share(1.0), share(0.0), share(f64::NAN), share(3.0), share(9.0)];
        let places: Vec<(f64, f64)> =
            placed(&shares, 4.0).into_iter().map(|(_, from, to)| (from, to)).collect();
        assert_eq!(places, [(0.0, 0.25), (0.25, 1.0), (1.0, 1.0)]);
        assert!(placed(&shares, 0.0).is_empty());
    }
}
