//! Hidden chains whose states cannot change back: what a state has seen must not be lost, however small.

use proptest::prelude::*;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use unmaskcost::Error;
use unmaskcost::distribution::{ConditionalMarginal, HiddenMarkovChain, MarkovChain};

use crate::support::{generator, seeded};

fn hidden(initial: &[f64], rows: &[Vec<f64>], shown: &[Vec<f64>]) -> HiddenMarkovChain {
    HiddenMarkovChain::new(MarkovChain::from_transition(initial, rows).unwrap(), shown).unwrap()
}

fn two_states(rows: [[f64; 2]; 2], shown: [[f64; 2]; 2]) -> HiddenMarkovChain {
    hidden(&[0.5, 0.5], &rows.map(Vec::from), &shown.map(Vec::from))
}

const FROZEN: [[f64; 2]; 2] = [[1.0, 0.0], [0.0, 1.0]];

fn runs(zeros: usize, ones: usize) -> Vec<usize> {
    [vec![0; zeros], vec![1; ones]].concat()
}

fn log_sum(terms: &[f64]) -> f64 {
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match most == f64::NEG_INFINITY {
        true => most,
        false => most + terms.iter().map(|term| (term - most).exp()).sum::<f64>().ln(),
    }
}

/// All paths of hidden states, with the logarithm of their probability together with what is seen.
fn paths(chain: &HiddenMarkovChain, seen: &[Option<usize>]) -> Vec<(Vec<usize>, f64)> {
    let states = chain.states().alphabet();
    let shows = |state: usize, seen: Option<usize>| {
        seen.map_or(0.0, |symbol| chain.emission(state).unwrap()[symbol].ln())
    };
    let start =
        |state: usize| (vec![state], chain.states().initial()[state].ln() + shows(state, seen[0]));
    let mut paths: Vec<(Vec<usize>, f64)> = (0..states).map(start).collect();
    for &seen in &seen[1..] {
        let longer = |(path, p): &(Vec<usize>, f64)| {
            let row = chain.states().row(path[path.len() - 1]).unwrap();
            let step = |state: usize| {
                ([path.clone(), vec![state]].concat(), p + row[state].ln() + shows(state, seen))
            };
            (0..states).map(step).collect::<Vec<_>>()
        };
        paths = paths.iter().flat_map(longer).collect();
    }
    paths.retain(|(_, p)| *p > f64::NEG_INFINITY);
    paths
}

fn close(found: f64, expected: f64) -> bool {
    found == expected || (found - expected).abs() <= 1e-12 * expected.abs().max(1.0)
}

/// Some probabilities of 1e-150 and 0 among ordinary ones.
fn steep_law(size: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let likely = rng.random_range(0..size);
    let mut weight = |place: usize| match (place == likely, rng.random_range(0..4)) {
        (true, _) => 1.0,
        (_, 0) => 0.0,
        (_, 1) => rng.random::<f64>(),
        _ => rng.random::<f64>() * 1e-150,
    };
    let weights: Vec<f64> = (0..size).map(&mut weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// A chain that stays or goes on, or, if frozen, only stays.
fn steep_chain(states: usize, frozen: bool, rng: &mut ChaCha8Rng) -> HiddenMarkovChain {
    let initial: Vec<f64> = (0..states).map(|_| rng.random::<f64>() + 0.01).collect();
    let sum: f64 = initial.iter().sum();
    let initial: Vec<f64> = initial.into_iter().map(|p| p / sum).collect();
    let row = |state: usize, rng: &mut ChaCha8Rng| {
        let mut row = vec![0.0; states];
        let stays = match frozen || state + 1 == states {
            true => 1.0,
            false => 0.2 + 0.7 * rng.random::<f64>(),
        };
        row[state] = stays;
        if stays < 1.0 {
            row[state + 1] = 1.0 - stays;
        }
        row
    };
    let rows: Vec<Vec<f64>> = (0..states).map(|state| row(state, rng)).collect();
    let shown: Vec<Vec<f64>> = (0..states).map(|_| steep_law(3, rng)).collect();
    hidden(&initial, &rows, &shown)
}

proptest! {
    #![proptest_config(seeded(200, 41))]

    #[test]
    fn left_to_right_and_frozen_chains_agree_with_all_paths_of_their_states(
        (states, tokens, frozen) in (1..=3_usize, 1..=7_usize, any::<bool>()),
        seed in any::<u64>(),
    ) {
        let mut rng = generator(seed);
        let chain = steep_chain(states, frozen, &mut rng);
        let text: Vec<usize> = (0..tokens).map(|_| rng.random_range(0..3)).collect();
        let all: Vec<Option<usize>> = text.iter().copied().map(Some).collect();
        let expected = log_sum(&paths(&chain, &all).iter().map(|(_, p)| *p).collect::<Vec<_>>());
        let found = chain.log_probability(&text).unwrap().0;
        prop_assert!(close(found, expected), "{found} {expected} {chain:?} {text:?}");

        let mut seen = all;
        let masked = rng.random_range(0..tokens);
        seen[masked] = None;
        let paths = paths(&chain, &seen);
        let whole = log_sum(&paths.iter().map(|(_, p)| *p).collect::<Vec<_>>());
        match chain.conditional_marginals(&seen) {
            Err(error) => {
                let impossible = matches!(error, Error::ImpossibleContext { .. });
                prop_assert!(impossible, "{error}");
                prop_assert!(paths.is_empty(), "{chain:?} {seen:?}");
            }
            Ok(found) => for (symbol, &found) in found[0].iter().enumerate() {
                let shows = |path: &[usize]| chain.emission(path[masked]).unwrap()[symbol];
                let expected: f64 =
                    paths.iter().map(|(path, p)| (p - whole).exp() * shows(path)).sum();
                prop_assert!((found - expected).abs() < 1e-10, "{found} {expected}");
            }
        }
    }

    #[test]
    fn baum_welch_counts_what_steep_chains_do_on_all_paths(
        (states, tokens, frozen) in (1..=3_usize, 1..=6_usize, any::<bool>()),
        seed in any::<u64>(),
    ) {
        let mut rng = generator(seed);
        let chain = steep_chain(states, frozen, &mut rng);
        let text: Vec<usize> = (0..tokens).map(|_| rng.random_range(0..3)).collect();
        let seen: Vec<Option<usize>> = text.iter().copied().map(Some).collect();
        let paths = paths(&chain, &seen);
        let fitted = chain.baum_welch(&[&text], 0.5, 1);
        if paths.is_empty() {
            let impossible = |found| matches!(found, Err(Error::ImpossibleContext { .. }));
            prop_assert!(impossible(fitted) && impossible(chain.baum_welch(&[&text], 0.5, 0)));
            return Ok(());
        }
        let fitted = fitted.unwrap();
        let whole = log_sum(&paths.iter().map(|(_, p)| *p).collect::<Vec<_>>());
        let mut initial = vec![0.5; states];
        let (mut steps, mut shown) = (vec![vec![0.5; states]; states], vec![vec![0.5; 3]; states]);
        for (path, p) in &paths {
            let p = (p - whole).exp();
            initial[path[0]] += p;
            path.windows(2).for_each(|pair| steps[pair[0]][pair[1]] += p);
            path.iter().zip(&text).for_each(|(&state, &symbol)| shown[state][symbol] += p);
        }
        let agrees = |found: &[f64], counts: &[f64]| {
            let sum: f64 = counts.iter().sum();
            found.iter().zip(counts).all(|(p, count)| (p - count / sum).abs() < 1e-10)
        };
        prop_assert!(agrees(fitted.states().initial(), &initial));
        for state in 0..states {
            prop_assert!(agrees(fitted.states().row(state).unwrap(), &steps[state]));
            prop_assert!(agrees(fitted.emission(state).unwrap(), &shown[state]));
        }
    }

    #[test]
    fn the_likelihood_never_falls_for_chains_that_only_go_on(seed in any::<u64>()) {
        let mut rng = generator(seed);
        let mut chain = steep_chain(3, seed % 2 == 0, &mut rng);
        let text: Vec<usize> = (0..40).map(|at| (at / 15 + rng.random_range(0..2)) % 3).collect();
        let mut before = chain.log_probability(&text).unwrap().0;
        if before == f64::NEG_INFINITY {
            return Ok(());
        }
        for _ in 0..8 {
            chain = chain.baum_welch(&[&text], 0.0, 1).unwrap();
            let now = chain.log_probability(&text).unwrap().0;
            prop_assert!(now >= before - 1e-11 * before.abs(), "{now} {before}");
            before = now;
        }
    }
}

#[test]
fn a_state_that_seemed_impossible_may_be_the_right_one() {
    let ln = f64::ln;
    let tiny = two_states(FROZEN, [[1.0, 1e-200], [1e-200, 1.0]]);
    let certain = two_states(FROZEN, [[1.0, 0.0], [1e-200, 1.0]]);
    let clear = two_states(FROZEN, [[0.999, 0.001], [0.001, 0.999]]);
    let absorbing = two_states([[1.0, 0.0], [0.1, 0.9]], [[0.99, 0.01], [0.01, 0.99]]);
    // The chain may pass from the second state to the first after any number of tokens.
    let stays = |tokens: i32| {
        let shows = |at: i32| if (at < tokens) == (at < 200) { ln(0.01) } else { ln(0.99) };
        let steps = f64::from(tokens.clamp(1, 600) - 1) * ln(0.9);
        let leaves = if (1..600).contains(&tokens) { ln(0.1) } else { 0.0 };
        ln(0.5) + steps + leaves + (0..600).map(shows).sum::<f64>()
    };
    let absorbed = log_sum(&(0..=600).map(stays).collect::<Vec<_>>());
    assert!((absorbed + 988.86).abs() < 0.01, "{absorbed}");
    let power = 400.0 * ln(10.0);
    for (chain, text, expected) in [
        (&tiny, runs(2, 3), ln(0.5) - power),
        (&certain, runs(2, 1), ln(0.5) - power),
        (&clear, runs(300, 400), ln(0.5) + 300.0 * ln(0.001) + 400.0 * ln(0.999)),
        (&absorbing, runs(200, 400), absorbed),
    ] {
        let found = chain.log_probability(&text).unwrap().0;
        assert!(close(found, expected), "{found} {expected}");
    }
    // By the second state, or by the first, which is 1e-200 times as probable.
    let seen = [Some(0), Some(0), None, Some(1), Some(1), Some(1)];
    let laws = tiny.conditional_marginals(&seen).unwrap();
    assert!((laws[0][0] / 2e-200 - 1.0).abs() < 1e-14 && laws[0][1] == 1.0, "{laws:?}");
    let revealed = [(0, 0), (1, 0), (3, 1), (4, 1), (5, 1)];
    assert_eq!(tiny.conditional_marginal(&revealed, 2).unwrap(), laws[0]);
    assert_eq!(tiny.log_probability(&[]).unwrap().0, 0.0);

    let states: MarkovChain<f32> =
        MarkovChain::from_transition([0.5, 0.5], &[[1.0, 0.0], [0.0, 1.0]]).unwrap();
    let single = HiddenMarkovChain::new(states, &[[0.9_f32, 0.1], [0.1, 0.9]]).unwrap();
    let found = single.log_probability(&runs(60, 80)).unwrap().0;
    let expected = 0.5_f32.ln() + 60.0 * 0.1_f32.ln() + 80.0 * 0.9_f32.ln();
    assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
}

#[test]
fn a_chain_may_take_steps_too_unlikely_to_multiply() {
    let rows = [[1.0, 1e-200, 0.0], [0.0, 1.0, 1e-200], [0.0, 0.0, 1.0]];
    let chain: MarkovChain = MarkovChain::from_transition([1.0, 0.0, 0.0], &rows).unwrap();
    let found = chain.conditional_marginals(&[Some(0), None, Some(2)]).unwrap();
    assert_eq!(found, [[0.0, 1.0, 0.0]]);
}

#[test]
fn a_state_without_probability_counts_for_nothing() {
    let shown = [vec![0.999, 0.001], vec![0.001, 0.999]];
    let chain = hidden(&[0.0, 1.0], &FROZEN.map(Vec::from), &shown);
    let fitted = chain.baum_welch(&[vec![0; 105]], 0.5, 1).unwrap();
    let same = |found: Option<&[f64]>, expected: [f64; 2]| {
        assert!(found.unwrap().iter().zip(expected).all(|(a, b)| close(*a, b)), "{found:?}");
    };
    same(Some(fitted.states().initial()), [0.25, 0.75]);
    same(fitted.states().row(0), [0.5, 0.5]);
    same(fitted.states().row(1), [0.5 / 105.0, 104.5 / 105.0]);
    same(fitted.emission(0), [0.5, 0.5]);
    same(fitted.emission(1), [105.5 / 106.0, 0.5 / 106.0]);
}

#[test]
fn any_number_of_iterations_ends_when_nothing_is_gained() {
    let chain = two_states([[0.8, 0.2], [0.3, 0.7]], [[0.6, 0.4], [0.2, 0.8]]);
    let text = [[0, 0, 1, 0, 1, 1, 1, 0]];
    let fitted = chain.baum_welch(&text, 0.5, usize::MAX).unwrap();
    assert_eq!(fitted, chain.baum_welch(&text, 0.5, 10_000).unwrap());
    assert!(chain.baum_welch(&[[0]], 0.5, usize::MAX).is_ok());
}

#[test]
fn no_iteration_still_finds_what_is_impossible() {
    let chain = two_states(FROZEN, [[1.0, 0.0], [0.0, 1.0]]);
    let none = chain.baum_welch(&[[0, 1]], 0.5, 0);
    assert!(matches!(none, Err(Error::ImpossibleContext { .. })));
    assert_eq!(chain.baum_welch(&[[1, 1]], 0.5, 0).unwrap(), chain);
}

#[test]
fn limits_of_hidden_chains_keep_memory_and_time_small() {
    let one = hidden(&[1.0], &[vec![1.0]], &[vec![0.5, 0.5]]);
    let limit = 1 << 24;
    assert!(matches!(one.joint_table(25), Err(Error::TooLarge { limit: l, .. }) if l == limit));
    // One iteration is more than all may be.
    let states = vec![vec![1.0 / 1024.0; 1024]; 1024];
    let wide = hidden(&states[0], &states, &vec![vec![1.0]; 1024]);
    let work = wide.baum_welch(&[vec![0; 5000]], 0.5, 1);
    assert!(matches!(work, Err(Error::TooLarge { needed, .. }) if needed > 1 << 32));
    let contexts = HiddenMarkovChain::fit_order(&[0, 1, 1, 0, 1], 46, 2, 1.0);
    let tokens = wide.conditional_marginals(&[None; (1 << 15) + 1]);
    assert!(matches!(tokens, Err(Error::TooLarge { needed, .. }) if needed > 1 << 25));
    assert!(matches!(contexts, Err(Error::TooLarge { needed: 2116, limit: 2048, .. })));
}
