//! Bodies that the server sends.

use reports::model::{Axis, Body, CloseKind, Event, Grade, What};

use super::framed::{Framed, remark};
use super::{DataChannel, Flow, Play, Said, Stop, shown};
use crate::judge::grade::Outcome;
use crate::judge::stage::{Act, Stage};
use crate::scenario::tree::{Content, Form, Mode, Representation, Sent, SentBody, Step};
use crate::wire::deflate;
use crate::wire::framing::Flaw;

/// So much of a listing in MODE Z is looked at.
const LISTED: usize = 1 << 20;

impl<'a, S: Stage> Play<'a, S> {
    pub(super) async fn server_sends(&mut self, step: &'a Step, sent: &'a Sent) -> Flow {
        self.reach(step).await?;
        let taken = self.taken();
        let rest;
        let expected = match &sent.body {
            SentBody::Content(content) => Some(content),
            SentBody::RestOf(name) | SentBody::Behind { name, .. } => {
                rest = Content::Fixture { name: name.clone(), from: 0 };
                Some(&rest)
            }
            SentBody::Names(_)
            | SentBody::Mentions(..)
            | SentBody::Entries(_)
            | SentBody::Length(_)
            | SentBody::Anything => None,
        };
        let from = match &sent.body {
            SentBody::RestOf(_) => taken,
            SentBody::Behind { marker, .. } => self.marker_places.get(&marker.value).copied().unwrap_or(0),
            SentBody::Content(_)
            | SentBody::Names(_)
            | SentBody::Mentions(..)
            | SentBody::Entries(_)
            | SentBody::Length(_)
            | SentBody::Anything => 0,
        };
        let (form, within) = (sent.form, self.facts.reply);
        let events = self.act(Act::Receive { expected, form, from, take: None, within }).await;
        let body = self.body_in(step, form, &events)?;
        let stays = form.mode != Mode::Deflated && body.framing.as_ref().is_some_and(|framing| framing.end_of_file);
        self.here().data = if stays { DataChannel::Open { taken: 0 } } else { DataChannel::None };
        if body.length == 0
            && let Some(stop) = self.wants_resumption().await
        {
            return Err(stop);
        }
        if let SentBody::Entries(entries) = &sent.body {
            return self.listed(step, entries, &body);
        }
        // What the flaws of a framing make of the octets is no second fault.
        if self.framed(step, sent.form, &body) == Framed::Rightly {
            self.compare(step, sent, &body);
        }
        self.bind_marker(sent, &body)
    }

    /// Binds the first restart marker, and keeps its place.
    fn bind_marker(&mut self, sent: &Sent, body: &Body) -> Flow {
        let Some(name) = &sent.marker else { return Ok(()) };
        let Some(marker) = body.framing.as_ref().and_then(|framing| framing.markers.first()) else {
            return Err(Stop::NotApplicable("no restart marker came".to_owned()));
        };
        self.bindings.insert(name.clone(), marker.text.as_slice().to_vec());
        self.marker_places.insert(name.clone(), marker.at);
        Ok(())
    }

    /// Judges a framing by its flaws: by the requirement of each, or by that which the step says.
    fn framed(&mut self, step: &Step, form: Form, body: &Body) -> Framed {
        let at = self.last();
        let flaws = body.framing.as_ref().map(|framing| framing.flaws.as_slice()).unwrap_or_default();
        let mut seen = Framed::Rightly;
        for (number, found) in flaws.iter().enumerate() {
            // Of one flaw, the first place says enough.
            if flaws.iter().take(number).any(|other| other.flaw == found.flaw) {
                continue;
            }
            let Some(flaw) = Flaw::from_word(&found.flaw) else { continue };
            let remark = remark(flaw, form);
            let said =
                Said::new(remark.message).expected(remark.expected).received(format!("octet {}", found.at)).at(at);
            let requirement = step.requirement.clone().unwrap_or_else(|| remark.requirement.to_owned());
            self.find_by(Some(requirement), &step.span, Axis::Data, remark.outcome, said);
            if remark.outcome == Outcome::Against {
                seen = Framed::Wrongly;
            }
        }
        seen
    }

    pub(super) fn taken(&mut self) -> u64 {
        if let DataChannel::Open { taken } = self.here().data { taken } else { 0 }
    }

    /// The body that came, where it came to its end.
    pub(super) fn body_in(&mut self, step: &Step, form: Form, events: &[Event]) -> Result<Body, Stop> {
        let at = self.last();
        let body = events
            .iter()
            .find_map(|event| if let What::BodyReceived(body) = &event.what { Some(body.clone()) } else { None });
        let trouble = match events.last().map(|event| &event.what) {
            Some(What::Closed { how: CloseKind::Reset }) => Some("the data connection was reset"),
            Some(What::Deadline { .. }) => Some("the data connection stood still and was not ended"),
            Some(What::Fault { why }) => {
                let said = Said::new(format!("the harness could not go on: {why}"));
                self.remark(&step.span, Axis::Data, Grade::Inconclusive, said);
                return Err(Stop::Found);
            }
            _ => None,
        };
        if let Some(trouble) = trouble {
            let came = body.as_ref().map_or(0, |body| body.length);
            let said =
                Said::new(trouble).expected("the whole body, then the end").received(format!("{came} octets")).at(at);
            // Where it stood still behind a whole block, the mark of the end is what was missing.
            let lacks_its_end = |body: &&Body| {
                let mut flaws = body.framing.iter().flat_map(|framing| &framing.flaws);
                flaws.any(|found| found.flaw == Flaw::NoEndOfFile.word())
            };
            if let Some(body) = body.as_ref().filter(lacks_its_end)
                && self.framed(step, form, body) == Framed::Wrongly
            {
                return Err(Stop::Found);
            }
            self.find(step, Axis::Data, Outcome::Against, said);
            return Err(Stop::Found);
        }
        body.ok_or(Stop::Found)
    }

    fn compare(&mut self, step: &Step, sent: &Sent, body: &Body) {
        let at = self.last();
        let octets = body.octets.as_ref().map(reports::model::Octets::as_slice).unwrap_or_default();
        let inflated = (sent.form.mode == Mode::Deflated).then(|| deflate::inflated(octets, LISTED));
        let octets = inflated.as_deref().unwrap_or(octets);
        let said = match &sent.body {
            SentBody::Anything | SentBody::Entries(_) => None,
            SentBody::Length(length) => self.length(&length.value, body.length),
            SentBody::Content(_) | SentBody::RestOf(_) | SentBody::Behind { .. } => body.differs_at.map(|differs| {
                let there = body.there.as_ref().map(ToString::to_string).unwrap_or_default();
                let there = if there.is_empty() { "the end".to_owned() } else { there };
                let carried = if body.framing.is_some() { " of what is carried" } else { "" };
                Said::new("other octets than expected")
                    .expected("the octets of the file, and nothing behind them")
                    .received(format!(
                        "{} octets; the first difference is at octet {differs}{carried}: {there}",
                        body.length
                    ))
            }),
            SentBody::Names(names) => {
                let mut wanted: Vec<_> = names.iter().map(String::as_bytes).collect();
                let mut came = lines(octets);
                // The directory itself and the one above may be listed (RFC 3659 §7.2.3 says so of MLSD, and `ls` does).
                came.retain(|line| wanted.contains(line) || !matches!(*line, b"." | b".."));
                wanted.sort_unstable();
                came.sort_unstable();
                (wanted != came).then(|| {
                    Said::new("other names than expected")
                        .expected(shown(&wanted.join(&b"\n"[..])))
                        .received(shown(&came.join(&b"\n"[..])))
                })
            }
            SentBody::Mentions(names, without) => {
                let said = |name: &String| lines(octets).iter().any(|line| mentions(line, name.as_bytes()));
                let missing: Vec<_> = names.iter().filter(|name| !said(name)).cloned().collect();
                let surplus: Vec<_> = without.iter().filter(|name| said(name)).cloned().collect();
                (!missing.is_empty() || !surplus.is_empty()).then(|| {
                    let expected =
                        format!("{}{}", words("lines that name ", names), words("; none that names ", without));
                    Said::new(
                        format!("{}{}", words("not listed: ", &missing), words(" listed: ", &surplus))
                            .trim()
                            .to_owned(),
                    )
                    .expected(expected)
                    .received(shown(octets.get(..600).unwrap_or(octets)))
                })
            }
        };
        if let Some(said) = said {
            self.find(step, Axis::Data, Outcome::Against, said.at(at));
        }
        if sent.form.representation == Representation::Ascii
            && !matches!(sent.body, SentBody::Content(_) | SentBody::RestOf(_) | SentBody::Behind { .. })
            && let Some(line) = bare_line_feed(octets)
        {
            let said = Said::new("a line of the listing ends in LF without CR")
                .expected(r"…\r\n")
                .received(format!(r"{}\n", shown(line)))
                .at(at);
            self.find(step, Axis::Data, Outcome::Against, said);
        }
    }
}

fn lines(octets: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<_> =
        octets.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

/// The first line that ends in LF without CR.
fn bare_line_feed(octets: &[u8]) -> Option<&[u8]> {
    let ended = octets.iter().rposition(|octet| *octet == b'\n')?;
    octets.get(..ended)?.split(|octet| *octet == b'\n').find(|line| line.last() != Some(&b'\r'))
}

/// Whether a name stands in a line as a word of its own: at its end or before white space, behind white space or a slash.
fn mentions(line: &[u8], name: &[u8]) -> bool {
    line.windows(name.len().max(1)).enumerate().any(|(at, window)| {
        let before = at.checked_sub(1).and_then(|before| line.get(before));
        let after = line.get(at + name.len());
        window == name
            && before.is_none_or(|octet| octet.is_ascii_whitespace() || matches!(octet, b'/' | b';' | b'='))
            && after.is_none_or(|octet| octet.is_ascii_whitespace() || matches!(octet, b'/' | b'*' | b'@' | b';'))
    })
}

fn words(before: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("{before}{}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("-rw-r--r-- 1 ftp ftp 26 Jan  1 00:00 robots.txt", "robots.txt", true)]
    #[case("-rw-r--r-- 1 ftp ftp 26 Jan  1 00:00 xrobots.txt", "robots.txt", false)]
    #[case("-rw-r--r-- 1 ftp ftp 26 Jan  1 00:00 robots.txt.old", "robots.txt", false)]
    #[case("dir/robots.txt", "robots.txt", true)]
    #[case("robots.txt", "robots.txt", true)]
    #[case("", "robots.txt", false)]
    fn a_word_of_its_own(#[case] line: &str, #[case] name: &str, #[case] expected: bool) {
        assert_eq!(mentions(line.as_bytes(), name.as_bytes()), expected);
    }

    #[rstest]
    #[case(b"a\r\nb\r\n", None)]
    #[case(b"a\r\nb\n", Some("b"))]
    #[case(b"a\nb\r\n", Some("a"))]
    #[case(b"a\r\nb", None)]
    #[case(b"", None)]
    fn line_feeds(#[case] octets: &[u8], #[case] expected: Option<&str>) {
        assert_eq!(bare_line_feed(octets), expected.map(str::as_bytes));
    }

    #[rstest]
    #[case(b"", &[])]
    #[case(b"a\r\nb\r\n", &["a", "b"])]
    #[case(b"a\nb", &["a", "b"])]
    #[case(b"\r\n", &[""])]
    fn listed(#[case] octets: &[u8], #[case] expected: &[&str]) {
        let expected: Vec<_> = expected.iter().map(|line| line.as_bytes()).collect();
        assert_eq!(lines(octets), expected);
    }
}
