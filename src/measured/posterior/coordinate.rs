use crate::numeric::scalar;

/// How the counts are spread out before a curve through them is called smooth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coordinate {
    /// `k`
    Linear,
    /// `ln(k + 1)`: for losses that fall fast where little is revealed.
    LogFromStart,
    /// `-ln(L - k)`: for losses that fall fast at the end.
    LogFromEnd,
    /// `ln((k + 1) / (L - k))`: for both.
    LogOdds,
}

impl Coordinate {
    pub(super) const ALL: [Self; 4] =
        [Self::Linear, Self::LogFromStart, Self::LogFromEnd, Self::LogOdds];

    /// The coordinates of all counts `0 .. L-1`, from 0 to 1.
    pub(super) fn of_all_counts(self, tokens: usize) -> Vec<f64> {
        let raw = |count: usize| {
            let (from_start, from_end) = (scalar::float::<f64>(count + 1), tokens - count);
            let from_end = scalar::float::<f64>(from_end);
            match self {
                Self::Linear => from_start,
                Self::LogFromStart => from_start.ln(),
                Self::LogFromEnd => -from_end.ln(),
                Self::LogOdds => (from_start / from_end).ln(),
            }
        };
        let (first, last) = (raw(0), raw(tokens.saturating_sub(1)));
        let scale = if last > first { last - first } else { 1.0 };
        (0..tokens).map(|count| (raw(count) - first) / scale).collect()
    }
}
