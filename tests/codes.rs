//! Linear codes: ranks against tables of words, closed forms against generator matrices.

use crate::support;

use proptest::prelude::*;
use support::*;
use unmaskcost::distribution::{LinearCode, MdsCode, SubsetEntropy};
use unmaskcost::{Error, InformationCurve, Nats, Schedule, distribution::JointTable};

/// The distribution of a random word by listing all messages, each with its word.
fn table_by_listing(field: u64, rows: &[Vec<u64>]) -> JointTable {
    let length = rows[0].len();
    let mut counts = vec![0_u64; (field as usize).pow(length as u32)];
    for message in 0..field.pow(rows.len() as u32) {
        let coefficients: Vec<u64> =
            (0..rows.len()).map(|i| message / field.pow(i as u32) % field).collect();
        let symbol = |token: usize| {
            coefficients.iter().zip(rows).map(|(c, row)| c * row[token]).sum::<u64>() % field
        };
        let cell = (0..length).fold(0, |cell, token| cell * field + symbol(token));
        counts[cell as usize] += 1;
    }
    JointTable::from_counts(&vec![field as usize; length], counts).unwrap()
}

fn codes() -> impl Strategy<Value = (u64, Vec<Vec<u64>>)> {
    let sizes = prop_oneof![
        (Just(2_u64), 1..=8_usize),
        (Just(3_u64), 1..=6_usize),
        (Just(5_u64), 1..=4_usize)
    ];
    (sizes, 1..=4_usize).prop_flat_map(|((field, length), rows)| {
        // Zeros more often than by chance: columns of zeros, dependent rows, small ranks.
        let entry = prop_oneof![1 => Just(0), 2 => 0..field];
        let row = proptest::collection::vec(entry, length);
        (Just(field), proptest::collection::vec(row, rows))
    })
}

fn curve_differs_by(a: &InformationCurve, b: &InformationCurve) -> f64 {
    assert_eq!(a.tokens(), b.tokens());
    let f = |curve: &InformationCurve, k| curve.conditional_entropy(k).unwrap().0;
    (0..a.tokens()).map(|k| (f(a, k) - f(b, k)).abs()).fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(seeded(200, 51))]

    #[test]
    fn entropies_are_ranks((field, rows) in codes()) {
        let code = LinearCode::from_generator(field, &rows).unwrap();
        let table = table_by_listing(field, &rows);
        prop_assert_eq!(&code.joint_table::<f64>().unwrap(), &table);
        let entropies = table.subset_entropies().unwrap();
        for (set, h) in entropies.values().iter().enumerate() {
            let positions: Vec<usize> = (0..code.tokens()).filter(|i| set >> i & 1 == 1).collect();
            let rank = code.rank(&positions).unwrap();
            prop_assert!((h - rank as f64 * (field as f64).ln()).abs() < 1e-13);
            prop_assert!((h - code.entropy::<f64>(&positions).unwrap().0).abs() < 1e-13);
            if positions.len() == code.tokens() {
                prop_assert_eq!(rank, code.dimension());
            }
        }
        let curve = code.information_curve::<f64>().unwrap();
        prop_assert!(curve_differs_by(&curve, &table.information_curve().unwrap()) < 1e-13);
    }

    /// The verdict is that of the definition, and the evidence holds.
    #[test]
    fn a_code_is_mds_if_any_columns_up_to_the_dimension_are_independent((field, rows) in codes()) {
        let code = LinearCode::from_generator(field, &rows).unwrap();
        let columns_of = |set: usize| (0..code.tokens()).filter(move |i| set >> i & 1 == 1).collect();
        let mut sets = (0..1_usize << code.tokens())
            .filter(|set| set.count_ones() as usize == code.dimension())
            .map(columns_of);
        let independent = |columns: Vec<usize>| code.rank(&columns).unwrap() == columns.len();
        match code.check_mds() {
            Ok(mds) => {
                prop_assert!(sets.all(independent));
                prop_assert_eq!(mds.tokens(), code.tokens());
                prop_assert_eq!(mds.dimension(), code.dimension());
                let curve = mds.information_curve::<f64>().unwrap();
                prop_assert!(curve_differs_by(&curve, &code.information_curve().unwrap()) < 1e-15);
            }
            Err(Error::DependentColumns { columns, dimension }) => {
                prop_assert_eq!(dimension, code.dimension());
                prop_assert!(columns.len() <= dimension);
                prop_assert!(!independent(columns));
            }
            Err(error) => {
                prop_assert_eq!(error, Error::Empty { what: "the length or the dimension of the code" });
                prop_assert_eq!(code.dimension(), 0);
            }
        }
    }
}

/// Rows of powers of distinct points: any `dimension` columns form a Vandermonde matrix.
fn reed_solomon(field: u64, length: u64, dimension: u32) -> LinearCode {
    let row = |power| (0..length).map(move |x: u64| x.pow(power) % field).collect::<Vec<_>>();
    LinearCode::from_generator(field, (0..dimension).map(row)).unwrap()
}

#[test]
fn reed_solomon_codes_have_the_closed_form() {
    for field in [2, 3, 5, 7, 11] {
        for length in 1..=field {
            for dimension in 1..=length {
                let code = reed_solomon(field, length, dimension as u32);
                let mds = MdsCode::new(field, length as usize, dimension as usize).unwrap();
                assert_eq!(code.check_mds(), Ok(mds));
                let curve = code.information_curve().unwrap();
                let difference = curve_differs_by(&mds.information_curve().unwrap(), &curve);
                assert!(difference < 1e-15, "[{length}, {dimension}]_{field}: {difference}");
            }
        }
    }
}

#[test]
fn the_code_that_is_given_for_a_closed_form_is_mds() {
    let mut found = 0;
    for field in [2, 3, 5, 7] {
        for length in 1..=11 {
            for dimension in 1..=length {
                let Ok(mds) = MdsCode::new(field, length, dimension) else { continue };
                assert_eq!(mds.code().unwrap().check_mds(), Ok(mds));
                found += 1;
            }
        }
    }
    // Dimensions 1, L-1 and L for each L in 1..=11 give 30 per field; the others need L <= p + 1.
    assert_eq!(found, 4 * 30 + 1 + (1 + 2 + 3) + (1 + 2 + 3 + 4 + 5));
}

/// Every code has a generator matrix that starts with the identity, up to the order of its columns;
/// so trying all others columns shows that there is none.
#[test]
fn what_the_closed_form_refuses_does_not_exist() {
    for (field, length, dimension) in [(2, 4, 2), (2, 5, 2), (2, 5, 3), (3, 5, 2), (3, 5, 3)] {
        assert!(matches!(MdsCode::new(field, length, dimension), Err(Error::Inconsistent { .. })));
        let others = (length - dimension) * dimension;
        for choice in 0..field.pow(others as u32) {
            let entry = |row: usize, column: usize| match column.checked_sub(dimension) {
                Some(other) => {
                    choice / field.pow((row * (length - dimension) + other) as u32) % field
                }
                None => u64::from(row == column),
            };
            let rows =
                (0..dimension).map(|row| (0..length).map(|i| entry(row, i)).collect::<Vec<_>>());
            let code = LinearCode::from_generator(field, rows).unwrap();
            assert!(matches!(code.check_mds(), Err(Error::DependentColumns { .. })));
        }
    }
}

#[test]
fn two_steps_that_meet_at_the_dimension_are_exact_at_any_length() {
    let code = MdsCode::new(4_294_967_291, 100_000, 40_000).unwrap();
    let curve = code.information_curve::<f64>().unwrap();
    let error = |sizes: [usize; 2]| {
        curve.sampling_error(&Schedule::from_reveal_sizes(sizes).unwrap()).unwrap()
    };
    assert_eq!(error([40_000, 60_000]), Nats(0.0));
    assert_eq!(error([40_001, 59_999]), Nats(4_294_967_291_f64.ln()));
}

#[test]
fn symbols_that_come_twice_are_counted() {
    // Nine symbols, each twice.
    let row = |i: usize| (0..18).map(move |token| u64::from(token / 2 == i)).collect::<Vec<_>>();
    let code = LinearCode::from_generator(3, (0..9).map(row)).unwrap();
    let curve = code.information_curve::<f64>().unwrap();
    // The twin of a token is among k others with probability k/17.
    for k in 0..18 {
        let expected = 3_f64.ln() * k as f64 / 17.0;
        assert!((curve.information(k).0 - expected).abs() < 1e-15, "{k}");
    }
}

#[test]
fn codes_and_tables_tell_entropies_to_estimators() {
    fn of(law: &impl SubsetEntropy, positions: &[usize]) -> unmaskcost::Result<Nats> {
        law.subset_entropy(positions)
    }
    let code = MdsCode::new(3, 4, 2).unwrap().code().unwrap();
    let entropies = code.joint_table::<f64>().unwrap().subset_entropies().unwrap();
    for positions in [vec![], vec![3], vec![0, 2], vec![3, 1, 0]] {
        let difference = of(&code, &positions).unwrap() - of(&entropies, &positions).unwrap();
        assert!(difference.0.abs() < 1e-14);
    }
    assert!(of(&code, &[4]).is_err() && of(&entropies, &[4]).is_err());
}

#[test]
fn broken_codes_are_refused_with_the_reason() {
    let code = |field, rows: &[&[u64]]| LinearCode::from_generator(field, rows);
    for field in [0, 1, 4, 9, 65_536, 4_294_967_289] {
        let error = Error::OutOfRange {
            what: "the field",
            value: field as f64,
            needed: "a prime number (linear codes here are over the integers modulo a prime)",
        };
        assert_eq!(code(field, &[&[0]]), Err(error.clone()));
        assert_eq!(MdsCode::new(field, 3, 1), Err(error));
    }
    let too_large = |what, needed, limit| Error::TooLarge { what, needed, limit };
    let refused = too_large("size of the field", 1 << 32, u32::MAX.into());
    assert_eq!(code(1 << 32, &[&[0]]), Err(refused));
    assert_eq!(code(2, &[]), Err(Error::Empty { what: "the generator matrix" }));
    assert_eq!(code(2, &[&[]]), Err(Error::Empty { what: "a row of the generator matrix" }));
    let what = "a row of the generator matrix";
    let refused = Error::LengthMismatch { what, found: 1, expected: 2 };
    assert_eq!(code(2, &[&[0, 1], &[1]]), Err(refused));
    let what = "an entry of the generator matrix,";
    let refused = Error::IndexOutOfRange { what, index: 3, limit: 3 };
    assert_eq!(code(3, &[&[0, 2], &[3, 1]]), Err(refused));

    let identity = |length: usize| {
        let row = move |i| (0..length).map(|j| u64::from(i == j)).collect::<Vec<_>>();
        LinearCode::from_generator(2, (0..length).map(row)).unwrap()
    };
    let long = identity(29);
    let refused = too_large("sets of columns", 1 << 29, 1 << 28);
    assert_eq!(long.information_curve::<f64>(), Err(refused));
    let refused = too_large("cells of the table of a code", 1 << 29, 1 << 24);
    assert_eq!(long.joint_table::<f64>(), Err(refused));
    let what = "position";
    assert_eq!(long.rank(&[29]), Err(Error::IndexOutOfRange { what, index: 29, limit: 29 }));
    // One set of 2,000 columns only, however deep.
    assert_eq!(identity(2000).check_mds(), MdsCode::new(2, 2000, 2000));

    let zero = code(2, &[&[0, 0]]).unwrap();
    assert_eq!(zero.dimension(), 0);
    assert!(matches!(zero.check_mds(), Err(Error::Empty { .. })));
    assert!(matches!(MdsCode::new(2, 0, 1), Err(Error::Empty { .. })));
    assert!(matches!(MdsCode::new(2, 3, 0), Err(Error::Empty { .. })));
    assert!(matches!(
        MdsCode::new(2, 3, 4),
        Err(Error::Inconsistent { left: 4.0, right: 3.0, .. })
    ));
    let endless = MdsCode::new(2, usize::MAX, 1).unwrap();
    assert!(matches!(endless.information_curve::<f64>(), Err(Error::TooLarge { .. })));
    assert!(matches!(endless.code(), Err(Error::TooLarge { .. })));
    let endless = MdsCode::new(2, usize::MAX, usize::MAX).unwrap();
    assert!(matches!(endless.code(), Err(Error::TooLarge { .. })));
    let many = MdsCode::new(41, 40, 20).unwrap().code().unwrap();
    let refused = too_large("sets of columns", 137_846_528_820, 1 << 28);
    assert_eq!(many.check_mds(), Err(refused));
}
