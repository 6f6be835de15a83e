use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::numeric::scalar::Scalar;
use crate::schedule::{BlockLength, Blockwise};
use crate::units::Nats;

impl Blockwise {
    /// The exact sampling error of block-wise decoding, from one curve per block, each given all
    /// earlier blocks. O(L).
    ///
    /// # Formula
    /// ```text
    /// error = sum over blocks of the error of the block's schedule on the block's curve
    /// ```
    /// because the divergence adds up along the chain rule. See [`block_curves`] for the curves.
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) unless there is a curve per block;
    /// [`TokensDiffer`](Error::TokensDiffer) if a curve has another length than its block.
    ///
    /// ```
    /// use unmaskcost::{Schedule, curve::block_curves, schedule::{BlockLength, Blockwise}, distribution::JointTable};
    /// let table: JointTable = JointTable::from_counts(&[2, 2, 2], [4, 1, 1, 2, 1, 2, 2, 7])?;
    /// let curves = block_curves(3, BlockLength(2), |prefix, tokens| {
    ///     table.information_curve_given_prefix(prefix, tokens)
    /// })?;
    /// let pair_then_one = Blockwise::new([Schedule::one_step(2)?, Schedule::one_step(1)?])?;
    /// let error = pair_then_one.sampling_error(&curves)?;
    /// assert!((error - table.marginal(&[0, 1])?.information_curve()?.total_correlation()).0.abs() < 1e-15);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn sampling_error<F: Scalar>(&self, curves: &[InformationCurve<F>]) -> Result<Nats<F>> {
        let (found, expected) = (curves.len(), self.blocks().len());
        if found != expected {
            return Err(Error::LengthMismatch {
                what: "the list of block curves",
                found,
                expected,
            });
        }
        let errors = curves.iter().zip(self.blocks());
        errors.map(|(curve, schedule)| curve.sampling_error(schedule)).sum()
    }
}

/// One curve per block of `block_length` tokens (the last may be shorter), from a function that gives
/// the curve of `tokens` tokens after `prefix` others:
/// [`JointTable::information_curve_given_prefix`](crate::distribution::JointTable::information_curve_given_prefix)
/// or [`MarkovChain::information_curve_given_prefix`](crate::distribution::MarkovChain::information_curve_given_prefix).
///
/// # Errors
/// [`Empty`](Error::Empty) for no tokens or blocks of no tokens, and the errors of the function.
pub fn block_curves<F: Scalar>(
    tokens: usize,
    block_length: BlockLength,
    mut curve_given_prefix: impl FnMut(usize, usize) -> Result<InformationCurve<F>>,
) -> Result<Vec<InformationCurve<F>>> {
    if tokens == 0 {
        return Err(Error::Empty { what: "the sequence" });
    }
    let block_length = block_length.nonzero()?;
    let starts = (0..tokens).step_by(block_length);
    starts.map(|start| curve_given_prefix(start, block_length.min(tokens - start))).collect()
}
