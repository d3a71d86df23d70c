//! USER, PASS, ACCT (RFC 959 §6, the diagram of the login).

use protocol::{Reply, Severity};

use super::{Operation, Progress};
use crate::session::command::{CommandLine, Secret};
use crate::session::{Action, Event, Failure, Manner};

/// Logs a user in, with as many of the three commands as the server asks for.
#[derive(Debug)]
pub(crate) struct Login {
    user: CommandLine,
    password: Option<CommandLine>,
    account: Option<CommandLine>,
}

impl Login {
    pub(crate) fn new(name: &[u8], password: Option<&Secret>, account: Option<&Secret>) -> Result<Self, Failure> {
        Ok(Self {
            user: CommandLine::new("USER", name)?,
            password: password.map(|password| CommandLine::secret("PASS", password)).transpose()?,
            account: account.map(|account| CommandLine::secret("ACCT", account)).transpose()?,
        })
    }

    /// What the server's 3yz asks for. Each is said once, so the exchange ends whatever the server says.
    fn next(&mut self, reply: &Reply) -> Result<CommandLine, Failure> {
        /// "Need account for login": the second thing 3yz can mean here; the first is the password.
        const ACCOUNT: u16 = 332;
        if reply.code().number() == ACCOUNT {
            return self.account.take().ok_or(Failure::AccountWanted);
        }
        self.password.take().ok_or(Failure::PasswordWanted)
    }
}

impl Operation for Login {
    fn step(&mut self, event: Event, manner: &mut Manner) -> Result<Progress, Failure> {
        if event == Event::Begin {
            return Ok(Progress::Wait(vec![Action::Say(self.user.clone())]));
        }
        let Some(reply) = event.into_reply()? else { return Ok(Progress::Wait(Vec::new())) };
        match reply.severity() {
            Severity::Preliminary => Ok(Progress::Wait(Vec::new())),
            Severity::Completion => {
                // RFC 959 §4.1.1: USER begins anew; what was agreed with another user may not hold.
                manner.said.representation = None;
                manner.features = None;
                Ok(Progress::Done(Vec::new()))
            }
            Severity::Intermediate => Ok(Progress::Wait(vec![Action::Say(self.next(&reply)?)])),
            Severity::Transient | Severity::Permanent | Severity::Protected => Err(Failure::of(reply)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::play;
    use super::*;
    use rstest::rstest;

    fn login(password: Option<&[u8]>, account: Option<&[u8]>) -> Login {
        Login::new(b"u", password.map(Secret::new).as_ref(), account.map(Secret::new).as_ref()).unwrap()
    }

    #[rstest]
    #[case::user_is_enough(&["230 in"], &["C: USER u", "done"])]
    #[case::password(&["331 password", "230 in"], &["C: USER u", "C: PASS p", "done"])]
    #[case::superfluous(&["331 password", "202 superfluous"], &["C: USER u", "C: PASS p", "done"])]
    #[case::all_three(&["331 password", "332 account", "230 in"], &["C: USER u", "C: PASS p", "C: ACCT a", "done"])]
    #[case::no_password(&["332 account", "230 in"], &["C: USER u", "C: ACCT a", "done"])]
    #[case::refused(&["331 password", "530 no"], &["C: USER u", "C: PASS p", "failed: the server refused: 530 no"])]
    #[case::asks_for_ever(&["331 a", "331 b"], &["C: USER u", "C: PASS p",
        "failed: the server wants a password, and none was given: login USER PASSWORD"])]
    fn conversations(#[case] script: &[&str], #[case] done: &[&str]) {
        assert_eq!(play(login(Some(b"p"), Some(b"a")), script), done);
    }

    #[test]
    fn what_is_missing_is_said() {
        let done = play(login(Some(b"p"), None), &["331 password", "332 account"]);
        assert_eq!(
            done.last().unwrap(),
            "failed: the server wants an account, and none was given: login USER PASSWORD ACCOUNT, or --account"
        );
    }

    #[test]
    fn debug_hides_the_password() {
        let debug = format!("{:?}", login(Some(b"sesame"), Some(b"sesame")));
        assert!(!debug.contains("sesame"), "{debug}");
    }
}
