//! The steps on the data connection.

use std::net::{IpAddr, SocketAddr};

use reports::model::{Axis, CloseKind, Grade, What};

use super::replies::first_line;
use super::steps::codes;
use super::{DataChannel, Flow, Play, Said, Stop, shown};
use crate::judge::grade::Outcome;
use crate::judge::stage::{Act, Stage};
use crate::judge::value;
use crate::scenario::tree::{Data, Expect, Form, Located, Method, ReadKind, Rule, Sent, SentBody, Step, Template};
use crate::wire::address::{extended_argument, host_port, port_argument};
use crate::wire::reply::SeenReply;

impl<'a, S: Stage> Play<'a, S> {
    pub(super) async fn data(&mut self, step: &'a Step, data: &'a Data) -> Flow {
        match data {
            Data::Open { method, reply, receive_buffer, transfers } => {
                self.connect(step).await?;
                match method {
                    Method::Pasv | Method::Epsv => {
                        self.open_passive(step, *method, reply.as_ref(), *receive_buffer).await
                    }
                    Method::Port | Method::Eprt => {
                        let listen = Act::Listen { receive_buffer: *receive_buffer, transfers: *transfers };
                        self.open_active(step, *method, reply.as_ref(), listen).await
                    }
                }
            }
            Data::DefaultPort => {
                self.connect(step).await?;
                self.listen(step, Act::ListenAtControl).await.map(drop)
            }
            Data::ConnectFrom(address) => self.connect_from(step, *address).await,
            Data::AcceptFromDefaultPort => self.accept_from_default_port(step).await,
            Data::ExpectNothing => self.nothing(step).await,
            Data::ServerSends(sent) => self.server_sends(step, sent).await,
            Data::ClientSends(sent) => self.client_sends(step, sent, true).await,
            Data::Write(sent) => self.client_sends(step, sent, false).await,
            Data::Read(octets) => self.read_some(step, *octets).await,
            Data::Connect | Data::Accept => self.reach(step).await,
            Data::Shutdown => self.hang_up(CloseKind::Fin, true).await,
            Data::Reset => self.hang_up(CloseKind::Reset, false).await,
            Data::Abandon => self.hang_up(CloseKind::Fin, false).await,
            Data::ExpectEnd => self.end(step).await,
            Data::ExpectNoConnection(during) => {
                let events = self.act(Act::NoConnection { during: *during }).await;
                if let Some(What::Connected { peer, .. }) = events.last().map(|event| &event.what) {
                    let said = Said::new("a data connection was made where none may be")
                        .expected("none")
                        .received(peer.clone())
                        .at(self.last());
                    self.find(step, Axis::Order, Outcome::Against, said);
                    return Err(Stop::Found);
                }
                Ok(())
            }
        }
    }

    pub(super) fn last(&self) -> usize {
        self.events.saturating_sub(1)
    }

    async fn open_passive(
        &mut self,
        step: &'a Step,
        method: Method,
        text: Option<&'a Located<Template>>,
        buffer: Option<usize>,
    ) -> Flow {
        let (line, code) = if method == Method::Epsv { (&b"EPSV"[..], 229) } else { (&b"PASV"[..], 227) };
        self.say_line(step, line).await?;
        let reply = self.agreed(step, code, text).await?;
        let to = self.address_in(step, method, &reply)?;
        self.here().data = DataChannel::Agreed(to);
        self.dial(step, to, buffer).await
    }

    async fn open_active(
        &mut self,
        step: &'a Step,
        method: Method,
        text: Option<&'a Located<Template>>,
        listen: Act<'_>,
    ) -> Flow {
        let address = self.listen(step, listen).await?;
        let argument = match method {
            Method::Port => port_argument(address).map(|argument| format!("PORT {argument}")),
            Method::Eprt | Method::Pasv | Method::Epsv => Some(format!("EPRT {}", extended_argument(address))),
        };
        let Some(line) = argument else {
            return Err(Stop::NotApplicable("PORT has no form for this address".to_owned()));
        };
        self.say_line(step, line.as_bytes()).await?;
        self.agreed(step, 200, text).await.map(drop)
    }

    /// Listens for a data connection, and gives where.
    async fn listen(&mut self, step: &Step, act: Act<'_>) -> Result<SocketAddr, Stop> {
        let events = self.act(act).await;
        let listening = events
            .last()
            .and_then(|event| if let What::Listening { local } = &event.what { local.parse().ok() } else { None });
        let Some(address) = listening else {
            let said = Said::new("the harness could not listen for a data connection");
            self.remark(&step.span, Axis::Lifecycle, Grade::Inconclusive, said);
            return Err(Stop::Found);
        };
        self.here().data = DataChannel::Listening;
        Ok(address)
    }

    /// Goes where PASV told, from an address that the control connection does not come from.
    async fn connect_from(&mut self, step: &Step, from: IpAddr) -> Flow {
        let DataChannel::Agreed(to) = self.here().data else {
            let said = Said::new("no PASV or EPSV told where to connect");
            self.remark(&step.span, Axis::Data, Grade::Inconclusive, said);
            return Err(Stop::Found);
        };
        if !(to.ip().is_loopback() && from.is_loopback() && to.is_ipv4() == from.is_ipv4()) {
            return Err(Stop::NotApplicable(format!("{} cannot be reached from {from}", to.ip())));
        }
        let events = self.act(Act::Dial { to, from: Some(from), receive_buffer: None }).await;
        if !matches!(events.last().map(|event| &event.what), Some(What::Connected { .. })) {
            return Err(Stop::NotApplicable(format!("no data connection can be made from {from}")));
        }
        self.here().data = DataChannel::Open { taken: 0 };
        Ok(())
    }

    /// RFC 959 §5.2: the server's end of the data connection is the port before its control port.
    async fn accept_from_default_port(&mut self, step: &Step) -> Flow {
        let Some(default) = self.here().peer.and_then(default_data_port) else {
            return Err(Stop::NotApplicable("the port before the control port belongs to the system".to_owned()));
        };
        let peer = self.accept(step).await?;
        let at = self.last();
        if peer.rsplit(':').next() == Some(default.port().to_string().as_str()) {
            return Ok(());
        }
        if !self.act(Act::TryPort { at: default }).await.is_empty() {
            return Err(Stop::NotApplicable(format!("port {} may belong to another program", default.port())));
        }
        let said = Said::new("the data connection does not come from the port before the control port")
            .expected(default.port().to_string())
            .received(peer)
            .at(at);
        self.find(step, Axis::Data, Outcome::Against, said);
        Ok(())
    }

    /// Reads the reply to PASV, EPSV, PORT or EPRT, and keeps it.
    async fn agreed(
        &mut self,
        step: &'a Step,
        code: u16,
        text: Option<&'a Located<Template>>,
    ) -> Result<SeenReply, Stop> {
        let expect = Expect { rule: rule_for(code), ..codes(&[code]) };
        self.expect(step, &expect).await?;
        let Some((reply, event)) = self.final_reply.clone() else { return Err(Stop::Found) };
        if let Some(text) = text {
            self.compare_text(step, text, None, &reply, event);
        }
        Ok(reply)
    }

    /// Keeps the address of a PASV or EPSV that the scenario spells out, for `data: connect`.
    pub(super) fn agree(&mut self, reply: &SeenReply) {
        let peer = self.here().peer;
        let told = match (self.here().verb.as_str(), reply.code) {
            ("PASV", Some(227)) => host_port(reply.last_text()),
            ("EPSV", Some(229)) => told_port(reply, peer),
            _ => return,
        };
        let peer = peer.map(|peer| peer.ip());
        if let Some(told) = told.filter(|told| told.port() != 0)
            && self.here().data == DataChannel::None
        {
            self.here().data = DataChannel::Agreed(SocketAddr::new(peer.unwrap_or_else(|| told.ip()), told.port()));
        }
    }

    fn address_in(&mut self, step: &Step, method: Method, reply: &SeenReply) -> Result<SocketAddr, Stop> {
        let peer = self.here().peer;
        let (kind, requirement) = match method {
            Method::Epsv => (ReadKind::Port, "rfc2428-3-epsv-reply-format"),
            Method::Pasv | Method::Port | Method::Eprt => (ReadKind::HostPort, "rfc959-4.2.1-227-number-format"),
        };
        let address = match kind {
            ReadKind::Port => told_port(reply, peer),
            ReadKind::HostPort
            | ReadKind::Path
            | ReadKind::Time
            | ReadKind::Size
            | ReadKind::Name
            | ReadKind::SenderMarker
            | ReadKind::ReceiverMarker
            | ReadKind::Text
            | ReadKind::Chosen
            | ReadKind::Offered
            | ReadKind::Starred => host_port(reply.last_text()),
        };
        let Some(address) = address.filter(|address| address.port() != 0) else {
            let said = Said::new(format!("the reply does not hold {kind}"))
                .expected(kind.form())
                .received(shown(&first_line(reply)))
                .at(self.last());
            return Err(self.stop_once(requirement, &step.span, Axis::Text, said));
        };
        match peer.map(|peer| peer.ip()) {
            Some(ip) if ip != address.ip() => {
                let said =
                    Said::new("the address is not that of the control connection, where the harness connects instead")
                        .expected(ip.to_string())
                        .received(address.ip().to_string())
                        .at(self.last());
                // An address behind a translator is told on purpose; nobody can be reached at none.
                let outcome = if address.ip().is_unspecified() { Outcome::Against } else { Outcome::Tolerated };
                self.find_once(PASV_ADDRESS, &step.span, Axis::Text, outcome, said);
                Ok(SocketAddr::new(ip, address.port()))
            }
            _ => Ok(address),
        }
    }

    async fn dial(&mut self, step: &Step, to: SocketAddr, receive_buffer: Option<usize>) -> Flow {
        let events = self.act(Act::Dial { to, from: None, receive_buffer }).await;
        let refused = events
            .iter()
            .find_map(|event| if let What::NotConnected { why } = &event.what { Some(why.clone()) } else { None });
        let stands = matches!(events.last().map(|event| &event.what), Some(What::Connected { .. }));
        if stands {
            self.here().data = DataChannel::Open { taken: 0 };
        }
        let Some(why) = refused else { return Ok(()) };
        let message = if stands {
            "the server did not listen yet when it told where; a second try reached it"
        } else {
            "nobody listens where the server told"
        };
        let said = Said::new(message).expected("a listening port").received(why).at(self.last());
        if !stands {
            return Err(self.stop_once(PASV_LISTENS, &step.span, Axis::Order, said));
        }
        self.find_once(PASV_LISTENS, &step.span, Axis::Order, Outcome::Against, said);
        Ok(())
    }

    /// Makes sure that the data connection stands.
    pub(super) async fn reach(&mut self, step: &Step) -> Flow {
        match self.here().data {
            DataChannel::Open { .. } => Ok(()),
            DataChannel::Agreed(to) => self.dial(step, to, None).await,
            DataChannel::None | DataChannel::Listening => self.accept(step).await.map(drop),
        }
    }

    /// Takes the data connection, and gives where it comes from.
    async fn accept(&mut self, step: &Step) -> Result<String, Stop> {
        let events = self.act(Act::Accept { within: self.facts.reply }).await;
        let at = self.last();
        if let Some(What::Connected { peer, .. }) = events.last().map(|event| event.what.clone()) {
            self.here().data = DataChannel::Open { taken: 0 };
            self.source(step, &peer, at);
            return Ok(peer);
        }
        let said = Said::new(format!("no data connection within {} ms", self.facts.reply.as_millis()))
            .expected("the server connects to where the client listens")
            .received("nobody")
            .at(at);
        self.find(step, Axis::Lifecycle, Outcome::Against, said);
        self.look_for_an_exit().await;
        Err(Stop::Found)
    }

    /// RFC 1123 §4.1.2.12: the data connection comes from the address of the control connection.
    fn source(&mut self, step: &Step, peer: &str, at: usize) {
        let from = peer.parse::<SocketAddr>().ok().map(|address| address.ip());
        let control = self.here().peer.map(|address| address.ip());
        if let (Some(from), Some(control)) = (from, control)
            && from != control
        {
            let said = Said::new("the data connection comes from another address than the control connection")
                .expected(control.to_string())
                .received(from.to_string())
                .at(at);
            self.find_by(Some(SAME_HOST.to_owned()), &step.span, Axis::Data, Outcome::Against, said);
        }
    }

    async fn client_sends(&mut self, step: &'a Step, sent: &'a Sent, end: bool) -> Flow {
        self.reach(step).await?;
        let SentBody::Content(content) = &sent.body else {
            return Err(Stop::NotApplicable("only contents can be sent".to_owned()));
        };
        // Behind a file in blocks the connection may stay (RFC 959 §3.4.2). Behind records it may too, but a host that stores
        // their codes as they come (RFC 1123 §4.1.2.13) sees no other end than that of the connection.
        let end = end && sent.form.ends_the_connection();
        let content = (content, sent.form);
        let events = self.act(Act::Send { content, end, within: self.facts.reply }).await;
        let at = self.last();
        if end {
            self.here().data = DataChannel::None;
        }
        let trouble = match events.last().map(|event| &event.what) {
            Some(What::Closed { .. }) => "the server ended the data connection before it had taken everything",
            Some(What::Deadline { .. }) => "the server does not take the data",
            Some(What::Fault { why }) => {
                let said = Said::new(format!("the harness could not go on: {why}"));
                self.remark(&step.span, Axis::Data, Grade::Inconclusive, said);
                return Err(Stop::Found);
            }
            _ => return Ok(()),
        };
        let said = Said::new(trouble).expected("all octets are taken").at(at);
        self.find(step, Axis::Data, Outcome::Against, said);
        Err(Stop::Found)
    }

    async fn read_some(&mut self, step: &Step, octets: u64) -> Flow {
        self.reach(step).await?;
        let taken = self.taken();
        let events = self
            .act(Act::Receive {
                expected: None,
                form: Form::default(),
                from: taken,
                take: Some(octets),
                within: self.facts.reply,
            })
            .await;
        let body = self.body_in(step, Form::default(), &events)?;
        self.here().data = DataChannel::Open { taken: taken + body.length };
        if body.length < octets {
            let said = Said::new("the data connection ended early")
                .expected(format!("{octets} octets"))
                .received(format!("{} octets", body.length))
                .at(self.last());
            self.find(step, Axis::Data, Outcome::Against, said);
            return Err(Stop::Found);
        }
        Ok(())
    }

    async fn hang_up(&mut self, how: CloseKind, half: bool) -> Flow {
        if !half {
            self.here().data = DataChannel::None;
        }
        self.act(Act::HangUp { how, half }).await;
        Ok(())
    }

    /// The server sends nothing on the data connection, whether it ends it or leaves it alone.
    async fn nothing(&mut self, step: &Step) -> Flow {
        self.reach(step).await?;
        let events = self.act(Act::End { within: self.facts.reply }).await;
        self.here().data = DataChannel::None;
        let came = events.iter().find_map(|event| {
            if let What::BodyReceived(body) = &event.what { Some(format!("{} octets", body.length)) } else { None }
        });
        // One that nobody took has no end either.
        let Some(received) = came else { return Ok(()) };
        let said = Said::new("the server takes this data connection for one of its own")
            .expected("nothing")
            .received(received)
            .at(self.last());
        self.find(step, Axis::Data, Outcome::Against, said);
        Err(Stop::Found)
    }

    async fn end(&mut self, step: &Step) -> Flow {
        self.reach(step).await?;
        let events = self.act(Act::End { within: self.facts.reply }).await;
        self.here().data = DataChannel::None;
        let waited = match events.last().map(|event| &event.what) {
            Some(What::Closed { .. }) => return Ok(()),
            Some(What::Deadline { waited }) => *waited,
            _ => 0,
        };
        let said = Said::new(format!("the server did not end the data connection within {waited} ms")).at(self.last());
        self.find(step, Axis::Data, Outcome::Against, said);
        Err(Stop::Found)
    }
}

/// RFC 959 §3.2, §8: L-1, where L is the control port. A port of the system cannot be asked for.
fn default_data_port(control: SocketAddr) -> Option<SocketAddr> {
    let port = control.port().checked_sub(1).filter(|port| *port >= 1024)?;
    Some(SocketAddr::new(control.ip(), port))
}

/// The address that 229 tells: a port at the server of the control connection.
fn told_port(reply: &SeenReply, peer: Option<SocketAddr>) -> Option<SocketAddr> {
    let port = String::from_utf8(value::read(ReadKind::Port, reply)?).ok()?.parse().ok()?;
    Some(SocketAddr::new(peer?.ip(), port))
}

/// Software reads the address out of 227 and 229, so nothing stands for them.
fn rule_for(code: u16) -> Rule {
    if code == 200 { Rule::Tiers } else { Rule::Explicit }
}

const PASV_LISTENS: &str = "rfc959-4.1.2-pasv-listens";
const PASV_ADDRESS: &str = "rfc1123-4.1.2.6-pasv-227-address";
const SAME_HOST: &str = "rfc1123-4.1.2.12-default-data-port-same-ip";
