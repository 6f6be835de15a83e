//! What the data is like: how much the other tokens tell about one.
//!
//! | you have | call |
//! | --- | --- |
//! | a distribution, or its entropies | [`InformationCurve`] |
//! | a distribution, and an order in which its positions are revealed | [`OrderCurve`] |
//! | such a curve, and a schedule whose steps are to be priced one by one | [`InformationCurve::step_costs`] |
//! | a function of your own that takes either of them | [`Curve`] |
//! | such a curve, or losses, and thousands of schedules to compare | [`PreparedCurve`] |
//! | blocks that are decoded one after another | [`block_curves`] |
//! | how fast information grows, for Wainwright's bounds | [`GrowthComplexity`] |
//!
//! Measured losses are in [`measured`](crate::measured).

mod blocks;
mod either;
mod growth;
mod information;
mod order_curve;
mod precision;
mod prepared;
mod step_cost;

pub use blocks::block_curves;
pub use either::Curve;
pub(crate) use either::Kind;
pub use growth::GrowthComplexity;
pub use information::InformationCurve;
pub use order_curve::OrderCurve;
pub(crate) use order_curve::check_tokens as check_order_tokens;
pub use prepared::PreparedCurve;
pub use step_cost::StepCost;
