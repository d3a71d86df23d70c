//! The extensions a server tells with FEAT (RFC 2389 §3).

/// An extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// EPRT (RFC 2428). No text is registered for it (RFC 5797); servers tell it all the same.
    Eprt,
    /// EPSV (RFC 2428), as EPRT.
    Epsv,
    /// MDTM (RFC 3659 §3.3).
    Mdtm,
    /// REST in stream mode (RFC 3659 §5.4).
    RestStream,
    /// SIZE (RFC 3659 §4.3).
    Size,
    /// Pathnames are names with `/` between them, from a root `/` on (RFC 3659 §6).
    Tvfs,
    /// Pathnames in UTF-8 (RFC 2640 §3.2).
    Utf8,
}

impl Feature {
    /// The line of FEAT, without the space before it.
    pub const fn line(self) -> &'static str {
        match self {
            Self::Eprt => "EPRT",
            Self::Epsv => "EPSV",
            Self::Mdtm => "MDTM",
            Self::RestStream => "REST STREAM",
            Self::Size => "SIZE",
            Self::Tvfs => "TVFS",
            Self::Utf8 => "UTF8",
        }
    }

    /// Finds the extension a line of FEAT tells, the one space before it included; `None` for one not known here.
    ///
    /// ```
    /// use protocol::features::Feature;
    ///
    /// assert_eq!(Feature::parse(b" rest stream"), Some(Feature::RestStream));
    /// assert_eq!(Feature::parse(b"SIZE"), None, "RFC 2389 §3.2: a line begins with one space");
    /// ```
    pub fn parse(line: &[u8]) -> Option<Self> {
        let label = line.strip_prefix(b" ")?;
        let all = [Self::Eprt, Self::Epsv, Self::Mdtm, Self::RestStream, Self::Size, Self::Tvfs, Self::Utf8];
        all.into_iter().find(|feature| feature.line().as_bytes().eq_ignore_ascii_case(label))
    }
}
