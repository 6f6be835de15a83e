use std::collections::BTreeMap;

use super::{check_tokens, component_weights, masses, power};
use crate::curve::InformationCurve;
use crate::distribution::joint::MAX_CELLS;
use crate::distribution::traits::{ConditionalMarginal, check_revealed, conditional};
use crate::distribution::{JointTable, side_by_side};
use crate::error::{Error, Result, check_limit};
use crate::numeric::hypergeometric::Window;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};

/// The most elementary operations that a curve may take: a minute or so.
const MAX_OPERATIONS: u128 = 1 << 36;

/// Binary words around centres: one of some given words is chosen once, then each of its bits is flipped
/// with the same probability, independently.
///
/// The order of the tokens matters here, but not among tokens of one *type*: those at which the same
/// centres agree with the first one. Tokens at which all centres agree are noise; the others are
/// exchangeable within their type, so that counts per type are enough.
///
/// # Formula
/// ```text
/// s_t = zeros minus ones among the revealed tokens of type t, after exclusive or with the first centre
/// P(centre c | revealed) proportional to weight_c (flip / (1 - flip))^(sum of s_t over its ones)
/// d_{m+1} = sum over counts k of P(k of each type among m) sum over types a, b of P(next two: a, b | k)
///           E [I(next of type a; next of type b | s) | k]
/// ```
/// for the tokens that are not noise; these are then put [side by side](side_by_side) with the noise.
///
/// # Running time
/// Two centres have one type, three have at most three, `C` have at most `2^(C-1) - 1`. With `T` types
/// of `n` tokens each, `O(C T^2 2^T n^(T+1))`: exact curves of thousands of tokens for two centres, of
/// hundreds for three. Others can be estimated, by
/// [`Collector`](crate::measured::Collector).
///
/// ```
/// use unmaskcost::distribution::ClusterMixture;
/// // Two words of six bits that differ in the last three.
/// let centres = [[0, 1, 1, 0, 1, 0], [0, 1, 1, 1, 0, 1]];
/// let law = ClusterMixture::new([0.5, 0.5], &centres, 0.1_f64)?;
/// assert_eq!(law.type_counts(), [3]);
/// let curve = law.information_curve()?;
/// let by_table = law.joint_table()?.information_curve()?;
/// assert!((curve.information(5) - by_table.information(5)).0.abs() < 1e-14);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterMixture<F = f64> {
    weights: Vec<F>,
    centres: Vec<Vec<bool>>,
    flip: F,
}

impl<F: Scalar> ClusterMixture<F> {
    /// The mixture with these weights and centres, which are words of zeros and ones of the same length.
    /// Each bit is flipped with probability `flip`.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no centres or words without tokens,
    /// [`LengthMismatch`](Error::LengthMismatch) for another number of weights or words of different
    /// lengths, [`IndexOutOfRange`](Error::IndexOutOfRange) for a symbol that is not 0 or 1,
    /// [`TooLarge`](Error::TooLarge) for more than 2^24 tokens,
    /// [`OutOfRange`](Error::OutOfRange) for the flip probability;
    /// [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative) or
    /// [`NotNormalized`](Error::NotNormalized) for the weights.
    ///
    /// ```
    /// use unmaskcost::{Error, distribution::ClusterMixture};
    /// let bad = ClusterMixture::new([0.5, 0.5], &[vec![0, 1], vec![1]], 0.1);
    /// assert!(matches!(bad, Err(Error::LengthMismatch { found: 1, expected: 2, .. })));
    /// ```
    pub fn new(weights: impl AsRef<[F]>, centres: &[impl AsRef<[usize]>], flip: F) -> Result<Self> {
        let weights = component_weights(weights.as_ref(), centres.len())?;
        scalar::check_probability("the flip probability", flip)?;
        let tokens = centres.first().map_or(0, |centre| centre.as_ref().len());
        check_tokens(tokens)?;
        let word = |centre: &_| {
            let centre: &[usize] = AsRef::as_ref(centre);
            if centre.len() != tokens {
                let (what, found) = ("a centre", centre.len());
                return Err(Error::LengthMismatch { what, found, expected: tokens });
            }
            match centre.iter().find(|&&symbol| symbol > 1) {
                Some(&index) => Err(Error::IndexOutOfRange { what: "symbol", index, limit: 2 }),
                None => Ok(centre.iter().map(|&symbol| symbol == 1).collect()),
            }
        };
        let centres = centres.iter().map(word).collect::<Result<_>>()?;
        Ok(Self { weights, centres, flip })
    }

    /// L, the number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.centres[0].len()
    }

    /// The number of tokens of each type, in no particular order. Tokens at which all centres agree
    /// are left out.
    #[must_use]
    pub fn type_counts(&self) -> Vec<usize> {
        self.types().counts
    }

    fn types(&self) -> Types {
        let mut numbers: BTreeMap<Vec<bool>, usize> = BTreeMap::new();
        let first = &self.centres[0];
        for (token, &own) in first.iter().enumerate() {
            let differs = self.centres.iter().map(|centre| centre[token] != own);
            *numbers.entry(differs.collect()).or_default() += 1;
        }
        numbers.remove(&vec![false; self.centres.len()]);
        let (patterns, counts) = numbers.into_iter().unzip();
        Types { patterns, counts }
    }

    /// The exact information curve.
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) if the types of tokens are so many, or so large, that more than 2^36
    /// operations or 2^25 numbers would be needed; [`ClusterMixture::type_counts`] shows them.
    pub fn information_curve(&self) -> Result<InformationCurve<F>> {
        let types = self.types();
        let telling: usize = types.counts.iter().sum();
        // Exchanging the two symbols turns flips into bits that were kept, and leaves the curve the
        // same.
        let noise = self.flip.min(F::one() - self.flip);
        let entropy = |one: F| scalar::neg_x_ln_x(one) + scalar::neg_x_ln_x(F::one() - one);
        let noisy = InformationCurve::from_conditional_entropies([entropy(noise)])?;
        let noisy = core::iter::repeat_n(&noisy, self.tokens() - telling);
        if telling == 0 {
            return side_by_side(noisy);
        }
        let singles = types.counts.iter().zip(&types.patterns).map(|(&count, pattern)| {
            let ones = self.weights.iter().zip(pattern).filter(|(_, differs)| **differs);
            let differs = scalar::sum(ones.map(|(&weight, _)| weight)).min(F::one());
            let one = differs * (F::one() - noise) + (F::one() - differs) * noise;
            scalar::float::<F>(count) * entropy(one)
        });
        let single = scalar::sum(singles) / scalar::float(telling);
        let increments = Increments { weights: &self.weights, noise, types: &types }.all()?;
        let telling = InformationCurve::from_computed_increments(&increments, Some(single))?;
        side_by_side(noisy.chain([&telling]))
    }

    /// The joint table, for small numbers of tokens.
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) for more than 2^25 cells.
    pub fn joint_table(&self) -> Result<JointTable<F>> {
        let tokens = self.tokens();
        check_limit("cells of the table", power(2, tokens), MAX_CELLS as u128)?;
        let mut sums = vec![F::zero(); 1 << tokens];
        for (&weight, centre) in self.weights.iter().zip(&self.centres) {
            let mut words = vec![weight];
            for &bit in centre {
                let one = self.probability_of_one(bit);
                words = words.iter().flat_map(|&p| [p * (F::one() - one), p * one]).collect();
            }
            sums.iter_mut().zip(words).for_each(|(sum, p)| *sum = *sum + p);
        }
        JointTable::from_weights(&vec![2; tokens], sums)
    }

    fn probability_of_one(&self, bit: bool) -> F {
        if bit { F::one() - self.flip } else { self.flip }
    }

    /// Draws a word: the centre first, then the flips. O(L).
    ///
    /// # Errors
    /// Never fails. It returns a [`Result`] so that all distributions are sampled alike.
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn sample<R: rand::Rng + ?Sized>(&self, generator: &mut R) -> Result<Vec<usize>> {
        use rand::RngExt;
        let centre = &self.centres[crate::distribution::draw(&self.weights, generator)];
        let bit = |&bit: &bool| {
            let uniform: F = scalar::constant(generator.random::<f64>());
            usize::from(bit != (uniform < self.flip))
        };
        Ok(centre.iter().map(bit).collect())
    }
}

/// From the posterior weights of the `C` centres, `O(C k)` for `k` revealed tokens, in logarithms, so that
/// long contexts do not underflow.
impl<F: Scalar> ConditionalMarginal<F> for ClusterMixture<F> {
    fn conditional_marginal(&self, revealed: &[(usize, usize)], position: usize) -> Result<Vec<F>> {
        check_revealed(revealed, position, Some(self.tokens()), 2)?;
        self.mixed(&self.masses_after(revealed), position)
    }

    /// The posterior once for all masked tokens.
    fn conditional_marginals(&self, revealed: &[Option<usize>]) -> Result<Vec<Vec<F>>> {
        let places = || revealed.iter().copied().enumerate();
        let pairs: Vec<(usize, usize)> =
            places().filter_map(|(place, symbol)| symbol.map(|symbol| (place, symbol))).collect();
        let mut masked =
            places().filter(|(_, symbol)| symbol.is_none()).map(|(place, _)| place).peekable();
        // The check with the first position is for the revealed tokens, the check with the last for
        // the range.
        for position in
            masked.peek().copied().into_iter().chain(revealed.iter().rposition(Option::is_none))
        {
            check_revealed(&pairs, position, Some(self.tokens()), 2)?;
        }
        let masses = self.masses_after(&pairs);
        masked.map(|position| self.mixed(&masses, position)).collect()
    }
}

impl<F: Scalar> ClusterMixture<F> {
    /// The weights of the centres given these tokens, up to a factor.
    fn masses_after(&self, revealed: &[(usize, usize)]) -> Vec<F> {
        let times_log = |count: usize, p: F| match count {
            0 => F::zero(),
            _ => scalar::float::<F>(count) * p.ln(),
        };
        let log_weight = |(&weight, centre): (&F, &Vec<bool>)| {
            let flipped =
                revealed.iter().filter(|&&(i, symbol)| (symbol == 1) != centre[i]).count();
            let kept = revealed.len() - flipped;
            weight.ln() + times_log(flipped, self.flip) + times_log(kept, F::one() - self.flip)
        };
        let centres = self.weights.iter().zip(&self.centres);
        masses(&centres.map(log_weight).collect::<Vec<_>>())
    }

    /// The distribution of a token, if the centres have these weights.
    fn mixed(&self, masses: &[F], position: usize) -> Result<Vec<F>> {
        let (mut zero, mut one) = (CompensatedSum::new(), CompensatedSum::new());
        for (&mass, centre) in masses.iter().zip(&self.centres) {
            zero.add(mass * self.probability_of_one(!centre[position]));
            one.add(mass * self.probability_of_one(centre[position]));
        }
        conditional(&[zero.total(), one.total()])
    }
}

/// The types of tokens that tell centres apart.
struct Types {
    /// For each type and each centre, whether it differs from the first centre at these tokens.
    patterns: Vec<Vec<bool>>,
    counts: Vec<usize>,
}

impl Types {
    /// All pairs of types for the next two tokens, in either order.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + Clone + use<> {
        let types = self.counts.len();
        (0..types).flat_map(move |a| (a..types).map(move |b| (a, b)))
    }

    /// The number of values of all `s_t` together.
    fn states(&self) -> u128 {
        self.counts.iter().fold(1, |states, &n| states.saturating_mul(2 * n as u128 + 1))
    }
}

/// Computes the increments of the tokens that tell centres apart. The first centre is zero there.
struct Increments<'a, F> {
    weights: &'a [F],
    /// At most one half.
    noise: F,
    types: &'a Types,
}

impl<F: Scalar> Increments<'_, F> {
    fn all(&self) -> Result<Vec<F>> {
        let counts = &self.types.counts;
        self.check_work()?;
        let most = counts.iter().copied().max().unwrap_or(0);
        let flips = flips(most, self.noise);
        let informations: Vec<Vec<F>> = self
            .pair_informations()
            .into_iter()
            .map(|information| self.means_given_counts(information, &flips))
            .collect();

        // The tokens of each type are drawn from those of this and all later types.
        let later = |t: usize| counts[t..].iter().sum::<usize>();
        let windows: Vec<Vec<Window<F>>> = (0..counts.len() - 1)
            .map(|t| {
                let draws = 0..=later(t);
                draws.map(|m| Window::hypergeometric(later(t), counts[t], m)).collect()
            })
            .collect();
        let tokens = later(0);
        let increments = (0..tokens - 1).map(|shown| {
            let left = scalar::float::<F>(tokens - shown) * scalar::float(tokens - shown - 1);
            let mut sum = CompensatedSum::new();
            self.for_each_split(
                &windows,
                &mut Vec::new(),
                shown,
                F::one(),
                &mut |split, weight| {
                    let cell =
                        split.iter().zip(counts).fold(0, |cell, (&k, &n)| cell * (n + 1) + k);
                    for ((a, b), information) in self.types.pairs().zip(&informations) {
                        let (of_a, of_b) = (counts[a] - split[a], counts[b] - split[b]);
                        let ways =
                            if a == b { of_a * of_a.saturating_sub(1) } else { 2 * of_a * of_b };
                        if ways > 0 {
                            let probability = scalar::float::<F>(ways) / left;
                            sum.add(weight * probability * information[cell]);
                        }
                    }
                },
            );
            sum.total()
        });
        Ok(increments.collect())
    }

    fn check_work(&self) -> Result<()> {
        /// For the information of one pair of types in one state.
        const INFORMATION: u128 = 64;
        let counts = &self.types.counts;
        let pairs = self.types.pairs().count() as u128;
        let states = self.types.states();
        let held = states.saturating_mul(pairs);
        check_limit("counts of ones of each type, for pairs of types", held, MAX_CELLS as u128)?;
        let flips = |&n: &usize| (n as u128 + 1) * (n as u128 + 2) / 2;
        check_limit(
            "flips among tokens of a type",
            counts.iter().map(flips).sum(),
            MAX_CELLS as u128,
        )?;
        // States times the tokens of each type, at most, for each centre.
        let tokens: u128 = counts.iter().map(|&n| n as u128 + 1).sum();
        let each = INFORMATION + self.weights.len() as u128 * tokens;
        let needed = held.saturating_mul(each);
        check_limit("operations over counts of ones of each type", needed, MAX_OPERATIONS)
    }

    /// For each pair of types, the mutual information of two tokens, for all values of `s_t + n_t`,
    /// row-major.
    fn pair_informations(&self) -> Vec<Vec<F>> {
        let Types { patterns, counts } = self.types;
        // ln((1 - noise) / noise), to all digits near one half.
        let log_odds = ((F::one() - self.noise - self.noise) / self.noise).ln_1p();
        let states = self.types.states() as usize;
        let mut informations = vec![Vec::with_capacity(states); self.types.pairs().count()];
        for state in 0..states {
            let mut rest = state;
            let mut logarithms: Vec<F> = self.weights.iter().map(|weight| weight.ln()).collect();
            for (pattern, &n) in patterns.iter().zip(counts).rev() {
                let shifted = rest % (2 * n + 1);
                rest /= 2 * n + 1;
                // Relative to the bit that is likelier: nothing if the balance is even.
                let surprise = scalar::float::<F>(shifted.abs_diff(n)) * log_odds;
                let surprised = |(logarithm, &one): (&mut F, &bool)| {
                    if (shifted > n && one) || (shifted < n && !one) {
                        *logarithm = *logarithm - surprise;
                    }
                };
                logarithms.iter_mut().zip(pattern).for_each(surprised);
            }
            let masses = masses(&logarithms);
            for ((a, b), informations) in self.types.pairs().zip(&mut informations) {
                informations.push(self.pair_information(&masses, &patterns[a], &patterns[b]));
            }
        }
        informations
    }

    /// I(Y_a; Y_b) of two noisy bits, from the masses of the centres and their bits `x_a` and `x_b`.
    ///
    /// # Formula
    /// ```text
    /// covariance of x_a, x_b = P(1, 1) P(0, 0) - P(1, 0) P(0, 1)
    /// covariance of Y_a, Y_b = (1 - 2 noise)^2 times that
    /// ```
    fn pair_information(&self, masses: &[F], a: &[bool], b: &[bool]) -> F {
        let mut bits = [[F::zero(); 2]; 2];
        for (&mass, (&a, &b)) in masses.iter().zip(a.iter().zip(b)) {
            let cell = &mut bits[usize::from(a)][usize::from(b)];
            *cell = *cell + mass;
        }
        let total = scalar::sum(bits.into_iter().flatten());
        if total == F::zero() {
            return F::zero();
        }
        let bits = bits.map(|row| row.map(|mass| mass / total));
        let [[neither, second], [first, both]] = bits;
        let kept = F::one() - self.noise;
        let clear = kept - self.noise;
        let covariance = clear * clear * (both * neither - first * second);
        // The probability of seeing `y` where the bit is `x`.
        let seen = |x: usize, y: usize| if x == y { kept } else { self.noise };
        let mut information = CompensatedSum::new();
        for (y_a, y_b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let alone_a = seen(0, y_a) * (neither + second) + seen(1, y_a) * (first + both);
            let alone_b = seen(0, y_b) * (neither + first) + seen(1, y_b) * (second + both);
            let cells = [(0, 0), (0, 1), (1, 0), (1, 1)];
            let together = cells.map(|(x, z)| bits[x][z] * seen(x, y_a) * seen(z, y_b));
            let independent = alone_a * alone_b;
            if independent > F::zero() {
                let difference = if y_a == y_b { covariance } else { -covariance };
                let together = scalar::sum(together);
                information.add(scalar::divergence_term(together, independent, difference));
            }
        }
        information.total()
    }

    /// The mean of a function of all `s_t`, given how many tokens `k_t` of each type are shown: type by
    /// type, for each centre.
    fn means_given_counts(&self, function: Vec<F>, flips: &[Vec<F>]) -> Vec<F> {
        let Types { patterns, counts } = self.types;
        let mut means: Vec<F> = Vec::new();
        for (centre, &weight) in self.weights.iter().enumerate() {
            let mut tensor = function.clone();
            let mut before = 1;
            for (pattern, &n) in patterns.iter().zip(counts) {
                tensor = mean_over_flips(&tensor, before, n, flips, pattern[centre]);
                before *= n + 1;
            }
            means.resize(tensor.len(), F::zero());
            means.iter_mut().zip(tensor).for_each(|(sum, mean)| *sum = *sum + weight * mean);
        }
        means
    }

    /// Calls `visit` with each way to split `draws` tokens over the types that are not in `split` yet, and
    /// its probability.
    fn for_each_split(
        &self,
        windows: &[Vec<Window<F>>],
        split: &mut Vec<usize>,
        draws: usize,
        weight: F,
        visit: &mut impl FnMut(&[usize], F),
    ) {
        match windows.get(split.len()) {
            None => {
                split.push(draws);
                visit(split, weight);
                split.pop();
            }
            Some(of_draws) => {
                for (of_this, probability) in of_draws[draws].iter() {
                    split.push(of_this);
                    let weight = weight * probability;
                    self.for_each_split(windows, split, draws - of_this, weight, visit);
                    split.pop();
                }
            }
        }
    }
}

/// Row `k`: the distribution of the number of flips among `k` tokens, by Pascal's rule.
fn flips<F: Scalar>(most: usize, noise: F) -> Vec<Vec<F>> {
    let next = |law: &Vec<F>| {
        let mut next = vec![F::zero(); law.len() + 1];
        for (flips, &p) in law.iter().enumerate() {
            next[flips] = next[flips] + p * (F::one() - noise);
            next[flips + 1] = p * noise;
        }
        // Subnormal numbers are slow, and too small to matter.
        next.iter_mut().filter(|p| **p < F::min_positive_value()).for_each(|p| *p = F::zero());
        Some(next)
    };
    core::iter::successors(Some(vec![F::one()]), next).take(most + 1).collect()
}

/// Replaces one axis of a tensor, `s + n` for `s = -n ..= n`, by `k = 0 ..= n`: the mean over `s`, which is
/// `k` less twice the number of ones among `k` tokens. `one` is their bit before it is flipped.
fn mean_over_flips<F: Scalar>(
    tensor: &[F],
    before: usize,
    n: usize,
    flips: &[Vec<F>],
    one: bool,
) -> Vec<F> {
    let after = tensor.len() / before / (2 * n + 1);
    let mut means = Vec::with_capacity(before * (n + 1) * after);
    for block in tensor.chunks_exact((2 * n + 1) * after) {
        for (k, law) in flips.iter().enumerate().take(n + 1) {
            let start = means.len();
            means.resize(start + after, F::zero());
            for (flips, &p) in law.iter().enumerate().filter(|(_, p)| **p > F::zero()) {
                let shifted = if one { n - k + 2 * flips } else { n + k - 2 * flips };
                let values = &block[shifted * after..(shifted + 1) * after];
                let sums = means[start..].iter_mut().zip(values);
                sums.for_each(|(sum, &value)| *sum = *sum + p * value);
            }
        }
    }
    means
}
