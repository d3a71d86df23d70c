//! The two references, carried in this program. The only file that may name them.
//!
//! The harness starts them as processes of their own, by running itself again; it never calls them otherwise.

use std::ffi::OsString;
use std::process::ExitCode;

/// The reference server. The first argument is the name it goes by.
pub(crate) fn server(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    reference_server::run(arguments)
}

/// The reference client. The first argument is the name it goes by.
pub(crate) fn client(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    reference_client::run(arguments)
}
