//! The error along an order is the sampler's own, whatever the distribution it is computed from.

use crate::support;

use proptest::prelude::*;
use support::*;
use unmaskcost::curve::OrderCurve;
use unmaskcost::distribution::{LinearCode, MdsCode};
use unmaskcost::sampler::policy;
use unmaskcost::schedule::Rounds;
use unmaskcost::{
    Error, Nats, Order, Scalar, Schedule,
    distribution::{JointTable, MarkovChain},
};

fn orders(tokens: usize) -> impl Strategy<Value = Order> {
    Just((0..tokens).collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(|positions| Order::from_positions(positions).unwrap())
}

fn cases<F: Scalar>(max: usize) -> impl Strategy<Value = (JointTable<F>, Order, Schedule)> {
    tables::<F>(max, 200).prop_flat_map(|table| {
        let tokens = table.tokens();
        (Just(table), orders(tokens), schedules(tokens))
    })
}

/// The sampler's own error: enumerated by the policy that reveals these sets, which knows no curve.
fn enumerated<F: Scalar>(table: &JointTable<F>, order: &Order, schedule: &Schedule) -> Nats<F> {
    let rounds = Rounds::new(order.clone(), schedule.clone()).unwrap();
    policy::cost(table, &rounds).unwrap().sampling_error
}

fn check_against_the_sampler<F: Scalar>(
    table: &JointTable<F>,
    order: &Order,
    schedule: &Schedule,
) -> Result<(), TestCaseError> {
    let curve = table.order_curve(order).unwrap();
    let error = curve.sampling_error(schedule).unwrap();
    let expected = enumerated(table, order, schedule);
    prop_assert!((error - expected).0.abs() <= noise(), "{error} and {expected}");
    let costs = curve.step_costs(schedule).unwrap();
    let sum: Nats<F> = costs.iter().map(|cost| cost.error).sum();
    prop_assert!((sum - error).0.abs() <= noise());
    let entropy = table.entropy(&(0..table.tokens()).collect::<Vec<_>>()).unwrap();
    prop_assert!((curve.joint_entropy() - entropy).0.abs() <= noise());
    Ok(())
}

proptest! {
    #![proptest_config(seeded(64, 181))]

    #[test]
    fn the_error_is_that_of_the_enumerated_sampler((table, order, schedule) in cases::<f64>(5)) {
        check_against_the_sampler(&table, &order, &schedule)?;
    }

    #[test]
    fn and_in_single_precision((table, order, schedule) in cases::<f32>(4)) {
        check_against_the_sampler(&table, &order, &schedule)?;
    }

    #[test]
    fn the_cost_of_a_step_is_monge_for_every_order((table, order, _) in cases::<f64>(6)) {
        let curve = table.order_curve(&order).unwrap();
        let tokens = curve.tokens();
        let cost = |a: usize, b: usize| curve.step_cost(a..b).unwrap().0;
        for a in 0..tokens {
            for b in a..tokens {
                for c in b..=tokens {
                    for d in c..=tokens {
                        prop_assert!(cost(a, c) + cost(b, d) <= cost(a, d) + cost(b, c) + noise::<f64>());
                    }
                }
            }
        }
    }

    #[test]
    fn cuts_and_joins_are_differences_of_costs((table, order, schedule) in cases::<f64>(6)) {
        let curve = table.order_curve(&order).unwrap();
        let costs = curve.step_costs(&schedule).unwrap();
        let w = |a: usize, b: usize| curve.step_cost(a..b).unwrap().0;
        for (t, step) in costs.iter().enumerate() {
            let (a, b) = (step.range.start, step.range.end);
            let best = (a + 1..b).map(|c| w(a, b) - w(a, c) - w(c, b)).fold(0.0, f64::max);
            prop_assert!((step.saved_by_cut.0 - best).abs() <= noise::<f64>());
            match (step.lost_by_joining, costs.get(t + 1)) {
                (Some(lost), Some(next)) => {
                    let e = next.range.end;
                    prop_assert!((lost.0 - (w(a, e) - w(a, b) - w(b, e))).abs() <= noise::<f64>());
                }
                (lost, next) => prop_assert!(lost.is_none() && next.is_none()),
            }
        }
    }

    #[test]
    fn linear_codes_have_the_curve_of_their_tables(
        entries in proptest::collection::vec(0_u64..3, 15),
        order in orders(5),
    ) {
        let code = LinearCode::from_generator(3, entries.chunks(5)).unwrap();
        let by_rank = code.order_curve::<f64>(&order).unwrap();
        let by_table = code.joint_table::<f64>().unwrap().order_curve(&order).unwrap();
        for known in 0..5 {
            for rank in known..5 {
                let [a, b] = [&by_rank, &by_table]
                    .map(|curve| curve.conditional_entropy(known, rank).unwrap().0);
                prop_assert!((a - b).abs() <= noise::<f64>(), "l({known}, {rank}): {a} and {b}");
            }
        }
    }

    #[test]
    fn a_chain_needs_no_table(
        rows in proptest::collection::vec(0.001..1.0_f64, 9),
        first in proptest::collection::vec(0.001..1.0_f64, 3),
        (order, schedule) in (1_usize..7).prop_flat_map(|tokens| (orders(tokens), schedules(tokens))),
    ) {
        let sharp: Vec<f64> = rows.iter().map(|p| p.powi(4)).collect();
        let normal = |row: &[f64]| -> Vec<f64> {
            let sum: f64 = row.iter().sum();
            row.iter().map(|p| p / sum).collect()
        };
        let rows: Vec<Vec<f64>> = sharp.chunks(3).map(normal).collect();
        let chains = [
            MarkovChain::stationary(&rows).unwrap(),
            MarkovChain::from_transition(normal(&first), &rows).unwrap(),
        ];
        for chain in chains {
            let table = chain.joint_table(order.tokens()).unwrap().order_curve(&order).unwrap();
            let curve = chain.order_curve(&order).unwrap();
            for known in 0..order.tokens() {
                for rank in known..order.tokens() {
                    let [a, b] =
                        [&curve, &table].map(|curve| curve.conditional_entropy(known, rank).unwrap().0);
                    prop_assert!((a - b).abs() <= noise::<f64>(), "l({known}, {rank}): {a} and {b}");
                }
            }
            let expected = table.sampling_error(&schedule).unwrap();
            let error = chain.order_error(&order, &schedule).unwrap();
            prop_assert!((error - expected).0.abs() <= noise::<f64>(), "{error} and {expected}");
        }
    }

    #[test]
    fn independent_parts_add_up(
        (order, schedule) in (orders(5), schedules(5)),
        first in tables_of_shape::<f64>(vec![2, 3]),
        second in tables_of_shape::<f64>(vec![2, 2, 2]),
    ) {
        // Positions 0 and 3 are the first part, the others the second.
        let parts: [&[usize]; 2] = [&[0, 3], &[1, 2, 4]];
        let mut joint = vec![];
        for word in 0..48_usize {
            // x0 in 2, x1 in 2, x2 in 2, x3 in 3, x4 in 2
            let x = [word / 24 % 2, word / 12 % 2, word / 6 % 2, word / 2 % 3, word % 2];
            joint.push(first.probabilities()[x[0] * 3 + x[3]]
                * second.probabilities()[x[1] * 4 + x[2] * 2 + x[4]]);
        }
        let whole = JointTable::from_weights(&[2, 2, 2, 3, 2], &joint).unwrap();
        let part_of: Vec<usize> = order.positions().iter()
            .map(|position| usize::from(!parts[0].contains(position))).collect();
        let inner = |part: usize| {
            let positions = order.positions().iter()
                .filter_map(|position| parts[part].iter().position(|p| p == position));
            Order::from_positions(positions.collect::<Vec<_>>()).unwrap()
        };
        let curves = [first.order_curve(&inner(0)).unwrap(), second.order_curve(&inner(1)).unwrap()];
        let found = OrderCurve::side_by_side(&part_of, &curves).unwrap().sampling_error(&schedule).unwrap();
        let expected = whole.order_curve(&order).unwrap().sampling_error(&schedule).unwrap();
        prop_assert!((found - expected).0.abs() <= noise::<f64>(), "{found} and {expected}");
    }
}

fn permutations(tokens: usize) -> Vec<Vec<usize>> {
    if tokens == 0 {
        return vec![vec![]];
    }
    let insert = |rest: Vec<usize>| {
        (0..tokens).map(move |place| {
            let mut longer = rest.clone();
            longer.insert(place, tokens - 1);
            longer
        })
    };
    permutations(tokens - 1).into_iter().flat_map(insert).collect()
}

#[test]
fn the_mean_over_all_orders_is_the_information_curve() {
    let table: JointTable = JointTable::from_weights(
        &[2, 3, 2, 2],
        (1..=24).map(|i| f64::from(i * i % 13)).collect::<Vec<_>>(),
    )
    .unwrap();
    let curves: Vec<OrderCurve> = permutations(4)
        .into_iter()
        .map(|positions| table.order_curve(&Order::from_positions(positions).unwrap()).unwrap())
        .collect();
    let mean = OrderCurve::mean(&curves).unwrap();
    let curve = table.information_curve().unwrap();
    let random = OrderCurve::of_random_positions(&curve).unwrap();
    for schedule in all_schedules(4) {
        let expected = curve.sampling_error(&schedule).unwrap();
        for found in [&mean, &random].map(|curve| curve.sampling_error(&schedule).unwrap()) {
            assert!((found - expected).0.abs() < 1e-13, "{schedule}: {found} and {expected}");
        }
    }
    for (known, rank) in [(0, 0), (1, 3), (3, 3)] {
        let expected = curve.conditional_entropy(known).unwrap();
        let found = mean.conditional_entropy(known, rank).unwrap();
        assert!((found - expected).0.abs() < 1e-13);
    }
}

#[test]
fn no_order_helps_an_mds_code() {
    let code = MdsCode::new(7, 8, 4).unwrap();
    let curve = code.information_curve::<f64>().unwrap();
    for order in [Order::spread(8), Order::left_to_right(8)].map(Result::unwrap) {
        let closed = code.order_curve::<f64>(&order).unwrap();
        let by_rank = code.code().unwrap().order_curve::<f64>(&order).unwrap();
        for schedule in all_schedules(8) {
            let expected = curve.sampling_error(&schedule).unwrap();
            for found in [&closed, &by_rank].map(|curve| curve.sampling_error(&schedule).unwrap()) {
                assert!((found - expected).0.abs() < 1e-13, "{schedule}: {found} and {expected}");
            }
        }
    }
}

#[test]
fn spread_positions_suit_a_chain() {
    let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]]).unwrap();
    let (order, random) = (Order::spread(256).unwrap(), chain.information_curve(256).unwrap());
    for (steps, expected) in [(4, 5.44_f64), (8, 0.438), (16, 0.006)] {
        let schedule = Schedule::balanced(256, steps).unwrap();
        let found = chain.order_error(&order, &schedule).unwrap().0;
        assert!((found - expected).abs() < 0.006 * expected.max(0.1), "T = {steps}: {found}");
        assert!(found < 0.3 * random.sampling_error(&schedule).unwrap().0);
    }
    let same = chain.order_curve(&order).unwrap();
    for steps in [1, 3, 8, 50, 256] {
        let schedule = Schedule::balanced(256, steps).unwrap();
        let [a, b] = [same.sampling_error(&schedule), chain.order_error(&order, &schedule)]
            .map(Result::unwrap);
        assert!((a - b).0.abs() < 1e-12, "T = {steps}: {a} and {b}");
    }
}

#[cfg(feature = "rand")]
#[test]
fn random_orders_have_the_error_of_the_information_curve_on_average() {
    let mut generator = support::generator(18);
    let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]]).unwrap();
    let curve = chain.information_curve(256).unwrap();
    for steps in [4, 8, 16] {
        let schedule = Schedule::balanced(256, steps).unwrap();
        let errors: Vec<f64> = (0..400)
            .map(|_| {
                let order = Order::random(256, &mut generator).unwrap();
                chain.order_error(&order, &schedule).unwrap().0
            })
            .collect();
        let mean = errors.iter().sum::<f64>() / 400.0;
        let variance = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / 399.0;
        let expected = curve.sampling_error(&schedule).unwrap().0;
        let error = (variance / 400.0).sqrt();
        assert!(
            (mean - expected).abs() < 4.0 * error,
            "T = {steps}: {mean} +- {error}, {expected}"
        );
        assert!(error < 0.02 * expected);
    }
}

#[test]
fn after_the_first_round_a_chain_needs_the_logarithm_of_its_range() {
    let chain =
        MarkovChain::stationary(&[[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.3, 0.1, 0.6]]).unwrap();
    for (tokens, spacing) in [(128_usize, 8_usize), (100, 8), (97, 4)] {
        // The multiples of g at once; then each round halves the gaps.
        let mut ends = vec![];
        let mut gap = spacing;
        while gap >= 1 {
            ends.push(tokens.div_ceil(gap));
            gap /= 2;
        }
        let starts = [0].into_iter().chain(ends.iter().copied());
        let sizes: Vec<usize> = starts.zip(&ends).map(|(start, end)| end - start).collect();
        let schedule = Schedule::from_reveal_sizes(sizes).unwrap();
        assert_eq!(schedule.steps(), 1 + spacing.ilog2() as usize);
        let found = chain.order_error(&Order::spread(tokens).unwrap(), &schedule).unwrap().0;
        let pair = chain.joint_table(spacing + 1).unwrap().marginal(&[0, spacing]).unwrap();
        let tokens_told = (tokens.div_ceil(spacing) - 1) as f64;
        let expected = tokens_told * pair.correlations().total.0;
        assert!((found - expected).abs() < 1e-12, "{tokens}, {spacing}: {found} and {expected}");
    }
}

#[test]
fn what_is_no_curve_along_an_order_is_refused() {
    let rows = |rows: &[&[f64]]| OrderCurve::from_conditional_entropies(rows);
    assert!(matches!(rows(&[]), Err(Error::Empty { .. })));
    assert!(rows(&[&[1.0]]).is_ok());
    assert!(matches!(
        rows(&[&[1.0, 1.0]]),
        Err(Error::LengthMismatch { found: 2, expected: 1, .. })
    ));
    assert!(matches!(rows(&[&[1.0, 1.0], &[2.0]]), Err(Error::NotMonotone { index: 2, .. })));
    assert!(matches!(rows(&[&[1.0, 1.0], &[-1.0]]), Err(Error::Negative { index: Some(2), .. })));
    assert!(matches!(rows(&[&[1.0, f64::NAN], &[0.0]]), Err(Error::NotFinite { .. })));
    let curve = rows(&[&[1.0, 1.0], &[0.0]]).unwrap();
    assert_eq!(curve.conditional_entropy(1, 0), None);
    assert_eq!(curve.conditional_entropy(0, 2), None);
    assert_eq!(curve.step_cost(1..3), None);
    assert!(matches!(
        curve.sampling_error(&Schedule::one_step(3).unwrap()),
        Err(Error::TokensDiffer { .. })
    ));
    let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]]).unwrap();
    assert!(matches!(
        chain.order_curve(&Order::spread(16_384).unwrap()),
        Err(Error::TooLarge { .. })
    ));
    let table: JointTable = JointTable::from_counts(&[2, 2], [1, 0, 0, 1]).unwrap();
    assert!(matches!(
        table.order_curve(&Order::spread(3).unwrap()),
        Err(Error::LengthMismatch { .. })
    ));
}
