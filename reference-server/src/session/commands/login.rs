//! USER, PASS, ACCT, REIN and QUIT (RFC 959 §4.1.1).

use crate::accounts::{Access, is_account};
use crate::session::host::Chosen;
use crate::session::interface::Action;
use crate::session::replies::reply;
use crate::session::{Login, Security, Session, Standing, Step, Storing};

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
    let name = name.clone();
    let check = session.settings.accounts.check(&name, password);
    Step::verify(check, move |session, access| match access {
        Some(access) => session.pass_is_right(name, access),
        None => session.fail_login(name),
    })
}

/// RFC 959 §4.1.1: an account may be needed for the login, or for some of the work behind it. Where none is, ACCT is superfluous:
/// 202 (§4.2.1).
pub(super) fn acct(session: &mut Session, account: &[u8]) -> Step {
    match session.login.clone() {
        Login::Nobody => reply::<503>("Send USER first, before ACCT.").into(),
        Login::Named(_) => reply::<503>("Send PASS first, before ACCT.").into(),
        Login::NeedsAccount { name, access } => {
            if is_account(&session.settings.accounts.of_login, &name, account) {
                return session.log_in(name, access);
            }
            session.fail_login(name)
        }
        Login::LoggedIn { storing: Storing::Allowed, .. } => reply::<202>("No account is needed here.").into(),
        Login::LoggedIn { storing: Storing::NeedsAccount, name, access, is_guest, home } => {
            if !is_account(&session.settings.accounts.of_storing, &name, account) {
                // To guess it, as to guess a password, ends the session at some time.
                return session.fail_login(name);
            }
            session.login = Login::LoggedIn { name, access, is_guest, storing: Storing::Allowed, home };
            reply::<230>("Account accepted; you may store files.").into()
        }
    }
}

impl Session {
    fn pass_is_right(&mut self, name: Vec<u8>, access: Access) -> Step {
        if self.settings.accounts.of_login.contains_key(&name) {
            self.login = Login::NeedsAccount { name, access };
            return reply::<332>("An account is needed for login; send ACCT.").into();
        }
        self.log_in(name, access)
    }

    fn log_in(&mut self, name: Vec<u8>, access: Access) -> Step {
        let is_guest = self.settings.accounts.is_guest(&name);
        let needs_account = self.settings.accounts.of_storing.contains_key(&name);
        let home = self.settings.homes.get(&name).cloned();
        let storing = if needs_account { Storing::NeedsAccount } else { Storing::Allowed };
        self.login = Login::LoggedIn { name, access, is_guest, storing, home };
        self.mount(self.volume_of_login());
        self.actions.extend(self.visitor().map(Action::LoggedIn));
        if is_guest { self.welcome_guest().into() } else { reply::<230>("User logged in.").into() }
    }

    fn fail_login(&mut self, name: Vec<u8>) -> Step {
        self.login = Login::Nobody;
        self.failed_logins += 1;
        Step::LoginFailed { name }
    }

    /// What is said when the time for it has come.
    pub(in crate::session) fn failure_counted(&mut self, standing: Standing) -> Step {
        if self.failed_logins >= PASSWORD_TRIES || standing == Standing::ShutOut {
            // RFC 2577 §5: 421 before the server closes.
            return Step::Close(reply::<421>("Too many wrong passwords; closing the control connection."));
        }
        reply::<530>("Login incorrect.").into()
    }

    /// The refusal of a command that stores, where an account is needed first (RFC 959 §5.4: 532 for STOR, STOU, APPE and RNTO).
    pub(super) fn storing_needs_account(&self) -> Option<Step> {
        let needs = matches!(self.login, Login::LoggedIn { storing: Storing::NeedsAccount, .. });
        needs.then(|| reply::<532>("An account is needed to store files; send ACCT.").into())
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
