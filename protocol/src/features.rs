//! The extensions a server tells with FEAT (RFC 2389 §3).

/// An extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// AUTH with the mechanism TLS (RFC 4217 §6).
    AuthTls,
    /// AVBL (draft-peterson-streamlined-ftp-command-extensions §4).
    Avbl,
    /// CCC (RFC 4217 §6).
    Ccc,
    /// CLNT.
    Clnt,
    /// EPRT (RFC 2428). No text is registered for it (RFC 5797); servers tell it all the same.
    Eprt,
    /// EPSV (RFC 2428), as EPRT.
    Epsv,
    /// HOST (RFC 7151 §3.4).
    Host,
    /// HASH, with the algorithms behind it (draft-bryan-ftpext-hash §3.1).
    Hash,
    /// LANG, with the languages behind it (RFC 2640 §4.3).
    Lang,
    /// MDTM (RFC 3659 §3.3).
    Mdtm,
    /// MFMT (draft-somers-ftp-mfxx §3.3).
    Mfmt,
    /// MFCT (draft-somers-ftp-mfxx §4.3).
    Mfct,
    /// MFF, with the facts it can set behind it (draft-somers-ftp-mfxx §5.6).
    Mff,
    /// MLST and MLSD, with the facts behind it (RFC 3659 §7.8). MLSD has no line of its own.
    Mlst,
    /// MODE Z, with the names of other engines than zlib behind it (draft-preston-ftpext-deflate §3.5).
    ModeZ,
    /// PBSZ (RFC 4217 §6).
    Pbsz,
    /// PROT (RFC 4217 §6).
    Prot,
    /// RANG in stream mode (draft-bryan-ftp-range §3.1).
    RangStream,
    /// REST in stream mode (RFC 3659 §5.4).
    RestStream,
    /// SIZE (RFC 3659 §4.3).
    Size,
    /// Pathnames are names with `/` between them, from a root `/` on (RFC 3659 §6).
    Tvfs,
    /// XCRC.
    Xcrc,
    /// XMD5.
    Xmd5,
    /// XSHA1.
    Xsha1,
    /// XSHA256.
    Xsha256,
    /// XSHA512.
    Xsha512,
    /// Pathnames in UTF-8 (RFC 2640 §3.2).
    Utf8,
}

impl Feature {
    const ALL: [Self; 27] = [
        Self::AuthTls,
        Self::Avbl,
        Self::Ccc,
        Self::Clnt,
        Self::Eprt,
        Self::Epsv,
        Self::Host,
        Self::Hash,
        Self::Lang,
        Self::Mdtm,
        Self::Mfmt,
        Self::Mfct,
        Self::Mff,
        Self::Mlst,
        Self::ModeZ,
        Self::Pbsz,
        Self::Prot,
        Self::RangStream,
        Self::RestStream,
        Self::Size,
        Self::Tvfs,
        Self::Xcrc,
        Self::Xmd5,
        Self::Xsha1,
        Self::Xsha256,
        Self::Xsha512,
        Self::Utf8,
    ];

    /// The line of FEAT, without the space before it and without the parameters that some have behind it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::AuthTls => "AUTH TLS",
            Self::Avbl => "AVBL",
            Self::Ccc => "CCC",
            Self::Clnt => "CLNT",
            Self::Eprt => "EPRT",
            Self::Epsv => "EPSV",
            Self::Host => "HOST",
            Self::Hash => "HASH",
            Self::Lang => "LANG",
            Self::Mdtm => "MDTM",
            Self::Mfmt => "MFMT",
            Self::Mfct => "MFCT",
            Self::Mff => "MFF",
            Self::Mlst => "MLST",
            Self::ModeZ => "MODE Z",
            Self::Pbsz => "PBSZ",
            Self::Prot => "PROT",
            Self::RangStream => "RANG STREAM",
            Self::RestStream => "REST STREAM",
            Self::Size => "SIZE",
            Self::Tvfs => "TVFS",
            Self::Xcrc => "XCRC",
            Self::Xmd5 => "XMD5",
            Self::Xsha1 => "XSHA1",
            Self::Xsha256 => "XSHA256",
            Self::Xsha512 => "XSHA512",
            Self::Utf8 => "UTF8",
        }
    }

    /// Finds the extension a line of FEAT tells, the one space before it included; `None` for one not known here.
    ///
    /// ```
    /// use protocol::features::Feature;
    ///
    /// assert_eq!(Feature::parse(b" rest stream"), Some(Feature::RestStream));
    /// assert_eq!(Feature::parse(b" MLST type*;size;"), Some(Feature::Mlst));
    /// assert_eq!(Feature::parse(b"SIZE"), None, "RFC 2389 §3.2: a line begins with one space");
    /// ```
    pub fn parse(line: &[u8]) -> Option<Self> {
        let line = line.strip_prefix(b" ")?;
        Self::ALL.into_iter().find(|feature| {
            let label = feature.label().as_bytes();
            line.split_at_checked(label.len())
                .is_some_and(|(start, rest)| start.eq_ignore_ascii_case(label) && matches!(rest, [] | [b' ', ..]))
        })
    }
}
