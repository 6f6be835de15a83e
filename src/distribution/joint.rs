use num_traits::PrimInt;

use crate::bounds::sharp::Known;
use crate::curve::InformationCurve;
use crate::distribution::subsets::{self, SubsetEntropies};
use crate::error::{Error, Result};
use crate::numeric::entropy::entropy_function;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::units::Nats;

/// The joint distribution of `n` tokens as a table of probabilities, row-major (the last token varies
/// fastest). Alphabets may differ from token to token.
///
/// ```
/// use unmaskcost::{Schedule, distribution::JointTable};
/// // Two equal fair bits.
/// let copy = JointTable::from_probabilities(&[2, 2], [0.5, 0.0, 0.0, 0.5])?;
/// let curve = copy.information_curve()?;
/// assert!((curve.total_correlation().0 - std::f64::consts::LN_2).abs() < 1e-15);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct JointTable<F = f64> {
    shape: Vec<usize>,
    probabilities: Vec<F>,
}

/// The largest table that is made from samples, in cells: 256 MiB of `f64`.
pub(super) const MAX_CELLS: usize = 1 << 25;

/// The total and the dual total correlation of a distribution: how far its tokens are from
/// independent. Both are zero for independent tokens only.
///
/// Chen, Cong & Li (arXiv 2511.04647) derive schedules from either; see
/// [`JointTable::correlations`] for the definitions.
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
pub struct Correlations<F = f64> {
    /// TC, the error of revealing all tokens at once.
    pub total: Nats<F>,
    /// DTC, the dual total correlation.
    pub dual_total: Nats<F>,
    /// How far each may be off by rounding: they are differences of entropies.
    pub rounding: Nats<F>,
}

impl<F: Scalar> Correlations<F> {
    /// Both, with their rounding, as knowledge of a distribution over this many tokens. Its bounds hold
    /// even where the correlations are so small that little but their rounding is left.
    ///
    /// ```
    /// use unmaskcost::{Schedule, bounds::Knowledge, distribution::JointTable};
    /// // Nearly independent.
    /// let weights = [16101537, 9667202, 8809744, 10921660, 13044468, 10834728, 8489198, 8498909];
    /// let table: JointTable = JointTable::from_counts(&[2; 3], weights)?;
    /// let schedule = Schedule::from_reveal_sizes([2, 1])?;
    /// let bounds = table.correlations().known(3).bounds(&schedule)?;
    /// assert!(bounds.contains(table.information_curve()?.sampling_error(&schedule)?));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn known(&self, tokens: usize) -> Known<F> {
        let known = Known::about(tokens).total_correlation(self.total);
        known.dual_total_correlation(self.dual_total).off_by(self.rounding)
    }
}

impl<F: Scalar> JointTable<F> {
    /// The table of these probabilities, in row-major order.
    ///
    /// Their sum may differ from 1, and single values may be negative, by no more than
    /// [`Scalar::tolerance`]; negative values become zero and the rest is divided by its sum.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no tokens or an empty alphabet, [`Overflow`](Error::Overflow) for
    /// a shape whose cells cannot be counted, [`LengthMismatch`](Error::LengthMismatch),
    /// [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative),
    /// [`NotNormalized`](Error::NotNormalized).
    ///
    /// ```
    /// use unmaskcost::{Error, distribution::JointTable};
    /// let bad = JointTable::from_probabilities(&[2], [0.5, 0.6]);
    /// assert!(matches!(bad, Err(Error::NotNormalized { .. })));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_probabilities(shape: &[usize], probabilities: impl AsRef<[F]>) -> Result<Self> {
        let probabilities = probabilities.as_ref();
        check_weights(shape, "probabilities", probabilities, F::tolerance())?;
        let clipped: Vec<F> = probabilities.iter().map(|p| p.max(F::zero())).collect();
        let sum = scalar::sum(clipped.iter().copied());
        if (sum - F::one()).abs() > F::tolerance() {
            return Err(Error::NotNormalized {
                what: "the table of probabilities",
                row: None,
                sum: scalar::evidence(sum),
                tolerance: scalar::evidence(F::tolerance()),
            });
        }
        Ok(Self::normalized(shape, clipped, sum))
    }

    /// The table of the relative frequencies of counts, in row-major order and of any integer type:
    /// `p(x) = count(x) / sum of counts`.
    ///
    /// # Errors
    /// As [`JointTable::from_probabilities`], with [`OutOfRange`](Error::OutOfRange) if all counts are
    /// zero.
    ///
    /// ```
    /// use unmaskcost::distribution::JointTable;
    /// let table: JointTable = JointTable::from_counts(&[2, 2], [3, 1, 1, 3])?;
    /// assert_eq!(table.probabilities(), [0.375, 0.125, 0.125, 0.375]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_counts<C: PrimInt>(shape: &[usize], counts: impl AsRef<[C]>) -> Result<Self> {
        let weights: Vec<F> =
            counts.as_ref().iter().map(|count| F::from(*count).unwrap_or_else(F::nan)).collect();
        Self::from_weights(shape, weights)
    }

    /// The table proportional to nonnegative weights of any sum, in row-major order:
    /// `p(x) = weight(x) / sum of weights`.
    ///
    /// # Errors
    /// As [`JointTable::from_probabilities`], with [`OutOfRange`](Error::OutOfRange) if all weights are
    /// zero and [`Overflow`](Error::Overflow) if their sum is not finite.
    pub fn from_weights(shape: &[usize], weights: impl AsRef<[F]>) -> Result<Self> {
        let weights = weights.as_ref();
        check_weights(shape, "weights", weights, F::zero())?;
        let sum = scalar::sum(weights.iter().copied());
        if sum == F::zero() {
            return Err(scalar::not_positive("the sum of the weights", 0.0));
        }
        if !sum.is_finite() {
            return Err(Error::Overflow { what: "the sum of the weights" });
        }
        Ok(Self::normalized(shape, weights.to_vec(), sum))
    }

    /// The empirical distribution of samples, each a list of one symbol per token.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no samples, [`LengthMismatch`](Error::LengthMismatch) for a sample
    /// of another length than the shape, [`IndexOutOfRange`](Error::IndexOutOfRange) for a symbol
    /// outside its alphabet, [`TooLarge`](Error::TooLarge) for more than 2^25 cells.
    ///
    /// ```
    /// use unmaskcost::distribution::JointTable;
    /// let words = [[0, 1], [1, 0], [0, 1], [0, 1]];
    /// let table: JointTable = JointTable::from_samples(&[2, 2], words)?;
    /// assert_eq!(table.probabilities(), [0.0, 0.75, 0.25, 0.0]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_samples<S: AsRef<[usize]>>(
        shape: &[usize],
        samples: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let cells = count_cells(shape)?;
        if cells > MAX_CELLS {
            return Err(Error::TooLarge {
                what: "cells of a table made from samples",
                needed: cells as u128,
                limit: MAX_CELLS as u128,
            });
        }
        let mut counts = vec![0_u64; cells];
        let mut empty = true;
        for sample in samples {
            let sample = sample.as_ref();
            if sample.len() != shape.len() {
                return Err(Error::LengthMismatch {
                    what: "a sample",
                    found: sample.len(),
                    expected: shape.len(),
                });
            }
            let mut cell = 0;
            for (&symbol, &alphabet) in sample.iter().zip(shape) {
                if symbol >= alphabet {
                    return Err(Error::IndexOutOfRange {
                        what: "symbol",
                        index: symbol,
                        limit: alphabet,
                    });
                }
                cell = cell * alphabet + symbol;
            }
            counts[cell] += 1;
            empty = false;
        }
        if empty {
            return Err(Error::Empty { what: "the list of samples" });
        }
        Self::from_counts(shape, counts)
    }

    fn normalized(shape: &[usize], mut weights: Vec<F>, sum: F) -> Self {
        weights.iter_mut().for_each(|w| *w = *w / sum);
        Self { shape: shape.to_vec(), probabilities: weights }
    }

    /// The number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.shape.len()
    }

    /// The alphabet sizes, one per token.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The probabilities, row-major.
    #[must_use]
    pub fn probabilities(&self) -> &[F] {
        &self.probabilities
    }

    /// The joint distribution of some of the tokens, in the order in which they are listed.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no positions, [`IndexOutOfRange`](Error::IndexOutOfRange) and
    /// [`Duplicate`](Error::Duplicate) for positions that do not exist or are listed twice.
    pub fn marginal(&self, positions: &[usize]) -> Result<Self> {
        if positions.is_empty() {
            return Err(Error::Empty { what: "the list of positions" });
        }
        let strides = self.strides_within(positions)?;
        let shape: Vec<usize> = positions.iter().map(|&i| self.shape[i]).collect();
        let mut sums = vec![CompensatedSum::new(); shape.iter().product()];
        self.for_each_cell(&strides, |cell, p| sums[cell].add(p));
        let probabilities = sums.into_iter().map(CompensatedSum::total).collect();
        Ok(Self { shape, probabilities })
    }

    /// H(X_S), the entropy of some of the tokens together; 0 for no token.
    ///
    /// # Formula
    /// ```text
    /// H(X_S) = - sum_x p(x_S) ln p(x_S)
    /// ```
    ///
    /// # Errors
    /// As [`JointTable::marginal`], but the empty set is allowed.
    ///
    /// ```
    /// use unmaskcost::distribution::JointTable;
    /// let copy: JointTable = JointTable::from_counts(&[2, 2], [1, 0, 0, 1])?;
    /// assert_eq!(copy.entropy(&[0])?, copy.entropy(&[0, 1])?);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn entropy(&self, positions: &[usize]) -> Result<Nats<F>> {
        if positions.is_empty() {
            return Ok(Nats(F::zero()));
        }
        let entropy = |probabilities: &[F]| Nats(entropy_function()(probabilities).max(F::zero()));
        if positions.iter().copied().eq(0..self.tokens()) {
            return Ok(entropy(&self.probabilities));
        }
        Ok(entropy(&self.marginal(positions)?.probabilities))
    }

    /// The exact information curve, from the entropies of all sets of tokens.
    ///
    /// # Running time and memory
    /// `prod (q_i + 1)` logarithms and about as many additions, where `q_i` are the alphabet sizes:
    /// `3^n` for `n` binary tokens. They are vectorised in `f64` and `f32`. Besides the table, at most as
    /// much memory again is used; with the feature `rayon`, as much for each thread, once. The result
    /// has the same bits with any number of threads.
    ///
    /// # Accuracy
    /// Every entropy is within a few units in the last place. The conditional entropies `f_k` are
    /// differences of them: right to about 1e-14 nats, not to a relative error.
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) if `prod (q_i + 1)` is more than 2^40 (a quarter of an hour on
    /// one core), or for more than 32 tokens.
    ///
    /// ```
    /// use unmaskcost::distribution::JointTable;
    /// // The first two tokens are equal, the third is independent of them.
    /// let table: JointTable = JointTable::from_counts(&[2, 2, 2], [1, 1, 0, 0, 0, 0, 1, 1])?;
    /// let curve = table.information_curve()?;
    /// assert!((curve.total_correlation().bits().0 - 1.0).abs() < 1e-15);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn information_curve(&self) -> Result<InformationCurve<F>> {
        subsets::information_curve(self)
    }

    /// H(X_S) for every set S of tokens.
    ///
    /// Running time, memory and accuracy are those of [`JointTable::information_curve`], with `2^n`
    /// numbers more for the result.
    ///
    /// # Errors
    /// As [`JointTable::information_curve`], and [`TooLarge`](Error::TooLarge) for more than 2^25
    /// sets.
    ///
    /// ```
    /// use unmaskcost::distribution::JointTable;
    /// let copy: JointTable = JointTable::from_counts(&[2, 2], [1, 0, 0, 1])?;
    /// let entropies = copy.subset_entropies()?;
    /// // I(X_0; X_1) = H(X_0) + H(X_1) - H(X_0, X_1)
    /// let h = entropies.values();
    /// assert!((h[0b01] + h[0b10] - h[0b11] - std::f64::consts::LN_2).abs() < 1e-14);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn subset_entropies(&self) -> Result<SubsetEntropies<F>> {
        subsets::subset_entropies(self)
    }

    /// The total and the dual total correlation, without the curve.
    ///
    /// They need the entropies of `2n + 1` sets only: of each token, of all but each token, and of
    /// all. O(n cells); memory for one and a half tables more.
    ///
    /// # Formula
    /// ```text
    /// TC  = sum_i H(X_i) - H(X)
    /// DTC = H(X) - sum_i H(X_i | X_{-i}),   H(X_i | X_{-i}) = H(X) - H(X_{-i})
    /// ```
    ///
    /// # Accuracy
    /// Absolute, as differences of entropies: about 1e-15 nats times the number of tokens. The result says
    /// how far it may be off, and bounds made by [`Correlations::known`] allow for that.
    ///
    /// ```
    /// use unmaskcost::distribution::JointTable;
    /// let copy: JointTable = JointTable::from_counts(&[2; 3], [1, 0, 0, 0, 0, 0, 0, 1])?;
    /// let correlations = copy.correlations();
    /// assert!((correlations.total.bits().0 - 2.0).abs() < 1e-14);
    /// assert!((correlations.dual_total.bits().0 - 1.0).abs() < 1e-14);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn correlations(&self) -> Correlations<F> {
        let entropy = entropy_function();
        let joint = entropy(&self.probabilities);
        let mut singles = CompensatedSum::new();
        let mut conditionals = CompensatedSum::new();
        // The joint distribution of the tokens up to this one: all later ones are summed out already.
        let mut first_tokens = self.probabilities.clone();
        let mut smaller = Vec::new();
        let mut stride = 1;
        for &alphabet in self.shape.iter().rev().filter(|&&alphabet| alphabet > 1) {
            smaller.resize(self.probabilities.len() / alphabet, F::zero());
            subsets::sum_out(&self.probabilities, alphabet, stride, &mut smaller);
            conditionals.add((joint - entropy(&smaller)).max(F::zero()));
            stride *= alphabet;

            let others = first_tokens.len() / alphabet;
            let mut single = vec![F::zero(); alphabet];
            subsets::sum_out(&first_tokens, others, alphabet, &mut single);
            singles.add(entropy(&single));
            smaller.truncate(others);
            subsets::sum_out(&first_tokens, alphabet, 1, &mut smaller);
            core::mem::swap(&mut first_tokens, &mut smaller);
        }
        let total = (singles.total() - joint).max(F::zero());
        let dual = (joint - conditionals.total()).max(F::zero());
        // Each is at most n - 1 times the other. Rounding may break this, so it is restored.
        let others = scalar::float::<F>(self.tokens() - 1);
        let at_least = |least: F| if others > F::zero() { least / others } else { F::zero() };
        let limit = |x: F| if others > F::zero() { x } else { F::zero() };
        // Each of 2n + 1 entropies is off by its own rounding and by that of the probabilities.
        let entropies = scalar::float::<F>(2 * self.tokens() + 1);
        let rounding = entropies * (F::epsilon() + F::epsilon()) * (F::one() + joint);
        Correlations {
            total: Nats(limit(total).max(at_least(dual))),
            dual_total: Nats(limit(dual).max(at_least(total))),
            rounding: Nats(rounding),
        }
    }

    /// KL(self || other) in nats; infinite where `other` has no mass on a cell of `self`.
    ///
    /// # Formula
    /// ```text
    /// KL(p || q) = sum_x p(x) ln( p(x) / q(x) ) = sum_x p(x) ln( p(x) / q(x) ) - p(x) + q(x)
    /// ```
    /// The second sum is the one computed: its terms are not negative, so nothing cancels where the
    /// tables are close.
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) unless both tables have the same shape.
    ///
    /// ```
    /// use unmaskcost::distribution::JointTable;
    /// let p = JointTable::from_probabilities(&[2], [0.5, 0.5])?;
    /// let q = JointTable::from_probabilities(&[2], [1.0, 0.0])?;
    /// assert_eq!(p.kl_divergence(&q)?.0, f64::INFINITY);
    /// assert_eq!(q.kl_divergence(&p)?.0, 2.0_f64.ln());
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn kl_divergence(&self, other: &Self) -> Result<Nats<F>> {
        self.check_same_shape(other)?;
        let pairs = self.probabilities.iter().zip(&other.probabilities);
        let terms = pairs.map(|(&p, &q)| match q > F::zero() {
            true => scalar::divergence_term(p, q, p - q),
            false if p > F::zero() => F::infinity(),
            false => F::zero(),
        });
        Ok(Nats(scalar::sum(terms)))
    }

    /// The total variation distance, between 0 and 1.
    ///
    /// # Formula
    /// ```text
    /// TV(p, q) = (1/2) sum_x |p(x) - q(x)|
    /// ```
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) unless both tables have the same shape.
    pub fn total_variation(&self, other: &Self) -> Result<F> {
        self.check_same_shape(other)?;
        let pairs = self.probabilities.iter().zip(&other.probabilities);
        Ok(scalar::sum(pairs.map(|(&p, &q)| (p - q).abs())) / scalar::constant(2.0))
    }

    fn check_same_shape(&self, other: &Self) -> Result<()> {
        if self.shape.len() != other.shape.len() {
            return Err(Error::LengthMismatch {
                what: "the shape of the other table",
                found: other.shape.len(),
                expected: self.shape.len(),
            });
        }
        match self.shape.iter().zip(&other.shape).find(|(mine, others)| mine != others) {
            Some((&expected, &found)) => Err(Error::LengthMismatch {
                what: "an alphabet of the other table",
                found,
                expected,
            }),
            None => Ok(()),
        }
    }

    /// For each token, its stride in the row-major table of `positions`; 0 for tokens not listed.
    fn strides_within(&self, positions: &[usize]) -> Result<Vec<usize>> {
        let mut strides = vec![None; self.tokens()];
        let mut stride = 1;
        for &position in positions.iter().rev() {
            match strides.get_mut(position) {
                None => {
                    return Err(Error::IndexOutOfRange {
                        what: "position",
                        index: position,
                        limit: self.tokens(),
                    });
                }
                Some(Some(_)) => {
                    return Err(Error::Duplicate { what: "position", index: position });
                }
                Some(slot) => *slot = Some(stride),
            }
            stride *= self.shape[position];
        }
        Ok(strides.into_iter().map(|stride| stride.unwrap_or(0)).collect())
    }

    /// Calls `visit` with the cell that `strides` assign to each word, and the word's probability.
    fn for_each_cell(&self, strides: &[usize], mut visit: impl FnMut(usize, F)) {
        let mut word = vec![0; self.tokens()];
        let mut cell = 0;
        for &p in &self.probabilities {
            visit(cell, p);
            for i in (0..word.len()).rev() {
                word[i] += 1;
                cell += strides[i];
                if word[i] < self.shape[i] {
                    break;
                }
                cell -= strides[i] * self.shape[i];
                word[i] = 0;
            }
        }
    }
}

/// The number of cells of a table with these alphabets.
fn count_cells(shape: &[usize]) -> Result<usize> {
    if shape.is_empty() {
        return Err(Error::Empty { what: "the shape (a table without tokens)" });
    }
    if shape.contains(&0) {
        return Err(Error::Empty { what: "an alphabet" });
    }
    shape
        .iter()
        .try_fold(1_usize, |cells, &alphabet| cells.checked_mul(alphabet))
        .ok_or(Error::Overflow { what: "the number of cells of the table" })
}

fn check_weights<F: Scalar>(
    shape: &[usize],
    what: &'static str,
    weights: &[F],
    tolerance: F,
) -> Result<()> {
    let expected = count_cells(shape)?;
    if weights.len() != expected {
        return Err(Error::LengthMismatch { what, found: weights.len(), expected });
    }
    scalar::check_finite(what, weights)?;
    match weights.iter().position(|w| *w < F::zero() - tolerance) {
        Some(index) => {
            let value = scalar::evidence(weights[index]);
            Err(Error::Negative { what, index: Some(index), value })
        }
        None => Ok(()),
    }
}
