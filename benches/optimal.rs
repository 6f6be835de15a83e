//! The best schedule against per-layer divide and conquer with the same cost, and the frontier against
//! the plain dynamic program.
//!
//! Divide and conquer takes one layer per step, all alike: `divide_and_conquer/one layer` times
//! `steps - 1` is what it would take. `ckmeans` solves another problem of the same shape (a sorted
//! list cut into groups of least squared deviation), as an anchor.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use unmaskcost::bounds::sharp::Known;
use unmaskcost::{InformationCurve, Nats, Order, distribution::MarkovChain, optimal};

const MILLION: usize = 1_000_000;

/// Increments that fall as a power of the revealed tokens, with noise: what text looks like.
fn power_law(tokens: usize) -> InformationCurve {
    curve(tokens, |m, noise| noise / (m as f64 + 10.0).powf(1.5))
}

fn equal(tokens: usize) -> InformationCurve {
    curve(tokens, |_, _| 1e-6)
}

/// One token in a hundred says something.
fn sparse(tokens: usize) -> InformationCurve {
    curve(tokens, |m, noise| if m % 100 == 7 { noise } else { 0.0 })
}

/// Increments that fall over hundreds of orders of magnitude.
fn geometric(tokens: usize) -> InformationCurve {
    curve(tokens, |m, noise| noise * (-600.0 * m as f64 / tokens as f64).exp())
}

fn curve(tokens: usize, increment: impl Fn(usize, f64) -> f64) -> InformationCurve {
    let mut state = 1_u64;
    let increments: Vec<f64> = (1..tokens)
        .map(|m| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            increment(m, 0.5 + (state >> 11) as f64 / (1_u64 << 53) as f64)
        })
        .collect();
    let mut entropies = vec![0.0; tokens];
    for m in (1..tokens).rev() {
        entropies[m - 1] = entropies[m] + increments[m - 1];
    }
    InformationCurve::from_conditional_entropies(entropies).expect("falling entropies")
}

/// The classical method, with the cost from prefix sums: one layer of the dynamic program by divide
/// and conquer over the ends, O(L log L).
struct DivideAndConquer {
    information: Vec<f64>,
    prefix: Vec<f64>,
    errors: Vec<f64>,
    next: Vec<f64>,
}

impl DivideAndConquer {
    fn new(curve: &InformationCurve) -> Self {
        let information = curve.information_values().to_vec();
        let mut prefix = vec![0.0];
        for value in &information {
            prefix.push(prefix[prefix.len() - 1] + value);
        }
        let errors = (0..prefix.len()).map(|end| prefix[end]).collect();
        Self { next: prefix.clone(), information, prefix, errors }
    }

    fn layer(&mut self) -> f64 {
        let tokens = self.information.len();
        self.solve(1, tokens, 0, tokens - 1);
        std::mem::swap(&mut self.errors, &mut self.next);
        self.errors[tokens]
    }

    fn solve(&mut self, first: usize, last: usize, least: usize, most: usize) {
        let end = first + (last - first) / 2;
        let (mut best, mut best_start) = (f64::INFINITY, least);
        for start in least..=most.min(end - 1) {
            let cost = (self.prefix[end] - self.prefix[start])
                - (end - start) as f64 * self.information[start];
            let error = self.errors[start] + cost;
            if error < best {
                (best, best_start) = (error, start);
            }
        }
        self.next[end] = best;
        if first < end {
            self.solve(first, end - 1, least, best_start);
        }
        if end < last {
            self.solve(end + 1, last, best_start, most);
        }
    }
}

/// Least errors of all numbers of steps: O(L^3).
fn plain_program(curve: &InformationCurve) -> Vec<f64> {
    let DivideAndConquer { information, prefix, mut errors, mut next } =
        DivideAndConquer::new(curve);
    let tokens = information.len();
    let mut least = vec![errors[tokens]];
    for step in 1..tokens {
        for end in step + 1..=tokens {
            next[end] = (step..end).fold(f64::INFINITY, |best, start| {
                let cost =
                    (prefix[end] - prefix[start]) - (end - start) as f64 * information[start];
                best.min(errors[start] + cost)
            });
        }
        std::mem::swap(&mut errors, &mut next);
        least.push(errors[tokens]);
    }
    least
}

fn schedules(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("schedule");
    group.sample_size(10);
    let kinds = [
        ("power law", power_law as fn(usize) -> InformationCurve),
        ("equal", equal),
        ("sparse", sparse),
        ("geometric", geometric),
    ];
    for (name, kind) in kinds {
        let curve = kind(MILLION);
        for steps in [10, 100, 1_000, 10_000, 100_000] {
            let id = BenchmarkId::new(name, steps);
            group.bench_function(id, |b| b.iter(|| optimal::schedule(black_box(&curve), steps)));
        }
    }
    let curve = power_law(MILLION);
    let (_, tolerance) = optimal::schedule(&curve, 100).expect("fewer steps than tokens");
    group.bench_function("fewest steps", |b| {
        b.iter(|| optimal::fewest_steps(black_box(&curve), Nats(tolerance.0)))
    });
    group.finish();
}

fn baselines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("divide_and_conquer");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    let mut layers = DivideAndConquer::new(&power_law(MILLION));
    group.bench_function("one layer", |b| b.iter(|| layers.layer()));
    group.finish();

    let mut group = criterion.benchmark_group("ckmeans");
    group.sample_size(10);
    for tokens in [MILLION / 10, MILLION] {
        let values = power_law(tokens).information_values().to_vec();
        group.bench_function(BenchmarkId::new("100 groups", tokens), |b| {
            b.iter(|| ckmeans::ckmeans(black_box(&values), 100))
        });
    }
    group.finish();
}

fn frontiers(criterion: &mut Criterion) {
    let curve = power_law(1024);
    let plain = plain_program(&curve);
    let fast = optimal::frontier(&curve, 1024).expect("as many steps as tokens");
    for (fast, plain) in fast.iter().zip(&plain) {
        assert!((fast.0 - plain).abs() <= 1e-9 * plain + 1e-12, "{fast} {plain}");
    }
    let mut group = criterion.benchmark_group("frontier");
    group.sample_size(10);
    group.bench_function("1024", |b| b.iter(|| optimal::frontier(black_box(&curve), 1024)));
    group.bench_function("plain program 1024", |b| b.iter(|| plain_program(black_box(&curve))));
    group.finish();
}

/// What is known of a concave curve at 33 places, as far from each other.
fn known_points(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("minimax, 33 points");
    group.sample_size(10);
    for (tokens, steps) in [(4_096, 256), (100_000, 1_000), (100_000, 10_000)] {
        let information = |k: usize| Nats(k as f64 / (k as f64 + tokens as f64 / 8.0));
        let places = (1..=33).map(|point| point * (tokens - 1) / 33);
        let known =
            places.fold(Known::about(tokens), |known, k| known.information(k, information(k)));
        let id = BenchmarkId::new(format!("T = {steps}"), tokens);
        group.bench_function(id, |b| {
            b.iter(|| optimal::minimax::schedule(black_box(&known), steps))
        });
    }
    group.finish();
}

/// Along an order, with the full matrix of 4,096 tokens.
fn orders(criterion: &mut Criterion) {
    let chain = MarkovChain::stationary(&[[0.97, 0.03], [0.03, 0.97]]).expect("probabilities");
    let mut group = criterion.benchmark_group("order");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    let orders = [("spread", Order::spread(4096)), ("left to right", Order::left_to_right(4096))];
    for (name, order) in orders {
        let order = order.expect("tokens");
        let id = BenchmarkId::new("curve", name);
        group.bench_function(id, |b| b.iter(|| chain.order_curve(black_box(&order))));
        let curve = chain.order_curve(&order).expect("not too many tokens");
        for steps in [16, 1024] {
            let id = BenchmarkId::new(format!("schedule, T = {steps}"), name);
            group.bench_function(id, |b| b.iter(|| optimal::schedule(black_box(&curve), steps)));
        }
        let tolerance = optimal::schedule(&curve, 16).expect("fewer steps than tokens").1;
        let id = BenchmarkId::new("fewest steps", name);
        group
            .bench_function(id, |b| b.iter(|| optimal::fewest_steps(black_box(&curve), tolerance)));
        let id = BenchmarkId::new("frontier to 64 steps", name);
        group.bench_function(id, |b| b.iter(|| optimal::frontier(black_box(&curve), 64)));
    }
    group.finish();
}

criterion_group!(optimal_schedules, schedules, baselines, frontiers, known_points, orders);
criterion_main!(optimal_schedules);
