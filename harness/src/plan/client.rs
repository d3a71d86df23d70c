//! What a client cannot be asked.

use crate::scenario::tree::{
    Action, Data, Errand, Expect, Form, Piece, Read, ReadKind, ReplyPattern, Representation, Say, Scenario, Sent,
    SentBody, Step,
};
use crate::subject::Asked;

/// What a scenario asks a client to do, as its file has words for it.
pub fn asked(errand: &Errand) -> Asked<'_> {
    let tasks = errand.tasks.iter().map(|task| (task.name, &task.operands)).collect();
    Asked { tasks, mode: errand.mode.word(), tls: errand.protection.word(), words: &[] }
}

/// The longest command line that a client is told.
const LONGEST: usize = 32 * 1024;

/// Why a case cannot be played to a client that is driven line by line, if it cannot.
pub(super) fn cannot(scenario: &Scenario, given: &[&Scenario]) -> Option<String> {
    if scenario.connections.len() > 1 {
        return Some("a client has one control connection, and the scenario speaks on several".to_owned());
    }
    given
        .iter()
        .flat_map(|state| &state.steps)
        .chain(&scenario.steps)
        .chain(&scenario.finally)
        .find_map(why_not)
        .map(|why| format!("a client cannot be asked {why}"))
}

fn why_not(step: &Step) -> Option<&'static str> {
    match &step.action {
        Action::Say(say) => unsayable(say),
        Action::Expect(expect) if tells(expect) => Some("what a server tells of features and facts"),
        Action::Expect(expect) => {
            let replies = |sequence: &Vec<ReplyPattern>| sequence.iter().any(|pattern| !pattern.optional);
            (!expect.pass.first().is_some_and(replies)).then_some("to take a reply that no step names")
        }
        Action::Data(data) => unmovable(data),
        Action::HangUp(_) => Some("to break off the control connection"),
        Action::Switch(_) => Some("to speak on another control connection"),
        Action::Tls(_) => Some("to speak under TLS"),
        Action::Login | Action::Silence { .. } | Action::Closed(_) | Action::MayClose | Action::Unpredictable(_) => {
            None
        }
    }
}

/// Whether the reply is about features and facts: those of the harness would say nothing of a client.
fn tells(expect: &Expect) -> bool {
    let named = [&expect.if_features, &expect.without_features].into_iter().any(|features| !features.is_empty());
    let lists = named || expect.features.is_some() || expect.language.is_some();
    let of_facts = |read: &Read| matches!(read.kind, ReadKind::Chosen | ReadKind::Offered | ReadKind::Starred);
    lists || expect.entry.is_some() || expect.reads.iter().any(of_facts)
}

fn unsayable(say: &Say) -> Option<&'static str> {
    if say.urgent {
        return Some("to send urgent data");
    }
    let [template] = say.segments.as_slice() else { return Some("to cut a line into segments") };
    let pieces =
        template.0.iter().map(|piece| if let Piece::Octets(octets) = piece { octets.as_slice() } else { CAPTURED });
    let text = pieces.collect::<Vec<_>>().concat();
    let Some(text) = text.strip_suffix(b"\r\n") else { return Some(RAW) };
    if text.windows(2).any(|pair| pair == b"\r\n") {
        return Some("to say several command lines in one write");
    }
    if text.iter().any(|octet| matches!(octet, b'\n' | b'\r' | 0xff)) {
        return Some(RAW);
    }
    (text.len() > LONGEST).then_some("to say a line as long as this")
}

/// What stands for the octets of a capture, which are those of a value and no line end.
const CAPTURED: &[u8] = b"captured";
/// Octets that are no command line.
const RAW: &str = "to send octets that are no command line";

fn unmovable(data: &Data) -> Option<&'static str> {
    match data {
        Data::Open { transfers: 2.., .. } => Some("to listen for several data connections"),
        Data::DefaultPort => Some("to listen where it did not say"),
        Data::ServerSends(Sent { body: SentBody::Length(_), .. }) => Some("what a server tells of lengths"),
        // What a program has of a framing, nobody knows: its file or the octets of the wire.
        Data::ServerSends(sent) | Data::ClientSends(sent) if !can_travel(sent.form) => {
            Some("for more than files in stream mode")
        }
        Data::Open { .. }
        | Data::ServerSends(_)
        | Data::ExpectEnd
        | Data::ExpectNothing
        | Data::ExpectNoConnection(_) => None,
        Data::ClientSends(sent) => {
            (!matches!(sent.body, SentBody::Content(_))).then_some("to send what the scenario does not spell out")
        }
        Data::Read(_) | Data::Write(_) => Some("to send or take only a part of a file"),
        Data::Connect | Data::ConnectFrom(_) | Data::Accept | Data::AcceptFromDefaultPort => {
            Some("when to make or take the data connection")
        }
        Data::Shutdown | Data::Reset | Data::Abandon => Some("to break off the data connection"),
    }
}

fn can_travel(form: Form) -> bool {
    form.is_unframed() && form.representation != Representation::Ebcdic
}
