//! TLS on the control connection.

use std::io;
use std::time::Duration;

use reports::model::{Channel, What};

use super::{Kind, Owed, Session};
use crate::run::relay::secrets::{First, Protection, Secrets, first_word, told_of};
use crate::scenario::rule::{Login, Rule, TlsChange};

/// How long either side may take to end TLS.
const LEAVING: Duration = Duration::from_secs(2);

impl Session {
    /// What AUTH, PROT, CCC and REIN mean for TLS, once they are accepted.
    pub(super) async fn protect(&mut self, owed: &Owed, rule: Option<&Rule>, code: u16) -> io::Result<()> {
        match (owed.verb.as_str(), code) {
            ("AUTH", 234) if rule.is_some_and(|rule| rule.tls == TlsChange::Never) => std::future::pending().await,
            ("AUTH", 234) => self.begin_tls().await,
            ("PROT", 200) => {
                self.protection = owed.level.unwrap_or(self.protection);
                Ok(())
            }
            ("CCC", 200) => self.leave_tls(rule).await,
            ("REIN", 220) if self.server.is_secured() => {
                self.protection = Protection::Clear;
                self.login = Login::Before;
                self.leave_tls(rule).await
            }
            _ => Ok(()),
        }
    }

    /// Both sides begin TLS. What is no TLS is passed on: the server judges it.
    async fn begin_tls(&mut self) -> io::Result<()> {
        if first_word(self.client.as_stream(), self.server.as_stream()).await != First::Hello {
            return Ok(());
        }
        // The hello says which host is meant. It is answered only where the server has answered ours: a server that refuses TLS
        // refuses it to the client.
        let hello = self.client.hear_hello().await?;
        let secrets = Secrets::new(hello.client_hello().server_name().map(str::to_owned))?;
        secrets.to_server(&mut self.server).await?;
        let secured = secrets.answer(hello, &mut self.client).await;
        self.witness.note(Channel::Control, told_of(&secured));
        secured?;
        self.secrets = Some(secrets);
        self.protection = Protection::Clear;
        self.login = Login::Before;
        // What was said in clear behind AUTH, the server drops (RFC 4217 §10.1).
        self.owed.retain(|owed| owed.kind == Kind::Kept);
        self.lines.rest();
        self.replies.rest();
        Ok(())
    }

    async fn leave_tls(&mut self, rule: Option<&Rule>) -> io::Result<()> {
        self.server.leave_tls(LEAVING).await?;
        if rule.is_none_or(|rule| rule.tls == TlsChange::Due) {
            let notified = self.client.leave_tls(LEAVING).await?;
            self.witness.note(Channel::Control, What::TlsEnded { notified });
        }
        Ok(())
    }
}
