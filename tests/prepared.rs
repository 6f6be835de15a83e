//! A prepared curve says what the curve says, whatever the magnitudes.

use crate::support;

use proptest::prelude::*;
use support::*;
use unmaskcost::curve::PreparedCurve;
use unmaskcost::measured::LossCurve;
use unmaskcost::{Error, InformationCurve, Nats, Schedule};

proptest! {
    #![proptest_config(seeded(400, 191))]

    #[test]
    fn prepared_curves_give_the_same_errors(
        (curve, schedule) in increments(60).prop_flat_map(|increments| {
            let curve = InformationCurve::from_information(information_of(&increments)).unwrap();
            let tokens = curve.tokens();
            (Just(curve), schedules(tokens))
        })
    ) {
        let prepared = PreparedCurve::of(&curve);
        let (fast, slow) = (prepared.cost(&schedule).unwrap(), curve.sampling_error(&schedule).unwrap());
        prop_assert!((fast.0 - slow.0).abs() <= 5.0 * f64::EPSILON * slow.0, "{fast} {slow}");
    }

    #[test]
    fn prepared_losses_give_the_same_costs(
        (losses, schedule) in proptest::collection::vec(0.001..6.0_f64, 1..60)
            .prop_flat_map(|losses| { let tokens = losses.len(); (Just(losses), schedules(tokens)) })
    ) {
        let fast = PreparedCurve::of_losses(&losses).unwrap().cost(&schedule).unwrap();
        let slow = LossCurve::from_exact(&losses).unwrap().parallelism_cost(&schedule).unwrap();
        prop_assert!((fast.0 - slow.value().0).abs() <= 1e-13, "{fast} {}", slow.value());
        // Exactly, in whole multiples of the last place of the smallest loss.
        let whole = |x: f64| (x * 2_f64.powi(70)) as i128;
        let mut exact = 0;
        for step in schedule.ranges() {
            exact += step.clone().map(|k| whole(losses[step.start]) - whole(losses[k])).sum::<i128>();
        }
        prop_assert_eq!(fast.0, exact as f64 * 2_f64.powi(-70));
    }
}

/// Errors that are 1e-40 of the information: no sum of 128 bits holds both.
#[test]
fn where_almost_all_cancels_the_plain_sum_answers() {
    let mut information = vec![0.0; 100];
    information[50..].fill(1.0);
    let entropies: Vec<f64> = (0..100)
        .map(|k| if k < 50 { 1.0 } else { 1e-40 * (0.7 * f64::from(100 - k)).exp() })
        .collect();
    let curve = InformationCurve::from_conditional_entropies(entropies).unwrap();
    let prepared = PreparedCurve::of(&curve);
    for sizes in [[50, 50], [49, 51], [30, 70]] {
        let schedule = Schedule::from_reveal_sizes(sizes).unwrap();
        let (fast, slow) =
            (prepared.cost(&schedule).unwrap(), curve.sampling_error(&schedule).unwrap());
        assert!((fast.0 / slow.0 - 1.0).abs() <= 5.0 * f64::EPSILON, "{fast:e} {slow:e}");
        assert!(slow.0 > 0.0);
    }
}

#[test]
fn magnitudes_at_the_ends_of_the_floats_are_kept() {
    for scale in [5e-324, 1e-310, 1e-300, 1e-160, 1e300] {
        let curve =
            InformationCurve::from_information([0.0, scale, 3.0 * scale, 7.0 * scale]).unwrap();
        let prepared = PreparedCurve::of(&curve);
        for schedule in all_schedules(4) {
            assert_eq!(prepared.cost(&schedule).unwrap(), curve.sampling_error(&schedule).unwrap());
        }
    }
    let zero = InformationCurve::from_information([0.0; 7]).unwrap();
    assert_eq!(PreparedCurve::of(&zero).cost(&Schedule::one_step(7).unwrap()).unwrap(), Nats(0.0));
}

#[test]
fn bad_input_is_refused() {
    assert!(matches!(PreparedCurve::of_losses([]), Err(Error::Empty { .. })));
    assert!(matches!(PreparedCurve::of_losses([1.0, f64::NAN]), Err(Error::NotFinite { .. })));
    assert!(matches!(PreparedCurve::of_losses([1e308; 9]), Err(Error::Overflow { .. })));
    let prepared = PreparedCurve::of_losses([1.0, 0.5]).unwrap();
    let other = prepared.cost(&Schedule::sequential(3).unwrap());
    assert!(matches!(other, Err(Error::TokensDiffer { .. })));
}
