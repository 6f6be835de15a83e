//! Exact arithmetic as the judge. Increments are integers of up to 100 bits times a power of two, their
//! errors are sums of big integers, and nothing here has a tolerance, except where a result states its own.

use crate::support;

use num_bigint::{BigInt, Sign};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt};
use support::{generator, times};
use unmaskcost::bounds::sharp::{self, Known};
use unmaskcost::bounds::{KlBounds, Knowledge, dimension_free, li_cai, universal, wainwright};
use unmaskcost::{InformationCurve, Nats, Result, Scalar, Schedule, optimal};

/// `number * 2^exponent`.
#[derive(Debug, Clone)]
struct Exact {
    number: BigInt,
    exponent: i64,
}

/// A binary float, as its standard describes it.
trait Binary: Scalar {
    /// The bits of a normal number's significand.
    const PRECISION: i64;
    /// The exponent of the smallest positive number.
    const LEAST: i64;
    /// All finite numbers are below two to this.
    const END: i64;

    fn wide(self) -> f64 {
        self.to_f64().unwrap()
    }
}

impl Binary for f64 {
    const PRECISION: i64 = 53;
    const LEAST: i64 = -1074;
    const END: i64 = 1024;
}

impl Binary for f32 {
    const PRECISION: i64 = 24;
    const LEAST: i64 = -149;
    const END: i64 = 128;
}

impl Exact {
    fn of<F: Binary>(x: F) -> Self {
        let bits = x.wide().to_bits();
        let (field, fraction) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
        assert!(field != 0x7ff, "{x} is not finite");
        let significand = if field == 0 { fraction } else { fraction | 1 << 52 };
        let sign = if bits >> 63 == 1 { Sign::Minus } else { Sign::Plus };
        let number = BigInt::from_biguint(sign, significand.into());
        Self { number, exponent: field.max(1) - 1075 }
    }

    /// The numerator at an exponent that is no larger than its own.
    fn at(&self, exponent: i64) -> BigInt {
        &self.number << usize::try_from(self.exponent - exponent).unwrap()
    }

    fn at_most(&self, other: &Self) -> bool {
        let exponent = self.exponent.min(other.exponent);
        self.at(exponent) <= other.at(exponent)
    }

    /// The nearest float; of two, the one with an even last digit.
    fn round<F: Binary>(&self) -> F {
        let top = self.exponent + self.number.bits() as i64;
        let unit = (top - F::PRECISION).max(F::LEAST).max(self.exponent);
        let dropped = usize::try_from(unit - self.exponent).unwrap();
        let mut kept = &self.number >> dropped;
        let twice_rest = (&self.number - (&kept << dropped)) << 1_usize;
        let odd = kept.bit(0);
        match twice_rest.cmp(&(BigInt::from(1) << dropped)) {
            std::cmp::Ordering::Greater => kept += 1,
            std::cmp::Ordering::Equal if odd => kept += 1,
            _ => {}
        }
        // Every factor is a power of two, and every product a float of the narrower type.
        let significand = F::from_i64(i64::try_from(kept).unwrap()).unwrap();
        let two = F::from_f64(2.0).unwrap();
        let half = (unit / 2) as i32;
        significand * two.powi(half) * two.powi(unit as i32 - half)
    }

    /// One unit in the last place of the nearest float.
    fn unit_in_last_place<F: Binary>(&self) -> Self {
        let top = self.exponent + self.number.bits() as i64;
        Self { number: 1.into(), exponent: (top - F::PRECISION).max(F::LEAST) }
    }
}

/// A curve of integers: what is known of it without rounding.
struct Curve {
    /// `d_0 = 0, d_1, ..`
    increments: Vec<BigInt>,
    exponent: i64,
}

impl Curve {
    /// Increments of few or of many bits, plateaus, jumps and decay, anywhere in the range of `F`.
    fn random<F: Binary>(generator: &mut ChaCha8Rng) -> Self {
        let tokens = match generator.random_range(0..10) {
            0 => 1,
            1..=7 => generator.random_range(2..=12),
            8 => generator.random_range(13..=70),
            _ => generator.random_range(71..=300),
        };
        let kind = generator.random_range(0..4);
        let share_of_zeros = *pick(generator, &[0.0, 0.3, 0.9]);
        let same = generator.random_range(1..=100);
        let mut increments = vec![BigInt::ZERO];
        for m in 1..tokens {
            let bits = match kind {
                0 => same,
                1 => generator.random_range(1..=100),
                2 => (100 - 3 * m).max(1),
                _ => *pick(generator, &[1, 99]),
            };
            let number = u128::from(generator.next_u64()) << 64 | u128::from(generator.next_u64());
            let number =
                if generator.random_bool(share_of_zeros) { 0 } else { number >> (128 - bits) };
            increments.push(number.into());
        }
        // What underflows to zero is said to be zero, and a zero is taken at its word.
        let positive = increments.iter().filter(|d| d.sign() == Sign::Plus);
        let smallest = positive.map(|d| d.bits() as i64).min().unwrap_or(1);
        let least = F::LEAST + 1 - smallest;
        // `L^2 I_{L-1}` stays finite: what is beyond may be refused.
        let last: BigInt = increments.iter().sum();
        let room = F::END - 20 - last.bits() as i64;
        let exponent = match generator.random_range(0..4) {
            0 => room,
            1 => least + generator.random_range(0..=30),
            2 => -generator.random_range(0..=120),
            _ => generator.random_range(least..=room.max(least)),
        };
        Self { increments, exponent: exponent.clamp(least, room.max(least)) }
    }

    fn tokens(&self) -> usize {
        self.increments.len()
    }

    fn exact(&self, number: BigInt) -> Exact {
        Exact { number, exponent: self.exponent }
    }

    /// `sum_m w_m d_m`.
    fn weighted(&self, weight: impl Fn(usize) -> usize) -> Exact {
        let terms = self.increments.iter().enumerate().map(|(m, d)| d * BigInt::from(weight(m)));
        self.exact(terms.sum())
    }

    fn information(&self, k: usize) -> Exact {
        self.exact(self.increments[..=k].iter().sum())
    }

    fn total_correlation(&self) -> Exact {
        self.weighted(|m| self.tokens() - m)
    }

    fn dual_total_correlation(&self) -> Exact {
        self.weighted(|m| m)
    }

    fn token_information(&self) -> Exact {
        self.weighted(|_| self.tokens())
    }

    fn error(&self, schedule: &Schedule) -> Exact {
        // From the definition: what each token of a step loses by not seeing those revealed with it.
        let mut ends = Vec::new();
        for step in schedule.ranges() {
            ends.extend(std::iter::repeat_n((step.start, step.end), step.len()));
        }
        self.weighted(|m| if m == ends[m].0 { 0 } else { ends[m].1 - m })
    }
}

fn pick<'a, T>(generator: &mut ChaCha8Rng, choices: &'a [T]) -> &'a T {
    &choices[generator.random_range(0..choices.len())]
}

fn schedule_of(tokens: usize, generator: &mut ChaCha8Rng) -> Schedule {
    let cut = *pick(generator, &[0.02, 0.1, 0.3, 0.5, 0.8]);
    let mut sizes = vec![1];
    for _ in 1..tokens {
        match sizes.last_mut() {
            Some(last) if !generator.random_bool(cut) => *last += 1,
            _ => sizes.push(1),
        }
    }
    if generator.random_bool(0.3) {
        sizes.sort_unstable();
        let first = generator.random_range(0..sizes.len());
        sizes.rotate_left(first);
    }
    Schedule::from_reveal_sizes(sizes).unwrap()
}

#[track_caller]
fn contains<F: Binary>(bounds: Result<KlBounds<F>>, exact: &Exact, case: impl Fn() -> String) {
    let bounds = bounds.unwrap_or_else(|error| panic!("{error}: {}", case()));
    assert!(Exact::of(bounds.lower.0).at_most(exact), "lower of {bounds:?}: {}", case());
    assert!(exact.at_most(&Exact::of(bounds.upper.0)), "upper of {bounds:?}: {}", case());
}

#[track_caller]
fn above<F: Binary>(bound: Result<Nats<F>>, exact: &Exact, case: impl Fn() -> String) {
    contains(bound.map(|upper| KlBounds::new(Nats(F::zero()), upper).unwrap()), exact, case);
}

/// A few statements about the curve, each rounded to the nearest float.
fn random_statements<F: Binary>(curve: &Curve, generator: &mut ChaCha8Rng) -> Known<F> {
    let tokens = curve.tokens();
    let mut known = Known::about(tokens);
    for _ in 0..generator.random_range(0..6) {
        let k = generator.random_range(0..tokens);
        let value = Nats(curve.information(k).round::<F>());
        known = match generator.random_range(0..3) {
            0 => known.information(k, value),
            1 => known.information_between(k, Nats(F::zero()), value),
            _ => known.information_between(k, value, value * F::from_f64(1.5).unwrap()),
        };
    }
    if generator.random_bool(0.4) {
        known = known.total_correlation(Nats(curve.total_correlation().round()));
    }
    if generator.random_bool(0.4) {
        known = known.dual_total_correlation(Nats(curve.dual_total_correlation().round()));
    }
    match generator.random_range(0..3) {
        0 => known.token_information(Nats(curve.token_information().round())),
        1 => known.single_token_entropy(Nats(curve.information(tokens - 1).round())),
        _ => {
            let two = F::from_f64(2.0).unwrap();
            known.single_token_entropy(Nats(curve.information(tokens - 1).round::<F>() * two))
        }
    }
}

/// Statements that are all off by as much as `off` at most, and say so.
fn statements_off_by<F: Binary>(curve: &Curve, generator: &mut ChaCha8Rng) -> Known<F> {
    let tokens = curve.tokens();
    let last = curve.information(tokens - 1).round::<F>();
    let off = last * F::from_f64(2.0).unwrap().powi(-generator.random_range(1..30));
    let mut moved = |exact: Exact| {
        let eighths = generator.random_range(-8..=8);
        let by = Exact {
            number: Exact::of(off).number * eighths,
            exponent: Exact::of(off).exponent - 3,
        };
        let exponent = exact.exponent.min(by.exponent);
        let number = (exact.at(exponent) + by.at(exponent)).max(BigInt::ZERO);
        Nats(Exact { number, exponent }.round::<F>())
    };
    let last = moved(curve.information(tokens - 1));
    let mut known = Known::about(tokens).off_by(Nats(off)).information(tokens - 1, last);
    for k in 0..tokens {
        let value = moved(curve.information(k));
        if k % 3 == 1 {
            known = known.information(k, value);
        }
    }
    let (total, dual) = (moved(curve.total_correlation()), moved(curve.dual_total_correlation()));
    match tokens % 4 {
        0 => known,
        1 => known.total_correlation(total),
        2 => known.dual_total_correlation(dual),
        _ => known.total_correlation(total).dual_total_correlation(dual),
    }
}

/// Bounds from rounded numbers hold for the numbers before rounding.
fn check_knowledge<F: Binary>(seed: u64) {
    let mut generator = generator(seed);
    for _ in 0..times(3_000) {
        let curve = Curve::random::<F>(&mut generator);
        let tokens = curve.tokens();
        let schedule = schedule_of(tokens, &mut generator);
        let exact = curve.error(&schedule);
        let case = || format!("{schedule}, {:?} * 2^{}", curve.increments, curve.exponent);
        let total = Nats(curve.total_correlation().round::<F>());
        let dual = Nats(curve.dual_total_correlation().round::<F>());
        let information = Nats(curve.token_information().round::<F>());
        let last = Nats(curve.information(tokens - 1).round::<F>());

        contains(sharp::from_total_correlation(total, &schedule), &exact, case);
        contains(sharp::from_dual_total_correlation(dual, &schedule), &exact, case);
        contains(sharp::from_correlations(total, dual, &schedule), &exact, case);
        contains(sharp::from_token_information(information, &schedule), &exact, case);
        contains(sharp::from_single_token_entropy(last, &schedule), &exact, case);
        let mut ks = vec![tokens - 1];
        ks.extend((0..generator.random_range(0..5)).map(|_| generator.random_range(0..tokens)));
        let point = |&k: &usize| (k, Nats(curve.information(k).round::<F>()));
        let points: Vec<(usize, Nats<F>)> = ks.iter().map(point).collect();
        contains(sharp::from_known_points(&points, &schedule), &exact, case);
        let known = random_statements::<F>(&curve, &mut generator);
        contains(known.bounds(&schedule), &exact, || format!("{known:?}: {}", case()));
        let known = statements_off_by::<F>(&curve, &mut generator);
        contains(known.bounds(&schedule), &exact, || format!("{known:?}: {}", case()));

        above(li_cai::upper(information, &schedule), &exact, case);
        above(dimension_free::upper(last, &schedule), &exact, case);
        above(universal::from_smaller_correlation(total.min(dual), &schedule), &exact, case);
    }
}

#[test]
fn bounds_of_rounded_numbers_contain_the_exact_error() {
    check_knowledge::<f64>(14_001);
}

#[test]
fn bounds_of_rounded_numbers_contain_the_exact_error_in_f32() {
    check_knowledge::<f32>(14_002);
}

/// What a curve says of itself is right to four units in the last place, and its bounds hold for what
/// it was given.
fn check_curve<F: Binary>(seed: u64) {
    let mut generator = generator(seed);
    for _ in 0..times(2_000) {
        let unrounded = Curve::random::<F>(&mut generator);
        let tokens = unrounded.tokens();
        let schedule = schedule_of(tokens, &mut generator);
        let values: Vec<F> = (0..tokens).map(|k| unrounded.information(k).round()).collect();
        let curve = InformationCurve::from_information(&values).unwrap();
        // The numbers given, exactly: differences of floats.
        let exponent = F::LEAST - 1024;
        let numbers: Vec<BigInt> = values.iter().map(|&x| Exact::of(x).at(exponent)).collect();
        let mut increments = vec![BigInt::ZERO];
        increments.extend(numbers.windows(2).map(|pair| &pair[1] - &pair[0]));
        let given = Curve { increments, exponent };
        let exact = given.error(&schedule);
        let case = || format!("{schedule}, {values:?}");

        let near = |found: Nats<F>, exact: &Exact, what: &str| {
            let unit = exact.unit_in_last_place::<F>();
            let least = exact.exponent.min(unit.exponent);
            let slack = Exact { number: unit.at(least) * 4, exponent: least };
            let end = |sign: i32| Exact {
                number: exact.at(least) + slack.at(least) * sign,
                exponent: least,
            };
            let found = Exact::of(found.0);
            assert!(end(-1).at_most(&found) && found.at_most(&end(1)), "{what}: {}", case());
        };
        let error = curve.sampling_error(&schedule).unwrap();
        near(error, &exact, "error");
        near(curve.total_correlation(), &given.total_correlation(), "TC");
        near(curve.dual_total_correlation(), &given.dual_total_correlation(), "DTC");
        near(curve.token_information(), &given.token_information(), "L I_{L-1}");

        above(li_cai::refined_upper(&curve, &schedule), &exact, case);
        above(universal::upper(&curve, &schedule), &exact, case);
        if let Ok(bound) = wainwright::upper(&curve, &schedule) {
            above(Ok(bound), &exact, case);
        }
        contains(sharp::from_token_information(curve.token_information(), &schedule), &exact, case);
        let (total, dual) = (curve.total_correlation(), curve.dual_total_correlation());
        let bounds = sharp::from_correlations(total, dual, &schedule);
        contains(bounds, &exact, case);

        // Some schedule with no larger step is as bad as these bounds say: the worst of them all is.
        let step = schedule.largest_step();
        let errors =
            li_cai::offset_schedules(tokens, step).unwrap().map(|s| given.error(&s).number);
        let errors: Vec<BigInt> = errors.collect();
        let sum: BigInt = errors.iter().sum();
        let times_mean = |bound: Nats<F>| Exact {
            number: Exact::of(bound.0).at(exponent) * BigInt::from(step),
            exponent,
        };
        let sum = Exact { number: sum, exponent };
        let mean = li_cai::offset_mean(&curve, step).unwrap();
        assert!(times_mean(mean).at_most(&sum), "mean of offsets {mean:?}: {}", case());
        let lower = li_cai::worst_schedule_lower_sharpened(&curve, step).unwrap();
        assert!(times_mean(lower).at_most(&sum), "{lower:?}: {}", case());
        let balanced = Schedule::balanced(tokens, schedule.steps()).unwrap();
        let rate = li_cai::balanced_upper(curve.token_information(), tokens, schedule.steps());
        above(rate, &given.error(&balanced), case);

        // No schedule that the search finds is worse than one drawn by chance, but for rounding.
        let (best, least) = optimal::schedule(&curve, schedule.steps()).unwrap();
        near(least, &given.error(&best), "least error");
        assert!(
            least <= error * (F::one() + F::epsilon() * F::from_f64(4.0).unwrap()),
            "{}",
            case()
        );
    }
}

#[test]
fn curves_are_right_to_four_units_in_the_last_place() {
    check_curve::<f64>(14_003);
}

#[test]
fn curves_are_right_to_four_units_in_the_last_place_in_f32() {
    check_curve::<f32>(14_004);
}

#[test]
fn the_judge_rounds_as_the_hardware_does() {
    let mut generator = generator(14_005);
    for _ in 0..2_000 {
        let number = generator.next_u64() >> generator.random_range(0..64);
        let exact = Exact { number: number.into(), exponent: 0 };
        assert_eq!(exact.round::<f64>(), number as f64);
        assert_eq!(exact.round::<f32>(), number as f32);
        let x = f64::from_bits(generator.next_u64());
        if x.is_finite() {
            assert_eq!(Exact::of(x.abs()).round::<f64>(), x.abs());
            if x.abs() < f64::from(f32::MAX) {
                assert_eq!(Exact::of(x.abs()).round::<f32>(), x.abs() as f32);
            }
        }
    }
}
