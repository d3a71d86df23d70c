//! How this server uses the coders.

use std::num::NonZeroU64;

use protocol::restart::Position;
use protocol::transfer::{LocalFault, Parameters, Sender};

/// RFC 1123 §4.1.3.4: "the frequency of Restart Markers can be low".
const MARKER_INTERVAL: NonZeroU64 = NonZeroU64::MIN.saturating_add(1024 * 1024 - 1);

/// A sender of a file, with a restart marker each mebibyte where the mode has them.
///
/// # Errors
/// When the parameters do not go together.
pub(crate) fn sender(parameters: Parameters, position: Position) -> Result<Sender, LocalFault> {
    Ok(Sender::new(parameters, position)?.with_markers(parameters, MARKER_INTERVAL))
}
