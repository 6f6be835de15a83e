use super::band::{Band, Factor};
use super::noise::Noise;

/// How a second difference weighs three neighbouring points; the first of them has the number of the contrast.
pub(super) type Contrast = [f64; 3];

/// A curve of random curvature in one coordinate, seen at some points with errors: the Gaussian process behind
/// the cubic smoothing spline.
///
/// # Formula
/// ```text
/// f'' is white noise of variance t per unit of the coordinate; the straight line in f is anything
/// y = f(x) + errors of covariance C
/// z = Q' y, second differences:   z ~ N(0, M),   M = t R + Q' C Q,   R the Gram matrix of the hat functions
/// ```
/// Sources: Wahba, *J. Royal Statistical Society B* 40 (1978); Reinsch, *Numerische Mathematik* 10 (1967); Green &
/// Silverman, *Nonparametric Regression and Generalized Linear Models* (1994), chapter 2.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spline {
    /// The coordinates of all counts, from 0 to 1.
    coordinates: Vec<f64>,
    /// The counts that were measured.
    counts: Vec<usize>,
    losses: Vec<f64>,
    contrasts: Vec<Contrast>,
    /// z.
    differences: Vec<f64>,
    /// `Q' C Q`.
    noise: Band,
    /// What makes the likelihoods of different coordinates comparable: see [`Spline::log_volume`].
    log_volume: f64,
}

/// A [`Spline`] with one variance of its curvature.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Smoothed {
    pub(super) curvature: f64,
    pub(super) log_likelihood: f64,
    factor: Factor,
    /// `M^-1 z`.
    solution: Vec<f64>,
}

/// A weighted sum of the losses at all counts, as far as it does not depend on the curvature.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Functional {
    /// The weights of the measured losses if the curve is the broken line through them.
    line: Vec<f64>,
    /// The rest of the sum is the integral of `f''` times some function. This is the integral of
    /// the square of that function.
    remainder_square: f64,
    /// The integrals of that function times the hat functions.
    remainder_hats: Vec<f64>,
    /// `C` times the weights: its product with them, and its contrasts.
    line_variance: f64,
    line_contrasts: Vec<f64>,
}

/// Mean and variance of a weighted sum of losses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    pub(super) mean: f64,
    pub(super) variance: f64,
}

impl Spline {
    pub(super) fn new(
        coordinates: Vec<f64>,
        counts: Vec<usize>,
        losses: Vec<f64>,
        noise: &Noise,
    ) -> Self {
        let knots: Vec<f64> = counts.iter().map(|&count| coordinates[count]).collect();
        let contrast = |knots: &[f64]| {
            let (left, right) = ((knots[1] - knots[0]).recip(), (knots[2] - knots[1]).recip());
            [left, -left - right, right]
        };
        let contrasts: Vec<Contrast> = knots.windows(3).map(contrast).collect();
        let differences = of_contrasts(&contrasts, &losses);
        let noise = noise.of_contrasts(&contrasts);
        let log_volume = Self::log_volume(&knots, &contrasts);
        Self { coordinates, counts, losses, contrasts, differences, noise, log_volume }
    }

    /// The logarithm of the factor that turns the likelihood of the contrasts into that of the data, with flat priors
    /// for the losses at both ends of the line. Then the likelihoods of different coordinates can be compared.
    ///
    /// # Formula
    /// ```text
    /// ( ln det Q'Q - ln det X'X ) / 2,   X = (1 - x, x)
    /// ```
    fn log_volume(knots: &[f64], contrasts: &[Contrast]) -> f64 {
        let unit = Noise { variances: vec![1.0; knots.len()] }.of_contrasts(contrasts);
        let of_contrasts = unit.factor().map_or(0.0, |factor| factor.log_determinant());
        let sum = |product: &dyn Fn(f64) -> f64| knots.iter().map(|&x| product(x)).sum::<f64>();
        let (left, right) = (sum(&|x| (1.0 - x) * (1.0 - x)), sum(&|x| x * x));
        let both = sum(&|x| (1.0 - x) * x);
        let of_lines = left * right - both * both;
        if contrasts.is_empty() { 0.0 } else { 0.5 * (of_contrasts - of_lines.ln()) }
    }

    /// The spline with one variance of its curvature; `None` if rounding makes that impossible. O(n
    /// width^2).
    pub(super) fn smoothed(&self, curvature: f64) -> Option<Smoothed> {
        let mut matrix = self.noise.clone();
        let knots: Vec<f64> = self.counts.iter().map(|&count| self.coordinates[count]).collect();
        for (row, knots) in knots.windows(3).enumerate() {
            let (left, right) = (knots[1] - knots[0], knots[2] - knots[1]);
            matrix.set(row, row, matrix.at(row, row) + curvature * (left + right) / 3.0);
            if row > 0 {
                matrix.set(row, row - 1, matrix.at(row, row - 1) + curvature * left / 6.0);
            }
        }
        let factor = matrix.factor()?;
        let solution = factor.solve(&self.differences);
        let square: f64 = self.differences.iter().zip(&solution).map(|(z, u)| z * u).sum();
        let log_likelihood = self.log_volume - 0.5 * (factor.log_determinant() + square);
        Some(Smoothed { curvature, log_likelihood, factor, solution })
    }

    /// Prepares a weighted sum of the losses at all counts. O(L).
    pub(super) fn functional(&self, weights: &[f64], noise: &Noise) -> Functional {
        let line = self.on_lines(weights);
        let (remainder_square, remainder_hats) = self.remainder(weights, &line);
        let noisy = noise.times(&line);
        let line_variance = line.iter().zip(&noisy).map(|(w, c)| w * c).sum();
        let line_contrasts = of_contrasts(&self.contrasts, &noisy);
        Functional { line, remainder_square, remainder_hats, line_variance, line_contrasts }
    }

    /// The posterior of a prepared sum. O(n width).
    ///
    /// # Formula
    /// ```text
    /// b = t (integrals with the hats) - Q' C l,   l the weights on the broken line
    /// mean = l' y + b' M^-1 z,   variance = t (integral of the square) + l' C l - b' M^-1 b
    /// ```
    pub(super) fn moments(&self, functional: &Functional, smoothed: &Smoothed) -> Moments {
        let pairs = functional.remainder_hats.iter().zip(&functional.line_contrasts);
        let covariance: Vec<f64> =
            pairs.map(|(hat, noise)| smoothed.curvature * hat - noise).collect();
        let on_line: f64 = functional.line.iter().zip(&self.losses).map(|(w, y)| w * y).sum();
        let bend: f64 = covariance.iter().zip(&smoothed.solution).map(|(b, u)| b * u).sum();
        let known: f64 = smoothed.factor.half_solve(&covariance).iter().map(|x| x * x).sum();
        let prior = smoothed.curvature * functional.remainder_square + functional.line_variance;
        Moments { mean: on_line + bend, variance: (prior - known).max(0.0) }
    }

    /// The mean of the curve at all counts, over several variances of the curvature with weights that sum to one: the
    /// natural cubic spline. O(L).
    pub(super) fn mean_curve<'a>(
        &self,
        noise: &Noise,
        smoothed: impl Iterator<Item = (f64, &'a Smoothed)>,
    ) -> Vec<f64> {
        let size = self.contrasts.len();
        // At the measured counts: y - C Q u, and the second derivatives t u.
        let (mut pull, mut bends) = (vec![0.0; size], vec![0.0; size]);
        for (weight, Smoothed { curvature, solution, .. }) in smoothed {
            for (i, u) in solution.iter().enumerate() {
                pull[i] += weight * u;
                bends[i] += weight * curvature * u;
            }
        }
        let mut back = vec![0.0; self.losses.len()];
        for (first, (contrast, u)) in self.contrasts.iter().zip(&pull).enumerate() {
            contrast.iter().enumerate().for_each(|(i, q)| back[first + i] += q * u);
        }
        let moved = noise.times(&back);
        let values: Vec<f64> = self.losses.iter().zip(&moved).map(|(y, move_)| y - move_).collect();
        let bend = |knot: usize| knot.checked_sub(1).and_then(|i| bends.get(i)).copied();
        let bends: Vec<f64> = (0..values.len()).map(|knot| bend(knot).unwrap_or(0.0)).collect();
        let at = |count: usize| self.natural_cubic(count, &values, &bends);
        (0..self.coordinates.len()).map(at).collect()
    }

    fn natural_cubic(&self, count: usize, values: &[f64], bends: &[f64]) -> f64 {
        let Some((left, right)) = self.gap_of(count) else { return values[0] };
        let at = |knot: usize| self.coordinates[self.counts[knot]];
        let (x, start, end) = (self.coordinates[count], at(left), at(right));
        let length = end - start;
        if x < start || x > end {
            // Straight on from the end: the slope there, from the bend at the other side of the gap.
            let slope = (values[right] - values[left]) / length;
            return match x < start {
                true => values[left] + (x - start) * (slope - length * bends[right] / 6.0),
                false => values[right] + (x - end) * (slope + length * bends[left] / 6.0),
            };
        }
        let (before, after) = (x - start, end - x);
        let line = (before * values[right] + after * values[left]) / length;
        let bend = (1.0 + before / length) * bends[right] + (1.0 + after / length) * bends[left];
        line - before * after * bend / 6.0
    }

    /// The neighbouring measured counts whose straight line a count is on; none if there is a single one.
    fn gap_of(&self, count: usize) -> Option<(usize, usize)> {
        let last = self.counts.len().checked_sub(2)?;
        let after = self.counts.partition_point(|&measured| measured <= count);
        let left = after.saturating_sub(1).min(last);
        Some((left, left + 1))
    }

    fn on_lines(&self, weights: &[f64]) -> Vec<f64> {
        let mut line = vec![0.0; self.counts.len()];
        for (count, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            let Some((left, right)) = self.gap_of(count) else {
                line[0] += weight;
                continue;
            };
            let at = |knot: usize| self.coordinates[self.counts[knot]];
            let share = (self.coordinates[count] - at(left)) / (at(right) - at(left));
            line[left] += weight * (1.0 - share);
            line[right] += weight * share;
        }
        line
    }

    /// Take the function whose integral times `f''` is the difference between the sum and that of the broken line;
    /// it is linear between neighbouring counts. Returns the integral of its square, and its integrals times the
    /// hats.
    fn remainder(&self, weights: &[f64], line: &[f64]) -> (f64, Vec<f64>) {
        let mut hats = vec![0.0; self.contrasts.len()];
        let mut square = 0.0;
        let (mut height, mut slope, mut next) = (0.0, 0.0, self.counts.len());
        for count in (1..weights.len()).rev() {
            slope += weights[count];
            if next > 0 && self.counts[next - 1] == count {
                next -= 1;
                slope -= line[next];
            }
            let (start, end) = (self.coordinates[count - 1], self.coordinates[count]);
            let lower = height + slope * (end - start);
            square += (end - start) * (lower * lower + lower * height + height * height) / 3.0;
            // Between the measured counts next - 1 and next, where two hats overlap.
            if next > 0 && next < self.counts.len() {
                let knots = [next - 1, next].map(|knot| self.coordinates[self.counts[knot]]);
                let product = |hat: &dyn Fn(f64) -> f64| {
                    let (a, b) = (hat(start), hat(end));
                    (end - start) * (2.0 * (a * lower + b * height) + a * height + b * lower) / 6.0
                };
                let length = knots[1] - knots[0];
                if next < hats.len() + 1 {
                    hats[next - 1] += product(&|x| (x - knots[0]) / length);
                }
                if next >= 2 {
                    hats[next - 2] += product(&|x| (knots[1] - x) / length);
                }
            }
            height = lower;
        }
        (square, hats)
    }
}

/// The second differences of values at the measured counts.
fn of_contrasts(contrasts: &[Contrast], values: &[f64]) -> Vec<f64> {
    let pairs = contrasts.iter().zip(values.windows(3));
    pairs.map(|(q, y)| q.iter().zip(y).map(|(q, y)| q * y).sum()).collect()
}
