//! The best of several orders. The best sizes along one order are [`schedule`]'s, by the search in `monge/`.

use crate::curve::OrderCurve;
use crate::error::{Error, Result};
use crate::numeric::scalar::Scalar;
use crate::optimal::schedule;
use crate::schedule::Schedule;
use crate::units::Nats;

/// The best of several orders for a number of steps, with its sizes.
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
pub struct BestOrder<F = f64> {
    /// Its place in the list.
    pub index: usize,
    /// The best sizes for it.
    pub schedule: Schedule,
    /// Its sampling error with these sizes.
    pub error: Nats<F>,
}

/// The order of a list that has the least error in `steps` steps, each with the best sizes for it. If several have
/// the same error, the first of them. As many searches as orders: see [`schedule`].
///
/// Random positions take part as [`OrderCurve::of_random_positions`], an order with random shifts as
/// [`OrderCurve::mean`].
///
/// # Errors
/// [`Empty`](Error::Empty) for no orders; [`LengthMismatch`](Error::LengthMismatch) unless all have the same number
/// of tokens; [`StepsOutOfRange`](Error::StepsOutOfRange) unless `1 <= steps <= L`.
///
/// ```
/// use unmaskcost::{Order, curve::OrderCurve, optimal, distribution::MarkovChain};
/// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]])?;
/// let orders = [
///     chain.order_curve(&Order::left_to_right(64)?)?,
///     chain.order_curve(&Order::spread(64)?)?,
///     OrderCurve::of_random_positions(&chain.information_curve(64)?)?,
/// ];
/// let best = optimal::best_order(&orders, 5)?;
/// assert_eq!(best.index, 1);
/// assert_eq!(best.schedule.sizes(), [4, 4, 8, 16, 32]);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn best_order<F: Scalar>(curves: &[OrderCurve<F>], steps: usize) -> Result<BestOrder<F>> {
    let first = curves.first().ok_or(Error::Empty { what: "the list of orders" })?;
    let mut best: Option<(usize, Schedule, Nats<F>)> = None;
    for (index, curve) in curves.iter().enumerate() {
        let (found, expected) = (curve.tokens(), first.tokens());
        if found != expected {
            return Err(Error::LengthMismatch { what: "an order of the list", found, expected });
        }
        let (schedule, error) = schedule(curve, steps)?;
        if best.as_ref().is_none_or(|(_, _, least)| error < *least) {
            best = Some((index, schedule, error));
        }
    }
    let (index, schedule, error) = best.ok_or(Error::Empty { what: "the list of orders" })?;
    Ok(BestOrder { index, schedule, error })
}
