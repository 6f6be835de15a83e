//! Losses along an order, in blocks: what they price, choose and judge.

use crate::support;

use proptest::prelude::*;
use rand::{RngExt, rngs::ChaCha8Rng};
use unmaskcost::measured::{OrderBlocks, OrderPass, Verdict};
use unmaskcost::{
    Error, Nats, Order, Scalar, Schedule,
    distribution::{JointTable, MarkovChain},
};

use crate::support::*;

/// Losses `-ln p` of the ideal predictor of a chain along an order, for words drawn from it: all counts.
fn chain_passes(
    chain: &MarkovChain,
    order: &Order,
    words: usize,
    generator: &mut ChaCha8Rng,
) -> Vec<OrderPass> {
    use unmaskcost::distribution::ConditionalMarginal;
    let mut passes = vec![];
    for word in 0..words {
        let symbols = chain.sample(order.tokens(), generator).unwrap();
        for known in 0..order.tokens() {
            let revealed: Vec<(usize, usize)> =
                order.positions()[..known].iter().map(|&p| (p, symbols[p])).collect();
            let losses: Vec<f64> = order.positions()[known..]
                .iter()
                .map(|&p| -chain.conditional_marginal(&revealed, p).unwrap()[symbols[p]].ln())
                .collect();
            passes.push(OrderPass::new(word.to_string(), known, losses));
        }
    }
    passes
}

/// Random losses, one list for each sequence and count of known tokens.
fn losses(sequences: usize, tokens: usize) -> impl Strategy<Value = Vec<Vec<Vec<f64>>>> {
    let pass = |known: usize| proptest::collection::vec(0.0..4.0_f64, tokens - known);
    let sequence: Vec<_> = (0..tokens).map(pass).collect();
    proptest::collection::vec(sequence, sequences)
}

fn passes_of(losses: &[Vec<Vec<f64>>]) -> Vec<OrderPass> {
    let of_sequence = |(sequence, passes): (usize, &Vec<Vec<f64>>)| {
        let pass = |(known, losses): (usize, &Vec<f64>)| {
            OrderPass::new(sequence.to_string(), known, losses.clone())
        };
        passes.iter().enumerate().map(pass).collect::<Vec<_>>()
    };
    losses.iter().enumerate().flat_map(of_sequence).collect()
}

proptest! {
    #![proptest_config(seeded(64, 184))]

    #[test]
    fn every_schedule_of_measured_counts_has_the_loss_of_its_own_passes(
        losses in losses(3, 7), schedule in schedules(7)
    ) {
        let blocks = OrderBlocks::from_passes("any", passes_of(&losses), 7).unwrap();
        let found = blocks.losses(&schedule).unwrap();
        for (loss, passes) in found.iter().zip(&losses) {
            let direct: f64 = schedule.ranges().map(|step| {
                passes[step.start][..step.len()].iter().sum::<f64>()
            }).sum();
            prop_assert!((loss.0 - direct).abs() < 1e-12);
        }
    }

    #[test]
    fn the_best_sizes_are_the_best_of_all_where_knowing_more_helps(losses in losses(4, 7)) {
        // With all losses of a rank in falling order, nothing is smoothed: the mean decides.
        let mut sorted = losses.clone();
        for passes in &mut sorted {
            for rank in 0..7 {
                let mut column: Vec<f64> = (0..=rank).map(|known| passes[known][rank - known]).collect();
                column.sort_by(|a, b| b.total_cmp(a));
                (0..=rank).for_each(|known| passes[known][rank - known] = column[known]);
            }
        }
        let blocks = OrderBlocks::from_passes("any", passes_of(&sorted), 7).unwrap();
        let mean = |schedule: &Schedule| {
            blocks.losses(schedule).unwrap().iter().map(|loss| loss.0).sum::<f64>() / 4.0
        };
        for steps in 1..=7 {
            let found = mean(&blocks.best_schedule(steps).unwrap());
            let least = all_schedules(7).filter(|schedule| schedule.steps() == steps)
                .map(|schedule| mean(&schedule)).fold(f64::INFINITY, f64::min);
            prop_assert!((found - least).abs() < 1e-12, "T = {steps}: {found} and {least}");
        }
    }

    #[test]
    fn losses_that_rise_are_smoothed_before_sizes_are_chosen(losses in losses(2, 6)) {
        // The slow twin: each column by the minimax formula of isotonic regression, then all schedules.
        let mean = |known: usize, rank: usize| {
            losses.iter().map(|passes| passes[known][rank - known]).sum::<f64>() / losses.len() as f64
        };
        let fitted = |known: usize, rank: usize| {
            let average = |from: usize, to: usize| {
                (from..=to).map(|k| mean(k, rank)).sum::<f64>() / (to - from + 1) as f64
            };
            (known..=rank).map(|to| (0..=known).map(|from| average(from, to)).fold(f64::INFINITY, f64::min))
                .fold(f64::NEG_INFINITY, f64::max)
        };
        let cost = |schedule: &Schedule| -> f64 {
            schedule.ranges().map(|step| {
                step.clone().map(|rank| fitted(step.start, rank)).sum::<f64>()
            }).sum()
        };
        let blocks = OrderBlocks::from_passes("any", passes_of(&losses), 6).unwrap();
        for steps in 1..=6 {
            let found = cost(&blocks.best_schedule(steps).unwrap());
            let least = all_schedules(6).filter(|schedule| schedule.steps() == steps)
                .map(|schedule| cost(&schedule)).fold(f64::INFINITY, f64::min);
            prop_assert!((found - least).abs() < 1e-9, "T = {steps}: {found} and {least}");
        }
    }
}

#[test]
fn the_mean_loss_of_an_ideal_predictor_is_entropy_plus_the_exact_error() {
    let mut generator = support::generator(3);
    let chain = MarkovChain::stationary(&[[0.85, 0.15], [0.1, 0.9]]).unwrap();
    let order = Order::spread(12).unwrap();
    let passes = chain_passes(&chain, &order, 800, &mut generator);
    let blocks = OrderBlocks::from_passes("spread", passes, 12).unwrap();
    let curve = chain.order_curve(&order).unwrap();
    for schedule in ["12", "3,9", "3,3,6", "2,2,2,2,2,2"] {
        let schedule: Schedule = schedule.parse().unwrap();
        let exact = curve.sampling_error(&schedule).unwrap();
        let cost = blocks.cost(&schedule).unwrap();
        let off = (cost.value().0 - exact.0) / cost.standard_error().0;
        assert!(off.abs() < 3.5, "{schedule}: {} and {exact}", cost.value());
        let loss = blocks.mean_loss(&schedule).unwrap();
        let expected = curve.joint_entropy() + exact;
        let off = (loss.value().0 - expected.0) / loss.standard_error().0;
        assert!(off.abs() < 3.5, "{schedule}: {} and {expected}", loss.value());
    }
}

/// Regret in simulation: the true cost of what is chosen, against the balanced sizes and the best there are.
#[test]
fn chosen_sizes_are_never_much_worse_than_balanced_ones_and_better_where_that_is_possible() {
    let mut generator = support::generator(4);
    let chain = MarkovChain::stationary(&[[0.93, 0.07], [0.07, 0.93]]).unwrap();
    // A chain, for which sizes matter along a spread order; and independent bits, for which none do.
    let coins = MarkovChain::stationary(&[[0.6, 0.4], [0.6, 0.4]]).unwrap();
    let order = Order::spread(16).unwrap();
    for (chain, words, least_gain) in [(&chain, 60, 0.6), (&chain, 15, 0.3), (&coins, 30, 0.0)] {
        let curve = chain.order_curve(&order).unwrap();
        let error = |schedule: &Schedule| curve.sampling_error(schedule).unwrap().0;
        let steps = 3;
        let best = all_schedules(16)
            .filter(|schedule| schedule.steps() == steps)
            .map(|schedule| error(&schedule))
            .fold(f64::INFINITY, f64::min);
        let balanced = error(&Schedule::balanced(16, steps).unwrap());
        let (mut total, mut chosen) = (0.0, 0);
        for _ in 0..30 {
            let passes = chain_passes(chain, &order, words, &mut generator);
            let blocks = OrderBlocks::from_passes("spread", passes, 16).unwrap();
            let choice = blocks.choose(steps).unwrap();
            assert!(choice.schedule == choice.best || choice.schedule == choice.balanced);
            let is_better = choice.change.value() < Nats(0.0) && choice.verdict != Verdict::Noise;
            assert_eq!(choice.schedule == choice.best && choice.best != choice.balanced, is_better);
            chosen += u32::from(is_better);
            total += error(&choice.schedule);
        }
        let mean = total / 30.0;
        assert!(mean <= balanced + 1e-12, "{mean} and balanced {balanced}");
        assert!(
            balanced - mean >= least_gain * (balanced - best),
            "{mean}, balanced {balanced}, best {best}"
        );
        // By chance alone a change would look likely in one of ten; here nothing changes.
        assert!(least_gain > 0.0 || chosen <= 6, "{chosen} of 30");
    }
}

/// Intervals of the paired cost hold about as often as they say, also where documents share their luck.
#[test]
fn intervals_of_a_cost_cover_it_when_sequences_of_a_document_depend_on_each_other() {
    let mut generator = support::generator(5);
    let mut covered = 0;
    for _ in 0..200 {
        let mut passes = vec![];
        for document in 0..12 {
            let luck: f64 = generator.random::<f64>() - 0.5;
            for part in 0..3 {
                let noise: f64 = 0.2 * (generator.random::<f64>() - 0.5);
                let name = format!("{document}-{part}");
                let pass = |known: usize, losses: &[f64]| {
                    OrderPass::new(name.clone(), known, losses).of_document(document.to_string())
                };
                passes.push(pass(0, &[1.0, 2.0 + luck + noise]));
                passes.push(pass(1, &[1.0]));
            }
        }
        let blocks = OrderBlocks::from_passes("any", passes, 2).unwrap();
        let cost = blocks.cost(&Schedule::one_step(2).unwrap()).unwrap();
        covered += u32::from(cost.interval(0.9).unwrap().contains(Nats(1.0)));
    }
    assert!((168..=194).contains(&covered), "{covered} of 200");
}

#[test]
fn of_two_orders_the_better_one_comes_first_with_what_the_difference_shows() {
    let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]]).unwrap();
    let orders = [("left to right", Order::left_to_right(16)), ("spread", Order::spread(16))];
    let blocks: Vec<OrderBlocks> = orders
        .into_iter()
        .map(|(name, order)| {
            let mut same = support::generator(7);
            let passes = chain_passes(&chain, &order.unwrap(), 60, &mut same);
            OrderBlocks::from_passes(name, passes, 16).unwrap()
        })
        .collect();
    let choices = OrderBlocks::choose_order(&blocks, 4).unwrap();
    assert_eq!(choices[0].order, "spread");
    let difference = blocks[1].difference_of_choices(&choices[0], &blocks[0], &choices[1]).unwrap();
    assert_eq!(Verdict::of(difference).unwrap(), Verdict::Certain);
    let by_schedules =
        blocks[1].difference(&choices[0].balanced, &blocks[0], &choices[1].balanced).unwrap();
    assert!(by_schedules.value() < Nats(0.0));

    let fewest = blocks[1].fewest_steps(Nats(0.05)).unwrap();
    assert!(fewest.cost.unwrap().value() <= Nats(0.05));
    let one_less = blocks[1].choose(fewest.schedule.steps() - 1).unwrap();
    assert!(one_less.cost.unwrap().value() > Nats(0.05));
    // Fewer steps may cost less than one at a time, by chance.
    assert!(blocks[1].fewest_steps(Nats(0.0)).unwrap().cost.unwrap().value() <= Nats(0.0));
}

#[test]
fn schedules_along_orders_stand_beside_measured_decoders() {
    use unmaskcost::measured::DecoderRuns;
    let mut generator = support::generator(9);
    let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]]).unwrap();
    let passes = chain_passes(&chain, &Order::spread(12).unwrap(), 20, &mut generator);
    let of_document =
        |(place, pass): (usize, OrderPass)| pass.of_document((place / 24).to_string());
    let passes: Vec<OrderPass> = passes.into_iter().enumerate().map(of_document).collect();
    let blocks = OrderBlocks::from_passes("spread", passes, 12).unwrap();
    let (choice, schedule) = (blocks.choose(3).unwrap(), Schedule::balanced(12, 4).unwrap());
    let mut runs = DecoderRuns::new();
    for (name, found) in [
        ("chosen", blocks.runs_of_choice(&choice).unwrap()),
        ("equal", blocks.runs(&schedule).unwrap()),
    ] {
        found.into_iter().for_each(|run| runs.record(name, run).unwrap());
    }
    let (chosen, equal) = (runs.means("chosen").unwrap(), runs.means("equal").unwrap());
    assert_eq!((chosen.rounds, equal.rounds, equal.documents), (3.0, 4.0, 10));
    let mean = blocks.mean_loss(&schedule).unwrap();
    for (found, expected) in [(chosen.loss, choice.loss), (equal.loss, mean)] {
        assert!((found.value() - expected.value()).0.abs() < 1e-12);
        assert!((found.standard_error() - expected.standard_error()).0.abs() < 1e-12);
    }
    let fewer = chain_passes(&chain, &Order::spread(12).unwrap(), 19, &mut generator);
    let fewer = OrderBlocks::from_passes("spread", fewer, 12).unwrap();
    assert!(matches!(fewer.runs_of_choice(&choice), Err(Error::LengthMismatch { .. })));
}

/// Intervals of the Monte Carlo estimate hold as often as they say; the truth is that of the joint table.
#[test]
fn the_error_of_a_hidden_chain_along_an_order_is_estimated_with_its_error() {
    use unmaskcost::distribution::HiddenMarkovChain;
    let mut generator = support::generator(10);
    let states = MarkovChain::stationary(&[[0.9, 0.1], [0.2, 0.8]]).unwrap();
    let hidden: HiddenMarkovChain =
        HiddenMarkovChain::new(states, &[[0.7, 0.2, 0.1], [0.05, 0.15, 0.8]]).unwrap();
    let all: Vec<usize> = (0..8).collect();
    for order in [Order::spread(8), Order::left_to_right(8)].map(Result::unwrap) {
        let exact = hidden.joint_table(8).unwrap().order_curve(&order).unwrap();
        let schedules = ["8", "2, 6", "2, 2, 4", "3, 3, 2"].map(|text| text.parse().unwrap());
        let mut covered = [0; 4];
        for _ in 0..60 {
            let sequences: Vec<Vec<usize>> =
                (0..60).map(|_| hidden.sample(8, &mut generator).unwrap()).collect();
            let blocks =
                OrderBlocks::from_predictor("any", &hidden, &order, &sequences, &all).unwrap();
            for (covered, schedule) in covered.iter_mut().zip(&schedules) {
                let truth = exact.sampling_error(schedule).unwrap();
                let interval = blocks.cost(schedule).unwrap().interval(0.9).unwrap();
                *covered += u32::from(interval.contains(truth));
            }
        }
        assert!(covered.iter().all(|covered| (46..=60).contains(covered)), "{covered:?}");
    }
    // The losses of one sequence, one at a time, are its own: -ln p.
    let table = hidden.joint_table(3).unwrap();
    let order = Order::from_positions([2, 0, 1]).unwrap();
    let blocks =
        OrderBlocks::from_predictor("any", &hidden, &order, &[[0, 2, 1]], &[0, 1, 2]).unwrap();
    let loss = blocks.losses(&Schedule::sequential(3).unwrap()).unwrap()[0];
    assert!((loss.0 + table.probabilities()[7].ln()).abs() < 1e-12);

    let from = |sequences: &[Vec<usize>], known: &[usize]| {
        OrderBlocks::from_predictor("any", &hidden, &order, sequences, known)
    };
    assert!(matches!(from(&[vec![0, 1]], &[0]), Err(Error::LengthMismatch { .. })));
    assert!(matches!(from(&[vec![0, 1, 3]], &[0]), Err(Error::IndexOutOfRange { .. })));
    assert!(matches!(from(&[vec![0, 1, 2]], &[3]), Err(Error::IndexOutOfRange { .. })));
    let error = from(&[vec![0, 1, 2]], &[0, 0]).unwrap_err();
    assert!(matches!(error, Error::Sequence { .. }) && error.to_string().contains("twice"));
    assert!(matches!(from(&[], &[0]), Err(Error::Empty { .. })));
}

#[test]
fn only_measured_counts_have_a_price() {
    let pass = |known: usize| OrderPass::new("a", known, vec![1.0; 8 - known]);
    let blocks = OrderBlocks::from_passes("any", [pass(0), pass(2), pass(5)], 8).unwrap();
    let found: Vec<_> = blocks.blocks().collect();
    assert_eq!(found, [0..1, 0..2, 0..5, 0..8, 2..3, 2..5, 2..8, 5..6, 5..8]);
    let loss = |text: &str| blocks.losses(&text.parse().unwrap());
    assert_eq!(loss("2, 3, 3").unwrap(), [Nats(8.0)]);
    let error = loss("4, 4").unwrap_err();
    assert!(matches!(error, Error::NotApplicable { .. }));
    assert!(error.to_string().contains("the step from 0 to 4"), "{error}");
    assert!(matches!(loss("4"), Err(Error::TokensDiffer { .. })));
    assert_eq!(blocks.balanced_schedule(2).unwrap().sizes(), [5, 3]);
    let error = blocks.best_schedule(4).unwrap_err();
    assert!(matches!(error, Error::NotApplicable { .. }));
    assert!(error.to_string().contains("a schedule of 4 steps"), "{error}");
    assert!(matches!(blocks.best_schedule(9), Err(Error::StepsOutOfRange { .. })));
    assert!(matches!(blocks.best_schedule(0), Err(Error::StepsOutOfRange { .. })));
    assert!(matches!(blocks.choose(2), Err(Error::TooFew { needed: 2, .. })));
    assert!(blocks.fewest_steps(Nats(1.0)).is_err());
}

#[test]
fn what_is_no_set_of_passes_is_refused() {
    let from = |passes: Vec<OrderPass>| OrderBlocks::from_passes("any", passes, 3);
    let pass = |sequence: &str, known, losses: &[f64]| OrderPass::new(sequence, known, losses);
    let full = || pass("a", 0, &[1.0, 1.0, 1.0]);
    assert!(matches!(from(vec![]), Err(Error::Empty { .. })));
    assert!(matches!(from(vec![pass("a", 3, &[])]), Err(Error::IndexOutOfRange { .. })));
    assert!(matches!(from(vec![pass("a", 1, &[1.0])]), Err(Error::LengthMismatch { .. })));
    assert!(matches!(from(vec![pass("a", 2, &[-1.0])]), Err(Error::Negative { .. })));
    assert!(matches!(from(vec![pass("a", 2, &[f64::NAN])]), Err(Error::NotFinite { .. })));
    let twice = from(vec![full(), full()]).unwrap_err();
    assert!(matches!(twice, Error::Sequence { .. }) && twice.to_string().contains("twice"));
    let missing = from(vec![full(), pass("b", 1, &[1.0, 1.0])]);
    let missing = missing.unwrap_err();
    assert!(matches!(missing, Error::Sequence { .. }), "{missing:?}");
    assert!(missing.to_string().contains("has no block from"), "{missing}");
    let other = vec![full().of_document("x"), pass("a", 1, &[1.0, 1.0]).of_document("y")];
    let other = from(other).unwrap_err();
    assert!(matches!(other, Error::Sequence { .. }) && other.to_string().contains("document"));
    assert!(matches!(OrderBlocks::from_passes("any", [full()], 0), Err(Error::Empty { .. })));
}

#[test]
fn a_table_prices_what_the_sampler_does_in_single_precision() {
    fn check<F: Scalar>() {
        let table = JointTable::<F>::from_counts(&[2, 2], [3, 1, 1, 3]).unwrap();
        let curve = table.order_curve(&Order::left_to_right(2).unwrap()).unwrap();
        let row = |known: usize| -> Vec<F> {
            (known..2).map(|rank| curve.conditional_entropy(known, rank).unwrap().0).collect()
        };
        let passes: Vec<OrderPass<F>> = ["a", "b"]
            .iter()
            .flat_map(|&name| (0..2).map(move |known| (name, known)))
            .map(|(name, known)| OrderPass::new(name, known, row(known)))
            .collect();
        let blocks = OrderBlocks::from_passes("mean", passes, 2).unwrap();
        let schedule = Schedule::one_step(2).unwrap();
        let (cost, exact) =
            (blocks.cost(&schedule).unwrap(), curve.sampling_error(&schedule).unwrap());
        assert!((cost.value() - exact).0.abs() <= noise());
    }
    check::<f64>();
    check::<f32>();
}

#[cfg(feature = "csv")]
mod csv {
    use super::*;

    const TEXT: &str = "order,sequence,document,revealed,until,nll_nats\n\
        spread,0,x,0,1,1.0\nspread,0,x,0,2,3.0\nspread,0,x,1,2,1.5\n\
        \"random, drawn anew\",0,x,0,2,4\nspread,1,y,0,1,2\nspread,1,y,0,2,2.5\nspread,1,y,1,2,0.25\n";

    #[test]
    fn a_file_holds_several_orders_by_name() {
        let orders = OrderBlocks::<f64>::from_csv(TEXT, 2).unwrap();
        let names: Vec<&str> = orders.iter().map(OrderBlocks::name).collect();
        assert_eq!(names, ["spread", "random, drawn anew"]);
        assert_eq!(orders[0].sequences().collect::<Vec<_>>(), ["0", "1"]);
        assert_eq!(orders[0].losses(&"1, 1".parse().unwrap()).unwrap(), [Nats(2.5), Nats(2.25)]);
        assert_eq!(orders[0].mean_loss(&"2".parse().unwrap()).unwrap().degrees_of_freedom(), 1.0);
        let bits = TEXT.replace("nll_nats", "nll_bits");
        let in_bits = &OrderBlocks::<f64>::from_csv(&bits, 2).unwrap()[0];
        let nats = in_bits.losses(&"2".parse().unwrap()).unwrap()[0];
        assert!((nats.0 - 3.0 * std::f64::consts::LN_2).abs() < 1e-14);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (from, to, line, says) in [
            ("0,2,3.0", "0,3,3.0", 3, "there is no block from 0 until 3"),
            ("0,2,3.0", "2,2,3.0", 3, "there is no block from 2 until 2"),
            ("0,2,3.0", "0,2,x", 3, "a number is needed"),
            ("0,2,3.0", "0,2,-3", 3, "it must not be negative"),
            ("0,2,3.0", "0,2,nan", 3, "a finite number is needed"),
            ("spread,0,x,1,2", "spread,0,x,0,2", 4, "twice"),
            ("spread,0,x,1,2", "spread,0,z,1,2", 4, "of document \"x\""),
            ("nll_nats", "loss", 1, "nll_nats"),
            ("until", "to", 1, "until"),
        ] {
            let text = TEXT.replace(from, to);
            let error = OrderBlocks::<f64>::from_csv(&text, 2).unwrap_err().to_string();
            assert!(error.starts_with(&format!("line {line}: ")), "{from} -> {to}: {error}");
            assert!(error.contains(says), "{from} -> {to}: {error}");
        }
        let missing = TEXT.replace("spread,1,y,1,2,0.25\n", "");
        let error = OrderBlocks::<f64>::from_csv(&missing, 2).unwrap_err();
        assert!(matches!(&error, Error::Sequence { sequence, .. } if sequence == "1"), "{error}");
        assert!(error.to_string().contains("no block from 1 until 2"), "{error}");
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_choice_is_written_as_its_document() {
        let orders = OrderBlocks::<f64>::from_csv(TEXT, 2).unwrap();
        let choice = orders[0].choose(1).unwrap();
        assert_eq!(
            serde_json::to_string(&choice).unwrap(),
            r#"{"format":"unmaskcost.choice","version":1,"order":"spread","reveal_sizes":[2]}"#
        );
    }
}

#[test]
fn a_certain_token_has_no_loss_and_no_passes_are_none() {
    let certain = OrderPass::new("a", 0, vec![0.0, 1.0]);
    let other = OrderPass::new("b", 0, vec![0.5, 0.0]);
    assert!(OrderBlocks::from_passes("certain", [certain, other], 2).is_ok());
    let negative = OrderPass::new("a", 0, vec![0.5, -0.5]);
    let refused = OrderBlocks::from_passes("negative", [negative], 2);
    assert!(matches!(refused, Err(Error::Negative { index: Some(1), .. })));
    let chain: MarkovChain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]]).unwrap();
    let order = Order::left_to_right(2).unwrap();
    let none = OrderBlocks::from_predictor("none", &chain, &order, &[[0, 1]], &[]);
    assert!(none.is_err());
}
