//! What the data is like: how much the other tokens tell about one.

mod growth;
mod information;

pub use growth::GrowthComplexity;
pub use information::InformationCurve;
