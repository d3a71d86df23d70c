//! What travels on a data connection and what stands in a file: texts, octets, generated bodies, fixtures.

use std::sync::Arc;

use super::entries::BESIDE;
use super::reader::{Fields, Reader};
use super::values;
use crate::scenario::diagnostic::nearest;
use crate::scenario::tree::{Content, Entry, Form, Left, Located, Mode, Representation, Sent, SentBody, Structure};
use crate::scenario::yaml::{Node, Value};

/// The keys of a content map.
pub(crate) const CONTENT: &[&str] = &["text", "times", "end", "hex", "size", "seed", "of", "from", "zeros"];
/// The keys of a body map: a content's, and those that say less than every octet.
pub(crate) const BODY: &[&str] = &[
    "text", "times", "end", "hex", "size", "seed", "of", "from", "rest-of", "behind", "names", "mentions", "without",
    "entries", "only", "cdir", "pdir", "length",
];
/// The words of `form`, in the order in which they are said.
pub(crate) const FORMS: &[&str] =
    &["image", "ascii", "ebcdic", "file", "records", "marked", "pages", "stream", "blocks", "compressed", "deflated"];
/// The most octets that are said again and again: they are looked through where a body travels as text.
const MOST_REPEATED: u64 = 64 << 20;
/// The most octets that are compared. A file of zeros takes no room, but time.
const MOST_COMPARED: u64 = 1 << 30;

impl Reader<'_> {
    /// The value of an entry of `files:`.
    pub(crate) fn file_content(&mut self, node: &Node) -> Option<Content> {
        match &node.value {
            Value::Scalar { text, plain } if !text.is_empty() || !plain => Some(octets(text.as_bytes())),
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => {
                let fields = self.fields(node, "the content of a file", CONTENT)?;
                self.content(node, &fields)
            }
        }
    }

    /// The body of `server-sends`, `client-sends` and `write`.
    pub(crate) fn sent(&mut self, node: &Node, form: Option<&Node>) -> Option<Sent> {
        let form = form.map(|node| self.form(node)).unwrap_or_default();
        let body = match &node.value {
            Value::Scalar { text, plain } => SentBody::Content(match self.short_body(node, text, *plain)? {
                Short::Content(content) => content,
                Short::Anything => return Some(Sent { body: SentBody::Anything, form, marker: None }),
            }),
            Value::List(_) | Value::Map(_) => self.body_map(node)?,
        };
        Some(Sent { body, form, marker: None })
    }

    /// A form: one word of TYPE, of STRU and of MODE at most, in this order.
    fn form(&mut self, node: &Node) -> Form {
        let mut form = Form::default();
        let mut part = 0;
        for word in self.text(node, "form").unwrap_or_default().split_ascii_whitespace() {
            let own = match word {
                "image" | "ascii" | "ebcdic" => 1,
                "file" | "records" | "marked" | "pages" => 2,
                "stream" | "blocks" | "compressed" | "deflated" => 3,
                _ => {
                    self.unknown(&node.span, "form", word, FORMS);
                    return form;
                }
            };
            if own <= part {
                let help = "one word of image, ascii, ebcdic, then one of file, records, marked, pages, then one of \
                            stream, blocks, compressed, deflated: form: ascii records blocks";
                self.fault_with_help(&node.span, format!("\"{word}\" has no place here"), help);
                return form;
            }
            part = own;
            match word {
                "ascii" => form.representation = Representation::Ascii,
                "ebcdic" => form.representation = Representation::Ebcdic,
                "records" => form.structure = Structure::Records,
                "marked" => form.structure = Structure::Marked,
                "pages" => form.structure = Structure::Pages,
                "blocks" => form.mode = Mode::Blocks,
                "compressed" => form.mode = Mode::Compressed,
                "deflated" => form.mode = Mode::Deflated,
                // What a form is if nothing is said.
                _ => {}
            }
        }
        form
    }

    fn short_body(&mut self, node: &Node, text: &str, plain: bool) -> Option<Short> {
        if text.is_empty() && plain {
            self.fault_with_help(&node.span, "the body is missing", "an empty body is written \"\"");
            return None;
        }
        if self.fixtures.contains_key(text) {
            return Some(Short::Content(self.fixture(node, text, 0)?));
        }
        if text == "anything" {
            return Some(Short::Anything);
        }
        // A word that is nearly a file's name is a slip more often than a body.
        let word = text.len() >= 4 && !text.contains(char::is_whitespace);
        if let Some(near) = nearest(text, self.fixtures.keys().map(String::as_str)).filter(|_| word) {
            let help =
                format!("did you mean the file \"{near}\"? A text that only looks like it is written {{ text: … }}");
            self.fault_with_help(&node.span, format!("there is no file \"{text}\""), help);
            return None;
        }
        Some(Short::Content(octets(text.as_bytes())))
    }

    fn body_map(&mut self, node: &Node) -> Option<SentBody> {
        let fields = self.fields(node, "the body", BODY)?;
        if let Some(rest) = fields.value("rest-of") {
            self.alone(&fields, &["rest-of"]);
            let name = self.text(rest, "rest-of")?;
            self.fixture(rest, name, 0)?;
            return Some(SentBody::RestOf(name.to_owned()));
        }
        if let Some(behind) = fields.value("behind") {
            self.alone(&fields, &["behind", "of"]);
            let value = self.text(behind, "behind")?.to_owned();
            let marker = Located { value, span: behind.span.clone() };
            let Some(of) = fields.value("of") else {
                self.fault_with_help(&node.span, "\"of\" is missing", "say of which file: { of: big, behind: mark }");
                return None;
            };
            let name = self.text(of, "of")?.to_owned();
            self.fixture(of, &name, 0)?;
            return Some(SentBody::Behind { name, marker });
        }
        if let Some(names) = fields.value("names") {
            self.alone(&fields, &["names"]);
            if names.value == Value::List(Vec::new()) {
                return Some(SentBody::Names(Vec::new()));
            }
            return Some(SentBody::Names(values_of(self.texts(names, "names"))));
        }
        if fields.value("mentions").is_some() || fields.value("without").is_some() {
            self.alone(&fields, &["mentions", "without"]);
            let mentioned = fields.value("mentions").map(|node| self.texts(node, "mentions")).unwrap_or_default();
            let missing = fields.value("without").map(|node| self.texts(node, "without")).unwrap_or_default();
            return Some(SentBody::Mentions(values_of(mentioned), values_of(missing)));
        }
        if let Some(length) = fields.value("length") {
            self.alone(&fields, &["length"]);
            return self.template(length, "length").map(SentBody::Length);
        }
        if BESIDE.iter().any(|key| fields.value(key).is_some()) {
            self.alone(&fields, BESIDE);
            return Some(SentBody::Entries(Box::new(self.entries_of(node, &fields)?)));
        }
        Some(SentBody::Content(self.content(node, &fields)?))
    }

    /// Checks that the map has no other keys than these.
    fn alone(&mut self, fields: &Fields<'_>, together: &[&str]) {
        let mut others = fields.entries().filter(|(key, _)| !together.contains(&key.text().unwrap_or_default()));
        if let Some((key, _)) = others.next() {
            let said = together.join("\" and \"");
            self.fault(&key.span, format!("\"{}\" cannot stand beside \"{said}\"", key.text().unwrap_or_default()));
        }
    }

    fn content(&mut self, node: &Node, fields: &Fields<'_>) -> Option<Content> {
        if let Some(text) = fields.value("text") {
            self.alone(fields, &["text", "times", "end"]);
            return self.repeated(text, fields);
        }
        if let Some(hex) = fields.value("hex") {
            self.alone(fields, &["hex"]);
            let written = self.text(hex, "hex")?;
            return self.or_fault(hex, values::hexadecimal(written)).map(|found| octets(&found));
        }
        if let Some(of) = fields.value("of") {
            self.alone(fields, &["of", "from"]);
            let name = self.text(of, "of")?;
            let from = fields.value("from").and_then(|node| self.size(node)).unwrap_or(0);
            return self.fixture(of, name, from);
        }
        if let Some(zeros) = fields.value("zeros") {
            self.alone(fields, &["zeros", "end"]);
            return self.zeros(zeros, fields);
        }
        if let Some(size) = fields.value("size") {
            self.alone(fields, &["size", "seed"]);
            let octets = self.size(size)?;
            let seed = match fields.value("seed") {
                Some(node) => {
                    let written = self.text(node, "seed")?;
                    self.or_fault(node, values::number(written))?
                }
                None => 0,
            };
            return Some(Content::Generated { size: octets, seed });
        }
        self.fault_with_help(&node.span, "nothing says what the content is", "add text, hex, size or of");
        None
    }

    /// A text, said once or again and again.
    fn repeated(&mut self, text: &Node, fields: &Fields<'_>) -> Option<Content> {
        let unit: Arc<[u8]> = Arc::from(self.text(text, "text")?.as_bytes());
        let Some(times) = fields.value("times") else {
            if let Some((key, _)) = fields.entry("end") {
                self.fault(&key.span, "\"end\" stands beside \"times\" only");
            }
            return Some(Content::Octets(unit));
        };
        let times = self.size(times)?;
        let end = fields.value("end").and_then(|node| self.text(node, "end")).unwrap_or_default();
        let whole = times.checked_mul(unit.len() as u64);
        if unit.is_empty() || times == 0 || whole.is_none_or(|whole| whole > MOST_REPEATED) {
            let help = "a text of at least one octet, at least once, and 64 MiB in all";
            self.fault_with_help(&text.span, "this cannot be said again and again", help);
            return None;
        }
        Some(Content::Repeated { unit, times, end: Arc::from(end.as_bytes()) })
    }

    /// Octets of zero, and an end.
    fn zeros(&mut self, zeros: &Node, fields: &Fields<'_>) -> Option<Content> {
        let times = self.size(zeros)?;
        let end = fields.value("end").and_then(|node| self.text(node, "end")).unwrap_or_default();
        Some(Content::Repeated { unit: Arc::from([0]), times, end: Arc::from(end.as_bytes()) })
    }

    /// A size such as `1 MiB`.
    pub(crate) fn size(&mut self, node: &Node) -> Option<u64> {
        let text = self.text(node, "the size")?;
        self.or_fault(node, values::size(text))
    }

    fn fixture(&mut self, node: &Node, name: &str, from: u64) -> Option<Content> {
        match self.fixtures.get(name) {
            Some(Entry::File(content)) => {
                let length = self.length(content);
                if from > length {
                    self.fault(&node.span, format!("\"{name}\" has {length} octets only"));
                    return None;
                }
                self.compared(node, length - from)?;
                Some(Content::Fixture { name: name.to_owned(), from })
            }
            Some(Entry::Directory) => {
                self.fault(&node.span, format!("\"{name}\" is a directory"));
                None
            }
            Some(Entry::Link(target)) => {
                let message = format!("\"{name}\" is a link; name the file that it leads to, \"{target}\"");
                self.fault(&node.span, message);
                None
            }
            None => {
                self.no_file(node, name);
                None
            }
        }
    }

    /// What is sent or left is compared octet by octet, and that takes its time.
    fn compared(&mut self, node: &Node, length: u64) -> Option<()> {
        if length > MOST_COMPARED {
            let help = "take its end alone, { of: name, from: 4294967300 }";
            self.fault_with_help(&node.span, "more than 1 GiB cannot be compared", help);
            return None;
        }
        Some(())
    }

    /// Says that `files` has no such name.
    pub(crate) fn no_file(&mut self, node: &Node, name: &str) {
        if self.more_fixtures {
            return;
        }
        let known: Vec<String> = self.fixtures.keys().cloned().collect();
        let help = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if known.is_empty() => "`files` names none".to_owned(),
            None => format!("`files` has {}", known.join(", ")),
        };
        self.fault_with_help(&node.span, format!("there is no file \"{name}\" in `files`"), help);
    }

    fn length(&self, content: &Content) -> u64 {
        match content {
            Content::Octets(octets) => octets.len() as u64,
            Content::Generated { size, .. } => *size,
            Content::Repeated { unit, times, end } => (unit.len() as u64).saturating_mul(*times) + end.len() as u64,
            Content::Fixture { name, from } => match self.fixtures.get(name) {
                Some(Entry::File(Content::Octets(octets))) => (octets.len() as u64).saturating_sub(*from),
                Some(Entry::File(Content::Generated { size, .. })) => size.saturating_sub(*from),
                Some(Entry::File(Content::Repeated { unit, times, end })) => {
                    ((unit.len() as u64).saturating_mul(*times) + end.len() as u64).saturating_sub(*from)
                }
                Some(Entry::File(Content::Fixture { .. }) | Entry::Directory | Entry::Link(_)) | None => 0,
            },
        }
    }

    /// The value of an entry of `leaves:`, whose path is `path`.
    pub(crate) fn left(&mut self, node: &Node, path: &str) -> Option<Located<Left>> {
        let value = match &node.value {
            Value::Scalar { text, .. } => self.left_word(node, text, path)?,
            Value::List(_) | Value::Map(_) => {
                let content = self.file_content(node)?;
                self.compared(node, self.length(&content))?;
                Left::File(content)
            }
        };
        Some(Located { value, span: node.span.clone() })
    }

    fn left_word(&mut self, node: &Node, text: &str, path: &str) -> Option<Left> {
        match text {
            "absent" => Some(Left::Absent),
            "directory" => Some(Left::Directory),
            "same" => match self.fixtures.get(path) {
                Some(Entry::Directory) => Some(Left::Directory),
                Some(Entry::File(_) | Entry::Link(_)) => self.fixture(node, path, 0).map(Left::File),
                None => {
                    self.no_file(node, path);
                    None
                }
            },
            other => {
                let Some(name) = other.strip_prefix("same as ") else {
                    let message = format!("\"{other}\" does not say what is left");
                    let help = "write absent, directory, same, same as NAME, or { text: … }";
                    self.fault_with_help(&node.span, message, help);
                    return None;
                };
                Some(Left::File(self.fixture(node, name, 0)?))
            }
        }
    }
}

enum Short {
    Content(Content),
    Anything,
}

fn octets(octets: &[u8]) -> Content {
    Content::Octets(Arc::from(octets))
}

fn values_of(texts: Vec<Located<String>>) -> Vec<String> {
    texts.into_iter().map(|text| text.value).collect()
}
