//! The increments of exchangeable bits, from the distribution of the number of ones: where the time of their curve goes.
//!
//! Let `w_j` be the probability of `j` ones among `n` tokens. Given `i` ones among the others, the next two tokens
//! are both ones with mass `a = (i+2)(i+1) w_{i+2}`, one of each kind with mass `2 b`, `b = (i+1)(n-1-i) w_{i+1}`,
//! and both zeros with mass `c = (n-i)(n-1-i) w_i`, all over `n (n-1)`. With the covariance `v = a c - b^2`, each
//! cell of their joint table has probability `p = q (1 + t)` where `q` is the product of the margins, and the
//! divergence is a sum of terms
//!
//! ```text
//! p ln(p/q) - p + q = q ((1 + t) ln(1 + t) - t) = (v / mass) u (1 + (1 + u) (u/3 + u^3/5 + ..)),   u = t / (2 + t)
//! t = v / (a+b)^2 for two ones, v / (b+c)^2 for two zeros, -v / ((a+b)(b+c)) for each of the mixed cells
//! ```
//!
//! in which nothing cancels. Where all `t` are at most 1/4 the first terms of the series suffice, so the cells are
//! computed many at a time, in the widest vectors that the machine has. Nothing is fused: all give the same bits.
//! The few cells that depend more are computed one by one.
//!
//! # What is left out
//! Given any count the two bits share at most ln 2 nats, so a block of counts whose `w_j` are all at most `floor` holds no
//! more than `3 ln 2 floor` for each. Such a block is skipped. If all that was skipped together might matter after all,
//! the sum is done again without skipping.

use crate::numeric::scalar::{self, CompensatedSum, Scalar, two_sum};
use crate::numeric::simd::{Kernel, run_widest};

/// Counts side by side: several vectors of any instruction set.
const LANES: usize = 32;

/// Levels whose count laws are made one after the other, to be summed up on all cores.
const BATCH: usize = 16;

/// The increments `d_1 ..= d_{L-1}`, and the entropy of one token.
pub(super) fn increments<F: Scalar>(count_law: &[F]) -> (Vec<F>, F) {
    let tokens = count_law.len() - 1;
    let mut increments = vec![F::zero(); tokens - 1];
    let mut laws: Vec<Vec<F>> = vec![count_law.to_vec()];
    for batch in increments.rchunks_mut(BATCH) {
        let levels = batch.len();
        laws.resize(levels + 1, Vec::new());
        for level in 0..levels {
            let (done, next) = laws.split_at_mut(level + 1);
            thin(&done[level], &mut next[0]);
        }
        let of_level = |(increment, law): (&mut F, &Vec<F>)| *increment = information(law);
        #[cfg(not(feature = "rayon"))]
        batch.iter_mut().rev().zip(&laws).for_each(of_level);
        #[cfg(feature = "rayon")]
        {
            use rayon::prelude::*;
            let each = batch.par_iter_mut().rev().zip(&laws[..levels]);
            each.with_min_len(MIN_COUNTS_OF_A_TASK.div_ceil(laws[0].len())).for_each(of_level);
        }
        laws.swap(0, levels);
    }
    let single = scalar::entropy(&laws[0]);
    (increments, single)
}

/// Below this many counts a task is not worth a thread's while.
#[cfg(feature = "rayon")]
const MIN_COUNTS_OF_A_TASK: usize = 1 << 12;

/// From the count law of `n` tokens, the mutual information of two of them given the others.
fn information<F: Scalar>(law: &[F]) -> F {
    let Some(terms) = terms_of_series::<F>() else { return information_one_by_one(law) };
    let negligible = negligible::<F>();
    let floor = F::epsilon().powi(4).max(negligible);
    let (found, skipped) = run_widest(Information { law, terms, floor });
    let four = scalar::constant::<F>(4.0);
    if floor > negligible && four * scalar::float(skipped) * floor > F::epsilon() * found {
        return run_widest(Information { law, terms, floor: negligible }).0;
    }
    found
}

/// Products of two masses must not underflow.
fn negligible<F: Scalar>() -> F {
    F::min_positive_value().sqrt()
}

/// This many terms of `u/3 + u^3/5 + ..` are as good as all for `|u| <= 1/7`; none for floats wider than
/// `f64`.
fn terms_of_series<F: Scalar>() -> Option<usize> {
    let next = |terms: usize| 7.0_f64.powi(-1 - 2 * terms as i32) / (2 * terms + 3) as f64;
    let enough = |&terms: &usize| scalar::constant::<F>(4.0 * next(terms)) < F::epsilon();
    [4, MOST_TERMS].into_iter().find(enough)
}

const MOST_TERMS: usize = 9;

/// The slow twin, for every float.
fn information_one_by_one<F: Scalar>(law: &[F]) -> F {
    let tokens = law.len() - 1;
    let cell = |(ones, masses): (usize, &[F])| of_count(tokens, ones, masses);
    scalar::sum(law.windows(3).enumerate().map(cell))
}

/// The information of two tokens given `ones` among the others, times the probability of that.
fn of_count<F: Scalar>(tokens: usize, ones: usize, masses: &[F]) -> F {
    let pairs = scalar::float::<F>(tokens) * scalar::float(tokens - 1);
    let zeros = tokens - 2 - ones;
    let ways = |a: usize, b: usize| scalar::float::<F>(a) * scalar::float(b) / pairs;
    // The joint distribution of the two, times the probability of the others' counts.
    let both = masses[2] * ways(ones + 2, ones + 1);
    let mixed = masses[1] * ways(ones + 1, zeros + 1);
    let neither = masses[0] * ways(zeros + 2, zeros + 1);
    let (one, zero) = (both + mixed, mixed + neither);
    let mass = one + zero;
    if mass <= negligible() {
        return F::zero();
    }
    let covariance = (both * neither - mixed * mixed) / mass;
    let cells = [
        (both, one * one, covariance, F::one()),
        (mixed, one * zero, -covariance, F::one() + F::one()),
        (neither, zero * zero, covariance, F::one()),
    ];
    let mut information = CompensatedSum::new();
    for (p, product, difference, times) in cells {
        let independent = product / mass;
        if independent > F::zero() {
            information.add(times * scalar::divergence_term(p, independent, difference));
        }
    }
    information.total()
}

/// [`information`], and the number of counts that were skipped.
struct Information<'a, F> {
    law: &'a [F],
    terms: usize,
    floor: F,
}

impl<F: Scalar> Kernel for Information<'_, F> {
    type Output = (F, usize);

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> (F, usize) {
        match self.terms {
            4 => self.sum::<4>(),
            _ => self.sum::<MOST_TERMS>(),
        }
    }
}

impl<F: Scalar> Information<'_, F> {
    #[inline(always)]
    fn sum<const TERMS: usize>(self) -> (F, usize) {
        let tokens = self.law.len() - 1;
        let block = Block::<F, TERMS>::of(tokens);
        let (mut sums, mut compensations) = ([F::zero(); LANES], [F::zero(); LANES]);
        let (mut dependent, mut skipped) = (CompensatedSum::new(), 0);
        let mut last = [F::zero(); LANES + 2];
        for first in (0..tokens - 1).step_by(LANES) {
            let rest = &self.law[first..];
            let masses = match rest.first_chunk() {
                Some(masses) => masses,
                None => {
                    last[..rest.len()].copy_from_slice(rest);
                    &last
                }
            };
            if greatest(masses) <= self.floor {
                skipped += LANES;
                continue;
            }
            let mut terms = block.terms(first, masses);
            if terms.iter().fold(false, |any, term| any | term.is_nan()) {
                for lane in (0..LANES).filter(|&lane| terms[lane].is_nan()).collect::<Vec<_>>() {
                    dependent.add(of_count(tokens, first + lane, &masses[lane..lane + 3]));
                    terms[lane] = F::zero();
                }
            }
            for lane in 0..LANES {
                let (sum, error) = two_sum(sums[lane], terms[lane]);
                (sums[lane], compensations[lane]) = (sum, compensations[lane] + error);
            }
        }
        let total = scalar::sum(sums.into_iter().chain(compensations)) / block.pairs;
        (total + dependent.total(), skipped)
    }
}

#[inline(always)]
fn greatest<F: Scalar>(masses: &[F; LANES + 2]) -> F {
    let larger = |a: F, b: F| if a > b { a } else { b };
    let mut lanes = [F::zero(); LANES];
    lanes.copy_from_slice(&masses[..LANES]);
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            lanes[lane] = larger(lanes[lane], lanes[lane + width]);
        }
    }
    larger(lanes[0], larger(masses[LANES], masses[LANES + 1]))
}

/// What all blocks of counts need.
struct Block<F, const TERMS: usize> {
    iota: [F; LANES],
    /// 1/3, 1/5, ..
    series: [F; TERMS],
    tokens: usize,
    pairs: F,
    /// Masses, times `pairs`, and their products that are too small.
    negligible: F,
    subnormal: F,
}

impl<F: Scalar, const TERMS: usize> Block<F, TERMS> {
    #[inline(always)]
    fn of(tokens: usize) -> Self {
        let pairs = scalar::float::<F>(tokens) * scalar::float(tokens - 1);
        Self {
            iota: core::array::from_fn(scalar::float),
            series: core::array::from_fn(|term| scalar::float::<F>(2 * term + 3).recip()),
            tokens,
            pairs,
            negligible: negligible::<F>() * pairs,
            subnormal: F::min_positive_value() / F::epsilon(),
        }
    }

    /// The information given each of the counts from `first` on, times the probability and `pairs`; NaN where the
    /// series does not apply.
    #[inline(always)]
    fn terms(&self, first: usize, masses: &[F; LANES + 2]) -> [F; LANES] {
        let (one, two) = (F::one(), F::one() + F::one());
        let quarter = scalar::constant::<F>(0.25);
        let (start, end) = (scalar::float::<F>(first + 1), scalar::float::<F>(self.tokens - 1));
        let mut terms = [F::zero(); LANES];
        for lane in 0..LANES {
            // One more than there are ones, and zeros, among the others.
            let ones = start + self.iota[lane];
            let zeros = end - (ones - one);
            let both = masses[lane + 2] * (ones * (ones + one));
            let mixed = masses[lane + 1] * (ones * zeros);
            let neither = masses[lane] * (zeros * (zeros + one));
            let (of_one, of_zero) = (both + mixed, mixed + neither);
            let mass = of_one + of_zero;
            let covariance = both * neither - mixed * mixed;
            let (ones_squared, zeros_squared) = (of_one * of_one, of_zero * of_zero);
            let least = if ones_squared < zeros_squared { ones_squared } else { zeros_squared };
            let weak = (covariance.abs() <= quarter * least) & (least >= self.subnormal);
            let alike = self.term(covariance, ones_squared) + self.term(covariance, zeros_squared);
            let sum = alike - two * self.term(-covariance, of_one * of_zero);
            let term = covariance / mass * sum;
            // Beyond the last count there are no zeros.
            let counts = (mass > self.negligible) & (zeros >= one);
            terms[lane] = if !counts {
                F::zero()
            } else if weak {
                term
            } else {
                F::nan()
            };
        }
        terms
    }

    /// `u (1 + (1 + u) (u/3 + u^3/5 + ..))` for `t = v / independent`.
    #[inline(always)]
    fn term(&self, v: F, independent: F) -> F {
        let u = v / ((independent + independent) + v);
        let square = u * u;
        let fourth = square * square;
        // Every other coefficient, so that the processor need not wait for each.
        let mut halves = [F::zero(); 2];
        for (place, &coefficient) in self.series.iter().enumerate().rev() {
            halves[place % 2] = halves[place % 2] * fourth + coefficient;
        }
        let series = halves[0] + square * halves[1];
        u + u * ((F::one() + u) * (u * series))
    }
}

/// The distribution of the number of ones among `shown` of the tokens.
pub(super) fn count_law<F: Scalar>(count_law: &[F], shown: usize) -> Vec<F> {
    let (mut law, mut next) = (count_law.to_vec(), Vec::new());
    while law.len() > shown + 1 {
        thin(&law, &mut next);
        core::mem::swap(&mut law, &mut next);
    }
    law
}

/// From the count law of `n` tokens that of `n - 1` of them.
fn thin<F: Scalar>(law: &[F], thinned: &mut Vec<F>) {
    thinned.resize(law.len() - 1, F::zero());
    run_widest(Thin { law, thinned });
}

struct Thin<'a, F> {
    law: &'a [F],
    thinned: &'a mut [F],
}

impl<F: Scalar> Kernel for Thin<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let all = scalar::float::<F>(self.thinned.len());
        let iota: [F; LANES] = core::array::from_fn(scalar::float);
        let lost = |ones: F, with_zero: F, with_one: F| {
            let mass = (with_zero * (all - ones) + with_one * (ones + F::one())) / all;
            // Subnormal numbers are slow, and too small to matter.
            if mass < F::min_positive_value() { F::zero() } else { mass }
        };
        for (block, thinned) in self.thinned.chunks_mut(LANES).enumerate() {
            let first = scalar::float::<F>(block * LANES);
            let law = &self.law[block * LANES..];
            if let (Some(masses), Some(whole)) = (law.first_chunk(), thinned.first_chunk_mut()) {
                let masses: &[F; LANES + 1] = masses;
                let whole: &mut [F; LANES] = whole;
                for lane in 0..LANES {
                    whole[lane] = lost(first + iota[lane], masses[lane], masses[lane + 1]);
                }
                continue;
            }
            for (lane, thinned) in thinned.iter_mut().enumerate() {
                *thinned = lost(first + iota[lane], law[lane], law[lane + 1]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::ExchangeableBits;

    /// Smooth laws, laws with gaps, and some whose ends are out of reach.
    fn laws(tokens: usize) -> Vec<Vec<f64>> {
        let mut state = tokens as u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let uniform = (state >> 11) as f64 / 2_f64.powi(53);
            if uniform < 0.3 { 0.0 } else { uniform.powi(40) }
        };
        let random: Vec<f64> = (0..=tokens).map(|_| random() + 1e-300).collect();
        let total: f64 = random.iter().sum();
        let laws = [
            ExchangeableBits::from_count_law(random.iter().map(|p| p / total).collect::<Vec<_>>()),
            ExchangeableBits::curie_weiss(tokens, 1.25, 0.01),
            ExchangeableBits::polya_urn(tokens, 0.5, 2.0),
            ExchangeableBits::noisy_repeated_bit(tokens, 0.125),
            ExchangeableBits::noisy_repeated_bit(tokens, 0.0),
            ExchangeableBits::fixed_weight(tokens, tokens / 3),
        ];
        laws.map(|law| law.unwrap().count_law().to_vec()).to_vec()
    }

    #[test]
    fn many_counts_at_a_time_give_what_one_by_one_gives() {
        for tokens in [2, 3, 4, 31, 32, 33, 34, 65, 200, 1000] {
            for mut law in laws(tokens) {
                while law.len() > 2 {
                    let (found, expected) = (information(&law), information_one_by_one(&law));
                    let scale = f64::EPSILON * (expected + expected.sqrt());
                    assert!((found - expected).abs() <= 4.0 * scale, "{found:e} {expected:e}");
                    let single: Vec<f32> = law.iter().map(|&p| p as f32).collect();
                    let (found, expected) = (information(&single), information_one_by_one(&single));
                    let scale = f32::EPSILON * (expected + expected.sqrt());
                    assert!((found - expected).abs() <= 4.0 * scale, "{found:e} {expected:e}");
                    let shown = (law.len() - 2).min(law.len() * 9 / 10);
                    law = count_law(&law, shown);
                }
            }
        }
    }

    #[test]
    fn every_level_is_its_own_sum_whoever_computes_it() {
        for law in laws(100) {
            let (found, single) = increments(&law);
            let expected = (2..=100).map(|shown| information(&count_law(&law, shown)));
            assert!(found.into_iter().map(f64::to_bits).eq(expected.map(f64::to_bits)));
            assert_eq!(single.to_bits(), scalar::entropy(&count_law(&law, 1)).to_bits());
        }
        assert_eq!(increments(&[0.5, 0.5]), (Vec::new(), core::f64::consts::LN_2));
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        for law in laws(150) {
            let kernel = || Information { law: &law, terms: MOST_TERMS, floor: negligible() };
            let plain = kernel().run::<false>();
            assert_eq!(run_widest(kernel()).0.to_bits(), plain.0.to_bits());
            let (mut found, mut expected) = (Vec::new(), vec![0.0; 150]);
            thin(&law, &mut found);
            Thin { law: &law, thinned: &mut expected }.run::<false>();
            assert!(found.into_iter().map(f64::to_bits).eq(expected.into_iter().map(f64::to_bits)));
        }
    }

    #[test]
    fn what_was_skipped_is_counted_where_there_is_nothing_else() {
        let mut law = vec![0.0; 201];
        (law[0], law[100]) = (1.0, 1e-70);
        let floor = f64::EPSILON.powi(4);
        let skipping = run_widest(Information { law: &law, terms: MOST_TERMS, floor });
        assert_eq!(skipping, (0.0, 192));
        let found = information(&law);
        assert!((found / information_one_by_one(&law) - 1.0).abs() < 1e-12 && found > 1e-72);
        // Where there is more, it makes no difference.
        (law[0], law[1]) = (0.5, 0.5);
        let found = information(&law);
        assert!((found / information_one_by_one(&law) - 1.0).abs() < 1e-14 && found > 1e-6);
    }
}
