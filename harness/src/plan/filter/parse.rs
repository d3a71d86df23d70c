//! From the text of a filter to its parts.

use std::iter::Peekable;
use std::vec::IntoIter;

use crate::scenario::Diagnostic;
use crate::scenario::diagnostic::nearest;
use crate::scenario::tree::Span;

/// What a filter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// All of these.
    All(Vec<Self>),
    /// At least one of these.
    Any(Vec<Self>),
    /// What this does not select.
    Not(Box<Self>),
    /// What has this.
    Is(Predicate),
}

/// One property that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Predicate {
    pub(super) kind: Kind,
    /// What stands in the parentheses.
    pub(super) wanted: String,
    /// The character where that begins, counted from 0.
    pub(super) at: usize,
    /// How many characters it has.
    pub(super) width: usize,
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Id,
    Requirement,
    Rfc,
    Level,
    Command,
    Code,
    Topic,
    Last,
}

impl Kind {
    const ALL: [Self; 8] =
        [Self::Id, Self::Requirement, Self::Rfc, Self::Level, Self::Command, Self::Code, Self::Topic, Self::Last];

    /// The word before the parentheses.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Requirement => "requirement",
            Self::Rfc => "rfc",
            Self::Level => "level",
            Self::Command => "command",
            Self::Code => "code",
            Self::Topic => "topic",
            Self::Last => "last",
        }
    }
}

/// So deep may parentheses and `not` be nested.
const DEEPEST: usize = 64;

/// Reads an expression.
pub(super) fn expression(text: &str) -> Result<Expression, Box<Diagnostic>> {
    let mut parser = Parser { text, end: text.chars().count(), tokens: tokens(text).into_iter().peekable(), depth: 0 };
    let expression = parser.any()?;
    match parser.tokens.next() {
        None => Ok(expression),
        Some(Token { kind: TokenKind::Close, at, .. }) => {
            Err(parser.wrong(at, 1, "this parenthesis closes none").into())
        }
        Some(token) => {
            let message = "`and` or `or` is missing before this";
            Err(parser.wrong(token.at, token.width, message).help(example(&token)).into())
        }
    }
}

/// An error at these characters of the expression.
pub(super) fn fault(text: &str, at: usize, width: usize, message: &str) -> Diagnostic {
    // The text may have several lines, and carets stand under one of them.
    let before: String = text.chars().take(at).collect();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    Diagnostic::new(Span { file: "-E".into(), line, column, width }, text, message)
}

/// What may have been meant by signs that other languages use.
fn example(token: &Token) -> &'static str {
    match &token.kind {
        TokenKind::Word(word) if word.starts_with('&') => "say `and`",
        TokenKind::Word(word) if word.starts_with(['|', ',']) => "say `or`",
        TokenKind::Word(_) | TokenKind::Open | TokenKind::Close => {
            "for example: rfc(959) and not (command(RETR) or command(STOR))"
        }
    }
}

#[derive(Debug)]
struct Token {
    kind: TokenKind,
    at: usize,
    width: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum TokenKind {
    Open,
    Close,
    Word(String),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut within = false;
    for (at, character) in text.chars().enumerate() {
        let kind = match character {
            '(' => TokenKind::Open,
            ')' => TokenKind::Close,
            space if space.is_whitespace() => {
                within = false;
                continue;
            }
            letter => {
                match tokens.last_mut() {
                    Some(Token { kind: TokenKind::Word(word), width, .. }) if within => {
                        word.push(letter);
                        *width += 1;
                    }
                    Some(_) | None => {
                        tokens.push(Token { kind: TokenKind::Word(letter.to_string()), at, width: 1 });
                    }
                }
                within = true;
                continue;
            }
        };
        within = false;
        tokens.push(Token { kind, at, width: 1 });
    }
    tokens
}

struct Parser<'t> {
    text: &'t str,
    /// How many characters the text has.
    end: usize,
    tokens: Peekable<IntoIter<Token>>,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Expression, Box<Diagnostic>> {
        let mut parts = vec![self.all()?];
        while self.takes("or") {
            parts.push(self.all()?);
        }
        Ok(single(parts, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, Box<Diagnostic>> {
        let mut parts = vec![self.one()?];
        while self.takes("and") {
            parts.push(self.one()?);
        }
        Ok(single(parts, Expression::All))
    }

    fn one(&mut self) -> Result<Expression, Box<Diagnostic>> {
        let Some(token) = self.tokens.next() else {
            let message = "the expression ends where something to select by is expected";
            return Err(self.wrong(self.end, 1, message).help(predicates()).into());
        };
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong(token.at, token.width, "this is nested too deep").into());
        }
        let found = match token.kind {
            TokenKind::Open => {
                let inner = self.any()?;
                self.closed(token.at)?;
                inner
            }
            TokenKind::Close => {
                let message = "something to select by is expected before this parenthesis";
                return Err(self.wrong(token.at, 1, message).help(predicates()).into());
            }
            TokenKind::Word(word) if word == "not" => Expression::Not(Box::new(self.one()?)),
            TokenKind::Word(word) => Expression::Is(self.predicate(&word, token.at, token.width)?),
        };
        self.depth -= 1;
        Ok(found)
    }

    fn predicate(&mut self, word: &str, at: usize, width: usize) -> Result<Predicate, Box<Diagnostic>> {
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.word() == word) else {
            let wrong = self.wrong(at, width, &format!("\"{word}\" is nothing to select by"));
            let words = Kind::ALL.map(Kind::word).into_iter().chain(["and", "or", "not"]);
            let help = nearest(word, words).map_or_else(predicates, |near| format!("did you mean \"{near}\"?"));
            return Err(wrong.help(help).into());
        };
        let Some(open) = self.tokens.next_if(|token| token.kind == TokenKind::Open) else {
            let help = format!("{word}(…) with what it should be in the parentheses");
            return Err(self.wrong(at + width, 1, "a parenthesis is missing here").help(help).into());
        };
        self.argument(kind, open.at)
    }

    /// What stands in the parentheses. They may hold parentheses in their turn, for ids may.
    fn argument(&mut self, kind: Kind, open: usize) -> Result<Predicate, Box<Diagnostic>> {
        let mut deep = 0_usize;
        while let Some(token) = self.tokens.next() {
            match token.kind {
                TokenKind::Open => deep += 1,
                TokenKind::Close if deep > 0 => deep -= 1,
                TokenKind::Close => return self.between(kind, open, token.at),
                TokenKind::Word(_) => {}
            }
        }
        Err(self.wrong(open, 1, "this parenthesis is not closed").into())
    }

    fn between(&self, kind: Kind, open: usize, close: usize) -> Result<Predicate, Box<Diagnostic>> {
        let inside: Vec<char> = self.text.chars().take(close).skip(open + 1).collect();
        let spaces = inside.iter().take_while(|character| character.is_whitespace()).count();
        let wanted = inside.iter().collect::<String>().trim().to_owned();
        if wanted.is_empty() {
            let help = format!("say which {}", kind.word());
            return Err(self.wrong(open, close + 1 - open, "the parentheses hold nothing").help(help).into());
        }
        let width = wanted.chars().count();
        Ok(Predicate { kind, wanted, at: open + 1 + spaces, width })
    }

    fn closed(&mut self, open: usize) -> Result<(), Box<Diagnostic>> {
        match self.tokens.next() {
            Some(Token { kind: TokenKind::Close, .. }) => Ok(()),
            Some(token) => {
                let message = "`and` or `or` is missing before this";
                Err(self.wrong(token.at, token.width, message).help(example(&token)).into())
            }
            None => Err(self.wrong(open, 1, "this parenthesis is not closed").into()),
        }
    }

    fn takes(&mut self, operator: &str) -> bool {
        self.tokens.next_if(|token| matches!(&token.kind, TokenKind::Word(word) if word == operator)).is_some()
    }

    fn wrong(&self, at: usize, width: usize, message: &str) -> Diagnostic {
        fault(self.text, at, width, message)
    }
}

/// A list of one is that one.
fn single(mut parts: Vec<Expression>, several: fn(Vec<Expression>) -> Expression) -> Expression {
    match (parts.pop(), parts.is_empty()) {
        (Some(one), true) => one,
        (last, _) => {
            parts.extend(last);
            several(parts)
        }
    }
}

fn predicates() -> String {
    let words: Vec<_> = Kind::ALL.iter().map(|kind| format!("{}(…)", kind.word())).collect();
    format!("there are {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", 1, "the expression ends")]
    #[case("rfc(959) and", 13, "the expression ends")]
    #[case("rfc(959", 4, "this parenthesis is not closed")]
    #[case("(rfc(959)", 1, "this parenthesis is not closed")]
    #[case("rfc(959))", 9, "this parenthesis closes none")]
    #[case("rfc()", 4, "the parentheses hold nothing")]
    #[case("rfc 959", 4, "a parenthesis is missing here")]
    #[case("rfc(959) rfc(1123)", 10, "`and` or `or` is missing before this")]
    #[case("rfc(959) && level(must)", 10, "`and` or `or` is missing before this")]
    #[case("(rfc(959) rfc(1123))", 11, "`and` or `or` is missing before this")]
    #[case(")", 1, "something to select by is expected")]
    #[case("comand(RETR)", 1, "\"comand\" is nothing to select by")]
    #[case("é(x)", 1, "\"é\" is nothing to select by")]
    fn errors_have_their_place(#[case] text: &str, #[case] column: usize, #[case] message: &str) {
        let error = expression(text).unwrap_err();
        assert!(error.message.starts_with(message), "{error}");
        assert_eq!(error.span.column, column, "{error}");
    }

    #[test]
    fn an_error_looks_like_a_compiler_s() {
        let shown = expression("rfc(959)\nand comand(RETR)").unwrap_err().to_string();
        let expected = "\
error: \"comand\" is nothing to select by
 --> -E:2:5
  |
2 | and comand(RETR)
  |     ^^^^^^
  = help: did you mean \"command\"?
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn an_argument_may_hold_parentheses_and_spaces() {
        let Ok(Expression::Is(predicate)) = expression("id( a/b[x=(1),y=2] )") else { panic!("it is a predicate") };
        assert_eq!((predicate.wanted.as_str(), predicate.at, predicate.width), ("a/b[x=(1),y=2]", 4, 14));
    }

    #[rstest]
    #[case("(")]
    #[case("not ")]
    fn nesting_is_bounded(#[case] deeper: &str) {
        let error = expression(&deeper.repeat(100_000)).unwrap_err();
        assert_eq!(error.message, "this is nested too deep");
    }
}
