use super::steps::{normalized_rows, product};
use super::{MAX_WORK, MarkovChain, cells, check_tokens};
use crate::curve::InformationCurve;
use crate::distribution::joint::MAX_CELLS;
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};

impl<F: Scalar> MarkovChain<F> {
    /// The exact information curve of the first `tokens` tokens.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens; [`TooLarge`](Error::TooLarge) for more than 2^24
    /// tokens, for more than 2^25 probabilities of single tokens unless the chain is stationary, and
    /// if it is certain that more than 2^36 elementary operations would be needed. What is not refused may take
    /// some minutes, as 2,000 symbols at 64 tokens do.
    ///
    /// ```
    /// use unmaskcost::distribution::MarkovChain;
    /// // A fair bit repeated with a flip now and then.
    /// let chain = MarkovChain::stationary(&[[0.95, 0.05], [0.05, 0.95]])?;
    /// let curve = chain.information_curve(4)?;
    /// let by_table = chain.joint_table(4)?.information_curve()?;
    /// let difference: f64 = (curve.total_correlation() - by_table.total_correlation()).0;
    /// assert!(difference.abs() < 1e-14);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn information_curve(&self, tokens: usize) -> Result<InformationCurve<F>> {
        self.information_curve_given_prefix(0, tokens)
    }

    /// The exact information curve of `tokens` tokens given the `prefix` tokens before them, averaged
    /// over what these are: the curve of a block that follows revealed blocks.
    ///
    /// # Formula
    /// ```text
    /// M_n - M_{n+1} = sum over l of I(X_l; X_{l+n} | X_{l-1})        l and l + n in the block
    /// ```
    /// as for a chain without a prefix, but now also the first token of the block has one before it.
    ///
    /// # Errors
    /// As [`MarkovChain::information_curve`], and [`Overflow`](Error::Overflow) if the tokens cannot
    /// be counted.
    ///
    /// ```
    /// use unmaskcost::{Schedule, distribution::MarkovChain};
    /// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
    /// let second_block = chain.information_curve_given_prefix(32, 32)?;
    /// let schedule = Schedule::balanced(32, 4)?;
    /// let first_block = chain.information_curve(32)?;
    /// assert!(second_block.sampling_error(&schedule)? < first_block.sampling_error(&schedule)?);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn information_curve_given_prefix(
        &self,
        prefix: usize,
        tokens: usize,
    ) -> Result<InformationCurve<F>> {
        check_tokens(tokens)?;
        let pairs = self.pairs(prefix, tokens)?;
        let single = pairs.entropies / scalar::float(tokens);
        InformationCurve::from_computed_increments(
            &increments_of_falls(&pairs.falls, tokens),
            Some(single.max(F::zero())),
        )
    }

    /// The sums over single tokens and over pairs that the curve of `tokens` tokens after `prefix`
    /// others is made of.
    fn pairs(&self, prefix: usize, tokens: usize) -> Result<PairSums<F>> {
        let visits = self.visits(prefix, tokens)?;
        let alphabet = self.alphabet();
        let centres = self.centres(prefix, &visits);
        let falls = Falls { chain: self, prefix, tokens, visits: &visits };
        let first = MatrixPower::first(self, prefix, &centres);
        falls.check_work(&first)?;

        let mut entropies = CompensatedSum::new();
        if prefix == 0 {
            entropies.add(scalar::entropy(&self.initial));
        }
        for (&visits, row) in visits.before(0).iter().zip(self.transition.chunks_exact(alphabet)) {
            entropies.add(visits * scalar::entropy(row));
        }

        let scale = scalar::float::<F>(tokens) * scalar::float(tokens) / F::epsilon();
        let mut all = CompensatedSum::new();
        let mut found = Vec::new();
        let mut power = first;
        for distance in 1..tokens {
            let next = power.next();
            let Fall { fall, rest } = falls.at(distance, &power, &next);
            found.push(fall);
            all.add(fall);
            if rest * scale <= all.total() {
                break;
            }
            power = next;
        }
        // H(X_l | prefix) = H(X_l | X_{l-1}) + I(X_l; X_{l-1} | prefix).
        entropies.add(all.total());
        Ok(PairSums { entropies: entropies.total(), falls: found })
    }

    /// How often each symbol occurs among the tokens that have a successor in the block.
    fn visits(&self, prefix: usize, tokens: usize) -> Result<Visits<F>> {
        prefix
            .checked_add(tokens)
            .ok_or(Error::Overflow { what: "the number of tokens with the prefix" })?;
        let most = if prefix > 0 { tokens } else { tokens - 1 };
        if self.stationary {
            return Ok(Visits { most, law: self.initial.clone(), totals: None });
        }
        let alphabet = self.alphabet();
        check_limit(
            "distributions of single tokens times symbols",
            cells(most, alphabet),
            MAX_CELLS as u128,
        )?;
        let steps = cells(most, alphabet).saturating_mul(alphabet as u128);
        check_limit("operations for the distributions of single tokens", steps, MAX_WORK)?;
        let mut law = self.marginal(prefix.saturating_sub(1))?;
        let mut sums = vec![CompensatedSum::new(); alphabet];
        let mut totals = Vec::with_capacity(most * alphabet);
        for _ in 0..most {
            sums.iter_mut().zip(&law).for_each(|(sum, &p)| sum.add(p));
            totals.extend(sums.iter().map(|sum| sum.total()));
            law = self.step(&law);
        }
        Ok(Visits { most, law, totals: Some(totals) })
    }

    /// For each symbol another one, whose row is subtracted from its row.
    ///
    /// Rows are compared with each other if their symbols can follow the same one. All of these are
    /// given one centre: the symbol among them that is visited most. Where such rows are nearly alike,
    /// their differences then keep their digits, however different all others are.
    fn centres(&self, prefix: usize, visits: &Visits<F>) -> Vec<usize> {
        let alphabet = self.alphabet();
        let before = visits.before(0);
        let mut visited = product(&before, &self.transition, alphabet);
        let mut group: Vec<usize> = (0..alphabet).collect();
        let mut unite = |law: &[F]| {
            let possible: Vec<usize> = (0..alphabet).filter(|&y| law[y] > F::zero()).collect();
            let groups: Vec<usize> = possible.iter().map(|&y| group[y]).collect();
            if let Some(&first) = groups.first() {
                // Most often they are in one group already.
                if groups.iter().any(|&other| other != first) {
                    let others = group.iter_mut().filter(|group| groups.contains(group));
                    others.for_each(|group| *group = first);
                }
            }
        };
        if prefix == 0 {
            unite(&self.initial);
            visited.iter_mut().zip(&self.initial).for_each(|(sum, &p)| *sum = *sum + p);
        }
        let rows = self.transition.chunks_exact(alphabet).zip(&before);
        rows.filter(|(_, visits)| **visits > F::zero()).for_each(|(row, _)| unite(row));
        let mut centres: Vec<usize> = (0..alphabet).collect();
        for symbol in 0..alphabet {
            let centre = &mut centres[group[symbol]];
            if visited[symbol] > visited[*centre] {
                *centre = symbol;
            }
        }
        group.into_iter().map(|group| centres[group]).collect()
    }
}

struct PairSums<F> {
    /// Sum of H(X_l | prefix) over the tokens.
    entropies: F,
    /// `M_1 - M_2, M_2 - M_3, ..`, up to where the rest is below rounding.
    falls: Vec<F>,
}

/// The distributions of the tokens `X_{l-1}`, where `X_l` is a token of the block, added up from the first.
struct Visits<F> {
    /// The number of these tokens.
    most: usize,
    /// The distribution of each, for a stationary chain.
    law: Vec<F>,
    /// Row `i` is the sum of the first `i + 1` distributions, if they differ.
    totals: Option<Vec<F>>,
}

impl<F: Scalar> Visits<F> {
    /// The sum of the distributions of `X_{l-1}` over all tokens `X_l` of the block that have another one of
    /// the block at this distance to their right.
    fn before(&self, distance: usize) -> Vec<F> {
        let alphabet = self.law.len();
        let number = self.most.saturating_sub(distance);
        match &self.totals {
            None => self.law.iter().map(|&p| p * scalar::float(number)).collect(),
            Some(totals) => match number.checked_sub(1) {
                Some(last) => totals[last * alphabet..(last + 1) * alphabet].to_vec(),
                None => vec![F::zero(); alphabet],
            },
        }
    }
}

/// Computes the falls `M_n - M_{n+1}` of the information of pairs.
struct Falls<'a, F> {
    chain: &'a MarkovChain<F>,
    prefix: usize,
    tokens: usize,
    visits: &'a Visits<F>,
}

struct Fall<F> {
    /// `M_n - M_{n+1}`
    fall: F,
    /// A bound on `M_{n+1}`
    rest: F,
}

impl<F: Scalar> Falls<'_, F> {
    /// The fall at a distance, which is the exponent of `power`; `next` is the power after it.
    ///
    /// # Formula
    /// ```text
    /// M_n - M_{n+1} = sum over l of I(X_l; X_{l+n} | X_{l-1})
    /// ```
    /// They do not increase with `n`.
    fn at(
        &self,
        distance: usize,
        power: &MatrixPower<'_, F>,
        next: &MatrixPower<'_, F>,
    ) -> Fall<F> {
        let further = scalar::float::<F>(self.tokens - 1 - distance);
        if self.chain.stationary && self.prefix == 0 {
            let (nearer, farther) = (power.first_tokens, next.first_tokens);
            return Fall { fall: nearer + further * (nearer - farther), rest: further * farther };
        }
        let others = power.conditional_information(next, &self.visits.before(distance));
        let fall = power.first_tokens + others;
        Fall { fall, rest: further * fall }
    }

    /// Elementary operations for one more distance.
    fn work_of_a_distance(&self) -> u128 {
        const LOGARITHM: usize = 8;
        let alphabet = self.chain.alphabet();
        let each = if self.chain.stationary && self.prefix == 0 {
            2 * alphabet + LOGARITHM
        } else {
            (3 + LOGARITHM) * alphabet
        };
        cells(alphabet, alphabet).saturating_mul(each as u128).saturating_add(self.tokens as u128)
    }

    /// Refuses a curve that would take too long, before it is begun.
    ///
    /// Falls do not increase. So if what is left at a distance is not yet negligible there, all nearer
    /// distances are needed: it is enough to look at powers of two.
    fn check_work(&self, first: &MatrixPower<'_, F>) -> Result<()> {
        let what = "operations for the curve of the chain (at least)";
        let each = self.work_of_a_distance();
        if each.saturating_mul(self.tokens as u128) <= MAX_WORK {
            return Ok(());
        }
        check_limit(what, each, MAX_WORK)?;
        let scale = scalar::float::<F>(self.tokens) * scalar::float(self.tokens) / F::epsilon();
        // The sum of the falls up to the distance is no more than this.
        let mut most = None;
        let mut power = first.clone();
        let distances = core::iter::successors(Some(1_usize), |d| d.checked_mul(2));
        for distance in distances.take_while(|&distance| distance < self.tokens) {
            let Fall { fall, rest } = self.at(distance, &power, &power.next());
            let sum = most.unwrap_or(fall);
            if rest * scale <= sum {
                break;
            }
            check_limit(what, each.saturating_mul(distance as u128), MAX_WORK)?;
            most = Some(sum + fall * scalar::float(distance));
            power = power.twice();
        }
        Ok(())
    }
}

/// A power `P^a` of a transition matrix, and the same less the row of a centre: `P^a - C P^(a-1)`, where
/// row `y` of `C` is that row of `P` which is the centre of `y`.
///
/// The powers are sums of nonnegative products, so small probabilities keep their digits; the
/// deviations tend to zero as the chain mixes, so small dependencies keep theirs.
#[derive(Clone)]
pub(super) struct MatrixPower<'a, F> {
    transition: &'a [F],
    power: Vec<F>,
    deviation: Vec<F>,
    alphabet: usize,
    /// The distribution of the first token, if there is no token before it.
    initial: Option<&'a [F]>,
    /// What the first token tells about the one `a` further on, if there is no token before it.
    first_tokens: F,
}

impl<'a, F: Scalar> MatrixPower<'a, F> {
    pub(super) fn first(chain: &'a MarkovChain<F>, prefix: usize, centres: &[usize]) -> Self {
        let (alphabet, transition) = (chain.alphabet(), &chain.transition);
        let row = |x: usize| &transition[x * alphabet..(x + 1) * alphabet];
        let difference = |(x, &centre)| row(x).iter().zip(row(centre)).map(|(&p, &c)| p - c);
        let deviation = centres.iter().enumerate().flat_map(difference).collect();
        let initial = (prefix == 0).then_some(&chain.initial[..]);
        let power = transition.clone();
        Self { transition, power, deviation, alphabet, initial, first_tokens: F::zero() }
            .with_first_tokens()
    }

    /// What the first token tells about the one `a` further on, where `a` is the exponent.
    pub(super) fn first_tokens(&self) -> F {
        self.first_tokens
    }

    fn with_first_tokens(self) -> Self {
        let first_tokens = self.initial.map_or(F::zero(), |initial| self.information(initial));
        Self { first_tokens, ..self }
    }

    pub(super) fn next(&self) -> Self {
        self.times(self.transition)
    }

    /// `P^2a`
    fn twice(&self) -> Self {
        self.times(&self.power)
    }

    fn times(&self, matrix: &[F]) -> Self {
        let alphabet = self.alphabet;
        let power = normalized_rows(product(&self.power, matrix, alphabet), alphabet);
        let mut deviation = product(&self.deviation, matrix, alphabet);
        // Each row adds up to zero. What rounding leaves of its sum would never decay.
        let rows = deviation.chunks_exact_mut(alphabet).zip(power.chunks_exact(alphabet));
        for (row, law) in rows {
            let sum = scalar::sum(row.iter().copied());
            row.iter_mut().zip(law).for_each(|(d, &p)| *d = *d - sum * p);
        }
        Self { power, deviation, ..*self }.with_first_tokens()
    }

    /// I(X_l; X_{l+a}) in nats, from the distribution of `X_l`, whose symbols must all have one centre.
    ///
    /// # Formula
    /// ```text
    /// sum_{x,y} p(x) (r ln(r/q(y)) - r + q(y)),   r = P^a(y | x),  q = p P^a
    /// ```
    fn information(&self, left: &[F]) -> F {
        let right = product(left, &self.power, self.alphabet);
        let common = product(left, &self.deviation, self.alphabet);
        let mut sum = CompensatedSum::new();
        for (x, &p) in left.iter().enumerate().filter(|(_, p)| **p > F::zero()) {
            sum.add(p * self.divergence(x, &right, &common));
        }
        sum.total()
    }

    /// The sum of `visits(x) I(X_1; X_{1+a} | X_0 = x)` over all symbols `x`. `O(q^3)`.
    ///
    /// # Formula
    /// ```text
    /// I(X_1; X_{1+a} | X_0 = x) = sum_y P(y | x) KL(P^a(. | y) || P^(a+1)(. | x))
    /// ```
    fn conditional_information(&self, next: &Self, visits: &[F]) -> F {
        let common = product(self.transition, &self.deviation, self.alphabet);
        let rows = self.transition.chunks_exact(self.alphabet);
        let means = next.power.chunks_exact(self.alphabet).zip(common.chunks_exact(self.alphabet));
        let mut sum = CompensatedSum::new();
        for (&visits, (row, (mean, common))) in visits.iter().zip(rows.zip(means)) {
            if visits > F::zero() {
                let possible = row.iter().enumerate().filter(|(_, p)| **p > F::zero());
                let terms = possible.map(|(y, &p)| p * self.divergence(y, mean, common));
                sum.add(visits * scalar::sum(terms));
            }
        }
        sum.total()
    }

    /// KL(P^a(. | x) || mean), from the mean and from the mean of the deviations.
    fn divergence(&self, x: usize, mean: &[F], common: &[F]) -> F {
        let row = x * self.alphabet..(x + 1) * self.alphabet;
        let own = self.power[row.clone()].iter().zip(&self.deviation[row]);
        let mut sum = CompensatedSum::new();
        for ((&p, &deviation), (&q, &common)) in own.zip(mean.iter().zip(common)) {
            if q > F::zero() {
                // The smaller numbers have the smaller rounding errors.
                let deviations = deviation.abs().max(common.abs()) <= p.max(q);
                let difference = if deviations { deviation - common } else { p - q };
                sum.add(scalar::divergence_term(p, q, difference));
            }
        }
        sum.total()
    }
}

/// Increments `d_1 .. d_{L-1}` of the curve of a Markov chain from `M_1 - M_2, M_2 - M_3, ..`; see
/// [`MarkovChain`]. What is missing at the end counts as zero.
fn increments_of_falls<F: Scalar>(falls: &[F], tokens: usize) -> Vec<F> {
    let at = |n: usize| falls.get(n - 1).copied().unwrap_or(F::zero());
    let mut sums = vec![CompensatedSum::new(); tokens - 1];
    // C(L-n, k-1) / C(L-2, k-1): the probability that k - 1 others miss the rest of the window.
    let mut missed = vec![F::one(); tokens - 1];
    // Below it a probability is dropped, before slow subnormal numbers set in.
    let negligible = F::min_positive_value() / F::epsilon();
    let per_pair = F::one() / (scalar::float::<F>(tokens) * scalar::float(tokens.max(2) - 1));
    for n in 2..=tokens.min(falls.len() + 1) {
        let mass = at(n - 1) - at(n);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_end_where_the_chain_has_mixed() {
        // Information falls by 0.6^2 a token, so it takes ln(L^2 / epsilon) / ln(1 / 0.6^2) powers.
        let quick = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]]).unwrap();
        for (tokens, expected) in [(50, 42), (1000, 48), (1_000_000, 61)] {
            let powers = quick.pairs(0, tokens).unwrap().falls.len();
            assert!(powers.abs_diff(expected) <= 3, "{tokens}: {powers}");
            // The rest is bounded less closely, by the number of tokens times the last fall.
            let powers = quick.pairs(7, tokens).unwrap().falls.len();
            assert!((expected..expected + 20).contains(&powers), "{tokens}: {powers}");
        }
        let cycle = MarkovChain::stationary(&[[0.0, 1.0], [1.0, 0.0]]).unwrap();
        assert_eq!(cycle.pairs(0, 1000).unwrap().falls.len(), 999);
        // Given a token before, nothing is left to tell.
        assert_eq!(cycle.pairs(1, 1000).unwrap().falls, [0.0]);
        let independent = MarkovChain::stationary(&[[0.25, 0.75], [0.25, 0.75]]).unwrap();
        assert_eq!(independent.pairs(0, 1000).unwrap().falls.len(), 1);
    }

    #[test]
    fn what_is_cut_off_changes_nothing() {
        let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]]).unwrap();
        for prefix in [0, 1] {
            let short = chain.pairs(prefix, 300).unwrap().falls;
            let visits = chain.visits(prefix, 300).unwrap();
            let falls = Falls { chain: &chain, prefix, tokens: 300, visits: &visits };
            let mut power = MatrixPower::first(&chain, prefix, &[0, 0]);
            let all = (1..300).map(|distance| {
                let next = power.next();
                let fall = falls.at(distance, &power, &next).fall;
                power = next;
                fall
            });
            let all: Vec<f64> = all.collect();
            assert!(short.len() < 100 && all[..short.len()] == short);
            let curves = [short, all].map(|falls| {
                InformationCurve::from_computed_increments(&increments_of_falls(&falls, 300), None)
                    .unwrap()
            });
            for k in 1..300 {
                let (a, b) = (curves[0].information(k).0, curves[1].information(k).0);
                assert!((a - b).abs() <= 4.0 * f64::EPSILON * b, "I_{k}: {a} and {b}");
            }
        }
    }

    #[test]
    fn rows_with_a_common_follower_have_one_centre() {
        let centres = |rows: &[[f64; 4]], initial: [f64; 4], prefix| {
            let chain = MarkovChain::from_transition(initial, rows).unwrap();
            chain.centres(prefix, &chain.visits(prefix, 10).unwrap())
        };
        // Two symbols that take turns with two others.
        let rows = [
            [0.0, 0.0, 0.3, 0.7],
            [0.0, 0.0, 0.3, 0.7],
            [0.9, 0.1, 0.0, 0.0],
            [0.8, 0.2, 0.0, 0.0],
        ];
        assert_eq!(centres(&rows, [1.0, 0.0, 0.0, 0.0], 0), [0, 0, 3, 3]);
        assert_eq!(centres(&rows, [0.25; 4], 1), [0, 0, 3, 3]);
        // Without a prefix, any two of the first token's symbols are compared as well.
        let one = centres(&rows, [0.5, 0.0, 0.5, 0.0], 0);
        assert!(one.iter().all(|&centre| centre == one[0]), "{one:?}");
    }
}
