use crate::error::{Error, Result};
use crate::numeric::sawtooth;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::schedule::{RevealTimes, Schedule};
use crate::units::Nats;

/// The information curve of a distribution over `L` tokens.
///
/// # Formula
/// ```text
/// H_k = mean of H(X_S) over all sets S of k tokens             k = 0 .. L
/// f_k = H_{k+1} - H_k = mean of H(X_i | X_S), i outside S      k = 0 .. L-1, nonincreasing
/// I_k = f_0 - f_k     = mean of I(X_i; X_S)                    k = 0 .. L-1, nondecreasing, I_0 = 0
/// d_m = I_m - I_{m-1} >= 0                                     m = 1 .. L-1
/// ```
/// `I` is the information curve (`Z_{k+1}` of Chen, Cong & Li, arXiv 2511.04647); its increments `d`
/// are the nonnegative measure that, weighed by the [sawtooth](Schedule::sawtooth) of a schedule,
/// gives the exact sampling error.
///
/// # Accuracy
/// Each increment is one correctly rounded subtraction of the values given, and every result is a
/// compensated sum of nonnegative products. So errors and correlations are within 4 units in the last
/// place of the exact result for the numbers given (after projection, see below), at any length.
///
/// # Rounding noise in the input
/// Values may break a condition (monotone, `I_0 = 0`, nonnegative) by no more than
/// [`Scalar::tolerance`] times the largest absolute value given, plus [`Scalar::cancellation_noise`].
/// They are then projected: `I` to its running maximum, `f` to its running minimum, small negative
/// values to zero. Mean subset entropies are judged by their differences `f`, which also carry eight
/// machine epsilons of the largest `H`.
///
/// ```
/// use unmaskcost::{InformationCurve, Schedule};
/// // Three fair bits with even parity: only the last token is determined.
/// let ln2 = std::f64::consts::LN_2;
/// let parity = InformationCurve::from_conditional_entropies([ln2, ln2, 0.0])?;
/// assert_eq!(parity.information(1).0, 0.0);
/// assert_eq!(parity.information(2).0, ln2);
/// let two_then_one = Schedule::from_reveal_sizes([2, 1])?;
/// assert_eq!(parity.sampling_error(&two_then_one)?.0, 0.0);
/// let one_then_two = Schedule::from_reveal_sizes([1, 2])?;
/// assert_eq!(parity.sampling_error(&one_then_two)?.0, ln2);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[doc(alias = "information profile")]
#[derive(Debug, Clone, PartialEq)]
pub struct InformationCurve<F = f64> {
    information: Vec<F>,
    /// `increments[m] = I_m - I_{m-1}`, and 0 at m = 0.
    increments: Vec<F>,
    single_token_entropy: Option<F>,
}

impl<F: Scalar> InformationCurve<F> {
    /// The curve with the values `I_0 .. I_{L-1}` in nats.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty), [`NotFinite`](Error::NotFinite),
    /// [`OutOfRange`](Error::OutOfRange), [`NotMonotone`](Error::NotMonotone), or
    /// [`Overflow`](Error::Overflow) if `L I_{L-1}` is not finite.
    ///
    /// ```
    /// use unmaskcost::{Error, InformationCurve};
    /// let curve = InformationCurve::from_information([0.0, 0.3, 0.4])?;
    /// assert_eq!(curve.tokens(), 3);
    /// let bad = InformationCurve::from_information([0.0, 0.3, 0.2]);
    /// assert!(matches!(bad, Err(Error::NotMonotone { index: 2, .. })));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_information(values: impl AsRef<[F]>) -> Result<Self> {
        let what = "information";
        let mut information = values.as_ref().to_vec();
        let tolerance = tolerance_of(what, &information)?;
        if information[0].abs() > tolerance {
            return Err(scalar::first_not_zero("information[0]", scalar::evidence(information[0])));
        }
        information[0] = F::zero();
        raise_to_running_maximum(what, &mut information, tolerance)?;
        let increments = differences(&information);
        Self::from_parts(information, increments, None)
    }

    /// The curve of the conditional entropies `f_0 .. f_{L-1}` in nats: `f_k` is the mean entropy
    /// of one token given `k` others. The cross-entropy of a perfect masked model at `k` revealed
    /// tokens is `f_k`; measured losses are not monotone and need a projection first.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty), [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative),
    /// [`NotMonotone`](Error::NotMonotone), or [`Overflow`](Error::Overflow) if `L f_0` is not finite.
    ///
    /// ```
    /// use unmaskcost::InformationCurve;
    /// // A uniform permutation of 4 symbols: f_k = ln(4 - k).
    /// let f: Vec<f64> = (0..4).map(|k| f64::from(4 - k).ln()).collect();
    /// let curve = InformationCurve::from_conditional_entropies(f)?;
    /// assert_eq!(curve.information(3).0, 4.0_f64.ln());
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_conditional_entropies(values: impl AsRef<[F]>) -> Result<Self> {
        let what = "conditional entropies";
        let mut entropies = values.as_ref().to_vec();
        let tolerance = tolerance_of(what, &entropies)?;
        lower_to_running_minimum(what, &mut entropies, tolerance)?;
        Self::from_nonincreasing(entropies)
    }

    /// The curve of the mean subset entropies `H_0 .. H_L` in nats, `L + 1` values.
    ///
    /// # Errors
    /// As [`InformationCurve::from_conditional_entropies`] for the differences `H_{k+1} - H_k`;
    /// [`OutOfRange`](Error::OutOfRange) unless `H_0 = 0`; [`Empty`](Error::Empty) for fewer than
    /// two values.
    ///
    /// ```
    /// use unmaskcost::InformationCurve;
    /// let copy = InformationCurve::from_subset_entropies([0.0, 1.0, 1.0, 1.0])?; // X_1 = X_2 = X_3
    /// assert_eq!(copy.total_correlation().0, 2.0);
    /// assert_eq!(copy.dual_total_correlation().0, 1.0);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_subset_entropies(values: impl AsRef<[F]>) -> Result<Self> {
        let what = "subset entropies";
        let subset_entropies = values.as_ref();
        let tolerance = tolerance_of(what, subset_entropies)?;
        if subset_entropies[0].abs() > tolerance {
            return Err(scalar::first_not_zero(
                "subset entropies[0]",
                scalar::evidence(subset_entropies[0]),
            ));
        }
        let mut entropies: Vec<F> = subset_entropies.windows(2).map(|h| h[1] - h[0]).collect();
        if entropies.is_empty() {
            return Err(Error::Empty { what: "the list of subset entropies after H_0" });
        }
        let what = "differences of subset entropies";
        let rounding = scalar::constant::<F>(8.0) * F::epsilon() * largest(subset_entropies);
        let tolerance = tolerance_of(what, &entropies)? + rounding;
        lower_to_running_minimum(what, &mut entropies, tolerance)?;
        Self::from_nonincreasing(entropies)
    }

    /// From computed increments `d_1 .. d_{L-1}`, for distributions that can compute them without
    /// subtracting entropies: they keep their relative accuracy however small they are. Negative noise
    /// becomes zero.
    ///
    /// # Errors
    /// [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative) beyond the tolerance relative
    /// to the largest value of the curve, [`Overflow`](Error::Overflow).
    pub(crate) fn from_computed_increments(
        later: &[F],
        single_token_entropy: Option<F>,
    ) -> Result<Self> {
        let what = "increments";
        scalar::check_finite(what, later)?;
        let total = scalar::sum(later.iter().map(|d| d.abs()));
        let scale = total.max(single_token_entropy.unwrap_or(total));
        let tolerance = scale * F::tolerance() + F::cancellation_noise();
        if let Some(index) = later.iter().position(|d| *d < -tolerance) {
            let value = scalar::evidence(later[index]);
            let index = Some(index + 1);
            return Err(Error::Negative { what, index, value });
        }
        let clipped = later.iter().map(|d| d.max(F::zero()));
        let increments = core::iter::once(F::zero()).chain(clipped).collect();
        Self::from_increments(increments, single_token_entropy)
    }

    /// From valid increments `d_0 = 0, d_1 .. d_{L-1}`. A single-token entropy that is below their sum
    /// by rounding is raised to it.
    pub(crate) fn from_increments(
        increments: Vec<F>,
        single_token_entropy: Option<F>,
    ) -> Result<Self> {
        let mut sum = CompensatedSum::new();
        let running = increments.iter().map(|&d| {
            sum.add(d);
            sum.total()
        });
        let information: Vec<F> = running.collect();
        let single_token_entropy = single_token_entropy.map(|entropy| entropy.max(sum.total()));
        Self::from_parts(information, increments, single_token_entropy)
    }

    /// From valid conditional entropies. Increments are taken from them directly: going through `I`
    /// would lose digits where `f` is small.
    fn from_nonincreasing(entropies: Vec<F>) -> Result<Self> {
        let first = entropies[0];
        let mut increments = differences(&entropies);
        increments.iter_mut().for_each(|d| *d = F::zero() - *d);
        let information = entropies.iter().map(|&f| first - f).collect();
        Self::from_parts(information, increments, Some(first))
    }

    /// The same curve with what its information values alone do not tell: increments with more digits,
    /// and `f_0`. Refuses what contradicts them.
    #[cfg(feature = "serde")]
    pub(crate) fn refined(
        self,
        increments: Option<Vec<F>>,
        single_token_entropy: Option<F>,
    ) -> Result<Self> {
        let increments = increments.unwrap_or_else(|| self.increments.clone());
        let (expected, found) = (self.tokens(), increments.len());
        if expected != found {
            return Err(Error::LengthMismatch { what: "increments", found, expected });
        }
        scalar::check_finite("increments", &increments)?;
        if let Some(index) = increments.iter().position(|d| *d < F::zero()) {
            let (what, value) = ("increments", scalar::evidence(increments[index]));
            return Err(Error::Negative { what, index: Some(index), value });
        }
        // Bounds take the information and errors take the increments: they must be the same to rounding.
        // Both are given with full relative accuracy, so each value is judged by itself.
        let last = self.information[expected - 1];
        let rounding = scalar::constant::<F>(8.0) * F::epsilon();
        let mut sum = CompensatedSum::new();
        for (&increment, &information) in increments.iter().zip(&self.information) {
            sum.add(increment);
            let left = sum.total();
            if (left - information).abs() > rounding * information {
                let (left, right) = (scalar::evidence(left), scalar::evidence(information));
                return Err(Error::Inconsistent {
                    inequality: "d_1 + .. + d_m = I_m",
                    left,
                    right,
                });
            }
        }
        let noise = single_token_entropy.unwrap_or(last).abs().max(last) * F::tolerance();
        if let Some(entropy) = single_token_entropy {
            let entropy = scalar::check_nonnegative("single-token entropy", entropy)?;
            if entropy < last - noise {
                return Err(Error::Inconsistent {
                    inequality: "I_{L-1} <= f_0",
                    left: scalar::evidence(last),
                    right: scalar::evidence(entropy),
                });
            }
        }
        Self::from_parts(self.information, increments, single_token_entropy)
    }

    fn from_parts(
        information: Vec<F>,
        increments: Vec<F>,
        single_token_entropy: Option<F>,
    ) -> Result<Self> {
        Self { information, increments, single_token_entropy }.finite()
    }

    /// The curve, if all that is computed from it is finite.
    pub(super) fn finite(self) -> Result<Self> {
        // Every error and correlation is at most L I_{L-1}: if that is finite, all are.
        if !self.token_information().0.is_finite() {
            return Err(Error::Overflow {
                what: "L I_{L-1}, the information summed over the tokens",
            });
        }
        // And the entropy of the sequence is at most L f_0.
        let tokens = scalar::float::<F>(self.tokens());
        if self.single_token_entropy.is_some_and(|entropy| !(entropy * tokens).is_finite()) {
            return Err(Error::Overflow { what: "L f_0, the entropy summed over the tokens" });
        }
        Ok(self)
    }

    /// The same increments, rounded to another float, and their sums.
    pub(super) fn in_precision<G: Scalar>(&self) -> InformationCurve<G> {
        let cast = |x: &F| scalar::constant::<G>(scalar::evidence(*x));
        let increments: Vec<G> = self.increments.iter().map(cast).collect();
        let mut sum = CompensatedSum::new();
        let mut largest = 0.0_f64;
        let add = |&increment: &G| {
            sum.add(scalar::evidence(increment));
            largest = largest.max(sum.total());
            scalar::constant(largest)
        };
        InformationCurve {
            information: increments.iter().map(add).collect(),
            single_token_entropy: self.single_token_entropy.as_ref().map(cast),
            increments,
        }
    }

    /// L, the number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.information.len()
    }

    /// `I_k`, what `k` random other tokens tell about one, on average.
    ///
    /// A token has only `L - 1` others: for larger `k` this is `I_{L-1}`.
    #[must_use]
    pub fn information(&self, k: usize) -> Nats<F> {
        Nats(self.information[k.min(self.tokens() - 1)])
    }

    /// All of `I_0 .. I_{L-1}`, in nats.
    #[must_use]
    pub fn information_values(&self) -> &[F] {
        &self.information
    }

    /// The increments `d_m = I_m - I_{m-1}` in nats, at index `m = 1 .. L-1`; index 0 holds 0.
    #[must_use]
    pub fn increments(&self) -> &[F] {
        &self.increments
    }

    /// `f_0`, the mean entropy of a single token. Known if the curve was made from entropies.
    #[must_use]
    pub fn single_token_entropy(&self) -> Option<Nats<F>> {
        self.single_token_entropy.map(Nats)
    }

    /// `f_k = f_0 - I_k`, the mean entropy of one token given `k` others, if `f_0` is known. Beyond
    /// `L - 1` it stays constant, as [`InformationCurve::information`] does.
    #[must_use]
    pub fn conditional_entropy(&self, k: usize) -> Option<Nats<F>> {
        self.single_token_entropy().map(|first| first - self.information(k))
    }

    /// H(X), the entropy of the whole sequence, if `f_0` is known.
    ///
    /// # Formula
    /// ```text
    /// H(X) = L f_0 - TC
    /// ```
    #[must_use]
    pub fn joint_entropy(&self) -> Option<Nats<F>> {
        let sum = |first: F| scalar::sum(self.information.iter().map(|&i| first - i));
        self.single_token_entropy.map(sum).map(Nats)
    }

    /// The total correlation, which is the error of revealing all tokens at once. O(L).
    ///
    /// # Formula
    /// ```text
    /// TC = sum_i H(X_i) - H(X) = sum_m (L - m) d_m
    /// ```
    #[must_use]
    pub fn total_correlation(&self) -> Nats<F> {
        Nats(sawtooth::weighed(&self.increments, &[self.tokens()]))
    }

    /// The dual total correlation. O(L).
    ///
    /// # Formula
    /// ```text
    /// DTC = H(X) - sum_i H(X_i | X_{-i}) = sum_m m d_m
    /// ```
    #[must_use]
    pub fn dual_total_correlation(&self) -> Nats<F> {
        let weighted = self.increments.iter().enumerate().map(|(m, &d)| scalar::float::<F>(m) * d);
        Nats(scalar::sum(weighted))
    }

    /// The information of each token about all others, summed: the quantity in Li & Cai's bounds.
    ///
    /// # Formula
    /// ```text
    /// sum_i I(X_i; X_{-i}) = L I_{L-1} = TC + DTC
    /// ```
    #[must_use]
    pub fn token_information(&self) -> Nats<F> {
        self.information(self.tokens() - 1) * scalar::float(self.tokens())
    }

    /// The exact sampling error of a schedule with the ideal predictor: the mean over random reveal
    /// orders of KL(data || sampler). O(L).
    ///
    /// This is the quantity of Li & Cai, who average the divergence over the random sets revealed. The
    /// distribution of the output with these sets forgotten is closer to the data, by convexity; see
    /// [`sampler::averaged_law`](crate::sampler::averaged_law).
    ///
    /// # Formula
    /// ```text
    /// error = sum_t sum_{0 <= j < s_t} (I_{k_t + j} - I_{k_t}) = sum_m c_m d_m
    /// ```
    /// where `c` is [`Schedule::sawtooth`]. Source: Chen, Cong & Li, arXiv 2511.04647, Theorem 3.3.
    ///
    /// # Errors
    /// [`TokensDiffer`](Error::TokensDiffer) if the schedule reveals another number of tokens.
    ///
    /// ```
    /// use unmaskcost::{InformationCurve, Schedule};
    /// let curve = InformationCurve::from_information([0.0, 0.2, 0.3, 0.35])?;
    /// let all_at_once = Schedule::one_step(4)?;
    /// assert_eq!(curve.sampling_error(&all_at_once)?, curve.total_correlation());
    /// assert!(curve.sampling_error(&Schedule::one_step(5)?).is_err());
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[doc(alias = "factorization error")]
    pub fn sampling_error(&self, schedule: &Schedule) -> Result<Nats<F>> {
        schedule.check_tokens("curve", self.tokens())?;
        Ok(Nats(sawtooth::weighed(&self.increments, schedule.sizes())))
    }

    /// The exact expected sampling error with random sizes: each masked token is revealed by a coin of
    /// its own (MDLM, SEDD, Dream's `origin`). The mean is over the sizes and over the positions.
    ///
    /// # Formula
    /// ```text
    /// error = TC - L sum_i (t_{i+1} - t_i) g(t_i) = sum_m c_m d_m
    /// g(u) = E I_K, K ~ Binomial(L - 1, u)
    /// ```
    /// where `c` is [`RevealTimes::mean_sawtooth`]. The second form is used: in the first, almost
    /// everything cancels when steps are many. O((T + sqrt(L)) sqrt(L) + L).
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) as [`RevealTimes::mean_sawtooth`].
    ///
    /// ```
    /// use unmaskcost::{InformationCurve, Schedule, schedule::RevealTimes};
    /// let curve = InformationCurve::from_information([0.0, 0.2, 0.3, 0.35])?;
    /// let fixed = curve.sampling_error(&Schedule::balanced(4, 4)?)?;
    /// let random = curve.expected_sampling_error(&RevealTimes::equal(4)?)?;
    /// assert_eq!(fixed.0, 0.0);
    /// assert!(random.0 > 0.1); // coins reveal tokens together that fixed sizes keep apart
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn expected_sampling_error(&self, times: &RevealTimes) -> Result<Nats<F>> {
        let weights = times.mean_sawtooth(self.tokens())?;
        let products = self.increments.iter().zip(weights);
        Ok(Nats(scalar::sum(products.map(|(&d, c)| d * scalar::constant(c)))))
    }
}

/// `values[m] - values[m-1]` at index m, 0 at index 0.
fn differences<F: Scalar>(values: &[F]) -> Vec<F> {
    let later = values.windows(2).map(|pair| pair[1] - pair[0]);
    core::iter::once(F::zero()).chain(later).collect()
}

/// The absolute rounding noise accepted in `values`; refuses an empty list and non-finite values.
fn tolerance_of<F: Scalar>(what: &'static str, values: &[F]) -> Result<F> {
    if values.is_empty() {
        return Err(Error::Empty { what });
    }
    scalar::check_finite(what, values)?;
    Ok(largest(values) * F::tolerance() + F::cancellation_noise())
}

fn largest<F: Scalar>(values: &[F]) -> F {
    values.iter().fold(F::zero(), |scale, x| scale.max(x.abs()))
}

fn raise_to_running_maximum<F: Scalar>(
    what: &'static str,
    values: &mut [F],
    tolerance: F,
) -> Result<()> {
    let mut previous = values[0];
    for (index, value) in values.iter_mut().enumerate() {
        if *value < previous - tolerance {
            return Err(Error::NotMonotone {
                what,
                index,
                previous: scalar::evidence(previous),
                value: scalar::evidence(*value),
                tolerance: scalar::evidence(tolerance),
            });
        }
        *value = value.max(previous);
        previous = *value;
    }
    Ok(())
}

fn lower_to_running_minimum<F: Scalar>(
    what: &'static str,
    values: &mut [F],
    tolerance: F,
) -> Result<()> {
    let mut previous = values[0].max(F::zero());
    for (index, value) in values.iter_mut().enumerate() {
        if *value < F::zero() - tolerance {
            let (index, value) = (Some(index), scalar::evidence(*value));
            return Err(Error::Negative { what, index, value });
        }
        if *value > previous + tolerance {
            return Err(Error::NotMonotone {
                what,
                index,
                previous: scalar::evidence(previous),
                value: scalar::evidence(*value),
                tolerance: scalar::evidence(tolerance),
            });
        }
        *value = value.max(F::zero()).min(previous);
        previous = *value;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_increments_are_negative_by_noise_alone() {
        let curve = InformationCurve::from_computed_increments(&[1.0, -1e-15, 2.0], None).unwrap();
        assert_eq!(curve.increments(), [0.0, 1.0, 0.0, 2.0]);
        let negative = InformationCurve::from_computed_increments(&[1.0, -1e-6, 2.0], None);
        assert!(matches!(negative, Err(Error::Negative { index: Some(2), .. })));
    }
}
