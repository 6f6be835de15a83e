//! The same number each, the remainder to the first: LLaDA, and what took over its rule.

/// `tokens / steps` each, the first `tokens % steps` one more; the first `passes` of these steps.
pub(super) fn equal(tokens: usize, steps: usize, passes: usize) -> Vec<usize> {
    (0..passes).map(|i| tokens / steps + usize::from(i < tokens % steps)).collect()
}
