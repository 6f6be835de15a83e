//! The cost of adaptive policies against the distribution of what they write, built word by word.

use crate::support;

use proptest::prelude::*;
use support::{seeded, tables};
use unmaskcost::sampler::policy::{self, Policy, Rule, View};
use unmaskcost::schedule::{BlockLength, Rounds};
use unmaskcost::{
    Bits, Error, Nats, Order, Scalar, Schedule, decoders::Decoder, distribution::JointTable,
};

/// For each word on its own: the rounds that lead to it, and the probability that the sampler takes
/// them all, with conditional marginals read off the whole table each time.
fn word_by_word(table: &JointTable, policy: &dyn Policy) -> (Vec<f64>, Vec<usize>) {
    let tokens = table.tokens();
    let mut law = Vec::new();
    let mut rounds = Vec::new();
    for cell in 0..table.probabilities().len() {
        let mut word = vec![0; tokens];
        let mut code = cell;
        for i in (0..tokens).rev() {
            word[i] = code % table.shape()[i];
            code /= table.shape()[i];
        }
        let mut revealed = vec![None; tokens];
        let (mut q, mut count) = (1.0, 0);
        while revealed.contains(&None) {
            let view = View::new(table, &revealed).unwrap();
            let chosen = policy.next(&view);
            for token in view.masked_tokens().filter(|token| chosen.contains(&token.position)) {
                q *= token.law[word[token.position]];
            }
            chosen.iter().for_each(|&i| revealed[i] = Some(word[i]));
            count += 1;
        }
        law.push(q);
        rounds.push(count);
    }
    (law, rounds)
}

fn check(table: &JointTable, policy: &dyn Policy) -> std::result::Result<(), TestCaseError> {
    let cost = policy::cost(table, policy).unwrap();
    let (law, rounds) = word_by_word(table, policy);
    let output = policy::output_law(table, policy).unwrap();
    for (found, direct) in output.probabilities().iter().zip(&law) {
        prop_assert!((found - direct).abs() < 1e-14);
    }
    let direct = JointTable::from_weights(table.shape(), law.clone()).unwrap();
    let divergence = table.kl_divergence(&direct).unwrap().0;
    prop_assert!((cost.sampling_error.0 - divergence).abs() < 1e-13);
    prop_assert!(cost.sampling_error <= cost.entropy_bound);
    let mean = |law: &[f64]| law.iter().zip(&rounds).map(|(p, &n)| p * n as f64).sum::<f64>();
    prop_assert!((cost.rounds_of_data - mean(table.probabilities())).abs() < 1e-13);
    prop_assert!((cost.rounds_of_sampler - mean(&law)).abs() < 1e-13);
    let reached = rounds.iter().zip(&law).filter(|(_, q)| **q > 0.0).map(|(n, _)| *n);
    prop_assert_eq!(Some(cost.most_rounds), reached.max());
    Ok(())
}

proptest! {
    #![proptest_config(seeded(64, 71))]

    #[test]
    fn cost_is_the_divergence_of_the_law_built_word_by_word(
        table in tables::<f64>(5, 81), size in 1..4_usize, threshold in 0.3..1.0_f64, budget in 0.001..1.0_f64,
    ) {
        check(&table, &Rule::left_to_right(size).unwrap())?;
        check(&table, &Rule::lowest_entropies(size).unwrap())?;
        check(&table, &Rule::confidence(threshold).unwrap())?;
        check(&table, &Rule::entropy_budget(Nats(budget)).unwrap())?;
        check(&table, &Rule::dilated())?;
        check(&table, &Rule::entropy_budget(Nats(budget)).unwrap().in_blocks(BlockLength(size)).unwrap())?;
        // A rule that looks at the symbols.
        check(&table, &|view: &View| {
            let ones = view.revealed().iter().filter(|&&symbol| symbol == Some(1)).count();
            view.masked().iter().rev().take(1 + ones).copied().collect()
        })?;
    }

    #[test]
    fn one_token_at_a_time_is_exact_in_any_order(table in tables::<f64>(6, 128)) {
        let n = table.tokens() as f64;
        let policies: [&dyn Policy; 3] =
            [&Rule::left_to_right(1).unwrap(), &Rule::lowest_entropies(1).unwrap(), &Rule::lowest_entropies(9).unwrap().apart(9).unwrap().in_blocks(BlockLength(1)).unwrap()];
        for policy in policies {
            let cost = policy::cost(&table, policy).unwrap();
            prop_assert!(cost.sampling_error.0 < 1e-28);
            prop_assert!((cost.rounds_of_data - n).abs() < 1e-12);
        }
    }

    #[test]
    fn all_at_once_costs_the_total_correlation(table in tables::<f64>(6, 128)) {
        let total = table.information_curve().unwrap().total_correlation().0;
        for policy in [Rule::entropy_budget(Nats(1e9)).unwrap(), Rule::left_to_right(99).unwrap(), Rule::confidence(1e-9).unwrap()] {
            let cost = policy::cost(&table, &policy).unwrap();
            prop_assert!((cost.sampling_error.0 - total).abs() < 1e-12);
            prop_assert_eq!(cost.most_rounds, 1);
        }
    }

    #[test]
    fn an_entropy_budget_bounds_the_cost_of_each_round(table in tables::<f64>(6, 128), budget in 0.001..0.5_f64) {
        let cost = policy::cost(&table, &Rule::entropy_budget(Nats(budget)).unwrap()).unwrap();
        prop_assert!(cost.entropy_bound.0 <= budget * cost.rounds_of_data + 1e-12);
    }
}

/// Two independent pairs of equal bits: X_0 = X_1, X_2 = X_3.
fn two_pairs() -> JointTable {
    let counts =
        (0..16_u8).map(|x| u8::from((x >> 3 & 1) == (x >> 2 & 1) && (x >> 1 & 1) == (x & 1)));
    JointTable::from_counts(&[2; 4], counts.collect::<Vec<_>>()).unwrap()
}

#[test]
fn random_order_figures_say_nothing_of_policies() {
    let table = two_pairs();
    let ln2 = std::f64::consts::LN_2;
    let curve = table.information_curve().unwrap();
    let random = curve.sampling_error(&Schedule::balanced(4, 2).unwrap()).unwrap().0;
    let error = |policy: &dyn Policy| policy::cost(&table, policy).unwrap().sampling_error.0;
    // The same sizes (2, 2): neighbours together lose both pairs, strides lose none.
    assert!((error(&Rule::left_to_right(2).unwrap()) - 2.0 * ln2).abs() < 1e-14);
    assert!(error(&Rule::dilated()) < 1e-14);
    assert!(random > 0.1 && random < 2.0 * ln2 - 0.1, "{random}");
}

/// The positions of DUS, block after block.
pub fn dilated_blocks(tokens: usize, length: usize) -> Result<Rounds, Error> {
    let inside = |length| Ok(Decoder::Dus.rounds(length, 1)?.unwrap().order().clone());
    let order = Order::blocks(tokens, BlockLength(length), inside)?;
    let plans = Decoder::Dus.plan_blocks(tokens, BlockLength(length), 1)?;
    let sizes = plans.iter().flat_map(|plan| plan.schedule().sizes().to_vec());
    Rounds::new(order, Schedule::from_reveal_sizes(sizes.collect::<Vec<_>>())?)
}

#[test]
fn dilated_blocks_are_the_rounds_of_dus() {
    for (tokens, length) in [(64, 32), (30, 10), (21, 7), (5, 5), (6, 1)] {
        let rounds = dilated_blocks(tokens, length).unwrap();
        let plans = Decoder::Dus.plan_blocks(tokens, BlockLength(length), 1).unwrap();
        let sizes: Vec<usize> =
            plans.iter().flat_map(|plan| plan.schedule().sizes().to_vec()).collect();
        assert_eq!(rounds.schedule().sizes(), sizes);
        // Every position once, and block after block.
        let mut positions = rounds.order().positions().to_vec();
        assert!(
            positions
                .chunks(length)
                .enumerate()
                .all(|(b, set)| { set.iter().all(|position| position / length == b) })
        );
        positions.sort_unstable();
        assert_eq!(positions, (0..tokens).collect::<Vec<_>>());
    }
    // Blocks of two put each pair into one round; one block takes one of each pair first.
    let table = two_pairs();
    let blocks = dilated_blocks(4, 2).unwrap();
    assert_eq!(blocks.sets().collect::<Vec<_>>(), [[0, 1], [2, 3]]);
    let error = policy::cost(&table, &blocks).unwrap().sampling_error.0;
    assert!((error - 2.0 * std::f64::consts::LN_2).abs() < 1e-14);

    assert!(matches!(Decoder::Dus.rounds(0, 1), Err(Error::Empty { .. })));
    assert!(matches!(dilated_blocks(4, 0), Err(Error::Empty { .. })));
    for tokens in [(1 << 26) + 1, usize::MAX] {
        assert!(matches!(Decoder::Dus.rounds(tokens, 1), Err(Error::TooLarge { .. })));
        assert!(matches!(Decoder::Dus.plan(tokens, 1), Err(Error::TooLarge { .. })));
    }
    assert!(matches!(dilated_blocks(usize::MAX, 1), Err(Error::TooLarge { .. })));
    assert_eq!(
        Decoder::Dus.plan_blocks(10, BlockLength(4), 1),
        Err(Error::NotDivisible { what: "the number of tokens", value: 10, divisor: 4 })
    );
}

#[test]
fn ties_go_to_the_earlier_position() {
    let fair: JointTable = JointTable::from_counts(&[2; 4], [1; 16]).unwrap();
    let view = View::new(&fair, &[None; 4]).unwrap();
    let next = |policy: &dyn Policy| policy.next(&view);
    assert_eq!(next(&Rule::lowest_entropies(2).unwrap()), [0, 1]);
    assert_eq!(next(&Rule::confidence(0.9).unwrap()), [0]);
    assert_eq!(next(&Rule::confidence(0.5).unwrap()), [0, 1, 2, 3]);
    assert_eq!(next(&Rule::entropy_budget(Bits(1.0).nats()).unwrap()), [0, 1]);
    assert_eq!(
        next(&Rule::lowest_entropies(9).unwrap().in_blocks(BlockLength(3)).unwrap()),
        [0, 1, 2]
    );
}

#[test]
fn the_budget_of_the_two_public_codes_differs_by_its_unit() {
    // Three copies of a bit that is 1 with probability 0.985: 0.078 nats, 0.112 bits.
    let p = 0.985;
    let mut probabilities = [0.0; 8];
    (probabilities[0], probabilities[7]) = (1.0 - p, p);
    let table = JointTable::from_probabilities(&[2; 3], probabilities).unwrap();
    let rounds =
        |budget| policy::cost(&table, &Rule::entropy_budget(budget).unwrap()).unwrap().most_rounds;
    assert_eq!(rounds(Nats(0.1)), 2); // two at once, then the certain third
    assert_eq!(rounds(Bits(0.1).nats()), 2); // one alone, then the others
    let first = |budget| {
        Rule::entropy_budget(budget).unwrap().next(&View::new(&table, &[None; 3]).unwrap()).len()
    };
    assert_eq!((first(Nats(0.1)), first(Bits(0.1).nats())), (2, 1));
}

#[test]
fn a_policy_that_breaks_its_contract_is_named() {
    let table = two_pairs();
    let cost = |policy: fn(&View) -> Vec<usize>| policy::cost(&table, &policy).unwrap_err();
    assert!(matches!(cost(|_| vec![]), Error::Empty { .. }));
    assert_eq!(cost(|_| vec![4]), Error::IndexOutOfRange { what: "position", index: 4, limit: 4 });
    assert_eq!(cost(|_| vec![1, 1]), Error::Duplicate { what: "position", index: 1 });
    assert_eq!(cost(|_| vec![0]), Error::AlreadyRevealed { position: 0 });
    let beyond = |view: &View| if view.masked().len() == 4 { vec![0, 9] } else { vec![1, 2, 3] };
    let named = Error::IndexOutOfRange { what: "position", index: 9, limit: 4 };
    assert_eq!(policy::cost(&table, &beyond), Err(named));
    let longer = Rounds::from_sets([vec![0, 4], vec![1, 2, 3]]).unwrap();
    let named = Error::IndexOutOfRange { what: "position", index: 4, limit: 4 };
    assert_eq!(policy::cost(&table, &longer), Err(named));
    let partial = Rounds::from_sets([vec![0, 1]]).unwrap();
    assert!(matches!(policy::cost(&table, &partial), Err(Error::Empty { .. })));
}

#[test]
fn contexts_are_checked() {
    let table = two_pairs();
    let view = |revealed: &[Option<usize>]| View::new(&table, revealed);
    assert!(matches!(view(&[None; 3]), Err(Error::LengthMismatch { .. })));
    let outside = view(&[Some(2), None, None, None]);
    assert!(matches!(outside, Err(Error::IndexOutOfRange { .. })));
    // A context that the data never shows: uniform.
    let impossible = view(&[Some(0), Some(1), None, None]).unwrap();
    assert!(impossible.masked_tokens().all(|token| token.law == [0.5, 0.5]));
    assert!(view(&[Some(0); 4]).unwrap().masked().is_empty());
    let conditional = table.conditional(&[Some(0), Some(1), None, None]);
    assert!(matches!(conditional, Err(Error::ImpossibleContext { .. })));
    assert!(matches!(table.conditional(&[Some(0); 4]), Err(Error::Empty { .. })));
}

#[test]
fn a_masked_token_says_where_it_is_and_how_sure_the_predictor_is() {
    // X_1 is fair; X_3 = 1 three times in four; X_0 and X_2 are revealed.
    let marginals = [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [0.25, 0.75]];
    let probability =
        |x: usize| -> f64 { (0..4).map(|i| marginals[i][x >> (3 - i) & 1]).product() };
    let table =
        JointTable::from_probabilities(&[2; 4], (0..16).map(probability).collect::<Vec<_>>())
            .unwrap();
    let view = View::new(&table, &[Some(0), None, Some(1), None]).unwrap();
    let tokens: Vec<_> = view.masked_tokens().collect();
    assert_eq!(tokens.iter().map(|token| token.position).collect::<Vec<_>>(), view.masked());
    assert_eq!((tokens[0].position, tokens[1].position), (1, 3));
    assert_eq!((tokens[0].confidence, tokens[1].confidence), (0.5, 0.75));
    assert_eq!(tokens[1].law, [0.25, 0.75]);
    assert!((tokens[0].entropy - std::f64::consts::LN_2).abs() < 1e-15);
    assert!((tokens[1].entropy - (0.25 * 4_f64.ln() - 0.75 * 0.75_f64.ln())).abs() < 1e-15);
    assert_eq!(Rule::lowest_entropies(1).unwrap().next(&view), [3]);
}

#[test]
fn tokens_with_one_symbol_make_a_deep_tree_and_no_trouble() {
    let table = JointTable::from_probabilities(&[1; 300], [1.0]).unwrap();
    assert_eq!(policy::cost(&table, &Rule::left_to_right(1).unwrap()).unwrap().most_rounds, 300);
    let long = JointTable::from_probabilities(&[1; 200_000], [1.0]).unwrap();
    assert!(matches!(
        policy::cost(&long, &Rule::left_to_right(1).unwrap()),
        Err(Error::TooLarge { .. })
    ));
}

#[test]
fn single_precision_tables_give_the_same_cost() {
    let weights: Vec<f64> = (0..32_u32).map(|x| f64::from(x * x % 7 + 1)).collect();
    let single: Vec<f32> = weights.iter().map(|&w| w as f32).collect();
    let double = JointTable::from_weights(&[2; 5], weights).unwrap();
    let single = JointTable::from_weights(&[2; 5], single).unwrap();
    let exact = policy::cost(&double, &Rule::left_to_right(2).unwrap()).unwrap().sampling_error.0;
    let rough = policy::cost(&single, &Rule::left_to_right(2).unwrap()).unwrap().sampling_error.0;
    assert!((f64::from(rough) - exact).abs() < 1e-6);
}

/// `tokens` copies of one bit that is 1 with probability p: all at once cost `(tokens - 1) h(p)`.
fn copies<F: Scalar>(tokens: usize, p: F) -> JointTable<F> {
    let mut probabilities = vec![F::zero(); 1 << tokens];
    probabilities[0] = F::one() - p;
    probabilities[(1 << tokens) - 1] = p;
    JointTable::from_probabilities(&vec![2; tokens], probabilities).unwrap()
}

#[test]
fn a_product_of_marginals_too_small_for_a_float_costs_what_it_costs() {
    // 1e-42 in single precision, where the least normal number is 1.2e-38.
    let single = policy::cost(&copies(14, 1e-3_f32), &Rule::left_to_right(14).unwrap()).unwrap();
    let exact = 13.0 * (-1e-3 * 1e-3_f64.ln() - 0.999 * (-1e-3_f64).ln_1p());
    assert!((f64::from(single.sampling_error.0) - exact).abs() < 1e-6 * exact, "{single:?}");
    assert!((exact - 0.1028).abs() < 1e-4);

    for p in [1e-30_f64, 1e-200] {
        let double = policy::cost(&copies(12, p), &Rule::left_to_right(12).unwrap()).unwrap();
        let exact = 11.0 * p * (1.0 - p.ln());
        assert!((double.sampling_error.0 - exact).abs() < 1e-12 * exact, "{double:?}, {exact:e}");
        assert!((double.entropy_bound.0 - exact).abs() < 1e-12 * exact);
        assert!(double.sampling_error <= double.entropy_bound);
        assert_eq!((double.rounds_of_data, double.most_rounds), (1.0, 1));
        // Two rounds: the second has nothing to err about.
        let half = policy::cost(&copies(12, p), &Rule::left_to_right(6).unwrap()).unwrap();
        let exact = 5.0 * p * (1.0 - p.ln());
        assert!((half.sampling_error.0 - exact).abs() < 1e-12 * exact);
        assert!((half.rounds_of_data - 2.0).abs() < 1e-12);
    }
}

#[test]
fn a_small_cost_keeps_its_digits() {
    // Two fair bits that agree a little more often than not: d^2/2 + d^4/12 + .. nats.
    for exponent in 1..7 {
        let d: f64 = 0.1_f64.powi(exponent);
        let agree = 0.25 * (1.0 + d);
        let differ = 0.25 * (1.0 - d);
        let table =
            JointTable::from_probabilities(&[2, 2], [agree, differ, differ, agree]).unwrap();
        let cost = policy::cost(&table, &Rule::left_to_right(2).unwrap()).unwrap();
        let exact = d * d / 2.0 + d.powi(4) / 12.0 + d.powi(6) / 30.0 + d.powi(8) / 56.0;
        let found = cost.sampling_error.0;
        assert!((found - exact).abs() < 1e-8 * exact, "{found:e} {exact:e}");
    }
}

/// A nearly certain token: `x (1 - ln x)` to first order, and `1 - x` is rounded to a few digits of x.
#[test]
fn small_entropies_keep_their_digits() {
    for exponent in [-4, -8, -12, -15, -20, -100, -300] {
        let rare = 10_f64.powi(exponent);
        let entropy = |law: &[f64]| {
            let view = View::of_predictions(&[None], &[law]).unwrap();
            view.masked_tokens().next().unwrap().entropy
        };
        let expected = rare * (1.0 - rare.ln()) - rare * rare * (0.5 + rare / 6.0);
        for law in [[1.0 - rare, rare], [rare, 1.0 - rare]] {
            let found = entropy(&law);
            assert!(
                (found / expected - 1.0).abs() < 1e-11,
                "{rare:e}: {found:e}, not {expected:e}"
            );
        }
        let halves = rare * (1.0 - (rare / 2.0).ln()) - rare * rare * (0.5 + rare / 6.0);
        let found = entropy(&[rare / 2.0, 1.0 - rare, rare / 2.0]);
        assert!((found / halves - 1.0).abs() < 1e-11, "{rare:e}: {found:e}, not {halves:e}");
    }
}
