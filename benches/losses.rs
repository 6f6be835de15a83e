//! Accumulating evaluations, and what a schedule costs by measured losses.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use unmaskcost::curve::PreparedCurve;
use unmaskcost::measured::{Collector, LossCurve, LossPoint};
use unmaskcost::{Nats, Schedule};

fn losses(tokens: usize, points: usize) -> LossCurve {
    let point = |i: usize| {
        let revealed = i * (tokens - 1) / (points - 1);
        let loss = Nats(1.0 + 1.0 / (1.0 + revealed as f64));
        LossPoint { revealed, loss, standard_error: Nats(0.01), samples: Some(100) }
    };
    LossCurve::from_points((0..points).map(point).collect::<Vec<_>>(), tokens).expect("losses")
}

fn collector(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("collector");
    let evaluations = 100_000;
    for tokens in [1_024, 1_000_000] {
        group.throughput(Throughput::Elements(evaluations));
        let mut collector = Collector::new(tokens).expect("tokens");
        group.bench_function(format!("add/L={tokens}"), |bencher| {
            bencher.iter(|| {
                for i in 0..evaluations {
                    // A multiplicative hash: counts in no order.
                    let revealed = (i * 0x9E37_79B9 % tokens as u64) as usize;
                    let _ = collector.record(black_box(revealed), Nats(i as f64 * 1e-5));
                }
            })
        });
        let other = collector.clone();
        group.throughput(Throughput::Elements(tokens as u64));
        group.bench_function(format!("merge/L={tokens}"), |bencher| {
            bencher.iter(|| collector.merge(black_box(&other)))
        });
    }
    group.finish();
}

/// A loss for each count, prepared once and asked about many schedules: O(T) for each.
fn prepared(criterion: &mut Criterion) {
    let (tokens, steps) = (4_096, 256);
    let losses: Vec<f64> = (0..tokens).map(|k| 1.0 + 1.0 / (1.0 + k as f64)).collect();
    let schedule = Schedule::balanced(tokens, steps).expect("a schedule");
    let curve = PreparedCurve::of_losses(&losses).expect("losses");
    let mut group = criterion.benchmark_group("prepared losses/L=4096, T=256");
    group.bench_function("prepare", |bencher| {
        bencher.iter(|| PreparedCurve::of_losses(black_box(&losses)))
    });
    group.bench_function("one schedule", |bencher| {
        bencher.iter(|| curve.cost(black_box(&schedule)))
    });
    group.finish();
}

fn costs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("losses");
    let tokens = 1_000_000;
    for points in [64, tokens] {
        let losses = losses(tokens, points);
        let schedule = Schedule::balanced(tokens, tokens / 16).expect("a schedule");
        let fewer = Schedule::balanced(tokens, tokens / 32).expect("a schedule");
        group.bench_function(format!("parallelism_cost/points={points}"), |bencher| {
            bencher.iter(|| black_box(&losses).parallelism_cost(black_box(&schedule)))
        });
        group.bench_function(format!("cost_difference/points={points}"), |bencher| {
            bencher.iter(|| black_box(&losses).cost_difference(black_box(&schedule), &fewer))
        });
        group.bench_function(format!("isotonic/points={points}"), |bencher| {
            bencher.iter(|| black_box(&losses).isotonic())
        });
    }
    group.finish();
}

criterion_group!(benches, collector, prepared, costs);
criterion_main!(benches);
