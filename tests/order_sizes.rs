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
        assert_eq!(curves[best.index].sampling_error(&best.schedule).unwrap(), best.error);
        for (index, curve) in curves.iter().enumerate() {
            let least = least_errors(curve)[steps - 1];
            assert!(best.error.0 < least.0 + 1e-13, "T = {steps}: {} and {least}", best.error);
            assert!(index != best.index || (best.error - least).0.abs() < 1e-13);
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

/// Rank i at the free position next to L frac(i (sqrt(5) - 1)/2), the left one of two.
fn golden(tokens: usize) -> Order {
    let ratio = (5_f64.sqrt() - 1.0) / 2.0;
    let mut free = vec![true; tokens];
    let mut positions = vec![];
    for rank in 0..tokens {
        let wanted = (tokens as f64 * (rank as f64 * ratio).fract()) as usize;
        let near = (0..tokens).flat_map(|d| [wanted.checked_sub(d), Some(wanted + d)]).flatten();
        let position = near.into_iter().find(|&p| p < tokens && free[p]).unwrap();
        free[position] = false;
        positions.push(position);
    }
    Order::from_positions(positions).unwrap()
}

/// The numbers of the guide, of another program: (best sizes, equal sizes) for bit reversal and golden-ratio spacing.
#[test]
fn bit_reversal_and_golden_ratio_cost_what_the_guide_says() {
    let tokens = 128;
    let two =
        |stay: f64| MarkovChain::stationary(&[[stay, 1.0 - stay], [1.0 - stay, stay]]).unwrap();
    let three =
        MarkovChain::stationary(&[[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.3, 0.1, 0.6]]).unwrap();
    type Figures = [(usize, [f64; 2], [f64; 2]); 4];
    let cases: [(MarkovChain, Figures); 3] = [
        (
            two(0.9),
            [
                (2, [8.959, 9.66], [13.97, 16.33]),
                (4, [0.2121, 1.351], [2.679, 3.199]),
                (6, [9.416e-7, 0.08204], [1.852, 0.9945]),
                (8, [0.0, 0.0001046], [0.2121, 0.509]),
            ],
        ),
        (
            two(0.97),
            [
                (2, [12.16, 11.23], [29.68, 30.41]),
                (4, [2.282, 1.835], [10.77, 10.98]),
                (6, [0.02869, 0.3573], [6.333, 5.709]),
                (8, [0.0, 0.0382], [2.992, 3.344]),
            ],
        ),
        (
            three,
            [
                (2, [6.592, 8.622], [6.592, 11.34]),
                (4, [0.004722, 0.5464], [0.458, 0.966]),
                (6, [0.0, 0.002351], [0.7082, 0.1459]),
                (8, [0.0, 0.0], [0.004722, 0.06436]),
            ],
        ),
    ];
    for (chain, figures) in cases {
        let curves = [Order::spread(tokens).unwrap(), golden(tokens)]
            .map(|order| chain.order_curve(&order).unwrap());
        for (steps, best, equal) in figures {
            let balanced = Schedule::balanced(tokens, steps).unwrap();
            for (curve, (best, equal)) in curves.iter().zip(best.into_iter().zip(equal)) {
                let found = optimal::schedule(curve, steps).unwrap().1.0;
                assert!((found - best).abs() <= 1e-3 * best + 1e-7, "T = {steps}: {found}, {best}");
                let found = curve.sampling_error(&balanced).unwrap().0;
                assert!((found - equal).abs() <= 1e-3 * equal, "T = {steps}: {found}, {equal}");
            }
        }
    }
}

/// The theorem on chains with the rate of its eigenvalue, which no curve is needed for.
#[test]
fn passes_grow_with_the_logarithm_of_the_range_and_hardly_with_the_length() {
    for stay in [0.6_f64, 0.9, 0.99] {
        let chain = MarkovChain::stationary(&[[stay, 1.0 - stay], [1.0 - stay, stay]]).unwrap();
        let eigenvalue = 2.0 * stay - 1.0;
        for tokens in [1_000_usize, 1_000_000] {
            // The chi-squared divergence at distance g bounds the information: a tenth of a nat in all.
            let distance = (tokens as f64 / 0.1).ln() / (2.0 * -eigenvalue.ln());
            let spacing = (distance.ceil() as usize).next_power_of_two();
            let mut sizes = vec![tokens.div_ceil(spacing)];
            let mut gap = spacing;
            while gap > 1 {
                gap /= 2;
                sizes.push(tokens.div_ceil(gap) - sizes.iter().sum::<usize>());
            }
            let schedule = Schedule::from_reveal_sizes(sizes).unwrap();
            assert_eq!(schedule.steps(), 1 + spacing.ilog2() as usize);
            let error = chain.order_error(&Order::spread(tokens).unwrap(), &schedule).unwrap();
            assert!(error.0 <= 0.1, "{stay}, {tokens}: {error} in {} steps", schedule.steps());
        }
    }
}

/// The answer of the guide for a chain: passes within one part in a hundred of one token at a time.
#[test]
fn a_chain_needs_few_spread_passes_and_many_random_ones() {
    let chain =
        MarkovChain::stationary(&[[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.3, 0.1, 0.6]]).unwrap();
    for (tokens, spread_passes, random_passes) in [(64, 3, 22), (256, 3, 29)] {
        let spread = chain.order_curve(&Order::spread(tokens).unwrap()).unwrap();
        let random = chain.information_curve(tokens).unwrap();
        let tolerance = spread.joint_entropy() * 0.01;
        let (few, _) = optimal::fewest_steps(&spread, tolerance).unwrap();
        let (many, _) = optimal::fewest_steps(&random, tolerance).unwrap();
        assert_eq!((few.steps(), many.steps()), (spread_passes, random_passes), "{few}");
    }
}
