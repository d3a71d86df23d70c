//! A command line split into words, the way a shell does it, but with no shell.

use thiserror::Error;

/// Why a line cannot be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum WordsError {
    #[error("the quotation that begins at character {0} never ends; close it")]
    OpenQuote(usize),
    #[error("the line ends in a backslash; a backslash stands before the character that it protects")]
    LastBackslash,
    #[error("there is no command; write the program and its arguments")]
    Nothing,
}

/// Splits at blanks. Single quotes protect everything, double quotes all but `\"` and `\\`, a backslash the next
/// character. Nothing else is special: no variables, no globs, no pipes.
///
/// # Errors
/// A quotation or a backslash is left open, or there is no word at all.
pub(super) fn split(line: &str) -> Result<Vec<String>, WordsError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars().enumerate();
    while let Some((at, character)) = characters.next() {
        match character {
            blank if blank.is_whitespace() => words.extend(word.take()),
            '\\' => {
                let (_, next) = characters.next().ok_or(WordsError::LastBackslash)?;
                word.get_or_insert_default().push(next);
            }
            '\'' | '"' => {
                quoted(character, &mut characters, word.get_or_insert_default())
                    .ok_or(WordsError::OpenQuote(at + 1))?;
            }
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    if words.is_empty() { Err(WordsError::Nothing) } else { Ok(words) }
}

/// The words as one line that [`split`] splits again into them.
pub(super) fn join(words: &[String]) -> String {
    words.iter().map(|word| shown(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(quote: char, characters: &mut impl Iterator<Item = (usize, char)>, word: &mut String) -> Option<()> {
    while let Some((_, character)) = characters.next() {
        match character {
            end if end == quote => return Some(()),
            '\\' if quote == '"' => match characters.next()?.1 {
                protected @ ('"' | '\\') => word.push(protected),
                other => word.extend(['\\', other]),
            },
            plain => word.push(plain),
        }
    }
    None
}

fn shown(word: &str) -> String {
    let special = |character: char| character.is_whitespace() || matches!(character, '\'' | '"' | '\\');
    if word.is_empty() || word.contains(special) {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{WordsError, join, split};

    #[rstest]
    #[case::plain("./server -port {port}", &["./server", "-port", "{port}"])]
    #[case::blanks("  a \t b  ", &["a", "b"])]
    #[case::single("a 'b c' d", &["a", "b c", "d"])]
    #[case::single_keeps_backslash(r"'a\b'", &[r"a\b"])]
    #[case::double(r#""a \"b\" \\ \n""#, &[r#"a "b" \ \n"#])]
    #[case::backslash(r"a\ b", &["a b"])]
    #[case::glued("--x='1 2'\"3\"", &["--x=1 23"])]
    #[case::empty_word("a ''", &["a", ""])]
    #[case::no_shell("a | b > $HOME *", &["a", "|", "b", ">", "$HOME", "*"])]
    fn splits(#[case] line: &str, #[case] words: &[&str]) {
        let split_words = split(line).unwrap();
        assert_eq!(split_words, words);
        assert_eq!(split(&join(&split_words)).unwrap(), words, "what is shown splits into the same words");
    }

    #[rstest]
    #[case("a 'b", WordsError::OpenQuote(3))]
    #[case("\"", WordsError::OpenQuote(1))]
    #[case("a \"b\\", WordsError::OpenQuote(3))]
    #[case(r"a\", WordsError::LastBackslash)]
    #[case("  ", WordsError::Nothing)]
    fn refuses(#[case] line: &str, #[case] error: WordsError) {
        assert_eq!(split(line), Err(error));
    }
}
