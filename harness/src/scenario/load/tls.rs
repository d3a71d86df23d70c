//! The written form of `tls`.

use super::reader::{Fields, Reader};
use crate::scenario::tree::{Failure, Session, Tls, Wire};
use crate::scenario::yaml::{Node, Value};

/// The keys of the map of `tls`.
pub(crate) const TLS: &[&str] = &["on", "session", "failure", "leave", "ended", "certificate"];
/// Those that say what the step does.
const FORMS: [&str; 4] = ["on", "leave", "ended", "certificate"];
const WIRES: &[(&str, Wire)] = &[("control", Wire::Control), ("data", Wire::Data)];

impl Reader<'_> {
    /// `tls: control`, or a map.
    pub(crate) fn tls(&mut self, node: &Node) -> Option<Tls> {
        if let Value::Map(_) = node.value {
            return self.tls_map(node);
        }
        let on = self.word(node, "connection", WIRES)?;
        Some(Tls::Negotiate { on, session: Session::default(), failure: Failure::default() })
    }

    fn tls_map(&mut self, node: &Node) -> Option<Tls> {
        let fields = self.fields(node, "tls", TLS)?;
        let forms: Vec<_> = FORMS.into_iter().filter_map(|key| fields.entry(key)).collect();
        let &[(form, value)] = forms.as_slice() else {
            if fields.are_known() {
                let message = "tls holds one of on, leave, ended and certificate";
                self.fault_with_help(&node.span, message, "write tls: control, or tls: { on: data, session: fresh }");
            }
            return None;
        };
        match form.text()? {
            "on" => self.negotiation(&fields, value),
            "leave" => {
                self.beside_on(&fields, "leave");
                self.word(value, "leave", &[("control", Tls::Leave)])
            }
            "ended" => {
                self.beside_on(&fields, "ended");
                self.word(value, "ended", &[("close-notify", Tls::EndedByNotice)])
            }
            _ => {
                self.beside_on(&fields, "certificate");
                self.word(value, "certificate", &[("same", Tls::SameCertificate)])
            }
        }
    }

    fn negotiation(&mut self, fields: &Fields<'_>, on: &Node) -> Option<Tls> {
        let sessions = [("resumed", Session::Resumed), ("fresh", Session::Fresh)];
        let failures = [("against", Failure::Against), ("passes", Failure::Passes)];
        let session = fields.value("session").and_then(|node| self.word(node, "session", &sessions));
        let failure = fields.value("failure").and_then(|node| self.word(node, "failure", &failures));
        Some(Tls::Negotiate {
            on: self.word(on, "connection", WIRES)?,
            session: session.unwrap_or_default(),
            failure: failure.unwrap_or_default(),
        })
    }

    /// What is said of a negotiation stands beside `on` only.
    fn beside_on(&mut self, fields: &Fields<'_>, form: &str) {
        for key in ["session", "failure"] {
            if let Some((found, _)) = fields.entry(key) {
                self.fault(&found.span, format!("\"{key}\" stands beside on, not beside {form}"));
            }
        }
    }
}
