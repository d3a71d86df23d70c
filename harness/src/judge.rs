//! From what was said to what it means. Nothing here touches a socket, a file or a clock.
//!
//! [`play()`] walks through a scenario on a [`Stage`]. The runner's stage does what it is asked and writes it down; the
//! stage of [`again`] answers from what was written down. So a verdict can be repeated from its transcript, by the very
//! same code.

pub mod again;
pub mod client;
pub mod expectation;
pub mod extensions;
pub mod framing;
pub mod grade;
pub mod play;
pub mod stage;
pub mod task;
pub mod text;
pub mod value;

pub use play::{Facts, Played, play};
pub use stage::{Act, Stage};
