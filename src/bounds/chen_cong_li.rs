//! Bounds of Sitan Chen, Kevin Cong and Jerry Li, *Optimal Inference Schedules for Masked Diffusion
//! Models*, arXiv 2511.04647.
//!
//! | function | what it is | source |
//! | --- | --- | --- |
//! | [`InformationCurve::sampling_error`](crate::InformationCurve::sampling_error) | exact | Theorem 3.3 |
//! | [`sufficient_steps`] | steps that suffice for **some** schedule | Theorem 1.9 |
//! | [`best_schedule_upper`] | upper bound for **some** schedule of this many steps | Theorem 1.9, solved for the error |
//! | [`total_correlation_schedule`], [`dual_total_correlation_schedule`] | schedules that meet it | proved here |
//!
//! Theorem 1.9 says nothing of a schedule you hold; for that, see
//! [`sharp::from_total_correlation`](super::sharp::from_total_correlation) and
//! [`sharp::from_dual_total_correlation`](super::sharp::from_dual_total_correlation).

use crate::bounds::{finite, round_up};
use crate::error::{Error, Result, not_applicable};
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::{Schedule, check_list_fits};
use crate::units::Nats;

/// A number of steps with which some schedule has an error of at most `tolerance`, whenever TC (or
/// DTC) is at most `correlation`.
///
/// # Formula
/// ```text
/// floor(2 + (1 + ln L) (1 + ceil(correlation / tolerance)))
/// ```
/// Source: Theorem 1.9. It is the published number: it may exceed L, although L steps always suffice.
///
/// # Errors
/// [`StepsOutOfRange`](Error::StepsOutOfRange) for no tokens; [`NotFinite`](Error::NotFinite) or
/// [`Negative`](Error::Negative) for the correlation or the tolerance; [`Overflow`](Error::Overflow)
/// if the number does not fit a `usize`, as for a tolerance of zero.
///
/// ```
/// use unmaskcost::{Nats, bounds::chen_cong_li};
/// assert_eq!(chen_cong_li::sufficient_steps(Nats(3.0_f64), 1024, Nats(0.5))?, 57);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn sufficient_steps<F: Scalar>(
    correlation: Nats<F>,
    tokens: usize,
    tolerance: Nats<F>,
) -> Result<usize> {
    let correlation = scalar::check_nonnegative("correlation", correlation.0)?;
    let tolerance = scalar::check_nonnegative("tolerance", tolerance.0)?;
    let parts = if correlation > F::zero() { (correlation / tolerance).ceil() } else { F::zero() };
    // The quotient may be rounded down to an integer.
    let falls_short = parts.mul_add(tolerance, -correlation) < F::zero();
    let parts = if falls_short { parts + F::one() } else { parts };
    let steps = scalar::constant::<F>(2.0) + steps_per_part::<F>(tokens)? * (F::one() + parts);
    steps.to_usize().ok_or(Error::Overflow { what: "the number of steps" })
}

/// An error that the best schedule of this many steps does not exceed, whenever TC (or DTC) is at most
/// `correlation`. It is no bound for any other schedule of as many steps.
///
/// # Formula
/// ```text
/// correlation / (ceil((T - 1) / (1 + ln L)) - 2)
/// ```
/// Source: the least tolerance for which Theorem 1.9 ([`sufficient_steps`]) asks for at most T steps.
///
/// # Errors
/// [`NotApplicable`](Error::NotApplicable) unless `T > 1 + 2 (1 + ln L)`, below which the theorem is
/// silent; [`StepsOutOfRange`](Error::StepsOutOfRange) unless `1 <= T <= L`;
/// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the correlation.
///
/// ```
/// use unmaskcost::{Nats, bounds::chen_cong_li};
/// let bound = chen_cong_li::best_schedule_upper(Nats(3.0_f64), 1024, 57)?;
/// assert!((bound.0 - 0.5).abs() < 1e-12);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn best_schedule_upper<F: Scalar>(
    correlation: Nats<F>,
    tokens: usize,
    steps: usize,
) -> Result<Nats<F>> {
    let correlation = scalar::check_nonnegative("correlation", correlation.0)?;
    if steps == 0 || steps > tokens {
        return Err(Error::StepsOutOfRange { steps, tokens });
    }
    let after_one = scalar::float::<F>(steps - 1);
    let parts = (after_one / steps_per_part::<F>(tokens)?).ceil() - scalar::constant(2.0);
    if parts < F::one() {
        return Err(not_applicable(
            "Theorem 1.9 of Chen, Cong & Li",
            "more than 1 + 2 (1 + ln L) steps",
        ));
    }
    finite(round_up(correlation / parts))
}

fn steps_per_part<F: Scalar>(tokens: usize) -> Result<F> {
    if tokens == 0 {
        return Err(Error::StepsOutOfRange { steps: 1, tokens });
    }
    Ok(F::one() + scalar::float::<F>(tokens).ln())
}

/// A schedule with error at most `tolerance` (up to rounding) for every distribution with
/// `TC <= correlation`: its steps shrink in proportion to what is still masked. O(T).
///
/// # Formula
/// ```text
/// s = 1 + floor((tolerance / correlation) (L - k - 1))   with k tokens revealed before the step
/// ```
/// These are the largest steps for which the sharp bound from TC is at most the tolerance, so no
/// schedule with that property has fewer; in particular it meets [`sufficient_steps`].
///
/// # Errors
/// [`StepsOutOfRange`](Error::StepsOutOfRange) for no tokens; [`NotFinite`](Error::NotFinite) or
/// [`Negative`](Error::Negative) for the correlation or the tolerance; [`TooLarge`](Error::TooLarge) for
/// more than 2^24 steps.
///
/// ```
/// use unmaskcost::{Nats, bounds::{chen_cong_li, sharp}};
/// let schedule = chen_cong_li::total_correlation_schedule(Nats(2.0_f64), 16, Nats(1.0))?;
/// assert_eq!(schedule.sizes(), [8, 4, 2, 1, 1]);
/// assert!(sharp::from_total_correlation(Nats(2.0), &schedule)?.upper <= Nats(1.0 + 1e-14));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn total_correlation_schedule<F: Scalar>(
    correlation: Nats<F>,
    tokens: usize,
    tolerance: Nats<F>,
) -> Result<Schedule> {
    greedy(correlation, tokens, tolerance, |revealed| tokens - revealed - 1)
}

/// A schedule with error at most `tolerance` (up to rounding) for every distribution with
/// `DTC <= correlation`: its steps grow in proportion to what is already revealed. O(T).
///
/// # Formula
/// ```text
/// s = 1 + floor((tolerance / correlation) (k + 1))   with k tokens revealed before the step
/// ```
/// As [`total_correlation_schedule`], with the sharp bound from DTC.
///
/// # Errors
/// As [`total_correlation_schedule`].
///
/// ```
/// use unmaskcost::{Nats, bounds::chen_cong_li};
/// let schedule = chen_cong_li::dual_total_correlation_schedule(Nats(2.0_f64), 16, Nats(2.0))?;
/// assert_eq!(schedule.sizes(), [2, 4, 8, 2]);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn dual_total_correlation_schedule<F: Scalar>(
    correlation: Nats<F>,
    tokens: usize,
    tolerance: Nats<F>,
) -> Result<Schedule> {
    greedy(correlation, tokens, tolerance, |revealed| revealed + 1)
}

/// Steps as large as `(s - 1) correlation <= tolerance * weight(revealed)` allows.
fn greedy<F: Scalar>(
    correlation: Nats<F>,
    tokens: usize,
    tolerance: Nats<F>,
    weight: impl Fn(usize) -> usize,
) -> Result<Schedule> {
    let correlation = scalar::check_nonnegative("correlation", correlation.0)?;
    let tolerance = scalar::check_nonnegative("tolerance", tolerance.0)?;
    if tokens == 0 {
        return Err(Error::StepsOutOfRange { steps: 1, tokens });
    }
    // Only their ratio counts, and products with L must not overflow. Powers of two are exact, so that
    // whole quotients stay whole.
    let (mut correlation, mut tolerance) = (correlation, tolerance);
    while correlation.max(tolerance) > F::one() {
        (correlation, tolerance) = (correlation * F::epsilon(), tolerance * F::epsilon());
    }
    let mut sizes = Vec::new();
    let mut revealed = 0;
    while revealed < tokens {
        let most = tokens - revealed - 1;
        let weight = scalar::float::<F>(weight(revealed));
        let fits = |extra: usize| scalar::float::<F>(extra) * correlation <= tolerance * weight;
        let extra = if fits(most) {
            most
        } else {
            // The quotient may be rounded across an integer, either way.
            let quotient = (tolerance * weight / correlation).to_usize().unwrap_or(0).min(most);
            let near = [quotient + 1, quotient, quotient.saturating_sub(1)];
            near.into_iter().find(|&extra| fits(extra)).unwrap_or(0)
        };
        check_list_fits("steps", sizes.len() + 1)?;
        sizes.push(1 + extra);
        revealed += 1 + extra;
    }
    Schedule::from_reveal_sizes(sizes)
}
