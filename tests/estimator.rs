//! Estimates from random sets of tokens: near the exact curve at fixed seeds, and additive.

use crate::support;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use unmaskcost::{
    Error, InformationCurve, Nats,
    distribution::{CategoricalMixture, ExchangeableBits, JointTable, MarkovChain},
};
use unmaskcost::{
    distribution::{ClusterMixture, ConditionalMarginal, LinearCode, MdsCode, SubsetEntropy},
    measured::{Collector, LossCurve},
};

fn generator(seed: u64) -> ChaCha8Rng {
    support::generator(seed)
}

fn chain() -> MarkovChain {
    MarkovChain::stationary(&[[0.8, 0.15, 0.05], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4]]).unwrap()
}

fn losses(collector: &Collector) -> LossCurve {
    collector.loss_curve(2).unwrap()
}

fn assert_near(collector: &Collector, curve: &InformationCurve, observations: u64) {
    let losses = losses(collector);
    assert_eq!(losses.points().len(), curve.tokens());
    for (k, point) in losses.points().iter().enumerate() {
        assert_eq!(point.samples, Some(observations));
        let error = (point.loss - curve.conditional_entropy(k).unwrap()).0.abs();
        // A value that never varies has no standard error, only rounding.
        let allowed = 4.0 * point.standard_error.0 + 1e-12;
        assert!(error <= allowed, "f_{k}: {point:?} is off by {error}");
        assert!(point.standard_error.0 < 0.1);
    }
}

#[test]
fn entropies_of_random_sets_are_unbiased() {
    let curve = chain().information_curve(20).unwrap();
    let mut collector = Collector::new(20).unwrap();
    let mut generator = generator(1);
    for _ in 0..400 {
        collector.observe_entropies(&chain(), &mut generator).unwrap();
    }
    assert_near(&collector, &curve, 400);
}

#[test]
fn losses_and_predicted_entropies_of_samples_are_unbiased() {
    let curve = chain().information_curve(20).unwrap();
    let mut losses = Collector::new(20).unwrap();
    let mut entropies = losses.clone();
    let mut generator = generator(2);
    for _ in 0..2000 {
        let sequence = chain().sample(20, &mut generator).unwrap();
        losses.observe_losses(&chain(), &sequence, &mut generator).unwrap();
        entropies.observe_predicted_entropies(&chain(), &sequence, &mut generator).unwrap();
    }
    assert_near(&losses, &curve, 2000);
    assert_near(&entropies, &curve, 2000);
    let (losses, entropies) = (self::losses(&losses), self::losses(&entropies));
    for (loss, entropy) in losses.points().iter().zip(entropies.points()) {
        assert!(entropy.standard_error < loss.standard_error);
    }
}

#[test]
fn samples_of_exchangeable_laws_have_their_law() {
    let law = ExchangeableBits::polya_urn(6, 0.5, 2.0).unwrap();
    let table = law.joint_table().unwrap();
    let mixture =
        unmaskcost::distribution::CategoricalMixture::noisy_repeated_symbol(3, 0.25).unwrap();
    let mixture_table = mixture.joint_table(4).unwrap();
    let centres = [[0, 1, 1, 0, 1], [1, 1, 0, 0, 1], [0, 0, 0, 1, 1]];
    let clusters = ClusterMixture::new([0.5, 0.25, 0.25], &centres, 0.125).unwrap();
    let clusters_table = clusters.joint_table().unwrap();
    let mut bits = Collector::new(6).unwrap();
    let mut symbols = Collector::new(4).unwrap();
    let mut words = Collector::new(5).unwrap();
    let mut generator = generator(3);
    for _ in 0..3000 {
        let sequence = law.sample(&mut generator).unwrap();
        bits.observe_losses(&table, &sequence, &mut generator).unwrap();
        let sequence = mixture.sample(4, &mut generator).unwrap();
        symbols.observe_losses(&mixture_table, &sequence, &mut generator).unwrap();
        let sequence = clusters.sample(&mut generator).unwrap();
        words.observe_losses(&clusters_table, &sequence, &mut generator).unwrap();
    }
    assert_near(&bits, &law.information_curve().unwrap(), 3000);
    assert_near(&symbols, &mixture.information_curve(4).unwrap(), 3000);
    assert_near(&words, &clusters.information_curve().unwrap(), 3000);
}

#[test]
fn merged_collectors_are_the_whole() {
    let mut generator = generator(4);
    let mut whole = Collector::new(5).unwrap();
    let mut parts = vec![Collector::new(5).unwrap(); 7];
    for i in 0..1000 {
        // Far from zero, so that a sum of squares would lose the spread.
        let value = Nats(1e6 + generator.random::<f64>());
        let (point, part) = (i % 5, (i * i) % 6);
        whole.record(point, value).unwrap();
        parts[part].record(point, value).unwrap();
    }
    let mut merged = Collector::new(5).unwrap();
    for part in &parts {
        merged.merge(part).unwrap();
    }
    let (whole, merged) = (losses(&whole), losses(&merged));
    for (a, b) in whole.points().iter().zip(merged.points()) {
        assert_eq!(a.samples, b.samples);
        assert!((a.loss.0 / b.loss.0 - 1.0).abs() < 1e-15);
        assert!((a.standard_error.0 / b.standard_error.0 - 1.0).abs() < 1e-8);
        let uniform = (1.0 / 12.0 / a.samples.unwrap() as f64).sqrt();
        assert!((a.standard_error.0 / uniform - 1.0).abs() < 0.15);
    }
}

/// Three machines that share the runs observe what one machine does.
#[test]
fn merged_observations_of_a_law_are_the_whole() {
    type Observe = fn(&mut Collector, u64) -> unmaskcost::Result<()>;
    let ways: [Observe; 3] = [
        |collector, run| collector.observe_entropies(&chain(), &mut generator(run)),
        |collector, run| {
            let mut generator = generator(run);
            let sequence = chain().sample(12, &mut generator)?;
            collector.observe_losses(&chain(), &sequence, &mut generator)
        },
        |collector, run| {
            let law = CategoricalMixture::noisy_repeated_symbol(27, 0.5)?;
            let mut generator = generator(run);
            let sequence = law.sample(12, &mut generator)?;
            collector.observe_predicted_entropies(&law, &sequence, &mut generator)
        },
    ];
    for observe in ways {
        let empty = Collector::new(12).unwrap();
        let (mut whole, mut machines) = (empty.clone(), vec![empty.clone(); 3]);
        for run in 0..60 {
            observe(&mut whole, run).unwrap();
            observe(&mut machines[(run % 7 % 3) as usize], run).unwrap();
        }
        let mut merged = empty;
        machines.iter().for_each(|machine| merged.merge(machine).unwrap());
        let (whole, merged) = (losses(&whole), losses(&merged));
        for (k, (a, b)) in whole.points().iter().zip(merged.points()).enumerate() {
            assert_eq!((a.samples, b.samples), (Some(60), Some(60)));
            assert!((a.loss - b.loss).0.abs() < 1e-14, "f_{k}: {a:?} {b:?}");
            let error = (a.standard_error - b.standard_error).0.abs();
            assert!(error <= 1e-12 * a.standard_error.0 + 1e-15, "f_{k}: {a:?} {b:?}");
        }
    }
}

/// Compares the answers of a distribution with those of its table: for every set of tokens, in falling
/// order; every word shown there; every other token. Returns how many contexts were possible.
fn assert_predicts_as(law: &impl ConditionalMarginal, table: &JointTable) -> usize {
    let (tokens, alphabet) = (table.tokens(), table.shape()[0]);
    let mut possible = 0;
    for set in 0..1_usize << tokens {
        let positions: Vec<usize> = (0..tokens).rev().filter(|i| set >> i & 1 == 1).collect();
        for word in 0..alphabet.pow(set.count_ones()) {
            let symbol = |place: usize| word / alphabet.pow(place as u32) % alphabet;
            let revealed: Vec<_> =
                positions.iter().enumerate().map(|(place, &i)| (i, symbol(place))).collect();
            for position in (0..tokens).filter(|i| set >> i & 1 == 0) {
                let found = law.conditional_marginal(&revealed, position);
                match table.conditional_marginal(&revealed, position) {
                    Ok(expected) => {
                        possible += 1;
                        let law = found.unwrap();
                        let differences = law.iter().zip(expected).map(|(a, b)| (a - b).abs());
                        assert!(differences.fold(0.0, f64::max) < 1e-14, "{revealed:?} {position}");
                    }
                    // A chain looks at the nearest tokens only, so it may not notice.
                    Err(error) => assert!(matches!(error, Error::ImpossibleContext { .. })),
                }
            }
        }
    }
    let duplicate = |out: unmaskcost::Result<Vec<f64>>| matches!(out, Err(Error::Duplicate { .. }));
    assert!(duplicate(law.conditional_marginal(&[(0, 0), (1, 0), (0, 1)], 2)));
    assert!(duplicate(law.conditional_marginal(&[(0, 0), (1, 0)], 1)));
    let out = law.conditional_marginal(&[(0, alphabet)], 1);
    assert!(matches!(out, Err(Error::IndexOutOfRange { .. })));
    possible
}

fn assert_has_entropies_of(law: &impl SubsetEntropy, table: &JointTable) {
    let tokens = table.tokens();
    for set in 0..1_usize << tokens {
        let positions: Vec<usize> = (0..tokens).rev().filter(|i| set >> i & 1 == 1).collect();
        let entropy = law.subset_entropy(&positions).unwrap();
        assert!((entropy - table.subset_entropy(&positions).unwrap()).0.abs() < 1e-14);
    }
    assert!(matches!(law.subset_entropy(&[0, 1, 0]), Err(Error::Duplicate { index: 0, .. })));
}

#[test]
fn a_chain_tells_the_same_as_its_table() {
    let rows = [[0.0, 0.5, 0.5], [0.25, 0.75, 0.0], [0.5, 0.0, 0.5]];
    let stationary = MarkovChain::stationary(&rows).unwrap();
    let started = MarkovChain::from_transition([0.5, 0.5, 0.0], &rows).unwrap();
    for chain in [stationary, started] {
        let table: JointTable = chain.joint_table(5).unwrap();
        assert_has_entropies_of(&chain, &table);
        let possible = assert_predicts_as(&chain, &table);
        assert!(possible > 500, "{possible}");
    }
}

#[test]
fn exchangeable_laws_tell_the_same_as_their_tables() {
    let bits = [
        ExchangeableBits::polya_urn(6, 0.5, 2.0),
        ExchangeableBits::noisy_repeated_bit(6, 0.125),
        ExchangeableBits::fixed_weight(6, 2),
        ExchangeableBits::from_count_law([0.25, 0.0, 0.75, 0.0]),
    ];
    for law in bits {
        let law = law.unwrap();
        let table = law.joint_table().unwrap();
        assert_has_entropies_of(&law, &table);
        assert!(assert_predicts_as(&law, &table) > 10);
        assert!(matches!(law.subset_entropy(&[9]), Err(Error::IndexOutOfRange { .. })));
        let out = law.conditional_marginal(&[], law.tokens());
        assert!(matches!(out, Err(Error::IndexOutOfRange { .. })));
        // An impossible context is refused, if there is one.
        let ones: Vec<_> = (0..law.tokens() - 1).map(|i| (i, 1)).collect();
        let possible = law.count_law()[ones.len()..].iter().any(|&p| p > 0.0);
        match law.conditional_marginal(&ones, ones.len()) {
            Ok(_) => assert!(possible),
            Err(error) => assert!(!possible && matches!(error, Error::ImpossibleContext { .. })),
        }
    }
    let centres = [[0, 1, 1, 0, 1], [1, 1, 0, 0, 1], [0, 0, 0, 1, 1]];
    for flip in [0.0, 0.125, 1.0] {
        let law = ClusterMixture::new([0.5, 0.25, 0.25], &centres, flip).unwrap();
        assert!(assert_predicts_as(&law, &law.joint_table().unwrap()) > 30);
        let out = law.conditional_marginal(&[], 5);
        assert!(matches!(out, Err(Error::IndexOutOfRange { index: 5, limit: 5, .. })));
    }
    let laws = [[0.5, 0.25, 0.25, 0.0], [0.0, 0.125, 0.5, 0.375], [0.0, 0.0, 0.5, 0.5]];
    let mixture = CategoricalMixture::new([0.25, 0.75, 0.0], &laws).unwrap();
    let possible = assert_predicts_as(&mixture, &mixture.joint_table(4).unwrap());
    assert!(possible > 400, "{possible}");
    let out = mixture.conditional_marginal(&[(7, 0), (9, 3)], 1);
    assert!(matches!(out, Err(Error::ImpossibleContext { .. })));
}

/// The last of ten thousand tokens: the probability of the others is below 1e-2000.
#[test]
fn long_contexts_do_not_underflow() {
    let mixture = CategoricalMixture::noisy_repeated_symbol(27, 0.25).unwrap();
    let mut generator = generator(6);
    let sequence = mixture.sample(10_000, &mut generator).unwrap();
    let context = |symbols: &[usize]| symbols.iter().copied().enumerate().collect::<Vec<_>>();
    let law: Vec<f64> = mixture.conditional_marginal(&context(&sequence), 10_000).unwrap();
    let most = (0..27).max_by_key(|x| sequence.iter().filter(|y| *y == x).count()).unwrap();
    assert!((law[most] - 0.75).abs() < 1e-12, "{law:?}");

    let fair = ExchangeableBits::mixture(2001, [1.0], [0.5]).unwrap();
    let half: Vec<f64> = fair.conditional_marginal(&context(&[0, 1].repeat(900)), 2000).unwrap();
    assert!((half[1] - 0.5).abs() < 1e-11, "{half:?}");
    let urn = ExchangeableBits::polya_urn(5001, 1.0, 1.0).unwrap();
    let next: Vec<f64> = urn.conditional_marginal(&context(&[1; 5000]), 5000).unwrap();
    assert!((next[0] * 5002.0 - 1.0).abs() < 1e-11, "{next:?}");
}

#[test]
fn codes_tell_the_same_as_their_tables() {
    let rows: [(u64, &[&[u64]]); 4] = [
        (2, &[&[1, 1, 0, 0, 0, 1], &[0, 0, 1, 0, 1, 0], &[0, 0, 0, 1, 1, 0]]),
        (3, &[&[1, 2, 0, 1], &[0, 0, 1, 2]]),
        (5, &[&[1, 1, 1, 1], &[0, 1, 2, 3]]),
        (3, &[&[0, 0, 0]]),
    ];
    for (field, rows) in rows {
        let code = LinearCode::from_generator(field, rows).unwrap();
        let table = code.joint_table().unwrap();
        assert_has_entropies_of(&code, &table);
        assert_predicts_as(&code, &table);
    }
    let copy = LinearCode::from_generator(2, [[1, 1, 0], [0, 0, 1]]).unwrap();
    let out: Result<Vec<f64>, _> = copy.conditional_marginal(&[(0, 1), (1, 0)], 2);
    assert!(matches!(out, Err(Error::ImpossibleContext { .. })));
    let mds = MdsCode::new(5, 5, 3).unwrap();
    assert_has_entropies_of(&mds, &mds.code().unwrap().joint_table().unwrap());
    let long = MdsCode::new(2, usize::MAX, usize::MAX - 1).unwrap();
    let bits: Nats = long.subset_entropy(&[0, usize::MAX - 1]).unwrap();
    assert_eq!(bits, Nats(2.0 * 2_f64.ln()));
    let out: Result<Nats, _> = long.subset_entropy(&[usize::MAX]);
    assert!(matches!(out, Err(Error::IndexOutOfRange { .. })));
    let large = LinearCode::from_generator(4_294_967_291, [[1, 1]]).unwrap();
    let out: Result<Vec<f64>, _> = large.conditional_marginal(&[(0, 5)], 1);
    assert!(matches!(out, Err(Error::TooLarge { .. })));
}

#[test]
fn what_an_collector_refuses() {
    assert!(matches!(Collector::<f64>::new(0), Err(Error::Empty { .. })));
    let out = Collector::<f64>::new(usize::MAX);
    assert!(matches!(out, Err(Error::TooLarge { limit, .. }) if limit == 1 << 20));
    let mut collector = Collector::new(3).unwrap();
    let before = collector.clone();
    let out = collector.record(3, Nats(1.0));
    assert!(matches!(out, Err(Error::IndexOutOfRange { index: 3, limit: 3, .. })));
    let out = collector.record(1, Nats(f64::NAN));
    assert!(matches!(out, Err(Error::NotFinite { index: Some(1), .. })));
    collector.record(2, Nats(f64::MAX)).unwrap();
    let out = collector.record(2, Nats(0.0));
    assert!(matches!(out, Err(Error::Overflow { .. })));
    let mut collector = before.clone();
    let out = collector.merge(&Collector::new(4).unwrap());
    assert!(matches!(out, Err(Error::LengthMismatch { found: 4, expected: 3, .. })));
    let mut generator = generator(6);
    let out = collector.observe_losses(&chain(), &[0, 1], &mut generator);
    assert!(matches!(out, Err(Error::LengthMismatch { found: 2, expected: 3, .. })));
    assert_eq!(collector, before);
    let cycle = MarkovChain::stationary(&[[0.0, 1.0], [1.0, 0.0]]).unwrap();
    let out = collector.observe_losses(&cycle, &[0, 0, 0], &mut generator);
    assert!(matches!(out, Err(Error::NotFinite { .. } | Error::ImpossibleContext { .. })));
    let out = collector.observe_losses(&cycle, &[2, 2, 2], &mut generator);
    assert!(matches!(out, Err(Error::IndexOutOfRange { index: 2, limit: 2, .. })));
    assert_eq!(collector, before, "half an observation was kept");
    let out = cycle.conditional_marginal(&[(1, 0)], 1);
    assert!(matches!(out, Err(Error::Duplicate { index: 1, .. })));
    let out: Result<Nats, _> = cycle.subset_entropy(&[1, 2, 1]);
    assert!(matches!(out, Err(Error::Duplicate { index: 1, .. })));
}
