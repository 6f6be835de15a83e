//! Tables given some of their tokens: prompts and earlier blocks.

use crate::curve::InformationCurve;
use crate::distribution::JointTable;
use crate::error::{Error, Result};
use crate::numeric::scalar::{CompensatedSum, Scalar};

impl<F: Scalar> JointTable<F> {
    /// The distribution of the other tokens given the symbols of some: one entry per token, `None` for the
    /// tokens that remain, which keep their order. O(cells).
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) unless there is an entry per token;
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a symbol outside its alphabet;
    /// [`ImpossibleContext`](Error::ImpossibleContext) if the symbols have probability zero;
    /// [`Empty`](Error::Empty) if no token remains.
    ///
    /// ```
    /// use unmaskcost::distribution::JointTable;
    /// let table: JointTable = JointTable::from_counts(&[2, 3], [1, 1, 2, 3, 1, 0])?;
    /// assert_eq!(table.conditional(&[Some(1), None])?.probabilities(), [0.75, 0.25, 0.0]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn conditional(&self, symbols: &[Option<usize>]) -> Result<Self> {
        if symbols.len() != self.tokens() {
            return Err(Error::LengthMismatch {
                what: "the list of revealed symbols",
                found: symbols.len(),
                expected: self.tokens(),
            });
        }
        // The cells that agree with the symbols, in row-major order of the other tokens.
        let mut cells = vec![0];
        let mut shape = Vec::new();
        for (symbol, &alphabet) in symbols.iter().zip(self.shape()) {
            cells = match *symbol {
                Some(symbol) if symbol >= alphabet => {
                    return Err(Error::IndexOutOfRange {
                        what: "symbol",
                        index: symbol,
                        limit: alphabet,
                    });
                }
                Some(symbol) => cells.into_iter().map(|cell| cell * alphabet + symbol).collect(),
                None => {
                    shape.push(alphabet);
                    let all = |cell| (0..alphabet).map(move |symbol| cell * alphabet + symbol);
                    cells.into_iter().flat_map(all).collect()
                }
            };
        }
        if shape.is_empty() {
            return Err(Error::Empty { what: "the list of tokens that remain" });
        }
        let weights: Vec<F> = cells.into_iter().map(|cell| self.probabilities()[cell]).collect();
        if weights.iter().all(|w| *w == F::zero()) {
            return Err(Error::ImpossibleContext { what: "the list of revealed symbols" });
        }
        Self::from_weights(&shape, weights)
    }

    /// The exact information curve of `tokens` tokens given the `prefix` tokens before them, averaged
    /// over what these are: the curve of a block that follows revealed blocks.
    ///
    /// For one given prefix, use [`JointTable::conditional`] and
    /// [`JointTable::information_curve`]. The mean takes one curve for each prefix of positive
    /// probability.
    ///
    /// # Formula
    /// ```text
    /// f_k = mean over S of H(X_i | X_S, X_prefix),   S a set of k tokens of the block, i outside S
    /// ```
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`LengthMismatch`](Error::LengthMismatch) if the table
    /// has fewer than `prefix + tokens`, and as [`JointTable::information_curve`].
    ///
    /// ```
    /// use unmaskcost::distribution::JointTable;
    /// // X_2 = X_0 and X_3 = X_1: given the first two, the others are certain.
    /// let counts = (0..16_u8).map(|x| u8::from(x >> 2 == x & 3));
    /// let table: JointTable = JointTable::from_counts(&[2; 4], counts.collect::<Vec<_>>())?;
    /// let second = table.information_curve_given_prefix(2, 2)?;
    /// assert_eq!(second.total_correlation().0, 0.0);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn information_curve_given_prefix(
        &self,
        prefix: usize,
        tokens: usize,
    ) -> Result<InformationCurve<F>> {
        if tokens == 0 {
            return Err(Error::Empty { what: "the block" });
        }
        let end = prefix.checked_add(tokens).filter(|&end| end <= self.tokens());
        let Some(end) = end else {
            return Err(Error::LengthMismatch {
                what: "the prefix with the block",
                found: prefix.saturating_add(tokens),
                expected: self.tokens(),
            });
        };
        let seen = self.marginal(&(0..end).collect::<Vec<_>>())?;
        let block = &self.shape()[prefix..end];
        let mut entropies = vec![CompensatedSum::new(); tokens];
        for words in seen.probabilities().chunks(block.iter().product()) {
            let probability: F = words.iter().copied().collect::<CompensatedSum<F>>().total();
            if probability == F::zero() {
                continue;
            }
            let curve = Self::from_weights(block, words)?.information_curve()?;
            for (k, sum) in entropies.iter_mut().enumerate() {
                let entropy = curve.conditional_entropy(k).map_or(F::zero(), |entropy| entropy.0);
                sum.add(probability * entropy);
            }
        }
        let entropies: Vec<F> = entropies.into_iter().map(CompensatedSum::total).collect();
        InformationCurve::from_conditional_entropies(entropies)
    }
}
