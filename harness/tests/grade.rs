//! `ftpspec grade`, as an instructor and as a student use it.

#[cfg(test)]
#[path = "grade/archives.rs"]
mod archives;
#[cfg(test)]
#[path = "grade/samples.rs"]
mod samples;
#[cfg(test)]
#[path = "grade/seen.rs"]
mod seen;
#[cfg(test)]
#[path = "grade/trial.rs"]
mod trial;

#[cfg(test)]
use self::seen::{grounds, is_confined, left_over, lines_of};
