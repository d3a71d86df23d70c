//! Texts of replies against those that a scenario prints.

use std::collections::BTreeMap;

use crate::scenario::tree::{Piece, Template};

/// Names and the octets they are bound to.
pub type Bindings = BTreeMap<String, Vec<u8>>;

/// Fills the gaps. `None` with the name that is not bound.
///
/// # Errors
/// The name of the first gap that nothing is bound to.
pub fn fill(template: &Template, bindings: &Bindings) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    for piece in &template.0 {
        match piece {
            Piece::Octets(own) => octets.extend(own),
            Piece::Capture(name) => octets.extend(bindings.get(name).ok_or_else(|| name.clone())?),
        }
    }
    Ok(octets)
}

/// The template as a person reads it, bound gaps filled.
pub fn shown(template: &Template, bindings: &Bindings) -> Vec<u8> {
    let mut octets = Vec::new();
    for piece in &template.0 {
        match piece {
            Piece::Octets(own) => octets.extend(own),
            Piece::Capture(name) => match bindings.get(name) {
                Some(value) => octets.extend(value),
                None => octets.extend(format!("{{{name}}}").into_bytes()),
            },
        }
    }
    octets
}

/// Whether a text is what the template says. Gaps that nothing is bound to match as little as they can, and are bound.
pub fn matches(template: &Template, text: &[u8], bindings: &mut Bindings) -> bool {
    let mut bound = bindings.clone();
    let fits = pieces(&template.0, text, &mut bound);
    if fits {
        *bindings = bound;
    }
    fits
}

fn pieces(template: &[Piece], text: &[u8], bindings: &mut Bindings) -> bool {
    let Some((first, rest)) = template.split_first() else { return text.is_empty() };
    let literal = match first {
        Piece::Octets(octets) => Some(octets),
        Piece::Capture(name) if name == HOST_PORT => {
            let length = six_numbers(text);
            return length > 0 && pieces(rest, text.get(length..).unwrap_or_default(), bindings);
        }
        Piece::Capture(name) => bindings.get(name),
    };
    if let Some(literal) = literal {
        return text.strip_prefix(literal.as_slice()).is_some_and(|tail| pieces(rest, tail, bindings));
    }
    let Piece::Capture(name) = first else { return false };
    (0..=text.len()).any(|length| {
        let (head, tail) = text.split_at(length);
        let mut trial = bindings.clone();
        trial.insert(name.clone(), head.to_vec());
        let fits = !head.contains(&b'\n') && pieces(rest, tail, &mut trial);
        if fits {
            *bindings = trial;
        }
        fits
    })
}

/// The name that stands for six numbers parted by commas.
const HOST_PORT: &str = "host-port";

fn six_numbers(text: &[u8]) -> usize {
    let length = text.iter().take_while(|octet| octet.is_ascii_digit() || **octet == b',').count();
    let numbers = text.get(..length).unwrap_or_default().split(|octet| *octet == b',');
    let fits = numbers.clone().count() == 6 && numbers.clone().all(|number| (1..=3).contains(&number.len()));
    if fits { length } else { 0 }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn template(text: &str) -> Template {
        let mut pieces = Vec::new();
        for (at, part) in text.split(['{', '}']).enumerate() {
            if at % 2 == 1 {
                pieces.push(Piece::Capture(part.to_owned()));
            } else if !part.is_empty() {
                pieces.push(Piece::Octets(part.as_bytes().to_vec()));
            }
        }
        Template(pieces)
    }

    #[rstest]
    #[case("Goodbye.", "Goodbye.", true)]
    #[case("Goodbye.", "Goodbye", false)]
    #[case("mode ({host-port}).", "mode (127,0,0,1,4,1).", true)]
    #[case("mode ({host-port}).", "mode (127,0,0,1,4).", false)]
    #[case("was {total} bytes in {n} files", "was 1975 bytes in 2 files", true)]
    #[case("{a} and {a}", "x and x", true)]
    #[case("{a} and {a}", "x and y", false)]
    #[case("{a}", "two\nlines", false)]
    #[case("hello {user}", "hello anonymous", true)]
    #[case("hello {user}", "hello me", false)]
    fn texts(#[case] pattern: &str, #[case] text: &str, #[case] fits: bool) {
        let mut bindings = Bindings::from([("user".to_owned(), b"anonymous".to_vec())]);
        assert_eq!(matches(&template(pattern), text.as_bytes(), &mut bindings), fits);
    }

    #[test]
    fn what_matched_is_bound() {
        let mut bindings = Bindings::new();
        assert!(matches(&template("was {total} bytes"), b"was 1975 bytes", &mut bindings));
        assert_eq!(bindings["total"], b"1975");
        assert_eq!(fill(&template("{total}!"), &bindings).unwrap(), b"1975!");
        assert_eq!(fill(&template("{other}!"), &bindings).unwrap_err(), "other");
        assert_eq!(shown(&template("{other}!"), &bindings), b"{other}!");
    }
}
