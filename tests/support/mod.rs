//! Random inputs for the property tests: fixed seeds, every distribution that a small table can
//! have.
//!
//! New cases are drawn on request: `TEST_SEED` changes all seeds, `TEST_TIMES` multiplies the cases.
#![allow(dead_code)] // each test file uses its part

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use unmaskcost::{Nats, Scalar, Schedule, distribution::JointTable};

/// A whole number in an environment variable, if it is set.
fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value} is no whole number")))
}

/// The seed, unless `TEST_SEED` asks for other cases.
fn seed_of(seed: u64) -> u64 {
    variable("TEST_SEED").map_or(seed, |other| seed ^ other.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// The number of cases, times `TEST_TIMES` where it is set.
pub fn times(cases: u32) -> u32 {
    let times = variable("TEST_TIMES").unwrap_or(1);
    u32::try_from(times.saturating_mul(cases.into())).unwrap_or(u32::MAX)
}

/// A generator with this seed.
pub fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed_of(seed))
}

/// A fixed seed and nothing written to disk: the same cases in every run.
pub fn seeded(cases: u32, seed: u64) -> Config {
    let (cases, rng_seed) = (times(cases), RngSeed::Fixed(seed_of(seed)));
    Config { rng_seed, failure_persistence: None, cases, ..Config::default() }
}

/// How much two computations of the same divergence may differ: entropies of order `ln cells`, summed
/// over all sets of tokens, in floats of this precision.
pub fn noise<F: Scalar>() -> F {
    F::epsilon() * F::from_f64(512.0).unwrap()
}

/// Shapes of up to `max_tokens` tokens with alphabets of 2 to 4 symbols.
pub fn shapes(max_tokens: usize, max_cells: usize) -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(2_usize..=4, 1..=max_tokens).prop_map(move |mut shape| {
        while shape.iter().product::<usize>() > max_cells {
            shape.pop();
        }
        shape
    })
}

/// Weights of one of several kinds: full support, many zeros, deterministic, nearly deterministic,
/// a repeated symbol with noise.
fn weights(shape: &[usize]) -> impl Strategy<Value = Vec<f64>> + use<> {
    let cells: usize = shape.iter().product();
    let full = proptest::collection::vec(0.01..1.0_f64, cells);
    let sparse = proptest::collection::vec(prop_oneof![4 => Just(0.0), 1 => 0.1..1.0_f64], cells)
        .prop_map(|mut weights| {
            weights[0] += 0.25;
            weights
        });
    let certain = (0..cells).prop_map(move |cell| indicator(cells, cell, 0.0));
    let nearly = (0..cells, -12.0..-3.0_f64)
        .prop_map(move |(cell, exponent)| indicator(cells, cell, 10_f64.powf(exponent)));
    let shape = shape.to_vec();
    let repeated = (0.0..0.3_f64).prop_map(move |noise| {
        let least = *shape.iter().min().expect("a token");
        let mut weights = vec![noise / cells as f64; cells];
        for symbol in 0..least {
            let cell = shape.iter().fold(0, |cell, &alphabet| cell * alphabet + symbol);
            weights[cell] += 1.0;
        }
        weights
    });
    prop_oneof![3 => full, 3 => sparse, 1 => certain, 1 => nearly, 1 => repeated]
}

fn indicator(cells: usize, cell: usize, elsewhere: f64) -> Vec<f64> {
    let mut weights = vec![elsewhere; cells];
    weights[cell] = 1.0;
    weights
}

/// Random tables in the scalar `F`.
pub fn tables<F: Scalar>(
    max_tokens: usize,
    max_cells: usize,
) -> impl Strategy<Value = JointTable<F>> {
    shapes(max_tokens, max_cells).prop_flat_map(tables_of_shape)
}

/// Random tables of one shape.
pub fn tables_of_shape<F: Scalar>(
    shape: Vec<usize>,
) -> impl Strategy<Value = JointTable<F>> + use<F> {
    weights(&shape).prop_map(move |weights| {
        let weights: Vec<F> = weights.iter().map(|&w| F::from_f64(w).unwrap()).collect();
        JointTable::from_weights(&shape, weights).expect("valid weights")
    })
}

/// Random schedules of `tokens` tokens: every composition can occur.
pub fn schedules(tokens: usize) -> impl Strategy<Value = Schedule> {
    proptest::collection::vec(any::<bool>(), tokens - 1).prop_map(|cuts| schedule_of_cuts(&cuts))
}

fn schedule_of_cuts(cuts: &[bool]) -> Schedule {
    let mut sizes = vec![1];
    for &cut in cuts {
        match sizes.last_mut() {
            Some(last) if !cut => *last += 1,
            _ => sizes.push(1),
        }
    }
    Schedule::from_reveal_sizes(sizes).expect("no empty step")
}

/// All `2^(tokens-1)` schedules.
pub fn all_schedules(tokens: usize) -> impl Iterator<Item = Schedule> {
    (0..1_usize << (tokens - 1)).map(move |cuts| {
        schedule_of_cuts(&(0..tokens - 1).map(|i| cuts >> i & 1 == 1).collect::<Vec<_>>())
    })
}

/// A table and a schedule for it.
pub fn tables_with_schedules<F: Scalar>(
    max_tokens: usize,
    max_cells: usize,
) -> impl Strategy<Value = (JointTable<F>, Schedule)> {
    tables::<F>(max_tokens, max_cells).prop_flat_map(|table| {
        let tokens = table.tokens();
        (Just(table), schedules(tokens))
    })
}

/// Random increments of a curve: plateaus, single jumps, decay, wide ranges.
pub fn increments(max_tokens: usize) -> impl Strategy<Value = Vec<f64>> {
    let plain = proptest::collection::vec(0.0..1.0_f64, 0..max_tokens);
    let plateaus =
        proptest::collection::vec(prop_oneof![3 => Just(0.0), 1 => 0.0..1.0_f64], 0..max_tokens);
    let wide =
        proptest::collection::vec((-250.0..250.0_f64).prop_map(|x| 10_f64.powf(x)), 0..max_tokens);
    let decay = (0.1..0.99_f64, 0..max_tokens)
        .prop_map(|(ratio, n)| (0..n).map(|m| ratio.powi(m as i32)).collect());
    prop_oneof![2 => plain, 2 => plateaus, 1 => wide, 1 => decay]
}

/// Information values that have these increments, up to rounding.
pub fn information_of(increments: &[f64]) -> Vec<f64> {
    std::iter::once(0.0)
        .chain(increments.iter().scan(0.0, |sum, d| {
            *sum += d;
            Some(*sum)
        }))
        .collect()
}

/// `a <= b` up to the noise of two independent computations.
pub fn at_most<F: Scalar>(a: Nats<F>, b: Nats<F>) -> bool {
    a.0 <= b.0 + noise()
}
