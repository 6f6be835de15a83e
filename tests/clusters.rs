//! Words around centres: against the joint table, against the simpler distributions that two
//! centres reduce to, and where tokens tell almost nothing.

use crate::support;

use proptest::prelude::*;
use support::*;
use unmaskcost::distribution::{ClusterMixture, side_by_side};
use unmaskcost::{
    Error, InformationCurve,
    distribution::{CategoricalMixture, ExchangeableBits},
};

fn normalized(weights: &[f64]) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| w / sum).collect()
}

fn probabilities() -> impl Strategy<Value = f64> {
    prop_oneof![
        1 => Just(0.0),
        1 => Just(1.0),
        1 => Just(0.5),
        4 => 0.0..=1.0_f64,
        2 => (-12.0..-1.0_f64).prop_map(|x| 10_f64.powf(x)),
    ]
}

/// Two to four centres of up to eight tokens; some are equal, some have no weight.
fn clusters() -> impl Strategy<Value = ClusterMixture> {
    (2..=4_usize, 1..=8_usize).prop_flat_map(|(centres, tokens)| {
        let words =
            proptest::collection::vec(proptest::collection::vec(0..=1_usize, tokens), centres);
        let weight = prop_oneof![1 => Just(0.0), 4 => 0.05..1.0_f64];
        let weights = proptest::collection::vec(weight, centres - 1);
        (words, weights, probabilities()).prop_map(|(words, mut weights, flip)| {
            weights.push(0.5);
            ClusterMixture::new(normalized(&weights), &words, flip).unwrap()
        })
    })
}

proptest! {
    #![proptest_config(seeded(200, 71))]

    #[test]
    fn the_curve_is_that_of_the_joint_table(law in clusters()) {
        let found = law.information_curve().unwrap();
        let expected = law.joint_table().unwrap().information_curve().unwrap();
        prop_assert_eq!(found.tokens(), law.tokens());
        for k in 0..law.tokens() {
            let f = |curve: &InformationCurve| curve.conditional_entropy(k).unwrap().0;
            prop_assert!((f(&found) - f(&expected)).abs() <= noise(), "f_{k}");
        }
    }
}

/// Two words of `tokens` letters that differ in every other one, `apart` in all.
fn two_words(tokens: usize, apart: usize) -> [Vec<usize>; 2] {
    let word = |second: bool| {
        let bit =
            |i: usize| usize::from((second && i % 2 == 1 && i / 2 < apart) != i.is_multiple_of(3));
        (0..tokens).map(bit).collect()
    };
    [word(false), word(true)]
}

/// The tokens at which two centres differ are one bit shown again and again; the others are noise.
#[test]
fn two_centres_are_a_repeated_bit_beside_noise() {
    let (tokens, apart) = (120, 50);
    for flip in [0.0, 0.02, 0.3, 0.75] {
        let law = ClusterMixture::new([0.5, 0.5], &two_words(tokens, apart), flip).unwrap();
        assert_eq!(law.type_counts(), [apart]);
        let entropy =
            ExchangeableBits::mixture(1, [1.0], [flip]).unwrap().information_curve().unwrap();
        let repeated = ExchangeableBits::noisy_repeated_bit(apart, flip).unwrap();
        let repeated = repeated.information_curve().unwrap();
        let parts = vec![entropy; tokens - apart];
        let expected = side_by_side(parts.iter().chain([&repeated])).unwrap();
        let found = law.information_curve().unwrap();
        for k in 0..tokens {
            let f = |curve: &InformationCurve| curve.conditional_entropy(k).unwrap().0;
            assert!((f(&found) - f(&expected)).abs() < 1e-13, "{flip}: f_{k}");
        }
    }
}

/// From nothing but noise to almost none, every increment has its digits.
#[test]
fn increments_keep_their_digits_however_small() {
    for (flip, weight) in [(0.5 - 0.5_f64.powi(20), 0.5), (0.4, 0.9), (0.05, 0.25), (1e-3, 0.5)] {
        let law = ClusterMixture::new([weight, 1.0 - weight], &two_words(80, 40), flip).unwrap();
        let component = |p: f64| [1.0 - p, p];
        let bit = CategoricalMixture::new(
            [weight, 1.0 - weight],
            &[component(flip), component(1.0 - flip)],
        );
        let bit = bit.unwrap().information_curve(40).unwrap();
        let noise = InformationCurve::from_conditional_entropies([0.1]).unwrap();
        let parts = vec![noise; 40];
        let expected = side_by_side(parts.iter().chain([&bit])).unwrap();
        let found = law.information_curve().unwrap();
        for m in 1..80 {
            let (a, b) = (found.increments()[m], expected.increments()[m]);
            // The distribution by counts of symbols stops where masses are 1e-16 of the whole.
            let allowed = 1e-11 * b + 1e-30 * found.increments()[1].min(1.0);
            assert!((a - b).abs() <= allowed, "{flip}: d_{m} {a:e} {b:e}");
        }
    }
}

/// Exchanging symbols at a token, or the centres, changes nothing.
#[test]
fn names_do_not_matter() {
    let centres =
        [[0, 0, 0, 0, 0, 0, 1, 1, 0], [1, 1, 0, 0, 1, 1, 0, 1, 0], [0, 1, 1, 0, 1, 0, 0, 1, 0]];
    let exchange = |word: &[usize; 9]| word.map(|bit| 1 - bit);
    let curve = |weights: [f64; 3], centres: &[[usize; 9]], flip| {
        let law = ClusterMixture::new(weights, centres, flip).unwrap();
        assert_eq!(law.type_counts().iter().sum::<usize>(), 6);
        law.information_curve().unwrap()
    };
    let expected = curve([0.5, 0.25, 0.25], &centres, 0.125);
    let [a, b, c] = centres;
    for other in [
        curve([0.5, 0.25, 0.25], &centres.each_ref().map(exchange), 0.125),
        curve([0.5, 0.25, 0.25], &centres, 0.875),
        curve([0.25, 0.25, 0.5], &[b, c, a], 0.125),
    ] {
        for k in 1..9 {
            let ratio = other.information(k) / expected.information(k);
            assert!((ratio - 1.0).abs() < 1e-14, "{k}");
        }
    }
}

#[test]
fn three_centres_of_many_tokens_are_exact() {
    // Far apart and little noise: one token in a few is enough to know the centre.
    let word = |c: usize| (0..60).map(|i| (i >> c) & 1).collect::<Vec<usize>>();
    let law = ClusterMixture::new([0.25, 0.25, 0.5], &[word(0), word(1), word(2)], 0.01).unwrap();
    assert_eq!(law.type_counts().len(), 3);
    let curve = law.information_curve().unwrap();
    let noise = ExchangeableBits::mixture(1, [1.0], [0.01]).unwrap().information_curve().unwrap();
    let noise = noise.single_token_entropy().unwrap();
    let total = curve.joint_entropy().unwrap() - noise * 60.0;
    let centre = -0.5 * 0.5_f64.ln() - 0.5 * 0.25_f64.ln();
    assert!((total.0 - centre).abs() < 1e-9, "the word tells the centre: {total}");
}

#[test]
fn what_clusters_refuse() {
    let new =
        |weights: &[f64], centres: &[Vec<usize>], flip| ClusterMixture::new(weights, centres, flip);
    let word = || vec![0, 1];
    assert!(matches!(new(&[], &[], 0.1), Err(Error::Empty { .. })));
    assert!(matches!(new(&[1.0], &[vec![]], 0.1), Err(Error::Empty { .. })));
    assert!(matches!(
        new(&[1.0], &[word(), word()], 0.1),
        Err(Error::LengthMismatch { found: 1, .. })
    ));
    let out = new(&[0.5, 0.5], &[word(), vec![0]], 0.1);
    assert!(matches!(out, Err(Error::LengthMismatch { found: 1, expected: 2, .. })));
    let out = new(&[1.0], &[vec![0, 2]], 0.1);
    assert!(matches!(out, Err(Error::IndexOutOfRange { index: 2, limit: 2, .. })));
    assert!(matches!(new(&[1.0], &[word()], 1.5), Err(Error::OutOfRange { .. })));
    assert!(matches!(new(&[1.0], &[word()], f64::NAN), Err(Error::NotFinite { .. })));
    assert!(matches!(
        new(&[0.5, 0.4], &[word(), word()], 0.1),
        Err(Error::NotNormalized { row: None, .. })
    ));
    assert!(matches!(
        new(&[1.5, -0.5], &[word(), word()], 0.1),
        Err(Error::Negative { index: Some(1), .. })
    ));

    let many: Vec<Vec<usize>> =
        (0..6).map(|c| (0..200).map(|i| (i * i + i) >> c & 1).collect()).collect();
    let law = new(&[1.0 / 6.0; 6], &many, 0.1).unwrap();
    assert!(law.type_counts().len() > 6);
    assert!(matches!(law.information_curve(), Err(Error::TooLarge { .. })));
    assert!(matches!(law.joint_table(), Err(Error::TooLarge { .. })));
    let long = new(&[0.5, 0.5], &[vec![0; 1 << 20], vec![1; 1 << 20]], 0.1).unwrap();
    assert!(matches!(long.information_curve(), Err(Error::TooLarge { .. })));
}
