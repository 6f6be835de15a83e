use super::{MAX_WORK, check_tokens, component_weights, masses, power};
use crate::curve::InformationCurve;
use crate::distribution::joint::MAX_CELLS;
use crate::distribution::traits::{
    ConditionalMarginal, check_revealed, check_symbols, conditional,
};
use crate::distribution::{JointTable, normalized};
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};

/// A mixture of independent, identically distributed tokens: component `c` is chosen once, then each
/// token is drawn from its distribution. Any number of tokens, any alphabet; the curve is for small alphabets.
///
/// ```
/// use unmaskcost::distribution::CategoricalMixture;
/// // One of three symbols, shown again and again, wrong one time in five.
/// let law = CategoricalMixture::noisy_repeated_symbol(3, 0.2_f64)?;
/// let curve = law.information_curve(64)?;
/// assert!((curve.conditional_entropy(0).unwrap().0 - 3.0_f64.ln()).abs() < 1e-14);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CategoricalMixture<F = f64> {
    weights: Vec<F>,
    components: Vec<Vec<F>>,
}

impl<F: Scalar> CategoricalMixture<F> {
    /// The mixture with these weights and components: `components[c][x]` is the probability of
    /// symbol `x` in component `c`.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no components or an empty alphabet,
    /// [`LengthMismatch`](Error::LengthMismatch), [`NotFinite`](Error::NotFinite),
    /// [`Negative`](Error::Negative), [`NotNormalized`](Error::NotNormalized) for the weights,
    /// [`NotNormalized`](Error::NotNormalized) for a component.
    pub fn new(weights: impl AsRef<[F]>, components: &[impl AsRef<[F]>]) -> Result<Self> {
        let weights = component_weights(weights.as_ref(), components.len())?;
        let alphabet = components.first().map_or(0, |law| law.as_ref().len());
        if alphabet == 0 {
            return Err(Error::Empty { what: "the alphabet" });
        }
        let law_of = |(row, law): (usize, &_)| {
            let law: &[F] = AsRef::as_ref(law);
            let what = "the distribution of a component";
            if law.len() != alphabet {
                return Err(Error::LengthMismatch { what, found: law.len(), expected: alphabet });
            }
            normalized(what, law, |sum, tolerance| Error::NotNormalized {
                what: "the distributions of the components",
                row: Some(row),
                sum,
                tolerance,
            })
        };
        let components = components.iter().enumerate().map(law_of).collect::<Result<_>>()?;
        Ok(Self { weights, components })
    }

    /// A uniformly random symbol, shown again and again; each time it is replaced, with probability
    /// `noise`, by one of the others.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for fewer than two symbols, [`TooLarge`](Error::TooLarge) for more than
    /// 5,792, [`OutOfRange`](Error::OutOfRange) for a probability outside `[0, 1]`.
    pub fn noisy_repeated_symbol(alphabet: usize, noise: F) -> Result<Self> {
        scalar::check_probability("the noise", noise)?;
        if alphabet < 2 {
            return Err(Error::Empty { what: "the list of other symbols" });
        }
        let held = alphabet as u128 * alphabet as u128;
        check_limit("symbols times components", held, MAX_CELLS as u128)?;
        let wrong = noise / scalar::float(alphabet - 1);
        let law = |symbol: usize| {
            let mut law = vec![wrong; alphabet];
            law[symbol] = F::one() - noise;
            law
        };
        let components: Vec<Vec<F>> = (0..alphabet).map(law).collect();
        Self::new(vec![scalar::float::<F>(alphabet).recip(); alphabet], &components)
    }

    /// The number of symbols.
    #[must_use]
    pub fn alphabet(&self) -> usize {
        self.components[0].len()
    }

    /// The exact information curve of `tokens` tokens, by running through all counts of the symbols:
    /// `O(L^q C q^2)` for `q` symbols and `C` components.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens; [`TooLarge`](Error::TooLarge) if that is more than
    /// 2^30, or more than 2^25 numbers would be held.
    pub fn information_curve(&self, tokens: usize) -> Result<InformationCurve<F>> {
        check_tokens(tokens)?;
        let (alphabet, components) = (self.alphabet(), self.components.len());
        let side = tokens.max(2) - 1;
        let held = power(side, alphabet - 1).saturating_mul(components as u128);
        check_limit("counts of the symbols times components", held, MAX_CELLS as u128)?;
        let needed = held.saturating_mul(tokens as u128 * (alphabet * alphabet) as u128);
        check_limit("operations over counts of the symbols", needed, MAX_WORK)?;

        let marginal = self.predictive(&self.weights);
        let single = scalar::entropy(&marginal);
        let mut grid = CountGrid::new(side, &self.weights, &self.components);
        let mut increments = Vec::with_capacity(tokens - 1);
        for shown in 0..tokens - 1 {
            if shown > 0 {
                grid.show_another(shown);
            }
            let mut information = CompensatedSum::new();
            grid.for_each(shown, |masses| information.add(self.next_two_information(masses)));
            increments.push(information.total());
        }
        InformationCurve::from_computed_increments(&increments, Some(single))
    }

    /// The distribution of a token, times the total mass, if component `c` has mass `masses[c]`.
    fn predictive(&self, masses: &[F]) -> Vec<F> {
        let mut law = vec![F::zero(); self.alphabet()];
        for (&mass, component) in masses.iter().zip(&self.components) {
            law.iter_mut().zip(component).for_each(|(sum, &p)| *sum = *sum + mass * p);
        }
        law
    }

    /// The mutual information of two tokens, times the total mass.
    fn next_two_information(&self, masses: &[F]) -> F {
        let mass = scalar::sum(masses.iter().copied());
        if mass <= F::min_positive_value().sqrt() {
            return F::zero();
        }
        let single = self.predictive(masses);
        let mut information = CompensatedSum::new();
        for (x, &p_x) in single.iter().enumerate().filter(|(_, p)| **p > F::zero()) {
            for (y, &p_y) in single.iter().enumerate().filter(|(_, p)| **p > F::zero()) {
                // The covariance over components is what makes the two dependent.
                let (mut both, mut covariance) = (F::zero(), F::zero());
                for (&weight, law) in masses.iter().zip(&self.components) {
                    both = both + weight * law[x] * law[y];
                    covariance =
                        covariance + weight * (law[x] - p_x / mass) * (law[y] - p_y / mass);
                }
                let independent = p_x * p_y / mass;
                if independent > F::zero() {
                    information.add(scalar::divergence_term(both, independent, covariance));
                }
            }
        }
        information.total()
    }

    /// The joint table of `tokens` tokens, for small numbers of them.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^25
    /// cells.
    pub fn joint_table(&self, tokens: usize) -> Result<JointTable<F>> {
        check_tokens(tokens)?;
        let alphabet = self.alphabet();
        check_limit("cells of the table", power(alphabet, tokens), MAX_CELLS as u128)?;
        let mut sums = vec![F::zero(); power(alphabet, tokens) as usize];
        for (&weight, law) in self.weights.iter().zip(&self.components) {
            let mut words = vec![weight];
            for _ in 0..tokens {
                words = words.iter().flat_map(|&p| law.iter().map(move |&x| p * x)).collect();
            }
            sums.iter_mut().zip(words).for_each(|(sum, p)| *sum = *sum + p);
        }
        JointTable::from_weights(&vec![alphabet; tokens], sums)
    }

    /// Draws a sequence: the component first, then each token from its distribution.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^24.
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn sample<R: rand::Rng + ?Sized>(
        &self,
        tokens: usize,
        generator: &mut R,
    ) -> Result<Vec<usize>> {
        check_tokens(tokens)?;
        let law = &self.components[crate::distribution::draw(&self.weights, generator)];
        Ok((0..tokens).map(|_| crate::distribution::draw(law, generator)).collect())
    }
}

/// From the posterior weights of the `C` components, `O(k log k + C q)` for `k` revealed tokens, in
/// logarithms, so that long contexts do not underflow. Every position exists.
impl<F: Scalar> ConditionalMarginal<F> for CategoricalMixture<F> {
    fn conditional_marginal(&self, revealed: &[(usize, usize)], position: usize) -> Result<Vec<F>> {
        check_revealed(revealed, position, None, self.alphabet())?;
        self.after(revealed.iter().map(|&(_, symbol)| symbol))
    }

    /// The same for all masked tokens.
    fn conditional_marginals(&self, revealed: &[Option<usize>]) -> Result<Vec<Vec<F>>> {
        check_symbols(revealed, self.alphabet())?;
        let masked = revealed.iter().filter(|symbol| symbol.is_none()).count();
        Ok(vec![self.after(revealed.iter().flatten().copied())?; masked])
    }
}

impl<F: Scalar> CategoricalMixture<F> {
    /// The distribution of another token, given these.
    fn after(&self, symbols: impl Iterator<Item = usize>) -> Result<Vec<F>> {
        let mut counts = vec![0_usize; self.alphabet()];
        symbols.for_each(|symbol| counts[symbol] += 1);
        let log_weight = |(&weight, law): (&F, &Vec<F>)| {
            let seen = counts.iter().zip(law).filter(|(count, _)| **count > 0);
            let likelihood = seen.map(|(&count, &p)| scalar::float::<F>(count) * p.ln());
            weight.ln() + scalar::sum(likelihood)
        };
        let components = self.weights.iter().zip(&self.components);
        let masses = masses(&components.map(log_weight).collect::<Vec<_>>());
        conditional(&self.predictive(&masses))
    }
}

/// For each count of the first `q - 1` symbols among the tokens shown so far, the masses of the
/// components: weight times multinomial probability. The count of the last symbol is what remains.
struct CountGrid<'a, F> {
    side: usize,
    components: &'a [Vec<F>],
    masses: Vec<F>,
}

impl<'a, F: Scalar> CountGrid<'a, F> {
    /// The grid before any token is shown.
    fn new(side: usize, weights: &[F], components: &'a [Vec<F>]) -> Self {
        let cells = power(side, components[0].len() - 1) as usize;
        let mut masses = vec![F::zero(); cells * components.len()];
        masses[..weights.len()].copy_from_slice(weights);
        Self { side, components, masses }
    }

    /// Pascal's rule: the last token shown is one of the symbols. In place, from the last cell to the
    /// first, since it only looks at cells before.
    fn show_another(&mut self, shown: usize) {
        let counted = self.components[0].len() - 1;
        let components = self.components.len();
        let cells = self.masses.len() / components;
        for cell in (0..cells).rev() {
            let digits = digits(cell, self.side, counted);
            if digits.iter().map(|(_, count)| count).sum::<usize>() > shown {
                continue;
            }
            for (c, law) in self.components.iter().enumerate() {
                let mut mass = self.masses[cell * components + c] * law[counted];
                for (&(stride, count), &p) in digits.iter().zip(law) {
                    if count > 0 {
                        mass = mass + self.masses[(cell - stride) * components + c] * p;
                    }
                }
                let negligible = mass < F::min_positive_value();
                self.masses[cell * components + c] = if negligible { F::zero() } else { mass };
            }
        }
    }

    fn for_each(&self, shown: usize, mut visit: impl FnMut(&[F])) {
        let counted = self.components[0].len() - 1;
        for (cell, masses) in self.masses.chunks_exact(self.components.len()).enumerate() {
            if digits(cell, self.side, counted).iter().map(|(_, count)| count).sum::<usize>()
                <= shown
            {
                visit(masses);
            }
        }
    }
}

/// The digits of `cell` in base `side`, lowest first, each with its stride.
fn digits(cell: usize, side: usize, number: usize) -> Vec<(usize, usize)> {
    let stride = |&stride: &usize| stride.checked_mul(side);
    let strides = core::iter::successors(Some(1_usize), stride).take(number);
    strides.map(|stride| (stride, cell / stride % side)).collect()
}
