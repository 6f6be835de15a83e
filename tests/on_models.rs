//! Costs of policies estimated on distributions, against the exact cost on their tables.

use crate::support;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use unmaskcost::distribution::{
    CategoricalMixture, ClusterMixture, ConditionalMarginal, ExchangeableBits, HiddenMarkovChain,
    JointTable, MarkovChain,
};
use unmaskcost::measured::{DecoderRuns, Run};
use unmaskcost::sampler::policy::{self, Policy, Rule, View};
use unmaskcost::schedule::BlockLength;
use unmaskcost::{Error, Nats};

fn rules() -> Vec<Rule> {
    let rules = [
        "left to right 3",
        "2 lowest entropies",
        "confidence 0.7",
        "quota 2 confidence 0.8",
        "factor 0.9",
        "frechet",
        "entropy budget 0.6",
        "cumulative entropy 0.7",
        "dilated",
        "2 lowest entropies at least 3 apart",
        "blocks of 3, entropy budget 0.5",
    ];
    rules.iter().map(|text| text.parse().unwrap()).collect()
}

fn sticky() -> MarkovChain {
    MarkovChain::from_transition(
        [0.5, 0.3, 0.2],
        &[[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.25, 0.05, 0.7]],
    )
    .unwrap()
}

fn hidden() -> HiddenMarkovChain {
    let states = MarkovChain::from_transition([0.6, 0.4], &[[0.9, 0.1], [0.2, 0.8]]).unwrap();
    HiddenMarkovChain::new(states, &[[0.7, 0.2, 0.1], [0.05, 0.15, 0.8]]).unwrap()
}

/// Words of a table, drawn by inversion.
fn draw(table: &JointTable, generator: &mut ChaCha8Rng) -> Vec<usize> {
    let mut left: f64 = generator.random();
    let mut cell = 0;
    for (index, &p) in table.probabilities().iter().enumerate().filter(|(_, p)| **p > 0.0) {
        cell = index;
        left -= p;
        if left < 0.0 {
            break;
        }
    }
    let mut word: Vec<usize> = table
        .shape()
        .iter()
        .rev()
        .map(|alphabet| {
            let symbol = cell % alphabet;
            cell /= alphabet;
            symbol
        })
        .collect();
    word.reverse();
    word
}

/// The predictions of a distribution are those of its table, all at once and one by one.
fn check_predictions(distribution: &impl ConditionalMarginal, table: &JointTable, seed: u64) {
    let mut generator = support::generator(seed);
    for _ in 0..60 {
        let word = draw(table, &mut generator);
        let hide = |symbol: usize| if generator.random::<bool>() { Some(symbol) } else { None };
        let revealed: Vec<Option<usize>> = word.into_iter().map(hide).collect();
        let all = distribution.conditional_marginals(&revealed).unwrap();
        let view = View::new(table, &revealed).unwrap();
        assert_eq!(all.len(), view.masked().len());
        let pairs: Vec<(usize, usize)> = revealed
            .iter()
            .enumerate()
            .filter_map(|(i, symbol)| symbol.map(|symbol| (i, symbol)))
            .collect();
        for (law, token) in all.iter().zip(view.masked_tokens()) {
            let one = distribution.conditional_marginal(&pairs, token.position).unwrap();
            for ((a, b), c) in law.iter().zip(token.law).zip(one) {
                assert!((a - b).abs() < 1e-11 && (a - c).abs() < 1e-11, "{law:?} {:?}", token.law);
            }
        }
    }
}

#[test]
fn predictions_of_all_tokens_are_those_of_the_table() {
    check_predictions(&sticky(), &sticky().joint_table(6).unwrap(), 1);
    check_predictions(&hidden(), &hidden().joint_table(6).unwrap(), 2);
    let mixture = CategoricalMixture::new([0.3, 0.7], &[[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]).unwrap();
    check_predictions(&mixture, &mixture.joint_table(5).unwrap(), 3);
    let bits = ExchangeableBits::polya_urn(7, 0.5, 1.5).unwrap();
    check_predictions(&bits, &bits.joint_table().unwrap(), 4);
    let clusters =
        ClusterMixture::new([0.4, 0.6], &[[0, 1, 1, 0, 1], [1, 1, 0, 0, 0]], 0.1).unwrap();
    check_predictions(&clusters, &clusters.joint_table().unwrap(), 5);
    let table: JointTable = sticky().joint_table(4).unwrap();
    check_predictions(&table, &table, 6);
}

/// The estimates are within four of their errors of the exact costs.
fn check_costs(distribution: &impl ConditionalMarginal, table: &JointTable, seed: u64) {
    let mut generator = support::generator(seed);
    let sequences: Vec<Vec<usize>> = (0..1_500).map(|_| draw(table, &mut generator)).collect();
    for rule in rules() {
        let exact = policy::cost(table, &rule).unwrap();
        let found = policy::estimated_cost(distribution, &rule, &sequences).unwrap();
        let near = |found: f64, error: f64, exact: f64| (found - exact).abs() <= 4.0 * error + 1e-9;
        let (cost, bound) = (found.sampling_error, found.entropy_bound);
        assert!(
            near(cost.value().0, cost.standard_error().0, exact.sampling_error.0),
            "{rule} {cost} {exact:?}"
        );
        assert!(
            near(bound.value().0, bound.standard_error().0, exact.entropy_bound.0),
            "{rule} {bound} {exact:?}"
        );
        assert!(
            near(found.rounds, found.rounds_error, exact.rounds_of_data),
            "{rule} {found:?} {exact:?}"
        );
    }
}

#[test]
fn estimated_costs_are_the_exact_ones_up_to_their_errors() {
    check_costs(&sticky(), &sticky().joint_table(6).unwrap(), 11);
    check_costs(&hidden(), &hidden().joint_table(6).unwrap(), 12);
    let mixture = CategoricalMixture::new([0.3, 0.7], &[[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]).unwrap();
    check_costs(&mixture, &mixture.joint_table(6).unwrap(), 13);
}

#[test]
fn the_loss_of_a_sequence_is_the_probability_with_which_the_policy_writes_it() {
    let table = sticky().joint_table(5).unwrap();
    let mut generator = support::generator(21);
    for rule in rules() {
        let output = policy::output_law(&table, &rule).unwrap();
        for _ in 0..20 {
            let word = draw(&table, &mut generator);
            let cell = word.iter().fold(0, |cell, symbol| cell * 3 + symbol);
            let run = policy::teacher_forced(&table, &rule, &word).unwrap();
            assert!((run.loss.0 + output.probabilities()[cell].ln()).abs() < 1e-10);
        }
    }
}

#[test]
fn drawn_words_have_the_distribution_of_the_table() {
    let (chain, table) = (hidden(), hidden().joint_table(3).unwrap());
    let mut generator = support::generator(22);
    let mut counts = vec![0.0; 27];
    for _ in 0..20_000 {
        let word = chain.sample(3, &mut generator).unwrap();
        counts[word.iter().fold(0, |cell, symbol| cell * 3 + symbol)] += 1.0;
    }
    let squares = counts
        .iter()
        .zip(table.probabilities())
        .map(|(count, p)| (count - 20_000.0 * p).powi(2) / (20_000.0 * p));
    assert!(squares.sum::<f64>() < 55.0); // 26 degrees of freedom: one in a thousand is beyond 54
}

#[test]
fn long_sequences_are_practical_and_one_token_at_a_time_costs_nothing() {
    let chain = sticky();
    let mut generator = support::generator(23);
    let sequences: Vec<Vec<usize>> =
        (0..6).map(|_| chain.sample(256, &mut generator).unwrap()).collect();
    let cost = |text: &str| {
        policy::estimated_cost(&chain, &text.parse::<Rule>().unwrap(), &sequences).unwrap()
    };
    let one = cost("1 lowest entropy");
    assert!(one.sampling_error.value().0.abs() < 1e-10 && one.entropy_bound.value().0 == 0.0);
    assert_eq!((one.rounds, one.rounds_error), (256.0, 0.0));
    let (near, apart) = (cost("16 lowest entropies"), cost("16 lowest entropies at least 4 apart"));
    assert_eq!((near.rounds, apart.rounds), (16.0, 16.0));
    assert!(apart.sampling_error.value() < near.sampling_error.value() * 0.5);
    assert!(near.sampling_error.value() < near.entropy_bound.value());
}

#[test]
fn what_a_policy_does_on_a_model_becomes_a_run_of_a_decoder() {
    let chain = sticky();
    let mut generator = support::generator(24);
    let mut runs = DecoderRuns::new();
    let rules = ["left to right 4", "4 lowest entropies at least 4 apart"]
        .map(|text| text.parse::<Rule>().unwrap());
    for sequence in 0..40 {
        let word = chain.sample(32, &mut generator).unwrap();
        for rule in rules {
            let done = policy::teacher_forced(&chain, &rule, &word).unwrap();
            let run =
                Run::new(sequence.to_string(), done.rounds, done.loss).with_budget(done.budget);
            runs.record(&rule.to_string(), run).unwrap();
        }
    }
    let saved = runs.difference("left to right 4", "4 lowest entropies at least 4 apart").unwrap();
    assert!(saved.interval(0.95).unwrap().lower() > Nats(1.0), "{saved}");
}

#[test]
fn impossible_sequences_and_policies_are_refused() {
    let chain = MarkovChain::from_transition([1.0, 0.0], &[[0.5, 0.5], [0.0, 1.0]]).unwrap();
    let rule = Rule::left_to_right(2).unwrap();
    let run = |word: &[usize]| policy::teacher_forced(&chain, &rule, word).map(|run| run.rounds);
    assert_eq!(run(&[0, 0, 1]), Ok(2));
    assert!(matches!(run(&[1, 1]), Err(Error::ImpossibleContext { .. })));
    assert!(matches!(run(&[0, 1, 0]), Err(Error::ImpossibleContext { .. })));
    assert!(matches!(run(&[0, 2]), Err(Error::IndexOutOfRange { .. })));
    assert!(matches!(run(&[]), Err(Error::Empty { .. })));
    let none = |_: &View| Vec::new();
    assert!(matches!(policy::teacher_forced(&chain, &none, &[0]), Err(Error::Empty { .. })));
    let single = policy::estimated_cost(&chain, &rule, [[0, 0]]);
    assert!(matches!(single, Err(Error::TooFew { found: 1, .. })));
    // A block longer than anything.
    let long = rule.in_blocks(BlockLength(usize::MAX)).unwrap();
    let view = View::new(&chain.joint_table(3).unwrap(), &[None; 3]).unwrap();
    assert_eq!(long.next(&view), [0, 1]);

    let states = || MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]]).unwrap();
    let refused = |shown: &[Vec<f64>]| HiddenMarkovChain::new(states(), shown).unwrap_err();
    assert!(matches!(refused(&[vec![1.0]]), Error::LengthMismatch { .. }));
    assert!(matches!(refused(&[vec![1.0], vec![0.5, 0.5]]), Error::LengthMismatch { .. }));
    assert!(matches!(refused(&[vec![], vec![]]), Error::Empty { .. }));
    assert!(matches!(
        refused(&[vec![0.5, 0.6], vec![0.5, 0.5]]),
        Error::NotNormalized { row: Some(0), .. }
    ));
    assert!(matches!(refused(&[vec![0.5, 0.5], vec![f64::NAN, 0.5]]), Error::NotFinite { .. }));
    let bits = HiddenMarkovChain::new(states(), &[[0.9, 0.1], [0.1, 0.9]]).unwrap();
    assert!(matches!(bits.joint_table(40), Err(Error::TooLarge { .. })));
    assert!(matches!(
        bits.conditional_marginals(&[Some(2), None]),
        Err(Error::IndexOutOfRange { .. })
    ));
    assert!(matches!(
        bits.conditional_marginal(&[(usize::MAX, 0)], 0),
        Err(Error::TooLarge { .. })
    ));
}
