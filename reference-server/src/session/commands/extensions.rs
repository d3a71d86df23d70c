//! FEAT and OPTS (RFC 2389).

use protocol::command::TABLE;
use protocol::listing::facts::Selection;
use protocol::{Feature, Reply, Verb};

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
            Feature::AuthTls
            | Feature::Ccc
            | Feature::Eprt
            | Feature::Epsv
            | Feature::Host
            | Feature::Mdtm
            | Feature::Pbsz
            | Feature::Prot
            | Feature::RestStream
            | Feature::Size
            | Feature::Tvfs
            | Feature::Utf8 => label.to_owned(),
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
    if Verb::parse(name) == Some(Verb::Mlst) {
        return session.choose_facts(options).into();
    }
    reply::<501>("There is no such option.").into()
}

/// `OPTS UTF8 ON` asks for what is always so, and clients that send it take a refusal badly.
fn utf8(options: &[u8]) -> Reply {
    match options.trim_ascii() {
        b"" => reply::<200>("Pathnames are in UTF-8, always."),
        on if on.eq_ignore_ascii_case(b"ON") => reply::<200>("Pathnames are in UTF-8, always."),
        _ => reply::<501>("UTF8 can only be ON."),
    }
}

impl Session {
    /// RFC 3659 §7.9. A refused list leaves the one before as it was.
    fn choose_facts(&mut self, list: &[u8]) -> Reply {
        match Selection::parse(list) {
            Ok(selection) => {
                let told = format!("MLST OPTS {selection}");
                self.options.facts = selection;
                reply::<200>(told.trim_end())
            }
            Err(error) => reply::<501>(format!("{error}.")),
        }
    }
}
