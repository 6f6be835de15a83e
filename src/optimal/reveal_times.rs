use crate::curve::InformationCurve;
use crate::error::{Error, Result, check_limit};
use crate::numeric::binomial::Binomial;
use crate::numeric::scalar::{self, Scalar};
use crate::optimal::{self, Optimum};
use crate::schedule::RevealTimes;

/// The finest grid of times.
const MAX_GRID: u128 = 1 << 21;
/// Newton's method converges in about four steps from the grid; each is taken only if it lowers the
/// error.
const NEWTON_STEPS: usize = 8;

/// The best times for random reveal sizes in `steps` steps, and their expected sampling error.
///
/// Fixed sizes are never worse than random ones with the best times: some outcome of the coins is at
/// least as good as their mean. So this is for samplers that must toss coins, and shows what the coins
/// cost: compare [`schedule`](crate::optimal::schedule).
///
/// # Formula
/// ```text
/// largest sum_i (t_{i+1} - t_i) h(t_i),   h(u) = L E I_K,   K ~ Binomial(L - 1, u)
/// at the best times:  h(t_i) - h(t_{i-1}) = (t_{i+1} - t_i) h'(t_i)
/// ```
/// First the best times on a grid of G = max(4 L, 8 T, 1024) equal parts: h is an information curve of G
/// "tokens", so [`schedule`](crate::optimal::schedule) finds the global optimum there. Then Newton's
/// method on the second line, keeping only steps that lower the error. The result is deterministic; it
/// is within `sum_i I(X_i; X_{-i}) / G` of the least error over all times, and in practice much nearer.
/// O((G + T) sqrt(L)).
///
/// # Errors
/// [`Empty`](Error::Empty) for no step; [`TooLarge`](Error::TooLarge) for a grid of more than 2^21.
///
/// ```
/// use unmaskcost::{InformationCurve, optimal, schedule::RevealTimes};
/// // One symbol repeated: all information comes with the first token.
/// let information: Vec<f64> = (0..100).map(|k| f64::from(k.min(1))).collect();
/// let curve = InformationCurve::from_information(information)?;
/// let best = optimal::reveal_times(&curve, 8)?;
/// assert!(best.plan.times()[1] < 0.02); // so the first coin must be a rare one
/// assert!(best.error.0 < 0.2 * curve.expected_sampling_error(&RevealTimes::equal(8)?)?.0);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn reveal_times<F: Scalar>(
    curve: &InformationCurve<F>,
    steps: usize,
) -> Result<Optimum<RevealTimes, F>> {
    if steps == 0 {
        return Err(Error::Empty { what: "the list of steps between reveal times" });
    }
    let tokens = curve.tokens();
    let grid = tokens.saturating_mul(4).max(steps.saturating_mul(8)).max(1024);
    check_limit("grid of reveal times", grid as u128, MAX_GRID)?;
    let growth = Growth::new(curve);
    let information: Vec<f64> = (0..grid).map(|i| growth.value(i as f64 / grid as f64)).collect();
    let on_grid = InformationCurve::from_information(information)?;
    let (schedule, _) = optimal::schedule(&on_grid, steps)?;
    let mut times = RevealTimes::of_schedule(&schedule);
    let mut error = curve.expected_sampling_error(&times)?;
    for _ in 0..NEWTON_STEPS {
        let Some(moved) = growth.newton_step(times.times()) else { break };
        let moved_error = curve.expected_sampling_error(&moved)?;
        if moved_error >= error {
            break;
        }
        (times, error) = (moved, moved_error);
    }
    Ok(Optimum { plan: times, error })
}

/// `h / (L I_{L-1})` and its derivatives.
struct Growth {
    information: Vec<f64>,
    /// `d_1 .. d_{L-1}`.
    increments: Vec<f64>,
    /// `d_{m+1} - d_m`.
    changes: Vec<f64>,
}

impl Growth {
    fn new<F: Scalar>(curve: &InformationCurve<F>) -> Self {
        let whole = curve.information(curve.tokens() - 1).0;
        let part = |&x: &F| if whole > F::zero() { scalar::evidence(x / whole) } else { 0.0 };
        let increments: Vec<f64> = curve.increments().iter().skip(1).map(part).collect();
        Self {
            information: curve.information_values().iter().map(part).collect(),
            changes: increments.windows(2).map(|pair| pair[1] - pair[0]).collect(),
            increments,
        }
    }

    fn value(&self, u: f64) -> f64 {
        Binomial::mean(&self.information, u, 1.0 - u)
    }

    /// `(L - 1) E d_{1+K}`, K of L - 2 trials.
    fn slope(&self, u: f64) -> f64 {
        self.increments.len() as f64 * Binomial::mean(&self.increments, u, 1.0 - u)
    }

    /// `(L - 1)(L - 2) E (d_{2+K} - d_{1+K})`, K of L - 3 trials.
    fn curvature(&self, u: f64) -> f64 {
        let scale = self.increments.len() as f64 * self.changes.len() as f64;
        scale * Binomial::mean(&self.changes, u, 1.0 - u)
    }

    /// One step of Newton's method on the conditions for the inner times, a tridiagonal system.
    /// `None` if there is nothing to move, or it would leave the order of the times.
    fn newton_step(&self, times: &[f64]) -> Option<RevealTimes> {
        let inner = times.get(1..times.len() - 1).filter(|inner| !inner.is_empty())?;
        let values: Vec<f64> = times.iter().map(|&t| self.value(t)).collect();
        let slopes: Vec<f64> = times.iter().map(|&t| self.slope(t)).collect();
        // Elimination: each row has left, middle, right and the residual.
        let mut above = (0.0, 0.0);
        let mut eliminated = Vec::with_capacity(inner.len());
        for (i, &t) in (1..).zip(inner) {
            let residual = values[i - 1] - values[i] + (times[i + 1] - t) * slopes[i];
            let left = if i == 1 { 0.0 } else { slopes[i - 1] };
            let middle = -2.0 * slopes[i] + (times[i + 1] - t) * self.curvature(t);
            let pivot = middle - left * above.0;
            above = (slopes[i] / pivot, (-residual - left * above.1) / pivot);
            eliminated.push(above);
        }
        let mut moved = times.to_vec();
        let mut next = 0.0;
        for (i, (factor, constant)) in (1..).zip(eliminated).collect::<Vec<_>>().into_iter().rev() {
            next = constant - factor * next;
            moved[i] += next;
        }
        RevealTimes::from_times(moved).ok()
    }
}
