//! Clients are judged by the same scenarios: the reference client conforms, and each bad client fails for its fault.

mod fakes;
mod verdicts;
