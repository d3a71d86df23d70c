//! What a run found, and every form it is shown in.
//!
//! [`model`] is the one canonical shape: the runner makes it, every renderer reads only it, and it travels as JSON.

pub mod model;
