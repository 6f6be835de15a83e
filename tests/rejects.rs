//! One broken thing at a time, each with the error that names it.

use unmaskcost::bounds::{li_cai, sharp};
use unmaskcost::measured::Collector;
use unmaskcost::{
    Error, InformationCurve, Nats, Schedule, TrainingError, distribution::JointTable, sampler,
};

type Curve = InformationCurve<f64>;
type Table = JointTable<f64>;

fn curve() -> Curve {
    Curve::from_information([0.0, 0.1, 0.2, 0.4]).unwrap()
}

fn table() -> Table {
    Table::from_counts(&[2, 2], [1, 2, 3, 4]).unwrap()
}

fn four() -> Schedule {
    Schedule::from_reveal_sizes([2, 2]).unwrap()
}

/// The error must match the pattern, and its text must contain each of the words.
macro_rules! rejects {
    ($result:expr, $pattern:pat $(if $guard:expr)?, $($word:expr),+) => {
        match $result {
            Err(error) => {
                assert!(matches!(error, $pattern $(if $guard)?), "wrong error: {error:?}");
                let text = error.to_string();
                $(assert!(text.contains($word), "{text:?} does not say {:?}", $word);)+
            }
            Ok(accepted) => panic!("accepted: {accepted:?}"),
        }
    };
}

#[test]
fn schedules() {
    rejects!(Schedule::from_reveal_sizes([]), Error::Empty { .. }, "reveal sizes");
    rejects!(Schedule::from_reveal_sizes([3, 0, 1]), Error::EmptyStep { step: 1 }, "step 1");
    rejects!(Schedule::from_mask_sizes([3, 1, 0]), Error::EmptyStep { step: 2 }, "step 2");
    rejects!(Schedule::from_reveal_sizes([usize::MAX, 1]), Error::Overflow { .. }, "sum");
    rejects!(Schedule::try_from(vec![1, 0]), Error::EmptyStep { step: 1 }, "step 1");
    let read = |text: &str| text.parse::<Schedule>();
    assert_eq!(read("3,2, 1 x 3"), Schedule::from_reveal_sizes([3, 2, 1, 1, 1]));
    rejects!(read(""), Error::Unreadable { index: 0, .. }, "\"\"");
    rejects!(read("(3, 2.5)"), Error::Unreadable { index: 1, .. }, "2.5", "index 1");
    rejects!(read("[3, -1]"), Error::Unreadable { index: 1, .. }, "-1");
    rejects!(read("3 x 0, 2"), Error::EmptyStep { step: 0 }, "step 0");
    rejects!(read("3, 0 x 2"), Error::EmptyStep { step: 1 }, "step 1");
    rejects!(read("3, , 2"), Error::Unreadable { index: 1, .. }, "\"\"");
    rejects!(read("3 2 four 1"), Error::Unreadable { index: 2, .. }, "four", "index 2");
    rejects!(read("3 2x 1, 4 x"), Error::Unreadable { index: 2, .. }, "4 x");
    rejects!(read("x 4"), Error::Unreadable { index: 0, .. }, "x");
    rejects!(read("3, 0"), Error::EmptyStep { step: 1 }, "step 1");
    rejects!(read("1 x 1000000000000"), Error::TooLarge { .. }, "steps");
    rejects!(Schedule::balanced(4, 0), Error::StepsOutOfRange { steps: 0, tokens: 4 }, "0 steps");
    rejects!(Schedule::balanced(4, 5), Error::StepsOutOfRange { steps: 5, tokens: 4 }, "5 steps");
    rejects!(Schedule::sequential(0), Error::StepsOutOfRange { .. }, "0 tokens");
    rejects!(Schedule::one_step(0), Error::StepsOutOfRange { .. }, "0 tokens");
    rejects!(
        four().covering(5),
        Error::TokensDiffer { tokens: 5, schedule_tokens: 4, .. },
        "has 5 tokens",
        "reveals 4"
    );
}

#[test]
fn information_values() {
    rejects!(Curve::from_information([]), Error::Empty { .. }, "information");
    rejects!(
        Curve::from_information([0.0, f64::NAN]),
        Error::NotFinite { index: Some(1), .. },
        "NaN"
    );
    rejects!(
        Curve::from_information([0.0, f64::INFINITY]),
        Error::NotFinite { index: Some(1), .. },
        "inf"
    );
    rejects!(
        Curve::from_information([0.1, 0.2]),
        Error::OutOfRange { needed: "0 (up to rounding)", .. },
        "[0] is 0.1"
    );
    rejects!(
        Curve::from_information([0.0, 0.2, 0.1]),
        Error::NotMonotone { index: 2, .. },
        "[2] is 0.1",
        "less than 0.2"
    );
    rejects!(
        Curve::from_information([0.0, -0.2, 0.1]),
        Error::NotMonotone { index: 1, .. },
        "-0.2"
    );
    rejects!(Curve::from_information([0.0, f64::MAX]), Error::Overflow { .. }, "L I_{L-1}");
}

#[test]
fn conditional_entropies() {
    let from = |values: &[f64]| Curve::from_conditional_entropies(values);
    rejects!(from(&[]), Error::Empty { .. }, "conditional entropies");
    rejects!(from(&[1.0, f64::NAN]), Error::NotFinite { index: Some(1), .. }, "NaN");
    rejects!(from(&[f64::MAX, 0.0]), Error::Overflow { .. }, "L I_{L-1}");
    rejects!(from(&[1e308; 3]), Error::Overflow { .. }, "L f_0");
    rejects!(from(&[1.0, 1.5]), Error::NotMonotone { index: 1, .. }, "[1] is 1.5", "more than 1");
    rejects!(from(&[1.0, 0.5, -0.1]), Error::Negative { index: Some(2), .. }, "-0.1");
    rejects!(from(&[-0.1]), Error::Negative { index: Some(0), .. }, "-0.1");
}

#[test]
fn subset_entropies() {
    let from = |values: &[f64]| Curve::from_subset_entropies(values);
    rejects!(from(&[]), Error::Empty { .. }, "subset entropies");
    rejects!(from(&[0.0]), Error::Empty { .. }, "subset entropies");
    rejects!(from(&[0.5, 1.0]), Error::OutOfRange { needed: "0 (up to rounding)", .. }, "0.5");
    rejects!(from(&[0.0, 1.0, 2.5]), Error::NotMonotone { index: 1, .. }, "1.5");
    rejects!(from(&[0.0, 1.0, 0.5]), Error::Negative { index: Some(1), .. }, "-0.5");
    rejects!(from(&[0.0, f64::NAN]), Error::NotFinite { index: Some(1), .. }, "NaN");
    rejects!(from(&[0.0, f64::MAX, -f64::MAX]), Error::NotFinite { index: Some(1), .. }, "inf");
}

#[test]
fn tables() {
    let from = |shape: &[usize], p: &[f64]| Table::from_probabilities(shape, p);
    rejects!(from(&[], &[1.0]), Error::Empty { .. }, "shape");
    rejects!(from(&[2, 0], &[]), Error::Empty { .. }, "alphabet");
    rejects!(from(&[usize::MAX, 2], &[1.0]), Error::Overflow { .. }, "cells");
    rejects!(
        from(&[2], &[1.0]),
        Error::LengthMismatch { found: 1, expected: 2, .. },
        "1 elements",
        "2 are needed"
    );
    rejects!(from(&[2], &[0.5, f64::NAN]), Error::NotFinite { index: Some(1), .. }, "NaN");
    rejects!(from(&[2], &[1.1, -0.1]), Error::Negative { index: Some(1), .. }, "-0.1");
    rejects!(from(&[2], &[0.5, 0.4]), Error::NotNormalized { row: None, .. }, "0.9");
    rejects!(
        Table::from_counts(&[2], [0, 0]),
        Error::OutOfRange { needed: "a positive number", .. },
        "sum of the weights is 0"
    );
    rejects!(Table::from_counts(&[2], [1]), Error::LengthMismatch { found: 1, .. }, "weights");
    rejects!(
        Table::from_weights(&[2], [1.0, f64::INFINITY]),
        Error::NotFinite { index: Some(1), .. },
        "weights[1] is inf"
    );
    rejects!(Table::from_counts(&[2], [3, -1]), Error::Negative { index: Some(1), .. }, "-1");
    rejects!(
        Table::from_weights(&[2], [1.0, -0.1]),
        Error::Negative { index: Some(1), .. },
        "-0.1"
    );
    rejects!(Table::from_weights(&[2], [f64::MAX; 2]), Error::Overflow { .. }, "weights");
    let samples = |shape: &[usize], words: &[&[usize]]| Table::from_samples(shape, words);
    rejects!(samples(&[2, 2], &[]), Error::Empty { .. }, "samples");
    rejects!(
        samples(&[2, 2], &[&[0]]),
        Error::LengthMismatch { found: 1, expected: 2, .. },
        "sample"
    );
    rejects!(
        samples(&[2, 2], &[&[0, 2]]),
        Error::IndexOutOfRange { index: 2, limit: 2, .. },
        "symbol 2"
    );
    rejects!(samples(&[1 << 10; 3], &[]), Error::TooLarge { .. }, "1073741824", "33554432");
    rejects!(
        table().entropy(&[2]),
        Error::IndexOutOfRange { index: 2, limit: 2, .. },
        "position 2"
    );
    rejects!(table().entropy(&[1, 1]), Error::Duplicate { index: 1, .. }, "twice");
    rejects!(table().marginal(&[]), Error::Empty { .. }, "positions");
    let other = Table::from_counts(&[2, 3], [1; 6]).unwrap();
    rejects!(table().kl_divergence(&other), Error::LengthMismatch { .. }, "alphabet");
    let longer = Table::from_counts(&[2, 2, 1], [1; 4]).unwrap();
    rejects!(table().total_variation(&longer), Error::LengthMismatch { .. }, "shape");
}

#[test]
fn a_schedule_is_a_list_of_its_sizes() {
    let schedule = Schedule::from_reveal_sizes([3, 1, 2]).unwrap();
    assert_eq!(AsRef::<[usize]>::as_ref(&schedule), [3, 1, 2]);
    assert_eq!(Schedule::from_reveal_sizes(&schedule), Ok(schedule));
}

#[test]
fn schedules_of_other_lengths_name_both() {
    let three = Schedule::sequential(3).unwrap();
    let expected = |what| Error::TokensDiffer { what, tokens: 4, schedule_tokens: 3 };
    assert_eq!(curve().sampling_error(&three), Err(expected("curve")));
    assert_eq!(li_cai::refined_upper(&curve(), &three), Err(expected("curve")));
    rejects!(
        sampler::expected_kl(&table(), &three),
        Error::TokensDiffer { what: "table", tokens: 2, schedule_tokens: 3 },
        "2 tokens",
        "reveals 3"
    );
    rejects!(sampler::averaged_law(&table(), &three), Error::TokensDiffer { .. }, "table");
}

#[test]
fn what_cannot_be_enumerated_is_refused_with_its_size() {
    let many = Table::from_counts(&[1; 70], [1]).unwrap();
    rejects!(many.information_curve(), Error::TooLarge { .. }, "needed");
    let sequential = Schedule::sequential(70).unwrap();
    rejects!(sampler::expected_kl(&many, &sequential), Error::TooLarge { .. }, "partitions");
    let bits = Table::from_counts(&[2; 16], vec![1; 1 << 16]).unwrap();
    rejects!(
        sampler::expected_kl(&bits, &Schedule::one_step(16).unwrap()),
        Error::TooLarge { needed: 4_294_967_296, .. },
        "sets of tokens"
    );
    let twelve = Table::from_counts(&[2; 12], vec![1; 1 << 12]).unwrap();
    rejects!(
        sampler::expected_kl(&twelve, &Schedule::sequential(12).unwrap()),
        Error::TooLarge { needed: 479_001_600, .. },
        "ordered partitions"
    );
    let pairs = Schedule::balanced(12, 6).unwrap();
    rejects!(
        sampler::expected_kl(&twelve, &pairs),
        Error::TooLarge { needed, .. } if needed == 7_484_400 * 4096,
        "30656102400"
    );
    let certain = Table::from_counts(&[1; 24], [1]).unwrap();
    rejects!(
        sampler::averaged_law(&certain, &Schedule::one_step(24).unwrap()),
        Error::TooLarge { needed: 16_777_216, .. },
        "sets of tokens"
    );
    rejects!(li_cai::offset_schedules(usize::MAX, 1).map(drop), Error::TooLarge { .. }, "steps");
}

#[test]
fn bounds() {
    for bad in [f64::NAN, f64::INFINITY] {
        rejects!(li_cai::upper(Nats(bad), &four()), Error::NotFinite { .. }, "token information");
        rejects!(
            sharp::from_token_information(Nats(bad), &four()),
            Error::NotFinite { .. },
            "token information"
        );
        rejects!(TrainingError::new(Nats(bad)), Error::NotFinite { .. }, "training error");
    }
    rejects!(li_cai::upper(Nats(-1.0), &four()), Error::Negative { .. }, "information is -1");
    rejects!(sharp::from_token_information(Nats(-1.0), &four()), Error::Negative { .. }, "-1");
    let long = Schedule::one_step(4).unwrap();
    let from_entropy = sharp::from_single_token_entropy(Nats(f64::MAX), &long);
    rejects!(from_entropy, Error::Overflow { .. }, "bound");
    rejects!(TrainingError::new(Nats(-1.0)), Error::Negative { .. }, "-1");
    rejects!(
        li_cai::balanced_upper(Nats(1.0), 4, 5),
        Error::StepsOutOfRange { steps: 5, tokens: 4 },
        "5 steps"
    );
    rejects!(li_cai::balanced_upper(Nats(1.0), 0, 0), Error::StepsOutOfRange { .. }, "0 steps");
    let single = Schedule::sequential(1).unwrap();
    rejects!(
        sharp::from_token_information(Nats(1.0), &single),
        Error::Inconsistent { .. },
        "single token"
    );
    for step in [0, 5] {
        let wrong = |error| matches!(error, Error::OutOfRange { what: "the largest step", .. });
        assert!(li_cai::worst_schedule_lower(&curve(), step).is_err_and(wrong));
        assert!(li_cai::worst_schedule_lower_sharpened(&curve(), step).is_err_and(wrong));
        assert!(li_cai::offset_mean(&curve(), step).is_err_and(wrong));
        assert!(li_cai::offset_schedules(4, step).is_err());
    }
}

#[test]
fn collectors() {
    let mut collector = Collector::<f64>::new(4).unwrap();
    let few = |collector: &Collector<f64>, least| collector.loss_curve(least);
    rejects!(few(&collector, 2), Error::TooFewSamples { .. }, "no samples at 0 revealed", "2 are");
    collector.record(3, Nats(1.0)).unwrap();
    rejects!(few(&collector, 2), Error::TooFewSamples { .. }, "1 samples at 3 revealed", "2 are");
    rejects!(few(&collector, 1), Error::OutOfRange { .. }, "least number of samples is 1", "2");
}

#[test]
fn rounding_noise_is_accepted_and_projected() {
    let noisy = Curve::from_information([1e-17, 0.1, 0.1 - 1e-12, 0.3]).unwrap();
    assert_eq!(noisy.information_values(), [0.0, 0.1, 0.1, 0.3]);
    let noisy = Curve::from_conditional_entropies([1.0, 1.0 + 1e-12, 0.5, -1e-12]).unwrap();
    assert_eq!(noisy.information_values(), [0.0, 0.0, 0.5, 1.0]);
    let noisy = Table::from_probabilities(&[2], [1.0 + 1e-12, -1e-12]).unwrap();
    assert_eq!(noisy.probabilities(), [1.0, 0.0]);
    let coarse = InformationCurve::<f32>::from_information([0.0, 0.5, 0.4999]).unwrap();
    assert_eq!(coarse.information_values(), [0.0, 0.5, 0.5]);
}

#[test]
fn the_smallest_inputs_work() {
    let single = Curve::from_information([0.0]).unwrap();
    let schedule = Schedule::one_step(1).unwrap();
    assert_eq!(single.sampling_error(&schedule).unwrap(), Nats(0.0));
    assert_eq!(single.token_information(), Nats(0.0));
    assert_eq!(single.information(9), Nats(0.0));
    assert_eq!(li_cai::refined_upper(&single, &schedule).unwrap(), Nats(0.0));
    assert_eq!(li_cai::worst_schedule_lower(&single, 1).unwrap(), Nats(0.0));
    let one = Table::from_counts(&[3], [1, 2, 3]).unwrap();
    assert_eq!(one.information_curve().unwrap().total_correlation(), Nats(0.0));
    assert!(sampler::expected_kl(&one, &schedule).unwrap().0.abs() < 1e-15);
}
