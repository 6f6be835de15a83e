//! What is said of rounds whose positions are fixed.

use core::fmt;

use crate::audit::ScheduleAudit;
use crate::schedule::Rounds;

/// What can be said of rounds whose positions are fixed: what they guarantee for any data, which is little, and
/// what the same sizes guarantee at random positions. Made by [`Rounds::audit`].
///
/// # Formula
/// ```text
/// error <= TC                                  attained, as soon as one round reveals two tokens
/// error <= (s_max - 1) DTC                     attained
/// error <= (1 - 1 / s_max) sum_i I(X_i; X_-i)  attained
/// ```
/// All three are attained by one symbol that is repeated at the positions of the largest round, with independent tokens
/// elsewhere. So with positions that are fixed beforehand, no number of steps below L brings the guarantee below TC or
/// below DTC. With random positions, more steps do. The [theory](crate::docs::theory) has the proof. What a fixed order
/// costs on *given* data is another matter, and often far less: [`OrderCurve`](crate::curve::OrderCurve),
/// [`OrderBlocks`](crate::measured::OrderBlocks).
///
/// ```
/// use unmaskcost::{Order, Schedule, schedule::Rounds};
/// let rounds = Rounds::new(Order::spread(64)?, Schedule::balanced(64, 16)?)?;
/// let audit = rounds.audit();
/// assert!(audit.to_string().contains("up to 3 x DTC"));
/// // The same sizes at random positions: far less.
/// assert!(audit.to_string().contains("at most 0.0469 x token information"));
/// assert!(audit.to_string().contains("no guarantee"));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RoundsAudit {
    /// What can be said of the sizes, for random positions.
    pub sizes: ScheduleAudit,
    /// The error is at most this times TC, sharply: 1, or 0 for one token at a time.
    pub(crate) total_correlation_factor: f64,
    /// `s_max - 1`: the error is at most this times DTC, sharply.
    pub(crate) dual_total_correlation_factor: f64,
    /// `1 - 1 / s_max`: the error is at most this times `sum_i I(X_i; X_{-i})`, sharply.
    pub(crate) error_per_token_information: f64,
    /// The least distance of two positions that one round reveals; `None` for one token at a time.
    pub least_distance: Option<usize>,
}

impl Rounds {
    /// What can be said of the rounds without data: of their sizes as in [`Schedule::audit`](crate::Schedule::audit),
    /// and what is guaranteed if the positions are always these. O(L log L) on top of the time of that call.
    #[must_use]
    pub fn audit(&self) -> RoundsAudit {
        let sizes = self.schedule().audit();
        let largest = sizes.largest_step as f64;
        RoundsAudit {
            total_correlation_factor: if sizes.largest_step > 1 { 1.0 } else { 0.0 },
            dual_total_correlation_factor: largest - 1.0,
            error_per_token_information: 1.0 - largest.recip(),
            least_distance: self.sets().filter_map(least_distance).min(),
            sizes,
        }
    }
}

fn least_distance(positions: &[usize]) -> Option<usize> {
    let mut sorted = positions.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).map(|pair| pair[1] - pair[0]).min()
}

impl fmt::Display for RoundsAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.sizes)?;
        let Some(distance) = self.least_distance else {
            return write!(f, "one token at a time: no error, whatever the order");
        };
        write!(
            f,
            "all of that is for random positions. With the positions fixed as here, no guarantee is below TC or below DTC: \
             two equal tokens in one round cost all of both (up to {} x DTC). What these \
             positions cost on your data has to be measured\npositions of one round are at least {distance} apart",
            self.dual_total_correlation_factor,
        )
    }
}
