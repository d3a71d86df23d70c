//! Lines of a user. Reading them blocks, so a thread of its own does it, when it is asked to; the client can end while it waits.

use std::io::{self, BufRead, Read};
use std::sync::mpsc as threads;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Interrupts;

/// The longest line taken, its end not counted.
const LIMIT: usize = 64 * 1024;

/// Where lines come from.
pub(crate) trait Source: Send {
    /// The next line of the conversation, without its end; `None` at the end of the input. `names` asks the conversation for what
    /// stands on the server.
    fn line(&mut self, names: &Names) -> io::Result<Option<Vec<u8>>>;
    /// The next line as it is, without history and editing.
    fn plain_line(&mut self) -> io::Result<Option<Vec<u8>>>;
}

/// What came of waiting.
#[derive(Debug)]
pub(crate) enum Typed {
    Line(Vec<u8>),
    End,
    /// The source wants to know what stands in a directory of the server.
    NamesWanted(Vec<u8>, Answer),
    /// Nothing, for so long.
    Nothing,
    Interrupted,
}

/// Where the names go that were asked for.
#[derive(Debug)]
pub(crate) struct Answer(threads::Sender<Vec<Vec<u8>>>);

impl Answer {
    pub(crate) fn give(self, names: Vec<Vec<u8>>) {
        // Who asked may have stopped waiting.
        let _given = self.0.send(names);
    }
}

/// Asks the conversation what stands on the server.
#[derive(Debug, Clone)]
pub(crate) struct Names(mpsc::Sender<io::Result<Said>>);

impl Names {
    /// The names in a directory; none where nobody answers in time.
    pub(crate) fn of(&self, directory: &[u8]) -> Vec<Vec<u8>> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let (sender, receiver) = threads::channel();
        match self.0.blocking_send(Ok(Said::NamesWanted(directory.to_vec(), Answer(sender)))) {
            Ok(()) => receiver.recv_timeout(PATIENCE).unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }
}

#[derive(Debug)]
enum Said {
    Line(Option<Vec<u8>>),
    NamesWanted(Vec<u8>, Answer),
}

#[derive(Debug, Clone, Copy)]
enum Wanted {
    Line,
    PlainLine,
}

/// The lines, one by one.
#[derive(Debug)]
pub(crate) struct Lines {
    wanted: threads::Sender<Wanted>,
    said: mpsc::Receiver<io::Result<Said>>,
    /// Whether a line was asked for that has not come.
    is_asked: bool,
}

impl Lines {
    pub(crate) fn from_standard_input() -> io::Result<Self> {
        Self::from(StandardInput)
    }

    pub(crate) fn from(mut source: impl Source + 'static) -> io::Result<Self> {
        let (wanted, wants) = threads::channel();
        let (sender, said) = mpsc::channel(1);
        let names = Names(sender.clone());
        thread::Builder::new().name("standard input".to_owned()).spawn(move || {
            while let Ok(wanted) = wants.recv() {
                let line = match wanted {
                    Wanted::Line => source.line(&names),
                    Wanted::PlainLine => source.plain_line(),
                };
                // Nobody listens any more: the client is at its end.
                if sender.blocking_send(line.map(Said::Line)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { wanted, said, is_asked: false })
    }

    /// The next line; `None` at the end of the input.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.ask(Wanted::Line);
        loop {
            match self.said.recv().await.transpose()? {
                Some(Said::NamesWanted(_, answer)) => answer.give(Vec::new()),
                Some(Said::Line(line)) => {
                    self.is_asked = false;
                    return Ok(line);
                }
                None => return Ok(None),
            }
        }
    }

    /// What comes first. May be asked again, and goes on waiting for the same line.
    pub(crate) async fn typed(
        &mut self,
        patience: Option<Duration>,
        interrupts: Option<Interrupts>,
    ) -> io::Result<Typed> {
        const EVER: Duration = Duration::from_hours(365 * 24);
        self.ask(Wanted::Line);
        let mut interrupts = interrupts;
        if let Some(interrupts) = &mut interrupts {
            interrupts.forget();
        }
        let said = tokio::select! {
            said = timeout(patience.unwrap_or(EVER), self.said.recv()) => said,
            () = Interrupts::next_of(&mut interrupts) => return Ok(Typed::Interrupted),
        };
        let Ok(said) = said else { return Ok(Typed::Nothing) };
        Ok(match said.transpose()? {
            Some(Said::NamesWanted(directory, answer)) => Typed::NamesWanted(directory, answer),
            Some(Said::Line(line)) => {
                self.is_asked = false;
                line.map_or(Typed::End, Typed::Line)
            }
            None => Typed::End,
        })
    }

    /// The next line as it is, or an error if the user interrupts the program first, which then does not end by itself.
    pub(crate) async fn next_or_interrupted(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.ask(Wanted::PlainLine);
        tokio::select! {
            line = self.next() => line,
            signal = tokio::signal::ctrl_c() => Err(signal.err().unwrap_or_else(|| io::ErrorKind::Interrupted.into())),
        }
    }

    fn ask(&mut self, wanted: Wanted) {
        if !std::mem::replace(&mut self.is_asked, true) {
            // The thread is gone only where its last word says so.
            let _asked = self.wanted.send(wanted);
        }
    }
}

/// Lines of standard input. LF ends a line; a CR before it belongs to the end.
struct StandardInput;

impl Source for StandardInput {
    fn line(&mut self, _names: &Names) -> io::Result<Option<Vec<u8>>> {
        next_line(&mut io::stdin().lock())
    }

    fn plain_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        next_line(&mut io::stdin().lock())
    }
}

/// The next line of an input.
pub(crate) fn next_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
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
