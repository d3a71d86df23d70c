//! What a session tells of its client that nobody scripted: which requirements it touched, and which it broke.
//!
//! Nothing was asked of the client, so only what it did itself counts, and what it did not do is no fault.

mod masked;

use reports::model::{Axis, Case, CloseKind, Event, Finding, Grade, Place, Verdict};

use super::always::{self, Reading, Remark};
use super::story::{Line, Story};
use crate::judge::grade::{Outcome, Scale};
use crate::judge::play::{Said, shown};
use crate::scenario::catalogue::{Catalogue, Level};
use crate::scenario::rule::Deviations;

/// A requirement, and whether a session has to do with it.
type Touched = (&'static str, fn(&Story) -> bool);

/// The requirements that can be told from any session.
const TOUCHED: [Touched; 23] = [
    (always::SYNTAX, spoke),
    (always::GREETING, spoke),
    (always::REPLY, |story| story.lines.len() > 1),
    (always::CONTROLS, |story| !story.telnet.is_empty()),
    (always::NEGOTIATION, |story| !story.telnet.is_empty()),
    (always::REST, |story| followed(story, "REST", 350)),
    (always::RNFR, |story| followed(story, "RNFR", 350)),
    (always::EPRT_FORM, |story| said(story, "EPRT")),
    (always::EPRT_FAMILY, |story| said(story, "EPRT")),
    (always::EPRT_ADDRESS, |story| said(story, "EPRT")),
    (always::PBSZ, |story| said(story, "PROT")),
    (always::HOST_FIRST, |story| said(story, "HOST")),
    (always::HOST_PORT, |story| said(story, "HOST")),
    (WAY_EACH, |story| story.lines.iter().filter(|line| moves(line)).count() > 1),
    (PASSIVE_FIRST, |story| story.lines.iter().any(is_way)),
    (LISTENS, |story| story.unreached.is_some() || story.data.iter().any(|data| !data.passive)),
    (CLOSES, |story| story.data.iter().any(|data| data.stored.is_some() && data.closed.is_some())),
    (LOGIN, |story| said(story, "PASS")),
    (AUTH_TLS, |story| said(story, "AUTH")),
    (AUTH_VALUE, |story| said(story, "AUTH")),
    (USER_UNDER_TLS, |story| followed(story, "AUTH", 234)),
    (FEAT_FIRST, |story| said(story, "LANG")),
    (ALLO, |story| followed(story, "ALLO", 200) || followed(story, "ALLO", 202)),
];

/// The session as a case: what it touched, and each statement against the client. No password is left in it.
pub fn observe(number: usize, events: Vec<Event>, catalogue: &Catalogue, scale: &Scale) -> Case {
    let events = masked::masked(events);
    let story = Story::of(&events);
    let touched = TOUCHED.into_iter().filter(|(_, touches)| touches(&story));
    let mut covers: Vec<String> = touched.map(|(requirement, _)| requirement.to_owned()).collect();
    let reading = Reading { story: &story, deviations: &Deviations::default() };
    let mut remarks = reading.remarks();
    remarks.extend(own(&story));
    let id = format!("observed/session-{number}");
    let findings: Vec<Finding> = remarks
        .into_iter()
        .map(|(requirement, axis, said)| {
            let level = catalogue.requirement(requirement).map_or(Level::Must, |found| found.level);
            let grade = scale.grade(Some(requirement), level, Outcome::Against);
            let place = place(&id, &story, said.event);
            said.finding(Some(requirement.to_owned()), place, axis, grade)
        })
        .collect();
    let broken = findings.iter().filter_map(|finding| finding.requirement.clone());
    covers.extend(broken.filter(|id| !TOUCHED.iter().any(|(known, _)| known == id)).collect::<Vec<_>>());
    Case {
        verdict: worst(&findings),
        kind: None,
        reason: None,
        purpose: format!("What a client did by itself: {} command lines", story.lines.len()),
        covers,
        place: Place { file: id.clone(), line: 1, column: 1, width: 1, text: String::new() },
        id,
        row: std::collections::BTreeMap::new(),
        duration: events.last().map_or(0, |last| last.at),
        findings,
        events,
        flaky: false,
        rounds: std::collections::BTreeMap::new(),
    }
}

fn worst(findings: &[Finding]) -> Verdict {
    let has = |grade| findings.iter().any(|finding| finding.grade == grade);
    if has(Grade::Fail) {
        Verdict::Fail
    } else if has(Grade::Deviation) {
        Verdict::Deviation
    } else {
        Verdict::Pass
    }
}

/// The command line that a statement is about, counted from 1.
fn place(id: &str, story: &Story, event: Option<usize>) -> Place {
    let found = story.lines.iter().enumerate().find(|(_, line)| Some(line.event) == event);
    let (at, text) = found.map_or((0, String::new()), |(at, line)| (at, shown(&line.text)));
    Place { file: id.to_owned(), line: at + 1, column: 1, width: text.chars().count().max(1), text }
}

/// What is judged of a session that nobody scripted, besides what is judged of every client.
fn own(story: &Story) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(ways(story));
    remarks.extend(first_way(story));
    remarks.extend(data(story));
    remarks.extend(login(story));
    remarks.extend(security(story));
    remarks.extend(order(story));
    remarks
}

/// RFC 1123 §4.1.2.5: each transfer has its own PORT or PASV, where closing ends a file.
fn ways(story: &Story) -> Option<Remark> {
    let (mut is_stream, mut is_prepared, mut moved) = (true, false, false);
    for line in &story.lines {
        if line.verb == "MODE" && line.answered == Some(200) {
            is_stream = line.argument().eq_ignore_ascii_case(b"S");
        } else if is_way(line) {
            is_prepared = true;
        } else if moves(line) {
            // The first may use the default port, and none that was refused has used up anything.
            if moved && !is_prepared && is_stream {
                let said = Said::new("a transfer without a PORT or PASV of its own")
                    .expected("PASV, EPSV, PORT or EPRT before it")
                    .received(shown(&line.text))
                    .at(line.event);
                return Some((WAY_EACH, Axis::Order, said));
            }
            let went = line.answered.is_some_and(|code| code / 100 == 2);
            moved |= went;
            is_prepared &= !went;
        }
    }
    None
}

/// RFC 1579: PASV is to be preferred.
fn first_way(story: &Story) -> Option<Remark> {
    let first = story.lines.iter().find(|line| is_way(line))?;
    if matches!(first.verb.as_str(), "PASV" | "EPSV" | "LPSV") {
        return None;
    }
    let said = Said::new("the client prefers PORT").expected("PASV or EPSV").received(shown(&first.text));
    Some((PASSIVE_FIRST, Axis::Command, said.at(first.event)))
}

fn data(story: &Story) -> Vec<Remark> {
    let unreached = story.unreached.map(|at| {
        let said = Said::new("nobody listens where the client told").expected("a data connection");
        (LISTENS, Axis::Data, said.received("a refusal").at(at))
    });
    let mut stored = story.data.iter().filter(|data| data.stored.is_some());
    let reset = stored.find(|data| data.closed == Some(CloseKind::Reset)).map(|data| {
        let said = Said::new("the client resets the connection on which it stores").expected("an end in order");
        (CLOSES, Axis::Data, said.at(data.event))
    });
    unreached.into_iter().chain(reset).collect()
}

/// RFC 959 §6: PASS answers 331.
fn login(story: &Story) -> Option<Remark> {
    let pairs = story.lines.iter().zip(story.lines.iter().skip(1));
    let (_, pass) = pairs
        .filter(|(user, pass)| user.verb == "USER" && pass.verb == "PASS" && user.connection == pass.connection)
        .find(|(user, _)| user.answered == Some(230))?;
    let said = Said::new("PASS, though USER was enough").expected("no PASS behind 230").received("PASS ****");
    Some((LOGIN, Axis::Order, said.at(pass.event)))
}

/// RFC 4217 §4.1, RFC 2228 §3.
fn security(story: &Story) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut auths = story.lines.iter().filter(|line| line.verb == "AUTH");
    if let Some(first) = auths.next() {
        let mechanism = String::from_utf8_lossy(first.argument()).to_ascii_uppercase();
        let said = |message: &str, expected: &str| {
            Said::new(message).expected(expected).received(shown(&first.text)).at(first.event)
        };
        if matches!(mechanism.as_str(), "SSL" | "TLS-P") {
            remarks.push((AUTH_TLS, Axis::Command, said("TLS is asked for by another name", "AUTH TLS")));
        }
        let is_registered = ["TLS", "TLS-C", "GSSAPI", "KERBEROS_V4", "KEA-SKIPJACK"].contains(&mechanism.as_str());
        if !is_registered && !mechanism.starts_with("X-") {
            remarks.push((AUTH_VALUE, Axis::Command, said("the mechanism is not registered", "TLS")));
        }
    }
    let secured = story.lines.iter().position(|line| line.verb == "AUTH" && line.answered == Some(234));
    let behind = secured.map(|at| story.lines.iter().skip(at + 1));
    let mut before_user = behind.into_iter().flatten().take_while(|line| line.verb != "USER");
    if let Some(line) = before_user.find(|line| moves(line)) {
        let said = Said::new("no USER under TLS").expected("USER before it").received(shown(&line.text));
        remarks.push((USER_UNDER_TLS, Axis::Order, said.at(line.event)));
    }
    remarks
}

/// What comes before what.
fn order(story: &Story) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let lang = story.lines.iter().position(|line| line.verb == "LANG");
    if let Some((at, line)) = lang.and_then(|at| Some((at, story.lines.get(at)?)))
        && !story.lines.iter().take(at).any(|line| line.verb == "FEAT")
    {
        let said = Said::new("LANG without FEAT before it").expected("FEAT first").received(shown(&line.text));
        remarks.push((FEAT_FIRST, Axis::Order, said.at(line.event)));
    }
    let allocated =
        story.lines.iter().position(|line| line.verb == "ALLO" && line.answered.is_some_and(|code| code / 100 == 2));
    let served = allocated.and_then(|at| story.lines.iter().skip(at + 1).find(|line| is_service(line)));
    if let Some(line) = served.filter(|line| !matches!(line.verb.as_str(), "STOR" | "APPE" | "STOU")) {
        let said =
            Said::new("ALLO is not followed by what it is for").expected("STOR or APPE").received(shown(&line.text));
        remarks.push((ALLO, Axis::Order, said.at(line.event)));
    }
    remarks
}

fn spoke(story: &Story) -> bool {
    !story.lines.is_empty()
}

fn said(story: &Story, verb: &str) -> bool {
    story.lines.iter().any(|line| line.verb == verb)
}

/// Whether a command was answered so, and another came behind it.
fn followed(story: &Story, verb: &str, code: u16) -> bool {
    let mut lines = story.lines.iter().enumerate();
    lines.any(|(at, line)| line.verb == verb && line.answered == Some(code) && story.behind(at).is_some())
}

/// A transfer command.
fn moves(line: &Line) -> bool {
    matches!(line.verb.as_str(), "RETR" | "STOR" | "STOU" | "APPE" | "LIST" | "NLST" | "MLSD")
}

/// What says how a data connection comes about.
fn is_way(line: &Line) -> bool {
    let is_verb = matches!(line.verb.as_str(), "PASV" | "EPSV" | "LPSV" | "PORT" | "EPRT" | "LPRT");
    is_verb && !is_epsv_all(line)
}

fn is_epsv_all(line: &Line) -> bool {
    line.verb == "EPSV" && line.argument().eq_ignore_ascii_case(b"ALL")
}

/// A service command (RFC 959 §4.1.3), and neither a parameter nor what goes before one.
fn is_service(line: &Line) -> bool {
    let others = ["RNFR", "RNTO", "DELE", "CWD", "CDUP", "MKD", "RMD", "PWD"];
    moves(line) || others.contains(&line.verb.as_str())
}

const WAY_EACH: &str = "rfc1123-4.1.2.5-client-port-per-transfer";
const PASSIVE_FIRST: &str = "rfc1579-client-prefers-pasv";
const LISTENS: &str = "rfc959-3.2-passive-side-listens-first";
const CLOSES: &str = "rfc959-3.2-client-closes-after-stor";
const LOGIN: &str = "rfc959-6-client-login-sequence";
const AUTH_TLS: &str = "rfc4217-4.1-client-auth-tls";
const AUTH_VALUE: &str = "rfc2228-8.1-auth-values-registered";
const USER_UNDER_TLS: &str = "rfc4217-4.2-user-required";
const FEAT_FIRST: &str = "rfc2640-4.1-client-feat-before-lang";
const ALLO: &str = "rfc959-4.1.3-allo-followed-by-stor";
