//! DELE (RFC 959 §4.1.3), and where a pathname leads.

use crate::accounts::Access;
use crate::session::interface::Action;
use crate::session::replies::{refusal, reply};
use crate::session::{Changes, Login, Session, Step};
use crate::store::Location;

pub(super) fn dele(session: &mut Session, pathname: &[u8]) -> Step {
    match session.locate_to_change(pathname) {
        Ok(file) => Step::perform(
            {
                let deleted = file.clone();
                move |store| store.delete(&deleted)
            },
            move |session, deleted| match deleted {
                Ok(()) => {
                    session.actions.push(Action::Deleted(file));
                    reply::<250>("File deleted.").into()
                }
                Err(error) => refusal(error).into(),
            },
        ),
        Err(refused) => refused,
    }
}

impl Session {
    /// The place of a pathname, or the refusal of one outside the root.
    pub(super) fn locate(&self, pathname: &[u8]) -> Result<Location, Step> {
        self.working.resolve(pathname).map_err(|outside| reply::<550>(format!("{outside}.")).into())
    }

    /// The same for a command that changes something, which a guest may not be allowed to, nor anybody with `--read-only`.
    pub(super) fn locate_to_change(&self, pathname: &[u8]) -> Result<Location, Step> {
        if self.may_change() {
            return self.locate(pathname);
        }
        Err(reply::<550>("Permission denied: you may only read here.").into())
    }

    pub(super) fn may_change(&self) -> bool {
        self.settings.changes == Changes::Allowed
            && matches!(self.login, Login::LoggedIn { access: Access::ReadWrite, .. })
    }
}
