//! Bounds by confidences, against random tables and the distributions that attain them.

use crate::support;

use proptest::prelude::*;
use support::{seeded, tables};
use unmaskcost::bounds::confidence;
use unmaskcost::sampler::policy::{self, Policy, Rule, View};
use unmaskcost::{Error, Nats, distribution::JointTable};

/// The product of the marginals of a table, cell by cell, and the confidences.
fn product_of(table: &JointTable) -> (Vec<f64>, Vec<f64>) {
    let marginals: Vec<Vec<f64>> = (0..table.tokens())
        .map(|i| table.marginal(&[i]).unwrap().probabilities().to_vec())
        .collect();
    let cells = table.probabilities().len();
    let product = (0..cells).map(|cell| {
        let mut code = cell;
        (0..table.tokens()).rev().fold(1.0, |p, i| {
            let symbol = code % table.shape()[i];
            code /= table.shape()[i];
            p * marginals[i][symbol]
        })
    });
    let modes = marginals.iter().map(|law| law.iter().copied().fold(0.0, f64::max));
    (product.collect(), modes.collect())
}

fn total_variation(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0
}

fn divergence(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).filter(|(p, _)| **p > 0.0).map(|(p, q)| p * (p / q).ln()).sum()
}

/// The word with each token's likeliest symbol is a likeliest word.
fn modes_win(table: &JointTable, product: &[f64]) -> bool {
    let most = |law: &[f64]| law.iter().copied().fold(0.0, f64::max);
    let best = most(product);
    let cell = product.iter().position(|&q| q == best).unwrap();
    table.probabilities()[cell] >= most(table.probabilities()) - 1e-12
}

proptest! {
    #![proptest_config(seeded(400, 92))]

    #[test]
    fn no_table_is_beyond_the_bounds(table in tables::<f64>(5, 256), confident in 0.0..1.0_f64) {
        // Some tables as they are, some with most of their weight on one word, so that the conditions are met.
        let mut weights: Vec<f64> = table.probabilities().iter().map(|p| p * (1.0 - confident)).collect();
        weights[0] += confident;
        for table in [table.clone(), JointTable::from_weights(table.shape(), weights).unwrap()] {
            let (product, confidences) = product_of(&table);
            let vocabulary = *table.shape().iter().max().unwrap();
            let kl = divergence(table.probabilities(), &product);
            prop_assert!(kl <= confidence::kl_upper(&confidences, vocabulary).unwrap().0 + 1e-13);
            let tv = total_variation(table.probabilities(), &product);
            let bound = confidence::total_variation_upper(&confidences).unwrap();
            prop_assert!(tv <= bound + 1e-13);
            let published = confidence::published(&confidences, vocabulary).unwrap();
            prop_assert!(confidence::kl_upper(&confidences, vocabulary).unwrap() <= published.kl);
            prop_assert!(bound <= published.total_variation || confidences.len() == 1);
            let likeliest = confidence::modes_are_likeliest(&confidences).unwrap();
            if likeliest {
                prop_assert!(modes_win(&table, &product), "{confidences:?}");
            }
            prop_assert!(likeliest || !published.modes_are_likeliest);
        }
    }

    #[test]
    fn sums_over_the_rounds_bound_the_whole(table in tables::<f64>(5, 64), threshold in 0.4..1.0_f64) {
        let rule = Rule::confidence(threshold).unwrap();
        let vocabulary = *table.shape().iter().max().unwrap();
        let (mut kl, mut tv) = (0.0, 0.0);
        for (cell, p) in table.probabilities().iter().enumerate().filter(|(_, p)| **p > 0.0) {
            let mut code = cell;
            let mut word: Vec<usize> = table.shape().iter().rev().map(|alphabet| {
                let symbol = code % alphabet;
                code /= alphabet;
                symbol
            }).collect();
            word.reverse();
            let mut revealed = vec![None; word.len()];
            while revealed.contains(&None) {
                let view = View::new(&table, &revealed).unwrap();
                let chosen = rule.next(&view);
                let of_round = view.masked_tokens().filter(|token| chosen.contains(&token.position));
                let confidences: Vec<f64> = of_round.map(|token| token.confidence).collect();
                kl += p * confidence::kl_upper(&confidences, vocabulary).unwrap().0;
                tv += p * confidence::total_variation_upper(&confidences).unwrap();
                chosen.iter().for_each(|&i| revealed[i] = Some(word[i]));
            }
        }
        prop_assert!(policy::cost(&table, &rule).unwrap().sampling_error.0 <= kl + 1e-12);
        let output = policy::output_law(&table, &rule).unwrap();
        prop_assert!(total_variation(table.probabilities(), output.probabilities()) <= tv + 1e-12);
    }
}

/// n equal tokens of V symbols, the first with probability 1 - e and the others alike.
fn equal_tokens(tokens: u32, vocabulary: usize, e: f64) -> JointTable {
    let cells = vocabulary.pow(tokens);
    let mut probabilities = vec![0.0; cells];
    let step = (cells - 1) / (vocabulary - 1);
    for symbol in 0..vocabulary {
        let p = if symbol == 0 { 1.0 - e } else { e / (vocabulary - 1) as f64 };
        probabilities[symbol * step] = p;
    }
    JointTable::from_probabilities(&vec![vocabulary; tokens as usize], probabilities).unwrap()
}

#[test]
fn equal_tokens_attain_the_divergence_and_nearly_the_distance() {
    for (tokens, vocabulary, e) in
        [(2, 2, 0.1), (4, 3, 0.3), (3, 5, 0.01), (5, 2, 1e-6), (2, 4, 0.75)]
    {
        let table = equal_tokens(tokens, vocabulary, e);
        let (product, confidences) = product_of(&table);
        let bound = confidence::kl_upper(&confidences, vocabulary).unwrap().0;
        assert!((divergence(table.probabilities(), &product) / bound - 1.0).abs() < 1e-9);
        let tv = total_variation(table.probabilities(), &product);
        let n = tokens as i32;
        let known = (1.0 - e) - (1.0 - e).powi(n);
        assert!(tv >= known - 1e-12);
        assert!(tv <= confidence::total_variation_upper(&confidences).unwrap());
    }
    let published = confidence::published(&[0.9_f64; 4], 126_000).unwrap();
    let bound = confidence::kl_upper(&[0.9_f64; 4], 126_000).unwrap();
    assert!((published.kl / bound - 1.0).abs() < 1e-12);
    for (n, nats) in [(2, 1.5), (4, 4.5), (8, 10.5)] {
        let bound = confidence::kl_upper(&vec![0.9_f64; n], 126_000).unwrap().0;
        assert!((bound - nats).abs() < 0.05, "{bound}");
    }
}

#[test]
fn a_weaker_condition_would_not_make_the_modes_the_likeliest_word() {
    // Each of n tokens is wrong alone with probability e, and the word of modes has 1 - n e: more than e, or less.
    for n in 2..6_usize {
        for (e, wins) in [(0.999 / (n + 1) as f64, true), (1.001 / (n + 1) as f64, false)] {
            let mut probabilities = vec![0.0; 1 << n];
            probabilities[0] = 1.0 - n as f64 * e;
            (0..n).for_each(|i| probabilities[1 << i] = e);
            let table = JointTable::from_probabilities(&vec![2; n], probabilities).unwrap();
            let (product, confidences) = product_of(&table);
            assert_eq!(confidence::modes_are_likeliest(&confidences).unwrap(), wins);
            assert_eq!(modes_win(&table, &product), wins);
        }
    }
}

#[test]
fn rules_choose_rounds_that_meet_their_condition() {
    let ones: [f64; 6] = [0.99, 0.05, 0.93, 0.5, 0.97, 0.1];
    let probability = |x: usize| {
        (0..6).map(|i| if x >> (5 - i) & 1 == 1 { ones[i] } else { 1.0 - ones[i] }).product::<f64>()
    };
    let table =
        JointTable::from_weights(&[2; 6], (0..64).map(probability).collect::<Vec<_>>()).unwrap();
    let view = View::new(&table, &[None; 6]).unwrap();
    let chosen = |rule: Rule| {
        let positions = rule.next(&view);
        let confidence = |token: policy::MaskedToken| token.confidence;
        let of_round = view.masked_tokens().filter(|token| positions.contains(&token.position));
        of_round.map(confidence).collect::<Vec<f64>>()
    };
    let (factor, frechet) =
        (chosen(Rule::factor(1.0).unwrap()), chosen(Rule::frechet(0.0).unwrap()));
    assert!(confidence::published(&factor, 2).unwrap().modes_are_likeliest);
    assert!(confidence::modes_are_likeliest(&frechet).unwrap());
    assert!(frechet.len() >= factor.len());
    assert_eq!(factor.len(), 5);
}

#[test]
fn impossible_confidences_are_refused() {
    for list in [&[][..], &[0.5, f64::NAN], &[1.1], &[-0.1], &[0.5, f64::INFINITY]] {
        assert!(confidence::kl_upper(list, 10).is_err());
        assert!(confidence::total_variation_upper(list).is_err());
        assert!(confidence::modes_are_likeliest(list).is_err());
        assert!(confidence::published(list, 10).is_err());
    }
    // The noise of a division is no error.
    let certain = [1.0 + f64::EPSILON, 0.75];
    assert_eq!(confidence::kl_upper(&certain, 10), confidence::kl_upper(&[1.0, 0.75], 10));
    assert_eq!(
        confidence::total_variation_upper(&certain),
        confidence::total_variation_upper(&[1.0, 0.75])
    );
    assert!(matches!(confidence::kl_upper(&[1.001, 0.75], 10), Err(Error::OutOfRange { .. })));
    assert!(matches!(confidence::kl_upper(&[0.05], 10), Err(Error::OutOfRange { .. })));
    assert!(matches!(confidence::kl_upper(&[0.5], 0), Err(Error::OutOfRange { .. })));
    assert_eq!(confidence::kl_upper(&[1.0, 1.0], 1), Ok(Nats(0.0)));
    assert_eq!(confidence::total_variation_upper(&[0.2_f64]), Ok(0.0));
    assert_eq!(confidence::total_variation_upper(&[0.2_f64, 0.1]), Ok(1.0));
    // A third, given in single precision, is no less than a third.
    assert!(confidence::kl_upper(&[1.0_f32 / 3.0; 2], 3).is_ok());
}
