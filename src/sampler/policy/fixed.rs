use super::{Policy, View};
use crate::numeric::scalar::Scalar;
use crate::schedule::Rounds;

/// Positions fixed in advance: an order and its sizes, or the rounds of a decoder that fixes them.
///
/// ```
/// use unmaskcost::{Order, Schedule, distribution::MarkovChain, sampler::policy, schedule::Rounds};
/// let table = MarkovChain::stationary(&[[0.9_f64, 0.1], [0.3, 0.7]])?.joint_table(8)?;
/// let rounds = Rounds::new(Order::spread(8)?, Schedule::from_reveal_sizes([2, 2, 4])?)?;
/// let cost = policy::cost(&table, &rounds)?;
/// let exact = table.order_curve(rounds.order())?.sampling_error(rounds.schedule())?;
/// assert!((cost.sampling_error - exact).0.abs() < 1e-12);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
impl<F: Scalar> Policy<F> for Rounds {
    /// The masked positions of the first round that has any, or nothing, which is an error, if none has.
    fn next(&self, view: &View<F>) -> Vec<usize> {
        // A position that does not exist is left in, so that it is named and refused.
        let revealed = |&position: &usize| matches!(view.revealed.get(position), Some(Some(_)));
        let masked = |set: &[usize]| -> Vec<usize> {
            set.iter().copied().filter(|position| !revealed(position)).collect()
        };
        self.sets().map(masked).find(|set| !set.is_empty()).unwrap_or_default()
    }
}
