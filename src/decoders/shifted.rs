//! Shifted times, no step empty, read from the other end: LaViDa.

/// The pass sizes of LaViDa: at most one pass for each token.
pub(super) fn lavida(tokens: usize, steps: usize, shift: f64) -> Vec<usize> {
    let steps = steps.min(tokens);
    let (shift, more) = (shift as f32, (shift - 1.0) as f32);
    let revealed = |i: usize| {
        if i == steps {
            return tokens;
        }
        let time = (i as f64 / steps as f64) as f32;
        (shift * time / (1.0 + more * time) * tokens as f32) as usize
    };
    let mut sizes: Vec<usize> =
        (0..steps).map(|i| revealed(i + 1).saturating_sub(revealed(i)).max(1)).collect();
    // Sizes raised to one make the sum too large. The excess is taken back from the larger sizes in
    // turn.
    let mut excess = sizes.iter().sum::<usize>().saturating_sub(tokens);
    while excess > 0 {
        let large: Vec<&mut usize> =
            sizes.iter_mut().filter(|size| **size > 1).take(excess).collect();
        excess -= large.len();
        large.into_iter().for_each(|size| *size -= 1);
    }
    sizes.reverse();
    sizes
}
