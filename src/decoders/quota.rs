//! The same number in each pass, the remainder to the first ones: LLaDA, and decoders that took over its rule. And
//! doubling numbers: ascending steps.

use core::iter;

/// The first `passes` of `steps` sizes: `tokens / steps` each, and one more in the first
/// `tokens % steps`.
pub(super) fn equal(tokens: usize, steps: usize, passes: usize) -> Vec<usize> {
    (0..passes).map(|i| tokens / steps + usize::from(i < tokens % steps)).collect()
}

/// The sizes of a block of `block_length` tokens of which only some are masked: those of the whole block, until no mask is left.
pub(super) fn quotas(block_length: usize, masked: usize, steps: usize) -> Vec<usize> {
    let mut left = masked;
    let quotas = equal(block_length, steps, steps.min(block_length)).into_iter();
    let sizes = quotas.map_while(|quota| {
        let size = quota.min(left);
        left -= size;
        (size > 0).then_some(size)
    });
    sizes.collect()
}

/// 1, 2, 4, .., `floor(log2 L)` sizes in all (at least one), of which the last takes what is left.
pub(super) fn ascending(tokens: usize) -> Vec<usize> {
    let steps = tokens.ilog2().max(1) as usize;
    let mut sizes: Vec<usize> =
        iter::successors(Some(1), |size| Some(2 * size)).take(steps - 1).collect();
    sizes.push(tokens - sizes.iter().sum::<usize>());
    sizes
}
