//! Bound of Martin Wainwright, *The data geometry of masking diffusion: Certified-optimal schedules via
//! unmasking growth complexity*, arXiv 2608.13520 (2026).
//!
//! | function | holds for | source |
//! | --- | --- | --- |
//! | [`upper`] | this schedule, if its first and last step reveal one token each | Theorem 1, fixed sizes (eq. 17b) |

use crate::bounds::{finite, round_up, tiny};
use crate::curve::InformationCurve;
use crate::error::{Result, not_applicable};
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::Schedule;
use crate::units::Nats;

/// Upper bound of Theorem 1 for fixed step sizes, from the whole curve. O(L).
///
/// # Formula
/// ```text
/// error <= sum over steps [a, b), 1 <= a, b <= L-1, of (psi(b/L) / psi((a+1)/L) - 1) G(a, b)
/// psi(t) = t / (1 - t),   G(a, b) = L sum_{j=a+1}^{b-1} (j/L) (1 - j/L) d_j
/// ```
/// The weight of `d_j` is `j (L-j) (b-a-1) / ((L-b) (a+1))`, which is at least the exact one, `b - j`:
/// the bound is what the exact error becomes when the odds `psi` are taken constant within a step.
/// Steps that are short on the scale of the odds lose little.
///
/// # Errors
/// [`NotApplicable`](crate::Error::NotApplicable) unless the first and the last step reveal one token each;
/// [`TokensDiffer`](crate::Error::TokensDiffer) if the schedule reveals another number of tokens;
/// [`Overflow`](crate::Error::Overflow) if the bound is not finite.
///
/// ```
/// use unmaskcost::{InformationCurve, Schedule, bounds::wainwright};
/// let curve = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875, 0.9])?;
/// let schedule = Schedule::from_reveal_sizes([1, 3, 1])?;
/// assert!(curve.sampling_error(&schedule)? <= wainwright::upper(&curve, &schedule)?);
/// assert!(wainwright::upper(&curve, &Schedule::one_step(5)?).is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn upper<F: Scalar>(curve: &InformationCurve<F>, schedule: &Schedule) -> Result<Nats<F>> {
    let tokens = curve.tokens();
    schedule.check_tokens("curve", tokens)?;
    let single = |size: Option<&usize>| size == Some(&1);
    if !single(schedule.sizes().first()) || !single(schedule.sizes().last()) {
        return Err(not_applicable(
            "Theorem 1 of Wainwright for fixed sizes",
            "a first and a last step of one token",
        ));
    }
    let increments = curve.increments().iter().enumerate();
    let terms = schedule.ranges().filter(|step| step.len() > 1).flat_map(|step| {
        let tallest = scalar::float::<F>(step.len() - 1);
        let (first, masked_after) = (step.start + 1, tokens - step.end);
        increments.clone().take(step.end).skip(first).map(move |(j, &increment)| {
            let odds = ratio::<F>(j, first) * ratio(tokens - j, masked_after);
            tallest * odds * increment
        })
    });
    let sum = scalar::sum(terms);
    // Terms near the smallest float are each rounded by it.
    let lost = if sum > F::zero() { tiny::<F>() * scalar::float(tokens) } else { F::zero() };
    finite(round_up(sum + lost))
}

fn ratio<F: Scalar>(numerator: usize, denominator: usize) -> F {
    scalar::float::<F>(numerator) / scalar::float(denominator)
}
