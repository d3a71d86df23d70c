//! Replies that more than one command gives.

use protocol::{Code, Reply};

use crate::store::StoreError;

/// A reply of one line. The code is checked when this is compiled.
pub(super) fn reply<const CODE: u16>(text: impl AsRef<[u8]>) -> Reply {
    Reply::new(const { code(CODE) }, text)
}

/// A reply of several lines, each with its code.
pub(super) fn multi_line<const CODE: u16, T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> Reply {
    Reply::multi_line(const { code(CODE) }, texts)
}

/// A reply whose inner lines are indented.
pub(super) fn indented<const CODE: u16, T: AsRef<[u8]>>(
    first: &str,
    inner: impl IntoIterator<Item = T>,
    last: &str,
) -> Reply {
    Reply::indented(const { code(CODE) }, first, inner, last)
}

/// What a file command says when the store refuses (RFC 959 §5.4: 550 for most, 450 for the listings, 553 for a name to write to).
pub(super) fn refusal(error: StoreError) -> Reply {
    match error {
        StoreError::NoSpace => reply::<452>("No space left on the server; nothing was done."),
        StoreError::Local => reply::<451>("Local error on the server; nothing was done."),
        StoreError::BadOffset => bad_offset(),
        StoreError::Refused(why) => reply::<550>(format!("{why}.")),
    }
}

/// What STOR, APPE and RNTO say: 553 tells that it is the name that is not allowed.
pub(super) fn write_refusal(error: StoreError) -> Reply {
    match error {
        StoreError::NoSpace | StoreError::Local | StoreError::BadOffset => refusal(error),
        StoreError::Refused(why) => reply::<553>(format!("{why}.")),
    }
}

/// What LIST and NLST say. RFC 959 §5.4 lists 450 for them and not 550.
pub(super) fn list_refusal(error: StoreError) -> Reply {
    match error {
        StoreError::Refused(why) => reply::<450>(format!("{why}.")),
        StoreError::NoSpace | StoreError::Local | StoreError::BadOffset => refusal(error),
    }
}

/// RFC 1123 §4.1.3.4: 554, invalid REST parameter, answers the command after REST.
pub(super) fn bad_offset() -> Reply {
    reply::<554>(
        "The restart point lies behind the end of the file, or is none: inside of a line end, or of a record or page.",
    )
}

/// The characters of a name that can be shown without harm.
pub(super) fn printable(name: &[u8]) -> Vec<u8> {
    name.iter().map(|&octet| if octet.is_ascii_control() { b'?' } else { octet }).collect()
}

const fn code(number: u16) -> Code {
    match Code::new(number) {
        Ok(code) => code,
        Err(_) => unreachable!(),
    }
}
