use std::collections::BTreeMap;

use super::{DecoderMeans, Record, Records};
use crate::error::{Result, no_spread};
use crate::estimate::Estimate;
use crate::estimate::clustered::{self, Influence};
use crate::numeric::scalar::{self, Scalar};
use crate::units::Nats;

/// The sequences that some decoders were all run on, in their documents.
pub(super) struct Panel<F> {
    /// Each sequence with its document, both as places.
    sequences: Vec<(usize, usize)>,
    /// The share of each document in the sequences.
    shares: Vec<F>,
}

/// A mean over the sequences of a panel, and by how much each document moves it. To first order in the deviations of the
/// documents, differences and other smooth functions of such means are effects again.
#[derive(Debug, Clone)]
pub(super) struct Effect<F> {
    pub(super) mean: F,
    pub(super) deviations: Vec<F>,
}

impl<F: Scalar> Effect<F> {
    pub(super) fn minus(&self, other: &Self) -> Self {
        let pairs = self.deviations.iter().zip(&other.deviations);
        let deviations = pairs.map(|(&a, &b)| a - b).collect();
        Self { mean: self.mean - other.mean, deviations }
    }

    pub(super) fn scaled(&self, factor: F) -> Self {
        let deviations = self.deviations.iter().map(|&deviation| deviation * factor).collect();
        Self { mean: self.mean * factor, deviations }
    }
}

impl<F: Scalar> Panel<F> {
    pub(super) fn new<K: Ord>(sequences: impl Iterator<Item = (usize, K)>) -> Result<Self> {
        let mut documents: BTreeMap<K, usize> = BTreeMap::new();
        let mut counts: Vec<usize> = Vec::new();
        let mut placed = Vec::new();
        for (sequence, document) in sequences {
            let next = documents.len();
            let document = *documents.entry(document).or_insert(next);
            if document == next {
                counts.push(0);
            }
            counts[document] += 1;
            placed.push((sequence, document));
        }
        if counts.len() < 2 {
            return Err(no_spread(counts.len()));
        }
        let all = scalar::float::<F>(placed.len());
        let shares = counts.into_iter().map(|count| scalar::float::<F>(count) / all).collect();
        Ok(Self { sequences: placed, shares })
    }

    pub(super) fn sequences(&self) -> usize {
        self.sequences.len()
    }

    pub(super) fn documents(&self) -> usize {
        self.shares.len()
    }

    pub(super) fn losses(&self, records: &Records<F>) -> Effect<F> {
        self.effect(records, |record| record.loss)
    }

    pub(super) fn rounds(&self, records: &Records<F>) -> Effect<F> {
        self.effect(records, |record| record.rounds)
    }

    pub(super) fn means(&self, records: &Records<F>) -> Result<DecoderMeans<F>> {
        let rounds = self.estimate(&self.rounds(records))?;
        let budget = records.has_budgets().then(|| {
            self.estimate(&self.effect(records, |record| record.budget.unwrap_or(F::zero())))
        });
        Ok(DecoderMeans {
            sequences: self.sequences(),
            documents: self.documents(),
            loss: self.estimate(&self.losses(records))?,
            rounds: scalar::evidence(rounds.value().0),
            rounds_error: scalar::evidence(rounds.standard_error().0),
            budget: budget.transpose()?,
        })
    }

    /// The mean with the error that follows from the spread of the documents.
    pub(super) fn estimate(&self, effect: &Effect<F>) -> Result<Estimate<F>> {
        let pairs = self.shares.iter().zip(&effect.deviations);
        let influences = pairs.map(|(&share, &deviation)| Influence { share, deviation });
        clustered::from_influences(Nats(effect.mean), &influences.collect::<Vec<_>>())
    }

    fn effect(&self, records: &Records<F>, of: impl Fn(&Record<F>) -> F) -> Effect<F> {
        let values = self.sequences.iter().map(|&(sequence, _)| records.mean(sequence, &of));
        let values: Vec<F> = values.collect();
        let all = scalar::float::<F>(values.len());
        // Around the first value, so that what all share does not cost digits.
        let origin = values.first().copied().unwrap_or(F::zero());
        let shift = scalar::sum(values.iter().map(|&value| value - origin)) / all;
        let mut deviations = vec![F::zero(); self.shares.len()];
        for (&(_, document), &value) in self.sequences.iter().zip(&values) {
            deviations[document] = deviations[document] + (value - origin - shift) / all;
        }
        Effect { mean: origin + shift, deviations }
    }
}
