//! ftpspec: runs FTP scenarios against a subject and judges what it saw.

mod builtin;
mod cli;
pub mod coverage;
pub mod grade;
pub mod judge;
pub mod plan;
pub mod record;
pub mod run;
pub mod scenario;
pub mod subject;
pub mod wire;

pub use cli::run;
