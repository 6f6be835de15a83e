//! Estimates from random sets of tokens: near the exact curve at fixed seeds, and additive.

use demask::distribution::{ConditionalMarginal, CurveEstimator, CurvePoint, SubsetEntropy};
use demask::{Error, ExchangeableBits, InformationCurve, JointTable, MarkovChain, Nats};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn chain() -> MarkovChain {
    MarkovChain::stationary(&[[0.8, 0.15, 0.05], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4]]).unwrap()
}

fn assert_near(points: &[CurvePoint], curve: &InformationCurve, observations: u64) {
    assert_eq!(points.len(), curve.tokens());
    for (k, point) in points.iter().enumerate() {
        assert_eq!(point.observations, observations);
        let error = (point.mean - curve.conditional_entropy(k).unwrap()).0.abs();
        // A value that never varies has no standard error, only rounding.
        let allowed = 4.0 * point.standard_error.0 + 1e-12;
        assert!(error <= allowed, "f_{k}: {point:?} is off by {error}");
        assert!(point.standard_error.0 < 0.1);
    }
}

#[test]
fn entropies_of_random_sets_are_unbiased() {
    let curve = chain().information_curve(20).unwrap();
    let mut estimator = CurveEstimator::new(20).unwrap();
    let mut generator = generator(1);
    for _ in 0..400 {
        estimator.observe_entropies(&chain(), &mut generator).unwrap();
    }
    assert_near(&estimator.points(), &curve, 400);
}

#[test]
fn losses_and_predicted_entropies_of_samples_are_unbiased() {
    let curve = chain().information_curve(20).unwrap();
    let mut losses = CurveEstimator::new(20).unwrap();
    let mut entropies = losses.clone();
    let mut generator = generator(2);
    for _ in 0..2000 {
        let sequence = chain().sample(20, &mut generator).unwrap();
        losses.observe_losses(&chain(), &sequence, &mut generator).unwrap();
        entropies.observe_predicted_entropies(&chain(), &sequence, &mut generator).unwrap();
    }
    assert_near(&losses.points(), &curve, 2000);
    assert_near(&entropies.points(), &curve, 2000);
    for (loss, entropy) in losses.points().iter().zip(entropies.points()) {
        assert!(entropy.standard_error < loss.standard_error);
    }
}

#[test]
fn samples_of_exchangeable_laws_have_their_law() {
    let law = ExchangeableBits::polya_urn(6, 0.5, 2.0).unwrap();
    let table = law.joint_table().unwrap();
    let mixture = demask::CategoricalMixture::noisy_repeated_symbol(3, 0.25).unwrap();
    let mixture_table = mixture.joint_table(4).unwrap();
    let mut bits = CurveEstimator::new(6).unwrap();
    let mut symbols = CurveEstimator::new(4).unwrap();
    let mut generator = generator(3);
    for _ in 0..3000 {
        let sequence = law.sample(&mut generator);
        bits.observe_losses(&table, &sequence, &mut generator).unwrap();
        let sequence = mixture.sample(4, &mut generator);
        symbols.observe_losses(&mixture_table, &sequence, &mut generator).unwrap();
    }
    assert_near(&bits.points(), &law.information_curve().unwrap(), 3000);
    assert_near(&symbols.points(), &mixture.information_curve(4).unwrap(), 3000);
}

#[test]
fn merged_collectors_are_the_whole() {
    let mut generator = generator(4);
    let mut whole = CurveEstimator::new(5).unwrap();
    let mut parts = vec![CurveEstimator::new(5).unwrap(); 7];
    for i in 0..1000 {
        // Far from zero, so that a sum of squares would lose the spread.
        let value = Nats(1e6 + generator.random::<f64>());
        let (point, part) = (i % 5, (i * i) % 6);
        whole.record(point, value).unwrap();
        parts[part].record(point, value).unwrap();
    }
    let mut merged = CurveEstimator::new(5).unwrap();
    for part in &parts {
        merged.merge(part).unwrap();
    }
    for (a, b) in whole.points().iter().zip(merged.points()) {
        assert_eq!(a.observations, b.observations);
        assert!((a.mean.0 / b.mean.0 - 1.0).abs() < 1e-15);
        assert!((a.standard_error.0 / b.standard_error.0 - 1.0).abs() < 1e-8);
        let uniform = (1.0 / 12.0 / a.observations as f64).sqrt();
        assert!((a.standard_error.0 / uniform - 1.0).abs() < 0.15);
    }
}

#[test]
fn a_chain_tells_the_same_as_its_table() {
    let rows = [[0.0, 0.5, 0.5], [0.25, 0.75, 0.0], [0.5, 0.0, 0.5]];
    let stationary = MarkovChain::stationary(&rows).unwrap();
    let started = MarkovChain::from_transition([0.5, 0.5, 0.0], &rows).unwrap();
    for chain in [stationary, started] {
        let table: JointTable = chain.joint_table(5).unwrap();
        let mut possible = 0;
        for set in 0..1_usize << 5 {
            let positions: Vec<usize> = (0..5).rev().filter(|i| set >> i & 1 == 1).collect();
            let entropy = chain.subset_entropy(&positions).unwrap();
            assert!((entropy - table.subset_entropy(&positions).unwrap()).0.abs() < 1e-14);
            for word in 0..243_usize {
                let symbol = |i: usize| word / 3_usize.pow(i as u32) % 3;
                let revealed: Vec<_> = positions.iter().map(|&i| (i, symbol(i))).collect();
                for position in (0..5).filter(|i| set >> i & 1 == 0) {
                    let found = chain.conditional_marginal(&revealed, position);
                    match table.conditional_marginal(&revealed, position) {
                        Ok(expected) => {
                            possible += 1;
                            let law = found.unwrap();
                            let differences = law.iter().zip(expected).map(|(a, b)| (a - b).abs());
                            assert!(differences.fold(0.0, f64::max) < 1e-14);
                        }
                        // The chain looks at the nearest tokens only, so it may not notice.
                        Err(error) => assert!(matches!(error, Error::ImpossibleContext { .. })),
                    }
                }
            }
        }
        assert!(possible > 3000, "{possible}");
    }
}

#[test]
fn what_an_estimator_refuses() {
    assert!(matches!(CurveEstimator::<f64>::new(0), Err(Error::Empty { .. })));
    let mut estimator = CurveEstimator::new(3).unwrap();
    let before = estimator.clone();
    let out = estimator.record(3, Nats(1.0));
    assert!(matches!(out, Err(Error::IndexOutOfRange { index: 3, limit: 3, .. })));
    let out = estimator.record(1, Nats(f64::NAN));
    assert!(matches!(out, Err(Error::NotFinite { index: 1, .. })));
    let out = estimator.merge(&CurveEstimator::new(4).unwrap());
    assert!(matches!(out, Err(Error::LengthMismatch { found: 4, expected: 3, .. })));
    let mut generator = generator(6);
    let out = estimator.observe_losses(&chain(), &[0, 1], &mut generator);
    assert!(matches!(out, Err(Error::LengthMismatch { found: 2, expected: 3, .. })));
    assert_eq!(estimator, before);
    let cycle = MarkovChain::stationary(&[[0.0, 1.0], [1.0, 0.0]]).unwrap();
    let out = estimator.observe_losses(&cycle, &[0, 0, 0], &mut generator);
    assert!(matches!(out, Err(Error::NotFinite { .. } | Error::ImpossibleContext { .. })));
    let out = estimator.observe_losses(&cycle, &[2, 2, 2], &mut generator);
    assert!(matches!(out, Err(Error::IndexOutOfRange { index: 2, limit: 2, .. })));
    assert_eq!(estimator, before, "half an observation was kept");
    let out = cycle.conditional_marginal(&[(1, 0)], 1);
    assert!(matches!(out, Err(Error::Duplicate { index: 1, .. })));
    let out: Result<Nats, _> = cycle.subset_entropy(&[1, 2, 1]);
    assert!(matches!(out, Err(Error::Duplicate { index: 1, .. })));
}

#[cfg(feature = "serde")]
#[test]
fn stored_collectors_come_back_and_are_checked() {
    let mut estimator = CurveEstimator::new(2).unwrap();
    for value in [0.5, 0.75, 1.25] {
        estimator.record(1, Nats(value)).unwrap();
    }
    let text = serde_json::to_string(&estimator).unwrap();
    let back: CurveEstimator = serde_json::from_str(&text).unwrap();
    assert_eq!(back.points()[0].observations, 0);
    let (a, b) = (back.points()[1], estimator.points()[1]);
    assert_eq!((a.observations, a.mean), (b.observations, b.mean));
    assert!((a.standard_error - b.standard_error).0.abs() < 1e-15);
    for (from, to, word) in [
        ("\"version\":1", "\"version\":2", "version 2"),
        ("[0,3]", "[0,3,1]", "3 are needed"),
        ("[0,3]", "[0,-3]", "u64"),
        ("\"squares\":[0.0,", "\"squares\":[-1.0,", "negative"),
        ("\"version\":1", "\"version\":1,\"extra\":0", "extra"),
    ] {
        let bad = text.replace(from, to);
        assert_ne!(bad, text);
        let error = serde_json::from_str::<CurveEstimator>(&bad).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}
