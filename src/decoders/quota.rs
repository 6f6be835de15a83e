//! The same number each, the remainder to the first: LLaDA, and what took over its rule. And doubled numbers: ascending steps.

use core::iter;

/// `tokens / steps` each, the first `tokens % steps` one more; the first `passes` of these steps.
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

/// 1, 2, 4, .. as long as the next one and all before it are at most the tokens; what is left goes to the last.
pub(super) fn ascending(tokens: usize) -> Vec<usize> {
    let steps = tokens.ilog2().max(1) as usize;
    let mut sizes: Vec<usize> =
        iter::successors(Some(1), |size| Some(2 * size)).take(steps - 1).collect();
    sizes.push(tokens - sizes.iter().sum::<usize>());
    sizes
}
