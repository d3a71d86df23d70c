//! A session that passed by, made into a scenario that replays.
//!
//! Nothing here touches a socket: `run::record` hands in what a relay saw. Whatever either side said is data; it gets into the scenario
//! only through [`yaml`], which quotes it.

mod content;
mod dialogue;
mod listing;
mod paths;
mod script;
mod session;
mod transfer;
mod tree;
mod yaml;

pub use self::script::{Purpose, scenario};
pub use self::session::{Body, Carried, Ending, Session, Spoken};
