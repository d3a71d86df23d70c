//! FEAT and OPTS (RFC 2389).

use protocol::Feature;

use crate::session::replies::{indented, reply};
use crate::session::{Session, Step};

/// What this server can do beyond RFC 959. `SIZE`, `MDTM` and `REST` must be told where they work (RFC 2389 §3).
const FEATURES: [Feature; 7] =
    [Feature::Eprt, Feature::Epsv, Feature::Mdtm, Feature::RestStream, Feature::Size, Feature::Tvfs, Feature::Utf8];

/// RFC 4217 §6. The first is there where CCC may be said.
const TLS: [&str; 4] = ["CCC", "AUTH TLS", "PBSZ", "PROT"];

pub(super) fn feat(session: &mut Session, _: &[u8]) -> Step {
    let security = session.settings.tls.map(|policy| if policy.may_clear { &TLS[..] } else { &TLS[1..] });
    let security = security.into_iter().flatten().copied();
    let lines = security.chain(FEATURES.map(Feature::line));
    indented::<211, &str>("Extensions supported:", lines, "End").into()
}

/// No command here has options. `OPTS UTF8 ON` asks for what is always so, and clients that send it take a refusal badly.
pub(super) fn opts(_: &mut Session, argument: &[u8]) -> Step {
    let words: Vec<Vec<u8>> = argument
        .split(|&octet| octet == b' ')
        .filter(|word| !word.is_empty())
        .map(<[u8]>::to_ascii_uppercase)
        .collect();
    match words.iter().map(Vec::as_slice).collect::<Vec<&[u8]>>().as_slice() {
        [b"UTF8"] | [b"UTF8", b"ON"] => reply::<200>("Pathnames are in UTF-8, always.").into(),
        _ => reply::<501>("There is no such option.").into(),
    }
}
