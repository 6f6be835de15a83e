//! All tokens of a chain at once, given what is seen of some: the forward and backward recursions.

use super::MarkovChain;
use super::extended::{self, Extended, extended};
use crate::error::Result;
use crate::numeric::scalar::Scalar;

impl<F: Scalar> MarkovChain<F> {
    /// For each token, its distribution given all evidence. The evidence on a token is the likelihood of each of its
    /// symbols, up to a factor; `None` where nothing is seen of it. `O(L q^2)`; less where the symbol itself is seen.
    pub(super) fn posteriors(&self, evidence: &[Option<Vec<F>>]) -> Result<Vec<Vec<F>>> {
        let mut forward: Vec<Vec<Extended<F>>> = Vec::with_capacity(evidence.len());
        for seen in evidence {
            let mut now = match forward.last() {
                Some(before) => self.onward(before),
                None => extended(&self.initial),
            };
            if let Some(likelihoods) = seen {
                extended::times(&mut now, likelihoods);
            }
            forward.push(now);
        }
        let mut behind = extended(&vec![F::one(); self.alphabet()]);
        let mut posteriors = Vec::with_capacity(evidence.len());
        for seen in evidence.iter().rev() {
            let now = forward.pop().unwrap_or_default();
            let both = now.iter().zip(&behind).map(|(&before, &behind)| before.times(behind));
            posteriors.push(extended::distribution(&both.collect::<Vec<_>>())?);
            if let Some(likelihoods) = seen {
                extended::times(&mut behind, likelihoods);
            }
            behind = self.backward(&behind);
        }
        posteriors.reverse();
        Ok(posteriors)
    }

    /// The distribution of the token after one with this distribution, or this measure.
    pub(super) fn next(&self, law: &[F]) -> Vec<F> {
        let mut next = vec![F::zero(); self.alphabet()];
        for (&p, row) in law.iter().zip(self.transition.chunks_exact(self.alphabet())) {
            if p > F::zero() {
                next.iter_mut().zip(row).for_each(|(sum, &step)| *sum = *sum + p * step);
            }
        }
        next
    }

    /// [`next`](Self::next) of a measure whose parts may differ without bound: where a state cannot be reached from the likely
    /// ones, its own small part decides what comes of it.
    pub(super) fn onward(&self, measure: &[Extended<F>]) -> Vec<Extended<F>> {
        extended::row_times_matrix(measure, &self.transition)
    }

    /// From the likelihoods of the symbols of a token, those of the token before it.
    pub(super) fn backward(&self, likelihoods: &[Extended<F>]) -> Vec<Extended<F>> {
        extended::matrix_times_column(&self.transition, likelihoods)
    }
}
