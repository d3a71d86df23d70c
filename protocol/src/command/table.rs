//! The table: what each verb takes, when it may come, and where it is defined.

use super::Verb;
use crate::Feature;

/// Whether a verb takes an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// It takes none: one is an error.
    None,
    /// It may have one.
    Optional,
    /// It needs one.
    Required,
}

/// When a verb may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// Before login too.
    Before,
    /// After login only.
    After,
}

/// What defines a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An RFC, by its number.
    Rfc(u16),
    /// A document that never became one.
    Draft(&'static str),
}

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The verb.
    pub verb: Verb,
    /// Its name, in upper case.
    pub name: &'static str,
    /// Its `X` name of RFC 1123 §4.1.3.1.
    pub alias: Option<&'static str>,
    /// What it takes.
    pub argument: Argument,
    /// When it may come.
    pub login: Login,
    /// The document that defines it.
    pub source: Source,
    /// The section of that document.
    pub section: &'static str,
    /// What stands behind the name in a help text, as RFC 959 §5.3.1 writes it.
    pub help: &'static str,
    /// What FEAT says of it, if anything. MLSD is told by MLST (RFC 3659 §7.8).
    pub feature: Option<Feature>,
}

/// Every verb, in the order of [`Verb`].
///
/// STOU has no argument in RFC 959 §5.3.1; one is let through, for `ftp` programs send the local name with it.
/// PASS may be empty: a guest may have nothing to say.
pub const TABLE: &[Row] = &[
    row(Verb::User, "USER", None, Argument::Required, Login::Before, (959, "4.1.1"), " <SP> user-name"),
    row(Verb::Pass, "PASS", None, Argument::Optional, Login::Before, (959, "4.1.1"), " <SP> password"),
    row(Verb::Acct, "ACCT", None, Argument::Required, Login::Before, (959, "4.1.1"), " <SP> account"),
    row(Verb::Cwd, "CWD", Some("XCWD"), Argument::Required, Login::After, (959, "4.1.1"), " <SP> pathname"),
    row(Verb::Cdup, "CDUP", Some("XCUP"), Argument::None, Login::After, (959, "4.1.1"), ""),
    row(Verb::Smnt, "SMNT", None, Argument::Required, Login::After, (959, "4.1.1"), " <SP> pathname"),
    row(Verb::Rein, "REIN", None, Argument::None, Login::Before, (959, "4.1.1"), ""),
    row(Verb::Quit, "QUIT", None, Argument::None, Login::Before, (959, "4.1.1"), ""),
    row(Verb::Port, "PORT", None, Argument::Required, Login::After, (959, "4.1.2"), " <SP> h1,h2,h3,h4,p1,p2"),
    row(Verb::Pasv, "PASV", None, Argument::None, Login::After, (959, "4.1.2"), ""),
    row(
        Verb::Type,
        "TYPE",
        None,
        Argument::Required,
        Login::After,
        (959, "4.1.2"),
        " <SP> A | E [<SP> N | T | C]; I; L <SP> bits",
    ),
    row(Verb::Stru, "STRU", None, Argument::Required, Login::After, (959, "4.1.2"), " <SP> F | R | P"),
    row(Verb::Mode, "MODE", None, Argument::Required, Login::After, (959, "4.1.2"), " <SP> S | B | C | Z")
        .told_as(Feature::ModeZ),
    row(Verb::Retr, "RETR", None, Argument::Required, Login::After, (959, "4.1.3"), " <SP> pathname"),
    row(Verb::Stor, "STOR", None, Argument::Required, Login::After, (959, "4.1.3"), " <SP> pathname"),
    row(Verb::Stou, "STOU", None, Argument::Optional, Login::After, (959, "4.1.3"), ""),
    row(Verb::Appe, "APPE", None, Argument::Required, Login::After, (959, "4.1.3"), " <SP> pathname"),
    row(
        Verb::Allo,
        "ALLO",
        None,
        Argument::Required,
        Login::After,
        (959, "4.1.3"),
        " <SP> octets [<SP> R <SP> octets]",
    ),
    row(
        Verb::Rest,
        "REST",
        None,
        Argument::Required,
        Login::After,
        (959, "4.1.3"),
        " <SP> octets; <SP> marker in MODE B and C",
    )
    .told_as(Feature::RestStream),
    row(Verb::Rnfr, "RNFR", None, Argument::Required, Login::After, (959, "4.1.3"), " <SP> pathname"),
    row(Verb::Rnto, "RNTO", None, Argument::Required, Login::After, (959, "4.1.3"), " <SP> pathname"),
    row(Verb::Abor, "ABOR", None, Argument::None, Login::Before, (959, "4.1.3"), ""),
    row(Verb::Dele, "DELE", None, Argument::Required, Login::After, (959, "4.1.3"), " <SP> pathname"),
    row(Verb::Rmd, "RMD", Some("XRMD"), Argument::Required, Login::After, (959, "4.1.3"), " <SP> pathname"),
    row(Verb::Mkd, "MKD", Some("XMKD"), Argument::Required, Login::After, (959, "4.1.3"), " <SP> pathname"),
    row(Verb::Pwd, "PWD", Some("XPWD"), Argument::None, Login::After, (959, "4.1.3"), ""),
    row(Verb::List, "LIST", None, Argument::Optional, Login::After, (959, "4.1.3"), " [<SP> pathname]"),
    row(Verb::Nlst, "NLST", None, Argument::Optional, Login::After, (959, "4.1.3"), " [<SP> pathname]"),
    row(Verb::Site, "SITE", None, Argument::Required, Login::After, (959, "4.1.3"), " <SP> HELP"),
    row(Verb::Syst, "SYST", None, Argument::None, Login::Before, (959, "4.1.3"), ""),
    row(Verb::Stat, "STAT", None, Argument::Optional, Login::After, (959, "4.1.3"), " [<SP> pathname]"),
    row(Verb::Help, "HELP", None, Argument::Optional, Login::Before, (959, "4.1.3"), " [<SP> command]"),
    row(Verb::Noop, "NOOP", None, Argument::None, Login::Before, (959, "4.1.3"), ""),
    row(Verb::Auth, "AUTH", None, Argument::Required, Login::Before, (2228, "3"), " <SP> mechanism")
        .told_as(Feature::AuthTls),
    row(Verb::Adat, "ADAT", None, Argument::Required, Login::Before, (2228, "3"), " <SP> base64-data"),
    row(Verb::Pbsz, "PBSZ", None, Argument::Required, Login::Before, (2228, "3"), " <SP> octets")
        .told_as(Feature::Pbsz),
    row(Verb::Prot, "PROT", None, Argument::Required, Login::Before, (2228, "3"), " <SP> C|S|E|P")
        .told_as(Feature::Prot),
    row(Verb::Ccc, "CCC", None, Argument::None, Login::Before, (2228, "3"), "").told_as(Feature::Ccc),
    row(Verb::Mic, "MIC", None, Argument::Required, Login::Before, (2228, "3"), " <SP> base64-data"),
    row(Verb::Conf, "CONF", None, Argument::Required, Login::Before, (2228, "3"), " <SP> base64-data"),
    row(Verb::Enc, "ENC", None, Argument::Required, Login::Before, (2228, "3"), " <SP> base64-data"),
    row(Verb::Feat, "FEAT", None, Argument::None, Login::Before, (2389, "3"), ""),
    row(Verb::Opts, "OPTS", None, Argument::Required, Login::Before, (2389, "4"), " <SP> command [<SP> options]"),
    row(Verb::Eprt, "EPRT", None, Argument::Required, Login::After, (2428, "2"), " <SP> |protocol|host|port|")
        .told_as(Feature::Eprt),
    row(Verb::Epsv, "EPSV", None, Argument::Optional, Login::After, (2428, "3"), " [<SP> 1|2|ALL]")
        .told_as(Feature::Epsv),
    row(Verb::Lprt, "LPRT", None, Argument::Required, Login::After, (1639, "4"), " <SP> af,hal,h1,...,pal,p1,..."),
    row(Verb::Lpsv, "LPSV", None, Argument::None, Login::After, (1639, "4"), ""),
    row(Verb::Lang, "LANG", None, Argument::Optional, Login::Before, (2640, "4.1"), " [<SP> language]")
        .told_as(Feature::Lang),
    row(Verb::Mdtm, "MDTM", None, Argument::Required, Login::After, (3659, "3"), " <SP> pathname")
        .told_as(Feature::Mdtm),
    row(Verb::Size, "SIZE", None, Argument::Required, Login::After, (3659, "4"), " <SP> pathname")
        .told_as(Feature::Size),
    row(Verb::Mlst, "MLST", None, Argument::Optional, Login::After, (3659, "7"), " [<SP> pathname]")
        .told_as(Feature::Mlst),
    row(Verb::Mlsd, "MLSD", None, Argument::Optional, Login::After, (3659, "7"), " [<SP> pathname]"),
    row(Verb::Host, "HOST", None, Argument::Required, Login::Before, (7151, "3"), " <SP> host-name")
        .told_as(Feature::Host),
    draft(Verb::Mfmt, "MFMT", Login::After, ("draft-somers-ftp-mfxx-04", "3"), " <SP> time <SP> pathname")
        .told_as(Feature::Mfmt),
    draft(Verb::Mfct, "MFCT", Login::After, ("draft-somers-ftp-mfxx-04", "4"), " <SP> time <SP> pathname")
        .told_as(Feature::Mfct),
    draft(Verb::Mff, "MFF", Login::After, ("draft-somers-ftp-mfxx-04", "5"), " <SP> fact=value;... <SP> pathname")
        .told_as(Feature::Mff),
    draft(Verb::Hash, "HASH", Login::After, ("draft-bryan-ftpext-hash-02", "3"), " <SP> pathname")
        .told_as(Feature::Hash),
    draft(Verb::Rang, "RANG", Login::After, ("draft-bryan-ftp-range-08", "3"), " <SP> first <SP> last")
        .told_as(Feature::RangStream),
    draft(Verb::Xcrc, "XCRC", Login::After, VENDORS, CHECKSUM).told_as(Feature::Xcrc),
    draft(Verb::Xmd5, "XMD5", Login::After, VENDORS, CHECKSUM).told_as(Feature::Xmd5),
    draft(Verb::Xsha1, "XSHA1", Login::After, VENDORS, CHECKSUM).told_as(Feature::Xsha1),
    draft(Verb::Xsha256, "XSHA256", Login::After, VENDORS, CHECKSUM).told_as(Feature::Xsha256),
    draft(Verb::Xsha512, "XSHA512", Login::After, VENDORS, CHECKSUM).told_as(Feature::Xsha512),
    Row { argument: Argument::Optional, ..draft(Verb::Avbl, "AVBL", Login::After, STREAMLINED, " [<SP> pathname]") }
        .told_as(Feature::Avbl),
    draft(Verb::Clnt, "CLNT", Login::Before, VENDORS, " <SP> name-and-version").told_as(Feature::Clnt),
];

const fn row(
    verb: Verb,
    name: &'static str,
    alias: Option<&'static str>,
    argument: Argument,
    login: Login,
    (rfc, section): (u16, &'static str),
    help: &'static str,
) -> Row {
    Row { verb, name, alias, argument, login, source: Source::Rfc(rfc), section, help, feature: None }
}

/// The convention of several servers, which no document fixes.
const VENDORS: (&str, &str) = ("the convention of vendors", "");
const STREAMLINED: (&str, &str) = ("draft-peterson-streamlined-ftp-command-extensions-10", "4");
const CHECKSUM: &str = " <SP> pathname; \"pathname\" [[<SP> first] <SP> end]";

/// A row of what is no RFC. Each needs an argument.
const fn draft(
    verb: Verb,
    name: &'static str,
    login: Login,
    (document, section): (&'static str, &'static str),
    help: &'static str,
) -> Row {
    let (alias, argument, source) = (None, Argument::Required, Source::Draft(document));
    Row { verb, name, alias, argument, login, source, section, help, feature: None }
}

impl Row {
    const fn told_as(self, feature: Feature) -> Self {
        Self { feature: Some(feature), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verb_stands_at_its_own_place() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.verb as usize, place, "{}", row.name);
            assert_eq!(row.name, format!("{:?}", row.verb).to_uppercase());
        }
    }

    #[test]
    fn no_name_stands_twice() {
        let mut names: Vec<&str> = TABLE.iter().flat_map(|row| std::iter::once(row.name).chain(row.alias)).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn the_x_names_are_those_of_rfc_1123() {
        let aliases: Vec<&str> = TABLE.iter().filter_map(|row| row.alias).collect();
        assert_eq!(aliases, ["XCWD", "XCUP", "XRMD", "XMKD", "XPWD"]);
    }
}
