//! "Did you mean": the known names that are nearest to a misspelt one.

/// The names of `known` that `name` is most probably a misspelling of: those of the least distance, at most three.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = plain(name);
    let tolerance = (wanted.len() / 3).clamp(1, 4);
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .map(|candidate| (distance(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= tolerance && *distance < wanted.len())
        .collect();
    found.sort_unstable();
    found.dedup();
    let best = found.first().map_or(0, |(distance, _)| *distance);
    let nearest = found.into_iter().take_while(|(distance, _)| *distance == best);
    nearest.take(MOST).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// Spelling without case and separators, so that `start_after` is near to `startAfter`.
fn plain(name: &str) -> Vec<char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(LONGEST).collect()
}

/// The number of characters to insert, remove, replace or swap with their neighbour to turn `a` into `b`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        rows[i][0] = i;
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            let swap = if swapped { rows[i - 2][j - 2] + 1 } else { usize::MAX };
            rows[i][j] = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(swap);
        }
    }
    rows[a.len()][b.len()]
}

const MOST: usize = 3;
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_misspelt_swapped_and_restyled_names() {
        let known = ["rate", "startRate", "duration", "startAfter", "startTime"];
        assert_eq!(nearest("raet", known), ["rate"]);
        assert_eq!(nearest("start_after", known), ["startAfter"]);
        assert_eq!(nearest("startRtae", known), ["startRate"]);
        assert!(nearest("colour", known).is_empty() && nearest("a", ["b"]).is_empty());
    }
}
