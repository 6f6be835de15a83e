//! What the audit says of a schedule is true, and it has something to say of every schedule.

use crate::support;

use std::ops::Range;

use proptest::prelude::*;
use support::{all_schedules, increments, information_of, schedules, seeded};
use unmaskcost::decoders::{Decoder, Shape};
use unmaskcost::schedule::{Passes, Rounds};
use unmaskcost::{InformationCurve, Nats, Order, Schedule, optimal};
use unmaskcost::{audit, bounds::sharp::Known, optimal::minimax};

/// All information at one revealed count.
fn step_curve(tokens: usize, m: usize) -> InformationCurve {
    let values: Vec<f64> = (0..tokens).map(|k| f64::from(u8::from(k >= m))).collect();
    InformationCurve::from_information(values).unwrap()
}

/// A number that an audit has, as it is stored.
#[cfg(feature = "serde")]
fn number(audit: &impl serde::Serialize, name: &str) -> f64 {
    serde_json::to_value(audit).unwrap()[name].as_f64().unwrap()
}

#[cfg(feature = "serde")]
#[test]
fn guarantees_are_the_worst_ratios_over_all_curves() {
    for tokens in 2..=9 {
        for schedule in all_schedules(tokens) {
            let audit = schedule.audit();
            let mut worst = [0.0_f64; 3];
            for m in 1..tokens {
                let curve = step_curve(tokens, m);
                let error = curve.sampling_error(&schedule).unwrap().0;
                let known = [
                    curve.token_information().0,
                    curve.total_correlation().0,
                    curve.dual_total_correlation().0,
                ];
                worst.iter_mut().zip(known).for_each(|(w, known)| *w = w.max(error / known));
            }
            let stated = [
                "error_per_token_information",
                "total_correlation_factor",
                "dual_total_correlation_factor",
            ]
            .map(|name| number(&audit, name));
            for (worst, stated) in worst.into_iter().zip(stated) {
                assert!((worst - stated).abs() < 1e-12, "{schedule}: {worst} against {stated}");
            }
        }
    }
}

#[test]
fn a_known_decoder_is_recognised() {
    // One ignores the steps, one ends with masks, and the others run a pass for their cache.
    let other = |decoder: &Decoder| {
        matches!(decoder, Decoder::Dus | Decoder::Bd3Lm | Decoder::Sdar | Decoder::DllmBlocks(_))
    };
    for decoder in Decoder::KNOWN.iter().copied().filter(|decoder| !other(decoder)) {
        for (tokens, steps) in [(256, 100), (64, 8), (100, 300), (256, 256), (128, 64), (33, 40)] {
            let plan = decoder.plan(tokens, steps).unwrap();
            let audit = plan.audit();
            assert_eq!(audit.nearest.distance, 0, "{decoder}, {steps} steps");
            assert!(!audit.looks_reversed);
            // Several decoders may do the same; the one named does, asked for the steps named.
            let named = audit.nearest.decoder.plan(tokens, audit.nearest.steps).unwrap();
            assert_eq!(named, plan);
            // The sizes alone, without the empty passes.
            let bare = plan.schedule().audit();
            assert_eq!(
                (bare.nearest.distance, bare.looks_reversed),
                (0, false),
                "{decoder}, {steps}"
            );
            let named = bare.nearest.decoder.plan(tokens, bare.nearest.steps).unwrap();
            assert_eq!(named.schedule(), plan.schedule());
        }
    }
}

#[test]
fn a_decoder_that_drops_steps_is_recognised_with_the_steps_it_was_asked_for() {
    let cosine = Decoder::Dllm(Shape::Cosine);
    for (tokens, asked, left) in
        [(256, 256, 206), (128, 64, 58), (256, 100, 92), (10_000, 7000, 6024)]
    {
        let plan = cosine.plan(tokens, asked).unwrap();
        let audit = plan.audit();
        let nearest = audit.nearest;
        assert_eq!((nearest.decoder, nearest.distance, nearest.steps), (cosine, 0, asked));
        let text = audit.to_string();
        assert!(text.starts_with(&format!("{tokens} tokens in {left} steps;")), "{text}");
        let said = format!("these are the sizes of dllm cosine, asked for {asked} steps");
        assert!(text.contains(&said), "{text}");
    }
    // A list of sizes does not show the passes that were empty.
    let log = Decoder::MaskGit(Shape::Log);
    let plan = log.plan(256, 64).unwrap();
    assert_eq!((plan.schedule().steps(), plan.empty().len()), (61, 3));
    let nearest = plan.schedule().audit().nearest;
    assert_eq!((nearest.decoder, nearest.distance), (log, 0));
    assert_eq!(nearest.steps, 64);
    let text = plan.schedule().audit().to_string();
    assert!(
        text.ends_with("the sizes of MaskGIT log, asked for 64 steps, which leaves 3 empty"),
        "{text}"
    );
    let text = plan.audit().to_string();
    assert!(text.starts_with("256 tokens in 61 steps and 3 empty passes"), "{text}");
    assert!(text.ends_with("these are the sizes of MaskGIT log"), "{text}");
}

#[test]
fn a_decoder_without_empty_passes_is_not_said_to_leave_none() {
    let passes = Passes::from_sizes([4, 4, 0, 5, 3]).unwrap();
    let audit = passes.audit();
    let text = audit.to_string();
    assert!(text.starts_with("16 tokens in 4 steps and 1 empty pass"), "{text}");
    assert!(!text.contains("leaves"), "{text}");
}

/// Lengths and steps in many proportions, two tokens a step at least on average.
fn requests() -> impl Iterator<Item = (usize, usize)> {
    let lengths = [64, 100, 128, 256, 500, 1024];
    let steps = [4, 8, 10, 12, 16, 20, 32, 50, 64, 100, 128];
    let all = lengths.into_iter().flat_map(move |tokens| steps.map(|steps| (tokens, steps)));
    all.filter(|(tokens, steps)| 2 * steps <= *tokens)
}

fn reversed(schedule: &Schedule) -> Schedule {
    Schedule::from_mask_sizes(schedule.sizes()).unwrap()
}

#[test]
fn a_decoder_in_masking_order_looks_reversed() {
    for (decoder, missed) in [
        (Decoder::MaskGit(Shape::Cosine), 1),
        (Decoder::Amused(Shape::Cosine), 1),
        (Decoder::Dllm(Shape::Cosine), 1),
        (Decoder::Halton, 1),
        // With few tokens the reversed logarithm is like an exponential.
        (Decoder::MaskGit(Shape::Log), 7),
    ] {
        let (mut asked, mut all) = (0, 0);
        for (tokens, steps) in requests() {
            let plan = decoder.plan(tokens, steps).unwrap();
            let audit = reversed(plan.schedule()).audit();
            assert_eq!(audit.nearest_reversed.distance, 0);
            all += 1;
            asked += usize::from(audit.looks_reversed);
            assert_eq!(audit.to_string().contains("reversed?"), audit.looks_reversed);
            assert!(!plan.schedule().audit().looks_reversed);
        }
        assert!(all > 50 && asked >= all - missed, "{decoder}: {asked} of {all}");
    }
}

/// How the sizes change, in the word that the audit says of it.
fn trend(audit: &unmaskcost::audit::ScheduleAudit) -> &'static str {
    let text = audit.to_string();
    let first = text.lines().next().unwrap();
    let said = |words: &str| first.contains(words);
    match () {
        () if said("; equal steps") => "equal",
        () if said("; growing steps") => "growing",
        () if said("; shrinking steps") => "shrinking",
        () if said("; steps that neither grow nor shrink") => "neither",
        () => panic!("{text}"),
    }
}

/// Sizes of which the audit must not ask whether they are reversed.
fn check_no_question(schedule: &Schedule) {
    let audit = schedule.audit();
    assert!(!audit.looks_reversed && !audit.to_string().contains("reversed?"), "{audit}");
}

#[test]
fn sizes_in_the_right_order_are_not_accused() {
    let sized = |sizes: &[usize]| Schedule::from_reveal_sizes(sizes).unwrap();
    for sizes in [&[3, 2, 2, 1][..], &[6, 5, 3, 2], &[12, 9, 7, 4], &[2, 2, 3, 3], &[1, 100, 1]] {
        check_no_question(&sized(sizes));
    }
    // The best sizes for a permutation, where the last symbols are certain.
    for tokens in [8_u32, 16, 32, 33, 64, 100, 128, 256] {
        let entropies: Vec<f64> = (0..tokens).map(|k| f64::from(tokens - k).ln()).collect();
        let curve = InformationCurve::from_conditional_entropies(entropies).unwrap();
        for steps in 2..=(tokens as usize / 2).min(24) {
            check_no_question(&optimal::schedule(&curve, steps).unwrap().0);
        }
    }
    // The best sizes where only one number is known.
    for (tokens, steps) in requests() {
        let nothing = Known::about(tokens);
        let total = nothing.clone().total_correlation(Nats(1.0));
        for known in [total, nothing.dual_total_correlation(Nats(1.0))] {
            check_no_question(&minimax::schedule(&known, steps).unwrap().schedule);
        }
    }
    // Equal sizes, with the larger ones first or last.
    for tokens in 1..80 {
        for steps in 1..=tokens {
            let balanced = Schedule::balanced(tokens, steps).unwrap();
            assert_eq!(trend(&balanced.audit()), "equal");
            check_no_question(&balanced);
            check_no_question(&reversed(&balanced));
        }
    }
}

#[test]
fn one_token_more_or_less_is_no_trend() {
    let of = |sizes: &[usize]| trend(&Schedule::from_reveal_sizes(sizes).unwrap().audit());
    for constant in [&[2, 2][..], &[1, 2, 2], &[2, 2, 1], &[1, 2, 1], &[7]] {
        assert_eq!(of(constant), "equal");
    }
    assert_eq!(of(&[1, 2, 3]), "growing");
    assert_eq!(of(&[2, 3, 2, 4, 3, 5]), "growing");
    assert_eq!(of(&[5, 3, 4, 2, 3]), "shrinking");
    assert_eq!(of(&[1, 3, 1]), "neither");
    assert_eq!(of(&[2, 3, 4, 2]), "neither");
    for (tokens, steps) in requests() {
        let of = |decoder: Decoder| trend(&decoder.plan(tokens, steps).unwrap().audit());
        let constant = [Decoder::Llada, Decoder::FastDllm, Decoder::LlamaCppBlock];
        assert!(constant.iter().all(|&decoder| of(decoder) == "equal"));
        let growing = [Decoder::MaskGit(Shape::Cosine), Decoder::Dllm(Shape::Cosine)];
        assert!(growing.iter().all(|&decoder| of(decoder) == "growing"));
    }
}

#[test]
fn the_audit_reads_as_a_colleague_would_speak() {
    let plan = Decoder::Llada.plan(256, 100).unwrap();
    assert_eq!(
        plan.audit().to_string(),
        "256 tokens in 100 steps; equal steps, give or take one token\n\
         largest step 3, balance ratio 1.172\n\
         for any data, the error is at most 0.0078 x token information, and at most 1.0000 x TC, and at most 2.0000 x DTC\n\
         at most 2.0000 x the smaller of TC and DTC; of all schedules of 100 steps, the least such factor is 0.0500\n\
         these are the sizes of LLaDA"
    );
    let permutation = Schedule::from_reveal_sizes([6, 5, 3, 2]).unwrap().audit().to_string();
    assert!(permutation.starts_with("16 tokens in 4 steps; shrinking steps"), "{permutation}");
    let one = Schedule::one_step(1).unwrap().audit().to_string();
    assert!(one.starts_with("1 token in 1 step; equal steps\n"), "{one}");
    let one_empty = Decoder::LlamaCppBlock.plan(2, 9).unwrap().audit().to_string();
    assert!(one_empty.starts_with("2 tokens in 2 steps and 1 empty pass;"), "{one_empty}");
    let wasteful = Decoder::Dream.plan(256, 512).unwrap().audit().to_string();
    assert!(wasteful.starts_with("256 tokens in 255 steps and 257 empty passes"), "{wasteful}");
}

/// Sizes of many kinds, up to a million tokens.
fn large_schedules() -> impl Strategy<Value = Schedule> {
    let some = proptest::collection::vec(1..5000_usize, 1..200);
    let geometric = (1.0001..2.0_f64).prop_map(|ratio| {
        let mut sizes = Vec::new();
        let (mut size, mut left) = (1.0, 1_000_000_usize);
        while left > 0 && sizes.len() < 20_000 {
            let step = (size as usize).min(left);
            sizes.push(step);
            left -= step;
            size *= ratio;
        }
        sizes
    });
    let spike = (1..1_000_000_usize).prop_map(|spike| vec![1, spike, 1]);
    prop_oneof![some, geometric, spike]
        .prop_map(|sizes| Schedule::from_reveal_sizes(sizes).unwrap())
}

proptest! {
    #![proptest_config(seeded(40, 81))]

    #[test]
    fn every_schedule_has_an_audit(schedule in large_schedules()) {
        let audit = schedule.audit();
        #[cfg(feature = "serde")]
        {
            prop_assert!(number(&audit, "balance_ratio") >= 1.0 - 1e-12);
            prop_assert!((0.0..1.0).contains(&number(&audit, "error_per_token_information")));
            prop_assert!((0.0..=1.0).contains(&number(&audit, "total_correlation_factor")));
        }
        prop_assert!(audit.nearest.distance <= schedule.tokens());
        prop_assert!(!audit.to_string().is_empty());
    }

    #[test]
    fn step_costs_are_differences_of_exact_errors(
        (increments, schedule) in increments(30)
            .prop_flat_map(|d| { let n = d.len() + 1; (Just(d), schedules(n)) }),
    ) {
        let curve = InformationCurve::from_information(information_of(&increments)).unwrap();
        let error = |sizes: &[usize]| {
            curve.sampling_error(&Schedule::from_reveal_sizes(sizes).unwrap()).unwrap().0
        };
        let whole = error(schedule.sizes());
        let noise = 1e-13 * curve.total_correlation().0;
        let costs = curve.step_costs(&schedule).unwrap();
        prop_assert!((costs.iter().map(|c| c.error.0).sum::<f64>() - whole).abs() <= noise);
        for (step, cost) in costs.iter().enumerate() {
            let Range { start, end } = cost.range;
            let mut best = 0.0_f64;
            for cut in start + 1..end {
                let mut sizes = schedule.sizes().to_vec();
                sizes.splice(step..=step, [cut - start, end - cut]);
                let saved = whole - error(&sizes);
                best = best.max(saved);
                if cut == cost.cut {
                    prop_assert!((saved - cost.saved_by_cut.0).abs() <= noise);
                }
            }
            prop_assert!((best - cost.saved_by_cut.0).abs() <= noise);
            match schedule.sizes().get(step + 1) {
                None => prop_assert_eq!(cost.lost_by_joining, None),
                Some(&next) => {
                    let mut sizes = schedule.sizes().to_vec();
                    sizes.splice(step..=step + 1, [end - start + next]);
                    let lost = error(&sizes) - whole;
                    prop_assert!((lost - cost.lost_by_joining.unwrap().0).abs() <= noise);
                }
            }
        }
    }
}

#[test]
fn the_best_place_to_cut_a_step_is_the_first_of_equals_and_its_end_where_no_cut_saves_anything() {
    let cut = |increments: [f64; 3]| {
        let curve = InformationCurve::from_information(information_of(&increments)).unwrap();
        let costs = curve.step_costs(&Schedule::one_step(4).unwrap()).unwrap();
        (costs[0].cut, costs[0].saved_by_cut)
    };
    // (4 - c) I_c: 3, 4, 2 and 4, 4, 4.
    assert_eq!(cut([1.0, 1.0, 0.0]), (2, Nats(4.0)));
    assert_eq!(cut([2.0, 1.0, 3.0]), (1, Nats(6.0)));
    assert_eq!(cut([0.0, 0.0, 0.0]), (4, Nats(0.0)));
}

#[test]
fn a_curve_shows_the_waste() {
    // Information at 10 and at 40 only: a step must start there.
    let values: Vec<f64> =
        (0..64).map(|k| f64::from(u8::from(k >= 10) + u8::from(k >= 40))).collect();
    let curve = InformationCurve::from_information(values).unwrap();
    let schedule = Schedule::from_reveal_sizes([10, 20, 30, 4]).unwrap();
    let audit = audit::with_curve(&curve, &schedule).unwrap();
    assert_eq!(audit.schedule, schedule.audit());
    assert_eq!(audit.least_error.0, 0.0);
    assert_eq!(audit.best.steps(), 4);
    let steps = curve.step_costs(&schedule).unwrap();
    assert_eq!((steps[2].cut, steps[2].saved_by_cut.0), (40, 20.0));
    // The cut at 30 separates nothing.
    let exchange = audit.best_exchange.unwrap();
    assert_eq!((exchange.joined_at, exchange.cut_at, exchange.saved.0), (30, 40, 20.0));
    let text = audit.to_string();
    // 40 lies 20 before the end of its step, the third, which wastes most.
    assert!(text.contains("sampling error 20.0000 nats;"), "{text}");
    let first = text.lines().find(|line| line.starts_with("step ")).unwrap();
    assert!(first.starts_with("step 3 "), "{text}");
    assert!(text.contains("step 3 (tokens 31 to 60) costs 20.0000 nats; cut at 40"), "{text}");
    assert!(text.ends_with("the cut at 30 moved to 40 saves 20.0000 nats"), "{text}");
    assert!(audit::with_curve(&curve, &Schedule::one_step(5).unwrap()).is_err());
}

/// A curve that is not too flat to tell orders apart, and a schedule for it.
fn curves_and_schedules() -> impl Strategy<Value = (InformationCurve, Schedule)> {
    increments(24).prop_flat_map(|d| {
        let curve = InformationCurve::from_information(information_of(&d)).unwrap();
        let tokens = curve.tokens();
        (Just(curve), schedules(tokens))
    })
}

proptest! {
    #![proptest_config(seeded(128, 82))]

    #[test]
    fn the_best_exchange_is_the_best_of_all((curve, schedule) in curves_and_schedules()) {
        let audit = audit::with_curve(&curve, &schedule).unwrap();
        let own = curve.sampling_error(&schedule).unwrap().0;
        let error = |cuts: &[usize]| {
            let ends = cuts.iter().copied().chain([curve.tokens()]);
            let sizes = ends.scan(0, |start, end| Some(end - std::mem::replace(start, end)));
            let sizes: Vec<usize> = sizes.collect();
            curve.sampling_error(&Schedule::from_reveal_sizes(sizes).unwrap()).unwrap().0
        };
        let cuts: Vec<usize> = schedule.revealed_before().skip(1).collect();
        let mut best = 0.0_f64;
        for joint in 0..cuts.len() {
            for cut in (1..curve.tokens()).filter(|cut| !cuts.contains(cut)) {
                let mut moved = cuts.clone();
                moved[joint] = cut;
                moved.sort_unstable();
                best = best.max(own - error(&moved));
            }
        }
        match audit.best_exchange {
            None => prop_assert!(best <= 2e-8 * own),
            Some(exchange) => {
                prop_assert!((exchange.saved.0 - best).abs() <= 1e-12 * own);
                let mut moved = cuts.clone();
                moved.retain(|&cut| cut != exchange.joined_at);
                prop_assert_eq!(moved.len() + 1, cuts.len());
                moved.push(exchange.cut_at);
                moved.sort_unstable();
                let saved = own - error(&moved);
                prop_assert!((saved - best).abs() <= 1e-12 * own);
            }
        }
    }

    #[test]
    fn the_best_schedule_has_nothing_to_gain_and_is_in_the_right_order(
        increments in increments(40), part in 0.0..1.0_f64,
    ) {
        let curve = InformationCurve::from_information(information_of(&increments)).unwrap();
        let steps = 1 + (part * (curve.tokens() - 1) as f64) as usize;
        let best = optimal::schedule(&curve, steps).unwrap().0;
        let audit = audit::with_curve(&curve, &best).unwrap();
        prop_assert_eq!(audit.best_exchange, None);
        prop_assert!(!audit.looks_reversed());
        let error = |schedule: &Schedule| curve.sampling_error(schedule).unwrap().0;
        prop_assert!(error(&best) <= error(&reversed(&best)) * (1.0 + 1e-12));
        let text = audit.to_string();
        prop_assert!(text.ends_with("nothing to gain by moving a cut"), "{}", text);
        prop_assert!(!text.contains("reversed?"));
    }

    #[test]
    fn a_curve_decides_the_orientation((curve, schedule) in curves_and_schedules()) {
        let audit = audit::with_curve(&curve, &schedule).unwrap();
        let other = reversed(&schedule);
        let [error, backward] =
            [&schedule, &other].map(|sizes| curve.sampling_error(sizes).unwrap().0);
        let said = format!("sampling error {:.4} nats; the same sizes from the other end {:.4} nats;", error, backward);
        prop_assert!(audit.to_string().contains(&said), "{said}: {audit}");
        let question = audit.to_string().contains("reversed?");
        prop_assert_eq!(question, audit.looks_reversed());
        if error <= backward || trend(&audit.schedule) == "equal" {
            prop_assert!(!question);
        } else {
            prop_assert_eq!(question, backward < 0.9 * error);
            // Both orders cannot be in doubt.
            prop_assert!(!audit::with_curve(&curve, &other).unwrap().looks_reversed());
        }
    }
}

#[test]
fn sizes_that_suit_other_data_are_questioned_on_a_curve_only() {
    // Growing cosine sizes on a permutation, whose best sizes shrink.
    let entropies: Vec<f64> = (0..64).map(|k| f64::from(64 - k).ln()).collect();
    let curve = InformationCurve::from_conditional_entropies(entropies).unwrap();
    let cosine = Decoder::MaskGit(Shape::Cosine).plan(64, 8).unwrap();
    let audit = audit::with_curve(&curve, cosine.schedule()).unwrap();
    assert!(!audit.schedule.looks_reversed && audit.looks_reversed());
    let text = audit.to_string();
    assert!(text.contains("reversed? from the other end they cost less"), "{text}");
    // In masking order by mistake, and right for these data by chance: no question on the curve.
    let swapped = audit::with_curve(&curve, &reversed(cosine.schedule())).unwrap();
    assert!(swapped.schedule.looks_reversed && !swapped.looks_reversed());
    assert!(!swapped.to_string().contains("reversed?"));
}

#[test]
fn a_million_tokens_are_audited() {
    for steps in [1, 2, 1_000, 999_999, 1_000_000] {
        let audit = Schedule::balanced(1_000_000, steps).unwrap().audit();
        assert_eq!((audit.nearest.decoder, audit.nearest.distance), (Decoder::Llada, 0));
    }
    let most = Schedule::one_step(usize::MAX).unwrap().audit();
    assert_eq!(most.nearest.distance, 0);
    assert!(most.to_string().contains(&format!("largest step {},", usize::MAX)), "{most}");
    let one = Schedule::one_step(1).unwrap().audit();
    assert!(one.to_string().contains("at most 0.0000 x TC, and at most 0.0000 x DTC"), "{one}");
}

/// The symbol 0 or 1, repeated at some positions; fair coins elsewhere.
fn repeated_at(tokens: usize, positions: &[usize]) -> unmaskcost::distribution::JointTable {
    let weight = |word: usize| {
        let bit = |position: usize| word >> (tokens - 1 - position) & 1;
        f64::from(u8::from(positions.windows(2).all(|pair| bit(pair[0]) == bit(pair[1]))))
    };
    let weights: Vec<f64> = (0..1_usize << tokens).map(weight).collect();
    unmaskcost::distribution::JointTable::from_weights(&vec![2; tokens], &weights).unwrap()
}

#[cfg(feature = "serde")]
#[test]
fn what_fixed_positions_guarantee_is_attained_by_a_symbol_repeated_in_one_round() {
    let tokens = 5;
    for order in [Order::spread(tokens), Order::left_to_right(tokens)].map(Result::unwrap) {
        for schedule in all_schedules(tokens) {
            let rounds = Rounds::new(order.clone(), schedule.clone()).unwrap();
            let audit = rounds.audit();
            let largest = rounds.sets().max_by_key(|set| set.len()).unwrap();
            let table = repeated_at(tokens, largest);
            let error = table.order_curve(&order).unwrap().sampling_error(&schedule).unwrap().0;
            let correlations = table.correlations();
            let (total, dual) = (correlations.total.0, correlations.dual_total.0);
            for (factor, known) in [
                (number(&audit, "total_correlation_factor"), total),
                (number(&audit, "dual_total_correlation_factor"), dual),
                (number(&audit, "error_per_token_information"), total + dual),
            ] {
                assert!((error - factor * known).abs() < 1e-12, "{rounds}: {error}, {factor}");
            }
            assert_eq!(audit.least_distance.is_none(), schedule.largest_step() == 1);
            assert_eq!(audit.sizes, schedule.audit());
            assert!(audit.to_string().starts_with(&schedule.audit().to_string()));
        }
    }
}

#[cfg(feature = "serde")]
proptest! {
    #![proptest_config(seeded(64, 186))]

    #[test]
    fn fixed_positions_keep_their_guarantees(
        (table, positions, schedule) in crate::support::tables::<f64>(5, 200).prop_flat_map(|table| {
            let tokens = table.tokens();
            (Just(table), Just((0..tokens).collect::<Vec<_>>()).prop_shuffle(), schedules(tokens))
        })
    ) {
        let order = Order::from_positions(positions).unwrap();
        let error = table.order_curve(&order).unwrap().sampling_error(&schedule).unwrap().0;
        let audit = Rounds::new(order, schedule).unwrap().audit();
        let correlations = table.correlations();
        let (total, dual) = (correlations.total.0, correlations.dual_total.0);
        let noise = crate::support::noise::<f64>();
        prop_assert!(error <= number(&audit, "total_correlation_factor") * total + noise);
        prop_assert!(error <= number(&audit, "dual_total_correlation_factor") * dual + noise);
        prop_assert!(error <= number(&audit, "error_per_token_information") * (total + dual) + noise);
    }
}
