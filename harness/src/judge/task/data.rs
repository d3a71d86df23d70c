//! The data connections of a client.

use reports::model::{Axis, CloseKind};

use super::{Play, Stage};
use crate::judge::play::Said;
use crate::scenario::tree::{DataSeen, Fact};

impl<S: Stage> Play<'_, S> {
    pub(super) fn data_fact(&mut self, fact: &Fact, seen: DataSeen) {
        let found = match seen {
            DataSeen::ToServer => self.elsewhere(),
            DataSeen::Made => self.none_made(),
            DataSeen::None => self.made(),
            DataSeen::Listens => self.unreached(),
            DataSeen::EndsInOrder => self.broken_off(),
            DataSeen::Secured => self.in_clear(),
            DataSeen::Notified => self.cut_off(),
        };
        if let Some(said) = found {
            self.against(fact, Axis::Data, said);
        }
    }

    /// The client connects to another host than that of its control connection.
    fn elsewhere(&self) -> Option<Said> {
        self.story.data.iter().filter(|data| data.passive).find_map(|data| {
            let (to, server) = (data.local?.ip(), self.story.server_of(data)?.ip());
            let said = Said::new("the client connects to another host than the server's").expected(server.to_string());
            (to != server).then(|| said.received(to.to_string()).at(data.event))
        })
    }

    fn none_made(&self) -> Option<Said> {
        let said =
            || Said::new("the client makes no data connection").expected("a data connection").at(self.story.last);
        self.story.data.is_empty().then(said)
    }

    fn made(&self) -> Option<Said> {
        let first = self.story.data.first()?;
        Some(Said::new("there is a data connection").expected("none").at(first.event))
    }

    fn unreached(&self) -> Option<Said> {
        let at = self.story.unreached?;
        let said = Said::new("nobody listens where the client told").expected("a data connection");
        Some(said.received("a refusal").at(at))
    }

    fn broken_off(&self) -> Option<Said> {
        let stored = self.story.data.iter().filter(|data| data.stored.is_some());
        let mut broken = stored.filter(|data| data.closed == Some(CloseKind::Reset));
        let first = broken.next()?;
        Some(
            Said::new("the client resets the connection on which it stores")
                .expected("an end in order")
                .at(first.event),
        )
    }

    /// RFC 4217 §12.
    fn cut_off(&self) -> Option<Said> {
        let mut stored = self.story.data.iter().filter(|data| data.stored.is_some());
        let first = stored.find(|data| data.notified == Some(false))?;
        let said = Said::new("the client ends the connection on which it stores, and not TLS").expected("close_notify");
        Some(said.received("the end of the connection").at(first.event))
    }

    fn in_clear(&self) -> Option<Said> {
        let first = self.story.data.iter().find(|data| !data.secured)?;
        Some(Said::new("a data connection is in clear").expected("TLS").at(first.event))
    }
}
