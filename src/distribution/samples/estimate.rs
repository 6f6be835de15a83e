//! One quantity estimated from samples: in several ways, with an error, and with a verdict.

use crate::distribution::samples::entropies::Tally;
use crate::error::Result;
use crate::estimate::Estimate;
use crate::estimate::clustered;
use crate::units::Nats;

/// An entropy or information estimated from [`Samples`](super::Samples): in several ways that treat the bias of few samples
/// differently, with an error.
///
/// It is *trusted* where that bias does not matter: where the estimate of Chao, Wang and Jost differs by less than half a
/// standard error from that of Miller and Madow, and from that of the jackknife, which sees what samples of one group have in
/// common. The former corrects more of the bias than the latter two, so while they agree, what it leaves is small. Coverage alone is too
/// weak a test: with many samples the errors are small, and so must the bias be. (`docs/theory.md` has the
/// simulations.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampledValue {
    plug_in: Nats,
    miller_madow: Nats,
    grassberger: Nats,
    estimate: Estimate,
    coverage: f64,
    jackknife: Nats,
}

impl SampledValue {
    pub(super) fn of(tally: &Tally, shares: &Shares) -> Result<Self> {
        Self::with_other_error(tally, shares, None)
    }

    /// The value of a tally with another error added, independent of the spread between groups.
    pub(super) fn with_other_error(
        tally: &Tally,
        shares: &Shares,
        other: Option<Estimate>,
    ) -> Result<Self> {
        let value = tally.chao_wang_jost;
        let (influences, bias) =
            clustered::jackknife(&shares.0, tally.plug_in, &tally.without_group);
        let mut estimate = clustered::from_influences(Nats(value), &influences)?;
        if let Some(other) = other {
            let spread = crate::estimate::Spread::of(estimate);
            estimate = spread.plus(crate::estimate::Spread::of(other)).around(Nats(value));
        }
        Ok(Self {
            plug_in: Nats(tally.plug_in),
            miller_madow: Nats(tally.miller_madow),
            grassberger: Nats(tally.grassberger),
            estimate,
            coverage: tally.coverage,
            jackknife: Nats(tally.plug_in - bias),
        })
    }

    /// The estimate of Chao, Wang and Jost, with its error.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.estimate
    }

    /// The estimate of Miller and Madow.
    #[must_use]
    pub fn miller_madow(&self) -> Nats {
        self.miller_madow
    }

    /// The estimate of Grassberger.
    #[must_use]
    pub fn grassberger(&self) -> Nats {
        self.grassberger
    }

    /// The plug-in estimate: the value for the distribution of the sample itself. It is biased.
    #[must_use]
    pub fn plug_in(&self) -> Nats {
        self.plug_in
    }

    /// The share of the distribution that lies in cells that were seen (Good): the mean over the largest sets of tokens
    /// that the value is made of.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        self.coverage
    }

    /// Whether what is left of the bias is small against the error.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        let half_an_error = self.estimate.standard_error().0 / 2.0 + f64::EPSILON.sqrt();
        let others = [self.miller_madow, self.jackknife];
        others.iter().all(|other| (self.estimate.value() - *other).0.abs() <= half_an_error)
    }
}

/// The share of each group in all samples.
pub(super) struct Shares(Vec<f64>);

impl Shares {
    pub(super) fn of(ends: &[usize]) -> Self {
        let samples = ends.last().copied().unwrap_or(0) as f64;
        let starts = [0].into_iter().chain(ends.iter().copied());
        Self(starts.zip(ends).map(|(start, &end)| (end - start) as f64 / samples).collect())
    }

    pub(super) fn groups(&self) -> usize {
        self.0.len()
    }
}
