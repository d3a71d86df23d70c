//! The flags that say what the server lets its users do.

use clap::Args;

use crate::session::{ForeignHosts, Settings};

/// What users may do.
#[derive(Debug, Args)]
pub(super) struct Policy {
    /// Let data connections lead to a third host, for transfers between two servers; a bounce attack needs no more
    #[arg(long)]
    foreign_port: bool,
}

impl Policy {
    /// Puts it into the settings.
    pub(super) fn apply(self, settings: &mut Settings) {
        settings.foreign_hosts = if self.foreign_port { ForeignHosts::Allowed } else { ForeignHosts::Refused };
    }
}
