//! What a client with a fault does otherwise than it is asked, besides what rules make of what it says and hears.

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

use crate::scenario::load::reader::{Fields, Reader};
use crate::scenario::tree::{DataMode, Errand, Protection, Task};
use crate::scenario::yaml::{Node, Value};

const KEYS: &[&str] = &["does", "mode", "tls", "words", "exit", "writes", "deletes", "prints"];
/// So far above its directory a client may write: its private folder is that deep.
const MOST_ABOVE: usize = 2;
const NEAR: &str = "write a path below the client's directory, or one that begins with ../ or ../../";

/// A client that does not quite do what it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Careless {
    /// What it does instead of what it is asked.
    pub tasks: Option<Vec<Task>>,
    /// Who makes its data connections, whatever it is told.
    pub mode: Option<DataMode>,
    /// Whether it begins TLS, whatever it is told.
    pub protection: Option<Protection>,
    /// Words behind those of its command.
    pub words: Vec<String>,
    /// The code with which it ends, whatever came of its task.
    pub exit: Option<i32>,
    /// What it writes at its end, by the path below its directory; a path may lead out of that.
    pub writes: BTreeMap<String, Arc<[u8]>>,
    /// What it deletes at its end.
    pub deletes: Vec<String>,
    /// What it prints besides.
    pub prints: Vec<String>,
}

impl Careless {
    /// What it does when it is asked this.
    pub fn instead_of(&self, errand: &Errand) -> Errand {
        Errand {
            tasks: self.tasks.clone().unwrap_or_else(|| errand.tasks.clone()),
            mode: self.mode.unwrap_or(errand.mode),
            protection: self.protection.unwrap_or(errand.protection),
            ..errand.clone()
        }
    }
}

impl Reader<'_> {
    /// The key `client` of a mutant.
    pub(super) fn careless(&mut self, node: &Node) -> Careless {
        let Some(fields) = self.fields(node, "client", KEYS) else { return Careless::default() };
        let modes = [("usual", DataMode::Usual), ("passive", DataMode::Passive), ("active", DataMode::Active)];
        let protections =
            [("none", Protection::None), ("explicit", Protection::Explicit), ("verified", Protection::Verified)];
        Careless {
            tasks: fields.value("does").map(|node| self.tasks(node)),
            mode: fields.value("mode").and_then(|node| self.word(node, "mode", &modes)),
            protection: fields.value("tls").and_then(|node| self.word(node, "tls", &protections)),
            words: self.several(&fields, "words"),
            exit: fields.value("exit").and_then(|node| self.exit_code(node)),
            writes: fields.value("writes").map(|node| self.written_at_its_end(node)).unwrap_or_default(),
            deletes: self.deleted_at_its_end(&fields),
            prints: self.several(&fields, "prints"),
        }
    }

    fn several(&mut self, fields: &Fields<'_>, key: &str) -> Vec<String> {
        match fields.value(key) {
            None => Vec::new(),
            Some(node @ Node { value: Value::List(_), .. }) => {
                self.texts(node, key).into_iter().map(|text| text.value).collect()
            }
            Some(one) => self.text(one, key).map(str::to_owned).into_iter().collect(),
        }
    }

    fn exit_code(&mut self, node: &Node) -> Option<i32> {
        let text = self.text(node, "exit")?;
        let code = text.parse().ok().filter(|code| (0..=255).contains(code));
        if code.is_none() {
            self.fault_with_help(&node.span, format!("\"{text}\" is not an exit code"), "write a number from 0 to 255");
        }
        code
    }

    fn deleted_at_its_end(&mut self, fields: &Fields<'_>) -> Vec<String> {
        let names = self.several(fields, "deletes");
        if let (Some(node), Some(far)) = (fields.value("deletes"), names.iter().find(|name| !is_near(Path::new(name))))
        {
            self.fault_with_help(&node.span, format!("\"{far}\" is not near the client's directory"), NEAR);
        }
        names
    }

    fn written_at_its_end(&mut self, node: &Node) -> BTreeMap<String, Arc<[u8]>> {
        let Some(fields) = self.entries(node, "writes") else { return BTreeMap::new() };
        let mut writes = BTreeMap::new();
        for (key, value) in fields.entries() {
            let name = key.text().unwrap_or_default();
            if !is_near(Path::new(name)) {
                self.fault_with_help(&key.span, format!("\"{name}\" is not near the client's directory"), NEAR);
            } else if let Some(octets) = self.octets(value, "what is written") {
                writes.insert(name.to_owned(), octets);
            }
        }
        writes
    }
}

/// Whether a path stays in the private folder of a client.
fn is_near(path: &Path) -> bool {
    let above = path.components().take_while(|part| *part == Component::ParentDir).count();
    let mut below = path.components().skip(above).peekable();
    above <= MOST_ABOVE && below.peek().is_some() && below.all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a", true)]
    #[case("box/a", true)]
    #[case("../../a", true)]
    #[case("../../../a", false)]
    #[case("/a", false)]
    #[case("a/../../b", false)]
    #[case("..", false)]
    #[case("", false)]
    fn only_what_is_near_is_written(#[case] path: &str, #[case] near: bool) {
        assert_eq!(is_near(Path::new(path)), near);
    }
}
