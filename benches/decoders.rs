//! What planning, auditing and random sizes cost at the lengths people ask for.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use unmaskcost::distribution::MarkovChain;
use unmaskcost::sampler::policy::{self, Rule};
use unmaskcost::{InformationCurve, Schedule, audit, optimal};
use unmaskcost::{
    decoders::{Decoder, Shape},
    schedule::RevealTimes,
};

/// A smooth curve: `I_k = k / (k + L/8)`.
fn curve(tokens: usize) -> InformationCurve {
    let scale = tokens as f64 / 8.0;
    let information: Vec<f64> = (0..tokens).map(|k| k as f64 / (k as f64 + scale)).collect();
    InformationCurve::from_information(information).expect("a curve")
}

fn random_sizes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("expected_sampling_error");
    group.sample_size(10);
    for (tokens, steps) in [(1_024, 128), (1_024, 1_024), (100_000, 100), (100_000, 1_000)] {
        let (curve, times) = (curve(tokens), RevealTimes::equal(steps).expect("a step"));
        group.bench_function(format!("L={tokens},T={steps}"), |bencher| {
            bencher.iter(|| black_box(&curve).expected_sampling_error(black_box(&times)))
        });
    }
    group.bench_function("nonempty_steps_law/L=1024,T=128", |bencher| {
        let times = RevealTimes::equal(128).expect("a step");
        bencher.iter(|| black_box(&times).nonempty_steps_law(1_024))
    });
    group.finish();
}

fn plans(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10);
    for decoder in [Decoder::Llada, Decoder::Dream, Decoder::MaskGit(Shape::Cosine)] {
        for steps in [1_000, 1_000_000] {
            group.bench_function(format!("{decoder}/L=1000000,T={steps}"), |bencher| {
                bencher.iter(|| black_box(decoder).plan(1_000_000, black_box(steps)))
            });
        }
    }
    group.finish();
}

fn audits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("audit");
    group.sample_size(10);
    for steps in [1_000, 1_000_000] {
        let schedule = Schedule::balanced(1_000_000, steps).expect("a schedule");
        group.bench_function(format!("L=1000000,T={steps}"), |bencher| {
            bencher.iter(|| black_box(&schedule).audit())
        });
    }
    let (curve, schedule) = (curve(1_000_000), Schedule::balanced(1_000_000, 1_000));
    let schedule = schedule.expect("a schedule");
    group.bench_function("on a curve/L=1000000,T=1000", |bencher| {
        bencher.iter(|| audit::with_curve(black_box(&curve), black_box(&schedule)))
    });
    let curve = self::curve(1_024);
    group.bench_function("best times/L=1024,T=64", |bencher| {
        bencher.iter(|| optimal::reveal_times(black_box(&curve), 64))
    });
    group.finish();
}

/// One sequence of a chain of 27 symbols, by rules with many rounds and few.
fn policies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("teacher_forced");
    group.sample_size(10);
    let symbols: Vec<usize> = (0..20_000_usize).map(|i| i * i / 7 % 27).collect();
    let chain: MarkovChain = MarkovChain::fit(&symbols, 27, 0.5).expect("a chain");
    let sequence = &symbols[..256];
    for text in ["16 lowest entropies", "16 lowest entropies at least 4 apart", "1 lowest entropy"]
    {
        let rule: Rule = text.parse().expect("a rule");
        group.bench_function(format!("{text}/L=256"), |bencher| {
            bencher.iter(|| policy::teacher_forced(black_box(&chain), &rule, black_box(sequence)))
        });
    }
    group.finish();
}

criterion_group!(benches, random_sizes, plans, audits, policies);
criterion_main!(benches);
