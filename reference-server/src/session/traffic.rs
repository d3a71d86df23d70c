//! What QUIT tells about a session.

use protocol::Reply;

use super::replies::multi_line;

/// What went over the connections of a session.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Octets on the control connection, both ways.
    pub(super) control: u64,
    /// Octets on data connections, both ways.
    pub(super) data: u64,
    /// Transfers that were complete, listings included.
    pub(super) transfers: u64,
    /// Octets of complete files.
    pub(super) file_octets: u64,
    /// Complete files.
    pub(super) files: u64,
}

impl Traffic {
    pub(super) fn farewell(&self, site: &str) -> Reply {
        let total = self.control + self.data;
        multi_line::<221, String>([
            format!("You have transferred {} in {}.", count(self.file_octets, "byte"), count(self.files, "file")),
            format!(
                "Total traffic for this session was {} in {}.",
                count(total, "byte"),
                count(self.transfers, "transfer")
            ),
            format!("Thank you for using the FTP service on {site}."),
            "Goodbye.".to_owned(),
        ])
    }
}

fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
