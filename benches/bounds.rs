//! What each bound costs, at 1024 and at a million tokens.
//!
//! Bounds that depend on the schedule by its steps alone are run with the same 64 steps at both
//! lengths: their times must agree. `cargo bench -p benches --bench bounds`

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use unmaskcost::bounds::sharp::{self, Known};
use unmaskcost::bounds::{Knowledge, chen_cong_li, compare, dimension_free, li_cai, wainwright};
use unmaskcost::measured::{LossCurve, LossPoint, any_fall};
use unmaskcost::{InformationCurve, Nats, Schedule};

const LENGTHS: [usize; 2] = [1024, 1_000_000];

/// A smooth curve: half of the information by the time a tenth of the tokens is known.
fn curve(tokens: usize) -> InformationCurve {
    let place = |k: usize| k as f64 / tokens as f64;
    let entropy = |k: usize| 0.1 / (0.1 + place(k));
    InformationCurve::from_conditional_entropies((0..tokens).map(entropy).collect::<Vec<_>>())
        .expect("decreasing")
}

fn by_steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("64 steps");
    for tokens in LENGTHS {
        let schedule = Schedule::balanced(tokens, 64).expect("64 steps");
        let curve = curve(tokens);
        let (total, dual) = (curve.total_correlation(), curve.dual_total_correlation());
        let information = curve.token_information();
        let entropy = Nats(1.0);
        let points: Vec<_> = (1..=8).map(|i| i * tokens / 8 - 1).collect();
        let known = |share: f64| {
            points.iter().fold(Known::about(tokens), |known, &k| {
                let value = curve.information(k);
                known.information_between(k, value * (1.0 - share), value * (1.0 + share))
            })
        };
        let at_points = known(0.0);
        let with_bars = known(0.05);
        let with_total = at_points.clone().total_correlation(total);
        let all = with_bars.clone().total_correlation(total).dual_total_correlation(dual);
        let measured_at = [0].into_iter().chain(points.iter().copied());
        let losses = measured_at.map(|revealed| LossPoint {
            revealed,
            loss: entropy - curve.information(revealed),
            standard_error: Nats(0.01),
            samples: Some(1000),
        });
        let losses = LossCurve::from_points(losses.collect::<Vec<_>>(), tokens).expect("losses");
        let mut bench = |name: &str, run: &dyn Fn()| {
            group.bench_function(BenchmarkId::new(name, tokens), |bencher| bencher.iter(run));
        };
        let s = &schedule;
        bench("sharp, token information", &|| {
            black_box(sharp::from_token_information(information, black_box(s))).ok();
        });
        bench("sharp, single-token entropy", &|| {
            black_box(sharp::from_single_token_entropy(entropy, black_box(s))).ok();
        });
        bench("sharp, TC", &|| {
            black_box(sharp::from_total_correlation(total, black_box(s))).ok();
        });
        bench("sharp, DTC", &|| {
            black_box(sharp::from_dual_total_correlation(dual, black_box(s))).ok();
        });
        bench("sharp, TC and DTC", &|| {
            black_box(sharp::from_correlations(total, dual, black_box(s))).ok();
        });
        bench("sharp, 8 points", &|| {
            black_box(at_points.bounds(black_box(s))).ok();
        });
        bench("sharp, 8 points with error bars", &|| {
            black_box(with_bars.bounds(black_box(s))).ok();
        });
        bench("sharp, 8 points and TC", &|| {
            black_box(with_total.bounds(black_box(s))).ok();
        });
        bench("sharp, 8 points with error bars, TC and DTC", &|| {
            black_box(all.bounds(black_box(s))).ok();
        });
        bench("Li & Cai, Theorem 1", &|| {
            black_box(li_cai::upper(information, black_box(s))).ok();
        });
        bench("Li & Cai, refined", &|| {
            black_box(li_cai::refined_upper(&curve, black_box(s))).ok();
        });
        bench("Li & Cai, worst schedule", &|| {
            black_box(li_cai::worst_schedule_lower(&curve, black_box(s).largest_step())).ok();
        });
        bench("Li & Cai, worst schedule, constant 1/8", &|| {
            let step = black_box(s).largest_step();
            black_box(li_cai::worst_schedule_lower_sharpened(&curve, step)).ok();
        });
        bench("Li & Cai, balanced", &|| {
            black_box(li_cai::balanced_upper(information, tokens, black_box(s).steps())).ok();
        });
        bench("Chen, Cong & Li, sufficient steps", &|| {
            black_box(chen_cong_li::sufficient_steps(black_box(dual), tokens, Nats(1.0))).ok();
        });
        bench("Chen, Cong & Li, best schedule", &|| {
            black_box(chen_cong_li::best_schedule_upper(dual, tokens, black_box(s).steps())).ok();
        });
        bench("measured losses at 9 counts", &|| {
            black_box(any_fall::cost_interval(&losses, black_box(s), 0.95)).ok();
        });
        bench("dimension-free", &|| {
            black_box(dimension_free::upper(entropy, black_box(s))).ok();
        });
        bench("Chen, Cong & Li, greedy schedule", &|| {
            let tolerance = Nats(dual.0 / 8.0);
            black_box(chen_cong_li::dual_total_correlation_schedule(dual, tokens, tolerance)).ok();
        });
    }
    group.finish();
}

fn by_tokens(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("whole curve");
    for tokens in LENGTHS {
        let mut sizes = vec![1];
        sizes.extend(Schedule::balanced(tokens - 2, tokens / 16).expect("steps").sizes());
        sizes.push(1);
        let schedule = Schedule::from_reveal_sizes(sizes).expect("steps");
        let curve = curve(tokens);
        let total = Known::about(tokens).total_correlation(curve.total_correlation());
        let every = (1..tokens)
            .fold(Known::about(tokens), |known, k| known.information(k, curve.information(k)));
        let mut bench = |name: &str, run: &dyn Fn()| {
            group.bench_function(BenchmarkId::new(name, tokens), |bencher| bencher.iter(run));
        };
        let s = &schedule;
        bench("exact error", &|| {
            black_box(curve.sampling_error(black_box(s))).ok();
        });
        bench("Wainwright", &|| {
            black_box(wainwright::upper(&curve, black_box(s))).ok();
        });
        bench("mean over offset schedules", &|| {
            black_box(li_cai::offset_mean(&curve, black_box(s).largest_step())).ok();
        });
        bench("witness of TC", &|| {
            black_box(total.upper_witness(black_box(s))).ok();
        });
        bench("sharp, every point", &|| {
            black_box(every.bounds(black_box(s))).ok();
        });
        bench("comparison", &|| {
            black_box(compare(&curve, black_box(s))).ok();
        });
    }
    group.finish();
}

criterion_group!(benches, by_steps, by_tokens);
criterion_main!(benches);
