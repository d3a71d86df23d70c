//! Reads the sources of the workspace: which paths each file names, in code, in macros and in documentation.
//!
//! It reads tokens, so comments and texts count for nothing, and `#[cfg(test)]` modules count like all others.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path below the workspace, with `/`.
    pub(crate) file: String,
    pub(crate) lines: usize,
    /// The paths that its code names, such as `crate::wire::reply`; `self` and `super` are resolved.
    pub(crate) code: Vec<Named>,
    /// The paths that its documentation names: an example in it is compiled too.
    pub(crate) documentation: Vec<Named>,
}

/// A path, where it is named.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

impl Named {
    /// Whether this path is, or leads to, or lies below `other`. A glob stands for every name.
    pub(crate) fn meets(&self, other: &str) -> bool {
        self.path.iter().zip(other.split("::")).all(|(own, other)| own == other || own == "*")
    }
}

/// The folder that holds every package.
pub(crate) fn workspace() -> PathBuf {
    let harness = Path::new(env!("CARGO_MANIFEST_DIR"));
    harness.parent().expect("the harness lies in the workspace").to_owned()
}

/// Every `.rs` file below these folders of the workspace.
pub(crate) fn sources(folders: &[&str]) -> Vec<Source> {
    let files = folders.iter().flat_map(|folder| files_below(folder, "rs"));
    let sources: Vec<_> = files.map(|file| source(&file)).collect();
    assert!(!sources.is_empty(), "no sources below {folders:?}");
    sources
}

/// The files with this extension below a folder of the workspace, as paths below the workspace.
pub(crate) fn files_below(folder: &str, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![workspace().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|known| known == extension) {
                let below = path.strip_prefix(workspace()).expect("it lies below the workspace");
                found.push(below.to_str().expect("file names are UTF-8").replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// The text of a file of the workspace.
pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(workspace().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn source(file: &str) -> Source {
    let text = text(file);
    let mut reader = Reader::default();
    let tokens = text.parse().unwrap_or_else(|error| panic!("{file} is not Rust: {error}"));
    reader.stream(tokens, &module_of(file));
    Source { file: file.to_owned(), lines: text.lines().count(), ..reader.into_source() }
}

/// `harness/src/run/live.rs` is `crate::run::live`.
fn module_of(file: &str) -> Vec<String> {
    let (_, inside) = file.split_once("/src/").unwrap_or_default();
    let path = inside.trim_end_matches(".rs");
    let names = path.split('/').filter(|name| !matches!(*name, "" | "lib" | "main"));
    ["crate"].into_iter().chain(names).map(str::to_owned).collect()
}

#[derive(Debug, Default)]
struct Reader {
    code: Vec<Named>,
    documentation: Vec<Named>,
}

impl Reader {
    fn into_source(self) -> Source {
        Source { file: String::new(), lines: 0, code: self.code, documentation: self.documentation }
    }

    fn stream(&mut self, stream: TokenStream, module: &[String]) {
        let tokens: Vec<_> = stream.into_iter().collect();
        if matches!(tokens.first(), Some(TokenTree::Ident(first)) if first == "doc") {
            self.documented(&tokens);
        }
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Ident(word) if word == "mod" => at = self.module(&tokens, at, module),
                TokenTree::Ident(word) if word == "use" || word == "crate" && follows(&tokens, at, "extern") => {
                    at = self.path(&tokens, at, &[], module, 1);
                }
                TokenTree::Ident(_) => at = self.path(&tokens, at - 1, &[], module, 2),
                TokenTree::Group(group) => self.stream(group.stream(), module),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// `mod name { … }` is one module deeper; `mod name;` is a file of its own.
    fn module(&mut self, tokens: &[TokenTree], at: usize, module: &[String]) -> usize {
        if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) = (tokens.get(at), tokens.get(at + 1)) {
            let inside: Vec<_> = module.iter().cloned().chain([name.to_string()]).collect();
            self.stream(body.stream(), &inside);
            return at + 2;
        }
        at
    }

    /// Reads the path at `at`, keeps it if it has so many names at `least`, and gives where it ends.
    fn path(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        before: &[String],
        module: &[String],
        least: usize,
    ) -> usize {
        let mut path = before.to_vec();
        let mut line = 0;
        if colons(tokens, at) {
            at += 2;
        }
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(name)) => {
                    line = name.span().start().line;
                    path.push(name.to_string().trim_start_matches("r#").to_owned());
                }
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => path.push("*".to_owned()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let inside: Vec<_> = group.stream().into_iter().collect();
                    for element in
                        inside.split(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','))
                    {
                        self.path(element, 0, &path, module, 1);
                    }
                    return at + 1;
                }
                Some(_) | None => break,
            }
            at += 1;
            if !colons(tokens, at)
                || !matches!(tokens.get(at + 2), Some(TokenTree::Ident(_) | TokenTree::Group(_) | TokenTree::Punct(_)))
            {
                break;
            }
            at += 2;
        }
        if path.len() >= least.max(1) {
            self.code.push(Named { path: resolved(path, module), line });
        }
        at
    }

    /// `#[doc = "…"]`, which is what `///` means.
    fn documented(&mut self, tokens: &[TokenTree]) {
        let line = tokens.first().map_or(0, |token| token.span().start().line);
        let texts = tokens.iter().filter(|token| matches!(token, TokenTree::Literal(_))).map(ToString::to_string);
        for text in texts {
            let words = text.split(|sign: char| !(sign.is_alphanumeric() || sign == '_' || sign == ':'));
            let paths = words.map(|word| word.trim_matches(':')).filter(|word| word.contains("::"));
            let paths = paths.map(|word| word.split("::").map(str::to_owned).collect());
            self.documentation.extend(paths.map(|path| Named { path, line }));
        }
    }
}

fn colons(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(sign)) if sign.as_char() == ':');
    colon(at) && colon(at + 1)
}

/// Whether `word` stands before the token before `at`.
fn follows(tokens: &[TokenTree], at: usize, word: &str) -> bool {
    matches!(at.checked_sub(2).and_then(|before| tokens.get(before)), Some(TokenTree::Ident(before)) if before == word)
}

/// The same path from the root of its package, where it began with `self` or `super`.
fn resolved(path: Vec<String>, module: &[String]) -> Vec<String> {
    let up = path.iter().take_while(|name| *name == "super").count();
    let begin = path.first().map(String::as_str);
    if up == 0 && begin != Some("self") {
        // `use crate::run::{self}` names `crate::run`.
        return path.into_iter().filter(|name| name != "self").collect();
    }
    let kept = module.len().saturating_sub(up).max(1);
    let rest = path.into_iter().skip(up).filter(|name| name != "self");
    module.iter().take(kept).cloned().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::{Reader, module_of};

    fn named(text: &str) -> Vec<String> {
        let mut reader = Reader::default();
        reader.stream(text.parse().unwrap(), &module_of("harness/src/judge/play.rs"));
        reader.code.iter().map(|named| named.path.join("::")).collect()
    }

    #[rstest::rstest]
    #[case("use protocol::line::Line;", &["protocol::line::Line"])]
    #[case("use ::protocol::line;", &["protocol::line"])]
    #[case("use protocol as p;", &["protocol"])]
    #[case("extern crate protocol;", &["protocol"])]
    #[case("use {std::fs, protocol};", &["std::fs", "protocol"])]
    #[case("use std::{fs::{self, File}, net::*};", &["std::fs", "std::fs::File", "std::net::*"])]
    #[case("fn f() -> protocol::Line { todo() }", &["protocol::Line"])]
    #[case("fn f() { let x = [a, (protocol::line())]; }", &["protocol::line"])]
    #[case("fn f() { say!(\"{}\", protocol::line::<u8>()) }", &["protocol::line"])]
    #[case("#[cfg(test)] mod tests { use protocol::line; }", &["protocol::line"])]
    #[case("use super::stage::Stage;", &["crate::judge::stage::Stage"])]
    #[case("use super::super::run::live;", &["crate::run::live"])]
    #[case("mod tests { use super::super::stage; }", &["crate::judge::stage"])]
    #[case("use self::data::Held;", &["crate::judge::play::data::Held"])]
    #[case("use crate::{run, wire::reply};", &["crate::run", "crate::wire::reply"])]
    #[case("// protocol::line\nfn f() { g(\"protocol::line\") }", &[])]
    #[case("fn f(protocol: u8) { self.protocol.collect::<Vec<u8>>() }", &[])]
    fn paths_are_found(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(named(text), expected);
    }

    #[test]
    fn examples_in_documentation_are_read() {
        let mut reader = Reader::default();
        reader.stream("/// use protocol::line;\n/// the `protocol` package\nfn f() {}".parse().unwrap(), &[]);
        let paths: Vec<_> = reader.documentation.iter().map(|named| named.path.join("::")).collect();
        assert_eq!(paths, ["protocol::line"]);
    }
}
