//! What a hostile caller hands in, and now and then an honest one.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt, SeedableRng};
use serde::Serialize;
use serde::de::DeserializeOwned;
use unmaskcost::distribution::JointTable;
use unmaskcost::measured::{LossCurve, LossPoint};
use unmaskcost::{InformationCurve, Nats, Order, Scalar, Schedule};

/// The two floats that everything is called in.
pub trait Float: Scalar + Serialize + DeserializeOwned {}

impl Float for f32 {}
impl Float for f64 {}

pub struct Draw {
    generator: ChaCha8Rng,
}

/// How numbers of one list are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Honest,
    Noisy,
    Huge,
    Tiny,
    Wide,
    Few,
    Poisoned,
}

impl Draw {
    pub fn new(generator: ChaCha8Rng) -> Self {
        Self { generator }
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.generator.random_range(0..limit)
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.generator.random_bool(share)
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A number of tokens, steps or the like, as large as a `usize` may be.
    pub fn size(&mut self) -> usize {
        match self.below(20) {
            0 => self.pick(&[0, 1, usize::MAX, usize::MAX - 1, 1 << 63, 1 << 32, (1 << 32) - 1]),
            1 => {
                let power: usize = 1 << self.below(64);
                power.wrapping_add(self.below(3)).wrapping_sub(1)
            }
            2 => self.below(2_000),
            3 | 4 => self.pick(&[1, 2, 4, 8, 16, 32, 64]),
            _ => self.below(14),
        }
    }

    /// One that a list can have.
    pub fn length(&mut self) -> usize {
        match self.below(12) {
            0 => self.pick(&[0, 1, 64]),
            1 => self.below(200),
            _ => 1 + self.below(12),
        }
    }

    pub fn seed(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Nearly always a symbol of this alphabet.
    pub fn symbol(&mut self, alphabet: usize) -> usize {
        let beyond = usize::from(self.chance(0.02));
        self.below(alphabet + beyond)
    }

    /// A generator to hand in.
    pub fn another(&mut self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed())
    }

    fn unit(&mut self) -> f64 {
        self.generator.random::<f64>()
    }

    /// Any float at all.
    pub fn float<F: Scalar>(&mut self) -> F {
        let tiny = F::min_positive_value() * F::epsilon();
        let x = match self.below(24) {
            0 => F::zero(),
            1 => -F::zero(),
            2 => tiny,
            3 => F::min_positive_value(),
            4 => F::max_value(),
            5 => F::max_value().sqrt(),
            6 => F::nan(),
            7 => F::infinity(),
            8 => F::epsilon(),
            9 => F::one() + F::epsilon(),
            10 => F::one() - F::epsilon(),
            11 => F::from_usize(self.below(5)).unwrap(),
            12 => F::from_f64(10_f64.powf(self.unit() * 60.0 - 30.0)).unwrap(),
            13 => F::from_f64(1e-16 * self.unit()).unwrap(),
            14 => F::min_positive_value() * F::from_f64(self.unit()).unwrap(),
            15 => F::max_value() * F::from_f64(self.unit()).unwrap(),
            _ => F::from_f64(self.unit()).unwrap(),
        };
        if self.chance(0.1) { -x } else { x }
    }

    /// Mostly one that is welcome: from 0 to a few.
    pub fn amount<F: Scalar>(&mut self) -> F {
        match self.below(4) {
            0 => self.float(),
            1 => F::from_f64(self.unit() * 3.0).unwrap(),
            _ => F::from_f64(self.unit()).unwrap(),
        }
    }

    pub fn nats<F: Scalar>(&mut self) -> Nats<F> {
        Nats(self.amount())
    }

    pub fn probability<F: Scalar>(&mut self) -> F {
        match self.below(8) {
            0 => self.float(),
            1 => F::zero(),
            2 => F::one(),
            _ => F::from_f64(self.unit()).unwrap(),
        }
    }

    pub fn level(&mut self) -> f64 {
        match self.below(8) {
            0 => self.float(),
            1 => self.pick(&[0.0, 1.0, 1e-300, 1.0 - 1e-16, 1e-9]),
            _ => self.pick(&[0.5, 0.9, 0.95, 0.99, 0.999]),
        }
    }

    fn mood(&mut self) -> Mood {
        use Mood::*;
        self.pick(&[Honest, Honest, Honest, Honest, Noisy, Huge, Tiny, Wide, Few, Few, Poisoned])
    }

    /// Numbers that are not negative, unless the mood is `Poisoned`: then one of them is spoilt.
    pub fn numbers<F: Scalar>(&mut self, length: usize) -> Vec<F> {
        let mood = self.mood();
        let largest = F::max_value();
        let mut numbers: Vec<F> = (0..length)
            .map(|_| {
                let unit = F::from_f64(self.unit()).unwrap();
                match mood {
                    Mood::Honest | Mood::Poisoned => unit,
                    Mood::Noisy => unit * F::epsilon(),
                    Mood::Huge => unit * largest / F::from_usize(4 * length).unwrap(),
                    Mood::Tiny => unit * F::min_positive_value() * F::from_f64(3.0).unwrap(),
                    Mood::Wide => {
                        let power = self.below(200) as i32 - 100;
                        unit * F::from_f64(2.0).unwrap().powi(power)
                    }
                    Mood::Few => F::from_usize(self.below(3)).unwrap(),
                }
            })
            .collect();
        if mood == Mood::Poisoned && length > 0 {
            let place = self.below(length);
            numbers[place] = self.float();
        }
        numbers
    }

    pub fn rising<F: Scalar>(&mut self, length: usize) -> Vec<F> {
        let mut numbers = self.numbers(length);
        if let Some(first) = numbers.first_mut() {
            *first = F::zero();
        }
        for i in 1..length {
            numbers[i] = numbers[i] + numbers[i - 1];
        }
        numbers
    }

    pub fn falling<F: Scalar>(&mut self, length: usize) -> Vec<F> {
        let mut numbers = self.rising(length);
        numbers.reverse();
        numbers
    }

    /// Probabilities that sum to one, nearly always.
    pub fn law<F: Scalar>(&mut self, length: usize) -> Vec<F> {
        let numbers: Vec<F> = self.numbers(length);
        let sum = numbers.iter().fold(F::zero(), |sum, &x| sum + x);
        if self.chance(0.1) { numbers } else { numbers.iter().map(|&x| x / sum).collect() }
    }

    pub fn curve<F: Scalar>(&mut self, tokens: usize) -> InformationCurve<F> {
        loop {
            let curve = match self.below(2) {
                0 => InformationCurve::from_information(self.rising(tokens)),
                _ => InformationCurve::from_conditional_entropies(self.falling(tokens)),
            };
            if let Ok(curve) = curve {
                return curve;
            }
        }
    }

    pub fn schedule(&mut self, tokens: usize) -> Schedule {
        let cut = self.pick(&[0.05, 0.3, 0.5, 0.9]);
        let mut sizes = vec![1];
        for _ in 1..tokens {
            match sizes.last_mut() {
                Some(last) if !self.chance(cut) => *last += 1,
                _ => sizes.push(1),
            }
        }
        Schedule::from_reveal_sizes(sizes).unwrap()
    }

    /// Mostly a schedule of these tokens, which may be more than any list has.
    pub fn any_schedule(&mut self, tokens: usize) -> Schedule {
        if self.chance(0.1) || tokens == 0 {
            let other = 1 + self.below(12);
            return self.schedule(other);
        }
        if tokens <= 4_096 {
            return self.schedule(tokens);
        }
        let mut sizes: Vec<usize> = (0..self.below(8)).map(|_| 1 + self.below(9)).collect();
        let rest = tokens - sizes.iter().sum::<usize>();
        sizes.insert(self.below(sizes.len() + 1), rest);
        Schedule::from_reveal_sizes(sizes).unwrap()
    }

    pub fn order(&mut self, tokens: usize) -> Order {
        let mut positions: Vec<usize> = (0..tokens).collect();
        for i in 1..tokens {
            positions.swap(i, self.below(i + 1));
        }
        Order::from_positions(positions).unwrap()
    }

    /// A table of at most a few hundred cells.
    pub fn table<F: Scalar>(&mut self) -> JointTable<F> {
        loop {
            let shape = self.shape();
            let cells = shape.iter().product();
            if let Ok(table) = JointTable::from_weights(&shape, self.numbers(cells)) {
                return table;
            }
        }
    }

    pub fn shape(&mut self) -> Vec<usize> {
        let mut shape: Vec<usize> = (0..1 + self.below(6)).map(|_| 1 + self.below(3)).collect();
        while shape.iter().product::<usize>() > 243 {
            shape.pop();
        }
        shape
    }

    pub fn points<F: Scalar>(&mut self, tokens: usize) -> Vec<LossPoint<F>> {
        let length = self.below(8) + usize::from(self.chance(0.9));
        let losses = self.falling::<F>(length);
        let errors = self.numbers::<F>(length);
        let exact = self.chance(0.3);
        let counted = self.chance(0.6);
        let mut revealed = 0;
        let points = losses.into_iter().zip(errors).enumerate().map(|(i, (loss, error))| {
            let step = self.below(tokens.min(1 << 20) / 3 + 1);
            let here = if i == 0 { revealed } else { revealed + step };
            revealed = here.min(tokens.saturating_sub(1));
            LossPoint {
                revealed: if self.chance(0.02) { self.size() } else { revealed },
                loss: Nats(loss),
                standard_error: Nats(if exact {
                    F::zero()
                } else {
                    error / F::from_f64(20.0).unwrap()
                }),
                samples: counted.then(|| self.pick(&[0, 1, 2, 3, 100, 100, 1_000, u64::MAX])),
            }
        });
        points.collect()
    }

    pub fn losses<F: Scalar>(&mut self) -> (usize, LossCurve<F>) {
        loop {
            let tokens = 1 + self.length();
            if let Ok(losses) = LossCurve::from_points(self.points(tokens), tokens) {
                let held = if self.chance(0.5) { losses.holding_ends() } else { losses };
                return (tokens, held);
            }
        }
    }

    pub fn name(&mut self) -> String {
        self.pick(&["a", "b", "c", "", "dream", "\u{feff}", "x,\"y\"\n"]).to_owned()
    }
}
