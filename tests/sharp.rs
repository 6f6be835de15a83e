//! Sharp bounds: equal to the linear program they solve, attained by their witnesses, nested.

mod support;

use demask::bounds::sharp::{self, Known};
use demask::bounds::{KlBounds, Knowledge, li_cai};
use demask::{Error, InformationCurve, Nats, Scalar, Schedule, sampler};
use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions};
use proptest::prelude::*;
use support::*;

type Curve = InformationCurve<f64>;

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
            prop_assert_eq!(curve.single_token_entropy(), Some(Nats(value)));
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
    for tokens in 2..=7 {
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
    #![proptest_config(seeded(1500, 21))]

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
