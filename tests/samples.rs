//! What samples tell, judged on distributions whose truth is known.

use crate::support;

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use unmaskcost::bounds::Knowledge;
use unmaskcost::distribution::{JointTable, MarkovChain, SampledCurve, Samples};
use unmaskcost::{Error, Nats, Schedule};

fn chain() -> MarkovChain {
    MarkovChain::stationary(&[[0.2, 0.7, 0.1], [0.5, 0.3, 0.2], [0.3, 0.1, 0.6]]).unwrap()
}

fn words(chain: &MarkovChain, tokens: usize, samples: usize, rng: &mut ChaCha8Rng) -> Samples {
    let words = (0..samples).map(|_| chain.sample(tokens, rng).unwrap());
    Samples::independent(&vec![chain.alphabet(); tokens], words).unwrap()
}

#[test]
fn plug_in_entropies_are_those_of_the_table_of_the_samples() {
    let mut rng = support::generator(1);
    let words: Vec<Vec<usize>> = (0..500).map(|_| chain().sample(4, &mut rng).unwrap()).collect();
    let table: JointTable = JointTable::from_samples(&[3; 4], &words).unwrap();
    let samples = Samples::independent(&[3; 4], &words).unwrap();
    let exact = table.information_curve().unwrap();
    let found = samples.curve_up_to(3).unwrap();
    for revealed in 0..4 {
        let value = found.information(revealed).unwrap();
        assert!((value.plug_in() - exact.information(revealed)).0.abs() < 1e-13);
    }
    let sets = table.subset_entropies().unwrap();
    let value = samples.entropy(&[3, 1]).unwrap();
    assert!((value.plug_in() - sets.entropy(&[1, 3]).unwrap()).0.abs() < 1e-13);
    let (correlations, of_samples) = (table.correlations(), samples.correlations().unwrap());
    assert!((of_samples.total.plug_in() - correlations.total).0.abs() < 1e-13);
    assert!((of_samples.dual_total.plug_in() - correlations.dual_total).0.abs() < 1e-13);
}

/// Counts 5, 3, 1, 1 of ten samples, by the published formulas, written out.
#[test]
fn corrected_entropies_are_the_published_formulas() {
    let words = [0, 0, 0, 0, 0, 1, 1, 1, 2, 3].map(|symbol| [symbol]);
    let value = Samples::independent(&[9], words).unwrap().entropy(&[0]).unwrap();
    let plug_in = -[0.5, 0.3, 0.1, 0.1].iter().map(|p: &f64| p * p.ln()).sum::<f64>();
    assert!((value.plug_in().0 - plug_in).abs() < 1e-14);
    assert!((value.miller_madow().0 - plug_in - 3.0 / 20.0).abs() < 1e-14);
    // G(1) = -gamma - ln 2, G(2) = G(3) = 2 + G(1), G(4) = G(5) = 2 + 2/3 + G(1).
    let g1 = -0.577_215_664_901_532_9 - std::f64::consts::LN_2;
    let sum = 5.0 * (g1 + 2.0 + 2.0 / 3.0) + 3.0 * (g1 + 2.0) + 2.0 * g1;
    assert!((value.grassberger().0 - (10_f64.ln() - sum / 10.0)).abs() < 1e-14);
    let harmonic = |from: i32| (from..10).map(|k| 1.0 / f64::from(k)).sum::<f64>();
    let seen = 0.5 * harmonic(5) + 0.3 * harmonic(3) + 0.2 * harmonic(1);
    let a: f64 = 2.0 / 11.0;
    let powers: f64 = (1..10).map(|r| (1.0 - a).powi(r) / f64::from(r)).sum();
    let rest = 0.2 * (1.0 - a).powi(-9) * (-a.ln() - powers);
    assert!((value.estimate().value().0 - seen - rest).abs() < 1e-13);
    assert!((value.coverage() - 0.8).abs() < 1e-15);
}

/// The same number of windows in as many cells as made a total correlation of 1.5 nats of nothing.
#[test]
fn shuffled_letters_tell_nothing_about_each_other() {
    let mut rng = support::generator(2);
    let mut text = chain().sample(9129, &mut rng).unwrap();
    text.shuffle(&mut rng);
    let samples = Samples::windows(&text, 3, 10, 30).unwrap();
    assert_eq!(samples.len(), 9120);
    let curve = samples.curve().unwrap();
    assert_eq!(curve.information(0).unwrap().coverage(), 1.0);
    assert!((2..8).contains(&curve.trusted()), "{}", curve.trusted());
    for revealed in 1..=curve.trusted() {
        let value = curve.information(revealed).unwrap().estimate();
        let z = value.value().0 / value.standard_error().0;
        assert!(z.abs() < 2.5, "{revealed}: {z}");
        let coverage = curve.information(revealed).unwrap().coverage();
        assert!((0.9..=1.0).contains(&coverage), "{revealed}: {coverage}");
    }
    // What the distribution of the sample shows is chance, and is not trusted.
    let whole = samples.curve_up_to(9).unwrap();
    assert!(whole.information(9).unwrap().plug_in().0 > 0.3);
    assert_eq!(whole.trusted(), curve.trusted());
    let bounds = curve.known(0.95).unwrap().bounds(&Schedule::balanced(10, 5).unwrap()).unwrap();
    assert!(bounds.contains(Nats(0.0)));
}

/// Coverage of the 95 % intervals at trusted counts, and of the bounds, over many data sets.
fn coverage(chain: &MarkovChain, runs: u64, draw: impl Fn(&mut ChaCha8Rng) -> Samples) {
    let exact = chain.information_curve(10).unwrap();
    let (mut intervals, mut covered, mut held) = (0, 0, 0);
    let mut trusted = 0;
    for seed in 0..runs {
        let curve: SampledCurve = draw(&mut support::generator(seed)).curve().unwrap();
        trusted += curve.trusted();
        for revealed in 1..=curve.trusted() {
            let interval = curve.information(revealed).unwrap().estimate().interval(0.95).unwrap();
            intervals += 1;
            covered += usize::from(interval.contains(exact.information(revealed)));
        }
        let known = curve.known(0.95).unwrap();
        held += usize::from((1..10).all(|steps| {
            let schedule = Schedule::balanced(10, steps).unwrap();
            let bounds = known.bounds(&schedule).unwrap();
            bounds.contains(exact.sampling_error(&schedule).unwrap())
        }));
    }
    let share = |part: usize, all: usize| part as f64 / all as f64;
    let (inside, held) = (share(covered, intervals), share(held, runs as usize));
    assert!(inside >= 0.9, "{inside} of {intervals} intervals");
    assert!(held >= 0.95, "bounds hold in {held}");
    assert!(share(trusted, runs as usize) >= 2.0);
}

#[test]
fn intervals_of_independent_samples_cover_the_curve_of_a_chain() {
    let chain = chain();
    coverage(&chain, 150, |rng| words(&chain, 10, 1000, rng));
}

#[test]
fn intervals_of_overlapping_windows_cover_the_curve_of_a_chain() {
    let chain = chain();
    let windows = |rng: &mut ChaCha8Rng| {
        Samples::windows(&chain.sample(4000, rng).unwrap(), 3, 10, 25).unwrap()
    };
    coverage(&chain, 100, windows);
}

/// Where no sample moves anything to first order, errors are those of second order: `sqrt(2)/(2N)` for the one degree of
/// freedom of two bits.
#[test]
fn exactly_uniform_tokens_have_an_error_and_are_trusted() {
    let mut words = Vec::from_iter((0..1000_usize).map(|i| [i % 2, i / 2 % 2]));
    words.shuffle(&mut support::generator(7));
    let samples = Samples::independent(&[2, 2], words).unwrap();
    let curve = samples.curve().unwrap();
    assert_eq!(curve.trusted(), 1);
    let found = curve.information(1).unwrap().estimate();
    assert!((found.standard_error().0 - 2_f64.sqrt() / 2000.0).abs() < 1e-15);
    assert!(found.interval(0.95).unwrap().contains(Nats(0.0)));
    let total = samples.correlations().unwrap().total.estimate();
    assert!((total.standard_error().0 - 2_f64.sqrt() / 2000.0).abs() < 1e-15);
    let entropy = samples.entropy(&[0, 1]).unwrap();
    assert!((entropy.estimate().standard_error().0 - 6_f64.sqrt() / 2000.0).abs() < 1e-15);
}

/// Nothing but errors of second order: without them, intervals of two bits hold in four fifths of the runs.
#[test]
fn intervals_of_independent_uniform_bits_hold_zero() {
    for (tokens, most) in [(2, 1.0), (3, 1.0), (8, 0.995)] {
        let (mut intervals, mut covered) = (0_u32, 0_u32);
        for seed in 0..200 {
            let mut rng = support::generator(seed);
            let coins = MarkovChain::from_counts(&[[1_u32, 1], [1, 1]], 0.0).unwrap();
            let curve = words(&coins, tokens, 400, &mut rng).curve().unwrap();
            assert!(curve.trusted() >= 1);
            for revealed in 1..=curve.trusted() {
                let value = curve.information(revealed).unwrap().estimate();
                intervals += 1;
                covered += u32::from(value.interval(0.95).unwrap().contains(Nats(0.0)));
            }
        }
        let share = f64::from(covered) / f64::from(intervals);
        assert!((0.93..=most).contains(&share), "{tokens}: {share}");
    }
}

/// Each sample, repeated five times, in a group of its own: as good as a fifth of the samples, and
/// with no smaller error.
#[test]
fn repeated_samples_in_groups_do_not_pass_for_more() {
    let mut rng = support::generator(3);
    let words: Vec<Vec<usize>> = (0..200).map(|_| chain().sample(3, &mut rng).unwrap()).collect();
    let once = Samples::independent(&[3; 3], &words).unwrap();
    let grouped = words.iter().enumerate().flat_map(|(group, word)| [(group, word); 5]);
    let repeated = Samples::in_groups(&[3; 3], grouped).unwrap();
    assert_eq!((repeated.groups(), repeated.len()), (200, 1000));
    let errors = [&once, &repeated]
        .map(|samples| samples.entropy(&[0, 1]).unwrap().estimate().standard_error().0);
    assert!((errors[1] / errors[0] - 1.0).abs() < 0.05, "{errors:?}");
    // A thousand samples would correct the bias too little: the jackknife over groups sees that.
    assert!(!repeated.curve().unwrap().information(2).is_some_and(|value| value.is_trusted()));
}

#[test]
fn random_sets_tell_the_same_as_all_sets_with_larger_errors() {
    let mut rng = support::generator(4);
    let samples = words(&chain(), 10, 4000, &mut rng);
    let all = samples.curve().unwrap();
    let some = samples.curve_of_random_sets(40, &mut rng).unwrap();
    for revealed in 1..=2 {
        let [all, some] =
            [&all, &some].map(|curve| curve.information(revealed).unwrap().estimate());
        assert!(some.standard_error() > all.standard_error());
        let difference = (some.value() - all.value()).0.abs();
        assert!(difference < 4.0 * some.standard_error().0, "{all} {some}");
    }
}

#[test]
fn nothing_is_said_beyond_what_is_trusted() {
    // Pairs of 1,000 samples in 10,000 cells.
    let chain = MarkovChain::from_counts(&vec![vec![1_u32; 100]; 100], 0.0).unwrap();
    let samples = words(&chain, 5, 1000, &mut support::generator(5));
    let curve = samples.curve().unwrap();
    assert_eq!(curve.trusted(), 0);
    assert!(curve.information(1).is_some() && curve.information(2).is_none());
    let bounds = curve.known(0.95).unwrap().bounds(&Schedule::one_step(5).unwrap()).unwrap();
    assert_eq!(bounds.lower, Nats(0.0));
    assert!(bounds.upper.0 > 4.0 * 100_f64.ln() * 0.9);
}

#[test]
fn certain_tokens_have_no_entropy_and_no_error() {
    let samples = Samples::independent(&[3, 3], [[1, 2]; 51]).unwrap();
    let entropy = samples.entropy(&[0, 1]).unwrap();
    assert_eq!(
        (entropy.estimate().value(), entropy.estimate().standard_error()),
        (Nats(0.0), Nats(0.0))
    );
    assert_eq!(samples.curve().unwrap().trusted(), 1);
}

#[test]
fn samples_that_cannot_be_are_refused() {
    let none: [[usize; 2]; 0] = [];
    assert!(matches!(Samples::independent(&[2, 2], none), Err(Error::Empty { .. })));
    assert!(matches!(Samples::independent(&[], [[]]), Err(Error::Empty { .. })));
    let one = Samples::independent(&[2, 2], [[0, 1]]);
    assert!(matches!(one, Err(Error::TooFew { found: 1, .. })));
    let symbol = Samples::independent(&[2, 2], [[0, 1], [0, 2]]);
    assert!(matches!(symbol, Err(Error::IndexOutOfRange { index: 2, limit: 2, .. })));
    let length = Samples::independent(&[2, 2], [vec![0, 1], vec![0]]);
    assert!(matches!(length, Err(Error::LengthMismatch { found: 1, expected: 2, .. })));
    let group = Samples::in_groups(&[2], [("a", [0]), ("a", [1])]);
    assert!(matches!(group, Err(Error::TooFew { found: 1, .. })));
    assert!(matches!(Samples::windows(&[0, 1], 2, 3, 2), Err(Error::LengthMismatch { .. })));
    assert!(matches!(Samples::windows(&[0, 1], 2, 0, 2), Err(Error::Empty { .. })));
    assert!(matches!(Samples::windows(&[0, 1], 2, 1, 0), Err(Error::TooFew { found: 0, .. })));
    let wide = Samples::independent(&[usize::MAX], [[0], [0]]);
    assert!(matches!(wide, Err(Error::TooLarge { .. })));
    let samples = Samples::independent(&[2; 60], vec![[1; 60]; 1000]).unwrap();
    assert!(matches!(samples.curve_up_to(60), Err(Error::IndexOutOfRange { .. })));
    let mut rng = support::generator(6);
    let orders = samples.curve_of_random_sets(1, &mut rng);
    assert!(matches!(orders, Err(Error::OutOfRange { .. })));
    assert!(matches!(samples.entropy(&[0, 0]), Err(Error::Duplicate { .. })));
    assert!(matches!(samples.entropy(&[60]), Err(Error::IndexOutOfRange { .. })));
}

/// All would be trusted, but there are `C(1000, k)` sets of `k` tokens.
#[test]
fn a_curve_of_too_many_sets_ends_with_what_it_has() {
    let samples = Samples::independent(&[2; 1000], [[1; 1000]; 30]).unwrap();
    let curve = samples.curve().unwrap();
    assert_eq!(curve.trusted(), 1);
    assert!(curve.information(1).is_some() && curve.information(2).is_none());
}

/// Before any set is looked at: the sets of five tokens alone would take a minute.
#[test]
fn a_curve_that_needs_too_many_sets_is_refused_at_once() {
    let samples = Samples::independent(&[2; 60], [[1; 60]; 141]).unwrap();
    let all = samples.curve_up_to(59);
    assert!(matches!(all, Err(Error::TooLarge { needed, .. }) if needed == 141 * ((1 << 60) - 1)));
    let first_six = 60 + 1770 + 34_220 + 487_635 + 5_461_512 + 50_063_860;
    let six = samples.curve_up_to(5);
    assert!(matches!(six, Err(Error::TooLarge { needed, .. }) if needed == 141 * first_six));
    let wide = Samples::independent(&[1; 6000], vec![vec![0; 6000]; 240]).unwrap();
    assert!(matches!(wide.curve(), Err(Error::TooLarge { .. })));
}

/// Samples more even than chance lack the bias that is corrected.
#[test]
fn stratified_samples_are_right_but_not_trusted() {
    let curve =
        Samples::independent(&[2; 2], (0..1000).map(|i| [i % 2; 2])).unwrap().curve().unwrap();
    let found = curve.information(1).unwrap();
    assert!((found.estimate().value().0 - 2_f64.ln()).abs() < 6e-4);
    assert_eq!(curve.trusted(), 0);
}

#[test]
fn correlations_of_too_many_samples_are_refused_at_once() {
    // 1,024 sets of one token, as many of all but one, and the set of all.
    let samples =
        Samples::independent(&[2; 1024], vec![[0_u8; 1024].map(usize::from); 2_048]).unwrap();
    let refused = samples.correlations();
    let work = 2_049 * 2_048 * 1_024;
    assert!(work > 1 << 32);
    assert!(matches!(refused, Err(Error::TooLarge { needed, .. }) if needed == work));
}
