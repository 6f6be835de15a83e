//! Values between types: arithmetic, order, other precisions, and a user's own documents.

use unmaskcost::curve::OrderCurve;
use unmaskcost::measured::{LossCurve, LossPoint};
use unmaskcost::{Bits, Error, InformationCurve, Nats, Schedule};

#[test]
fn amounts_scale_from_both_sides_and_sort_with_all_floats() {
    assert_eq!(2.0 * Nats(1.5), Nats(1.5) * 2.0);
    assert_eq!(2.0_f32 * Bits(1.5_f32), Bits(3.0));
    let amount: Nats = 0.5.into();
    assert_eq!(amount, Nats(0.5));
    let mut amounts = [Nats(f64::NAN), Nats(1.0), Nats(f64::NEG_INFINITY), Nats(-0.0), Nats(0.0)];
    amounts.sort_by(Nats::total_cmp);
    let text: Vec<_> = amounts.iter().map(|amount| amount.0.to_string()).collect();
    assert_eq!(text, ["-inf", "-0", "0", "1", "NaN"]);
}

#[test]
fn curves_change_their_precision_and_keep_their_errors() {
    let entropies: Vec<f64> = (0..300).map(|k| 3.0 / (1.0 + f64::from(k)).sqrt()).collect();
    let double = InformationCurve::from_conditional_entropies(&entropies).unwrap();
    let single = InformationCurve::<f32>::try_from(double.clone()).unwrap();
    let back = InformationCurve::<f64>::from(single.clone());
    for steps in [1, 7, 64, 300] {
        let schedule = Schedule::balanced(300, steps).unwrap();
        let exact = double.sampling_error(&schedule).unwrap().0;
        let of_single = f64::from(single.sampling_error(&schedule).unwrap().0);
        let of_back = back.sampling_error(&schedule).unwrap().0;
        assert!((of_single - exact).abs() <= 1e-6 * exact, "{steps}");
        assert!((of_back - exact).abs() <= 1e-6 * exact, "{steps}");
        assert!((of_back - of_single).abs() <= 1e-6 * exact, "{steps}");
    }
    assert_eq!(InformationCurve::<f32>::try_from(back.clone()), Ok(single));
    // The sums belong to the increments: a curve of f64 is one in every digit.
    #[cfg(feature = "serde")]
    {
        let text = serde_json::to_string(&back).unwrap();
        assert_eq!(serde_json::from_str::<InformationCurve>(&text).unwrap(), back);
    }
    let huge = InformationCurve::from_information([0.0, 1e40]).unwrap();
    assert!(matches!(InformationCurve::<f32>::try_from(huge), Err(Error::Overflow { .. })));

    let rows = [vec![1.0_f64, 0.7, 0.3], vec![0.6, 0.3], vec![0.1]];
    let ordered = OrderCurve::from_conditional_entropies(&rows).unwrap();
    let single = OrderCurve::<f32>::try_from(ordered.clone()).unwrap();
    let back = OrderCurve::<f64>::from(single);
    let one_step = Schedule::one_step(3).unwrap();
    let error = |curve: &OrderCurve| curve.sampling_error(&one_step).unwrap().0;
    assert!((error(&back) - error(&ordered)).abs() < 1e-6);
    let huge = OrderCurve::from_conditional_entropies(&[[1e40]]).unwrap();
    assert!(matches!(OrderCurve::<f32>::try_from(huge), Err(Error::NotFinite { .. })));

    let point = |revealed, loss| LossPoint {
        revealed,
        loss: Nats(loss),
        standard_error: Nats(0.1),
        samples: Some(9),
    };
    let losses = LossCurve::from_points([point(0, 2.0), point(3, 0.7)], 4).unwrap().holding_ends();
    let single = LossCurve::<f32>::try_from(losses.clone()).unwrap();
    let back = LossCurve::<f64>::from(single);
    assert!(back.holds_ends());
    assert!((back.points()[1].loss.0 - 0.7).abs() < 1e-7);
    assert_eq!((back.points()[1].samples, back.tokens()), (Some(9), 4));
    let huge = LossCurve::from_points([point(0, 1e40)], 4).unwrap();
    assert!(matches!(LossCurve::<f32>::try_from(huge), Err(Error::NotFinite { .. })));
}

#[cfg(feature = "serde")]
mod documents {
    use std::fmt::Debug;

    use serde::{Deserialize, Serialize, de::DeserializeOwned};
    use unmaskcost::bounds::{self, universal::Factor};
    use unmaskcost::decoders::{Decoder, Shape};
    use unmaskcost::measured::{MonotonicityTest, Planner, SequenceLosses, Verdict};
    use unmaskcost::optimal::{self, Optimum, families, minimax};
    use unmaskcost::sampler::policy::{self, PolicyCost, Rule};
    use unmaskcost::schedule::{BlockLength, Blockwise, Passes, RevealTimes, Rounding, Rounds};
    use unmaskcost::{
        ConfidenceInterval, Estimate, Order, TrainingError, audit, distribution::JointTable,
    };

    use super::*;

    fn kept<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
        let text = serde_json::to_string(&value).unwrap();
        let read = serde_json::from_str::<T>(&text);
        assert_eq!(read.unwrap_or_else(|error| panic!("{error}: {text}")), value, "{text}");
    }

    fn refused<T: DeserializeOwned + Debug>(text: &str, says: &str) {
        let error = serde_json::from_str::<T>(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }

    fn curve() -> InformationCurve {
        let entropies: Vec<f64> = (0..12).map(|k| f64::from(12 - k).ln()).collect();
        InformationCurve::from_conditional_entropies(entropies).unwrap()
    }

    #[test]
    fn results_are_kept_in_a_struct_of_ones_own() {
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        struct Row {
            decoder: Decoder,
            passes: Passes,
            error: Nats,
            bits: Bits<f32>,
            cost: Estimate,
            interval: ConfidenceInterval<f32>,
            training: TrainingError,
        }
        let cost = Estimate::exact(Nats(0.25));
        kept(Row {
            decoder: Decoder::MaskGit(Shape::Power(2.5)),
            passes: Decoder::Dream.plan(256, 256).unwrap(),
            error: Nats(0.1),
            bits: Bits(0.1),
            cost,
            interval: ConfidenceInterval::new(Nats(0.1), Nats(f32::INFINITY), 0.95).unwrap(),
            training: TrainingError::new(Nats(0.5)).unwrap(),
        });
        let text = serde_json::to_string(&cost).unwrap();
        assert_eq!(text, r#"{"value":0.25,"standard_error":0.0,"degrees_of_freedom":"inf"}"#);
    }

    #[test]
    fn plans_audits_and_guarantees_are_kept() {
        let (curve, schedule) = (curve(), Schedule::from_reveal_sizes([5, 4, 2, 1]).unwrap());
        let best: Optimum = optimal::schedule(&curve, 3).unwrap().into();
        kept(best);
        kept(optimal::reveal_times(&curve, 3).unwrap());
        kept(optimal::blockwise(&[curve.clone(), curve.clone()], 5).unwrap());
        kept(families::fit(&curve, 3).unwrap());
        kept(minimax::universal(64, 9).unwrap());
        kept(unmaskcost::bounds::universal::factor(&minimax::universal(64, 9).unwrap()));
        kept(schedule.audit());
        kept(audit::with_curve(&curve, &schedule).unwrap());
        kept(curve.step_costs(&schedule).unwrap());
        kept(curve.growth_complexity().unwrap());
        kept(Rounds::new(Order::spread(12).unwrap(), schedule.clone()).unwrap());
        kept(RevealTimes::equal(7).unwrap());
        kept(Rounding::MaskedFloorClamped);
        kept(BlockLength(32));
        let losses =
            LossCurve::from_exact((0..8).map(|k| 1.0 / (1.0 + f64::from(k))).collect::<Vec<_>>());
        let losses = losses.unwrap();
        kept(Planner::new(&losses, losses.clone()).unwrap().schedule(3).unwrap());
        kept(Planner::new(&losses, losses.clone()).unwrap().advise(3).unwrap());
        kept::<SequenceLosses>(
            SequenceLosses::new([(0, Nats(1.5)), (3, Nats(0.5))]).of_document("a"),
        );
        kept::<MonotonicityTest>(losses.monotonicity());
        kept(losses.error_split_against(&losses, &Schedule::balanced(8, 2).unwrap()).unwrap());
        kept(Verdict::of(Estimate::with_known_error(Nats(1.0), Nats(0.1)).unwrap()).unwrap());
        let table: JointTable = JointTable::from_counts(&[2; 3], [4, 1, 1, 2, 1, 2, 2, 7]).unwrap();
        let rule = Rule::lowest_entropies(2).unwrap().in_blocks(BlockLength(2)).unwrap();
        kept(rule);
        kept::<PolicyCost>(policy::cost(&table, &rule).unwrap());
        kept(table.correlations());
        // A table for people is written only.
        let compared = bounds::compare(&curve, &schedule).unwrap();
        assert!(serde_json::to_string(&compared).unwrap().contains("\"source\""));
    }

    #[test]
    fn what_cannot_be_is_not_read() {
        refused::<Estimate>(
            r#"{"value":1,"standard_error":-1,"degrees_of_freedom":3}"#,
            "negative",
        );
        refused::<Estimate>(
            r#"{"value":1,"standard_error":1,"degrees_of_freedom":5e-324}"#,
            "at least 0.1",
        );
        refused::<ConfidenceInterval>(r#"{"lower":3,"upper":1,"level":0.9}"#, "lower <= upper");
        refused::<ConfidenceInterval>(r#"{"lower":1,"upper":3,"level":1.5}"#, "level is 1.5");
        refused::<TrainingError>("-1.0", "negative");
        refused::<Nats>(r#""a lot""#, "is not a number");
        refused::<Passes>("[0,0]", "empty");
        refused::<Blockwise>("[]", "empty");
        refused::<RevealTimes>("[0.0,0.7,0.5,1.0]", "decrease");
        refused::<Decoder>(r#""LLaMA""#, "LLaDA");
        refused::<Factor>(r#"{"numerator":1,"denominator":0}"#, "positive");
        let short = r#"{"order":{"format":"unmaskcost.order","version":1,"positions":[0,1]},
            "schedule":{"format":"unmaskcost.schedule","version":1,"order":"sampling","reveal_sizes":[1]}}"#;
        refused::<Rounds>(short, "2 tokens");
    }
}
