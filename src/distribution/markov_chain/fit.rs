//! Chains fitted to a text, and how sure what follows from them is.

use super::{MarkovChain, check_alphabet};
use crate::distribution::traits::check_sequence;
use crate::error::{Error, Result, check_limit};
use crate::estimate::{Estimate, clustered};
use crate::numeric::scalar::{self, Scalar};
use crate::units::Nats;

/// The most blocks: the chain is fitted once for each.
const MAX_BLOCKS: u128 = 1 << 16;
/// The most operations for all these chains: some minutes.
const MAX_WORK: u128 = 1 << 38;

impl<F: Scalar> MarkovChain<F> {
    /// Fits the stationary chain to a sequence of symbols `0 .. alphabet`, by counting which symbol
    /// follows which, with additive smoothing: see [`MarkovChain::from_counts`].
    ///
    /// Smoothing makes rows more alike, so that tokens tell less about each other. Chance in the counts does the
    /// opposite. For instance, in a text of 9,129 letters of 27 kinds, neighbours share .628, .608, .559 and .516
    /// nats with smoothing 0, 0.1, 0.5 and 1; for the same text in 3 kinds .1029, .1029, .1028 and .1027.
    /// [`MarkovChain::jackknife`] takes both effects out, and gives the error of what is left.
    ///
    /// To see whether the chain fits, compare `-log_probability / length` ([`log_probability`]) on another
    /// text with [`entropy_rate`](MarkovChain::entropy_rate), and with other orders
    /// ([`HiddenMarkovChain::fit_order`]).
    ///
    /// [`log_probability`]: crate::distribution::ConditionalMarginal::log_probability
    /// [`HiddenMarkovChain::fit_order`]: crate::distribution::HiddenMarkovChain::fit_order
    ///
    /// The stationary distribution takes O(q^3) for `q` symbols: some two seconds for 2,000, some fifteen for 4,096, the most.
    ///
    /// # Errors
    /// As [`MarkovChain::from_counts`], and [`IndexOutOfRange`](crate::Error::IndexOutOfRange) for a symbol
    /// outside the alphabet.
    ///
    /// ```
    /// use unmaskcost::distribution::MarkovChain;
    /// let chain: MarkovChain = MarkovChain::fit(&[0, 1, 0, 0, 1, 0], 2, 0.0)?;
    /// assert_eq!(chain.row(1), Some(&[1.0, 0.0][..]));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn fit(symbols: &[usize], alphabet: usize, smoothing: F) -> Result<Self> {
        Self::from_counts(&transitions(symbols, alphabet)?, smoothing)
    }

    /// Estimates of numbers that follow from the chain fitted to a text, by the jackknife over blocks of the text.
    /// `statistic` computes the numbers, in nats, from a chain: a whole curve, or one figure.
    ///
    /// The values are those of the fitted chain less the bias that the jackknife sees, which is that of few counts and
    /// that of smoothing. So they may lie below 0 by chance. Errors come from the spread of the blocks, so they hold
    /// whether or not the text is a Markov chain. If it is not, they are errors of the figures of the chain that fits
    /// its source best. They need some twenty blocks, each long compared with the memory of the text. They are too
    /// small for a figure that is 0 and stays 0 to first order, if only a single degree of freedom moves it, as for two
    /// symbols that are exactly independent.
    ///
    /// # Formula
    /// ```text
    /// d_b = (1 - p_b) (x - x_b)            x the statistic, x_b without the transitions into block b, a share p_b of all
    /// value = x + sum_b d_b                for B blocks of equal length B x - (B - 1) mean x_b
    /// standard error^2 = c sum_b (d_b - p_b sum d)^2        S_n = sum_b p_b^n,  c = S_2 / (S_2 - 2 S_3 + S_2^2)
    /// ```
    /// For blocks of equal length `c = B / (B - 1)`. Lengths differ by at most one. More blocks than transitions count as
    /// one block for each transition. A symbol whose followers only one block shows keeps them when that block is left
    /// out.
    ///
    /// The chain is fitted `B + 1` times, O(q^3) each for `q` symbols; what the statistic takes comes on top.
    ///
    /// Source: Efron & Stein, *Annals of Statistics* 9 (1981); Künsch, *Annals of Statistics* 17 (1989), for blocks. `docs/theory.md` has the
    /// simulations.
    ///
    /// # Errors
    /// Those of [`MarkovChain::fit`] and of `statistic`; [`TooFew`](crate::Error::TooFew) for fewer than two blocks, or
    /// fewer than two whose leaving out changes a count; [`TooLarge`](crate::Error::TooLarge) for more than 2^16, or if blocks times
    /// q^3 are more than 2^38, some minutes at most; [`NotFinite`](crate::Error::NotFinite) for a value of the statistic; [`NotApplicable`](crate::Error::NotApplicable) if without a
    /// block the text falls apart, as it may without smoothing; [`LengthMismatch`](crate::Error::LengthMismatch) if the
    /// statistic does not always have the same number of values.
    ///
    /// ```
    /// use unmaskcost::{Schedule, distribution::MarkovChain};
    /// let text: Vec<usize> = (0..2000_usize).map(|i| (i / 3 + usize::from(i * i % 7 == 1)) % 2).collect();
    /// let schedule = Schedule::balanced(16, 4)?;
    /// let error = |chain: &MarkovChain| {
    ///     Ok([chain.information_curve(16)?.sampling_error(&schedule)?.0])
    /// };
    /// let found = MarkovChain::jackknife(&text, 2, 0.5, 30, error)?[0];
    /// assert!(found.value().0 > 3.0 * found.standard_error().0);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn jackknife<V: AsRef<[F]>>(
        symbols: &[usize],
        alphabet: usize,
        smoothing: F,
        blocks: usize,
        statistic: impl Fn(&Self) -> Result<V>,
    ) -> Result<Vec<Estimate<F>>> {
        let pairs = symbols.len().saturating_sub(1);
        let blocks = check_blocks(blocks.min(pairs), check_alphabet(alphabet)?)?;
        let all = transitions(symbols, alphabet)?;
        let values = |counts: &[Vec<u64>]| {
            let values = statistic(&Self::from_counts(counts, smoothing)?)?;
            scalar::check_finite("the statistic", values.as_ref())?;
            Ok::<_, Error>(values)
        };
        let whole = values(&all)?;
        let whole = whole.as_ref();
        let mut changing = 0;
        let end = |block: usize| (block as u128 * pairs as u128 / blocks as u128) as usize;
        let mut shares = Vec::with_capacity(blocks);
        let mut without = vec![Vec::with_capacity(blocks); whole.len()];
        for block in 0..blocks {
            let part = end(block)..end(block + 1);
            shares.push(scalar::float::<F>(part.len()) / scalar::float(pairs));
            let rest = without_block(&all, &symbols[part.start..=part.end]);
            changing += usize::from(rest != all);
            let found = values(&rest)?;
            let found = found.as_ref();
            super::check_length("the statistic", found.len(), whole.len())?;
            without.iter_mut().zip(found).for_each(|(values, &value)| values.push(value));
        }
        check_spread(changing)?;
        let estimate = |(&value, without): (&F, Vec<F>)| {
            let (influences, bias) = clustered::jackknife(&shares, value, &without);
            clustered::from_influences(Nats(value - bias), &influences)
        };
        whole.iter().zip(without).map(estimate).collect()
    }

    /// The entropy of a token given all before it, in the long run: the least that a text of this chain costs per
    /// symbol.
    ///
    /// # Formula
    /// ```text
    /// h = sum_x pi(x) H(P(. | x))        pi the stationary distribution
    /// ```
    /// A text of another source costs more by its divergence from the chain, per symbol: `-ln p(text) / length`, by
    /// [`log_probability`](crate::distribution::ConditionalMarginal::log_probability). On the text that it was fitted to, a chain without smoothing
    /// costs its own rate up to O(1/length), from the first symbol and the end of the text; so only another text shows whether
    /// it fits.
    ///
    /// # Errors
    /// [`NotApplicable`](crate::Error::NotApplicable), if the chain was not made as a stationary one.
    ///
    /// ```
    /// use unmaskcost::distribution::{ConditionalMarginal, MarkovChain};
    /// let text: Vec<usize> = (0..2000_usize).map(|i| usize::from(i * i % 7 == 2 || i % 5 == 1)).collect();
    /// let (fitted, held_out) = text.split_at(1000);
    /// let chain = MarkovChain::fit(fitted, 2, 0.5)?;
    /// let paid = -chain.log_probability(held_out)?.0 / 1000.0;
    /// let rate: f64 = chain.entropy_rate()?.0;
    /// assert!((paid - rate).abs() < 0.01);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn entropy_rate(&self) -> Result<Nats<F>> {
        let stationary = match self.stationary {
            true => self.initial.clone(),
            false => Self::stationary_of(self.transition.clone(), self.alphabet())?.initial,
        };
        let rows = self.transition.chunks_exact(self.alphabet());
        let terms = stationary.iter().zip(rows).filter(|(p, _)| **p > F::zero());
        Ok(Nats(scalar::sum(terms.map(|(&p, row)| p * scalar::entropy(row)))))
    }
}

/// Refuses too few blocks, and too much work for them.
fn check_blocks(blocks: usize, alphabet: usize) -> Result<usize> {
    if blocks < 2 {
        return Err(Error::TooFew { what: "blocks of a text", found: blocks, needed: 2 });
    }
    check_limit("blocks of a text", blocks as u128, MAX_BLOCKS)?;
    let work = (blocks as u128).saturating_mul((alphabet as u128).saturating_pow(3));
    check_limit("blocks of a text times the alphabet cubed", work, MAX_WORK)?;
    Ok(blocks)
}

/// Blocks that change nothing when they are left out show no spread.
fn check_spread(changing: usize) -> Result<()> {
    let what = "blocks of a text that change a count when left out";
    if changing < 2 { Err(Error::TooFew { what, found: changing, needed: 2 }) } else { Ok(()) }
}

/// How often each symbol follows each symbol.
fn transitions(symbols: &[usize], alphabet: usize) -> Result<Vec<Vec<u64>>> {
    check_alphabet(alphabet)?;
    check_sequence(symbols, alphabet)?;
    let mut counts = vec![vec![0_u64; alphabet]; alphabet];
    for pair in symbols.windows(2) {
        counts[pair[0]][pair[1]] += 1;
    }
    Ok(counts)
}

/// The counts without those of a part of the text.
fn without_block(all: &[Vec<u64>], part: &[usize]) -> Vec<Vec<u64>> {
    let mut rest = all.to_vec();
    for pair in part.windows(2) {
        rest[pair[0]][pair[1]] -= 1;
    }
    // Where only the part shows what follows a symbol, its counts are the best guess; and such a symbol
    // hardly matters.
    for (rest, all) in rest.iter_mut().zip(all) {
        if rest.iter().all(|count| *count == 0) {
            rest.clone_from(all);
        }
    }
    rest
}
