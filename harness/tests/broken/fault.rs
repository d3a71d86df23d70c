//! The faults, one at a time. Everything else the server does right.

/// What the server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// 226 is said while most of the body is still to be sent.
    EarlySuccess,
    /// PWD names the directory without quotes.
    PwdUnquoted,
    /// The reply to NOOP ends in LF alone.
    NoCarriageReturn,
    /// The reply to HELP with an argument opens several lines and never ends.
    NoLastLine,
    /// NOOP is answered twice.
    SurplusReply,
    /// A verb that nobody knows is answered with 200.
    UnknownVerbIsFine,
    /// Without a data connection a transfer is never answered.
    No425,
    /// Of what arrives in one segment, only the first line is read.
    FirstLineOnly,
    /// A stored file lacks its last octet.
    StoresLess,
    /// A retrieved file has one octet more.
    SendsMore,
    /// A retrieved file has CR before LF in TYPE I too.
    TextInTypeImage,
    /// MKD is answered with 250 and no name.
    Mkd250,
    /// The name in the reply to MKD has no quotes.
    MkdUnquoted,
    /// RNTO without RNFR is answered with 250.
    RntoAlone,
    /// The port is told before anybody listens there.
    ListensLate,
    /// 227 without an address.
    PasvWithoutNumbers,
    /// 227 tells 0.0.0.0.
    PasvTellsNoHost,
    /// Every command is served before login.
    NoLogin,
    /// Verbs must be written in capitals.
    CapitalsOnly,
    /// LIST shows the working directory whatever it is asked for.
    ListIgnoresArgument,
    /// The greeting is 200.
    Greeting200,
    /// QUIT is answered and the connection stays.
    QuitStays,
    /// STOR writes over the beginning of the old file and leaves its end.
    KeepsOldTail,
    /// APPE stores.
    AppendReplaces,
    /// 226 is said before the client has sent everything.
    StoreEndsEarly,
    /// 226 is said after a transfer that the client broke off.
    ResetIsSuccess,
    /// The process dies when the client breaks off.
    DiesOfReset,
    /// One client is served at a time.
    OneClient,
    /// DELE says that it is done and does nothing.
    DeletesNothing,
    /// CWD to what is not there is answered with 250.
    CwdAnywhere,
    /// A missing file is answered with 150 first, and then with 226.
    EmptyForMissing,
    /// CWD sets the type back.
    CwdSetsTypeBack,
    /// Names in a listing end in LF alone.
    NamesEndInLf,
}

const NAMES: [(Fault, &str); 34] = [
    (Fault::None, "none"),
    (Fault::EarlySuccess, "early-success"),
    (Fault::PwdUnquoted, "pwd-unquoted"),
    (Fault::NoCarriageReturn, "no-carriage-return"),
    (Fault::NoLastLine, "no-last-line"),
    (Fault::SurplusReply, "surplus-reply"),
    (Fault::UnknownVerbIsFine, "unknown-verb-is-fine"),
    (Fault::No425, "no-425"),
    (Fault::FirstLineOnly, "first-line-only"),
    (Fault::StoresLess, "stores-less"),
    (Fault::SendsMore, "sends-more"),
    (Fault::TextInTypeImage, "text-in-type-image"),
    (Fault::Mkd250, "mkd-250"),
    (Fault::MkdUnquoted, "mkd-unquoted"),
    (Fault::RntoAlone, "rnto-alone"),
    (Fault::ListensLate, "listens-late"),
    (Fault::PasvWithoutNumbers, "pasv-without-numbers"),
    (Fault::PasvTellsNoHost, "pasv-tells-no-host"),
    (Fault::NoLogin, "no-login"),
    (Fault::CapitalsOnly, "capitals-only"),
    (Fault::ListIgnoresArgument, "list-ignores-argument"),
    (Fault::Greeting200, "greeting-200"),
    (Fault::QuitStays, "quit-stays"),
    (Fault::KeepsOldTail, "keeps-old-tail"),
    (Fault::AppendReplaces, "append-replaces"),
    (Fault::StoreEndsEarly, "store-ends-early"),
    (Fault::ResetIsSuccess, "reset-is-success"),
    (Fault::DiesOfReset, "dies-of-reset"),
    (Fault::OneClient, "one-client"),
    (Fault::DeletesNothing, "deletes-nothing"),
    (Fault::CwdAnywhere, "cwd-anywhere"),
    (Fault::EmptyForMissing, "empty-for-missing"),
    (Fault::CwdSetsTypeBack, "cwd-sets-type-back"),
    (Fault::NamesEndInLf, "names-end-in-lf"),
];

impl Fault {
    pub(crate) fn word(self) -> &'static str {
        NAMES.iter().find(|(fault, _)| *fault == self).unwrap().1
    }

    pub(crate) fn named(word: &str) -> Self {
        NAMES.iter().find(|(_, name)| *name == word).unwrap_or_else(|| panic!("there is no fault `{word}`")).0
    }
}
