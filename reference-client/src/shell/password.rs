//! Asks for a password without showing what is typed.

use std::io::{self, IsTerminal};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::screen::Screen;
use crate::runtime::input::Lines;
use crate::session::command::Secret;

/// Asks on a terminal. Where standard input is none there is nobody to ask: `None`.
pub(super) async fn ask(input: &mut Lines, screen: &Screen) -> io::Result<Option<Secret>> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    screen.ask("Password: ")?;
    let quiet = Quiet::begin()?;
    // The terminal must be put back before the program ends.
    let line = input.next_or_interrupted().await;
    quiet.end()?;
    screen.line("")?;
    Ok(line?.map(|line| Secret::new(&line)))
}

/// The terminal does not show what is typed.
struct Quiet {
    before: Termios,
}

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        Ok(Self { before })
    }

    fn end(self) -> io::Result<()> {
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &self.before)?)
    }
}
