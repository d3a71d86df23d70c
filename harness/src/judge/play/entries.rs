//! Features of FEAT, entries of MLST and MLSD: what a step expects of them.

use std::collections::BTreeSet;

use reports::model::{Axis, Body};

use super::replies::first_line;
use super::{Flow, Play, Said, Stop, shown};
use crate::judge::extensions;
use crate::judge::framing::Remark;
use crate::judge::grade::Outcome;
use crate::judge::stage::Stage;
use crate::judge::text::{Bindings, fill, matches};
use crate::scenario::tree::{Entries, EntryPattern, Expect, FactPattern, FactValue, Located, Step, Template};
use crate::wire::facts::{LONGEST_LISTING, SeenEntry, listing, reply as entries_in};
use crate::wire::features::{features, languages, offered, same_language};
use crate::wire::reply::SeenReply;

/// RFC 3659 §7.2.
const STRUCTURE: &str = "rfc3659-7.2-mlst-reply-structure";
/// RFC 3659 §7.2.
const SINGLE: &str = "rfc3659-7.2-mlst-single-object";

/// RFC 3659 §7.5.1.2.
const UNTYPED: &str = "rfc3659-7.5.1.2-cdir-needs-type-fact";

impl<S: Stage> Play<'_, S> {
    /// What a reply tells of features and facts.
    pub(super) fn told(&mut self, step: &Step, expect: &Expect, reply: &SeenReply, event: usize) -> Flow {
        if expect.features.is_some() || !expect.if_features.is_empty() {
            self.judge_all(step, Axis::Text, extensions::of_features(reply), event);
        }
        let lines = features(reply);
        let offers = offered(reply).unwrap_or_default();
        let has = |feature: &str| match feature.strip_prefix("MLST ").filter(|fact| *fact != "*") {
            Some(fact) => offers.iter().any(|offered| offered.name.eq_ignore_ascii_case(fact)),
            None => tells(&lines, feature),
        };
        if let Some(missing) = expect.if_features.iter().find(|feature| !has(&feature.value)) {
            return Err(Stop::NotApplicable(format!("it does not tell {}", missing.value)));
        }
        for feature in expect.features.iter().flatten() {
            self.feature(step, &lines, &feature.value, event);
        }
        for feature in &expect.without_features {
            self.no_feature(step, &lines, &feature.value, event);
        }
        if let Some(language) = &expect.language {
            self.language(step, &language.value, reply, event)?;
        }
        match &expect.entry {
            Some(pattern) => self.entry(step, pattern, reply, event),
            None => Ok(()),
        }
    }

    fn judge_all(&mut self, step: &Step, axis: Axis, remarks: Vec<Remark>, event: usize) {
        for remark in remarks {
            let said = Said::new(remark.message).expected(remark.expected).received(remark.received).at(event);
            self.find_once(remark.requirement, &step.span, axis, remark.outcome, said);
        }
    }

    /// A line is this feature. One with parameters that it should not have is tolerated.
    fn feature(&mut self, step: &Step, lines: &[Vec<u8>], feature: &str, event: usize) {
        if tells(lines, feature) {
            return;
        }
        let with_more = tells(lines, &format!("{feature} *"));
        let (message, outcome) = if with_more {
            ("more stands behind the feature", Outcome::Tolerated)
        } else {
            ("the feature is not told", Outcome::Against)
        };
        let told = lines.join(&b", "[..]);
        self.find(step, Axis::Text, outcome, Said::new(message).expected(feature).received(shown(&told)).at(event));
    }

    /// No line has this label, whatever stands behind it.
    fn no_feature(&mut self, step: &Step, lines: &[Vec<u8>], label: &str, event: usize) {
        let told = lines.iter().find(|line| tells(std::slice::from_ref(line), &format!("{label} *")));
        let Some(line) = told else { return };
        let said = Said::new("a feature is told that is none").expected(format!("no line {label}"));
        self.find(step, Axis::Text, Outcome::Against, said.received(shown(line)).at(event));
    }

    /// RFC 2640 §4.3: the star stands behind the language in use. It may be left out, and the server may choose the variant.
    fn language(&mut self, step: &Step, language: &Template, reply: &SeenReply, event: usize) -> Flow {
        let Ok(language) = fill(language, &self.bindings) else { return Ok(()) };
        let all = languages(reply);
        if !all.iter().any(|one| same_language(&one.tag, &language)) {
            return Err(Stop::NotApplicable(format!("it does not tell the language {}", shown(&language))));
        }
        let starred: Vec<_> = all.iter().filter(|one| one.starred).map(|one| one.tag.as_slice()).collect();
        let message = match starred.as_slice() {
            [] => return Ok(()),
            [one] if same_language(one, &language) => return Ok(()),
            [_] => "the star stands behind another language than the one in use",
            _ => "several languages have the star of the one in use",
        };
        let said = Said::new(message).expected(format!("a star behind {}, or none", shown(&language)));
        self.find(step, Axis::Text, Outcome::Against, said.received(shown(&starred.join(&b";"[..]))).at(event));
        Ok(())
    }

    fn entry(&mut self, step: &Step, pattern: &EntryPattern, reply: &SeenReply, event: usize) -> Flow {
        let found = entries_in(&reply.lines);
        let opens = reply.lines.first().is_some_and(|line| line.get(3) == Some(&b'-'));
        self.judge_all(step, Axis::Text, extensions::of_entries(&found), event);
        let Some(entry) = found.first().filter(|_| opens) else {
            let said = Said::new("the reply has no line with an entry")
                .expected("250-, a line with a space and the entry, 250")
                .received(shown(&first_line(reply)))
                .at(event);
            return Err(self.stop_once(STRUCTURE, &step.span, Axis::Text, said));
        };
        // Several types of one object are several entries with one name (§7.2).
        if found.iter().any(|other| other.name != entry.name) {
            let names: Vec<_> = found.iter().map(|entry| entry.name.clone()).collect();
            let said = Said::new("the reply tells of several objects").expected("the object that was named");
            let said = said.received(shown(&names.join(&b", "[..]))).at(event);
            self.find_by(Some(SINGLE.to_owned()), &step.span, Axis::Text, Outcome::Against, said);
        }
        if let Some(name) = &pattern.name
            && !self.is_name(name, &entry.name)
        {
            let expected = crate::judge::text::shown(name, &self.bindings);
            let said = Said::new("the entry has another name").expected(shown(&expected));
            let said = said.received(shown(&entry.name)).at(event);
            self.find(step, Axis::Text, Outcome::Against, said);
        }
        self.facts(step, Axis::Text, &pattern.facts, entry, event);
        self.only(step, Axis::Text, pattern.only.as_ref(), &found, event);
        Ok(())
    }

    /// The name that was asked for, or a full path that ends in it (§7.3.1).
    fn is_name(&mut self, name: &Template, found: &[u8]) -> bool {
        let Ok(asked) = fill(name, &self.bindings) else { return matches(name, found, &mut self.bindings) };
        let behind = found.strip_suffix(asked.as_slice()).and_then(|before| before.last());
        asked == found || (found.starts_with(b"/") && (asked.is_empty() || behind == Some(&b'/')))
    }

    /// A body of so many octets.
    pub(super) fn length(&self, due: &Template, came: u64) -> Option<Said> {
        let due = fill(due, &self.bindings).ok()?;
        let said = Said::new("another number of octets than the server told").expected(shown(&due));
        (due != came.to_string().as_bytes()).then(|| said.received(came.to_string()))
    }

    /// What MLSD listed.
    pub(super) fn listed(&mut self, step: &Step, entries: &Entries, body: &Body) -> Flow {
        let event = self.events.saturating_sub(1);
        let Some(octets) = body.octets.as_ref() else {
            let said = Said::new("the listing is longer than the files ask for")
                .expected(format!("at most {LONGEST_LISTING} octets"))
                .received(format!("{} octets", body.length))
                .at(event);
            self.find(step, Axis::Data, Outcome::Against, said);
            return Err(Stop::Found);
        };
        let found = listing(octets.as_slice());
        self.judge_all(step, Axis::Data, extensions::of_entries(&found), event);
        // Where a line is no entry, what its name would be cannot be told, and it is said already what is wrong.
        if found.iter().any(SeenEntry::is_misshapen) {
            return Ok(());
        }
        let contents: Vec<_> = found.iter().filter(|entry| !self.is_untyped_dot(step, entry, event)).collect();
        let contents: Vec<_> = contents.into_iter().filter(|entry| !entry.is_of_type(&["cdir", "pdir"])).collect();
        let wanted: BTreeSet<_> = entries.contents.keys().map(String::as_bytes).collect();
        let came: BTreeSet<_> = contents.iter().map(|entry| entry.name.as_slice()).collect();
        if wanted != came {
            let list = |names: BTreeSet<&[u8]>| shown(&names.into_iter().collect::<Vec<_>>().join(&b"\n"[..]));
            let said = Said::new("other names than expected").expected(list(wanted)).received(list(came)).at(event);
            self.find(step, Axis::Data, Outcome::Against, said);
        }
        for entry in &contents {
            let facts = entries.contents.iter().find(|(name, _)| name.as_bytes() == entry.name);
            if let Some((_, facts)) = facts {
                self.facts(step, Axis::Data, facts, entry, event);
            }
        }
        self.only(step, Axis::Data, entries.only.as_ref(), &found, event);
        self.of_type(step, "cdir", entries.listed.as_ref(), &found)?;
        self.of_type(step, "pdir", entries.parent.as_ref(), &found)
    }

    /// The listed directory or the one above, with no type that says so: then a client takes it for contents (§7.5.1.2).
    fn is_untyped_dot(&mut self, step: &Step, entry: &SeenEntry, event: usize) -> bool {
        let is_dot = matches!(entry.name.as_slice(), b"." | b"..") && entry.fact("type").is_none();
        if is_dot {
            let said = Said::new("the directory itself or the one above is listed, and no type says so");
            let said = said.expected("its contents").received(shown(&entry.line)).at(event);
            self.find_once(UNTYPED, &step.span, Axis::Data, Outcome::Against, said);
        }
        is_dot
    }

    /// The name under which the listed directory or the one above is listed, where it is.
    fn of_type(&mut self, step: &Step, kind: &str, name: Option<&Located<Template>>, found: &[SeenEntry]) -> Flow {
        let Some(name) = name else { return Ok(()) };
        let Some(entry) = found.iter().find(|entry| entry.is_of_type(&[kind])) else {
            return Err(Stop::NotApplicable(format!("it lists no {kind}")));
        };
        if !matches(&name.value, &entry.name, &mut self.bindings) {
            let expected = crate::judge::text::shown(&name.value, &self.bindings);
            let said = Said::new(format!("the {kind} has another name")).expected(shown(&expected));
            let said = said.received(shown(&entry.name)).at(self.events.saturating_sub(1));
            self.find(step, Axis::Data, Outcome::Against, said);
        }
        Ok(())
    }

    fn facts(&mut self, step: &Step, axis: Axis, wanted: &[FactPattern], entry: &SeenEntry, event: usize) {
        for fact in wanted {
            let Some(value) = entry.fact(&fact.name) else {
                let said = Said::new(format!("the entry has no fact {}", fact.name));
                self.find(step, axis, Outcome::Against, said.received(shown(&entry.line)).at(event));
                continue;
            };
            let (message, template) = match &fact.value {
                FactValue::Is(template) if is(&fact.name, template, value, &mut self.bindings) => continue,
                FactValue::Is(template) => ("has another value", template),
                FactValue::Differs(template) if !is(&fact.name, template, value, &mut self.bindings.clone()) => {
                    continue;
                }
                FactValue::Differs(template) => ("has the value that it had before", template),
            };
            let expected = crate::judge::text::shown(template, &self.bindings);
            let said = Said::new(format!("the fact {} {message}", fact.name)).expected(shown(&expected));
            self.find(step, axis, Outcome::Against, said.received(shown(&entry.line)).at(event));
        }
    }

    /// No entry has another fact than these.
    fn only(&mut self, step: &Step, axis: Axis, only: Option<&Located<Template>>, found: &[SeenEntry], event: usize) {
        let Some(Ok(allowed)) = only.map(|only| fill(&only.value, &self.bindings)) else { return };
        let known = names(&allowed);
        let mut all = found.iter().flat_map(|entry| entry.facts.iter().map(move |fact| (entry, fact)));
        if let Some((entry, fact)) = all.find(|(_, fact)| !known.contains(fact.name.as_bytes())) {
            let said = Said::new(format!("the fact {} was not chosen", fact.name));
            let expected = if allowed.is_empty() { "no facts".to_owned() } else { shown(&allowed) };
            self.find(step, axis, Outcome::Against, said.expected(expected).received(shown(&entry.line)).at(event));
        }
    }
}

/// Whether a line is this feature, in any letter case. `*` behind it is whatever stands there.
fn tells(lines: &[Vec<u8>], feature: &str) -> bool {
    lines.iter().any(|line| match feature.strip_suffix(" *") {
        Some(label) => {
            let head = line.get(..label.len()).is_some_and(|head| head.eq_ignore_ascii_case(label.as_bytes()));
            head && matches!(line.get(label.len()), None | Some(b' '))
        }
        None => line.trim_ascii_end().eq_ignore_ascii_case(feature.as_bytes()),
    })
}

/// The names of a list of facts, in small letters.
pub(in crate::judge) fn names(list: &[u8]) -> BTreeSet<Vec<u8>> {
    list.split(|octet| *octet == b';').filter(|name| !name.is_empty()).map(<[u8]>::to_ascii_lowercase).collect()
}

/// Whether a value is what the template says, as the values of this fact are compared.
fn is(fact: &str, template: &Template, value: &[u8], bindings: &mut Bindings) -> bool {
    match fill(template, bindings) {
        Ok(due) => same(fact, &due, value),
        Err(_) => matches(template, value, bindings),
    }
}

/// Types and permissions know no letter case, permissions no order, and a time may be told with a fraction or without.
fn same(fact: &str, one: &[u8], other: &[u8]) -> bool {
    let letters = |value: &[u8]| value.to_ascii_lowercase().into_iter().collect::<BTreeSet<u8>>();
    match fact {
        "type" => one.eq_ignore_ascii_case(other),
        "perm" => letters(one) == letters(other),
        "modify" | "create" => seconds(one) == seconds(other),
        _ => one == other,
    }
}

/// A time without its fraction (RFC 3659 §2.3).
pub(in crate::judge) fn seconds(time: &[u8]) -> &[u8] {
    time.split(|octet| *octet == b'.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("SIZE", true)]
    #[case("size", true)]
    #[case("MLST", false)]
    #[case("MLST *", true)]
    #[case("SIZE *", true)]
    #[case("REST", false)]
    #[case("REST *", true)]
    #[case("REST STREAM", true)]
    #[case("RES *", false)]
    fn features_told(#[case] feature: &str, #[case] expected: bool) {
        let lines = [&b"SIZE"[..], b"rest stream", b"MLST type*;"].map(<[u8]>::to_vec);
        assert_eq!(tells(&lines, feature), expected);
    }

    #[rstest]
    #[case("type", "file", "FILE", true)]
    #[case("perm", "adr", "RDA", true)]
    #[case("perm", "adr", "ad", false)]
    #[case("modify", "19990929043300", "19990929043300.5", true)]
    #[case("modify", "19990929043300", "19990929043301", false)]
    #[case("unique", "a", "A", false)]
    fn values(#[case] fact: &str, #[case] one: &str, #[case] other: &str, #[case] expected: bool) {
        assert_eq!(same(fact, one.as_bytes(), other.as_bytes()), expected);
    }
}
