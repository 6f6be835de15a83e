//! Decoders whose rule was read and whose sizes are known from single runs, or worked out by hand.

use unmaskcost::decoders::{Decoder, Shape};
use unmaskcost::schedule::{BlockLength, Passes, RevealTimes};
use unmaskcost::{Error, Schedule};

fn sizes(decoder: Decoder, tokens: usize, steps: usize) -> Vec<usize> {
    decoder.plan(tokens, steps).unwrap().sizes().collect()
}

fn block_sizes(plans: &[Passes]) -> Vec<Vec<usize>> {
    plans.iter().map(|plan| plan.sizes().collect()).collect()
}

#[test]
fn esm3_adds_a_tenth_and_leaves_passes_empty() {
    let twenty = sizes(Decoder::Esm3, 256, 20);
    assert_eq!(twenty, [1, 3, 3, 6, 7, 8, 10, 11, 13, 13, 15, 16, 17, 17, 18, 19, 20, 19, 20, 20]);
    assert_eq!(Decoder::Esm3.plan(256, 256).unwrap().empty().len(), 53);
}

#[test]
fn mar_is_maskgit_in_double_precision() {
    let mar = sizes(Decoder::Mar, 256, 64);
    assert_eq!(mar[..13], [1; 13]);
    assert_eq!(mar[13..17], [2, 3, 2, 2]);
    assert_eq!(mar.iter().max(), Some(&7));
}

#[test]
fn dplm_rounds_down_in_whole_numbers() {
    assert_eq!(sizes(Decoder::Dplm, 100, 20), [5; 20]);
    let wasteful = Decoder::Dplm.plan(100, 500).unwrap();
    assert_eq!((wasteful.empty().len(), wasteful.schedule().sizes()), (400, [1; 100].as_slice()));
    // Masks left: 6, 3, 0 of 10.
    assert_eq!(sizes(Decoder::Dplm, 10, 3), [4, 3, 3]);
}

#[test]
fn soundstorm_rounds_the_cosine_down() {
    let known = [2, 6, 10, 13, 17, 21, 24, 27, 30, 33, 36, 38, 39, 41, 43, 44, 44, 44];
    assert_eq!(sizes(Decoder::SoundStorm, 512, 18), known);
}

#[test]
fn adap_sche_takes_the_ratio_for_the_size() {
    let cosine = Decoder::AdapSche(Shape::Cosine);
    assert_eq!(sizes(cosine, 256, 8), [1, 12, 22, 32, 41, 47, 51, 50]);
    assert_eq!(sizes(Decoder::AdapSche(Shape::Arccos), 256, 8), [1, 18, 26, 32, 38, 43, 48, 50]);
    // Sizes 0, 1/3, 2/3, 1 of a half of 12, the first at least one.
    assert_eq!(sizes(Decoder::AdapSche(Shape::Linear), 12, 4), [1, 2, 4, 5]);
    // At least one token each, and then none is left.
    assert_eq!(sizes(cosine, 5, 100), [1; 5]);
}

#[test]
fn ascending_steps_double() {
    assert_eq!(sizes(Decoder::Ascending, 128, 7), [1, 2, 4, 8, 16, 32, 65]);
    assert_eq!(sizes(Decoder::Ascending, 200, 1), [1, 2, 4, 8, 16, 32, 137]);
    assert_eq!(sizes(Decoder::Ascending, 4, 9), [1, 3]);
    assert_eq!(sizes(Decoder::Ascending, 3, 9), [3]);
}

#[test]
fn lavida_reveals_something_in_each_pass() {
    let lavida = Decoder::LaVida { shift: 3.0 };
    assert_eq!(sizes(lavida, 64, 16), [2, 1, 2, 2, 2, 2, 3, 2, 4, 3, 5, 4, 6, 7, 9, 10]);
    let shrinking = Decoder::LaVida { shift: 1.0 / 3.0 };
    assert_eq!(sizes(shrinking, 64, 16), [11, 9, 7, 5, 5, 5, 3, 3, 3, 3, 2, 2, 2, 2, 1, 1]);
    // Ones where the rule gives none, taken back from the largest in turn.
    for (tokens, steps, shift) in [(64, 32, 3.0), (100, 90, 5.0), (7, 7, 0.2), (5, 50, 3.0)] {
        let found = sizes(Decoder::LaVida { shift }, tokens, steps);
        assert_eq!((found.len(), found.iter().sum::<usize>()), (steps.min(tokens), tokens));
        assert!(found.iter().all(|&size| size > 0));
    }
    for shift in [0.0, -1.0, f64::NAN] {
        let refused = Decoder::LaVida { shift }.plan(10, 3);
        assert!(matches!(refused, Err(Error::OutOfRange { needed: "a positive number", .. })));
    }
    let blocks = lavida.plan_blocks(128, BlockLength(64), 32).unwrap();
    assert_eq!(block_sizes(&blocks), [sizes(lavida, 64, 16), sizes(lavida, 64, 16)]);
}

#[test]
fn a_prompt_fills_part_of_the_first_block_and_the_last_has_a_tail() {
    let plans = |decoder: Decoder, prompt, tokens, length, steps| {
        decoder
            .plan_blocks_after_prompt(prompt, tokens, BlockLength(length), steps)
            .map(|p| block_sizes(&p))
    };
    // Prompt 10, generate 50, blocks of 32: 22 masks, then 32 of which 4 are beyond.
    let llada2 = plans(Decoder::Llada2, 10, 50, 32, 64).unwrap();
    assert_eq!(llada2, [vec![1; 22], vec![1; 32]]);
    let fast = plans(Decoder::Llada2, 10, 50, 32, 10).unwrap();
    assert_eq!(fast, [vec![7, 7, 6, 2], vec![7, 7, 6, 6, 6]]);
    // The cache is filled behind each block.
    let sdar = plans(Decoder::Sdar, 10, 50, 32, 10).unwrap();
    assert_eq!(sdar, [vec![7, 7, 6, 2, 0], vec![7, 7, 6, 6, 6, 0]]);
    // 64 tokens in blocks of 4 with 4 steps each: 16 x 5 passes.
    let passes = |decoder: Decoder| {
        decoder
            .plan_blocks(64, BlockLength(4), 64)
            .unwrap()
            .iter()
            .map(Passes::count)
            .sum::<usize>()
    };
    assert_eq!((passes(Decoder::Sdar), passes(Decoder::Llada2)), (80, 64));
    assert_eq!(sizes(Decoder::Sdar, 8, 20), [1, 1, 1, 1, 1, 1, 1, 1, 0]);
    // A prompt that ends with a block is one of its own.
    assert_eq!(plans(Decoder::Llada2, 32, 32, 32, 8), plans(Decoder::Llada2, 0, 32, 32, 8));
    // For the others it makes no difference.
    for decoder in [Decoder::Llada, Decoder::Dream, Decoder::Dllm(Shape::Linear), Decoder::Dus] {
        assert_eq!(plans(decoder, 10, 64, 32, 16), plans(decoder, 0, 64, 32, 16));
    }
    let refused = plans(Decoder::Llada2, 10, 50, 32, 9);
    assert_eq!(
        refused,
        Err(Error::NotDivisible { what: "the number of steps", value: 9, divisor: 2 })
    );
    let long = plans(Decoder::Sdar, usize::MAX, 2, 32, 9);
    assert!(matches!(long, Err(Error::Overflow { .. })));
    assert!(matches!(plans(Decoder::Sdar, 1, 2, 0, 9), Err(Error::Empty { .. })));
    assert!(matches!(
        plans(Decoder::Esm3, 1, 2, 2, 9),
        Err(Error::NotApplicable { what, .. }) if what == "ESM3"
    ));
    // Many blocks, or long ones, are refused and not listed.
    assert!(plans(Decoder::Sdar, 0, 1 << 40, 1, 1 << 40).is_err());
    assert!(plans(Decoder::Llada2, 0, 1 << 40, 1 << 40, 1 << 40).is_err());
}

#[test]
fn first_hitting_reveals_one_random_token_a_pass() {
    // Blocks of 16 in a sequence of 1024 whose first token is given: 1023 passes.
    let plans = Decoder::Bd3Lm.plan_blocks_after_prompt(1, 1023, BlockLength(16), 64 * 16).unwrap();
    assert_eq!((plans.len(), plans[0].count(), plans[1].count()), (64, 15, 16));
    assert_eq!(plans.iter().map(Passes::count).sum::<usize>(), 1023);
    let few = Decoder::Bd3Lm.plan_blocks_after_prompt(1, 31, BlockLength(16), 20);
    let (what, needs) = ("BD3-LM", "more steps: it leaves 5 of the 15 tokens of a block masked");
    assert_eq!(few, Err(Error::NotApplicable { what: what.into(), needs: needs.into() }));
    let tail = Decoder::Bd3Lm.plan_blocks_after_prompt(1, 30, BlockLength(16), 32);
    assert!(matches!(tail, Err(Error::NotDivisible { .. })));
}

#[test]
fn block_diffusion_of_dllm_fills_its_cache_first() {
    let (blocks, plain) = (Decoder::DllmBlocks(Shape::Cosine), Decoder::Dllm(Shape::Cosine));
    let with_cache = block_sizes(&blocks.plan_blocks(100, BlockLength(32), 40).unwrap());
    let without = block_sizes(&plain.plan_blocks(100, BlockLength(32), 40).unwrap());
    assert_eq!(with_cache.len(), without.len());
    for (with_cache, without) in with_cache.iter().zip(without) {
        assert_eq!(*with_cache, [vec![0], without].concat());
    }
}

#[test]
fn coins_of_flow_matching_leave_much_to_the_last_step() {
    let times = RevealTimes::flow_matching(64).unwrap();
    let last = 256.0 * times.parts().last().unwrap();
    assert!((last - 6.06).abs() < 0.01, "{last}");
    // The coin of step i is heads with probability 1 - exp(-1 / (T - i)).
    for (i, pair) in times.times().windows(2).take(63).enumerate() {
        let coin = (pair[1] - pair[0]) / (1.0 - pair[0]);
        assert!((coin - (1.0 - (-1.0 / (64 - i) as f64).exp())).abs() < 1e-12);
    }
    assert_eq!(RevealTimes::flow_matching(1).unwrap().times(), [0.0, 1.0]);
    assert!(matches!(RevealTimes::flow_matching(0), Err(Error::Empty { .. })));
}

#[test]
fn the_cosine_of_schedules_is_that_of_maskgit() {
    let maskgit: Decoder = "MaskGIT cosine".parse().unwrap();
    for (tokens, steps) in [(256, 12), (64, 64), (7, 1), (1, 1), (100, 37)] {
        let schedule = Schedule::cosine(tokens, steps).unwrap();
        assert_eq!(schedule, maskgit.plan(tokens, steps).unwrap().into());
        assert_eq!(schedule.steps(), steps);
    }
    for (tokens, steps) in [(5, 6), (5, 0), (0, 1)] {
        assert_eq!(Schedule::cosine(tokens, steps), Err(Error::StepsOutOfRange { steps, tokens }));
    }
}

#[test]
fn times_may_end_elsewhere() {
    for (tokens, steps) in [(256, 256), (128, 64), (256, 100), (10, 1)] {
        assert_eq!(
            sizes(Decoder::DreamEps(1e-3), tokens, steps),
            sizes(Decoder::Dream, tokens, steps)
        );
        let llama = sizes(Decoder::LlamaCppEps(1e-3), tokens, steps);
        assert_eq!(llama, sizes(Decoder::LlamaCpp, tokens, steps));
    }
    // Times that end at 0: of m masks, pass i of T reveals m / (T - i), rounded down, wherever that is no integer.
    for decoder in [Decoder::DreamEps(0.0), Decoder::LlamaCppEps(0.0)] {
        for (tokens, steps) in [(101, 7), (997, 30), (64, 48)] {
            let mut masked = tokens;
            for (pass, size) in sizes(decoder, tokens, steps).into_iter().enumerate() {
                let left = steps - pass;
                assert!(size == masked / left || (masked % left == 0 && size + 1 == masked / left));
                masked -= size;
            }
            assert_eq!(masked, 0);
        }
    }
    let blocks = |decoder: Decoder| decoder.plan_blocks(64, BlockLength(32), 16);
    assert_eq!(blocks(Decoder::DreamEps(1e-3)), blocks(Decoder::Dream));
    for eps in [1.0, -0.1, f64::NAN] {
        assert!(matches!(Decoder::DreamEps(eps).plan(10, 3), Err(Error::OutOfRange { .. })));
        assert!(matches!(Decoder::LlamaCppEps(eps).plan(10, 3), Err(Error::OutOfRange { .. })));
    }
}
