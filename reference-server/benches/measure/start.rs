//! From the start of the process to its first greeting.

use std::io::{self, Write};
use std::time::Instant;

use super::program::Program;
use super::{quartiles, rounds};

pub(super) fn measure() -> io::Result<()> {
    let (root, rounds) = (tempfile::tempdir()?, rounds(40)?);
    let mut out = io::stdout().lock();
    writeln!(out, "\nFrom the start to the first greeting, {rounds} starts:")?;
    for (name, options) in [("in clear", &[][..]), ("with a certificate that is made first", &["--tls-generate"][..])] {
        let mut all = Vec::new();
        for _ in 0..rounds {
            let begun = Instant::now();
            let program = Program::start(root.path(), options)?;
            program.greeted()?;
            all.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        let (from, middle, to) = quartiles(all);
        writeln!(out, "{name:<40} {middle:>8.2} ms ({from:.2} to {to:.2})")?;
    }
    Ok(())
}
