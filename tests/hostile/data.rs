//! Distributions and measured numbers: the rest of the public functions.

use unmaskcost::bounds::Knowledge;
use unmaskcost::distribution::{
    CategoricalMixture, ClusterMixture, ConditionalMarginal, ExchangeableBits, HiddenMarkovChain,
    JointTable, LinearCode, MarkovChain, MdsCode, SampledValue, Samples, SubsetEntropy,
    side_by_side, uniform_permutation,
};
use unmaskcost::measured::{
    Collector, DecoderRuns, LossCurve, LossPoint, LossPosterior, MeasuredLosses, NestedLosses,
    OrderBlocks, OrderPass, Planner, Run, SequenceLosses, SmoothedLosses, Verdict, any_fall,
    measurement_counts, schedule_for_losses,
};
use unmaskcost::{Estimate, InformationCurve, Nats};

use crate::driver::Driver;
use crate::inputs::Float;

/// A curve that a distribution has: made without an error from numbers that are no trouble.
fn found_curve<F: Float>(d: &mut Driver, name: &'static str, curve: Option<InformationCurve<F>>) {
    let Some(curve) = curve else { return };
    let (tokens, total) = (curve.tokens(), curve.total_correlation());
    let holds = tokens > 0 && total.0 >= F::zero();
    d.require(name, holds, "gives no curve", || format!("{tokens} {total}"));
}

pub fn tables<F: Float>(d: &mut Driver) {
    let shape = d.draw.shape();
    let cells: usize = shape.iter().product();
    let (weights, law) = (d.draw.numbers::<F>(cells), d.draw.law::<F>(cells));
    let odd_shape: Vec<usize> = (0..d.draw.below(4)).map(|_| d.draw.size()).collect();
    let counts: Vec<i64> = (0..cells).map(|_| d.draw.float::<f64>().abs() as i64).collect();
    let samples: Vec<Vec<usize>> = (0..d.draw.below(9))
        .map(|_| shape.iter().map(|&symbols| d.draw.symbol(symbols)).collect())
        .collect();
    d.result("JointTable::from_counts", || JointTable::<F>::from_counts(&odd_shape, [1]));
    let made = [
        d.result("JointTable::from_weights", || JointTable::from_weights(&shape, &weights)),
        d.result("JointTable::from_probabilities", || JointTable::from_probabilities(&shape, &law)),
        d.result("JointTable::from_counts", || JointTable::from_counts(&shape, &counts)),
        d.result("JointTable::from_samples", || JointTable::from_samples(&shape, &samples)),
    ];
    let made: Vec<JointTable<F>> = made.into_iter().flatten().collect();
    for table in &made {
        d.note(|| format!("{table:?}"));
        let tokens = table.tokens();
        let positions: Vec<usize> =
            (0..d.draw.below(tokens + 2)).map(|_| d.draw.below(tokens)).collect();
        d.value("JointTable::tokens", || table.tokens());
        d.value("JointTable::shape", || table.shape().to_vec());
        d.value("JointTable::probabilities", || table.probabilities().to_vec());
        d.result("JointTable::marginal", || table.marginal(&positions));
        d.result("JointTable::entropy", || table.entropy(&positions));
        d.result("SubsetEntropy::subset_entropy", || table.subset_entropy(&positions));
        let curve = d.result("JointTable::information_curve", || table.information_curve());
        let (before, after) = (d.draw.below(tokens + 1), d.draw.below(tokens + 1));
        d.result("JointTable::information_curve_given_prefix", || {
            table.information_curve_given_prefix(before, after)
        });
        let order = d.draw.order(tokens);
        d.result("JointTable::order_curve", || table.order_curve(&order));
        let symbols: Vec<Option<usize>> =
            (0..tokens).map(|_| d.draw.chance(0.5).then(|| d.draw.below(3))).collect();
        d.result("JointTable::conditional", || table.conditional(&symbols));
        let seen: Vec<(usize, usize)> = positions.iter().map(|&p| (p, d.draw.below(3))).collect();
        let position = d.draw.below(tokens + 1);
        d.result("ConditionalMarginal::conditional_marginal", || {
            table.conditional_marginal(&seen, position)
        });
        if let Some(entropies) =
            d.result("JointTable::subset_entropies", || table.subset_entropies())
        {
            d.value("SubsetEntropies::tokens", || entropies.tokens());
            d.value("SubsetEntropies::values", || entropies.values().to_vec());
            d.result("SubsetEntropies::entropy", || entropies.entropy(&positions));
            d.result("SubsetEntropies::order_curve", || entropies.order_curve(&order));
        }
        if let Some(correlations) = d.value("JointTable::correlations", || table.correlations()) {
            let schedule = d.draw.schedule(tokens);
            let known = d.call("Correlations::known", || correlations.known(tokens)).unwrap();
            let bounds = d.result("Knowledge::bounds", || known.bounds(&schedule));
            let exact = curve.as_ref().map(|curve| curve.sampling_error(&schedule).unwrap());
            if let (Some(bounds), Some(exact)) = (bounds, exact) {
                let holds = bounds.contains(exact);
                d.require("Correlations::known", holds, "misses the exact error", || {
                    format!("{bounds:?} {exact:?} {schedule} {table:?}")
                });
            }
        }
        if let Some(curve) = curve {
            d.result("side_by_side::side_by_side", || side_by_side([&curve, &curve]));
        }
        for other in &made {
            let divergence =
                d.unbounded("JointTable::kl_divergence", || table.kl_divergence(other));
            let positive = divergence.is_none_or(|divergence| divergence.0 >= F::zero());
            d.require("JointTable::kl_divergence", positive, "is negative", || {
                format!("{divergence:?}")
            });
            d.result("JointTable::total_variation", || table.total_variation(other));
        }
    }
    codes::<F>(d);
}

fn codes<F: Float>(d: &mut Driver) {
    let field = d.draw.pick(&[2, 3, 5, 2, 2, 4, 0, 1, 7, (1 << 61) - 1, u64::MAX]);
    let (length, dimension) = (d.draw.below(8), d.draw.below(4));
    let rows: Vec<Vec<u64>> = (0..dimension)
        .map(|_| (0..length).map(|_| d.draw.seed() % field.clamp(1, 9)).collect())
        .collect();
    let positions: Vec<usize> = (0..d.draw.below(4)).map(|_| d.draw.below(8)).collect();
    if let Some(code) =
        d.result("LinearCode::from_generator", || LinearCode::from_generator(field, &rows))
    {
        d.value("LinearCode::tokens", || code.tokens());
        d.value("LinearCode::dimension", || code.dimension());
        d.result("LinearCode::rank", || code.rank(&positions));
        d.result("LinearCode::entropy", || code.entropy::<F>(&positions));
        let curve = d.result("LinearCode::information_curve", || code.information_curve::<F>());
        found_curve(d, "LinearCode::information_curve", curve);
        let order = d.draw.order(code.tokens().max(1));
        d.result("LinearCode::order_curve", || code.order_curve::<F>(&order));
        d.result("LinearCode::check_mds", || code.check_mds());
        d.result("LinearCode::joint_table", || code.joint_table::<F>());
        d.result("ConditionalMarginal::conditional_marginal", || {
            ConditionalMarginal::<F>::conditional_marginal(&code, &[(0, 1)], 1)
        });
    }
    let (tokens, dimension) = (d.draw.size(), d.draw.size());
    if let Some(code) = d.result("MdsCode::new", || MdsCode::new(field, tokens, dimension)) {
        d.value("MdsCode::tokens", || code.tokens());
        d.value("MdsCode::dimension", || code.dimension());
        let curve = d.result("MdsCode::information_curve", || code.information_curve::<F>());
        found_curve(d, "MdsCode::information_curve", curve);
        let order = d.draw.order(tokens.clamp(1, 9));
        d.result("MdsCode::order_curve", || code.order_curve::<F>(&order));
        d.result("MdsCode::code", || code.code());
    }
}

pub fn exchangeable<F: Float>(d: &mut Driver) {
    let tokens = if d.draw.chance(0.9) { d.draw.below(40) } else { d.draw.size() };
    let length = d.draw.length();
    let (law, weights) = (d.draw.law::<F>(length), d.draw.law::<F>(length));
    let probabilities: Vec<F> = (0..length).map(|_| d.draw.probability()).collect();
    let (a, b, flip) = (d.draw.float::<F>(), d.draw.amount::<F>(), d.draw.probability::<F>());
    let ones = d.draw.size();
    d.note(|| {
        format!("{tokens} {law:?} {weights:?} {probabilities:?} {a:?} {b:?} {flip:?} {ones}")
    });
    let made = [
        d.result("ExchangeableBits::from_count_law", || ExchangeableBits::from_count_law(&law)),
        d.result("ExchangeableBits::mixture", || {
            ExchangeableBits::mixture(tokens, &weights, &probabilities)
        }),
        d.result("ExchangeableBits::noisy_repeated_bit", || {
            ExchangeableBits::noisy_repeated_bit(tokens, flip)
        }),
        d.result("ExchangeableBits::polya_urn", || ExchangeableBits::polya_urn(tokens, a, b)),
        d.result("ExchangeableBits::curie_weiss", || ExchangeableBits::curie_weiss(tokens, a, b)),
        d.result("ExchangeableBits::fixed_weight", || ExchangeableBits::fixed_weight(tokens, ones)),
    ];
    for bits in
        made.into_iter().flatten().filter(|bits: &ExchangeableBits<F>| bits.tokens() < 3_000)
    {
        let tokens = d.value("ExchangeableBits::tokens", || bits.tokens()).unwrap();
        d.value("ExchangeableBits::count_law", || bits.count_law().to_vec());
        let curve = d.result("ExchangeableBits::information_curve", || bits.information_curve());
        found_curve(d, "ExchangeableBits::information_curve", curve);
        d.result("ExchangeableBits::joint_table", || bits.joint_table());
        let mut generator = d.draw.another();
        d.result("ExchangeableBits::sample", || bits.sample(&mut generator));
        let set: Vec<usize> = (0..d.draw.below(tokens.min(5) + 1)).collect();
        d.result("SubsetEntropy::subset_entropy", || bits.subset_entropy(&set));
        d.result("ConditionalMarginal::conditional_marginal", || {
            bits.conditional_marginal(&[(0, 1)], 1)
        });
    }
    let curve = d.result("permutation::uniform_permutation", || uniform_permutation::<F>(tokens));
    found_curve(d, "permutation::uniform_permutation", curve);
    mixtures::<F>(d, tokens.min(64), flip);
}

fn mixtures<F: Float>(d: &mut Driver, tokens: usize, flip: F) {
    let (parts, alphabet) = (1 + d.draw.below(3), 1 + d.draw.below(4));
    let weights = d.draw.law::<F>(parts);
    let components: Vec<Vec<F>> = (0..parts).map(|_| d.draw.law(alphabet)).collect();
    let symbols = d.draw.size();
    let made = [
        d.result("CategoricalMixture::new", || CategoricalMixture::new(&weights, &components)),
        d.result("CategoricalMixture::noisy_repeated_symbol", || {
            CategoricalMixture::noisy_repeated_symbol(symbols, flip)
        }),
    ];
    let mut generator = d.draw.another();
    for mixture in made.into_iter().flatten() {
        let alphabet = d.value("CategoricalMixture::alphabet", || mixture.alphabet()).unwrap();
        if alphabet < 5 {
            let curve = d.result("CategoricalMixture::information_curve", || {
                mixture.information_curve(tokens)
            });
            found_curve(d, "CategoricalMixture::information_curve", curve);
        }
        d.result("CategoricalMixture::joint_table", || mixture.joint_table(tokens.min(6)));
        d.result("CategoricalMixture::sample", || mixture.sample(tokens, &mut generator));
        d.result("ConditionalMarginal::conditional_marginal", || {
            mixture.conditional_marginal(&[(0, 0)], 1)
        });
    }
    let length = d.draw.below(9);
    let centres: Vec<Vec<usize>> =
        (0..parts).map(|_| (0..length).map(|_| d.draw.below(2)).collect()).collect();
    if let Some(clusters) =
        d.result("ClusterMixture::new", || ClusterMixture::new(&weights, &centres, flip))
    {
        d.value("ClusterMixture::tokens", || clusters.tokens());
        d.value("ClusterMixture::type_counts", || clusters.type_counts());
        let curve = d.result("ClusterMixture::information_curve", || clusters.information_curve());
        found_curve(d, "ClusterMixture::information_curve", curve);
        d.result("ClusterMixture::joint_table", || clusters.joint_table());
        d.result("ClusterMixture::sample", || clusters.sample(&mut generator));
        d.result("ConditionalMarginal::conditional_marginal", || {
            clusters.conditional_marginal(&[(0, 1)], 1)
        });
    }
}

pub fn chains<F: Float>(d: &mut Driver) {
    let alphabet = 1 + d.draw.below(4);
    let initial = d.draw.law::<F>(alphabet);
    let rows: Vec<Vec<F>> = (0..alphabet).map(|_| d.draw.law(alphabet)).collect();
    let counts: Vec<Vec<u64>> =
        (0..alphabet).map(|_| (0..alphabet).map(|_| d.draw.seed() % 5).collect()).collect();
    let smoothing = d.draw.amount::<F>();
    let symbols: Vec<usize> =
        (0..d.draw.below(30)).map(|_| d.draw.below(alphabet + 1).min(alphabet - 1)).collect();
    let odd = d.draw.size();
    d.note(|| format!("{initial:?} {rows:?} {counts:?} {smoothing:?}"));
    d.result("MarkovChain::fit", || MarkovChain::fit(&symbols, odd.min(300), smoothing));
    let (order, blocks) = (d.draw.size(), d.draw.size());
    d.result("HiddenMarkovChain::fit_order", || {
        HiddenMarkovChain::fit_order(&symbols, odd.min(300), order, smoothing)
    });
    let small = d.result("HiddenMarkovChain::fit_order", || {
        HiddenMarkovChain::fit_order(&symbols, alphabet, order.min(3), smoothing)
    });
    if let Some(small) = small {
        d.result("HiddenMarkovChain::joint_table", || small.joint_table(3));
    }
    d.result("MarkovChain::jackknife", || {
        let rate = |chain: &MarkovChain<F>| Ok([chain.entropy_rate()?.0]);
        // A figure that is the same without any block is exact: infinitely many degrees of freedom, as documented.
        MarkovChain::jackknife(&symbols, alphabet, smoothing, blocks, rate).map(|found| {
            found.into_iter().map(|rate| (rate.value(), rate.standard_error())).collect::<Vec<_>>()
        })
    });
    let made = [
        d.result("MarkovChain::from_transition", || MarkovChain::from_transition(&initial, &rows)),
        d.result("MarkovChain::stationary", || MarkovChain::stationary(&rows)),
        d.result("MarkovChain::from_counts", || MarkovChain::from_counts(&counts, smoothing)),
        d.result("MarkovChain::fit", || MarkovChain::fit(&symbols, alphabet, smoothing)),
    ];
    for chain in made.into_iter().flatten() {
        let tokens = d.draw.length();
        let (prefix, place) = (d.draw.size(), d.draw.size());
        d.value("MarkovChain::alphabet", || chain.alphabet());
        d.value("MarkovChain::initial", || chain.initial().to_vec());
        d.value("MarkovChain::row", || chain.row(place).map(<[F]>::to_vec));
        d.result("MarkovChain::entropy_rate", || chain.entropy_rate());
        d.result("MarkovChain::marginal", || chain.marginal(place));
        let curve = d.result("MarkovChain::information_curve", || chain.information_curve(tokens));
        found_curve(d, "MarkovChain::information_curve", curve);
        d.result("MarkovChain::information_curve_given_prefix", || {
            chain.information_curve_given_prefix(prefix, tokens.min(30))
        });
        d.result("MarkovChain::joint_table", || chain.joint_table(tokens.min(5)));
        let order = d.draw.order(tokens.clamp(1, 30));
        let schedule = d.draw.any_schedule(order.tokens());
        d.result("MarkovChain::order_curve", || chain.order_curve(&order));
        let error = d.result("MarkovChain::order_error", || chain.order_error(&order, &schedule));
        let positive = error.is_none_or(|error| error.0 >= F::zero());
        d.require("MarkovChain::order_error", positive, "is negative", || format!("{error:?}"));
        let mut generator = d.draw.another();
        let shown: Vec<Vec<F>> = (0..alphabet).map(|_| d.draw.law(2)).collect();
        hidden(d, chain.clone(), &shown);
        d.result("MarkovChain::sample", || chain.sample(tokens, &mut generator));
        d.result("SubsetEntropy::subset_entropy", || chain.subset_entropy(&[0, 3, 1]));
        d.result("ConditionalMarginal::conditional_marginal", || {
            chain.conditional_marginal(&[(0, 0), (4, 0)], 2)
        });
    }
}

fn hidden<F: Float>(d: &mut Driver, states: MarkovChain<F>, shown: &[Vec<F>]) {
    let made = d.result("HiddenMarkovChain::new", || HiddenMarkovChain::new(states, shown));
    let Some(chain) = made else { return };
    let tokens = d.draw.below(6);
    let mut generator = d.draw.another();
    d.value("HiddenMarkovChain::alphabet", || chain.alphabet());
    d.value("HiddenMarkovChain::states", || chain.states().alphabet());
    d.value("HiddenMarkovChain::emission", || chain.emission(tokens).map(<[F]>::to_vec));
    let sequences = [vec![0, 1, 0], vec![1; tokens]];
    let (smoothing, iterations) = (d.draw.amount::<F>(), d.draw.size());
    for iterations in [3, iterations.min(1 << 12)] {
        d.result("HiddenMarkovChain::baum_welch", || {
            chain.baum_welch(&sequences, smoothing, iterations)
        });
    }
    d.result("HiddenMarkovChain::joint_table", || chain.joint_table(tokens));
    d.result("HiddenMarkovChain::sample", || chain.sample(tokens, &mut generator));
    d.result("ConditionalMarginal::conditional_marginal", || {
        chain.conditional_marginal(&[(0, 0), (4, 1)], 2)
    });
}

pub fn losses<F: Float>(d: &mut Driver) {
    let tokens = d.draw.size();
    let points = d.draw.points::<F>(tokens);
    let exact = d.draw.length();
    let exact = d.draw.falling::<F>(exact);
    d.result("LossCurve::from_points", || LossCurve::from_points(&points, tokens));
    d.result("LossCurve::from_exact", || LossCurve::from_exact(&exact));
    d.unbounded("LossPosterior::from_points", || {
        LossPosterior::from_points(&points, tokens.min(4_000))
    });
    let ratio = d.draw.float::<f64>();
    d.result("LossPoint::revealed_at_mask_ratio", || {
        LossPoint::<F>::revealed_at_mask_ratio(ratio, tokens)
    });
    let count = d.draw.size();
    if let Some(counts) =
        d.result("counts::measurement_counts", || measurement_counts(tokens, count))
    {
        let fits = counts.windows(2).all(|pair| pair[0] < pair[1]) && counts.last() < Some(&tokens);
        d.require("counts::measurement_counts", fits, "are no counts", || format!("{counts:?}"));
    }
    let steps = d.draw.size();
    d.result("as_measured::schedule_for_losses", || schedule_for_losses(&exact, steps));
    let (tokens, losses) = d.draw.losses::<F>();
    d.note(|| format!("{losses:?}"));
    let (one, other) = (d.draw.any_schedule(tokens), d.draw.any_schedule(tokens));
    let k = d.draw.below(tokens + 1);
    let level = d.draw.level();
    let amount = d.draw.nats::<F>();
    d.value("LossCurve::tokens", || losses.tokens());
    d.value("LossCurve::points", || losses.points().to_vec());
    d.value("LossCurve::holds_ends", || losses.holds_ends());
    d.call("LossCurve::holding_ends", || losses.clone().holding_ends());
    d.unbounded("LossCurve::loss", || losses.loss(k));
    if let Some(point) = losses.points().first() {
        d.unbounded("LossPoint::estimate", || Ok::<_, String>(point.estimate()));
        d.call("LossPoint::exact", || LossPoint::exact(k, amount));
    }
    d.result("LossCurve::at_all_counts", || losses.at_all_counts());
    let cost = d.unbounded("LossCurve::parallelism_cost", || losses.parallelism_cost(&one));
    d.unbounded("LossCurve::cost_difference", || losses.cost_difference(&one, &other));
    d.unbounded("LossCurve::negative_log_likelihood", || losses.negative_log_likelihood(&one));
    d.result("LossCurve::bernstein_interval", || losses.bernstein_interval(&one, amount, level));
    let truth = d.draw.curve::<F>(tokens);
    d.unbounded("LossCurve::error_split", || losses.error_split(&truth, &one));
    let reference = LossCurve::from_exact(d.draw.falling(tokens));
    if let Ok(reference) = reference {
        d.unbounded("LossCurve::error_split_against", || {
            losses.error_split_against(&reference, &one)
        });
    }
    if let Some(cost) = cost {
        verdicts(d, cost);
    }
    monotone(d, &losses, level);
    let interval = d.result("any_fall::cost", || any_fall::cost(&losses, &one));
    let fits = interval.is_none_or(|interval| interval.lower <= interval.upper);
    d.require("any_fall::cost", fits, "is turned over", || format!("{interval:?}"));
    d.unbounded("any_fall::cost_interval", || any_fall::cost_interval(&losses, &one, level));
    d.call("any_fall::known", || any_fall::known(&losses));
    let known =
        d.call("any_fall::known_within_errors", || any_fall::known_within_errors(&losses, level));
    if let Some(Ok(known)) = known {
        d.result("Knowledge::bounds", || known.bounds(&one));
    }
    planner(d, &losses);
    nested::<F>(d);
    any_losses(d, &MeasuredLosses::Curve(losses));
    smoothed::<F>(d, tokens);
}

fn verdicts<F: Float>(d: &mut Driver, difference: Estimate<F>) {
    if let Some(verdict) = d.result("Verdict::of", || Verdict::of(difference)) {
        d.call("display", || verdict.to_string());
    }
}

fn monotone<F: Float>(d: &mut Driver, losses: &LossCurve<F>, level: f64) {
    let test = d.unbounded("LossCurve::monotonicity", || Ok::<_, String>(losses.monotonicity()));
    if let Some(test) = test {
        d.result("MonotonicityTest::rejects", || test.rejects(level));
    }
    if let Some(fitted) = d.unbounded("LossCurve::isotonic", || losses.isotonic()) {
        d.value("MonotoneLosses::tokens", || fitted.tokens());
        d.call("MonotoneLosses::measured", || fitted.measured().tokens());
        let falls = d.value("MonotoneLosses::fitted", || fitted.fitted().to_vec()).unwrap();
        let falls = falls.windows(2).all(|pair| pair[0] >= pair[1]);
        d.require("MonotoneLosses::fitted", falls, "rise", || format!("{fitted:?}"));
        d.call("MonotoneLosses::test", || fitted.test().p_value);
        d.result("MonotoneLosses::information_curve", || fitted.information_curve());
    }
    // Losses that rise are moved.
    let point = |revealed, loss| LossPoint {
        revealed,
        loss: Nats(loss),
        standard_error: Nats(F::one()),
        samples: None,
    };
    let points = [point(0, F::one()), point(1, F::one() + F::one())];
    let rising = LossCurve::from_points(points, 2).and_then(|rising| rising.isotonic()).unwrap();
    let falls = rising.fitted()[0] >= rising.fitted()[1];
    d.require("MonotoneLosses::fitted", falls, "rise", || format!("{rising:?}"));
    let Some(posterior) = d.unbounded("LossCurve::posterior", || losses.posterior()) else {
        return;
    };
    let tokens = d.value("LossPosterior::tokens", || posterior.tokens()).unwrap();
    let (one, other) = (d.draw.any_schedule(tokens), d.draw.any_schedule(tokens));
    let k = d.draw.below(tokens + 1);
    d.value("LossPosterior::mean", || posterior.mean().to_vec());
    d.unbounded("LossPosterior::loss", || posterior.loss(k));
    d.unbounded("LossPosterior::parallelism_cost", || posterior.parallelism_cost(&one));
    d.unbounded("LossPosterior::cost_difference", || posterior.cost_difference(&one, &other));
    d.result("LossPosterior::probability_cheaper", || posterior.probability_cheaper(&one, &other));
    d.unbounded("LossPosterior::negative_log_likelihood", || {
        posterior.negative_log_likelihood(&one)
    });
    d.result("LossPosterior::information_curve", || posterior.information_curve());
}

fn any_losses<F: Float>(d: &mut Driver, losses: &MeasuredLosses<F>) {
    let tokens = d.value("MeasuredLosses::tokens", || losses.tokens()).unwrap();
    let (one, other) = (d.draw.any_schedule(tokens), d.draw.any_schedule(tokens));
    let vocabulary = d.draw.chance(0.5).then(|| d.draw.seed() >> d.draw.below(64));
    d.unbounded("MeasuredLosses::parallelism_cost", || losses.parallelism_cost(&one));
    d.unbounded("MeasuredLosses::cost_difference", || losses.cost_difference(&one, &other));
    d.unbounded("MeasuredLosses::negative_log_likelihood", || losses.negative_log_likelihood(&one));
    d.unbounded("MeasuredLosses::posterior", || losses.posterior());
    d.call("MeasuredLosses::loss_curve", || losses.loss_curve().is_some());
    d.call("MeasuredLosses::holding_ends", || losses.clone().holding_ends());
    let suspicions = d.call("MeasuredLosses::suspicions", || losses.suspicions(vocabulary));
    for suspicion in suspicions.into_iter().flatten() {
        d.call("Suspicion::is_certain", || suspicion.is_certain());
        d.call("display", || suspicion.to_string());
    }
    d.outcome("Planner::new", || Planner::new(losses.clone(), losses.clone()));
}

fn nested<F: Float>(d: &mut Driver) {
    let tokens = 1 + d.draw.below(9);
    let honest = d.draw.chance(0.8);
    let sequences: Vec<SequenceLosses<F>> = (0..d.draw.below(9))
        .map(|index| {
            let count = d.draw.below(6);
            let losses = d.draw.numbers::<F>(count).into_iter();
            let losses: Vec<_> = losses
                .map(|loss| (if honest { d.draw.below(tokens) } else { d.draw.size() }, Nats(loss)))
                .collect();
            let made = d.call("SequenceLosses::new", || SequenceLosses::new(losses)).unwrap();
            match d.draw.chance(0.3) {
                true => d
                    .call("SequenceLosses::of_document", || {
                        made.of_document(format!("{}", index / 2))
                    })
                    .unwrap(),
                false => made,
            }
        })
        .collect();
    let said = if d.draw.chance(0.9) { tokens } else { d.draw.size() };
    let made = d
        .outcome("NestedLosses::from_sequences", || NestedLosses::from_sequences(&sequences, said));
    let Some(losses) = made else { return };
    let (one, other) = (d.draw.any_schedule(tokens), d.draw.any_schedule(tokens));
    d.value("NestedLosses::tokens", || losses.tokens());
    d.value("NestedLosses::sequences", || losses.sequences());
    d.value("NestedLosses::documents", || losses.documents());
    d.call("NestedLosses::loss_curve", || losses.loss_curve().tokens());
    d.unbounded("NestedLosses::parallelism_cost", || losses.parallelism_cost(&one));
    d.unbounded("NestedLosses::cost_difference", || losses.cost_difference(&one, &other));
    d.unbounded("NestedLosses::negative_log_likelihood", || losses.negative_log_likelihood(&one));
    d.outcome("NestedLosses::halves", || losses.halves());
    d.call("NestedLosses::holding_ends", || losses.clone().holding_ends());
    any_losses(d, &MeasuredLosses::Nested(losses));
}

fn planner<F: Float>(d: &mut Driver, losses: &LossCurve<F>) {
    let evaluate = losses.clone();
    let Some(planner) = d.outcome("Planner::new", || Planner::new(losses, evaluate)) else {
        return;
    };
    let tokens = losses.tokens();
    let steps = if d.draw.chance(0.8) { 1 + d.draw.below(tokens) } else { d.draw.size() };
    let tolerance = d.draw.nats::<F>();
    let schedule = d.draw.any_schedule(tokens);
    d.call("Planner::select", || planner.select().tokens());
    d.value("Planner::curve", || planner.curve().clone());
    d.unbounded("Planner::judge", || planner.judge(schedule));
    d.unbounded("Planner::schedule", || planner.schedule(steps));
    d.unbounded("Planner::schedule_as_measured", || planner.schedule_as_measured(steps));
    d.unbounded("Planner::fewest_steps", || planner.fewest_steps(tolerance));
    d.value("Planner::tokens", || planner.tokens());
    d.call("Planner::chooses_as_measured", || planner.chooses_as_measured());
    if let Some(advice) = d.unbounded("Planner::advise", || planner.advise(steps)) {
        d.call("Advice::adapts", || advice.adapts());
    }
    d.result("Planner::frontier", || planner.frontier(steps));
}

fn smoothed<F: Float>(d: &mut Driver, tokens: usize) {
    let points: Vec<(f64, Estimate<F>)> = (0..d.draw.below(6))
        .map(|_| {
            let (ratio, value) = (d.draw.probability(), d.draw.nats());
            let error = d.draw.nats();
            (ratio, Estimate::with_known_error(value, error).unwrap_or(Estimate::exact(value)))
        })
        .collect();
    let made = d.outcome("SmoothedLosses::from_mask_ratios", || {
        SmoothedLosses::from_mask_ratios(points, tokens)
    });
    let Some(losses) = made else { return };
    d.value("SmoothedLosses::tokens", || losses.tokens());
    let (k, level) = (d.draw.below(tokens + 1), d.draw.level());
    let schedule = d.draw.any_schedule(tokens);
    d.unbounded("SmoothedLosses::loss_interval", || losses.loss_interval(k, level));
    d.unbounded("SmoothedLosses::cost_interval", || losses.cost_interval(&schedule, level));
}

/// Samples of symbols: few, equal, of one symbol, in odd groups.
pub fn samples(d: &mut Driver) {
    let shape = d.draw.shape();
    let words: Vec<(usize, Vec<usize>)> = (0..d.draw.below(40))
        .map(|_| {
            let word = shape.iter().map(|&symbols| d.draw.symbol(symbols)).collect();
            (d.draw.below(5), word)
        })
        .collect();
    let text: Vec<usize> = words.iter().flat_map(|(_, word)| word.clone()).collect();
    let (alphabet, window, blocks) = (d.draw.size(), d.draw.size(), d.draw.size());
    d.outcome("Samples::windows", || Samples::windows(&text, alphabet, window, blocks));
    let made = [
        d.outcome("Samples::windows", || Samples::windows(&text, 3, 3, 4)),
        d.outcome("Samples::independent", || {
            Samples::independent(&shape, words.iter().map(|(_, word)| word))
        }),
        d.outcome("Samples::in_groups", || Samples::in_groups(&shape, words.clone())),
    ];
    let level = d.draw.level();
    let mut generator = d.draw.another();
    for samples in made.into_iter().flatten() {
        let (tokens, orders) = (samples.tokens(), d.draw.below(4));
        let k = d.draw.below(tokens + 2);
        d.value("Samples::tokens", || samples.tokens());
        d.value("Samples::len", || samples.len());
        d.value("Samples::groups", || samples.groups());
        d.call("Samples::shuffled", || samples.shuffled(&mut generator));
        d.unbounded("Samples::correlations", || samples.correlations());
        if let Some(entropy) = d.unbounded("Samples::entropy", || samples.entropy(&[k])) {
            sampled_value(d, entropy);
        }
        let curves = [
            d.unbounded("Samples::curve", || samples.curve()),
            d.unbounded("Samples::curve_up_to", || samples.curve_up_to(k)),
            d.unbounded("Samples::curve_of_random_sets", || {
                samples.curve_of_random_sets(orders, &mut generator)
            }),
        ];
        for curve in curves.into_iter().flatten() {
            d.value("SampledCurve::tokens", || curve.tokens());
            d.value("SampledCurve::samples", || curve.samples());
            d.value("SampledCurve::trusted", || curve.trusted());
            d.call("SampledCurve::information", || curve.information(k));
            d.call("SampledCurve::subset_entropy", || curve.subset_entropy(k));
            d.outcome("SampledCurve::known", || curve.known(level));
        }
    }
}

fn sampled_value(d: &mut Driver, value: SampledValue) {
    d.call("SampledValue::estimate", || value.estimate());
    d.value("SampledValue::miller_madow", || value.miller_madow());
    d.value("SampledValue::grassberger", || value.grassberger());
    d.value("SampledValue::plug_in", || value.plug_in());
    let coverage = d.value("SampledValue::coverage", || value.coverage());
    let fits = coverage.is_some_and(|coverage| (0.0..=1.0).contains(&coverage));
    d.require("SampledValue::coverage", fits, "is no share", || format!("{coverage:?}"));
    d.value("SampledValue::is_trusted", || value.is_trusted());
}

pub fn collectors<F: Float>(d: &mut Driver) {
    let size = d.draw.size();
    d.call("Collector::new", || Collector::<F>::new(size).map(|collector| collector.tokens()));
    let tokens = 1 + d.draw.below(8);
    let mut collector = Collector::<F>::new(tokens).unwrap();
    let mut other = collector.clone();
    for _ in 0..d.draw.below(30) {
        let (revealed, value) = (d.draw.below(tokens + 1), d.draw.nats::<F>());
        d.result("Collector::record", || collector.record(revealed, value));
        d.result("Collector::record", || other.record(tokens - 1, value));
    }
    let mut generator = d.draw.another();
    let table = d.draw.table::<F>();
    let sequence: Vec<usize> = table.shape().iter().map(|_| d.draw.below(3)).collect();
    d.result("Collector::observe_entropies", || other.observe_entropies(&table, &mut generator));
    d.result("Collector::observe_losses", || {
        other.observe_losses(&table, &sequence, &mut generator)
    });
    d.result("Collector::observe_predicted_entropies", || {
        other.observe_predicted_entropies(&table, &sequence, &mut generator)
    });
    d.result("Collector::merge", || collector.merge(&other));
    let mut wrong = Collector::<F>::new(tokens + 1).unwrap();
    d.result("Collector::merge", || wrong.merge(&other));
    let (k, least) = (d.draw.size(), d.draw.seed() % 5);
    d.value("Collector::tokens", || collector.tokens());
    d.value("Collector::samples", || collector.samples(k));
    d.unbounded("Collector::loss_curve", || collector.loss_curve(least));
}

pub fn runs<F: Float>(d: &mut Driver) {
    let mut runs = d.call("DecoderRuns::new", DecoderRuns::<F>::new).unwrap();
    let honest = d.draw.chance(0.6);
    for sequence in 0..1 + d.draw.below(6) {
        for decoder in ["x", "y", "z"] {
            let loss = if honest { Nats(d.draw.numbers::<F>(1)[0]) } else { d.draw.nats() };
            let rounds =
                if honest { 1 + d.draw.seed() % 9 } else { d.draw.seed() >> d.draw.below(64) };
            let mut run =
                d.call("Run::new", || Run::new(format!("s{sequence}"), rounds, loss)).unwrap();
            if d.draw.chance(0.3) {
                let (document, draw) = (d.draw.name(), d.draw.seed() % 3);
                run = d.call("Run::of_document", || run.of_document(document)).unwrap();
                run = d.call("Run::with_draw", || run.with_draw(draw)).unwrap();
                let budget = d.draw.nats();
                run = d.call("Run::with_budget", || run.with_budget(budget)).unwrap();
            }
            if d.draw.chance(0.95) {
                d.result("DecoderRuns::record", || runs.record(decoder, run));
            }
        }
    }
    let (level, tolerance) = (d.draw.level(), d.draw.nats::<F>());
    d.value("DecoderRuns::decoders", || runs.decoders().count());
    d.value("DecoderRuns::sequences", || runs.sequences().count());
    for name in ["x", "y", "nobody"] {
        d.unbounded("DecoderRuns::means", || runs.means(name));
        d.unbounded("DecoderRuns::difference", || runs.difference(name, "z"));
        d.unbounded("DecoderRuns::difference_at_equal_rounds", || {
            runs.difference_at_equal_rounds(name, &["z", "x"])
        });
    }
    if let Some(comparison) = d.unbounded("DecoderRuns::compare", || runs.compare(level)) {
        d.call("DecoderComparison::decoders", || comparison.decoders().len());
        d.value("DecoderComparison::level", || comparison.level());
        d.value("DecoderComparison::sequences_left_out", || comparison.sequences_left_out());
        d.call("DecoderComparison::frontier", || comparison.frontier().count());
        d.outcome("DecoderComparison::fastest_within", || comparison.fastest_within(tolerance));
    }
    order_blocks::<F>(d);
}

fn order_blocks<F: Float>(d: &mut Driver) {
    let tokens = 1 + d.draw.below(6);
    let honest = d.draw.chance(0.8);
    let mut passes = Vec::new();
    for sequence in 0..1 + d.draw.below(6) {
        for revealed in 0..tokens {
            let losses: Vec<F> = d.draw.numbers(tokens - revealed);
            let losses = if honest {
                losses.iter().map(|x| x.abs().min(F::one())).collect()
            } else {
                losses
            };
            let revealed = if honest { revealed } else { d.draw.size() };
            let name = format!("s{sequence}");
            let mut pass =
                d.call("OrderPass::new", || OrderPass::new(name, revealed, losses)).unwrap();
            if d.draw.chance(0.2) {
                let document = format!("d{}", sequence / 2);
                pass = d.call("OrderPass::of_document", || pass.of_document(document)).unwrap();
            }
            passes.push(pass);
        }
    }
    let tokens_said = if d.draw.chance(0.9) { tokens } else { d.draw.size() };
    let name = d.draw.name();
    let made = d.outcome("OrderBlocks::from_passes", || {
        OrderBlocks::from_passes(name, &passes, tokens_said)
    });
    let table = d.draw.table::<f64>();
    let order = d.draw.order(table.tokens());
    let words: Vec<Vec<usize>> = (0..d.draw.below(4))
        .map(|_| table.shape().iter().map(|&symbols| d.draw.symbol(symbols)).collect())
        .collect();
    let known: Vec<usize> = (0..d.draw.below(4)).map(|_| d.draw.below(5)).collect();
    d.outcome("OrderBlocks::from_predictor", || {
        OrderBlocks::from_predictor("order", &table, &order, &words, &known)
    });
    let Some(blocks) = made else { return };
    let schedule = d.draw.any_schedule(tokens);
    let (steps, tolerance) = (1 + d.draw.below(tokens + 1), d.draw.nats());
    d.call("OrderBlocks::name", || blocks.name().to_owned());
    d.value("OrderBlocks::tokens", || blocks.tokens());
    d.value("OrderBlocks::sequences", || blocks.sequences().len());
    d.value("OrderBlocks::blocks", || blocks.blocks().len());
    d.result("OrderBlocks::losses", || blocks.losses(&schedule));
    d.unbounded("OrderBlocks::mean_loss", || blocks.mean_loss(&schedule));
    d.unbounded("OrderBlocks::cost", || blocks.cost(&schedule));
    d.unbounded("OrderBlocks::difference", || blocks.difference(&schedule, &blocks, &schedule));
    d.result("OrderBlocks::best_schedule", || blocks.best_schedule(steps));
    d.result("OrderBlocks::balanced_schedule", || blocks.balanced_schedule(steps));
    let choice = d.unbounded("OrderBlocks::choose", || blocks.choose(steps));
    d.unbounded("OrderBlocks::fewest_steps", || blocks.fewest_steps(tolerance));
    let orders = [blocks.clone(), blocks.clone()];
    d.unbounded("OrderBlocks::choose_order", || OrderBlocks::choose_order(&orders, steps));
    d.unbounded("OrderBlocks::runs", || blocks.runs(&schedule));
    if let Some(choice) = choice {
        d.unbounded("OrderBlocks::runs_of_choice", || blocks.runs_of_choice(&choice));
        d.unbounded("OrderBlocks::difference_of_choices", || {
            blocks.difference_of_choices(&choice, &blocks, &choice)
        });
    }
}
