//! The best sizes along an order, against a slow search that is obviously right.

use proptest::prelude::*;
use unmaskcost::curve::OrderCurve;
use unmaskcost::schedule::BlockLength;
use unmaskcost::{
    Error, Nats, Order, Scalar, Schedule,
    distribution::{JointTable, MarkovChain},
    optimal,
};

use crate::optimality::check_all;
use crate::support::*;

/// The least error of 1, 2, .., L steps: all ways to each place, step by step.
fn least_errors<F: Scalar>(curve: &OrderCurve<F>) -> Vec<Nats<F>> {
    let tokens = curve.tokens();
    let mut best = vec![Nats(F::infinity()); tokens + 1];
    best[0] = Nats(F::zero());
    (0..tokens)
        .map(|_| {
            let mut next = vec![Nats(F::infinity()); tokens + 1];
            for (end, least) in next.iter_mut().enumerate().skip(1) {
                for (start, &before) in best.iter().enumerate().take(end) {
                    let error = before + curve.step_cost(start..end).unwrap();
                    if error < *least {
                        *least = error;
                    }
                }
            }
            best = next;
            best[tokens]
        })
        .collect()
}

fn orders(tokens: usize) -> impl Strategy<Value = Order> {
    Just((0..tokens).collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(|positions| Order::from_positions(positions).unwrap())
}

/// Any curve at all: the entropy of a token falls by random amounts as more is known, of some kind or other.
fn curves(max_tokens: usize) -> impl Strategy<Value = OrderCurve> {
    let falls = |tokens: usize| {
        let fall = prop_oneof![
            3 => 0.0..1.0_f64,
            3 => Just(0.0),
            2 => Just(1.0),
            1 => (-30.0..0.0_f64).prop_map(|x| 10_f64.powf(x)),
        ];
        proptest::collection::vec(fall, tokens * (tokens + 1) / 2)
    };
    (1..=max_tokens).prop_flat_map(move |tokens| (Just(tokens), falls(tokens))).prop_map(
        |(tokens, falls)| {
            // l(a, m) from the last known count back: l(m, m) is the first fall of the rank.
            let mut falls = falls.into_iter();
            let mut rows: Vec<Vec<f64>> =
                (0..tokens).map(|known| vec![0.0; tokens - known]).collect();
            for rank in 0..tokens {
                let mut entropy = 0.0;
                for known in (0..=rank).rev() {
                    entropy += falls.next().unwrap_or(0.0);
                    rows[known][rank - known] = entropy;
                }
            }
            OrderCurve::from_conditional_entropies(&rows).unwrap()
        },
    )
}

proptest! {
    #![proptest_config(seeded(60, 185))]

    #[test]
    fn no_sizes_at_all_are_better_for_a_table_and_an_order(
        (table, order) in tables::<f64>(7, 400).prop_flat_map(|table| {
            let tokens = table.tokens();
            (Just(table), orders(tokens))
        })
    ) {
        let curve = table.order_curve(&order).unwrap();
        let mut least = vec![Nats(f64::INFINITY); curve.tokens()];
        for schedule in all_schedules(curve.tokens()) {
            let best = &mut least[schedule.steps() - 1];
            let error = curve.sampling_error(&schedule).unwrap();
            *best = if error < *best { error } else { *best };
        }
        check_all(&curve, &least)?;
    }

    #[test]
    fn the_fast_search_finds_what_the_slow_one_does(curve in curves(40)) {
        check_all(&curve, &least_errors(&curve))?;
    }

    #[test]
    fn each_further_step_saves_no_more_than_the_one_before(curve in curves(40)) {
        let frontier = optimal::frontier(&curve, curve.tokens()).unwrap();
        let slack = 1e-13 * frontier[0].0;
        for three in frontier.windows(3) {
            prop_assert!((three[0] - three[1]).0 + slack >= (three[1] - three[2]).0, "{three:?}");
        }
        prop_assert_eq!(frontier[curve.tokens() - 1], Nats(0.0));
    }

    #[test]
    fn a_price_buys_the_best_trade(curve in curves(24), price in 0.0..3.0_f64) {
        let best = optimal::at_price(&curve, Nats(price)).unwrap();
        let (schedule, error) = (best.plan, best.error);
        let paid = |error: Nats, steps: usize| error.0 + price * steps as f64;
        let least = least_errors(&curve).into_iter().enumerate()
            .map(|(index, error)| paid(error, index + 1)).fold(f64::INFINITY, f64::min);
        let found = paid(error, schedule.steps());
        prop_assert!((found - least).abs() <= 1e-12 * least.max(1.0), "{found} and {least}");
    }

    #[test]
    fn random_positions_have_the_same_best_sizes_either_way(increments in increments(20)) {
        let information = information_of(&increments);
        prop_assume!(information.iter().all(|x| *x < 1e12));
        let curve = unmaskcost::InformationCurve::from_information(information).unwrap();
        let same = OrderCurve::of_random_positions(&curve).unwrap();
        for steps in 1..=curve.tokens() {
            let (_, one) = optimal::schedule(&curve, steps).unwrap();
            let (_, two) = optimal::schedule(&same, steps).unwrap();
            let scale = curve.total_correlation().0;
            prop_assert!((one - two).0.abs() <= 1e-12 * scale, "T = {steps}: {one} and {two}");
        }
    }
}

#[test]
fn and_in_single_precision() {
    let chain =
        MarkovChain::<f32>::stationary(&[[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.3, 0.1, 0.6]])
            .unwrap();
    for order in [Order::spread(30), Order::left_to_right(30)].map(Result::unwrap) {
        let curve = chain.order_curve(&order).unwrap();
        for (index, expected) in least_errors(&curve).into_iter().enumerate() {
            let (schedule, error) = optimal::schedule(&curve, index + 1).unwrap();
            assert_eq!(error, curve.sampling_error(&schedule).unwrap());
            assert!(
                (error - expected).0.abs() <= 1e-5 * expected.0 + 1e-6,
                "{error} and {expected}"
            );
        }
    }
}

#[test]
fn the_best_order_of_a_list_has_the_least_error_of_all() {
    let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]]).unwrap();
    let random = chain.information_curve(32).unwrap();
    let orders = [
        Order::left_to_right(32),
        Order::spread(32),
        Order::blocks(32, BlockLength(8), Order::spread),
    ];
    let mut curves: Vec<OrderCurve> =
        orders.into_iter().map(|order| chain.order_curve(&order.unwrap()).unwrap()).collect();
    curves.push(OrderCurve::of_random_positions(&random).unwrap());
    for steps in [1, 2, 4, 8, 31, 32] {
        let best = optimal::best_order(&curves, steps).unwrap();
        assert_eq!(best.errors.len(), 4);
        assert!(best.errors.iter().all(|&error| best.error <= error));
        assert_eq!(curves[best.index].sampling_error(&best.schedule).unwrap(), best.error);
        for (curve, &error) in curves.iter().zip(&best.errors) {
            let expected = least_errors(curve)[steps - 1];
            assert!((error - expected).0.abs() < 1e-13, "T = {steps}: {error} and {expected}");
        }
    }
    // In one step, and with one token a step, all orders are the same: the first is taken.
    assert_eq!(optimal::best_order(&curves, 32).unwrap().index, 0);
    assert!(matches!(optimal::best_order::<f64>(&[], 1), Err(Error::Empty { .. })));
    assert!(matches!(optimal::best_order(&curves, 33), Err(Error::StepsOutOfRange { .. })));
    curves.push(chain.order_curve(&Order::spread(31).unwrap()).unwrap());
    assert!(matches!(optimal::best_order(&curves, 4), Err(Error::LengthMismatch { .. })));
}

#[test]
fn what_is_free_is_found_with_the_fewest_steps() {
    // Twins: X_0 = X_1 and X_2 = X_3.
    let twins =
        (0..16_u8).map(|x| u8::from((x >> 3 & 1) == (x >> 2 & 1) && (x >> 1 & 1) == (x & 1)));
    let table: JointTable = JointTable::from_counts(&[2; 4], twins.collect::<Vec<_>>()).unwrap();
    let curve = table.order_curve(&Order::spread(4).unwrap()).unwrap();
    let (schedule, error) = optimal::fewest_steps(&curve, Nats(0.0)).unwrap();
    assert_eq!((schedule.sizes(), error), (&[2, 2][..], Nats(0.0)));
    let (schedule, error) = optimal::schedule(&curve, 3).unwrap();
    assert_eq!((schedule.sizes(), error), (&[2, 1, 1][..], Nats(0.0)));
    let frontier = optimal::frontier(&curve, 4).unwrap();
    assert!(frontier[0] > Nats(1.0) && frontier[1..].iter().all(|&error| error == Nats(0.0)));
}

/// The best sizes of all for a chain, where the theorem on doubling has nearly the best ones.
#[test]
fn doubling_is_nearly_best_for_a_chain_along_a_spread_order() {
    let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]]).unwrap();
    let order = Order::spread(256).unwrap();
    let curve = chain.order_curve(&order).unwrap();
    for spacing in [4_usize, 8, 16, 32] {
        let mut sizes = vec![256 / spacing];
        while sizes.iter().sum::<usize>() < 256 {
            sizes.push(sizes.iter().sum());
        }
        let doubling = Schedule::from_reveal_sizes(sizes).unwrap();
        let (_, least) = optimal::schedule(&curve, doubling.steps()).unwrap();
        let found = curve.sampling_error(&doubling).unwrap();
        assert!(
            least <= found && found.0 <= 1.3 * least.0,
            "g = {spacing}: {found}, least {least}"
        );
    }
}
