//! Texts as YAML has them, so that any octets come back as they were.

/// A text, plain where it can be, else in double quotes.
pub(super) fn text(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes. What a terminal or an editor would act on is escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(character),
            _ if character.is_alphanumeric() => out.push(character),
            _ => {
                let number = u32::from(character);
                let (letter, width) = if number <= 0xffff { ('u', 4) } else { ('U', 8) };
                out.extend(['\\', letter]);
                out.extend(format!("{number:0width$x}").chars());
            }
        }
    }
    out.push('"');
    out
}

/// Octets in hexadecimal, in double quotes.
pub(super) fn hexadecimal(octets: &[u8]) -> String {
    let pairs: Vec<_> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("\"{}\"", pairs.join(" "))
}

/// A text with its braces doubled: in a template a single one begins a name.
pub(super) fn bare(text: &str) -> String {
    text.replace('{', "{{")
}

/// One line behind `#`. Nothing in it can end it.
pub(super) fn comment(text: &str) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    format!("# {line}")
}

/// Whether it is the same without quotes, in a list and a map too.
fn is_plain(text: &str) -> bool {
    let inner = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b' ' | b'.' | b'_' | b'/' | b'+' | b'-');
    text.len() <= 200
        && text.bytes().all(inner)
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && !text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::scenario::Suite;
    use crate::scenario::tree::{Action, Content, Data, Piece, Scenario, Sent, SentBody};

    fn read(yaml: &str) -> Scenario {
        let suite = Suite::from_sources([("t.yaml".to_owned(), yaml.to_owned())].into())
            .unwrap_or_else(|faults| panic!("{faults}\n{yaml}"));
        suite.scenarios()[0].clone()
    }

    #[rstest]
    #[case("RETR a.txt", "RETR a.txt")]
    #[case("", "\"\"")]
    #[case("a: b", "\"a: b\"")]
    #[case("- a", "\"- a\"")]
    #[case("a #b", "\"a #b\"")]
    #[case("a ", "\"a \"")]
    #[case("a\u{202e}b", "\"a\\u202eb\"")]
    #[case("\u{1b}[2J", "\"\\u001b[2J\"")]
    #[case("grün", "\"grün\"")]
    #[case("\u{1f600}", "\"\\U0001f600\"")]
    fn quoting(#[case] given: &str, #[case] expected: &str) {
        assert_eq!(text(given), expected);
    }

    #[test]
    fn a_comment_stays_one_line() {
        assert_eq!(comment("a\nsteps: b\u{85}c"), "# a steps: b c");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(line in "[^\r\n]{0,60}", body in any::<String>(), name in "[^/\0]{1,40}") {
            prop_assume!(name != "." && name != ".." && name.len() <= 255);
            let scenario = read(&format!(
                "purpose: x\nrecorded: true\nfiles: {{ {}: {} }}\nsteps:\n  - C: {}\n  - C: [NOOP, {}]\n  - data: {{ client-sends: {{ text: {} }} }}\n",
                quoted(&name), quoted(&body), text(&bare(&line)), text(&bare(&line)), text(&body),
            ));
            let octets = |action: &Action| match action {
                Action::Say(say) => say.segments.iter().flat_map(|segment| &segment.0).flat_map(|piece| match piece {
                    Piece::Octets(octets) => octets.clone(),
                    Piece::Capture(name) => panic!("{name}"),
                }).collect::<Vec<u8>>(),
                Action::Data(Data::ClientSends(Sent { body: SentBody::Content(Content::Octets(octets)), .. })) => octets.to_vec(),
                other @ (Action::Data(_)
                | Action::Expect(_)
                | Action::Login
                | Action::Silence { .. }
                | Action::Tls(_)
                | Action::Closed(_)
                | Action::MayClose
                | Action::HangUp(_)
                | Action::Switch(_)
                | Action::Unpredictable(_)) => panic!("{other:?}"),
            };
            let said: Vec<_> = scenario.steps.iter().map(|step| octets(&step.action)).collect();
            prop_assert_eq!(&said[0][..], &format!("{line}\r\n").into_bytes()[..]);
            prop_assert_eq!(&said[1][..], &format!("NOOP\r\n{line}\r\n").into_bytes()[..]);
            prop_assert_eq!(&said[2][..], body.as_bytes());
            prop_assert!(scenario.files.contains_key(&name), "{:?}", scenario.files);
        }

        #[test]
        fn any_octets_come_back(octets in proptest::collection::vec(any::<u8>(), 1..200)) {
            let scenario = read(&format!("purpose: x\nrecorded: true\nsteps:\n  - C: {{ bytes: {} }}\n", hexadecimal(&octets)));
            let Action::Say(say) = &scenario.steps[0].action else { panic!("{scenario:?}") };
            prop_assert_eq!(&say.segments[0].0, &vec![Piece::Octets(octets)]);
        }
    }
}
