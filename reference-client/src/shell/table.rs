//! The commands of the shell: names, use, help. A new one is a row here and an arm in `verbs`.

use std::ops::RangeInclusive;

/// What a line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Setting(Setting),
    Open,
    Login,
    List,
    NameList,
    ChangeDirectory,
    ChangeToParent,
    PrintDirectory,
    ChangeLocalDirectory,
    MakeDirectory,
    RemoveDirectory,
    Get,
    Resume,
    Newer,
    ResumePut,
    PutUnique,
    GetMany,
    PutMany,
    DeleteMany,
    Put,
    Append,
    Delete,
    Rename,
    Site,
    ChangeMode,
    Mask,
    System,
    Features,
    RemoteHelp,
    RemoteStatus,
    Account,
    LocalList,
    Size,
    Time,
    Quote,
    Help,
    Close,
    Quit,
}

/// What is changed in the shell, or agreed on with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    Active,
    Passive,
    Epsv,
    Ascii,
    Binary,
    Type,
    Structure,
    Mode,
    Verbose,
    Progress,
    Prompt,
    Status,
}

/// One command of the shell.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) verb: Verb,
    pub(super) names: &'static [&'static str],
    pub(super) usage: &'static str,
    pub(super) help: &'static str,
    /// How many words may follow the name.
    pub(super) arguments: RangeInclusive<usize>,
}

impl Row {
    const fn new(
        verb: Verb,
        names: &'static [&'static str],
        arguments: RangeInclusive<usize>,
        usage: &'static str,
        help: &'static str,
    ) -> Self {
        Self { verb, names, usage, help, arguments }
    }

    /// The row of a name; upper and lower case are the same.
    pub(super) fn named(name: &[u8]) -> Option<&'static Self> {
        ROWS.iter().find(|row| row.names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name)))
    }
}

/// Where the names of an argument stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Here,
    There,
    Neither,
}

impl Row {
    /// Where the name of this argument stands; the first one is 1.
    pub(super) fn completes(&self, argument: usize) -> Side {
        match (self.verb, argument) {
            (Verb::ChangeLocalDirectory | Verb::LocalList | Verb::PutMany, _)
            | (Verb::Put | Verb::Append | Verb::ResumePut | Verb::PutUnique, 1)
            | (Verb::Get | Verb::Resume | Verb::Newer, 2) => Side::Here,
            (Verb::Get | Verb::Resume | Verb::Newer, 1)
            | (Verb::Put | Verb::Append | Verb::ResumePut | Verb::ChangeMode, 2)
            | (
                Verb::List
                | Verb::NameList
                | Verb::ChangeDirectory
                | Verb::RemoveDirectory
                | Verb::Delete
                | Verb::Rename
                | Verb::Size
                | Verb::Time
                | Verb::GetMany
                | Verb::DeleteMany
                | Verb::RemoteStatus,
                _,
            ) => Side::There,
            _ => Side::Neither,
        }
    }
}

const ANY: RangeInclusive<usize> = 0..=usize::MAX;

/// All commands, in the order `help` lists them.
pub(super) static ROWS: &[Row] = &[
    Row::new(
        Verb::Open,
        &["open"],
        1..=1,
        "open HOST:PORT",
        "Connect to a server; ftp://user:password@host:port logs in too.",
    ),
    Row::new(
        Verb::Login,
        &["login", "user"],
        0..=3,
        "login [USER [PASSWORD [ACCOUNT]]]",
        "Log in; without a user as anonymous.",
    ),
    Row::new(Verb::List, &["ls", "list", "dir"], 0..=1, "ls [PATH]", "List a directory for people (LIST)."),
    Row::new(Verb::NameList, &["nlist", "nlst"], 0..=1, "nlist [PATH]", "List the names in a directory (NLST)."),
    Row::new(Verb::ChangeDirectory, &["cd", "cwd"], 1..=1, "cd PATH", "Change the directory on the server."),
    Row::new(Verb::ChangeToParent, &["cdup"], 0..=0, "cdup", "Change to the parent directory on the server."),
    Row::new(Verb::PrintDirectory, &["pwd"], 0..=0, "pwd", "Show the directory on the server."),
    Row::new(
        Verb::ChangeLocalDirectory,
        &["lcd"],
        0..=1,
        "lcd [PATH]",
        "Change the directory for local files; without a path show it.",
    ),
    Row::new(Verb::MakeDirectory, &["mkdir", "mkd"], 1..=1, "mkdir PATH", "Make a directory."),
    Row::new(Verb::RemoveDirectory, &["rmdir", "rmd"], 1..=1, "rmdir PATH", "Remove a directory."),
    Row::new(Verb::Get, &["get", "recv"], 1..=2, "get REMOTE [LOCAL]", "Fetch a file."),
    Row::new(
        Verb::Resume,
        &["reget"],
        1..=2,
        "reget REMOTE [LOCAL]",
        "Fetch what is missing at the end of a local file (REST).",
    ),
    Row::new(Verb::Newer, &["newer"], 1..=2, "newer REMOTE [LOCAL]", "Fetch a file if it is newer than the local one."),
    Row::new(Verb::GetMany, &["mget"], 1..=usize::MAX, "mget PATTERN...", "Fetch all files whose names fit (* and ?)."),
    Row::new(Verb::Put, &["put", "send"], 1..=2, "put LOCAL [REMOTE]", "Store a file."),
    Row::new(
        Verb::ResumePut,
        &["reput"],
        1..=2,
        "reput LOCAL [REMOTE]",
        "Send what is missing at the end of a remote file.",
    ),
    Row::new(
        Verb::PutUnique,
        &["putunique"],
        1..=1,
        "putunique LOCAL",
        "Store a file under a name that the server chooses (STOU).",
    ),
    Row::new(Verb::PutMany, &["mput"], 1..=usize::MAX, "mput PATTERN...", "Store all files whose names fit (* and ?)."),
    Row::new(Verb::Append, &["append"], 1..=2, "append LOCAL [REMOTE]", "Append a local file to one on the server."),
    Row::new(Verb::Delete, &["delete", "dele"], 1..=1, "delete PATH", "Delete a file."),
    Row::new(
        Verb::DeleteMany,
        &["mdelete"],
        1..=usize::MAX,
        "mdelete PATTERN...",
        "Delete all files whose names fit (* and ?).",
    ),
    Row::new(Verb::Rename, &["rename"], 2..=2, "rename FROM TO", "Rename a file."),
    Row::new(
        Verb::Setting(Setting::Active),
        &["active"],
        0..=0,
        "active",
        "The client listens for data connections (PORT, EPRT).",
    ),
    Row::new(
        Verb::Setting(Setting::Passive),
        &["passive"],
        0..=0,
        "passive",
        "The server listens for data connections (EPSV, then PASV).",
    ),
    Row::new(Verb::Setting(Setting::Epsv), &["epsv"], 1..=1, "epsv on|off", "Whether EPSV is tried before PASV."),
    Row::new(Verb::Setting(Setting::Ascii), &["ascii"], 0..=0, "ascii", "Represent files as text (TYPE A)."),
    Row::new(
        Verb::Setting(Setting::Binary),
        &["binary", "image"],
        0..=0,
        "binary",
        "Represent files as they are (TYPE I).",
    ),
    Row::new(
        Verb::Setting(Setting::Type),
        &["type"],
        1..=2,
        "type A|E|I|L [N|T|C|SIZE]",
        "Represent files so (TYPE): text, EBCDIC, octets, bytes.",
    ),
    Row::new(
        Verb::Setting(Setting::Structure),
        &["struct"],
        1..=1,
        "struct F|R|P",
        "Give files this structure (STRU): none, records, pages.",
    ),
    Row::new(
        Verb::Setting(Setting::Mode),
        &["mode"],
        1..=1,
        "mode S|B|C|Z",
        "Transfer files so (MODE): stream, block, compressed, deflated.",
    ),
    Row::new(Verb::Size, &["size"], 1..=1, "size PATH", "Show how many octets a transfer of a file would take."),
    Row::new(Verb::Time, &["time", "modtime"], 1..=1, "time PATH", "Show when a file was last changed (MDTM, in UTC)."),
    Row::new(
        Verb::ChangeMode,
        &["chmod"],
        2..=2,
        "chmod MODE PATH",
        "Change who may do what with a file (SITE CHMOD).",
    ),
    Row::new(Verb::Mask, &["umask"], 1..=1, "umask MASK", "Set what nobody may do with new files (SITE UMASK)."),
    Row::new(Verb::Site, &["site"], 1..=usize::MAX, "site WORD...", "Say a command of this server alone (SITE)."),
    Row::new(Verb::System, &["system"], 0..=0, "system", "Show what system the server has (SYST)."),
    Row::new(Verb::Features, &["features", "feat"], 0..=0, "features", "Show what the server offers (FEAT)."),
    Row::new(Verb::RemoteHelp, &["rhelp", "remotehelp"], 0..=1, "rhelp [COMMAND]", "Show the help of the server."),
    Row::new(
        Verb::RemoteStatus,
        &["rstatus"],
        0..=1,
        "rstatus [PATH]",
        "Show the status of the server, or of a file (STAT).",
    ),
    Row::new(Verb::Account, &["account"], 1..=1, "account ACCOUNT", "Say an account (ACCT)."),
    Row::new(Verb::LocalList, &["lls"], 0..=1, "lls [PATH]", "List a local directory."),
    Row::new(
        Verb::Setting(Setting::Verbose),
        &["verbose"],
        0..=0,
        "verbose",
        "Show each command that is sent, or do not.",
    ),
    Row::new(
        Verb::Setting(Setting::Progress),
        &["hash", "progress"],
        0..=0,
        "hash",
        "Draw a bar while a file is transferred, or do not.",
    ),
    Row::new(Verb::Setting(Setting::Prompt), &["prompt"], 0..=0, "prompt", "Ask before each of many files, or do not."),
    Row::new(Verb::Quote, &["quote"], ANY, "quote LINE", "Say a line to the server as it stands."),
    Row::new(
        Verb::Setting(Setting::Status),
        &["status"],
        0..=0,
        "status",
        "Show what this client is connected to, and how.",
    ),
    Row::new(Verb::Help, &["help", "?"], 0..=1, "help [COMMAND]", "Show this."),
    Row::new(Verb::Close, &["close", "disconnect"], 0..=0, "close", "Say QUIT and stay in the client."),
    Row::new(Verb::Quit, &["quit", "bye", "exit"], 0..=0, "quit", "Say QUIT and end."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_name_stands_twice_and_each_usage_begins_with_its_name() {
        let mut names = HashSet::new();
        for row in ROWS {
            for name in row.names {
                assert!(names.insert(name), "{name}");
                assert_eq!(Row::named(name.to_ascii_uppercase().as_bytes()).map(|found| found.verb), Some(row.verb));
            }
            assert!(row.usage.starts_with(row.names[0]), "{}", row.usage);
        }
    }
}
