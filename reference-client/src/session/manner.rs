//! How this user wants things done, and what is agreed with the server.

use std::net::SocketAddr;

use protocol::transfer::Parameters;
use protocol::{Mode, Structure, Type};

use super::features::Features;

/// How data connections are opened and files represented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manner {
    /// This end of the control connection.
    pub(crate) local: SocketAddr,
    /// The server's end of it.
    pub(crate) peer: SocketAddr,
    pub(crate) side: Side,
    pub(crate) extended: Extended,
    pub(crate) passive_host: PassiveHost,
    pub(crate) machine_listings: MachineListings,
    pub(crate) channel: Channel,
    pub(crate) protection: Protection,
    /// TYPE, STRU and MODE that the user wants for files.
    pub(crate) wanted: Parameters,
    pub(crate) said: Said,
    /// What FEAT told; `None` where it was not asked.
    pub(crate) features: Option<Features>,
}

impl Manner {
    pub(super) fn new(local: SocketAddr, peer: SocketAddr) -> Self {
        Self {
            local,
            peer,
            side: Side::Passive,
            extended: Extended::Tried,
            passive_host: PassiveHost::ControlPeer,
            machine_listings: MachineListings::Tried,
            channel: Channel::Clear,
            protection: Protection::Clear,
            // What a person gets back octet by octet is what nearly everybody wants today.
            wanted: Parameters { representation: Type::Image, ..Parameters::default() },
            said: Said::default(),
            features: None,
        }
    }

    /// Forgets what may not hold for another user, or under TLS.
    pub(crate) fn forget_agreements(&mut self) {
        self.said = Said::default();
        self.features = None;
    }
}

/// What the server was told last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// `None` where it has its default.
    pub(crate) representation: Option<Type>,
    pub(crate) structure: Structure,
    pub(crate) mode: Mode,
}

/// Who connects the data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The server listens (PASV, EPSV).
    Passive,
    /// This client listens (PORT, EPRT).
    Active,
}

/// Whether EPSV and EPRT are used with IPv4 too. With IPv6 there is nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extended {
    /// They are said first; PASV or PORT if the server refuses, and from then on.
    Tried,
    /// PASV or PORT at once.
    Off,
}

/// Where the data connection goes that PASV told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PassiveHost {
    /// Where the control connection goes, whatever host stands in 227.
    ControlPeer,
    /// Where 227 says.
    AsTold,
}

/// Whether MLSD is tried before LIST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MachineListings {
    Tried,
    Off,
}

/// The control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Clear,
    Tls,
}

/// The data connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    Clear,
    Private,
}
