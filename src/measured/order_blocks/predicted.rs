use super::{OrderBlocks, OrderPass};
use crate::distribution::ConditionalMarginal;
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::Scalar;
use crate::schedule::Order;

/// The most tokens that are predicted: some minutes for a chain with few states.
const MAX_PREDICTIONS: u128 = 1 << 27;

impl<F: Scalar> OrderBlocks<F> {
    /// The blocks that a predictor gives on sequences, which are named by their place in the list. Each sequence gets
    /// one pass at each of these numbers of known tokens. All numbers below L give every schedule, and its cost beyond
    /// one token at a time.
    ///
    /// If the predictor is the distribution that the sequences are drawn from, that [`cost`](Self::cost) estimates the
    /// exact error along the order, without bias. Use it where no [`OrderCurve`](crate::curve::OrderCurve) can be
    /// computed, as for a [`HiddenMarkovChain`](crate::distribution::HiddenMarkovChain). One pass of all masked tokens
    /// for each sequence and number.
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) for a sequence with another number of tokens than the order;
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a number of known tokens that is not below L,
    /// [`Sequence`](Error::Sequence) for one given twice; [`ImpossibleContext`](Error::ImpossibleContext) for a
    /// sequence that the predictor holds impossible; [`Empty`](Error::Empty); [`TooLarge`](Error::TooLarge) for more
    /// than 2^27 predictions; those of the predictor.
    ///
    /// ```
    /// use rand::SeedableRng;
    /// use unmaskcost::{Order, Schedule, distribution::{HiddenMarkovChain, MarkovChain}, measured::OrderBlocks};
    /// let states = MarkovChain::stationary(&[[0.95, 0.05], [0.05, 0.95]])?;
    /// let hidden = HiddenMarkovChain::new(states, &[[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])?;
    /// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(1);
    /// let sequences: Vec<Vec<usize>> =
    ///     (0..40).map(|_| hidden.sample(16, &mut generator)).collect::<Result<_, _>>()?;
    /// let all: Vec<usize> = (0..16).collect();
    /// let spread = OrderBlocks::from_predictor("spread", &hidden, &Order::spread(16)?, &sequences, &all)?;
    /// let cost = spread.cost(&Schedule::balanced(16, 4)?)?;
    /// println!("{} with standard error {}", cost.value(), cost.standard_error());
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_predictor(
        name: impl Into<String>,
        predictor: &(impl ConditionalMarginal<F> + ?Sized),
        order: &Order,
        sequences: &[impl AsRef<[usize]>],
        known: &[usize],
    ) -> Result<Self> {
        let tokens = order.tokens();
        let each = (tokens as u128).saturating_mul(known.len() as u128);
        let needed = each.saturating_mul(sequences.len() as u128);
        check_limit("predictions of tokens", needed, MAX_PREDICTIONS)?;
        let mut passes = Vec::with_capacity(sequences.len() * known.len());
        for (place, sequence) in sequences.iter().enumerate() {
            let sequence = sequence.as_ref();
            if sequence.len() != tokens {
                let (found, expected) = (sequence.len(), tokens);
                return Err(Error::LengthMismatch { what: "a sequence", found, expected });
            }
            for &known in known {
                let losses = losses(predictor, order, sequence, known)?;
                passes.push(OrderPass::new(place.to_string(), known, losses));
            }
        }
        Self::from_passes(name, passes, tokens)
    }
}

/// `-ln p` of the tokens of an order given the first `known` of them.
fn losses<F: Scalar>(
    predictor: &(impl ConditionalMarginal<F> + ?Sized),
    order: &Order,
    sequence: &[usize],
    known: usize,
) -> Result<Vec<F>> {
    let positions = order.positions();
    let mut revealed = vec![None; sequence.len()];
    for &position in positions.iter().take(known) {
        revealed[position] = Some(sequence[position]);
    }
    // In the order of the positions of masked tokens.
    let mut predictions = predictor.conditional_marginals(&revealed)?.into_iter();
    let mut by_position = vec![F::nan(); sequence.len()];
    for (position, symbol) in revealed.iter().enumerate() {
        if symbol.is_none() {
            let prediction = predictions.next().unwrap_or_default();
            let (index, limit) = (sequence[position], prediction.len());
            let p = *prediction.get(index).ok_or(Error::IndexOutOfRange {
                what: "symbol",
                index,
                limit,
            })?;
            if p <= F::zero() {
                return Err(Error::ImpossibleContext { what: "a sequence" });
            }
            // A probability may exceed one by rounding.
            by_position[position] = (-p.ln()).max(F::zero());
        }
    }
    Ok(positions.iter().skip(known).map(|&position| by_position[position]).collect())
}
