//! What the client is told, as the rules want it.

use std::io;
use std::pin::pin;
use std::time::Duration;

use reports::model::{Channel, CloseKind, What};
use tokio::time::sleep;

use super::hearing::{Read, heard};
use super::{MOST_OWED, Next, Session, reset};
use crate::run::relay::replies::{Gaps, Reply, changed, filled};
use crate::scenario::rule::{Close, Rule, When};

impl Session {
    /// Says a reply, as the rule wants it.
    pub(super) async fn emit(&mut self, rule: Option<&Rule>, reply: &Reply, gaps: &Gaps) -> io::Result<Next> {
        let Some(rule) = rule else {
            let octets = [&std::mem::take(&mut self.joined), reply.octets.as_slice()].concat();
            self.tell(&octets).await?;
            return Ok(Next::Go);
        };
        if let Some(before) = &rule.replies.before {
            self.tell(&Reply::of(&filled(before, gaps)).octets).await?;
        }
        let mut segments = changed(&rule.replies, reply, gaps);
        if let Some(first) = segments.first_mut() {
            first.splice(..0, std::mem::take(&mut self.joined));
        }
        match rule.replies.when {
            When::NextCommand => {
                self.held.extend(segments);
                return Ok(Next::Go);
            }
            When::WithNext => {
                self.joined = segments.concat();
                return Ok(Next::Go);
            }
            When::Late(time) => self.wait(time).await?,
            When::Due | When::Early => {}
        }
        for segment in segments {
            self.tell(&segment).await?;
            tokio::task::yield_now().await;
        }
        match rule.close {
            None => return Ok(Next::Go),
            Some(Close::Fin) => {
                self.witness.note(Channel::Control, What::Hung { how: CloseKind::Fin });
                self.client.shutdown().await?;
            }
            Some(Close::Reset) => {
                self.witness.note(Channel::Control, What::Hung { how: CloseKind::Reset });
                reset(self.client.as_stream())?;
            }
            Some(Close::Everything) => {
                self.witness.note(Channel::Control, What::Hung { how: CloseKind::Fin });
                self.client.shutdown().await?;
                self.shared.end();
            }
        }
        Ok(Next::End)
    }

    /// Lets time pass, and hears what the client says meanwhile. The delay is the deviation: there is no event to wait for.
    async fn wait(&mut self, time: Duration) -> io::Result<()> {
        let mut late = pin!(sleep(time));
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let listens = self.early.len() < MOST_OWED;
            let Read { length, urgent } = tokio::select! {
                () = &mut late => return Ok(()),
                read = heard(&mut self.client, &mut buffer), if listens => read?,
            };
            let segment = buffer.get(..length).unwrap_or_default().to_vec();
            if segment.is_empty() {
                // It has gone, or says no more: that is seen again when the wait is over.
                late.await;
                return Ok(());
            }
            self.witness.heard(&segment, urgent.is_some());
            self.early.push_back((segment, urgent));
        }
    }
}
