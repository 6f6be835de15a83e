//! The increments of a curve weighed by the sawtooth of a schedule: where the time of an exact error goes.
//!
//! The weights of some hundred places are written to a buffer, a vector at a time, and multiplied with the
//! increments from there. So short steps take little longer than long ones. The code is compiled once per
//! instruction set, and the widest one present is chosen when the program runs (feature `simd`); lanes and the order
//! of additions are fixed and nothing is fused, so all give the same bits.
//!
//! # Accuracy
//! Four products are added plainly, then comes a compensated sum. So the result is within four unit roundoffs of the exact
//! sum for the increments given, and a few of second order.

use crate::numeric::scalar::{self, Scalar, two_sum};
use crate::numeric::simd::{Kernel, run_widest};

/// Independent sums side by side: several vectors of any instruction set. With fewer lanes the compiler unrolls
/// the loops over them before it vectorises them, and then does it badly.
const LANES: usize = 32;

/// Products of a lane that are added plainly.
const ROWS: usize = 4;

const CHUNK: usize = LANES * ROWS;

/// Places whose weights are written at once: they stay in the nearest cache.
const BLOCK: usize = 2 * CHUNK;

/// Room beyond a block: for a vector, and for one of the equal steps whose weights are written once.
const BEYOND: usize = 64;

/// Equal steps are written once if there are so many of them, and if they cover so many blocks.
const WORTHWHILE: (usize, usize) = (96, 3);

/// The weights of a block, and room for what is written beyond its end.
type Buffer<F> = [F; BLOCK + BEYOND];

/// `sum_m c_m d_m` for steps of these sizes, which add up to the number of increments.
pub(crate) fn weighed<F: Scalar>(increments: &[F], sizes: &[usize]) -> F {
    run_widest(Weighed { increments, sizes })
}

struct Weighed<'a, F> {
    increments: &'a [F],
    sizes: &'a [usize],
}

impl<F: Scalar> Kernel for Weighed<'_, F> {
    type Output = F;

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> F {
        let mut weights = Weights::of(self.sizes);
        let mut buffer = [F::zero(); BLOCK + BEYOND];
        let mut sums = Sums { sums: [F::zero(); LANES], compensations: [F::zero(); LANES] };
        let mut increments = self.increments;
        while !increments.is_empty() {
            let (blocks, _) = increments.as_chunks::<BLOCK>();
            if let Some(equal) = weights.equal_steps(&mut buffer, blocks.len()) {
                sums.add_equal_steps(&equal, &buffer, &blocks[..equal.blocks]);
                increments = &increments[equal.blocks * BLOCK..];
                continue;
            }
            if let Some((mut height, of_step)) = weights.all_of_one_step(blocks.len()) {
                for values in blocks[..of_step].as_flattened().as_chunks::<CHUNK>().0 {
                    sums.add_ramp(height, &weights.iota, values);
                    height = height - scalar::float(CHUNK);
                }
                increments = &increments[of_step * BLOCK..];
                continue;
            }
            let (block, after) = increments.split_at(increments.len().min(BLOCK));
            let (chunks, rest) = block.as_chunks::<CHUNK>();
            increments = after;
            weights.write(&mut buffer, block.len());
            let (of_chunks, of_rest) = buffer[..block.len()].as_chunks::<CHUNK>();
            for (weights, values) in of_chunks.iter().zip(chunks) {
                sums.add(weights, values);
            }
            if !rest.is_empty() {
                let (mut weights, mut values) = ([F::zero(); CHUNK], [F::zero(); CHUNK]);
                weights[..rest.len()].copy_from_slice(of_rest);
                values[..rest.len()].copy_from_slice(rest);
                sums.add(&weights, &values);
            }
        }
        sums.total()
    }
}

struct Sums<F> {
    sums: [F; LANES],
    compensations: [F; LANES],
}

impl<F: Scalar> Sums<F> {
    #[inline(always)]
    fn add(&mut self, weights: &[F; CHUNK], values: &[F; CHUNK]) {
        for lane in 0..LANES {
            let product = |row: usize| weights[row * LANES + lane] * values[row * LANES + lane];
            self.add_to(lane, (product(0) + product(1)) + (product(2) + product(3)));
        }
    }

    /// Blocks of equal steps, whose weights stand in the table from each of their places on.
    #[inline(always)]
    fn add_equal_steps(&mut self, equal: &EqualSteps, table: &Buffer<F>, blocks: &[[F; BLOCK]]) {
        let mut start = equal.start;
        for block in blocks {
            let weights = table[start..start + BLOCK].as_chunks::<CHUNK>().0;
            for (weights, values) in weights.iter().zip(block.as_chunks::<CHUNK>().0) {
                self.add(weights, values);
            }
            start += equal.shift;
            start -= if start >= equal.size { equal.size } else { 0 };
        }
    }

    /// Adds values with the weights `height`, `height - 1`, ..
    #[inline(always)]
    fn add_ramp(&mut self, height: F, iota: &[F; LANES], values: &[F; CHUNK]) {
        let below = |row: usize| scalar::float::<F>(row * LANES);
        let below = [below(0), below(1), below(2), below(3)];
        for lane in 0..LANES {
            let weight = height - iota[lane];
            let product = |row: usize| (weight - below[row]) * values[row * LANES + lane];
            self.add_to(lane, (product(0) + product(1)) + (product(2) + product(3)));
        }
    }

    #[inline(always)]
    fn add_to(&mut self, lane: usize, term: F) {
        let (sum, error) = two_sum(self.sums[lane], term);
        self.sums[lane] = sum;
        self.compensations[lane] = self.compensations[lane] + error;
    }

    #[inline(always)]
    fn total(mut self) -> F {
        let mut width = LANES;
        while width > 1 {
            width /= 2;
            for lane in 0..width {
                self.add_to(lane, self.sums[lane + width]);
                let other = self.compensations[lane + width];
                self.compensations[lane] = self.compensations[lane] + other;
            }
        }
        self.sums[0] + self.compensations[0]
    }
}

/// Equal steps that cover some blocks.
struct EqualSteps {
    size: usize,
    blocks: usize,
    /// The place of the first weight in the table, and how much further that of the next block lies.
    start: usize,
    shift: usize,
}

/// The sawtooth, block after block.
struct Weights<'a, F> {
    sizes: core::slice::Iter<'a, usize>,
    /// What the last block left of its last step.
    left: usize,
    /// Up to here the float holds every integer. Larger weights are each converted from their own
    /// integer.
    exact: usize,
    /// 0, 1, ..
    iota: [F; LANES],
}

impl<'a, F: Scalar> Weights<'a, F> {
    #[inline(always)]
    fn of(sizes: &'a [usize]) -> Self {
        let exact = F::epsilon().recip().to_usize().unwrap_or(usize::MAX);
        let iota = core::array::from_fn(scalar::float);
        Self { sizes: sizes.iter(), left: 0, exact, iota }
    }

    /// The first weight of the whole blocks that lie within one step, and how many there are.
    #[inline(always)]
    fn all_of_one_step(&mut self, most: usize) -> Option<(F, usize)> {
        let blocks = (self.left / BLOCK).min(most);
        let within = blocks > 0 && self.left <= self.exact;
        within.then(|| {
            let height = small(self.left);
            self.left -= blocks * BLOCK;
            (height, blocks)
        })
    }

    /// If many short steps of one size come next, the blocks that they cover, with the weights of their places in the
    /// buffer.
    #[inline(always)]
    fn equal_steps(&mut self, buffer: &mut Buffer<F>, most: usize) -> Option<EqualSteps> {
        match *self.sizes.as_slice() {
            [first, second, third, .., _]
                if first == second && second == third && self.left < first && first <= BEYOND =>
            {
                self.write_equal_steps(first, buffer, most)
            }
            _ => None,
        }
    }

    /// Not inlined: it is called once for many blocks, and does not belong among the registers of the sums.
    #[inline(never)]
    fn write_equal_steps(
        &mut self,
        size: usize,
        buffer: &mut Buffer<F>,
        most: usize,
    ) -> Option<EqualSteps> {
        let sizes = self.sizes.as_slice();
        if most < WORTHWHILE.1 || sizes.get(WORTHWHILE.0) != Some(&size) {
            return None;
        }
        let equal = how_many_equal(sizes, size);
        let blocks = ((self.left + equal * size) / BLOCK).min(most);
        if equal < WORTHWHILE.0 || blocks < WORTHWHILE.1 {
            return None;
        }
        buffer[0] = F::zero();
        (1..size).for_each(|place| buffer[place] = small(size - place));
        (size..buffer.len()).for_each(|place| buffer[place] = buffer[place - size]);
        // Where a step begins, and where one with `left` places to come goes on.
        let start = (size - self.left) % size;
        let begun = (blocks * BLOCK - self.left).div_ceil(size);
        self.left = self.left + begun * size - blocks * BLOCK;
        self.sizes = sizes[begun..].iter();
        Some(EqualSteps { size, blocks, start, shift: BLOCK % size })
    }

    /// Writes the weights of the next `places` places. Each vector may write beyond its step: what
    /// follows is written over it.
    #[inline(always)]
    fn write(&mut self, buffer: &mut Buffer<F>, places: usize) {
        let mut place = self.left.min(places);
        self.write_ramp(buffer, 0, place, self.left);
        self.left -= place;
        while place < places {
            let Some(&size) = self.sizes.next() else { break };
            let height: F = small(size.min(self.exact));
            if size <= SHORT {
                write_start::<F, SHORT>(buffer, place, height, &self.iota);
            } else {
                write_start::<F, VECTOR>(buffer, place, height, &self.iota);
            }
            let end = place.saturating_add(size).min(places);
            if size > VECTOR {
                self.write_ramp(buffer, place + 1, end, size - 1);
            }
            self.left = size - (end - place);
            place = end;
        }
    }

    /// Writes `height`, `height - 1`, .. at the places from `place` to `end`.
    #[inline(always)]
    fn write_ramp(&self, buffer: &mut Buffer<F>, mut place: usize, end: usize, mut height: usize) {
        while place < end {
            if let Some(vector) = buffer[place..].first_chunk_mut::<LANES>() {
                if height <= self.exact {
                    let height: F = small(height);
                    for (weight, &below) in vector.iter_mut().zip(&self.iota) {
                        *weight = height - below;
                    }
                } else {
                    for (lane, weight) in vector.iter_mut().enumerate() {
                        *weight = scalar::float(height.saturating_sub(lane));
                    }
                }
            }
            place += LANES;
            height = height.saturating_sub(LANES);
        }
    }
}

/// How many of the sizes come before another one, but for a few.
fn how_many_equal(sizes: &[usize], size: usize) -> usize {
    const AT_ONCE: usize = 32;
    let differ = |some: &&[usize; AT_ONCE]| some.iter().fold(0, |bits, next| bits | (next ^ size));
    AT_ONCE * sizes.as_chunks().0.iter().take_while(|some| differ(some) == 0).count()
}

/// Steps up to this size are written by half a vector, up to `VECTOR` by a whole one.
const SHORT: usize = 4;
const VECTOR: usize = 8;

/// Writes the weights of a step of no more than `N` tokens: 0 at its start.
#[inline(always)]
fn write_start<F: Scalar, const N: usize>(
    buffer: &mut Buffer<F>,
    place: usize,
    size: F,
    iota: &[F; LANES],
) {
    if let Some(vector) = buffer[place..].first_chunk_mut::<N>() {
        let weight = |lane: usize| if lane == 0 { F::zero() } else { size - iota[lane] };
        *vector = core::array::from_fn(weight);
    }
}

/// A whole number as a float, by way of a signed one: those convert faster.
#[inline(always)]
fn small<F: Scalar>(n: usize) -> F {
    F::from_isize(n as isize).unwrap_or_else(F::infinity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(values: &[f64], sizes: &[usize]) -> f64 {
        let weights = sizes.iter().flat_map(|&s| core::iter::once(0).chain((1..s).rev()));
        values.iter().zip(weights).map(|(x, weight)| x * weight as f64).sum()
    }

    #[test]
    fn weighed_sums_are_the_plain_ones_for_steps_of_any_size() {
        let mut state = 3_u64;
        for largest in [1, 2, 4, 8, 9, 17, 100, 700, 3000] {
            for tokens in [1, 2, 31, 32, 33, 511, 512, 513, 2000] {
                let mut sizes = Vec::new();
                let mut left = tokens;
                while left > 0 {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let size = (1 + (state >> 33) as usize % largest).min(left);
                    sizes.push(size);
                    left -= size;
                }
                let values: Vec<f64> = (0..tokens).map(|i| (i * i % 7) as f64).collect();
                assert_eq!(weighed(&values, &sizes), plain(&values, &sizes), "{sizes:?}");
            }
        }
    }

    /// Equal steps come from a table: of every size, after every part of a step, and with others between.
    #[test]
    fn weighed_sums_are_the_plain_ones_for_equal_steps() {
        let values: Vec<f64> = (0..12_000).map(|i| (i * i % 7) as f64).collect();
        for size in [1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 33, 63, 64, 65] {
            for (first, equal, last) in [(0, 95, 1), (0, 97, 0), (3, 160, 2), (300, 1_000, 5)] {
                let mut sizes = vec![size; equal];
                sizes.insert(0, first);
                sizes.extend([last, size, size + 1]);
                sizes.extend(vec![size + 1; equal]);
                sizes.retain(|&size| size > 0);
                let tokens = sizes.iter().sum::<usize>().min(values.len());
                let expected = plain(&values[..tokens], &sizes);
                assert_eq!(weighed(&values[..tokens], &sizes), expected, "{size} {first} {last}");
            }
        }
    }

    #[test]
    fn weights_beyond_the_integers_of_the_float_are_rounded_once() {
        // In single precision 2^24 + 1 is no float.
        let tokens = (1 << 24) + 40;
        let mut values = vec![0.0_f32; tokens];
        for place in [1, 2, 13, 39, 40] {
            values[place] = 1.0;
            let expected = (tokens - place) as f32;
            assert_eq!(weighed(&values, &[tokens]), expected, "{place}");
            values[place] = 0.0;
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let values: Vec<f64> = (1..5000).map(|i| (0.37 * f64::from(i)).sin().abs()).collect();
        for size in [3, 8, 100, 4999] {
            let mut sizes = vec![size; values.len() / size];
            sizes.extend(Some(values.len() % size).filter(|&rest| rest > 0));
            let plain = Weighed { increments: &values, sizes: &sizes }.run::<false>();
            assert_eq!(weighed(&values, &sizes).to_bits(), plain.to_bits());
        }
    }
}
