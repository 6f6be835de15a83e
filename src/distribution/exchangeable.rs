//! Laws that do not care about the order of the tokens.
//!
//! Given `m` tokens, all that matters is how often each symbol occurred. So the increments of the
//! curve are means over these counts of the mutual information of the next two tokens:
//!
//! ```text
//! d_{m+1} = I(X_{m+1}; X_{m+2} | X_1 .. X_m) = sum over counts n of p(n) I(next; next but one | n)
//! ```
//!
//! computed from nonnegative terms, without the cancellation that differences of entropies have.

use crate::curve::InformationCurve;
use crate::distribution::hypergeometric::Window;
use crate::distribution::joint::MAX_CELLS;
use crate::distribution::{JointTable, normalized};
use crate::error::{Error, Result, check_limit};
use crate::scalar::{self, CompensatedSum, Scalar};

/// The most (cells of a grid of counts) that are visited: some minutes.
const MAX_WORK: u128 = 1 << 33;
/// The most tokens that a law is made for.
const MAX_TOKENS: usize = 1 << 26;

/// The curve of a uniformly random permutation of `tokens` symbols. O(L).
///
/// # Formula
/// ```text
/// f_k = ln(L - k),   d_m = ln(1 + 1/(L - m))
/// ```
///
/// # Errors
/// [`Empty`](Error::Empty) for zero tokens.
///
/// ```
/// use demask::distribution;
/// let curve = distribution::uniform_permutation::<f64>(8)?;
/// assert!((curve.conditional_entropy(5).unwrap().0 - 3.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), demask::Error>(())
/// ```
pub fn uniform_permutation<F: Scalar>(tokens: usize) -> Result<InformationCurve<F>> {
    if tokens == 0 {
        return Err(Error::Empty { what: "the permutation" });
    }
    let increments: Vec<F> =
        (1..tokens).map(|m| scalar::float::<F>(tokens - m).recip().ln_1p()).collect();
    InformationCurve::from_computed_increments(&increments, Some(scalar::float::<F>(tokens).ln()))
}

/// An exchangeable law of `L` bits: all that matters is the law of the number of ones.
///
/// # Formula
/// ```text
/// P(x) = w_j / C(L, j)        j the number of ones in x, w_0 .. w_L the count law
/// w'_j = ((L-j) w_j + (j+1) w_{j+1}) / L        the count law of L - 1 of the tokens
/// ```
///
/// # Running time and accuracy
/// The curve takes `O(L^2)`: each length in turn is thinned to the one below by the second line, in
/// which nothing cancels. An increment `d` is within about `L epsilon (d + sqrt(d))`: the count law
/// itself, as a list of floats, does not know a weak dependence better. Where the components of a
/// mixture are known, [`CategoricalMixture`] keeps its digits.
///
/// ```
/// use demask::ExchangeableBits;
/// // One fair bit shown 128 times, each time flipped with probability 0.3.
/// let law = ExchangeableBits::noisy_repeated_bit(128, 0.3_f64)?;
/// let curve = law.information_curve()?;
/// assert_eq!(curve.tokens(), 128);
/// // In the end the bit is known: what is left is the noise.
/// let noise = -(0.3_f64 * 0.3_f64.ln() + 0.7 * 0.7_f64.ln());
/// assert!((curve.conditional_entropy(127).unwrap().0 - noise).abs() < 1e-6);
/// # Ok::<(), demask::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExchangeableBits<F = f64> {
    count_law: Vec<F>,
}

impl<F: Scalar> ExchangeableBits<F> {
    /// From the law of the number of ones: `probabilities[j]` for `j = 0 .. L`, `L + 1` values.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for fewer than two values, [`NotFinite`](Error::NotFinite),
    /// [`Negative`](Error::Negative), [`NotNormalized`](Error::NotNormalized).
    ///
    /// ```
    /// use demask::ExchangeableBits;
    /// // Three bits of even parity.
    /// let curve = ExchangeableBits::from_count_law([0.25, 0.0, 0.75, 0.0])?.information_curve()?;
    /// assert!((curve.increments()[2] - std::f64::consts::LN_2).abs() < 1e-15);
    /// # Ok::<(), demask::Error>(())
    /// ```
    pub fn from_count_law(probabilities: impl AsRef<[F]>) -> Result<Self> {
        let what = "the law of the number of ones";
        if probabilities.as_ref().len() < 2 {
            return Err(Error::Empty { what: "the sequence" });
        }
        let count_law = normalized(what, probabilities.as_ref(), |sum, tolerance| {
            Error::NotNormalized { what, sum, tolerance }
        })?;
        Ok(Self { count_law })
    }

    /// Independent bits whose probability of a one is itself drawn: component `c` has weight
    /// `weights[c]` and probability `probabilities[c]`.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens or no components,
    /// [`TooLarge`](Error::TooLarge) for more than 2^26 tokens,
    /// [`LengthMismatch`](Error::LengthMismatch) between the two lists,
    /// [`NotAProbability`](Error::NotAProbability) for a probability outside `[0, 1]`;
    /// [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative) or
    /// [`NotNormalized`](Error::NotNormalized) for the weights.
    ///
    /// ```
    /// use demask::ExchangeableBits;
    /// let law = ExchangeableBits::mixture(2, [0.5, 0.5], [0.0, 0.5])?;
    /// assert_eq!(law.count_law(), [0.625, 0.25, 0.125]);
    /// # Ok::<(), demask::Error>(())
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
            let binomial = Window::binomial(tokens, probability);
            binomial.iter().for_each(|(ones, p)| sums[ones].add(weight * p));
        }
        Self::from_count_law(sums.into_iter().map(CompensatedSum::total).collect::<Vec<_>>())
    }

    /// One fair bit shown `tokens` times, each time flipped with probability `flip`.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^26,
    /// [`NotAProbability`](Error::NotAProbability) for a probability outside `[0, 1]`.
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
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^26,
    /// [`NotFinite`](Error::NotFinite), and
    /// [`NotPositive`](Error::NotPositive) for the numbers.
    ///
    /// ```
    /// use demask::ExchangeableBits;
    /// // One ball of each kind: all numbers of ones are equally likely.
    /// let urn = ExchangeableBits::polya_urn(4, 1.0_f64, 1.0)?;
    /// assert!(urn.count_law().iter().all(|p| (p - 0.2).abs() < 1e-15));
    /// # Ok::<(), demask::Error>(())
    /// ```
    pub fn polya_urn(tokens: usize, ones: F, zeros: F) -> Result<Self> {
        for (what, value) in [("the number of ones", ones), ("the number of zeros", zeros)] {
            scalar::check_finite(what, &[value])?;
            if value <= F::zero() {
                return Err(Error::NotPositive { what, value: scalar::evidence(value) });
            }
        }
        Self::from_log_ratios(tokens, |j| {
            let above = scalar::float::<F>(tokens - j) * (ones + scalar::float(j));
            let below = scalar::float::<F>(j + 1) * (zeros + scalar::float(tokens - j - 1));
            (above / below).ln()
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
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^26,
    /// [`NotFinite`](Error::NotFinite) for the parameters.
    ///
    /// ```
    /// use demask::ExchangeableBits;
    /// let disordered = ExchangeableBits::curie_weiss(256, 0.5_f64, 0.0)?.information_curve()?;
    /// let ordered = ExchangeableBits::curie_weiss(256, 2.0_f64, 0.0)?.information_curve()?;
    /// assert!(disordered.total_correlation().0 < 1.0 && ordered.total_correlation().0 > 100.0);
    /// # Ok::<(), demask::Error>(())
    /// ```
    pub fn curie_weiss(tokens: usize, inverse_temperature: F, field: F) -> Result<Self> {
        scalar::check_finite("the inverse temperature", &[inverse_temperature])?;
        scalar::check_finite("the field", &[field])?;
        let two = F::one() + F::one();
        Self::from_log_ratios(tokens, |j| {
            let choices = scalar::float::<F>(tokens - j) / scalar::float(j + 1);
            let magnetization = scalar::float::<F>(2 * j + 1) - scalar::float(tokens);
            let pull = inverse_temperature * magnetization / scalar::float(tokens);
            choices.ln() + two * (pull + field)
        })
    }

    /// Uniform on the words with a given number of ones.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^26,
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for more
    /// ones than tokens.
    ///
    /// ```
    /// use demask::ExchangeableBits;
    /// // One of two bits is set: either tells the other.
    /// let curve = ExchangeableBits::<f64>::fixed_weight(2, 1)?.information_curve()?;
    /// assert!((curve.information(1).0 - std::f64::consts::LN_2).abs() < 1e-15);
    /// # Ok::<(), demask::Error>(())
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

    /// From `ln(w_{j+1} / w_j)`. The logarithms are added up from the largest weight outward, so that
    /// the error of a weight grows with its distance from there and not with the sequence.
    fn from_log_ratios(tokens: usize, log_ratio: impl Fn(usize) -> F) -> Result<Self> {
        check_tokens(tokens)?;
        let ratios: Vec<F> = (0..tokens).map(log_ratio).collect();
        scalar::check_finite("the logarithms of the ratios of the count law", &ratios)?;
        let (mut sum, mut greatest, mut top) = (F::zero(), F::zero(), 0);
        for (j, &ratio) in ratios.iter().enumerate() {
            sum = sum + ratio;
            if sum > greatest {
                (greatest, top) = (sum, j + 1);
            }
        }
        let mut weights = vec![F::one(); tokens + 1];
        let mut down = CompensatedSum::new();
        for j in (0..top).rev() {
            down.add(-ratios[j]);
            weights[j] = down.total().exp();
        }
        let mut up = CompensatedSum::new();
        for j in top..tokens {
            up.add(ratios[j]);
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

    /// The law of the number of ones, `L + 1` probabilities.
    #[must_use]
    pub fn count_law(&self) -> &[F] {
        &self.count_law
    }

    /// The exact information curve. `O(L^2)`.
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) for more than 131072 tokens.
    pub fn information_curve(&self) -> Result<InformationCurve<F>> {
        let tokens = self.tokens();
        check_limit("pairs of counts", tokens as u128 * tokens as u128 / 2, MAX_WORK)?;
        let mut law = self.count_law.clone();
        let mut increments = vec![F::zero(); tokens - 1];
        for shown in (2..=tokens).rev() {
            increments[shown - 2] = next_two_information(&law);
            thin(&mut law);
        }
        let single = scalar::neg_x_ln_x(law[0]) + scalar::neg_x_ln_x(law[1]);
        InformationCurve::from_computed_increments(&increments, Some(single))
    }

    /// The joint table, for small numbers of tokens.
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) for more than 2^28 cells.
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
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn sample<R: rand::Rng + ?Sized>(&self, generator: &mut R) -> Vec<usize> {
        use rand::RngExt;
        let mut ones = crate::distribution::draw(&self.count_law, generator);
        let place = |left: usize| {
            let one = generator.random_range(0..left) < ones;
            ones -= usize::from(one);
            usize::from(one)
        };
        (1..=self.tokens()).rev().map(place).collect()
    }
}

/// From the count law of `n` tokens, the mutual information of two of them given the others.
fn next_two_information<F: Scalar>(law: &[F]) -> F {
    let tokens = law.len() - 1;
    let pairs = scalar::float::<F>(tokens) * scalar::float(tokens - 1);
    // Products of two masses must not underflow.
    let negligible = F::min_positive_value().sqrt();
    let mut information = CompensatedSum::new();
    for (ones, masses) in law.windows(3).enumerate() {
        let zeros = tokens - 2 - ones;
        let ways = |a: usize, b: usize| scalar::float::<F>(a) * scalar::float(b) / pairs;
        // The joint law of the two, times the probability of the others' counts.
        let both = masses[2] * ways(ones + 2, ones + 1);
        let mixed = masses[1] * ways(ones + 1, zeros + 1);
        let neither = masses[0] * ways(zeros + 2, zeros + 1);
        let (one, zero) = (both + mixed, mixed + neither);
        let mass = one + zero;
        if mass <= negligible {
            continue;
        }
        let covariance = (both * neither - mixed * mixed) / mass;
        let cells = [
            (both, one * one, covariance, F::one()),
            (mixed, one * zero, -covariance, F::one() + F::one()),
            (neither, zero * zero, covariance, F::one()),
        ];
        for (p, product, difference, times) in cells {
            let independent = product / mass;
            if independent > F::zero() {
                information.add(times * scalar::divergence_term(p, independent, difference));
            }
        }
    }
    information.total()
}

/// Takes the count law of `n` tokens to that of `n - 1` of them.
fn thin<F: Scalar>(law: &mut Vec<F>) {
    let tokens = law.len() - 1;
    let all = scalar::float::<F>(tokens);
    for ones in 0..tokens {
        let lost_zero = law[ones] * scalar::float(tokens - ones);
        let lost_one = law[ones + 1] * scalar::float(ones + 1);
        let mass = (lost_zero + lost_one) / all;
        // Subnormal numbers are slow, and too small to matter.
        law[ones] = if mass < F::min_positive_value() { F::zero() } else { mass };
    }
    law.pop();
}

/// A mixture of independent, identically distributed tokens: component `c` is chosen once, then each
/// token is drawn from its law. Any number of tokens, any alphabet; the curve is for small alphabets.
///
/// ```
/// use demask::CategoricalMixture;
/// // One of three symbols, shown again and again, wrong one time in five.
/// let law = CategoricalMixture::noisy_repeated_symbol(3, 0.2_f64)?;
/// let curve = law.information_curve(64)?;
/// assert!((curve.conditional_entropy(0).unwrap().0 - 3.0_f64.ln()).abs() < 1e-14);
/// # Ok::<(), demask::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CategoricalMixture<F = f64> {
    weights: Vec<F>,
    components: Vec<Vec<F>>,
}

impl<F: Scalar> CategoricalMixture<F> {
    /// From the weight of each component and its law: `components[c][x]` is the probability of
    /// symbol `x` in component `c`.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no components or an empty alphabet,
    /// [`LengthMismatch`](Error::LengthMismatch), [`NotFinite`](Error::NotFinite),
    /// [`Negative`](Error::Negative), [`NotNormalized`](Error::NotNormalized) for the weights,
    /// [`RowNotNormalized`](Error::RowNotNormalized) for a component.
    pub fn new(weights: impl AsRef<[F]>, components: &[impl AsRef<[F]>]) -> Result<Self> {
        let weights = component_weights(weights.as_ref(), components.len())?;
        let alphabet = components.first().map_or(0, |law| law.as_ref().len());
        if alphabet == 0 {
            return Err(Error::Empty { what: "the alphabet" });
        }
        let law_of = |(row, law): (usize, &_)| {
            let law: &[F] = AsRef::as_ref(law);
            let what = "the law of a component";
            if law.len() != alphabet {
                return Err(Error::LengthMismatch { what, found: law.len(), expected: alphabet });
            }
            normalized(what, law, |sum, tolerance| Error::RowNotNormalized {
                what: "the laws of the components",
                row,
                sum,
                tolerance,
            })
        };
        let components = components.iter().enumerate().map(law_of).collect::<Result<_>>()?;
        Ok(Self { weights, components })
    }

    /// A uniformly random symbol, shown again and again; each time it is replaced, with probability
    /// `noise`, by one of the others.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for fewer than two symbols,
    /// [`NotAProbability`](Error::NotAProbability) for a probability outside `[0, 1]`.
    pub fn noisy_repeated_symbol(alphabet: usize, noise: F) -> Result<Self> {
        scalar::check_probability("the noise", noise)?;
        if alphabet < 2 {
            return Err(Error::Empty { what: "the list of other symbols" });
        }
        let wrong = noise / scalar::float(alphabet - 1);
        let law = |symbol: usize| {
            let mut law = vec![wrong; alphabet];
            law[symbol] = F::one() - noise;
            law
        };
        let components: Vec<Vec<F>> = (0..alphabet).map(law).collect();
        Self::new(vec![scalar::float::<F>(alphabet).recip(); alphabet], &components)
    }

    /// The number of symbols.
    #[must_use]
    pub fn alphabet(&self) -> usize {
        self.components[0].len()
    }

    /// The exact information curve of `tokens` tokens, by running through all counts of the symbols:
    /// `O(L^q C q^2)` for `q` symbols and `C` components.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens; [`TooLarge`](Error::TooLarge) if that is more than
    /// 2^33, or more than 2^28 numbers would be held.
    pub fn information_curve(&self, tokens: usize) -> Result<InformationCurve<F>> {
        check_tokens(tokens)?;
        let (alphabet, components) = (self.alphabet(), self.components.len());
        let side = tokens.max(2) - 1;
        let held = power(side, alphabet - 1).saturating_mul(components as u128);
        check_limit("counts of the symbols times components", held, MAX_CELLS as u128)?;
        let needed = held.saturating_mul(tokens as u128 * (alphabet * alphabet) as u128);
        check_limit("operations over counts of the symbols", needed, MAX_WORK)?;

        let marginal = self.predictive(&self.weights);
        let single = scalar::sum(marginal.iter().map(|&p| scalar::neg_x_ln_x(p)));
        let mut grid = CountGrid::new(side, &self.weights, &self.components);
        let mut increments = Vec::with_capacity(tokens - 1);
        for shown in 0..tokens - 1 {
            if shown > 0 {
                grid.show_another(shown);
            }
            let mut information = CompensatedSum::new();
            grid.for_each(shown, |masses| information.add(self.next_two_information(masses)));
            increments.push(information.total());
        }
        InformationCurve::from_computed_increments(&increments, Some(single))
    }

    /// The law of a token, times the total mass, if component `c` has mass `masses[c]`.
    fn predictive(&self, masses: &[F]) -> Vec<F> {
        let mut law = vec![F::zero(); self.alphabet()];
        for (&mass, component) in masses.iter().zip(&self.components) {
            law.iter_mut().zip(component).for_each(|(sum, &p)| *sum = *sum + mass * p);
        }
        law
    }

    /// The mutual information of two tokens, times the total mass.
    fn next_two_information(&self, masses: &[F]) -> F {
        let mass = scalar::sum(masses.iter().copied());
        if mass <= F::min_positive_value().sqrt() {
            return F::zero();
        }
        let single = self.predictive(masses);
        let mut information = CompensatedSum::new();
        for (x, &p_x) in single.iter().enumerate().filter(|(_, p)| **p > F::zero()) {
            for (y, &p_y) in single.iter().enumerate().filter(|(_, p)| **p > F::zero()) {
                // The covariance over components is what makes the two dependent.
                let (mut both, mut covariance) = (F::zero(), F::zero());
                for (&weight, law) in masses.iter().zip(&self.components) {
                    both = both + weight * law[x] * law[y];
                    covariance =
                        covariance + weight * (law[x] - p_x / mass) * (law[y] - p_y / mass);
                }
                let independent = p_x * p_y / mass;
                if independent > F::zero() {
                    information.add(scalar::divergence_term(both, independent, covariance));
                }
            }
        }
        information.total()
    }

    /// The joint table of `tokens` tokens, for small numbers of them.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^28
    /// cells.
    pub fn joint_table(&self, tokens: usize) -> Result<JointTable<F>> {
        check_tokens(tokens)?;
        let alphabet = self.alphabet();
        check_limit("cells of the table", power(alphabet, tokens), MAX_CELLS as u128)?;
        let mut sums = vec![F::zero(); power(alphabet, tokens) as usize];
        for (&weight, law) in self.weights.iter().zip(&self.components) {
            let mut words = vec![weight];
            for _ in 0..tokens {
                words = words.iter().flat_map(|&p| law.iter().map(move |&x| p * x)).collect();
            }
            sums.iter_mut().zip(words).for_each(|(sum, p)| *sum = *sum + p);
        }
        JointTable::from_weights(&vec![alphabet; tokens], sums)
    }

    /// Draws a sequence: the component first, then each token from its law.
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn sample<R: rand::Rng + ?Sized>(&self, tokens: usize, generator: &mut R) -> Vec<usize> {
        let law = &self.components[crate::distribution::draw(&self.weights, generator)];
        (0..tokens).map(|_| crate::distribution::draw(law, generator)).collect()
    }
}

/// For each count of the first `q - 1` symbols among the tokens shown so far, the masses of the
/// components: weight times multinomial probability. The count of the last symbol is what remains.
struct CountGrid<'a, F> {
    side: usize,
    components: &'a [Vec<F>],
    masses: Vec<F>,
}

impl<'a, F: Scalar> CountGrid<'a, F> {
    /// No token shown yet.
    fn new(side: usize, weights: &[F], components: &'a [Vec<F>]) -> Self {
        let cells = power(side, components[0].len() - 1) as usize;
        let mut masses = vec![F::zero(); cells * components.len()];
        masses[..weights.len()].copy_from_slice(weights);
        Self { side, components, masses }
    }

    /// Pascal's rule: the last token shown is one of the symbols. In place, from the last cell to the
    /// first, since it only looks at cells before.
    fn show_another(&mut self, shown: usize) {
        let counted = self.components[0].len() - 1;
        let components = self.components.len();
        let cells = self.masses.len() / components;
        for cell in (0..cells).rev() {
            let digits = digits(cell, self.side, counted);
            if digits.iter().map(|(_, count)| count).sum::<usize>() > shown {
                continue;
            }
            for (c, law) in self.components.iter().enumerate() {
                let mut mass = self.masses[cell * components + c] * law[counted];
                for (&(stride, count), &p) in digits.iter().zip(law) {
                    if count > 0 {
                        mass = mass + self.masses[(cell - stride) * components + c] * p;
                    }
                }
                let negligible = mass < F::min_positive_value();
                self.masses[cell * components + c] = if negligible { F::zero() } else { mass };
            }
        }
    }

    fn for_each(&self, shown: usize, mut visit: impl FnMut(&[F])) {
        let counted = self.components[0].len() - 1;
        for (cell, masses) in self.masses.chunks_exact(self.components.len()).enumerate() {
            if digits(cell, self.side, counted).iter().map(|(_, count)| count).sum::<usize>()
                <= shown
            {
                visit(masses);
            }
        }
    }
}

/// The digits of `cell` in base `side`, lowest first, each with its stride.
fn digits(cell: usize, side: usize, number: usize) -> Vec<(usize, usize)> {
    let stride = |&stride: &usize| stride.checked_mul(side);
    let strides = core::iter::successors(Some(1_usize), stride).take(number);
    strides.map(|stride| (stride, cell / stride % side)).collect()
}

/// `base^exponent`, saturating.
fn power(base: usize, exponent: usize) -> u128 {
    let exponent = u32::try_from(exponent).unwrap_or(u32::MAX);
    (base as u128).saturating_pow(exponent)
}

fn component_weights<F: Scalar>(weights: &[F], components: usize) -> Result<Vec<F>> {
    let what = "the weights of the components";
    if weights.is_empty() {
        return Err(Error::Empty { what: "the list of components" });
    }
    if weights.len() != components {
        return Err(Error::LengthMismatch { what, found: weights.len(), expected: components });
    }
    normalized(what, weights, |sum, tolerance| Error::NotNormalized { what, sum, tolerance })
}

fn check_tokens(tokens: usize) -> Result<()> {
    if tokens == 0 {
        return Err(Error::Empty { what: "the sequence" });
    }
    check_limit("tokens of an exchangeable law", tokens as u128, MAX_TOKENS as u128)
}
