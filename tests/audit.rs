//! What the audit says of a schedule is true, and it has something to say of every schedule.

mod support;

use std::ops::Range;

use demask::schedule::{Decoder, DllmAlpha, MaskFunction, SizeTrend};
use demask::{InformationCurve, Schedule, optimal};
use proptest::prelude::*;
use support::{all_schedules, increments, information_of, schedules, seeded};

/// All information at one revealed count.
fn step_curve(tokens: usize, m: usize) -> InformationCurve {
    let values: Vec<f64> = (0..tokens).map(|k| f64::from(u8::from(k >= m))).collect();
    InformationCurve::from_information(values).unwrap()
}

#[test]
fn guarantees_are_the_worst_ratios_over_all_curves() {
    for tokens in 2..=9 {
        for schedule in all_schedules(tokens) {
            let audit = schedule.audit();
            let mut worst = [0.0_f64; 3];
            for m in 1..tokens {
                let curve = step_curve(tokens, m);
                let error = curve.sampling_error(&schedule).unwrap().0;
                let known = [
                    curve.token_information().0,
                    curve.total_correlation().0,
                    curve.dual_total_correlation().0,
                ];
                worst.iter_mut().zip(known).for_each(|(w, known)| *w = w.max(error / known));
            }
            let stated = [
                audit.error_per_token_information,
                audit.total_correlation_factor,
                audit.dual_total_correlation_factor,
            ];
            for (worst, stated) in worst.into_iter().zip(stated) {
                assert!((worst - stated).abs() < 1e-12, "{schedule}: {worst} against {stated}");
            }
        }
    }
}

#[test]
fn a_known_decoder_is_recognised() {
    let listens = |decoder: &Decoder| !matches!(decoder, Decoder::Dus | Decoder::Dllm(_));
    for decoder in Decoder::KNOWN.into_iter().filter(listens) {
        for (tokens, steps) in [(256, 100), (64, 8), (100, 300)] {
            let plan = decoder.plan(tokens, steps).unwrap();
            let audit = plan.audit();
            assert_eq!(audit.nearest.distance, 0, "{decoder}, {steps} steps");
            assert_eq!(audit.empty_passes, audit.nearest.empty_passes);
            assert!(!audit.looks_reversed);
            // Several decoders may do the same; the one named does.
            assert_eq!(audit.nearest.decoder.plan(tokens, plan.passes()).unwrap(), plan);
        }
    }
}

#[test]
fn sizes_in_masking_order_look_reversed() {
    for decoder in [
        Decoder::MaskGit(MaskFunction::Cosine),
        Decoder::MaskGit(MaskFunction::Power(3.0)),
        Decoder::MaskGit(MaskFunction::Log),
        Decoder::Halton,
    ] {
        let plan = decoder.plan(1024, 20).unwrap();
        let reversed = Schedule::from_mask_sizes(plan.schedule().sizes()).unwrap().audit();
        let expected = reversed.trend != SizeTrend::Mixed;
        assert_eq!(reversed.looks_reversed, expected, "{decoder}: {reversed}");
        assert_eq!(reversed.nearest_reversed.distance, 0);
    }
    // One token more or less says nothing of the orientation.
    assert!(!Schedule::from_reveal_sizes([2, 2, 3, 3]).unwrap().audit().looks_reversed);
    let sized = |sizes: &[usize]| Schedule::from_reveal_sizes(sizes).unwrap().audit().trend;
    assert_eq!(sized(&[2, 2]), SizeTrend::Constant);
    assert_eq!(sized(&[1, 2, 2]), SizeTrend::Growing);
    assert_eq!(sized(&[2, 2, 1]), SizeTrend::Shrinking);
    assert_eq!(sized(&[1, 2, 1]), SizeTrend::Mixed);
}

#[test]
fn the_audit_reads_as_a_colleague_would_speak() {
    let plan = Decoder::Llada.plan(256, 100).unwrap();
    assert_eq!(
        plan.audit().to_string(),
        "256 tokens in 100 steps; shrinking steps: they suit information that comes late\n\
         largest step 3, balance ratio 1.172\n\
         for any data, error <= 0.0078 x token information, 1.0000 x TC, 2.0000 x DTC\n\
         these are the sizes of LLaDA"
    );
    let dllm = Decoder::Dllm(DllmAlpha::Cosine).plan(256, 256).unwrap().audit().to_string();
    assert!(dllm.contains("206 steps") && dllm.contains("growing") || dllm.contains("neither"));
    let wasteful = Decoder::Dream.plan(256, 512).unwrap().audit().to_string();
    assert!(wasteful.starts_with("256 tokens in 255 steps and 257 empty passes"), "{wasteful}");
}

/// Sizes of many kinds, up to a million tokens.
fn large_schedules() -> impl Strategy<Value = Schedule> {
    let some = proptest::collection::vec(1..5000_usize, 1..200);
    let geometric = (1.0001..2.0_f64).prop_map(|ratio| {
        let mut sizes = Vec::new();
        let (mut size, mut left) = (1.0, 1_000_000_usize);
        while left > 0 && sizes.len() < 20_000 {
            let step = (size as usize).min(left);
            sizes.push(step);
            left -= step;
            size *= ratio;
        }
        sizes
    });
    let spike = (1..1_000_000_usize).prop_map(|spike| vec![1, spike, 1]);
    prop_oneof![some, geometric, spike]
        .prop_map(|sizes| Schedule::from_reveal_sizes(sizes).unwrap())
}

proptest! {
    #![proptest_config(seeded(40, 81))]

    #[test]
    fn every_schedule_has_an_audit(schedule in large_schedules()) {
        let audit = schedule.audit();
        prop_assert!(audit.balance_ratio >= 1.0 - 1e-12);
        prop_assert!((0.0..1.0).contains(&audit.error_per_token_information));
        prop_assert!((0.0..=1.0).contains(&audit.total_correlation_factor));
        prop_assert!(audit.nearest.distance <= audit.tokens);
        prop_assert!(!audit.to_string().is_empty());
    }

    #[test]
    fn step_costs_are_differences_of_exact_errors(
        (increments, schedule) in increments(30)
            .prop_flat_map(|d| { let n = d.len() + 1; (Just(d), schedules(n)) }),
    ) {
        let curve = InformationCurve::from_information(information_of(&increments)).unwrap();
        let error = |sizes: &[usize]| {
            curve.sampling_error(&Schedule::from_reveal_sizes(sizes).unwrap()).unwrap().0
        };
        let whole = error(schedule.sizes());
        let noise = 1e-13 * curve.total_correlation().0;
        let costs = curve.step_costs(&schedule).unwrap();
        prop_assert!((costs.iter().map(|c| c.error.0).sum::<f64>() - whole).abs() <= noise);
        for (step, cost) in costs.iter().enumerate() {
            let Range { start, end } = cost.range;
            let mut best = 0.0_f64;
            for cut in start + 1..end {
                let mut sizes = schedule.sizes().to_vec();
                sizes.splice(step..=step, [cut - start, end - cut]);
                let saved = whole - error(&sizes);
                best = best.max(saved);
                if cut == cost.cut {
                    prop_assert!((saved - cost.saved_by_cut.0).abs() <= noise);
                }
            }
            prop_assert!((best - cost.saved_by_cut.0).abs() <= noise);
            match schedule.sizes().get(step + 1) {
                None => prop_assert_eq!(cost.lost_by_joining, None),
                Some(&next) => {
                    let mut sizes = schedule.sizes().to_vec();
                    sizes.splice(step..=step + 1, [end - start + next]);
                    let lost = error(&sizes) - whole;
                    prop_assert!((lost - cost.lost_by_joining.unwrap().0).abs() <= noise);
                }
            }
        }
    }
}

#[test]
fn a_curve_shows_the_waste() {
    // Information at 10 and at 40 only: a step must start there.
    let values: Vec<f64> =
        (0..64).map(|k| f64::from(u8::from(k >= 10) + u8::from(k >= 40))).collect();
    let curve = InformationCurve::from_information(values).unwrap();
    let schedule = Schedule::from_reveal_sizes([10, 20, 30, 4]).unwrap();
    let audit = optimal::audit(&curve, &schedule).unwrap();
    assert_eq!(audit.schedule, schedule.audit());
    assert_eq!(audit.error.0, 20.0); // 40 lies 20 before the end of its step
    assert_eq!(audit.least_error.0, 0.0);
    assert_eq!(audit.best.steps(), 4);
    assert_eq!(audit.most_wasteful()[0], 2);
    assert_eq!((audit.steps[2].cut, audit.steps[2].saved_by_cut.0), (40, 20.0));
    let text = audit.to_string();
    assert!(text.contains("step 3 (tokens 31 to 60) costs 20.0000 nats; cut at 40"), "{text}");
    assert!(optimal::audit(&curve, &Schedule::one_step(5).unwrap()).is_err());
}

#[test]
fn a_million_tokens_are_audited() {
    for steps in [1, 2, 1_000, 999_999, 1_000_000] {
        let audit = Schedule::balanced(1_000_000, steps).unwrap().audit();
        assert_eq!((audit.nearest.decoder, audit.nearest.distance), (Decoder::Llada, 0));
    }
    let most = Schedule::one_step(usize::MAX).unwrap().audit();
    assert_eq!((most.largest_step, most.nearest.distance), (usize::MAX, 0));
    let one = Schedule::one_step(1).unwrap().audit();
    assert_eq!((one.total_correlation_factor, one.dual_total_correlation_factor), (0.0, 0.0));
}
