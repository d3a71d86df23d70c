//! What the server says of itself.

use protocol::Reply;

use super::Session;
use super::replies::{multi_line, reply};

impl Session {
    pub(super) fn greeting(&self) -> Reply {
        reply::<220>(format!("{} FTP server ready.", self.site()))
    }

    /// The welcome of a guest: the wording of the ssast.org assignment, for any site.
    pub(super) fn welcome_guest(&self) -> Reply {
        let archives = format!(" FTP Archives at {}", self.site());
        multi_line::<230, &str>([
            "",
            "Welcome to",
            " School of Software",
            &archives,
            "",
            "This site is provided as a public service by School of",
            "Software. Use in violation of any applicable laws is strictly",
            "prohibited. We make no guarantees, explicit or implicit, about the",
            "contents of this site. Use at your own risk.",
            "",
            "Guest login ok, access restrictions apply.",
        ])
    }
}
