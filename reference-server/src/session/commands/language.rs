//! LANG (RFC 2640 §4).

use crate::session::language::{Language, NoLanguage};
use crate::session::replies::reply;
use crate::session::{Session, Step};

/// Without an argument, the default language. The reply is in the new language already.
pub(super) fn lang(session: &mut Session, argument: &[u8]) -> Step {
    let language = if argument.is_empty() { Ok(Language::default()) } else { Language::parse(argument) };
    match language {
        Ok(language) => {
            session.options.language = language;
            reply::<200>(format!("Language set to {}.", language.tag())).into()
        }
        Err(NoLanguage::Syntax) => reply::<501>("LANG takes a tag of RFC 1766, as EN or de-AT.").into(),
        Err(NoLanguage::Unknown) => reply::<504>("This language is not spoken here; FEAT tells which are.").into(),
    }
}
