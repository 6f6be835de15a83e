use super::panel::{Effect, Panel};
use super::{DecoderRuns, Records, compare};
use crate::error::{Error, Result, not_applicable};
use crate::estimate::Estimate;
use crate::numeric::scalar::Scalar;

impl<F: Scalar> DecoderRuns<F> {
    /// How much more a decoder loses than others do in as many rounds: is my decoder better than a random order?
    ///
    /// If none of the others takes the same number of rounds, the decoder is compared with a mixture of two: for
    /// each sequence a coin decides which of the two decodes it, so that the mixture takes as many rounds on
    /// average. Of all these mixtures the one with the least loss is taken: it lies on the lower convex hull of the
    /// others.
    ///
    /// # Formula
    /// ```text
    /// loss - (w loss_a + (1 - w) loss_b),   w = (rounds_b - rounds) / (rounds_b - rounds_a)
    /// ```
    /// where a and b are the neighbours on the hull. The error also counts that the mean rounds are measured (to first
    /// order). That a and b are chosen by the same runs is not counted; it makes the others look slightly better than they are if
    /// some of them are close to each other.
    ///
    /// # Errors
    /// [`NotAmong`](Error::NotAmong) for a name that no decoder here has; [`Empty`](Error::Empty) without
    /// others; [`NotApplicable`](Error::NotApplicable) if each of the others takes more
    /// rounds; [`TooFew`](Error::TooFew) as for [`difference`](Self::difference).
    ///
    /// ```
    /// use unmaskcost::{Nats, measured::{DecoderRuns, Run}};
    /// let mut runs = DecoderRuns::new();
    /// for (sequence, loss) in [("a", 20.0_f64), ("b", 30.0), ("c", 8.0)] {
    ///     runs.record("random, 4", Run::new(sequence, 4, Nats(loss + 2.0)))?;
    ///     runs.record("random, 8", Run::new(sequence, 8, Nats(loss)))?;
    ///     runs.record("mine", Run::new(sequence, 6, Nats(loss + 0.5)))?;
    /// }
    /// // Half of the sequences with 4 rounds and half with 8 would lose 1 nat.
    /// let more = runs.difference_at_equal_rounds("mine", &["random, 4", "random, 8"])?;
    /// assert!((more.value().0 + 0.5).abs() < 1e-12);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn difference_at_equal_rounds(
        &self,
        decoder: &str,
        others: &[impl AsRef<str>],
    ) -> Result<Estimate<F>> {
        let records = self.find(decoder)?;
        let others = others.iter().map(|name| self.find(name.as_ref()));
        let mut all = others.collect::<Result<Vec<_>>>()?;
        if all.is_empty() {
            return Err(Error::Empty { what: "the list of other decoders" });
        }
        all.push(records);
        let panel = self.panel(&all)?;
        all.pop();
        let mixture = Mixture::of(&panel, &all, &panel.rounds(records), decoder)?;
        panel.estimate(&panel.losses(records).minus(&mixture.loss))
    }
}

/// Decoders of which each sequence gets one by a coin, so that the mean number of rounds is a given
/// one.
struct Mixture<F> {
    loss: Effect<F>,
}

impl<F: Scalar> Mixture<F> {
    fn of(
        panel: &Panel<F>,
        decoders: &[&Records<F>],
        rounds: &Effect<F>,
        decoder: &str,
    ) -> Result<Self> {
        let effects = decoders.iter().map(|records| (panel.rounds(records), panel.losses(records)));
        let effects: Vec<_> = effects.collect();
        let points: Vec<_> =
            effects.iter().map(|(rounds, loss)| (rounds.mean, loss.mean)).collect();
        let hull = compare::lower_hull(&points);
        let after = hull.iter().position(|&place| effects[place].0.mean > rounds.mean);
        let after = after.unwrap_or(hull.len());
        let Some(before) = after.checked_sub(1) else {
            let fewest = hull.first().map_or(F::nan(), |&place| points[place].0);
            return Err(not_applicable(
                format!("a comparison of {decoder:?}"),
                format!(
                    "others that take as few rounds; it takes {}, and they {fewest} at least",
                    rounds.mean
                ),
            ));
        };
        let (a_rounds, a_loss) = &effects[hull[before]];
        let Some(&b) = hull.get(after) else {
            return Ok(Self { loss: a_loss.clone() });
        };
        let (b_rounds, b_loss) = &effects[b];
        // loss = a + v (b - a),   v = (rounds - rounds_a) / (rounds_b - rounds_a)
        let span = b_rounds.minus(a_rounds);
        let share = (rounds.mean - a_rounds.mean) / span.mean;
        let difference = b_loss.minus(a_loss);
        let mean = a_loss.mean + share * difference.mean;
        let moved_share = rounds.minus(a_rounds).minus(&span.scaled(share));
        let moved_share = moved_share.scaled(difference.mean / span.mean);
        let moved = a_loss.minus(&difference.scaled(-share)).minus(&moved_share.scaled(-F::one()));
        Ok(Self { loss: Effect { mean, deviations: moved.deviations } })
    }
}
