use super::{MAX_TOKENS, MAX_WORK, MarkovChain, cells, product};
use crate::curve::InformationCurve;
use crate::distribution::joint::MAX_CELLS;
use crate::error::{Error, Result, check_limit};
use crate::scalar::{self, CompensatedSum, Scalar};

impl<F: Scalar> MarkovChain<F> {
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
