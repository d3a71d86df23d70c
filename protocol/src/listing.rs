//! What LIST and NLST send (RFC 959 §4.1.3, RFC 1123 §4.1.2.7).
//!
//! Both are text of an implied TYPE A N: each line ends in CR LF.

pub mod names;
pub mod unix;
