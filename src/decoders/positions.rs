//! Decoders that also fix which positions a pass reveals.

use super::{Decoder, dilated_levels};
use crate::error::{Error, Result, check_limit};
use crate::schedule::{Order, Rounds};

impl Decoder {
    /// The positions that each nonempty pass reveals, for a decoder that fixes them beforehand. Its error is that of an
    /// [`OrderCurve`](crate::curve::OrderCurve), not that of random positions. `None` for all other decoders: they
    /// reveal the most confident positions, or random ones.
    ///
    /// | decoder | positions |
    /// | --- | --- |
    /// | [`Decoder::Dus`] | the multiples of B/2, of B/4, .. of one block, as `generate_scheduled` reveals them; the steps asked for are ignored |
    /// | [`Decoder::Halton`] | Halton's order of a square grid, row after row; revealed tokens are drawn again, which is not covered |
    ///
    /// For block after block, use [`Order::blocks`] with the order of these rounds, and the sizes of
    /// [`Decoder::plan_blocks`]. For left to right, use [`Order::left_to_right`] with the sizes of [`Decoder::plan`].
    ///
    /// # Errors
    /// As [`Decoder::plan`]; [`OutOfRange`](Error::OutOfRange) for a number of tokens that does not fill a
    /// square grid; [`TooLarge`](Error::TooLarge) for more than 2^24 tokens.
    ///
    /// ```
    /// use unmaskcost::decoders::Decoder;
    /// let dilated = Decoder::Dus.rounds(8, 1)?.unwrap();
    /// assert_eq!(dilated.to_string(), "0, 4 | 2, 6 | 1, 3, 5, 7");
    /// let grid = Decoder::Halton.rounds(256, 8)?.unwrap();
    /// assert_eq!(grid.schedule(), Decoder::Halton.plan(256, 8)?.schedule());
    /// assert_eq!(grid.order().positions()[..3], [133, 74, 193]);
    /// assert_eq!(Decoder::Llada.rounds(256, 8)?, None);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn rounds(self, tokens: usize, steps: usize) -> Result<Option<Rounds>> {
        match self {
            Self::Dus => {
                check_limit("positions", tokens as u128, 1 << 24)?;
                Ok(Some(Rounds::from_sets(dilated_levels(tokens)?)?))
            }
            Self::Halton => {
                let side = tokens.isqrt();
                if side.checked_mul(side) != Some(tokens) {
                    let (value, needed) = (tokens as f64, "a square");
                    return Err(Error::OutOfRange { what: "number of tokens", value, needed });
                }
                let schedule = self.plan(tokens, steps)?.schedule().clone();
                Ok(Some(Rounds::new(Order::halton_grid(side, side)?, schedule)?))
            }
            _ => Ok(None),
        }
    }
}
