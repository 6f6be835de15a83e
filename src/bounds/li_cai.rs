//! Bounds of Gen Li and Changxiao Cai, *A Convergence Theory for Diffusion Language Models: An
//! Information-Theoretic Perspective*, arXiv 2505.21400.
//!
//! | function | holds for | source |
//! | --- | --- | --- |
//! | [`upper`] | this schedule | Theorem 1 |
//! | [`balanced_upper`] | every schedule with no step above `ceil(L/T)` | Corollary 1, explicit constant |
//! | [`refined_upper`] | this schedule | form of Theorem 2, constant proved in the theory document |
//! | [`worst_schedule_lower`] | **some** schedule with no larger step than this | Theorem 2 |
//! | [`worst_schedule_lower_sharpened`] | **some** schedule with no larger step than this | twice the constant, proved here |
//! | [`offset_schedules`], [`offset_mean`] | the schedules the two lower bounds speak of | proof of both |
//!
//! The lower bounds do not hold for a *given* schedule: with dependence at a step boundary only, even
//! a balanced schedule has error 0. The sharp lower bounds for a given schedule are in
//! [`sharp`](super::sharp).
//!
//! All bounds are for the ideal predictor; add a [`TrainingError`](crate::TrainingError) for a learned
//! one.

use crate::bounds::{finite, per_token, round_down, round_up, tiny};
use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::schedule::{Schedule, check_list_fits};
use crate::units::Nats;

/// Upper bound of Theorem 1, from the token information alone.
///
/// # Formula
/// ```text
/// error <= (2^ceil(log2 s_max) - 1) / L * sum_i I(X_i; X_{-i})
/// ```
///
/// # Errors
/// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the token information;
/// [`Overflow`](Error::Overflow) if the bound is not finite.
///
/// ```
/// use unmaskcost::{Nats, Schedule, bounds};
/// let schedule = Schedule::from_reveal_sizes([3, 3, 2])?;
/// let upper = bounds::li_cai::upper(Nats(8.0_f64), &schedule)?;
/// assert!((upper.0 - 3.0).abs() < 1e-12); // (2^2 - 1) / 8 * 8
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn upper<F: Scalar>(token_information: Nats<F>, schedule: &Schedule) -> Result<Nats<F>> {
    let weight = power_of_two::<F>(doublings(schedule.largest_step())) - F::one();
    per_token(token_information, weight, schedule.tokens())
}

/// Upper bound for balanced schedules of `steps` steps: the 1/T rate of Corollary 1, with an
/// explicit constant.
///
/// # Formula
/// ```text
/// error <= (ceil(L/T) - 1) / L * sum_i I(X_i; X_{-i}) <= (1/T) sum_i I(X_i; X_{-i})
/// ```
/// for every schedule whose largest step is at most `ceil(L/T)`. Corollary 1 states the rate with an
/// unspecified constant; this one follows from the sharp bound
/// [`sharp::from_token_information`](super::sharp::from_token_information).
///
/// # Errors
/// [`StepsOutOfRange`](Error::StepsOutOfRange) unless `1 <= steps <= tokens`; otherwise as [`upper`].
///
/// ```
/// use unmaskcost::{Nats, bounds};
/// let bound = bounds::li_cai::balanced_upper(Nats(64.0_f64), 64, 16)?;
/// assert!((bound.0 - 3.0).abs() < 1e-12 && bound.0 <= 64.0 / 16.0);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn balanced_upper<F: Scalar>(
    token_information: Nats<F>,
    tokens: usize,
    steps: usize,
) -> Result<Nats<F>> {
    if steps == 0 || steps > tokens {
        return Err(Error::StepsOutOfRange { steps, tokens });
    }
    per_token(token_information, scalar::float(tokens.div_ceil(steps) - 1), tokens)
}

/// Upper bound in the form of Theorem 2, from the curve at `L - 1, L - 2, L - 4, ..` revealed
/// tokens.
///
/// # Formula
/// ```text
/// error <= sum_{r=0}^{m-1} 2^r I_{L - 2^r},   m = ceil(log2 s_max)
/// ```
/// For `s_max` a power of two this is `(s_max/L) sum_i sum_{j=1}^{m} 2^-j E I(X_i; X_{W_j})`, with
/// `W_j` a uniform set without `i` of `L - s_max 2^-j` tokens. The weights sum to `2^m - 1`, so it is
/// never above [`upper`].
///
/// # Errors
/// [`TokensDiffer`](Error::TokensDiffer) if the schedule reveals another number of tokens.
///
/// ```
/// use unmaskcost::{InformationCurve, Schedule, bounds};
/// let curve = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
/// let halves = Schedule::balanced(4, 2)?;
/// let refined = bounds::li_cai::refined_upper(&curve, &halves)?;
/// assert!(curve.sampling_error(&halves)? <= refined);
/// assert!(refined <= bounds::li_cai::upper(curve.token_information(), &halves)?);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn refined_upper<F: Scalar>(
    curve: &InformationCurve<F>,
    schedule: &Schedule,
) -> Result<Nats<F>> {
    let tokens = curve.tokens();
    schedule.check_tokens("curve", tokens)?;
    let terms = (0..doublings(schedule.largest_step()))
        .map(|r| power_of_two::<F>(r) * curve.information(tokens - (1 << r)).0);
    finite(round_up(scalar::sum(terms)))
}

/// Lower bound of Theorem 2 on the error of the **worst** schedule with no step larger than this.
///
/// There is a schedule with all steps `<= largest_step` whose error is at least this. It is no bound
/// for any schedule you hold. For `largest_step = 1` the only such schedule has error 0, and so is the
/// bound.
///
/// # Formula
/// ```text
/// s_max / (16 L) * sum_i sum_{j>=0} 2^-j E I(X_i; X_{W_j}) = (s_max / 16) sum_{j>=0} 2^-j I_{L - ceil(s_max 2^-j)}
/// ```
///
/// # Errors
/// [`OutOfRange`](Error::OutOfRange) unless `1 <= largest_step <= L`.
///
/// ```
/// use unmaskcost::{InformationCurve, bounds::li_cai};
/// let curve = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
/// let lower = li_cai::worst_schedule_lower(&curve, 2)?;
/// let mut worst = unmaskcost::Nats(0.0);
/// for schedule in li_cai::offset_schedules(4, 2)? {
///     worst = worst.max(curve.sampling_error(&schedule)?);
/// }
/// assert!(lower < worst);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn worst_schedule_lower<F: Scalar>(
    curve: &InformationCurve<F>,
    largest_step: usize,
) -> Result<Nats<F>> {
    dyadic_lower(curve, largest_step, 16.0)
}

/// [`worst_schedule_lower`] with the constant 1/8 in place of 1/16, proved by averaging over the
/// [`offset_schedules`]: see the theory document.
///
/// # Formula
/// ```text
/// (s_max / 8) sum_{j>=0} 2^-j I_{L - ceil(s_max 2^-j)} <= offset_mean <= worst offset schedule
/// ```
///
/// # Errors
/// As [`worst_schedule_lower`].
pub fn worst_schedule_lower_sharpened<F: Scalar>(
    curve: &InformationCurve<F>,
    largest_step: usize,
) -> Result<Nats<F>> {
    // Where both are equal on paper, rounding must not reverse their order.
    let mean = offset_mean(curve, largest_step)?;
    dyadic_lower(curve, largest_step, 8.0).map(|lower| lower.min(mean))
}

fn dyadic_lower<F: Scalar>(
    curve: &InformationCurve<F>,
    largest_step: usize,
    divisor: f64,
) -> Result<Nats<F>> {
    let tokens = curve.tokens();
    check_largest_step(tokens, largest_step)?;
    if largest_step == 1 {
        return Ok(Nats(F::zero()));
    }
    let mut sum = CompensatedSum::new();
    let mut weight = F::one();
    let half = scalar::constant::<F>(0.5);
    let mut hidden = largest_step;
    let mut j = 0;
    while hidden > 1 {
        sum.add(weight * curve.information(tokens - hidden).0);
        weight = weight * half;
        j += 1;
        hidden = largest_step.div_ceil(1 << j);
    }
    // From here on every term has W_j of size L - 1: a geometric series.
    sum.add(weight * scalar::constant(2.0) * curve.information(tokens - 1).0);
    let scale = scalar::float::<F>(largest_step) / scalar::constant(divisor);
    Ok(round_down(scale * sum.total() - lost_below(tokens)))
}

/// What products near the smallest float may lose in a sum over the tokens.
fn lost_below<F: Scalar>(tokens: usize) -> F {
    tiny::<F>() * scalar::float(tokens)
}

/// The schedules behind the lower bounds: first step `o`, then `largest_step` each, the last step
/// takes what is left; `o = 1 .. largest_step`.
///
/// # Errors
/// [`OutOfRange`](Error::OutOfRange) unless `1 <= largest_step <= tokens`;
/// [`TooLarge`](Error::TooLarge) for schedules of more than 2^24 steps.
///
/// ```
/// use unmaskcost::bounds::li_cai;
/// let sizes: Vec<_> = li_cai::offset_schedules(5, 2)?.map(|s| s.sizes().to_vec()).collect();
/// assert_eq!(sizes, [vec![1, 2, 2], vec![2, 2, 1]]);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn offset_schedules(
    tokens: usize,
    largest_step: usize,
) -> Result<impl Iterator<Item = Schedule>> {
    check_largest_step(tokens, largest_step)?;
    // The schedule with the smallest first step is the longest.
    check_list_fits("steps", (tokens - 1).div_ceil(largest_step).saturating_add(1))?;
    Ok((1..=largest_step).filter_map(move |offset| {
        let mut sizes = vec![offset];
        sizes.resize(1 + (tokens - offset) / largest_step, largest_step);
        let left = (tokens - offset) % largest_step;
        sizes.extend((left > 0).then_some(left));
        Schedule::from_reveal_sizes(sizes).ok()
    }))
}

/// The exact mean error over the [`offset_schedules`]: at least one of them is as bad as this. O(L).
///
/// # Formula
/// ```text
/// sum_r a_r d_{L-r},   a_r = mean of min(c, r) over c = 0 .. s-1
///                          = (s-1)/2 for r >= s-1,   r (2s - r - 1) / (2s) for r < s
/// ```
/// with `s = largest_step`.
///
/// # Errors
/// As [`worst_schedule_lower`].
pub fn offset_mean<F: Scalar>(curve: &InformationCurve<F>, largest_step: usize) -> Result<Nats<F>> {
    let tokens = curve.tokens();
    check_largest_step(tokens, largest_step)?;
    let step = scalar::float::<F>(largest_step);
    let two = scalar::constant::<F>(2.0);
    let terms = curve.increments().iter().enumerate().skip(1).map(|(m, &increment)| {
        let below_end = scalar::float::<F>((tokens - m).min(largest_step));
        below_end * (two * step - below_end - F::one()) / (two * step) * increment
    });
    Ok(round_down(scalar::sum(terms) - lost_below(tokens)))
}

fn check_largest_step(tokens: usize, largest_step: usize) -> Result<()> {
    if largest_step == 0 || largest_step > tokens {
        return Err(Error::OutOfRange {
            what: "the largest step",
            value: scalar::float(largest_step),
            needed: "1 <= largest step <= tokens",
        });
    }
    Ok(())
}

/// `ceil(log2 size)` for a size of at least one.
fn doublings(size: usize) -> u32 {
    usize::BITS - (size - 1).leading_zeros()
}

fn power_of_two<F: Scalar>(exponent: u32) -> F {
    scalar::constant::<F>(2.0).powi(exponent as i32)
}
