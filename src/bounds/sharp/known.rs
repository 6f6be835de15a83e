//! [`Known`]: what is known of a distribution, from which the sharp bounds follow; `program.rs` computes them.

use crate::bounds::Knowledge;
use crate::bounds::sharp::program::{self, Correlation, End, Facts, Interval, Level, Optimum};
use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::{Schedule, check_list_fits};
use crate::units::Nats;

/// What is known of a distribution over a number of tokens: any of the quantities below, together.
///
/// As a [`Knowledge`] it answers with the *sharp* interval: the smallest that contains the error of
/// every information curve that agrees with everything said, and with a curve at each end of it.
/// Every further statement makes the interval smaller or leaves it as it is.
///
/// Statements are not checked when they are made but when a question is asked, all together.
///
/// ```
/// use unmaskcost::{bounds::Knowledge, bounds::sharp::Known};
/// use unmaskcost::{Nats, Schedule};
///
/// let schedule = Schedule::balanced(64, 8)?;
/// let known = Known::about(64).total_correlation(Nats(12.0_f64));
/// let bounds = known.bounds(&schedule)?;
///
/// // The same, with an estimate of I_32 that has error bars.
/// let more = known.clone().information_between(32, Nats(0.20), Nats(0.25));
/// let tighter = more.bounds(&schedule)?;
/// assert!(tighter.upper < bounds.upper);
///
/// // A curve that agrees with both statements and is as bad as the bound says.
/// let worst = more.upper_witness(&schedule)?;
/// assert!((worst.total_correlation().0 - 12.0).abs() < 1e-12);
/// assert!((worst.sampling_error(&schedule)?.0 - tighter.upper.0).abs() < 1e-12);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Known<F = f64> {
    tokens: usize,
    intervals: Vec<Interval<F>>,
    total_correlation: Option<F>,
    dual_total_correlation: Option<F>,
    single_token_entropy: Option<F>,
    /// The least value given for `L I_{L-1}`, or 0. Whether a negative value is only noise is judged
    /// before it is divided by `L`.
    least_token_information: F,
    rounding: F,
}

impl<F: Scalar> Known<F> {
    /// Nothing is known yet but L, the number of tokens.
    #[must_use]
    pub fn about(tokens: usize) -> Self {
        Self {
            tokens,
            intervals: Vec::new(),
            total_correlation: None,
            dual_total_correlation: None,
            single_token_entropy: None,
            least_token_information: F::zero(),
            rounding: F::zero(),
        }
    }

    /// `I_k`, the mean information of `k` random other tokens about one.
    #[must_use]
    pub fn information(self, k: usize, value: Nats<F>) -> Self {
        self.information_between(k, value, value)
    }

    /// `I_k` with error bars. May be said several times of the same `k`; every interval is then
    /// taken as true.
    #[must_use]
    pub fn information_between(mut self, k: usize, at_least: Nats<F>, at_most: Nats<F>) -> Self {
        self.intervals.push(Interval { k, at_least: at_least.0, at_most: at_most.0 });
        self
    }

    /// `sum_i I(X_i; X_{-i}) = L I_{L-1}`, the information of each token about all others, summed.
    #[must_use]
    pub fn token_information(mut self, value: Nats<F>) -> Self {
        if !value.0.is_finite() || value.0 < self.least_token_information {
            self.least_token_information = value.0;
        }
        let others = self.tokens.saturating_sub(1);
        let per_token = value / scalar::float::<F>(self.tokens);
        self.information(others, per_token)
    }

    /// `f_0`, the mean entropy of a single token, in place of anything said of it before. No
    /// information about a token exceeds its entropy: `I_{L-1} <= f_0`.
    #[must_use]
    pub fn single_token_entropy(mut self, value: Nats<F>) -> Self {
        self.single_token_entropy = Some(value.0);
        self
    }

    /// TC, the total correlation, in place of anything said of it before.
    #[must_use]
    pub fn total_correlation(mut self, value: Nats<F>) -> Self {
        self.total_correlation = Some(value.0);
        self
    }

    /// DTC, the dual total correlation, in place of anything said of it before.
    #[must_use]
    pub fn dual_total_correlation(mut self, value: Nats<F>) -> Self {
        self.dual_total_correlation = Some(value.0);
        self
    }

    /// Says how far each number given may be off, in nats. It replaces an earlier value.
    ///
    /// All bounds allow for errors in the last digits of the numbers given. A number that is a
    /// difference of larger ones is off by more: by the rounding of the larger ones. The bounds then
    /// hold for every curve whose quantities are within this distance of the numbers given.
    #[must_use]
    pub fn off_by(mut self, rounding: Nats<F>) -> Self {
        self.rounding = rounding.0;
        self
    }

    /// The correlations known, TC and DTC, checked.
    pub(crate) fn correlations(&self) -> Result<(Option<F>, Option<F>)> {
        self.check_correlations(scalar::check_nonnegative("rounding", self.rounding)?)
    }

    /// Whether anything but correlations is known.
    pub(crate) fn speaks_of_the_curve(&self) -> bool {
        !self.intervals.is_empty() || self.single_token_entropy.is_some()
    }

    /// The same without the correlations. If both are known, the `I_{L-1}` that follows from them
    /// is kept.
    pub(crate) fn without_correlations(mut self) -> Result<Self> {
        let (total, dual) = self.correlations()?;
        (self.total_correlation, self.dual_total_correlation) = (None, None);
        Ok(match (total, dual) {
            (Some(total), Some(dual)) => self.token_information(Nats(total + dual)),
            _ => self,
        })
    }

    /// Where the curve is known, in increasing order, and the levels of the curve with the gaps in which they
    /// may be crossed. Without the correlations.
    pub(crate) fn levels(&self) -> Result<(Vec<usize>, Vec<Level>)> {
        let intervals = self.facts()?.intervals;
        let counts = intervals.iter().map(|interval| interval.k).collect();
        Ok((counts, program::levels(&intervals)))
    }

    fn optimum(&self, schedule: &Schedule, end: End) -> Result<Optimum<F>> {
        schedule.check_tokens("knowledge", self.tokens)?;
        program::optimum(&self.facts()?, schedule, end)
    }

    fn witness(&self, schedule: &Schedule, end: End) -> Result<InformationCurve<F>> {
        let optimum = self.optimum(schedule, end)?;
        check_list_fits("tokens of a curve", self.tokens)?;
        let mut increments = vec![F::zero(); self.tokens];
        for (m, mass) in optimum.increments {
            if let Some(increment) = increments.get_mut(m) {
                *increment = *increment + mass;
            }
        }
        InformationCurve::from_increments(increments, self.single_token_entropy)
    }

    /// Everything said, checked and tightened. O(n log n) for n statements.
    fn facts(&self) -> Result<Facts<F>> {
        let rounding = scalar::check_nonnegative("rounding", self.rounding)?;
        let (total, dual) = self.check_correlations(rounding)?;
        scalar::check_nonnegative("token information", self.least_token_information)?;
        let tokens = scalar::float::<F>(self.tokens);
        let mut level_rounding = rounding;
        if self.intervals.is_empty() && self.single_token_entropy.is_none() {
            // All that is known of the curve is I_{L-1} = (TC + DTC) / L.
            level_rounding = (rounding + rounding) / tokens;
        }
        let mut intervals = self.intervals.clone();
        let largest_count = self.tokens.saturating_sub(1);
        if let Some(entropy) = self.single_token_entropy {
            let at_most = scalar::check_nonnegative("single-token entropy", entropy)?;
            let known = intervals.iter().map(|interval| interval.at_least);
            let known = known.fold(F::zero(), F::max);
            check_at_most("I_k <= f_0", known, at_most, rounding + rounding)?;
            intervals.push(Interval { k: largest_count, at_least: F::zero(), at_most });
        }
        if let (Some(total), Some(dual)) = (total, dual) {
            let sum = total + dual;
            let per_token =
                if sum.is_finite() { sum / tokens } else { total / tokens + dual / tokens };
            self.check_token_information(&intervals, per_token, rounding + rounding)?;
            intervals.push(Interval { k: largest_count, at_least: per_token, at_most: per_token });
        }
        let intervals = tightened(self.tokens, intervals, rounding)?;
        // Of two correlations the smaller is known more precisely; I_{L-1} stands for the other.
        let correlation = match (total, dual) {
            (Some(total), Some(dual)) if dual <= total => Some((Correlation::Dual, dual)),
            (Some(total), _) => Some((Correlation::Total, total)),
            (None, dual) => dual.map(|dual| (Correlation::Dual, dual)),
        };
        Ok(Facts { tokens: self.tokens, intervals, correlation, rounding, level_rounding })
    }

    fn check_correlations(&self, rounding: F) -> Result<(Option<F>, Option<F>)> {
        let check = |what, value: Option<F>| {
            value.map(|value| scalar::check_nonnegative(what, value)).transpose()
        };
        let total = check("total correlation", self.total_correlation)?;
        let dual = check("dual total correlation", self.dual_total_correlation)?;
        let others = scalar::float::<F>(self.tokens.saturating_sub(1));
        if let (Some(total), Some(dual)) = (total, dual) {
            let off = rounding + others * rounding;
            check_at_most("TC <= (L - 1) DTC", total, others * dual, off)?;
            check_at_most("DTC <= (L - 1) TC", dual, others * total, off)?;
        }
        if self.tokens <= 1 {
            let (zero, none) = ("TC <= 0 for a single token", F::zero());
            check_at_most(zero, total.unwrap_or(none), none, rounding)?;
            let zero = "DTC <= 0 for a single token";
            check_at_most(zero, dual.unwrap_or(none), none, rounding)?;
            return Ok((total.and(Some(F::zero())), dual.and(Some(F::zero()))));
        }
        // What rounding breaks is repaired: the smaller one is raised.
        let raised = |value: F, other: Option<F>| value.max(other.map_or(value, |x| x / others));
        Ok((total.map(|x| raised(x, dual)), dual.map(|x| raised(x, total))))
    }

    /// Refuses an `I_{L-1}` that contradicts `L I_{L-1} = TC + DTC`.
    fn check_token_information(
        &self,
        intervals: &[Interval<F>],
        per_token: F,
        off: F,
    ) -> Result<()> {
        for interval in intervals.iter().filter(|interval| interval.k + 1 == self.tokens) {
            check_at_most("I_{L-1} <= (TC + DTC) / L", interval.at_least, per_token, off)?;
            check_at_most("(TC + DTC) / L <= I_{L-1} <= f_0", per_token, interval.at_most, off)?;
        }
        Ok(())
    }
}

/// Refuses `left > right` if the difference is more than noise and `off`, which is how far the two
/// are said to be off.
fn check_at_most<F: Scalar>(inequality: &'static str, left: F, right: F, off: F) -> Result<()> {
    if left > right * (F::one() + F::tolerance()) + F::cancellation_noise() + off {
        let (left, right) = (scalar::evidence(left), scalar::evidence(right));
        return Err(Error::Inconsistent { inequality, left, right });
    }
    Ok(())
}

/// The intervals in order of `k`, each end moved as far as monotonicity lets it.
fn tightened<F: Scalar>(
    tokens: usize,
    mut intervals: Vec<Interval<F>>,
    rounding: F,
) -> Result<Vec<Interval<F>>> {
    let what = "known information";
    let mut scale = F::zero();
    for (index, interval) in intervals.iter().enumerate() {
        for value in [interval.at_least, interval.at_most] {
            if !value.is_finite() {
                let (index, value) = (Some(index), scalar::evidence(value));
                return Err(Error::NotFinite { what, index, value });
            }
            scale = scale.max(value.abs());
        }
        if interval.k >= tokens {
            return Err(Error::IndexOutOfRange {
                what: "number of revealed tokens",
                index: interval.k,
                limit: tokens,
            });
        }
    }
    let tolerance = scale * F::tolerance() + F::cancellation_noise() + rounding + rounding;
    intervals.push(Interval { k: 0, at_least: F::zero(), at_most: F::zero() });
    intervals.sort_by_key(|interval| interval.k);
    // Several statements about one k become one.
    intervals.dedup_by(|later, kept| {
        let same = later.k == kept.k;
        if same {
            kept.at_least = kept.at_least.max(later.at_least);
            kept.at_most = kept.at_most.min(later.at_most);
        }
        same
    });
    let mut highest = (0, F::zero());
    for interval in &mut intervals {
        if interval.at_least > highest.1 {
            highest = (interval.k, interval.at_least);
        }
        if interval.at_most < highest.1 - tolerance {
            return Err(Error::InformationDecreases {
                earlier: highest.0,
                at_least: scalar::evidence(highest.1),
                later: interval.k,
                at_most: scalar::evidence(interval.at_most),
            });
        }
        interval.at_least = highest.1;
    }
    let mut lowest = F::infinity();
    for interval in intervals.iter_mut().rev() {
        lowest = lowest.min(interval.at_most);
        interval.at_most = lowest.max(interval.at_least);
    }
    intervals.retain(|interval| interval.k > 0);
    Ok(intervals)
}

impl<F: Scalar> Knowledge<F> for Known<F> {
    fn tokens(&self) -> usize {
        self.tokens
    }

    /// O(T + n log n) for T steps and n statements, unless a correlation is known together with
    /// other statements: then this is multiplied by the number of multipliers tried, which is
    /// small.
    fn lower(&self, schedule: &Schedule) -> Result<Nats<F>> {
        self.optimum(schedule, End::Lower)?.bound()
    }

    fn upper(&self, schedule: &Schedule) -> Result<Nats<F>> {
        self.optimum(schedule, End::Upper)?.bound()
    }

    fn lower_witness(&self, schedule: &Schedule) -> Result<InformationCurve<F>> {
        self.witness(schedule, End::Lower)
    }

    fn upper_witness(&self, schedule: &Schedule) -> Result<InformationCurve<F>> {
        self.witness(schedule, End::Upper)
    }
}
