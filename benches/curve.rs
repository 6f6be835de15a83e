//! The exact error of a schedule against the plain sum of the same slice, which is the least work that
//! reads the curve once; and the bounds of Li & Cai.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use unmaskcost::bounds::li_cai;
use unmaskcost::curve::PreparedCurve;
use unmaskcost::{InformationCurve, Schedule, distribution::JointTable};

/// A smooth curve: `I_k = k / (k + L/8)`.
fn curve(tokens: usize) -> InformationCurve {
    let scale = tokens as f64 / 8.0;
    let information: Vec<f64> = (0..tokens).map(|k| k as f64 / (k as f64 + scale)).collect();
    InformationCurve::from_information(information).expect("a curve")
}

fn sampling_error(criterion: &mut Criterion) {
    for tokens in [1_024, 1_000_000] {
        let curve = curve(tokens);
        let mut group = criterion.benchmark_group(format!("sampling_error/{tokens}"));
        group.throughput(Throughput::Elements(tokens as u64));
        for steps in [16, tokens / 4] {
            let schedule = Schedule::balanced(tokens, steps).expect("a schedule");
            group.bench_function(format!("T={steps}"), |bencher| {
                bencher.iter(|| black_box(&curve).sampling_error(black_box(&schedule)))
            });
        }
        group.bench_function("plain sum", |bencher| {
            bencher.iter(|| black_box(curve.increments()).iter().sum::<f64>())
        });
        group.bench_function("plain sum, eight lanes", |bencher| {
            bencher.iter(|| eight_lane_sum(black_box(curve.increments())))
        });
        group.finish();
    }
}

/// Schedules that a search would ask about: steps of random places, O(T) each on a prepared curve.
fn many_schedules(criterion: &mut Criterion) {
    let (tokens, steps) = (4_096, 256);
    let curve = curve(tokens);
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize
    };
    let schedules: Vec<Schedule> = (0..100)
        .map(|_| {
            let mut sizes = vec![1; steps];
            for _ in steps..tokens {
                sizes[random() % steps] += 1;
            }
            Schedule::from_reveal_sizes(sizes).expect("a schedule")
        })
        .collect();
    let mut group = criterion.benchmark_group("100 schedules/L=4096, T=256");
    group.bench_function("sampling_error", |bencher| {
        bencher.iter(|| {
            schedules.iter().map(|s| curve.sampling_error(s).map_or(0.0, |x| x.0)).sum::<f64>()
        })
    });
    let prepared = PreparedCurve::of(&curve);
    group.bench_function("prepared", |bencher| {
        bencher
            .iter(|| schedules.iter().map(|s| prepared.cost(s).map_or(0.0, |x| x.0)).sum::<f64>())
    });
    group
        .bench_function("prepare", |bencher| bencher.iter(|| PreparedCurve::of(black_box(&curve))));
    group.finish();
}

/// A sum that does not wait for each addition, so that memory is the limit.
fn eight_lane_sum(values: &[f64]) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += value;
        }
    }
    sums.iter().chain(rest).sum()
}

fn li_cai_bounds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("li_cai");
    for tokens in [1_024, 1_000_000] {
        let curve = curve(tokens);
        let schedule = Schedule::balanced(tokens, 16).expect("a schedule");
        let information = curve.token_information();
        group.bench_function(format!("upper/{tokens}"), |bencher| {
            bencher.iter(|| li_cai::upper(black_box(information), black_box(&schedule)))
        });
        group.bench_function(format!("refined_upper/{tokens}"), |bencher| {
            bencher.iter(|| li_cai::refined_upper(black_box(&curve), black_box(&schedule)))
        });
        group.bench_function(format!("worst_schedule_lower/{tokens}"), |bencher| {
            bencher.iter(|| li_cai::worst_schedule_lower(black_box(&curve), tokens / 16))
        });
    }
    group.finish();
}

fn joint_table(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("information_curve");
    group.sample_size(10);
    for tokens in [8, 12] {
        let weights: Vec<f64> = (0..1_u32 << tokens).map(|x| f64::from(x * x % 101)).collect();
        let table = JointTable::from_weights(&vec![2; tokens], weights).expect("a table");
        group.bench_function(format!("n={tokens}"), |bencher| {
            bencher.iter(|| black_box(&table).information_curve())
        });
    }
    group.finish();
}

criterion_group!(benches, sampling_error, many_schedules, li_cai_bounds, joint_table);
criterion_main!(benches);
