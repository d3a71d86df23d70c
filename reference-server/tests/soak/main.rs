//! Many sessions at once, for as long as one likes: no file is lost or mixed, no descriptor stays open, and the memory comes to rest.
//!
//! `FTPSPEC_SOAK=3600` lets it run for an hour instead of a few seconds; `FTPSPEC_SOAK_IDLE=10000` has so many sessions log in and say
//! nothing; `FTPSPEC_SOAK_SERVER="--memory --atomic"` gives the server these options; `FTPSPEC_SEED=N` makes the same choices again.
//! `cargo test -p reference-server --test soak -- --nocapture` shows the table.

#[path = "../session/kills/chance.rs"]
#[cfg(test)]
mod chance;
#[cfg(test)]
mod client;
#[cfg(test)]
mod contents;
#[cfg(test)]
mod many;
#[cfg(test)]
mod server;
#[cfg(test)]
mod vitals;
#[cfg(test)]
mod worker;
