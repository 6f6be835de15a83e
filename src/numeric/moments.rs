use crate::error::{self, Error, Result};
use crate::numeric::scalar::Scalar;

/// Welford's running mean and sum of squared deviations from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments<F> {
    pub(crate) observations: u64,
    pub(crate) mean: F,
    pub(crate) squares: F,
}

/// The largest number of counts to keep moments for: they take 24 MiB in `f64`.
const MAX_COUNTS: usize = 1 << 20;

impl<F: Scalar> Moments<F> {
    /// Moments without observations, for each of `tokens` revealed counts.
    pub(crate) fn for_counts(tokens: usize) -> Result<Vec<Self>> {
        if tokens == 0 {
            return Err(Error::Empty { what: "the sequence" });
        }
        error::check_limit("counts to collect", tokens as u128, MAX_COUNTS as u128)?;
        Ok(vec![Self::none(); tokens])
    }

    pub(crate) fn none() -> Self {
        Self { observations: 0, mean: F::zero(), squares: F::zero() }
    }

    pub(crate) fn single(value: F) -> Self {
        Self { observations: 1, mean: value, squares: F::zero() }
    }

    /// Chan, Golub & LeVeque's rule for the union of two samples; a single value is one with no
    /// deviations.
    pub(crate) fn union(self, other: Self) -> Result<Self> {
        if self.observations == 0 || other.observations == 0 {
            return Ok(if self.observations == 0 { other } else { self });
        }
        let observations = self
            .observations
            .checked_add(other.observations)
            .ok_or(Error::Overflow { what: "the number of observations" })?;
        let share = count::<F>(other.observations) / count(observations);
        let difference = other.mean - self.mean;
        let between = difference * difference * share * count(self.observations);
        let mean = self.mean + difference * share;
        let squares = self.squares + other.squares + between;
        if mean.is_finite() && squares.is_finite() {
            Ok(Self { observations, mean, squares })
        } else {
            Err(Error::Overflow { what: "the mean or the spread of the observations" })
        }
    }

    /// The standard error of the mean; infinite for fewer than two observations.
    pub(crate) fn standard_error(&self) -> F {
        match self.observations {
            0 | 1 => F::infinity(),
            n => (self.squares / count(n - 1) / count(n)).sqrt(),
        }
    }
}

/// A number of observations as a float.
pub(crate) fn count<F: Scalar>(observations: u64) -> F {
    F::from_u64(observations).unwrap_or_else(F::infinity)
}
