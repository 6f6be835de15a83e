//! The simple schedules people use, fitted to a curve: how far are they from the best?
//!
//! A member of a family places the end of step `t` of `T` at a fraction of the tokens, rounded so that
//! every step reveals at least one token.

mod square_root;

use square_root::square_root;

use crate::curve::InformationCurve;
use crate::error::Result;
use crate::numeric::scalar::{self, Scalar};
use crate::optimal::schedule;
use crate::schedule::Schedule;
use crate::units::Nats;

/// A family of schedules. `u = t / T` is the share of the steps done, and the formula is the share
/// of the tokens revealed by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Family {
    /// `u`: equal steps, [`Schedule::balanced`].
    Balanced,
    /// `1 - cos(pi u / 2)`: few tokens first. The mask ratio of MaskGIT (Chang et al., arXiv
    /// 2202.04200), `cos(pi u / 2)`.
    Cosine,
    /// `(e^(a u) - 1) / (e^a - 1)`: each step larger (`a > 0`) or smaller (`a < 0`) than the one before
    /// by the same factor `e^(a/T)`.
    Geometric,
    /// `u^a`.
    PowerLaw,
    /// Steps with density proportional to `sqrt(d_m)`, best in the limit of many small steps: Lavenant &
    /// Zanella, arXiv 2510.25544.
    SquareRoot,
}

impl Family {
    /// All families.
    pub const ALL: &'static [Self] =
        &[Self::Balanced, Self::Cosine, Self::Geometric, Self::PowerLaw, Self::SquareRoot];
}

/// The best member found of a family.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
#[non_exhaustive]
pub struct Fitted<F = f64> {
    /// The family.
    pub family: Family,
    /// `a`, for a family that has it.
    pub parameter: Option<F>,
    /// The member.
    pub schedule: Schedule,
    /// Its sampling error.
    pub error: Nats<F>,
    /// Its error divided by the least error of any schedule with as many steps; 1 if both are zero,
    /// infinite if only the least error is.
    #[cfg_attr(feature = "serde", serde(with = "crate::numeric::words"))]
    pub ratio: F,
}

/// The best member of each family for this curve and number of steps, in the order of
/// [`Family::ALL`], next to the best schedule of all.
///
/// Parameters are sought on a grid (`|a| <= 24` for the geometric family, `1/16 <= a <= 16` for the
/// power law), then on three finer grids around the best: 164 members for each family with a
/// parameter, O(L) each.
///
/// # Errors
/// [`StepsOutOfRange`](crate::Error::StepsOutOfRange) unless `1 <= steps <= L`.
///
/// ```
/// use unmaskcost::optimal::families::{Family, self};
/// use unmaskcost::InformationCurve;
/// let information: Vec<f64> = (0..256).map(|k| 1.0 - 0.97_f64.powi(k)).collect();
/// let curve = InformationCurve::from_information(information)?;
/// let fitted = families::fit(&curve, 16)?;
/// assert!(fitted.iter().all(|member| member.ratio >= 1.0));
/// let best = fitted.iter().min_by(|a, b| a.ratio.total_cmp(&b.ratio));
/// assert_eq!(best.map(|member| member.family), Some(Family::SquareRoot));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn fit<F: Scalar>(curve: &InformationCurve<F>, steps: usize) -> Result<Vec<Fitted<F>>> {
    let (_, least) = schedule(curve, steps)?;
    Family::ALL.iter().map(|&family| best_member(curve, steps, family, least)).collect()
}

fn best_member<F: Scalar>(
    curve: &InformationCurve<F>,
    steps: usize,
    family: Family,
    least: Nats<F>,
) -> Result<Fitted<F>> {
    let (schedule, parameter) = match family {
        Family::Balanced => (Schedule::balanced(curve.tokens(), steps)?, None),
        Family::Cosine => {
            let quarter = F::FRAC_PI_2();
            (member(curve.tokens(), steps, |u: F| F::one() - (quarter * u).cos())?, None)
        }
        Family::SquareRoot => (square_root(curve, steps)?, None),
        Family::Geometric => {
            let (schedule, a) = best_parameter(curve, steps, 24.0, geometric_share)?;
            (schedule, Some(a))
        }
        Family::PowerLaw => {
            let power = |exponent: F, u: F| u.powf(exponent.exp2());
            let (schedule, exponent) = best_parameter(curve, steps, 4.0, power)?;
            (schedule, Some(exponent.exp2()))
        }
    };
    let error = curve.sampling_error(&schedule)?;
    // Several schedules may be best, with errors that differ by rounding.
    let ratio = if error > least { error / least } else { F::one() };
    Ok(Fitted { family, parameter, schedule, error, ratio })
}

/// `(e^(a u) - 1) / (e^a - 1)`, without overflow.
fn geometric_share<F: Scalar>(a: F, u: F) -> F {
    if a == F::zero() {
        u
    } else if a > F::zero() {
        F::one() - geometric_share(-a, F::one() - u)
    } else {
        (a * u).exp_m1() / a.exp_m1()
    }
}

/// The member of least error with a parameter between `-range` and `range`.
fn best_parameter<F: Scalar>(
    curve: &InformationCurve<F>,
    steps: usize,
    range: f64,
    share: impl Fn(F, F) -> F,
) -> Result<(Schedule, F)> {
    const HALF: usize = 20;
    let mut spacing = scalar::constant::<F>(range) / scalar::float(HALF);
    // At 0 both families with a parameter are balanced.
    let mut best = (Schedule::balanced(curve.tokens(), steps)?, F::zero());
    let mut least = curve.sampling_error(&best.0)?;
    for _ in 0..4 {
        let centre = best.1;
        for point in 0..=2 * HALF {
            let offset = scalar::float::<F>(point) - scalar::float(HALF);
            let parameter = centre + offset * spacing;
            let schedule = member(curve.tokens(), steps, |u| share(parameter, u))?;
            let error = curve.sampling_error(&schedule)?;
            if error < least {
                (best, least) = ((schedule, parameter), error);
            }
        }
        spacing = spacing / scalar::constant(10.0);
    }
    Ok(best)
}

/// The schedule whose step `t` ends where `share(t / T)` of the tokens are revealed, rounded to
/// nearest, but with at least one token in every step.
fn member<F: Scalar>(tokens: usize, steps: usize, share: impl Fn(F) -> F) -> Result<Schedule> {
    let mut sizes = Vec::with_capacity(steps);
    let mut revealed = 0;
    for step in 1..=steps {
        let done = scalar::float::<F>(step) / scalar::float(steps);
        let end = (share(done) * scalar::float(tokens)).round().to_usize();
        let (least, most) = (revealed + 1, tokens - (steps - step));
        let end = if step == steps { tokens } else { end.unwrap_or(least).clamp(least, most) };
        sizes.push(end - revealed);
        revealed = end;
    }
    Schedule::try_from(sizes)
}
