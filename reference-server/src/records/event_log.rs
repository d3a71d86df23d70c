//! The log of all that happens, for people (text) and for programs (JSON).

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::event::{Direction, Entry, Event, Moved, Refusal};
use super::word::word;
use crate::session::{End, Role, Visitor};
use protocol::Type;

/// How the lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Style {
    /// The time, what happened, and KEY=VALUE
    Text,
    /// An object a line
    Json,
}

/// The line of an event.
pub(super) fn line(entry: &Entry, style: Style) -> String {
    let fields = fields(entry);
    match style {
        Style::Json => Value::Object(fields).to_string(),
        Style::Text => fields.iter().map(|(key, value)| shown(key, value)).collect::<Vec<_>>().join(" "),
    }
}

/// All that [`role`] says.
pub(super) const ROLES: [&str; 3] = ["guest", "housed", "user"];

pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Guest => "guest",
        Role::Housed => "housed",
        Role::User => "user",
    }
}

/// All that [`direction`] says.
pub(super) const DIRECTIONS: [&str; 2] = ["sent", "received"];

pub(super) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "sent",
        Direction::Received => "received",
    }
}

/// All that [`end`] says.
pub(super) const ENDS: [&str; 9] =
    ["complete", "refused", "not-opened", "not-secured", "broken", "local-error", "no-space", "too-much", "stopped"];

pub(super) fn end(end: End) -> &'static str {
    match end {
        End::Complete | End::LeftOpen => "complete",
        End::Refused(_) => "refused",
        End::NotOpened => "not-opened",
        End::NotSecured => "not-secured",
        End::Broken => "broken",
        End::LocalError => "local-error",
        End::NoSpace => "no-space",
        End::TooMuch => "too-much",
        End::Stopped => "stopped",
    }
}

/// The first two have no key: they are in each line.
fn shown(key: &str, value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if ["time", "event"].contains(&key) { text } else { format!("{key}={text}") }
}

/// In the order of the line. What comes from a client is a word in both styles: JSON would let C1 controls and turns of direction pass.
fn fields(entry: &Entry) -> Map<String, Value> {
    // Always with six digits, so that lines can be sorted.
    let mut fields = object([("time", format!("{:.6}", entry.time).into()), ("event", name(&entry.event).into())]);
    if let Some(client) = entry.client {
        fields.extend(object([("session", client.session.into()), ("peer", client.peer.to_string().into())]));
    }
    fields.extend(match &entry.event {
        Event::Started { address } => object([("address", address.to_string().into())]),
        Event::Connected | Event::Stopped | Event::ShutOut => Map::new(),
        Event::TurnedAway(Refusal::NoPlace) => object([("reason", "no-place".into())]),
        Event::TurnedAway(Refusal::ShutOut) => object([("reason", "shut-out".into())]),
        Event::LoggedIn { visitor } => who(visitor),
        Event::LoginFailed { name } => object([("user", word(name).into())]),
        Event::Transferred { visitor, moved } => who(visitor).into_iter().chain(transfer(moved)).collect(),
        Event::Deleted { visitor, file } => {
            who(visitor).into_iter().chain(object([("name", word(&file.absolute()).into())])).collect()
        }
        Event::Disconnected { lasted, octets } => {
            object([("milliseconds", milliseconds(*lasted)), ("octets", (*octets).into())])
        }
        Event::Lost { count } => object([("count", (*count).into())]),
    });
    fields
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn milliseconds(lasted: std::time::Duration) -> Value {
    u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX).into()
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::Started { .. } => "start",
        Event::Stopped => "stop",
        Event::Connected => "connect",
        Event::TurnedAway(_) => "turned-away",
        Event::LoggedIn { .. } => "login",
        Event::LoginFailed { .. } => "failed-login",
        Event::ShutOut => "shut-out",
        Event::Transferred { .. } => "transfer",
        Event::Deleted { .. } => "delete",
        Event::Disconnected { .. } => "disconnect",
        Event::Lost { .. } => "lost",
    }
}

fn who(visitor: &Visitor) -> Map<String, Value> {
    object([("user", word(&visitor.name).into()), ("role", role(visitor.role).into())])
}

fn transfer(moved: &Moved) -> Map<String, Value> {
    let representation = match moved.representation {
        Type::Ascii(_) => "ascii",
        Type::Ebcdic(_) => "ebcdic",
        Type::Image => "image",
        Type::Local(_) => "local",
    };
    let mut fields = object([("direction", direction(moved.direction).into())]);
    // A listing has none.
    fields.extend(moved.file.as_ref().map(|file| ("name".to_owned(), word(&file.absolute()).into())));
    fields.extend(object([
        ("type", representation.into()),
        ("octets", moved.octets.into()),
        ("milliseconds", milliseconds(moved.lasted)),
        ("end", end(moved.end).into()),
    ]));
    fields
}
