//! What the server takes, in time and in memory.
//!
//! `cargo bench -p reference-server --bench measure` measures all; one of `stalled`, `tls`, `start` and `listing` behind `--` measures that.
//! Rounds of what is compared alternate, so that what else the machine does falls on all alike. `FTPSPEC_ROUNDS=100` plays more
//! of them. Nothing here passes or fails.

mod listing;
mod program;
mod stalled;
mod start;
mod tls;

use std::io;

/// Measures something, and prints it.
type Measure = fn() -> io::Result<()>;

fn main() -> io::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let all: [(&str, Measure); 4] = [
        ("start", start::measure),
        ("listing", listing::measure),
        ("tls", tls::measure),
        ("stalled", stalled::measure),
    ];
    for (name, measure) in all {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            measure()?;
        }
    }
    Ok(())
}

/// How many rounds to play.
fn rounds(default: usize) -> io::Result<usize> {
    std::env::var("FTPSPEC_ROUNDS").map_or(Ok(default), |text| text.parse().map_err(io::Error::other))
}

/// The middle value, and what lies a quarter of the values before and behind it.
fn quartiles(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |quarter: usize| values.get((values.len().saturating_sub(1)) * quarter / 4).copied().unwrap_or(f64::NAN);
    (at(1), at(2), at(3))
}

/// Mebibytes a second.
fn rate(octets: u64, lasting: std::time::Duration) -> io::Result<f64> {
    let mebibytes = u32::try_from(octets >> 20).map_err(io::Error::other)?;
    Ok(f64::from(mebibytes) / lasting.as_secs_f64())
}
