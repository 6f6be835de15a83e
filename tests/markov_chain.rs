//! Markov chains: their curves against the joint table, at every small length, and against their own
//! symmetries where no table can follow.

use crate::support;

use proptest::prelude::*;
use support::*;
use unmaskcost::distribution::{ConditionalMarginal, SubsetEntropy};
use unmaskcost::{
    Error, InformationCurve,
    distribution::{JointTable, MarkovChain},
};

/// A distribution on `alphabet` symbols: full, with zeros, or nearly certain.
fn laws(alphabet: usize) -> impl Strategy<Value = Vec<f64>> {
    let full = proptest::collection::vec(0.05..1.0_f64, alphabet);
    let sparse = proptest::collection::vec(prop_oneof![Just(0.0), 0.1..1.0_f64], alphabet);
    let nearly = proptest::collection::vec(1e-9..1e-3_f64, alphabet);
    (prop_oneof![2 => full, 1 => sparse, 1 => nearly], 0..alphabet).prop_map(|(mut law, symbol)| {
        law[symbol] += 0.5;
        let sum: f64 = law.iter().sum();
        law.iter().map(|p| p / sum).collect()
    })
}

fn matrices(most: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    (1..=most).prop_flat_map(|alphabet| proptest::collection::vec(laws(alphabet), alphabet))
}

/// A chain, stationary or not, and a number of tokens that a table can still hold.
fn chains() -> impl Strategy<Value = (MarkovChain, usize)> {
    let lengths = |alphabet: usize| match alphabet {
        1 | 2 => 1..=9_usize,
        3 => 1..=6,
        _ => 1..=5,
    };
    matrices(4).prop_flat_map(move |rows| {
        let alphabet = rows.len();
        (laws(alphabet), any::<bool>(), lengths(alphabet)).prop_map(
            move |(initial, stationary, tokens)| {
                let free = || MarkovChain::from_transition(&initial, &rows).unwrap();
                let chain = match stationary {
                    true => MarkovChain::stationary(&rows).unwrap_or_else(|_| free()),
                    false => free(),
                };
                (chain, tokens)
            },
        )
    })
}

/// Chains that are certain, or nearly so, and that may keep apart what is apart: for each symbol the one
/// that follows, and the others by powers of ten.
fn nearly_certain_chains() -> impl Strategy<Value = MarkovChain> {
    (2..=4_usize).prop_flat_map(|alphabet| {
        let law = || {
            let other =
                prop_oneof![3 => Just(0.0), 1 => (-40.0..-1.0_f64).prop_map(|x| 10_f64.powf(x))];
            (proptest::collection::vec(other, alphabet), 0..alphabet).prop_map(
                |(mut law, symbol)| {
                    law[symbol] += 1.0;
                    let sum: f64 = law.iter().sum();
                    law.iter().map(|p| p / sum).collect::<Vec<_>>()
                },
            )
        };
        let initial = prop_oneof![law(), laws(alphabet)];
        (initial, proptest::collection::vec(law(), alphabet))
            .prop_map(|(initial, rows)| MarkovChain::from_transition(initial, &rows).unwrap())
    })
}

fn assert_same_curve(found: &InformationCurve, expected: &InformationCurve, tolerance: f64) {
    assert_eq!(found.tokens(), expected.tokens());
    for k in 0..found.tokens() {
        let (a, b) =
            (found.conditional_entropy(k).unwrap(), expected.conditional_entropy(k).unwrap());
        assert!((a.0 - b.0).abs() <= tolerance, "f_{k}: {a} and {b}");
        assert!((found.increments()[k] - expected.increments()[k]).abs() <= tolerance, "d_{k}");
    }
}

/// `f_k` of the last tokens given the first ones, from entropies of the joint table.
fn conditional_entropies_given_prefix(table: &JointTable, prefix: usize) -> Vec<f64> {
    let tokens = table.tokens() - prefix;
    let shown: Vec<usize> = (0..prefix).collect();
    let known = table.entropy(&shown).unwrap().0;
    let mut means = vec![0.0; tokens + 1];
    let mut counts = vec![0.0; tokens + 1];
    for set in 0..1_usize << tokens {
        let chosen = (0..tokens).filter(|i| set >> i & 1 == 1).map(|i| prefix + i);
        let positions: Vec<usize> = shown.iter().copied().chain(chosen).collect();
        means[positions.len() - prefix] += table.entropy(&positions).unwrap().0 - known;
        counts[positions.len() - prefix] += 1.0;
    }
    let means: Vec<f64> = means.iter().zip(counts).map(|(sum, count)| sum / count).collect();
    means.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn assert_conditional_entropies(found: &InformationCurve, expected: &[f64]) {
    assert_eq!(found.tokens(), expected.len());
    for (k, expected) in expected.iter().enumerate() {
        let entropy = found.conditional_entropy(k).unwrap().0;
        assert!((entropy - expected).abs() <= 1e-13, "f_{k}: {entropy} and {expected}");
    }
}

proptest! {
    #![proptest_config(seeded(300, 21))]

    #[test]
    fn the_curve_is_that_of_the_joint_table((chain, tokens) in chains()) {
        let expected = chain.joint_table(tokens).unwrap().information_curve().unwrap();
        assert_same_curve(&chain.information_curve(tokens).unwrap(), &expected, 1e-13);
    }

    #[test]
    fn the_curve_given_a_prefix_is_that_of_the_joint_table(
        (chain, length, prefix) in chains()
            .prop_flat_map(|(chain, length)| (Just(chain), Just(length), 0..length))
    ) {
        let table = chain.joint_table(length).unwrap();
        let found = chain.information_curve_given_prefix(prefix, length - prefix).unwrap();
        assert_conditional_entropies(&found, &conditional_entropies_given_prefix(&table, prefix));
    }

    #[test]
    fn chains_that_are_nearly_certain_have_curves_given_a_prefix(
        (chain, prefix, tokens) in (nearly_certain_chains(), 0..=3_usize, 1..=3_usize)
    ) {
        let table = chain.joint_table(prefix + tokens).unwrap();
        let found = chain.information_curve_given_prefix(prefix, tokens).unwrap();
        assert_conditional_entropies(&found, &conditional_entropies_given_prefix(&table, prefix));
        // Beyond any table: no rounding may make an increment negative.
        let long = chain.information_curve_given_prefix(prefix, 40).unwrap();
        prop_assert!(long.information(39) <= long.single_token_entropy().unwrap());
    }

    #[test]
    fn curves_of_chains_are_concave_so_steps_should_not_shrink(
        ((chain, _), schedule) in (chains(), schedules(40))
    ) {
        let curve = chain.information_curve(40).unwrap();
        for pair in curve.increments()[1..].windows(2) {
            prop_assert!(pair[1] <= pair[0] + 1e-15);
        }
        let mut sizes = schedule.sizes().to_vec();
        sizes.sort_unstable();
        let growing = unmaskcost::Schedule::from_reveal_sizes(sizes).unwrap();
        let errors = [growing, schedule].map(|schedule| curve.sampling_error(&schedule).unwrap());
        prop_assert!(at_most(errors[0], errors[1]), "{errors:?}");
    }

    #[test]
    fn the_stationary_law_stays(rows in matrices(6)) {
        match MarkovChain::stationary(&rows) {
            Ok(chain) => {
                let law = chain.initial();
                for y in 0..rows.len() {
                    let next: f64 = law.iter().zip(&rows).map(|(p, row)| p * row[y]).sum();
                    prop_assert!((next - law[y]).abs() <= 1e-14);
                }
            }
            Err(error) => {
                let refused = matches!(error, Error::NotApplicable { .. });
                prop_assert!(refused, "{error}");
            }
        }
    }

    /// A chain started from its stationary distribution by hand takes the other path through the code.
    #[test]
    fn both_paths_agree_at_lengths_beyond_any_table(rows in matrices(4), tokens in 30..90_usize) {
        if let Ok(chain) = MarkovChain::stationary(&rows) {
            let by_hand = MarkovChain::from_transition(chain.initial(), &rows).unwrap();
            let (a, b) = (chain.information_curve(tokens), by_hand.information_curve(tokens));
            assert_same_curve(&a.unwrap(), &b.unwrap(), 1e-13);
        }
    }
}

#[test]
fn given_its_last_token_a_certain_chain_has_nothing_to_tell() {
    let rows = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]];
    let chain = MarkovChain::from_transition([0.7, 0.2, 0.1], &rows).unwrap();
    let curve = chain.information_curve_given_prefix(1, 8).unwrap();
    assert_eq!(curve.information_values(), [0.0; 8]);
    assert_eq!(curve.single_token_entropy(), Some(unmaskcost::Nats(0.0)));
}

/// Distance by distance, most of them would take days.
#[test]
fn curves_that_would_not_finish_are_refused_at_once() {
    let cycle = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]];
    let sticky = [[1.0 - 1e-9, 1e-9], [1e-9, 1.0 - 1e-9]];
    let curves = [
        MarkovChain::stationary(&cycle).unwrap().information_curve(1 << 24),
        MarkovChain::from_transition([0.5, 0.5, 0.0], &cycle).unwrap().information_curve(1 << 19),
        MarkovChain::stationary(&sticky).unwrap().information_curve(1 << 24),
        MarkovChain::from_transition([1.0, 0.0], &sticky).unwrap().information_curve(1 << 19),
        MarkovChain::stationary(&sticky).unwrap().information_curve_given_prefix(1, 1 << 24),
    ];
    for curve in curves {
        match curve {
            Err(Error::TooLarge { needed, limit, .. }) => {
                assert!(needed > limit && limit == 1 << 36)
            }
            other => panic!("{:?}", other.map(|curve| curve.tokens())),
        }
    }
}

/// Two symbols that are left with probabilities `a` and `b`: `P^n = 1 law + (1 - a - b)^n (1 - 1 law)`.
#[test]
fn tokens_far_apart_have_their_laws_at_once() {
    for (a, b) in [(0.1, 0.3), (0.9, 0.8), (2.0_f64.powi(-30), 2.0_f64.powi(-29)), (0.25, 0.0)] {
        let rows = [[1.0 - a, a], [b, 1.0 - b]];
        let chain = MarkovChain::from_transition([1.0, 0.0], &rows).unwrap();
        let one = a / (a + b);
        for distance in [1, 2, 3, 7, 64, 100, 1023, 1_000_003, 1 << 31, (1 << 40) + 1, usize::MAX] {
            let powered = |rate: f64| (rate.abs().ln() * distance as f64).exp();
            let sign = if a + b > 1.0 && distance % 2 == 1 { -1.0 } else { 1.0 };
            // 1 - a - b, without rounding where it is near 1.
            let kept = sign
                * if a + b < 0.1 {
                    (-(a + b) * distance as f64).exp()
                } else {
                    powered(1.0 - a - b)
                };
            let law = |start: f64| one + (start - one) * kept;
            let tolerance = 1e-13 + 1e-9 * f64::from(u8::from(a + b < 0.1));
            let close = |found: f64, expected: f64| {
                assert!(
                    (found - expected).abs() < tolerance,
                    "{a} {b} {distance}: {found} {expected}"
                );
            };
            close(chain.marginal(distance).unwrap()[1], law(0.0));
            let after: Vec<f64> = chain.conditional_marginal(&[(0, 1)], distance).unwrap();
            close(after[1], law(1.0));
            let entropy = |p: f64| {
                if p > 0.0 && p < 1.0 { -p * p.ln() - (1.0 - p) * (1.0 - p).ln() } else { 0.0 }
            };
            if distance < usize::MAX {
                let found: unmaskcost::Nats = chain.subset_entropy(&[0, distance]).unwrap();
                close(found.0, entropy(law(0.0)));
                // The one before, from both sides.
                let between =
                    chain.conditional_marginal(&[(0, 0), (distance + 1, 1)], distance).unwrap();
                let weights = [(1.0 - law(0.0)) * a, law(0.0) * (1.0 - b)];
                close(between[1], weights[1] / (weights[0] + weights[1]));
            }
        }
    }
    // With many symbols the squares themselves would take long.
    let rows: Vec<Vec<f64>> = (0..1100).map(|x| indicator(1100, (x * x + 1) % 1100)).collect();
    let chain = MarkovChain::from_transition(indicator(1100, 0), &rows).unwrap();
    let too_large = |error| matches!(error, Error::TooLarge { limit, .. } if limit == 1 << 36);
    assert!(chain.marginal(usize::MAX).is_err_and(too_large));
    assert!(chain.conditional_marginal(&[(0, 0)], usize::MAX).is_err_and(too_large));
    let entropy: Result<unmaskcost::Nats, _> = chain.subset_entropy(&[0, usize::MAX]);
    assert!(entropy.is_err_and(too_large));
}

fn indicator(alphabet: usize, symbol: usize) -> Vec<f64> {
    (0..alphabet).map(|x| f64::from(u8::from(x == symbol))).collect()
}

#[test]
fn a_position_is_told_once() {
    let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]]).unwrap();
    for revealed in [vec![(3, 0), (3, 1)], vec![(7, 1), (0, 0), (7, 1)], vec![(5, 0)]] {
        let out = chain.conditional_marginal(&revealed, 5);
        assert!(matches!(out, Err(Error::Duplicate { what: "position", .. })), "{out:?}");
    }
}

#[cfg(feature = "rand")]
#[test]
fn samples_have_a_length_that_can_be_held() {
    let mut generator = support::generator(1);
    let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]]).unwrap();
    assert_eq!(chain.sample(5, &mut generator).unwrap().len(), 5);
    assert!(matches!(chain.sample(0, &mut generator), Err(Error::Empty { .. })));
    for tokens in [(1 << 24) + 1, usize::MAX] {
        let out = chain.sample(tokens, &mut generator);
        assert!(matches!(out, Err(Error::TooLarge { limit, .. }) if limit == 1 << 24));
    }
}

#[test]
fn what_a_chain_refuses() {
    let from = |initial: &[f64], rows: &[&[f64]]| MarkovChain::from_transition(initial, rows);
    let half = [0.5, 0.5];
    let refused = |result: unmaskcost::Result<MarkovChain>, word: &str| {
        let error = result.unwrap_err();
        assert!(error.to_string().contains(word), "{error} does not say {word:?}");
        error
    };
    assert!(matches!(refused(from(&[], &[]), "alphabet"), Error::Empty { .. }));
    let error = refused(from(&half, &[&half, &[1.0]]), "2 are needed");
    assert!(matches!(error, Error::LengthMismatch { found: 1, .. }));
    let error = refused(from(&[1.0], &[&half, &half]), "initial distribution");
    assert!(matches!(error, Error::LengthMismatch { found: 1, expected: 2, .. }));
    let error = refused(from(&half, &[&half, &[0.5, 0.4]]), "row 1");
    assert!(matches!(error, Error::NotNormalized { row: Some(1), .. }));
    let error = refused(from(&[0.5, 0.4], &[&half, &half]), "initial distribution");
    assert!(matches!(error, Error::NotNormalized { row: None, .. }));
    let error = refused(from(&half, &[&[1.5, -0.5], &half]), "-0.5");
    assert!(matches!(error, Error::Negative { index: Some(1), .. }));
    let error = refused(from(&half, &[&[f64::NAN, 0.5], &half]), "NaN");
    assert!(matches!(error, Error::NotFinite { index: Some(0), .. }));

    // Two closed classes, {1} and {2, 3}, behind a state that leads to both.
    let rows =
        [[0.5, 0.25, 0.25, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]];
    match refused(MarkovChain::stationary(&rows), "not unique") {
        Error::NotApplicable { needs, .. } => {
            let from =
                |other: &str| needs.contains(&format!("from state 1 and from state {other}"));
            assert!(from("2") || from("3"), "{needs}");
        }
        other => panic!("{other:?}"),
    }
    // One closed class behind a transient state is enough.
    let rows = [[0.5, 0.25, 0.25], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]];
    assert_eq!(MarkovChain::stationary(&rows).unwrap().initial(), [0.0, 0.5, 0.5]);

    let fit = |symbols: &[usize], smoothing| MarkovChain::fit(symbols, 2, smoothing);
    let error = refused(fit(&[0, 2], 1.0), "symbol 2");
    assert!(matches!(error, Error::IndexOutOfRange { index: 2, limit: 2, .. }));
    assert!(matches!(refused(fit(&[0, 0, 1], 0.0), "row 1"), Error::NotApplicable { .. }));
    assert!(matches!(refused(fit(&[0, 1], -1.0), "smoothing"), Error::Negative { .. }));
    assert!(matches!(refused(fit(&[0, 1], f64::NAN), "smoothing"), Error::NotFinite { .. }));
    let counts = |rows: &[[i64; 2]]| MarkovChain::from_counts(rows, 0.0_f64);
    assert!(matches!(
        refused(counts(&[[1, -1], [1, 1]]), "-1"),
        Error::Negative { index: Some(1), .. }
    ));

    let chain: MarkovChain = MarkovChain::fit(&[0, 1, 1, 0, 0], 2, 0.5).unwrap();
    let curve = |tokens| chain.information_curve(tokens).unwrap_err();
    assert!(matches!(curve(0), Error::Empty { .. }));
    assert!(matches!(curve(1 << 40), Error::TooLarge { .. }));
    let prefixed = chain.information_curve_given_prefix(usize::MAX, 2).unwrap_err();
    assert!(matches!(prefixed, Error::Overflow { .. }));
    let table = chain.joint_table(40).unwrap_err();
    assert!(matches!(table, Error::TooLarge { needed, .. } if needed == 1 << 40));
}
