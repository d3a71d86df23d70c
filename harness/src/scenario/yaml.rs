//! YAML with places: every key and value knows its line and column, and every scalar stays the text that was written.
//!
//! A scenario is data, not a program: anchors, aliases, tags and several documents are refused, so no file can grow while it is read.

use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::diagnostic::Diagnostic;
use super::tree::Span;

/// The longest file that is read. The longest of the suite has a fraction of it.
pub(crate) const MAX_OCTETS: usize = 1 << 20;
/// The deepest nesting. A scenario needs six.
const MAX_DEPTH: usize = 24;
/// The most keys and values in a file.
const MAX_NODES: usize = 100_000;

/// A value, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// Where it begins, and how wide it is on that line.
    pub(crate) span: Span,
    /// The octets of the file it takes, without what follows on its last line.
    pub(crate) octets: Range<usize>,
    /// The value.
    pub(crate) value: Value,
}

/// The three shapes of YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A text, a number, anything that is not a list or a map.
    Scalar {
        /// As it was written, without its quotes.
        text: String,
        /// Whether it stood without quotes: then an empty text means that nothing was written.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file, with keys that may repeat.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text, if it is a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// What it is, for a message.
    pub(crate) fn what(&self) -> &'static str {
        match &self.value {
            Value::Scalar { text, plain: true } if text.is_empty() => "nothing",
            Value::Scalar { .. } => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// Reads a file that holds one value.
pub(crate) fn parse(file: &Arc<str>, source: &str) -> Result<Node, Box<Diagnostic>> {
    let whole = Span { file: Arc::clone(file), line: 1, column: 1, width: 1 };
    if source.len() > MAX_OCTETS {
        let message = format!("the file has {} octets, and at most {MAX_OCTETS} are read", source.len());
        return Err(Diagnostic::new(whole, "", message)
            .help("split it, or generate the body: { size: 1 MiB, seed: 7 }")
            .into());
    }
    let mut builder = Builder { file, source, open: Vec::new(), root: None, nodes: 0 };
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    for next in Parser::new_from_str_with_options(source, options) {
        match next {
            Ok((event, span)) => builder.take(event, span)?,
            Err(error) => return Err(builder.malformed(&error).into()),
        }
    }
    builder.root.ok_or_else(|| Diagnostic::new(whole, source, "the file is empty").into())
}

struct Builder<'a> {
    file: &'a Arc<str>,
    source: &'a str,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
}

struct Open {
    start: granit_parser::Span,
    style: StructureStyle,
    key: Option<Node>,
    value: Value,
}

impl Builder<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is non-exhaustive")]
    fn take(&mut self, event: Event<'_>, span: granit_parser::Span) -> Result<(), Box<Diagnostic>> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.plain_node(span, anchor, tag.is_some())?;
                let value = Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                let node = Node { span: self.place(span), octets: octets(span), value };
                self.close(node);
                Ok(())
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.plain_node(span, anchor, tag.is_some())?;
                self.open.push(Open { start: span, style, key: None, value: Value::List(Vec::new()) });
                Ok(())
            }
            Event::MappingStart(style, anchor, tag) => {
                self.plain_node(span, anchor, tag.is_some())?;
                self.open.push(Open { start: span, style, key: None, value: Value::Map(Vec::new()) });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let node = self.finish(open, span);
                self.close(node);
                Ok(())
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => Err(self.alias(span).into()),
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(Diagnostic::new(self.place(span), self.source, "a second document in one file")
                    .help("one file is one scenario; write a text that begins with --- in quotes")
                    .into())
            }
            // Stream and document marks, and what a later version may add that is no value.
            _ => Ok(()),
        }
    }

    fn plain_node(&mut self, span: granit_parser::Span, anchor: usize, tagged: bool) -> Result<(), Box<Diagnostic>> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Diagnostic::new(
                self.place(span),
                self.source,
                format!("more than {MAX_NODES} values in one file"),
            )
            .into());
        }
        if anchor != 0 || tagged {
            return Err(self.alias(span).into());
        }
        Ok(())
    }

    fn alias(&self, span: granit_parser::Span) -> Diagnostic {
        Diagnostic::new(
            self.place(span),
            self.source,
            "anchors (&a), aliases (*a) and tags (!a) are not part of the language",
        )
        .help("write it out, or use `each`; a text that begins with &, * or ! stands in quotes")
    }

    fn close(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match (&mut open.value, open.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(entries), Some(key)) => entries.push((key, node)),
            (Value::Map(_) | Value::Scalar { .. }, _) => open.key = Some(node),
        }
    }

    fn finish(&self, open: Open, end: granit_parser::Span) -> Node {
        let mut span = open.start;
        if open.style == StructureStyle::Flow {
            span.end = end.end;
        }
        let first = match &open.value {
            Value::List(items) => items.first(),
            Value::Map(entries) => entries.first().map(|(key, _)| key),
            Value::Scalar { .. } => None,
        };
        let last = match &open.value {
            Value::List(items) => items.last(),
            Value::Map(entries) => entries.last().map(|(_, value)| value),
            Value::Scalar { .. } => None,
        };
        let place = match (open.style, first) {
            (StructureStyle::Block, Some(first)) => first.span.clone(),
            _ => self.place(span),
        };
        let mut octets = octets(span);
        if let (StructureStyle::Block, Some(last)) = (open.style, last) {
            octets.end = last.octets.end.max(octets.end);
        }
        Node { span: place, octets, value: open.value }
    }

    fn place(&self, span: granit_parser::Span) -> Span {
        let width = if span.end.line() == span.start.line() {
            span.end.col().saturating_sub(span.start.col())
        } else {
            let behind = self.source.get(octets(span).start..).unwrap_or_default();
            behind.lines().next().unwrap_or_default().trim_end().chars().count()
        };
        Span { file: Arc::clone(self.file), line: span.start.line(), column: span.start.col() + 1, width: width.max(1) }
    }

    fn malformed(&self, error: &granit_parser::ScanError) -> Diagnostic {
        let mark = *error.marker();
        let span = Span { file: Arc::clone(self.file), line: mark.line().max(1), column: mark.col() + 1, width: 1 };
        let what = error.info();
        let message = if what.contains("recursion") || what.contains("nesting") {
            format!("nested more than {MAX_DEPTH} deep")
        } else {
            format!("this is not YAML: {what}")
        };
        let diagnostic = Diagnostic::new(span, self.source, message);
        if what.contains("mapping values are not allowed") {
            return diagnostic.help("a text that holds `: ` or ` #` stands in quotes");
        }
        diagnostic
    }
}

fn octets(span: granit_parser::Span) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(source: &str) -> Result<Node, Box<Diagnostic>> {
        parse(&"t.yaml".into(), source)
    }

    #[test]
    fn scalars_stay_what_was_written() {
        let node = read("{ a: 010, b: on, c: 1.50, d: no, e: ~ }").unwrap();
        let Value::Map(entries) = node.value else { panic!("a map") };
        let texts: Vec<_> = entries.iter().map(|(_, value)| value.text().unwrap()).collect();
        assert_eq!(texts, ["010", "on", "1.50", "no", "~"]);
    }

    #[test]
    fn every_node_knows_its_place() {
        let node = read("steps:\n  - C: RNTO é\n  - S: { pass: 503 }\n").unwrap();
        let Value::Map(entries) = &node.value else { panic!("a map") };
        let Value::List(items) = &entries[0].1.value else { panic!("a list") };
        let Value::Map(step) = &items[1].value else { panic!("a map") };
        let span = &step[0].1.span;
        assert_eq!((span.line, span.column, span.width), (3, 8, 13));
        assert_eq!((items[0].span.line, items[0].span.column, items[0].span.width), (2, 5, 1));
    }

    #[rstest]
    #[case("a: &x 1\nb: *x", "anchors")]
    #[case("a: *x", "anchors")]
    #[case("a: !!binary x", "anchors")]
    #[case("a: 1\n---\nb: 1\n", "second document")]
    #[case("", "empty")]
    #[case("# only a comment\n", "empty")]
    #[case("a: b: c", "not YAML")]
    #[case("a: \"x", "not YAML")]
    fn what_is_refused(#[case] source: &str, #[case] message: &str) {
        let error = read(source).unwrap_err();
        assert!(error.message.contains(message), "{error}");
    }

    #[test]
    fn deep_nesting_is_refused() {
        let error = read(&"[".repeat(5000)).unwrap_err();
        assert!(error.message.contains("nested more than"), "{error}");
        let error = read(&format!("{}x", "- ".repeat(5000))).unwrap_err();
        assert!(error.message.contains("nested more than"), "{error}");
    }

    #[test]
    fn a_huge_file_is_refused() {
        let error = read(&"x".repeat(MAX_OCTETS + 1)).unwrap_err();
        assert!(error.message.contains("at most"), "{error}");
    }
}
