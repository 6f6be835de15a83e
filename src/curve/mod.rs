//! What the data is like: how much the other tokens tell about one.

mod information;

pub use information::InformationCurve;
