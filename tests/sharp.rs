//! Sharp bounds: equal to the linear program they solve, attained by their witnesses, nested.

use crate::support;

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions};
use proptest::prelude::*;
use support::*;
use unmaskcost::bounds::sharp::{self, Known};
use unmaskcost::bounds::{KlBounds, Knowledge, dimension_free, li_cai};
use unmaskcost::{Error, InformationCurve, Nats, Schedule, sampler};

type Curve = InformationCurve<f64>;

#[test]
fn correlations_whose_sum_overflows_still_bound() {
    let largest = Nats(1.7e308);
    let one = Schedule::one_step(2).unwrap();
    let bounds = sharp::from_correlations(largest, largest, &one).unwrap();
    assert!(bounds.contains(largest) && bounds.width().0 < 1e295, "{bounds:?}");
}

/// The statements of a test, in a form that the linear program can read too.
#[derive(Debug, Clone, Default)]
struct Facts {
    intervals: Vec<(usize, f64, f64)>,
    single_token_entropy: Option<f64>,
    total_correlation: Option<f64>,
    dual_total_correlation: Option<f64>,
}

impl Facts {
    fn known(&self, tokens: usize) -> Known {
        let mut known = Known::about(tokens);
        for &(k, at_least, at_most) in &self.intervals {
            known = known.information_between(k, Nats(at_least), Nats(at_most));
        }
        if let Some(value) = self.single_token_entropy {
            known = known.single_token_entropy(Nats(value));
        }
        if let Some(value) = self.total_correlation {
            known = known.total_correlation(Nats(value));
        }
        if let Some(value) = self.dual_total_correlation {
            known = known.dual_total_correlation(Nats(value));
        }
        known
    }

    /// Whether the curve has these properties, up to `noise` relative to its scale.
    fn agree_with(&self, curve: &Curve, noise: f64) -> Result<(), TestCaseError> {
        let tokens = curve.tokens();
        let scale = curve.information(tokens).0;
        let near = |found: Nats, expected: f64| (found.0 - expected).abs() <= noise * expected;
        for &(k, at_least, at_most) in &self.intervals {
            let found = curve.information(k).0;
            prop_assert!(at_least - noise * scale <= found && found <= at_most + noise * scale);
        }
        if let Some(value) = self.single_token_entropy {
            prop_assert!(scale <= value * (1.0 + noise));
            prop_assert!(near(curve.single_token_entropy().unwrap(), value));
        }
        if let Some(value) = self.total_correlation {
            prop_assert!(near(curve.total_correlation(), value), "TC {value} of {curve:?}");
        }
        if let Some(value) = self.dual_total_correlation {
            prop_assert!(near(curve.dual_total_correlation(), value), "DTC {value} of {curve:?}");
        }
        Ok(())
    }

    /// The end of the interval by a general solver over the increments. `None` if unbounded.
    fn by_linear_program(&self, schedule: &Schedule, end: OptimizationDirection) -> Option<f64> {
        let tokens = schedule.tokens();
        let mut problem = Problem::new(end);
        let increments: Vec<_> = schedule
            .sawtooth()
            .skip(1)
            .map(|c| problem.add_var(c as f64, (0.0, f64::INFINITY)))
            .collect();
        let mut constrain = |terms: Vec<_>, operator, value| {
            // An empty sum is zero, and the solver wants no constraint about it.
            if !terms.is_empty() {
                problem.add_constraint(&terms, operator, value);
            }
        };
        let sum_to = |k: usize| increments[..k].iter().map(|&d| (d, 1.0)).collect::<Vec<_>>();
        for &(k, at_least, at_most) in &self.intervals {
            constrain(sum_to(k), ComparisonOp::Ge, at_least);
            constrain(sum_to(k), ComparisonOp::Le, at_most);
        }
        if let Some(value) = self.single_token_entropy {
            constrain(sum_to(tokens - 1), ComparisonOp::Le, value);
        }
        let weighted = |weight: &dyn Fn(usize) -> usize| {
            let terms = increments.iter().enumerate();
            terms.map(|(i, &d)| (d, weight(i + 1) as f64)).collect::<Vec<_>>()
        };
        if let Some(value) = self.total_correlation {
            constrain(weighted(&|m| tokens - m), ComparisonOp::Eq, value);
        }
        if let Some(value) = self.dual_total_correlation {
            constrain(weighted(&|m| m), ComparisonOp::Eq, value);
        }
        let mut options = SolveOptions::default();
        options.tolerances.feasibility = 1e-10; // the smallest it accepts
        match problem.solve_with(options) {
            Ok(outcome) => Some(outcome.into_solution().expect("no time limit").objective()),
            Err(microlp::Error::Unbounded) => None,
            Err(error) => panic!("{error}: {self:?} {schedule}"),
        }
    }
}

/// What is true of a curve: the quantities picked by the bits of `which`, and points with error bars.
fn facts_of(curve: &Curve, which: u8, points: &[(prop::sample::Index, f64, f64)]) -> Facts {
    let tokens = curve.tokens();
    let mut facts = Facts::default();
    for (k, below, above) in points {
        let k = k.index(tokens);
        let value = curve.information(k).0;
        facts.intervals.push((k, value - below, value + above));
    }
    if which & 1 > 0 {
        let last = curve.information(tokens - 1).0;
        facts.intervals.push((tokens - 1, last, last));
    }
    if which & 2 > 0 {
        facts.total_correlation = Some(curve.total_correlation().0);
    }
    if which & 4 > 0 {
        facts.dual_total_correlation = Some(curve.dual_total_correlation().0);
    }
    if which & 8 > 0 {
        facts.single_token_entropy = Some(curve.information(tokens - 1).0 * 1.25 + 0.125);
    }
    facts
}

fn points() -> impl Strategy<Value = Vec<(prop::sample::Index, f64, f64)>> {
    let bar = || prop_oneof![2 => Just(0.0), 1 => 0.0..0.5_f64];
    proptest::collection::vec((any::<prop::sample::Index>(), bar(), bar()), 0..5)
}

/// Increments of ordinary size, so that a general solver can be trusted with them.
fn ordinary_increments(tokens: usize) -> impl Strategy<Value = Vec<f64>> {
    let plain = proptest::collection::vec(0.0..1.0_f64, tokens - 1);
    let sparse =
        proptest::collection::vec(prop_oneof![4 => Just(0.0), 1 => 0.0..1.0_f64], tokens - 1);
    prop_oneof![plain, sparse]
}

/// `L s_max` times the information: what rounding errors of bounds are relative to.
fn scale(curve: &Curve, schedule: &Schedule) -> f64 {
    schedule.largest_step() as f64 * curve.information(curve.tokens()).0 + f64::MIN_POSITIVE
}

/// Bounds against the linear program, the curve itself, and the witnesses.
fn check(curve: &Curve, facts: &Facts, schedule: &Schedule) -> Result<(), TestCaseError> {
    let known = facts.known(curve.tokens());
    let exact = curve.sampling_error(schedule).unwrap();
    let lower = known.lower(schedule).unwrap();
    prop_assert!(lower <= exact, "{lower} > {exact}: {facts:?} {schedule}");
    let near = |found: f64, expected: f64, precision: f64| {
        (found - expected).abs() <= precision * scale(curve, schedule).max(expected)
    };
    let by_program = facts.by_linear_program(schedule, OptimizationDirection::Minimize).unwrap();
    prop_assert!(near(lower.0, by_program, 1e-10), "{lower} {by_program}: {facts:?} {schedule}");
    let witness = known.lower_witness(schedule).unwrap();
    facts.agree_with(&witness, 1e-12)?;
    prop_assert!(near(witness.sampling_error(schedule).unwrap().0, lower.0, 1e-12));

    let by_program = facts.by_linear_program(schedule, OptimizationDirection::Maximize);
    let Some(by_program) = by_program else {
        let unbounded = |error| matches!(error, Error::Unbounded { .. });
        prop_assert!(known.upper(schedule).is_err_and(unbounded));
        prop_assert!(known.upper_witness(schedule).is_err_and(unbounded));
        return Ok(());
    };
    let upper = known.upper(schedule).unwrap();
    prop_assert!(exact <= upper, "{exact} > {upper}: {facts:?} {schedule}");
    prop_assert!(near(upper.0, by_program, 1e-10), "{upper} {by_program}: {facts:?} {schedule}");
    let witness = known.upper_witness(schedule).unwrap();
    facts.agree_with(&witness, 1e-12)?;
    prop_assert!(near(witness.sampling_error(schedule).unwrap().0, upper.0, 1e-12));
    Ok(())
}

/// Curves for the exhaustive test: nothing, one jump anywhere, growth, plateaus, decay.
fn small_curves(tokens: usize) -> Vec<Curve> {
    let jump = |at: usize| (0..tokens).map(|k| if k >= at { 1.0 } else { 0.0 }).collect::<Vec<_>>();
    let mut values: Vec<Vec<f64>> = (1..=tokens).map(jump).collect();
    values.push((0..tokens).map(|k| (k * k) as f64 / 7.0).collect());
    values.push((0..tokens).map(|k| (k / 2) as f64 * 0.3).collect());
    values.push((0..tokens).map(|k| 1.0 - 0.4_f64.powi(k as i32)).collect());
    values.iter().map(|values| Curve::from_information(values).unwrap()).collect()
}

#[test]
fn every_bound_solves_its_linear_program_for_all_schedules_of_few_tokens() {
    for tokens in 2..=6 {
        let middle = tokens / 2;
        for curve in small_curves(tokens) {
            let at_middle = curve.information(middle).0;
            for which in 0..16 {
                let mut facts = facts_of(&curve, which, &[]);
                let last = curve.information(tokens - 1).0;
                for point in [None, Some(0.0), Some(0.25)] {
                    if let Some(bar) = point {
                        facts.intervals.push((middle, at_middle - bar, at_middle + bar * last));
                    }
                    for schedule in all_schedules(tokens) {
                        check(&curve, &facts, &schedule).unwrap();
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(seeded(1000, 21))]

    #[test]
    fn every_bound_solves_its_linear_program(
        (increments, schedule) in (2_usize..=60)
            .prop_flat_map(|tokens| (ordinary_increments(tokens), schedules(tokens))),
        which in 0_u8..16,
        points in points(),
    ) {
        let curve = Curve::from_information(information_of(&increments)).unwrap();
        check(&curve, &facts_of(&curve, which, &points), &schedule)?;
    }
}

proptest! {
    #![proptest_config(seeded(400, 22))]

    #[test]
    fn every_bound_solves_its_linear_program_for_schedules_of_up_to_nine_tokens(
        (increments, schedule) in (7_usize..=9)
            .prop_flat_map(|tokens| (ordinary_increments(tokens), schedules(tokens))),
        which in 0_u8..16,
        points in points(),
    ) {
        let curve = Curve::from_information(information_of(&increments)).unwrap();
        check(&curve, &facts_of(&curve, which, &points), &schedule)?;
    }
}

/// The extremes over all curves with at most two steps, which is where a linear program with two
/// equations has its optimum.
fn by_pairs_of_atoms(total: f64, dual: f64, schedule: &Schedule) -> (f64, f64) {
    let tokens = schedule.tokens();
    let sawtooth: Vec<f64> = schedule.sawtooth().map(|c| c as f64).collect();
    let mass = (total + dual) / tokens as f64;
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for i in 1..tokens {
        for j in i..tokens {
            let (near, far) = (i as f64 * mass, j as f64 * mass);
            let share = if i == j { 0.0 } else { (dual - near) / (far - near) };
            let noise = 1e-12;
            let met = near * (1.0 - share) + far * share;
            if (-noise..=1.0 + noise).contains(&share) && (met - dual).abs() <= noise * dual {
                let value = mass * ((1.0 - share) * sawtooth[i] + share * sawtooth[j]);
                least = least.min(value);
                most = most.max(value);
            }
        }
    }
    (least, most)
}

#[test]
fn closed_forms_are_the_extremes_over_curves_of_one_and_two_steps_for_all_schedules() {
    for tokens in 2..=9_usize {
        for schedule in all_schedules(tokens) {
            let atoms = || schedule.sawtooth().enumerate().skip(1).map(|(m, c)| (m, c as f64));
            let extremes = |ratio: &dyn Fn(usize) -> f64| {
                let ratios = atoms().map(|(m, c)| c * ratio(m));
                ratios.fold((f64::INFINITY, 0.0), |(least, most): (f64, f64), ratio| {
                    (least.min(ratio), most.max(ratio))
                })
            };
            let same = |bounds: KlBounds, (least, most): (f64, f64)| {
                let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * most.max(1.0);
                assert!(near(bounds.lower.0, least), "{bounds:?} {least} {schedule}");
                assert!(near(bounds.upper.0, most), "{bounds:?} {most} {schedule}");
            };
            let one = Nats(1.0);
            same(
                sharp::from_token_information(Nats(tokens as f64), &schedule).unwrap(),
                extremes(&|_| 1.0),
            );
            let total = extremes(&|m| 1.0 / (tokens - m) as f64);
            same(sharp::from_total_correlation(one, &schedule).unwrap(), total);
            let dual = extremes(&|m| 1.0 / m as f64);
            same(sharp::from_dual_total_correlation(one, &schedule).unwrap(), dual);
            let entropy = sharp::from_single_token_entropy(one, &schedule).unwrap();
            same(entropy, (0.0, extremes(&|_| 1.0).1));
            for place in 4..=4 * (tokens - 1) {
                let dual = place as f64 / 4.0; // of one unit of information
                let total = tokens as f64 - dual;
                let bounds = sharp::from_correlations(Nats(total), Nats(dual), &schedule).unwrap();
                same(bounds, by_pairs_of_atoms(total, dual, &schedule));
            }
            for middle in 1..tokens {
                let gap = |above: bool| {
                    let inside = atoms().filter(|&(m, _)| (m > middle) == above).map(|(_, c)| c);
                    inside.fold((f64::INFINITY, 0.0_f64), |(a, b), c| (a.min(c), b.max(c)))
                };
                let (below, mut above) = (gap(false), gap(true));
                if middle == tokens - 1 {
                    above = (0.0, 0.0);
                }
                let points = [
                    (tokens - 1, Nats(if middle == tokens - 1 { 2.0 } else { 3.0 })),
                    (middle, Nats(2.0)),
                ];
                let bounds = sharp::from_known_points(&points, &schedule).unwrap();
                same(bounds, (2.0 * below.0 + above.0, 2.0 * below.1 + above.1));
            }
        }
    }
}

/// `inner` within `outer`, up to noise relative to `scale`.
fn within(inner: KlBounds, outer: KlBounds, scale: f64) -> bool {
    let noise = 1e-12 * scale;
    outer.lower.0 <= inner.lower.0 + noise && inner.upper.0 <= outer.upper.0 + noise
}

proptest! {
    #![proptest_config(seeded(1500, 23))]

    #[test]
    fn another_statement_never_widens_the_interval(
        (increments, schedule) in (2_usize..=40)
            .prop_flat_map(|tokens| (ordinary_increments(tokens), schedules(tokens))),
        which in 1_u8..16,
        more in 0_u8..16,
        points in points(),
        further in points(),
    ) {
        let curve = Curve::from_information(information_of(&increments)).unwrap();
        let mut facts = facts_of(&curve, which, &points);
        let before = facts.known(curve.tokens()).bounds(&schedule).unwrap();
        let added = facts_of(&curve, which | more, &further);
        facts.intervals.extend(added.intervals);
        facts = Facts { intervals: facts.intervals, ..added };
        let after = facts.known(curve.tokens()).bounds(&schedule).unwrap();
        prop_assert!(within(after, before, scale(&curve, &schedule)), "{after:?} in {before:?}");
        let exact = curve.bounds(&schedule).unwrap();
        prop_assert!(within(exact, after, 0.0), "{exact:?} in {after:?}");
    }

    #[test]
    fn sharp_upper_bounds_are_never_above_published_ones(
        (increments, schedule) in (2_usize..=40)
            .prop_flat_map(|tokens| (ordinary_increments(tokens), schedules(tokens))),
    ) {
        let curve = Curve::from_information(information_of(&increments)).unwrap();
        let information = curve.token_information();
        let sharp = sharp::from_token_information(information, &schedule).unwrap().upper.0;
        let theorem_1 = li_cai::upper(information, &schedule).unwrap().0;
        prop_assert!(sharp <= theorem_1 * (1.0 + 1e-14));
        if schedule.largest_step().is_power_of_two() {
            prop_assert!((sharp - theorem_1).abs() <= 1e-14 * theorem_1);
        }
        let entropy: Nats = Nats(1.75);
        let sharp = sharp::from_single_token_entropy(entropy, &schedule).unwrap().upper.0;
        let published = dimension_free::upper(entropy, &schedule).unwrap().0;
        prop_assert!((sharp - published).abs() <= 1e-14 * published);
        // The refined bound knows the curve at L - 2^r; so may we.
        let points: Vec<_> = (0..usize::BITS)
            .map_while(|r| curve.tokens().checked_sub(1 << r))
            .map(|k| (k, curve.information(k)))
            .collect();
        let sharp = sharp::from_known_points(&points, &schedule).unwrap().upper.0;
        let refined = li_cai::refined_upper(&curve, &schedule).unwrap().0;
        prop_assert!(sharp <= refined * (1.0 + 1e-13), "{sharp} > {refined}");
    }

    /// No rounding may put a bound on the wrong side, at any scale.
    #[test]
    fn bounds_hold_strictly_for_the_quantities_of_any_curve(
        (increments, schedule) in increments(40).prop_flat_map(|increments| {
            let tokens = increments.len() + 1;
            (Just(increments), schedules(tokens))
        }),
        from_entropies in any::<bool>(),
        which in 0_u8..16,
        points in points(),
    ) {
        let information = information_of(&increments);
        let curve = if from_entropies {
            let first = information.last().unwrap();
            let entropies: Vec<f64> = information.iter().map(|i| first - i).collect();
            Curve::from_conditional_entropies(entropies).unwrap()
        } else {
            Curve::from_information(information).unwrap()
        };
        let facts = facts_of(&curve, which, &points);
        let known = facts.known(curve.tokens());
        let exact = curve.sampling_error(&schedule).unwrap();
        prop_assert!(known.lower(&schedule).unwrap() <= exact);
        match known.upper(&schedule) {
            Ok(upper) => prop_assert!(exact <= upper, "{exact} > {upper}: {facts:?} {schedule}"),
            Err(error) => prop_assert!(matches!(error, Error::Unbounded { .. }), "{error}"),
        }
    }

    #[test]
    fn bounds_scale_with_the_information_to_the_ends_of_the_float_range(
        (increments, schedule) in (2_usize..=20)
            .prop_flat_map(|tokens| (ordinary_increments(tokens), schedules(tokens))),
        which in 1_u8..8,
        exponent in prop_oneof![Just(-1015), Just(-900), Just(900), Just(1010)],
    ) {
        let curve = Curve::from_information(information_of(&increments)).unwrap();
        let factor = 2.0_f64.powi(exponent);
        let known = facts_of(&curve, which, &[]).known(curve.tokens());
        let scaled: Vec<f64> = curve.information_values().iter().map(|i| i * factor).collect();
        let scaled = Curve::from_information(scaled).unwrap();
        let scaled_known = facts_of(&scaled, which, &[]).known(curve.tokens());
        let bounds = known.bounds(&schedule).unwrap();
        let scaled_bounds = scaled_known.bounds(&schedule).unwrap();
        let back = |x: Nats| Nats(x.0 / factor);
        let returned =
            KlBounds::new(back(scaled_bounds.lower), back(scaled_bounds.upper)).unwrap();
        let noise = scale(&curve, &schedule);
        prop_assert!(within(returned, bounds, noise) && within(bounds, returned, noise));
        prop_assert!(scaled_bounds.contains(scaled.sampling_error(&schedule).unwrap()));
    }
}

proptest! {
    #![proptest_config(seeded(120, 24))]

    #[test]
    fn bounds_contain_the_error_of_the_real_sampler(
        (table, schedule) in tables_with_schedules::<f64>(6, 144),
        which in 1_u8..8,
        points in points(),
    ) {
        let curve = table.information_curve().unwrap();
        let bounds = facts_of(&curve, which, &points).known(curve.tokens()).bounds(&schedule).unwrap();
        let by_sampler = sampler::expected_kl(&table, &schedule).unwrap();
        prop_assert!(at_most(bounds.lower, by_sampler) && at_most(by_sampler, bounds.upper));
    }

    #[test]
    fn bounds_in_single_precision_contain_the_error(
        (table, schedule) in tables_with_schedules::<f32>(5, 81),
    ) {
        let curve = table.information_curve().unwrap();
        let exact = curve.sampling_error(&schedule).unwrap();
        let (total, dual) = (curve.total_correlation(), curve.dual_total_correlation());
        prop_assert!(sharp::from_total_correlation(total, &schedule).unwrap().contains(exact));
        prop_assert!(sharp::from_dual_total_correlation(dual, &schedule).unwrap().contains(exact));
        prop_assert!(sharp::from_correlations(total, dual, &schedule).unwrap().contains(exact));
        let entropy = curve.single_token_entropy().unwrap();
        prop_assert!(sharp::from_single_token_entropy(entropy, &schedule).unwrap().contains(exact));
    }
}

#[test]
fn the_whole_curve_is_known_exactly_and_its_own_witness() {
    let curve = Curve::from_information([0.0, 0.25, 0.75]).unwrap();
    let schedule = Schedule::from_reveal_sizes([1, 2]).unwrap();
    let exact = curve.sampling_error(&schedule).unwrap();
    assert_eq!(curve.bounds(&schedule), Ok(KlBounds::new(exact, exact).unwrap()));
    assert_eq!((curve.lower(&schedule), curve.upper(&schedule)), (Ok(exact), Ok(exact)));
    assert_eq!(curve.lower_witness(&schedule), Ok(curve.clone()));
    assert_eq!(curve.upper_witness(&schedule), Ok(curve.clone()));
    let other = Schedule::sequential(4).unwrap();
    let differ = Error::TokensDiffer { what: "curve", tokens: 3, schedule_tokens: 4 };
    assert_eq!(curve.upper_witness(&other), Err(differ.clone()));
    assert_eq!(Knowledge::bounds(&curve, &other), Err(differ));
}

#[test]
fn the_smallest_inputs_work() {
    let nothing: Nats = Nats(0.0);
    let none = KlBounds::new(nothing, nothing).unwrap();
    for schedule in [Schedule::one_step(1).unwrap(), Schedule::sequential(2).unwrap()] {
        let tokens = schedule.tokens();
        assert_eq!(sharp::from_total_correlation(nothing, &schedule), Ok(none));
        assert_eq!(sharp::from_dual_total_correlation(nothing, &schedule), Ok(none));
        assert_eq!(sharp::from_correlations(nothing, nothing, &schedule), Ok(none));
        assert_eq!(sharp::from_known_points(&[], &schedule), Ok(none));
        assert_eq!(sharp::from_single_token_entropy(Nats(2.0), &schedule), Ok(none));
        let witness = Known::about(tokens).single_token_entropy(Nats(2.0));
        assert_eq!(witness.upper_witness(&schedule).unwrap().tokens(), tokens);
    }
    // Two tokens at once: whatever is known, it is the mutual information.
    let both = Schedule::one_step(2).unwrap();
    for known in [
        Known::<f64>::about(2).total_correlation(Nats(0.5)),
        Known::about(2).dual_total_correlation(Nats(0.5)),
        Known::about(2).token_information(Nats(1.0)),
        Known::about(2).information(1, Nats(0.5)),
    ] {
        let bounds: KlBounds = known.bounds(&both).unwrap();
        assert!((bounds.lower.0 - 0.5).abs() < 1e-14 && (bounds.upper.0 - 0.5).abs() < 1e-14);
    }
    // Zero information in a long sequence, one token a step, and everything at once.
    let zero = Known::about(50).total_correlation(nothing).single_token_entropy(Nats(1.0));
    assert_eq!(zero.bounds(&Schedule::one_step(50).unwrap()), Ok(none));
    let sequential = Schedule::sequential(50).unwrap();
    let known = Known::<f64>::about(50).total_correlation(Nats(7.0));
    assert_eq!(known.bounds(&sequential), Ok(none));
    let all: KlBounds = known.bounds(&Schedule::one_step(50).unwrap()).unwrap();
    assert!((all.lower.0 - 7.0).abs() < 1e-13 && (all.upper.0 - 7.0).abs() < 1e-13);
}

#[test]
fn bounds_for_a_million_tokens_are_attained() {
    let tokens = 1_000_000;
    let known = [
        Known::about(tokens).total_correlation(Nats(1e5)),
        Known::about(tokens).dual_total_correlation(Nats(2e5)),
        Known::about(tokens).total_correlation(Nats(1e5)).dual_total_correlation(Nats(2e5)),
        Known::about(tokens)
            .total_correlation(Nats(1e5))
            .information_between(tokens / 2, Nats(0.1), Nats(0.15))
            .single_token_entropy(Nats(0.5)),
    ];
    let mut sizes = vec![1; 1000];
    sizes.extend([400_000, 99_000, 500_000]);
    let schedules = [
        Schedule::from_reveal_sizes(sizes).unwrap(),
        Schedule::balanced(tokens, 1000).unwrap(),
        Schedule::one_step(tokens).unwrap(),
    ];
    for known in known {
        for schedule in &schedules {
            let bounds = known.bounds(schedule).unwrap();
            assert!(bounds.lower <= bounds.upper);
            let near = |found: Nats, expected: Nats| {
                (found.0 - expected.0).abs() <= 1e-9 * bounds.upper.0 + 1e-300
            };
            let best = known.lower_witness(schedule).unwrap();
            assert!(near(best.sampling_error(schedule).unwrap(), bounds.lower), "{known:?}");
            let worst = known.upper_witness(schedule).unwrap();
            assert!(near(worst.sampling_error(schedule).unwrap(), bounds.upper), "{known:?}");
        }
    }
}

#[test]
fn contradictions_say_which_inequality_fails_and_by_how_much() {
    let schedule = Schedule::from_reveal_sizes([2, 2]).unwrap();
    let fails = |known: Known, inequality: &str, left: f64, right: f64| {
        for result in [known.lower(&schedule), known.upper(&schedule)] {
            match result {
                Err(Error::Inconsistent { inequality: found, left: l, right: r }) => {
                    assert_eq!(found, inequality);
                    assert!((l - left).abs() < 1e-12 && (r - right).abs() < 1e-12, "{l} {r}");
                }
                other => panic!("{inequality}: {other:?}"),
            }
        }
        assert!(known.lower_witness(&schedule).is_err() && known.upper_witness(&schedule).is_err());
    };
    let about = || Known::about(4);
    let (total, dual) =
        (|x| about().total_correlation(Nats(x)), |x| about().dual_total_correlation(Nats(x)));
    fails(total(4.0).dual_total_correlation(Nats(1.0)), "TC <= (L - 1) DTC", 4.0, 3.0);
    fails(dual(4.0).total_correlation(Nats(1.0)), "DTC <= (L - 1) TC", 4.0, 3.0);
    fails(
        total(1.0).dual_total_correlation(Nats(1.0)).token_information(Nats(2.5)),
        "I_{L-1} <= (TC + DTC) / L",
        0.625,
        0.5,
    );
    fails(
        total(1.0).dual_total_correlation(Nats(1.0)).token_information(Nats(1.0)),
        "(TC + DTC) / L <= I_{L-1} <= f_0",
        0.5,
        0.25,
    );
    fails(
        total(0.2).information(2, Nats(0.5)),
        "TC >= the least that the known I_k allow",
        0.2,
        1.0,
    );
    fails(
        total(4.0).information(3, Nats(1.0)),
        "TC <= the most that the known I_k allow",
        4.0,
        3.0,
    );
    fails(
        dual(0.2).information(1, Nats(0.5)),
        "DTC >= the least that the known I_k allow",
        0.2,
        0.5,
    );
    fails(
        dual(4.0).single_token_entropy(Nats(1.0)),
        "DTC <= the most that the known I_k allow",
        4.0,
        3.0,
    );
    fails(
        about().information(2, Nats(0.5)).single_token_entropy(Nats(0.25)),
        "I_k <= f_0",
        0.5,
        0.25,
    );
    let falling = about().information(1, Nats(0.5)).information_between(3, Nats(0.1), Nats(0.4));
    let expected =
        Error::InformationDecreases { earlier: 1, at_least: 0.5, later: 3, at_most: 0.4 };
    assert_eq!(falling.bounds(&schedule), Err(expected));
    let negative = about().information(1, Nats(-0.5)).bounds(&schedule);
    let expected =
        Error::InformationDecreases { earlier: 0, at_least: 0.0, later: 1, at_most: -0.5 };
    assert_eq!(negative, Err(expected));
    let backwards = about().information_between(2, Nats(0.5), Nats(0.4)).lower(&schedule);
    assert!(matches!(backwards, Err(Error::InformationDecreases { earlier: 2, later: 2, .. })));

    let single = Schedule::one_step(1).unwrap();
    let one = Nats(1.0);
    for known in [
        Known::about(1).total_correlation(one),
        Known::about(1).dual_total_correlation(one),
        Known::about(1).token_information(one),
    ] {
        assert!(known.bounds(&single).is_err(), "{known:?}");
    }
}

#[test]
fn bad_numbers_are_refused_by_name() {
    let schedule = Schedule::from_reveal_sizes([2, 2]).unwrap();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let bad = Nats(bad);
        for (known, name) in [
            (Known::about(4).total_correlation(bad), "total correlation"),
            (Known::about(4).dual_total_correlation(bad), "dual total correlation"),
            (Known::about(4).single_token_entropy(bad), "single-token entropy"),
            (Known::about(4).information(2, bad), "known information"),
            (Known::about(4).information_between(2, Nats(0.0), bad), "known information"),
            (Known::about(4).token_information(bad), "token information"),
        ] {
            match known.bounds(&schedule) {
                Err(Error::NotFinite { what, .. }) => assert_eq!(what, name),
                other => panic!("{other:?}"),
            }
        }
    }
    let negative = Known::about(4).total_correlation(Nats(-1.0)).bounds(&schedule);
    assert!(matches!(negative, Err(Error::Negative { what: "total correlation", .. })));
    let outside = sharp::from_known_points(&[(4, Nats(1.0))], &schedule);
    assert!(matches!(outside, Err(Error::IndexOutOfRange { index: 4, limit: 4, .. })));
    let open = sharp::from_known_points(&[(2, Nats(1.0))], &schedule);
    assert!(matches!(open, Err(Error::Unbounded { .. })));
    let other = Known::about(5).total_correlation(Nats(1.0)).bounds(&schedule);
    let differ = Error::TokensDiffer { what: "knowledge", tokens: 5, schedule_tokens: 4 };
    assert_eq!(other, Err(differ));
    let huge = sharp::from_total_correlation(Nats(f64::MAX), &Schedule::one_step(4).unwrap());
    assert!(matches!(huge, Err(Error::Overflow { .. })));
    // More tokens than fit in memory: bounds need only the steps, witnesses are refused.
    let vast = Schedule::from_reveal_sizes([usize::MAX / 4]).unwrap();
    let known = Known::about(usize::MAX / 4).total_correlation(Nats(1.0));
    assert!(known.bounds(&vast).unwrap().contains(Nats(1.0)));
    assert!(matches!(known.upper_witness(&vast), Err(Error::TooLarge { .. })));
}

#[test]
fn rounding_noise_between_statements_is_accepted() {
    let schedule = Schedule::from_reveal_sizes([1, 3]).unwrap();
    let nearly = 1.0 + 1e-12;
    let known =
        Known::about(4).total_correlation(Nats(3.0 * nearly)).dual_total_correlation(Nats(1.0));
    assert!(known.bounds(&schedule).unwrap().upper.0 < 1e-10);
    let known = Known::about(4).information(2, Nats(nearly)).information(3, Nats(1.0));
    assert!(known.bounds(&schedule).is_ok());
    let known = Known::about(4).information(3, Nats(1.0)).total_correlation(Nats(3.0 * nearly));
    assert!(known.bounds(&schedule).is_ok());
}

/// Sizes that grow by about 1.7 from step to step, up to a total.
fn growing_sizes(tokens: usize) -> Schedule {
    let (mut sizes, mut left, mut size) = (Vec::new(), tokens, 1.0_f64);
    while left > 0 {
        sizes.push((size as usize).min(left));
        left -= sizes[sizes.len() - 1];
        size = (size * 1.71).max(size + 1.0);
    }
    Schedule::from_reveal_sizes(sizes).unwrap()
}

#[test]
fn the_search_for_the_multiplier_ends_where_floats_tell_no_plans_apart() {
    let sizes = [
        1, 1, 2, 3, 6, 10, 17, 29, 50, 86, 148, 255, 439, 755, 1299, 2235, 3845, 6616, 11383,
        19585, 33697, 57977, 99752, 171627, 295292, 508062, 874142, 1503998, 602992,
    ];
    let schedule = Schedule::from_reveal_sizes(sizes).unwrap().covering(1 << 22).unwrap();
    let (total, dual) = (0.070_255_21_f32, 0.001_008_420_3_f32);
    let single = sharp::from_correlations(Nats(total), Nats(dual), &schedule).unwrap();
    let exact = [total, dual].map(|x| Nats(f64::from(x)));
    let double = sharp::from_correlations(exact[0], exact[1], &schedule).unwrap();
    assert!(
        f64::from(single.lower.0) <= double.lower.0 && double.upper.0 <= f64::from(single.upper.0)
    );

    for (total, dual, exponent) in
        [(0.28, 5.4e-6, 52), (0.6660905574840552, 6.660905574840552e-13, 53)]
    {
        for tokens in [1 << exponent, (1 << exponent) - 1, 1 << 40] {
            let schedule = growing_sizes(tokens);
            let Ok(bounds) = sharp::from_correlations(Nats(total), Nats(dual), &schedule) else {
                continue;
            };
            assert!(bounds.lower <= bounds.upper);
            // Knowing both can't be worse than knowing one of them.
            let one = sharp::from_total_correlation(Nats(total), &schedule).unwrap();
            let other = sharp::from_dual_total_correlation(Nats(dual), &schedule).unwrap();
            let least = one.upper.min(other.upper).0;
            assert!(bounds.upper.0 <= least * (1.0 + 1e-9), "{tokens} {bounds} {least}");
        }
    }
}
