//! JSON documents: what is written is read back exactly; nothing invalid becomes a valid type.

use crate::support;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use support::*;
use unmaskcost::measured::{Collector, LossCurve, LossPoint};
use unmaskcost::{InformationCurve, KlBounds, Nats, Order, Schedule};

fn read_back<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let text = serde_json::to_string(value).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

proptest! {
    #![proptest_config(seeded(200, 91))]

    #[test]
    fn every_type_is_read_back_exactly(
        (increments, schedule) in increments(40).prop_flat_map(|increments| {
            let tokens = increments.len() + 1;
            (Just(increments), schedules(tokens))
        }),
        losses in proptest::collection::vec((0.0..9.0_f64, 0.0..1.0_f64, 1_u64..1 << 40), 1..40),
        held in any::<bool>(),
        evaluations in proptest::collection::vec((0_usize..7, 0.0..9.0_f64), 0..60),
        ends in (0.0..1.0_f64, 0.0..1.0_f64),
    ) {
        prop_assert_eq!(&read_back(&schedule), &schedule);
        let order = Order::spread(schedule.tokens()).unwrap().shifted(schedule.steps());
        prop_assert_eq!(&read_back(&order), &order);

        let information = information_of(&increments);
        let top = information[information.len() - 1];
        let entropies: Vec<f64> = information.iter().map(|i| top - i).collect();
        let curve = InformationCurve::from_information(&information).unwrap();
        prop_assert_eq!(&read_back(&curve), &curve);
        let curve = InformationCurve::from_conditional_entropies(&entropies).unwrap();
        prop_assert_eq!(&read_back(&curve), &curve);
        let single: Vec<f32> = (0..9).map(|k| 1.7 / (k as f32 + 0.3)).collect();
        let curve = InformationCurve::from_conditional_entropies(&single).unwrap();
        prop_assert_eq!(&read_back(&curve), &curve);

        let points = losses.iter().enumerate().map(|(k, &(loss, error, samples))| LossPoint {
            revealed: 2 * k,
            loss: Nats(loss),
            standard_error: Nats(error),
            samples: (samples != 1).then_some(samples),
        });
        let points = points.collect::<Vec<_>>();
        let losses = LossCurve::from_points(&points, 2 * points.len()).unwrap();
        let losses = if held { losses.holding_ends() } else { losses };
        prop_assert_eq!(&read_back(&losses), &losses);

        let mut collector = Collector::new(7).unwrap();
        for (k, loss) in evaluations {
            collector.record(k, Nats(loss)).unwrap();
        }
        prop_assert_eq!(&read_back(&collector), &collector);

        let bounds = KlBounds::new(Nats(ends.0.min(ends.1)), Nats(ends.0.max(ends.1))).unwrap();
        prop_assert_eq!(&read_back(&bounds), &bounds);
    }
}

/// `T` must refuse the text, and its error must say all of the words.
fn refuses<T: DeserializeOwned>(text: &str, words: &[&str]) {
    match serde_json::from_str::<T>(text) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => {
            let message = error.to_string();
            for word in words {
                assert!(message.contains(word), "{message:?} does not say {word:?}, for {text}");
            }
        }
    }
}

/// Each change of a valid document, with what the error must say.
fn refuses_changes<T: DeserializeOwned>(valid: &str, changes: &[(&str, &str, &[&str])]) {
    serde_json::from_str::<T>(valid).map(|_| ()).unwrap();
    for (from, to, words) in changes {
        assert!(valid.contains(from), "{from} is not in {valid}");
        refuses::<T>(&valid.replacen(from, to, 1), words);
    }
}

#[test]
fn schedule_documents() {
    let valid =
        r#"{"format":"unmaskcost.schedule","version":1,"order":"sampling","reveal_sizes":[3,1]}"#;
    refuses_changes::<Schedule>(
        valid,
        &[
            ("unmaskcost.schedule", "unmaskcost.loss_curve", &["format", "unmaskcost.loss_curve"]),
            ("\"version\":1", "\"version\":2", &["version 2 is not known", "reads version 1"]),
            ("\"version\":1,", "", &["missing field `version`"]),
            ("sampling", "forward", &["order", "forward", "sampling"]),
            ("[3,1]", "[]", &["reveal sizes is empty"]),
            ("[3,1]", "[3,0]", &["step 1", "reveals no token"]),
            ("[3,1]", "[3,-1]", &["-1"]),
            ("[3,1]", "[3,1.5]", &["1.5"]),
            ("[3,1]", "[18446744073709551615,1]", &["overflows"]),
            ("[3,1]", "[3,1],\"comment\":1", &["unknown field `comment`"]),
        ],
    );
}

#[test]
fn information_curve_documents() {
    let valid = r#"{"format":"unmaskcost.information_curve","version":1,"unit":"nats",
        "information":[0,0.25,0.5],"increments":[0,0.25,0.25],"single_token_entropy":1}"#;
    refuses_changes::<InformationCurve>(
        valid,
        &[
            ("\"nats\"", "\"bits\"", &["the unit is \"bits\"", "nats"]),
            ("\"version\":1", "\"version\":0", &["version 0"]),
            ("0.5]", "0.125]", &["must not decrease"]),
            ("[0,0.25,0.5]", "[0.1,0.25,0.5]", &["0 (up to rounding) is needed"]),
            ("[0,0.25,0.5]", "[]", &["empty"]),
            ("0.25,0.25]", "0.25,0.5]", &["d_1 + .. + d_m = I_m"]),
            ("0.25,0.25]", "0.25]", &["2 elements, but 3"]),
            ("0.25,0.25]", "0.5,-0.25]", &["must not be negative"]),
            ("entropy\":1", "entropy\":0.25", &["I_{L-1} <= f_0"]),
            ("entropy\":1", "entropy\":-1", &["negative"]),
            ("\"information\"", "\"conditional_entropies\"", &["conditional_entropies"]),
            ("\"information\":[0,0.25,0.5],", "", &["information or conditional_entropies"]),
            ("\"information\"", "\"mutual\"", &["unknown field `mutual`"]),
        ],
    );
    let by_hand = r#"{"format":"unmaskcost.information_curve","version":1,"unit":"nats",
        "conditional_entropies":[1.0,0.75,0.5]}"#;
    let curve: InformationCurve = serde_json::from_str(by_hand).unwrap();
    assert_eq!(curve, InformationCurve::from_conditional_entropies([1.0, 0.75, 0.5]).unwrap());
    refuses_changes::<InformationCurve>(by_hand, &[("0.5]", "0.8]", &["must not increase"])]);
}

#[test]
fn loss_curve_documents() {
    let valid = r#"{"format":"unmaskcost.loss_curve","version":1,"unit":"nats_per_token","tokens":8,
        "points":[{"revealed":0,"loss":2.5,"standard_error":0.1,"samples":100}],
        "beyond_measured":"unknown"}"#;
    refuses_changes::<LossCurve>(
        valid,
        &[
            ("nats_per_token", "bits_per_token", &["unit", "bits_per_token", "nats_per_token"]),
            ("nats_per_token", "nats", &["unit"]),
            ("\"tokens\":8", "\"tokens\":0", &["empty"]),
            ("\"tokens\":8", "\"tokens\":99999999999", &["limit"]),
            ("\"revealed\":0", "\"revealed\":8", &["revealed count 8 is out of range"]),
            ("2.5", "-2.5", &["losses[0] is -2.5"]),
            ("2.5", "null", &["null"]),
            ("2.5", "1e999", &["out of range"]),
            ("0.1", "-0.1", &["standard errors[0]"]),
            ("100", "0", &["no samples"]),
            ("100", "1", &["single sample", "leave out the number"]),
            ("\"samples\":100", "\"samples\":100,\"note\":1", &["unknown field `note`"]),
            ("\"standard_error\":0.1,", "", &["missing field `standard_error`"]),
            ("\"unknown\"", "\"zero\"", &["unknown variant `zero`"]),
        ],
    );
    let unknown = valid.replace(",\"samples\":100", "");
    let losses: LossCurve = serde_json::from_str(&unknown).unwrap();
    assert_eq!(losses.points()[0].samples, None);
    assert_eq!(read_back(&losses), losses);
    let shorter = valid.replace(",\n        \"beyond_measured\":\"unknown\"", "");
    assert!(!serde_json::from_str::<LossCurve>(&shorter).unwrap().holds_ends());
}

#[test]
fn points_at_one_count_of_a_loss_curve_are_merged() {
    let text = r#"{"format":"unmaskcost.loss_curve","version":1,"unit":"nats_per_token","tokens":2,
        "points":[{"revealed":0,"loss":2.5,"standard_error":0.1,"samples":10},
                  {"revealed":0,"loss":1.5,"standard_error":0.1,"samples":30}]}"#;
    let losses: LossCurve = serde_json::from_str(text).unwrap();
    assert_eq!((losses.points().len(), losses.points()[0].loss), (1, Nats(1.75)));
}

#[test]
fn collector_documents() {
    let mut collector = Collector::new(3).unwrap();
    for value in [0.5, 0.75, 1.0] {
        collector.record(1, Nats(value)).unwrap();
    }
    let valid = serde_json::to_string(&collector).unwrap();
    assert_eq!(
        valid,
        r#"{"format":"unmaskcost.collector","version":1,"unit":"nats_per_token","tokens":3,"cells":[{"revealed":1,"samples":3,"mean":0.75,"sum_of_squares":0.125}]}"#
    );
    refuses_changes::<Collector>(
        &valid,
        &[
            ("unmaskcost.collector", "unmaskcost.loss_curve", &["format", "unmaskcost.collector"]),
            ("\"version\":1", "\"version\":2", &["version 2 is not known"]),
            ("nats_per_token", "nats", &["unit"]),
            ("\"tokens\":3", "\"tokens\":0", &["empty"]),
            ("\"tokens\":3", "\"tokens\":16777217", &["16777217", "limit is 1048576"]),
            ("\"revealed\":1", "\"revealed\":3", &["out of range"]),
            ("\"samples\":3", "\"samples\":0", &["no samples"]),
            ("\"samples\":3", "\"samples\":1", &["single sample"]),
            ("\"samples\":3", "\"samples\":-3", &["u64"]),
            ("0.75", "null", &["null"]),
            ("0.125", "-0.125", &["sum of squares", "negative"]),
            ("\"cells\"", "\"extra\":0,\"cells\"", &["extra"]),
        ],
    );
}

#[test]
fn a_collector_of_losses_that_are_all_zero_is_read_back() {
    let mut collector = Collector::new(2).unwrap();
    for _ in 0..3 {
        collector.record(1, Nats(0.0)).unwrap();
    }
    assert_eq!(read_back(&collector), collector);
}

#[test]
fn a_collector_of_one_large_loss_among_zeros_is_as_spread_as_it_gets() {
    let mut collector = Collector::new(2).unwrap();
    for loss in [0.0, 0.0, 6.0, 0.0] {
        collector.record(1, Nats(loss)).unwrap();
    }
    let text = serde_json::to_string(&collector).unwrap();
    assert!(text.contains(r#""mean":1.5,"sum_of_squares":27.0"#), "{text}");
    assert_eq!(serde_json::from_str::<Collector>(&text).unwrap(), collector);
    refuses::<Collector>(&text.replace("27.0", "27.1"), &["n (n - 1)", "not negative"]);
    refuses::<Collector>(&text.replace("1.5", "0.0"), &["n (n - 1)"]);
    refuses::<Collector>(&text.replace(":2,", ":16777217,"), &["limit is 1048576"]);
}

#[test]
fn cell_and_bound_documents() {
    let valid = r#"{"format":"unmaskcost.collector","version":1,"unit":"nats_per_token","tokens":8,
        "cells":[{"revealed":2,"samples":3,"mean":1.5,"sum_of_squares":0.5},
                 {"revealed":3,"samples":1,"mean":1.0,"sum_of_squares":0}]}"#;
    refuses_changes::<Collector>(
        valid,
        &[
            ("\"revealed\":2", "\"revealed\":8", &["out of range"]),
            ("\"revealed\":2", "\"revealed\":3", &["listed twice"]),
            ("\"samples\":3", "\"samples\":0", &["no samples"]),
            ("1.5", "-1.5", &["mean", "negative"]),
            ("0.5}", "-0.5}", &["sum of squares", "negative"]),
            ("squares\":0}", "squares\":1}", &["single sample"]),
            ("\"version\":1", "\"version\":1.5", &["1.5"]),
        ],
    );
    let valid =
        r#"{"format":"unmaskcost.kl_bounds","version":1,"unit":"nats","lower":0.5,"upper":1.5}"#;
    refuses_changes::<KlBounds>(
        valid,
        &[
            ("0.5", "2.5", &["lower <= upper"]),
            ("0.5", "-0.5", &["negative"]),
            ("\"nats\"", "\"bits\"", &["unit"]),
            ("\"upper\":1.5", "\"upper\":null", &["null"]),
        ],
    );
}

#[test]
fn documents_from_a_python_program_need_no_order_of_fields() {
    let text = r#"{"points": [{"samples": 4, "loss": 1.0, "standard_error": 0.0, "revealed": 0}],
        "tokens": 1, "unit": "nats_per_token", "version": 1, "format": "unmaskcost.loss_curve"}"#;
    let losses: LossCurve = serde_json::from_str(text).unwrap();
    assert_eq!(losses.points()[0].samples, Some(4));
    // Also by way of a value, where strings are owned.
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::from_value::<LossCurve>(value).unwrap(), losses);
}

#[test]
fn an_order_document_is_checked_as_the_constructor_checks() {
    let text = serde_json::to_string(&Order::spread(4).unwrap()).unwrap();
    assert_eq!(text, r#"{"format":"unmaskcost.order","version":1,"positions":[0,2,1,3]}"#);
    let twice = serde_json::from_str::<Order>(&text.replace("[0,2,1,3]", "[0,2,2,3]"));
    assert!(twice.unwrap_err().to_string().starts_with("position 2 is listed twice"));
}
