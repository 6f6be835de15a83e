//! Calls and their results, which other languages' packages must give as well: tests/calls.json.
//! After a change that is meant: `UNMASKCOST_RENEW=1 cargo test --all-features --test promises across_languages::`.

use serde_json::{Value, json};
use unmaskcost::bounds::{Knowledge, li_cai, sharp};
use unmaskcost::decoders::Decoder;
use unmaskcost::distribution::{
    ConditionalMarginal, HiddenMarkovChain, JointTable, MarkovChain, Samples,
};
use unmaskcost::measured::{self, Collector, OrderBlocks, OrderPass};
use unmaskcost::{InformationCurve, Nats, Order, Result, Schedule, optimal, sampler};

/// The calls of one kind, as they came.
struct Calls(Vec<Value>);

impl Calls {
    fn add(&mut self, call: &str, arguments: Value, result: Value) {
        self.0.push(json!({ "call": call, "arguments": arguments, "result": result }));
    }
}

fn sizes(schedule: &Schedule) -> Value {
    json!(schedule.sizes())
}

fn curves() -> Result<Vec<(Vec<f64>, InformationCurve)>> {
    let permutation: Vec<f64> = (0..12).map(|k| f64::from(12 - k).ln()).collect();
    let steep: Vec<f64> = (0..9).map(|k| 1.0 + 2.0 / (1.0 + f64::from(k))).collect();
    let concave: Vec<f64> = (0..16).map(|k| 3.0 - f64::from(k * k) / 100.0).collect();
    let all = [permutation, steep, concave];
    all.into_iter()
        .map(|f| Ok((f.clone(), InformationCurve::from_conditional_entropies(f)?)))
        .collect()
}

fn of_curves(calls: &mut Calls) -> Result<()> {
    for (entropies, curve) in curves()? {
        let tokens = curve.tokens();
        for steps in [1, 2, 3, 5] {
            let balanced = Schedule::balanced(tokens, steps)?;
            let arguments = json!({ "entropies": entropies, "sizes": sizes(&balanced) });
            let error = curve.sampling_error(&balanced)?.0;
            calls.add("sampling_error", arguments.clone(), json!(error));
            let refined = li_cai::refined_upper(&curve, &balanced)?.0;
            calls.add("li_cai_refined_upper", arguments, json!(refined));
            let (best, error) = optimal::schedule(&curve, steps)?;
            let arguments = json!({ "entropies": entropies, "steps": steps });
            calls.add("optimal_schedule", arguments, json!([sizes(&best), error.0]));
        }
        let frontier: Vec<f64> =
            optimal::frontier(&curve, tokens)?.into_iter().map(|Nats(error)| error).collect();
        calls.add("frontier", json!({ "entropies": entropies }), json!(frontier));
        let (fewest, error) = optimal::fewest_steps(&curve, Nats(0.5))?;
        let arguments = json!({ "entropies": entropies, "tolerance": 0.5 });
        calls.add("fewest_steps", arguments, json!([sizes(&fewest), error.0]));
    }
    Ok(())
}

fn of_bounds(calls: &mut Calls) -> Result<()> {
    for list in [vec![16], vec![4, 4, 4, 4], vec![1, 2, 3, 4, 6], vec![9, 4, 2, 1]] {
        let schedule = Schedule::from_reveal_sizes(list.clone())?;
        let arguments = json!({ "sizes": list, "first": 2.5, "second": 4.0 });
        let (first, second) = (Nats(2.5), Nats(4.0));
        for (call, found) in [
            ("from_token_information", sharp::from_token_information(first, &schedule)?),
            ("from_total_correlation", sharp::from_total_correlation(first, &schedule)?),
            ("from_dual_total_correlation", sharp::from_dual_total_correlation(first, &schedule)?),
            ("from_correlations", sharp::from_correlations(first, second, &schedule)?),
        ] {
            calls.add(call, arguments.clone(), json!([found.lower.0, found.upper.0]));
        }
        let upper = li_cai::upper(first, &schedule)?.0;
        calls.add("li_cai_upper", arguments.clone(), json!(upper));
        let known = sharp::Known::<f64>::about(16).information(3, Nats(0.25)).information_between(
            9,
            Nats(0.5),
            Nats(0.75),
        );
        let known = known.total_correlation(Nats(8.0)).bounds(&schedule)?;
        calls.add("known_bounds", arguments, json!([known.lower.0, known.upper.0]));
    }
    Ok(())
}

fn of_distributions(calls: &mut Calls) -> Result<()> {
    let weights: Vec<u32> = (0..24).map(|i| (i * 7) % 11 + 1).collect();
    let table = JointTable::<f64>::from_counts(&[2, 3, 2, 2], &weights)?;
    let schedule = Schedule::from_reveal_sizes([1, 3])?;
    let arguments = json!({ "counts": weights, "shape": [2, 3, 2, 2], "sizes": [1, 3] });
    calls.add("expected_kl", arguments, json!(sampler::expected_kl(&table, &schedule)?.0));

    let rows = [[0.9, 0.1], [0.2, 0.8]];
    let chain = MarkovChain::stationary(&rows)?;
    let information = chain.information_curve(24)?.information_values().to_vec();
    calls.add("markov_curve", json!({ "rows": rows, "tokens": 24 }), json!(information));
    let (order, balanced) = (Order::spread(24)?, Schedule::balanced(24, 5)?);
    let error = chain.order_error(&order, &balanced)?.0;
    let arguments =
        json!({ "rows": rows, "positions": order.positions(), "sizes": sizes(&balanced) });
    calls.add("order_error", arguments, json!(error));
    Ok(())
}

fn estimate(found: unmaskcost::Estimate) -> Value {
    json!([found.value().0, found.standard_error().0])
}

fn of_texts(calls: &mut Calls) -> Result<()> {
    let text: Vec<usize> = (0..600_usize).map(|i| (i / 3 + i * i % 7) % 3).collect();
    let samples = Samples::windows(&text, 3, 5, 20)?;
    let curve = samples.curve_up_to(2)?;
    let values = (0..=2).filter_map(|k| curve.information(k));
    let values: Vec<Value> = values.map(|value| estimate(value.estimate())).collect();
    let arguments = json!({ "text": text, "alphabet": 3, "window": 5, "blocks": 20 });
    calls.add("sampled_curve", arguments, json!([values, curve.trusted()]));

    let words: Vec<&[usize]> = text.chunks_exact(3).collect();
    let groups: Vec<usize> = (0..words.len()).map(|word| word % 40).collect();
    let grouped = groups.iter().zip(&words);
    let found = Samples::in_groups(&[3; 3], grouped)?.correlations()?;
    let found = [found.total, found.dual_total].map(|value| estimate(value.estimate()));
    calls.add("sampled_correlations", json!({ "words": words, "groups": groups }), json!(found));

    let schedule = Schedule::from_reveal_sizes([1, 3, 4])?;
    let figures = |chain: &MarkovChain| {
        Ok([chain.information_curve(8)?.sampling_error(&schedule)?.0, chain.entropy_rate()?.0])
    };
    let found = MarkovChain::jackknife(&text, 3, 0.25, 10, figures)?;
    let found: Vec<Value> = found.into_iter().map(estimate).collect();
    calls.add("jackknife", json!({ "text": text, "sizes": schedule.sizes() }), json!(found));

    let (fitted, other) = text.split_at(400);
    let order = HiddenMarkovChain::fit_order(fitted, 3, 2, 0.5)?;
    let arguments = json!({ "fitted": fitted, "other": other });
    calls.add("order_two", arguments, json!(order.log_probability(other)?.0));

    let start = HiddenMarkovChain::new(
        MarkovChain::stationary(&[[0.8, 0.2], [0.3, 0.7]])?,
        &[[0.5, 0.3, 0.2], [0.1, 0.3, 0.6]],
    )?;
    let hidden = start.baum_welch(&[fitted, other], 0.5, 5)?;
    let predicted = hidden.conditional_marginals(&[Some(1), None, None, Some(2)])?;
    calls.add("baum_welch", json!({ "sequences": [fitted, other] }), json!(predicted));
    Ok(())
}

fn of_schedules(calls: &mut Calls) -> Result<()> {
    for tokens in [1, 2, 12, 37, 64] {
        let spread = Order::spread(tokens)?;
        calls.add("spread", json!({ "tokens": tokens }), json!(spread.positions()));
    }
    for decoder in Decoder::KNOWN.iter().copied() {
        for (tokens, steps) in [(64, 16), (32, 7)] {
            let Ok(plan) = decoder.plan(tokens, steps) else { continue };
            let passes: Vec<usize> = plan.sizes().collect();
            let arguments =
                json!({ "decoder": decoder.to_string(), "tokens": tokens, "steps": steps });
            calls.add("plan", arguments, json!(passes));
        }
    }
    for (tokens, steps) in [(16, 4), (64, 9), (200, 20)] {
        let found = optimal::minimax::universal(tokens, steps)?;
        let factor = unmaskcost::bounds::universal::factor(&found).value();
        let arguments = json!({ "tokens": tokens, "steps": steps });
        calls.add("universal", arguments, json!([sizes(&found), factor]));
    }
    Ok(())
}

fn of_measurements(calls: &mut Calls) -> Result<()> {
    let counts = measured::measurement_counts(128, 17)?;
    calls.add("measurement_counts", json!({ "tokens": 128, "points": 17 }), json!(counts));

    let mut collector = Collector::new(12)?;
    let evaluations: Vec<(usize, f64)> = (0..72)
        .map(|i| {
            (i % 12, 3.0 - f64::from(i as u32 % 12) / 6.0 + f64::from((i as u32 * 29) % 17) / 20.0)
        })
        .collect();
    for &(revealed, loss) in &evaluations {
        collector.record(revealed, Nats(loss))?;
    }
    let losses = collector.loss_curve(2)?;
    let schedule = Schedule::from_reveal_sizes([2, 4, 6])?;
    let cost = losses.parallelism_cost(&schedule)?;
    let arguments = json!({ "tokens": 12, "evaluations": evaluations, "sizes": [2, 4, 6] });
    calls.add("parallelism_cost", arguments, json!([cost.value().0, cost.standard_error().0]));

    let loss = |sequence: u32, known: u32, rank: u32| {
        2.0 - f64::from(known) / 4.0 + f64::from((sequence * 5 + rank * 3 + known) % 7) / 9.0
    };
    let losses: Vec<Vec<Vec<f64>>> = (0..6)
        .map(|i| (0..4).map(|k| (0..4).map(|rank| loss(i, k, rank)).collect()).collect())
        .collect();
    let mut passes = Vec::new();
    for (sequence, table) in losses.iter().enumerate() {
        for (known, row) in table.iter().enumerate() {
            passes.push(OrderPass::new(sequence.to_string(), known, &row[known..]));
        }
    }
    let blocks = OrderBlocks::from_passes("spread", passes, 4)?;
    let schedule = Schedule::from_reveal_sizes([1, 3])?;
    let cost = blocks.cost(&schedule)?;
    let arguments = json!({ "counts": [0, 1, 2, 3], "losses": losses, "sizes": [1, 3] });
    calls.add("order_cost", arguments, json!([cost.value().0, cost.standard_error().0]));
    Ok(())
}

/// Equal but for the last digits, where logarithms of platforms differ.
fn agree(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agree(a, b))
        }
        (Value::Number(a), Value::Number(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0),
            _ => a == b,
        },
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| agree(a, b)))
        }
        _ => a == b,
    }
}

#[test]
fn other_languages_are_given_what_the_library_gives() -> Result<()> {
    let mut calls = Calls(Vec::new());
    of_curves(&mut calls)?;
    of_bounds(&mut calls)?;
    of_distributions(&mut calls)?;
    of_texts(&mut calls)?;
    of_schedules(&mut calls)?;
    of_measurements(&mut calls)?;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/calls.json");
    if std::env::var_os("UNMASKCOST_RENEW").is_some() {
        let lines: Vec<String> = calls.0.iter().map(Value::to_string).collect();
        std::fs::write(path, format!("[\n{}\n]\n", lines.join(",\n"))).expect("tests/calls.json");
    }
    let text = std::fs::read_to_string(path).expect("tests/calls.json");
    let written: Vec<Value> = serde_json::from_str(&text).expect("a list of calls");
    assert_eq!(written.len(), calls.0.len());
    for (made, written) in calls.0.iter().zip(&written) {
        assert!(agree(made, written), "{made}\nis not\n{written}");
    }
    Ok(())
}
