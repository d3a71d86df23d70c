//! STAT, SYST, HELP and NOOP (RFC 959 §4.1.3).

use protocol::command::TABLE;
use protocol::transfer::Parameters;
use protocol::{Reply, Verb};

use super::list::without_options;
use crate::session::data_port::Arranged;
use crate::session::replies::{indented, list_refusal, reply};
use crate::session::{Login, Session, Step};
use crate::store::Listing;

pub(super) fn stat(session: &mut Session, argument: &[u8]) -> Step {
    if argument.is_empty() {
        return session.status().into();
    }
    match session.locate(without_options(argument)) {
        // A listing over the control connection: 213 for a file, 212 for a directory; both are listed for STAT. One code for both
        // needs no second look at the file.
        Ok(location) => Step::perform(
            move |store| store.list(&location, &Listing::Long)?.text(),
            |_, text| text.map_or_else(list_refusal, |text| listing(&text)).into(),
        ),
        Err(refused) => refused,
    }
}

/// The inner lines begin with a space, so that no name of a file can pass for the end of the reply (RFC 959 §4.2).
fn listing(text: &[u8]) -> Reply {
    let lines = text.split(|&octet| octet == b'\n').filter(|line| !line.is_empty());
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    indented::<213, &[u8]>("Status follows:", lines, "End of status.")
}

impl Session {
    /// Every command this server has, with the X names.
    fn commands(&self) -> Reply {
        let rows = TABLE.iter().filter(|row| self.procedure(row.verb).is_some());
        let names: Vec<&str> = rows.flat_map(|row| std::iter::once(row.name).chain(row.alias)).collect();
        let lines = names.chunks(8).map(|names| names.join(" "));
        indented::<214, String>("These commands are recognised:", lines, "End of help.")
    }

    fn status(&self) -> Reply {
        let user = match self.login {
            Login::Nobody | Login::Named(_) | Login::NeedsAccount { .. } => "Not logged in",
            Login::LoggedIn { is_guest: true, .. } => "Logged in as a guest",
            Login::LoggedIn { is_guest: false, .. } => "Logged in",
        };
        let Parameters { representation, structure, mode } = self.parameters;
        let data_port = match self.data_port.arranged {
            Arranged::Default => "None arranged; the default port of the user is used",
            Arranged::Active(_) => "The server will connect",
            Arranged::Passive => "The server listens",
            Arranged::Open => "Open from the transfer before",
        };
        indented::<211, String>(
            &format!("{} FTP server status:", self.site()),
            [
                format!("User: {user}"),
                format!("TYPE: {representation}; STRU: {structure}; MODE: {mode}"),
                format!("Data connection: {data_port}"),
                format!("Transferred: {} bytes in {} files", self.traffic.file_octets, self.traffic.files),
            ],
            "End of status.",
        )
    }
}

/// RFC 959 §4.1.3: the first word is a name of the list of system names; L8 tells the size of a byte.
pub(super) fn syst(_: &mut Session, _: &[u8]) -> Step {
    reply::<215>("UNIX Type: L8").into()
}

pub(super) fn noop(_: &mut Session, _: &[u8]) -> Step {
    reply::<200>("NOOP command successful.").into()
}

pub(super) fn help(session: &mut Session, argument: &[u8]) -> Step {
    let name = argument.trim_ascii();
    if name.is_empty() {
        return session.commands().into();
    }
    match Verb::parse(name).filter(|verb| session.procedure(*verb).is_some()) {
        Some(verb) => reply::<214>(format!("Syntax: {verb}{}", verb.row().help)).into(),
        None => reply::<501>("There is no help for this; HELP alone tells which commands there are.").into(),
    }
}
