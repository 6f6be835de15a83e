//! Fast curves are the slow ones: the subset-entropy engine against sums from the definition, codes
//! against their tables, growth complexity against published numbers.

mod support;

use demask::distribution::{LinearCode, MdsCode};
use demask::{Error, InformationCurve, JointTable, Nats, Scalar};
use proptest::prelude::*;
use support::*;

/// Alphabets of one symbol, of a few, and of more than are added without compensation.
fn mixed_tables() -> impl Strategy<Value = JointTable> {
    let alphabet = prop_oneof![1 => Just(1_usize), 8 => 2_usize..=5, 1 => 17_usize..=40];
    let shapes = proptest::collection::vec(alphabet, 1..=7).prop_map(|mut shape| {
        while shape.iter().product::<usize>() > 3000 {
            shape.pop();
        }
        shape
    });
    shapes.prop_flat_map(|shape| {
        let weight = prop_oneof![
            2 => Just(0.0),
            4 => 0.0..1.0_f64,
            1 => (-300.0..0.0_f64).prop_map(|exponent| 10_f64.powf(exponent)),
        ];
        proptest::collection::vec(weight, shape.iter().product::<usize>()).prop_map(move |mut w| {
            w[0] += 0.01;
            JointTable::from_weights(&shape, w).expect("valid weights")
        })
    })
}

fn positions(set: usize, tokens: usize) -> Vec<usize> {
    (0..tokens).filter(|i| set >> i & 1 == 1).collect()
}

/// From the definition: marginal by marginal, with the library's logarithm and compensated sums.
fn direct_entropies(table: &JointTable) -> Vec<f64> {
    let entropy = |set: usize| -> f64 {
        let positions = positions(set, table.tokens());
        if positions.is_empty() {
            return 0.0;
        }
        let marginal = table.marginal(&positions).expect("valid positions");
        let positive = marginal.probabilities().iter().filter(|&&p| p > 0.0);
        positive.map(|&p| Nats(-p * p.ln())).sum::<Nats>().0
    };
    (0..1_usize << table.tokens()).map(entropy).collect()
}

fn mean_by_size(entropies: &[f64], tokens: usize) -> Vec<f64> {
    let mut means = vec![(0.0, 0.0); tokens + 1];
    for (set, entropy) in entropies.iter().enumerate() {
        let (sum, sets) = &mut means[set.count_ones() as usize];
        *sum += entropy;
        *sets += 1.0;
    }
    means.into_iter().map(|(sum, sets)| sum / sets).collect()
}

fn narrow(table: &JointTable) -> JointTable<f32> {
    let weights: Vec<f32> = table.probabilities().iter().map(|&p| p as f32).collect();
    JointTable::from_weights(table.shape(), weights).expect("valid weights")
}

fn assert_same_curve<F: Scalar>(a: &InformationCurve<F>, b: &InformationCurve<F>, noise: f64) {
    assert_eq!(a.tokens(), b.tokens());
    for k in 0..a.tokens() {
        let difference = (a.information(k) - b.information(k)).0.to_f64().unwrap();
        assert!(difference.abs() <= noise, "I_{k}: {:?} {:?}", a.information(k), b.information(k));
    }
}

proptest! {
    #![proptest_config(seeded(80, 21))]

    #[test]
    fn every_subset_entropy_is_the_sum_of_its_definition(table in mixed_tables()) {
        let direct = direct_entropies(&table);
        let fast = table.subset_entropies().unwrap();
        let narrow = narrow(&table).subset_entropies().unwrap();
        prop_assert_eq!(fast.values().len(), direct.len());
        for (set, &exact) in direct.iter().enumerate() {
            prop_assert!((fast.values()[set] - exact).abs() <= 1e-14, "set {set:b}");
            prop_assert!((f64::from(narrow.values()[set]) - exact).abs() <= 1e-5, "set {set:b}");
            let listed = positions(set, table.tokens());
            prop_assert_eq!(fast.entropy(&listed).unwrap().0, fast.values()[set]);
            prop_assert!((table.entropy(&listed).unwrap().0 - exact).abs() <= 1e-14);
        }
    }

    #[test]
    fn the_curve_is_the_mean_by_size(table in mixed_tables()) {
        let direct = mean_by_size(&direct_entropies(&table), table.tokens());
        let curve = table.information_curve().unwrap();
        assert_same_curve(&curve, &InformationCurve::from_subset_entropies(direct).unwrap(), 1e-13);
    }

    #[test]
    fn correlations_need_no_curve(table in mixed_tables()) {
        let (curve, correlations) = (table.information_curve().unwrap(), table.correlations());
        let close = |a: Nats, b: Nats| (a - b).0.abs() <= 1e-13;
        prop_assert!(close(correlations.total, curve.total_correlation()));
        prop_assert!(close(correlations.dual_total, curve.dual_total_correlation()));
        prop_assert!(close(correlations.token_information(), curve.token_information()));
    }

    #[test]
    fn curves_of_codes_are_those_of_their_tables(
        (field, rows) in prop_oneof![Just((2_u64, 7)), Just((3, 5)), Just((5, 4))].prop_flat_map(
            |(field, length)| {
                let row = proptest::collection::vec(0..field, length);
                (Just(field), proptest::collection::vec(row, 1..=length))
            })
    ) {
        let code = LinearCode::from_generator(field, &rows).unwrap();
        let table = code.joint_table::<f64>().unwrap();
        let entropies = table.subset_entropies().unwrap();
        for (set, &entropy) in entropies.values().iter().enumerate() {
            let found = code.entropy::<f64>(&positions(set, code.length())).unwrap().0;
            prop_assert!((found - entropy).abs() <= 1e-13);
        }
        let curve = code.information_curve().unwrap();
        assert_same_curve(&curve, &table.information_curve().unwrap(), 1e-13);
    }
}

/// A table whose work is split into tasks: 13 binary tokens among others.
fn large_table() -> JointTable {
    let shape = [2, 2, 3, 2, 2, 1, 2, 2, 5, 2, 2];
    let cells: usize = shape.iter().product();
    let weights: Vec<u64> = (0..cells as u64).map(|i| i * i * 7919 % 1009).collect();
    JointTable::from_counts(&shape, weights).unwrap()
}

#[test]
fn large_tables_agree_too() {
    let table = large_table();
    let (direct, fast) = (direct_entropies(&table), table.subset_entropies().unwrap());
    assert!(direct.iter().zip(fast.values()).all(|(a, b)| (a - b).abs() <= 1e-14));
    let means = InformationCurve::from_subset_entropies(mean_by_size(&direct, 11)).unwrap();
    assert_same_curve(&table.information_curve().unwrap(), &means, 1e-13);
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let table = large_table();
    let with_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (table.information_curve().unwrap(), table.subset_entropies().unwrap()))
    };
    let alone = with_threads(1);
    assert!((2..=5).all(|threads| with_threads(threads) == alone));
}

#[test]
fn what_would_not_finish_is_refused_with_its_cells() {
    let shape = [vec![1; 20], vec![2; 12]].concat();
    let table: JointTable = JointTable::from_counts(&shape, vec![1; 1 << 12]).unwrap();
    let needed = (1_u128 << 20) * 3_u128.pow(12);
    assert!(table.correlations().total.0.abs() < 1e-13);
    let sets = table.subset_entropies().unwrap_err();
    assert!(matches!(sets, Error::TooLarge { needed, .. } if needed == 1 << 32), "{sets}");
    let shape = [vec![1; 18], vec![2; 14]].concat();
    let table: JointTable = JointTable::from_counts(&shape, vec![1; 1 << 14]).unwrap();
    let cells = table.information_curve().unwrap_err();
    assert!(needed < 1 << 40);
    let needed_cells = (1_u128 << 18) * 3_u128.pow(14);
    let refused = matches!(cells, Error::TooLarge { needed, .. } if needed == needed_cells);
    assert!(refused, "{cells}");
    let many: JointTable = JointTable::from_counts(&[1; 33], [1]).unwrap();
    assert!(matches!(many.information_curve(), Err(Error::TooLarge { needed: 33, .. })));
}

#[test]
fn mds_codes_have_step_curves_and_are_checked() {
    for (field, length) in [(2, 3), (3, 4), (5, 6), (7, 8), (7, 6), (2, 9), (3, 7)] {
        for dimension in 1..=length {
            let Ok(mds) = MdsCode::new(field, length, dimension) else {
                assert!(length as u64 > field + 1 && (2..length - 1).contains(&dimension));
                continue;
            };
            let code = mds.code().unwrap();
            assert_eq!(code.check_mds().unwrap(), mds);
            let (counted, closed) = (code.information_curve(), mds.information_curve::<f64>());
            assert_eq!(counted.unwrap(), closed.unwrap());
        }
    }
    let long = MdsCode::new(65_537, 65_538, 40_000).unwrap().information_curve::<f64>().unwrap();
    assert_eq!(long.information(39_999).0, 0.0);
    assert_eq!(long.information(40_000).0, 65_537_f64.ln());
}

#[test]
fn codes_that_are_none_are_refused() {
    let rows = |rows: &[&[u64]]| LinearCode::from_generator(3, rows);
    for field in [0, 1, 4, 65_535] {
        assert_eq!(LinearCode::from_generator(field, [[0]]), Err(Error::NotPrime { field }));
        assert_eq!(MdsCode::new(field, 3, 1), Err(Error::NotPrime { field }));
    }
    assert!(matches!(MdsCode::new(1 << 40, 3, 1), Err(Error::TooLarge { .. })));
    assert!(matches!(rows(&[]), Err(Error::Empty { .. })));
    assert!(matches!(rows(&[&[]]), Err(Error::Empty { .. })));
    assert!(matches!(rows(&[&[1, 2], &[1]]), Err(Error::LengthMismatch { found: 1, .. })));
    assert!(matches!(rows(&[&[1, 3]]), Err(Error::IndexOutOfRange { index: 3, limit: 3, .. })));
    assert!(matches!(MdsCode::new(3, 0, 0), Err(Error::Empty { .. })));
    assert!(matches!(MdsCode::new(3, 2, 3), Err(Error::Inconsistent { .. })));
    let code = rows(&[&[1, 1, 0, 2], &[0, 0, 1, 1]]).unwrap();
    let columns = vec![0, 1];
    assert_eq!(code.check_mds(), Err(Error::DependentColumns { columns, dimension: 2 }));
    assert!(matches!(code.rank(&[4]), Err(Error::IndexOutOfRange { index: 4, limit: 4, .. })));
    let long = rows(&[&[1; 29]]).unwrap();
    assert!(matches!(long.information_curve::<f64>(), Err(Error::TooLarge { .. })));
    assert!(matches!(long.joint_table::<f64>(), Err(Error::TooLarge { .. })));
}

/// A fair bit seen through independent flips: `H_k` from the counts of ones.
fn noisy_repeated_bit(tokens: usize, flip: f64) -> InformationCurve {
    let entropy = |k: usize| -> f64 {
        let mut sets = 1.0_f64;
        let terms = (0..=k).map(|ones| {
            let (a, b) = (ones as i32, (k - ones) as i32);
            let word =
                (flip.powi(a) * (1.0 - flip).powi(b) + flip.powi(b) * (1.0 - flip).powi(a)) / 2.0;
            let term = Nats(-sets * word * word.ln());
            sets *= (k - ones) as f64 / (ones + 1) as f64;
            term
        });
        terms.sum::<Nats>().0
    };
    InformationCurve::from_subset_entropies((0..=tokens).map(entropy).collect::<Vec<_>>()).unwrap()
}

/// Wainwright, arXiv 2608.13520, Figure 1: 4.51, 2.16, 1.65.
#[test]
fn published_growth_complexities_are_reproduced() {
    for (flip, ratio) in [(0.01, 4.511), (0.30, 2.165), (0.45, 1.653)] {
        let growth = noisy_repeated_bit(128, flip).growth_complexity();
        let found = growth.coarse / growth.fine;
        assert!((found - ratio).abs() <= 6e-4, "{flip}: {found}");
    }
}

/// The trapezoidal rule with very many points, from the public density.
#[test]
fn growth_complexity_is_the_integral_of_its_density() {
    for flip in [0.01, 0.3] {
        let curve = noisy_repeated_bit(64, flip);
        let (growth, end, steps) = (curve.growth_complexity(), 63_f64.ln(), 40_000);
        let (mut sum, mut roots) = (0.0, 0.0);
        for step in 0..=steps {
            let lambda = end * (2.0 * f64::from(step) / f64::from(steps) - 1.0);
            let weight = if step == 0 || step == steps { 0.5 } else { 1.0 };
            let density = curve.growth_density(lambda).unwrap().0;
            sum += weight * density;
            roots += weight * density.sqrt();
        }
        let width = 2.0 * end / f64::from(steps);
        let (coarse, fine) = (2.0 * end * sum * width, (roots * width).powi(2));
        assert!((growth.coarse.0 - coarse).abs() <= 1e-6 * coarse);
        assert!((growth.fine.0 - fine).abs() <= 1e-6 * fine);
    }
}

#[test]
fn expected_information_runs_from_none_to_all() {
    let curve = noisy_repeated_bit(20, 0.1);
    assert_eq!(curve.expected_information(0.0).unwrap().0, 0.0);
    assert_eq!(curve.expected_information(1.0).unwrap(), curve.information(19));
    for bad in [-0.1, 1.1] {
        let error = curve.expected_information(bad).unwrap_err();
        assert!(matches!(error, Error::NotAProbability { .. }));
    }
    assert!(curve.expected_information(f64::NAN).is_err());
    assert!(curve.growth_density(f64::INFINITY).is_err());
    assert!([-800.0, 800.0].iter().all(|&end| curve.growth_density(end).unwrap().0 == 0.0));
    for tokens in 1..=2 {
        let growth = noisy_repeated_bit(tokens, 0.1).growth_complexity();
        assert_eq!((growth.coarse.0, growth.fine.0), (0.0, 0.0));
    }
}
