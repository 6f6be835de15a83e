//! The promise of the crate: lower <= exact <= upper, with the exact error from the sampler itself.

use crate::support;

use proptest::prelude::*;
use support::*;
use unmaskcost::bounds::{KlBounds, li_cai, sharp};
use unmaskcost::{
    InformationCurve, Nats, Scalar, Schedule, TrainingError, distribution::JointTable, sampler,
};

/// What must hold for any table and schedule, in any scalar.
fn check_table<F: Scalar>(table: &JointTable<F>, schedule: &Schedule) -> Result<(), TestCaseError> {
    let curve = table.information_curve().unwrap();
    let tokens = curve.tokens();
    let by_sampler = sampler::expected_kl(table, schedule).unwrap();
    let exact = curve.sampling_error(schedule).unwrap();
    prop_assert!((by_sampler.0 - exact.0).abs() <= noise(), "{by_sampler} != {exact}");

    let averaged = sampler::averaged_law(table, schedule).unwrap();
    prop_assert!(at_most(table.kl_divergence(&averaged).unwrap(), by_sampler));
    let distance = table.total_variation(&averaged).unwrap();
    prop_assert!((F::zero()..=F::one() + noise()).contains(&distance));

    // Bounds against the curve hold strictly; against the sampler, up to its own rounding.
    let information = curve.token_information();
    let sharp = sharp::from_token_information(information, schedule).unwrap();
    let refined = li_cai::refined_upper(&curve, schedule).unwrap();
    let theorem_1 = li_cai::upper(information, schedule).unwrap();
    prop_assert!(sharp.contains(exact), "{sharp:?} misses {exact}");
    prop_assert!(exact <= refined && refined.0 <= theorem_1.0 * (F::one() + noise()));
    prop_assert!(sharp.upper.0 <= theorem_1.0 * (F::one() + noise()));
    prop_assert!(at_most(sharp.lower, by_sampler) && at_most(by_sampler, sharp.upper));

    let balanced = Schedule::balanced(tokens, schedule.steps()).unwrap();
    let rate = li_cai::balanced_upper(information, tokens, schedule.steps()).unwrap();
    prop_assert!(curve.sampling_error(&balanced).unwrap() <= rate);
    prop_assert!(rate.0 <= information.0 / F::from_usize(schedule.steps()).unwrap() + noise());
    Ok(())
}

proptest! {
    #![proptest_config(seeded(160, 1))]

    #[test]
    fn bounds_contain_the_error_of_the_real_sampler((table, schedule) in tables_with_schedules::<f64>(6, 144)) {
        check_table(&table, &schedule)?;
    }

    #[test]
    fn bounds_contain_the_error_of_the_real_sampler_in_f32((table, schedule) in tables_with_schedules::<f32>(5, 81)) {
        check_table(&table, &schedule)?;
    }

    #[test]
    fn one_token_a_step_costs_nothing_and_all_at_once_the_total_correlation(table in tables::<f64>(5, 81)) {
        let curve = table.information_curve().unwrap();
        let tokens = curve.tokens();
        let sequential = Schedule::sequential(tokens).unwrap();
        prop_assert_eq!(curve.sampling_error(&sequential).unwrap(), Nats(0.0));
        prop_assert!(sampler::expected_kl(&table, &sequential).unwrap().0.abs() <= noise());
        let one_step = Schedule::one_step(tokens).unwrap();
        let total = curve.total_correlation();
        prop_assert_eq!(curve.sampling_error(&one_step).unwrap(), total);
        // From the definition: the sum of the single entropies less the joint one.
        let singles: f64 = (0..tokens).map(|i| table.entropy(&[i]).unwrap().0).sum();
        let all: Vec<usize> = (0..tokens).collect();
        prop_assert!((singles - table.entropy(&all).unwrap().0 - total.0).abs() <= noise());
    }

    #[test]
    fn correlations_add_up_and_bound_each_other(table in tables::<f64>(6, 256)) {
        let curve = table.information_curve().unwrap();
        let tokens = curve.tokens() as f64;
        let (tc, dtc) = (curve.total_correlation().0, curve.dual_total_correlation().0);
        prop_assert!((tc + dtc - curve.token_information().0).abs() <= noise());
        prop_assert!(tc <= (tokens - 1.0) * dtc + noise::<f64>());
        prop_assert!(dtc <= (tokens - 1.0) * tc + noise::<f64>());
    }
}

/// A schedule and one of its splits.
fn splits(tokens: usize) -> impl Strategy<Value = (Schedule, Schedule)> {
    (schedules(tokens), any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(
        |(whole, step, cut)| {
            let mut sizes = whole.sizes().to_vec();
            let step = step.index(sizes.len());
            if sizes[step] > 1 {
                let first = 1 + cut.index(sizes[step] - 1);
                sizes[step] -= first;
                sizes.insert(step, first);
            }
            (whole, Schedule::from_reveal_sizes(sizes).unwrap())
        },
    )
}

proptest! {
    #![proptest_config(seeded(400, 2))]

    #[test]
    fn bounds_are_strict_on_curves_of_any_scale(
        (curve, (whole, split)) in increments(40).prop_flat_map(|increments| {
            let tokens = increments.len() + 1;
            (Just(information_of(&increments)), splits(tokens))
        })
    ) {
        let curve = InformationCurve::from_information(curve).unwrap();
        let exact = curve.sampling_error(&whole).unwrap();
        let information = curve.token_information();
        let sharp = sharp::from_token_information(information, &whole).unwrap();
        prop_assert!(sharp.contains(exact), "{sharp:?} misses {exact}");
        prop_assert!(exact <= li_cai::refined_upper(&curve, &whole).unwrap());
        prop_assert!(exact <= li_cai::upper(information, &whole).unwrap());
        let after = curve.sampling_error(&split).unwrap();
        prop_assert!(after.0 <= exact.0 * (1.0 + 4.0 * f64::EPSILON), "{split} after {whole}");
    }

    #[test]
    fn some_offset_schedule_is_as_bad_as_the_worst_schedule_bound(
        (increments, step) in increments(40).prop_flat_map(|increments| {
            let tokens = increments.len() + 1;
            (Just(increments), 1..=tokens)
        })
    ) {
        let curve = InformationCurve::from_information(information_of(&increments)).unwrap();
        let errors = li_cai::offset_schedules(curve.tokens(), step).unwrap().map(|schedule| {
            assert!(schedule.largest_step() <= step);
            assert_eq!(schedule.tokens(), curve.tokens());
            curve.sampling_error(&schedule).unwrap().0
        });
        let errors: Vec<f64> = errors.collect();
        prop_assert_eq!(errors.len(), step);
        let worst = errors.iter().copied().fold(0.0, f64::max);
        let mean: f64 = errors.iter().map(|error| error / step as f64).sum();
        let offset_mean = li_cai::offset_mean(&curve, step).unwrap().0;
        prop_assert!((offset_mean - mean).abs() <= 1e-13 * mean);
        let sharpened = li_cai::worst_schedule_lower_sharpened(&curve, step).unwrap().0;
        prop_assert!(sharpened <= offset_mean && offset_mean <= worst);
        let published = li_cai::worst_schedule_lower(&curve, step).unwrap().0;
        prop_assert!(2.0 * published <= sharpened * (1.0 + 1e-14));
    }
}

#[test]
fn the_constant_of_the_sharpened_lower_bound_cannot_be_larger() {
    // All information at half the tokens, steps of two: half of the offset schedules have error d.
    let curve = InformationCurve::<f64>::from_information([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]).unwrap();
    let mean = li_cai::offset_mean(&curve, 2).unwrap().0;
    let sharpened = li_cai::worst_schedule_lower_sharpened(&curve, 2).unwrap().0;
    assert!((mean - 0.5).abs() < 1e-14 && (sharpened - 0.5).abs() < 1e-14);
}

#[test]
fn training_error_is_added_once_and_in_one_way() {
    let curve = InformationCurve::from_information([0.0, 0.25, 0.5]).unwrap();
    let schedule = Schedule::from_reveal_sizes([2, 1]).unwrap();
    let training = TrainingError::new(Nats(0.125)).unwrap();
    let exact = curve.sampling_error(&schedule).unwrap();
    let sharp = sharp::from_token_information(curve.token_information(), &schedule).unwrap();
    assert_eq!((exact + training).0, exact.0 + 0.125);
    let both_ends = KlBounds::new(sharp.lower + training, sharp.upper + training);
    assert_eq!(Ok(sharp + training), both_ends);
    assert!((sharp + training).contains(exact + training));
}
