//! Which schedule to use: the best one for a curve, for a number of steps or a tolerance.
//!
//! The first four take the curve of random positions as well as one along an order
//! ([`Curve`]).
//!
//! | question | function |
//! | --- | --- |
//! | the best schedule of T steps | [`schedule`] |
//! | the fewest steps for a tolerance | [`fewest_steps`] |
//! | what each further step buys | [`frontier`], [`schedules`] |
//! | each step has a price in nats | [`at_price`] |
//! | which of several orders | [`best_order`] |
//! | steps shared by several blocks or prompts | [`split`], [`blockwise`] |
//! | the block length | [`block_lengths`] |
//! | times for random sizes | [`reveal_times`] |
//! | what is wrong with this schedule | [`audit`](crate::audit) |
//! | only TC, DTC or some points are known | [`minimax`] |
//! | how good are balanced, cosine and the like | [`families`] |
//! | measured losses with errors | [`measured`](crate::measured) |
//!
//! # The picture
//! A step from `a` to `b` revealed tokens costs `w(a, b) = sum_{a<m<b} (b - m) d_m`, and a schedule is
//! a path of such steps from 0 to L. The cost obeys the quadrangle inequality (it is *Monge*)
//!
//! ```text
//! w(a, c) + w(b, d) <= w(a, d) + w(b, c),   a <= b <= c <= d
//! ```
//! because `I` does not decrease; along an order, where it has two indices, because no entropy rises as more is
//! known. Two things follow; the [theory](crate::docs::theory) has the proofs.
//!
//! ```text
//! error
//!   |*                  The least error is convex in the number of steps T. So for a price per
//!   | \                 step, the path of least error + price * T is a point where a line of slope
//!   |  *                -price touches the frontier, and a search over the price finds all of them.
//!   |    `*.
//!   |        `*--*--*   Points inside a straight edge share one price: there, a path is put together
//!   +------------------ T   from the two at the ends of the edge.
//! ```
//!
//! For one price, the best way to `b` is `min_a value_a + w(a, b)`: as functions of `b` these are lines
//! in order of slope, and their lower envelope is followed in O(L). A search takes a few such passes
//! (about five), whatever T.
//!
//! Along an order these functions are not lines, but a later start still takes over from an earlier one for good. The
//! place where it does is found by halving, so a pass takes O(L log L). The costs of all steps are written down first,
//! in O(L^2) time and as much memory as the curve itself has: 67 MB for 4,096 tokens in `f64`. A search takes some ten
//! to twenty passes.
//!
//! # Accuracy
//! Costs are sums of nonnegative terms that are never subtracted from each other, so increments of any
//! magnitude, side by side, are resolved. The error returned is the
//! [exact error](crate::InformationCurve::sampling_error) of the schedule returned, and is within about
//! `T` units in the last place of the least one.
//!
//! # Ties
//! Several schedules may be best. The one returned depends on the curve and on T alone. In a pass, of two
//! starts of a step that are equally good the later is taken, so larger steps come first: increments
//! of random positions that are equal, to the last bit, give [`Schedule::balanced`]. Increments that are equal only up to
//! rounding have no ties, and may give another schedule of the same error. Where the error is zero with
//! fewer steps than asked for, the surplus steps are single tokens at the end.

mod best_order;
mod blocks;
mod budget;
pub mod families;
mod frontier;
pub mod minimax;
mod monge;
mod reveal_times;

pub use best_order::{BestOrder, best_order};
pub use blocks::{block_lengths, blockwise};
pub use budget::split;
pub use frontier::{frontier, schedules};
pub use reveal_times::reveal_times;

use crate::curve::{Curve, Kind};
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, Scalar};
use crate::optimal::monge::costs::Costs;
use crate::optimal::monge::matrix::Matrix;
use crate::optimal::monge::measure::Measure;
use crate::optimal::monge::{Search, Target};
use crate::schedule::Schedule;
use crate::units::Nats;

/// The best plan, and what it costs. [`schedule`] and [`fewest_steps`] give the two as a pair, which
/// becomes one of these with `into()`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "P: serde::Serialize, F: Scalar + serde::Serialize",
        deserialize = "P: serde::Deserialize<'de>, F: Scalar + serde::Deserialize<'de>"
    ))
)]
#[non_exhaustive]
pub struct Optimum<P = Schedule, F = f64> {
    /// The plan: a [`Schedule`], a [`Blockwise`](crate::schedule::Blockwise) one, or
    /// [`RevealTimes`](crate::schedule::RevealTimes).
    pub plan: P,
    /// Its sampling error; for losses, the cost of parallelism.
    pub error: Nats<F>,
}

impl<P, F> From<(P, Nats<F>)> for Optimum<P, F> {
    fn from((plan, error): (P, Nats<F>)) -> Self {
        Self { plan, error }
    }
}

/// The schedule of exactly `steps` steps with the least sampling error, and that error.
///
/// About five passes of O(L), whatever the number of steps; O(L) memory. Along an order O(L^2) for the costs and some
/// passes of O(L log L).
///
/// # Formula
/// ```text
/// least of sum_t w(k_t, k_{t+1}) over all schedules of T steps;
/// for random positions  sum_m c_m d_m,   c the sawtooth of the schedule
/// ```
/// Ties are broken as the [module](self) says.
///
/// # Errors
/// [`StepsOutOfRange`](Error::StepsOutOfRange) unless `1 <= steps <= L`.
///
/// ```
/// use unmaskcost::{InformationCurve, optimal};
/// // A uniform permutation of 16 symbols.
/// let entropies: Vec<f64> = (0..16).map(|k| f64::from(16 - k).ln()).collect();
/// let curve = InformationCurve::from_conditional_entropies(entropies)?;
/// let (schedule, error) = optimal::schedule(&curve, 4)?;
/// assert_eq!(schedule.sizes(), [6, 5, 3, 2]);
/// assert_eq!(error, curve.sampling_error(&schedule)?);
/// assert!(optimal::schedule(&curve, 17).is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn schedule<C: Curve>(curve: &C, steps: usize) -> Result<(Schedule, Nats<C::Scalar>)> {
    check_steps(steps, curve.tokens())?;
    let schedule = match curve.kind() {
        Kind::Random(curve) => best(&Measure::of(curve), steps),
        Kind::Ordered(curve) => best(&Matrix::of(curve), steps),
    }?;
    with_error(curve, schedule)
}

/// The fewest steps whose least sampling error is at most `tolerance`, with the best schedule of that
/// many steps, which is that of [`schedule`], and its error. Costs about twice as much.
///
/// # Errors
/// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the tolerance.
///
/// ```
/// use unmaskcost::{InformationCurve, Nats, optimal};
/// let curve = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
/// let (schedule, error) = optimal::fewest_steps(&curve, Nats(0.3))?;
/// assert_eq!(schedule.steps(), 3);
/// assert!(error <= Nats(0.3));
/// assert!(optimal::schedule(&curve, 2)?.1 > Nats(0.3));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn fewest_steps<C: Curve>(
    curve: &C,
    tolerance: Nats<C::Scalar>,
) -> Result<(Schedule, Nats<C::Scalar>)> {
    let tolerance = scalar::check_nonnegative("tolerance", tolerance.0)?;
    match curve.kind() {
        Kind::Random(random) => fewest_within(curve, &Measure::of(random), tolerance),
        Kind::Ordered(ordered) => fewest_within(curve, &Matrix::of(ordered), tolerance),
    }
}

/// The schedule of least `error + price * steps`, and its error: what to use if each pass of the model
/// costs as much as `price` nats of quality. One pass.
///
/// # Errors
/// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the price.
///
/// ```
/// use unmaskcost::{InformationCurve, Nats, optimal};
/// let curve = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
/// // The second step saves 1.5 nats, the third 0.5, the fourth 0.125.
/// let best = optimal::at_price(&curve, Nats(0.2))?;
/// assert_eq!((best.plan.sizes(), best.error), (&[1, 1, 2][..], Nats(0.125)));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn at_price<C: Curve>(
    curve: &C,
    price: Nats<C::Scalar>,
) -> Result<Optimum<Schedule, C::Scalar>> {
    let price = scalar::check_nonnegative("price of a step", price.0)?;
    let schedule = match curve.kind() {
        Kind::Random(curve) => best_at_price(&Measure::of(curve), price),
        Kind::Ordered(curve) => best_at_price(&Matrix::of(curve), price),
    }?;
    Ok(with_error(curve, schedule)?.into())
}

pub(crate) fn check_steps(steps: usize, tokens: usize) -> Result<()> {
    match (1..=tokens).contains(&steps) {
        true => Ok(()),
        false => Err(Error::StepsOutOfRange { steps, tokens }),
    }
}

/// The best schedule of this many steps.
fn best<F: Scalar, C: Costs<Float = F>>(costs: &C, steps: usize) -> Result<Schedule> {
    let vertex = Search::new(costs).find(Target::Steps(steps));
    costs.schedule(&vertex.path, steps)
}

fn best_at_price<F: Scalar, C: Costs<Float = F>>(costs: &C, price: F) -> Result<Schedule> {
    let vertex = Search::new(costs).at_price(price);
    costs.schedule(&vertex.path, vertex.steps())
}

fn fewest_within<F: Scalar>(
    curve: &impl Curve<Scalar = F>,
    costs: &impl Costs<Float = F>,
    tolerance: F,
) -> Result<(Schedule, Nats<F>)> {
    let mut search = Search::new(costs);
    // Steps that miss the tolerance only by rounding are looked at too; the error of the schedule
    // decides.
    let rounding = F::one() + F::epsilon() * scalar::constant(64.0);
    let mut steps = search.find(Target::Error(tolerance * rounding)).steps();
    loop {
        let vertex = search.find(Target::Steps(steps));
        let found = with_error(curve, costs.schedule(&vertex.path, steps)?)?;
        if found.1.0 <= tolerance {
            return Ok(found);
        }
        steps += 1;
    }
}

fn with_error<C: Curve>(curve: &C, schedule: Schedule) -> Result<(Schedule, Nats<C::Scalar>)> {
    let error = curve.sampling_error(&schedule)?;
    Ok((schedule, error))
}
