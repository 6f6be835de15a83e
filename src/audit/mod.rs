//! What a careful colleague says of a schedule: [alone](Schedule::audit), and on a
//! [curve](with_curve).

mod alone;
mod with_curve;

pub use alone::{NearestDecoder, ScheduleAudit, SizeTrend};
pub use with_curve::{CurveAudit, Exchange, with_curve};

#[cfg(doc)]
use crate::schedule::Schedule;
