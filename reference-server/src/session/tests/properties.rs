//! What holds for every dialogue.

use proptest::prelude::*;
use protocol::command::TABLE;

use super::{Bench, code};
use crate::session::{End, Input, Received};

/// Something that happens to a session.
#[derive(Debug, Clone)]
enum Happening {
    Line(Vec<u8>),
    TooLong,
    TransferEnds(End),
    NoPortIsFree,
    PortsAreFree,
}

fn happening() -> impl Strategy<Value = Happening> {
    let end = prop_oneof![
        Just(End::Complete),
        Just(End::LeftOpen),
        Just(End::NotOpened),
        Just(End::Broken),
        Just(End::LocalError),
        Just(End::NoSpace),
        Just(End::TooMuch),
        Just(End::Stopped),
    ];
    prop_oneof![
        8 => likely_command().prop_map(|line| Happening::Line(line.as_bytes().to_vec())),
        4 => any_command().prop_map(Happening::Line),
        2 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Happening::Line),
        1 => Just(Happening::TooLong),
        4 => end.prop_map(Happening::TransferEnds),
        1 => Just(Happening::NoPortIsFree),
        1 => Just(Happening::PortsAreFree),
    ]
}

/// What leads somewhere.
fn likely_command() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "PASV",
        "EPSV",
        "EPSV ALL",
        "PORT 127,0,0,1,128,79",
        "RETR robots.txt",
        "STOR new",
        "STOU",
        "LIST",
        "LANG de",
        "LPSV",
        "HASH robots.txt",
        "MLSD",
        "RANG 0 5",
        "SITE UMASK 22",
        "MLST",
        "OPTS MLST Size;",
        "REST 5",
        "MODE B",
        "STRU R",
        "TYPE I",
        "RNFR robots.txt",
        "RNTO new",
        "ABOR",
        "STAT",
        "REIN",
        "USER u",
        "PASS p",
        "NOOP",
    ])
}

/// A verb, and an argument that fits or does not. QUIT is left out: it is said at the end.
fn any_command() -> impl Strategy<Value = Vec<u8>> {
    let names: Vec<&str> = TABLE.iter().map(|row| row.name).filter(|name| *name != "QUIT").collect();
    let arguments = [
        "",
        "robots.txt",
        "sub",
        "new",
        "..",
        "../..",
        "/",
        "127,0,0,1,128,79",
        "|1|127.0.0.1|2000|",
        "ALL",
        "A",
        "I",
        "5",
        "u",
        "p",
        "a\0b",
        "-la",
    ];
    (proptest::sample::select(names), proptest::sample::select(arguments.to_vec()))
        .prop_map(|(name, argument)| format!("{name} {argument}").into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// RFC 959 §4.2. (That no port listens at the end, and that two transfers never run, the bench checks at every step.)
    #[test]
    fn every_command_has_one_final_reply(happenings in proptest::collection::vec(happening(), 0..60)) {
        let mut bench = Bench::logged_in();
        let mut commands = 3; // The greeting and the login.
        for happening in happenings {
            match happening {
                Happening::Line(line) => {
                    bench.feed(Input::Received(Received::Line(line)));
                    commands += 1;
                }
                Happening::TooLong => {
                    bench.feed(Input::Received(Received::TooLong));
                    commands += 1;
                }
                Happening::TransferEnds(end) if bench.running.is_some() => drop(bench.end_transfer(1, end)),
                Happening::TransferEnds(_) => {}
                Happening::NoPortIsFree => bench.can_listen = false,
                Happening::PortsAreFree => bench.can_listen = true,
            }
            if bench.is_closed() {
                // Too many wrong passwords.
                prop_assert_eq!(bench.replies.last().map(|reply| code(reply)), Some("421"));
                prop_assert!(!bench.listens);
                return Ok(());
            }
        }
        while bench.running.is_some() {
            bench.end_transfer(1, End::Complete);
        }
        prop_assume!(!bench.is_closed());
        bench.say("QUIT");
        commands += 1;
        prop_assert!(bench.is_closed());
        prop_assert!(!bench.listens);
        let finals = bench.replies.iter().filter(|reply| !reply.starts_with('1')).count();
        prop_assert_eq!(finals, commands);
    }
}
