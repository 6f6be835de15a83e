//! Exact curves of long sequences, the weights they are mixed with, and their growth complexity.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use unmaskcost::distribution::{ClusterMixture, side_by_side};
use unmaskcost::{
    InformationCurve,
    distribution::{CategoricalMixture, ExchangeableBits, MarkovChain},
};

/// Transition probabilities like those of letters: `1 / (1 + distance)` to the power 2, in a shuffled
/// order, normalised.
fn rows(alphabet: usize) -> Vec<Vec<f64>> {
    let row = |x: usize| {
        let weight = |y: usize| (1.0 + ((7 * x + 11 * y + x * y) % alphabet) as f64).powi(-2);
        let sum: f64 = (0..alphabet).map(weight).sum();
        (0..alphabet).map(|y| weight(y) / sum).collect()
    };
    (0..alphabet).map(row).collect()
}

/// Two symbols that keep for about `length` tokens.
fn sticky(length: f64) -> [[f64; 2]; 2] {
    let leave = 1.0 / length;
    [[1.0 - leave, leave], [leave, 1.0 - leave]]
}

fn markov_chain(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("markov_chain");
    group.sample_size(10);
    let cycle: Vec<Vec<f64>> = (0..27)
        .map(|x| (0..27).map(|y| f64::from(u8::from((x + 1) % 27 == y))).collect())
        .collect();
    let chains = [
        ("27 symbols", MarkovChain::stationary(&rows(27)), 1024),
        ("27 symbols, never mixes", MarkovChain::stationary(&cycle), 1024),
        ("27 symbols, first one given", first_given(&rows(27)), 1024),
        ("2 symbols", MarkovChain::stationary(&sticky(10.0)), 4096),
        ("2 symbols, mixes in 2000", MarkovChain::stationary(&sticky(2000.0)), 4096),
    ];
    for (name, chain, tokens) in chains {
        let chain = chain.expect("a chain");
        group.bench_function(BenchmarkId::new(name, tokens), |bencher| {
            bencher.iter(|| black_box(&chain).information_curve(tokens))
        });
    }
    group.finish();
}

fn first_given(rows: &[Vec<f64>]) -> unmaskcost::Result<MarkovChain> {
    let mut initial = vec![0.0; rows.len()];
    initial[0] = 1.0;
    MarkovChain::from_transition(initial, rows)
}

fn exchangeable(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("exchangeable");
    group.sample_size(10);
    for tokens in [1024, 4096] {
        let law = ExchangeableBits::curie_weiss(tokens, 1.25, 0.0).expect("a law");
        group.bench_function(BenchmarkId::new("bits", tokens), |bencher| {
            bencher.iter(|| black_box(&law).information_curve())
        });
    }
    let mixture = CategoricalMixture::noisy_repeated_symbol(3, 0.25).expect("a law");
    group.bench_function(BenchmarkId::new("three symbols", 128), |bencher| {
        bencher.iter(|| black_box(&mixture).information_curve(128))
    });
    group.finish();
}

/// Random words that agree in one token of `2^(centres - 1)`.
fn clusters(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("clusters");
    group.sample_size(10);
    for (centres, tokens) in [(2, 1024), (2, 4096), (3, 128), (4, 24)] {
        let mut state = 1_u64;
        let mut bit = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40 & 1) as usize
        };
        let words: Vec<Vec<usize>> =
            (0..centres).map(|_| (0..tokens).map(|_| bit()).collect()).collect();
        let weights = vec![1.0 / centres as f64; centres];
        let law = ClusterMixture::new(weights, &words, 0.1).expect("a law");
        group.bench_function(BenchmarkId::new(format!("{centres} centres"), tokens), |bencher| {
            bencher.iter(|| black_box(&law).information_curve())
        });
    }
    group.finish();
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("side_by_side");
    group.sample_size(10);
    for (parts, length) in [(64, 64), (2, 2048)] {
        let part = MarkovChain::stationary(&sticky(10.0)).expect("a chain");
        let part = part.information_curve(length).expect("a curve");
        let parts = vec![part; parts];
        group.bench_function(
            BenchmarkId::new(format!("{} parts", parts.len()), length),
            |bencher| bencher.iter(|| side_by_side(black_box(&parts))),
        );
    }
    group.finish();
}

fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("growth_complexity");
    group.sample_size(10);
    for tokens in [128, 1024, 16384] {
        let information: Vec<f64> = (0..tokens).map(|k| k as f64 / (k as f64 + 20.0)).collect();
        let curve = InformationCurve::from_information(information).expect("a curve");
        group.bench_function(format!("L={tokens}"), |bencher| {
            bencher.iter(|| black_box(&curve).growth_complexity())
        });
    }
    group.finish();
}

criterion_group!(benches, markov_chain, exchangeable, clusters, parts, growth);
criterion_main!(benches);
