//! Entries of MLST and MLSD: the names and facts that a step expects.

use std::collections::BTreeMap;

use super::reader::{Fields, Reader, both};
use super::values;
use crate::scenario::tree::{Entries, EntryPattern, FactPattern, FactValue, Located, Template};
use crate::scenario::yaml::{Node, Value};

/// The keys of `entry`.
pub(crate) const ENTRY: &[&str] = &["name", "facts", "only"];
/// The keys of a body that stand beside `entries`.
pub(crate) const BESIDE: &[&str] = &["entries", "only", "cdir", "pdir"];

impl Reader<'_> {
    /// The value of `entry`.
    pub(crate) fn entry(&mut self, node: &Node) -> Option<EntryPattern> {
        let fields = self.fields(node, "entry", ENTRY)?;
        Some(EntryPattern {
            name: fields.value("name").and_then(|node| self.template(node, "name")).map(|name| name.value),
            facts: fields.value("facts").map(|node| self.facts(node)).unwrap_or_default(),
            only: fields.value("only").and_then(|node| self.template(node, "only")),
        })
    }

    /// The body of MLSD.
    pub(crate) fn entries_of(&mut self, whole: &Node, fields: &Fields<'_>) -> Option<Entries> {
        let Some(entries) = fields.value("entries") else {
            self.fault_with_help(&whole.span, "nothing says which entries there are", "add entries: { name: {} }");
            return None;
        };
        let mut contents = BTreeMap::new();
        let named = self.entries(entries, "entries");
        for (key, value) in named.iter().flat_map(Fields::entries) {
            contents.insert(key.text().unwrap_or_default().to_owned(), self.facts(value));
        }
        let mut name = |key: &str| fields.value(key).and_then(|node| self.template(node, key));
        Some(Entries { contents, only: name("only"), listed: name("cdir"), parent: name("pdir") })
    }

    fn facts(&mut self, node: &Node) -> Vec<FactPattern> {
        let fields = self.entries(node, "facts");
        let mut found = Vec::new();
        for (key, value) in fields.iter().flat_map(Fields::entries) {
            let name = key.text().unwrap_or_default().to_ascii_lowercase();
            found.extend(self.value(value).map(|value_of| FactPattern {
                name,
                value: value_of,
                span: both(key, value),
            }));
        }
        found
    }

    /// A value that something must be, or `{ not: value }`.
    pub(crate) fn value(&mut self, node: &Node) -> Option<FactValue> {
        if matches!(node.value, Value::Map(_)) {
            let fields = self.fields(node, "the value", &["not"])?;
            let Some(not) = fields.value("not") else {
                if fields.are_known() {
                    self.fault_with_help(&node.span, "nothing says what it is not", "write { not: … }");
                }
                return None;
            };
            return self.template(not, "not").map(|found| FactValue::Differs(found.value));
        }
        self.template(node, "the value").map(|found| FactValue::Is(found.value))
    }

    /// A text with gaps, and its place.
    pub(crate) fn template(&mut self, node: &Node, what: &str) -> Option<Located<Template>> {
        let text = self.text(node, what)?;
        let value = self.or_fault(node, values::template(text))?;
        Some(Located { value, span: node.span.clone() })
    }
}
