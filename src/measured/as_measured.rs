use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::optimal::{Optimum, check_steps};
use crate::schedule::Schedule;
use crate::units::Nats;

/// The schedule of least cost of parallelism for measured losses, which need not be monotone.
///
/// Use it for the losses of a real predictor as they are. For a curve that never rises,
/// [`schedule`](crate::optimal::schedule) is much faster. Here nothing is assumed, so every step is
/// tried: O(T L^2) time and O(T L) memory.
///
/// # Formula
/// ```text
/// cost of parallelism = sum_t sum_{0 <= j < s_t} (l_{k_t} - l_{k_t + j})
/// ```
/// where `l_k` is the predictor's mean cross-entropy, in nats, of one token given `k` others. The
/// cost is how much the divergence of the schedule exceeds that of one token per step. Where losses
/// rise with `k`, it may be negative.
///
/// Of schedules of equal cost, the one whose last steps are the largest is returned.
///
/// # Errors
/// [`StepsOutOfRange`](Error::StepsOutOfRange) unless `1 <= steps <= L`;
/// [`NotFinite`](Error::NotFinite) for a loss, [`Overflow`](Error::Overflow) if a sum is not finite;
/// [`TooLarge`](Error::TooLarge) if `T L^2` is above 2^33 (some ten seconds).
///
/// ```
/// use unmaskcost::{Nats, measured};
/// // With two tokens revealed, this predictor is worse than with one.
/// let best = measured::schedule_for_losses(&[2.0, 1.0, 1.5, 0.5], 2)?;
/// assert_eq!(best.plan.sizes(), [1, 3]);
/// assert_eq!(best.error, Nats(0.0)); // (1.0 - 1.5) + (1.0 - 0.5)
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn schedule_for_losses<F: Scalar>(losses: &[F], steps: usize) -> Result<Optimum<Schedule, F>> {
    const LIMIT: u128 = 1 << 33;
    let tokens = losses.len();
    check_steps(steps, tokens)?;
    scalar::check_finite("losses", losses)?;
    let needed = (tokens as u128).saturating_mul(tokens as u128).saturating_mul(steps as u128);
    check_limit("T L^2 for losses", needed, LIMIT)?;
    // costs[b]: the least cost of revealing b tokens; starts[t][b]: where step t + 1 then starts.
    let mut costs = vec![F::infinity(); tokens + 1];
    costs[0] = F::zero();
    let mut starts = Vec::with_capacity(steps);
    for step in 0..steps {
        let mut next = vec![F::infinity(); tokens + 1];
        let mut from = vec![0; tokens + 1];
        for start in step..tokens {
            let mut cost = CompensatedSum::new();
            cost.add(costs[start]);
            for end in start + 1..=tokens {
                let total = cost.total();
                if total < next[end] {
                    (next[end], from[end]) = (total, start);
                }
                if let Some(&loss) = losses.get(end) {
                    cost.add(losses[start] - loss);
                }
            }
        }
        costs = next;
        starts.push(from);
    }
    let cost = costs[tokens];
    if !cost.is_finite() {
        return Err(Error::Overflow { what: "the cost of parallelism" });
    }
    let mut sizes = Vec::with_capacity(steps);
    let mut end = tokens;
    for from in starts.iter().rev() {
        sizes.push(end - from[end]);
        end = from[end];
    }
    sizes.reverse();
    Ok(Optimum::from((Schedule::try_from(sizes)?, Nats(cost))))
}
