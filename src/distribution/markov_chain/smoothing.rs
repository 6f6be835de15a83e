//! All tokens of a chain at once, given what is seen of some: the forward and backward recursions.

use super::MarkovChain;
use crate::distribution::traits::conditional;
use crate::error::Result;
use crate::numeric::scalar::{self, Scalar};

impl<F: Scalar> MarkovChain<F> {
    /// For each token, its distribution given all evidence. The evidence on a token is the likelihood of each of its
    /// symbols, up to a factor; `None` where nothing is seen of it. `O(L q^2)`; less where the symbol itself is seen.
    pub(super) fn posteriors(&self, evidence: &[Option<Vec<F>>]) -> Result<Vec<Vec<F>>> {
        let mut forward: Vec<Vec<F>> = Vec::with_capacity(evidence.len());
        for seen in evidence {
            let predicted = match forward.last() {
                Some(before) => self.next(before),
                None => self.initial.clone(),
            };
            forward.push(conditional(&times(predicted, seen.as_deref()))?);
        }
        let mut behind = vec![F::one(); self.alphabet()];
        for (law, seen) in forward.iter_mut().zip(evidence).rev() {
            *law = conditional(&times(law.clone(), Some(&behind)))?;
            behind = scaled(self.before(&times(behind, seen.as_deref())));
        }
        Ok(forward)
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

    /// From the likelihoods of the symbols of a token, those of the token before it.
    fn before(&self, likelihoods: &[F]) -> Vec<F> {
        let rows = self.transition.chunks_exact(self.alphabet());
        let seen: Vec<(usize, F)> =
            likelihoods.iter().copied().enumerate().filter(|(_, p)| *p > F::zero()).collect();
        rows.map(|row| scalar::sum(seen.iter().map(|&(y, p)| row[y] * p))).collect()
    }
}

fn times<F: Scalar>(mut law: Vec<F>, likelihoods: Option<&[F]>) -> Vec<F> {
    if let Some(likelihoods) = likelihoods {
        law.iter_mut().zip(likelihoods).for_each(|(p, &likelihood)| *p = *p * likelihood);
    }
    law
}

/// Likelihoods divided by the largest, so that long evidence does not underflow.
fn scaled<F: Scalar>(likelihoods: Vec<F>) -> Vec<F> {
    let largest = likelihoods.iter().fold(F::zero(), |most, &p| most.max(p));
    match largest > F::zero() {
        true => likelihoods.into_iter().map(|p| p / largest).collect(),
        false => likelihoods,
    }
}
