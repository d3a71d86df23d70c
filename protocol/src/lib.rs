//! The wire of FTP as strict types: no sockets, no files, no clocks.
//!
//! Both references build on these types. A value of one of them is always legal on the wire;
//! what is illegal is refused where it is parsed, with an error that says what is wrong.

pub mod address;
pub mod command;
pub mod features;
pub mod line;
pub mod listing;
pub mod parameters;
pub mod pathname;
pub mod reply;
pub mod restart;
pub mod telnet;
pub mod timestamp;
pub mod transfer;

pub use address::{ExtendedAddress, ExtendedPort, HostPort, LongAddress};
pub use command::{Command, CommandError, Verb};
pub use features::Feature;
pub use line::{LineReader, Received};
pub use parameters::{Form, Level, Mode, ParameterError, Structure, Type};
pub use pathname::Pathname;
pub use reply::{Code, Reply, ReplyReader, Severity};
pub use telnet::{Function, Telnet};
pub use timestamp::{Timestamp, TimestampError};
