//! The commands of the shell: names, use, help. A new one is a row here and an arm in `verbs`.

use std::ops::RangeInclusive;

/// What a line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
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
    Put,
    Append,
    Delete,
    Rename,
    Active,
    Passive,
    Epsv,
    Ascii,
    Binary,
    Type,
    Structure,
    Mode,
    Size,
    Time,
    Quote,
    Status,
    Help,
    Close,
    Quit,
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
    Row::new(Verb::Put, &["put", "send"], 1..=2, "put LOCAL [REMOTE]", "Store a file."),
    Row::new(Verb::Append, &["append"], 1..=2, "append LOCAL [REMOTE]", "Append a local file to one on the server."),
    Row::new(Verb::Delete, &["delete", "dele"], 1..=1, "delete PATH", "Delete a file."),
    Row::new(Verb::Rename, &["rename"], 2..=2, "rename FROM TO", "Rename a file."),
    Row::new(Verb::Active, &["active"], 0..=0, "active", "The client listens for data connections (PORT, EPRT)."),
    Row::new(
        Verb::Passive,
        &["passive"],
        0..=0,
        "passive",
        "The server listens for data connections (EPSV, then PASV).",
    ),
    Row::new(Verb::Epsv, &["epsv"], 1..=1, "epsv on|off", "Whether EPSV is tried before PASV."),
    Row::new(Verb::Ascii, &["ascii"], 0..=0, "ascii", "Represent files as text (TYPE A)."),
    Row::new(Verb::Binary, &["binary", "image"], 0..=0, "binary", "Represent files as they are (TYPE I)."),
    Row::new(
        Verb::Type,
        &["type"],
        1..=2,
        "type A|E|I|L [N|T|C|SIZE]",
        "Represent files so (TYPE): text, EBCDIC, octets, bytes.",
    ),
    Row::new(
        Verb::Structure,
        &["struct"],
        1..=1,
        "struct F|R|P",
        "Give files this structure (STRU): none, records, pages.",
    ),
    Row::new(
        Verb::Mode,
        &["mode"],
        1..=1,
        "mode S|B|C|Z",
        "Transfer files so (MODE): stream, block, compressed, deflated.",
    ),
    Row::new(Verb::Size, &["size"], 1..=1, "size PATH", "Show how many octets a transfer of a file would take."),
    Row::new(Verb::Time, &["time", "modtime"], 1..=1, "time PATH", "Show when a file was last changed (MDTM, in UTC)."),
    Row::new(Verb::Quote, &["quote"], ANY, "quote LINE", "Say a line to the server as it stands."),
    Row::new(Verb::Status, &["status"], 0..=0, "status", "Show what this client is connected to, and how."),
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
