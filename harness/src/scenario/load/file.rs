//! One row of one file: the keys of a scenario and of a given state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::reader::{Fields, FileName, Reader};
use super::task::TASK_KEYS;
use super::values;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::tree::{Content, Entry, Left, Located, Peer, Scenario, Span, TextMode};
use crate::scenario::yaml::{self, Node, Value};

/// The keys of a scenario.
pub(crate) const SCENARIO: &[&str] = &[
    "purpose",
    "covers",
    "recorded",
    "given",
    "needs",
    "text",
    "connections",
    "files",
    "modified",
    "each",
    "steps",
    "finally",
    "leaves",
    "task",
    "mode",
    "tls",
    "client",
    "server",
    "expect",
];
/// The keys of a given state.
pub(crate) const GIVEN: &[&str] = &["purpose", "tested-by", "needs", "files", "steps"];

/// The key of a symbolic link.
pub(crate) const LINK: &[&str] = &["link"];

/// A file whose row is filled in.
#[derive(Debug)]
pub(crate) struct Filled {
    /// Its name below the scenarios' folder.
    pub(crate) file: FileName,
    /// Its id, with the row.
    pub(crate) id: String,
    /// The row.
    pub(crate) row: BTreeMap<String, String>,
    /// Its text.
    pub(crate) source: Arc<str>,
}

/// The given states, by name.
#[derive(Debug, Default)]
pub(crate) struct Givens {
    /// Those that could be read.
    pub(crate) states: BTreeMap<String, Scenario>,
    /// Those in which something is wrong. That is said once, where it stands.
    pub(crate) wrong: BTreeSet<String>,
}

/// Reads a scenario.
pub(crate) fn scenario(filled: Filled, givens: &Givens) -> Result<Scenario, Vec<Diagnostic>> {
    read(filled, |reader, node, scenario| reader.scenario(node, scenario, givens))
}

/// Reads a given state.
pub(crate) fn given(filled: Filled) -> Result<Scenario, Vec<Diagnostic>> {
    read(filled, |reader: &mut Reader<'_>, node, scenario| {
        reader.given_state(node, scenario);
    })
}

fn read(filled: Filled, keys: impl FnOnce(&mut Reader<'_>, &Node, &mut Scenario)) -> Result<Scenario, Vec<Diagnostic>> {
    let Filled { file, id, row, source } = filled;
    let node = yaml::parse(&file, &source).map_err(|diagnostic| vec![*diagnostic])?;
    let nowhere = Span { file: Arc::clone(&file), line: 1, column: 1, width: 1 };
    let mut scenario = Scenario {
        id,
        file,
        source: Arc::clone(&source),
        row,
        purpose: Located { value: String::new(), span: nowhere },
        covers: Vec::new(),
        recorded: None,
        given: Vec::new(),
        needs: Vec::new(),
        text: TextMode::Shown,
        connections: BTreeMap::from([("a".to_owned(), Peer::Subject)]),
        files: BTreeMap::new(),
        second_files: BTreeMap::new(),
        modified: BTreeMap::new(),
        steps: Vec::new(),
        finally: Vec::new(),
        leaves: BTreeMap::new(),
        second_leaves: BTreeMap::new(),
        tested_by: None,
        errand: None,
    };
    let mut reader = Reader::new(&source);
    keys(&mut reader, &node, &mut scenario);
    if reader.faults.is_empty() { Ok(scenario) } else { Err(reader.faults) }
}

impl Reader<'_> {
    fn scenario(&mut self, node: &Node, scenario: &mut Scenario, givens: &Givens) {
        let Some(fields) = self.fields(node, "a scenario", SCENARIO) else { return };
        self.purpose(node, fields.value("purpose"), scenario);
        self.measure(node, &fields, scenario);
        if fields.value("task").is_some() {
            scenario.needs = fields.value("needs").map(|node| self.texts(node, "needs")).unwrap_or_default();
            return self.errand(&fields, scenario);
        }
        self.needs_a_task(&fields);
        scenario.given = fields.value("given").map(|node| self.texts(node, "given")).unwrap_or_default();
        scenario.needs = fields.value("needs").map(|node| self.texts(node, "needs")).unwrap_or_default();
        let modes = [("exact", TextMode::Exact), ("shown", TextMode::Shown)];
        scenario.text = fields.value("text").and_then(|node| self.word(node, "text", &modes)).unwrap_or_default();
        if let Some(node) = fields.value("connections") {
            scenario.connections = self.connections(node);
        }
        self.connections = scenario.connections.keys().cloned().collect();
        let second = scenario.connections.iter().filter(|(_, peer)| **peer == Peer::Second);
        self.second = second.map(|(name, _)| name.clone()).collect();
        self.taken_over(scenario, givens);
        if let Some(node) = fields.value("files") {
            self.files(node);
        }
        scenario.files = self.fixtures.clone();
        scenario.modified = fields.value("modified").map(|node| self.modified(node)).unwrap_or_default();
        match fields.value("steps") {
            Some(node) => scenario.steps = self.steps(node, "steps"),
            None => self.missing(node, "steps", "write what the client says and what the server replies"),
        }
        scenario.finally = fields.value("finally").map(|node| self.steps(node, "finally")).unwrap_or_default();
        if let Some(node) = fields.value("leaves") {
            scenario.leaves = self.leaves(node);
        }
        self.second_server(&fields, scenario);
    }

    /// What only a client that is asked to do something can have.
    fn needs_a_task(&mut self, fields: &Fields<'_>) {
        if let Some((key, _)) = TASK_KEYS.iter().find_map(|key| fields.entry(key)) {
            let name = key.text().unwrap_or_default();
            self.fault_with_help(
                &key.span,
                format!("\"{name}\" without \"task\""),
                "say what the client is asked to do: task: get robots.txt",
            );
        }
    }

    fn given_state(&mut self, node: &Node, scenario: &mut Scenario) {
        let Some(fields) = self.fields(node, "a given state", GIVEN) else { return };
        self.purpose(node, fields.value("purpose"), scenario);
        match fields.value("tested-by") {
            Some(node) => scenario.tested_by = self.text(node, "tested-by").map(str::to_owned),
            None => self.missing(node, "tested-by", "name the scenario that tests this state: tested-by: rfc959/…"),
        }
        scenario.needs = fields.value("needs").map(|node| self.texts(node, "needs")).unwrap_or_default();
        if let Some(node) = fields.value("files") {
            self.files(node);
        }
        scenario.files = self.fixtures.clone();
        match fields.value("steps") {
            Some(node) => scenario.steps = self.steps(node, "steps"),
            None => self.missing(node, "steps", "write what leads to this state"),
        }
    }

    fn missing(&mut self, node: &Node, key: &str, help: &str) {
        self.fault_with_help(&node.span, format!("\"{key}\" is missing"), help);
    }

    fn purpose(&mut self, whole: &Node, node: Option<&Node>, scenario: &mut Scenario) {
        let Some(node) = node else {
            return self.missing(whole, "purpose", "say in one sentence what the scenario is for");
        };
        let Some(text) = self.text(node, "purpose") else { return };
        let text = text.trim();
        if text.is_empty() || text.contains('\n') {
            self.fault(&node.span, "the purpose is one sentence on one line");
        }
        scenario.purpose = Located { value: text.to_owned(), span: node.span.clone() };
    }

    /// What it is measured by: requirements, or what one server answered.
    fn measure(&mut self, node: &Node, fields: &Fields<'_>, scenario: &mut Scenario) {
        if let Some((key, value)) = fields.entry("recorded") {
            self.word(value, "value of recorded", &[("true", ())]);
            scenario.recorded = Some(key.span.clone());
            if let Some((covers, _)) = fields.entry("covers") {
                let help = "take out recorded where requirements decide, or covers where the recording does";
                self.fault_with_help(&covers.span, "what was recorded covers no requirement", help);
            }
            return;
        }
        match fields.value("covers") {
            Some(node) => scenario.covers = self.texts(node, "covers"),
            None => self.missing(node, "covers", "name the requirements that it is for: covers: [rfc959-…]"),
        }
    }

    /// What the given states bring: their files, and what they need.
    fn taken_over(&mut self, scenario: &mut Scenario, givens: &Givens) {
        let known: Vec<_> = givens.states.keys().map(String::as_str).collect();
        for name in scenario.given.clone() {
            if givens.wrong.contains(&name.value) {
                self.more_fixtures = true;
                continue;
            }
            let Some(given) = givens.states.get(&name.value) else {
                self.unknown(&name.span, "given state", &name.value, &known);
                continue;
            };
            self.fixtures.extend(given.files.iter().map(|(path, entry)| (path.clone(), entry.clone())));
            for need in &given.needs {
                if !scenario.needs.iter().any(|known| known.value == need.value) {
                    scenario.needs.push(need.clone());
                }
            }
        }
    }

    fn connections(&mut self, node: &Node) -> BTreeMap<String, Peer> {
        let mut found = BTreeMap::new();
        let fields = self.entries(node, "connections");
        for (key, value) in fields.iter().flat_map(Fields::entries) {
            let name = self.or_fault(key, values::name(key.text().unwrap_or_default()));
            let peer = self.word(value, "peer", &[("subject", Peer::Subject), ("second", Peer::Second)]);
            if let (Some(name), Some(peer)) = (name, peer) {
                found.insert(name, peer);
            }
        }
        if !found.contains_key("a") {
            self.fault_with_help(&node.span, "there is no connection a", "the first connection is called a");
        }
        found
    }

    /// Adds the entries of `files:` to the fixtures.
    pub(super) fn files(&mut self, node: &Node) {
        let Some(fields) = self.entries(node, "files") else { return };
        // Contents of their own first, so that `of:` may name a file that stands below it.
        for pass in [false, true] {
            let mut added = BTreeMap::new();
            for (key, value) in fields.entries().filter(|(_, value)| is_copy(value) == pass) {
                if self.is_second(key) {
                    continue;
                }
                added.extend(self.file(key, value));
            }
            self.fixtures.extend(added);
        }
        for (key, value) in fields.entries() {
            self.one_tree(key);
            if let Some(target) = child(value, "link") {
                self.leads_somewhere(target);
            }
        }
    }

    /// A link leads to a file or a directory of the tree.
    fn leads_somewhere(&mut self, target: &Node) {
        let path = target.text().unwrap_or_default().trim_end_matches('/');
        match self.fixtures.get(path) {
            Some(Entry::File(_) | Entry::Directory) => {}
            Some(Entry::Link(_)) => self.fault(&target.span, format!("\"{path}\" is a link itself")),
            // What is no path was said already.
            None if values::path(path).is_err() => {}
            None => self.no_file(target, path),
        }
    }

    /// A file holds no other file, and a name is one thing.
    fn one_tree(&mut self, key: &Node) {
        let name = key.text().unwrap_or_default();
        let path = name.trim_end_matches('/');
        let is_directory = |path: &str| self.fixtures.get(path) == Some(&Entry::Directory);
        let is_file = |path: &str| self.fixtures.contains_key(path) && !is_directory(path);
        let mut above = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
        let file = above.find(|above| is_file(above));
        let both = self.fixtures.contains_key(path) && name.ends_with('/') != is_directory(path);
        let message = match file {
            Some(file) => format!("\"{file}\" is a file, so nothing can stand below it"),
            None if both => format!("\"{path}\" is a file and a directory"),
            None => return,
        };
        self.fault(&key.span, message);
    }

    fn file(&mut self, key: &Node, value: &Node) -> Option<(String, Entry)> {
        let name = key.text()?;
        let path = self.or_fault(key, values::path(name))?;
        if name.ends_with('/') {
            self.nothing(value, name);
            return Some((path, Entry::Directory));
        }
        if let Some(target) = child(value, "link") {
            self.fields(value, "a link", LINK)?;
            let written = self.text(target, "link")?;
            let target = self.or_fault(target, values::path(written))?;
            return Some((path, Entry::Link(target)));
        }
        // A wrong content is one fault; a name that is then not known would be a second.
        let content = self.file_content(value).unwrap_or_else(|| Content::Octets(Arc::from([])));
        Some((path, Entry::File(content)))
    }

    /// When names of `files` were last modified.
    pub(super) fn modified(&mut self, node: &Node) -> BTreeMap<String, i64> {
        let fields = self.entries(node, "modified");
        let mut found = BTreeMap::new();
        for (key, value) in fields.iter().flat_map(Fields::entries) {
            let Some(path) = self.or_fault(key, values::path(key.text().unwrap_or_default())) else { continue };
            if !self.fixtures.contains_key(&path) {
                self.no_file(key, &path);
            }
            let Some(text) = self.text(value, "the time") else { continue };
            found.extend(self.or_fault(value, values::moment(text)).map(|moment| (path, moment)));
        }
        found
    }

    pub(super) fn leaves(&mut self, node: &Node) -> BTreeMap<String, Located<Left>> {
        let fields = self.entries(node, "leaves");
        let mut found = BTreeMap::new();
        for (key, value) in fields.iter().flat_map(Fields::entries) {
            if self.is_second(key) {
                continue;
            }
            let Some(path) = self.or_fault(key, values::path(key.text().unwrap_or_default())) else { continue };
            if let Some(left) = self.left(value, &path) {
                found.insert(path, left);
            }
        }
        found
    }

    /// Whether a key of `files` or `leaves` is the connection to the second server, and so holds that server's tree.
    fn is_second(&self, key: &Node) -> bool {
        self.second.iter().any(|name| key.text() == Some(name))
    }

    fn second_server(&mut self, fields: &Fields<'_>, scenario: &mut Scenario) {
        for name in std::mem::take(&mut self.second) {
            for tree in ["files", "leaves"] {
                let Some(whole) = fields.value(tree).and_then(|node| child(node, &name)) else { continue };
                if tree == "leaves" {
                    scenario.second_leaves.extend(self.leaves(whole));
                    continue;
                }
                let entries = self.entries(whole, "files");
                for (key, value) in entries.iter().flat_map(Fields::entries) {
                    scenario.second_files.extend(self.file(key, value));
                }
            }
        }
    }
}

fn is_copy(value: &Node) -> bool {
    child(value, "of").is_some()
}

fn child<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|(found, _)| found.text() == Some(key)).map(|(_, value)| value),
        Value::List(_) | Value::Scalar { .. } => None,
    }
}
