use num_traits::PrimInt;

use crate::curve::InformationCurve;
use crate::distribution::joint::MAX_CELLS;
use crate::distribution::{JointTable, normalized};
use crate::error::{Error, Result, check_limit};
use crate::scalar::{self, CompensatedSum, Scalar};

/// A Markov chain over a finite alphabet: an initial law and a transition matrix. Any number of its
/// tokens, at any length, has an exact information curve.
///
/// # Formula
/// ```text
/// M_n = sum over l of I(X_l; X_{l+n})        all pairs at distance n among the L tokens, M_L = 0
/// A_n = M_{n-1} - 2 M_n + M_{n+1} >= 0       n = 2 .. L
/// d_k = sum_n n(n-1)/(L(L-1)) A_n C(L-n, k-1)/C(L-2, k-1)        k = 1 .. L-1
/// ```
/// where `d_k` are the increments of the [information curve](InformationCurve). In words: a chain has
/// the curve of independent symbols, each shown by `n` of the tokens, `A_n` nats of them. So the curve
/// needs only the mutual information of *pairs*, whatever the length; `docs/theory.md` has the proof.
///
/// # Running time
/// With `q` symbols and `D` the distance at which the chain has mixed: `O(D q^3)` for a stationary
/// chain, `O(D q^3 + D L q^2)` otherwise, and `O(D L)` for the weights. The sum ends when
/// `M_n <= epsilon M_1 / L^2`: information falls with distance, so all that is left out changes no
/// `I_k` by more than two units in its last place. A chain that never mixes has `D = L`.
///
/// # Accuracy
/// Pairwise information is summed from nonnegative terms, computed without cancellation from the
/// deviations of the powers of the matrix from a common row. So each `I_k` is within about 1e-13 of its
/// value in `f64`, relatively, for chains that are nearly independent as for chains that never mix.
///
/// ```
/// use demask::{MarkovChain, Schedule};
/// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
/// let curve = chain.information_curve(1024)?;
/// let error = curve.sampling_error(&Schedule::balanced(1024, 64)?)?;
/// assert_eq!(format!("{error:.3}"), "2.048 nats");
/// # Ok::<(), demask::Error>(())
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
/// The largest alphabet: half a gigabyte for the matrices in `f64`.
const MAX_ALPHABET: usize = 1 << 12;
/// The most tokens: some gigabytes for the curve and what it is made from.
const MAX_TOKENS: usize = 1 << 26;

impl<F: Scalar> MarkovChain<F> {
    /// From the law of the first token and the rows of the transition matrix: `rows[x][y]` is the
    /// probability of `y` after `x`.
    ///
    /// Sums may differ from 1, and single values may be negative, by no more than
    /// [`Scalar::tolerance`]; negative values become zero and each row is divided by its sum.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for an empty alphabet, [`LengthMismatch`](Error::LengthMismatch)
    /// unless there are as many rows, and values in each, as symbols,
    /// [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative),
    /// [`NotNormalized`](Error::NotNormalized) for the initial law,
    /// [`RowNotNormalized`](Error::RowNotNormalized) for a row, [`TooLarge`](Error::TooLarge) for
    /// more than 4096 symbols.
    ///
    /// ```
    /// use demask::{Error, MarkovChain};
    /// let chain = MarkovChain::from_transition([1.0, 0.0], &[[0.5, 0.5], [0.0, 1.0]])?;
    /// assert_eq!(chain.row(1), Some(&[0.0, 1.0][..]));
    /// let bad = MarkovChain::from_transition([1.0, 0.0], &[[0.5, 0.5], [0.1, 1.0]]);
    /// assert!(matches!(bad, Err(Error::RowNotNormalized { row: 1, .. })));
    /// # Ok::<(), demask::Error>(())
    /// ```
    pub fn from_transition(initial: impl AsRef<[F]>, rows: &[impl AsRef<[F]>]) -> Result<Self> {
        let transition = transition_of(rows)?;
        let initial = initial.as_ref();
        let what = "the initial law";
        if initial.len() != rows.len() {
            return Err(Error::LengthMismatch { what, found: initial.len(), expected: rows.len() });
        }
        let not_normalized = |sum, tolerance| Error::NotNormalized { what, sum, tolerance };
        let initial = normalized(what, initial, not_normalized)?;
        Ok(Self { initial, transition, stationary: false })
    }

    /// The stationary chain of a transition matrix, its first token drawn from the stationary law.
    ///
    /// The law is computed by elimination without subtractions (Grassmann, Taksar & Heyman,
    /// Operations Research 33, 1985): each of its probabilities is right to relative rounding, also
    /// for a chain that mixes slowly or never (a periodic one). `O(q^3)`.
    ///
    /// # Errors
    /// As [`MarkovChain::from_transition`], and
    /// [`SeveralStationaryLaws`](Error::SeveralStationaryLaws) with two states from which no state can
    /// be reached in common.
    ///
    /// ```
    /// use demask::{Error, MarkovChain};
    /// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
    /// assert!((chain.initial()[0] - 0.75_f64).abs() < 1e-15);
    /// let frozen = MarkovChain::stationary(&[[1.0, 0.0], [0.0, 1.0]]);
    /// assert!(matches!(frozen, Err(Error::SeveralStationaryLaws { .. })));
    /// # Ok::<(), demask::Error>(())
    /// ```
    pub fn stationary(rows: &[impl AsRef<[F]>]) -> Result<Self> {
        Self::stationary_of(transition_of(rows)?, rows.len())
    }

    fn stationary_of(transition: Vec<F>, alphabet: usize) -> Result<Self> {
        let states = closed_class(&transition, alphabet)?;
        let initial = stationary_law(&transition, alphabet, &states);
        scalar::check_finite("the stationary law", &initial)?;
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
    /// As [`MarkovChain::stationary`]; [`EmptyRow`](Error::EmptyRow) for a symbol that nothing
    /// followed, if the smoothing is 0.
    ///
    /// ```
    /// use demask::{Error, MarkovChain};
    /// let chain = MarkovChain::from_counts(&[[3_u32, 1], [1, 0]], 1.0)?;
    /// assert_eq!(chain.row(0), Some(&[4.0 / 6.0, 2.0 / 6.0][..]));
    /// let unseen = MarkovChain::<f64>::from_counts(&[[3_u32, 1], [0, 0]], 0.0);
    /// assert!(matches!(unseen, Err(Error::EmptyRow { row: 1, .. })));
    /// # Ok::<(), demask::Error>(())
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
                return Err(Error::Negative { what, index, value });
            }
            let weights: Vec<F> = counts.into_iter().map(|count| count + smoothing).collect();
            let sum = scalar::sum(weights.iter().copied());
            if sum == F::zero() {
                return Err(Error::EmptyRow { what: "the transition counts", row });
            }
            if !sum.is_finite() {
                return Err(Error::Overflow { what: "the sum of a row of the transition counts" });
            }
            transition.extend(weights.into_iter().map(|weight| weight / sum));
        }
        Self::stationary_of(transition, alphabet)
    }

    /// Fits the stationary chain to a sequence of symbols `0 .. alphabet`, by counting which symbol
    /// follows which, with additive smoothing: see [`MarkovChain::from_counts`].
    ///
    /// # Errors
    /// As [`MarkovChain::from_counts`], and [`IndexOutOfRange`](Error::IndexOutOfRange) for a symbol
    /// outside the alphabet.
    ///
    /// ```
    /// use demask::MarkovChain;
    /// let chain: MarkovChain = MarkovChain::fit(&[0, 1, 0, 0, 1, 0], 2, 0.0)?;
    /// assert_eq!(chain.row(1), Some(&[1.0, 0.0][..]));
    /// # Ok::<(), demask::Error>(())
    /// ```
    pub fn fit(symbols: &[usize], alphabet: usize, smoothing: F) -> Result<Self> {
        check_alphabet(alphabet)?;
        if let Some(&index) = symbols.iter().find(|&&symbol| symbol >= alphabet) {
            return Err(Error::IndexOutOfRange { what: "symbol", index, limit: alphabet });
        }
        let mut counts = vec![vec![0_u64; alphabet]; alphabet];
        for pair in symbols.windows(2) {
            counts[pair[0]][pair[1]] += 1;
        }
        Self::from_counts(&counts, smoothing)
    }

    /// The number of symbols.
    #[must_use]
    pub fn alphabet(&self) -> usize {
        self.initial.len()
    }

    /// The law of the first token; the stationary law if the chain was made as a stationary one.
    #[must_use]
    pub fn initial(&self) -> &[F] {
        &self.initial
    }

    /// The law of the next symbol after `symbol`, if that is in the alphabet.
    #[must_use]
    pub fn row(&self, symbol: usize) -> Option<&[F]> {
        self.transition.chunks_exact(self.alphabet()).nth(symbol)
    }

    /// The law of the token at `position`. `O(position q^2)`, at once for a stationary chain.
    #[must_use]
    pub fn marginal(&self, position: usize) -> Vec<F> {
        if self.stationary { self.initial.clone() } else { self.evolved(&self.initial, position) }
    }

    /// The law of the token `steps >= 1` after `symbol`, which is in the alphabet.
    pub(crate) fn after(&self, symbol: usize, steps: usize) -> Vec<F> {
        let alphabet = self.alphabet();
        self.evolved(&self.transition[symbol * alphabet..(symbol + 1) * alphabet], steps - 1)
    }

    /// The law some tokens later.
    pub(crate) fn evolved(&self, law: &[F], steps: usize) -> Vec<F> {
        (0..steps).fold(law.to_vec(), |law, _| product(&law, &self.transition, self.alphabet()))
    }

    /// The exact information curve of the first `tokens` tokens.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens; [`TooLarge`](Error::TooLarge) for more than 2^26
    /// tokens, or 2^36 elementary operations.
    ///
    /// ```
    /// use demask::MarkovChain;
    /// // A fair bit repeated with a flip now and then.
    /// let chain = MarkovChain::stationary(&[[0.95, 0.05], [0.05, 0.95]])?;
    /// let curve = chain.information_curve(4)?;
    /// let by_table = chain.joint_table(4)?.information_curve()?;
    /// let difference: f64 = (curve.total_correlation() - by_table.total_correlation()).0;
    /// assert!(difference.abs() < 1e-14);
    /// # Ok::<(), demask::Error>(())
    /// ```
    pub fn information_curve(&self, tokens: usize) -> Result<InformationCurve<F>> {
        self.information_curve_given_prefix(0, tokens)
    }

    /// The exact information curve of `tokens` tokens given the `prefix` tokens before them, averaged
    /// over what these are: the curve of a block that follows revealed blocks.
    ///
    /// # Formula
    /// ```text
    /// I(X_l; X_r | X_{p-1}) = I(X_l; X_r) - I(X_{p-1}; X_r)        p - 1 < l < r, p the prefix
    /// ```
    /// in the place of `I(X_l; X_r)`.
    ///
    /// # Errors
    /// As [`MarkovChain::information_curve`], and [`Overflow`](Error::Overflow) if the tokens cannot
    /// be counted.
    ///
    /// ```
    /// use demask::{MarkovChain, Schedule};
    /// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
    /// let second_block = chain.information_curve_given_prefix(32, 32)?;
    /// let schedule = Schedule::balanced(32, 4)?;
    /// let first_block = chain.information_curve(32)?;
    /// assert!(second_block.sampling_error(&schedule)? < first_block.sampling_error(&schedule)?);
    /// # Ok::<(), demask::Error>(())
    /// ```
    pub fn information_curve_given_prefix(
        &self,
        prefix: usize,
        tokens: usize,
    ) -> Result<InformationCurve<F>> {
        if tokens == 0 {
            return Err(Error::Empty { what: "the sequence" });
        }
        check_limit("tokens of a Markov chain", tokens as u128, MAX_TOKENS as u128)?;
        let pairs = self.pairs(prefix, tokens)?;
        let single = pairs.entropies / scalar::float(tokens);
        InformationCurve::from_computed_increments(
            &increments_of_pairs(&pairs.information, tokens),
            Some(single.max(F::zero())),
        )
    }

    /// The sums over single tokens and over pairs that the curve of `tokens` tokens after `prefix`
    /// others is made of.
    fn pairs(&self, prefix: usize, tokens: usize) -> Result<PairSums<F>> {
        let alphabet = self.alphabet();
        let length = prefix
            .checked_add(tokens)
            .ok_or(Error::Overflow { what: "the number of tokens with the prefix" })?;
        // All tokens of a stationary chain have the same law.
        let (positions, times) =
            if self.stationary { (prefix..prefix + 1, tokens) } else { (prefix..length, 1) };
        let laws_needed = if self.stationary { 1 } else { length };
        let held = cells(laws_needed, alphabet);
        check_limit("laws of single tokens times symbols", held, MAX_CELLS as u128)?;
        let laws: Vec<Vec<F>> =
            core::iter::successors(Some(self.initial.clone()), |law| Some(self.evolved(law, 1)))
                .take(laws_needed)
                .collect();
        let law = |position: usize| &laws[position.min(laws_needed - 1)];
        let terms = positions.flat_map(law).map(|&p| scalar::neg_x_ln_x(p));
        let mut entropies = CompensatedSum::new();
        entropies.add(scalar::sum(terms) * scalar::float(times));

        let mut power = MatrixPower::first(&self.transition, &self.initial);
        let mut information = Vec::new();
        let mut anchored = Vec::new();
        let mut work = 0_u128;
        let last = if prefix > 0 { tokens } else { tokens - 1 };
        let scale = scalar::float::<F>(tokens) * scalar::float(tokens) / F::epsilon();
        for distance in 1..=last {
            let pairs_computed = if self.stationary { 1 } else { tokens - distance + 1 };
            work += cells(alphabet, alphabet) * (2 * alphabet + pairs_computed) as u128
                + (tokens - distance) as u128;
            check_limit("operations for the curve of the chain (at least)", work, MAX_WORK)?;
            let between = |left: usize| power.information(law(left), law(left + distance));
            let sum = if self.stationary {
                between(prefix) * scalar::float(tokens - distance)
            } else {
                scalar::sum((prefix..length - distance).map(between))
            };
            let anchor = if prefix > 0 { between(prefix - 1) } else { F::zero() };
            information.push(sum);
            anchored.push(anchor);
            if sum.max(anchor) * scale <= information[0] {
                break;
            }
            power.advance();
        }
        // Given the last token of the prefix, each pair loses what that token tells about its right end.
        let mut beyond = CompensatedSum::new();
        for (sum, anchor) in information.iter_mut().zip(anchored).rev() {
            *sum = *sum - beyond.total();
            beyond.add(anchor);
        }
        entropies.add(-beyond.total());
        Ok(PairSums { entropies: entropies.total(), information })
    }

    /// The joint table of the first `tokens` tokens, for small numbers of them.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens; [`TooLarge`](Error::TooLarge) for more than 2^28
    /// cells.
    ///
    /// ```
    /// use demask::MarkovChain;
    /// let chain = MarkovChain::from_transition([1.0, 0.0], &[[0.5, 0.5], [0.0, 1.0]])?;
    /// assert_eq!(chain.joint_table(2)?.probabilities(), [0.5, 0.5, 0.0, 0.0]);
    /// # Ok::<(), demask::Error>(())
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
    /// ```
    /// use demask::MarkovChain;
    /// use rand::SeedableRng;
    /// let chain = MarkovChain::stationary(&[[0.0, 1.0], [1.0, 0.0]])?;
    /// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(1);
    /// let word = chain.sample(4, &mut generator);
    /// assert!(word == [0, 1, 0, 1] || word == [1, 0, 1, 0]);
    /// # Ok::<(), demask::Error>(())
    /// ```
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn sample<R: rand::Rng + ?Sized>(&self, tokens: usize, generator: &mut R) -> Vec<usize> {
        let alphabet = self.alphabet();
        let mut law: &[F] = &self.initial;
        let draw = |_| {
            let symbol = crate::distribution::draw(law, generator);
            law = &self.transition[symbol * alphabet..(symbol + 1) * alphabet];
            symbol
        };
        (0..tokens).map(draw).collect()
    }
}

struct PairSums<F> {
    /// Sum of H(X_l | prefix) over the tokens.
    entropies: F,
    /// `M_1, M_2, ..`, up to where the rest is below rounding.
    information: Vec<F>,
}

/// A power `P^a` of a transition matrix, and the same less a common row: `P^a - 1 v P^(a-1)`.
///
/// The powers are sums of nonnegative products, so small probabilities keep their digits; the
/// deviations tend to zero as the chain mixes, so small dependencies keep theirs.
struct MatrixPower<'a, F> {
    transition: &'a [F],
    power: Vec<F>,
    deviation: Vec<F>,
    alphabet: usize,
}

impl<'a, F: Scalar> MatrixPower<'a, F> {
    /// `P` and `P - 1 v`, for any law `v`.
    fn first(transition: &'a [F], law: &[F]) -> Self {
        let rows = transition.chunks_exact(law.len());
        let deviation = rows.flat_map(|row| row.iter().zip(law).map(|(&p, &v)| p - v)).collect();
        Self { transition, power: transition.to_vec(), deviation, alphabet: law.len() }
    }

    fn advance(&mut self) {
        self.power = product(&self.power, self.transition, self.alphabet);
        self.deviation = product(&self.deviation, self.transition, self.alphabet);
    }

    /// I(X_l; X_{l+a}) in nats, from the laws of both.
    ///
    /// # Formula
    /// ```text
    /// sum_{x,y} p(x) (r ln(r/q(y)) - r + q(y)),   r = P^a(y | x)
    /// ```
    fn information(&self, left: &[F], right: &[F]) -> F {
        let common = product(left, &self.deviation, self.alphabet);
        let rows = self.power.chunks_exact(self.alphabet);
        let rows = rows.zip(self.deviation.chunks_exact(self.alphabet)).zip(left);
        let mut sum = CompensatedSum::new();
        for ((power, deviation), &p) in rows.filter(|(_, p)| **p > F::zero()) {
            let mut row = CompensatedSum::new();
            for (((&power, &deviation), &common), &q) in
                power.iter().zip(deviation).zip(&common).zip(right)
            {
                if q > F::zero() {
                    row.add(scalar::divergence_term(power, q, deviation - common));
                }
            }
            sum.add(p * row.total());
        }
        sum.total()
    }
}

/// Increments `d_1 .. d_{L-1}` of the curve of a Markov chain from `M_1, M_2, ..`; see
/// [`MarkovChain`]. What is missing at the end counts as zero.
fn increments_of_pairs<F: Scalar>(pairs: &[F], tokens: usize) -> Vec<F> {
    let at = |n: usize| pairs.get(n - 1).copied().unwrap_or(F::zero());
    let mut sums = vec![CompensatedSum::new(); tokens - 1];
    // C(L-n, k-1) / C(L-2, k-1): the probability that k - 1 others miss the rest of the window.
    let mut missed = vec![F::one(); tokens - 1];
    // Below it a probability is dropped, before slow subnormal numbers set in.
    let negligible = F::min_positive_value() / F::epsilon();
    let per_pair = F::one() / (scalar::float::<F>(tokens) * scalar::float(tokens.max(2) - 1));
    for n in 2..=tokens.min(pairs.len() + 1) {
        let mass = (at(n - 1) - at(n)) - (at(n) - at(n + 1));
        let weight = scalar::float::<F>(n) * scalar::float(n - 1) * per_pair * mass;
        sums.iter_mut().zip(&missed).for_each(|(sum, &missed)| sum.add(weight * missed));
        let rest = scalar::float::<F>(tokens - n);
        missed.truncate(tokens - n);
        for (k, missed) in missed.iter_mut().enumerate() {
            *missed = *missed * (scalar::float::<F>(tokens - n - k) / rest);
        }
        while missed.last().is_some_and(|&last| last < negligible) {
            missed.pop();
        }
    }
    sums.into_iter().map(CompensatedSum::total).collect()
}

/// Matrix product of row-major matrices, the second one square.
fn product<F: Scalar>(left: &[F], right: &[F], alphabet: usize) -> Vec<F> {
    let mut result = vec![F::zero(); left.len()];
    let rows = left.chunks_exact(alphabet).zip(result.chunks_exact_mut(alphabet));
    for (factors, sums) in rows {
        for (&factor, terms) in factors.iter().zip(right.chunks_exact(alphabet)) {
            sums.iter_mut().zip(terms).for_each(|(sum, &term)| *sum = *sum + factor * term);
        }
    }
    result
}

/// The states of the only closed class, or two states of different ones. `O(q^2)` for most chains.
fn closed_class<F: Scalar>(transition: &[F], alphabet: usize) -> Result<Vec<usize>> {
    let forward = |x: usize, y: usize| transition[x * alphabet + y] > F::zero();
    let backward = |x: usize, y: usize| forward(y, x);
    // Go down to a state that can be reached from wherever it leads.
    let descend = |mut state: usize| loop {
        let onward = reachable(state, alphabet, forward);
        let back = reachable(state, alphabet, backward);
        match (0..alphabet).find(|&x| onward[x] && !back[x]) {
            Some(lower) => state = lower,
            None => return (state, onward, back),
        }
    };
    let (first, class, reaches_class) = descend(0);
    match reaches_class.iter().position(|reaches| !reaches) {
        Some(stranger) => {
            let (second, ..) = descend(stranger);
            Err(Error::SeveralStationaryLaws { first, second })
        }
        None => Ok((0..alphabet).filter(|&x| class[x]).collect()),
    }
}

fn reachable(from: usize, alphabet: usize, edge: impl Fn(usize, usize) -> bool) -> Vec<bool> {
    let mut seen = vec![false; alphabet];
    seen[from] = true;
    let mut open = vec![from];
    while let Some(x) = open.pop() {
        for (y, seen) in seen.iter_mut().enumerate().filter(|(_, seen)| !**seen) {
            if edge(x, y) {
                *seen = true;
                open.push(y);
            }
        }
    }
    seen
}

/// The stationary law, by Grassmann, Taksar & Heyman's elimination on the closed class. No
/// subtraction, so no cancellation.
fn stationary_law<F: Scalar>(transition: &[F], alphabet: usize, states: &[usize]) -> Vec<F> {
    let size = states.len();
    let mut rates: Vec<Vec<F>> = states
        .iter()
        .map(|&x| states.iter().map(|&y| transition[x * alphabet + y]).collect())
        .collect();
    for last in (1..size).rev() {
        let (before, row) = rates.split_at_mut(last);
        let row = &row[0][..last];
        let leaving = scalar::sum(row.iter().copied());
        for other in before {
            let share = other[last] / leaving;
            other[last] = share;
            other.iter_mut().zip(row).for_each(|(rate, &to)| *rate = *rate + share * to);
        }
    }
    let mut weights = vec![F::one(); size];
    for state in 1..size {
        weights[state] = scalar::sum((0..state).map(|x| weights[x] * rates[x][state]));
    }
    let total = scalar::sum(weights.iter().copied());
    let mut law = vec![F::zero(); alphabet];
    for (&state, &weight) in states.iter().zip(&weights) {
        law[state] = weight / total;
    }
    law
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
        let not_normalized = |sum, tolerance| Error::RowNotNormalized {
            what: "the transition matrix",
            row,
            sum,
            tolerance,
        };
        transition.extend(normalized(what, values, not_normalized)?);
    }
    Ok(transition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_end_where_the_chain_has_mixed() {
        // Information falls by 0.6^2 a token, so it takes ln(L^2 / epsilon) / ln(1 / 0.6^2) powers.
        let quick = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]]).unwrap();
        for (tokens, expected) in [(50, 43), (1000, 49), (1_000_000, 62)] {
            let powers = quick.pairs(0, tokens).unwrap().information.len();
            assert!(powers.abs_diff(expected) <= 3, "{tokens}: {powers}");
        }
        let cycle = MarkovChain::stationary(&[[0.0, 1.0], [1.0, 0.0]]).unwrap();
        assert_eq!(cycle.pairs(0, 1000).unwrap().information.len(), 999);
        let independent = MarkovChain::stationary(&[[0.25, 0.75], [0.25, 0.75]]).unwrap();
        assert_eq!(independent.pairs(0, 1000).unwrap().information.len(), 1);
    }

    #[test]
    fn what_is_cut_off_changes_nothing() {
        let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]]).unwrap();
        let short = chain.pairs(0, 300).unwrap().information;
        // The same chain as part of a longer sequence is followed further.
        let mut longer = chain.pairs(0, 100_000_000).unwrap().information;
        assert!(longer.len() > short.len() + 10);
        for (distance, sum) in (1..).zip(&mut longer) {
            *sum = *sum / (1e8 - f64::from(distance)) * (300.0 - f64::from(distance));
        }
        let curves = [short, longer].map(|pairs| {
            InformationCurve::from_computed_increments(&increments_of_pairs(&pairs, 300), None)
                .unwrap()
        });
        for k in 1..300 {
            let (a, b) = (curves[0].information(k).0, curves[1].information(k).0);
            assert!((a - b).abs() <= 4.0 * f64::EPSILON * b, "I_{k}: {a} and {b}");
        }
    }
}
