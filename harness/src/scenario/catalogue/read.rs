//! The written form of the catalogue.

use super::{Filing, Level, Requirement, Role, Said};
use crate::scenario::load::reader::{Fields, Reader};
use crate::scenario::yaml::Node;

const FILE: &[&str] = &["specification", "filed", "requirements"];
const REQUIREMENT: &[&str] = &["id", "section", "level", "role", "area", "text", "test", "notes", "when", "filed"];
const LEVELS: &[(&str, Level)] =
    &[("must", Level::Must), ("should", Level::Should), ("may", Level::May), ("draft", Level::Draft)];
const ROLES: &[(&str, Role)] = &[("server", Role::Server), ("client", Role::Client), ("both", Role::Both)];

impl Reader<'_> {
    /// The requirements of a file of the catalogue.
    pub(super) fn requirements(&mut self, node: &Node) -> Vec<Requirement> {
        let Some(fields) = self.fields(node, "the file", FILE) else { return Vec::new() };
        let Some(specification) = self.required(node, &fields, "specification") else { return Vec::new() };
        let Some(list) = fields.value("requirements") else {
            self.fault(&node.span, "\"requirements\" is missing");
            return Vec::new();
        };
        let filed = fields.value("filed").and_then(|node| self.filed(node, Said::OfTheFile));
        let items = self.list(list, "requirements").unwrap_or_default();
        items.iter().filter_map(|item| self.requirement(item, &specification, filed.as_ref())).collect()
    }

    fn requirement(&mut self, node: &Node, specification: &str, of_file: Option<&Filing>) -> Option<Requirement> {
        let fields = self.fields(node, "a requirement", REQUIREMENT)?;
        let level = fields.value("level").and_then(|node| self.word(node, "level", LEVELS));
        let role = fields.value("role").and_then(|node| self.word(node, "role", ROLES));
        for key in ["level", "role"] {
            if fields.value(key).is_none() {
                self.fault(&node.span, format!("\"{key}\" is missing"));
            }
        }
        let (id, span) = fields.value("id").map_or_else(
            || (None, node.span.clone()),
            |value| (self.text(value, "id").map(str::to_owned), value.span.clone()),
        );
        if fields.value("id").is_none() {
            self.fault(&node.span, "\"id\" is missing");
        }
        let section = self.required(node, &fields, "section");
        let text = self.required(node, &fields, "text");
        let filed = match fields.value("filed") {
            Some(node) => self.filed(node, Said::OfTheEntry),
            None => of_file.cloned(),
        };
        Some(Requirement {
            id: id?,
            specification: specification.to_owned(),
            section: section?,
            level: level?,
            role: role?,
            area: self.optional(&fields, "area").unwrap_or_default(),
            text: text?,
            decided: self.optional(&fields, "test").unwrap_or_default(),
            when: self.optional(&fields, "when"),
            notes: self.optional(&fields, "notes"),
            filed,
            span,
        })
    }

    /// The text of a key that must be there.
    pub(in crate::scenario) fn required(&mut self, node: &Node, fields: &Fields<'_>, key: &str) -> Option<String> {
        let Some(value) = fields.value(key) else {
            if fields.are_known() {
                self.fault(&node.span, format!("\"{key}\" is missing"));
            }
            return None;
        };
        self.text(value, key).map(|text| text.trim().to_owned())
    }

    /// The text of a key that may be there.
    pub(in crate::scenario) fn optional(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        self.text(fields.value(key)?, key).map(|text| text.trim().to_owned())
    }
}
