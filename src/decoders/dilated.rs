//! Strides that are halved: DUS.

use crate::error::{Result, check_limit};

/// The most tokens whose dilated positions are listed: half a GiB.
pub(crate) const MAX_DILATED: u128 = 1 << 26;

/// The positions of each round of [`Decoder::Dus`] in a block: `dilated_unmask_levels` with base 2. A
/// stride reveals its multiples that no larger stride has revealed; strides are halved with truncation,
/// so they need not divide each other. O(B log B).
pub(crate) fn dilated_levels(block_length: usize) -> Result<Vec<Vec<usize>>> {
    check_limit("tokens of a dilated block", block_length as u128, MAX_DILATED)?;
    let mut revealed = vec![false; block_length];
    let mut levels: Vec<Vec<usize>> = Vec::new();
    let mut stride = (block_length / 2).max(1);
    while stride >= 1 {
        let mut level = Vec::new();
        for position in (0..block_length).step_by(stride) {
            if !core::mem::replace(&mut revealed[position], true) {
                level.push(position);
            }
        }
        if !level.is_empty() {
            levels.push(level);
        }
        stride /= 2;
    }
    if let [.., before, last] = levels.as_mut_slice()
        && last.len() < before.len()
    {
        before.append(last);
        levels.pop();
    }
    Ok(levels)
}
