//! What LIST and NLST send (RFC 959 §4.1.3, RFC 1123 §4.1.2.7), and MLST and MLSD (RFC 3659 §7).
//!
//! The first two are text of an implied TYPE A N: each line ends in CR LF.

pub mod facts;
pub mod names;
pub mod unix;
