//! Published bounds keep what their papers say, and the comparison shows each as what it is.

use crate::support;

use num_bigint::BigInt;
use proptest::prelude::*;
use rand::RngExt;
use support::*;
use unmaskcost::bounds::{
    BoundKind, ComparedBound, Comparison, chen_cong_li, compare, dimension_free, sharp, wainwright,
};
use unmaskcost::{Error, InformationCurve, Nats, Schedule, distribution::JointTable, sampler};

type Curve = InformationCurve<f64>;

fn curves(max_tokens: usize) -> impl Strategy<Value = Curve> {
    increments(max_tokens).prop_map(|increments| {
        Curve::from_information(information_of(&increments)).expect("a valid curve")
    })
}

fn curves_with_schedules(max_tokens: usize) -> impl Strategy<Value = (Curve, Schedule)> {
    curves(max_tokens).prop_flat_map(|curve| {
        let tokens = curve.tokens();
        (Just(curve), schedules(tokens))
    })
}

/// `schedule` with its first and last step taken apart: one token, then the rest, and in reverse.
fn with_single_ends(schedule: &Schedule) -> Schedule {
    let mut sizes = schedule.sizes().to_vec();
    let last = sizes.len() - 1;
    if sizes[last] > 1 {
        sizes[last] -= 1;
        sizes.push(1);
    }
    if sizes[0] > 1 {
        sizes[0] -= 1;
        sizes.insert(0, 1);
    }
    Schedule::from_reveal_sizes(sizes).expect("no empty step")
}

#[test]
fn theorem_1_9_is_met_by_its_schedules_with_the_fewest_steps() {
    for tokens in [1_usize, 2, 3, 17, 100, 1000, 4096] {
        for ratio in [0.01, 0.1, 0.3, 1.0 / 3.0, 0.5, 1.0, 1.7, 3.0, 1e3, 1e9] {
            for correlation in [0.3_f64, 3.0, 7e5] {
                let (correlation, tolerance) = (Nats(correlation), Nats(correlation * ratio));
                let enough =
                    chen_cong_li::sufficient_steps(correlation, tokens, tolerance).unwrap();
                let total =
                    chen_cong_li::total_correlation_schedule(correlation, tokens, tolerance)
                        .unwrap();
                let dual =
                    chen_cong_li::dual_total_correlation_schedule(correlation, tokens, tolerance)
                        .unwrap();
                for schedule in [&total, &dual] {
                    assert_eq!(schedule.tokens(), tokens);
                    assert!(schedule.steps() <= enough, "{} > {enough}", schedule.steps());
                }
                if tokens > 1 {
                    let limit = Nats(tolerance.0 * (1.0 + 1e-14));
                    let total = sharp::from_total_correlation(correlation, &total).unwrap();
                    let dual = sharp::from_dual_total_correlation(correlation, &dual).unwrap();
                    assert!(total.upper <= limit && dual.upper <= limit, "{ratio}");
                }
            }
        }
    }
}

#[test]
fn no_schedule_with_the_same_guarantee_has_fewer_steps() {
    for tokens in 2..=10 {
        for ratio in [0.1, 0.25, 1.0 / 3.0, 0.5, 1.0, 2.0] {
            let (one, tolerance) = (Nats(1.0), Nats(ratio));
            let limit = Nats(ratio * (1.0 + 1e-14));
            let fewest = |keeps: &dyn Fn(&Schedule) -> bool| {
                all_schedules(tokens).filter(keeps).map(|schedule| schedule.steps()).min()
            };
            let total = chen_cong_li::total_correlation_schedule(one, tokens, tolerance).unwrap();
            let keeps =
                |s: &Schedule| sharp::from_total_correlation(one, s).unwrap().upper <= limit;
            assert_eq!(fewest(&keeps), Some(total.steps()), "TC {tokens} {ratio}");
            let dual =
                chen_cong_li::dual_total_correlation_schedule(one, tokens, tolerance).unwrap();
            let keeps =
                |s: &Schedule| sharp::from_dual_total_correlation(one, s).unwrap().upper <= limit;
            assert_eq!(fewest(&keeps), Some(dual.steps()), "DTC {tokens} {ratio}");
        }
    }
}

#[test]
fn the_error_of_theorem_1_9_is_the_least_that_needs_no_more_steps() {
    for (tokens, steps) in [(12, 8), (12, 12), (100, 14), (100, 57), (4096, 4096), (4096, 21)] {
        let correlation = Nats(2.5_f64);
        let bound = chen_cong_li::best_schedule_upper(correlation, tokens, steps).unwrap();
        let asked =
            |tolerance| chen_cong_li::sufficient_steps(correlation, tokens, Nats(tolerance));
        assert!(asked(bound.0).unwrap() <= steps);
        assert!(asked(bound.0 * (1.0 - 1e-9)).unwrap() > steps, "{tokens} {steps}");
    }
    let silent = chen_cong_li::best_schedule_upper(Nats(1.0), 12, 7);
    assert!(matches!(silent, Err(Error::NotApplicable { .. })));
}

/// The schedules of largest steps, decided by whole numbers: `extra correlation <= tolerance weight`.
#[test]
fn the_largest_steps_are_the_largest_where_the_quotient_is_whole() {
    let largest = |correlation: u128, tolerance: u128, tokens: usize, total: bool| {
        let (mut sizes, mut revealed) = (Vec::new(), 0);
        while revealed < tokens {
            let weight = if total { tokens - revealed - 1 } else { revealed + 1 };
            let extra = (tolerance * weight as u128 / correlation) as usize;
            sizes.push(1 + extra.min(tokens - revealed - 1));
            revealed += sizes[sizes.len() - 1];
        }
        sizes
    };
    // 1/49, 1/98, .. times 49, 98, .. is below 1 in floats.
    for correlation in 1..=250_u32 {
        for tolerance in [1_u32, 2, 3, 7, 60] {
            let nats = |value: u32| Nats(f64::from(value));
            let (c, t, tokens) = (u128::from(correlation), u128::from(tolerance), 300);
            let total = chen_cong_li::total_correlation_schedule(
                nats(correlation),
                tokens,
                nats(tolerance),
            );
            assert_eq!(total.unwrap().sizes(), largest(c, t, tokens, true), "TC {c}, {t}");
            let dual = chen_cong_li::dual_total_correlation_schedule(
                nats(correlation),
                tokens,
                nats(tolerance),
            );
            assert_eq!(dual.unwrap().sizes(), largest(c, t, tokens, false), "DTC {c}, {t}");
        }
    }
}

/// Quotients that are whole but for their rounding, either way: each step is the largest that fits, by the
/// products in `f32`.
#[test]
fn the_largest_steps_fit_and_larger_ones_do_not() {
    let mut generator = generator(33);
    for _ in 0..3_000 {
        let (c, tokens) = (generator.random_range(1.0..2.0_f32), generator.random_range(3..1_500));
        let first = generator.random_range(1..tokens - 1);
        let near = (first as f64 * f64::from(c) / (tokens - 1) as f64) as f32;
        for t in [near.next_down(), near, near.next_up()] {
            let schedule =
                chen_cong_li::total_correlation_schedule(Nats(c), tokens, Nats(t)).unwrap();
            for step in schedule.ranges() {
                let weight = (tokens - step.start - 1) as f32;
                let fits = |extra: usize| extra as f32 * c <= t * weight;
                let extra = step.len() - 1;
                assert!(fits(extra), "{c:e} {t:e} {tokens}: {step:?}");
                assert!(step.end == tokens || !fits(extra + 1), "{c:e} {t:e} {tokens}: {step:?}");
            }
        }
    }
}

/// `tolerance n < correlation` by less than the quotient shows: n parts are not enough.
#[test]
fn a_quotient_rounded_down_to_a_whole_number_counts_as_one_more() {
    let exact = |value: f64| BigInt::from((value * 2_f64.powi(60)) as u128);
    let mut generator = generator(34);
    let mut hidden = 0;
    for _ in 0..20_000 {
        let (parts, tolerance) =
            (generator.random_range(1..12_u32), generator.random_range(0.5..1.5));
        let correlation = f64::from(parts) * tolerance;
        for correlation in [correlation.next_down(), correlation, correlation.next_up()] {
            let enough = exact(correlation) <= exact(tolerance) * parts;
            hidden += usize::from(!enough && (correlation / tolerance).ceil() == f64::from(parts));
            let parts = parts + u32::from(!enough);
            let steps = 2.0 + (1.0 + 9_f64.ln()) * f64::from(1 + parts);
            let found = chen_cong_li::sufficient_steps(Nats(correlation), 9, Nats(tolerance));
            assert_eq!(found, Ok(steps as usize), "{correlation:e} / {tolerance:e}");
        }
    }
    assert!(hidden > 100, "{hidden} quotients that do not show it");
}

#[test]
fn zero_correlation_needs_one_step_and_zero_tolerance_all() {
    let (zero, one) = (Nats(0.0), Nats(1.0));
    let sizes = |correlation, tolerance| {
        let total = chen_cong_li::total_correlation_schedule(correlation, 5, tolerance).unwrap();
        let dual =
            chen_cong_li::dual_total_correlation_schedule(correlation, 5, tolerance).unwrap();
        (total.sizes().to_vec(), dual.sizes().to_vec())
    };
    assert_eq!(sizes(zero, one), (vec![5], vec![5]));
    assert_eq!(sizes(zero, zero), (vec![5], vec![5]));
    assert_eq!(sizes(one, zero), (vec![1; 5], vec![1; 5]));
    assert_eq!(sizes(Nats(f64::MAX), Nats(f64::MAX)).1, [2, 3]);
    assert_eq!(sizes(Nats(5e-324), Nats(f64::MAX)), (vec![5], vec![5]));
    let never = chen_cong_li::sufficient_steps(one, 5, zero);
    assert!(matches!(never, Err(Error::Overflow { .. })));
    assert_eq!(chen_cong_li::sufficient_steps(zero, 5, zero), Ok(4));
    for bad in [Nats(f64::NAN), Nats(-1.0)] {
        assert!(chen_cong_li::sufficient_steps(bad, 5, one).is_err());
        assert!(chen_cong_li::sufficient_steps(one, 5, bad).is_err());
        assert!(chen_cong_li::total_correlation_schedule(bad, 5, one).is_err());
        assert!(chen_cong_li::dual_total_correlation_schedule(one, 5, bad).is_err());
        assert!(chen_cong_li::best_schedule_upper(bad, 12, 9).is_err());
        assert!(dimension_free::upper(bad, &Schedule::one_step(2).unwrap()).is_err());
    }
    for none in [
        chen_cong_li::sufficient_steps(one, 0, one).err(),
        chen_cong_li::total_correlation_schedule(one, 0, one).err(),
        chen_cong_li::dual_total_correlation_schedule(one, 0, one).err(),
        chen_cong_li::best_schedule_upper(one, 0, 0).err(),
    ] {
        assert!(matches!(none, Some(Error::StepsOutOfRange { tokens: 0, .. })));
    }
}

/// Equation 17b as it is printed.
fn wainwright_as_printed(curve: &Curve, schedule: &Schedule) -> f64 {
    let tokens = curve.tokens() as f64;
    let odds = |t: f64| t / (1.0 - t);
    let step = |a: usize, b: usize| {
        let growth: f64 = (a + 1..b)
            .map(|j| {
                let place = j as f64 / tokens;
                place * (1.0 - place) * (curve.information(j).0 - curve.information(j - 1).0)
            })
            .sum();
        (odds(b as f64 / tokens) / odds((a + 1) as f64 / tokens) - 1.0) * tokens * growth
    };
    let inner = schedule.ranges().filter(|range| range.start > 0 && range.end < curve.tokens());
    inner.map(|range| step(range.start, range.end)).sum()
}

fn of_kind(comparison: &Comparison, kind: BoundKind) -> impl Iterator<Item = &ComparedBound> {
    comparison.rows.iter().filter(move |row| row.kind == kind)
}

proptest! {
    #![proptest_config(seeded(600, 31))]

    #[test]
    fn wainwrights_bound_is_the_printed_one_and_holds(
        (curve, schedule) in curves_with_schedules(40)
    ) {
        let schedule = with_single_ends(&schedule);
        let bound = wainwright::upper(&curve, &schedule).unwrap();
        prop_assert!(curve.sampling_error(&schedule).unwrap() <= bound);
        let printed = wainwright_as_printed(&curve, &schedule);
        let last = curve.information(curve.tokens()).0;
        prop_assert!((bound.0 - printed).abs() <= 1e-12 * (printed + last), "{bound} {printed}");
    }

    #[test]
    fn comparisons_are_sorted_and_every_row_is_on_its_side(
        (curve, schedule) in curves_with_schedules(30)
    ) {
        let comparison = compare(&curve, &schedule).unwrap();
        prop_assert_eq!(comparison.exact, curve.sampling_error(&schedule).unwrap());
        prop_assert!(comparison.rows.is_sorted_by(|a, b| a.value <= b.value));
        prop_assert_eq!(of_kind(&comparison, BoundKind::Exact).count(), 1);
        for row in &comparison.rows {
            match row.kind {
                BoundKind::Exact => prop_assert_eq!(row.value, comparison.exact),
                BoundKind::Lower => prop_assert!(row.value <= comparison.exact, "{row:?}"),
                BoundKind::Upper => prop_assert!(row.value >= comparison.exact, "{row:?}"),
                _ => {}
            }
            let ratio = (comparison.exact.0 > 0.0).then(|| row.value / comparison.exact);
            prop_assert_eq!(row.ratio, ratio);
        }
        prop_assert_eq!(comparison.to_string().lines().count(), comparison.rows.len() + 1);
    }
}

proptest! {
    #![proptest_config(seeded(40, 32))]

    #[test]
    fn bounds_for_some_schedule_are_kept_by_some_schedule(
        (curve, schedule) in curves_with_schedules(12)
    ) {
        let errors = |keep: &dyn Fn(&Schedule) -> bool| {
            let kept = all_schedules(curve.tokens()).filter(keep);
            kept.map(|schedule| curve.sampling_error(&schedule).unwrap().0).collect::<Vec<_>>()
        };
        let largest = schedule.largest_step();
        let worst = errors(&|s| s.largest_step() <= largest).into_iter().fold(0.0, f64::max);
        let steps = schedule.steps();
        let best = errors(&|s| s.steps() <= steps).into_iter().fold(f64::INFINITY, f64::min);
        let comparison = compare(&curve, &schedule).unwrap();
        for row in of_kind(&comparison, BoundKind::LowerForSome) {
            prop_assert!(row.value.0 <= worst, "{row:?}");
        }
        for row in of_kind(&comparison, BoundKind::UpperForSome) {
            prop_assert!(row.value.0 >= best, "{row:?}");
        }
    }

    #[test]
    fn every_bound_holds_for_the_real_sampler(
        (table, schedule) in tables_with_schedules::<f64>(5, 81), single_ends in any::<bool>()
    ) {
        // Wainwright's bound is for schedules of this form.
        let schedule = if single_ends { with_single_ends(&schedule) } else { schedule };
        let comparison = compare(&table.information_curve().unwrap(), &schedule).unwrap();
        let error = |schedule: &Schedule| sampler::expected_kl(&table, schedule).unwrap();
        let exact = error(&schedule);
        let largest = schedule.largest_step();
        let others = all_schedules(table.tokens()).filter(|other| other.largest_step() <= largest);
        let worst = others.map(|other| error(&other)).fold(Nats(0.0), Nats::max);
        let others = all_schedules(table.tokens()).filter(|other| other.steps() <= schedule.steps());
        let best = others.map(|other| error(&other)).fold(Nats(f64::INFINITY), Nats::min);
        for row in &comparison.rows {
            prop_assert!(match row.kind {
                BoundKind::Exact => at_most(row.value, exact) && at_most(exact, row.value),
                BoundKind::Lower => at_most(row.value, exact),
                BoundKind::Upper => at_most(exact, row.value),
                BoundKind::LowerForSome => at_most(row.value, worst),
                BoundKind::UpperForSome => at_most(best, row.value),
                other => unreachable!("{other}"),
            }, "{row:?}: {exact} by {schedule}, worst {worst}, best {best}");
        }
    }

    #[test]
    fn the_divergence_limits_the_total_variation_of_the_real_sampler(
        (table, schedule) in tables_with_schedules::<f64>(5, 81)
    ) {
        let error = sampler::expected_kl(&table, &schedule).unwrap();
        let averaged = sampler::averaged_law(&table, &schedule).unwrap();
        let divergence = table.kl_divergence(&averaged).unwrap();
        let distance = table.total_variation(&averaged).unwrap();
        // Near zero, the square root magnifies the rounding noise of the divergence.
        let noise = 1e-7;
        prop_assert!(distance <= divergence.total_variation_limit() + noise);
        prop_assert!(distance <= error.total_variation_limit() + noise);
        let entropy = table.information_curve().unwrap().single_token_entropy().unwrap();
        prop_assert!(at_most(error, dimension_free::upper(entropy, &schedule).unwrap()));
    }
}

#[test]
fn published_bounds_are_tight_and_loose_where_the_documents_say() {
    // A symbol repeated 16 times, best schedule: TC with DTC knows it, Li & Cai's bound does not.
    let repeated: Vec<f64> = (0..16).map(|k| if k > 0 { 2.0_f64.ln() } else { 0.0 }).collect();
    let repeated = Curve::from_information(repeated).unwrap();
    let comparison = compare(&repeated, &Schedule::from_reveal_sizes([1, 15]).unwrap()).unwrap();
    assert_eq!(comparison.exact, Nats(0.0));
    let upper = |from: &str| {
        let row = of_kind(&comparison, BoundKind::Upper).find(|row| row.from == from);
        row.expect("such a bound").value.0
    };
    assert!(upper("TC and DTC") < 1e-12);
    assert!(upper("token information") > 9.0);
    assert!(comparison.rows.iter().all(|row| row.ratio.is_none()));
}

#[test]
fn a_bound_that_does_not_speak_of_a_schedule_says_what_it_needs() {
    let curve = Curve::from_information([0.0, 0.1, 0.2, 0.4]).unwrap();
    for sizes in [&[2, 1, 1][..], &[1, 1, 2], &[4]] {
        let schedule = Schedule::from_reveal_sizes(sizes).unwrap();
        let error = wainwright::upper(&curve, &schedule).unwrap_err();
        assert!(error.to_string().contains("a first and a last step of one token"), "{error}");
    }
    let other = Schedule::sequential(3).unwrap();
    assert!(matches!(wainwright::upper(&curve, &other), Err(Error::TokensDiffer { .. })));
    assert!(matches!(compare(&curve, &other), Err(Error::TokensDiffer { .. })));
    let single = Curve::from_information([0.0]).unwrap();
    let one = Schedule::one_step(1).unwrap();
    assert_eq!(wainwright::upper(&single, &one), Ok(Nats(0.0)));
    assert!(compare(&single, &one).unwrap().rows.iter().all(|row| row.value == Nats(0.0)));
}

#[test]
fn a_comparison_prints_as_an_aligned_table() {
    let table = JointTable::from_counts(&[2, 2, 2], [3, 1, 2, 2, 0, 5, 1, 4]).unwrap();
    let curve: Curve = table.information_curve().unwrap();
    let text = compare(&curve, &Schedule::from_reveal_sizes([1, 2]).unwrap()).unwrap().to_string();
    let header = text.lines().next().unwrap();
    let column = |name| header.find(name).unwrap();
    for line in text.lines().skip(1) {
        assert!(line.is_ascii());
        for name in ["kind", "from", "source"] {
            assert_eq!(&line[column(name) - 2..column(name)], "  ", "{line:?}");
            assert_ne!(&line[column(name)..=column(name)], " ", "{line:?}");
        }
    }
}

#[test]
fn divergences_become_distances_without_loss_at_either_end() {
    let small = Nats(1e-300_f64);
    assert!((small.total_variation_limit() / (5e-301_f64).sqrt() - 1.0).abs() < 1e-14);
    assert_eq!(Nats(1e3_f64).total_variation_limit(), 1.0);
    assert_eq!(Nats(f64::INFINITY).total_variation_limit(), 1.0);
    assert_eq!(Nats(-1e-17_f64).total_variation_limit(), 0.0);
    assert!(Nats(f64::NAN).total_variation_limit().is_nan());
    let error = Nats(6.4_f64);
    assert_eq!(error.per_token(64).unwrap(), Nats(0.1));
    assert!((error.perplexity_factor(64).unwrap() - 0.1_f64.exp()).abs() < 1e-15);
    assert!(matches!(error.per_token(0), Err(Error::Empty { .. })));
    assert!(matches!(error.perplexity_factor(0), Err(Error::Empty { .. })));
}

#[test]
fn the_largest_divergence_for_a_distance_is_the_largest() {
    for percent in 0..100 {
        let limit = f64::from(percent) / 100.0;
        let tolerance = Nats::from_total_variation(limit).unwrap();
        assert!(tolerance.total_variation_limit() <= limit, "{limit}");
        let more = tolerance * (1.0 + 1e-12) + Nats(1e-300);
        assert!(more.total_variation_limit() > limit, "{limit}");
    }
    // Near 1 the distance hardly depends on the divergence.
    for units in 1..2_000 {
        let limit = 1.0 - f64::from(units) * f64::EPSILON / 2.0;
        let tolerance = Nats::from_total_variation(limit).unwrap();
        assert!(tolerance.0 > 10.0 && tolerance.total_variation_limit() <= limit, "{limit}");
        let limit = 1.0 - units as f32 * f32::EPSILON / 2.0;
        let tolerance = Nats::from_total_variation(limit).unwrap();
        assert!(tolerance.0 > 4.0 && tolerance.total_variation_limit() <= limit, "{limit}");
    }
    assert_eq!(Nats::from_total_variation(1.0).unwrap(), Nats(f64::INFINITY));
    assert!(Nats::from_total_variation(0.3_f32).unwrap().total_variation_limit() <= 0.3);
    for bad in [-0.1, 1.1, f64::NAN] {
        assert!(Nats::from_total_variation(bad).is_err());
    }
}

/// Increments of one and two units of the smallest float: every term is rounded, and the sum is judged exactly.
#[test]
fn wainwrights_bound_is_rounded_up_where_each_term_is_rounded() {
    let unit = f64::from_bits(1);
    let mut generator = generator(35);
    for _ in 0..2_000 {
        let tokens = generator.random_range(3..60_usize);
        let units: Vec<u64> = (1..tokens).map(|_| generator.random_range(0..3)).collect();
        let mut entropies = vec![0_u64];
        units.iter().rev().for_each(|d| entropies.push(entropies[entropies.len() - 1] + d));
        let entropies: Vec<f64> = entropies.iter().rev().map(|&n| n as f64 * unit).collect();
        let curve = Curve::from_conditional_entropies(entropies).unwrap();
        let mut sizes = vec![1];
        while sizes.iter().sum::<usize>() < tokens - 1 {
            let left = tokens - 1 - sizes.iter().sum::<usize>();
            sizes.push(generator.random_range(1..=left));
        }
        sizes.push(1);
        let schedule = Schedule::from_reveal_sizes(sizes).unwrap();
        // Numerator and denominator of the sum.
        let (mut top, mut bottom) = (BigInt::ZERO, BigInt::from(1));
        for step in schedule.ranges().filter(|step| step.len() > 1) {
            let (first, after) = (step.start + 1, tokens - step.end);
            for j in first..step.end {
                let term = BigInt::from((step.len() - 1) * j * (tokens - j)) * units[j - 1];
                let below = BigInt::from(first * after);
                top = top * &below + term * &bottom;
                bottom *= below;
            }
        }
        let Nats(bound) = wainwright::upper(&curve, &schedule).unwrap();
        assert!(BigInt::from(bound.to_bits()) * bottom >= top, "{schedule}: {bound:e}");
    }
}
