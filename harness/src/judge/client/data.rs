//! The server's end of the data connection.

use std::net::SocketAddr;

use reports::model::{Axis, Body, CloseKind, Event, What};

use super::script::{Answer, Instruction, verb_of};
use super::wording::{Reply, text_of};
use super::{Act, DataChannel, Flow, Play, Stage};
use crate::judge::play::{Said, shown};
use crate::scenario::tree::{Content, Data, Form, Located, Method, ReadKind, Sent, SentBody, Step, Template};
use crate::wire::address::{extended_address, extended_argument, host_port, port_argument};

impl<S: Stage> Play<'_, S> {
    pub(super) async fn data(&mut self, step: &Step, data: &Data) -> Flow {
        match data {
            Data::Open { method, reply, .. } => self.open(step, *method, reply.as_ref()).await,
            Data::ServerSends(sent) => self.server_sends(step, sent).await,
            Data::ClientSends(sent) => self.client_sends(step, sent).await,
            Data::ExpectEnd | Data::ExpectNothing => self.hang_up(step).await,
            Data::ExpectNoConnection(during) => self.silence(&step.span, *during).await,
            // The plan leaves out what has such steps.
            Data::Read(_)
            | Data::Write(_)
            | Data::Connect
            | Data::Accept
            | Data::DefaultPort
            | Data::ConnectFrom(_)
            | Data::AcceptFromDefaultPort
            | Data::Shutdown
            | Data::Reset
            | Data::Abandon => self.cannot_go_on(&step.span, "a client cannot be asked this"),
        }
    }

    /// The server ends the data connection. The client made it before, if it was to make it.
    async fn hang_up(&mut self, step: &Step) -> Flow {
        if matches!(self.data, DataChannel::Listening(_)) {
            self.reach(step).await?;
        }
        self.data = DataChannel::None;
        self.act(Act::HangUp).await;
        Ok(())
    }

    async fn open(&mut self, step: &Step, method: Method, text: Option<&Located<Template>>) -> Flow {
        self.unasked(&step.span).await?;
        self.tell(&step.span, Instruction::Open(method)).await?;
        let (code, kind) = match method {
            Method::Pasv => (227, Some((ReadKind::HostPort, "host-port"))),
            Method::Epsv => (229, Some((ReadKind::Port, "port"))),
            Method::Port | Method::Eprt => (200, None),
        };
        if kind.is_some() {
            self.passive(step, method).await?;
        } else {
            self.active(step, method).await?;
        }
        let reply = match (text, kind) {
            (Some(text), _) => Reply::new(code, &self.filled(&text.value)),
            (None, Some((kind, name))) => {
                Reply::holding(code, kind, self.bindings.get(name).map(Vec::as_slice).unwrap_or_default())
            }
            (None, None) => Reply::new(code, text_of(code, verb_of(method))),
        };
        self.speak(step, &reply).await?;
        self.read_back(step, &reply).await
    }

    /// The client asks where to connect.
    async fn passive(&mut self, step: &Step, method: Method) -> Flow {
        let due = format!("{}\r\n", verb_of(method)).into_bytes();
        let line = self.line(step, &shown(&due)).await?;
        if line != due {
            let said = Said::new("the client asks for a data connection with another line than it was told to");
            return Err(self.wrong_command(step, said.expected(shown(&due)).received(shown(&line))));
        }
        self.listen(step, if method == Method::Epsv { 229 } else { 227 }).await
    }

    /// The client tells where it listens.
    async fn active(&mut self, step: &Step, method: Method) -> Flow {
        let line = self.line(step, verb_of(method)).await?;
        let peer = self.control.peer;
        let (form, requirement) = match method {
            Method::Eprt => ("EPRT |1|the client's address|its port|", EPRT),
            Method::Port | Method::Pasv | Method::Epsv => ("PORT h1,h2,h3,h4,p1,p2: the client's address", PORT),
        };
        let said = |message: &str| Said::new(message).expected(form).received(shown(&line)).at(self.control.event);
        let Some(address) = told(method, &line) else {
            let said = said("the client does not tell where it listens in the form that the text defines");
            return Err(self.find(Some(requirement.to_owned()), &step.span, Axis::Command, said));
        };
        if peer.is_some_and(|peer| peer.ip() != address.ip()) || address.port() == 0 {
            let said = said("the client tells an address that is not its own");
            return Err(self.find(None, &step.span, Axis::Command, said));
        }
        self.data = DataChannel::Agreed(address);
        Ok(())
    }

    /// Makes or takes the data connection.
    async fn reach(&mut self, step: &Step) -> Flow {
        let within = self.facts.reply;
        let (events, message, requirement) = match std::mem::take(&mut self.data) {
            DataChannel::Agreed(to) => {
                (self.act(Act::Dial { to }).await, "nobody listens where the client told", LISTENS_FIRST)
            }
            DataChannel::Listening(code) => {
                let parses = if code == 229 { PARSES_229 } else { PARSES_227 };
                (
                    self.act(Act::Accept { within }).await,
                    "the client does not connect to the address of the reply",
                    parses,
                )
            }
            DataChannel::None => return self.cannot_go_on(&step.span, "no data connection was agreed on"),
        };
        let at = self.last();
        let refused = events.iter().any(|event| matches!(event.what, What::NotConnected { .. }));
        match events.last().map(|event| &event.what) {
            Some(What::Connected { .. }) if !refused => return Ok(()),
            Some(What::Exited { .. }) => return Err(self.gone(&step.span, "a data connection").await),
            Some(What::Fault { why }) => return self.cannot_go_on(&step.span, why),
            _ => {}
        }
        let received = if refused { "a refusal" } else { "nothing" };
        let said = Said::new(message).expected("a data connection").received(received).at(at);
        Err(self.find(Some(requirement.to_owned()), &step.span, Axis::Data, said))
    }

    async fn server_sends(&mut self, step: &Step, sent: &Sent) -> Flow {
        let content = said_by_server(&sent.body);
        let content = (&content, sent.form);
        let name = self.local_name();
        self.tell(&step.span, Instruction::Receive(&name)).await?;
        self.reach(step).await?;
        let events = self.act(Act::Send { content, within: self.facts.reply }).await;
        let at = self.last();
        match events.last().map(|event| &event.what) {
            Some(What::Closed { .. }) => {
                let said = Said::new("the client ended the data connection before it had taken everything").at(at);
                return Err(self.find(Some(self.clause(step, ENDS_BY_CLOSE)), &step.span, Axis::Data, said));
            }
            Some(What::Deadline { .. }) => return Err(self.hang(&step.span, "the client does not take the data")),
            Some(What::Fault { why }) => return self.cannot_go_on(&step.span, &why.clone()),
            _ => {}
        }
        match self.answer(&step.span, "that it has received the file").await? {
            (Answer::Received(_), _) => {}
            (other, at) => return Err(self.unfit(&step.span, &other, at, "received, and how many octets")),
        }
        self.written(step, &name, content).await
    }

    /// Compares the file that the client wrote. It writes the octets as they travelled.
    async fn written(&mut self, step: &Step, name: &str, expected: (&Content, Form)) -> Flow {
        let events = self.act(Act::Look { name, expected }).await;
        let at = self.last();
        let found = match events.last().map(|event| &event.what) {
            Some(What::Files { found }) => found.get(name).cloned().flatten(),
            Some(What::Fault { why }) => return self.cannot_go_on(&step.span, &why.clone()),
            _ => None,
        };
        let received = match found {
            Some(body) if body.differs_at.is_none() => return Ok(()),
            Some(body) => differing(&body),
            None => "no file".to_owned(),
        };
        let said = Said::new("the client's file is not what the server sent").expected(SAME).received(received).at(at);
        Err(self.find(Some(self.clause(step, TRANSPARENT)), &step.span, Axis::Data, said))
    }

    async fn client_sends(&mut self, step: &Step, sent: &Sent) -> Flow {
        let SentBody::Content(content) = &sent.body else {
            return self.cannot_go_on(&step.span, "the scenario does not say what the client sends");
        };
        let content = (content, sent.form);
        let name = self.local_name();
        let events = self.act(Act::Lay { name: &name, content }).await;
        if let Some(What::Fault { why }) = events.last().map(|event| &event.what) {
            return self.cannot_go_on(&step.span, &why.clone());
        }
        self.tell(&step.span, Instruction::Send(&name)).await?;
        self.reach(step).await?;
        let events = self.act(Act::Receive { expected: content, within: self.facts.reply }).await;
        self.taken(step, &events)?;
        match self.answer(&step.span, "that it has sent the file").await? {
            (Answer::Sent(_), _) => Ok(()),
            (other, at) => Err(self.unfit(&step.span, &other, at, "sent, and how many octets")),
        }
    }

    /// Judges the body that came.
    fn taken(&mut self, step: &Step, events: &[Event]) -> Flow {
        let at = self.last();
        let body =
            events.iter().find_map(|event| if let What::BodyReceived(body) = &event.what { Some(body) } else { None });
        let length = body.map_or(0, |body| body.length);
        match events.last().map(|event| &event.what) {
            Some(What::Fault { why }) => return self.cannot_go_on(&step.span, why),
            Some(What::Closed { how: CloseKind::Reset }) => {
                let said = Said::new("the client reset the data connection")
                    .expected("the whole body, then the end")
                    .received(format!("{length} octets"))
                    .at(at);
                return Err(self.find(Some(self.clause(step, ENDS_BY_CLOSE)), &step.span, Axis::Data, said));
            }
            Some(What::Deadline { .. }) => {
                let said = Said::new("the client does not end the data connection")
                    .expected("the whole body, then the end")
                    .received(format!("{length} octets"))
                    .at(at);
                return Err(self.find(Some(CLOSES.to_owned()), &step.span, Axis::Data, said));
            }
            _ => {}
        }
        let Some(body) = body.filter(|body| body.differs_at.is_some() || !body.ended) else { return Ok(()) };
        let said = Said::new("the client sent other octets than its file has").expected(SAME).received(differing(body));
        Err(self.find(Some(self.clause(step, TRANSPARENT)), &step.span, Axis::Data, said.at(at)))
    }

    /// A name for the client's file of this step.
    fn local_name(&self) -> String {
        format!("local-{}", self.step)
    }
}

fn differing(body: &Body) -> String {
    let there = body.there.as_ref().map(ToString::to_string).unwrap_or_default();
    let there = if there.is_empty() { "the end".to_owned() } else { there };
    match body.differs_at {
        Some(at) => format!("{} octets; the first difference is at octet {at}: {there}", body.length),
        None => format!("{} octets", body.length),
    }
}

/// What the harness sends where the scenario leaves that open.
fn said_by_server(body: &SentBody) -> Content {
    let lines = |names: &[String]| {
        let lines: Vec<u8> = names.iter().flat_map(|name| [name.as_bytes(), b"\r\n"].concat()).collect();
        Content::Octets(lines.into())
    };
    match body {
        SentBody::Content(content) => content.clone(),
        SentBody::RestOf(name) | SentBody::Behind { name, .. } => Content::Fixture { name: name.clone(), from: 0 },
        SentBody::Names(names) | SentBody::Mentions(names, _) => lines(names),
        SentBody::Entries(entries) => {
            lines(&entries.contents.keys().map(|name| format!(" {name}")).collect::<Vec<_>>())
        }
        SentBody::Anything | SentBody::Length(_) => lines(&["a-name".to_owned()]),
    }
}

/// The address that PORT or EPRT tells, if the line is exactly in its form.
fn told(method: Method, line: &[u8]) -> Option<SocketAddr> {
    let text = line.strip_suffix(b"\r\n")?;
    if method == Method::Eprt {
        let address = extended_address(text.strip_prefix(b"EPRT ")?)?;
        return (text.strip_prefix(b"EPRT ")? == extended_argument(address).as_bytes()).then_some(address);
    }
    let argument = text.strip_prefix(b"PORT ")?;
    let address = host_port(argument)?;
    (argument == port_argument(address)?.as_bytes()).then_some(address)
}

const SAME: &str = "the octets of the file, and nothing behind them";
const PORT: &str = "rfc959-4.1.2-port-syntax";
const EPRT: &str = "rfc2428-2-eprt-client-syntax";
/// Who is connected to listens before the transfer command is said.
const LISTENS_FIRST: &str = "rfc959-3.2-passive-side-listens-first";
const PARSES_227: &str = "rfc1123-4.1.2.6-client-parses-227";
const PARSES_229: &str = "rfc2428-3-epsv-client-parsing";
/// Every octet on the data connection is one of the file.
const TRANSPARENT: &str = "rfc959-3.4.1-stream-file-transparent";
/// The sender ends the file, by the end of the connection, and nobody and nothing else.
const ENDS_BY_CLOSE: &str = "rfc959-3.3-stream-eof-by-close";
const CLOSES: &str = "rfc959-3.2-client-closes-after-stor";

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Method::Port, "PORT 127,0,0,1,4,1\r\n", Some("127.0.0.1:1025"))]
    #[case(Method::Port, "PORT 127,0,0,1,4,1\n", None)]
    #[case(Method::Port, "port 127,0,0,1,4,1\r\n", None)]
    #[case(Method::Port, "PORT (127,0,0,1,4,1)\r\n", None)]
    #[case(Method::Port, "PORT 127,0,0,1,4\r\n", None)]
    #[case(Method::Port, "PORT 127,0,0,01,4,1\r\n", None)]
    #[case(Method::Eprt, "EPRT |1|127.0.0.1|1025|\r\n", Some("127.0.0.1:1025"))]
    #[case(Method::Eprt, "EPRT |2|::1|1025|\r\n", Some("[::1]:1025"))]
    #[case(Method::Eprt, "EPRT |2|127.0.0.1|1025|\r\n", None)]
    #[case(Method::Eprt, "EPRT |1|127.0.0.1|1025\r\n", None)]
    #[case(Method::Eprt, "EPRT \r\n", None)]
    fn addresses(#[case] method: Method, #[case] line: &str, #[case] address: Option<&str>) {
        assert_eq!(told(method, line.as_bytes()), address.map(|address| address.parse().unwrap()));
    }
}
