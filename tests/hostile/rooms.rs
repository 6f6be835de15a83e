//! Every public function, room by room. To add one: call it by its name through the driver. The name is the
//! type and the method, or the last two parts of the path of a free function.

use unmaskcost::audit;
use unmaskcost::bounds::sharp::{self, Known};
use unmaskcost::bounds::{
    BoundKind, KlBounds, Knowledge, chen_cong_li, compare, confidence, dimension_free, li_cai,
    universal, wainwright,
};
use unmaskcost::curve::{Curve, OrderCurve, PreparedCurve, block_curves};
use unmaskcost::decoders::Decoder;
use unmaskcost::distribution::ConditionalMarginal;
use unmaskcost::optimal::{self, minimax};
use unmaskcost::sampler::policy::{self, Policy, Rule, View};
use unmaskcost::schedule::{
    BlockLength, Blockwise, NoiseSchedule, Passes, RevealTimes, Rounding, Rounds,
};
use unmaskcost::{
    Bits, ConfidenceInterval, Estimate, InformationCurve, Nats, Order, Schedule, TrainingError,
    sampler,
};

use crate::driver::Driver;
use crate::inputs::Float;

/// What is at most another, but for rounding, relative to the scale of both.
fn about_at_most<F: Float>(a: Nats<F>, b: Nats<F>, scale: F) -> bool {
    a.0 <= b.0 + (scale.abs() + F::one()) * F::epsilon() * F::from_f64(4096.0).unwrap()
}

fn not_negative<F: Float>(d: &mut Driver, name: &'static str, value: Nats<F>) {
    d.require(name, value.0 >= F::zero(), "is negative", || format!("{value:?}"));
}

pub fn units<F: Float>(d: &mut Driver) {
    let (x, y) = (d.draw.float::<F>(), d.draw.float::<F>());
    let tokens = d.draw.size();
    // Arithmetic is that of the floats, with their infinities.
    d.call("Nats::bits", || Nats(x).bits());
    d.call("Bits::nats", || Bits(x).nats());
    d.call("Nats::min", || Nats(x).min(Nats(y)));
    d.call("Nats::max", || Nats(x).max(Nats(y)));
    d.call("Nats::total_cmp", || Nats(0.0).total_cmp(&Nats(1.0_f64)));
    d.call("Bits::total_cmp", || Bits(f32::NAN).total_cmp(&Bits(1.0_f32)));
    if let Some(distance) =
        d.call("Nats::total_variation_limit", || Nats(x).total_variation_limit())
    {
        let fits = x.is_nan() || (F::zero()..=F::one()).contains(&distance);
        d.require("Nats::total_variation_limit", fits, "is no distance", || {
            format!("{x:?} {distance:?}")
        });
    }
    d.result("Nats::from_total_variation", || Nats::from_total_variation(x));
    d.outcome("Nats::per_token", || Nats(x).per_token(tokens));
    d.outcome("Nats::perplexity_factor", || Nats(x).perplexity_factor(tokens));
    d.call("display", || format!("{x} {:>12} {:<9.3} {:+e}", Nats(x), Bits(x), Nats(y)));
    let training = d.result("TrainingError::new", || TrainingError::new(Nats(x)));
    if let Some(training) = training {
        d.value("TrainingError::value", || training.value());
    }
    d.value("Scalar::tolerance", F::tolerance);
    d.value("Scalar::cancellation_noise", F::cancellation_noise);
    estimates::<F>(d);
}

fn estimates<F: Float>(d: &mut Driver) {
    let (value, error) = (Nats(d.draw.float::<F>()), d.draw.nats::<F>());
    let (degrees, level) = (d.draw.float::<f64>(), d.draw.level());
    let tokens = d.draw.size();
    let degrees = if d.draw.chance(0.5) { 10.0_f64.powf(6.0 * degrees.min(1.0)) } else { degrees };
    d.call("Estimate::exact", || Estimate::exact(value));
    let known =
        d.unbounded("Estimate::with_known_error", || Estimate::with_known_error(value, error));
    let sampled =
        d.unbounded("Estimate::from_samples", || Estimate::from_samples(value, error, degrees));
    for estimate in [known, sampled].into_iter().flatten() {
        d.value("Estimate::value", || estimate.value());
        d.value("Estimate::standard_error", || estimate.standard_error());
        d.call("Estimate::degrees_of_freedom", || estimate.degrees_of_freedom());
        d.unbounded("Estimate::per_token", || estimate.per_token(tokens));
        d.outcome("Estimate::perplexity", || estimate.perplexity(tokens));
        d.call("display", || format!("{estimate:>30.2}"));
        if let Some(interval) = d.result("Estimate::interval", || estimate.interval(level)) {
            let holds = interval.contains(estimate.value());
            d.require("Estimate::interval", holds, "misses its value", || format!("{interval:?}"));
        }
    }
    let (a, b) = (d.draw.float::<F>(), d.draw.float::<F>());
    let interval =
        d.unbounded("ConfidenceInterval::new", || ConfidenceInterval::new(Nats(a), Nats(b), level));
    if let Some(interval) = interval {
        d.call("ConfidenceInterval::lower", || interval.lower());
        d.call("ConfidenceInterval::upper", || interval.upper());
        d.value("ConfidenceInterval::level", || interval.level());
        d.call("ConfidenceInterval::width", || interval.width());
        d.call("ConfidenceInterval::contains", || interval.contains(value));
        d.outcome("ConfidenceInterval::perplexity", || interval.perplexity(tokens));
        d.call("display", || format!("{interval:>40.3}"));
    }
}

fn check_schedule(d: &mut Driver, name: &'static str, schedule: &Schedule, tokens: usize) {
    let whole = schedule.tokens() == tokens
        && schedule.sizes().iter().all(|&size| size > 0)
        && schedule.sizes().iter().sum::<usize>() == tokens;
    d.require(name, whole, "is no schedule", || format!("{tokens}: {schedule}"));
}

pub fn schedules<F: Float>(d: &mut Driver) {
    let (tokens, steps) = (d.draw.size(), d.draw.size());
    let length = d.draw.length();
    let sizes: Vec<usize> = (0..length).map(|_| d.draw.size()).collect();
    let given = d.result("Schedule::from_reveal_sizes", || Schedule::from_reveal_sizes(&sizes));
    d.result("Schedule::from_mask_sizes", || Schedule::from_mask_sizes(&sizes));
    d.result("Passes::from_sizes", || Passes::from_sizes(sizes.clone()));
    let cosine = d.result("Schedule::cosine", || Schedule::cosine(tokens, steps));
    let balanced = d.result("Schedule::balanced", || Schedule::balanced(tokens, steps));
    let sequential = d.result("Schedule::sequential", || Schedule::sequential(tokens));
    let single = d.result("Schedule::one_step", || Schedule::one_step(tokens));
    for schedule in [&balanced, &sequential, &single, &cosine].into_iter().flatten() {
        check_schedule(d, "Schedule::balanced", schedule, tokens);
    }
    for schedule in [given, balanced, single].into_iter().flatten() {
        d.value("Schedule::tokens", || schedule.tokens());
        d.value("Schedule::steps", || schedule.steps());
        d.value("Schedule::sizes", || schedule.sizes().len());
        d.value("Schedule::largest_step", || schedule.largest_step());
        d.value("Schedule::revealed_before", || schedule.revealed_before().last());
        d.value("Schedule::ranges", || schedule.ranges().last());
        d.value("Schedule::sawtooth", || schedule.sawtooth().take(10_000).last());
        d.result("Schedule::covering", || schedule.clone().covering(tokens));
        let text = d.value("display", || schedule.to_string()).unwrap_or_default();
        let read = d.result("Schedule::from_str", || text.parse::<Schedule>());
        d.require("Schedule::from_str", read.as_ref() == Some(&schedule), "reads another", || text);
        d.value("universal::factor", || universal::factor(&schedule));
        audits(d, &Passes::from(schedule));
    }
    let factor = universal::factor(&d.draw.schedule(12));
    d.call("display", || factor.to_string());
    d.value("Factor::value", || factor.value());
    passes(d);
    reveal_times(d);
    orders(d);
    decoders(d);
}

fn audits(d: &mut Driver, passes: &Passes) {
    if let Some(audit) = d.value("Schedule::audit", || passes.schedule().audit()) {
        let text = d.call("display", || audit.to_string());
        d.require(
            "Schedule::audit",
            text.is_some_and(|text| !text.contains("NaN")),
            "says NaN",
            String::new,
        );
    }
    d.value("Passes::audit", || passes.audit());
}

fn passes(d: &mut Driver) {
    let length = d.draw.length();
    let sizes: Vec<usize> = (0..length).map(|_| d.draw.below(4)).collect();
    let Some(passes) = d.result("Passes::from_sizes", || Passes::from_sizes(sizes.clone())) else {
        return;
    };
    d.value("Passes::schedule", || passes.schedule().clone());
    d.value("Passes::tokens", || passes.tokens());
    d.value("Passes::count", || passes.count());
    d.value("Passes::empty", || passes.empty().to_vec());
    let again = d.value("Passes::sizes", || passes.sizes().collect::<Vec<_>>());
    d.require("Passes::sizes", again == Some(sizes), "are others", || format!("{passes:?}"));
    d.call("display", || passes.to_string());
    audits(d, &passes);
    let blocks = vec![passes.schedule().clone(), d.draw.schedule(3)];
    let blocks = if d.draw.chance(0.1) { Vec::new() } else { blocks };
    if let Some(blockwise) = d.result("Blockwise::new", || Blockwise::new(blocks)) {
        d.value("Blockwise::blocks", || blockwise.blocks().to_vec());
        d.value("Blockwise::tokens", || blockwise.tokens());
        d.value("Blockwise::steps", || blockwise.steps());
        d.call("display", || blockwise.to_string());
    }
    d.result("Blockwise::from_passes", || Blockwise::from_passes(&[passes.clone(), passes]));
}

fn reveal_times(d: &mut Driver) {
    let (tokens, steps) = (d.draw.size(), d.draw.size());
    let length = d.draw.length();
    let mut times: Vec<f64> = d.draw.numbers(length);
    times.sort_by(f64::total_cmp);
    if d.draw.chance(0.9) && length > 1 {
        let last = times[length - 1];
        times.iter_mut().for_each(|t| *t /= last);
        times[0] = 0.0;
    }
    let made = [
        d.result("RevealTimes::from_times", || RevealTimes::from_times(times.clone())),
        d.result("RevealTimes::equal", || RevealTimes::equal(steps)),
        d.result("RevealTimes::mdlm", || RevealTimes::mdlm(steps)),
        d.result("RevealTimes::flow_matching", || RevealTimes::flow_matching(steps)),
        d.result("RevealTimes::dream_origin", || RevealTimes::dream_origin(steps)),
        d.draw.chance(0.5).then(|| RevealTimes::of_schedule(&Schedule::balanced(9, 3).unwrap())),
    ];
    let schedule = d.draw.any_schedule(tokens);
    d.value("RevealTimes::of_schedule", || RevealTimes::of_schedule(&schedule));
    let rounding = d.draw.pick(&[
        Rounding::RevealedNearest,
        Rounding::RevealedFloor,
        Rounding::MaskedFloor,
        Rounding::MaskedFloorClamped,
        Rounding::StepNearest,
        Rounding::StepTruncated,
    ]);
    for times in made.into_iter().flatten() {
        d.value("RevealTimes::steps", || times.steps());
        d.value("RevealTimes::times", || times.times().to_vec());
        d.value("RevealTimes::certainly_empty_steps", || times.certainly_empty_steps());
        d.value("RevealTimes::parts", || times.parts().last());
        let rounded = d.result("RevealTimes::round", || times.round(tokens, rounding));
        if let Some(rounded) = rounded {
            check_schedule(d, "RevealTimes::round", rounded.schedule(), tokens);
        }
        d.value("RevealTimes::expected_nonempty_steps", || times.expected_nonempty_steps(tokens));
        d.result("RevealTimes::nonempty_steps_law", || times.nonempty_steps_law(tokens));
        let step = if d.draw.chance(0.8) { 0 } else { d.draw.size() };
        d.result("RevealTimes::step_size_law", || times.step_size_law(tokens, step));
        d.result("RevealTimes::mean_sawtooth", || times.mean_sawtooth(tokens));
        let mut generator = d.draw.another();
        let sampled = d.result("RevealTimes::sample", || times.sample(tokens, &mut generator));
        if let Some(sampled) = sampled {
            check_schedule(d, "RevealTimes::sample", sampled.schedule(), tokens);
        }
    }
    noise(d, steps);
}

fn noise(d: &mut Driver, steps: usize) {
    let (power, place) = (d.draw.float::<f64>(), d.draw.float::<f64>());
    let schedules = [
        d.call("NoiseSchedule::linear", NoiseSchedule::linear),
        d.call("NoiseSchedule::cosine", NoiseSchedule::cosine),
        d.outcome("NoiseSchedule::log_linear", || NoiseSchedule::log_linear(power)),
        d.outcome("NoiseSchedule::polynomial", || NoiseSchedule::polynomial(power)),
        d.outcome("NoiseSchedule::from_alpha", || {
            NoiseSchedule::from_alpha(move |t| 1.0 - t * power)
        }),
        d.outcome("NoiseSchedule::from_alpha", || {
            NoiseSchedule::from_alpha(move |t| if t < 1.0 { 1.0 } else { 0.0 })
        }),
    ];
    let length = d.draw.length();
    let mut times: Vec<f64> = d.draw.law(length);
    times.sort_by(|a, b| b.total_cmp(a));
    for schedule in schedules.into_iter().flatten() {
        d.call("NoiseSchedule::alpha", || schedule.alpha(place));
        d.result("NoiseSchedule::times_at", || schedule.times_at(&times));
        if let Some(times) = d.result("NoiseSchedule::times", || schedule.times(steps)) {
            d.value("NoiseSchedule::diffusion_times", || schedule.diffusion_times(&times));
        }
    }
}

fn orders(d: &mut Driver) {
    let (tokens, by, length) = (d.draw.size(), d.draw.size(), d.draw.length());
    let positions: Vec<usize> = (0..length).map(|_| d.draw.below(length.max(1))).collect();
    let (height, width) = (d.draw.size(), d.draw.size());
    let mut generator = d.draw.another();
    let orders = [
        d.result("Order::left_to_right", || Order::left_to_right(tokens)),
        d.result("Order::spread", || Order::spread(tokens)),
        d.result("Order::random", || Order::random(tokens, &mut generator)),
        d.result("Order::from_positions", || Order::from_positions(positions.clone())),
        d.result("Order::halton_grid", || Order::halton_grid(height, width)),
        d.result("Order::blocks", || Order::blocks(tokens, BlockLength(by), Order::spread)),
        d.result("Order::blocks", || {
            Order::blocks(12, BlockLength(4), |_| Order::left_to_right(by.min(6)))
        }),
    ];
    for order in orders.into_iter().flatten() {
        let tokens = order.tokens();
        d.value("Order::positions", || order.positions().len());
        d.value("Order::tokens", || order.tokens());
        d.value("Order::ranks", || order.ranks());
        d.value("Order::shifted", || order.clone().shifted(by));
        if tokens < 5_000 {
            let text = d.call("display", || order.to_string()).unwrap_or_default();
            let read = d.result("Order::from_str", || text.parse::<Order>());
            d.require("Order::from_str", read.as_ref() == Some(&order), "reads another", || text);
        }
        let schedule = d.draw.any_schedule(tokens);
        let Some(rounds) = d.result("Rounds::new", || Rounds::new(order, schedule)) else {
            continue;
        };
        if let Some(audit) = d.value("Rounds::audit", || rounds.audit()) {
            d.call("display", || audit.to_string());
        }
        d.value("Rounds::tokens", || rounds.tokens());
        d.value("Rounds::order", || rounds.order().tokens());
        d.value("Rounds::schedule", || rounds.schedule().clone());
        let sets =
            d.value("Rounds::sets", || rounds.sets().map(<[usize]>::to_vec).collect::<Vec<_>>());
        let map = d.value("Rounds::step_map", || rounds.step_map()).unwrap_or_default();
        d.result("Rounds::from_step_map", || Rounds::from_step_map(&map));
        let again = d.result("Rounds::from_sets", || Rounds::from_sets(sets.unwrap_or_default()));
        d.require("Rounds::from_sets", again.as_ref() == Some(&rounds), "are others", || {
            format!("{rounds:?}")
        });
        d.call("display", || rounds.to_string());
    }
    d.result("Rounds::from_step_map", || Rounds::from_step_map(&positions));
    d.result("Rounds::from_sets", || Rounds::from_sets([positions.clone(), positions]));
}

fn decoders(d: &mut Driver) {
    let names = ["llada", "fast-dllm", "dream", "llama.cpp", "dus", "halton", "maskgit-cosine", ""];
    let name = d.draw.pick(&names);
    d.result("Decoder::from_str", || name.parse::<Decoder>());
    use unmaskcost::decoders::Shape;
    let power = d.draw.float();
    let decoder = d.draw.pick(&[
        Decoder::Llada,
        Decoder::FastDllm,
        Decoder::Dream,
        Decoder::LlamaCpp,
        Decoder::LlamaCppBlock,
        Decoder::Dllm(Shape::Linear),
        Decoder::Dllm(Shape::Cosine),
        Decoder::MaskGit(Shape::Cosine),
        Decoder::MaskGit(Shape::Log),
        Decoder::MaskGit(Shape::Exp),
        Decoder::MaskGit(Shape::Power(power)),
        Decoder::Amused(Shape::Cosine),
        Decoder::Amused(Shape::Linear),
        Decoder::Halton,
        Decoder::Dus,
    ]);
    d.value("Decoder::name", || decoder.name());
    d.call("display", || decoder.to_string());
    let (tokens, steps, block) = (d.draw.size(), d.draw.size(), d.draw.size());
    let prompt = d.draw.size();
    d.result("Decoder::plan_blocks_after_prompt", || {
        decoder.plan_blocks_after_prompt(prompt, tokens, BlockLength(block), steps)
    });
    d.result("Decoder::rounds", || decoder.rounds(tokens, steps));
    if let Some(plan) = d.result("Decoder::plan", || decoder.plan(tokens, steps)) {
        check_schedule(d, "Decoder::plan", plan.schedule(), tokens);
    }
    let plans =
        d.result("Decoder::plan_blocks", || decoder.plan_blocks(tokens, BlockLength(block), steps));
    if let Some(plans) = plans {
        let sum: usize = plans.iter().map(Passes::tokens).sum();
        d.require("Decoder::plan_blocks", sum == tokens, "loses tokens", || format!("{plans:?}"));
    }
}

pub fn curves<F: Float>(d: &mut Driver) {
    let length = d.draw.length();
    let (rising, falling) = (d.draw.rising::<F>(length), d.draw.falling::<F>(length));
    d.result("InformationCurve::from_information", || InformationCurve::from_information(&rising));
    d.result("InformationCurve::from_conditional_entropies", || {
        InformationCurve::from_conditional_entropies(&falling)
    });
    let curve = d.result("InformationCurve::from_subset_entropies", || {
        InformationCurve::from_subset_entropies(&rising)
    });
    let tokens = 1 + length;
    let curve = curve.unwrap_or_else(|| d.draw.curve(tokens));
    d.note(|| format!("{curve:?}"));
    let tokens = curve.tokens();
    let k = if d.draw.chance(0.9) { d.draw.below(tokens) } else { d.draw.size() };
    d.value("InformationCurve::tokens", || curve.tokens());
    if k < tokens {
        d.value("InformationCurve::information", || curve.information(k));
        d.value("InformationCurve::conditional_entropy", || curve.conditional_entropy(k));
    }
    d.value("InformationCurve::information_values", || curve.information_values().to_vec());
    d.value("InformationCurve::increments", || curve.increments().to_vec());
    d.value("InformationCurve::single_token_entropy", || curve.single_token_entropy());
    d.value("InformationCurve::joint_entropy", || curve.joint_entropy());
    d.value("InformationCurve::token_information", || curve.token_information());
    for (name, value) in [
        (
            "InformationCurve::total_correlation",
            d.value("InformationCurve::total_correlation", || curve.total_correlation()),
        ),
        (
            "InformationCurve::dual_total_correlation",
            d.value("InformationCurve::dual_total_correlation", || curve.dual_total_correlation()),
        ),
    ] {
        value.into_iter().for_each(|value| not_negative(d, name, value));
    }
    let schedule = d.draw.any_schedule(tokens);
    if let Some(error) =
        d.result("InformationCurve::sampling_error", || curve.sampling_error(&schedule))
    {
        not_negative(d, "InformationCurve::sampling_error", error);
    }
    d.result("InformationCurve::step_costs", || curve.step_costs(&schedule));
    let probability = d.draw.probability::<F>();
    let odds = d.draw.float::<F>();
    d.result("InformationCurve::expected_information", || curve.expected_information(probability));
    d.result("InformationCurve::growth_density", || curve.growth_density(odds));
    d.result("InformationCurve::growth_complexity", || curve.growth_complexity());
    let steps = 1 + d.draw.below(20);
    let times = RevealTimes::equal(steps).unwrap();
    let error = d.result("InformationCurve::expected_sampling_error", || {
        curve.expected_sampling_error(&times)
    });
    error
        .into_iter()
        .for_each(|error| not_negative(d, "InformationCurve::expected_sampling_error", error));
    let other = d.draw.curve::<F>(3);
    let two = Blockwise::new([schedule.clone(), d.draw.schedule(3)]).unwrap();
    d.result("Blockwise::sampling_error", || two.sampling_error(&[curve.clone(), other]));
    let (all, block) = (d.draw.below(40), d.draw.size());
    d.result("blocks::block_curves", || {
        block_curves(all, BlockLength(block), |_, tokens| {
            InformationCurve::from_information(vec![F::zero(); tokens])
        })
    });
    audit_with_curve(d, &curve, &schedule);
    prepared(d);
    order_curves(d, &curve);
}

/// In double precision only.
fn prepared(d: &mut Driver) {
    let tokens = d.draw.length().max(1);
    let curve = d.draw.curve::<f64>(tokens);
    let schedule = d.draw.any_schedule(tokens);
    let losses = d.draw.falling::<f64>(tokens);
    d.note(|| format!("{curve:?} {schedule}"));
    let prepared = d.value("PreparedCurve::of", || PreparedCurve::of(&curve)).unwrap();
    let made = d.result("PreparedCurve::of_losses", || PreparedCurve::of_losses(&losses));
    if let Some(made) = made {
        d.result("PreparedCurve::cost", || made.cost(&schedule));
    }
    d.value("PreparedCurve::tokens", || prepared.tokens());
    let cost = d.result("PreparedCurve::cost", || prepared.cost(&schedule));
    if let (Some(cost), Ok(exact)) = (cost, curve.sampling_error(&schedule)) {
        let scale = curve.total_correlation().0;
        let same = about_at_most(cost, exact, scale) && about_at_most(exact, cost, scale);
        d.require("PreparedCurve::cost", same, "is another error", || format!("{cost} {exact}"));
    }
}

fn audit_with_curve<F: Float>(d: &mut Driver, curve: &InformationCurve<F>, schedule: &Schedule) {
    let name = "with_curve::with_curve";
    let Some(audit) = d.result(name, || audit::with_curve(curve, schedule)) else { return };
    let ordered = curve.sampling_error(schedule).is_ok_and(|error| audit.least_error <= error);
    d.require(name, ordered, "is better than the best", || format!("{audit:?}"));
    d.value("CurveAudit::looks_reversed", || audit.looks_reversed());
    let text = d.call("display", || audit.to_string()).unwrap_or_default();
    d.require(name, !text.contains("NaN"), "says NaN", || text);
}

fn order_curves<F: Float>(d: &mut Driver, curve: &InformationCurve<F>) {
    let tokens = 1 + d.draw.below(6);
    let rows: Vec<Vec<F>> = (0..tokens).map(|known| d.draw.falling(tokens - known)).collect();
    let mut made = vec![
        d.result("OrderCurve::from_conditional_entropies", || {
            OrderCurve::from_conditional_entropies(&rows)
        }),
        d.result("OrderCurve::of_random_positions", || OrderCurve::of_random_positions(curve)),
    ];
    let order = d.draw.order(tokens);
    let odd = d.draw.amount::<F>();
    made.push(d.result("OrderCurve::from_subset_entropies", || {
        OrderCurve::from_subset_entropies(&order, |set: &[usize]| {
            Ok(Nats(odd * F::from_usize(set.len()).unwrap()))
        })
    }));
    for curve in made.iter().flatten() {
        let tokens = curve.tokens();
        let (known, rank) = (d.draw.below(tokens + 1), d.draw.below(tokens + 1));
        d.value("OrderCurve::tokens", || curve.tokens());
        d.value("OrderCurve::conditional_entropy", || curve.conditional_entropy(known, rank));
        d.value("OrderCurve::joint_entropy", || curve.joint_entropy());
        d.value("OrderCurve::step_cost", || curve.step_cost(known..rank));
        let schedule = d.draw.any_schedule(tokens);
        let error = d.result("OrderCurve::sampling_error", || curve.sampling_error(&schedule));
        error.into_iter().for_each(|error| not_negative(d, "OrderCurve::sampling_error", error));
        d.result("OrderCurve::step_costs", || curve.step_costs(&schedule));
    }
    d.value("Curve::tokens", || Curve::tokens(curve));
    let schedule = d.draw.any_schedule(curve.tokens());
    d.result("Curve::sampling_error", || Curve::sampling_error(curve, &schedule));
    let parts: Vec<OrderCurve<F>> = made.into_iter().flatten().collect();
    let steps = 1 + d.draw.below(6);
    d.result("best_order::best_order", || optimal::best_order(&parts, steps));
    d.result("OrderCurve::mean", || OrderCurve::mean(&parts));
    let places: Vec<usize> =
        parts.iter().enumerate().flat_map(|(part, curve)| vec![part; curve.tokens()]).collect();
    let places = if d.draw.chance(0.1) { vec![3, 0] } else { places };
    d.result("OrderCurve::side_by_side", || OrderCurve::side_by_side(&places, &parts));
}

pub fn bounds<F: Float>(d: &mut Driver) {
    let length = 1 + d.draw.length();
    let curve = d.draw.curve::<F>(length);
    let tokens = curve.tokens();
    let schedule = d.draw.schedule(tokens);
    d.note(|| format!("{schedule} {:?}", curve.increments()));
    let exact = curve.sampling_error(&schedule).unwrap();
    let (total, dual) = (curve.total_correlation(), curve.dual_total_correlation());
    let information = curve.token_information();
    let last = curve.information(tokens - 1);
    let points: Vec<(usize, Nats<F>)> = (0..tokens).map(|k| (k, curve.information(k))).collect();
    let holds = |d: &mut Driver, name: &'static str, bounds: Option<KlBounds<F>>| {
        if let Some(bounds) = bounds {
            let kind = "misses the exact error";
            d.require(name, bounds.contains(exact), kind, || {
                format!("{bounds:?} {exact:?} {schedule} {curve:?}")
            });
        }
    };
    let found = d.result("sharp::from_total_correlation", || {
        sharp::from_total_correlation(total, &schedule)
    });
    holds(d, "sharp::from_total_correlation", found);
    let found = d.result("sharp::from_dual_total_correlation", || {
        sharp::from_dual_total_correlation(dual, &schedule)
    });
    holds(d, "sharp::from_dual_total_correlation", found);
    let found =
        d.result("sharp::from_correlations", || sharp::from_correlations(total, dual, &schedule));
    holds(d, "sharp::from_correlations", found);
    let found = d.result("sharp::from_token_information", || {
        sharp::from_token_information(information, &schedule)
    });
    holds(d, "sharp::from_token_information", found);
    let found = d.result("sharp::from_single_token_entropy", || {
        sharp::from_single_token_entropy(last, &schedule)
    });
    holds(d, "sharp::from_single_token_entropy", found);
    let found =
        d.result("sharp::from_known_points", || sharp::from_known_points(&points, &schedule));
    holds(d, "sharp::from_known_points", found);
    let up =
        |bound: Option<Nats<F>>| bound.map(|upper| KlBounds::new(Nats(F::zero()), upper).unwrap());
    let found = d.result("li_cai::upper", || li_cai::upper(information, &schedule));
    holds(d, "li_cai::upper", up(found));
    let found = d.result("li_cai::refined_upper", || li_cai::refined_upper(&curve, &schedule));
    holds(d, "li_cai::refined_upper", up(found));
    let found = d.result("wainwright::upper", || wainwright::upper(&curve, &schedule));
    holds(d, "wainwright::upper", up(found));
    let found = d.result("dimension_free::upper", || dimension_free::upper(last, &schedule));
    holds(d, "dimension_free::upper", up(found));
    let found = d.result("universal::upper", || universal::upper(&curve, &schedule));
    holds(d, "universal::upper", up(found));
    let smaller = total.min(dual);
    let found = d.result("universal::from_smaller_correlation", || {
        universal::from_smaller_correlation(smaller, &schedule)
    });
    holds(d, "universal::from_smaller_correlation", up(found));
    confidences::<F>(d);
    let step = 1 + d.draw.below(tokens);
    let lower = d.result("li_cai::worst_schedule_lower_sharpened", || {
        li_cai::worst_schedule_lower_sharpened(&curve, step)
    });
    let mean = d.result("li_cai::offset_mean", || li_cai::offset_mean(&curve, step));
    d.require("li_cai::offset_mean", lower <= mean, "is below what it is above of", || {
        format!("{lower:?} {mean:?}")
    });
    d.result("li_cai::worst_schedule_lower", || li_cai::worst_schedule_lower(&curve, step));
    if let Some(table) = d.unbounded("compare::compare", || compare(&curve, &schedule)) {
        for row in &table.rows {
            let fits = match row.kind {
                BoundKind::Lower => row.value <= exact,
                BoundKind::Upper => row.value >= exact,
                _ => true,
            };
            d.require("compare::compare", fits, "has a row on the wrong side", || {
                format!("{row:?}")
            });
        }
        for row in &table.rows {
            d.value("ComparedBound::citation", || row.citation().len());
        }
        d.call("display", || table.to_string());
    }
    knowledge(d, &curve, &schedule);
    hostile_bounds::<F>(d);
}

fn confidences<F: Float>(d: &mut Driver) {
    let length = d.draw.length();
    let confidences: Vec<F> = (0..length).map(|_| d.draw.probability()).collect();
    let vocabulary = d.draw.size();
    let upper = d.result("confidence::kl_upper", || confidence::kl_upper(&confidences, vocabulary));
    upper.into_iter().for_each(|upper| not_negative(d, "confidence::kl_upper", upper));
    d.result("confidence::total_variation_upper", || {
        confidence::total_variation_upper(&confidences)
    });
    d.result("confidence::modes_are_likeliest", || confidence::modes_are_likeliest(&confidences));
    d.result("confidence::published", || confidence::published(&confidences, vocabulary));
}

fn knowledge<F: Float>(d: &mut Driver, curve: &InformationCurve<F>, schedule: &Schedule) {
    let exact = curve.sampling_error(schedule).unwrap();
    let tokens = curve.tokens();
    d.value("Knowledge::tokens", || Knowledge::<F>::tokens(curve));
    let mut known = d.value("Known::about", || Known::about(tokens)).unwrap();
    for _ in 0..d.draw.below(5) {
        let k = d.draw.below(tokens);
        let (here, twice) =
            (curve.information(k), curve.information(k) * F::from_f64(2.0).unwrap());
        let twice = twice.min(Nats(F::max_value()));
        known = match d.draw.below(7) {
            0 => d.call("Known::information", || known.information(k, here)).unwrap(),
            1 => d
                .call("Known::information_between", || known.information_between(k, here, twice))
                .unwrap(),
            2 => d
                .call("Known::token_information", || {
                    known.token_information(curve.token_information())
                })
                .unwrap(),
            3 => {
                let last = curve.information(tokens - 1);
                d.call("Known::single_token_entropy", || known.single_token_entropy(last)).unwrap()
            }
            4 => d
                .call("Known::total_correlation", || {
                    known.total_correlation(curve.total_correlation())
                })
                .unwrap(),
            5 => {
                let dual = curve.dual_total_correlation();
                d.call("Known::dual_total_correlation", || known.dual_total_correlation(dual))
                    .unwrap()
            }
            _ => {
                let off = Nats(here.0 * F::from_f64(1e-3).unwrap());
                d.call("Known::off_by", || known.off_by(off)).unwrap()
            }
        };
    }
    let lower = d.result("Knowledge::lower", || known.lower(schedule));
    let upper = d.result("Knowledge::upper", || known.upper(schedule));
    let at = || format!("{lower:?} {exact:?} {upper:?} {known:?} {schedule} {curve:?}");
    d.require(
        "Knowledge::lower",
        lower.is_none_or(|lower| lower <= exact),
        "is above the exact error",
        at,
    );
    d.require(
        "Knowledge::upper",
        upper.is_none_or(|upper| upper >= exact),
        "is below the exact error",
        at,
    );
    d.result("Knowledge::bounds", || known.bounds(schedule));
    d.result("Knowledge::lower_witness", || known.lower_witness(schedule));
    d.result("Knowledge::upper_witness", || known.upper_witness(schedule));
}

/// Numbers that belong to no curve, and sizes that no list has.
fn hostile_bounds<F: Float>(d: &mut Driver) {
    let (a, b, c) = (d.draw.nats::<F>(), d.draw.nats::<F>(), d.draw.nats::<F>());
    let (tokens, steps, k) = (d.draw.size(), d.draw.size(), d.draw.size());
    let schedule = d.draw.any_schedule(tokens);
    let (low, high) = (d.draw.float::<F>(), d.draw.float::<F>());
    if let Some(bounds) = d.unbounded("KlBounds::new", || KlBounds::new(Nats(low), Nats(high))) {
        d.call("KlBounds::width", || bounds.width());
        d.call("KlBounds::contains", || bounds.contains(a));
        d.call("display", || format!("{bounds:>30.2}"));
    }
    d.note(|| format!("{schedule} {a:?} {b:?} {c:?} {k}"));
    let ordered = |d: &mut Driver, name: &'static str, bounds: Option<KlBounds<F>>| {
        let fits = bounds
            .is_none_or(|bounds| Nats(F::zero()) <= bounds.lower && bounds.lower <= bounds.upper);
        d.require(name, fits, "is turned over", || {
            format!("{bounds:?} {a:?} {b:?} {c:?} {schedule}")
        });
    };
    let found = d.result("sharp::from_correlations", || sharp::from_correlations(a, b, &schedule));
    ordered(d, "sharp::from_correlations", found);
    let found =
        d.result("sharp::from_total_correlation", || sharp::from_total_correlation(a, &schedule));
    ordered(d, "sharp::from_total_correlation", found);
    let found = d.result("sharp::from_dual_total_correlation", || {
        sharp::from_dual_total_correlation(a, &schedule)
    });
    ordered(d, "sharp::from_dual_total_correlation", found);
    let found =
        d.result("sharp::from_token_information", || sharp::from_token_information(a, &schedule));
    ordered(d, "sharp::from_token_information", found);
    let found = d.result("sharp::from_known_points", || {
        sharp::from_known_points(&[(k, a), (tokens / 2, b)], &schedule)
    });
    ordered(d, "sharp::from_known_points", found);
    let known =
        Known::about(tokens).information_between(k, a, b).information(tokens.wrapping_sub(1), c);
    let known = if d.draw.chance(0.5) { known.total_correlation(d.draw.nats()) } else { known };
    let known =
        if d.draw.chance(0.3) { known.dual_total_correlation(d.draw.nats()) } else { known };
    let known = if d.draw.chance(0.3) { known.single_token_entropy(d.draw.nats()) } else { known };
    let known = if d.draw.chance(0.3) { known.off_by(d.draw.nats()) } else { known };
    d.note(|| format!("{known:?}"));
    let found = d.result("Knowledge::bounds", || known.bounds(&schedule));
    ordered(d, "Knowledge::bounds", found);
    d.result("Knowledge::lower", || known.lower(&schedule));
    d.result("Knowledge::upper_witness", || known.upper_witness(&schedule));
    d.result("li_cai::upper", || li_cai::upper(a, &schedule));
    d.result("li_cai::balanced_upper", || li_cai::balanced_upper(a, tokens, steps));
    d.result("dimension_free::upper", || dimension_free::upper(a, &schedule));
    d.result("universal::from_smaller_correlation", || {
        universal::from_smaller_correlation(a, &schedule)
    });
    d.value("li_cai::offset_schedules", || {
        li_cai::offset_schedules(tokens, steps).map(|schedules| schedules.take(3).count())
    });
    d.result("chen_cong_li::sufficient_steps", || chen_cong_li::sufficient_steps(a, tokens, b));
    d.result("chen_cong_li::best_schedule_upper", || {
        chen_cong_li::best_schedule_upper(a, tokens, steps)
    });
    let made = [
        d.result("chen_cong_li::total_correlation_schedule", || {
            chen_cong_li::total_correlation_schedule(a, tokens, b)
        }),
        d.result("chen_cong_li::dual_total_correlation_schedule", || {
            chen_cong_li::dual_total_correlation_schedule(a, tokens, b)
        }),
    ];
    for schedule in made.iter().flatten() {
        check_schedule(d, "chen_cong_li::total_correlation_schedule", schedule, tokens);
    }
}

pub fn optima<F: Float>(d: &mut Driver) {
    let length = 1 + d.draw.length();
    let curve = d.draw.curve::<F>(length);
    let tokens = curve.tokens();
    let steps = if d.draw.chance(0.9) { 1 + d.draw.below(tokens) } else { d.draw.size() };
    let amount = d.draw.nats::<F>();
    d.note(|| format!("{steps} {amount:?} {curve:?}"));
    let scale = curve.total_correlation();
    let best = d.result("optimal::schedule", || optimal::schedule(&curve, steps));
    if let Some((best, error)) = &best {
        check_schedule(d, "optimal::schedule", best, tokens);
        let found = curve.sampling_error(best).unwrap();
        let same = about_at_most(found, *error, scale.0) && about_at_most(*error, found, scale.0);
        d.require("optimal::schedule", same && best.steps() == steps, "says another error", || {
            format!("{best} {error} {found}")
        });
        let other = d.draw.schedule(tokens);
        let no_worse = other.steps() > steps
            || about_at_most(*error, curve.sampling_error(&other).unwrap(), scale.0);
        d.require("optimal::schedule", no_worse, "is beaten", || {
            format!("{best} by {other}: {curve:?}")
        });
        if tokens <= 10 {
            let least = slow_best(&curve, steps);
            d.require(
                "optimal::schedule",
                about_at_most(*error, least, scale.0),
                "is not the best",
                || format!("{best} {error:?} {least:?} {curve:?}"),
            );
        }
    }
    let fewest = d.result("optimal::fewest_steps", || optimal::fewest_steps(&curve, amount));
    if let Some((fewest, error)) = fewest {
        check_schedule(d, "optimal::fewest_steps", &fewest, tokens);
        d.require(
            "optimal::fewest_steps",
            about_at_most(error, amount, amount.0),
            "exceeds the tolerance",
            || format!("{error:?} {amount:?}"),
        );
    }
    d.result("optimal::at_price", || optimal::at_price(&curve, amount));
    let frontier = d.result("frontier::frontier", || optimal::frontier(&curve, steps));
    if let Some(frontier) = frontier {
        let falls = frontier.windows(2).all(|pair| pair[1] <= pair[0]);
        d.require("frontier::frontier", falls, "rises", || format!("{frontier:?}"));
    }
    d.result("frontier::schedules", || optimal::schedules(&curve, steps));
    if tokens < 40 {
        d.unbounded("families::fit", || optimal::families::fit(&curve, steps));
        d.result("reveal_times::reveal_times", || optimal::reveal_times(&curve, steps.min(60)));
    }
    let curves = [curve.clone(), d.draw.curve(3), d.draw.curve(1)];
    let curves = if d.draw.chance(0.1) { &curves[..0] } else { &curves };
    d.result("budget::split", || optimal::split(curves, steps));
    d.result("blocks::blockwise", || optimal::blockwise(curves, steps));
    let lengths: Vec<BlockLength> =
        (0..d.draw.below(4)).map(|_| BlockLength(d.draw.size())).collect();
    let (many, values) = (d.draw.below(24), d.draw.rising::<F>(24));
    d.result("blocks::block_lengths", || {
        optimal::block_lengths(many, lengths, steps, |_, tokens| {
            InformationCurve::from_information(&values[..tokens])
        })
    });
    minimax_schedules::<F>(d);
}

/// All schedules of few tokens.
fn slow_best<F: Float>(curve: &InformationCurve<F>, steps: usize) -> Nats<F> {
    let tokens = curve.tokens();
    let mut best = Nats(F::infinity());
    for cuts in 0..1_usize << (tokens - 1) {
        if cuts.count_ones() as usize + 1 == steps {
            let mut sizes = vec![1];
            for place in 0..tokens - 1 {
                match sizes.last_mut() {
                    Some(last) if cuts >> place & 1 == 0 => *last += 1,
                    _ => sizes.push(1),
                }
            }
            let schedule = Schedule::from_reveal_sizes(sizes).unwrap();
            best = best.min(curve.sampling_error(&schedule).unwrap());
        }
    }
    best
}

fn minimax_schedules<F: Float>(d: &mut Driver) {
    let (a, b, tolerance) = (d.draw.nats::<F>(), d.draw.nats::<F>(), d.draw.nats::<F>());
    let tokens = d.draw.size();
    let steps =
        if d.draw.chance(0.8) { 1 + d.draw.below(tokens.clamp(1, 100)) } else { d.draw.size() };
    let length = d.draw.below(5);
    let values = d.draw.rising::<F>(length + 1);
    let known = Known::about(tokens);
    let known = match d.draw.below(6) {
        0 => known.token_information(a),
        1 => known.total_correlation(a),
        2 => known.dual_total_correlation(a),
        3 => known.total_correlation(a).dual_total_correlation(b),
        _ => (0..length).fold(known, |known, i| {
            known.information(1 + d.draw.below(tokens.clamp(1, 20)), Nats(values[i + 1]))
        }),
    };
    let known = if d.draw.chance(0.2) { known.total_correlation(b) } else { known };
    let known = if d.draw.chance(0.2) { known.single_token_entropy(b) } else { known };
    d.note(|| format!("{known:?} {tokens} {steps} {tolerance:?}"));
    let found = [
        d.result("minimax::schedule", || minimax::schedule(&known, steps)),
        d.result("minimax::fewest_steps", || minimax::fewest_steps(&known, tolerance)),
    ];
    for found in found.iter().flatten() {
        check_schedule(d, "minimax::schedule", &found.schedule, tokens);
        not_negative(d, "minimax::schedule", found.guarantee);
        not_negative(d, "minimax::schedule", found.guarantee - found.least_possible);
    }
    if let Some(fewest) = &found[1] {
        let kept = fewest.guarantee <= tolerance;
        d.require("minimax::fewest_steps", kept, "exceeds the tolerance", || format!("{fewest:?}"));
    }
    let factor = d.draw.float();
    let found = [
        d.result("universal::universal", || minimax::universal(tokens, steps)),
        d.result("universal::universal_within", || minimax::universal_within(tokens, factor)),
    ];
    for found in found.into_iter().flatten() {
        check_schedule(d, "universal::universal", &found, tokens);
        d.value("universal::factor", || universal::factor(&found));
    }
}

pub fn samplers<F: Float>(d: &mut Driver) {
    let table = d.draw.table::<F>();
    d.note(|| format!("{table:?}"));
    let tokens = table.tokens();
    let schedule = d.draw.any_schedule(tokens);
    let error = d.result("sampler::expected_kl", || sampler::expected_kl(&table, &schedule));
    let averaged = d.result("sampler::averaged_law", || sampler::averaged_law(&table, &schedule));
    if let (Some(error), Some(averaged)) = (error, &averaged) {
        not_negative(d, "sampler::expected_kl", error);
        let smaller = table.kl_divergence(averaged).unwrap();
        d.require(
            "sampler::averaged_law",
            about_at_most(smaller, error, error.0),
            "is farther than the mean",
            || format!("{smaller} {error}"),
        );
    }
    let reverse = d.unbounded("sampler::reverse_kl", || sampler::reverse_kl(&table, &schedule));
    if let Some(reverse) = reverse {
        not_negative(d, "sampler::reverse_kl", reverse);
    }
    let revealed: Vec<Option<usize>> = table
        .shape()
        .iter()
        .map(|&symbols| {
            d.draw
                .chance(0.5)
                .then(|| d.draw.below(symbols + 1).min(symbols - usize::from(d.draw.chance(0.9))))
        })
        .collect();
    if let Some(view) = d.result("View::new", || View::new(&table, &revealed)) {
        let predictions: Vec<Vec<F>> =
            table.shape().iter().map(|&symbols| d.draw.law(symbols)).collect();
        d.result("View::of_predictions", || View::of_predictions(&revealed, &predictions));
        d.value("View::revealed", || view.revealed().to_vec());
        d.value("View::masked", || view.masked().to_vec());
        d.value("View::masked_tokens", || view.masked_tokens().count());
        d.value("Policy::next", || Policy::next(&Rule::lowest_entropies(2).unwrap(), &view));
    }
    let (size, threshold, budget) = (d.draw.size(), d.draw.float::<F>(), Nats(d.draw.float::<F>()));
    let other = d.draw.below(6);
    let threshold = threshold.to_f64().unwrap();
    let budget = Nats(budget.0.to_f64().unwrap());
    let rules = [
        d.result("Rule::left_to_right", || Rule::left_to_right(size)),
        d.result("Rule::lowest_entropies", || Rule::lowest_entropies(size)),
        d.result("Rule::confidence", || Rule::confidence(threshold)),
        d.result("Rule::quota", || Rule::quota(size, threshold)),
        d.result("Rule::factor", || Rule::factor(threshold)),
        d.result("Rule::frechet", || Rule::frechet(threshold)),
        d.result("Rule::entropy_budget", || Rule::entropy_budget(budget)),
        d.result("Rule::cumulative_entropy", || Rule::cumulative_entropy(budget)),
        d.value("Rule::dilated", Rule::dilated),
    ];
    for rule in rules.into_iter().flatten() {
        let text = d.call("display", || rule.to_string()).unwrap_or_default();
        let read = d.result("Rule::from_str", || text.parse::<Rule>());
        d.require("Rule::from_str", read == Some(rule), "reads another", || text);
        let apart = d.result("Rule::apart", || rule.apart(other)).unwrap_or(rule);
        let blocks = d.result("Rule::in_blocks", || apart.in_blocks(BlockLength(size)));
        policies(d, &table, &blocks.unwrap_or(apart));
    }
    if let Ok(rounds) = Rounds::from_sets([vec![0, 3], vec![1, 2]]) {
        policies(d, &table, &rounds);
    }
    policies(d, &table, &|_: &View<F>| vec![0, other]);
    policies(d, &table, &|view: &View<F>| {
        view.masked().iter().rev().take(other).copied().collect()
    });
    policies(d, &table, &|_: &View<F>| vec![other, other, usize::MAX]);
    let rule = Rule::lowest_entropies(1 + other).unwrap();
    let words: Vec<Vec<usize>> = (0..3)
        .map(|_| table.shape().iter().map(|&symbols| d.draw.symbol(symbols)).collect())
        .collect();
    d.result("estimated::teacher_forced", || policy::teacher_forced(&table, &rule, &words[0]));
    d.unbounded("estimated::estimated_cost", || policy::estimated_cost(&table, &rule, &words));
    d.unbounded("ConditionalMarginal::log_probability", || {
        ConditionalMarginal::log_probability(&table, &words[0])
    });
    d.result("ConditionalMarginal::conditional_marginals", || {
        ConditionalMarginal::conditional_marginals(&table, &revealed)
    });
    if let Ok(Some(dilated)) = Decoder::Dus.rounds(tokens, 1) {
        policies(d, &table, &dilated);
    }
}

fn policies<F: Float>(
    d: &mut Driver,
    table: &unmaskcost::distribution::JointTable<F>,
    policy: &impl Policy<F>,
) {
    let cost = d.result("exact::cost", || policy::cost(table, policy));
    let law = d.result("exact::output_law", || policy::output_law(table, policy));
    if let (Some(cost), Some(law)) = (cost, law) {
        not_negative(d, "exact::cost", cost.sampling_error);
        d.require(
            "exact::cost",
            cost.sampling_error <= cost.entropy_bound,
            "is above its bound",
            || format!("{cost:?}"),
        );
        let divergence = table.kl_divergence(&law).unwrap();
        let same = about_at_most(divergence, cost.sampling_error, divergence.0)
            && about_at_most(cost.sampling_error, divergence, divergence.0);
        // Words too unlikely for a float have no place in the output.
        d.require(
            "exact::cost",
            same || divergence.0.is_infinite(),
            "is not the divergence",
            || format!("{cost:?} {divergence:?}"),
        );
    }
}
