//! Orders: each constructor gives the positions it promises, and texts and rounds bring them back.

use crate::support;

use proptest::prelude::*;
use support::{schedules, seeded};
use unmaskcost::schedule::{BlockLength, Rounds};
use unmaskcost::{Error, Order};

fn permutations(max_tokens: usize) -> impl Strategy<Value = Order> {
    (1..=max_tokens)
        .prop_flat_map(|tokens| Just((0..tokens).collect::<Vec<_>>()).prop_shuffle())
        .prop_map(|positions| Order::from_positions(positions).unwrap())
}

proptest! {
    #![proptest_config(seeded(256, 18))]

    #[test]
    fn rounds_give_order_and_schedule_back(
        (order, schedule) in permutations(24)
            .prop_flat_map(|order| { let tokens = order.tokens(); (Just(order), schedules(tokens)) })
    ) {
        let rounds = Rounds::new(order.clone(), schedule.clone()).unwrap();
        let sets: Vec<Vec<usize>> = rounds.sets().map(<[usize]>::to_vec).collect();
        let again = Rounds::from_sets(sets).unwrap();
        prop_assert_eq!(&again, &rounds);
        prop_assert_eq!(again.order(), &order);
        prop_assert_eq!(again.schedule(), &schedule);

        // A step map forgets the order inside a round, and nothing else.
        let mapped = Rounds::from_step_map(rounds.step_map()).unwrap();
        let sorted = |rounds: &Rounds| -> Vec<Vec<usize>> {
            rounds.sets().map(|set| { let mut set = set.to_vec(); set.sort_unstable(); set }).collect()
        };
        prop_assert_eq!(sorted(&mapped), sorted(&rounds));
        prop_assert_eq!(mapped.step_map(), rounds.step_map());
    }

    #[test]
    fn the_text_of_an_order_brings_it_back(order in permutations(24)) {
        prop_assert_eq!(order.to_string().parse::<Order>().unwrap(), order.clone());
        prop_assert_eq!(format!("{:?}", order.positions()).parse::<Order>().unwrap(), order);
    }

    #[test]
    fn ranks_invert_positions(order in permutations(24), by in 0_usize..100) {
        let ranks = order.ranks();
        for (rank, &position) in order.positions().iter().enumerate() {
            prop_assert_eq!(ranks[position], rank);
        }
        let shifted = order.clone().shifted(by);
        for (before, after) in order.positions().iter().zip(shifted.positions()) {
            prop_assert_eq!((before + by) % order.tokens(), *after);
        }
    }

    #[test]
    fn a_spread_order_begins_with_the_multiples_of_every_power_of_two(tokens in 1_usize..500) {
        let order = Order::spread(tokens).unwrap();
        prop_assert_eq!(Order::from_positions(order.positions()).unwrap(), order.clone());
        let mut spacing = 1;
        while spacing < 2 * tokens {
            let mut first = order.positions()[..tokens.div_ceil(spacing)].to_vec();
            first.sort_unstable();
            let multiples: Vec<usize> = (0..tokens).step_by(spacing).collect();
            prop_assert_eq!(first, multiples);
            spacing *= 2;
        }
    }
}

#[test]
fn inner_orders_stay_in_their_blocks() {
    let order =
        Order::blocks(10, BlockLength(4), |tokens| Ok(Order::spread(tokens)?.shifted(1))).unwrap();
    assert_eq!(order.positions(), [1, 3, 2, 0, 5, 7, 6, 4, 9, 8]);
    let wrong = Order::blocks(10, BlockLength(4), |_| Order::spread(4));
    assert!(matches!(wrong, Err(Error::LengthMismatch { found: 4, expected: 2, .. })), "{wrong:?}");
    assert!(matches!(Order::blocks(10, BlockLength(0), Order::spread), Err(Error::Empty { .. })));
}

/// The positions of `build_halton_mask` of valeoai/Halton-MaskGIT @08cfdae, by a transcription of its
/// rule (generator, single precision, duplicates left out) to Python that shares nothing with this
/// crate: the first twelve, and sum of all by h = (31 h + position) mod (2^61 - 1).
const HALTON: [(usize, [usize; 12], u64); 5] = [
    (8, [34, 21, 48, 11, 46, 25, 60, 7, 32, 18, 53, 9], 705_863_145_240_242_875),
    (16, [133, 74, 193, 39, 172, 99, 232, 30, 144, 85, 219, 50], 1_933_301_562_715_935_327),
    (24, [296, 160, 434, 82, 378, 221, 517, 45, 312, 176, 472, 99], 977_047_587_243_205_423),
    (32, [522, 277, 771, 142, 664, 391, 913, 92, 577, 331, 854, 196], 70_755_728_800_810_756),
    (
        48,
        [1168, 608, 1733, 309, 1477, 874, 2042, 186, 1297, 737, 1905, 439],
        89_095_030_449_780_646,
    ),
];

#[test]
fn the_grid_order_is_that_of_halton_maskgit() {
    for (side, first, sum) in HALTON {
        let order = Order::halton_grid(side, side).unwrap();
        assert_eq!(order.positions()[..12], first);
        let add = |sum: u64, &position: &usize| {
            ((u128::from(sum) * 31 + position as u128) % ((1 << 61) - 1)) as u64
        };
        assert_eq!(order.positions().iter().fold(0, add), sum, "side {side}");
    }
}

#[test]
fn every_grid_is_filled() {
    for (height, width) in [(1, 1), (1, 50), (50, 1), (7, 93), (93, 7), (64, 64)] {
        assert_eq!(Order::halton_grid(height, width).unwrap().tokens(), height * width);
    }
    assert!(matches!(Order::halton_grid(0, 4), Err(Error::Empty { .. })));
    assert!(matches!(Order::halton_grid(4097, 1), Err(Error::TooLarge { .. })));
}

#[test]
fn what_is_no_order_is_refused_with_the_reason() {
    assert_eq!(
        Order::from_positions([0, 3, 1]),
        Err(Error::IndexOutOfRange { what: "position", index: 3, limit: 3 })
    );
    assert_eq!(
        Order::from_positions([0, 1, 1]),
        Err(Error::Duplicate { what: "position", index: 1 })
    );
    let nothing = Order::from_positions([]);
    assert!(matches!(nothing, Err(Error::Empty { .. })), "{nothing:?}");
    assert!(matches!(Order::spread(0), Err(Error::Empty { .. })));
    assert!(matches!(Order::spread(usize::MAX), Err(Error::TooLarge { .. })));
    assert!(matches!(Order::left_to_right((1 << 28) + 1), Err(Error::TooLarge { .. })));
    for text in ["0, 2-1", "0-, 1", "0--1", "1 2", "", "0-18446744073709551615"] {
        assert!(text.parse::<Order>().is_err(), "{text}");
    }
    let (order, schedule) = (Order::spread(4).unwrap(), "2, 1".parse().unwrap());
    assert!(matches!(Rounds::new(order, schedule), Err(Error::TokensDiffer { .. })));
    assert_eq!(Rounds::from_sets([vec![0], vec![]]), Err(Error::EmptyStep { step: 1 }));
}

#[test]
fn passes_that_no_token_names_are_left_out() {
    let rounds = Rounds::from_step_map([7, 3, 7, 9]).unwrap();
    assert_eq!(rounds.to_string(), "1 | 0, 2 | 3");
}

#[test]
fn decoders_that_fix_positions_give_them_beside_their_sizes() {
    use unmaskcost::decoders::Decoder;
    for decoder in Decoder::KNOWN {
        let found = decoder.rounds(64, 8).unwrap();
        assert_eq!(found.is_some(), matches!(decoder, Decoder::Dus | Decoder::Halton), "{decoder}");
        if let Some(rounds) = found {
            assert_eq!(rounds.schedule(), decoder.plan(64, 8).unwrap().schedule());
        }
    }
    let dilated = Decoder::Dus.rounds(32, 1).unwrap().unwrap();
    let strides = |stride: usize, first: usize| (first..32).step_by(stride).collect::<Vec<_>>();
    let sets = [strides(16, 0), strides(16, 8), strides(8, 4), strides(4, 2), strides(2, 1)];
    assert!(dilated.sets().eq(sets.iter().map(Vec::as_slice)), "{dilated}");
    // A power of two is spread by bit reversal: the same sets.
    let spread = Rounds::new(Order::spread(32).unwrap(), dilated.schedule().clone()).unwrap();
    assert_eq!(spread.step_map(), dilated.step_map());
    assert!(matches!(Decoder::Halton.rounds(60, 8), Err(Error::OutOfRange { .. })));
    assert!(matches!(Decoder::Dus.rounds(1 << 25, 8), Err(Error::TooLarge { .. })));
}
