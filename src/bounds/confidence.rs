//! What the confidences of a round guarantee, if the predictions are right.
//!
//! A round reveals n tokens. The *confidence* `c_i` of a token is the probability of its likeliest symbol, given what
//! was revealed before the round. The *word of modes* has the likeliest symbol at each place.
//!
//! | question | call |
//! | --- | --- |
//! | how much can the round cost, in KL divergence | [`kl_upper`] |
//! | how far can its word be from a true one, in total variation | [`total_variation_upper`] |
//! | is the word of modes the likeliest word | [`modes_are_likeliest`] |
//! | all three as published, to compare with | [`published`] |
//! | which rules reveal tokens only as long as this holds | [`Rule::factor`](crate::sampler::policy::Rule::factor), [`Rule::frechet`](crate::sampler::policy::Rule::frechet) |
//!
//! # Several rounds
//! Costs add. The divergence of the sampler from the data is at most the mean, over sequences of the data, of the sum
//! of [`kl_upper`] over rounds. The total variation distance is at most the same mean of sums of
//! [`total_variation_upper`]. So sum over the rounds of each sequence, and take the mean over sequences.
//!
//! The predictions must be right: a confidence that a model only claims guarantees nothing. The measured cost of a real model is
//! [`DecoderRuns`](crate::measured::DecoderRuns).

use crate::bounds;
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::units::Nats;

/// An upper bound on what a round costs, which is the conditional total correlation of its tokens.
///
/// # Formula
/// ```text
/// TC(X_S | x_C) <= sum_i h(1 - c_i) - max_i h(1 - c_i)
/// h(e) = -e ln e - (1 - e) ln(1 - e) + e ln(V - 1)   for e <= 1 - 1/V, else ln V
/// ```
/// for a vocabulary of V symbols. It is attained by n equal tokens. Each `h` is the largest entropy of a token with that
/// confidence; and `H(X_S | x_C)` is at least the largest of the entropies.
///
/// # Errors
/// [`Empty`](Error::Empty) for no token; [`NotFinite`](Error::NotFinite); [`OutOfRange`](Error::OutOfRange) for a
/// vocabulary of no symbol, or a confidence below `1 / V` or above 1.
///
/// ```
/// use unmaskcost::bounds::confidence;
/// // Four tokens with 0.9 each, of 126,000 symbols: safe, and loose.
/// let bound = confidence::kl_upper(&[0.9; 4], 126_000)?;
/// assert_eq!(format!("{bound:.1}"), "4.5 nats");
/// assert_eq!(confidence::kl_upper(&[0.3], 126_000)?.0, 0.0); // one token at a time costs nothing
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn kl_upper<F: Scalar>(confidences: &[F], vocabulary: usize) -> Result<Nats<F>> {
    let confidences = &check(confidences)?;
    if vocabulary == 0 {
        return Err(Error::OutOfRange {
            what: "vocabulary",
            value: 0.0,
            needed: "at least 1 symbol",
        });
    }
    let least = F::one() / scalar::float(vocabulary);
    if let Some(&low) = confidences.iter().find(|c| **c < least - F::tolerance() * least) {
        let (what, needed) = ("confidence", "at least one over the vocabulary");
        return Err(Error::OutOfRange { what, value: scalar::evidence(low), needed });
    }
    let entropies: Vec<F> = confidences.iter().map(|&c| most_entropy(c, vocabulary)).collect();
    Ok(Nats(without_largest(&entropies)))
}

/// An upper bound on the total variation distance between the words that a round produces and true ones, given what
/// is revealed.
///
/// # Formula
/// ```text
/// TV <= min(1, sum_i (1 - c_i))          0 for one token
/// ```
/// Both distributions give the word of modes a probability of at least `1 - sum (1 - c_i)`, and they can differ only in
/// the rest. Equal tokens come near the bound: for n equal bits with probability `1 - e` for the mode, the distance is
/// `1 - (1 - e)^n - e^n`, about `n e`.
///
/// # Errors
/// [`Empty`](Error::Empty) for no token; [`OutOfRange`](Error::OutOfRange).
///
/// ```
/// use unmaskcost::bounds::confidence;
/// let bound = confidence::total_variation_upper(&[0.99_f64, 0.98, 0.95])?;
/// assert!((bound - 0.08).abs() < 1e-12);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn total_variation_upper<F: Scalar>(confidences: &[F]) -> Result<F> {
    let confidences = &check(confidences)?;
    if confidences.len() == 1 {
        return Ok(F::zero());
    }
    Ok(round_up(sum_of_doubts(confidences)).min(F::one()))
}

/// Whether the word of modes is certain to be the likeliest word of a round, so that taking the likeliest symbols one by one or together makes no
/// difference. Other words may be as likely if the inequality is an equality.
///
/// # Formula
/// ```text
/// sum_i (1 - c_i) + max_i (1 - c_i) <= 1
/// ```
/// The word of modes has a probability of at least `1 - sum (1 - c_i)`. Any other word differs from it at some place i,
/// and has a probability of at most `1 - c_i`. For equal confidences the inequality is Fast-dLLM's condition
/// `(n + 1) (1 - c) <= 1`, which cannot be weakened; for unequal ones it is the condition of Fast-dLLM++.
///
/// # Errors
/// [`Empty`](Error::Empty) for no token; [`OutOfRange`](Error::OutOfRange).
///
/// ```
/// use unmaskcost::bounds::confidence;
/// assert!(confidence::modes_are_likeliest(&[0.9_f64; 9])?);
/// assert!(!confidence::modes_are_likeliest(&[0.9_f64; 10])?);
/// assert!(confidence::modes_are_likeliest(&[0.999_f64, 0.999, 0.999, 0.6])?);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn modes_are_likeliest<F: Scalar>(confidences: &[F]) -> Result<bool> {
    let confidences = &check(confidences)?;
    let largest = confidences.iter().fold(F::zero(), |most, &c| most.max(F::one() - c));
    // The noise of the subtractions is allowed for, so that nine confidences of 0.9 meet the
    // inequality with equality.
    let noise = scalar::float::<F>(confidences.len() + 1) * F::epsilon();
    Ok(sum_of_doubts(confidences) + largest <= F::one() + noise)
}

/// The bounds of Fast-dLLM's Theorem 1 for n tokens that all have at least a given confidence. Made by
/// [`published`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
#[non_exhaustive]
pub struct Published<F = f64> {
    /// `(n - 1) (H_b(e) + e ln(V - 1))`: equal to [`kl_upper`] for equal confidences.
    pub kl: Nats<F>,
    /// `(3 n - 1) e / 2`: larger than [`total_variation_upper`] for two or more tokens, and above 1 for
    /// many.
    pub total_variation: F,
    /// `(n + 1) e <= 1`: the word of modes is the likeliest one.
    pub modes_are_likeliest: bool,
}

/// The bounds of Fast-dLLM's Theorem 1, from the smallest confidence of a round, for comparison.
///
/// Source: arXiv 2505.22618, Theorem 1.
///
/// # Errors
/// As [`kl_upper`].
///
/// ```
/// use unmaskcost::bounds::confidence;
/// let round = [0.99_f64, 0.98, 0.95];
/// let published = confidence::published(&round, 126_000)?;
/// assert!(published.kl > confidence::kl_upper(&round, 126_000)?);
/// assert!(published.total_variation > 2.4 * confidence::total_variation_upper(&round)?);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn published<F: Scalar>(confidences: &[F], vocabulary: usize) -> Result<Published<F>> {
    let confidences = &check(confidences)?;
    let smallest = confidences.iter().fold(F::one(), |least, &c| least.min(c));
    let equal = vec![smallest; confidences.len()];
    let tokens = scalar::float::<F>(confidences.len());
    let three = scalar::float::<F>(3);
    let doubt = F::one() - smallest;
    Ok(Published {
        kl: kl_upper(&equal, vocabulary)?,
        total_variation: round_up((three * tokens - F::one()) * doubt / scalar::float(2)),
        modes_are_likeliest: modes_are_likeliest(&equal)?,
    })
}

/// The largest entropy of a token with this vocabulary whose likeliest symbol has this probability,
/// rounded up.
fn most_entropy<F: Scalar>(confidence: F, vocabulary: usize) -> F {
    let symbols = scalar::float::<F>(vocabulary);
    let doubt = F::one() - confidence;
    if vocabulary == 1 {
        return F::zero();
    }
    if doubt >= F::one() - F::one() / symbols {
        return round_up(symbols.ln());
    }
    let binary = scalar::neg_x_ln_x(doubt) + scalar::neg_x_ln_x(confidence);
    round_up(binary + doubt * (symbols - F::one()).ln())
}

/// The bound, rounded up.
fn round_up<F: Scalar>(bound: F) -> F {
    bounds::round_up(bound).0
}

fn without_largest<F: Scalar>(values: &[F]) -> F {
    let largest =
        values.iter().enumerate().fold(0, |best, (i, &x)| if x > values[best] { i } else { best });
    let others = values.iter().enumerate().filter(|(i, _)| *i != largest).map(|(_, &x)| x);
    match values.len() {
        0 | 1 => F::zero(),
        _ => round_up(scalar::sum(others)),
    }
}

fn sum_of_doubts<F: Scalar>(confidences: &[F]) -> F {
    confidences.iter().map(|&c| F::one() - c).collect::<CompensatedSum<F>>().total()
}

/// The confidences, each at most one: a division or a softmax may leave rounding noise above it.
fn check<F: Scalar>(confidences: &[F]) -> Result<Vec<F>> {
    if confidences.is_empty() {
        return Err(Error::Empty { what: "the list of confidences" });
    }
    let most = F::one() + F::tolerance();
    let cut = |&c: &F| if c > F::one() && c <= most { F::one() } else { c };
    let confidences = Vec::from_iter(confidences.iter().map(cut));
    confidences.iter().try_for_each(|&c| scalar::check_probability("confidence", c))?;
    Ok(confidences)
}
