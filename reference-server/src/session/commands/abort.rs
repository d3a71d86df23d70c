//! ABOR (RFC 959 §4.1.3). What it does to a running transfer is told in `session::transfer`.

use crate::session::replies::reply;
use crate::session::{Session, Step};

/// By the time ABOR is executed no transfer runs. What is left to do is to close what was arranged
/// for one: so 226, which says that the data connection is closed, and not 225, which would say that it is open.
pub(super) fn abor(session: &mut Session, _: &[u8]) -> Step {
    session.arrange_nothing();
    reply::<226>("ABOR command successful; no data connection is open.").into()
}
