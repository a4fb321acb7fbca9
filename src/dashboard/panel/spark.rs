//! A course of values in one line of text.

/// `values` in `columns` columns, the highest as high as the line; where there are more, the highest of each column.
pub(in crate::dashboard) fn spark(values: &[f64], columns: usize) -> String {
    if values.is_empty() || columns == 0 {
        return String::new();
    }
    let columns = columns.min(values.len());
    let edge = |column: usize| column * values.len() / columns;
    let highest = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let peak = |column: usize| {
        let part = values.get(edge(column)..edge(column + 1)).unwrap_or_default();
        part.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
    };
    (0..columns).map(|column| level(peak(column), highest)).collect()
}

fn level(value: f64, highest: f64) -> char {
    if value <= 0.0 || highest <= 0.0 {
        return '·';
    }
    let step = (value / highest * LEVELS.len() as f64).ceil() as usize;
    LEVELS[step.clamp(1, LEVELS.len()) - 1]
}

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_has_as_many_signs_as_it_has_room_and_values_for() {
        assert_eq!(spark(&[0.0, 1.0, 2.0, 4.0], 8), "·▂▄█");
        assert_eq!(spark(&[0.0, 1.0, 2.0, 4.0], 2), "▂█");
        assert_eq!(spark(&[], 4), "");
        assert_eq!(spark(&[1.0, f64::NAN], 0), "");
        assert_eq!(spark(&[f64::NAN, 3.0], 2), "·█");
    }
}
