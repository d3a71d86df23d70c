//! `ftpspec grade`, as an instructor and as a student use it.

#[cfg(test)]
#[path = "grade/trial.rs"]
mod trial;
