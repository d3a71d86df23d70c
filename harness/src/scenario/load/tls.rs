//! The written form of `tls`.

use rustls::pki_types::DnsName;

use super::reader::{Fields, Reader, Wrong};
use crate::scenario::tree::{Failure, Session, Tls, Wire};
use crate::scenario::yaml::{Node, Value};

/// The keys of the map of `tls`.
pub(crate) const TLS: &[&str] = &["on", "session", "failure", "server-name", "leave", "ended", "certificate"];
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
        Some(Tls::Negotiate { on, session: Session::default(), failure: Failure::default(), server_name: None })
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
                self.word(value, "leave", &[("control", ())]).map(|()| Tls::Leave)
            }
            "ended" => {
                self.beside_on(&fields, "ended");
                self.word(value, "ended", &[("close-notify", ())]).map(|()| Tls::EndedByNotice)
            }
            _ => {
                self.beside_on(&fields, "certificate");
                self.word(value, "certificate", &[("same", ())]).map(|()| Tls::SameCertificate)
            }
        }
    }

    fn negotiation(&mut self, fields: &Fields<'_>, on: &Node) -> Option<Tls> {
        let sessions = [("resumed", Session::Resumed), ("fresh", Session::Fresh)];
        let failures = [("against", Failure::Against), ("passes", Failure::Passes)];
        let session = fields.value("session").and_then(|node| self.word(node, "session", &sessions));
        let failure = fields.value("failure").and_then(|node| self.word(node, "failure", &failures));
        let on = self.word(on, "connection", WIRES)?;
        let server_name = fields.value("server-name").and_then(|node| self.server_name(node, on));
        Some(Tls::Negotiate {
            on,
            server_name,
            session: session.unwrap_or_default(),
            failure: failure.unwrap_or_default(),
        })
    }

    /// The name of a host. A data connection names the same as its control connection, for the session goes by it.
    fn server_name(&mut self, node: &Node, on: Wire) -> Option<String> {
        if on == Wire::Data {
            let help = "say it where TLS begins on the control connection; its data connections name the same";
            self.fault_with_help(&node.span, "\"server-name\" stands beside on: control only", help);
        }
        let name = self.text(node, "server-name")?;
        let wrong = || Wrong::new(format!("\"{name}\" is no name of a host"), "write server-name: one.ftpspec.test");
        self.or_fault(node, DnsName::try_from(name).map(drop).map_err(|_| wrong()))?;
        Some(name.to_owned())
    }

    /// What is said of a negotiation stands beside `on` only.
    fn beside_on(&mut self, fields: &Fields<'_>, form: &str) {
        for key in ["session", "failure", "server-name"] {
            if let Some((found, _)) = fields.entry(key) {
                self.fault(&found.span, format!("\"{key}\" stands beside on, not beside {form}"));
            }
        }
    }
}
