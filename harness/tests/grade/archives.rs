//! Submissions that are archives, and what a regrade says.
