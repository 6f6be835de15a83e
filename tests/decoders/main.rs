//! The integers that known decoders make of the same request.

mod originals;
mod read;

use unmaskcost::Schedule;
use unmaskcost::decoders::{Decoder, Shape};
use unmaskcost::schedule::BlockLength;
use unmaskcost::schedule::Passes;

fn plan(decoder: Decoder, tokens: usize, steps: usize) -> Passes {
    decoder.plan(tokens, steps).unwrap()
}

fn sizes(decoder: Decoder, tokens: usize, steps: usize) -> Vec<usize> {
    plan(decoder, tokens, steps).schedule().sizes().to_vec()
}

const DLLM_COSINE: Decoder = Decoder::Dllm(Shape::Cosine);
const MASKGIT_COSINE: Decoder = Decoder::MaskGit(Shape::Cosine);

#[test]
fn llada_gives_the_remainder_to_its_first_steps_and_runs_empty_passes() {
    assert_eq!(sizes(Decoder::Llada, 256, 256), [1; 256]);
    assert_eq!(sizes(Decoder::Llada, 128, 64), [2; 64]);
    let uneven = sizes(Decoder::Llada, 256, 100);
    assert_eq!(uneven[..56], [3; 56]);
    assert_eq!(uneven[56..], [2; 44]);
    let wasteful = plan(Decoder::Llada, 256, 512);
    assert_eq!(wasteful.schedule().sizes(), [1; 256]);
    assert_eq!(wasteful.count(), 512);
    assert_eq!(wasteful.empty(), (256..512).collect::<Vec<_>>());
}

#[test]
fn what_took_over_the_rule_of_llada_stops_when_no_mask_is_left() {
    for steps in [1, 64, 100, 255, 256] {
        let llada = plan(Decoder::Llada, 256, steps);
        assert_eq!(plan(Decoder::FastDllm, 256, steps), llada);
        assert_eq!(plan(Decoder::LlamaCppBlock, 256, steps), llada);
    }
    for steps in [257, 512] {
        let fast = plan(Decoder::FastDllm, 256, steps);
        assert_eq!((fast.count(), fast.empty()), (256, [].as_slice()));
        // A pass that finds no mask is run before the loop ends.
        let llama = plan(Decoder::LlamaCppBlock, 256, steps);
        assert_eq!((llama.count(), llama.empty()), (257, [256].as_slice()));
        assert_eq!(fast.schedule(), llama.schedule());
    }
    let blocks = |decoder: Decoder| decoder.plan_blocks(64, BlockLength(32), 128).unwrap();
    let passes = |decoder| blocks(decoder).iter().map(Passes::count).sum::<usize>();
    assert_eq!(passes(Decoder::Llada), 128);
    assert_eq!(passes(Decoder::FastDllm), 64);
    assert_eq!(passes(Decoder::LlamaCppBlock), 66);
}

#[test]
fn a_block_of_dream_reveals_its_first_token_alone() {
    let blocks =
        |tokens, length, steps| Decoder::Dream.plan_blocks(tokens, BlockLength(length), steps);
    let sizes = |plans: &[Passes]| plans[0].sizes().collect::<Vec<_>>();
    let two = blocks(64, 32, 16).unwrap();
    assert_eq!(two.len(), 2);
    assert_eq!(two[0], two[1]);
    assert_eq!(sizes(&two), [1, 4, 4, 4, 4, 4, 5, 6]);
    // One block is not the form without blocks.
    assert_eq!(sizes(&blocks(32, 32, 8).unwrap()), sizes(&two));
    assert_ne!(plan(Decoder::Dream, 32, 8), two[0]);
    assert_eq!(sizes(&blocks(32, 32, 2).unwrap()), [1, 31]);
    // The rule from the second time on, in exact arithmetic where no product is near an integer.
    for (length, steps) in [(32, 31), (100, 7), (1024, 100)] {
        let found = sizes(&blocks(length, length, steps).unwrap());
        let (mut masked, mut expected) = (length - 1, vec![1]);
        for i in 1..steps {
            let time = |i: usize| 1.0 - 0.999 * i as f64 / steps as f64;
            let exact = masked as f64 * (1.0 - time(i + 1) / time(i));
            let size = if i + 1 == steps { masked } else { exact as usize };
            expected.push(size);
            masked -= size;
        }
        assert_eq!(found, expected, "{length} tokens in {steps} steps");
        assert_eq!(found.iter().sum::<usize>(), length);
    }
    assert_eq!(sizes(&blocks(4, 1, 4).unwrap()), [1, 0]);
    assert_eq!(sizes(&blocks(4, 1, 8).unwrap()), [1, 0]);
    assert_eq!(
        blocks(64, 32, 2),
        Err(unmaskcost::Error::NotApplicable {
            what: "Dream".into(),
            needs: "more steps: it leaves 31 of the 32 tokens of a block masked".into(),
        })
    );
}

#[test]
fn truncation_makes_the_first_step_small_and_the_last_large() {
    for decoder in [Decoder::Dream, Decoder::LlamaCpp] {
        let full = plan(decoder, 256, 256);
        assert_eq!(full.empty(), [0]);
        assert_eq!(full.schedule().steps(), 255);
        assert_eq!(full.schedule().sizes()[..254], [1; 254]);
        assert_eq!(full.schedule().sizes()[254], 2);

        let half = sizes(decoder, 128, 64);
        assert_eq!((half[0], half[63], half.len()), (1, 3, 64));
        let uneven = sizes(decoder, 256, 100);
        assert_eq!((uneven[0], uneven[99], uneven.len()), (2, 4, 100));
        let wasteful = plan(decoder, 256, 512);
        assert_eq!(wasteful.empty().len(), 257);
        assert_eq!(wasteful.schedule().sizes().last(), Some(&2));
    }
    // The fused multiply-add of torch's linspace shows here: without it the list is another one.
    let fused: Vec<usize> = plan(Decoder::Dream, 512, 1000).sizes().collect();
    assert_eq!(fused, [vec![0; 490], vec![1; 509], vec![3]].concat());
}

#[test]
fn dllm_drops_the_steps_that_round_to_zero() {
    for (tokens, steps, left) in [(256, 256, 206), (128, 64, 58), (256, 100, 92)] {
        let plan = plan(DLLM_COSINE, tokens, steps);
        assert_eq!(plan.count(), left);
        assert_eq!(plan.empty(), [0; 0]);
        assert_eq!(plan.schedule().tokens(), tokens);
    }
    let full = sizes(DLLM_COSINE, 256, 256);
    assert_eq!(full.iter().max(), Some(&2));
    let first_two = full.iter().position(|&size| size == 2).unwrap();
    assert!(first_two > full.len() / 2, "twos near the end, but one at {first_two}");
}

#[test]
fn dllm_rounds_halves_to_even() {
    let linear = Decoder::Dllm(Shape::Linear);
    // The first of two steps takes half of what is masked: 0.5, 1.5, 2.5, .. tokens.
    for (tokens, first) in [(3, 2), (5, 2), (7, 4), (9, 4), (11, 6)] {
        assert_eq!(sizes(linear, tokens, 2), [first, tokens - first]);
    }
    assert_eq!(sizes(linear, 1, 2), [1], "half a token is none, and an empty step is dropped");
}

#[test]
fn maskgit_reveals_one_token_at_least_and_keeps_one_for_the_last_pass() {
    assert_eq!(sizes(MASKGIT_COSINE, 256, 256), [1; 256]);
    let half = sizes(MASKGIT_COSINE, 128, 64);
    assert_eq!((half.len(), half.iter().max()), (64, Some(&4)));
    let uneven = sizes(MASKGIT_COSINE, 256, 100);
    assert_eq!((uneven[0], uneven.iter().max()), (1, Some(&4)));
    let wasteful = plan(MASKGIT_COSINE, 256, 512);
    assert_eq!(wasteful.schedule().sizes(), [1; 256]);
    assert_eq!(wasteful.empty(), (255..511).collect::<Vec<_>>());
}

#[test]
fn dus_halves_its_stride_and_merges_a_small_last_round() {
    assert_eq!(sizes(Decoder::Dus, 32, 1), [2, 2, 4, 8, 16]);
    // Strides 5, 2, 1: {0, 5}, {2, 4, 6, 8}, {1, 3, 7, 9}.
    assert_eq!(sizes(Decoder::Dus, 10, 1), [2, 4, 4]);
    // Strides 3, 1: {0, 3, 6}, {1, 2, 4, 5}.
    assert_eq!(sizes(Decoder::Dus, 7, 1), [3, 4]);
    // Strides 2, 1 of 5 tokens: {0, 2, 4}, {1, 3}: the last round is smaller, so all at once.
    assert_eq!(sizes(Decoder::Dus, 5, 1), [5]);
    assert_eq!(sizes(Decoder::Dus, 1, 1), [1]);
}

#[test]
fn halton_follows_the_arc_cosine_but_never_stands_still() {
    let sizes = sizes(Decoder::Halton, 256, 8);
    let mut revealed = 0;
    for (i, size) in sizes.iter().enumerate() {
        revealed += size;
        let part = 1.0 - ((i + 1) as f64 / 8.0).acos() / std::f64::consts::FRAC_PI_2;
        assert_eq!(revealed, (256.0 * part) as usize);
    }
    let wasteful = plan(Decoder::Halton, 5, 9);
    assert_eq!(wasteful.schedule().sizes(), [1; 5]);
    assert_eq!(wasteful.empty(), [5, 6, 7, 8]);
}

#[test]
fn every_decoder_reveals_every_token_in_the_passes_it_was_given() {
    for decoder in Decoder::KNOWN.iter().copied() {
        for tokens in [1, 2, 3, 7, 32, 100, 257, 1024] {
            for steps in [1, 2, 3, 10, 64, 257, 2000] {
                if decoder == Decoder::Bd3Lm && steps < tokens {
                    let left = decoder.plan(tokens, steps);
                    assert!(matches!(left, Err(unmaskcost::Error::NotApplicable { .. })));
                    continue;
                }
                let plan = plan(decoder, tokens, steps);
                assert_eq!(plan.schedule().tokens(), tokens, "{decoder}, {steps} steps");
                assert_eq!(plan.sizes().sum::<usize>(), tokens);
                assert_eq!(plan.sizes().count(), plan.count());
                let again = Passes::from_sizes(plan.sizes().collect::<Vec<_>>());
                assert_eq!(again.as_ref(), Ok(&plan));
                match decoder {
                    Decoder::Dllm(_) | Decoder::AdapSche(_) => assert!(plan.count() <= steps),
                    Decoder::DllmBlocks(_) => assert!(plan.count() <= steps + 1),
                    Decoder::FastDllm | Decoder::Llada2 | Decoder::LaVida { .. } => {
                        assert_eq!(plan.count(), steps.min(tokens));
                    }
                    Decoder::Sdar => assert_eq!(plan.count(), steps.min(tokens) + 1),
                    Decoder::Bd3Lm => assert_eq!(plan.count(), tokens),
                    Decoder::LlamaCppBlock => assert_eq!(plan.count(), steps.min(tokens + 1)),
                    Decoder::Dus | Decoder::Ascending => {}
                    _ => assert_eq!(plan.count(), steps, "{decoder}"),
                }
            }
        }
    }
}

#[test]
fn one_step_is_one_step_for_all_that_listen() {
    let deaf = [Decoder::Dus, Decoder::Ascending, Decoder::Bd3Lm];
    for decoder in Decoder::KNOWN.iter().copied().filter(|decoder| !deaf.contains(decoder)) {
        assert_eq!(plan(decoder, 77, 1).schedule(), &Schedule::one_step(77).unwrap());
    }
}

#[test]
fn huge_requests_are_answered_or_refused() {
    for decoder in Decoder::KNOWN.iter().copied().filter(|&decoder| decoder != Decoder::Bd3Lm) {
        assert_eq!(plan(decoder, 1_000_000, 1_000).schedule().tokens(), 1_000_000);
        // More tokens than single precision can count.
        assert_eq!(plan(decoder, (1 << 25) + 1, 100).schedule().tokens(), (1 << 25) + 1);
    }
    let refused = |decoder: Decoder, tokens, steps| {
        assert!(matches!(decoder.plan(tokens, steps), Err(unmaskcost::Error::TooLarge { .. })));
    };
    refused(DLLM_COSINE, 10, 1 << 25);
    refused(Decoder::Llada, 10, usize::MAX);
    refused(Decoder::Dus, usize::MAX, 1);
    assert!(Decoder::Dus.plan_blocks(1 << 40, BlockLength(1), 1).is_err());
    assert_eq!(plan(Decoder::Llada, usize::MAX, 3).schedule().tokens(), usize::MAX);
    assert!(matches!(Schedule::sequential(usize::MAX), Err(unmaskcost::Error::TooLarge { .. })));
    assert_eq!(Schedule::one_step(usize::MAX).unwrap().tokens(), usize::MAX);
}

#[test]
fn blocks_divide_as_the_originals_do() {
    use unmaskcost::Error;
    let lengths = |decoder: Decoder, tokens, block, steps| {
        let plans = decoder.plan_blocks(tokens, BlockLength(block), steps)?;
        Ok::<_, Error>(plans.iter().map(|p| (p.schedule().tokens(), p.count())).collect::<Vec<_>>())
    };
    assert_eq!(lengths(Decoder::Llada, 96, 32, 24).unwrap(), [(32, 8); 3]);
    assert_eq!(
        lengths(Decoder::Llada, 100, 32, 24),
        Err(Error::NotDivisible { what: "the number of tokens", value: 100, divisor: 32 })
    );
    assert_eq!(
        lengths(Decoder::Dream, 96, 32, 25),
        Err(Error::NotDivisible { what: "the number of steps", value: 25, divisor: 3 })
    );
    let linear = Decoder::Dllm(Shape::Linear);
    assert_eq!(lengths(linear, 100, 32, 25).unwrap(), [(32, 7), (32, 7), (32, 7), (4, 4)]);
    assert_eq!(lengths(Decoder::Dus, 64, 32, 1).unwrap(), [(32, 5), (32, 5)]);
    let one_block = |decoder: &str| Error::NotApplicable {
        what: decoder.into(),
        needs: "all tokens in one block".into(),
    };
    assert_eq!(lengths(Decoder::Halton, 64, 32, 8), Err(one_block("Halton")));
    assert_eq!(lengths(Decoder::LlamaCpp, 64, 32, 8), Err(one_block("llama.cpp timestep")));
    // A block longer than the sequence: dllm cuts it, the others assert.
    assert_eq!(lengths(linear, 20, 32, 5).unwrap(), [(20, 5)]);
    for decoder in
        [Decoder::Llada, Decoder::FastDllm, Decoder::Dream, Decoder::LlamaCppBlock, Decoder::Dus]
    {
        let too_long = Error::NotDivisible { what: "the number of tokens", value: 20, divisor: 32 };
        assert_eq!(lengths(decoder, 20, 32, 5), Err(too_long), "{decoder}");
    }
    for decoder in Decoder::KNOWN.iter().copied() {
        assert!(matches!(lengths(decoder, 64, 0, 8), Err(Error::Empty { .. })));
        assert!(matches!(lengths(decoder, 0, 8, 8), Err(Error::Empty { .. })));
        assert!(matches!(lengths(decoder, 64, 8, 0), Err(Error::Empty { .. })));
        assert!(matches!(decoder.plan(64, 0), Err(Error::Empty { .. })));
    }
}

#[test]
fn impossible_requests_say_what_is_wrong() {
    use unmaskcost::Error;
    assert!(matches!(Decoder::Llada.plan(0, 3), Err(Error::Empty { .. })));
    assert!(matches!(Decoder::Llada.plan(3, 0), Err(Error::Empty { .. })));
    for power in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let decoder = Decoder::MaskGit(Shape::Power(power));
        assert!(matches!(
            decoder.plan(10, 3),
            Err(Error::OutOfRange { needed: "a positive number", .. })
        ));
    }
    assert!(matches!(Passes::from_sizes([0, 0]), Err(Error::Empty { .. })));
}

#[test]
fn decoders_and_noise_have_modules_of_their_own() {
    let by_module: unmaskcost::decoders::Decoder = Decoder::Llada;
    assert_eq!(by_module, Decoder::Llada);
    let linear: unmaskcost::schedule::NoiseSchedule = unmaskcost::schedule::NoiseSchedule::linear();
    assert_eq!(linear.alpha(0.25), 0.75);
}

#[test]
fn functions_that_a_decoder_does_not_have_are_refused() {
    use unmaskcost::Error;
    let stranger = Decoder::AdapSche(Shape::Power(1.5));
    assert!(matches!(stranger.plan(10, 3), Err(Error::NotApplicable { .. })));
    for shape in [Shape::Exp, Shape::Arccos] {
        for decoder in [Decoder::Dllm(shape), Decoder::Amused(shape), Decoder::DllmBlocks(shape)] {
            assert!(matches!(decoder.plan(10, 3), Err(Error::NotApplicable { .. })), "{decoder}");
        }
    }
    let arccos = Decoder::MaskGit(Shape::Arccos).plan(10, 3).unwrap_err();
    assert!(arccos.to_string().contains("a power, log or exp"), "{arccos}");
}

#[test]
fn names_are_read_as_they_are_printed() {
    let powers = [0.5, 2.5, 1e-3, 1e30].map(|power| Decoder::MaskGit(Shape::Power(power)));
    let ends = [Decoder::DreamEps(0.0), Decoder::DreamEps(1e-5), Decoder::LlamaCppEps(0.25)];
    let shifts = [0.5, 1.0 / 3.0, 1e-3].map(|shift| Decoder::LaVida { shift });
    for decoder in Decoder::KNOWN.iter().copied().chain(powers).chain(shifts).chain(ends) {
        let name = decoder.to_string();
        assert!(name.starts_with(decoder.name()));
        assert_eq!(name.parse(), Ok(decoder), "{name}");
        let spelled = name.to_lowercase().replace(' ', "_");
        assert_eq!(spelled.parse(), Ok(decoder), "{spelled}");
    }
    assert_eq!(Decoder::MaskGit(Shape::Power(2.5)).to_string(), "MaskGIT power 2.5");
    assert_eq!("FAST-DLLM".parse(), Ok(Decoder::FastDllm));
    assert_eq!("maskgit-power-1e-3".parse(), Ok(Decoder::MaskGit(Shape::Power(1e-3))));
    for unknown in
        ["", "LLaMA", "maskgit", "MaskGIT power", "MaskGIT power x", "maskgit power\u{df}"]
    {
        let error = unknown.parse::<Decoder>().unwrap_err();
        assert!(matches!(&error, unmaskcost::Error::NotAmong { name, .. } if name == unknown));
        let text = error.to_string();
        assert!(Decoder::KNOWN.iter().all(|known| text.contains(known.name())), "{text}");
    }
    let negative = "maskgit power -2".parse::<Decoder>();
    assert_eq!(
        negative,
        Err(unmaskcost::Error::OutOfRange {
            what: "the power",
            value: -2.0,
            needed: "a positive number"
        })
    );
}
