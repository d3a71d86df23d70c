//! The architecture as a test: ARCHITECTURE.md says why each rule is there.

#[cfg(test)]
mod packages;
#[cfg(test)]
mod reader;
#[cfg(test)]
mod rooms;
#[cfg(test)]
mod shape;

/// Fails with everything that is wrong, and what to do about it.
#[track_caller]
fn none(wrong: &[String], what_to_do: &str) {
    assert!(wrong.is_empty(), "{what_to_do}\n  {}\n", wrong.join("\n  "));
}
