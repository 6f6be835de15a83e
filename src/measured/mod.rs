//! Everything that starts from numbers a person measured.
//!
//! | you have | type |
//! | --- | --- |
//! | losses of a model at some numbers of revealed tokens | [`LossCurve`] |
//! | the same sequences at many numbers of revealed tokens | [`NestedLosses`] |
//! | evaluations that each have a count of their own | [`LossPosterior::from_points`] |
//! | single evaluations, one by one, on one machine or many | [`Collector`] |
//! | losses of a model that masks each token by its own coin | [`SmoothedLosses`] |
//! | decoders of any kind, run on held-out sequences | [`DecoderRuns`] |
//! | losses along an order of the positions, in blocks | [`OrderBlocks`] |
//! | a distribution too large for its exact curve | [`Collector`], which becomes a [`LossCurve`] |
//!
//! | question | call |
//! | --- | --- |
//! | where to measure | [`measurement_counts`] |
//! | what the losses at all counts are, and how sure that is | [`LossPosterior`] |
//! | are these numbers mean losses at all | [`MeasuredLosses::suspicions`] |
//! | do the losses rise by more than noise | [`MonotoneLosses`] |
//! | what lies between measured counts, whatever it is | [`any_fall`] |
//! | which schedule, what it costs by losses that had no part in the choice, and whether it beats equal sizes | [`Planner`] |
//! | which decoder is fastest within a tolerance, and which lose for certain | [`DecoderRuns::compare`] |
//! | which order and which sizes, by the same losses | [`OrderBlocks::choose_order`] |
//! | which schedule, for losses that are not monotone | [`schedule_for_losses`], [`Planner::schedule_as_measured`] |
//!
//! Measured losses become an [`InformationCurve`](crate::InformationCurve) only through
//! [`MonotoneLosses`], which says what it moved and whether noise explains that.

pub mod any_fall;
mod any_losses;
mod as_measured;
mod collector;
mod counts;
#[cfg(feature = "csv")]
mod csv;
mod losses;
mod monotone;
mod nested;
mod order_blocks;
mod planner;
mod posterior;
mod runs;
mod smoothed;
mod suspicion;
mod verdict;

pub use any_losses::MeasuredLosses;
pub use as_measured::schedule_for_losses;
pub use collector::Collector;
pub use counts::measurement_counts;
#[cfg(feature = "csv")]
#[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
pub use csv::LossFile;
pub use losses::{ErrorSplit, LossCurve, LossPoint};
pub use monotone::{Increase, MonotoneLosses, MonotonicityTest};
pub use nested::{NestedLosses, SequenceLosses};
pub use order_blocks::{OrderBlocks, OrderChoice, OrderPass};
pub use planner::{Advice, Choice, Planner};
pub use posterior::LossPosterior;
pub use runs::{ComparedDecoder, DecoderComparison, DecoderMeans, DecoderRuns, FrontierPlace, Run};
pub use smoothed::SmoothedLosses;
pub use suspicion::Suspicion;
pub use verdict::Verdict;
