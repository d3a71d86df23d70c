//! A terminal that does not show what is typed.

use std::io::{self, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::runtime::unless_interrupted;

/// Asks, and runs `read` while what is typed on standard input is not shown. The end of the line is. With nothing if Ctrl-C comes: else
/// the terminal would stay so.
pub(super) fn unseen<T: Send + 'static>(
    question: &str,
    read: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Option<T>> {
    let before = tcgetattr(io::stdin())?;
    let mut during = before.clone();
    during.local_modes.remove(LocalModes::ECHO);
    during.local_modes.insert(LocalModes::ECHONL);
    let _shown_again = ShownAgain(before);
    let ask = || {
        // What was typed before the question is no answer to it.
        tcsetattr(io::stdin(), OptionalActions::Flush, &during)?;
        let mut errors = io::stderr();
        errors.write_all(question.as_bytes())?;
        errors.flush()
    };
    unless_interrupted(ask, read)
}

/// Puts the terminal back.
struct ShownAgain(Termios);

impl Drop for ShownAgain {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(io::stdin(), OptionalActions::Now, &self.0) {
            super::say(&format!("the terminal does not show what you type: {error}. Type `stty echo`."));
        }
    }
}
