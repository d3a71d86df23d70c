//! AUTH, ADAT, PBSZ, PROT, CCC, MIC, CONF and ENC (RFC 2228 §3), with TLS as the one mechanism (RFC 4217).

use protocol::{Reply, Verb};

use crate::session::replies::reply;
use crate::session::security::{Demand, Protection, Security};
use crate::session::{Session, Step};

/// RFC 4217 §17: TLS-C is another name of TLS. RFC 2228 §3: names have no case.
pub(super) fn auth(session: &mut Session, mechanism: &[u8]) -> Step {
    if session.security != Security::Clear {
        // RFC 2228 §3 leaves a second exchange to the server.
        return reply::<534>("The connection was secured already; send REIN first.").into();
    }
    let mechanism = mechanism.trim_ascii().to_ascii_uppercase();
    if !matches!(mechanism.as_slice(), b"TLS" | b"TLS-C") {
        return reply::<504>("The one mechanism here is TLS.").into();
    }
    // RFC 4217 §4.2: the session begins anew. What was said in clear behind AUTH may have been put there by someone in
    // between, so it is dropped (§10.1).
    session.reinitialize();
    session.queue.clear();
    session.security = Security::Tls { has_buffer_size: false, data: Protection::Clear };
    Step::BeginTls(reply::<234>("Begin the TLS negotiation."))
}

/// TLS has no security data of its own on the control connection.
pub(super) fn adat(_: &mut Session, _: &[u8]) -> Step {
    reply::<503>("TLS takes no ADAT; send AUTH TLS.").into()
}

/// RFC 4217 §9: a stream has no blocks, so that the one size is 0. A larger one is answered with it (RFC 2228 §3).
pub(super) fn pbsz(session: &mut Session, size: &[u8]) -> Step {
    let Some(data) = under_tls(session) else { return refused(session, "PBSZ") };
    let size =
        std::str::from_utf8(size.trim_ascii()).ok().filter(|size| size.bytes().all(|octet| octet.is_ascii_digit()));
    match size.and_then(|size| size.parse::<u32>().ok()) {
        Some(size) => {
            session.security = Security::Tls { has_buffer_size: true, data };
            reply::<200>(if size == 0 { "PBSZ command successful." } else { "PBSZ=0" }).into()
        }
        None => reply::<501>("PBSZ takes a number of 32 bits; with TLS it is 0.").into(),
    }
}

pub(super) fn prot(session: &mut Session, level: &[u8]) -> Step {
    if under_tls(session).is_none() {
        return refused(session, "PROT");
    }
    if !matches!(session.security, Security::Tls { has_buffer_size: true, .. }) {
        return reply::<503>("Send PBSZ 0 first.").into();
    }
    let data = match level.trim_ascii().to_ascii_uppercase().as_slice() {
        b"C" => Protection::Clear,
        b"P" => Protection::Private,
        b"S" | b"E" => return reply::<536>("TLS has the levels C and P only.").into(),
        _ => return reply::<504>("There is no such level; TLS has C and P.").into(),
    };
    session.security = Security::Tls { has_buffer_size: true, data };
    reply::<200>("PROT command successful.").into()
}

/// RFC 4217 §5: 200 is the last that is protected.
pub(super) fn ccc(session: &mut Session, _: &[u8]) -> Step {
    match session.security {
        Security::Clear | Security::Cleared { .. } => reply::<533>("The control connection is not protected.").into(),
        Security::Tls { .. } if !session.settings.tls.is_some_and(|policy| policy.may_clear) => {
            reply::<534>("The control connection stays protected.").into()
        }
        Security::Tls { data, .. } => {
            session.security = Security::Cleared { data };
            Step::EndTls(reply::<200>("The control connection goes on in clear."))
        }
    }
}

/// MIC, CONF and ENC belong to mechanisms that protect each command by itself. TLS is not one (RFC 2228 §3: 537).
pub(super) fn protected_command(session: &mut Session, _: &[u8]) -> Step {
    match session.security {
        Security::Tls { .. } => reply::<537>("TLS protects all commands already.").into(),
        Security::Clear | Security::Cleared { .. } => reply::<503>("Send AUTH TLS first.").into(),
    }
}

impl Session {
    /// The refusal of a login in clear, where the server wants TLS first (RFC 4217 §10.1).
    pub(super) fn login_needs_tls(&self) -> Option<Reply> {
        let demands = self.settings.tls.is_some_and(|policy| policy.demand != Demand::Nothing);
        (demands && !matches!(self.security, Security::Tls { .. })).then(|| reply::<530>("Send AUTH TLS first."))
    }

    /// The refusal of a transfer in clear, where the server wants it protected (RFC 4217 §10.2: 521, before any 150).
    pub(super) fn transfer_needs_tls(&self, verb: Verb) -> Option<Reply> {
        let transfers =
            matches!(verb, Verb::Retr | Verb::Stor | Verb::Stou | Verb::Appe | Verb::List | Verb::Nlst | Verb::Mlsd);
        let demands = self.settings.tls.is_some_and(|policy| policy.demand == Demand::LoginAndData);
        let is_clear = self.security.of_data() == Protection::Clear;
        (transfers && demands && is_clear).then(|| reply::<521>("Data connections must be protected; send PROT P."))
    }
}

/// The protection of data connections, if TLS protects the control connection now.
fn under_tls(session: &Session) -> Option<Protection> {
    match session.security {
        Security::Tls { data, .. } => Some(data),
        Security::Clear | Security::Cleared { .. } => None,
    }
}

fn refused(session: &Session, verb: &str) -> Step {
    match session.security {
        Security::Cleared { .. } => reply::<503>(format!("After CCC there is no {verb}.")).into(),
        Security::Clear | Security::Tls { .. } => reply::<503>("Send AUTH TLS first.").into(),
    }
}
