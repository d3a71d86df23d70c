//! What the client says on the control connection.

use reports::model::Axis;

use super::script::Instruction;
use super::{Act, Flow, Play, Stage, Stop};
use crate::judge::play::{Said, shown, verb};
use crate::judge::text::fill;
use crate::scenario::tree::{Say, Span, Step};

/// The most octets that are waited for without the end of a line.
const LONGEST: usize = 64 * 1024 + 2;

impl<S: Stage> Play<'_, S> {
    /// Lets the client say a line, and sees that it says exactly this.
    pub(super) async fn say(&mut self, step: &Step, say: &Say) -> Flow {
        let mut line = Vec::new();
        for template in &say.segments {
            match fill(template, &self.bindings) {
                Ok(octets) => line.extend(octets),
                Err(name) => return self.cannot_go_on(&step.span, &format!("nothing was bound to {{{name}}}")),
            }
        }
        let text = line.strip_suffix(b"\r\n").unwrap_or(&line).to_vec();
        self.say_line(step, &text).await
    }

    pub(super) async fn say_line(&mut self, step: &Step, text: &[u8]) -> Flow {
        self.unasked(&step.span).await?;
        self.tell(&step.span, Instruction::Say(text)).await?;
        let due = [text, b"\r\n"].concat();
        let line = self.line(step, &shown(&due)).await?;
        if line == due {
            return Ok(());
        }
        let said = Said::new(difference(&due, &line)).expected(shown(&due)).received(shown(&line));
        Err(self.wrong_command(step, said))
    }

    /// The next line that the client says, to its LF.
    pub(super) async fn line(&mut self, step: &Step, expected: &str) -> Result<Vec<u8>, Stop> {
        loop {
            self.quiet(&step.span)?;
            if let Some(end) = self.control.heard.iter().position(|octet| *octet == b'\n') {
                let rest = self.control.heard.split_off(end + 1);
                let line = std::mem::replace(&mut self.control.heard, rest);
                self.control.verb = verb(&line);
                return Ok(line);
            }
            if self.control.heard.len() > LONGEST {
                return Err(self.unended(step, expected));
            }
            if self.control.closed {
                return Err(self.gone(&step.span, expected).await);
            }
            let waits = self.control.heard.is_empty();
            if self.hear(&step.span, expected).await.is_err() {
                if !waits {
                    // What came says more than that no more came.
                    self.findings.pop();
                    return Err(self.unended(step, expected));
                }
                return Err(Stop);
            }
        }
    }

    fn unended(&mut self, step: &Step, expected: &str) -> Stop {
        let heard = self.control.heard.get(..300).unwrap_or(&self.control.heard);
        let said = Said::new("a command line without its end").expected(expected).received(shown(heard));
        self.wrong_command(step, said)
    }

    pub(super) fn wrong_command(&mut self, step: &Step, said: Said) -> Stop {
        let requirement = self.clause(step, SYNTAX);
        self.find(Some(requirement), &step.span, Axis::Command, said.at(self.control.event))
    }

    /// The client says one line a command, and nothing that it was not told to.
    pub(super) async fn unasked(&mut self, span: &Span) -> Flow {
        if !self.control.closed {
            self.act(Act::Drain).await;
        }
        self.quiet(span)?;
        if self.control.heard.is_empty() {
            return Ok(());
        }
        let heard = std::mem::take(&mut self.control.heard);
        let said = Said::new("the client says more than it was told to")
            .expected("one command line, and then nothing until the next is due")
            .received(shown(heard.get(..300).unwrap_or(&heard)))
            .at(self.control.event);
        Err(self.find(Some(SYNTAX.to_owned()), span, Axis::Command, said))
    }

    /// The client logs in.
    pub(super) async fn login(&mut self, step: &Step) -> Flow {
        let user = format!("USER {}", self.facts.user);
        let password = format!("PASS {}", self.facts.password);
        self.say_line(step, user.as_bytes()).await?;
        self.reply_shortly(step, 331).await?;
        self.say_line(step, password.as_bytes()).await?;
        self.reply_shortly(step, 230).await?;
        for line in self.facts.after_login.clone() {
            self.say_line(step, line.as_bytes()).await?;
            self.reply_shortly(step, 200).await?;
        }
        Ok(())
    }
}

/// What is wrong with a line, in words.
fn difference(due: &[u8], line: &[u8]) -> &'static str {
    let text = |line: &[u8]| line.trim_ascii_end().to_vec();
    if text(due) != text(line) {
        "the client says another line than it was told to"
    } else if line.ends_with(b"\r\n") {
        "the client puts something between the line and its end"
    } else {
        "the client's line does not end in CR LF"
    }
}

/// RFC 959 §5.3.1.
const SYNTAX: &str = "rfc959-5.3.1-client-command-syntax";

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"NOOP\n", "does not end in CR LF")]
    #[case(b"NOOP \r\n", "between the line and its end")]
    #[case(b"noop\r\n", "another line")]
    fn told_apart(#[case] line: &[u8], #[case] message: &str) {
        assert!(difference(b"NOOP\r\n", line).contains(message));
    }
}
