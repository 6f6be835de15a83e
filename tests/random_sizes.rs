//! Random reveal sizes against enumeration of all sizes, and the limits of many steps.

use crate::support;

use proptest::prelude::*;
use support::{increments, information_of, seeded, tables};
use unmaskcost::schedule::Passes;
use unmaskcost::{Error, InformationCurve, Schedule, optimal, sampler};
use unmaskcost::{
    decoders::Decoder,
    schedule::{NoiseSchedule, RevealTimes, Rounding},
};

/// Every list of `steps` sizes with this sum, zeros allowed, and its multinomial probability.
fn all_sizes(tokens: usize, parts: &[f64]) -> Vec<(Vec<usize>, f64)> {
    let Some((&part, later)) = parts.split_first() else {
        return if tokens == 0 { vec![(Vec::new(), 1.0)] } else { Vec::new() };
    };
    let mut lists = Vec::new();
    let mut choose = 1.0;
    for size in 0..=tokens {
        for (rest, probability) in all_sizes(tokens - size, later) {
            let sizes = std::iter::once(size).chain(rest).collect();
            lists.push((sizes, choose * part.powi(size as i32) * probability));
        }
        choose *= (tokens - size) as f64 / (size + 1) as f64;
    }
    lists
}

fn mean_over_sizes(tokens: usize, times: &RevealTimes, value: impl Fn(&Passes) -> f64) -> f64 {
    let parts: Vec<f64> = times.parts().collect();
    all_sizes(tokens, &parts)
        .into_iter()
        .map(|(sizes, probability)| probability * value(&Passes::from_sizes(sizes).unwrap()))
        .sum()
}

fn times(max_steps: usize) -> impl Strategy<Value = RevealTimes> {
    proptest::collection::vec(1e-3..1.0_f64, 1..=max_steps).prop_map(|weights| {
        let sum: f64 = weights.iter().sum();
        let mut times = vec![0.0];
        for weight in &weights[1..] {
            times.push(times.last().unwrap() + weight / sum);
        }
        times.push(1.0);
        RevealTimes::from_times(times).unwrap()
    })
}

/// The textbook form: `TC - L sum_i (t_{i+1} - t_i) g(t_i)`.
fn by_difference(curve: &InformationCurve, times: &RevealTimes) -> f64 {
    let others = curve.tokens() - 1;
    let mean_information = |u: f64| -> f64 {
        let (mut choose_ln, mut sum) = (0.0, 0.0);
        for k in 0..=others {
            let ln = |x: f64, n: usize| if n == 0 { 0.0 } else { n as f64 * x.ln() };
            sum += (choose_ln + ln(u, k) + ln(1.0 - u, others - k)).exp() * curve.information(k).0;
            choose_ln += ((others - k) as f64 / (k + 1) as f64).ln();
        }
        sum
    };
    let sum: f64 =
        times.times().iter().zip(times.parts()).map(|(&t, d)| d * mean_information(t)).sum();
    curve.total_correlation().0 - curve.tokens() as f64 * sum
}

proptest! {
    #![proptest_config(seeded(96, 61))]

    #[test]
    fn expected_error_is_the_mean_over_all_sizes(
        increments in increments(6), times in times(4),
    ) {
        let curve = InformationCurve::from_information(information_of(&increments)).unwrap();
        let tokens = curve.tokens();
        let error = |plan: &Passes| curve.sampling_error(plan.schedule()).unwrap().0;
        let enumerated = mean_over_sizes(tokens, &times, error);
        let computed = curve.expected_sampling_error(&times).unwrap().0;
        prop_assert!((computed - enumerated).abs() <= 1e-12 * enumerated, "{computed} {enumerated}");
    }

    #[test]
    fn expected_error_is_the_total_correlation_less_what_the_steps_know(
        increments in proptest::collection::vec(0.0..1.0_f64, 1..200), times in times(12),
    ) {
        let curve = InformationCurve::from_information(information_of(&increments)).unwrap();
        let computed = curve.expected_sampling_error(&times).unwrap().0;
        let scale = curve.total_correlation().0;
        prop_assert!((computed - by_difference(&curve, &times)).abs() < 1e-11 * scale);
    }

    #[test]
    fn expected_error_is_what_the_sampler_does(table in tables::<f64>(4, 64), times in times(3)) {
        let kl = |plan: &Passes| sampler::expected_kl(&table, plan.schedule()).unwrap().0;
        let by_sampler = mean_over_sizes(table.tokens(), &times, kl);
        let curve = table.information_curve().unwrap();
        let computed = curve.expected_sampling_error(&times).unwrap().0;
        prop_assert!((computed - by_sampler).abs() < 1e-13);
    }

    #[test]
    fn nonempty_steps_follow_their_law(tokens in 1..7_usize, times in times(4)) {
        let law = times.nonempty_steps_law(tokens).unwrap();
        prop_assert_eq!(law.len(), times.steps() + 1);
        for (j, p) in law.iter().enumerate() {
            let exactly = |plan: &Passes| f64::from(plan.schedule().steps() == j);
            prop_assert!((p - mean_over_sizes(tokens, &times, exactly)).abs() < 1e-13);
        }
        let mean: f64 = law.iter().enumerate().map(|(j, p)| j as f64 * p).sum();
        prop_assert!((mean - times.expected_nonempty_steps(tokens)).abs() < 1e-12);
    }

    #[test]
    fn step_sizes_follow_their_law(tokens in 1..7_usize, times in times(4)) {
        for step in 0..times.steps() {
            let law = times.step_size_law(tokens, step).unwrap();
            for (s, p) in law.iter().enumerate() {
                let exactly = |plan: &Passes| f64::from(plan.sizes().nth(step) == Some(s));
                prop_assert!((p - mean_over_sizes(tokens, &times, exactly)).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn one_more_time_never_hurts(increments in increments(40), times in times(6), cut in 0.0..1.0_f64) {
        let curve = InformationCurve::from_information(information_of(&increments)).unwrap();
        let mut finer = times.times().to_vec();
        finer.push(cut);
        finer.sort_by(f64::total_cmp);
        if let Ok(finer) = RevealTimes::from_times(finer) {
            let error = |times| curve.expected_sampling_error(times).unwrap().0;
            prop_assert!(error(&finer) <= error(&times) * (1.0 + 1e-12));
        }
    }
}

#[test]
fn two_tokens_meet_in_a_step_with_the_sum_of_squares() {
    let curve = InformationCurve::from_information([0.0, 1.0]).unwrap();
    for list in [
        vec![0.0, 1.0],
        vec![0.0, 1e-12, 0.5, 1.0],
        vec![0.0, 0.5, 1.0 - 1e-10, 1.0],
        (0..=100_000).map(|i| f64::from(i) / 1e5).collect(),
    ] {
        let times = RevealTimes::from_times(list).unwrap();
        let squares: f64 = times.parts().map(|d| d * d).sum();
        let error = curve.expected_sampling_error(&times).unwrap().0;
        assert!((error - squares).abs() < 1e-13 * squares, "{error} against {squares}");
    }
}

#[test]
fn many_steps_leave_half_the_token_information_a_step() {
    // T error -> L I_{L-1} / 2: nothing may cancel on the way.
    let information: Vec<f64> = (0..60).map(|k| 1.0 - 0.9_f64.powi(k)).collect();
    let curve = InformationCurve::from_information(information).unwrap();
    for steps in [1_000, 10_000, 100_000] {
        let times = RevealTimes::equal(steps).unwrap();
        let error = curve.expected_sampling_error(&times).unwrap().0;
        let ratio = error * 2.0 * steps as f64 / curve.token_information().0;
        // The next term of Euler and Maclaurin: (h'(1) - h'(0)) / 12 T^2.
        assert!((ratio - 1.0).abs() < 30.0 / steps as f64, "T = {steps}: {ratio}");
    }
    let (few, many) = (RevealTimes::equal(10_000).unwrap(), RevealTimes::equal(20_000).unwrap());
    let error = |times| curve.expected_sampling_error(times).unwrap().0;
    assert!((error(&few) / error(&many) - 2.0).abs() < 1e-2);
}

#[test]
fn the_mean_sawtooth_of_one_step_is_the_sawtooth() {
    for tokens in [1, 2, 3, 100, 3000] {
        let weights = RevealTimes::equal(1).unwrap().mean_sawtooth(tokens).unwrap();
        let schedule = Schedule::one_step(tokens).unwrap();
        for (mean, c) in weights.iter().zip(schedule.sawtooth()) {
            assert!((mean - c as f64).abs() <= 1e-12 * c as f64, "L = {tokens}: {mean}, {c}");
        }
    }
}

#[test]
fn a_long_sequence_with_few_steps_forgets_its_coins() {
    // With L/T large the sizes hardly vary: the mean sawtooth is the sawtooth, away from its teeth.
    let (tokens, steps) = (40_000, 4);
    let weights = RevealTimes::equal(steps).unwrap().mean_sawtooth(tokens).unwrap();
    for m in [2_000, 5_000, 12_000, 25_000, 38_000] {
        let c = (tokens / steps - m % (tokens / steps)) as f64;
        assert!((weights[m] / c - 1.0).abs() < 1e-3, "m = {m}: {} against {c}", weights[m]);
    }
}

#[test]
fn mdlm_leaves_a_third_of_its_passes_empty() {
    let nonempty = |steps| RevealTimes::mdlm(steps).unwrap().expected_nonempty_steps(1024);
    // Published as 648: this number rounded up.
    assert!((nonempty(1024) - 647.482).abs() < 1e-3);
    assert!((nonempty(5000) - 926.034).abs() < 1e-3);
    let law = RevealTimes::equal(1024).unwrap().nonempty_steps_law(1024).unwrap();
    let mean: f64 = law.iter().enumerate().map(|(j, p)| j as f64 * p).sum();
    assert!((mean - 647.475_466_842_858_3).abs() < 1e-9, "{mean}");
}

#[test]
fn the_law_of_nonempty_steps_is_the_law_of_occupied_boxes() {
    // Equal steps: one token after the other finds an occupied box or an empty one.
    for (tokens, steps, tolerance) in [(64, 64, 1e-15), (3000, 100, 1e-14), (10, 2000, 1e-13)] {
        let mut occupied = vec![0.0; steps + 1];
        occupied[0] = 1.0;
        for _ in 0..tokens {
            for j in (0..=steps).rev() {
                let fewer = if j > 0 { occupied[j - 1] * (steps - j + 1) as f64 } else { 0.0 };
                occupied[j] = (occupied[j] * j as f64 + fewer) / steps as f64;
            }
        }
        let law = RevealTimes::equal(steps).unwrap().nonempty_steps_law(tokens).unwrap();
        let pairs = || law.iter().zip(&occupied);
        let worst = pairs().map(|(a, b)| (a - b).abs()).fold(0.0_f64, f64::max);
        assert!(worst < tolerance, "L = {tokens}, T = {steps}: {worst:e}");
    }
}

/// Two short steps and a long one, at lengths where the circle has millions of points.
#[test]
fn the_law_of_nonempty_steps_takes_no_longer_for_longer_sequences() {
    for exponent in [10, 30, 50, 63] {
        let tokens = 1_usize << exponent;
        for (first, second) in [(0.3, 0.8), (1.5, 0.1), (3.0, 20.0)] {
            let (a, b) = (first / tokens as f64, second / tokens as f64);
            let law =
                RevealTimes::from_times([0.0, a, a + b, 1.0]).unwrap().nonempty_steps_law(tokens);
            let none = |part: f64| (tokens as f64 * (-part).ln_1p()).exp();
            let (b, both) = ((a + b) - a, none(a + b));
            let apart = none(a) + none(b) - 2.0 * both;
            let expected = [0.0, both, apart, 1.0 - apart - both];
            for (found, expected) in law.unwrap().iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 2e-15,
                    "2^{exponent}: {found} is not {expected}"
                );
            }
        }
    }
}

#[test]
fn preset_times_are_those_of_the_originals() {
    let mdlm = RevealTimes::mdlm(4).unwrap();
    assert_eq!(mdlm.steps(), 5);
    assert!((mdlm.times()[4] - 0.99999).abs() < 1e-15);
    let origin = RevealTimes::dream_origin(4).unwrap();
    assert_eq!(origin.steps(), 4);
    assert!((origin.times()[3] - 0.999 * 0.75).abs() < 1e-15);
    assert_eq!(RevealTimes::dream_origin(1).unwrap(), RevealTimes::equal(1).unwrap());
}

#[test]
fn single_precision_curves_give_the_same_error() {
    let information: Vec<f64> = (0..500).map(|k| (k as f64 / 100.0).tanh()).collect();
    let single: Vec<f32> = information.iter().map(|&x| x as f32).collect();
    let times = RevealTimes::equal(20).unwrap();
    let double = InformationCurve::from_information(information).unwrap();
    let single = InformationCurve::from_information(single).unwrap();
    let exact = double.expected_sampling_error(&times).unwrap().0;
    let rough = single.expected_sampling_error(&times).unwrap().0;
    assert!((f64::from(rough) - exact).abs() < 1e-5 * exact);
}

#[test]
fn the_best_times_are_found() {
    let laws: [fn(usize) -> f64; 5] = [
        |k| (k as f64).sqrt(),
        |k| 1.0 - 0.6_f64.powi(k as i32),
        |k| f64::from(u8::from(k >= 1)),
        |k| f64::from(u8::from(k >= 11)),
        |k| f64::from(u8::from(k >= 3)) + 2.0 * f64::from(u8::from(k >= 9)),
    ];
    for (law, information) in laws.into_iter().enumerate() {
        let values: Vec<f64> = (0..12).map(information).collect();
        let curve = InformationCurve::from_information(values).unwrap();
        let error = |times: &RevealTimes| curve.expected_sampling_error(times).unwrap().0;
        let at = |inner: &[f64]| {
            let list: Vec<f64> = [0.0].iter().chain(inner).chain(&[1.0]).copied().collect();
            RevealTimes::from_times(list).map_or(f64::INFINITY, |times| error(&times))
        };
        let grid = |n: u32| (1..n).map(move |i| f64::from(i) / f64::from(n));
        let two = optimal::reveal_times(&curve, 2).unwrap();
        let scanned = grid(5000).map(|t| at(&[t])).fold(f64::INFINITY, f64::min);
        assert!(
            two.error.0 <= scanned * (1.0 + 1e-12),
            "law {law}: {} against {scanned}",
            two.error.0
        );
        let three = optimal::reveal_times(&curve, 3).unwrap();
        let scanned = grid(150)
            .flat_map(|s| grid(150).map(move |t| [s, t]))
            .filter(|[s, t]| s < t)
            .map(|inner| at(&inner))
            .fold(f64::INFINITY, f64::min);
        assert!(
            three.error.0 <= scanned * (1.0 + 1e-12),
            "law {law}: {} against {scanned}",
            three.error.0
        );
        for best in [&two, &three] {
            let (times, found) = (&best.plan, best.error);
            assert_eq!(error(times), found.0);
            // No inner time can be moved to advantage.
            for i in 1..times.steps() {
                for shift in [-1e-4, 1e-4] {
                    let mut list = times.times().to_vec();
                    list[i] += shift;
                    let moved = RevealTimes::from_times(list).unwrap();
                    assert!(error(&moved) >= found.0 * (1.0 - 1e-12));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(seeded(24, 63))]

    #[test]
    fn coins_never_beat_fixed_sizes(increments in increments(40), steps in 1..12_usize) {
        let curve = InformationCurve::from_information(information_of(&increments)).unwrap();
        let best = optimal::reveal_times(&curve, steps).unwrap();
        let (times, error) = (best.plan, best.error);
        prop_assert_eq!(times.steps(), steps);
        let equal = curve.expected_sampling_error(&RevealTimes::equal(steps).unwrap()).unwrap();
        prop_assert!(error.0 <= equal.0 * (1.0 + 1e-9));
        let fixed = optimal::schedule(&curve, steps.min(curve.tokens())).unwrap().1;
        prop_assert!(fixed.0 <= error.0 * (1.0 + 1e-12));
    }
}

#[test]
fn best_times_refuse_what_cannot_be() {
    let curve = InformationCurve::from_information([0.0, 1.0]).unwrap();
    assert!(matches!(optimal::reveal_times(&curve, 0), Err(Error::Empty { .. })));
    assert!(matches!(optimal::reveal_times(&curve, 1 << 20), Err(Error::TooLarge { .. })));
    let single = InformationCurve::from_information([0.0_f64]).unwrap();
    assert_eq!(optimal::reveal_times(&single, 3).unwrap().error.0, 0.0);
    // Two tokens: equal steps are best.
    let best = optimal::reveal_times(&curve, 4).unwrap();
    let (times, error) = (best.plan, best.error);
    assert!((error.0 - 0.25_f64).abs() < 1e-14 && (times.times()[1] - 0.25).abs() < 1e-9);
}

#[cfg(feature = "rand")]
#[test]
fn drawn_sizes_have_the_expected_error_and_steps() {
    let mut generator = support::generator(62);
    let times = RevealTimes::from_times([0.0, 0.1, 0.15, 0.5, 0.9, 1.0]).unwrap();
    let information: Vec<f64> = (0..12).map(|k| f64::from(k).sqrt()).collect();
    let curve = InformationCurve::from_information(information).unwrap();
    let runs = 20_000;
    let (mut errors, mut squares, mut nonempty) = (0.0, 0.0, 0.0);
    for _ in 0..runs {
        let run = times.sample(12, &mut generator).unwrap();
        assert_eq!((run.schedule().tokens(), run.count()), (12, 5));
        let error = curve.sampling_error(run.schedule()).unwrap().0;
        errors += error;
        squares += error * error;
        nonempty += run.schedule().steps() as f64;
    }
    let n = f64::from(runs);
    let deviation = ((squares / n - (errors / n).powi(2)) / n).sqrt();
    let expected = curve.expected_sampling_error(&times).unwrap().0;
    assert!((errors / n - expected).abs() < 4.0 * deviation);
    assert!((nonempty / n - times.expected_nonempty_steps(12)).abs() < 0.03);
}

#[test]
fn noise_schedules_become_times_and_sizes_and_times_again() {
    let schedules = [
        NoiseSchedule::linear(),
        NoiseSchedule::cosine(),
        NoiseSchedule::log_linear(1e-3).unwrap(),
        NoiseSchedule::polynomial(2.5).unwrap(),
        NoiseSchedule::polynomial(0.5).unwrap(),
        NoiseSchedule::from_alpha(|t| (-5.0 * t).exp()).unwrap(),
    ];
    let rules = [
        Rounding::RevealedNearest,
        Rounding::RevealedFloor,
        Rounding::MaskedFloor,
        Rounding::MaskedFloorClamped,
        Rounding::StepNearest,
        Rounding::StepTruncated,
    ];
    for noise in &schedules {
        let times = noise.times(20).unwrap();
        let clock = noise.diffusion_times(&times);
        for (i, t) in clock.iter().enumerate() {
            assert!((t - (20 - i) as f64 / 20.0).abs() < 1e-12, "{noise:?}: {t} at {i}");
        }
        for rule in rules {
            for tokens in [1, 7, 20, 1000] {
                let plan = times.round(tokens, rule).unwrap();
                assert_eq!((plan.schedule().tokens(), plan.count()), (tokens, 20));
            }
        }
        let fine = times.round(1_000_000, Rounding::RevealedNearest).unwrap();
        let back = RevealTimes::of_schedule(fine.schedule());
        for (a, b) in times.times().iter().zip(back.times()) {
            assert!((a - b).abs() <= 0.5e-6 + 1e-12);
        }
    }
    // Linear and log-linear are the same once sampling starts from all masks.
    let (a, b) = (schedules[0].times(9).unwrap(), schedules[2].times(9).unwrap());
    assert!(a.times().iter().zip(b.times()).all(|(a, b)| (a - b).abs() < 1e-15));
}

#[test]
fn named_rounding_rules_are_those_of_the_decoders() {
    use unmaskcost::decoders::Shape;
    for (tokens, steps) in [(256, 100), (128, 64), (1000, 31)] {
        let cosine = NoiseSchedule::cosine().times(steps).unwrap();
        let maskgit = Decoder::MaskGit(Shape::Cosine).plan(tokens, steps).unwrap();
        assert_eq!(cosine.round(tokens, Rounding::MaskedFloorClamped).unwrap(), maskgit);
        let dllm = Decoder::Dllm(Shape::Cosine).plan(tokens, steps).unwrap();
        let rounded = cosine.round(tokens, Rounding::StepNearest).unwrap();
        assert_eq!(rounded.schedule(), dllm.schedule());
        let dream = Decoder::Dream.plan(tokens, steps).unwrap();
        let origin = RevealTimes::dream_origin(steps).unwrap();
        assert_eq!(origin.round(tokens, Rounding::StepTruncated).unwrap(), dream);
    }
}

#[test]
fn the_precision_of_the_original_can_move_a_token() {
    // cos(pi/3) = 1/2: 499 masks left in single precision, 500 in double.
    let single = Decoder::MaskGit(unmaskcost::decoders::Shape::Cosine).plan(1000, 30).unwrap();
    let cosine = NoiseSchedule::cosine().times(30).unwrap();
    let double = cosine.round(1000, Rounding::MaskedFloorClamped).unwrap();
    let revealed = |plan: &Passes| plan.sizes().take(20).sum::<usize>();
    assert_eq!((revealed(&single), revealed(&double)), (501, 500));
}

#[test]
fn impossible_times_say_what_is_wrong() {
    let refused = |times: &[f64]| RevealTimes::from_times(times).unwrap_err();
    assert!(matches!(refused(&[]), Error::Empty { .. }));
    assert!(matches!(refused(&[0.0]), Error::Empty { .. }));
    assert!(matches!(refused(&[0.0, f64::NAN, 1.0]), Error::NotFinite { index: Some(1), .. }));
    assert!(matches!(refused(&[0.1, 1.0]), Error::OutOfRange { needed: "0 (up to rounding)", .. }));
    assert!(matches!(refused(&[0.0, 0.5, 0.4, 1.0]), Error::NotMonotone { index: 2, .. }));
    assert!(matches!(refused(&[0.0, 1.5, 1.0]), Error::NotMonotone { index: 2, .. }));
    assert!(matches!(refused(&[0.0, 0.5]), Error::Inconsistent { .. }));
    assert!(matches!(RevealTimes::equal(0), Err(Error::Empty { .. })));
    let at = |times: &[f64]| NoiseSchedule::linear().times_at(times).unwrap_err();
    assert!(matches!(at(&[1.0, -0.5, -1.0]), Error::OutOfRange { value: -0.5, .. }));
    assert!(matches!(at(&[1.5, 0.5]), Error::OutOfRange { value: 1.5, .. }));
    assert!(matches!(at(&[1.0, f64::NAN]), Error::NotFinite { index: Some(1), .. }));
    assert!(matches!(at(&[1.0, 0.2, 0.4]), Error::NotMonotone { index: 2, .. }));

    let times = RevealTimes::equal(3).unwrap();
    assert!(matches!(times.step_size_law(5, 3), Err(Error::IndexOutOfRange { limit: 3, .. })));
    assert!(matches!(times.mean_sawtooth(0), Err(Error::Empty { .. })));
    assert!(matches!(times.mean_sawtooth(1 << 29), Err(Error::TooLarge { .. })));
    assert!(matches!(times.nonempty_steps_law(0), Err(Error::Empty { .. })));
    let long = RevealTimes::equal(100_000).unwrap();
    assert!(matches!(long.nonempty_steps_law(1 << 20), Err(Error::TooLarge { .. })));

    assert!(matches!(NoiseSchedule::from_alpha(|_| f64::NAN), Err(Error::NotFinite { .. })));
    assert!(matches!(NoiseSchedule::from_alpha(|t| t), Err(Error::NotMonotone { index: 1, .. })));
    assert!(matches!(NoiseSchedule::from_alpha(|t| 0.5 - t), Err(Error::Negative { .. })));
    assert!(matches!(NoiseSchedule::from_alpha(|_| 0.5), Err(Error::Inconsistent { .. })));
    assert!(matches!(NoiseSchedule::from_alpha(|t| 2.0 - t), Err(Error::Inconsistent { .. })));
    assert!(matches!(
        NoiseSchedule::polynomial(0.0),
        Err(Error::OutOfRange { needed: "a positive number", .. })
    ));
    assert!(matches!(NoiseSchedule::log_linear(1.5), Err(Error::NotMonotone { .. })));
    assert!(matches!(NoiseSchedule::linear().times(0), Err(Error::Empty { .. })));
    let nothing_masked = NoiseSchedule::linear().times_at(&[0.0, 0.0]);
    assert!(matches!(
        nothing_masked,
        Err(Error::OutOfRange { value: 0.0, needed: "a positive number", .. })
    ));
    let empty = NoiseSchedule::linear().times_at(&[]);
    assert!(matches!(empty, Err(Error::Empty { .. })));
}

#[test]
fn every_noise_schedule_has_times_and_says_which_steps_are_empty_for_certain() {
    for (power, steps) in [(6.0, 1000_u32), (20.0, 1000), (2.0, 100_000), (3.0, 1 << 18)] {
        let times = NoiseSchedule::polynomial(power).unwrap().times(steps as usize).unwrap();
        assert_eq!(times.steps(), steps as usize);
        let mut empty = 0;
        for (i, part) in (0..steps).zip(times.parts()) {
            // Between two masked parts: only what is below the rounding of 1 may be lost.
            let masked = |i: u32| (f64::from(steps - i) / f64::from(steps)).powf(power);
            let exact = masked(i) - masked(i + 1);
            assert!((part - exact).abs() <= 2.3e-16, "{power}: {part:e} for {exact:e}");
            empty += usize::from(part == 0.0);
        }
        assert_eq!(times.certainly_empty_steps(), empty);
        assert_eq!(empty > 0, power * f64::from(steps).log2() > 53.0);
        let steps = steps as usize;
        let law = times.step_size_law(10, steps - 1).unwrap();
        assert!((law[0] - 1.0).abs() < 1e-8);
        assert!(times.expected_nonempty_steps(64) < 64.0);
        let plan = times.round(1000, Rounding::RevealedNearest).unwrap();
        assert_eq!((plan.schedule().tokens(), plan.count()), (1000, steps));
    }
    let flat = NoiseSchedule::from_alpha(|t| if t < 0.5 { 1.0 } else { 2.0 - 2.0 * t }).unwrap();
    let times = flat.times(10).unwrap();
    assert_eq!(times.certainly_empty_steps(), 5);
    // Empty steps change nothing else.
    let without = RevealTimes::from_times(&times.times()[..6]).unwrap();
    let curve = InformationCurve::from_information([0.0, 0.3, 0.5, 0.6]).unwrap();
    let error = |times| curve.expected_sampling_error(times).unwrap().0;
    assert_eq!(error(&times), error(&without));
    assert_eq!(times.expected_nonempty_steps(7), without.expected_nonempty_steps(7));
    let (law, shorter) =
        (times.nonempty_steps_law(4).unwrap(), without.nonempty_steps_law(4).unwrap());
    assert!(law.iter().zip(&shorter).all(|(a, b)| (a - b).abs() < 1e-13));
    assert!(law[6..].iter().all(|p| *p < 1e-13));
    for rule in [
        Rounding::RevealedNearest,
        Rounding::RevealedFloor,
        Rounding::MaskedFloor,
        Rounding::MaskedFloorClamped,
        Rounding::StepNearest,
        Rounding::StepTruncated,
    ] {
        assert_eq!(times.round(50, rule).unwrap().schedule().tokens(), 50);
    }
    let ends = RevealTimes::from_times([-0.0, 0.0, 0.5, 1.0, 1.0]).unwrap();
    assert!(ends.times()[..2].iter().all(|t| t.is_sign_positive()));
    assert_eq!(error(&ends), error(&RevealTimes::equal(2).unwrap()));
    assert_eq!(ends.step_size_law(3, 0).unwrap(), [1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn the_masked_part_keeps_its_digits_where_almost_all_is_unmasked() {
    // From t on, the times of a power are those from 1 on.
    for power in [0.5, 2.0, 6.0] {
        let noise = NoiseSchedule::polynomial(power).unwrap();
        for start in [1.0, 1e-3, 1e-20] {
            let grid: Vec<f64> = (0..=8).map(|i| start * (1.0 - f64::from(i) / 8.0)).collect();
            let times = noise.times_at(&grid).unwrap();
            for (i, u) in (0..).zip(times.times()) {
                let exact = 1.0 - (1.0 - f64::from(i) / 8.0_f64).powf(power);
                assert!((u - exact).abs() < 1e-14, "{power}, {start}: {u} {exact}");
            }
            let clock = noise.diffusion_times(&times);
            assert_eq!(clock.len(), 9);
        }
    }
    // And near t = 1, where almost all is masked, alpha does.
    let noise = NoiseSchedule::polynomial(2.0).unwrap();
    assert!((noise.alpha(1.0 - 2_f64.powi(-50)) / 2_f64.powi(-49) - 1.0).abs() < 1e-14);
    let cosine = NoiseSchedule::cosine().times_at(&[1e-30, 5e-31, 0.0]).unwrap();
    assert!((cosine.times()[1] - 0.5).abs() < 1e-15);
}

#[test]
fn times_of_a_schedule_round_back_while_floats_tell_counts_apart() {
    let back = |sizes: &[usize]| {
        let schedule = Schedule::from_reveal_sizes(sizes).unwrap();
        let times = RevealTimes::of_schedule(&schedule);
        let plan = times.round(schedule.tokens(), Rounding::RevealedNearest).unwrap();
        (schedule, times, plan)
    };
    for exponent in [10, 30, 50] {
        let most: usize = 1 << exponent;
        for cut in [1, 3, most / 7, most / 3, most / 2 + 1, most - 12] {
            let (schedule, times, plan) = back(&[cut, 1, 2, most - cut - 9, 6]);
            assert_eq!(plan.schedule(), &schedule);
            assert_eq!(times.certainly_empty_steps(), 0);
        }
    }
    // Beyond, short steps may be lost, and the times say so.
    let (_, times, plan) = back(&[usize::MAX - 1, 1]);
    assert_eq!((times.times(), times.certainly_empty_steps()), ([0.0, 1.0, 1.0].as_slice(), 1));
    assert_eq!((plan.schedule().tokens(), plan.empty()), (usize::MAX, [1].as_slice()));
}

/// The sizes of `steps` equal steps by exact fractions: `t_i = i / T`, and a step takes one part in
/// `T - i` of what is masked.
fn equal_steps_by_fractions(tokens: usize, steps: usize, rule: Rounding) -> Vec<usize> {
    let mut masked = tokens;
    let step = |i: usize| {
        let product = tokens * (i + 1);
        let left = match rule {
            _ if i + 1 == steps => 0,
            Rounding::RevealedNearest => tokens - (2 * product + steps) / (2 * steps),
            Rounding::RevealedFloor => tokens - product / steps,
            Rounding::MaskedFloor => tokens * (steps - i - 1) / steps,
            Rounding::MaskedFloorClamped => {
                let left = tokens * (steps - i - 1) / steps;
                left.min(masked.saturating_sub(1)).max(1)
            }
            Rounding::StepTruncated => masked - masked / (steps - i),
            _ => {
                let (whole, rest) = (masked / (steps - i), 2 * (masked % (steps - i)));
                let up = rest > steps - i || rest == steps - i && whole % 2 == 1;
                masked - whole - usize::from(up)
            }
        };
        let left = left.min(masked);
        let size = masked - left;
        masked = left;
        size
    };
    (0..steps).map(step).collect()
}

#[test]
fn equal_steps_round_as_exact_fractions_do() {
    let rules = [
        Rounding::RevealedNearest,
        Rounding::RevealedFloor,
        Rounding::MaskedFloor,
        Rounding::MaskedFloorClamped,
        Rounding::StepNearest,
        Rounding::StepTruncated,
    ];
    let check = |tokens: usize, steps: usize| {
        let equal = RevealTimes::equal(steps).unwrap();
        let linear = NoiseSchedule::linear().times(steps).unwrap();
        assert_eq!(equal, linear);
        assert_eq!(equal, NoiseSchedule::log_linear(1e-3).unwrap().times(steps).unwrap());
        for rule in rules {
            let plan = equal.round(tokens, rule).unwrap();
            let expected = equal_steps_by_fractions(tokens, steps, rule);
            assert!(plan.sizes().eq(expected), "L = {tokens}, T = {steps}, {rule:?}");
            assert!(tokens != steps || plan.schedule().steps() == tokens, "{tokens} {rule:?}");
        }
    };
    for steps in 1..=200 {
        check(steps, steps);
        for tokens in (1..=200).step_by(1 + steps % 3) {
            check(tokens, steps);
        }
    }
    for (tokens, steps) in [(1024, 1000), (4096, 4096), (50_000, 333), (1 << 30, 1 << 10)] {
        check(tokens, steps);
    }
}

#[test]
fn halves_are_rounded_away_from_zero_or_to_even_as_the_rule_says() {
    let halves = RevealTimes::equal(2).unwrap();
    for (tokens, nearest, even) in [(1, 1, 0), (3, 2, 2), (5, 3, 2), (7, 4, 4), (9, 5, 4)] {
        let first = |rule| halves.round(tokens, rule).unwrap().sizes().next();
        assert_eq!(first(Rounding::RevealedNearest), Some(nearest));
        assert_eq!(first(Rounding::StepNearest), Some(even));
    }
}
