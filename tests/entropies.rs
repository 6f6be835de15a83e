//! The engine for the entropies of all sets of tokens against the definition, set by set.

use crate::support;

use proptest::prelude::*;
use rand::Rng;
use support::*;
use unmaskcost::{Error, Nats, Scalar, distribution::JointTable};

/// A sum in doubled precision: far more accurate than what is tested.
#[derive(Clone, Copy, Default)]
struct Sum(f64, f64);

impl Sum {
    fn add(self, x: f64) -> Self {
        let sum = self.0 + x;
        let part = sum - self.0;
        Self(sum, self.1 + ((self.0 - (sum - part)) + (x - part)))
    }
}

fn total(terms: impl Iterator<Item = f64>) -> f64 {
    let Sum(sum, rest) = terms.fold(Sum::default(), Sum::add);
    sum + rest
}

/// H(X_S) by the definition: the marginal cell by cell, then `-x ln x` by the standard library.
fn naive_entropy(shape: &[usize], probabilities: &[f64], set: usize) -> f64 {
    let kept = |token: &usize| set >> token & 1 == 1;
    let mut marginal =
        vec![Sum::default(); (0..shape.len()).filter(kept).map(|i| shape[i]).product()];
    for (mut cell, &p) in probabilities.iter().enumerate() {
        let (mut place, mut stride) = (0, 1);
        for token in (0..shape.len()).rev() {
            if kept(&token) {
                place += cell % shape[token] * stride;
                stride *= shape[token];
            }
            cell /= shape[token];
        }
        marginal[place] = marginal[place].add(p);
    }
    let cells = marginal.into_iter().map(|Sum(sum, rest)| sum + rest).filter(|&p| p > 0.0);
    if set == 0 { 0.0 } else { total(cells.map(|p| -p * p.ln())) }
}

fn naive_entropies<F: Scalar>(table: &JointTable<F>) -> Vec<f64> {
    let wide: Vec<f64> = table.probabilities().iter().map(|p| p.to_f64().unwrap()).collect();
    (0..1 << table.tokens()).map(|set| naive_entropy(table.shape(), &wide, set)).collect()
}

/// `f_0 .. f_{n-1}` from the entropies of all sets.
fn conditional_entropies(entropies: &[f64]) -> Vec<f64> {
    let tokens = entropies.len().ilog2() as usize;
    let mean = |size: usize| {
        let of_size = || (0..entropies.len()).filter(|set| set.count_ones() as usize == size);
        total(of_size().map(|set| entropies[set])) / of_size().count() as f64
    };
    (0..tokens).map(|size| mean(size + 1) - mean(size)).collect()
}

/// Every entropy, every point of the curve and both correlations, within `limit` nats.
fn check<F: Scalar>(table: &JointTable<F>, limit: f64) -> Result<(), TestCaseError> {
    let close = |found: F, expected: f64| (found.to_f64().unwrap() - expected).abs() <= limit;
    let expected = naive_entropies(table);
    let found = table.subset_entropies().unwrap();
    prop_assert_eq!(found.values().len(), expected.len());
    for (set, (&h, &exact)) in found.values().iter().zip(&expected).enumerate() {
        prop_assert!(close(h, exact), "{:?}, set {set:b}: {h} {exact}", table.shape());
        let positions: Vec<usize> = (0..table.tokens()).filter(|i| set >> i & 1 == 1).collect();
        prop_assert_eq!(found.entropy(&positions).unwrap(), Nats(h));
        prop_assert!(close(table.entropy(&positions).unwrap().0, exact));
    }
    let curve = table.information_curve().unwrap();
    for (k, exact) in conditional_entropies(&expected).into_iter().enumerate() {
        let f = curve.conditional_entropy(k).unwrap().0;
        prop_assert!(close(f, exact), "{:?}, f_{k}: {f} {exact}", table.shape());
    }
    let all = expected.len() - 1;
    let singles = total((0..table.tokens()).map(|i| expected[1 << i]));
    let last = total((0..table.tokens()).map(|i| expected[all] - expected[all ^ (1 << i)]));
    let correlations = table.correlations();
    prop_assert!(close(correlations.total.0, singles - expected[all]));
    prop_assert!(close(correlations.dual_total.0, expected[all] - last));
    Ok(())
}

/// The promise in nats: 1e-13 in `f64`, and as many units in the last place in `f32`.
fn limit<F: Scalar>() -> f64 {
    (F::epsilon() / F::from_f64(f64::EPSILON).unwrap()).to_f64().unwrap() * 1e-13
}

/// Alphabets of one symbol, of a few, and of more than are added without compensation.
fn mixed_shapes() -> impl Strategy<Value = Vec<usize>> {
    let alphabet = prop_oneof![2 => Just(1_usize), 8 => 2..=5_usize, 1 => 16..=40_usize];
    proptest::collection::vec(alphabet, 1..=9).prop_map(|mut shape| {
        while shape.iter().product::<usize>() > 3000 {
            shape.pop();
        }
        shape
    })
}

/// The distributions of the support module, and weights over the whole range of the float.
fn mixed_tables<F: Scalar>() -> impl Strategy<Value = JointTable<F>> {
    mixed_shapes().prop_flat_map(|shape| {
        let end = F::min_positive_value().to_f64().unwrap().ln();
        let weight = prop_oneof![1 => Just(0.0), 3 => (end..0.0).prop_map(f64::exp)];
        let cells = shape.iter().product::<usize>();
        let wide = proptest::collection::vec(weight, cells - 1).prop_map({
            let shape = shape.clone();
            move |weights| {
                let weights = weights.into_iter().chain([1.0]);
                let weights: Vec<F> = weights.map(|w| F::from_f64(w).unwrap()).collect();
                JointTable::from_weights(&shape, weights).unwrap()
            }
        });
        prop_oneof![3 => tables_of_shape(shape), 1 => wide]
    })
}

proptest! {
    #![proptest_config(seeded(200, 41))]

    #[test]
    fn every_entropy_is_right_to_1e_13_nats(table in mixed_tables::<f64>()) {
        check(&table, limit::<f64>())?;
    }

    #[test]
    fn single_precision_is_as_good_for_its_size(table in mixed_tables::<f32>()) {
        check(&table, limit::<f32>())?;
    }
}

fn random_table(shape: &[usize], seed: u64) -> JointTable {
    let mut generator = support::generator(seed);
    let weights = (0..shape.iter().product()).map(|_| (generator.next_u64() >> 11) as f64);
    JointTable::from_weights(shape, weights.collect::<Vec<_>>()).unwrap()
}

/// Large enough to be split into tasks, with each width of a row and each way of adding.
#[test]
fn large_tables_are_right_to_1e_13_nats() {
    let shapes: [&[usize]; 5] = [
        &[2; 11],
        &[3, 1, 2, 4, 2, 1, 3, 2, 2],
        &[17, 2, 33, 2, 1, 2],
        &[2, 2, 2, 2, 2, 2, 2, 100],
        &[4096],
    ];
    for (shape, seed) in shapes.into_iter().zip(0..) {
        check(&random_table(shape, seed), limit::<f64>()).unwrap();
    }
}

#[test]
fn one_token_and_alphabets_of_one_symbol_have_their_entropies() {
    let coin: JointTable = JointTable::from_counts(&[2], [1, 1]).unwrap();
    let ln2 = std::f64::consts::LN_2;
    assert_eq!(coin.subset_entropies().unwrap().values(), [0.0, ln2]);
    let correlations = coin.correlations();
    assert_eq!(correlations.total + correlations.dual_total, Nats(0.0));
    let certain: JointTable = JointTable::from_counts(&[1, 1, 1], [7]).unwrap();
    assert_eq!(certain.subset_entropies().unwrap().values(), [0.0; 8]);
    assert_eq!(certain.information_curve().unwrap().joint_entropy(), Some(Nats(0.0)));
    let mixed: JointTable = JointTable::from_counts(&[1, 2, 1], [1, 1]).unwrap();
    assert_eq!(
        mixed.subset_entropies().unwrap().values(),
        [0.0, 0.0, ln2, ln2, 0.0, 0.0, ln2, ln2]
    );
}

#[test]
fn probabilities_below_the_normal_range_count_as_nothing() {
    let tiny = f64::MIN_POSITIVE;
    let table =
        JointTable::from_probabilities(&[2, 2], [1.0 - f64::EPSILON, tiny / 3.0, tiny, 0.0])
            .unwrap();
    check(&table, limit::<f64>()).unwrap();
}

#[test]
fn what_would_not_finish_is_refused_with_its_size() {
    let table = |shape: &[usize]| {
        let cells = shape.iter().product();
        JointTable::<f32>::from_weights(shape, vec![1.0; cells]).unwrap()
    };
    // 20 coins and 12 constants: a small table, but 3^20 2^12 cells of marginals.
    let shape = [vec![2; 20], vec![1; 12]].concat();
    let needed = 3_u128.pow(20) << 12;
    let refused = Error::TooLarge { what: "cells of all marginals", needed, limit: 1 << 40 };
    assert!(refused.to_string().contains("14281868906496"), "{refused}");
    assert_eq!(table(&shape).information_curve(), Err(refused.clone()));
    assert_eq!(table(&shape).subset_entropies(), Err(refused));
    // The correlations need no sets.
    assert!(table(&shape).correlations().total.0.abs() < 1e-4);

    let what = "tokens whose sets are enumerated";
    let refused = Error::TooLarge { what, needed: 33, limit: 32 };
    assert_eq!(table(&[1; 33]).information_curve(), Err(refused));
    let what = "sets of tokens whose entropies are listed";
    let refused = Error::TooLarge { what, needed: 1 << 29, limit: 1 << 25 };
    assert_eq!(table(&[1; 29]).subset_entropies(), Err(refused));
}

#[test]
fn sets_are_asked_for_by_positions_that_exist_once() {
    let entropies = random_table(&[2, 3], 5).subset_entropies().unwrap();
    let what = "position";
    assert_eq!(entropies.entropy(&[]), Ok(Nats(0.0)));
    assert_eq!(entropies.entropy(&[2]), Err(Error::IndexOutOfRange { what, index: 2, limit: 2 }));
    assert_eq!(entropies.entropy(&[1, 1]), Err(Error::Duplicate { what, index: 1 }));
}

/// The work is divided by the shape of the table, never by the threads at hand.
#[cfg(feature = "rayon")]
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let shapes: [&[usize]; 4] = [&[2; 12], &[3, 2, 4, 2, 1, 3, 2, 2], &[2; 5], &[33, 2, 17, 2]];
    for (shape, seed) in shapes.into_iter().zip(0..) {
        let table = random_table(shape, seed);
        let results = || {
            let entropies = table.subset_entropies().unwrap();
            let curve = table.information_curve().unwrap();
            let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            (bits(entropies.values()), bits(curve.increments()))
        };
        let expected = results();
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(results), expected, "{shape:?}, {threads} threads");
        }
    }
}
