//! What happens on a data connection.

use std::net::IpAddr;
use std::time::Duration;

use super::{Content, Entries, Located, Template};

/// Something on the data connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Agree on a data connection: say the command, read its reply, connect or listen.
    Open {
        /// How.
        method: Method,
        /// What the reply must be, where it is more than the defined code: its text.
        reply: Option<Located<Template>>,
        /// The receive buffer of the harness's socket, in octets.
        receive_buffer: Option<usize>,
        /// For how many transfers the client goes on listening. One, but for a PORT that is to hold for more.
        transfers: u32,
    },
    /// The client listens at the port of its control connection (RFC 959 §3.2), and says nothing.
    DefaultPort,
    /// The server sends exactly this, and ends it.
    ServerSends(Sent),
    /// The client sends this, and ends it.
    ClientSends(Sent),
    /// The client takes this many octets and leaves the rest.
    Read(u64),
    /// The client sends this, and does not end it.
    Write(Sent),
    /// The client makes the data connection now (passive).
    Connect,
    /// The client makes the data connection now (passive), from this address of its host.
    ConnectFrom(IpAddr),
    /// The client takes the data connection now (active).
    Accept,
    /// The same, and it comes from the server's default data port (RFC 959 §5.2).
    AcceptFromDefaultPort,
    /// The client ends its direction (FIN).
    Shutdown,
    /// The client closes at once (RST).
    Reset,
    /// The client stops listening, or forgets the address, without a connection.
    Abandon,
    /// The server ends the data connection.
    ExpectEnd,
    /// The server ends the data connection, and sends nothing before.
    ExpectNothing,
    /// Nobody connects to the client for this long.
    ExpectNoConnection(Duration),
}

/// A body on the data connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What.
    pub body: SentBody,
    /// How it travels.
    pub form: Form,
    /// The name to which the first restart marker in it is bound.
    pub marker: Option<String>,
}

/// What travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentBody {
    /// These octets.
    Content(Content),
    /// What remains of a fixture behind the octets taken so far.
    RestOf(String),
    /// What remains of a fixture behind the place of the restart marker that is bound to a name.
    Behind {
        /// The fixture.
        name: String,
        /// The name that the marker is bound to, and where it stands.
        marker: Located<String>,
    },
    /// Lines that are exactly these names, in any order.
    Names(Vec<String>),
    /// Lines, in which each of these stands in some line as a word of its own, and those of the second list in none.
    Mentions(Vec<String>, Vec<String>),
    /// So many octets.
    Length(Located<Template>),
    /// Entries of MLSD.
    Entries(Box<Entries>),
    /// Anything.
    Anything,
}

/// How a body travels: TYPE, STRU and MODE (RFC 959 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Form {
    /// TYPE.
    pub representation: Representation,
    /// STRU.
    pub structure: Structure,
    /// MODE.
    pub mode: Mode,
}

impl Form {
    /// Whether a connection is read to its end, or only to where the octets say that the file ends. MODE Z says its end, and its
    /// text knows no second file on the same connection.
    pub fn ends_the_connection(self) -> bool {
        match self.mode {
            Mode::Stream | Mode::Deflated => true,
            Mode::Blocks | Mode::Compressed => false,
        }
    }

    /// Whether there is nothing but the octets of the representation, and the end of the connection is that of the file.
    pub fn is_unframed(self) -> bool {
        self.structure == Structure::File && self.mode == Mode::Stream
    }
}

/// A representation (RFC 959 §3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Representation {
    /// Octet by octet.
    #[default]
    Image,
    /// NVT-ASCII: every line ends in CRLF.
    Ascii,
    /// EBCDIC: every line ends in NL.
    Ebcdic,
}

/// A structure (RFC 959 §3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Structure {
    /// None.
    #[default]
    File,
    /// A line of a text is a record; octets are records of 256.
    Records,
    /// The body says where its records end: `FF 01`, and `FF FF` for an octet of ones.
    Marked,
    /// Pages of 255 octets, and a last one.
    Pages,
}

/// A mode (RFC 959 §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Stream.
    #[default]
    Stream,
    /// Block.
    Blocks,
    /// Compressed.
    Compressed,
    /// Deflated (draft-preston-ftpext-deflate): a zlib stream, behind which the connection ends.
    Deflated,
}

/// How a data connection is agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// PASV (RFC 959 §4.1.2).
    Pasv,
    /// PORT (RFC 959 §4.1.2).
    Port,
    /// EPSV (RFC 2428 §3).
    Epsv,
    /// EPRT (RFC 2428 §2).
    Eprt,
}
