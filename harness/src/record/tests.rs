//! Small sessions, and what is written of them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reports::model::{Body, Channel, CloseKind, Event, What};
use rstest::rstest;

use super::{Purpose, Session, scenario};
use crate::scenario::Suite;

const LOGGED_IN: &str = "purpose: x\ntested-by: t\nsteps:\n  - S: [120?, 220]\n  - login: {}\n";

/// What was written, and read again without an error.
fn written(events: &[(Channel, What)]) -> String {
    let event = |(channel, what): &(Channel, What)| Event {
        at: 0,
        step: 0,
        act: 0,
        connection: "a".to_owned(),
        channel: *channel,
        secured: false,
        what: what.clone(),
    };
    let events: Vec<_> = events.iter().map(event).collect();
    let text = scenario(&Session::of(&events), &Purpose::of("")).unwrap_or_default();
    if !text.is_empty() {
        read(&text);
    }
    text
}

fn read(text: &str) -> Suite {
    let texts = [("t.yaml", text), ("given/logged-in.yaml", LOGGED_IN)];
    let texts: BTreeMap<_, _> = texts.into_iter().map(|(file, text)| (file.to_owned(), text.to_owned())).collect();
    Suite::from_sources(texts).unwrap_or_else(|faults| panic!("{faults}\n{text}"))
}

/// `C: ` and `S: ` are lines, `< ` a body to the server and `> ` one to the client, `+` a data connection, `TLS` its
/// beginning, `END` the server's.
fn events(dialogue: &str) -> Vec<(Channel, What)> {
    let body = |text: &str| {
        let octets = text.replace("\\r", "\r").replace("\\n", "\n").into_bytes();
        Body {
            length: octets.len() as u64,
            sha256: String::new(),
            octets: Some(octets.into()),
            differs_at: None,
            there: None,
            ended: true,
            framing: None,
        }
    };
    let line = |text: &str| format!("{text}\r\n").into_bytes().into();
    let connected = || What::Connected { local: String::new(), peer: String::new() };
    let read = |text: &str| match text.split_at_checked(2) {
        Some(("C:", said)) => (Channel::Control, What::Received { octets: line(said.trim_start()) }),
        Some(("S:", said)) => (Channel::Control, What::Sent { octets: line(said.trim_start()), urgent: false }),
        Some(("> ", octets)) => (Channel::Data, What::BodySent(body(octets))),
        Some(("< ", octets)) => (Channel::Data, What::BodyReceived(body(octets))),
        Some(("TL", _)) => {
            (Channel::Control, What::Secured { version: String::new(), resumed: false, certificate: None })
        }
        Some(("EN", _)) => (Channel::Control, What::Hung { how: CloseKind::Fin }),
        _ => (Channel::Data, connected()),
    };
    dialogue.trim().lines().map(|line| read(line.trim())).collect()
}

const LOGIN: &str = "S: 220 Hello\nC: USER anna\nS: 331 Password\nC: PASS sesame\nS: 230 In\n";

/// The lines behind `purpose` and `recorded`, for a session that begins with a login.
fn behind_login(dialogue: &str) -> String {
    let text = written(&events(&format!("{LOGIN}{dialogue}")));
    let (_, behind) = text.split_once("given: [logged-in]\n").unwrap_or_else(|| panic!("{text}"));
    behind.to_owned()
}

fn steps(dialogue: &str) -> String {
    let text = written(&events(dialogue));
    text.split_once("steps:\n").map(|(_, steps)| steps.to_owned()).unwrap_or_default()
}

#[rstest]
// A login is a start state; later it is a step; what is no login is said as it was, without its secrets.
#[case("S: 220 a\nC: USER anna\nS: 331 b\nC: PASS sesame\nS: 230 c\nC: NOOP\nS: 200 d", "  - C: NOOP\n  - S: 200\n")]
#[case(
    "S: 220 a\nC: FEAT\nS: 500 b\nC: USER anna\nS: 331 b\nC: PASS sesame\nS: 332 c\nC: ACCT sesame\nS: 230 c",
    "  - S: [120?, 220]\n  - C: FEAT\n  - S: 500\n  - login: {}\n"
)]
#[case(
    "S: 220 a\nC: USER anna\nS: 331 b\nC: PASS sesame\nS: 530 c",
    "  - S: [120?, 220]\n  - C: \"USER {user}\"\n  - S: 331\n  - C: \"PASS not-{password}\"\n  - S: 530\n"
)]
#[case(
    "S: 220 a\nC: USER anna\nC: PASS sesame\nS: 331 b\nS: 230 c",
    "  - S: [120?, 220]\n  - C: [\"USER {user}\", \"PASS {password}\"]\n  - S: 331\n  - S: 230\n"
)]
#[case(
    "S: 220 a\nC: AUTH GSSAPI\nS: 334 b\nC: ADAT sesame\nS: 535 c",
    "  - S: [120?, 220]\n  - C: AUTH GSSAPI\n  - S: 334\n  - C: \"ADAT bm90IGtlcHQ=\"\n  - S: 535\n"
)]
// TLS began, and CCC ended it.
#[case(
    "S: 220 a\nC: AUTH TLS\nS: 234 b\nTLS\nC: CCC\nS: 200 c",
    "  - S: [120?, 220]\n  - C: AUTH TLS\n  - S: 234\n  - tls: control\n  - C: CCC\n  - S: 200\n  - tls: { leave: control }\n"
)]
// Replies: of several one after the other, of a wrong second digit the class, unasked ones with a word.
#[case("S: 220 a\nC: X\nS: 120 b\nS: 299 c", "  - S: [120?, 220]\n  - C: X\n  - S: [120, 2yz]\n")]
#[case(
    "S: 220 a\nC: X\nS: 200 b\nS: 201 c",
    "  - S: [120?, 220]\n  - C: X\n  - S: 200\n  # Nobody had asked for this one.\n  - S: 201\n"
)]
#[case("S: 421 a\nC: X\nEND", "  - S: 421\n  - C: X\n  - closed: {}\n")]
// Commands that were said at once stay together.
#[case(
    "S: 220 a\nC: X\nC: Y\nS: 200 b\nC: Z\nS: 201 c\nS: 202 d",
    "  - S: [120?, 220]\n  - C: [X, Y, Z]\n  - S: 200\n  - S: 201\n  - S: 202\n"
)]
fn control(#[case] dialogue: &str, #[case] expected: &str) {
    let steps = steps(dialogue);
    assert_eq!(steps, expected);
    assert!(!written(&events(dialogue)).contains("sesame"));
}

#[rstest]
#[case(
    "C: PWD\nS: 257 \"/home/a\" here\nC: CWD /home/a/b\nS: 250 x\nC: PWD\nS: 257 \"/home/a/b\" here",
    "files:\n  b/: {}\nsteps:\n  - C: PWD\n  - S: { pass: 257, capture: { path: home } }\n  - C: \"CWD {home}/b\"\n  - S: 250\n  - C: PWD\n  - S: { pass: 257, reads: { path: \"{home}/b\" } }\n"
)]
#[case(
    "C: TYPE I\nS: 200 x\nC: SIZE a\nS: 213 12\nC: MDTM a\nS: 213 20260102030405",
    "files:\n  a: { size: 12, seed: 1 }\nsteps:\n  - C: TYPE I\n  - S: 200\n  - C: SIZE a\n  - S: { pass: 213, reads: { size: \"12\" } }\n  - C: MDTM a\n  - S: { pass: 213, capture: { time: time-1 } }\n"
)]
#[case("C: PORT 10,1,2,3,4,5\nS: 500 x", "steps:\n  - C: \"PORT 192,0,2,1,200,1\"\n  - S: 500\n")]
#[case("C: EPSV 1\nS: 229 (|||4000|)", "steps:\n  - C: EPSV 1\n  - S: 229\n  - data: connect\n")]
#[case(
    "C: DELE a\nS: 250 x\nC: MKD d\nS: 257 x\nC: MKD e\nS: 550 File exists\nC: RNFR f\nS: 350 x\nC: RNTO g\nS: 250 x",
    "files:\n  a: { text: \"it was not read\\n\" }\n  e/: {}\n  f: { text: \"it was not read\\n\" }\nsteps:\n  - C: DELE a\n  - S: 250\n  - C: MKD d\n  - S: 257\n  - C: MKD e\n  - S: 550\n  - C: RNFR f\n  - S: 350\n  - C: RNTO g\n  - S: 250\nleaves:\n  a: absent\n  d: directory\n  f: absent\n  g: { text: \"it was not read\\n\" }\n"
)]
fn names_and_values(#[case] dialogue: &str, #[case] expected: &str) {
    assert_eq!(behind_login(dialogue), expected);
}

#[rstest]
#[case(
    "C: TYPE I\nS: 200 x\nC: PASV\nS: 227 (127,0,0,1,4,5)\n+\nC: RETR a\nS: 150 x\n> one\\n\nS: 226 x",
    "files:\n  a: { text: \"one\\n\" }\nsteps:\n  - C: TYPE I\n  - S: 200\n  - data: PASV\n  - C: RETR a\n  - S: 125 | 150\n  - data: { server-sends: { of: a } }\n  - S: 226\n"
)]
#[case(
    "C: PASV\nS: 227 (127,0,0,1,4,5)\n+\nC: RETR a\nS: 150 x\n> one\\r\\n\nS: 226 x",
    "files:\n  a: { text: \"one\\n\" }\nsteps:\n  - data: PASV\n  - C: RETR a\n  - S: 125 | 150\n  - data: { server-sends: { of: a }, form: ascii }\n  - S: 226\n"
)]
#[case(
    "C: PASV\nS: 227 (127,0,0,1,4,5)\n+\nC: RETR a\nS: 150 x\n> one\\n\nS: 226 x",
    "files:\n  a: { text: \"one\\n\" }\nsteps:\n  - data: PASV\n  - C: RETR a\n  - S: 125 | 150\n  - data: { server-sends: { of: a } }\n  - S: 226\n"
)]
#[case(
    "C: TYPE I\nS: 200 x\nC: PORT 127,0,0,1,4,5\nS: 200 x\nC: STOR a\n+\n< one\nS: 226 x\nC: APPE a\n+\n< two\nS: 226 x",
    "steps:\n  - C: TYPE I\n  - S: 200\n  - data: PORT\n  - C: STOR a\n  - data: { client-sends: { text: \"one\" } }\n  - S: [125? | 150?, 226]\n  - C: APPE a\n  - data: { client-sends: { text: \"two\" } }\n  - S: [125? | 150?, 226]\nleaves:\n  a: { text: \"onetwo\" }\n"
)]
#[case(
    "C: TYPE I\nS: 200 x\nC: EPSV\nS: 229 (|||4|)\n+\nC: REST 2\nS: 350 x\nC: RETR a\nS: 150 x\n> e\nS: 226 x",
    "files:\n  a: { size: 3, seed: 1 }\nsteps:\n  - C: TYPE I\n  - S: 200\n  - data: EPSV\n  - C: REST 2\n  - S: 350\n  - C: RETR a\n  - S: 125 | 150\n  - data: { server-sends: { of: a, from: 2 } }\n  - S: 226\n"
)]
#[case(
    "C: EPSV\nS: 229 (|||4|)\n+\nC: LIST -a\nS: 150 x\n> -rw-r--r-- 1 u g 7 Jan 1 2020 a b\\r\\ndrwx 2 u g 9 Jan 1 2020 d\\r\\n\nS: 226 x",
    "files:\n  a b: { size: 7, seed: 1 }\n  d/: {}\nsteps:\n  - data: EPSV\n  - C: LIST -a\n  - S: 125 | 150\n  - data: { server-sends: { mentions: [a b, d] } }\n  - S: 226\n"
)]
#[case(
    "C: EPSV\nS: 229 (|||4|)\n+\nC: NLST\nS: 150 x\n> b\\r\\na\\r\\n\nS: 226 x",
    "files:\n  a: { text: \"it was not read\\n\" }\n  b: { text: \"it was not read\\n\" }\nsteps:\n  - data: EPSV\n  - C: NLST\n  - S: 125 | 150\n  - data: { server-sends: { names: [a, b] } }\n  - S: 226\n"
)]
// PROT P: every transfer is under TLS.
#[case(
    "C: PROT P\nS: 200 x\nC: EPSV\nS: 229 (|||4|)\n+\nC: NLST\nS: 150 x\nS: 226 x",
    "steps:\n  - C: PROT P\n  - S: 200\n  - data: EPSV\n  - C: NLST\n  - tls: data\n  - S: 125 | 150\n  - data: { server-sends: { text: \"\" } }\n  - S: 226\n"
)]
// ABOR: as far as it came, and both replies.
#[case(
    "C: EPSV\nS: 229 (|||4|)\n+\nC: RETR a\nS: 150 x\n> abc\nC: ABOR\nS: 426 x\nS: 226 x",
    "files:\n  a: { size: 33554432, seed: 1 }\nsteps:\n  - data: EPSV\n  - C: RETR a\n  - S: 125 | 150\n  - data: { read: 3 }\n  - C: ABOR\n  - data: abandon\n  - S: 426\n  - S: 226\n"
)]
// Names that lead out of the folder are no files of the scenario.
#[case(
    "C: DELE ../../etc/passwd\nS: 250 x\nC: MKD a/../..\nS: 257 x\nC: MKD ~x\nS: 257 x",
    "steps:\n  - C: DELE ../../etc/passwd\n  - S: 250\n  - C: MKD a/../..\n  - S: 257\n  - C: \"MKD ~x\"\n  - S: 257\n"
)]
fn transfers(#[case] dialogue: &str, #[case] expected: &str) {
    let dialogue = format!("C: PWD\nS: 257 \"/home/a\"\n{dialogue}");
    let expected =
        expected.replacen("steps:\n", "steps:\n  - C: PWD\n  - S: { pass: 257, capture: { path: home } }\n", 1);
    assert_eq!(behind_login(&dialogue), expected);
}

/// A step names it, so it cannot become a directory behind that.
#[test]
fn a_file_that_was_read_stays_a_file() {
    let read = "C: TYPE I\nS: 200 x\nC: PASV\nS: 227 (127,0,0,1,4,5)\n+\nC: RETR a\nS: 150 x\n> one\nS: 226 x\n";
    let text = behind_login(&format!("{read}C: DELE a/b\nS: 250 x\nC: CWD a\nS: 250 x"));
    assert!(text.starts_with("files:\n  a: { text: \"one\" }\nsteps:\n"), "{text}");
}

#[test]
fn a_long_body_is_generated() {
    let mut dialogue = events(&format!(
        "{LOGIN}C: TYPE I\nS: 200 x\nC: PASV\nS: 227 (127,0,0,1,4,5)\n+\nC: STOR big\nS: 150 x\n< x\nS: 226 x"
    ));
    for (_, what) in &mut dialogue {
        if let What::BodyReceived(body) = what {
            body.length = 5_000_000;
            body.octets = None;
        }
    }
    let text = written(&dialogue);
    assert!(
        text.contains("client-sends: { size: 5000000, seed: 1 }") && text.contains("big: { size: 5000000, seed: 1 }"),
        "{text}"
    );
}

#[test]
fn a_long_session_is_cut_and_stays_a_scenario() {
    let lines: Vec<_> =
        (0..9000).map(|number| format!("C: MKD directory-of-a-long-name-{number}\nS: 257 made")).collect();
    let more = lines.join("\n");
    let text = written(&events(&format!("{LOGIN}{more}")));
    assert!(text.contains("# The session went on") && text.len() < 900_000, "{}", text.len());
}

const VERBS: [&str; 34] = [
    "USER", "PASS", "ACCT", "CWD", "CDUP", "PWD", "TYPE", "STRU", "MODE", "RETR", "STOR", "APPE", "STOU", "LIST",
    "NLST", "MLSD", "MLST", "SIZE", "MDTM", "MFMT", "REST", "RNFR", "RNTO", "DELE", "MKD", "RMD", "PASV", "EPSV",
    "PORT", "EPRT", "ABOR", "STAT", "PROT", "REIN",
];

/// Anything that a peer may say.
fn anything() -> impl Strategy<Value = (Channel, What)> {
    let argument = prop_oneof![
        Just("a".to_owned()),
        Just("/a/b".to_owned()),
        Just("..".to_owned()),
        Just("I".to_owned()),
        Just("each".to_owned()),
        any::<String>(),
    ];
    let octets = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..80),
        Just(b"a\r\nb\nc/d\r\n".to_vec()),
        Just(b"drwx 2 u g 9 Jan 1 2020 {d}\r\n-rw 2 u g 9 Jan 1 2020 #\r\n".to_vec()),
        Just(b"type=dir; a: b\r\ntype=file;size=99999999999999; '\r\n".to_vec()),
    ];
    let said = (proptest::sample::select(&VERBS[..]), argument)
        .prop_map(|(verb, argument)| format!("{verb} {argument}\r\n").into_bytes());
    let reply = (100_u16..700, "[^\r\n]{0,30}").prop_map(|(code, text)| format!("{code} {text}\r\n").into_bytes());
    let known = proptest::sample::select(
        &[
            "150 x",
            "226 x",
            "250 x",
            "257 \"/\" x",
            "257 \"/h {\"",
            "213 20260102030405",
            "213 7",
            "227 (1,2,3,4,5,6)",
            "229 (|||5|)",
            "200 x",
            "350 x",
            "230 x",
            "331 x",
        ][..],
    );
    let body = move |octets: Vec<u8>| Body {
        length: octets.len() as u64,
        sha256: String::new(),
        octets: Some(octets.into()),
        differs_at: None,
        there: None,
        ended: true,
        framing: None,
    };
    let received = |octets: Vec<u8>| (Channel::Control, What::Received { octets: octets.into() });
    let sent = |octets: Vec<u8>| (Channel::Control, What::Sent { octets: octets.into(), urgent: false });
    prop_oneof![
        4 => said.prop_map(received),
        1 => octets.clone().prop_map(received),
        2 => reply.prop_map(sent),
        5 => known.prop_map(move |line| sent(format!("{line}\r\n").into_bytes())),
        1 => octets.clone().prop_map(sent),
        1 => octets.clone().prop_map(move |octets| (Channel::Data, What::BodySent(body(octets)))),
        1 => octets.prop_map(move |octets| (Channel::Data, What::BodyReceived(body(octets)))),
        1 => Just((Channel::Data, What::Connected { local: String::new(), peer: String::new() })),
        1 => Just((Channel::Control, What::Secured { version: String::new(), resumed: false, certificate: None })),
    ]
}

proptest! {
    #[test]
    fn whatever_was_said_is_a_scenario(said in proptest::collection::vec(anything(), 0..60), logged_in: bool) {
        let mut all = if logged_in { events(LOGIN) } else { Vec::new() };
        all.extend(said);
        let text = written(&all);
        prop_assert!(!text.contains("sesame"), "{text}");
    }
}
