//! The engine for the entropies of all sets of tokens, and what bounds it: the logarithm.
//!
//! `benches/peers/subset_entropies.sh` runs the example `subset_entropies` side by side with numpy.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use unmaskcost::distribution::JointTable;

/// Full support.
fn table(shape: &[usize]) -> JointTable {
    let mut state = 1_u64;
    let mut weight = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) + 1) as f64
    };
    let weights: Vec<f64> = (0..shape.iter().product()).map(|_| weight()).collect();
    JointTable::from_weights(shape, weights).expect("a table")
}

/// Cells of marginals per second: the empty set's one cell included.
fn bench_curve(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, shape: &[usize]) {
    let table = table(shape);
    let cells: usize = shape.iter().map(|alphabet| alphabet + 1).product();
    group.throughput(Throughput::Elements(cells as u64));
    group.bench_function(name, |bencher| bencher.iter(|| black_box(&table).information_curve()));
}

fn information_curve(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("information_curve");
    group.sample_size(10);
    for tokens in [8, 12, 16] {
        bench_curve(&mut group, &format!("binary n={tokens}"), &vec![2; tokens]);
    }
    bench_curve(&mut group, "mixed 2x3x4x5x6x7x8", &[2, 3, 4, 5, 6, 7, 8]);
    bench_curve(&mut group, "text 27x27x27", &[27, 27, 27]);
    group.finish();
}

/// One entropy of a table that fits into the first cache, against the standard library.
fn x_ln_x(criterion: &mut Criterion) {
    let table = table(&[2048]);
    let single = JointTable::from_weights(
        &[2048],
        table.probabilities().iter().map(|&p| p as f32).collect::<Vec<_>>(),
    )
    .expect("a table");
    let mut group = criterion.benchmark_group("x_ln_x");
    group.throughput(Throughput::Elements(2048));
    group.bench_function("f64", |bencher| bencher.iter(|| black_box(&table).entropy(&[0])));
    group.bench_function("f32", |bencher| bencher.iter(|| black_box(&single).entropy(&[0])));
    group.bench_function("f64::ln one by one", |bencher| {
        bencher.iter(|| black_box(table.probabilities()).iter().map(|p| -p * p.ln()).sum::<f64>())
    });
    group.finish();
}

fn correlations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("correlations");
    group.sample_size(10);
    for tokens in [16, 20] {
        let table = table(&vec![2; tokens]);
        group.throughput(Throughput::Elements(1 << tokens));
        group.bench_function(format!("binary n={tokens}"), |bencher| {
            bencher.iter(|| black_box(&table).correlations())
        });
    }
    group.finish();
}

criterion_group!(benches, information_curve, x_ln_x, correlations);
criterion_main!(benches);
