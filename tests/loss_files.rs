//! Files of losses that people already have: read as what they are, or refused with the remedy.

use unmaskcost::measured::{LossFile, MeasuredLosses, Planner, Suspicion};
use unmaskcost::{Error, Nats, Schedule};

fn read(text: &str) -> LossFile {
    MeasuredLosses::from_csv(text, 64).unwrap()
}

/// Costs of balanced steps, measured directly on other sequences.
const DIRECT: [(usize, f64); 5] = [(2, 23.25), (4, 11.12), (8, 5.12), (16, 2.17), (32, 0.728)];

fn all_hold(losses: &MeasuredLosses, most: [f64; 5]) {
    for ((steps, direct), most) in DIRECT.into_iter().zip(most) {
        let cost = losses.parallelism_cost(&Schedule::balanced(64, steps).unwrap()).unwrap();
        let interval = cost.interval(0.99).unwrap();
        assert!(interval.contains(Nats(direct)), "{steps}: {cost} and {direct}");
        assert!(cost.standard_error().0 < most, "{steps}: {cost}");
    }
}

#[test]
fn evaluations_for_a_likelihood_each_at_a_count_of_its_own_give_costs_with_honest_errors() {
    let file = read(include_str!("measured/llada-masked.csv"));
    assert!(file.notes.is_empty());
    assert!(matches!(file.losses, MeasuredLosses::Posterior(_)));
    all_hold(&file.losses, [8.0, 4.0, 2.0, 1.0, 0.5]);
    assert!(file.losses.suspicions(Some(96)).is_empty());
    // Not enough to say that other sizes are better.
    let planner = Planner::new(file.losses.clone(), file.losses).unwrap();
    assert!(!planner.advise(8).unwrap().adapts());
}

#[test]
fn tokens_masked_by_coins_are_read_by_the_counts_that_came_out() {
    let raw = include_str!("measured/mdlm-raw.csv");
    let error = MeasuredLosses::<f64>::from_csv(raw, 64).unwrap_err();
    assert!(error.to_string().contains("write sum_nats"), "{error}");
    let file = read(&raw.replace("sum_ce_nats", "sum_nats"));
    assert_eq!(file.notes[0], "column \"t\" is not used");
    assert!(file.notes[1].ends_with("lines skipped: nothing was masked"), "{:?}", file.notes);
    all_hold(&file.losses, [8.0, 4.0, 2.5, 2.0, 1.5]);
}

#[test]
fn terms_and_sums_and_weights_are_recognised() {
    let term = read(include_str!("measured/llada-term.csv"));
    for vocabulary in [None, Some(96)] {
        let found = term.losses.suspicions(vocabulary);
        assert!(matches!(found[..], [Suspicion::AboveVocabulary { .. }]), "{found:?}");
        assert!(found[0].is_certain() && found[0].to_string().contains("Write sums as sum_nats"));
    }
    let mut weighted = String::from("masked,loss_nats\n");
    let mut swapped = String::from("revealed,loss_nats\n");
    for line in include_str!("measured/llada-masked.csv").lines().skip(1) {
        let (masked, loss) = line.split_once(',').unwrap();
        let (count, loss): (f64, f64) = (masked.parse().unwrap(), loss.parse().unwrap());
        weighted += &format!("{masked},{}\n", loss * 64.0 / count);
        if count < 64.0 {
            swapped += &format!("{masked},{loss}\n");
        }
    }
    let weighted = read(&weighted).losses.suspicions(None);
    assert_eq!(weighted, [Suspicion::Weighted]);
    let swapped = read(&swapped).losses.suspicions(Some(96));
    assert_eq!(swapped, [Suspicion::Rising]);
    assert!(!swapped[0].is_certain() && swapped[0].to_string().contains("swapped"));
}

#[test]
fn sequences_are_told_apart_and_what_contradicts_itself_is_refused() {
    let long = "sequence,document,revealed,loss_nats\n\
                a,x,0,3\na,x,1,2\nb,x,0,5\nb,x,1,2.5\nc,y,0,4\nc,y,1,3\n";
    let losses = MeasuredLosses::<f64>::from_csv(long, 2).unwrap().losses;
    let MeasuredLosses::Nested(nested) = losses else { panic!("not nested") };
    assert_eq!((nested.sequences(), nested.documents()), (3, 2));
    let cases = [
        (long.replace("a,x,1", "a,y,1"), "line 3: "),
        (long.replace("b,x,0", ",x,0"), "line 4: sequence is \"\"; a name or a number is needed"),
        (long.replace("b,x,0", "b,,0"), "line 4: document is \"\""),
        (
            long.replace("document", "standard_error_nats")
                .replace(",x,", ",0.1,")
                .replace(",y,", ",0.1,"),
            "line 1: a column sequence and",
        ),
    ];
    for (text, words) in cases {
        let error = MeasuredLosses::<f64>::from_csv(&text, 2).unwrap_err();
        assert!(
            matches!(error, Error::Csv { .. }) && error.to_string().starts_with(words),
            "{error}"
        );
    }
}

#[test]
fn two_evaluations_of_each_count_tell_its_error_and_one_does_not() {
    let twice = "revealed,loss_nats\n0,3\n0,4\n1,2\n1,2.5\n";
    let read = |text: &str| MeasuredLosses::<f64>::from_csv(text, 2).unwrap().losses;
    assert!(matches!(read(twice), MeasuredLosses::Curve(_)));
    assert!(matches!(read(&twice.replace("0,4\n", "")), MeasuredLosses::Posterior(_)));
}
