//! The canonical result of a run.
//!
//! A [`Report`] holds everything that a renderer shows and everything that is needed to judge again without a network:
//! the scenario sources, the events of each case in order, and the findings with their places.

mod case;
mod octets;
mod report;
mod transcript;
mod verdict;

pub use case::{Case, Finding, Place, Row};
pub use octets::{Octets, OctetsError};
pub use report::{Report, RequirementText, SCHEMA, Subject, Suite, Summary};
pub use transcript::{Body, Channel, CloseKind, Event, Framing, FramingFlaw, RestartMarker, What};
pub use verdict::{Axis, FailKind, Grade, Verdict};
