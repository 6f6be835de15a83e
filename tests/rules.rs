//! Rules that choose positions, against their definitions written out.

use crate::support;

use proptest::prelude::*;
use support::seeded;
use unmaskcost::sampler::policy::{self, Policy, Rule, View};
use unmaskcost::schedule::BlockLength;
use unmaskcost::{Bits, Error, Nats, distribution::JointTable};

/// A view of independent tokens with these probabilities of a one: any confidences and entropies there are.
fn view_of(ones: &[f64]) -> View {
    let tokens = ones.len();
    let probability = |word: usize| -> f64 {
        (0..tokens)
            .map(|i| if word >> (tokens - 1 - i) & 1 == 1 { ones[i] } else { 1.0 - ones[i] })
            .product()
    };
    let weights: Vec<f64> = (0..1 << tokens).map(probability).collect();
    let table: JointTable = JointTable::from_weights(&vec![2; tokens], weights).unwrap();
    View::new(&table, &vec![None; tokens]).unwrap()
}

/// What a rule reveals, sorted.
fn revealed(rule: Rule, view: &View) -> Vec<usize> {
    let mut positions = rule.next(view);
    positions.sort_unstable();
    positions
}

/// Position and value of each masked token, smallest value first, ties to the earlier position.
fn ranked(view: &View, value: impl Fn(f64, f64) -> f64) -> Vec<(usize, f64)> {
    let tokens = view.masked_tokens();
    let mut ranked: Vec<_> =
        tokens.map(|token| (token.position, value(token.confidence, token.entropy))).collect();
    ranked.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    ranked
}

/// The positions of the first n, for the largest n that is allowed, and one at least; sorted.
fn longest(ranked: &[(usize, f64)], allowed: impl Fn(&[f64]) -> bool) -> Vec<usize> {
    let values: Vec<f64> = ranked.iter().map(|(_, value)| *value).collect();
    let most = (1..=values.len()).rev().find(|&n| allowed(&values[..n])).unwrap_or(1);
    let mut positions: Vec<usize> = ranked[..most].iter().map(|(position, _)| *position).collect();
    positions.sort_unstable();
    positions
}

proptest! {
    #![proptest_config(seeded(200, 91))]

    #[test]
    fn each_rule_reveals_what_its_definition_says(
        ones in proptest::collection::vec(prop_oneof![0.0..1.0_f64, 0.9..1.0_f64, 0.999..1.0_f64], 1..9),
        bound in 0.01..2.0_f64, threshold in 0.5..1.0_f64, count in 1..5_usize,
    ) {
        let view = view_of(&ones);
        let doubts = ranked(&view, |confidence, _| 1.0 - confidence);
        let entropies = ranked(&view, |_, entropy| entropy);
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let last = |values: &[f64]| values[values.len() - 1];

        let factor = longest(&doubts, |d| (d.len() + 1) as f64 * last(d) < bound);
        prop_assert_eq!(revealed(Rule::factor(bound).unwrap(), &view), factor);
        let margin = bound / 2.0;
        let frechet = longest(&doubts, |d| sum(d) + last(d) < 1.0 - margin);
        prop_assert_eq!(revealed(Rule::frechet(margin).unwrap(), &view), frechet);
        let above = longest(&doubts, |d| 1.0 - last(d) >= threshold);
        prop_assert_eq!(revealed(Rule::confidence(threshold).unwrap(), &view), above);
        // All above the threshold if they are enough, else the quota.
        let sure = doubts.iter().filter(|(_, doubt)| 1.0 - doubt > threshold).count();
        let taken = if sure >= count { sure } else { count };
        let quota = longest(&doubts, |d| d.len() <= taken);
        prop_assert_eq!(revealed(Rule::quota(count, threshold).unwrap(), &view), quota);

        let budget = longest(&entropies, |h| sum(h) - last(h) <= bound);
        prop_assert_eq!(revealed(Rule::entropy_budget(Nats(bound)).unwrap(), &view), budget);
        let lowest = longest(&entropies, |h| h.len() <= count);
        prop_assert_eq!(revealed(Rule::lowest_entropies(count).unwrap(), &view), lowest);
        let in_order: Vec<(usize, f64)> =
            view.masked_tokens().map(|token| (token.position, token.entropy)).collect();
        let cumulative = longest(&in_order, |h| sum(h) - last(h) <= bound);
        prop_assert_eq!(revealed(Rule::cumulative_entropy(Nats(bound)).unwrap(), &view), cumulative);
    }

    #[test]
    fn positions_of_a_round_are_as_far_apart_as_asked(
        ones in proptest::collection::vec(0.0..1.0_f64, 1..10), distance in 1..6_usize,
        bound in 0.1..2.0_f64, threshold in 0.5..1.0_f64,
    ) {
        let view = view_of(&ones);
        for rule in [
            Rule::left_to_right(4).unwrap(), Rule::confidence(threshold).unwrap(), Rule::quota(2, threshold).unwrap(),
            Rule::factor(bound).unwrap(), Rule::frechet(0.0).unwrap(), Rule::entropy_budget(Nats(bound)).unwrap(),
            Rule::cumulative_entropy(Nats(bound)).unwrap(), Rule::dilated(),
        ] {
            let apart = revealed(rule.apart(distance).unwrap(), &view);
            prop_assert!(!apart.is_empty());
            prop_assert!(apart.windows(2).all(|pair| pair[1] - pair[0] >= distance), "{rule} {apart:?}");
            if distance == 1 {
                prop_assert_eq!(apart, revealed(rule, &view));
            }
        }
    }

    #[test]
    fn a_distance_keeps_the_number_of_lowest_entropies(
        ones in proptest::collection::vec(0.0..1.0_f64, 1..10), distance in 1..6_usize, count in 1..6_usize,
    ) {
        let view = view_of(&ones);
        let apart = revealed(Rule::lowest_entropies(count).unwrap().apart(distance).unwrap(), &view);
        prop_assert_eq!(apart.len(), count.min(ones.len()));
        // Greedy: the lowest, then the lowest far from it, ..; then the lowest of the others.
        let entropies = ranked(&view, |_, entropy| entropy);
        let (mut far, mut near) = (Vec::<usize>::new(), Vec::new());
        for (position, _) in entropies {
            let is_far = far.iter().all(|&other| other.abs_diff(position) >= distance);
            if is_far && far.len() < count { far.push(position) } else { near.push(position) }
        }
        let mut expected: Vec<usize> = far.into_iter().chain(near).take(count).collect();
        expected.sort_unstable();
        prop_assert_eq!(apart, expected);
    }

    #[test]
    fn each_round_costs_no_more_than_the_entropy_budget(
        table in support::tables::<f64>(6, 128), budget in 0.01..0.7_f64, distance in 1..4_usize,
    ) {
        for rule in [Rule::entropy_budget(Nats(budget)).unwrap(), Rule::cumulative_entropy(Nats(budget)).unwrap()] {
            let cost = policy::cost(&table, &rule.apart(distance).unwrap()).unwrap();
            prop_assert!(cost.entropy_bound.0 <= budget * cost.rounds_of_data + 1e-12);
        }
    }
}

#[test]
fn dilated_rounds_are_those_of_the_partition_also_in_blocks() {
    for (tokens, length) in [(8, 8), (9, 3), (12, 4), (7, 7)] {
        let table: JointTable =
            JointTable::from_counts(&vec![2; tokens], (1..=1_usize << tokens).collect::<Vec<_>>())
                .unwrap();
        let partition = crate::policies::dilated_blocks(tokens, length).unwrap();
        let rule = Rule::dilated().in_blocks(BlockLength(length)).unwrap();
        assert_eq!(policy::cost(&table, &rule).unwrap(), policy::cost(&table, &partition).unwrap());
    }
}

#[test]
fn neighbours_revealed_together_are_what_a_distance_avoids() {
    // A sticky chain of eight bits.
    let chain =
        unmaskcost::distribution::MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]]).unwrap();
    let table = chain.joint_table(8).unwrap();
    let error = |rule: Rule| policy::cost(&table, &rule).unwrap().sampling_error.0;
    let together = error(Rule::lowest_entropies(2).unwrap());
    let apart = error(Rule::lowest_entropies(2).unwrap().apart(3).unwrap());
    assert!(apart < 0.6 * together, "{apart} {together}");
}

#[test]
fn rules_are_read_as_they_are_printed() {
    let rules = [
        Rule::left_to_right(4).unwrap(),
        Rule::lowest_entropies(1).unwrap(),
        Rule::lowest_entropies(16).unwrap(),
        Rule::confidence(0.9).unwrap(),
        Rule::quota(2, 0.95).unwrap(),
        Rule::factor(1e-3).unwrap(),
        Rule::frechet(0.02).unwrap(),
        Rule::entropy_budget(Bits(0.1).nats()).unwrap(),
        Rule::cumulative_entropy(Nats(1e-7)).unwrap(),
        Rule::dilated(),
    ];
    for rule in rules {
        for rule in [
            rule,
            rule.apart(6).unwrap(),
            rule.apart(2).unwrap().in_blocks(BlockLength(32)).unwrap(),
        ] {
            let text = rule.to_string();
            assert_eq!(text.parse(), Ok(rule), "{text}");
            assert_eq!(text.to_uppercase().replace(' ', "_").parse(), Ok(rule), "{text}");
            assert_eq!(text.replace(' ', "-").parse(), Ok(rule), "{text}");
        }
    }
    for (text, rule) in [
        (
            "8 lowest entropies at least 12 apart",
            Rule::lowest_entropies(8).unwrap().apart(12).unwrap(),
        ),
        (
            "blocks of 32, 4 lowest entropies",
            Rule::lowest_entropies(4).unwrap().in_blocks(BlockLength(32)).unwrap(),
        ),
        ("lowest entropy one at a time", Rule::lowest_entropies(1).unwrap()),
        ("entropy budget 4.0", Rule::entropy_budget(Nats(4.0)).unwrap()),
        ("Fréchet", Rule::frechet(0.0).unwrap()),
    ] {
        assert_eq!(text.parse(), Ok(rule), "{text}");
    }
}

#[test]
fn what_is_no_rule_is_refused_with_the_reason() {
    let parse = |text: &str| text.parse::<Rule>().unwrap_err();
    for text in [
        "",
        "confidence",
        "8 lowest",
        "blocks of 32,",
        "blocks of 2, blocks of 2, dilated",
        "entropy budget 1 nits",
        "dilated at least 2 apart at least 3 apart",
        "left to right 2.5",
        "margin",
    ] {
        let error = parse(text);
        assert!(matches!(error, Error::NotAmong { what: "rule", .. }), "{text}: {error}");
        assert!(error.to_string().contains("N lowest entropies"));
    }
    for text in [
        "confidence of sampled tokens",
        "low_confidence remasking",
        "ReMDM",
        "P2",
        "Dream maskgit_plus",
    ] {
        assert!(matches!(parse(text), Error::NotAPolicy { .. }), "{text}");
    }
    for text in [
        "confidence 0",
        "confidence NaN",
        "confidence 1.5",
        "confidence -1",
        "0 lowest entropies",
        "left to right 0",
        "quota 0 confidence 0.5",
        "Frechet margin 1",
        "Frechet margin nan",
        "dilated at least 0 apart",
        "blocks of 0, dilated",
    ] {
        assert!(matches!(parse(text), Error::OutOfRange { .. }), "{text}: {}", parse(text));
    }
    for text in [
        "factor 0",
        "factor nan",
        "factor -1",
        "factor inf",
        "entropy budget 0",
        "entropy budget nan",
        "cumulative entropy -2",
    ] {
        assert!(
            matches!(parse(text), Error::OutOfRange { needed: "a positive number", .. }),
            "{text}: {}",
            parse(text)
        );
    }
}

#[test]
fn a_view_of_predictions_is_that_of_the_table_they_come_from() {
    let table: JointTable =
        JointTable::from_counts(&[2, 3, 2], [5, 1, 2, 2, 8, 1, 1, 3, 2, 9, 1, 4]).unwrap();
    let revealed = [None, Some(1), None];
    let view = View::new(&table, &revealed).unwrap();
    let predictions: Vec<Vec<f64>> = view.masked_tokens().map(|token| token.law.to_vec()).collect();
    let same = View::of_predictions(&revealed, &predictions).unwrap();
    assert_eq!(same.masked(), view.masked());
    for (a, b) in view.masked_tokens().zip(same.masked_tokens()) {
        assert!((a.entropy - b.entropy).abs() < 1e-12 && a.law.len() == b.law.len());
    }
}

#[test]
fn predictions_that_are_no_distributions_are_refused() {
    let refused = |predictions: &[&[f64]]| {
        View::of_predictions(&[None, None], predictions).map(|_| ()).unwrap_err()
    };
    assert!(matches!(refused(&[&[1.0]]), Error::LengthMismatch { found: 1, expected: 2, .. }));
    assert!(matches!(refused(&[&[1.0], &[]]), Error::Empty { .. }));
    assert!(matches!(refused(&[&[1.0], &[0.5, 0.6]]), Error::NotNormalized { row: None, .. }));
    assert!(matches!(refused(&[&[1.0], &[1.5, -0.5]]), Error::Negative { .. }));
    assert!(matches!(refused(&[&[1.0], &[f64::NAN, 1.0]]), Error::NotFinite { .. }));
}
