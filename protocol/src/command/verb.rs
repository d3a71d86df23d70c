//! The verbs of the registry of FTP commands that a peer of ours may meet.

use std::fmt;

use super::table::{Row, TABLE};

/// A command's code, as RFC 959 §5.3 and the documents after it define them.
///
/// An `X` name of RFC 1123 §4.1.3.1 is the same verb: `XPWD` parses as [`Verb::Pwd`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// USER names the user.
    User,
    /// PASS gives the password.
    Pass,
    /// ACCT gives an account.
    Acct,
    /// CWD changes the working directory.
    Cwd,
    /// CDUP changes to the parent directory.
    Cdup,
    /// SMNT mounts another file system.
    Smnt,
    /// REIN logs out and starts anew.
    Rein,
    /// QUIT ends the session.
    Quit,
    /// PORT says where the server connects to for data.
    Port,
    /// PASV asks the server to listen for the data connection.
    Pasv,
    /// TYPE sets the representation type.
    Type,
    /// STRU sets the file structure.
    Stru,
    /// MODE sets the transfer mode.
    Mode,
    /// RETR asks for a file.
    Retr,
    /// STOR stores a file.
    Stor,
    /// STOU stores a file under a new name.
    Stou,
    /// APPE appends to a file.
    Appe,
    /// ALLO reserves room.
    Allo,
    /// REST says where the next transfer begins.
    Rest,
    /// RNFR names the file to rename.
    Rnfr,
    /// RNTO gives its new name.
    Rnto,
    /// ABOR aborts the command before.
    Abor,
    /// DELE deletes a file.
    Dele,
    /// RMD removes a directory.
    Rmd,
    /// MKD makes a directory.
    Mkd,
    /// PWD asks for the working directory.
    Pwd,
    /// LIST lists a directory for people.
    List,
    /// NLST lists names for programs.
    Nlst,
    /// SITE asks for a service of this site.
    Site,
    /// SYST asks for the operating system.
    Syst,
    /// STAT asks for the status.
    Stat,
    /// HELP asks for help.
    Help,
    /// NOOP does nothing.
    Noop,
    /// AUTH chooses a security mechanism.
    Auth,
    /// ADAT carries data of the security mechanism.
    Adat,
    /// PBSZ sets the size of protected buffers.
    Pbsz,
    /// PROT sets the protection of the data channel.
    Prot,
    /// CCC clears the protection of commands.
    Ccc,
    /// MIC carries an integrity protected command.
    Mic,
    /// CONF carries a confidential command.
    Conf,
    /// ENC carries a private command.
    Enc,
    /// FEAT asks for the extensions.
    Feat,
    /// OPTS sets options of another command.
    Opts,
    /// EPRT is PORT for any network protocol.
    Eprt,
    /// EPSV is PASV for any network protocol.
    Epsv,
    /// LPRT is PORT for long addresses.
    Lprt,
    /// LPSV is PASV for long addresses.
    Lpsv,
    /// LANG sets the language of replies.
    Lang,
    /// MDTM asks when a file was modified.
    Mdtm,
    /// SIZE asks how many octets a transfer would carry.
    Size,
    /// MLST lists one file for programs.
    Mlst,
    /// MLSD lists a directory for programs.
    Mlsd,
    /// HOST names the virtual host.
    Host,
    /// MFMT sets when a file was modified.
    Mfmt,
    /// MFCT sets when a file was made.
    Mfct,
    /// MFF sets facts of a file.
    Mff,
    /// HASH asks for a digest of a file.
    Hash,
    /// RANG says which part of a file the next command is about.
    Rang,
    /// XCRC asks for the CRC-32 of a file.
    Xcrc,
    /// XMD5 asks for the MD5 of a file.
    Xmd5,
    /// XSHA1 asks for the SHA-1 of a file.
    Xsha1,
    /// XSHA256 asks for the SHA-256 of a file.
    Xsha256,
    /// XSHA512 asks for the SHA-512 of a file.
    Xsha512,
    /// AVBL asks how many octets there is room for.
    Avbl,
    /// CLNT names the program of the user.
    Clnt,
}

impl Verb {
    /// Parses the name of a verb, in any case (RFC 959 §5.3).
    ///
    /// ```
    /// use protocol::Verb;
    ///
    /// assert_eq!(Verb::parse(b"sToR"), Some(Verb::Stor));
    /// assert_eq!(Verb::parse(b"XCUP"), Some(Verb::Cdup));
    /// assert_eq!(Verb::parse(b"STORE"), None);
    /// ```
    pub fn parse(name: &[u8]) -> Option<Self> {
        let is_it = |row: &&Row| {
            name.eq_ignore_ascii_case(row.name.as_bytes())
                || row.alias.is_some_and(|alias| name.eq_ignore_ascii_case(alias.as_bytes()))
        };
        TABLE.iter().find(is_it).map(|row| row.verb)
    }

    /// The name, in upper case.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What the table says about the verb.
    pub fn row(self) -> &'static Row {
        #[expect(clippy::indexing_slicing, reason = "a test says that each verb stands in the table at its own place")]
        &TABLE[self as usize]
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
