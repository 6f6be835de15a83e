use super::{Policy, View, chosen_places};
use crate::distribution::ConditionalMarginal;
use crate::error::{Error, Result, no_spread};
use crate::estimate::Estimate;
use crate::numeric::moments::Moments;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::units::Nats;

/// What a policy does with one sequence whose true tokens are revealed. Made by [`teacher_forced`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct TeacherForced<F = f64> {
    /// The rounds, each one forward pass of the predictor.
    pub rounds: u64,
    /// `-ln q(x)`: the sum over rounds and tokens of `-ln p^(x_i | what was revealed before the round)`.
    pub loss: Nats<F>,
    /// The sum over rounds of (the sum of the entropies of the tokens revealed - the largest of them).
    pub budget: Nats<F>,
}

/// Runs a policy on a sequence: it chooses from the predictions, and the true tokens are revealed. The loss is `-ln q(x)`, exactly.
///
/// The predictor may be a distribution, or a model of your own. The result is what a [`Run`](crate::measured::Run) of
/// [`DecoderRuns`](crate::measured::DecoderRuns) is made of.
///
/// # Errors
/// [`Empty`](Error::Empty) for no token; [`ImpossibleContext`](Error::ImpossibleContext) for a sequence that the predictor holds impossible;
/// those of the predictor; if the policy breaks its contract, as [`cost`](super::cost).
///
/// ```
/// use unmaskcost::{distribution::MarkovChain, sampler::policy::{Rule, self}};
/// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
/// let run = policy::teacher_forced(&chain, &Rule::lowest_entropies(2)?, &[0, 0, 1, 1, 0, 0])?;
/// assert_eq!(run.rounds, 3);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn teacher_forced<F: Scalar>(
    predictor: &(impl ConditionalMarginal<F> + ?Sized),
    policy: &(impl Policy<F> + ?Sized),
    sequence: &[usize],
) -> Result<TeacherForced<F>> {
    if sequence.is_empty() {
        return Err(Error::Empty { what: "the sequence" });
    }
    let mut revealed = vec![None; sequence.len()];
    let mut left = sequence.len();
    let (mut loss, mut budget, mut rounds) = (CompensatedSum::new(), CompensatedSum::new(), 0);
    while left > 0 {
        let view = View::of_predictions(&revealed, &predictor.conditional_marginals(&revealed)?)?;
        let places = chosen_places(policy, &view)?;
        let entropies = || places.iter().map(|&place| view.entropies[place]);
        let largest = entropies().fold(F::zero(), F::max);
        budget.add((scalar::sum(entropies()) - largest).max(F::zero()));
        for &place in &places {
            let position = view.masked[place];
            loss.add(-log_prediction(&view.marginals[place], sequence[position])?);
            revealed[position] = Some(sequence[position]);
        }
        left -= places.len();
        rounds += 1;
    }
    // Certain tokens cost nothing, and rounding must not make that negative.
    let loss = Nats(loss.total().max(F::zero()));
    Ok(TeacherForced { rounds, loss, budget: Nats(budget.total()) })
}

/// What a policy costs, estimated from sequences drawn from the data. Made by [`estimated_cost`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct EstimatedCost<F = f64> {
    /// The mean of `ln p(x) - ln q(x)`: unbiased, so it can come out below zero where the cost is small.
    pub sampling_error: Estimate<F>,
    /// The mean of the budgets: what [`PolicyCost::entropy_bound`](super::PolicyCost::entropy_bound) is on a table.
    pub entropy_bound: Estimate<F>,
    /// The mean number of rounds.
    pub rounds: f64,
    /// The standard error of that mean.
    pub rounds_error: f64,
}

/// What a policy costs on any distribution that predicts its masked tokens, from sequences drawn from it: for hundreds of tokens, where
/// no table fits.
///
/// # Formula
/// ```text
/// mean over x of ln p(x) - ln q(x),   ln p(x) = sum_i ln p(x_i | x_1 .. x_{i-1})
/// ```
/// For a learned predictor and held-out sequences this is the cost of parallelism against the same predictor from left to right, one token at a time.
///
/// # Errors
/// [`TooFew`](Error::TooFew) for fewer than two sequences; as [`teacher_forced`].
///
/// ```
/// use rand::SeedableRng;
/// use unmaskcost::{distribution::MarkovChain, sampler::policy::{Rule, self}};
/// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
/// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(1);
/// let sequences: Vec<Vec<usize>> =
///     (0..40).map(|_| chain.sample(64, &mut generator)).collect::<Result<_, _>>()?;
/// let neighbours = policy::estimated_cost(&chain, &Rule::lowest_entropies(8)?, &sequences)?;
/// let apart = policy::estimated_cost(&chain, &Rule::lowest_entropies(8)?.apart(4)?, &sequences)?;
/// assert!(apart.sampling_error.value() < neighbours.sampling_error.value());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn estimated_cost<F: Scalar, S: AsRef<[usize]>>(
    predictor: &(impl ConditionalMarginal<F> + ?Sized),
    policy: &(impl Policy<F> + ?Sized),
    sequences: impl IntoIterator<Item = S>,
) -> Result<EstimatedCost<F>> {
    let (mut error, mut budget) = (Moments::none(), Moments::none());
    let mut rounds = Moments::<f64>::none();
    for sequence in sequences {
        let sequence = sequence.as_ref();
        let run = teacher_forced(predictor, policy, sequence)?;
        let more = log_probability(predictor, sequence)? + run.loss.0;
        error = error.union(Moments::single(more))?;
        budget = budget.union(Moments::single(run.budget.0))?;
        rounds = rounds.union(Moments::single(run.rounds as f64))?;
    }
    Ok(EstimatedCost {
        sampling_error: estimate(&error)?,
        entropy_bound: estimate(&budget)?,
        rounds: rounds.mean,
        rounds_error: rounds.standard_error(),
    })
}

/// `ln p(x)` of a possible sequence.
fn log_probability<F: Scalar>(
    predictor: &(impl ConditionalMarginal<F> + ?Sized),
    sequence: &[usize],
) -> Result<F> {
    match predictor.log_probability(sequence)? {
        Nats(log) if log == F::neg_infinity() => {
            Err(Error::ImpossibleContext { what: "the sequence" })
        }
        Nats(log) => Ok(log),
    }
}

fn log_prediction<F: Scalar>(law: &[F], symbol: usize) -> Result<F> {
    let limit = law.len();
    let index = symbol;
    let p = law.get(symbol).ok_or(Error::IndexOutOfRange { what: "symbol", index, limit })?;
    match *p > F::zero() {
        true => Ok(p.ln()),
        false => Err(Error::ImpossibleContext { what: "the sequence" }),
    }
}

fn estimate<F: Scalar>(moments: &Moments<F>) -> Result<Estimate<F>> {
    if moments.observations < 2 {
        return Err(no_spread(moments.observations as usize));
    }
    let (value, error) = (Nats(moments.mean), Nats(moments.standard_error()));
    let degrees = match error.0 > F::zero() {
        true => (moments.observations - 1) as f64,
        false => f64::INFINITY,
    };
    Estimate::of_parts(value, error, degrees).finite("the mean over sequences")
}
