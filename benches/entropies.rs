//! The exact curve of a table from the entropies of all its subsets, and the correlations alone.
//! Throughput is in cells of marginals; `one logarithm a cell` is the floor.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use demask::JointTable;

fn table(shape: &[usize]) -> JointTable {
    let cells: usize = shape.iter().product();
    let weights: Vec<u64> = (0..cells as u64).map(|i| 1 + i * i * 7919 % 100_003).collect();
    JointTable::from_counts(shape, weights).expect("a table")
}

fn curves(criterion: &mut Criterion) {
    let mixed = vec![3, 2, 5, 4, 2, 3, 7, 2];
    let binary = [8, 12, 16, 18].map(|tokens| (format!("binary {tokens}"), vec![2; tokens]));
    let mut group = criterion.benchmark_group("information_curve");
    group.sample_size(10);
    for (name, shape) in binary.into_iter().chain([("mixed 8".into(), mixed)]) {
        let table = table(&shape);
        let cells: usize = shape.iter().map(|alphabet| alphabet + 1).product();
        group.throughput(Throughput::Elements(cells as u64));
        group.bench_function(&name, |bencher| {
            bencher.iter(|| black_box(&table).information_curve())
        });
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("{name}, correlations alone"), |bencher| {
            bencher.iter(|| black_box(&table).correlations())
        });
    }
    let (cached, all) = (table(&[2; 12]), Vec::from_iter(0..12));
    group.throughput(Throughput::Elements(1 << 12));
    group.bench_function("one logarithm a cell", |bencher| {
        bencher.iter(|| black_box(&cached).entropy(&all))
    });
    group.finish();
}

criterion_group!(benches, curves);
criterion_main!(benches);
