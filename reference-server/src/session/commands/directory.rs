//! CWD, CDUP and SMNT (RFC 959 §4.1.1), PWD, MKD and RMD (§4.1.3, Appendix II).

use crate::session::replies::{refusal, reply};
use crate::session::{Session, Step};
use crate::store::Location;

pub(super) fn cwd(session: &mut Session, pathname: &[u8]) -> Step {
    match session.locate(pathname) {
        Ok(directory) => enter(directory),
        Err(refused) => refused,
    }
}

/// §4.1.1 gives CDUP the reply codes of CWD: so 250, and not the 200 of the table of §5.4.
pub(super) fn cdup(session: &mut Session, _: &[u8]) -> Step {
    cwd(session, b"..")
}

fn enter(directory: Location) -> Step {
    let there = directory.clone();
    Step::perform(
        move |store| store.enter(&directory),
        move |session, entered| match entered {
            Ok(()) => {
                session.working = there;
                reply::<250>("Directory changed.").into()
            }
            Err(error) => refusal(error).into(),
        },
    )
}

/// Another file system takes the place of the one that was there; the login and the transfer parameters stay as they are
/// (§4.1.1). `/` is the one that the login has begun with.
pub(super) fn smnt(session: &mut Session, pathname: &[u8]) -> Step {
    let volume = if pathname == b"/" {
        Some(session.volume_of_login())
    } else {
        let mounts = session.settings.mounts.iter();
        let mut named = mounts.filter(|mount| mount.name.as_bytes() == pathname);
        named.next().map(|mount| Some(mount.volume.clone()))
    };
    match volume {
        Some(volume) => {
            session.mount(volume);
            reply::<250>("File system mounted; you are at its root.").into()
        }
        None => reply::<550>("There is no such file system here.").into(),
    }
}

pub(super) fn pwd(session: &mut Session, _: &[u8]) -> Step {
    let mut text = session.working.quoted();
    text.extend_from_slice(b" is the current directory.");
    reply::<257>(text).into()
}

pub(super) fn mkd(session: &mut Session, pathname: &[u8]) -> Step {
    let directory = match session.locate_to_change(pathname) {
        Ok(directory) => directory,
        Err(refused) => return refused,
    };
    // Appendix II: the name in 257 is absolute, for the client may go elsewhere before it uses it.
    let mut text = directory.quoted();
    text.extend_from_slice(b" directory created.");
    let umask = session.options.umask;
    Step::perform(
        move |store| {
            store.make_directory(&directory)?;
            umask.map_or(Ok(()), |umask| store.set_mode(&directory, 0o777 & !umask).map(drop))
        },
        move |_, made| made.map_or_else(refusal, |()| reply::<257>(text)).into(),
    )
}

pub(super) fn rmd(session: &mut Session, pathname: &[u8]) -> Step {
    let directory = match session.locate_to_change(pathname) {
        Ok(directory) => directory,
        Err(refused) => return refused,
    };
    if directory == Location::root() {
        return reply::<550>("The root cannot be removed.").into();
    }
    Step::perform(
        move |store| store.remove_directory(&directory),
        |_, removed| removed.map_or_else(refusal, |()| reply::<250>("Directory removed.")).into(),
    )
}
