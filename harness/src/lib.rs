//! ftpspec: runs FTP scenarios against a subject and judges what it saw.

pub mod scenario;
pub mod subject;
