//! The keys of a scenario for clients: `task`, `mode`, `tls`, `client`, `server`, `expect`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::reader::{Fields, Reader, Wrong, both};
use super::values;
use crate::scenario::rule::Deviations;
use crate::scenario::tree::{
    DataMode, DataSeen, Entry, Errand, Exit, Fact, Left, LinePattern, Located, Protection, Scenario, Seen, TASKS, Task,
};
use crate::scenario::yaml::{Node, Value};

/// The keys that only such a scenario has.
pub(crate) const TASK_KEYS: &[&str] = &["mode", "tls", "client", "server", "expect"];
/// The keys of `server`.
pub(crate) const SERVER: &[&str] = &["files", "modified", "on", "rules", "clients"];
/// The keys of `client`.
pub(crate) const CLIENT: &[&str] = &["files"];
/// What a fact may be.
pub(crate) const FACTS: &[&str] = &[
    "C",
    "in-order",
    "followed",
    "never",
    "at-most",
    "answered",
    "applies",
    "data",
    "local",
    "remote",
    "exit",
    "within",
    "prints",
    "never-prints",
];
/// The same, and what may stand beside.
pub(crate) const FACT_KEYS: &[&str] = &[
    "C",
    "in-order",
    "followed",
    "never",
    "at-most",
    "answered",
    "applies",
    "data",
    "local",
    "remote",
    "exit",
    "within",
    "prints",
    "never-prints",
    "for",
    "because",
];
/// What `data` may say of data connections.
pub(crate) const DATA_FACTS: &[(&str, DataSeen)] = &[
    ("to-server", DataSeen::ToServer),
    ("made", DataSeen::Made),
    ("none", DataSeen::None),
    ("listens", DataSeen::Listens),
    ("ends-in-order", DataSeen::EndsInOrder),
    ("secured", DataSeen::Secured),
    ("notified", DataSeen::Notified),
];
const MODES: &[(&str, DataMode)] = &[("passive", DataMode::Passive), ("active", DataMode::Active)];
const PROTECTIONS: &[(&str, Protection)] = &[("explicit", Protection::Explicit), ("verified", Protection::Verified)];
const EXITS: &[(&str, Exit)] = &[("ok", Exit::Ok), ("failure", Exit::Failure)];

impl Reader<'_> {
    /// The keys of a scenario with `task`.
    pub(crate) fn errand(&mut self, fields: &Fields<'_>, scenario: &mut Scenario) {
        let Some(task) = fields.value("task") else { return };
        for key in ["steps", "finally", "leaves", "given", "connections", "files", "modified", "text"] {
            if let Some((key, _)) = fields.entry(key) {
                let name = key.text().unwrap_or_default();
                self.fault_with_help(
                    &key.span,
                    format!("\"{name}\" and \"task\" in one scenario"),
                    "a scenario with a task is for clients: it has task, mode, tls, client, server and expect",
                );
            }
        }
        let tasks = self.tasks(task);
        let server = fields.value("server").and_then(|node| self.fields(node, "server", SERVER));
        if let Some(node) = server.as_ref().and_then(|server| server.value("files")) {
            self.files(node);
        }
        scenario.files = self.fixtures.clone();
        if let Some(node) = server.as_ref().and_then(|server| server.value("modified")) {
            scenario.modified = self.modified(node);
        }
        let deviations = server.as_ref().map(|server| self.server_deviations(server)).unwrap_or_default();
        let files = fields.value("client").map(|node| self.client_files(node)).unwrap_or_default();
        let facts = match fields.value("expect") {
            Some(node) => self.what_must_be_seen(node, &scenario.files, &files),
            None => Vec::new(),
        };
        scenario.errand = Some(Arc::new(Errand {
            tasks,
            mode: fields.value("mode").and_then(|node| self.word(node, "mode", MODES)).unwrap_or_default(),
            protection: fields.value("tls").and_then(|node| self.word(node, "tls", PROTECTIONS)).unwrap_or_default(),
            files,
            deviations: Arc::new(deviations),
            facts,
        }));
    }

    fn server_deviations(&mut self, server: &Fields<'_>) -> Deviations {
        let mut short = Vec::new();
        if let Some(on) = server.value("on").and_then(|node| self.entries(node, "on")) {
            short = on.entries().filter_map(|(key, value)| self.short_rule(key, value)).collect();
        }
        let long = self.deviations(server);
        short.extend(long.rules);
        Deviations { rules: short, clients: long.clients }
    }

    fn client_files(&mut self, node: &Node) -> BTreeMap<String, Entry> {
        let server = std::mem::take(&mut self.fixtures);
        if let Some(files) = self.fields(node, "client", CLIENT).as_ref().and_then(|fields| fields.value("files")) {
            self.files(files);
        }
        std::mem::replace(&mut self.fixtures, server)
    }

    pub(crate) fn tasks(&mut self, node: &Node) -> Vec<Task> {
        match &node.value {
            Value::List(items) => items.iter().filter_map(|item| self.task(item)).collect(),
            Value::Scalar { .. } | Value::Map(_) => self.task(node).into_iter().collect(),
        }
    }

    fn task(&mut self, node: &Node) -> Option<Task> {
        let words = match &node.value {
            Value::Map(_) => self.task_map(node)?,
            Value::Scalar { .. } | Value::List(_) => self.task_words(node)?,
        };
        let (name, operands) = words.split_first()?;
        let Some((name, names, least, _)) = TASKS.iter().find(|(known, ..)| known == name) else {
            let known: Vec<_> = TASKS.iter().map(|(name, ..)| *name).collect();
            self.unknown(&node.span, "task", name, &known);
            return None;
        };
        if operands.len() < *least || operands.len() > names.len() {
            let form = names.iter().map(|name| name.to_uppercase()).collect::<Vec<_>>().join(" ");
            self.fault_with_help(
                &node.span,
                format!("the task {name} has {} operands here", operands.len()),
                format!("write {name} {form}; a name with spaces stands in a map: {{ {name}: \"a name\" }}"),
            );
            return None;
        }
        let mut found: BTreeMap<&'static str, String> = names.iter().copied().zip(operands.iter().cloned()).collect();
        // A file has the same name on the other side, where no other is said; not its directories.
        for (one, other) in [("remote", "local"), ("local", "remote")] {
            if names.contains(&one) && names.contains(&other) && !found.contains_key(other) {
                let path = found.get(one).cloned().unwrap_or_default();
                found.insert(other, path.rsplit('/').next().unwrap_or_default().to_owned());
            }
        }
        Some(Task { span: node.span.clone(), name, operands: found })
    }

    /// `get a as b`, `raw SITE FOO bar`.
    fn task_words(&mut self, node: &Node) -> Option<Vec<String>> {
        let text = self.text(node, "task")?;
        let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
        let between = TASKS.iter().find(|(known, ..)| *known == name).map_or("", |(.., between)| *between);
        let mut words = vec![name.to_owned()];
        if name == "raw" {
            words.push(rest.to_owned());
        } else {
            words.extend(rest.split(' ').filter(|word| !word.is_empty() && *word != between).map(str::to_owned));
        }
        Some(words)
    }

    /// `{ get: "a name", as: another }`.
    fn task_map(&mut self, node: &Node) -> Option<Vec<String>> {
        let fields = self.entries(node, "task")?;
        let mut entries = fields.entries();
        let (key, first) = entries.next()?;
        let name = key.text()?;
        let between = TASKS.iter().find(|(known, ..)| *known == name).map_or("", |(.., between)| *between);
        let mut words = vec![name.to_owned(), self.text(first, name)?.to_owned()];
        for (key, value) in entries {
            let word = key.text().unwrap_or_default();
            if word != between || between.is_empty() {
                self.unknown(&key.span, "key", word, &[between]);
                return None;
            }
            words.push(self.text(value, word)?.to_owned());
        }
        Some(words)
    }

    fn what_must_be_seen(
        &mut self,
        node: &Node,
        server: &BTreeMap<String, Entry>,
        client: &BTreeMap<String, Entry>,
    ) -> Vec<Fact> {
        let items = self.list(node, "expect").unwrap_or_default();
        items.iter().filter_map(|item| self.fact(item, server, client)).collect()
    }

    fn fact(
        &mut self,
        node: &Node,
        server: &BTreeMap<String, Entry>,
        client: &BTreeMap<String, Entry>,
    ) -> Option<Fact> {
        let fields = self.fields(node, "a fact", FACT_KEYS)?;
        let mut facts = fields.entries().filter(|(key, _)| !matches!(key.text(), Some("for" | "because")));
        let Some((key, value)) = facts.next() else {
            let help = format!("a fact is one of {}", FACTS.join(", "));
            self.fault_with_help(&node.span, "this fact says nothing", help);
            return None;
        };
        if let Some((second, _)) = facts.next() {
            let words = (key.text().unwrap_or_default(), second.text().unwrap_or_default());
            self.fault_with_help(
                &second.span,
                format!("\"{}\" and \"{}\" in one fact", words.0, words.1),
                format!("a fact says one thing; put a - before {}", words.1),
            );
        }
        let requirement = fields.value("for").and_then(|node| self.text(node, "for")).map(str::to_owned);
        let because = fields.value("because").and_then(|node| self.text(node, "because")).map(str::to_owned);
        let what = match key.text()? {
            "local" => Seen::Local(self.seen_tree(value, server, client)),
            "remote" => Seen::Remote(self.seen_tree(value, client, server)),
            key => self.seen(key, value)?,
        };
        Some(Fact { span: both(key, value), requirement, because, what })
    }

    fn seen(&mut self, key: &str, value: &Node) -> Option<Seen> {
        Some(match key {
            "C" => Seen::Said(self.line_pattern(value)?),
            "never" => Seen::Never(self.line_pattern(value)?),
            "applies" => Seen::Applies(self.line_pattern(value)?),
            "answered" => Seen::Answered(self.line_pattern(value)?),
            "in-order" => {
                let items = self.list(value, key)?;
                Seen::InOrder(items.iter().filter_map(|item| self.line_pattern(item)).collect())
            }
            "followed" => {
                let [first, second] = self.list(value, key)? else {
                    self.fault(&value.span, "followed has two lines: [RNFR *, RNTO *]");
                    return None;
                };
                Seen::Followed(self.line_pattern(first)?, self.line_pattern(second)?)
            }
            "at-most" => {
                let fields = self.fields(value, key, &["times", "C"])?;
                let times = fields.value("times")?;
                let text = self.text(times, "times")?;
                let number = self.or_fault(times, values::number(text))?;
                Seen::AtMost(usize::try_from(number).ok()?, self.line_pattern(fields.value("C")?)?)
            }
            "data" => Seen::Data(self.word(value, "data", DATA_FACTS)?),
            "exit" => Seen::Exit(self.word(value, "exit", EXITS)?),
            "within" => {
                let text = self.text(value, key)?;
                Seen::Within(self.or_fault(value, values::duration(text))?)
            }
            "prints" => Seen::Prints(self.one_or_more(value, key)),
            _ => Seen::NeverPrints(self.one_or_more(value, key)),
        })
    }

    fn one_or_more(&mut self, node: &Node, what: &str) -> Vec<String> {
        match &node.value {
            Value::List(_) => self.texts(node, what).into_iter().map(|text| text.value).collect(),
            Value::Scalar { .. } | Value::Map(_) => self.text(node, what).map(str::to_owned).into_iter().collect(),
        }
    }

    /// `RETR robots.txt`, `EPSV | PASV`.
    fn line_pattern(&mut self, node: &Node) -> Option<LinePattern> {
        let text = self.text(node, "a command line")?;
        let lines: Vec<_> = text.split(" | ").map(str::to_owned).collect();
        let is_verb = |line: &String| line.starts_with(|first: char| first.is_ascii_uppercase() || first == '*');
        if let Some(wrong) = lines.iter().find(|line| !is_verb(line)) {
            let wrong =
                Wrong::new(format!("\"{wrong}\" begins with no verb"), "write the verb in capitals: RETR robots.txt");
            return self.or_fault(node, Err(wrong));
        }
        Some(LinePattern(lines))
    }

    /// A tree whose `same` is what stood on the other side before, or else on this one.
    fn seen_tree(
        &mut self,
        node: &Node,
        other: &BTreeMap<String, Entry>,
        own: &BTreeMap<String, Entry>,
    ) -> BTreeMap<String, Located<Left>> {
        let mut all = own.clone();
        all.extend(other.iter().map(|(name, entry)| (name.clone(), entry.clone())));
        let kept = std::mem::replace(&mut self.fixtures, all);
        let tree = self.leaves(node);
        self.fixtures = kept;
        tree
    }
}
