//! What travels on a data connection.
//!
//! TYPE I and TYPE L 8 send a file's octets as they are (RFC 959 §3.1.1.3, §3.1.1.4), STRU F adds nothing to them
//! (§3.1.2.1), and MODE S ends them by closing the connection (§3.4.1): there is nothing to encode, so that a runtime can
//! move such a file without looking at it. What needs work has a module of its own.

pub mod ascii;
