//! What a subject prints: always read, so that it never blocks on a full pipe, and only the end of it kept.

use std::collections::VecDeque;
use std::io::{PipeReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How many octets are kept.
const KEPT_OCTETS: usize = 64 * 1024;
/// How many lines are shown.
const SHOWN_LINES: usize = 50;
/// How many characters of a line are shown.
const SHOWN_CHARACTERS: usize = 400;

/// The end of what was printed so far.
#[derive(Debug, Clone)]
pub(super) struct Log(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    kept: VecDeque<u8>,
    ended: bool,
}

impl Log {
    /// Reads the pipe until its end, on a thread of its own: no runtime need be driven for it.
    ///
    /// # Errors
    /// There can be no more threads.
    pub(super) fn draining(pipe: PipeReader) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let log = Self(Arc::clone(&shared));
        thread::Builder::new().name("subject's output".to_owned()).spawn(move || shared.drain(pipe))?;
        Ok(log)
    }

    /// Waits until nobody can print any more, for a process that has ended; not for long, since a child of it may live.
    pub(super) fn settle(&self) {
        let state = self.0.locked();
        let waited = self.0.ended.wait_timeout_while(state, Duration::from_millis(200), |state| !state.ended);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// The last lines, with nothing in them that a terminal would obey.
    pub(super) fn tail(&self) -> Vec<String> {
        let octets: Vec<u8> = self.0.locked().kept.iter().copied().collect();
        lines(&octets, SHOWN_LINES)
    }

    /// All lines that are kept.
    pub(super) fn kept(&self) -> Vec<String> {
        let octets: Vec<u8> = self.0.locked().kept.iter().copied().collect();
        lines(&octets, usize::MAX)
    }
}

impl Shared {
    fn drain(&self, mut pipe: PipeReader) {
        let mut buffer = [0; 8192];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => self.locked().keep(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.locked().keep(format!("\n(its output could not be read further: {error})").as_bytes());
                    break;
                }
            }
        }
        self.locked().ended = true;
        self.ended.notify_all();
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, octets: &[u8]) {
        self.kept.extend(octets);
        let surplus = self.kept.len().saturating_sub(KEPT_OCTETS);
        self.kept.drain(..surplus);
    }
}

fn lines(octets: &[u8], most: usize) -> Vec<String> {
    let octets = octets.strip_suffix(b"\n").unwrap_or(octets);
    if octets.is_empty() {
        return Vec::new();
    }
    let mut lines: Vec<String> = octets.rsplit(|octet| *octet == b'\n').take(most).map(line).collect();
    lines.reverse();
    lines
}

/// One line: what prints is kept, the rest is written as `\x1b`.
fn line(octets: &[u8]) -> String {
    let octets = octets.strip_suffix(b"\r").unwrap_or(octets);
    let escaped = escaped(octets);
    match escaped.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", escaped.get(..end).unwrap_or_default()),
        None => escaped,
    }
}

fn escaped(octets: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '\t' || !(character.is_control() || steers(character)) {
                shown.push(character);
            } else {
                shown.extend(character.escape_default());
            }
        }
        shown.extend(chunk.invalid().iter().map(|octet| format!("\\x{octet:02x}")));
    }
    shown
}

/// The characters that turn the direction of a text: not control characters by name, but as good for a forgery.
fn steers(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rstest::rstest;

    use super::{KEPT_OCTETS, Log, SHOWN_LINES};

    fn tail_of(printed: &[u8]) -> Vec<String> {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let log = Log::draining(reader).unwrap();
        writer.write_all(printed).unwrap();
        drop(writer);
        log.settle();
        log.tail()
    }

    #[rstest]
    #[case::nothing(b"", &[])]
    #[case::lines(b"one\r\ntwo\n", &["one", "two"])]
    #[case::unended(b"one\ntwo", &["one", "two"])]
    #[case::escapes(b"\x1b[31mred\x07\n\xff\xc3\xa9\t.\n", &["\\u{1b}[31mred\\u{7}", "\\xffé\t."])]
    #[case::direction("a\u{202e}b".as_bytes(), &["a\\u{202e}b"])]
    fn shows_the_lines(#[case] printed: &[u8], #[case] shown: &[&str]) {
        assert_eq!(tail_of(printed), shown);
    }

    #[test]
    fn keeps_the_end_of_many_lines() {
        let printed: String = (0..10_000).map(|number| number.to_string() + "\n").collect();
        let tail = tail_of(printed.as_bytes());
        assert_eq!(tail.len(), SHOWN_LINES);
        assert_eq!(tail.last().unwrap(), "9999");
    }

    #[test]
    fn a_line_without_end_is_bounded() {
        let tail = tail_of(&vec![b'x'; 20 * KEPT_OCTETS]);
        assert_eq!(tail.len(), 1);
        assert!(tail[0].chars().count() < 500, "{} characters", tail[0].chars().count());
    }
}
