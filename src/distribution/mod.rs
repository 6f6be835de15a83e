//! Distributions whose information curve is exact.

mod joint;

pub use joint::JointTable;
pub(crate) use joint::kl_divergence;
