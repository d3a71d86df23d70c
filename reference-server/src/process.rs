//! What this process may do, once it has all that it serves with.

mod confinement;
mod user;

pub(crate) use confinement::{ConfinementError, ReadAgain, confine};
pub(crate) use user::{RunAs, RunAsError};
