//! Adaptive policies: decoders that choose *which* tokens to reveal from what is revealed already.
//!
//! Confidence and entropy decide the positions in most decoders that are used today. The bounds for a
//! [`Schedule`](crate::Schedule) and its exact error are for uniformly random positions and say **nothing** of
//! these: a policy can be better or worse than every random-order figure. Here is what a policy costs.
//!
//! | I have | call |
//! | --- | --- |
//! | the name of a rule, or its numbers | [`Rule`]: its text is read and printed |
//! | positions fixed beforehand | [`Rounds`](crate::schedule::Rounds) |
//! | a rule of my own | any function from a [`View`] to positions |
//! | a table of few tokens | [`cost`], exactly, by walking the tree of all that the policy may see |
//! | hundreds of tokens of a distribution that predicts them (chains, hidden chains, mixtures) | [`estimated_cost`], from sequences that it draws |
//! | confidences only | [`bounds::confidence`](crate::bounds::confidence) |
//! | my own model | [`DecoderRuns`](crate::measured::DecoderRuns) |
//!
//! # Formula
//! ```text
//! KL(p || q) = E sum over rounds of TC(X_S | x_C)
//! TC(X_S | x_C) = sum_{i in S} H(X_i | x_C) - H(X_S | x_C) <= sum_{i in S} H(X_i | x_C) - max_{i in S} H(X_i | x_C)
//! ```
//! where C is what is revealed, S the set that the policy reveals next, and the mean is over the data p.
//! The policy is deterministic, so q is the distribution of its output: no average over orders is left.
//! Sources: Wen, Liang & Lu, arXiv 2608.25505, Theorem 1; the inequality is the budget of Ben-Hamu et
//! al., arXiv 2505.24857.
//!
//! The predictor is ideal: it knows the conditional marginals of the table. In a context that the data
//! never shows it is uniform, as everywhere in [`sampler`](crate::sampler).
//!
//! # What is not a policy
//! A decoder that looks at the tokens it has just *sampled* before it decides which of them to keep: the confidence of the
//! sampled token (LLaDA's `low_confidence` and Dream's `maskgit_plus` at a temperature above zero), or one that masks revealed tokens again
//! (P2, ReMDM, LLaDA2.1, DPLM's predictions of all tokens in each pass). There q is not the product of the formula, and nothing here gives its
//! cost. [`Rule`] refuses the common names of such decoders, with that reason.

mod estimated;
mod exact;
mod fixed;
mod names;
mod rule;

pub use estimated::{EstimatedCost, TeacherForced, estimated_cost, teacher_forced};
pub use exact::{PolicyCost, cost, output_law};
pub use rule::Rule;

use crate::distribution::{self, JointTable};
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, Scalar};

/// What a policy sees: the revealed symbols, and the predictor's distribution of each masked token.
///
/// ```
/// use unmaskcost::{sampler::policy::View, distribution::JointTable};
/// let copy: JointTable = JointTable::from_counts(&[2, 2], [1, 0, 0, 1])?;
/// let view = View::new(&copy, &[Some(1), None])?;
/// assert_eq!(view.masked(), [1]);
/// for token in view.masked_tokens() {
///     assert_eq!((token.position, token.law), (1, [0.0, 1.0].as_slice()));
///     assert_eq!((token.entropy, token.confidence), (0.0, 1.0));
/// }
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct View<F = f64> {
    revealed: Vec<Option<usize>>,
    masked: Vec<usize>,
    marginals: Vec<Vec<F>>,
    entropies: Vec<F>,
}

/// A masked token as a policy sees it: an element of [`View::masked_tokens`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MaskedToken<'a, F = f64> {
    /// Where it stands in the sequence: what [`Policy::next`] returns.
    pub position: usize,
    /// Its distribution given what is revealed: one probability per symbol.
    pub law: &'a [F],
    /// The entropy of this distribution, in nats.
    pub entropy: F,
    /// The probability of its likeliest symbol.
    pub confidence: F,
}

impl<F: Scalar> View<F> {
    /// The ideal predictor's view of a table: one symbol per revealed token, `None` per masked one.
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) or [`IndexOutOfRange`](Error::IndexOutOfRange) for
    /// symbols that do not fit the table.
    pub fn new(table: &JointTable<F>, revealed: &[Option<usize>]) -> Result<Self> {
        let masked: Vec<usize> =
            (0..revealed.len()).filter(|&position| revealed[position].is_none()).collect();
        let conditional = match table.conditional(revealed) {
            Ok(conditional) => Some(conditional),
            Err(Error::ImpossibleContext { .. }) => None,
            Err(Error::Empty { .. }) if masked.is_empty() => None,
            Err(error) => return Err(error),
        };
        Self::of_conditional(table.shape(), revealed, masked, conditional.as_ref())
    }

    /// What a policy sees of a model: the revealed symbols, and the model's prediction for each masked token in order,
    /// one probability per symbol.
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) unless there is one prediction per masked token;
    /// [`Empty`](Error::Empty) for one without symbols; [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative),
    /// [`NotNormalized`](Error::NotNormalized) for a prediction that is not a distribution.
    ///
    /// ```
    /// use unmaskcost::sampler::policy::{Policy, Rule, View};
    /// let predictions = [[0.5, 0.5], [0.05, 0.95], [0.92, 0.08]];
    /// let view = View::of_predictions(&[None, Some(1), None, None], &predictions)?;
    /// assert_eq!(Rule::confidence(0.9)?.next(&view), [2, 3]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn of_predictions(
        revealed: &[Option<usize>],
        predictions: &[impl AsRef<[F]>],
    ) -> Result<Self> {
        let masked: Vec<usize> =
            (0..revealed.len()).filter(|&position| revealed[position].is_none()).collect();
        let (found, expected) = (predictions.len(), masked.len());
        if found != expected {
            let what = "the list of predictions for masked tokens";
            return Err(Error::LengthMismatch { what, found, expected });
        }
        let what = "the prediction for a masked token";
        let prediction = |law: &[F]| match law {
            [] => Err(Error::Empty { what }),
            _ => distribution::normalized(what, law, |sum, tolerance| Error::NotNormalized {
                what,
                row: None,
                sum,
                tolerance,
            }),
        };
        let marginals: Vec<Vec<F>> =
            predictions.iter().map(|law| prediction(law.as_ref())).collect::<Result<_>>()?;
        let entropies = marginals.iter().map(|law| entropy(law)).collect();
        Ok(Self { revealed: revealed.to_vec(), masked, marginals, entropies })
    }

    /// The view from the distribution of the masked tokens, in order, if the context is possible.
    fn of_conditional(
        shape: &[usize],
        revealed: &[Option<usize>],
        masked: Vec<usize>,
        conditional: Option<&JointTable<F>>,
    ) -> Result<Self> {
        let law = |(place, &position): (usize, &usize)| match conditional {
            Some(table) => table.marginal(&[place]).map(|law| law.probabilities().to_vec()),
            None => Ok(vec![F::one() / scalar::float(shape[position]); shape[position]]),
        };
        let marginals: Vec<Vec<F>> = masked.iter().enumerate().map(law).collect::<Result<_>>()?;
        let entropies = marginals.iter().map(|law| entropy(law)).collect();
        Ok(Self { revealed: revealed.to_vec(), masked, marginals, entropies })
    }

    /// One entry per token: its symbol if it is revealed.
    #[must_use]
    pub fn revealed(&self) -> &[Option<usize>] {
        &self.revealed
    }

    /// The masked positions in increasing order.
    #[must_use]
    pub fn masked(&self) -> &[usize] {
        &self.masked
    }

    /// The masked tokens in increasing order of position.
    pub fn masked_tokens(&self) -> impl Iterator<Item = MaskedToken<'_, F>> {
        let tokens = self.masked.iter().zip(&self.marginals).zip(&self.entropies);
        tokens.map(|((&position, law), &entropy)| MaskedToken {
            position,
            law,
            entropy,
            confidence: law.iter().fold(F::zero(), |most, &p| most.max(p)),
        })
    }

    /// The masked tokens, smallest key first; ties go to the earlier position.
    fn sorted_by(&self, key: impl Fn(&MaskedToken<F>) -> F) -> Vec<MaskedToken<'_, F>> {
        let mut tokens: Vec<_> = self.masked_tokens().collect();
        // The sort is stable and the tokens start in order of position.
        tokens.sort_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(core::cmp::Ordering::Equal));
        tokens
    }

    /// The same view with only some of the masked tokens.
    fn restricted(&self, keep: impl Fn(usize) -> bool) -> Self {
        let places: Vec<usize> =
            (0..self.masked.len()).filter(|&place| keep(self.masked[place])).collect();
        Self {
            revealed: self.revealed.clone(),
            masked: places.iter().map(|&place| self.masked[place]).collect(),
            marginals: places.iter().map(|&place| self.marginals[place].clone()).collect(),
            entropies: places.iter().map(|&place| self.entropies[place]).collect(),
        }
    }
}

/// A deterministic rule that says which masked positions are revealed next.
///
/// Every function from a [`View`] to a list of positions is a policy.
///
/// ```
/// use unmaskcost::{sampler::policy::{View, self}, distribution::JointTable};
/// let table: JointTable = JointTable::from_counts(&[2, 2, 2], [4, 1, 1, 2, 1, 2, 2, 7])?;
/// let ends_first = |view: &View| match view.masked() {
///     [first, .., last] => vec![*first, *last],
///     rest => rest.to_vec(),
/// };
/// let cost = policy::cost(&table, &ends_first)?;
/// assert!(cost.sampling_error.0 > 0.0);
/// assert_eq!(cost.rounds_of_data, 2.0);
///
/// // One that looks at the predictions: all tokens of less than half a nat, else the first.
/// let easy_first = |view: &View| {
///     let easy = view.masked_tokens().filter(|token| token.entropy < 0.5);
///     let easy: Vec<usize> = easy.map(|token| token.position).collect();
///     if easy.is_empty() { view.masked()[..1].to_vec() } else { easy }
/// };
/// assert!(policy::cost(&table, &easy_first)?.sampling_error < cost.sampling_error);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub trait Policy<F: Scalar = f64> {
    /// The positions to reveal next: masked ones, at least one, none twice.
    fn next(&self, view: &View<F>) -> Vec<usize>;
}

impl<F: Scalar, P: Fn(&View<F>) -> Vec<usize>> Policy<F> for P {
    fn next(&self, view: &View<F>) -> Vec<usize> {
        self(view)
    }
}

/// What a policy chose, as sorted places in the list of masked positions, if it is allowed.
fn chosen_places<F: Scalar>(
    policy: &(impl Policy<F> + ?Sized),
    view: &View<F>,
) -> Result<Vec<usize>> {
    let positions = policy.next(view);
    if positions.is_empty() {
        return Err(Error::Empty { what: "the set that the policy reveals next" });
    }
    let mut places = Vec::with_capacity(positions.len());
    for position in positions {
        let limit = view.revealed.len();
        if position >= limit {
            return Err(Error::IndexOutOfRange { what: "position", index: position, limit });
        }
        let place = view
            .masked
            .binary_search(&position)
            .map_err(|_| Error::AlreadyRevealed { position })?;
        places.push((place, position));
    }
    places.sort_unstable();
    if let Some(pair) = places.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::Duplicate { what: "position", index: pair[0].1 });
    }
    Ok(places.into_iter().map(|(place, _)| place).collect())
}

/// The entropy of a distribution, accurate also if it is small: one symbol that is nearly certain enters by the
/// probability of all others.
fn entropy<F: Scalar>(law: &[F]) -> F {
    let likeliest =
        law.iter().enumerate().fold(0, |best, (i, &p)| if p > law[best] { i } else { best });
    let others = || law.iter().enumerate().filter(|&(i, _)| i != likeliest).map(|(_, &p)| p);
    let Some(&largest) = law.get(likeliest) else { return F::zero() };
    let rest = scalar::sum(others()).min(F::one() - F::epsilon());
    scalar::sum(others().map(scalar::neg_x_ln_x).chain([-largest * (-rest).ln_1p()]))
}
