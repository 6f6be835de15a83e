use super::{MAX_WORK, check_tokens, component_weights, masses, pairs, power};
use crate::curve::InformationCurve;
use crate::distribution::joint::MAX_CELLS;
use crate::distribution::traits::{
    ConditionalMarginal, SubsetEntropy, check_positions, check_revealed, conditional,
};
use crate::distribution::{JointTable, normalized};
use crate::error::{Error, Result, check_limit};
use crate::numeric::binomial::Binomial;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::units::Nats;

/// The most pairs of a number of tokens and a number of ones that a curve looks at: about half a minute on one core.
const MAX_PAIRS: u128 = 1 << 33;

/// An exchangeable distribution of `L` bits: all that matters is the distribution of the number of ones.
///
/// # Formula
/// ```text
/// P(x) = w_j / C(L, j)        j the number of ones in x, w_0 .. w_L the count law
/// w'_j = ((L-j) w_j + (j+1) w_{j+1}) / L        the count law of L - 1 of the tokens
/// ```
///
/// # Running time and accuracy
/// The curve takes `O(L^2)`: each length in turn is thinned to the one below by the second line, in
/// which nothing cancels. The counts of a length are computed many at a time, and with the feature
/// `rayon` on all cores. An increment `d` is within about `L epsilon (d + sqrt(d))`: the count law
/// itself, as a list of floats, does not determine a weak dependence any better. Where the
/// components of a mixture are known,
/// [`CategoricalMixture`](crate::distribution::CategoricalMixture) keeps its digits.
///
/// ```
/// use unmaskcost::distribution::ExchangeableBits;
/// // One fair bit shown 128 times, each time flipped with probability 0.3.
/// let law = ExchangeableBits::noisy_repeated_bit(128, 0.3_f64)?;
/// let curve = law.information_curve()?;
/// assert_eq!(curve.tokens(), 128);
/// // In the end the bit is known: what is left is the noise.
/// let noise = -(0.3_f64 * 0.3_f64.ln() + 0.7 * 0.7_f64.ln());
/// assert!((curve.conditional_entropy(127).unwrap().0 - noise).abs() < 1e-6);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExchangeableBits<F = f64> {
    count_law: Vec<F>,
}

impl<F: Scalar> ExchangeableBits<F> {
    /// The exchangeable distribution with this distribution of the number of ones: `probabilities[j]`
    /// for `j = 0 .. L`, `L + 1` values.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for fewer than two values, [`NotFinite`](Error::NotFinite),
    /// [`Negative`](Error::Negative), [`NotNormalized`](Error::NotNormalized).
    ///
    /// ```
    /// use unmaskcost::distribution::ExchangeableBits;
    /// // Three bits of even parity.
    /// let curve = ExchangeableBits::from_count_law([0.25, 0.0, 0.75, 0.0])?.information_curve()?;
    /// assert!((curve.increments()[2] - std::f64::consts::LN_2).abs() < 1e-15);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_count_law(probabilities: impl AsRef<[F]>) -> Result<Self> {
        let what = "the distribution of the number of ones";
        if probabilities.as_ref().len() < 2 {
            return Err(Error::Empty { what: "the sequence" });
        }
        let count_law = normalized(what, probabilities.as_ref(), |sum, tolerance| {
            Error::NotNormalized { what, row: None, sum, tolerance }
        })?;
        Ok(Self { count_law })
    }

    /// Independent bits whose probability of a one is itself drawn: component `c` has weight
    /// `weights[c]` and probability `probabilities[c]`.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens or no components,
    /// [`TooLarge`](Error::TooLarge) for more than 2^24 tokens,
    /// [`LengthMismatch`](Error::LengthMismatch) between the two lists,
    /// [`OutOfRange`](Error::OutOfRange) for a probability outside `[0, 1]`;
    /// [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative) or
    /// [`NotNormalized`](Error::NotNormalized) for the weights.
    ///
    /// ```
    /// use unmaskcost::distribution::ExchangeableBits;
    /// let law = ExchangeableBits::mixture(2, [0.5, 0.5], [0.0, 0.5])?;
    /// assert_eq!(law.count_law(), [0.625, 0.25, 0.125]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn mixture(
        tokens: usize,
        weights: impl AsRef<[F]>,
        probabilities: impl AsRef<[F]>,
    ) -> Result<Self> {
        let probabilities = probabilities.as_ref();
        let weights = component_weights(weights.as_ref(), probabilities.len())?;
        check_tokens(tokens)?;
        let mut sums = vec![CompensatedSum::new(); tokens + 1];
        for (weight, &probability) in weights.into_iter().zip(probabilities) {
            scalar::check_probability("the probability of a one", probability)?;
            let add = |ones: usize, p| sums[ones].add(weight * p);
            Binomial::new(tokens).for_each(probability, F::one() - probability, add);
        }
        Self::from_count_law(sums.into_iter().map(CompensatedSum::total).collect::<Vec<_>>())
    }

    /// One fair bit shown `tokens` times, each time flipped with probability `flip`.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^24,
    /// [`OutOfRange`](Error::OutOfRange) for a probability outside `[0, 1]`.
    pub fn noisy_repeated_bit(tokens: usize, flip: F) -> Result<Self> {
        scalar::check_probability("the flip probability", flip)?;
        let half = scalar::constant(0.5);
        Self::mixture(tokens, [half, half], [flip, F::one() - flip])
    }

    /// Polya's urn with `ones` and `zeros` balls at first (any positive numbers): each ball drawn is
    /// put back with another one like it. The count law is the beta-binomial one.
    ///
    /// # Formula
    /// ```text
    /// P(next is 1 | j ones in k) = (ones + j) / (ones + zeros + k)
    /// ```
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^24,
    /// [`NotFinite`](Error::NotFinite), and
    /// [`OutOfRange`](Error::OutOfRange) for the numbers.
    ///
    /// ```
    /// use unmaskcost::distribution::ExchangeableBits;
    /// // One ball of each kind: all numbers of ones are equally likely.
    /// let urn = ExchangeableBits::polya_urn(4, 1.0_f64, 1.0)?;
    /// assert!(urn.count_law().iter().all(|p| (p - 0.2).abs() < 1e-15));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn polya_urn(tokens: usize, ones: F, zeros: F) -> Result<Self> {
        for (what, value) in [("the number of ones", ones), ("the number of zeros", zeros)] {
            scalar::check_single(what, value)?;
            if value <= F::zero() {
                return Err(scalar::not_positive(what, scalar::evidence(value)));
            }
        }
        Self::from_log_ratios(tokens, |j| {
            let above = ones + scalar::float(j);
            let below = zeros + scalar::float(tokens - j - 1);
            let ratio = above / below;
            let logarithm = if ratio.is_normal() { ratio.ln() } else { above.ln() - below.ln() };
            [log_choices(tokens, j), logarithm, F::zero()]
        })
    }

    /// The Curie-Weiss model: spins `+1` (ones) and `-1` (zeros) that all pull at each other.
    ///
    /// # Formula
    /// ```text
    /// P(x) proportional to exp(beta M^2 / (2 L) + field M),   M = sum of the spins
    /// ```
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^24,
    /// [`NotFinite`](Error::NotFinite) for the parameters, or [`Overflow`](Error::Overflow) if an
    /// exponent is not finite.
    ///
    /// ```
    /// use unmaskcost::distribution::ExchangeableBits;
    /// let disordered = ExchangeableBits::curie_weiss(256, 0.5_f64, 0.0)?.information_curve()?;
    /// let ordered = ExchangeableBits::curie_weiss(256, 2.0_f64, 0.0)?.information_curve()?;
    /// assert!(disordered.total_correlation().0 < 1.0 && ordered.total_correlation().0 > 100.0);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn curie_weiss(tokens: usize, inverse_temperature: F, field: F) -> Result<Self> {
        scalar::check_single("the inverse temperature", inverse_temperature)?;
        scalar::check_single("the field", field)?;
        let two = F::one() + F::one();
        Self::from_log_ratios(tokens, |j| {
            let magnetization = scalar::float::<F>(2 * j + 1) - scalar::float(tokens);
            let pull = inverse_temperature * (magnetization / scalar::float(tokens));
            // The pulls of opposite magnetizations cancel in the sum, and only the field is left.
            [log_choices(tokens, j), two * pull, two * field]
        })
    }

    /// The uniform distribution on the words with a given number of ones.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^24,
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for more
    /// ones than tokens.
    ///
    /// ```
    /// use unmaskcost::distribution::ExchangeableBits;
    /// // One of two bits is set: either tells the other.
    /// let curve = ExchangeableBits::<f64>::fixed_weight(2, 1)?.information_curve()?;
    /// assert!((curve.information(1).0 - std::f64::consts::LN_2).abs() < 1e-15);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn fixed_weight(tokens: usize, ones: usize) -> Result<Self> {
        check_tokens(tokens)?;
        let mut count_law = vec![F::zero(); tokens + 1];
        match count_law.get_mut(ones) {
            Some(p) => *p = F::one(),
            None => {
                let limit = tokens + 1;
                return Err(Error::IndexOutOfRange { what: "number of ones", index: ones, limit });
            }
        }
        Ok(Self { count_law })
    }

    /// From `ln(w_{j+1} / w_j)`, as a sum of terms that may be of very different sizes. The logarithms
    /// are added up from the largest weight outward, so that the error of a weight grows with its
    /// distance from there and not with the sequence.
    fn from_log_ratios(tokens: usize, terms: impl Fn(usize) -> [F; 3]) -> Result<Self> {
        check_tokens(tokens)?;
        let (mut sum, mut greatest, mut top) = (CompensatedSum::new(), F::zero(), 0);
        for j in 0..tokens {
            terms(j).into_iter().for_each(|term| sum.add(term));
            if !sum.total().is_finite() {
                return Err(Error::Overflow { what: "an exponent of the count law" });
            }
            if sum.total() > greatest {
                (greatest, top) = (sum.total(), j + 1);
            }
        }
        let mut weights = vec![F::one(); tokens + 1];
        let mut down = CompensatedSum::new();
        for j in (0..top).rev() {
            terms(j).into_iter().for_each(|term| down.add(-term));
            weights[j] = down.total().exp();
        }
        let mut up = CompensatedSum::new();
        for j in top..tokens {
            terms(j).into_iter().for_each(|term| up.add(term));
            weights[j + 1] = up.total().exp();
        }
        let total = scalar::sum(weights.iter().copied());
        Self::from_count_law(weights.into_iter().map(|w| w / total).collect::<Vec<_>>())
    }

    /// L, the number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.count_law.len() - 1
    }

    /// The distribution of the number of ones, `L + 1` probabilities.
    #[must_use]
    pub fn count_law(&self) -> &[F] {
        &self.count_law
    }

    /// The exact information curve. `O(L^2)`.
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) for more than 131,072 tokens, which take about half a minute on one core.
    pub fn information_curve(&self) -> Result<InformationCurve<F>> {
        let tokens = self.tokens();
        check_limit("pairs of counts", tokens as u128 * tokens as u128 / 2, MAX_PAIRS)?;
        let (increments, single) = pairs::increments(&self.count_law);
        InformationCurve::from_computed_increments(&increments, Some(single))
    }

    /// The joint table, for small numbers of tokens.
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) for more than 2^25 cells.
    pub fn joint_table(&self) -> Result<JointTable<F>> {
        let tokens = self.tokens();
        check_limit("cells of the table", power(2, tokens), MAX_CELLS as u128)?;
        let mut choices = F::one();
        let mut per_word = Vec::with_capacity(tokens + 1);
        for (ones, &p) in self.count_law.iter().enumerate() {
            per_word.push(p / choices);
            choices = choices * scalar::float(tokens - ones) / scalar::float(ones + 1);
        }
        let words = 0..1_usize << tokens;
        let probabilities: Vec<F> =
            words.map(|word| per_word[word.count_ones() as usize]).collect();
        JointTable::from_weights(&vec![2; tokens], probabilities)
    }

    /// Draws a sequence: the number of ones first, then where they stand. O(L).
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) for more than 2^24 tokens.
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn sample<R: rand::Rng + ?Sized>(&self, generator: &mut R) -> Result<Vec<usize>> {
        use rand::RngExt;
        check_tokens(self.tokens())?;
        let mut ones = crate::distribution::draw(&self.count_law, generator);
        let place = |left: usize| {
            let one = generator.random_range(0..left) < ones;
            ones -= usize::from(one);
            usize::from(one)
        };
        Ok((1..=self.tokens()).rev().map(place).collect())
    }
}

/// From the distribution of the number of ones in `k` of the tokens, `O(L (L - k))`.
/// [`TooLarge`](Error::TooLarge) for more than 2^30 operations.
impl<F: Scalar> SubsetEntropy<F> for ExchangeableBits<F> {
    fn subset_entropy(&self, positions: &[usize]) -> Result<Nats<F>> {
        let tokens = self.tokens();
        let shown = check_positions(positions, Some(tokens))?.len();
        if shown == 0 {
            return Ok(Nats(F::zero()));
        }
        check_limit("pairs of counts", tokens as u128 * (tokens - shown) as u128, MAX_WORK)?;
        let law = pairs::count_law(&self.count_law, shown);
        // All words with the same number of ones have the same probability.
        let mut log_words = CompensatedSum::new();
        let mut entropy = CompensatedSum::new();
        for (ones, &p) in law.iter().enumerate() {
            entropy.add(scalar::neg_x_ln_x(p));
            if p > F::zero() {
                entropy.add(p * log_words.total());
            }
            if ones < shown {
                log_words.add(log_choices(shown, ones));
            }
        }
        Ok(Nats(entropy.total()))
    }
}

/// From the distribution of the number of ones among all tokens, given those revealed. `O(L)`, in logarithms, so
/// that improbable contexts do not underflow. Numbers of ones whose probability was too small to be
/// stored are impossible; [`CategoricalMixture`](crate::distribution::CategoricalMixture) has no such limit.
///
/// # Formula
/// ```text
/// P(i ones in all | j ones in k) proportional to w_i C(L-k, i-j) / C(L, i)
/// P(next is 1 | i ones in all, j ones in k) = (i - j) / (L - k)
/// ```
impl<F: Scalar> ConditionalMarginal<F> for ExchangeableBits<F> {
    fn conditional_marginal(&self, revealed: &[(usize, usize)], position: usize) -> Result<Vec<F>> {
        let tokens = self.tokens();
        check_revealed(revealed, position, Some(tokens), 2)?;
        let ones: usize = revealed.iter().map(|&(_, symbol)| symbol).sum();
        let masked = tokens - revealed.len();
        let mut log_ways = CompensatedSum::new();
        let log_weight = |(further, &p): (usize, &F)| {
            let log_weight = log_ways.total() + p.ln();
            if further < masked {
                let of_masked = scalar::float::<F>(masked - further) / scalar::float(further + 1);
                let all = ones + further;
                let of_all = scalar::float::<F>(tokens - all) / scalar::float(all + 1);
                log_ways.add((of_masked / of_all).ln());
            }
            log_weight
        };
        let possible = self.count_law.iter().skip(ones).take(masked + 1).enumerate();
        let masses = masses(&possible.map(log_weight).collect::<Vec<_>>());
        let share = |count: usize| scalar::float::<F>(count) / scalar::float(masked);
        let counts = || masses.iter().enumerate();
        let one = scalar::sum(counts().map(|(further, &mass)| mass * share(further)));
        let zero = scalar::sum(counts().map(|(further, &mass)| mass * share(masked - further)));
        conditional(&[zero, one])
    }

    /// The same for all masked tokens.
    fn conditional_marginals(&self, revealed: &[Option<usize>]) -> Result<Vec<Vec<F>>> {
        let places = || revealed.iter().copied().enumerate();
        let pairs: Vec<(usize, usize)> =
            places().filter_map(|(place, symbol)| symbol.map(|symbol| (place, symbol))).collect();
        let masked = revealed.len() - pairs.len();
        match places().find(|(_, symbol)| symbol.is_none()) {
            Some((position, _)) => Ok(vec![self.conditional_marginal(&pairs, position)?; masked]),
            None => Ok(Vec::new()),
        }
    }
}

/// `ln( C(n, j+1) / C(n, j) )`
fn log_choices<F: Scalar>(tokens: usize, ones: usize) -> F {
    (scalar::float::<F>(tokens - ones) / scalar::float(ones + 1)).ln()
}
