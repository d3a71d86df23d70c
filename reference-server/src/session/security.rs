//! How far a session is protected by TLS (RFC 2228, RFC 4217).
//!
//! ```text
//!   Clear ──AUTH TLS──► Tls { buffer, data } ──CCC──► Cleared { data }
//!     ▲                     │                             │
//!     └────────REIN─────────┴──────────REIN───────────────┘
//! ```
//!
//! What a state does not hold cannot be asked for: PROT needs the buffer size that only PBSZ gives, and both need TLS.

/// What this server wants of the protection of its sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Whether CCC may end the protection of the control connection.
    pub(crate) may_clear: bool,
    /// What is refused without TLS.
    pub(crate) demand: Demand,
}

/// What is refused without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Nothing.
    Nothing,
    /// USER, unless the control connection is protected (RFC 4217 §10.1).
    Login,
    /// The same, and every transfer in clear (RFC 4217 §10.2).
    LoginAndData,
}

/// The protection of the data connections (PROT).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Protection {
    /// C: none. RFC 4217 §9: so it is after AUTH, until PROT says otherwise.
    #[default]
    Clear,
    /// P: TLS.
    Private,
}

/// The protection of the control connection, and what it makes possible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Security {
    /// There is no TLS.
    #[default]
    Clear,
    /// TLS, since AUTH or from the beginning on.
    Tls {
        /// Whether PBSZ came.
        has_buffer_size: bool,
        data: Protection,
    },
    /// CCC ended it. RFC 4217 §5: data connections stay as they are.
    Cleared { data: Protection },
}

impl Security {
    /// TLS from the first octet on, as on port 990. No RFC says how the data connections begin there; the clients that use it
    /// expect them to be protected as well.
    pub(crate) const IMPLICIT: Self = Self::Tls { has_buffer_size: true, data: Protection::Private };

    /// The protection of the next data connection.
    pub(super) fn of_data(self) -> Protection {
        match self {
            Self::Clear => Protection::Clear,
            Self::Tls { data, .. } | Self::Cleared { data } => data,
        }
    }
}
