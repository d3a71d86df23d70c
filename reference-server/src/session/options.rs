//! What a user has chosen besides the transfer parameters. REIN forgets it.

use std::time::Duration;

use protocol::Level;
use protocol::listing::facts::Selection;

use super::language::Language;
use crate::store::Algorithm;

/// The choices of a session.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// OPTS MLST: the facts of MLST and MLSD.
    pub(super) facts: Selection,
    /// LANG: the language of replies.
    pub(super) language: Language,
    /// OPTS HASH: how HASH makes its digests.
    pub(super) hash: Algorithm,
    /// OPTS MODE Z LEVEL: how hard the server tries to make small what it sends in MODE Z.
    pub(super) level: Level,
    /// SITE UMASK: the permission bits that new files do not get. Without one, the system's own umask holds.
    pub(super) umask: Option<u32>,
    /// SITE IDLE: how long to wait for a command.
    pub(super) idle_limit: Option<Duration>,
}
