//! What every case ends with: QUIT, and a look at the files.

use std::time::Duration;

use reports::model::{Axis, Body, Grade, What};

use super::replies::{ONE_FINAL, first_line};
use super::{DataChannel, Play, Said, shown};
use crate::judge::grade::Outcome;
use crate::judge::stage::{Act, Stage};
use crate::scenario::tree::{Left, Located, Step};

/// How long a server may take to answer the QUIT of the harness. It is a courtesy, and judged by no requirement.
const QUIT: Duration = Duration::from_secs(2);

impl<S: Stage> Play<'_, S> {
    /// Says QUIT where the scenario did not, and sees whether a reply comes that answers nothing.
    pub(super) async fn epilogue(&mut self) {
        let names: Vec<String> = self.connections.keys().cloned().collect();
        let Some(step) = self.part.steps.last() else { return };
        for name in names {
            self.connection = name;
            if self.here().data != DataChannel::None {
                self.here().data = DataChannel::None;
                self.act(Act::HangUp { how: reports::model::CloseKind::Fin, half: false }).await;
            }
            // A subject that hangs or is gone is asked nothing more.
            if !self.here().closed && self.kind.is_none() {
                self.quit(step).await;
            }
        }
        self.step += 1;
    }

    async fn quit(&mut self, step: &Step) {
        self.surplus(step).await;
        let owed = self.here().owed;
        if self.here().verb == "QUIT" {
            return;
        }
        let command = self.last_command();
        self.act(Act::Say { segments: &[b"QUIT\r\n".to_vec()], urgent: false }).await;
        let mut count = 0_usize;
        let mut last = None;
        while !self.here().closed {
            while let Some((reply, event)) = self.here().replies.pop_front() {
                if reply.code.is_some() {
                    count += 1;
                    last = Some((reply, event));
                }
            }
            if last.as_ref().is_some_and(|(reply, ..)| reply.code == Some(221)) {
                break;
            }
            let events = self.act(Act::Hear { within: QUIT }).await;
            if !matches!(events.last().map(|event| &event.what), Some(What::Received { .. })) {
                break;
            }
        }
        // With nothing owed, QUIT gets one reply. A 221 that is not the first means that one too many came before.
        if let Some((reply, event)) = last
            && !owed
            && count > 1
            && reply.code == Some(221)
        {
            let said = Said::new(format!("{command} is answered by more than one final reply"))
                .expected("one final reply a command")
                .received(format!("{count} replies, the last {}", shown(&first_line(&reply))))
                .at(event);
            self.find_once(ONE_FINAL, &step.span, Axis::Framing, Outcome::Against, said);
        }
    }

    /// What must stand on the server now.
    pub(super) async fn leaves(&mut self) {
        if self.scenario.leaves.is_empty() {
            return;
        }
        let wanted = &self.scenario.leaves;
        let events = self.act(Act::Files { wanted }).await;
        let at = self.events.saturating_sub(1);
        let Some(what) = events.last().map(|event| event.what.clone()) else { return };
        let What::Files { found } = what else {
            let why = if let What::Fault { why } = what { why } else { "no answer".to_owned() };
            if let Some(left) = wanted.values().next() {
                let said = Said::new(format!("the files could not be looked at: {why}"));
                self.remark(&left.span, Axis::Files, Grade::Note, said);
            }
            return;
        };
        for (name, left) in wanted {
            self.left(name, left, found.get(name), at);
        }
    }

    fn left(&mut self, name: &str, left: &Located<Left>, found: Option<&Option<Body>>, at: usize) {
        let expected = match &left.value {
            Left::Absent => "nothing",
            Left::Directory => "a directory",
            Left::File(_) => "a file with the octets that the scenario says",
        };
        let received = match (&left.value, found) {
            (Left::Absent, None) | (Left::Directory, Some(None)) => return,
            (Left::File(_), Some(Some(body))) => match body.differs_at {
                None => return,
                Some(differs) => {
                    let there = body.there.as_ref().map(ToString::to_string).unwrap_or_default();
                    format!("{} octets; the first difference is at octet {differs}: {there}", body.length)
                }
            },
            (_, None) => "nothing".to_owned(),
            (_, Some(None)) => "a directory".to_owned(),
            (_, Some(Some(body))) => format!("a file of {} octets", body.length),
        };
        let said = Said::new(format!("what stands at {} is not what must stand there", shown(name.as_bytes())))
            .expected(expected)
            .received(received)
            .at(at);
        let requirement = self.scenario.covers.first().map(|id| id.value.clone());
        self.find_by(requirement, &left.span, Axis::Files, Outcome::Against, said);
    }
}
