//! A session that passed by, made into a scenario that replays.
//!
//! Nothing here touches a socket: what a relay wrote down is handed in. Whatever either side said is data; it gets into the scenario
//! through `yaml` alone, which quotes it.

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
pub use self::session::Session;

#[cfg(test)]
mod tests;
