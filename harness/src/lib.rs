//! ftpspec: runs FTP scenarios against a subject and judges what it saw.

mod cli;
pub mod scenario;

pub use cli::run;
