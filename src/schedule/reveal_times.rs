use core::f64::consts::PI;

use crate::error::{Error, Result, check_limit};
use crate::numeric::binomial::Binomial;
use crate::numeric::quadrature::gauss_legendre;
use crate::numeric::scalar;
use crate::schedule::{Passes, Schedule, check_list_fits};

/// Random reveal sizes: each masked token is revealed by a coin of its own.
///
/// The times `0 = t_0 <= t_1 <= .. <= t_T = 1` are the parts of the tokens revealed, on average, after
/// each step. A step between equal times reveals nothing, for certain. This is the sampler of MDLM,
/// SEDD and Dream's `origin`. One may think of each token drawing a time, uniform in 0..1: the step
/// whose interval contains it reveals it.
///
/// # Formula
/// ```text
/// P(a token masked at t_i is revealed by t_{i+1}) = (t_{i+1} - t_i) / (1 - t_i)
/// ```
///
/// The error on a curve is
/// [`InformationCurve::expected_sampling_error`](crate::InformationCurve::expected_sampling_error).
/// Times are `f64` whatever the scalar of the curve.
///
/// ```
/// use unmaskcost::schedule::RevealTimes;
/// let times = RevealTimes::equal(1024)?;
/// // A thousand passes of which a third reveals nothing, so that others must reveal several.
/// assert_eq!(times.expected_nonempty_steps(1024).round(), 647.0);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RevealTimes {
    times: Vec<f64>,
}

/// How parts of a sequence become whole tokens. The last step always takes what is left.
///
/// ```
/// use unmaskcost::schedule::{RevealTimes, Rounding};
/// let times = RevealTimes::equal(4)?;
/// let sizes = |rule| times.round(10, rule).map(|plan| plan.schedule().to_string());
/// assert_eq!(sizes(Rounding::RevealedNearest)?, "(3, 2, 3, 2)");
/// assert_eq!(sizes(Rounding::StepTruncated)?, "(2, 2, 3, 3)");
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Rounding {
    /// Tokens revealed so far: `round(L t_i)`, halves away from zero. Never off by more than half a
    /// token.
    RevealedNearest,
    /// Tokens revealed so far: `floor(L t_i)`.
    RevealedFloor,
    /// Tokens still masked: `floor(L (1 - t_i))`.
    MaskedFloor,
    /// As [`Rounding::MaskedFloor`], but each pass reveals at least one token as long as two are
    /// masked, and one is left for the last pass: the clamp of MaskGIT and aMUSEd.
    MaskedFloorClamped,
    /// Size of the step: `round(m p)`, halves to even, where m tokens are masked and p is the
    /// probability of the formula above. The rule of dllm. Errors of rounding feed back into m.
    StepNearest,
    /// Size of the step: `trunc(m p)`. The rule of Dream and llama.cpp. What truncation leaves is
    /// taken by the last step.
    StepTruncated,
}

impl RevealTimes {
    /// The random sizes with the times `t_0 = 0 <= t_1 <= .. <= t_T = 1`.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for fewer than two times, [`NotFinite`](Error::NotFinite),
    /// [`OutOfRange`](Error::OutOfRange), [`NotMonotone`](Error::NotMonotone), and
    /// [`Inconsistent`](Error::Inconsistent) unless the last is 1.
    ///
    /// ```
    /// use unmaskcost::{Error, schedule::RevealTimes};
    /// assert_eq!(RevealTimes::from_times([0.0, 0.25, 1.0])?.steps(), 2);
    /// assert_eq!(RevealTimes::from_times([0.0, 0.25, 0.25, 1.0])?.certainly_empty_steps(), 1);
    /// let back = RevealTimes::from_times([0.0, 0.25, 0.2, 1.0]);
    /// assert!(matches!(back, Err(Error::NotMonotone { index: 2, .. })));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_times(times: impl AsRef<[f64]>) -> Result<Self> {
        let (what, mut times) = ("the reveal times", times.as_ref().to_vec());
        let [first, .., last] = times.as_slice() else {
            return Err(Error::Empty { what: "the list of steps between reveal times" });
        };
        scalar::check_finite(what, &times)?;
        if *first != 0.0 {
            return Err(scalar::first_not_zero("the first reveal time", *first));
        }
        if let Some(i) = times.windows(2).position(|pair| pair[0] > pair[1]) {
            let (previous, value, tolerance) = (times[i], times[i + 1], 0.0);
            return Err(Error::NotMonotone { what, index: i + 1, previous, value, tolerance });
        }
        if *last != 1.0 {
            return Err(Error::Inconsistent { inequality: "t_T = 1", left: *last, right: 1.0 });
        }
        // Negative zeros are zeros.
        times.iter_mut().for_each(|t| *t += 0.0);
        Ok(Self { times })
    }

    /// `T` equal steps: `t_i = i / T`.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no step; [`TooLarge`](Error::TooLarge) for more than 2^24.
    pub fn equal(steps: usize) -> Result<Self> {
        Self::linear_to(1.0, steps, false)
    }

    /// MDLM with log-linear noise, and SEDD with the same: T equal steps down to a masked part of
    /// 1e-5, and one more pass that fills what is left. So it has T + 1 steps.
    ///
    /// MDLM's default sampler (`ddpm_cache`, without time conditioning) keeps a prediction until a token
    /// is revealed: a step that reveals nothing in any sequence of the batch costs no forward pass. For one sequence
    /// it runs 2 passes more than there are nonempty steps among the first T - 1: 16.76 on average for 64 tokens and
    /// T = 16. Its last pass takes the likeliest symbols instead of drawing them, for the 1e-5 L tokens that are
    /// left on average.
    ///
    /// SEDD runs all passes. With log-linear noise its predictors `euler` (the default) and `analytic`
    /// reveal a token with the same probability; with geometric noise only `analytic` follows
    /// `alpha = exp(-sigma)`, for which see [`NoiseSchedule`](crate::schedule::NoiseSchedule).
    ///
    /// Source: kuleshov-group/mdlm `diffusion.py` @b886f9f, `configs/config.yaml` @06dd29f;
    /// louaaron/Score-Entropy-Discrete-Diffusion `sampling.py`, `graph_lib.py`, `noise_lib.py` @0605786.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no step; [`TooLarge`](Error::TooLarge) for more than 2^24.
    pub fn mdlm(steps: usize) -> Result<Self> {
        Self::linear_to(1.0 - 1e-5, steps, true)
    }

    /// Dream's `origin`: the times of `linspace(1, 1e-3, T + 1)`, except that the last step takes all.
    ///
    /// Source: `dream/model/generation_utils.py` in NVlabs/Fast-dLLM @24cc59e.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no step; [`TooLarge`](Error::TooLarge) for more than 2^24.
    pub fn dream_origin(steps: usize) -> Result<Self> {
        Self::linear_to(1.0 - 1e-3, steps, false)
    }

    /// The discrete Euler solver of flow_matching with its polynomial schedule of exponent 1: in steps of length `h = 1/T` each masked token is
    /// revealed with probability `1 - exp(-h / (1 - t))`, and the last step takes all. That leaves much to the last step, a part of
    /// about `e^(1 - gamma) / T = 1.5 / T`, gamma Euler's constant.
    ///
    /// # Formula
    /// ```text
    /// t_i = 1 - exp(-sum_{j < i} 1 / (T - j))   for i < T
    /// ```
    /// Source: facebookresearch/flow_matching `flow_matching/solver/discrete_solver.py` @11568d3.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no step; [`TooLarge`](Error::TooLarge) for more than 2^24.
    pub fn flow_matching(steps: usize) -> Result<Self> {
        if steps == 0 {
            return Err(Error::Empty { what: "the list of steps between reveal times" });
        }
        check_list_fits("steps", steps)?;
        let mut intensity = 0.0;
        let mut times = vec![0.0];
        for left in (2..=steps).rev() {
            intensity += 1.0 / left as f64;
            times.push(-(-intensity).exp_m1());
        }
        times.push(1.0);
        Self::from_times(times)
    }

    /// The times of a fixed schedule: `t_i = k_i / L`. [`RevealTimes::round`] with
    /// [`Rounding::RevealedNearest`] goes back, up to 2^51 tokens; beyond, times of `f64` do not tell all
    /// counts apart, and short steps may become certainly empty ones.
    ///
    /// ```
    /// use unmaskcost::{Schedule, schedule::{RevealTimes, Rounding}};
    /// let schedule = Schedule::from_reveal_sizes([1, 2, 5])?;
    /// let times = RevealTimes::of_schedule(&schedule);
    /// assert_eq!(times.times(), [0.0, 0.125, 0.375, 1.0]);
    /// assert_eq!(times.round(8, Rounding::RevealedNearest)?.schedule(), &schedule);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn of_schedule(schedule: &Schedule) -> Self {
        let tokens = schedule.tokens() as f64;
        let ends = schedule.ranges().map(|range| range.end as f64 / tokens);
        Self { times: core::iter::once(0.0).chain(ends).collect() }
    }

    /// Equal steps up to `end`; the rest in the last of them or, if `extra`, in one more.
    fn linear_to(end: f64, steps: usize, extra: bool) -> Result<Self> {
        if steps == 0 {
            return Err(Error::Empty { what: "the list of steps between reveal times" });
        }
        check_list_fits("steps", steps)?;
        let inner = if extra { steps } else { steps - 1 };
        let mut times: Vec<f64> = (0..=inner).map(|i| end * (i as f64 / steps as f64)).collect();
        times.push(1.0);
        Self::from_times(times)
    }

    /// T, the number of steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.times.len() - 1
    }

    /// `t_0 .. t_T`.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The parts of the sequence that each step reveals on average: `t_{i+1} - t_i`.
    pub fn parts(&self) -> impl Iterator<Item = f64> + '_ {
        self.times.windows(2).map(|pair| pair[1] - pair[0])
    }

    /// The number of steps between equal times, which reveal nothing whatever the coins. O(T).
    ///
    /// ```
    /// use unmaskcost::schedule::NoiseSchedule;
    /// // The last of 1000 steps: 1e-18 of the tokens is left to it.
    /// let times = NoiseSchedule::polynomial(6.0)?.times(1000)?;
    /// assert_eq!((times.steps(), times.certainly_empty_steps()), (1000, 1));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn certainly_empty_steps(&self) -> usize {
        self.parts().filter(|&part| part == 0.0).count()
    }

    /// Fixed integer sizes near these times, by a named rule. O(T).
    ///
    /// A time is a float, so a product with it may miss a whole number by rounding alone. A product that
    /// is as near to a whole number, or to the half between two, as four roundings of its times could
    /// bring it, counts as that number. So equal steps give what exact fractions give, as long as the
    /// product of tokens and steps is below 2^49; with as many steps as tokens, every rule gives single
    /// tokens.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no token.
    ///
    /// ```
    /// use unmaskcost::schedule::{RevealTimes, Rounding};
    /// let tenths = RevealTimes::equal(10)?;
    /// assert_eq!(tenths.round(10, Rounding::RevealedFloor)?.schedule().sizes(), [1; 10]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn round(&self, tokens: usize, rounding: Rounding) -> Result<Passes> {
        let total = tokens as f64;
        let mut masked = tokens;
        let mut reveal = |pair: &[f64]| {
            let (start, end) = (pair[0], pair[1]);
            let revealed = Product::new(total * end, NOISE);
            let left = match rounding {
                Rounding::RevealedNearest => tokens.saturating_sub(revealed.nearest() as usize),
                Rounding::RevealedFloor => tokens.saturating_sub(revealed.floor() as usize),
                Rounding::MaskedFloor => tokens.saturating_sub(revealed.ceil() as usize),
                Rounding::MaskedFloorClamped => {
                    let left = tokens.saturating_sub(revealed.ceil() as usize);
                    left.min(masked.saturating_sub(1)).max(1)
                }
                Rounding::StepNearest | Rounding::StepTruncated => {
                    let part = end - start;
                    let size = Product::new(masked as f64 * (part / (1.0 - start)), NOISE / part);
                    let nearest = rounding == Rounding::StepNearest;
                    let size = if nearest { size.nearest_even() } else { size.floor() };
                    masked.saturating_sub(size as usize)
                }
            };
            let left = if end == 1.0 { 0 } else { left.min(masked) };
            let size = masked - left;
            masked = left;
            size
        };
        Passes::of(self.times.windows(2).map(&mut reveal).collect::<Vec<_>>())
    }

    /// The expected number of steps that reveal at least one of `tokens` tokens. O(T).
    ///
    /// # Formula
    /// ```text
    /// sum_i 1 - (1 - (t_{i+1} - t_i))^L
    /// ```
    ///
    /// ```
    /// use unmaskcost::schedule::RevealTimes;
    /// assert_eq!(RevealTimes::equal(5000)?.expected_nonempty_steps(1024).round(), 926.0);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn expected_nonempty_steps(&self, tokens: usize) -> f64 {
        if tokens == 0 {
            return 0.0;
        }
        scalar::sum(self.parts().map(|part| -(tokens as f64 * (-part).ln_1p()).exp_m1()))
    }

    /// The distribution of the number of steps that reveal at least one token: element `j` is the probability
    /// of `j` such steps, `j = 0 .. T`.
    ///
    /// # Formula
    /// ```text
    /// P(j) = L! [z^L y^j] prod_i (1 + y (exp((t_{i+1} - t_i) z) - 1))
    /// ```
    /// The coefficient of z^L is taken by the trapezoidal rule on the circle of radius L, which is exact
    /// up to rounding with `9 sqrt(L) + 30` points. All but some 60 of them have no weight, so the time
    /// is O(T^2) at any length. Rounding grows with the steps: the absolute error is about 1e-15 up to
    /// 1000 of them, 1e-13 at 10,000 and 2e-13 at 20,000.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no token; [`TooLarge`](Error::TooLarge) for more than 2^33 products of
    /// factors, which is some 17,000 steps, and some ten seconds.
    ///
    /// ```
    /// use unmaskcost::schedule::RevealTimes;
    /// // Two tokens, two equal steps: together in one step, or apart.
    /// let law = RevealTimes::equal(2)?.nonempty_steps_law(2)?;
    /// assert!((law[1] - 0.5).abs() < 1e-14 && (law[2] - 0.5).abs() < 1e-14);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn nonempty_steps_law(&self, tokens: usize) -> Result<Vec<f64>> {
        const MAX_WORK: u128 = 1 << 33;
        if tokens == 0 {
            return Err(Error::Empty { what: "the sequence of masked tokens" });
        }
        let circle = Circle::new(tokens);
        let (steps, points) = (self.steps() as u128, circle.points_that_count() as u128);
        let needed = steps.saturating_mul(steps).saturating_mul(points) / 2;
        check_limit("products of factors", needed, MAX_WORK)?;
        let mut law = vec![0.0; self.steps() + 1];
        for point in circle.points() {
            self.add_point(&point, circle.radius, &mut law);
        }
        law.iter_mut().skip(tokens.saturating_add(1)).for_each(|p| *p = 0.0);
        law.iter_mut().for_each(|p| *p = p.max(0.0));
        law[0] = 0.0;
        let total = scalar::sum(law.iter().copied());
        law.iter_mut().for_each(|p| *p /= total);
        Ok(law)
    }

    /// The product of the factors of all steps at one point of the circle, times its weight: a polynomial in y.
    fn add_point(&self, point: &Point, radius: f64, law: &mut [f64]) {
        let mut coefficients = vec![(0.0, 0.0); law.len()];
        coefficients[0] = point.weight;
        for (i, part) in self.parts().enumerate() {
            let shrink = (-part * radius * point.angle.cos()).exp();
            let phase = -part * radius * point.angle.sin();
            let empty = (shrink * phase.cos(), shrink * phase.sin());
            let nonempty = (1.0 - empty.0, -empty.1);
            for j in (0..=i + 1).rev() {
                let fewer = if j > 0 { coefficients[j - 1] } else { (0.0, 0.0) };
                let (a, b) = (product(coefficients[j], empty), product(fewer, nonempty));
                coefficients[j] = (a.0 + b.0, a.1 + b.1);
            }
        }
        law.iter_mut().zip(&coefficients).for_each(|(p, c)| *p += c.0);
    }

    /// The distribution of the number of tokens that one step reveals: element `s` is the probability of `s` out
    /// of `tokens`. It is binomial with the part `t_{step+1} - t_step`. O(tokens).
    ///
    /// # Errors
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a step that does not exist;
    /// [`TooLarge`](Error::TooLarge) for more than 2^24 tokens.
    ///
    /// ```
    /// use unmaskcost::schedule::RevealTimes;
    /// let law = RevealTimes::equal(2)?.step_size_law(2, 0)?;
    /// assert_eq!(law, [0.25, 0.5, 0.25]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn step_size_law(&self, tokens: usize, step: usize) -> Result<Vec<f64>> {
        check_tokens(tokens)?;
        let Some(part) = self.parts().nth(step) else {
            return Err(Error::IndexOutOfRange { what: "step", index: step, limit: self.steps() });
        };
        let mut law = vec![0.0; tokens + 1];
        if part == 0.0 {
            law[0] = 1.0;
        } else if part == 1.0 {
            law[tokens] = 1.0;
        } else {
            Binomial::new(tokens).for_each(part, 1.0 - part, |s, p| law[s] = p);
        }
        Ok(law)
    }

    /// The mean of the [sawtooth](Schedule::sawtooth) over the random sizes: the weights by which the
    /// increments of an information curve enter the expected error, at index `m = 1 .. L-1`; index 0
    /// holds 0.
    ///
    /// # Formula
    /// ```text
    /// c_m = L E[next(V) - V],   V ~ Beta(m, L - m),   next(v) = the first t_i above v
    /// ```
    /// That is the sawtooth of the times, drawn over 0..1 and smoothed over the place of the m-th of
    /// `L - 1` uniform tokens. All terms are nonnegative, so nothing cancels, even for steps so short
    /// that they hardly ever reveal two tokens: relative accuracy 1e-12.
    ///
    /// Gauss-Legendre quadrature in the angle `asin(sqrt(v))`, in which all beta distributions are about equally
    /// wide, with binomial weights within 12 standard deviations: O((T + sqrt(L)) sqrt(L)).
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no token; [`TooLarge`](Error::TooLarge) for more than 2^24, or if it
    /// would take more than 2^40 products.
    ///
    /// ```
    /// use unmaskcost::schedule::RevealTimes;
    /// // All in one step: the sawtooth of one step is L - m.
    /// let weights = RevealTimes::equal(1)?.mean_sawtooth(4)?;
    /// for (m, expected) in [0.0, 3.0, 2.0, 1.0].into_iter().enumerate() {
    ///     assert!((weights[m] - expected).abs() < 1e-12);
    /// }
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn mean_sawtooth(&self, tokens: usize) -> Result<Vec<f64>> {
        check_tokens(tokens)?;
        let mut weights = vec![0.0; tokens];
        if tokens < 2 {
            return Ok(weights);
        }
        let total = tokens as f64;
        // At most 12 nodes a panel, and about 8 deviations of sqrt(L) a node.
        let products =
            12.0 * (self.steps() as f64 + 2.0 * total.sqrt()) * (8.0 * total.sqrt() + 32.0);
        check_limit("products of the mean sawtooth", products as u128, 1 << 40)?;
        // The density of Beta(m, L - m) at v is (L - 1) Binomial(m - 1; L - 2, v).
        let scale = total * (total - 1.0);
        let mut places = Binomial::new(tokens - 2);
        self.for_each_node(total.sqrt(), |node| {
            let height = scale * node.weight * node.to_next;
            places.for_each(node.revealed, node.masked, |k, p| weights[k + 1] += height * p);
        });
        Ok(weights)
    }

    /// Calls `visit` with the nodes of the quadrature over 0..1: within a step, panels so short that a
    /// distribution of width `1 / resolution` in the angle is smooth on each.
    fn for_each_node(&self, resolution: f64, mut visit: impl FnMut(Node)) {
        let rules = [gauss_legendre(4), gauss_legendre(8), gauss_legendre(12)];
        let angle = |t: f64| t.sqrt().atan2((1.0 - t).sqrt());
        for pair in self.times.windows(2).filter(|pair| pair[0] < pair[1]) {
            let (start, end) = (angle(pair[0]), angle(pair[1]));
            let panels = ((end - start) * resolution).ceil().max(1.0);
            let half = (end - start) / (2.0 * panels);
            let rule = match 2.0 * half * resolution {
                width if width <= 0.05 => &rules[0],
                width if width <= 0.5 => &rules[1],
                _ => &rules[2],
            };
            for panel in 0..panels as usize {
                let center = start + (2 * panel + 1) as f64 * half;
                for &(x, w) in rule {
                    let place = center + half * x;
                    let (sin, cos) = place.sin_cos();
                    visit(Node {
                        revealed: sin * sin,
                        masked: cos * cos,
                        // sin^2(end) - sin^2(place), without cancellation.
                        to_next: (end + place).sin() * (end - place).sin(),
                        weight: half * w * 2.0 * sin * cos,
                    });
                }
            }
        }
    }

    /// Draws the reveal sizes of one run: each token draws its time. O(tokens log T).
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no token, [`TooLarge`](Error::TooLarge) for more than 2^24.
    ///
    /// ```
    /// # #[cfg(feature = "rand")] {
    /// use unmaskcost::schedule::RevealTimes;
    /// use rand::{SeedableRng, rngs::ChaCha8Rng};
    /// let mut generator = ChaCha8Rng::seed_from_u64(1);
    /// let run = RevealTimes::equal(64)?.sample(64, &mut generator)?;
    /// assert_eq!((run.schedule().tokens(), run.count()), (64, 64));
    /// # }
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn sample<R: rand::Rng + ?Sized>(
        &self,
        tokens: usize,
        generator: &mut R,
    ) -> Result<Passes> {
        use rand::RngExt;
        check_tokens(tokens)?;
        let mut sizes = vec![0; self.steps()];
        for _ in 0..tokens {
            let time = generator.random::<f64>();
            // t_0 = 0 <= time < 1 = t_T: the step before the first later time.
            let step = self.times.partition_point(|&t| t <= time).saturating_sub(1);
            if let Some(size) = sizes.get_mut(step) {
                *size += 1;
            }
        }
        Passes::of(sizes)
    }
}

/// How far four roundings may move a time: in relative terms, or absolutely for a difference of times.
const NOISE: f64 = 4.0 * f64::EPSILON;

/// A product of tokens and times, on the whole or half number that it misses by rounding alone.
#[derive(Debug, Clone, Copy)]
struct Product(f64);

impl Product {
    fn new(value: f64, relative_noise: f64) -> Self {
        let noise = value * relative_noise;
        let on = [value.round(), (2.0 * value).round() / 2.0];
        Self(on.into_iter().find(|on| (value - on).abs() <= noise).unwrap_or(value))
    }

    fn floor(self) -> f64 {
        self.0.floor()
    }

    fn ceil(self) -> f64 {
        self.0.ceil()
    }

    /// Halves away from zero.
    fn nearest(self) -> f64 {
        self.0.round()
    }

    fn nearest_even(self) -> f64 {
        self.0.round_ties_even()
    }
}

/// A node of the quadrature over the times.
struct Node {
    revealed: f64,
    /// `1 - revealed`, to full relative accuracy.
    masked: f64,
    /// The distance to the end of the step.
    to_next: f64,
    weight: f64,
}

fn check_tokens(tokens: usize) -> Result<()> {
    if tokens == 0 {
        return Err(Error::Empty { what: "the sequence of masked tokens" });
    }
    check_list_fits("tokens", tokens)
}

/// The circle of radius L on which the coefficient of z^L is taken, at `points` equal angles.
struct Circle {
    radius: f64,
    points: usize,
}

struct Point {
    angle: f64,
    /// The Poisson factor `exp(L (e^{i angle} - 1) - i L angle)`, which keeps all products near 1; twice
    /// that for a point that stands for its conjugate too.
    weight: (f64, f64),
}

impl Circle {
    /// Below this, an exponential is zero.
    const LOWEST_EXPONENT: f64 = -745.2;

    fn new(tokens: usize) -> Self {
        let radius = tokens as f64;
        Self { radius, points: (9.0 * radius.sqrt()) as usize + 30 }
    }

    /// The number of points that have a weight, without their conjugates; or one or two more.
    fn points_that_count(&self) -> usize {
        let half_sine = (Self::LOWEST_EXPONENT / (-2.0 * self.radius)).sqrt().min(1.0);
        let share = half_sine.asin() / PI;
        (share * self.points as f64).ceil() as usize + 1
    }

    /// Conjugate points give conjugate terms: the upper half of the circle is enough. The weight falls
    /// with the angle.
    fn points(&self) -> impl Iterator<Item = Point> + '_ {
        (0..=self.points / 2).map_while(|point| {
            let angle = 2.0 * PI * point as f64 / self.points as f64;
            let twice = if point == 0 || 2 * point == self.points { 1.0 } else { 2.0 };
            let size = twice * (-2.0 * self.radius * (angle / 2.0).sin().powi(2)).exp();
            let turn = -self.radius * less_its_sine(angle);
            let weight = (size * turn.cos(), size * turn.sin());
            (size > 0.0).then_some(Point { angle, weight })
        })
    }
}

/// `x - sin x`, which cancels for small angles.
fn less_its_sine(x: f64) -> f64 {
    if x > 0.5 {
        return x - x.sin();
    }
    // The Taylor series from the smallest term: x^3/6 (1 - x^2/20 (1 - x^2/42 (1 - ..))).
    let square = x * x;
    let series = [156.0, 110.0, 72.0, 42.0, 20.0].iter().fold(1.0, |sum, n| 1.0 - square / n * sum);
    x * square / 6.0 * series
}

fn product(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Work grows as (T + sqrt L) sqrt L, counted in visits of a weight.
    #[test]
    fn the_mean_sawtooth_visits_windows_and_not_the_whole_curve() {
        let visits = |tokens: usize, steps: usize| {
            let mut visits = 0_usize;
            let mut places = Binomial::new(tokens - 2);
            let times = RevealTimes::equal(steps).unwrap();
            times.for_each_node((tokens as f64).sqrt(), |node| {
                places.for_each(node.revealed, node.masked, |_, _| visits += 1);
            });
            visits as f64
        };
        let predicted = |tokens: f64, steps: f64| (steps + tokens.sqrt()) * tokens.sqrt();
        // pi/2 sqrt(L) panels of 12 nodes, windows of 24 deviations of sqrt(L)/pi on average.
        for (tokens, steps) in [(1_000, 1), (10_000, 10), (10_000, 1_000), (100_000, 1_000)] {
            let ratio = visits(tokens, steps) / predicted(tokens as f64, steps as f64);
            assert!(ratio < 150.0, "L = {tokens}, T = {steps}: {ratio}");
        }
    }
}
