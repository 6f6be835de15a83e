//! The best possible bounds from partial knowledge: the smallest interval that contains the error of
//! every distribution consistent with what is known.
//!
//! | known | function | or as part of a [`Known`] |
//! | --- | --- | --- |
//! | `sum_i I(X_i; X_{-i})` | [`from_token_information`] | [`Known::token_information`] |
//! | mean entropy of a single token, `f_0` | [`from_single_token_entropy`] | [`Known::single_token_entropy`] |
//! | TC | [`from_total_correlation`] | [`Known::total_correlation`] |
//! | DTC | [`from_dual_total_correlation`] | [`Known::dual_total_correlation`] |
//! | TC and DTC | [`from_correlations`] | both |
//! | the curve at some points | [`from_known_points`] | [`Known::information`] |
//! | the same, with error bars | | [`Known::information_between`] |
//! | any of these together | | all of them |
//! | the whole curve | [`InformationCurve::sampling_error`](crate::InformationCurve::sampling_error) | |
//!
//! # What sharp means
//! The error is `sum_m c_m d_m`, linear in the increments `d_m >= 0` of the information curve; `c` is
//! the [sawtooth](Schedule::sawtooth) of the schedule. Each bound is the optimum of that linear
//! program over all `d` that agree with what is known, and
//! [`Knowledge`] hands out a `d` that attains it. Every nondecreasing curve
//! is the limit of curves of distributions (see [`docs::theory`](crate::docs::theory)), so no smaller
//! closed interval is right for all distributions.
//!
//! # Rounding
//! Ends are rounded outward by a few units in the last place *of the numbers given*, as far as the
//! end depends on each: the bounds hold for every curve whose quantities round to those numbers.

mod known;
mod program;

pub use known::Known;
pub(crate) use program::Level;

use crate::bounds::{KlBounds, Knowledge, per_token, round_down};
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::Schedule;
use crate::units::Nats;

/// The sharp bounds from the token information `sum_i I(X_i; X_{-i})` alone. O(1).
///
/// # Formula
/// ```text
/// upper = (s_max - 1) I_{L-1},   I_{L-1} = sum_i I(X_i; X_{-i}) / L
/// lower = 0 for T >= 2,   I_{L-1} for T = 1
/// ```
/// Both ends are attained in the limit of MDS codes: all information at one revealed count `m`, where
/// the [sawtooth](Schedule::sawtooth) is largest or smallest.
///
/// # Errors
/// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the token information;
/// [`Inconsistent`](Error::Inconsistent) if it is positive for a single token, which has no others;
/// [`Overflow`](Error::Overflow) if the bound is not finite.
///
/// ```
/// use unmaskcost::{Nats, Schedule, bounds::sharp};
/// let schedule = Schedule::from_reveal_sizes([3, 3, 2])?;
/// let bounds = sharp::from_token_information(Nats(8.0_f64), &schedule)?;
/// assert!((bounds.upper.0 - 2.0).abs() < 1e-12); // Li & Cai's Theorem 1 gives 3
/// assert_eq!(bounds.lower, Nats(0.0));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn from_token_information<F: Scalar>(
    token_information: Nats<F>,
    schedule: &Schedule,
) -> Result<KlBounds<F>> {
    let tokens = schedule.tokens();
    // The same noise as everywhere: see `Scalar::cancellation_noise`.
    if tokens == 1 && token_information.0 > F::cancellation_noise() {
        return Err(Error::Inconsistent {
            inequality: "sum_i I(X_i; X_{-i}) <= 0 for a single token",
            left: scalar::evidence(token_information.0),
            right: 0.0,
        });
    }
    let largest = scalar::float::<F>(schedule.largest_step() - 1);
    let upper = per_token(token_information, largest, tokens)?;
    let lower = match schedule.steps() {
        1 if tokens > 1 => round_down(token_information.0 / scalar::float(tokens)),
        _ => Nats(F::zero()),
    };
    Ok(KlBounds { lower, upper })
}

/// The sharp bounds from the mean entropy of a single token, `f_0 = (1/L) sum_i H(X_i)`, alone.
/// O(T).
///
/// # Formula
/// ```text
/// upper = (s_max - 1) f_0,   since I_{L-1} <= f_0
/// lower = 0
/// ```
/// The upper end is [`dimension_free::upper`](super::dimension_free::upper), which is thereby sharp;
/// the lower end belongs to independent tokens.
///
/// # Errors
/// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the entropy;
/// [`Overflow`](Error::Overflow) if the bound is not finite.
///
/// ```
/// use unmaskcost::{Nats, Schedule, bounds::sharp};
/// let schedule = Schedule::balanced(1024, 256)?; // 4 tokens a step
/// let bounds = sharp::from_single_token_entropy(Nats(6.5_f64), &schedule)?;
/// assert!((bounds.upper.0 - 3.0 * 6.5).abs() < 1e-12);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn from_single_token_entropy<F: Scalar>(
    single_token_entropy: Nats<F>,
    schedule: &Schedule,
) -> Result<KlBounds<F>> {
    Known::about(schedule.tokens()).single_token_entropy(single_token_entropy).bounds(schedule)
}

/// The sharp bounds from the total correlation alone. O(T).
///
/// # Formula
/// ```text
/// upper = TC max_m c_m / (L - m) = TC max over steps [a, b) of (b - a - 1) / (L - a - 1)
/// lower = 0 for T >= 2,   TC for T = 1
/// ```
/// where `m` runs over `1 .. L-1`. The upper end is attained with all information at the `m = a + 1`
/// of the maximum, right after a start.
///
/// # Errors
/// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the total correlation;
/// [`Inconsistent`](Error::Inconsistent) if it is positive for a single token;
/// [`Overflow`](Error::Overflow) if the bound is not finite.
///
/// ```
/// use unmaskcost::{Nats, Schedule, bounds::sharp};
/// // Steps that shrink with what is left cost a fixed share of TC.
/// let schedule = Schedule::from_reveal_sizes([8, 4, 2, 1, 1])?;
/// let bounds = sharp::from_total_correlation(Nats(1.0_f64), &schedule)?;
/// assert!((bounds.upper.0 - 7.0 / 15.0).abs() < 1e-12);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn from_total_correlation<F: Scalar>(
    total_correlation: Nats<F>,
    schedule: &Schedule,
) -> Result<KlBounds<F>> {
    Known::about(schedule.tokens()).total_correlation(total_correlation).bounds(schedule)
}

/// The sharp bounds from the dual total correlation alone. O(T).
///
/// # Formula
/// ```text
/// upper = DTC max_m c_m / m = DTC max over steps [a, b) of (b - a - 1) / (a + 1)
/// lower = 0 for T >= 2,   DTC / (L - 1) for T = 1
/// ```
/// where `m` runs over `1 .. L-1`.
///
/// # Errors
/// As [`from_total_correlation`].
///
/// ```
/// use unmaskcost::{Nats, Schedule, bounds::sharp};
/// // Steps that grow with what is revealed cost a fixed share of DTC.
/// let schedule = Schedule::from_reveal_sizes([1, 2, 4, 8])?;
/// let bounds = sharp::from_dual_total_correlation(Nats(1.0_f64), &schedule)?;
/// assert!((bounds.upper.0 - 7.0 / 8.0).abs() < 1e-12);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn from_dual_total_correlation<F: Scalar>(
    dual_total_correlation: Nats<F>,
    schedule: &Schedule,
) -> Result<KlBounds<F>> {
    Known::about(schedule.tokens()).dual_total_correlation(dual_total_correlation).bounds(schedule)
}

/// The sharp bounds from the total and the dual total correlation together. O(T) for each of a few
/// chords of the envelope.
///
/// # Formula
/// ```text
/// upper = (TC + DTC)/L * (concave envelope of the points (m, c_m), m = 1 .. L-1) at L DTC/(TC + DTC)
/// lower = (TC + DTC)/L * (convex envelope of the same points) at the same place
/// ```
/// `(TC + DTC)/L = I_{L-1}` is the mass of the increments and `L DTC/(TC + DTC)` their mean place.
/// Each end is attained by a curve with at most two steps.
///
/// # Errors
/// As [`from_total_correlation`], and [`Inconsistent`](Error::Inconsistent) unless
/// `TC <= (L-1) DTC` and `DTC <= (L-1) TC`.
///
/// ```
/// use unmaskcost::{Nats, Schedule, bounds::sharp};
/// // TC = 3 DTC for 4 tokens: one symbol repeated, and two steps are enough.
/// let schedule = Schedule::from_reveal_sizes([1, 3])?;
/// let bounds = sharp::from_correlations(Nats(3.0_f64), Nats(1.0), &schedule)?;
/// assert!(bounds.upper.0 < 1e-12);
/// assert!(sharp::from_correlations(Nats(4.0), Nats(1.0), &schedule).is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn from_correlations<F: Scalar>(
    total_correlation: Nats<F>,
    dual_total_correlation: Nats<F>,
    schedule: &Schedule,
) -> Result<KlBounds<F>> {
    Known::about(schedule.tokens())
        .total_correlation(total_correlation)
        .dual_total_correlation(dual_total_correlation)
        .bounds(schedule)
}

/// The sharp bounds from the curve at some points `(k, I_k)`, in any order. O(T + n log n) for n
/// points.
///
/// # Formula
/// ```text
/// upper = sum over neighbouring known points k' < k'' of (I_k'' - I_k') max of c_m, k' < m <= k''
/// lower = the same with min
/// ```
/// `I_0 = 0` need not be given. If `I_{L-1}` is not among the points, the curve may rise without
/// limit after the last, and there is no upper bound unless the schedule reveals one token a step
/// from there on: give an upper limit with [`Known::single_token_entropy`], or a correlation.
///
/// # Errors
/// [`Unbounded`](Error::Unbounded) as just said; [`IndexOutOfRange`](Error::IndexOutOfRange) for
/// `k >= L`, [`NotFinite`](Error::NotFinite),
/// [`InformationDecreases`](Error::InformationDecreases) for points that fall (also below `I_0 = 0`)
/// by more than rounding noise; [`Overflow`](Error::Overflow) if the bound is not finite.
///
/// ```
/// use unmaskcost::{Error, Nats, Schedule, bounds::sharp};
/// let schedule = Schedule::balanced(8, 2)?;
/// let bounds = sharp::from_known_points(&[(4, Nats(0.5_f64)), (7, Nats(0.6))], &schedule)?;
/// assert!((bounds.upper.0 - (0.5 * 3.0 + 0.1 * 3.0)).abs() < 1e-12);
/// assert!((bounds.lower.0 - 0.1).abs() < 1e-12);
/// let open = sharp::from_known_points(&[(4, Nats(0.5))], &schedule);
/// assert!(matches!(open, Err(Error::Unbounded { .. })));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn from_known_points<F: Scalar>(
    points: &[(usize, Nats<F>)],
    schedule: &Schedule,
) -> Result<KlBounds<F>> {
    let known = Known::about(schedule.tokens());
    points.iter().fold(known, |known, &(k, value)| known.information(k, value)).bounds(schedule)
}
