//! What can be wrong with octets that came, and with a file that is to be sent.

use thiserror::Error;

/// What is wrong with what the peer sent, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("at octet {offset} of the data: {fault}")]
pub struct DecodeError {
    /// How many octets were right before it. Pages, and records in MODE Z, count the octets inside of the
    /// framing, all else those of the connection.
    pub offset: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with what the peer sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// RFC 959 §3.4: every file has an end, said or implied.
    #[error("the connection was closed before the end of the file; the file is incomplete")]
    Incomplete,
    /// RFC 959 §3.4.1.
    #[error(
        "the escape FF is followed by {0:02X}; it must be 01 (end of record), 02 (end of file), 03 (both) or FF (an octet FF)"
    )]
    UnknownEscape(u8),
    /// RFC 959 §3.4.2.
    #[error("the descriptor {0:02X} has bits that mean nothing; 80, 40, 20 and 10 are defined")]
    UnknownDescriptor(u8),
    /// draft-preston-ftpext-deflate §3.3.1, RFC 1950.
    #[error("the octets are no zlib stream (RFC 1950), or its checksum is wrong")]
    NotDeflated,
    /// RFC 959 §3.4.2, RFC 1123 §4.1.3.4.
    #[error("a restart marker has the octet {0:02X}; only printable ASCII without spaces (21 to 7E) may stand there")]
    MarkerOctet(u8),
    /// A marker without a character marks nothing.
    #[error("a restart marker is empty")]
    MarkerEmpty,
    /// A marker must fit into REST.
    #[error("a restart marker is longer than {0} characters")]
    MarkerTooLong(usize),
    /// RFC 959 §3.1.2.3.
    #[error(
        "the header of a page is {0} bytes long; it must be 4 to 16, 4 in a page of type 0 or 1, and 5 in one of type 3"
    )]
    PageHeaderLength(u64),
    /// RFC 959 §3.1.2.3: 0, 1, 2 and 3 are defined. The reply is 551.
    #[error("a page has the type {0}; 0 (last), 1 (simple), 2 (descriptor) and 3 (access controlled) are defined")]
    PageType(u64),
    /// RFC 959 §3.1.2.3.
    #[error("the last page says that {0} bytes of data follow; it has none")]
    LastPageData(u64),
    /// The length of a page in bits is more than a number here can hold.
    #[error("a page says that {0} bytes of data follow; no file is that long")]
    PageTooLong(u64),
    /// RFC 959 §3.4: the last page is the end.
    #[error("data follows behind the last page")]
    BehindLastPage,
}

/// What is wrong with the local form of a file that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LocalFault {
    /// STRU P, and the file is no container of pages.
    #[error("the file has no pages: it was not stored with STRU P")]
    NotPaged,
    /// The pages were stored with another byte size.
    #[error("the pages of the file have bytes of {stored} bits; TYPE must give the same size")]
    ByteSize {
        /// The byte size of the file.
        stored: u8,
    },
    /// A container of pages that is damaged.
    #[error("the pages of the file are damaged")]
    DamagedPages,
    /// A list of records that does not belong to the file.
    #[error("the list of records does not fit the file")]
    DamagedRecords,
    /// Bytes that cannot hold the header of a page here.
    #[error("pages need bytes of 3 to 64 bits, and TYPE says {0}")]
    PageByteSize(u8),
}
