//! The memory that a listing of many names takes while it streams.

use std::io::{self, Write};
use std::time::Instant;

use super::program::{Program, drain};

const NAMES: usize = 100_000;

pub(super) fn measure() -> io::Result<()> {
    let root = tempfile::tempdir()?;
    for number in 0..NAMES {
        std::fs::File::create(root.path().join(format!("a-name-as-long-as-many-are-{number:06}")))?;
    }
    let mut out = io::stdout().lock();
    writeln!(out, "\nA listing of {NAMES} names, each by a server of its own:")?;
    for command in ["NLST", "LIST", "MLSD"] {
        let program = Program::start(root.path(), &[])?;
        let mut client = program.login()?;
        let before = program.memory("VmHWM")?;
        let begun = Instant::now();
        let octets = drain(client.begin(command)?)?;
        client.expect("226")?;
        let lasting = begun.elapsed();
        let most = program.memory("VmHWM")?;
        let more = most.saturating_sub(before);
        writeln!(
            out,
            "{command:<6} {octets:>10} octets {lasting:>8.2?} {before:>8} KiB before, {more:>6} KiB more at most"
        )?;
    }
    Ok(())
}
