use crate::curve::{InformationCurve, block_curves};
use crate::error::{Error, Result};
use crate::numeric::scalar::Scalar;
use crate::optimal::{Optimum, split};
use crate::schedule::{BlockLength, Blockwise};

/// The best block-wise schedule of `steps` steps in all, and its error: the result of [`split`] as
/// one plan.
///
/// # Errors
/// As [`split`].
///
/// ```
/// use unmaskcost::{InformationCurve, optimal};
/// let plain = InformationCurve::from_information([0.0, 0.0, 0.0, 0.1])?;
/// let tangled = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
/// let curves = [plain, tangled];
/// let best = optimal::blockwise(&curves, 5)?;
/// assert_eq!(best.plan.to_string(), "(4) | (1 x 4)");
/// assert_eq!(best.error, best.plan.sampling_error(&curves)?);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn blockwise<F: Scalar>(
    curves: &[InformationCurve<F>],
    steps: usize,
) -> Result<Optimum<Blockwise, F>> {
    let each = split(curves, steps)?;
    let error = each.iter().map(|block| block.error).sum();
    let schedules: Vec<_> = each.into_iter().map(|block| block.plan).collect();
    Ok(Optimum { plan: Blockwise::new(schedules)?, error })
}

/// The best plan of `steps` steps in all for each block length, the one with the least error first; ties go to the
/// shorter block. The block length of a plan is that of its first block, `plan.blocks()[0].tokens()`. Lengths that make
/// more blocks than steps are left out, as each block needs a step.
///
/// `curve_given_prefix` gives the curve of `tokens` tokens after `prefix` others:
/// [`JointTable::information_curve_given_prefix`](crate::distribution::JointTable::information_curve_given_prefix)
/// or [`MarkovChain::information_curve_given_prefix`](crate::distribution::MarkovChain::information_curve_given_prefix). It is called once per block of each length.
///
/// # Errors
/// [`StepsOutOfRange`](Error::StepsOutOfRange) for no step; as [`split`] and [`block_curves`], and those
/// of the function.
///
/// ```
/// use unmaskcost::{optimal, schedule::BlockLength, distribution::JointTable};
/// // X_2 = X_0 and X_3 = X_1: two blocks of two are free, one block is not.
/// let counts = (0..16_u8).map(|x| u8::from(x >> 2 == x & 3));
/// let table: JointTable = JointTable::from_counts(&[2; 4], counts.collect::<Vec<_>>())?;
/// let lengths = optimal::block_lengths(4, [1, 2, 4].map(BlockLength), 2, |prefix, tokens| {
///     table.information_curve_given_prefix(prefix, tokens)
/// })?;
/// let length = |i: usize| lengths[i].plan.blocks()[0].tokens();
/// assert_eq!((lengths.len(), length(0), length(1)), (2, 2, 4));
/// assert_eq!(lengths[0].error.0, 0.0);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn block_lengths<F: Scalar>(
    tokens: usize,
    lengths: impl AsRef<[BlockLength]>,
    steps: usize,
    mut curve_given_prefix: impl FnMut(usize, usize) -> Result<InformationCurve<F>>,
) -> Result<Vec<Optimum<Blockwise, F>>> {
    if steps == 0 {
        return Err(Error::StepsOutOfRange { steps, tokens });
    }
    let mut found = Vec::new();
    for &length in lengths.as_ref() {
        if length.0 > 0 && tokens.div_ceil(length.0) > steps {
            continue;
        }
        let curves = block_curves(tokens, length, &mut curve_given_prefix)?;
        found.push(blockwise(&curves, steps)?);
    }
    let first_block = |found: &Optimum<Blockwise, F>| found.plan.blocks()[0].tokens();
    found.sort_by(|a, b| {
        let by_error = a.error.partial_cmp(&b.error).unwrap_or(core::cmp::Ordering::Equal);
        by_error.then(first_block(a).cmp(&first_block(b)))
    });
    Ok(found)
}
