//! Rounding noise in honest input is accepted, and breaks no promise: lower <= exact <= upper holds
//! between the computed numbers.

use crate::support;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use unmaskcost::bounds::sharp::{self, Known};
use unmaskcost::bounds::{
    BoundKind, KlBounds, Knowledge, chen_cong_li, compare, dimension_free, li_cai,
};
use unmaskcost::{
    Error, InformationCurve, Nats, Scalar, Schedule, TrainingError,
    distribution::{ExchangeableBits, JointTable},
    optimal, sampler,
};

/// A table of independent bits with these probabilities of a one.
fn independent<F: Scalar>(probabilities: &[f64]) -> JointTable<F> {
    let mut words = vec![1.0];
    for p in probabilities {
        words = words.iter().flat_map(|word| [word * (1.0 - p), word * p]).collect();
    }
    let words: Vec<F> = words.into_iter().map(|word| F::from_f64(word).unwrap()).collect();
    JointTable::from_probabilities(&vec![2; probabilities.len()], words).unwrap()
}

/// No row of the comparison is on the wrong side of the exact error.
fn check_comparison<F: Scalar>(curve: &InformationCurve<F>, schedule: &Schedule) {
    let table = compare(curve, schedule).unwrap();
    for row in &table.rows {
        let holds = match row.kind {
            BoundKind::Lower => row.value <= table.exact,
            BoundKind::Upper => row.value >= table.exact,
            _ => true,
        };
        assert!(holds, "{schedule}, exact {:e}: {row:?}", table.exact.0);
    }
}

#[test]
fn increments_below_the_rounding_of_the_curve_break_no_bound() {
    // I_1 and I_2 are the same float, and still the last step has an error.
    let last = 0.4 - f64::EPSILON / 4.0;
    let curve = InformationCurve::from_conditional_entropies([1.5, 0.4, last]).unwrap();
    let schedule = Schedule::from_reveal_sizes([1, 2]).unwrap();
    let points = [1, 2].map(|k| (k, curve.information(k)));
    assert_eq!(points[0].1, points[1].1);
    let exact = curve.sampling_error(&schedule).unwrap();
    let bounds = sharp::from_known_points(&points, &schedule).unwrap();
    assert!(exact.0 > 0.0 && bounds.contains(exact), "{bounds:?} misses {exact:?}");
    assert!(bounds.upper.0 < 1e-13);

    for (tokens, flip) in [(64, 0.01), (128, 0.01), (256, 0.1)] {
        let law = ExchangeableBits::noisy_repeated_bit(tokens, flip).unwrap();
        let curve: InformationCurve = law.information_curve().unwrap();
        for steps in 2..tokens {
            check_comparison(&curve, &optimal::schedule(&curve, steps).unwrap().0);
        }
    }
    let decay = (0..200).map(|k| 2.3 + 1.5 * (-f64::from(k) / 9.0).exp());
    let decay: Vec<f32> = decay.map(|x| x as f32).collect();
    let curve = InformationCurve::from_conditional_entropies(decay).unwrap();
    for steps in 1..200 {
        check_comparison(&curve, &Schedule::balanced(200, steps).unwrap());
    }
}

#[test]
fn a_correlation_beside_many_points_does_not_widen_the_interval() {
    fn check<F: Scalar>(tokens: usize) {
        let curve = (0..tokens).map(|k| F::one() - F::from_f64(0.9).unwrap().powi(k as i32));
        let curve = InformationCurve::from_information(curve.collect::<Vec<_>>()).unwrap();
        let total = curve.total_correlation();
        for (schedule, ks) in [
            (Schedule::sequential(tokens).unwrap(), vec![1, tokens - 1]),
            (Schedule::balanced(tokens, tokens / 8).unwrap(), (1..tokens).collect()),
        ] {
            let known = Known::about(tokens);
            let known =
                ks.iter().fold(known, |known, &k| known.information(k, curve.information(k)));
            let points = known.bounds(&schedule).unwrap();
            let more = known.total_correlation(total).bounds(&schedule).unwrap();
            assert!(
                more.lower >= points.lower && more.upper <= points.upper,
                "{more:?} {points:?}"
            );
            assert!(more.contains(curve.sampling_error(&schedule).unwrap()));
        }
    }
    check::<f32>(1000);
    check::<f64>(1000);
    check::<f32>(30_000);
}

#[test]
fn amounts_below_zero_by_cancellation_count_as_zero() {
    let schedule = Schedule::from_reveal_sizes([2, 2]).unwrap();
    let zero = KlBounds::new(Nats(0.0), Nats(0.0)).unwrap();
    for noise in [-4e-16, -1e-17, 0.0] {
        let noise = Nats(noise);
        assert_eq!(li_cai::upper(noise, &schedule), Ok(Nats(0.0)));
        assert_eq!(li_cai::balanced_upper(noise, 4, 2), Ok(Nats(0.0)));
        assert_eq!(dimension_free::upper(noise, &schedule), Ok(Nats(0.0)));
        assert_eq!(sharp::from_token_information(noise, &schedule), Ok(zero));
        assert_eq!(sharp::from_total_correlation(noise, &schedule), Ok(zero));
        assert_eq!(sharp::from_dual_total_correlation(noise, &schedule), Ok(zero));
        assert_eq!(sharp::from_correlations(noise, noise, &schedule), Ok(zero));
        assert_eq!(sharp::from_known_points(&[(3, noise)], &schedule), Ok(zero));
        assert_eq!(TrainingError::new(noise).map(TrainingError::value), Ok(Nats(0.0)));
        assert_eq!(chen_cong_li::sufficient_steps(noise, 4, Nats(1.0)), Ok(4));
    }
    // One of two correlations is noise, which the other would contradict.
    for (total, dual) in [(1e-16, 0.0), (0.0, 1e-16), (4e-16, -4e-16)] {
        let bounds = sharp::from_correlations(Nats(total), Nats(dual), &schedule).unwrap();
        assert!(bounds.upper.0 < 1e-14);
    }
    let noisy = InformationCurve::from_information([1e-16, 0.0, 1e-16, -1e-16]).unwrap();
    assert_eq!(noisy.information_values(), [0.0, 0.0, 1e-16, 1e-16]);
    // What is more than noise is refused.
    assert!(matches!(li_cai::upper(Nats(-1e-9), &schedule), Err(Error::Negative { .. })));
    let apart = sharp::from_correlations(Nats(1e-9), Nats(0.0), &schedule);
    assert!(matches!(apart, Err(Error::Inconsistent { .. })));
}

#[test]
fn what_a_table_tells_of_itself_is_never_refused() {
    fn check<F: Scalar>(generator: &mut ChaCha8Rng, smallest: f64) {
        for _ in 0..200 {
            let tokens = generator.random_range(1..=6);
            let scale = smallest.powf(generator.random::<f64>());
            let probabilities: Vec<f64> =
                (0..tokens).map(|_| scale * generator.random::<f64>()).collect();
            let table = independent::<F>(&probabilities);
            let schedule = Schedule::balanced(tokens, tokens.div_ceil(2)).unwrap();
            // Nearly certain tokens: entropies below the rounding of the probabilities near one.
            let curve = table.information_curve().unwrap();
            let correlations = table.correlations();
            let (total, dual) = (correlations.total, correlations.dual_total);
            sharp::from_correlations(total, dual, &schedule).unwrap();
            table.information_curve_given_prefix(tokens / 2, tokens - tokens / 2).unwrap();
            check_comparison(&curve, &schedule);
            // Independent tokens cost nothing but noise, and never less than nothing.
            let by_sampler = sampler::expected_kl(&table, &schedule).unwrap();
            assert!((F::zero()..=F::cancellation_noise()).contains(&by_sampler.0));
            let averaged = sampler::averaged_law(&table, &schedule).unwrap();
            let divergence = table.kl_divergence(&averaged).unwrap();
            assert!((F::zero()..=F::cancellation_noise()).contains(&divergence.0));
        }
    }
    let mut generator = support::generator(21);
    check::<f64>(&mut generator, 1e-16);
    check::<f32>(&mut generator, 1e-8);
}

#[test]
fn divergences_of_close_tables_keep_their_digits() {
    // KL of a fair coin and one with bias t/2 is -ln(1 - t^2) / 2.
    for exponent in 1..8 {
        let t = 0.1_f64.powi(exponent);
        let fair = JointTable::from_probabilities(&[2], [0.5, 0.5]).unwrap();
        let biased = JointTable::from_probabilities(&[2], [0.5 + t / 2.0, 0.5 - t / 2.0]).unwrap();
        let expected = -0.5 * (-t * t).ln_1p();
        let found = fair.kl_divergence(&biased).unwrap().0;
        assert!((found - expected).abs() <= 1e-9 * t * expected + 2e-16 * t, "{t}: {found:e}");
    }
}

#[test]
fn divergences_are_finite_where_the_law_underflows() {
    // The product of the conditionals of a word is smaller than any float, its probability is not.
    let rare: JointTable = JointTable::from_weights(&[2, 2], [1.0, 0.0, 0.0, 1e-200]).unwrap();
    let one_step = Schedule::one_step(2).unwrap();
    let exact = rare.information_curve().unwrap().sampling_error(&one_step).unwrap().0;
    let by_sampler = sampler::expected_kl(&rare, &one_step).unwrap().0;
    assert!(by_sampler.is_finite() && (by_sampler - exact).abs() < 1e-15);

    let mut weights = vec![1e-12_f32; 32];
    weights[0] = 1.0;
    let nearly = JointTable::from_weights(&[2; 5], weights).unwrap();
    let by_sampler = sampler::expected_kl(&nearly, &Schedule::one_step(5).unwrap()).unwrap().0;
    assert!((by_sampler - 1.13e-9).abs() < 1e-7);

    let fair = JointTable::from_probabilities(&[2], [0.5, 0.5]).unwrap();
    let unfair = JointTable::from_weights(&[2], [1e-310, 1.0]).unwrap();
    let expected = 0.5 * (0.5_f64.ln() - 1e-310_f64.ln()) + 0.5 * 0.5_f64.ln();
    let found = fair.kl_divergence(&unfair).unwrap().0;
    assert!((found / expected - 1.0).abs() < 1e-14, "{found}");
}

#[test]
fn mean_subset_entropies_are_judged_by_their_differences() {
    // Noise of the sums is no noise of the differences, however many are summed.
    let subset_entropies = |f: &dyn Fn(usize) -> f32| {
        let sums = (0..1000).scan(0.0_f64, |sum, k| {
            *sum += f64::from(f(k));
            Some(*sum as f32)
        });
        std::iter::once(0.0).chain(sums).collect::<Vec<_>>()
    };
    let honest = subset_entropies(&|k| 3.0 + 2.0 / (1.0 + k as f32));
    assert!(InformationCurve::from_subset_entropies(honest).is_ok());
    let bump = subset_entropies(&|k| if k == 500 { 6.5 } else { 5.0 });
    assert!(InformationCurve::from_subset_entropies(bump).is_err());
    let rise = subset_entropies(&|k| if k < 500 { 3.0 } else { 3.1 });
    assert!(InformationCurve::from_subset_entropies(rise).is_err());
}

#[test]
fn single_precision_counts_tokens_beyond_its_integers() {
    // 2^24 + 9 tokens, all information in the last: each weight must be made from its integer.
    let tokens = (1 << 24) + 9;
    let mut information = vec![0.0_f32; tokens];
    information[tokens - 1] = 1.0;
    let last = InformationCurve::from_information(information).unwrap();
    assert_eq!(last.total_correlation(), Nats(1.0));
    let one_step = Schedule::one_step(tokens).unwrap();
    assert_eq!(last.sampling_error(&one_step), Ok(Nats(1.0)));
}

#[test]
fn bounds_near_the_ends_of_the_float_range_keep_their_side() {
    // The smallest floats there are.
    for information in [vec![0.0, 5e-324], vec![0.0, 0.0, 5e-324], vec![0.0, 1e-323, 1e-322]] {
        let curve = InformationCurve::from_information(information).unwrap();
        for steps in 1..=curve.tokens() {
            check_comparison(&curve, &Schedule::balanced(curve.tokens(), steps).unwrap());
        }
    }
    // And nearly the largest: a bound that overflows is left out of the table, the others stay.
    let information = [0.0, 2.8e306, 3e306, 1e307, 1.5e307, 1.6e307, 1.7e307];
    let curve = InformationCurve::from_information(information).unwrap();
    let schedule = Schedule::from_reveal_sizes([6, 1]).unwrap();
    check_comparison(&curve, &schedule);
    let known = Known::about(7)
        .information(1, Nats(2.8e306))
        .information_between(6, Nats(1.5e307), Nats(2.4e307))
        .total_correlation(curve.total_correlation());
    let bounds = known.bounds(&schedule).unwrap();
    assert!(bounds.contains(curve.sampling_error(&schedule).unwrap()), "{bounds:?}");
    assert!(bounds.lower.0 > 1e307);
    // Only the ratio of correlation and tolerance matters to a greedy schedule.
    let large = chen_cong_li::total_correlation_schedule(Nats(1e307), 100, Nats(5e306)).unwrap();
    assert_eq!(large.sizes(), [50, 25, 13, 6, 3, 2, 1]);
}

/// Bounds from what is known, by all roads that lead there, of a schedule.
type Road<F> = fn(Nats<F>, &Schedule) -> unmaskcost::Result<KlBounds<F>>;

#[test]
fn all_roads_to_a_bound_have_one_noise() {
    fn check<F: Scalar>() {
        let noise = F::cancellation_noise();
        let factors = [-1.01, -0.99, -1e-3, 0.0, 1e-3, 0.5, 0.99, 1.01, 2.0];
        let pairs: [[Road<F>; 2]; 4] = [
            [sharp::from_token_information, |x, s| {
                Known::about(s.tokens()).token_information(x).bounds(s)
            }],
            [sharp::from_total_correlation, |x, s| {
                Known::about(s.tokens()).total_correlation(x).bounds(s)
            }],
            [sharp::from_dual_total_correlation, |x, s| {
                Known::about(s.tokens()).dual_total_correlation(x).bounds(s)
            }],
            [sharp::from_single_token_entropy, |x, s| {
                Known::about(s.tokens()).single_token_entropy(x).bounds(s)
            }],
        ];
        for tokens in [1, 2, 5] {
            for steps in [1, tokens] {
                let schedule = Schedule::balanced(tokens, steps).unwrap();
                for factor in factors {
                    let value = Nats(noise * F::from_f64(factor).unwrap());
                    for [one, other] in pairs {
                        let (one, other) = (one(value, &schedule), other(value, &schedule));
                        assert_eq!(one.is_ok(), other.is_ok(), "{value}: {one:?} {other:?}");
                        if let (Ok(one), Ok(other)) = (one, other) {
                            let apart = (one.upper - other.upper).0.abs();
                            assert!(one.lower <= one.upper && other.lower <= other.upper);
                            assert!(apart <= one.upper.0 * F::tolerance(), "{one:?} {other:?}");
                        }
                    }
                }
            }
        }
    }
    check::<f64>();
    check::<f32>();
}

#[test]
fn a_correlation_that_tells_two_plans_apart_by_less_than_its_rounding_keeps_both() {
    // DTC = 2 I_2 + 3 (I_3 - I_2): the first term is far below the rounding of the second.
    let information = [0.0, 0.0, 4.439110554948156e-19, 0.028247782986424295, 0.028247782986424295];
    let curve = InformationCurve::from_information(information).unwrap();
    let known = Known::about(5)
        .information(2, curve.information(2))
        .information(3, curve.information(3))
        .dual_total_correlation(curve.dual_total_correlation());
    let schedule = Schedule::from_reveal_sizes([1, 2, 1, 1]).unwrap();
    let bounds = known.bounds(&schedule).unwrap();
    assert!(bounds.contains(curve.sampling_error(&schedule).unwrap()), "{bounds:?}");
    assert!(bounds.upper.0 < 1e-14);
}

#[test]
fn bounds_from_a_tables_own_correlations_contain_its_exact_error() {
    fn check<F: Scalar>(generator: &mut ChaCha8Rng, cases: usize) -> usize {
        let mut missed = 0;
        for case in 0..cases {
            let tokens = generator.random_range(2..=4);
            // Nearly independent: little but rounding is left of the correlations.
            let noise = 2.0_f64.powi(-generator.random_range(0..24));
            let weights: Vec<F> = (0..1 << tokens)
                .map(|_| F::from_f64(1.0 + noise * generator.random::<f64>()).unwrap())
                .collect();
            let table = JointTable::from_weights(&vec![2; tokens], weights).unwrap();
            let schedule = Schedule::balanced(tokens, generator.random_range(1..=tokens)).unwrap();
            let exact = table.information_curve().unwrap().sampling_error(&schedule).unwrap();
            let correlations = table.correlations();
            let bounds = correlations.known(tokens).bounds(&schedule).unwrap();
            assert!(bounds.contains(exact), "case {case}: {bounds:?} misses {exact:e}");
            // What is allowed for is rounding, not more.
            assert!(correlations.rounding.0 < F::cancellation_noise());
            let plain =
                sharp::from_correlations(correlations.total, correlations.dual_total, &schedule);
            missed += usize::from(!plain.unwrap().contains(exact));
        }
        missed
    }
    let mut generator = support::generator(140);
    let missed = check::<f64>(&mut generator, 2000) + check::<f32>(&mut generator, 2000);
    // Without their rounding the numbers alone do miss: the test can fail.
    assert!(missed > 0);
}

#[test]
fn the_averaged_output_shows_what_the_data_can_show() {
    let weights = [1.0, 1e-200, 1e-200, 1e-200];
    let table: JointTable = JointTable::from_weights(&[2, 2], weights).unwrap();
    let schedule = Schedule::one_step(2).unwrap();
    let output = sampler::averaged_law(&table, &schedule).unwrap();
    let (averaged, expected) =
        (table.kl_divergence(&output).unwrap(), sampler::expected_kl(&table, &schedule).unwrap());
    assert!(averaged.0.is_finite() && averaged <= expected, "{averaged:e} {expected:e}");
    let narrow: JointTable<f32> =
        JointTable::from_weights(&[2, 2], [1.0, 1e-30, 1e-30, 1e-30]).unwrap();
    let output = sampler::averaged_law(&narrow, &schedule).unwrap();
    assert!(narrow.kl_divergence(&output).unwrap().0.is_finite());
}

#[test]
fn what_is_ordered_on_paper_is_ordered_in_floats() {
    let mut generator = support::generator(141);
    for _ in 0..2000 {
        let tokens = generator.random_range(1..=12);
        let mut information = vec![0.0_f64; tokens];
        for k in 1..tokens {
            // Few values, so that many ties are broken by rounding only.
            information[k] = information[k - 1] + 0.1 * f64::from(generator.random_range(0..3_u8));
        }
        let curve = InformationCurve::from_information(information).unwrap();
        let steps = generator.random_range(1..=tokens);
        let schedule = Schedule::balanced(tokens, steps).unwrap();
        let audit = unmaskcost::audit::with_curve(&curve, &schedule).unwrap();
        assert!(audit.least_error <= curve.sampling_error(&schedule).unwrap());
        assert_eq!(curve.sampling_error(&audit.best), Ok(audit.least_error));
        for step in 1..=tokens {
            let sharpened = li_cai::worst_schedule_lower_sharpened(&curve, step).unwrap();
            assert!(sharpened <= li_cai::offset_mean(&curve, step).unwrap());
        }
    }
}
