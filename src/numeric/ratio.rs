use core::cmp::Ordering;

/// A ratio of whole numbers, never rounded; positive over zero is infinite.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ratio {
    numerator: usize,
    denominator: usize,
}

impl Ratio {
    pub(crate) const ZERO: Self = Self { numerator: 0, denominator: 1 };
    pub(crate) const INFINITE: Self = Self { numerator: 1, denominator: 0 };

    pub(crate) fn of(numerator: usize, denominator: usize) -> Self {
        Self { numerator, denominator }
    }

    /// Numerator and denominator without common factors.
    pub(crate) fn lowest_terms(self) -> (usize, usize) {
        let (mut divisor, mut rest) = (self.numerator, self.denominator);
        while rest > 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        let divisor = divisor.max(1);
        (self.numerator / divisor, self.denominator / divisor)
    }

    /// The largest whole number that is at most this ratio times `weight`.
    pub(crate) fn floor_times(self, weight: usize) -> usize {
        let floor = self.times(weight).checked_div(self.denominator as u128);
        saturating(floor.unwrap_or(u128::MAX))
    }

    /// The largest whole number that is less than this ratio times `weight`; zero if there is none.
    pub(crate) fn largest_below_times(self, weight: usize) -> usize {
        let below = self.times(weight).saturating_sub(1).checked_div(self.denominator as u128);
        saturating(below.unwrap_or(u128::MAX))
    }

    pub(crate) fn value(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    fn times(self, weight: usize) -> u128 {
        self.numerator as u128 * weight as u128
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        self.times(other.denominator).cmp(&other.times(self.denominator))
    }
}

fn saturating(number: u128) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
