//! Bars: what a bench must reach.

/// Says on a line of its own whether a bar is met; `benches/all` gathers these lines.
pub fn bar(what: &str, value: f64, most: f64) {
    let verdict = if value <= most { "met" } else { "missed" };
    println!("BAR {verdict:6} {what}: {value:.3} (at most {most})");
}
