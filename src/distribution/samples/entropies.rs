//! Entropies from counts: as they are, and with what is known of their bias taken out.

use crate::distribution::samples::partition::Partition;
use crate::numeric::scalar::CompensatedSum;

/// What each number of samples in a cell adds to an estimate, up to the number of all samples.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms {
    /// `n ln n`.
    plug_in: Vec<f64>,
    /// `n G(n)`.
    grassberger: Vec<f64>,
    /// `n (1 + 1/2 + .. + 1/(n-1))`.
    harmonic: Vec<f64>,
}

/// Euler's constant.
const EULER: f64 = 0.577_215_664_901_532_9;

impl Terms {
    pub(super) fn up_to(samples: usize) -> Self {
        let numbers = || (0..=samples).map(|n| n as f64);
        let plug_in = numbers().map(|n| if n > 0.0 { n * n.ln() } else { 0.0 });
        // G(1) = -gamma - ln 2, G(2m) = G(1) + 2/1 + 2/3 + .. + 2/(2m-1), G(2m+1) = G(2m).
        let mut g = CompensatedSum::new();
        g.add(-EULER - core::f64::consts::LN_2);
        let grassberger = numbers().enumerate().map(|(n, number)| {
            if n > 0 && n % 2 == 0 {
                g.add(2.0 / (number - 1.0));
            }
            number * g.total()
        });
        let mut h = CompensatedSum::new();
        let harmonic = numbers().map(|number| {
            if number > 1.0 {
                h.add(1.0 / (number - 1.0));
            }
            number * h.total()
        });
        Self {
            plug_in: plug_in.collect(),
            grassberger: grassberger.collect(),
            harmonic: harmonic.collect(),
        }
    }

    /// Chao, Wang & Jost's estimate, from the sum of the harmonic terms and the numbers of cells with one and with
    /// two samples.
    fn chao_wang_jost(&self, samples: usize, sum: f64, ones: usize, twos: usize) -> f64 {
        let n = samples as f64;
        let seen = (self.harmonic[samples] - sum) / n;
        let (ones, twos) = (ones as f64, twos as f64);
        let a = match (ones > 0.0, twos > 0.0) {
            (false, _) => return seen,
            (true, true) => 2.0 * twos / ((n - 1.0) * ones + 2.0 * twos),
            (true, false) => 2.0 / ((n - 1.0) * (ones - 1.0) + 2.0),
        };
        seen + ones / n * rest_of_logarithm(n, a)
    }
}

/// `sum_{j >= 0} (1 - a)^(j+1) / (n + j)`, which is `(1-a)^(1-n) (-ln a - sum_{r < n} (1-a)^r / r)` without its cancellation.
fn rest_of_logarithm(n: f64, a: f64) -> f64 {
    // A plain sum while there are few terms, then the Euler-Maclaurin formula, whose integral is an exponential
    // integral.
    const PLAIN: u32 = 64;
    let x = 1.0 - a;
    let mut sum = CompensatedSum::new();
    let mut power = x;
    for j in 0..PLAIN {
        sum.add(power / (n + f64::from(j)));
        power *= x;
    }
    let start = n + f64::from(PLAIN);
    let rate = -(-a).ln_1p();
    if power > 0.0 {
        let first = 1.0 / start;
        let slope = -(rate + first) * first;
        let third = -first
            * (rate.powi(3) + first * (3.0 * rate * rate + first * (6.0 * rate + 6.0 * first)));
        let sum_of_rest =
            scaled_exponential_integral(rate * start) + first / 2.0 - slope / 12.0 + third / 720.0;
        sum.add(power * sum_of_rest);
    }
    sum.total()
}

/// `e^z E_1(z)`, by its continued fraction, or by its series.
fn scaled_exponential_integral(z: f64) -> f64 {
    if z < 1.0 {
        // E_1(z) = -gamma - ln z - sum_k (-z)^k / (k k!)
        let mut power = 1.0;
        let terms = (1..=25).map(|k| {
            power *= -z / f64::from(k);
            power / f64::from(k)
        });
        return z.exp() * (-EULER - z.ln() - terms.collect::<CompensatedSum<f64>>().total());
    }
    // 1/(z + 1 - 1/(z + 3 - 4/(z + 5 - 9/(z + 7 - ..
    let fraction =
        |below: f64, k: u32| z + f64::from(2 * k + 1) - f64::from((k + 1) * (k + 1)) / below;
    1.0 / (0..80).rev().fold(z + 161.0, fraction)
}

/// A linear combination of entropies of sets of tokens, each estimated in several ways.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tally {
    pub(super) plug_in: f64,
    pub(super) miller_madow: f64,
    pub(super) grassberger: f64,
    pub(super) chao_wang_jost: f64,
    /// The share of the distribution that the cells seen cover: the mean over the sets.
    pub(super) coverage: f64,
    /// The plug-in estimate from all samples but those of each group: smooth in the counts, which Grassberger's is not.
    pub(super) without_group: Vec<f64>,
}

impl Tally {
    pub(super) fn nothing(groups: usize) -> Self {
        let without_group = vec![0.0; groups];
        Self {
            plug_in: 0.0,
            miller_madow: 0.0,
            grassberger: 0.0,
            chao_wang_jost: 0.0,
            coverage: 0.0,
            without_group,
        }
    }

    /// The entropy of the tokens that a partition has looked at. `ends` are the ends of the groups, whose
    /// samples stand together. O(samples).
    pub(super) fn of(partition: &Partition, ends: &[usize], terms: &Terms) -> Self {
        let counts = partition.counts();
        let samples = partition.cell_of.len();
        let sum_of = |terms: &[f64]| -> f64 {
            let values = counts.iter().map(|&count| terms[count as usize]);
            values.collect::<CompensatedSum<f64>>().total()
        };
        let entropy = |sum: f64, samples: usize| (samples as f64).ln() - sum / samples as f64;
        let [plug_in, grassberger, harmonic] =
            [&terms.plug_in, &terms.grassberger, &terms.harmonic].map(|terms| sum_of(terms));
        let cells_with = |size: u32| counts.iter().filter(|&&count| count == size).count();
        let (ones, twos) = (cells_with(1), cells_with(2));
        // One cell is certain, and no estimate should say otherwise.
        let certain = |cells: usize, entropy: f64| if cells <= 1 { 0.0 } else { entropy };
        let mut removed = vec![0_u32; partition.cells];
        let mut touched = Vec::new();
        let mut start = 0;
        let without_group = ends.iter().map(|&end| {
            for &cell in &partition.cell_of[start..end] {
                if removed[cell as usize] == 0 {
                    touched.push(cell);
                }
                removed[cell as usize] += 1;
            }
            let left = samples - (end - start);
            start = end;
            let (mut change, mut cells) = (0.0, partition.cells);
            for cell in touched.drain(..) {
                let (count, gone) = (counts[cell as usize], removed[cell as usize]);
                let rest = (count - gone) as usize;
                change += terms.plug_in[rest] - terms.plug_in[count as usize];
                cells -= usize::from(rest == 0);
                removed[cell as usize] = 0;
            }
            certain(cells, entropy(plug_in + change, left))
        });
        let without_group = without_group.collect();
        let seen = certain(partition.cells, entropy(plug_in, samples));
        Self {
            plug_in: seen,
            miller_madow: seen + (partition.cells - 1) as f64 / (2 * samples) as f64,
            grassberger: certain(partition.cells, entropy(grassberger, samples)),
            chao_wang_jost: terms.chao_wang_jost(samples, harmonic, ones, twos),
            coverage: 1.0 - ones as f64 / samples as f64,
            without_group,
        }
    }

    /// Adds `weight` times another tally.
    pub(super) fn add(&mut self, weight: f64, other: &Self) {
        self.plug_in += weight * other.plug_in;
        self.miller_madow += weight * other.miller_madow;
        self.grassberger += weight * other.grassberger;
        self.chao_wang_jost += weight * other.chao_wang_jost;
        self.coverage += weight * other.coverage;
        let pairs = self.without_group.iter_mut().zip(&other.without_group);
        pairs.for_each(|(sum, &value)| *sum += weight * value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::function::gamma::digamma;

    /// The definition, by the digamma function of another crate.
    #[test]
    fn the_recurrence_is_grassbergers_function() {
        let terms = Terms::up_to(4000);
        for n in 1..=4000 {
            let x = n as f64;
            let sign = if n % 2 == 0 { 1.0 } else { -1.0 };
            let g = digamma(x) + sign / 2.0 * (digamma((x + 1.0) / 2.0) - digamma(x / 2.0));
            assert!((terms.grassberger[n] / x - g).abs() < 1e-12 * (1.0 + g.abs()), "{n}");
        }
    }

    /// The published formula as it stands, which cancels, for numbers where it may.
    #[test]
    fn the_rest_of_the_logarithm_is_the_published_formula() {
        for (n, a) in
            [(5.0, 0.3), (10.0, 0.05), (40.0, 0.01), (40.0, 0.9), (200.0, 1e-3), (1000.0, 1e-6)]
        {
            let x: f64 = 1.0 - a;
            let partial: f64 = (1..n as i32).map(|r| x.powi(r) / f64::from(r)).sum();
            let published = x.powf(1.0 - n) * (-f64::ln(a) - partial);
            let found = rest_of_logarithm(n, a);
            let cancelled = 1e-14 * x.powf(1.0 - n);
            assert!(
                (found - published).abs() < 1e-10 * published + cancelled,
                "{n} {a}: {found} {published}"
            );
        }
    }

    #[test]
    fn the_exponential_integral_is_that_of_tables() {
        // E_1(0.1), E_1(0.999), E_1(1), E_1(5), E_1(50), by mpmath 1.3 with 30 digits.
        for (z, expected) in [
            (0.1, 1.822_923_958_419_390_7),
            (1.0, 0.219_383_934_395_520_27),
            (5.0, 0.001_148_295_591_275_325_8),
            (50.0, 3.783_264_029_550_459e-24),
        ] {
            let found = scaled_exponential_integral(z) * f64::exp(-z);
            assert!((found / expected - 1.0).abs() < 1e-13, "{z}: {found}");
        }
    }

    #[test]
    fn leaving_a_group_out_is_what_it_is_without_it() {
        let symbols: Vec<u32> = (0..60_u32).map(|i| (i * i + i / 7) % 5).collect();
        let ends = [10, 11, 35, 60];
        let terms = Terms::up_to(60);
        let found = Tally::of(&Partition::whole(60).split(&symbols, 5), &ends, &terms);
        let mut start = 0;
        for (group, end) in ends.into_iter().enumerate() {
            let rest: Vec<u32> = symbols[..start].iter().chain(&symbols[end..]).copied().collect();
            let partition = Partition::whole(rest.len()).split(&rest, 5);
            let expected = Tally::of(&partition, &[rest.len()], &terms).plug_in;
            assert!((found.without_group[group] - expected).abs() < 1e-13);
            start = end;
        }
    }
}
