//! The arrows between the modules of the harness.

use crate::none;
use crate::reader::{Named, Source, sources};

/// What each module of the harness may import of the others: cli → run → judge, plan → subject → scenario, wire.
const ROOMS: [(&str, &[&str]); 11] = [
    // A score comes from a report, and from nothing else.
    ("grade", &["scenario"]),
    ("cli", &["builtin", "coverage", "grade", "run", "judge", "plan", "record", "subject", "scenario", "wire"]),
    ("coverage", &["scenario"]),
    ("run", &["grade", "judge", "plan", "subject", "scenario", "wire"]),
    // From what was written down to a scenario: no socket is needed for that.
    ("record", &["scenario", "wire"]),
    ("plan", &["subject", "scenario"]),
    // The judge knows no subject: whose reply it was decides nothing.
    ("judge", &["scenario", "wire"]),
    ("subject", &[]),
    ("scenario", &[]),
    ("wire", &[]),
    ("builtin", &[]),
];

/// The rooms that touch sockets, processes and clocks.
const ACTING: [&str; 2] = ["run", "subject"];

/// What a verdict may never depend on.
const ACTS: [&str; 9] = [
    "tokio",
    "socket2",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::os::unix::net",
    "std::thread",
    "std::process::Command",
    "std::time::SystemTime",
];

#[test]
fn every_room_is_known_here() {
    let unknown: Vec<_> = harness()
        .into_iter()
        .filter(|source| !is_front(source) && allowed(room(source)).is_none())
        .map(|source| source.file)
        .collect();
    none(&unknown, "A new room of the harness: say in ROOMS and in ARCHITECTURE.md what it may import.");
}

#[test]
fn rooms_draw_no_forbidden_arrow() {
    let mut wrong = Vec::new();
    for source in harness().iter().filter(|source| !is_front(source)) {
        for named in forbidden(source) {
            wrong.push(format!("{}:{} names {}", source.file, named.line, named.path.join("::")));
        }
    }
    none(
        &wrong,
        "An arrow that ARCHITECTURE.md forbids: cli → run → judge, plan → subject → scenario, wire. \
         Move what is needed to the lower room, or hand it in as an argument.",
    );
}

#[test]
fn only_run_and_subject_act() {
    let mut wrong = Vec::new();
    for source in harness().iter().filter(|source| !is_front(source) && !ACTING.contains(&room(source))) {
        // `available_parallelism` asks how many, and starts nothing.
        let acts = |named: &&Named| {
            named.path.len() > 1
                && ACTS.iter().any(|act| named.meets(act))
                && !named.meets("std::thread::available_parallelism")
        };
        wrong.extend(
            source
                .code
                .iter()
                .filter(acts)
                .map(|named| format!("{}:{} names {}", source.file, named.line, named.path.join("::"))),
        );
    }
    none(
        &wrong,
        "Sockets, processes, threads and the time of day belong to `run` and `subject`. A verdict comes from what they wrote down.",
    );
}

#[test]
fn judge_plan_grade_and_wire_open_no_files() {
    let rooms = ["grade", "judge", "plan", "record", "wire"];
    let sources = harness();
    let pure = sources.iter().filter(|source| rooms.contains(&room(source)));
    let files = pure.flat_map(|source| {
        let opens = source.code.iter().filter(|named| {
            named.path.len() > 1
                && ["std::fs", "std::time::Instant", "rustix", "tempfile"].iter().any(|act| named.meets(act))
        });
        opens.map(|named| format!("{}:{} names {}", source.file, named.line, named.path.join("::")))
    });
    none(
        &files.collect::<Vec<_>>(),
        "The same transcript gives the same verdict, on any machine at any time: read files and clocks in `run`.",
    );
}

fn harness() -> Vec<Source> {
    sources(&["harness/src"])
}

/// lib.rs and main.rs name the rooms; they are none.
fn is_front(source: &Source) -> bool {
    ["harness/src/lib.rs", "harness/src/main.rs"].contains(&source.file.as_str())
}

fn room(source: &Source) -> &str {
    let inside = source.file.trim_start_matches("harness/src/");
    inside.split(['/', '.']).next().unwrap_or_default()
}

fn allowed(room: &str) -> Option<&'static [&'static str]> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, allowed)| *allowed)
}

/// The paths that lead to a room which this file's room may not import.
fn forbidden(source: &Source) -> impl Iterator<Item = &Named> {
    let own = room(source);
    let allowed = allowed(own).unwrap_or_default();
    source.code.iter().filter(move |named| {
        let to = named.path.get(1).map(String::as_str);
        named.path[0] == "crate" && to.is_none_or(|to| to != own && !allowed.contains(&to))
    })
}
