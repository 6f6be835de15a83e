use crate::curve::{InformationCurve, block_curves};
use crate::error::{Error, Result};
use crate::numeric::scalar::Scalar;
use crate::optimal::split;
use crate::schedule::Blockwise;
use crate::units::Nats;

/// The best block-wise schedule of `steps` steps in all, and its error: [`split`] as one object.
///
/// # Errors
/// As [`split`].
///
/// ```
/// use unmaskcost::{InformationCurve, optimal};
/// let plain = InformationCurve::from_information([0.0, 0.0, 0.0, 0.1])?;
/// let tangled = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
/// let curves = [plain, tangled];
/// let (blockwise, error) = optimal::blockwise(&curves, 5)?;
/// assert_eq!(blockwise.to_string(), "(4) | (1 x 4)");
/// assert_eq!(error, blockwise.sampling_error(&curves)?);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn blockwise<F: Scalar>(
    curves: &[InformationCurve<F>],
    steps: usize,
) -> Result<(Blockwise, Nats<F>)> {
    let (schedules, errors): (Vec<_>, Vec<_>) = split(curves, steps)?.into_iter().unzip();
    Ok((Blockwise::new(schedules)?, errors.into_iter().sum()))
}

/// A block length, with the best that can be done with it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BlockLength<F = f64> {
    /// Tokens per block; the last may be shorter.
    pub length: usize,
    /// The best schedules of the blocks.
    pub blockwise: Blockwise,
    /// Their sampling error.
    pub error: Nats<F>,
}

/// What each block length can do with `steps` steps in all, the best first; ties go to the shorter
/// block. Lengths that make more blocks than steps are left out, as each block needs a step.
///
/// `curve_given_prefix` gives the curve of `tokens` tokens after `prefix` others:
/// [`JointTable::information_curve_given_prefix`](crate::JointTable::information_curve_given_prefix)
/// or [`MarkovChain::information_curve_given_prefix`](crate::MarkovChain::information_curve_given_prefix). It is called once per block of each length.
///
/// # Errors
/// [`StepsOutOfRange`](Error::StepsOutOfRange) for no step; as [`split`] and [`block_curves`], and those
/// of the function.
///
/// ```
/// use unmaskcost::{JointTable, optimal};
/// // X_2 = X_0 and X_3 = X_1: two blocks of two are free, one block is not.
/// let counts = (0..16_u8).map(|x| u8::from(x >> 2 == x & 3));
/// let table: JointTable = JointTable::from_counts(&[2; 4], counts.collect::<Vec<_>>())?;
/// let lengths = optimal::block_lengths(4, [1, 2, 4], 2, |prefix, tokens| {
///     table.information_curve_given_prefix(prefix, tokens)
/// })?;
/// assert_eq!(lengths.iter().map(|each| each.length).collect::<Vec<_>>(), [2, 4]);
/// assert_eq!(lengths[0].error.0, 0.0);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn block_lengths<F: Scalar>(
    tokens: usize,
    lengths: impl IntoIterator<Item = usize>,
    steps: usize,
    mut curve_given_prefix: impl FnMut(usize, usize) -> Result<InformationCurve<F>>,
) -> Result<Vec<BlockLength<F>>> {
    if steps == 0 {
        return Err(Error::StepsOutOfRange { steps, tokens });
    }
    let mut found = Vec::new();
    for length in lengths {
        if length > 0 && tokens.div_ceil(length) > steps {
            continue;
        }
        let curves = block_curves(tokens, length, &mut curve_given_prefix)?;
        let (blockwise, error) = blockwise(&curves, steps)?;
        found.push(BlockLength { length, blockwise, error });
    }
    found.sort_by(|a, b| {
        let by_error = a.error.partial_cmp(&b.error).unwrap_or(core::cmp::Ordering::Equal);
        by_error.then(a.length.cmp(&b.length))
    });
    Ok(found)
}
