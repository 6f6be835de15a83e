//! What can be said of a schedule that somebody brings: [alone](Schedule::audit), with the
//! [positions](Rounds::audit) of its rounds, and on a [curve](with_curve).

mod alone;
mod rounds;
mod with_curve;

pub(crate) use alone::SizeTrend;
pub use alone::{NearestDecoder, ScheduleAudit};
pub use rounds::RoundsAudit;
pub use with_curve::{CurveAudit, Exchange, with_curve};

#[cfg(doc)]
use crate::schedule::{Rounds, Schedule};
