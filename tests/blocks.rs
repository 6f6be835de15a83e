//! Block-wise decoding against the sampler restricted to blocks.

use crate::support;

use proptest::prelude::*;
use support::{all_schedules, schedules, seeded, tables};
use unmaskcost::curve::block_curves;
use unmaskcost::optimal::Optimum;
use unmaskcost::sampler::policy;
use unmaskcost::schedule::BlockLength;
use unmaskcost::schedule::Rounds;
use unmaskcost::{Error, InformationCurve, Schedule, distribution::JointTable, optimal};
use unmaskcost::{decoders::Decoder, schedule::Blockwise};

fn curves_of(table: &JointTable, block_length: usize) -> Vec<InformationCurve> {
    block_curves(table.tokens(), BlockLength(block_length), |prefix, tokens| {
        table.information_curve_given_prefix(prefix, tokens)
    })
    .unwrap()
}

/// All ways to reveal these positions in sets of these sizes.
fn ordered_partitions(positions: &[usize], sizes: &[usize]) -> Vec<Vec<Vec<usize>>> {
    let Some((&size, sizes)) = sizes.split_first() else { return vec![Vec::new()] };
    let mut partitions = Vec::new();
    for choice in 0..1_u32 << positions.len() {
        if choice.count_ones() as usize != size {
            continue;
        }
        let (mut set, mut rest) = (Vec::new(), Vec::new());
        for (i, &position) in positions.iter().enumerate() {
            if choice >> i & 1 == 1 { set.push(position) } else { rest.push(position) }
        }
        for later in ordered_partitions(&rest, sizes) {
            partitions.push(std::iter::once(set.clone()).chain(later).collect());
        }
    }
    partitions
}

/// The mean divergence over all orders that keep to the blocks, each distribution built by itself.
fn by_sampler(table: &JointTable, blockwise: &Blockwise) -> f64 {
    let mut orders: Vec<Vec<Vec<usize>>> = vec![Vec::new()];
    let mut start = 0;
    for block in blockwise.blocks() {
        let positions: Vec<usize> = (start..start + block.tokens()).collect();
        start += block.tokens();
        let inside = ordered_partitions(&positions, block.sizes());
        orders = orders
            .iter()
            .flat_map(|order| {
                inside.iter().map(move |more| order.iter().chain(more).cloned().collect())
            })
            .collect();
    }
    let kl = |sets: &Vec<Vec<usize>>| {
        let policy = Rounds::from_sets(sets.clone()).unwrap();
        policy::cost(table, &policy).unwrap().sampling_error.0
    };
    orders.iter().map(kl).sum::<f64>() / orders.len() as f64
}

/// A table, a block length, and a schedule per block.
fn blocked_tables() -> impl Strategy<Value = (JointTable, usize, Blockwise)> {
    tables::<f64>(6, 96).prop_flat_map(|table| {
        let tokens = table.tokens();
        (Just(table), 1..=tokens).prop_flat_map(move |(table, length)| {
            let lengths: Vec<usize> =
                (0..tokens).step_by(length).map(|start| length.min(tokens - start)).collect();
            let blocks: Vec<_> = lengths.into_iter().map(schedules).collect();
            (Just(table), Just(length), blocks.prop_map(|b| Blockwise::new(b).unwrap()))
        })
    })
}

proptest! {
    #![proptest_config(seeded(48, 91))]

    #[test]
    fn errors_of_blocks_add_up_to_what_the_sampler_loses((table, length, blockwise) in blocked_tables()) {
        let error = blockwise.sampling_error(&curves_of(&table, length)).unwrap().0;
        prop_assert!((error - by_sampler(&table, &blockwise)).abs() < 1e-13);
    }

    #[test]
    fn one_block_is_no_block(table in tables::<f64>(6, 128)) {
        let tokens = table.tokens();
        let curves = curves_of(&table, tokens);
        prop_assert_eq!(curves.len(), 1);
        let whole = table.information_curve().unwrap();
        for k in 0..tokens {
            prop_assert!((curves[0].information(k).0 - whole.information(k).0).abs() < 1e-14);
        }
    }

    #[test]
    fn joint_entropies_of_blocks_add_up((table, length, _) in blocked_tables()) {
        let whole = table.information_curve().unwrap().joint_entropy().unwrap().0;
        let parts = curves_of(&table, length).iter().map(|c| c.joint_entropy().unwrap().0).sum::<f64>();
        prop_assert!((whole - parts).abs() < 1e-12);
    }

    #[test]
    fn a_mean_over_prefixes_is_the_mean_over_tables_given_them(table in tables::<f64>(5, 81)) {
        let tokens = table.tokens();
        prop_assume!(tokens > 1);
        let mean = table.information_curve_given_prefix(1, tokens - 1).unwrap();
        for k in 0..tokens - 1 {
            let mut sum = 0.0;
            for symbol in 0..table.shape()[0] {
                let mut symbols = vec![None; tokens];
                symbols[0] = Some(symbol);
                let Ok(given) = table.conditional(&symbols) else { continue };
                let p = table.marginal(&[0]).unwrap().probabilities()[symbol];
                sum += p * given.information_curve().unwrap().information(k).0;
            }
            prop_assert!((mean.information(k).0 - sum).abs() < 1e-13);
        }
    }
}

/// The least error of any schedules of the blocks with this many steps in all, by trying them all.
fn least_by_trial(curves: &[InformationCurve], steps: usize) -> f64 {
    let Some((curve, later)) = curves.split_first() else {
        return if steps == 0 { 0.0 } else { f64::INFINITY };
    };
    all_schedules(curve.tokens())
        .filter(|schedule| schedule.steps() <= steps)
        .map(|schedule| {
            let rest = least_by_trial(later, steps - schedule.steps());
            curve.sampling_error(&schedule).unwrap().0 + rest
        })
        .fold(f64::INFINITY, f64::min)
}

proptest! {
    #![proptest_config(seeded(24, 92))]

    #[test]
    fn a_step_budget_is_split_as_well_as_can_be((table, length, _) in blocked_tables()) {
        let tokens = table.tokens();
        let curves = curves_of(&table, length);
        for steps in curves.len()..=tokens {
            let Optimum { plan: blockwise, error, .. } = optimal::blockwise(&curves, steps).unwrap();
            prop_assert_eq!((blockwise.tokens(), blockwise.steps()), (tokens, steps));
            prop_assert!((error.0 - blockwise.sampling_error(&curves).unwrap().0).abs() < 1e-14);
            prop_assert!((error.0 - least_by_trial(&curves, steps)).abs() < 1e-12);
        }
    }

    #[test]
    fn the_best_block_length_comes_first(table in tables::<f64>(6, 96), steps in 1..6_usize) {
        let tokens = table.tokens();
        let length = |each: &Optimum<Blockwise>| each.plan.blocks()[0].tokens();
        let lengths: Vec<_> = (1..=tokens).map(BlockLength).collect();
        let found = optimal::block_lengths(tokens, lengths, steps.min(tokens), |prefix, tokens| {
            table.information_curve_given_prefix(prefix, tokens)
        }).unwrap();
        prop_assert!(found.iter().any(|each| length(each) == tokens), "one block always fits");
        for each in &found {
            let curves = curves_of(&table, length(each));
            let least = least_by_trial(&curves, steps.min(tokens));
            prop_assert!((each.error.0 - least).abs() < 1e-12);
        }
        prop_assert!(found.is_sorted_by(|a, b| a.error <= b.error));
    }
}

#[test]
fn of_block_lengths_that_cost_the_same_the_shorter_comes_first() {
    // Independent tokens: no length costs anything.
    let table: JointTable = JointTable::from_counts(&[2; 6], [1_u8; 64]).unwrap();
    for given in [[1, 2, 3, 6], [6, 3, 2, 1], [3, 1, 6, 2]] {
        let found = optimal::block_lengths(6, given.map(BlockLength), 6, |prefix, tokens| {
            table.information_curve_given_prefix(prefix, tokens)
        });
        let found = found.unwrap();
        let lengths: Vec<usize> = found.iter().map(|each| each.plan.blocks()[0].tokens()).collect();
        assert_eq!(lengths, [1, 2, 3, 6]);
        assert!(found.iter().all(|each| each.error.0 == 0.0));
    }
}

#[test]
fn blocks_and_curves_must_fit() {
    let table: JointTable = JointTable::from_counts(&[2; 4], (0..16).collect::<Vec<u8>>()).unwrap();
    let curves = curves_of(&table, 2);
    let two = || Schedule::one_step(2).unwrap();
    let fits = Blockwise::new([two(), two()]).unwrap();
    assert!(fits.sampling_error(&curves).is_ok());
    assert_eq!(
        fits.sampling_error(&curves[..1]),
        Err(Error::LengthMismatch { what: "the list of block curves", found: 1, expected: 2 })
    );
    let other = Blockwise::new([two(), Schedule::one_step(3).unwrap()]).unwrap();
    assert!(matches!(other.sampling_error(&curves), Err(Error::TokensDiffer { .. })));
    assert!(matches!(Blockwise::new([]), Err(Error::Empty { .. })));
    let huge = Schedule::one_step(usize::MAX).unwrap();
    assert!(matches!(Blockwise::new([huge.clone(), huge]), Err(Error::Overflow { .. })));
    assert!(matches!(
        table.information_curve_given_prefix(3, 2),
        Err(Error::LengthMismatch { .. })
    ));
    assert!(matches!(table.information_curve_given_prefix(2, 0), Err(Error::Empty { .. })));
    assert!(matches!(
        table.information_curve_given_prefix(usize::MAX, 2),
        Err(Error::LengthMismatch { .. })
    ));
    let lengths = optimal::block_lengths(4, [1, 2, 4].map(BlockLength), 0, |prefix, tokens| {
        table.information_curve_given_prefix(prefix, tokens)
    });
    assert_eq!(lengths, Err(Error::StepsOutOfRange { steps: 0, tokens: 4 }));
    let none = |_, _| InformationCurve::<f64>::from_information([0.0]);
    assert!(matches!(block_curves(0, BlockLength(2), none), Err(Error::Empty { .. })));
    assert!(matches!(block_curves(2, BlockLength(0), none), Err(Error::Empty { .. })));
}

#[test]
fn blocks_print_their_schedules() {
    let plans = Decoder::Llada.plan_blocks(8, BlockLength(4), 4).unwrap();
    assert_eq!(Blockwise::from_passes(&plans).unwrap().to_string(), "(2, 2) | (2, 2)");
}
