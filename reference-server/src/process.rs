//! What this process may do, once it has all that it serves with.

mod user;

pub(crate) use user::{RunAs, RunAsError};
