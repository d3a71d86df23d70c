//! What a user has chosen besides the transfer parameters. REIN forgets it.

use protocol::listing::facts::Selection;

use super::language::Language;

/// The choices of a session.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// OPTS MLST: the facts of MLST and MLSD.
    pub(super) facts: Selection,
    /// LANG: the language of replies.
    pub(super) language: Language,
}
