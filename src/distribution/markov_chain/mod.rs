use num_traits::PrimInt;

use crate::distribution::joint::MAX_CELLS;
use crate::distribution::{JointTable, normalized};
use crate::error::{Error, Result, check_limit, not_applicable};
use crate::numeric::scalar::{self, Scalar};

mod along_order;
mod baum_welch;
mod curve;
mod extended;
mod fit;
mod hidden;
mod higher_order;
mod smoothing;
mod stationary;
mod steps;

pub use hidden::HiddenMarkovChain;

use stationary::{closed_class, stationary_law};

/// A Markov chain over a finite alphabet: an initial distribution and a transition matrix. Any number of its
/// tokens, at any length, has an exact information curve.
///
/// # Formula
/// ```text
/// M_n = sum over l of I(X_l; X_{l+n})        all pairs at distance n among the L tokens, M_L = 0
/// M_n - M_{n+1} = sum over l of I(X_l; X_{l+n} | X_{l-1})
/// A_n = M_{n-1} - 2 M_n + M_{n+1} >= 0       n = 2 .. L
/// d_k = sum_n n(n-1)/(L(L-1)) A_n C(L-n, k-1)/C(L-2, k-1)        k = 1 .. L-1
/// ```
/// where `d_k` are the increments of the [information curve](crate::InformationCurve). In words: a chain
/// has the curve of independent symbols that are each repeated in `n` of the tokens, with `A_n` nats of
/// such symbols for each `n`. So the curve needs only the information of *pairs*, whatever the length;
/// `docs/theory.md` has the proof.
///
/// # Running time
/// With `q` symbols and `D` the distance at which the chain has mixed: `O(D q^3)`, with logarithms for
/// all triples of symbols unless the chain is stationary and has no prefix; `O(L q^2)` for the distributions of
/// the tokens unless it is stationary; and `O(D L)` for the weights. The sum ends at the first `n` at
/// which `M_{n+1}` is certain to be at most `epsilon M_1 / L^2`: information falls with distance, so
/// all that is left out changes no `I_k` by more than two units in its last place. A chain that never
/// mixes has `D = L`.
///
/// # Accuracy
/// All information is summed from nonnegative terms, and computed without cancellation from the
/// deviations of the powers of the matrix from a row of each: one row for all symbols that can follow
/// the same one. So each `I_k` is within about 1e-13 of its value for the matrix that is stored, in
/// `f64`, relatively: for chains that are nearly independent, nearly certain or never mix, stationary
/// or not, with a prefix or without. (A stored matrix has rounded rows. Where they differ by little, by
/// `e`, that changes the value by about `epsilon / e`.)
///
/// ```
/// use unmaskcost::{Schedule, distribution::MarkovChain};
/// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
/// let curve = chain.information_curve(1024)?;
/// let error = curve.sampling_error(&Schedule::balanced(1024, 64)?)?;
/// assert_eq!(format!("{error:.3}"), "2.048 nats");
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MarkovChain<F = f64> {
    initial: Vec<F>,
    /// Row-major: `transition[x * alphabet + y]` is the probability of `y` after `x`.
    transition: Vec<F>,
    stationary: bool,
}

/// The most elementary operations that a curve may take: some minutes.
const MAX_WORK: u128 = 1 << 36;
/// The largest alphabet: a gigabyte for the matrices in `f64`.
const MAX_ALPHABET: usize = 1 << 12;
/// The most tokens: some gigabytes for the curve and what it is made from.
const MAX_TOKENS: usize = 1 << 24;

impl<F: Scalar> MarkovChain<F> {
    /// The chain with this distribution of the first token and these rows of the transition matrix:
    /// `rows[x][y]` is the probability of `y` after `x`.
    ///
    /// Sums may differ from 1, and single values may be negative, by no more than
    /// [`Scalar::tolerance`]; negative values become zero and each row is divided by its sum.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for an empty alphabet, [`LengthMismatch`](Error::LengthMismatch)
    /// unless there are as many rows, and values in each, as symbols,
    /// [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative),
    /// [`NotNormalized`](Error::NotNormalized) for the initial distribution,
    /// [`NotNormalized`](Error::NotNormalized) for a row, [`TooLarge`](Error::TooLarge) for
    /// more than 4096 symbols.
    ///
    /// ```
    /// use unmaskcost::{Error, distribution::MarkovChain};
    /// let chain = MarkovChain::from_transition([1.0, 0.0], &[[0.5, 0.5], [0.0, 1.0]])?;
    /// assert_eq!(chain.row(1), Some(&[0.0, 1.0][..]));
    /// let bad = MarkovChain::from_transition([1.0, 0.0], &[[0.5, 0.5], [0.1, 1.0]]);
    /// assert!(matches!(bad, Err(Error::NotNormalized { row: Some(1), .. })));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_transition(initial: impl AsRef<[F]>, rows: &[impl AsRef<[F]>]) -> Result<Self> {
        let transition = transition_of(rows)?;
        let initial = initial.as_ref();
        let what = "the initial distribution";
        if initial.len() != rows.len() {
            return Err(Error::LengthMismatch { what, found: initial.len(), expected: rows.len() });
        }
        let not_normalized =
            |sum, tolerance| Error::NotNormalized { what, row: None, sum, tolerance };
        let initial = normalized(what, initial, not_normalized)?;
        Ok(Self { initial, transition, stationary: false })
    }

    /// The stationary chain of a transition matrix, its first token drawn from the stationary distribution.
    ///
    /// The distribution is computed by elimination without subtractions (Grassmann, Taksar & Heyman,
    /// Operations Research 33, 1985): each of its probabilities is right to relative rounding, also
    /// for a chain that mixes slowly or never (a periodic one). `O(q^3)`.
    ///
    /// # Errors
    /// As [`MarkovChain::from_transition`], and
    /// [`NotApplicable`](Error::NotApplicable) with two states from which no state can
    /// be reached in common.
    ///
    /// ```
    /// use unmaskcost::{Error, distribution::MarkovChain};
    /// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
    /// assert!((chain.initial()[0] - 0.75_f64).abs() < 1e-15);
    /// let frozen = MarkovChain::stationary(&[[1.0, 0.0], [0.0, 1.0]]);
    /// assert!(matches!(frozen, Err(Error::NotApplicable { .. })));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn stationary(rows: &[impl AsRef<[F]>]) -> Result<Self> {
        Self::stationary_of(transition_of(rows)?, rows.len())
    }

    fn stationary_of(transition: Vec<F>, alphabet: usize) -> Result<Self> {
        let states = closed_class(&transition, alphabet)?;
        let initial = stationary_law(&transition, alphabet, &states);
        scalar::check_finite("the stationary distribution", &initial)?;
        Ok(Self { initial, transition, stationary: true })
    }

    /// The stationary chain of counted transitions: `counts[x][y]` is how often `y` followed `x`.
    ///
    /// # Formula
    /// ```text
    /// P(y | x) = (counts[x][y] + smoothing) / (sum_y counts[x][y] + q smoothing)
    /// ```
    /// With smoothing 0 these are the observed frequencies; 1 is Laplace's rule, 1/2 Jeffreys'.
    ///
    /// # Errors
    /// As [`MarkovChain::stationary`]; [`NotApplicable`](Error::NotApplicable) for a symbol that nothing
    /// followed, if the smoothing is 0.
    ///
    /// ```
    /// use unmaskcost::{Error, distribution::MarkovChain};
    /// let chain = MarkovChain::from_counts(&[[3_u32, 1], [1, 0]], 1.0)?;
    /// assert_eq!(chain.row(0), Some(&[4.0 / 6.0, 2.0 / 6.0][..]));
    /// let unseen = MarkovChain::<f64>::from_counts(&[[3_u32, 1], [0, 0]], 0.0);
    /// assert!(matches!(unseen, Err(Error::NotApplicable { .. })));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_counts<C: PrimInt>(counts: &[impl AsRef<[C]>], smoothing: F) -> Result<Self> {
        let smoothing = scalar::check_nonnegative("smoothing", smoothing)?;
        let alphabet = check_alphabet(counts.len())?;
        let mut transition = Vec::with_capacity(alphabet * alphabet);
        for (row, counts) in counts.iter().enumerate() {
            let what = "a row of the transition counts";
            let counts = counts.as_ref();
            check_length(what, counts.len(), alphabet)?;
            let counts: Vec<F> =
                counts.iter().map(|&count| F::from(count).unwrap_or_else(F::nan)).collect();
            scalar::check_finite(what, &counts)?;
            if let Some(index) = counts.iter().position(|count| *count < F::zero()) {
                let value = scalar::evidence(counts[index]);
                return Err(Error::Negative { what, index: Some(index), value });
            }
            let weights: Vec<F> = counts.into_iter().map(|count| count + smoothing).collect();
            let sum = scalar::sum(weights.iter().copied());
            if sum == F::zero() {
                return Err(empty_row(row));
            }
            if !sum.is_finite() {
                return Err(Error::Overflow { what: "the sum of a row of the transition counts" });
            }
            transition.extend(weights.into_iter().map(|weight| weight / sum));
        }
        Self::stationary_of(transition, alphabet)
    }

    /// The number of symbols.
    #[must_use]
    pub fn alphabet(&self) -> usize {
        self.initial.len()
    }

    /// The distribution of the first token; the stationary distribution if the chain was made as a stationary one.
    #[must_use]
    pub fn initial(&self) -> &[F] {
        &self.initial
    }

    /// The distribution of the next symbol after `symbol`, if that is in the alphabet.
    #[must_use]
    pub fn row(&self, symbol: usize) -> Option<&[F]> {
        self.transition.chunks_exact(self.alphabet()).nth(symbol)
    }

    /// The joint table of the first `tokens` tokens, for small numbers of them.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens; [`TooLarge`](Error::TooLarge) for more than 2^25
    /// cells.
    ///
    /// ```
    /// use unmaskcost::distribution::MarkovChain;
    /// let chain = MarkovChain::from_transition([1.0, 0.0], &[[0.5, 0.5], [0.0, 1.0]])?;
    /// assert_eq!(chain.joint_table(2)?.probabilities(), [0.5, 0.5, 0.0, 0.0]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn joint_table(&self, tokens: usize) -> Result<JointTable<F>> {
        let alphabet = self.alphabet();
        if tokens == 0 {
            return Err(Error::Empty { what: "the sequence" });
        }
        let needed = (0..tokens).fold(1_u128, |cells, _| cells.saturating_mul(alphabet as u128));
        check_limit("cells of the table", needed, MAX_CELLS as u128)?;
        let mut probabilities = self.initial.clone();
        for _ in 1..tokens {
            let extended = probabilities.iter().enumerate().flat_map(|(word, &p)| {
                let start = word % alphabet * alphabet;
                self.transition[start..start + alphabet].iter().map(move |&next| p * next)
            });
            probabilities = extended.collect();
        }
        JointTable::from_weights(&vec![alphabet; tokens], probabilities)
    }

    /// Draws the first `tokens` tokens. `O(tokens q)`.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^24.
    ///
    /// ```
    /// use unmaskcost::distribution::MarkovChain;
    /// use rand::SeedableRng;
    /// let chain = MarkovChain::stationary(&[[0.0, 1.0], [1.0, 0.0]])?;
    /// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(1);
    /// let word = chain.sample(4, &mut generator)?;
    /// assert!(word == [0, 1, 0, 1] || word == [1, 0, 1, 0]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn sample<R: rand::Rng + ?Sized>(
        &self,
        tokens: usize,
        generator: &mut R,
    ) -> Result<Vec<usize>> {
        check_tokens(tokens)?;
        let alphabet = self.alphabet();
        let mut law: &[F] = &self.initial;
        let draw = |_| {
            let symbol = crate::distribution::draw(law, generator);
            law = &self.transition[symbol * alphabet..(symbol + 1) * alphabet];
            symbol
        };
        Ok((0..tokens).map(draw).collect())
    }
}

fn check_tokens(tokens: usize) -> Result<()> {
    if tokens == 0 {
        return Err(Error::Empty { what: "the sequence" });
    }
    check_limit("tokens of a Markov chain", tokens as u128, MAX_TOKENS as u128)
}

fn cells(rows: usize, columns: usize) -> u128 {
    rows as u128 * columns as u128
}

fn check_length(what: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::LengthMismatch { what, found, expected }) }
}

fn check_alphabet(alphabet: usize) -> Result<usize> {
    if alphabet == 0 {
        return Err(Error::Empty { what: "the alphabet" });
    }
    check_limit("symbols of a Markov chain", alphabet as u128, MAX_ALPHABET as u128)?;
    Ok(alphabet)
}

/// The rows of a transition matrix, checked, normalised and joined.
fn transition_of<F: Scalar>(rows: &[impl AsRef<[F]>]) -> Result<Vec<F>> {
    let alphabet = check_alphabet(rows.len())?;
    let mut transition = Vec::with_capacity(alphabet * alphabet);
    for (row, values) in rows.iter().enumerate() {
        let values = values.as_ref();
        let what = "a row of the transition matrix";
        check_length(what, values.len(), alphabet)?;
        let not_normalized = |sum, tolerance| Error::NotNormalized {
            what: "the transition matrix",
            row: Some(row),
            sum,
            tolerance,
        };
        transition.extend(normalized(what, values, not_normalized)?);
    }
    Ok(transition)
}

/// A row of counts without a count.
fn empty_row(row: usize) -> Error {
    not_applicable(
        format!("row {row} of the transition counts"),
        "a count that is not zero: no distribution follows from it (positive smoothing gives one)",
    )
}
