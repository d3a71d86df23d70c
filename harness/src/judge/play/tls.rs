//! The steps about TLS (RFC 4217).

use std::time::Duration;

use reports::model::{Axis, Grade, What};

use super::replies::first_line;
use super::{DataChannel, Flow, Play, Said, Stop, shown};
use crate::judge::grade::Outcome;
use crate::judge::stage::{Act, Stage};
use crate::scenario::tree::{Failure, Session, Step, Tls, Wire};

/// How long a server may take to end TLS too. Some wait for the client, and some never say it: nothing is judged by it.
const LEAVING: Duration = Duration::from_secs(2);
/// By these a server may say that a data connection must resume the session of the control connection (RFC 4217 §10.2;
/// another server says 425).
const NOT_RESUMED: [u16; 2] = [522, 425];

/// What is known of the TLS of one control connection and its last data connection.
#[derive(Debug, Default)]
pub(super) struct TlsSeen {
    /// The certificate of the control connection.
    control: Option<String>,
    data: Option<DataTls>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct DataTls {
    resumed: bool,
    certificate: Option<String>,
    /// Whether the server ended it by `close_notify`, once it has ended.
    notified: Option<bool>,
}

impl TlsSeen {
    /// Takes note of what happened on the data connection.
    pub(super) fn note_data(&mut self, what: &What) {
        if let What::Secured { resumed, certificate, .. } = what {
            self.data = Some(DataTls { resumed: *resumed, certificate: certificate.clone(), notified: None });
        } else if let What::TlsEnded { notified } = what {
            if let Some(data) = &mut self.data {
                data.notified = Some(*notified);
            }
        } else if let What::Connected { .. } = what {
            self.data = None;
        }
    }

    /// Whether a new session was negotiated for the data connection.
    pub(super) fn is_new_on_data(&self) -> bool {
        self.data.as_ref().is_some_and(|data| !data.resumed)
    }
}

impl<S: Stage> Play<'_, S> {
    pub(super) async fn tls(&mut self, step: &Step, tls: &Tls) -> Flow {
        match tls {
            Tls::Negotiate { on: Wire::Control, session, failure, server_name } => {
                self.connect(step).await?;
                self.nothing_in_clear(step).await;
                self.secure_control(step, *session, *failure, server_name.as_deref()).await
            }
            Tls::Negotiate { on: Wire::Data, session, failure, server_name: _ } => {
                self.reach(step).await?;
                self.secure_data(step, *session, *failure).await
            }
            Tls::Leave => self.leave_tls(step).await,
            Tls::EndedByNotice => {
                self.ended_by_notice(step);
                Ok(())
            }
            Tls::SameCertificate => self.same_certificate(step),
        }
    }

    /// RFC 4217 §4.2: behind the reply to AUTH comes TLS, and the client begins it.
    async fn nothing_in_clear(&mut self, step: &Step) {
        self.act(Act::Drain).await;
        let said = std::mem::take(&mut self.here().replies);
        // Where what the client said behind AUTH is taken for a wrong hello, 421 is in clear (§10.1).
        let Some((reply, event)) = said.into_iter().find(|(reply, _)| reply.code != Some(421)) else { return };
        let said = Said::new("the server goes on in clear where TLS is due")
            .expected("nothing until the client begins TLS")
            .received(shown(&first_line(&reply)))
            .at(event);
        self.find(step, Axis::Order, Outcome::Against, said);
    }

    async fn secure_control(
        &mut self,
        step: &Step,
        session: Session,
        failure: Failure,
        server_name: Option<&str>,
    ) -> Flow {
        let within = self.facts.reply;
        let events = self.act(Act::Secure { on: Wire::Control, session, server_name, within }).await;
        match events.last().map(|event| event.what.clone()) {
            Some(What::Secured { certificate, .. }) => {
                self.here().tls.control = certificate;
                Ok(())
            }
            Some(What::NotSecured { why }) => {
                // Nobody knows any more what the next octets are.
                self.here().closed = true;
                Err(self.not_secured(step, failure, why))
            }
            other => Err(self.no_tls(step, other.as_ref())),
        }
    }

    async fn secure_data(&mut self, step: &Step, session: Session, failure: Failure) -> Flow {
        let within = self.facts.reply;
        let events = self.act(Act::Secure { on: Wire::Data, session, server_name: None, within }).await;
        match events.last().map(|event| event.what.clone()) {
            Some(What::Secured { .. }) => Ok(()),
            Some(What::NotSecured { why }) => {
                let end = Act::HangUp { how: reports::model::CloseKind::Fin, half: false };
                self.act(end).await;
                self.here().data = DataChannel::None;
                let told = self.refusal_ahead().await;
                if let Some((code, line)) = &told
                    && NOT_RESUMED.contains(code)
                {
                    return Err(Stop::NotApplicable(format!("no TLS on the data connection: {line}")));
                }
                let why = told.map_or_else(|| why.clone(), |(_, line)| format!("{why}; then {line}"));
                Err(self.not_secured(step, failure, why))
            }
            other => Err(self.no_tls(step, other.as_ref())),
        }
    }

    /// The reply that ends the command, if it is a refusal. It stays where it is.
    async fn refusal_ahead(&mut self) -> Option<(u16, String)> {
        loop {
            let ends = |code: u16| code >= 200;
            let found = self.here().replies.iter().find_map(|(reply, _)| {
                let code = reply.code.filter(|code| ends(*code))?;
                Some((code, shown(&first_line(reply))))
            });
            if let Some((code, line)) = found {
                return (code >= 400).then_some((code, line));
            }
            if self.here().closed {
                return None;
            }
            let events = self.act(Act::Hear { within: self.facts.reply }).await;
            if !matches!(events.last().map(|event| &event.what), Some(What::Received { .. })) {
                return None;
            }
        }
    }

    /// An empty body under a new session, and a refusal behind it: the server wants its sessions resumed (RFC 4217 §10.2).
    pub(super) async fn wants_resumption(&mut self) -> Option<Stop> {
        if !self.here().tls.is_new_on_data() {
            return None;
        }
        let (code, line) = self.refusal_ahead().await?;
        NOT_RESUMED.contains(&code).then(|| Stop::NotApplicable(format!("no data under a new session of TLS: {line}")))
    }

    fn not_secured(&mut self, step: &Step, failure: Failure, why: String) -> Stop {
        if failure == Failure::Passes {
            return Stop::Done;
        }
        let said = Said::new("TLS was not negotiated").expected("TLS").received(why).at(self.events.saturating_sub(1));
        self.find(step, Axis::Lifecycle, Outcome::Against, said);
        Stop::Found
    }

    fn no_tls(&mut self, step: &Step, what: Option<&What>) -> Stop {
        let why = match what {
            Some(What::Fault { why }) => why.clone(),
            _ => "nothing happened".to_owned(),
        };
        let said = Said::new(format!("the harness could not begin TLS: {why}"));
        self.remark(&step.span, Axis::Lifecycle, Grade::Inconclusive, said);
        Stop::Found
    }

    async fn leave_tls(&mut self, step: &Step) -> Flow {
        self.connect(step).await?;
        let events = self.act(Act::LeaveTls { within: LEAVING }).await;
        if let Some(What::TlsEnded { .. }) = events.last().map(|event| &event.what) {
            return Ok(());
        }
        let said = Said::new("the connection ended with TLS")
            .expected("the connection goes on in clear")
            .received("the end of the connection")
            .at(self.events.saturating_sub(1));
        self.find(step, Axis::Lifecycle, Outcome::Against, said);
        Err(Stop::Found)
    }

    fn ended_by_notice(&mut self, step: &Step) {
        let at = self.events.saturating_sub(1);
        let said = match self.here().tls.data.as_ref().and_then(|data| data.notified) {
            Some(true) => return,
            Some(false) => Said::new("the server ended the data connection and not its TLS")
                .expected("close_notify before the end of the connection")
                .received("the end of the connection")
                .at(at),
            None => {
                let said = Said::new("no data connection has ended under TLS before this step");
                return self.remark(&step.span, Axis::Data, Grade::Inconclusive, said);
            }
        };
        self.find(step, Axis::Data, Outcome::Against, said);
    }

    fn same_certificate(&mut self, step: &Step) -> Flow {
        let tls = &self.here().tls;
        let data = tls.data.as_ref().and_then(|data| data.certificate.clone());
        let (Some(control), Some(data)) = (tls.control.clone(), data) else {
            return Err(Stop::NotApplicable("a certificate was not told, as where a session is resumed".to_owned()));
        };
        if control != data {
            let said = Said::new("the data connection has another certificate than the control connection")
                .expected(format!("the certificate with the SHA-256 {control}"))
                .received(data)
                .at(self.events.saturating_sub(1));
            self.find(step, Axis::Data, Outcome::Against, said);
        }
        Ok(())
    }
}
