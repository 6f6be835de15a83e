//! What the data is like: how much the other tokens tell about one.
//!
//! | you have | type |
//! | --- | --- |
//! | a distribution, or its entropies | [`InformationCurve`] |
//! | losses of a model at some numbers of revealed tokens | [`LossCurve`] |
//! | single evaluations, one by one, on one machine or many | [`LossAccumulator`] |
//! | losses of a model that masks each token by its own coin | [`SmoothedLosses`] |
//!
//! [`measurement_counts`] tells where to measure. Measured losses become an [`InformationCurve`] only
//! through [`MonotoneLosses`], which says what it moved and whether noise explains that.

mod accumulator;
mod blockwise;
mod csv;
mod estimate;
mod growth;
mod information;
mod losses;
mod measurement;
mod moments;
mod monotone;
mod smoothed;
mod step_cost;

pub use accumulator::LossAccumulator;
pub use blockwise::block_curves;
pub use csv::CsvProblem;
pub use estimate::{ConfidenceInterval, Estimate};
pub use growth::GrowthComplexity;
pub use information::InformationCurve;
pub use losses::{ErrorSplit, LossCurve, LossPoint};
pub use measurement::measurement_counts;
pub use monotone::{Increase, MonotoneLosses, MonotonicityTest, Move};
pub use smoothed::SmoothedLosses;
pub use step_cost::StepCost;

pub(crate) use moments::Moments;
#[cfg(feature = "serde")]
pub(crate) use moments::count;
