//! Many tokens ahead at once: powers of the transition matrix, and what is computed from them.

use super::{MAX_WORK, MarkovChain, cells};
use crate::distribution::traits::{
    ConditionalMarginal, SubsetEntropy, check_positions, check_revealed, check_sequence,
    check_symbols, conditional,
};
use crate::error::{Result, check_limit};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::units::Nats;

impl<F: Scalar> MarkovChain<F> {
    /// The distribution of the token at `position`: `O(min(position q^2, q^3 log position))`, and at once for a
    /// stationary chain.
    ///
    /// # Errors
    /// [`TooLarge`](crate::Error::TooLarge) for more than 2^36 operations.
    ///
    /// ```
    /// use unmaskcost::distribution::MarkovChain;
    /// let chain = MarkovChain::from_transition([1.0, 0.0], &[[0.5, 0.5], [0.0, 1.0]])?;
    /// assert_eq!(chain.marginal(2)?, [0.25, 0.75]);
    /// assert_eq!(chain.marginal(1 << 40)?, [0.0, 1.0]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn marginal(&self, position: usize) -> Result<Vec<F>> {
        if self.stationary { Ok(self.initial.clone()) } else { self.later(&self.initial, position) }
    }

    /// The distribution one token later.
    pub(super) fn step(&self, law: &[F]) -> Vec<F> {
        normalized_rows(product(law, &self.transition, self.alphabet()), self.alphabet())
    }

    /// The distribution `steps` tokens later.
    fn later(&self, law: &[F], steps: usize) -> Result<Vec<F>> {
        let alphabet = self.alphabet();
        self.times_power(law, steps, |law, matrix| {
            normalized_rows(product(law, matrix, alphabet), alphabet)
        })
    }

    /// The probability of `symbol` after `steps` tokens, from each symbol.
    fn probabilities_of(&self, symbol: usize, steps: usize) -> Result<Vec<F>> {
        let alphabet = self.alphabet();
        let mut now = vec![F::zero(); alphabet];
        now[symbol] = F::one();
        self.times_power(&now, steps, |column, matrix| {
            let rows = matrix.chunks_exact(alphabet);
            rows.map(|row| scalar::sum(row.iter().zip(column).map(|(&p, &x)| p * x))).collect()
        })
    }

    /// A vector times a power of the transition matrix. The matrix is applied again and again, or
    /// by its squares if that takes less.
    fn times_power(
        &self,
        vector: &[F],
        steps: usize,
        times: impl Fn(&[F], &[F]) -> Vec<F>,
    ) -> Result<Vec<F>> {
        let alphabet = self.alphabet();
        let one_by_one = cells(alphabet, alphabet).saturating_mul(steps as u128);
        let by_squares = work_of_squares(alphabet, steps);
        check_limit(WORK_OF_A_POWER, one_by_one.min(by_squares), MAX_WORK)?;
        let mut vector = vector.to_vec();
        if one_by_one <= by_squares {
            for _ in 0..steps {
                vector = times(&vector, &self.transition);
            }
            return Ok(vector);
        }
        for_each_square(&self.transition, alphabet, steps, |square| {
            vector = times(&vector, square)
        });
        Ok(vector)
    }

    /// The matrix of the probabilities `steps >= 1` tokens later. `O(q^3 log steps)`.
    fn power(&self, steps: usize) -> Vec<F> {
        let alphabet = self.alphabet();
        let mut power: Option<Vec<F>> = None;
        for_each_square(&self.transition, alphabet, steps, |square| {
            power = Some(match &power {
                None => square.to_vec(),
                Some(power) => normalized_rows(product(power, square, alphabet), alphabet),
            });
        });
        power.unwrap_or_else(|| self.transition.clone())
    }
}

const WORK_OF_A_POWER: &str = "operations for powers of the transition matrix";

/// Elementary operations for the squares of the matrix that make up a power.
fn work_of_squares(alphabet: usize, steps: usize) -> u128 {
    let squares = u128::from(steps.checked_ilog2().unwrap_or(0));
    cells(alphabet, alphabet).saturating_mul(alphabet as u128).saturating_mul(squares)
}

/// Calls `factor` with the powers `P^1, P^2, P^4, ..` whose product is `P^steps`.
fn for_each_square<F: Scalar>(
    transition: &[F],
    alphabet: usize,
    steps: usize,
    mut factor: impl FnMut(&[F]),
) {
    let mut square = transition.to_vec();
    let mut rest = steps;
    while rest > 0 {
        if rest % 2 == 1 {
            factor(&square);
        }
        rest /= 2;
        if rest > 0 {
            square = normalized_rows(product(&square, &square, alphabet), alphabet);
        }
    }
}

/// Matrix product of row-major matrices, the second one square.
pub(super) fn product<F: Scalar>(left: &[F], right: &[F], alphabet: usize) -> Vec<F> {
    let mut result = vec![F::zero(); left.len()];
    let rows = left.chunks_exact(alphabet).zip(result.chunks_exact_mut(alphabet));
    for (factors, sums) in rows {
        for (&factor, terms) in factors.iter().zip(right.chunks_exact(alphabet)) {
            sums.iter_mut().zip(terms).for_each(|(sum, &term)| *sum = *sum + factor * term);
        }
    }
    result
}

/// Rows divided by their sums. These are 1 but for rounding, which would add up over powers.
pub(super) fn normalized_rows<F: Scalar>(mut rows: Vec<F>, alphabet: usize) -> Vec<F> {
    for row in rows.chunks_exact_mut(alphabet) {
        let sum = scalar::sum(row.iter().copied());
        row.iter_mut().for_each(|p| *p = *p / sum);
    }
    rows
}

/// By the chain rule along the sorted positions: `O(|S| q^3 log d)` if the last position is `d`.
/// [`TooLarge`](crate::Error::TooLarge) for more than 2^36 operations.
impl<F: Scalar> SubsetEntropy<F> for MarkovChain<F> {
    fn subset_entropy(&self, positions: &[usize]) -> Result<Nats<F>> {
        let sorted = check_positions(positions, None)?;
        let Some(&first) = sorted.first() else {
            return Ok(Nats(F::zero()));
        };
        let distances = || sorted.windows(2).map(|pair| pair[1] - pair[0]);
        let work = distances().map(|steps| 2 * work_of_squares(self.alphabet(), steps));
        check_limit(WORK_OF_A_POWER, work.fold(0, u128::saturating_add), MAX_WORK)?;

        let mut law = self.marginal(first)?;
        let mut entropy = CompensatedSum::new();
        entropy.add(scalar::entropy(&law));
        for steps in distances() {
            let power = self.power(steps);
            let rows = law.iter().zip(power.chunks_exact(self.alphabet()));
            let given = rows.filter(|(p, _)| **p > F::zero());
            entropy.add(scalar::sum(given.map(|(&p, row)| p * scalar::entropy(row))));
            if !self.stationary {
                law = normalized_rows(product(&law, &power, self.alphabet()), self.alphabet());
            }
        }
        Ok(Nats(entropy.total()))
    }
}

/// From the nearest revealed token on each side, at distances `d`: `O(min(d q^2, q^3 log d))`.
/// [`TooLarge`](crate::Error::TooLarge) for more than 2^36 operations.
impl<F: Scalar> ConditionalMarginal<F> for MarkovChain<F> {
    fn conditional_marginal(&self, revealed: &[(usize, usize)], position: usize) -> Result<Vec<F>> {
        let alphabet = self.alphabet();
        check_revealed(revealed, position, None, alphabet)?;
        let left = revealed.iter().filter(|(place, _)| *place < position).max();
        let right = revealed.iter().filter(|(place, _)| *place > position).min();
        let mut weights = match left {
            Some(&(place, symbol)) => {
                let next = &self.transition[symbol * alphabet..(symbol + 1) * alphabet];
                self.later(next, position - place - 1)?
            }
            None => self.marginal(position)?,
        };
        if let Some(&(place, symbol)) = right {
            let likelihoods = self.probabilities_of(symbol, place - position)?;
            weights.iter_mut().zip(likelihoods).for_each(|(weight, p)| *weight = *weight * p);
        }
        conditional(&weights)
    }

    /// By the forward and backward recursions: `O(L q^2)`.
    fn conditional_marginals(&self, revealed: &[Option<usize>]) -> Result<Vec<Vec<F>>> {
        let alphabet = self.alphabet();
        check_symbols(revealed, alphabet)?;
        let only = |symbol: usize| {
            (0..alphabet).map(|other| if other == symbol { F::one() } else { F::zero() }).collect()
        };
        let evidence: Vec<Option<Vec<F>>> =
            revealed.iter().map(|symbol| symbol.map(only)).collect();
        let posteriors = self.posteriors(&evidence)?.into_iter().zip(revealed);
        Ok(posteriors.filter(|(_, symbol)| symbol.is_none()).map(|(law, _)| law).collect())
    }

    /// A product: `O(L)`.
    fn log_probability(&self, sequence: &[usize]) -> Result<Nats<F>> {
        check_sequence(sequence, self.alphabet())?;
        let Some(&first) = sequence.first() else { return Ok(Nats(F::zero())) };
        let pairs = sequence.windows(2);
        let next = pairs.map(|pair| self.transition[pair[0] * self.alphabet() + pair[1]]);
        Ok(Nats(scalar::sum([self.initial[first]].into_iter().chain(next).map(F::ln))))
    }
}
