//! Who is told what happens on a connection.

use std::io;

use protocol::Reply;

/// Where what happens on a connection is shown.
pub(crate) trait Witness {
    /// A command is said; the line may be shown, but is not escaped.
    fn said(&mut self, line: &[u8]) -> io::Result<()>;
    /// A reply came.
    fn replied(&mut self, reply: &Reply) -> io::Result<()>;
    /// A reply came that nothing was asked for.
    fn replied_unasked(&mut self, reply: &Reply) -> io::Result<()>;
    /// Something the user should know.
    fn note(&mut self, note: &str) -> io::Result<()>;
    /// A transfer of a file begins; so many octets will go through, if anybody knows.
    fn begins(&mut self, name: &[u8], octets: Option<u64>) -> io::Result<()>;
    /// The transfer is over, well or not.
    fn ends(&mut self) -> io::Result<()>;
    /// So many octets of a transfer went through until now. It is told about ten times a second.
    fn moving(&mut self, octets: u64) -> io::Result<()>;
    /// All data of a transfer went through: so many octets on the wire.
    fn moved(&mut self, moved: Moved) -> io::Result<()>;
}

/// Nobody is told anything.
#[derive(Debug)]
pub(crate) struct Nobody;

impl Witness for Nobody {
    fn said(&mut self, _line: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn replied(&mut self, _reply: &Reply) -> io::Result<()> {
        Ok(())
    }

    fn replied_unasked(&mut self, _reply: &Reply) -> io::Result<()> {
        Ok(())
    }

    fn note(&mut self, _note: &str) -> io::Result<()> {
        Ok(())
    }

    fn begins(&mut self, _name: &[u8], _octets: Option<u64>) -> io::Result<()> {
        Ok(())
    }

    fn ends(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn moving(&mut self, _octets: u64) -> io::Result<()> {
        Ok(())
    }

    fn moved(&mut self, _moved: Moved) -> io::Result<()> {
        Ok(())
    }
}

/// How much went through a data connection, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    Received { octets: u64 },
    Sent { octets: u64 },
}
