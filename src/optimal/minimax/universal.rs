use crate::bounds::universal::weight;
use crate::error::{Error, Result, check_limit};
use crate::numeric::ratio::Ratio;
use crate::numeric::scalar;
use crate::optimal::check_steps;
use crate::optimal::minimax::MAX_STEPS;
use crate::optimal::minimax::greedy::{largest_steps, proportional};
use crate::schedule::Schedule;

/// The schedule of exactly `steps` steps that is safest if nothing is known: its error relative to
/// `min(TC, DTC)`, in the worst case over all distributions, is the smallest that this many steps can
/// have.
///
/// Steps grow geometrically to the middle and shrink geometrically from there. O(T log L).
///
/// # Formula
/// ```text
/// error <= rho sum_m min(m, L-m) d_m <= rho min(TC, DTC)       for every distribution
/// s = 1 + floor(rho min(k + 1, L - k - 1))                     with k tokens revealed before the step
/// T <= 3 + 2 ln(L/2) / rho                                     steps are enough for a rho below 1
/// ```
/// and `rho` is the least for which these steps are at most T, decided in whole numbers. Steps that are
/// left over are single tokens, cut from the last larger ones. The factor of the schedule is
/// [`universal::factor`](crate::bounds::universal::factor). Proofs are in the [theory](crate::docs::theory).
///
/// # Errors
/// [`StepsOutOfRange`](Error::StepsOutOfRange) unless `1 <= steps <= tokens`;
/// [`TooLarge`](Error::TooLarge) for more than 2^24 steps.
///
/// ```
/// use unmaskcost::{Schedule, bounds::universal, optimal::minimax};
/// let best = minimax::universal(64, 8)?;
/// assert_eq!(universal::factor(&best).to_string(), "7/8");
/// assert_eq!(best.steps(), 8);
/// // No error above 7/8 of TC, nor of DTC, whatever the data; eight equal steps only have a factor of 7.
/// assert_eq!(universal::factor(&Schedule::balanced(64, 8)?).value(), 7.0);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn universal(tokens: usize, steps: usize) -> Result<Schedule> {
    check_steps(steps, tokens)?;
    check_limit("steps of a minimax schedule", steps as u128, MAX_STEPS)?;
    match steps == tokens {
        true => Schedule::sequential(tokens),
        false => proportional(tokens, steps, |k| weight(tokens, k)),
    }
}

/// The fewest steps with which some schedule has a factor whose [value](crate::bounds::universal::Factor::value) is at most `factor`, and the
/// best schedule of that many steps, which is that of [`universal()`].
///
/// # Errors
/// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the factor;
/// [`StepsOutOfRange`](Error::StepsOutOfRange) for no tokens; [`TooLarge`](Error::TooLarge) if 2^24 steps are not
/// enough.
///
/// ```
/// use unmaskcost::{bounds::universal::factor, optimal::minimax};
/// let best = minimax::universal_within(1024, 0.25)?;
/// assert!(factor(&best).value() <= 0.25);
/// let steps = best.steps();
/// assert!(factor(&minimax::universal(1024, steps - 1)?).value() > 0.25);
/// // Never more than 3 + 2 ln(L/2) / rho.
/// assert!(steps as f64 <= 3.0 + 2.0 * 512_f64.ln() / 0.25);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn universal_within(tokens: usize, factor: f64) -> Result<Schedule> {
    let factor = scalar::check_nonnegative("factor", factor)?;
    check_steps(1, tokens)?;
    let most = usize::try_from(MAX_STEPS).unwrap_or(usize::MAX);
    let largest = largest_steps(tokens, most, |k| most_within(factor, weight(tokens, k)));
    if !largest.reaches_the_end() {
        let (what, needed) = ("steps of a minimax schedule (or more)", MAX_STEPS + 1);
        return Err(Error::TooLarge { what, needed, limit: MAX_STEPS });
    }
    universal(tokens, largest.count())
}

/// The largest whole number whose ratio to `weight`, rounded to a float, is at most `factor`. So 1/3 is not
/// above the float nearest to it.
fn most_within(factor: f64, weight: usize) -> usize {
    let floor = floor_of_product(factor, weight);
    let next = floor.saturating_add(1);
    if Ratio::of(next, weight).value() <= factor { next } else { floor }
}

/// `floor(factor * weight)`, of the exact product.
fn floor_of_product(factor: f64, weight: usize) -> usize {
    let (mantissa, exponent, _) = num_traits::Float::integer_decode(factor);
    let product = u128::from(mantissa) * weight as u128;
    let shift = u32::from(exponent.unsigned_abs());
    let floor = if exponent < 0 {
        product.checked_shr(shift).unwrap_or(0)
    } else if product == 0 || product.leading_zeros() > shift {
        product << shift.min(127)
    } else {
        u128::MAX
    };
    usize::try_from(floor).unwrap_or(usize::MAX)
}
