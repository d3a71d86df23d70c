//! USER, PASS, ACCT, REIN and QUIT (RFC 959 §4.1.1).

use crate::session::host::Chosen;
use crate::session::replies::reply;
use crate::session::{Login, Security, Session, Step};

/// After so many wrong passwords the control connection is closed (RFC 2577 §5: 3 to 5).
const PASSWORD_TRIES: u32 = 5;

/// USER may come at any time. It drops the user who was there and leaves the transfer parameters as they are.
///
/// RFC 2577 §7: every name is asked for a password, so that no reply tells which names exist.
pub(super) fn user(session: &mut Session, name: &[u8]) -> Step {
    if let Some(refusal) = session.login_needs_tls() {
        return refusal.into();
    }
    session.login = Login::Named(name.to_vec());
    if session.settings.accounts.is_guest(name) {
        return reply::<331>("Guest login ok, send your complete e-mail address as password.").into();
    }
    reply::<331>("User name ok, send your password.").into()
}

/// RFC 959 §4.2: when one of a sequence fails, all is to be said again from its first command on. So a wrong password takes
/// the name with it.
pub(super) fn pass(session: &mut Session, password: &[u8]) -> Step {
    let Login::Named(name) = &session.login else {
        return reply::<503>("Send USER first, before PASS.").into();
    };
    let is_guest = session.settings.accounts.is_guest(name);
    let Some(access) = session.settings.accounts.access(name, password) else {
        session.login = Login::Nobody;
        session.failed_logins += 1;
        if session.failed_logins >= PASSWORD_TRIES {
            // RFC 2577 §5: 421 before the server closes.
            return Step::Close(reply::<421>("Too many wrong passwords; closing the control connection."));
        }
        return reply::<530>("Login incorrect.").into();
    };
    session.login = Login::LoggedIn { access, is_guest };
    session.mount(session.volume_of_host());
    if is_guest { session.welcome_guest().into() } else { reply::<230>("User logged in.").into() }
}

/// There are no accounts here, so that ACCT is superfluous: 202 (RFC 959 §4.2.1).
pub(super) fn acct(session: &mut Session, _: &[u8]) -> Step {
    match session.login {
        Login::LoggedIn { .. } => reply::<202>("No account is needed here.").into(),
        Login::Named(_) => reply::<503>("Send PASS first; no account is needed here.").into(),
        Login::Nobody => reply::<503>("Send USER first; no account is needed here.").into(),
    }
}

/// RFC 4217 §13: under TLS its reply is the last that is protected.
/// RFC 7151 §3.2.1: it takes HOST back too.
pub(super) fn rein(session: &mut Session, _: &[u8]) -> Step {
    session.reinitialize();
    session.become_host(Chosen::Server);
    let greeting = session.greeting();
    match std::mem::take(&mut session.security) {
        Security::Tls { .. } => Step::EndTls(greeting),
        Security::Clear | Security::Cleared { .. } => greeting.into(),
    }
}

pub(super) fn quit(session: &mut Session, _: &[u8]) -> Step {
    Step::Close(session.traffic.farewell(session.site()))
}
