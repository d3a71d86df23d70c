//! From a report and a rubric to points, and the words that explain them. Pure: the same input gives the same score.

pub mod audience;
pub mod cause;
pub mod compare;
pub mod explain;
pub mod export;
pub mod outline;
pub mod record;
pub mod score;
pub mod table;

pub use self::audience::Audience;
pub use self::cause::Cause;
pub use self::outline::Outline;
pub use self::record::{Built, Record, Status};
pub use self::score::{CaseScore, CheckOutcome, GroupScore, Outcome, Score, score};
