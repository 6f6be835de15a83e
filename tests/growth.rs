//! Growth complexity: published numbers, definitions by direct sums, and the accuracy of the integral.

use crate::support;

use proptest::prelude::*;
use support::*;
use unmaskcost::{Error, InformationCurve, Nats, distribution::ExchangeableBits};

/// A fair bit seen `tokens` times, each time flipped with this probability.
///
/// `f_k` is the mean over what was seen, `w` ones of `k`, of the entropy of one more look.
fn noisy_repeated_bit(tokens: usize, flip: f64) -> InformationCurve {
    let binary_entropy = |p: f64| -(p * p.ln() + (1.0 - p) * (1.0 - p).ln());
    let entropies: Vec<f64> = (0..tokens)
        .map(|k| {
            let mut binomial = 1.0;
            (0..=k)
                .map(|ones| {
                    let (w, z) = (ones as i32, (k - ones) as i32);
                    let one = 0.5 * (1.0 - flip).powi(w) * flip.powi(z);
                    let zero = 0.5 * flip.powi(w) * (1.0 - flip).powi(z);
                    let probability = binomial * (one + zero);
                    binomial *= f64::from(z) / f64::from(w + 1);
                    let next_is_one = ((1.0 - flip) * one + flip * zero) / (one + zero);
                    probability * binary_entropy(next_is_one)
                })
                .sum()
        })
        .collect();
    InformationCurve::from_conditional_entropies(entropies).unwrap()
}

/// Wainwright, arXiv 2608.13520, Figure 1: 4.51, 2.16 and 1.65.
#[test]
fn published_ratios_of_the_noisy_repeated_bit_are_met() {
    for (flip, ratio) in [(0.01, 4.511), (0.30, 2.165), (0.45, 1.653)] {
        let law = ExchangeableBits::noisy_repeated_bit(128, flip).unwrap();
        for curve in [law.information_curve().unwrap(), noisy_repeated_bit(128, flip)] {
            let growth = curve.growth_complexity().unwrap();
            let found = growth.coarse / growth.fine;
            assert!((found - ratio).abs() < 6e-4, "flip {flip}: {found}");
        }
    }
}

/// `E values[K]`, K binomial with `values.len() - 1` trials, term by term.
fn direct_mean(values: &[f64], u: f64) -> f64 {
    let trials = values.len() as i32 - 1;
    let mut choose = 1.0;
    values
        .iter()
        .zip(0..)
        .map(|(value, k)| {
            let weight = choose * u.powi(k) * (1.0 - u).powi(trials - k);
            choose = choose * f64::from(trials - k) / f64::from(k + 1);
            weight * value
        })
        .sum()
}

/// The complexities by Simpson's rule in the log-odds, from densities asked for one by one.
fn simpson(curve: &InformationCurve, intervals: usize) -> (f64, f64) {
    let end = (curve.tokens() as f64 - 1.0).ln();
    let step = 2.0 * end / intervals as f64;
    let (mut whole, mut root) = (0.0, 0.0);
    for i in 0..=intervals {
        let weight = match i {
            _ if i == 0 || i == intervals => 1.0,
            _ if i % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let density = curve.growth_density(-end + step * i as f64).unwrap().0;
        whole += weight * density * step / 3.0;
        root += weight * density.sqrt() * step / 3.0;
    }
    (2.0 * end * whole, root * root)
}

fn step_curve(tokens: usize, jumps: &[usize]) -> InformationCurve {
    let information: Vec<f64> =
        (0..tokens).map(|k| jumps.iter().filter(|&&jump| jump <= k).count() as f64).collect();
    InformationCurve::from_information(information).unwrap()
}

/// Single jumps are the narrowest densities there are, far jumps the least smooth square roots.
#[test]
fn the_integrals_are_as_accurate_as_stated() {
    let curves = [
        step_curve(3, &[1]),
        step_curve(3, &[1, 2]),
        step_curve(8, &[4]),
        step_curve(40, &[1]),
        step_curve(40, &[39]),
        step_curve(60, &[10, 50]),
        step_curve(300, &[1, 150, 299]),
        step_curve(300, &[20, 200]),
        noisy_repeated_bit(128, 0.01),
        noisy_repeated_bit(128, 0.45),
    ];
    for curve in curves {
        let growth = curve.growth_complexity().unwrap();
        let (coarse, fine) = simpson(&curve, 20_000);
        let tokens = curve.tokens();
        let off = |found: Nats, expected: f64| (found.0 / expected - 1.0).abs();
        let (coarse, fine) = (off(growth.coarse, coarse), off(growth.fine, fine));
        assert!(coarse < 1e-12 && fine < 1e-9, "L = {tokens}: {coarse:e}, {fine:e}");
    }
}

#[test]
fn up_to_two_tokens_have_no_growth_complexity() {
    for tokens in [1, 2] {
        let growth = step_curve(tokens, &[1]).growth_complexity().unwrap();
        assert_eq!((growth.coarse, growth.fine), (Nats(0.0), Nats(0.0)));
    }
}

#[test]
fn what_is_too_large_for_a_float_is_refused() {
    // L I_{L-1} is finite, but 2 l times the integral is not.
    let huge = |scale: f64| {
        let information: Vec<f64> = (0..100).map(|k| f64::from(k.min(50)) * scale).collect();
        InformationCurve::from_information(information).unwrap()
    };
    let unit = huge(1.0).growth_complexity().unwrap();
    let large = huge(1e300).growth_complexity().unwrap();
    assert!((large.coarse.0 / unit.coarse.0 / 1e300 - 1.0).abs() < 1e-12);
    let out = huge(3e304).growth_complexity();
    assert_eq!(out, Err(Error::Overflow { what: "the growth complexity" }));
    let information: Vec<f64> = (0..4000).map(|k| if k < 2000 { 0.0 } else { 4e304 }).collect();
    let step = InformationCurve::from_information(information).unwrap();
    assert_eq!(step.growth_density(0.0), Err(Error::Overflow { what: "the growth density" }));
}

#[test]
fn probabilities_and_log_odds_at_their_ends_have_their_limits() {
    let curve = step_curve(5, &[1, 3]);
    assert_eq!(curve.expected_information(0.0), Ok(Nats(0.0)));
    assert_eq!(curve.expected_information(1.0), Ok(Nats(2.0)));
    assert_eq!(step_curve(1, &[]).expected_information(0.5), Ok(Nats(0.0)));
    for lambda in [-1e300, -800.0, 800.0, 1e300] {
        assert_eq!(curve.growth_density(lambda), Ok(Nats(0.0)));
    }
    for u in [-1e-9, 1.0 + 1e-9] {
        let what = "probability of being revealed";
        let needed = "a number from 0 to 1";
        let refused = Err(Error::OutOfRange { what, value: u, needed });
        assert_eq!(curve.expected_information(u), refused);
    }
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(matches!(curve.expected_information(bad), Err(Error::NotFinite { .. })));
        assert!(matches!(curve.growth_density(bad), Err(Error::NotFinite { what: "lambda", .. })));
    }
}

proptest! {
    #![proptest_config(seeded(300, 61))]

    #[test]
    fn expected_information_is_the_binomial_mean(
        increments in proptest::collection::vec(0.0..1.0_f64, 0..60),
        u in prop_oneof![0.0..=1.0_f64, (-12.0..0.0_f64).prop_map(f64::exp)],
    ) {
        let values = information_of(&increments);
        let curve = InformationCurve::from_information(&values).unwrap();
        for u in [u, 1.0 - u] {
            let (found, expected) = (curve.expected_information(u).unwrap().0, direct_mean(&values, u));
            prop_assert!((found - expected).abs() <= 1e-13 * expected + 1e-300, "{found} {expected}");
        }
    }

    /// q = r^2 (1-r)^2 h'(r), where h = L g is differentiated by its own differences.
    #[test]
    fn the_density_is_the_growth_of_the_expected_information(
        increments in proptest::collection::vec(0.0..1.0_f64, 1..40),
        lambda in -3.0..3.0_f64,
    ) {
        let values = information_of(&increments);
        let curve = InformationCurve::from_information(&values).unwrap();
        let r = 1.0 / (1.0 + (-lambda).exp());
        let step = 1e-5;
        let rise = direct_mean(&values, r + step) - direct_mean(&values, r - step);
        let expected = (r * (1.0 - r)).powi(2) * values.len() as f64 * rise / (2.0 * step);
        let found = curve.growth_density(lambda).unwrap().0;
        prop_assert!((found - expected).abs() <= 1e-5 * expected + 1e-9, "{found} {expected}");
    }

    #[test]
    fn fine_is_at_most_coarse_and_both_scale_with_the_data(
        increments in proptest::collection::vec(0.0..1.0_f64, 2..40),
        scale in 0.1..10.0_f64,
    ) {
        let growth = |factor: f64| {
            let scaled: Vec<f64> = increments.iter().map(|d| d * factor).collect();
            let curve = InformationCurve::from_information(information_of(&scaled)).unwrap();
            curve.growth_complexity().unwrap()
        };
        let (once, scaled) = (growth(1.0), growth(scale));
        prop_assert!(once.fine.0 <= once.coarse.0 * (1.0 + 1e-12));
        prop_assert!((scaled.coarse.0 / once.coarse.0 / scale - 1.0).abs() < 1e-12);
        prop_assert!((scaled.fine.0 / once.fine.0 / scale - 1.0).abs() < 1e-12);
    }

    #[test]
    fn single_precision_agrees_with_double(
        increments in proptest::collection::vec(0.0..1.0_f64, 2..40)
    ) {
        let wide = information_of(&increments);
        let narrow: Vec<f32> = wide.iter().map(|&x| x as f32).collect();
        let wide = InformationCurve::from_information(wide).unwrap().growth_complexity().unwrap();
        let narrow = InformationCurve::from_information(narrow).unwrap().growth_complexity().unwrap();
        let close = |a: f32, b: f64| (f64::from(a) / b - 1.0).abs() < 1e-4;
        prop_assert!(close(narrow.coarse.0, wide.coarse.0) && close(narrow.fine.0, wide.fine.0));
    }
}

/// `H(0,1)` in both forms, and the effective total correlation within the factors of the theory.
#[test]
fn the_growth_of_the_whole_way_is_a_sum_over_the_increments() {
    let information = [0.0, 0.2, 0.9, 1.0, 1.0, 1.3, 1.7];
    let curve = InformationCurve::from_information(information).unwrap();
    let tokens = information.len() as f64;
    let sum: f64 = (1..information.len())
        .map(|m| {
            let (d, m) = (information[m] - information[m - 1], m as f64);
            m * (tokens - m) / (tokens + 1.0) * d
        })
        .sum();
    let (mut growth, mut effective) = (0.0, 0.0);
    for i in -4_000..4_000 {
        let lambda = (f64::from(i) + 0.5) / 100.0;
        let density = curve.growth_density(lambda).unwrap().0 / 100.0;
        growth += density;
        // r^2 h'(r) dt with r = exp(-t) is q(lambda) d lambda over 1 - r.
        let masked = 1.0 / (1.0 + lambda.exp());
        let time = (1.0 + (-lambda).exp()).ln();
        effective += density / masked * time.min(1.0);
    }
    assert!((growth - sum).abs() < 1e-9 * sum, "{growth} {sum}");
    assert!(growth <= effective && effective * (1.0 - (-1.0_f64).exp()) <= growth);
    assert!(effective <= curve.dual_total_correlation().0);
    assert!(effective <= curve.total_correlation().0);
}
