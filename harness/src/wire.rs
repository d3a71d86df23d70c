//! What the bytes of a connection say, whatever they are.
//!
//! Nothing here refuses anything: a reader names every flaw and goes on. It answers another question than the
//! `protocol` package does and shares no code with it, so that a misreading there cannot hide itself here.

pub mod address;
pub mod block;
pub mod compressed;
pub mod deflate;
pub mod ebcdic;
pub mod facts;
pub mod features;
pub mod framing;
pub mod page;
pub mod record;
pub mod reply;
pub mod telnet;
pub mod travel;
