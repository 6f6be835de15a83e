//! Distributions with exact curves: against the joint table where there is one, and against
//! reference values to 25 digits (`tests/laws.json`, made by `tests/laws.py` from the definitions)
//! where there is none.

use crate::support;

use proptest::prelude::*;
use serde::Deserialize;
use support::*;
use unmaskcost::distribution::{side_by_side, uniform_permutation};
use unmaskcost::{
    Error, InformationCurve, Scalar,
    distribution::{CategoricalMixture, ExchangeableBits, JointTable, MarkovChain},
};

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    tokens: usize,
    conditional_entropies: Vec<String>,
    #[serde(default)]
    increments: Vec<String>,
    rows: Option<Vec<Vec<f64>>>,
    initial: Option<Vec<f64>>,
    #[serde(default)]
    prefix: usize,
    flip: Option<f64>,
    weights: Option<Vec<f64>>,
    #[serde(default)]
    laws: Option<Vec<Vec<f64>>>,
}

fn polya(tokens: usize, ones: f64, zeros: f64) -> InformationCurve {
    ExchangeableBits::polya_urn(tokens, ones, zeros).unwrap().information_curve().unwrap()
}

impl Case {
    fn curve(&self) -> InformationCurve {
        let tokens = self.tokens;
        if let (Some(initial), Some(rows)) = (&self.initial, &self.rows) {
            let chain = MarkovChain::from_transition(initial, rows).unwrap();
            return chain.information_curve_given_prefix(self.prefix, tokens).unwrap();
        }
        if let Some(rows) = &self.rows {
            return MarkovChain::stationary(rows).unwrap().information_curve(tokens).unwrap();
        }
        if let (Some(weights), Some(laws)) = (&self.weights, &self.laws) {
            let mixture = CategoricalMixture::new(weights, laws).unwrap();
            return mixture.information_curve(tokens).unwrap();
        }
        let bits = match self.name.as_str() {
            "noisy repeated bit" => ExchangeableBits::noisy_repeated_bit(tokens, 0.125),
            "nearly unrelated bits" => {
                let flip = self.flip.unwrap();
                let mixture = CategoricalMixture::noisy_repeated_symbol(2, flip).unwrap();
                return mixture.information_curve(tokens).unwrap();
            }
            "polya urn" => ExchangeableBits::polya_urn(tokens, 0.5, 2.0),
            "curie-weiss" => ExchangeableBits::curie_weiss(tokens, 1.25, 0.0625),
            "fixed weight" => ExchangeableBits::fixed_weight(tokens, 11),
            "noisy repeated symbol" => {
                let mixture = CategoricalMixture::noisy_repeated_symbol(3, 0.25).unwrap();
                return mixture.information_curve(tokens).unwrap();
            }
            "side by side" => {
                let constant = InformationCurve::from_conditional_entropies([3_f64.ln()]).unwrap();
                let parts = [polya(9, 0.5, 2.0), polya(24, 0.5, 2.0), polya(9, 1.0, 1.0), constant];
                return side_by_side(&parts).unwrap();
            }
            other => panic!("unknown case {other}"),
        };
        bits.unwrap().information_curve().unwrap()
    }
}

#[test]
fn large_laws_match_the_reference_values() {
    let text = include_str!("laws.json");
    let cases = serde_json::from_str::<Reference>(text).unwrap().cases;
    assert_eq!(cases.len(), 16);
    for case in cases {
        let curve = case.curve();
        let name = &case.name;
        assert_eq!(curve.tokens(), case.tokens);
        for (k, digits) in case.conditional_entropies.iter().enumerate() {
            let expected: f64 = digits.parse().unwrap();
            let found = curve.conditional_entropy(k).unwrap().0;
            assert!((found - expected).abs() < 2e-15 * (1.0 + expected), "{name} f_{k}: {found}");
        }
        let mut information = 0.0;
        for (digits, (m, &found)) in
            case.increments.iter().zip(curve.increments().iter().enumerate().skip(1))
        {
            let expected: f64 = digits.parse().unwrap();
            let error = (found / expected - 1.0).abs();
            assert!(error < 2e-12, "{name} d_{m}: {found:e} off by {error:e}");
            information += expected;
            let error = (curve.information(m).0 / information - 1.0).abs();
            assert!(error < 1e-13, "{name} I_{m} off by {error:e}");
        }
    }
}

/// The cases of `tests/cases.json` that are distributions of this file.
#[test]
fn small_laws_match_the_reference_values() {
    let parity = [1.0, 0.0, 10.0, 0.0, 5.0, 0.0].map(|words: f64| words / 16.0);
    let parity = ExchangeableBits::from_count_law(parity).unwrap().information_curve();
    let repeated = CategoricalMixture::noisy_repeated_symbol(3, 0.0).unwrap().information_curve(4);
    let balanced = ExchangeableBits::fixed_weight(16, 8).unwrap().information_curve();
    let curves = [
        ("parity-5", parity),
        ("repeated-3-4", repeated),
        ("balanced-16", balanced),
        ("permutation-8", uniform_permutation(8)),
        ("permutation-16", uniform_permutation(16)),
        ("permutation-32", uniform_permutation(32)),
    ];
    let cases = serde_json::from_str::<Reference>(include_str!("cases.json")).unwrap().cases;
    for (name, curve) in curves {
        let (case, curve) = (cases.iter().find(|case| case.name == name).unwrap(), curve.unwrap());
        assert_eq!(curve.tokens(), case.tokens);
        for (k, digits) in case.conditional_entropies.iter().enumerate() {
            let expected: f64 = digits.parse().unwrap();
            let found = curve.conditional_entropy(k).unwrap().0;
            assert!((found - expected).abs() < 4e-15, "{name} f_{k}: {found} and {digits}");
        }
    }
}

#[test]
fn count_laws_lose_no_more_than_they_say() {
    let flip = 0.5 - 0.5_f64.powi(20);
    let law = ExchangeableBits::noisy_repeated_bit(32, flip).unwrap().information_curve().unwrap();
    let mixture = CategoricalMixture::noisy_repeated_symbol(2, flip).unwrap();
    let exact = mixture.information_curve(32).unwrap();
    for (found, exact) in law.increments().iter().zip(exact.increments()) {
        assert!((found - exact).abs() <= 32.0 * f64::EPSILON * exact.sqrt(), "{found} {exact}");
    }
}

fn assert_same_curve<F: Scalar>(found: &InformationCurve<F>, expected: &InformationCurve<F>) {
    assert_eq!(found.tokens(), expected.tokens());
    for k in 0..found.tokens() {
        let entropies =
            (found.conditional_entropy(k).unwrap(), expected.conditional_entropy(k).unwrap());
        let difference = (entropies.0 - entropies.1).0.abs();
        assert!(difference <= noise(), "f_{k}: {entropies:?}");
    }
}

fn table_curve<F: Scalar>(table: &JointTable<F>) -> InformationCurve<F> {
    table.information_curve().unwrap()
}

fn bits(tokens: usize) -> impl Strategy<Value = ExchangeableBits> {
    let counts =
        proptest::collection::vec(prop_oneof![1 => Just(0.0), 2 => 0.0..1.0_f64], tokens + 1)
            .prop_map(|mut weights| {
                weights[0] += 0.1;
                let sum: f64 = weights.iter().sum();
                weights.iter_mut().for_each(|w| *w /= sum);
                ExchangeableBits::from_count_law(weights).unwrap()
            });
    let mixture = (0.0..=1.0_f64, 0.0..=1.0_f64, 0.0..=1.0_f64).prop_map(move |(weight, p, q)| {
        ExchangeableBits::mixture(tokens, [weight, 1.0 - weight], [p, q]).unwrap()
    });
    let urn = (0.01..5.0_f64, 0.01..5.0_f64)
        .prop_map(move |(ones, zeros)| ExchangeableBits::polya_urn(tokens, ones, zeros).unwrap());
    let spins = (-3.0..3.0_f64, -1.0..1.0_f64)
        .prop_map(move |(beta, field)| ExchangeableBits::curie_weiss(tokens, beta, field).unwrap());
    let fixed = (0..=tokens).prop_map(move |w| ExchangeableBits::fixed_weight(tokens, w).unwrap());
    prop_oneof![counts, mixture, urn, spins, fixed]
}

proptest! {
    #![proptest_config(seeded(200, 31))]

    #[test]
    fn exchangeable_bits_have_the_curve_of_their_table(law in (1_usize..9).prop_flat_map(bits)) {
        let curve = law.information_curve().unwrap();
        assert_same_curve(&curve, &table_curve(&law.joint_table().unwrap()));
    }

    #[test]
    fn mixtures_have_the_curve_of_their_table(
        (weights, laws, tokens) in (1_usize..5, 1_usize..4).prop_flat_map(|(alphabet, components)| {
            let law = proptest::collection::vec(prop_oneof![Just(0.0), 0.0..1.0_f64], alphabet)
                .prop_map(|mut law| {
                    law[0] += 0.01;
                    let sum: f64 = law.iter().sum();
                    law.iter().map(|p| p / sum).collect::<Vec<_>>()
                });
            let weights = proptest::collection::vec(0.1..1.0_f64, components).prop_map(|weights| {
                let sum: f64 = weights.iter().sum();
                weights.iter().map(|w| w / sum).collect::<Vec<_>>()
            });
            (weights, proptest::collection::vec(law, components), 1_usize..6)
        })
    ) {
        let mixture = CategoricalMixture::new(weights, &laws).unwrap();
        let expected = table_curve(&mixture.joint_table(tokens).unwrap());
        assert_same_curve(&mixture.information_curve(tokens).unwrap(), &expected);
    }

    #[test]
    fn parts_side_by_side_have_the_curve_of_the_product_table(
        (first, second) in (tables::<f64>(4, 24), tables::<f64>(4, 24))
    ) {
        let shape: Vec<usize> = first.shape().iter().chain(second.shape()).copied().collect();
        let product = first.probabilities().iter().flat_map(|&p| {
            second.probabilities().iter().map(move |&q| p * q)
        });
        let product = JointTable::from_weights(&shape, product.collect::<Vec<_>>()).unwrap();
        let mixed = side_by_side(&[table_curve(&first), table_curve(&second)]).unwrap();
        assert_same_curve(&mixed, &table_curve(&product));
    }

    #[test]
    fn two_components_of_bits_have_one_curve_by_either_type(
        (weight, p, q, tokens) in (0.0..=1.0_f64, 0.0..=1.0_f64, 0.0..=1.0_f64, 1_usize..60)
    ) {
        let weights = [weight, 1.0 - weight];
        let bits = ExchangeableBits::mixture(tokens, weights, [p, q]).unwrap();
        let symbols = CategoricalMixture::new(weights, &[[1.0 - p, p], [1.0 - q, q]]).unwrap();
        assert_same_curve(&bits.information_curve().unwrap(), &symbols.information_curve(tokens).unwrap());
    }
}

#[test]
fn a_uniform_permutation_has_the_curve_of_its_table() {
    let words = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let table: JointTable = JointTable::from_samples(&[3, 3, 3], words).unwrap();
    assert_same_curve(&uniform_permutation(3).unwrap(), &table_curve(&table));
    let large = uniform_permutation::<f64>(4096).unwrap();
    for k in 0..4096 {
        let expected = f64::from(4096 - k).ln();
        assert!((large.conditional_entropy(k as usize).unwrap().0 - expected).abs() < 1e-14);
    }
}

/// Independent symbols, each shown by a window of tokens: a chain and its parts say the same.
#[test]
fn a_sliding_window_over_bits_is_its_bits_side_by_side() {
    // State: the last two bits. Three tokens in a row share no bit with the next but one.
    let rows =
        [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]];
    let tokens = 50;
    let chain = MarkovChain::stationary(&rows).unwrap().information_curve(tokens).unwrap();
    // Only neighbours share a bit: the increment d_k is ln 2 times the chance that the k-th token
    // shown is the first of the two neighbours.
    for m in 1..tokens {
        let (n, m) = (tokens as f64, m as f64);
        let neighbours = 2.0 * (n - 1.0) / (n * (n - 1.0));
        let expected = std::f64::consts::LN_2 * neighbours;
        assert!((chain.increments()[m as usize] - expected).abs() < 1e-15, "d_{m}");
    }
}

#[test]
fn a_chain_that_never_mixes_keeps_its_digits() {
    // The phase of a cycle: one token tells all others.
    let rows = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]];
    let curve = MarkovChain::stationary(&rows).unwrap().information_curve(2000).unwrap();
    for k in 1..2000 {
        assert!(
            (curve.information(k).0 - 3_f64.ln()).abs() < 1e-14,
            "{k}: {}",
            curve.information(k)
        );
    }
}

#[test]
fn single_precision_follows_double() {
    let rows = [[0.9_f64, 0.1], [0.25, 0.75]];
    let narrow: Vec<Vec<f32>> =
        rows.iter().map(|row| row.iter().map(|&p| p as f32).collect()).collect();
    let wide = MarkovChain::stationary(&rows).unwrap().information_curve(300).unwrap();
    let narrow = MarkovChain::stationary(&narrow).unwrap().information_curve(300).unwrap();
    let bits = ExchangeableBits::<f32>::noisy_repeated_bit(300, 0.25).unwrap();
    let bits = bits.information_curve().unwrap();
    let wide_bits = ExchangeableBits::<f64>::noisy_repeated_bit(300, 0.25).unwrap();
    let wide_bits = wide_bits.information_curve().unwrap();
    for k in 1..300 {
        for (narrow, wide) in [(&narrow, &wide), (&bits, &wide_bits)] {
            let (a, b) = (f64::from(narrow.information(k).0), wide.information(k).0);
            assert!((a / b - 1.0).abs() < 2e-5, "I_{k}: {a} and {b}");
        }
    }
}

#[test]
fn extreme_parameters_have_their_laws() {
    let urn = |tokens, ones, zeros| ExchangeableBits::polya_urn(tokens, ones, zeros).unwrap();
    // One kind of balls only, for all that floats can tell.
    assert_eq!(urn(1, 1e10, 1e-300).count_law()[1], 1.0);
    assert_eq!(urn(3, 1e-300, 1e10).count_law()[0], 1.0);
    // So many balls that none drawn changes the urn: fair and independent bits.
    for balls in [1e308, f64::MAX] {
        let law = urn(10, balls, balls);
        assert!((law.count_law()[5] - 252.0 / 1024.0).abs() < 1e-15);
        let law = urn(2, balls, balls / 3.0);
        assert!((law.count_law()[2] - 9.0 / 16.0).abs() < 1e-15);
    }
    // So few that the first ball drawn decides.
    for balls in [5e-324, 1e-310, 1e-200] {
        let law = urn(3, balls, balls);
        assert!(
            (law.count_law()[0] - 0.5).abs() < 1e-15 && (law.count_law()[3] - 0.5).abs() < 1e-15
        );
    }
    assert!(ExchangeableBits::<f32>::polya_urn(10, f32::MAX, 1e-45).is_ok());

    // All spins agree, and the field alone says on what: exp(2 L field) to 1.
    let e2 = 2_f64.exp();
    for beta in [1e3, 1e10, 1e13] {
        let law = ExchangeableBits::curie_weiss(1000, beta, 1e-3).unwrap();
        assert!((law.count_law()[1000] - e2 / (1.0 + e2)).abs() < 1e-13, "{beta}");
        assert!((law.count_law()[0] - 1.0 / (1.0 + e2)).abs() < 1e-13, "{beta}");
    }
    // Spins that repel each other: as many ones as zeros.
    let law = ExchangeableBits::curie_weiss(1000, -1e13, 1e-3).unwrap();
    assert_eq!(law.count_law()[500], 1.0);
    let out = ExchangeableBits::curie_weiss(1000, f64::MAX, 0.0);
    assert!(matches!(out, Err(Error::Overflow { .. })));
}

#[cfg(feature = "rand")]
#[test]
fn samples_have_a_length_that_can_be_held() {
    let mut generator = support::generator(1);
    let mixture = CategoricalMixture::noisy_repeated_symbol(3, 0.25).unwrap();
    assert_eq!(mixture.sample(7, &mut generator).unwrap().len(), 7);
    assert!(matches!(mixture.sample(0, &mut generator), Err(Error::Empty { .. })));
    for tokens in [(1 << 24) + 1, usize::MAX] {
        let out = mixture.sample(tokens, &mut generator);
        assert!(matches!(out, Err(Error::TooLarge { limit, .. }) if limit == 1 << 24));
    }
}

#[test]
fn what_other_laws_refuse() {
    use unmaskcost::distribution::{CategoricalMixture as Mixture, ExchangeableBits as Bits};
    assert!(matches!(uniform_permutation::<f64>(0), Err(Error::Empty { .. })));
    assert!(matches!(side_by_side::<f64>([]), Err(Error::Empty { .. })));
    assert!(matches!(Bits::from_count_law([1.0]), Err(Error::Empty { .. })));
    assert!(matches!(
        Bits::from_count_law([0.5, 0.6]),
        Err(Error::NotNormalized { row: None, .. })
    ));
    assert!(matches!(
        Bits::from_count_law([1.5, -0.5]),
        Err(Error::Negative { index: Some(1), .. })
    ));
    assert!(matches!(Bits::noisy_repeated_bit(0, 0.5), Err(Error::Empty { .. })));
    let out = Bits::noisy_repeated_bit(3, 1.5);
    assert!(matches!(out, Err(Error::OutOfRange { value, .. }) if value == 1.5));
    assert!(matches!(Bits::noisy_repeated_bit(3, f64::NAN), Err(Error::NotFinite { .. })));
    assert!(matches!(Bits::mixture(3, [1.0], [0.5, 0.5]), Err(Error::LengthMismatch { .. })));
    assert!(matches!(Bits::mixture(3, [0.0; 0], [0.0; 0]), Err(Error::Empty { .. })));
    assert!(matches!(
        Bits::polya_urn(3, 0.0, 1.0),
        Err(Error::OutOfRange { needed: "a positive number", .. })
    ));
    assert!(matches!(Bits::polya_urn(3, 1.0, f64::INFINITY), Err(Error::NotFinite { .. })));
    assert!(matches!(Bits::curie_weiss(3, f64::NAN, 0.0), Err(Error::NotFinite { .. })));
    let out = Bits::<f64>::fixed_weight(3, 4);
    assert!(matches!(out, Err(Error::IndexOutOfRange { index: 4, limit: 4, .. })));
    let large = Bits::<f64>::fixed_weight(1 << 18, 1).unwrap();
    assert!(matches!(large.information_curve(), Err(Error::TooLarge { .. })));
    assert!(matches!(large.joint_table(), Err(Error::TooLarge { .. })));
    let out = Mixture::new([0.5, 0.5], &[vec![1.0, 0.0], vec![1.0]]);
    assert!(matches!(out, Err(Error::LengthMismatch { found: 1, expected: 2, .. })));
    let out = Mixture::new([0.5, 0.5], &[[1.0, 0.0], [0.0, 0.5]]);
    assert!(matches!(out, Err(Error::NotNormalized { row: Some(1), .. })));
    assert!(matches!(Mixture::new([1.0], &[[0.0; 0]]), Err(Error::Empty { .. })));
    assert!(matches!(Mixture::noisy_repeated_symbol(1, 0.1), Err(Error::Empty { .. })));
    for large in [1 << 60, usize::MAX] {
        assert!(matches!(uniform_permutation::<f64>(large), Err(Error::TooLarge { .. })));
        let out = Mixture::noisy_repeated_symbol(large, 0.1_f64);
        assert!(matches!(out, Err(Error::TooLarge { .. })));
    }
    let letters = Mixture::noisy_repeated_symbol(27, 0.1_f64).unwrap();
    assert!(matches!(letters.information_curve(0), Err(Error::Empty { .. })));
    assert!(matches!(letters.information_curve(64), Err(Error::TooLarge { .. })));
}

/// The chain rule and the products are the probability of the table.
#[test]
fn probabilities_of_sequences_are_those_of_the_table() {
    use unmaskcost::distribution::{ConditionalMarginal, HiddenMarkovChain};
    let rows = [[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.5, 0.0, 0.5]];
    let stationary: MarkovChain = MarkovChain::stationary(&rows).unwrap();
    let chain = MarkovChain::from_transition([0.2, 0.3, 0.5], &rows).unwrap();
    let shown = [[0.7, 0.2, 0.1], [0.0, 0.5, 0.5], [0.3, 0.3, 0.4]];
    let hidden = HiddenMarkovChain::new(chain.clone(), &shown).unwrap();
    let words = [[0, 1, 2, 0, 0, 1, 1], [2, 2, 1, 2, 0, 0, 1], [0, 2, 2, 2, 2, 0, 1]];
    let same = |found: unmaskcost::Nats, table: &JointTable, word: &[usize]| {
        let expected = table.log_probability(word).unwrap();
        assert!((found - expected).0.abs() < 1e-13 || found == expected, "{word:?}");
    };
    for word in words {
        same(hidden.log_probability(&word).unwrap(), &hidden.joint_table(7).unwrap(), &word);
        for chain in [&stationary, &chain] {
            same(chain.log_probability(&word).unwrap(), &chain.joint_table(7).unwrap(), &word);
        }
    }
    assert_eq!(chain.log_probability(&[2, 1]).unwrap().0, f64::NEG_INFINITY);
    assert!(chain.log_probability(&[0, 3]).is_err() && hidden.log_probability(&[3]).is_err());
    assert!(chain.joint_table(3).unwrap().log_probability(&[0, 1]).is_err());
    let mixture: CategoricalMixture = CategoricalMixture::noisy_repeated_symbol(3, 0.4).unwrap();
    let word = [1, 1, 0, 2];
    let by_hand: f64 = (0..3)
        .map(|letter| {
            word.map(|symbol| if symbol == letter { 0.6 } else { 0.2 }).iter().product::<f64>()
                / 3.0
        })
        .sum();
    assert!((mixture.log_probability(&word).unwrap().0 - by_hand.ln()).abs() < 1e-13);
}

#[test]
fn a_repeated_symbol_has_an_alphabet_within_the_limit() {
    let too_many = CategoricalMixture::noisy_repeated_symbol(5_793, 0.1);
    assert!(matches!(too_many, Err(Error::TooLarge { needed, .. }) if needed == 5_793 * 5_793));
}

/// As far below zero as rounding may bring a probability, and no further.
#[test]
fn probabilities_below_zero_by_the_tolerance_count_as_zero() {
    let tolerance = f64::tolerance();
    let table = |below: f64| JointTable::from_probabilities(&[2], [1.0, -below]);
    assert_eq!(table(tolerance).unwrap().probabilities(), [1.0, 0.0]);
    assert!(matches!(table(tolerance.next_up()), Err(Error::Negative { index: Some(1), .. })));
}
