//! What stands in a reply that answers a question.

use protocol::address::AddressError;
use protocol::{HostPort, Reply, Timestamp};

use super::Failure;

/// The octets in a 213 to SIZE (RFC 3659 §4).
pub(crate) fn size(reply: &Reply) -> Result<u64, Failure> {
    let text = std::str::from_utf8(reply.text().trim_ascii()).ok();
    text.and_then(|text| text.parse().ok()).ok_or_else(|| unreadable("SIZE", reply))
}

/// The time in a 213 to MDTM (RFC 3659 §3).
pub(crate) fn modified(reply: &Reply) -> Result<Timestamp, Failure> {
    Timestamp::parse(reply.text().trim_ascii()).map_err(|_| unreadable("MDTM", reply))
}

/// The address in a 227, for another server to connect to.
pub(crate) fn passive(reply: &Reply) -> Result<HostPort, Failure> {
    let problem: AddressError = match HostPort::find(reply.text()) {
        Ok(there) => return Ok(there),
        Err(problem) => problem,
    };
    Err(Failure::Address { problem, reply: reply.clone() })
}

/// The name that STOU chose: behind `FILE: ` in the first reply (RFC 1123 §4.1.2.9).
pub(crate) fn unique_name(reply: &Reply) -> Option<Vec<u8>> {
    const MARK: &[u8] = b"FILE: ";
    let text = reply.text();
    let at = text.windows(MARK.len()).position(|window| window.eq_ignore_ascii_case(MARK))?;
    text.get(at + MARK.len()..).map(|name| name.trim_ascii_end().to_vec())
}

fn unreadable(verb: &'static str, reply: &Reply) -> Failure {
    Failure::Unreadable { verb, reply: reply.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::operations::testing::reply;
    use rstest::rstest;

    #[rstest]
    #[case("213 17", Some(17))]
    #[case("213 17 ", Some(17))]
    #[case("213 -1", None)]
    #[case("213 99999999999999999999", None)]
    #[case("213 file: 17", None)]
    fn sizes(#[case] text: &str, #[case] size: Option<u64>) {
        assert_eq!(super::size(&reply(text)).ok(), size);
    }

    #[rstest]
    #[case("213 19980615100045.014", Some(897_904_845))]
    #[case("213 1998", None)]
    fn times(#[case] text: &str, #[case] seconds: Option<i64>) {
        assert_eq!(modified(&reply(text)).ok().map(|time| time.to_unix()), seconds);
    }

    #[rstest]
    #[case("150 FILE: a b.1", Some("a b.1"))]
    #[case("125 file: x", Some("x"))]
    #[case("150 here we go", None)]
    fn unique_names(#[case] text: &str, #[case] name: Option<&str>) {
        assert_eq!(unique_name(&reply(text)).as_deref(), name.map(str::as_bytes));
    }
}
