//! What a task tells: its result on standard output, what goes on while a person waits on standard error.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use protocol::Reply;
use serde_json::{Value, json};

use crate::arguments::Connecting;
use crate::escape::escaped;
use crate::problem::Problem;
use crate::runtime::{Moved, Witness};

/// Where a task tells things.
#[derive(Debug)]
pub(crate) struct Report {
    wire: Wire,
    person: Person,
    form: Form,
    bars: Bars,
    bar: Option<ProgressBar>,
    begun: Instant,
}

/// Whether commands and replies are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    Shown,
    Hidden,
}

/// Whether somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Person {
    AtATerminal,
    Elsewhere,
    WantsQuiet,
}

/// Whether transfers may have bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bars {
    Drawn,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
}

impl Report {
    pub(crate) fn new(connecting: &Connecting) -> Self {
        let person = match (connecting.quiet, io::stderr().is_terminal()) {
            (true, _) => Person::WantsQuiet,
            (false, true) => Person::AtATerminal,
            (false, false) => Person::Elsewhere,
        };
        Self {
            wire: if connecting.verbose { Wire::Shown } else { Wire::Hidden },
            person,
            form: if connecting.json { Form::Json } else { Form::Text },
            bars: Bars::Drawn,
            bar: None,
            begun: Instant::now(),
        }
    }

    /// One for a session beside others: its transfers move no bar.
    pub(crate) fn beside(&self) -> Self {
        Self { bars: Bars::None, bar: None, ..*self }
    }

    /// How long ago the last transfer began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The result of a task: as JSON where that is asked for, else in words where somebody looks.
    pub(crate) fn result(&mut self, words: &str, value: &Value) -> io::Result<()> {
        self.ends()?;
        match (self.form, self.person) {
            (Form::Json, _) => print(&format!("{value}\n")),
            (Form::Text, Person::AtATerminal) => writeln!(io::stderr(), "{words}"),
            (Form::Text, Person::Elsewhere | Person::WantsQuiet) => Ok(()),
        }
    }

    /// What was asked for: as JSON where that is asked for, else the text.
    pub(crate) fn answer(&mut self, text: &str, value: impl FnOnce() -> Value) -> io::Result<()> {
        match self.form {
            Form::Json => print(&format!("{}\n", value())),
            Form::Text => print(text),
        }
    }

    /// What failed.
    pub(crate) fn failure(&mut self, problem: &Problem) -> io::Result<()> {
        self.ends()?;
        if self.form == Form::Json {
            print(&format!("{}\n", json!({ "error": problem.to_string(), "code": problem.code() })))?;
        }
        writeln!(io::stderr(), "Failed: {}.", problem.to_string().trim_end_matches('.'))
    }

    /// A line for a person.
    pub(crate) fn remark(&self, text: &str) -> io::Result<()> {
        match (&self.bar, self.person) {
            (_, Person::WantsQuiet) => Ok(()),
            (Some(bar), _) => bar.suspend(|| writeln!(io::stderr(), "{text}")),
            (None, _) => writeln!(io::stderr(), "{text}"),
        }
    }
}

impl Witness for Report {
    fn said(&mut self, line: &[u8]) -> io::Result<()> {
        match self.wire {
            Wire::Shown => writeln!(io::stderr(), "---> {}", escaped(line)),
            Wire::Hidden => Ok(()),
        }
    }

    fn replied(&mut self, reply: &Reply) -> io::Result<()> {
        if self.wire == Wire::Hidden {
            return Ok(());
        }
        let mut errors = io::stderr().lock();
        reply.lines().iter().try_for_each(|line| writeln!(errors, "<--- {}", escaped(line)))
    }

    fn replied_unasked(&mut self, reply: &Reply) -> io::Result<()> {
        self.replied(reply)
    }

    fn note(&mut self, note: &str) -> io::Result<()> {
        self.remark(note)
    }

    fn begins(&mut self, name: &[u8], octets: Option<u64>) -> io::Result<()> {
        self.begun = Instant::now();
        let is_wanted = self.form == Form::Text && self.wire == Wire::Hidden && self.bars == Bars::Drawn;
        if self.person == Person::AtATerminal && is_wanted {
            self.bar = Some(bar(&escaped(name), octets));
        }
        Ok(())
    }

    fn ends(&mut self) -> io::Result<()> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        Ok(())
    }

    fn moving(&mut self, octets: u64) -> io::Result<()> {
        if let Some(bar) = &self.bar {
            bar.set_position(octets);
        }
        Ok(())
    }

    fn moved(&mut self, _moved: Moved) -> io::Result<()> {
        Ok(())
    }
}

/// A bar with the rate and the time left; a counter where nobody knows how much will come.
pub(crate) fn bar(name: &str, size: Option<u64>) -> ProgressBar {
    let (bar, template) = match size {
        Some(size) => {
            (ProgressBar::new(size), "{prefix} [{bar:30}] {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left")
        }
        None => (ProgressBar::new_spinner(), "{prefix} {bytes} {binary_bytes_per_sec}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(name.to_owned());
    bar
}

fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}
