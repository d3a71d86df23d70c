//! The replies of the harness, and that the client reads them.

use reports::model::{Axis, What};

use super::script::{Answer, Instruction};
use super::wording::{Reply, code_of, text_of};
use super::{Act, DataChannel, Flow, Play, Stage, Stop};
use crate::judge::play::{Said, shown};
use crate::judge::text::fill;
use crate::judge::value;
use crate::scenario::tree::{Expect, Piece, ReadKind, ReadUse, Span, Step, Template};
use crate::wire::address::port_argument;
use crate::wire::reply::ReplyReader;

impl<S: Stage> Play<'_, S> {
    /// Says the first of the replies that the step accepts.
    pub(super) async fn reply(&mut self, step: &Step, expect: &Expect) -> Flow {
        let Some(sequence) = expect.pass.first() else {
            return self.cannot_go_on(&step.span, "the step names no reply that passes");
        };
        let needed = sequence.iter().filter(|pattern| !pattern.optional);
        let codes: Vec<u16> =
            needed.filter_map(|pattern| pattern.codes.first()).map(|code| code_of(*code, &self.control.verb)).collect();
        let Some((last, before)) = codes.split_last() else {
            return self.cannot_go_on(&step.span, "the step names no reply that passes");
        };
        for code in before {
            self.reply_shortly(step, *code).await?;
        }
        if matches!(last, 227 | 229) {
            self.listen(step, *last).await?;
        }
        let reply = self.worded(*last, expect);
        self.speak(step, &reply).await?;
        self.told(step, &reply).await?;
        self.bind(expect, &reply);
        Ok(())
    }

    /// Says a reply that no step words.
    pub(super) async fn reply_shortly(&mut self, step: &Step, code: u16) -> Flow {
        let reply = Reply::new(code, text_of(code, &self.control.verb));
        self.speak(step, &reply).await?;
        self.told(step, &reply).await
    }

    /// Listens for a data connection, and binds where. The reply with this code will tell it.
    pub(super) async fn listen(&mut self, step: &Step, code: u16) -> Flow {
        let events = self.act(Act::Listen).await;
        let address = match events.last().map(|event| &event.what) {
            Some(What::Listening { local }) => local.parse().ok(),
            _ => None,
        };
        let Some((address, argument)) = address.and_then(|address| Some((address, port_argument(address)?))) else {
            return self.cannot_go_on(&step.span, "it cannot listen for a data connection");
        };
        self.bindings.insert("host-port".to_owned(), argument.into_bytes());
        self.bindings.insert("port".to_owned(), address.port().to_string().into_bytes());
        self.data = DataChannel::Listening(code);
        Ok(())
    }

    pub(super) async fn speak(&mut self, step: &Step, reply: &Reply) -> Flow {
        self.unasked(&step.span).await?;
        if self.control.closed {
            return Err(self.gone(&step.span, "that it waits for the reply").await);
        }
        self.act(Act::Reply { octets: &reply.octets() }).await;
        Ok(())
    }

    /// Lets the client read the reply, and sees that it reads this one.
    async fn told(&mut self, step: &Step, reply: &Reply) -> Flow {
        self.tell(&step.span, Instruction::AwaitReply).await?;
        self.read_back(step, reply).await
    }

    /// The client prints the reply that it read.
    pub(super) async fn read_back(&mut self, step: &Step, reply: &Reply) -> Flow {
        let said = reply.lines();
        let mut read = Vec::new();
        loop {
            match self.answer(&step.span, "that it prints the reply").await? {
                (Answer::ReplyLine(line), _) if read.len() <= said.len() => read.push(line),
                (Answer::ReplyEnd, at) => {
                    let same = read.len() == said.len() && said.iter().zip(&read).all(|(said, read)| is(said, read));
                    if same {
                        return Ok(());
                    }
                    let requirement = (said.len() > 1).then(|| MULTILINE.to_owned());
                    let said = Said::new("the client read another reply than was said to it")
                        .expected(shown(&said.join(&b"\n"[..])))
                        .received(shown(&read.join(&b"\n"[..])))
                        .at(at);
                    return Err(self.find(requirement, &step.span, Axis::Reply, said));
                }
                (other, at) => return Err(self.unfit(&step.span, &other, at, "the reply, and then `.`")),
            }
        }
    }

    /// The next line that the client prints.
    pub(super) async fn answer(&mut self, span: &Span, expected: &str) -> Result<(Answer, usize), Stop> {
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return Ok(answer);
            }
            if self.silent {
                return Err(self.gone(span, expected).await);
            }
            self.hear(span, expected).await?;
        }
    }

    /// What is said of a line that answers nothing.
    pub(super) fn unfit(&mut self, span: &Span, answer: &Answer, event: usize, expected: &str) -> Stop {
        let (message, received) = match answer {
            Answer::Error(why) => ("the client gives up", shown(why)),
            Answer::ReplyLine(line) => ("the client prints a reply where none is due", shown(line)),
            Answer::ReplyEnd => ("the client prints the end of a reply where none is due", ".".to_owned()),
            Answer::Received(octets) => ("the client says what it received", octets.to_string()),
            Answer::Sent(octets) => ("the client says what it sent", octets.to_string()),
            Answer::Other(line) => ("the client prints what is no answer", shown(line.get(..300).unwrap_or(line))),
        };
        let said = Said::new(message).expected(expected).received(received).at(event);
        self.find(None, span, Axis::Lifecycle, said)
    }

    /// The words of a reply: those of the step if it has some, else fitting ones.
    fn worded(&mut self, code: u16, expect: &Expect) -> Reply {
        if let Some(text) = &expect.text {
            return Reply::new(code, &self.filled(&text.value));
        }
        if let Some(word) = expect.first_word.first() {
            return Reply::new(code, word.as_bytes());
        }
        let due = expect.reads.first().map(|read| (read.kind, self.due(code, &read.use_, read.kind)));
        let contained: Vec<Vec<u8>> = expect
            .contains
            .iter()
            .chain(&expect.says)
            .filter_map(|part| fill(&part.value, &self.bindings).ok())
            .collect();
        match due {
            Some((kind, value)) => Reply::holding(code, kind, &value),
            None if !contained.is_empty() => Reply::mentioning(code, &contained),
            None if code == 227 => self.opened(code, ReadKind::HostPort, "host-port"),
            None if code == 229 => self.opened(code, ReadKind::Port, "port"),
            None => Reply::new(code, text_of(code, &self.control.verb)),
        }
    }

    fn opened(&self, code: u16, kind: ReadKind, name: &str) -> Reply {
        Reply::holding(code, kind, self.bindings.get(name).map(Vec::as_slice).unwrap_or_default())
    }

    /// The value that a reply must hold: what the step says or what is bound, else an invented one.
    fn due(&self, code: u16, use_: &ReadUse, kind: ReadKind) -> Vec<u8> {
        let told = match use_ {
            ReadUse::Equal(template) => fill(template, &self.bindings).ok(),
            ReadUse::Differ(_) => None,
            ReadUse::Bind(name) => self.bindings.get(name).cloned(),
        };
        let open = |name: &str| self.bindings.get(name).cloned().unwrap_or_default();
        told.unwrap_or_else(|| match (kind, use_) {
            (ReadKind::HostPort, _) => open("host-port"),
            (ReadKind::Port, _) => open("port"),
            (ReadKind::Path, ReadUse::Bind(name)) => format!("/{name}").into_bytes(),
            (ReadKind::Path, ReadUse::Equal(_) | ReadUse::Differ(_)) => b"/".to_vec(),
            (ReadKind::Time, _) => b"19980615100045".to_vec(),
            (ReadKind::Size, _) => b"26".to_vec(),
            (ReadKind::Name, _) => b"unique-name".to_vec(),
            (ReadKind::Chosen | ReadKind::Offered | ReadKind::Starred, _) => b"Type;".to_vec(),
            (ReadKind::SenderMarker | ReadKind::ReceiverMarker, _) => b"0".to_vec(),
            (ReadKind::Text, _) => text_of(code, &self.control.verb).to_vec(),
        })
    }

    /// A text whose gaps are filled; a gap that nothing is bound to becomes 0, and is bound to it.
    pub(super) fn filled(&mut self, template: &Template) -> Vec<u8> {
        for piece in &template.0 {
            if let Piece::Capture(name) = piece {
                self.bindings.entry(name.clone()).or_insert_with(|| b"0".to_vec());
            }
        }
        fill(template, &self.bindings).unwrap_or_default()
    }

    /// Binds what the scenario reads out of the reply.
    fn bind(&mut self, expect: &Expect, reply: &Reply) {
        let seen = ReplyReader::default().feed(&reply.octets());
        let Some(seen) = seen.first() else { return };
        for read in &expect.reads {
            if let (ReadUse::Bind(name), Some(value)) = (&read.use_, value::read(read.kind, seen)) {
                self.bindings.entry(name.clone()).or_insert(value);
            }
        }
    }
}

/// Whether the client printed this line. What it escapes is not compared.
fn is(said: &[u8], printed: &[u8]) -> bool {
    let plain = said.iter().all(|octet| matches!(octet, b' '..=b'~') && *octet != b'\\');
    !plain || said == printed
}

/// RFC 959 §4.2.
const MULTILINE: &str = "rfc959-4.2-client-multiline-parsing";
