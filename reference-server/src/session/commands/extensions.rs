//! FEAT and OPTS (RFC 2389), and CLNT.

use protocol::command::TABLE;
use protocol::{Feature, Reply, Verb};

use super::modify;
use crate::session::replies::{indented, reply};
use crate::session::{Session, Step};

/// What the table tells of every verb this server has, and what is no verb.
pub(super) fn feat(session: &mut Session, _: &[u8]) -> Step {
    let of_verbs = TABLE.iter().filter(|row| session.procedure(row.verb).is_some()).filter_map(|row| row.feature);
    // RFC 4217 §6: CCC is told where it may be said.
    let may_clear = session.settings.tls.is_some_and(|policy| policy.may_clear);
    let of_verbs = of_verbs.filter(|feature| *feature != Feature::Ccc || may_clear);
    let lines = of_verbs.chain([Feature::Tvfs, Feature::Utf8]).map(|feature| session.feature(feature));
    indented::<211, String>("Extensions supported:", lines, "End").into()
}

impl Session {
    fn feature(&self, feature: Feature) -> String {
        let label = feature.label();
        match feature {
            Feature::Mlst => format!("{label} {}", self.options.facts.starred()),
            Feature::Lang => format!("{label} {}", self.options.language.starred()),
            Feature::Mff => format!("{label} {}", modify::facts(self.creation())),
            Feature::Hash => format!("{label} {}", self.algorithms()),
            Feature::AuthTls
            | Feature::Avbl
            | Feature::Ccc
            | Feature::Clnt
            | Feature::Eprt
            | Feature::Epsv
            | Feature::Host
            | Feature::Mdtm
            | Feature::Mfct
            | Feature::Mfmt
            // Without names behind it there is no engine but zlib (draft-preston-ftpext-deflate §3.5).
            | Feature::ModeZ
            | Feature::Pbsz
            | Feature::Prot
            | Feature::RangStream
            | Feature::RestStream
            | Feature::Size
            | Feature::Tvfs
            | Feature::Utf8
            | Feature::Xcrc
            | Feature::Xmd5
            | Feature::Xsha1
            | Feature::Xsha256
            | Feature::Xsha512 => label.to_owned(),
        }
    }
}

/// RFC 2389 §4: a command that is not there, or has no options, is 501.
pub(super) fn opts(session: &mut Session, argument: &[u8]) -> Step {
    let mut parts = argument.splitn(2, |&octet| octet == b' ');
    let (name, options) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if name.eq_ignore_ascii_case(b"UTF8") {
        return utf8(options).into();
    }
    match Verb::parse(name) {
        Some(Verb::Mlst) => session.choose_facts(options).into(),
        Some(Verb::Mode) => session.choose_deflation(options).into(),
        Some(Verb::Hash) => session.choose_algorithm(options).into(),
        Some(_) | None => reply::<501>("There is no such option.").into(),
    }
}

/// `OPTS UTF8 ON` asks for what is always so, and clients that send it take a refusal badly.
fn utf8(options: &[u8]) -> Reply {
    match options.trim_ascii() {
        b"" => reply::<200>("Pathnames are in UTF-8, always."),
        on if on.eq_ignore_ascii_case(b"ON") => reply::<200>("Pathnames are in UTF-8, always."),
        _ => reply::<501>("UTF8 can only be ON."),
    }
}

/// The program of the user names itself. It makes no difference to us.
pub(super) fn clnt(_: &mut Session, _: &[u8]) -> Step {
    reply::<200>("Noted.").into()
}
