//! Chains fitted to texts, judged on texts whose source is known.

use proptest::prelude::*;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use unmaskcost::distribution::{
    ConditionalMarginal, HiddenMarkovChain, MarkovChain, SubsetEntropy,
};
use unmaskcost::{Error, Estimate, Nats};

use crate::support::{generator, seeded};

/// A random chain: rows of exponential variables.
fn random_chain(alphabet: usize, rng: &mut ChaCha8Rng) -> MarkovChain {
    MarkovChain::stationary(&random_rows(alphabet, alphabet, rng)).unwrap()
}

fn random_rows(rows: usize, alphabet: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    let mut row = || {
        let weights: Vec<f64> = (0..alphabet).map(|_| -rng.random::<f64>().ln()).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    };
    (0..rows).map(|_| row()).collect()
}

/// A chain that looks two symbols back.
fn second_order(alphabet: usize, rng: &mut ChaCha8Rng) -> HiddenMarkovChain {
    let contexts = alphabet * alphabet;
    let predicted = random_rows(contexts, alphabet, rng);
    let mut rows = vec![vec![0.0; contexts]; contexts];
    let mut shown = vec![vec![0.0; alphabet]; contexts];
    for context in 0..contexts {
        shown[context][context % alphabet] = 1.0;
        for symbol in 0..alphabet {
            rows[context][(context * alphabet + symbol) % contexts] = predicted[context][symbol];
        }
    }
    HiddenMarkovChain::new(MarkovChain::stationary(&rows).unwrap(), &shown).unwrap()
}

fn random_hidden(states: usize, symbols: usize, rng: &mut ChaCha8Rng) -> HiddenMarkovChain {
    let initial = random_rows(1, states, rng).remove(0);
    let rows = random_rows(states, states, rng);
    let chain = MarkovChain::from_transition(initial, &rows).unwrap();
    HiddenMarkovChain::new(chain, &random_rows(states, symbols, rng)).unwrap()
}

fn parameters(chain: &HiddenMarkovChain) -> Vec<f64> {
    let mut all = chain.states().initial().to_vec();
    for state in 0..chain.states().alphabet() {
        all.extend(chain.states().row(state).unwrap());
        all.extend(chain.emission(state).unwrap());
    }
    all
}

/// What a text costs per symbol.
fn cost(law: &impl ConditionalMarginal, text: &[usize]) -> f64 {
    -law.log_probability(text).unwrap().0 / text.len() as f64
}

/// The prediction of a symbol from those before it, counted by comparing words.
fn predicted(
    text: &[usize],
    alphabet: usize,
    smoothing: f64,
    context: &[usize],
    next: usize,
) -> f64 {
    let order = context.len();
    let follows: Vec<usize> = text
        .windows(order + 1)
        .filter(|word| word[..order] == *context)
        .map(|word| word[order])
        .collect();
    let shorter = match order {
        0 | 1 => 1.0 / alphabet as f64,
        _ => predicted(text, alphabet, smoothing, &context[1..], next),
    };
    let weight = alphabet as f64 * smoothing;
    let seen = follows.iter().filter(|symbol| **symbol == next).count() as f64;
    match follows.len() as f64 + weight {
        0.0 => shorter,
        total => (seen + weight * shorter) / total,
    }
}

proptest! {
    #![proptest_config(seeded(60, 31))]

    #[test]
    fn a_chain_of_any_order_predicts_by_what_followed_its_context(
        (alphabet, order) in (1..=3_usize, 0..=3_usize),
        smoothing in prop_oneof![Just(0.0), 0.01..2.0],
        seed in any::<u64>(),
    ) {
        let mut rng = generator(seed);
        // Each symbol at least once before the last one.
        let random = (0..40).map(|_| rng.random_range(0..alphabet));
        let text: Vec<usize> = (0..alphabet).chain(random).collect();
        let chain = HiddenMarkovChain::fit_order(&text, alphabet, order, smoothing).unwrap();
        for word in text.windows(order + 1).take(10) {
            let revealed: Vec<(usize, usize)> = word[..order].iter().copied().enumerate().collect();
            // Over the words that the chain can write.
            let Ok(law) = chain.conditional_marginal(&revealed, order) else { continue };
            for (next, p) in law.into_iter().enumerate() {
                let expected = predicted(&text, alphabet, smoothing, &word[..order], next);
                prop_assert!((p - expected).abs() < 1e-12, "{p} {expected}");
            }
        }
    }

    #[test]
    fn no_iteration_makes_the_sequences_less_likely(
        (states, symbols) in (1..=3_usize, 1..=3_usize),
        smoothing in prop_oneof![Just(0.0), 0.01..2.0],
        seed in any::<u64>(),
    ) {
        let mut rng = generator(seed);
        let mut chain = random_hidden(states, symbols, &mut rng);
        let lengths = [1, 7, 30];
        let sequences = lengths.map(|length| {
            Vec::from_iter((0..length).map(|_| rng.random_range(0..symbols)))
        });
        let objective = |chain: &HiddenMarkovChain| {
            let likelihood = sequences.iter().map(|text| chain.log_probability(text).unwrap().0);
            let prior: f64 = match smoothing > 0.0 {
                true => parameters(chain).iter().map(|p| smoothing * p.ln()).sum(),
                false => 0.0,
            };
            likelihood.sum::<f64>() + prior
        };
        let mut before = objective(&chain);
        for _ in 0..8 {
            chain = chain.baum_welch(&sequences, smoothing, 1).unwrap();
            let now = objective(&chain);
            prop_assert!(now >= before - 1e-10 * (1.0 + before.abs()), "{before} {now}");
            before = now;
        }
    }

    /// Expected counts by a sum over all paths of the states.
    #[test]
    fn an_iteration_counts_what_the_states_do_on_average(
        (states, symbols) in (1..=3_usize, 1..=3_usize), seed in any::<u64>(),
    ) {
        let mut rng = generator(seed);
        let chain = random_hidden(states, symbols, &mut rng);
        let sequences = [4, 1, 3].map(|length| {
            Vec::from_iter((0..length).map(|_| rng.random_range(0..symbols)))
        });
        let mut initial = vec![0.0; states];
        let mut steps = vec![vec![0.0; states]; states];
        let mut shown = vec![vec![0.0; symbols]; states];
        for text in &sequences {
            let paths = (0..states.pow(text.len() as u32)).map(|mut code| {
                Vec::from_iter(text.iter().map(|_| {
                    let state = code % states;
                    code /= states;
                    state
                }))
            });
            let probability = |path: &[usize]| {
                let moves: f64 =
                    path.windows(2).map(|pair| chain.states().row(pair[0]).unwrap()[pair[1]]).product();
                let shows: f64 =
                    path.iter().zip(text).map(|(&z, &x)| chain.emission(z).unwrap()[x]).product();
                chain.states().initial()[path[0]] * moves * shows
            };
            let of_text = chain.log_probability(text).unwrap().0.exp();
            for path in paths {
                let p = probability(&path) / of_text;
                initial[path[0]] += p;
                path.windows(2).for_each(|pair| steps[pair[0]][pair[1]] += p);
                path.iter().zip(text).for_each(|(&z, &x)| shown[z][x] += p);
            }
        }
        let fitted = chain.baum_welch(&sequences, 0.3, 1).unwrap();
        let agrees = |found: &[f64], counts: &[f64]| {
            let sum: f64 = counts.iter().map(|count| count + 0.3).sum();
            found.iter().zip(counts).all(|(p, count)| (p - (count + 0.3) / sum).abs() < 1e-12)
        };
        prop_assert!(agrees(fitted.states().initial(), &initial));
        for state in 0..states {
            prop_assert!(agrees(fitted.states().row(state).unwrap(), &steps[state]));
            prop_assert!(agrees(fitted.emission(state).unwrap(), &shown[state]));
        }
    }

    #[test]
    fn the_entropy_rate_is_what_one_more_token_adds((alphabet, seed) in (1..=5_usize, any::<u64>())) {
        let chain = random_chain(alphabet, &mut generator(seed));
        let entropy = |tokens| chain.subset_entropy(&Vec::from_iter(0..tokens)).unwrap();
        let rate = chain.entropy_rate().unwrap();
        prop_assert!((entropy(6) - entropy(5) - rate).0.abs() < 1e-12);
        // From any start.
        let rows: Vec<&[f64]> = (0..alphabet).map(|symbol| chain.row(symbol).unwrap()).collect();
        let mut start = vec![0.0; alphabet];
        start[0] = 1.0;
        let started = MarkovChain::from_transition(start, &rows).unwrap();
        prop_assert!((started.entropy_rate().unwrap() - rate).0.abs() < 1e-12);
    }
}

#[test]
fn a_chain_of_order_one_is_the_chain() {
    let mut rng = generator(1);
    let text = random_chain(3, &mut rng).sample(500, &mut rng).unwrap();
    let chain: MarkovChain = MarkovChain::fit(&text, 3, 0.7).unwrap();
    let hidden = HiddenMarkovChain::fit_order(&text, 3, 1, 0.7).unwrap();
    for symbol in 0..3 {
        let rows = [hidden.states(), &chain].map(|chain| chain.row(symbol).unwrap());
        assert!(rows[0].iter().zip(rows[1]).all(|(a, b)| (a - b).abs() < 1e-15));
    }
    assert!((cost(&hidden, &text) - cost(&chain, &text)).abs() < 1e-13);
}

/// Held-out cost picks the order of the source; and a chain of the right order costs its own rate there.
#[test]
fn the_order_of_a_source_costs_least_on_other_text() {
    let mut rng = generator(2);
    for run in 0..12 {
        let order = run % 3;
        let text = match order {
            0 => {
                let rows = vec![random_rows(1, 3, &mut rng).remove(0); 3];
                MarkovChain::stationary(&rows).unwrap().sample(20_000, &mut rng).unwrap()
            }
            1 => random_chain(3, &mut rng).sample(20_000, &mut rng).unwrap(),
            _ => second_order(3, &mut rng).sample(20_000, &mut rng).unwrap(),
        };
        let (fitted, other) = text.split_at(10_000);
        let costs: Vec<f64> = (0..4)
            .map(|order| cost(&HiddenMarkovChain::fit_order(fitted, 3, order, 0.5).unwrap(), other))
            .collect();
        // More than is needed costs little; less costs more, or is enough.
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(costs[order] < least + 5e-4, "{order}: {costs:?}");
        assert!(costs[..order].iter().all(|cost| *cost > least + 5e-3), "{order}: {costs:?}");
        let rate = MarkovChain::fit(fitted, 3, 0.5).unwrap().entropy_rate().unwrap().0;
        // Ten thousand symbols tell a rate to about 0.7 per cent of a nat.
        assert!(order == 2 || (costs[1] - rate).abs() < 0.03, "{} {rate}", costs[1]);
    }
}

/// Information between neighbours, and of a curve the last value.
fn figures(chain: &MarkovChain) -> unmaskcost::Result<[f64; 2]> {
    let curve = chain.information_curve(10)?;
    let pair = chain.subset_entropy(&[0])? * 2.0 - chain.subset_entropy(&[0, 1])?;
    Ok([pair.0, curve.information(9).0])
}

/// How often the 95 % interval holds the figures of the true chain.
fn coverage(
    runs: usize,
    blocks: usize,
    smoothing: f64,
    mut text: impl FnMut() -> (MarkovChain, Vec<usize>),
) -> f64 {
    let mut held = 0;
    for _ in 0..runs {
        let (truth, text) = text();
        let found: Vec<Estimate> =
            MarkovChain::jackknife(&text, truth.alphabet(), smoothing, blocks, figures).unwrap();
        let truth = figures(&truth).unwrap();
        held += found
            .iter()
            .zip(truth)
            .filter(|(found, truth)| found.interval(0.95).unwrap().contains(Nats(*truth)))
            .count();
    }
    held as f64 / (2 * runs) as f64
}

#[test]
fn jackknife_intervals_hold_the_figures_of_the_chain() {
    // The figures of one chain are nearly one figure: sixty runs of it may all be right.
    for (alphabet, symbols, runs, most) in [(3, 1000, 150, 0.99), (12, 2500, 60, 1.0)] {
        for smoothing in [0.1, 0.5] {
            let mut rng = generator(3);
            let share = coverage(runs, 30, smoothing, || {
                let chain = random_chain(alphabet, &mut rng);
                let text = chain.sample(symbols, &mut rng).unwrap();
                (chain, text)
            });
            assert!((0.9..=most).contains(&share), "{alphabet} {smoothing}: {share}");
        }
    }
}

/// A source that looks further back than the chain: the figures are those of the chain of its pairs.
#[test]
fn jackknife_intervals_hold_where_the_text_is_no_chain() {
    let mut rng = generator(4);
    let share = coverage(150, 30, 0.5, || {
        let source = second_order(3, &mut rng);
        let pairs = source.joint_table(2).unwrap();
        let rows: Vec<Vec<f64>> = pairs
            .probabilities()
            .chunks(3)
            .map(|row| row.iter().map(|p| p / row.iter().sum::<f64>()).collect())
            .collect();
        (MarkovChain::stationary(&rows).unwrap(), source.sample(2000, &mut rng).unwrap())
    });
    assert!((0.9..=0.99).contains(&share), "{share}");
}

/// The formula, written out on the symbols of a short text.
#[test]
fn the_jackknife_leaves_out_one_block_of_transitions_after_another() {
    let text = [0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1];
    let rate = |chain: &MarkovChain| Ok([chain.entropy_rate()?.0]);
    let found = MarkovChain::jackknife(&text, 2, 0.5, 3, rate).unwrap()[0];
    let of = |pairs: &[&[usize]]| {
        let mut counts = vec![vec![0_u32; 2]; 2];
        pairs.iter().for_each(|pair| counts[pair[0]][pair[1]] += 1);
        MarkovChain::from_counts(&counts, 0.5).unwrap().entropy_rate().unwrap().0
    };
    let pairs: Vec<&[usize]> = text.windows(2).collect();
    let without = |block: usize| of(&[&pairs[..4 * block], &pairs[4 * block + 4..]].concat());
    let without = [0, 1, 2].map(without);
    let mean = without.iter().sum::<f64>() / 3.0;
    let squares: f64 = without.iter().map(|x| (x - mean).powi(2)).sum();
    assert!((found.value().0 - (3.0 * of(&pairs) - 2.0 * mean)).abs() < 1e-13);
    assert!((found.standard_error().0 - (2.0 / 3.0 * squares).sqrt()).abs() < 1e-13);
}

/// Smoothing and few counts move the fitted chain by many errors, and what the jackknife says by few.
#[test]
fn the_jackknife_takes_out_what_smoothing_does() {
    let mut rng = generator(5);
    let text = random_chain(20, &mut rng).sample(8000, &mut rng).unwrap();
    let pair = |chain: &MarkovChain| Ok([figures(chain)?[0]]);
    let [none, much] = [0.0, 0.5].map(|smoothing| {
        let fitted = pair(&MarkovChain::fit(&text, 20, smoothing).unwrap()).unwrap()[0];
        (fitted, MarkovChain::jackknife(&text, 20, smoothing, 30, pair).unwrap()[0])
    });
    let error = none.1.standard_error().0;
    assert!(none.0 - much.0 > 2.0 * error, "{} {} {error}", none.0, much.0);
    assert!((none.1.value() - much.1.value()).0.abs() < 0.5 * error, "{} {}", none.1, much.1);
}

#[test]
fn many_sequences_give_the_hidden_chain_back() {
    let mut rng = generator(6);
    let chain = |rows: [[f64; 2]; 2], shown: [[f64; 3]; 2]| {
        let states = MarkovChain::from_transition([0.5, 0.5], &rows).unwrap();
        HiddenMarkovChain::new(states, &shown).unwrap()
    };
    let truth = chain([[0.9, 0.1], [0.2, 0.8]], [[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]]);
    let start = chain([[0.6, 0.4], [0.4, 0.6]], [[0.5, 0.3, 0.2], [0.3, 0.3, 0.4]]);
    let sequences: Vec<Vec<usize>> =
        (0..400).map(|_| truth.sample(50, &mut rng).unwrap()).collect();
    let fitted = start.baum_welch(&sequences, 0.0, 200).unwrap();
    assert_eq!(fitted, start.baum_welch(&sequences, 0.0, 200).unwrap());
    let off = parameters(&fitted).into_iter().zip(parameters(&truth)).map(|(a, b)| (a - b).abs());
    // The start of 400 sequences is known to .04 at best.
    let off: Vec<f64> = off.collect();
    assert!(
        off[..2].iter().all(|off| *off < 0.12) && off[2..].iter().all(|off| *off < 0.03),
        "{off:?}"
    );
    // Other sequences cost as they do by the truth.
    let other = truth.sample(20_000, &mut rng).unwrap();
    assert!((cost(&fitted, &other) - cost(&truth, &other)).abs() < 1e-3);
    assert!(cost(&start, &other) > cost(&truth, &other) + 0.03);
}

#[test]
fn what_baum_welch_refuses() {
    let states = MarkovChain::from_transition([1.0, 0.0], &[[0.5, 0.5], [0.0, 1.0]]).unwrap();
    let chain = HiddenMarkovChain::new(states, &[[1.0, 0.0], [0.5, 0.5]]).unwrap();
    let fit = |sequences: &[&[usize]], smoothing| chain.baum_welch(sequences, smoothing, 5);
    assert!(matches!(fit(&[&[0], &[1, 0]], 0.5), Err(Error::ImpossibleContext { .. })));
    assert!(matches!(fit(&[&[0, 2]], 0.5), Err(Error::IndexOutOfRange { index: 2, .. })));
    assert!(matches!(fit(&[&[], &[]], 0.5), Err(Error::Empty { .. })));
    assert!(matches!(fit(&[], 0.5), Err(Error::Empty { .. })));
    assert!(matches!(fit(&[&[0]], -0.5), Err(Error::Negative { .. })));
    assert!(matches!(fit(&[&[0]], f64::MAX), Err(Error::Overflow { .. })));
    assert_eq!(chain.baum_welch(&[[0, 1]], 0.5, 0).unwrap(), chain);
    // What starts at zero stays there, and a state that is never reached keeps what it has.
    let fitted = fit(&[&[0, 0, 1, 0], &[]], 0.0).unwrap();
    assert_eq!(fitted.emission(0), Some(&[1.0, 0.0][..]));
    assert_eq!(fitted.emission(2), None);
    let alone = fit(&[&[0]], 0.0).unwrap();
    assert_eq!(alone.states().row(1), Some(&[0.0, 1.0][..]));
}

#[test]
fn what_a_fit_refuses() {
    let fit = |text: &[usize], order| HiddenMarkovChain::fit_order(text, 2, order, 0.0_f64);
    assert!(matches!(fit(&[0, 1], 2), Err(Error::LengthMismatch { found: 2, expected: 3, .. })));
    assert!(matches!(fit(&[], 0), Err(Error::LengthMismatch { .. })));
    assert!(matches!(fit(&[0, 2], 1), Err(Error::IndexOutOfRange { index: 2, .. })));
    assert!(matches!(fit(&[0, 0, 1], 1), Err(Error::NotApplicable { .. })));
    assert!(matches!(fit(&[0, 1], usize::MAX), Err(Error::TooLarge { .. })));
    let contexts = HiddenMarkovChain::fit_order(&[0; 20], 65, 2, 1.0);
    assert!(matches!(contexts, Err(Error::TooLarge { needed: 4225, limit: 2048, .. })));
    let smoothed = |smoothing: f64| HiddenMarkovChain::fit_order(&[0, 1, 0], 2, 2, smoothing);
    assert!(matches!(smoothed(-1.0), Err(Error::Negative { .. })));
    assert!(matches!(smoothed(f64::MAX), Err(Error::Overflow { .. })));
    // One symbol of one kind is a chain of any order.
    assert!(HiddenMarkovChain::fit_order(&[0; 20], 1, 11, 0.0_f64).is_ok());

    let jackknife = |text: &[usize], smoothing, blocks| {
        MarkovChain::jackknife(text, 2, smoothing, blocks, |chain| Ok([chain.entropy_rate()?.0]))
    };
    assert!(matches!(jackknife(&[0, 1], 0.5, 9), Err(Error::TooFew { found: 1, .. })));
    assert!(matches!(jackknife(&[0, 1, 0], 0.5, 1), Err(Error::TooFew { found: 1, .. })));
    assert!(matches!(jackknife(&[], 0.5, 3), Err(Error::TooFew { found: 0, .. })));
    let long = vec![0; (1 << 16) + 2];
    assert!(matches!(jackknife(&long, 0.5, usize::MAX), Err(Error::TooLarge { .. })));
    // Without the only step from 0 to 1, both stay what they are for ever.
    let apart = jackknife(&[0, 0, 0, 1, 1, 1], 0.0, 5);
    assert!(matches!(apart, Err(Error::NotApplicable { .. })));
    let lengths = std::cell::Cell::new(0);
    let growing = MarkovChain::jackknife(&[0, 1, 0, 1], 2, 0.5, 2, |_| {
        lengths.set(lengths.get() + 1);
        Ok(vec![0.0; lengths.get()])
    });
    assert!(matches!(growing, Err(Error::LengthMismatch { found: 2, expected: 1, .. })));
    let endless = MarkovChain::jackknife(&[0, 1, 0, 1], 2, 0.5, 2, |_| Ok([f64::INFINITY]));
    assert!(matches!(
        endless,
        Err(Error::NotFinite { what: "the statistic", index: Some(0), value }) if value == f64::INFINITY
    ));
    let undefined = MarkovChain::jackknife(&[0, 1, 0, 1], 2, 0.5, 2, |_| Ok([0.0, f64::NAN]));
    assert!(matches!(
        undefined,
        Err(Error::NotFinite { what: "the statistic", index: Some(1), .. })
    ));
    // Only one transition from each symbol: leaving it out would leave nothing to go by.
    let still = jackknife(&[0, 1, 1], 0.5, usize::MAX);
    assert!(matches!(still, Err(Error::TooFew { found: 0, needed: 2, .. })));
    let frozen = MarkovChain::from_transition([0.5, 0.5], &[[1.0, 0.0], [0.0, 1.0]]).unwrap();
    assert!(matches!(frozen.entropy_rate(), Err(Error::NotApplicable { .. })));
}

/// Before a single chain is fitted: 4,096 symbols and 65,536 blocks would take weeks.
#[test]
fn a_jackknife_that_would_take_long_is_refused_at_once() {
    let text: Vec<usize> = (0..=1 << 16).map(|i| i % 4096).collect();
    let never = |_: &MarkovChain| -> Result<[f64; 1], Error> { panic!("a chain was fitted") };
    let blocks = MarkovChain::jackknife(&text, 4096, 0.5, 1 << 16, never);
    assert!(matches!(blocks, Err(Error::TooLarge { needed, limit, .. })
        if needed == 1 << 52 && limit == 1 << 38));
    let five = MarkovChain::jackknife(&text, 4096, 0.5, 5, never);
    assert!(matches!(five, Err(Error::TooLarge { needed, .. }) if needed == 5 << 36));
}
