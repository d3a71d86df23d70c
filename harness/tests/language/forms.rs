//! Every written form and what it becomes.

use std::collections::BTreeMap;
use std::time::Duration;

use harness::scenario::tree::{
    Action, Charset, Closed, CodePattern, Content, Data, Ending, Entries, Entry, Expect, FactPattern, FactValue,
    Failure, Form, Left, Listened, Located, Method, Mode, Peer, Piece, ReadKind, ReadUse, ReplyPattern, Representation,
    Rule, Scenario, Sent, SentBody, Session, Silence, Structure, Template, TextMode, Tls, Wire, Within,
};
use harness::scenario::{Diagnostics, Suite};
use rstest::rstest;

const FILES: &str = "{ f: abc, big: { size: 1 MiB, seed: 7 }, d/: {} }";

fn load(keys: &str) -> Result<Scenario, Diagnostics> {
    let text = format!("purpose: A form.\ncovers: [x]\n{keys}\n");
    let suite = Suite::from_sources(BTreeMap::from([("forms.yaml".to_owned(), text)]))?;
    suite.scenario("forms").cloned().ok_or(Diagnostics(Vec::new()))
}

fn action(step: &str) -> Result<Action, Diagnostics> {
    let scenario = load(&format!("connections: {{ a: subject, b: second }}\nfiles: {FILES}\nsteps:\n  - {step}"))?;
    scenario.steps.first().map(|step| step.action.clone()).ok_or(Diagnostics(Vec::new()))
}

fn negotiates(on: Wire) -> Tls {
    Tls::Negotiate { on, session: Session::Resumed, failure: Failure::Against, server_name: None }
}

/// The octets of every segment; a capture as its name in braces.
fn said(step: &str) -> Result<(Vec<Vec<u8>>, bool), Diagnostics> {
    let text = format!("steps:\n  - S: {{ pass: 227, capture: {{ host-port: there }} }}\n  - {step}");
    let scenario = load(&text)?;
    let Some(Action::Say(say)) = scenario.steps.last().map(|step| &step.action) else {
        return Err(Diagnostics(Vec::new()));
    };
    Ok((say.segments.iter().map(octets).collect(), say.urgent))
}

fn octets(template: &Template) -> Vec<u8> {
    let piece = |piece: &Piece| match piece {
        Piece::Octets(octets) => octets.clone(),
        Piece::Capture(name) => format!("{{{name}}}").into_bytes(),
    };
    template.0.iter().flat_map(piece).collect()
}

fn text(template: &Template) -> String {
    String::from_utf8_lossy(&octets(template)).into_owned()
}

fn expected(step: &str) -> Result<Expect, Diagnostics> {
    let Action::Expect(expect) = action(step)? else { return Err(Diagnostics(Vec::new())) };
    Ok(*expect)
}

fn one(codes: &[u16]) -> ReplyPattern {
    ReplyPattern { codes: codes.iter().map(|code| CodePattern::Code(*code)).collect(), optional: false }
}

fn maybe(codes: &[u16]) -> ReplyPattern {
    ReplyPattern { optional: true, ..one(codes) }
}

#[rstest]
#[case("C: NOOP", &[r"NOOP\r\n"], false)]
#[case("C: CWD two words", &[r"CWD two words\r\n"], false)]
#[case("C: \"\"", &[r"\r\n"], false)]
#[case("C: 010", &[r"010\r\n"], false)]
#[case("C: [NOOP, \"SYST\"]", &[r"NOOP\r\nSYST\r\n"], false)]
#[case("C: PORT {there}", &[r"PORT {there}\r\n"], false)]
#[case("C: USER {user}", &[r"USER {user}\r\n"], false)]
#[case("C: \"CWD {{a}\"", &[r"CWD {a}\r\n"], false)]
#[case("C: { bytes: \"ff F4 fff2\", urgent: true }", &[r"\xff\xf4\xff\xf2"], true)]
#[case("C: { bytes: \"00\" }", &[r"\x00"], false)]
#[case("C: { line: NOOP }", &[r"NOOP\r\n"], false)]
#[case("C: { line: NOOP, end: lf }", &[r"NOOP\n"], false)]
#[case("C: { line: NOOP, end: cr }", &[r"NOOP\r"], false)]
#[case("C: { line: NOOP, end: none }", &["NOOP"], false)]
#[case("C: { segments: [\"NO\", \"OP\\r\\n\"] }", &["NO", r"OP\r\n"], false)]
fn what_the_client_says(#[case] step: &str, #[case] segments: &[&str], #[case] urgent: bool) {
    let (found, found_urgent) = said(step).unwrap();
    let found: Vec<_> = found.iter().map(|segment| segment.escape_ascii().to_string()).collect();
    assert_eq!(
        (found.as_slice(), found_urgent),
        (segments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>().as_slice(), urgent)
    );
}

#[rstest]
#[case("S: 226", vec![vec![one(&[226])]])]
#[case("S: 226 | 250", vec![vec![one(&[226, 250])]])]
#[case("S: 226|250", vec![vec![one(&[226, 250])]])]
#[case("S: [125? | 150?, 226 | 250]", vec![vec![maybe(&[125, 150]), one(&[226, 250])]])]
#[case("S: { pass: [120?, 220] }", vec![vec![maybe(&[120]), one(&[220])]])]
#[case("S: { any-of: [[426, 226], 225] }", vec![vec![one(&[426]), one(&[226])], vec![one(&[225])]])]
fn accepted_replies(#[case] step: &str, #[case] pass: Vec<Vec<ReplyPattern>>) {
    let found = expected(step).unwrap();
    assert_eq!((found.pass, found.rule), (pass, Rule::Tiers));
}

#[rstest]
#[case("S: 2yz", CodePattern::Class(2))]
#[case("S: 53z", CodePattern::Group(5, 3))]
fn classes_of_replies(#[case] step: &str, #[case] pattern: CodePattern) {
    assert_eq!(expected(step).unwrap().pass[0][0].codes, [pattern]);
}

#[rstest]
#[case("S: { exactly: 227 }", vec![vec![one(&[227])]], vec![])]
#[case("S: { exactly: [[426, 226], [225]] }", vec![vec![one(&[426]), one(&[226])], vec![one(&[225])]], vec![])]
#[case("S: { pass: 200, deviation: 202 | 250 }", vec![vec![one(&[200])]], vec![vec![one(&[202, 250])]])]
#[case("S: { pass: 200, deviation: [[120, 220], [250]] }", vec![vec![one(&[200])]], vec![vec![one(&[120]), one(&[220])], vec![one(&[250])]])]
fn explicit_rules(#[case] step: &str, #[case] pass: Vec<Vec<ReplyPattern>>, #[case] deviation: Vec<Vec<ReplyPattern>>) {
    let found = expected(step).unwrap();
    assert_eq!((found.pass, found.deviation, found.rule), (pass, deviation, Rule::Explicit));
}

#[rstest]
#[case("S: \"220 ready\"", "ready")]
#[case("S: \"220 {name} ready\"", "{name} ready")]
#[case("S: \"220-Welcome\\n220 ready\"", "Welcome\nready")]
#[case("S: { pass: 220, text: ready }", "ready")]
#[case("S: { pass: 220, text: 220 ready }", "ready")]
#[case("S: { pass: 226, text: 220 octets sent }", "220 octets sent")]
#[case("S: { pass: 211, text: \"211-Features:\\n MDTM\\n211 End\\n\" }", "Features:\n MDTM\nEnd")]
#[case("S: { pass: 211, text: \"Features:\\n MDTM\\nEnd\" }", "Features:\n MDTM\nEnd")]
#[case("S: { pass: 2yz, text: \"230-\\n230-Hello\\n230 Done\" }", "\nHello\nDone")]
fn texts_of_replies(#[case] step: &str, #[case] lines: &str) {
    assert_eq!(expected(step).unwrap().text.map(|found| text(&found.value)), Some(lines.to_owned()));
}

#[test]
fn the_rest_of_a_reply() {
    let found = expected(
        "S: { pass: 227, not-applicable: 500 | 50z, enough: 550, because: so, text: a, text-mode: exact, contains: [b, c], capture: { host-port: there }, reads: { port: \"21\" }, within: { timer: data } }",
    )
    .unwrap();
    assert_eq!(found.not_applicable, [CodePattern::Code(500), CodePattern::Group(5, 0)]);
    assert_eq!(found.enough, [CodePattern::Code(550)]);
    assert_eq!(found.because.as_deref(), Some("so"));
    assert_eq!(found.text_mode, Some(TextMode::Exact));
    assert_eq!(found.contains.iter().map(|part| text(&part.value)).collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!((found.reads[0].kind, &found.reads[0].use_), (ReadKind::HostPort, &ReadUse::Bind("there".to_owned())));
    assert_eq!(found.reads[1].kind, ReadKind::Port);
    assert_eq!(found.within, Within::Timer("data".to_owned()));
    assert_eq!((found.charset, found.language), (Charset::Any, None));
    assert_eq!(expected("S: { pass: 200, within: 2min }").unwrap().within, Within::Time(Duration::from_mins(2)));
    assert_eq!(expected("S: { pass: 200, contains: one }").unwrap().contains.len(), 1);
    assert_eq!(expected("S: { pass: 200, says: [one, two] }").unwrap().says.len(), 2);
    let found = expected("S: { pass: 211, without-features: [base, feat], language: DE, charset: utf-8 }").unwrap();
    assert_eq!(found.without_features.iter().map(|label| label.value.as_str()).collect::<Vec<_>>(), ["base", "feat"]);
    assert_eq!(found.language.map(|language| text(&language.value)).as_deref(), Some("DE"));
    assert_eq!(found.charset, Charset::Utf8);
}

fn content(content: Content) -> SentBody {
    SentBody::Content(content)
}

fn fixture(name: &str, from: u64) -> SentBody {
    content(Content::Fixture { name: name.to_owned(), from })
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[rstest]
#[case("f", fixture("f", 0))]
#[case("some text", content(Content::Octets(b"some text"[..].into())))]
#[case("\"\"", content(Content::Octets([].into())))]
#[case("g", content(Content::Octets(b"g"[..].into())))]
#[case("{ text: f }", content(Content::Octets(b"f"[..].into())))]
#[case("{ hex: \"00 ff\" }", content(Content::Octets([0, 255].into())))]
#[case("{ size: 64 KiB, seed: 9 }", content(Content::Generated { size: 65536, seed: 9 }))]
#[case("{ size: 3 }", content(Content::Generated { size: 3, seed: 0 }))]
#[case("{ of: f }", fixture("f", 0))]
#[case("{ of: big, from: 1 KiB }", fixture("big", 1024))]
#[case("{ rest-of: big }", SentBody::RestOf("big".to_owned()))]
#[case("{ names: [a, b] }", SentBody::Names(names(&["a", "b"])))]
#[case("{ names: [] }", SentBody::Names(names(&[])))]
#[case("{ mentions: [a], without: [b] }", SentBody::Mentions(names(&["a"]), names(&["b"])))]
#[case("{ without: [b] }", SentBody::Mentions(names(&[]), names(&["b"])))]
#[case("anything", SentBody::Anything)]
fn bodies(#[case] written: &str, #[case] body: SentBody) {
    let sent = |form| Sent { body: body.clone(), form, marker: None };
    let found = action(&format!("data: {{ server-sends: {written} }}")).unwrap();
    assert_eq!(found, Action::Data(Data::ServerSends(sent(Form::default()))));
    let found = action(&format!("data: {{ client-sends: {written}, form: ascii }}")).unwrap();
    assert_eq!(
        found,
        Action::Data(Data::ClientSends(sent(Form { representation: Representation::Ascii, ..Form::default() })))
    );
    let found = action(&format!("data: {{ write: {written}, form: image }}")).unwrap();
    assert_eq!(found, Action::Data(Data::Write(sent(Form::default()))));
}

#[rstest]
#[case("image", Form::default())]
#[case("file stream", Form::default())]
#[case("ebcdic", Form { representation: Representation::Ebcdic, ..Form::default() })]
#[case("records", Form { structure: Structure::Records, ..Form::default() })]
#[case("marked blocks", Form { structure: Structure::Marked, mode: Mode::Blocks, ..Form::default() })]
#[case("ascii pages compressed", Form { representation: Representation::Ascii, structure: Structure::Pages, mode: Mode::Compressed })]
#[case("records deflated", Form { structure: Structure::Records, mode: Mode::Deflated, ..Form::default() })]
fn forms(#[case] written: &str, #[case] form: Form) {
    let Action::Data(Data::Write(sent)) = action(&format!("data: {{ write: x, form: {written} }}")).unwrap() else {
        panic!("not a write");
    };
    assert_eq!(sent.form, form);
}

#[test]
fn restart_markers() {
    let steps = "files: { big: { size: 2 MiB } }\nsteps:\n  - data: { server-sends: anything, form: blocks, marker: mark }\n  \
                 - data: { server-sends: { of: big, behind: mark }, form: blocks }";
    let scenario = load(steps).unwrap();
    let Action::Data(Data::ServerSends(first)) = &scenario.steps[0].action else { panic!("not a body") };
    assert_eq!(first.marker.as_deref(), Some("mark"));
    let Action::Data(Data::ServerSends(second)) = &scenario.steps[1].action else { panic!("not a body") };
    let SentBody::Behind { name, marker } = &second.body else { panic!("not behind a marker") };
    assert_eq!((name.as_str(), marker.value.as_str()), ("big", "mark"));
}

fn entries(written: &str) -> Result<Entries, Diagnostics> {
    let found = action(&format!("data: {{ server-sends: {written} }}"))?;
    let Action::Data(Data::ServerSends(Sent { body: SentBody::Entries(entries), .. })) = found else {
        return Err(Diagnostics(Vec::new()));
    };
    Ok(*entries)
}

fn is(fact: &FactPattern) -> (String, String, bool) {
    match &fact.value {
        FactValue::Is(value) => (fact.name.clone(), text(value), true),
        FactValue::Differs(value) => (fact.name.clone(), text(value), false),
    }
}

#[test]
fn the_entries_of_a_listing() {
    let found = entries(
        "{ entries: { a b: { Type: file, unique: { not: x } }, c: {} }, only: Type;, cdir: here, pdir: \"{up}\" }",
    )
    .unwrap();
    assert_eq!(found.contents.keys().collect::<Vec<_>>(), ["a b", "c"]);
    let facts: Vec<_> = found.contents["a b"].iter().map(is).collect();
    assert_eq!(facts, [("type".to_owned(), "file".to_owned(), true), ("unique".to_owned(), "x".to_owned(), false)]);
    let texts = [found.only, found.listed, found.parent].map(|found| found.map(|found| text(&found.value)));
    assert_eq!(texts, ["Type;", "here", "{up}"].map(|text| Some(text.to_owned())));
    assert_eq!(entries("{ entries: {} }").unwrap(), Entries::default());
}

#[rstest]
#[case("data: { server-sends: { only: Type; } }")]
#[case("data: { server-sends: { entries: {}, names: [a] } }")]
#[case("data: { server-sends: { entries: { a: { type: { is: x } } } } }")]
#[case("data: { server-sends: { length: \"{unbound}\" } }")]
#[case("data: { server-sends: { entries: {}, only: \"{unbound}\" } }")]
#[case("data: { server-sends: { entries: { a: { type: { not: \"{unbound}\" } } } } }")]
#[case("S: { pass: 250, entry: { type: file } }")]
#[case("S: { pass: 250, entry: { only: \"{unbound}\" } }")]
#[case("S: { pass: 213, reads: { time: { not: \"{unbound}\" } } }")]
#[case("S: { pass: 211, if-features: [] }")]
fn what_is_no_form_of_facts(#[case] step: &str) {
    action(step).unwrap_err();
}

#[test]
fn what_a_reply_tells_of_features_and_facts() {
    let found = expected(
        "S: { pass: 211, features: [SIZE, MLST *], if-features: [TVFS], reads: { time: { not: x }, chosen: Type; }, \
         capture: { offered: all, starred: usual }, entry: { name: \"{n}\", facts: { size: \"3\" }, only: \"\" } }",
    )
    .unwrap();
    let values = |list: &[Located<String>]| list.iter().map(|one| one.value.clone()).collect::<Vec<_>>();
    assert_eq!(values(&found.features.unwrap()), ["SIZE", "MLST *"]);
    assert_eq!(values(&found.if_features), ["TVFS"]);
    let kinds: Vec<_> = found.reads.iter().map(|read| read.kind).collect();
    assert_eq!(kinds, [ReadKind::Offered, ReadKind::Starred, ReadKind::Time, ReadKind::Chosen]);
    assert!(matches!(&found.reads[2].use_, ReadUse::Differ(value) if text(value) == "x"));
    let entry = found.entry.unwrap();
    assert_eq!(entry.name.as_ref().map(text).as_deref(), Some("{n}"));
    assert_eq!(entry.facts.iter().map(is).collect::<Vec<_>>(), [("size".to_owned(), "3".to_owned(), true)]);
    assert_eq!(entry.only.map(|only| text(&only.value)).as_deref(), Some(""));
    assert_eq!(expected("S: { pass: 211, features: [] }").unwrap().features, Some(Vec::new()));
    assert_eq!(expected("S: 211").unwrap().features, None);
}

#[rstest]
#[case("19990929043300", 938_579_580)]
#[case("19691231235959", -1)]
fn when_a_file_was_modified(#[case] time: &str, #[case] seconds: i64) {
    let scenario =
        load(&format!("files: {{ f: abc, d/: {{}} }}\nmodified: {{ f: \"{time}\" }}\nsteps: [{{ C: NOOP }}]"));
    assert_eq!(scenario.unwrap().modified, BTreeMap::from([("f".to_owned(), seconds)]));
}

#[rstest]
#[case("{ g: \"19990929043300\" }")]
#[case("{ f: \"19990931043300\" }")]
#[case("{ f: \"1999092904330\" }")]
fn when_no_file_was_modified(#[case] modified: &str) {
    load(&format!("files: {{ f: abc }}\nmodified: {modified}\nsteps: [{{ C: NOOP }}]")).unwrap_err();
}

fn opened(method: Method) -> Action {
    Action::Data(Data::Open { method, reply: None, receive_buffer: None, transfers: 1 })
}

#[rstest]
#[case("login: {}", Action::Login)]
#[case("as: b", Action::Switch("b".to_owned()))]
#[case("silence: { on: control, for: 500ms }", Action::Silence { on: Listened::Control, during: Duration::from_millis(500) })]
#[case("silence: { on: data, for: 1s }", Action::Silence { on: Listened::Data, during: Duration::from_secs(1) })]
#[case("silence: { on: both, for: 1s }", Action::Silence { on: Listened::Both, during: Duration::from_secs(1) })]
#[case("tls: control", Action::Tls(negotiates(Wire::Control)))]
#[case("tls: data", Action::Tls(negotiates(Wire::Data)))]
#[case("tls: { on: data, session: fresh }", Action::Tls(Tls::Negotiate { on: Wire::Data, session: Session::Fresh, failure: Failure::Against, server_name: None }))]
#[case("tls: { on: control, failure: passes }", Action::Tls(Tls::Negotiate { on: Wire::Control, session: Session::Resumed, failure: Failure::Passes, server_name: None }))]
#[case("tls: { on: control, server-name: one.ftpspec.test }", Action::Tls(Tls::Negotiate { on: Wire::Control, session: Session::Resumed, failure: Failure::Against, server_name: Some("one.ftpspec.test".to_owned()) }))]
#[case("may-close: {}", Action::MayClose)]
#[case("tls: { leave: control }", Action::Tls(Tls::Leave))]
#[case("tls: { ended: close-notify }", Action::Tls(Tls::EndedByNotice))]
#[case("tls: { certificate: same }", Action::Tls(Tls::SameCertificate))]
#[case("closed: {}", Action::Closed(Closed { how: Ending::Any, within: Within::Default, last: vec![], not_applicable: vec![] }))]
#[case("closed: { how: fin, within: 5s }", Action::Closed(Closed { how: Ending::Fin, within: Within::Time(Duration::from_secs(5)), last: vec![], not_applicable: vec![] }))]
#[case("closed: { within: { timer: idle } }", Action::Closed(Closed { how: Ending::Any, within: Within::Timer("idle".to_owned()), last: vec![], not_applicable: vec![] }))]
#[case("closed: { last: 421, not-applicable: 221 }", Action::Closed(Closed { how: Ending::Any, within: Within::Default, last: vec![CodePattern::Code(421)], not_applicable: vec![CodePattern::Code(221)] }))]
#[case("data: { open: PORT, transfers: 2 }", Action::Data(Data::Open { method: Method::Port, reply: None, receive_buffer: None, transfers: 2 }))]
#[case("data: default-port", Action::Data(Data::DefaultPort))]
#[case("data: accept-from-default-port", Action::Data(Data::AcceptFromDefaultPort))]
#[case("data: expect-nothing", Action::Data(Data::ExpectNothing))]
#[case("data: { connect-from: 127.0.0.2 }", Action::Data(Data::ConnectFrom("127.0.0.2".parse().unwrap())))]
#[case("data: PASV", opened(Method::Pasv))]
#[case("data: PORT", opened(Method::Port))]
#[case("data: EPSV", opened(Method::Epsv))]
#[case("data: EPRT", opened(Method::Eprt))]
#[case("data: { open: EPSV }", opened(Method::Epsv))]
#[case("data: { open: PASV, receive-buffer: 64 KiB }", Action::Data(Data::Open { method: Method::Pasv, reply: None, receive_buffer: Some(65536), transfers: 1 }))]
#[case("data: { read: 1 MiB }", Action::Data(Data::Read(1 << 20)))]
#[case("data: connect", Action::Data(Data::Connect))]
#[case("data: accept", Action::Data(Data::Accept))]
#[case("data: shutdown", Action::Data(Data::Shutdown))]
#[case("data: reset", Action::Data(Data::Reset))]
#[case("data: abandon", Action::Data(Data::Abandon))]
#[case("data: expect-end", Action::Data(Data::ExpectEnd))]
#[case("data: { expect-no-connection: 500ms }", Action::Data(Data::ExpectNoConnection(Duration::from_millis(500))))]
fn other_steps(#[case] step: &str, #[case] expected: Action) {
    assert_eq!(action(step).unwrap(), expected);
}

#[rstest]
#[case("500", Silence::Against, &[])]
#[case("500, deviation: 5yz", Silence::Against, &[CodePattern::Class(5)])]
#[case("500, deviation: silence", Silence::Tolerated, &[])]
#[case("500, deviation: 5yz | silence", Silence::Tolerated, &[CodePattern::Class(5)])]
#[case("500, deviation: silence | 501 | 50z", Silence::Tolerated, &[CodePattern::Code(501), CodePattern::Group(5, 0)])]
fn tolerated_silence(#[case] reply: &str, #[case] silence: Silence, #[case] codes: &[CodePattern]) {
    let found = expected(&format!("S: {{ pass: {reply} }}")).unwrap();
    let tolerated: Vec<_> = found.deviation.concat().into_iter().flat_map(|pattern| pattern.codes).collect();
    assert_eq!((found.silence, tolerated.as_slice()), (silence, codes));
    assert_eq!(found.rule == Rule::Explicit, reply.contains("deviation"));
}

#[test]
fn the_words_that_a_text_may_begin_with() {
    assert_eq!(expected("S: { pass: 215, first-word: [UNIX, OS/2] }").unwrap().first_word, ["UNIX", "OS/2"]);
    assert!(expected("S: 215").unwrap().first_word.is_empty());
}

#[test]
fn ports_that_nobody_can_foretell() {
    let bound: String =
        ["a", "b", "c", "d", "e"].map(|name| format!("  - S: {{ pass: 229, capture: {{ port: {name} }} }}\n")).concat();
    let scenario = load(&format!("steps:\n{bound}  - unpredictable: [a, b, c, d, e]")).unwrap();
    let Some(Action::Unpredictable(names)) = scenario.steps.last().map(|step| &step.action) else { panic!("no step") };
    assert_eq!(names.iter().map(|name| name.value.as_str()).collect::<String>(), "abcde");
    assert!(load(&format!("steps:\n{bound}  - unpredictable: [a, b, c, d, f]")).is_err(), "f is not bound");
}

#[test]
fn a_text_again_and_again() {
    let scenario = load("files: { f: { text: ab, times: 2 KiB, end: \"!\" } }\nsteps: [{ C: NOOP }]").unwrap();
    let Entry::File(content) = &scenario.files["f"] else { panic!("no file") };
    assert_eq!(*content, Content::Repeated { unit: b"ab"[..].into(), times: 2048, end: b"!"[..].into() });
}

#[rstest]
#[case("PASV", "227 Entering Passive Mode ({host-port})", "Entering Passive Mode ({host-port})")]
#[case("PORT", "200 PORT command successful.", "PORT command successful.")]
#[case("EPSV", "229 Ok (|||{p}|)", "Ok (|||{p}|)")]
#[case("EPRT", "200", "")]
fn replies_of_open(#[case] method: &str, #[case] reply: &str, #[case] lines: &str) {
    let found = action(&format!("data: {{ open: {method}, reply: \"{reply}\" }}")).unwrap();
    let Action::Data(Data::Open { reply: Some(reply), .. }) = found else { panic!("{found:?}") };
    assert_eq!(text(&reply.value), lines);
}

#[test]
fn the_keys_of_a_scenario() {
    let scenario = load(concat!(
        "needs: [EPSV, writable]\ntext: exact\nconnections: { a: subject, b: subject }\n",
        "files: { f: abc, copy: { of: f, from: 1 }, box/: {}, box/deep.txt: \"\" }\n",
        "steps: [{ C: NOOP, for: y }]\nfinally:\n  - C: QUIT\n",
        "leaves: { f: same, copy: same as f, box/: same, gone: absent, made: directory, text: { text: absent } }",
    ))
    .unwrap();
    assert_eq!(scenario.needs.iter().map(|need| need.value.as_str()).collect::<Vec<_>>(), ["EPSV", "writable"]);
    assert_eq!(scenario.text, TextMode::Exact);
    assert_eq!(scenario.connections["b"], Peer::Subject);
    let f = || Content::Fixture { name: "f".to_owned(), from: 0 };
    assert_eq!(scenario.files["copy"], Entry::File(Content::Fixture { name: "f".to_owned(), from: 1 }));
    assert_eq!(scenario.files["box"], Entry::Directory);
    assert_eq!(scenario.files["box/deep.txt"], Entry::File(Content::Octets([].into())));
    assert_eq!(scenario.steps[0].requirement.as_deref(), Some("y"));
    assert_eq!(scenario.finally.len(), 1);
    let left = |path: &str| scenario.leaves[path].value.clone();
    assert_eq!((left("f"), left("copy")), (Left::File(f()), Left::File(f())));
    assert_eq!((left("box"), left("gone"), left("made")), (Left::Directory, Left::Absent, Left::Directory));
    assert_eq!(left("text"), Left::File(Content::Octets(b"absent"[..].into())));
}
