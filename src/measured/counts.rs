use crate::error::{Error, Result};
use crate::measured::losses;
use crate::numeric::scalar;

/// The numbers of revealed tokens at which to measure the loss: both ends, and between them counts
/// that are the denser the nearer an end is. They are sorted and all different, and there are
/// exactly `points` of them, or all counts if there are not as many.
///
/// Between two measured counts only the fall of the loss is known, not where it falls. What that leaves
/// open of a cost is the fall times the spread of the [sawtooth](crate::Schedule::sawtooth) in the gap
/// (see [`measured::any_fall`](crate::measured::any_fall)), and the spread is at most the length of the gap.
/// Losses fall fast where little is revealed, many of them like `1 / k`, and some once more at the end,
/// where the last tokens follow from all others. So gaps should be short at the ends, and may be long in
/// the middle: evenly spaced counts with a first gap of 32 tokens can miss almost half of the cost.
///
/// # Formula
/// ```text
/// 0, max(i, q^(i-1) rounded), i = 1 .. points/2 - 1,   and the same from the end,   q = ((L-1)/2)^(2/(points-3))
/// ```
/// and the middle, if `points` is odd.
///
/// # Errors
/// [`Empty`](Error::Empty) for no tokens, [`TooLarge`](Error::TooLarge) for more than 2^24,
/// [`TooFew`](Error::TooFew) if not even the ends fit.
///
/// ```
/// use unmaskcost::measured::measurement_counts;
/// assert_eq!(measurement_counts(65, 11)?, [0, 1, 2, 6, 13, 32, 51, 58, 62, 63, 64]);
/// assert_eq!(measurement_counts(4, 9)?, [0, 1, 2, 3]);
/// assert!(measurement_counts(65, 1).is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn measurement_counts(tokens: usize, points: usize) -> Result<Vec<usize>> {
    losses::check_tokens(tokens)?;
    if points >= tokens {
        return Ok((0..tokens).collect());
    }
    if points < 2 {
        let what = "counts do not include both ends";
        return Err(Error::TooFew { what, found: points, needed: 2 });
    }
    let last = tokens - 1;
    let middle = 0.5 * scalar::float::<f64>(last);
    let ratio = middle.powf(2.0 / scalar::float::<f64>(points.saturating_sub(3).max(1)));
    let from_end = |i: usize| match i.checked_sub(1) {
        None => 0,
        Some(power) => {
            let geometric = (ratio.powf(scalar::float(power)) + 0.5).floor();
            num_traits::cast::<f64, usize>(geometric).map_or(i, |count| count.max(i))
        }
    };
    let side: Vec<usize> = (0..points / 2).map(from_end).collect();
    let mut counts = side.clone();
    if points % 2 == 1 {
        counts.push(last / 2);
    }
    counts.extend(side.iter().rev().map(|count| last - count));
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_counts_as_asked_for_all_different_with_both_ends() {
        for tokens in (2..80).chain([1_023, 1_024, 65_536]) {
            for points in (2..=tokens.min(100)).chain([tokens / 2, tokens - 1]).filter(|&n| n > 1) {
                let counts = measurement_counts(tokens, points).unwrap();
                assert_eq!(counts.len(), points, "{tokens} {points}");
                assert!(counts.is_sorted_by(|a, b| a < b), "{tokens} {points}: {counts:?}");
                assert_eq!((counts[0], counts[points - 1]), (0, tokens - 1));
            }
        }
    }

    #[test]
    fn gaps_grow_from_either_end_by_a_fixed_factor() {
        let counts = measurement_counts(129, 15).unwrap();
        assert_eq!(counts, [0, 1, 2, 4, 8, 16, 32, 64, 96, 112, 120, 124, 126, 127, 128]);
        let counts = measurement_counts(1024, 33).unwrap();
        let gaps: Vec<f64> =
            counts[..17].windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        assert!(gaps[6..].windows(2).all(|pair| (1.2..2.0).contains(&(pair[1] / pair[0]))));
    }
}
