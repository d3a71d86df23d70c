//! Lines from standard input. Reading it blocks, so a thread of its own does it; the client can end while it waits.

use std::io::{self, BufRead, Read};
use std::thread;

use tokio::sync::mpsc;

/// The longest line taken, its end not counted.
const LIMIT: usize = 64 * 1024;

/// The lines, one by one, without their ends. LF ends a line; a CR before it belongs to the end.
#[derive(Debug)]
pub(crate) struct Lines {
    lines: mpsc::Receiver<io::Result<Vec<u8>>>,
}

impl Lines {
    pub(crate) fn from_standard_input() -> io::Result<Self> {
        let (sender, lines) = mpsc::channel(1);
        thread::Builder::new().name("standard input".to_owned()).spawn(move || {
            let mut input = io::stdin().lock();
            while let Some(line) = next_line(&mut input).transpose() {
                let failed = line.is_err();
                // Nobody listens any more: the client is at its end.
                if sender.blocking_send(line).is_err() || failed {
                    return;
                }
            }
        })?;
        Ok(Self { lines })
    }

    /// The next line; `None` at the end of the input.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.lines.recv().await.transpose()
    }

    /// The next line, or an error if the user interrupts the program first, which then does not end by itself.
    pub(crate) async fn next_or_interrupted(&mut self) -> io::Result<Option<Vec<u8>>> {
        tokio::select! {
            line = self.next() => line,
            signal = tokio::signal::ctrl_c() => Err(signal.err().unwrap_or_else(|| io::ErrorKind::Interrupted.into())),
        }
    }
}

fn next_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.take(LIMIT as u64 + 2).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    if line.len() > LIMIT {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a line of the input is longer than {LIMIT} octets"),
        ));
    }
    Ok(Some(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn all_lines(mut input: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut input).unwrap() {
            lines.push(line);
        }
        lines
    }

    #[rstest]
    #[case(b"a\nb\n", "a|b")]
    #[case(b"a\r\nb", "a|b")]
    #[case(b"\na\rb\n", r"|a\rb")]
    #[case(b"\xff\n", r"\xff")]
    #[case(b"", "")]
    fn lines(#[case] input: &[u8], #[case] expected: &str) {
        let shown: Vec<String> = all_lines(input).iter().map(|line| line.escape_ascii().to_string()).collect();
        assert_eq!(shown.join("|"), expected);
    }

    #[test]
    fn a_line_has_a_limit() {
        assert!(next_line(&mut vec![b'a'; LIMIT].as_slice()).is_ok());
        assert!(next_line(&mut vec![b'a'; LIMIT + 1].as_slice()).is_err());
    }
}
