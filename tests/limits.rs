//! A limit is a promise: what is above it is refused at once, with what it would have needed.

use unmaskcost::bounds::sharp::Known;
use unmaskcost::bounds::{Knowledge, chen_cong_li, li_cai};
use unmaskcost::distribution::MdsCode;
use unmaskcost::measured::{Collector, LossPoint};
use unmaskcost::{
    Error, Nats, Order, Schedule,
    distribution::{ExchangeableBits, JointTable},
    measured::LossCurve,
};

/// The longest list that the crate makes of a few numbers.
const LONGEST: usize = 1 << 24;

fn refused<T>(result: unmaskcost::Result<T>, needed: usize) {
    match result.map(drop) {
        Err(Error::TooLarge { needed: found, limit, .. }) => {
            assert!(found > limit && found == needed as u128, "{found} > {limit}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_few_numbers_never_ask_for_gigabytes() {
    let tokens = 1 << 34;
    refused(chen_cong_li::total_correlation_schedule(Nats(1.0), tokens, Nats(0.0)), LONGEST + 1);
    let dual = chen_cong_li::dual_total_correlation_schedule(Nats(1.0), tokens, Nats(0.0));
    refused(dual, LONGEST + 1);
    refused(Schedule::balanced(tokens, LONGEST + 1), LONGEST + 1);
    refused("1x134217728".parse::<Schedule>(), 1 << 27);
    refused("3, 1 x 16777216".parse::<Schedule>(), LONGEST + 1);
    refused(li_cai::offset_schedules(usize::MAX, 1 << 36).map(drop), (1 << 28) + 1);
    // One step more than allowed, in the first schedule only.
    refused(li_cai::offset_schedules(2 * LONGEST, 2).map(drop), LONGEST + 1);
    refused(Order::left_to_right(LONGEST + 1), LONGEST + 1);
    refused(Collector::<f64>::new((1 << 20) + 1), (1 << 20) + 1);
    let points = [LossPoint::exact(0, Nats(1.0)), LossPoint::exact(5, Nats(0.5))];
    refused(LossCurve::from_points(points, LONGEST + 1), LONGEST + 1);
    let repetition = MdsCode::new(2, LONGEST + 1, 1).unwrap();
    refused(repetition.information_curve::<f64>(), LONGEST + 1);
    refused(ExchangeableBits::noisy_repeated_bit(LONGEST + 1, 0.1), LONGEST + 1);
    let (most, pairs) = (1_usize << 17, (1 << 33) + (1 << 17));
    refused(ExchangeableBits::<f64>::fixed_weight(most + 1, 1).unwrap().information_curve(), pairs);
    // Tokens with one symbol take one cell, their sets take more.
    let certain: JointTable = JointTable::from_counts(&[1; 26], [1]).unwrap();
    refused(certain.subset_entropies(), 1 << 26);
}

#[test]
fn a_witness_too_long_to_write_down_says_how_long() {
    let tokens = 1 << 38;
    let schedule = Schedule::balanced(tokens, 4).unwrap();
    let known = Known::about(tokens).total_correlation(Nats(1.0));
    assert!(known.bounds(&schedule).is_ok());
    refused(known.upper_witness(&schedule), tokens);
    let text = known.upper_witness(&schedule).unwrap_err().to_string();
    assert!(text.contains("274877906944") && text.contains("16777216"), "{text}");
}

#[test]
fn what_is_just_below_a_limit_works() {
    let schedule = Schedule::sequential(LONGEST).unwrap();
    assert_eq!(schedule.steps(), LONGEST);
    let text = format!("1 x {LONGEST}").parse::<Schedule>();
    assert_eq!(text.as_ref(), Ok(&schedule));
    let last = li_cai::offset_schedules(2 * LONGEST - 1, 2).unwrap().next().unwrap();
    assert_eq!((last.steps(), last.tokens()), (LONGEST, 2 * LONGEST - 1));
    assert_eq!(Collector::<f32>::new(1 << 20).unwrap().tokens(), 1 << 20);
}
