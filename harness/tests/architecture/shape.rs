//! Sizes and names.

use crate::none;
use crate::reader::{Source, files_below, sources, text};

const ROOMS: [&str; 5] = ["protocol", "reference-server", "reference-client", "harness", "reports"];

/// Names that say nothing of what is inside.
const VAGUE: [&str; 14] = [
    "base", "common", "context", "core", "handler", "helper", "helpers", "imp", "info", "manager", "misc", "types",
    "util", "utils",
];

#[test]
fn no_file_is_longer_than_600_lines() {
    let wrong = longer(sources(&ROOMS).iter(), 600);
    none(&wrong, "Split it by what its parts are for: `name.rs` stays, its parts go into `name/`.");
}

#[test]
fn no_main_is_longer_than_40_lines() {
    let sources = sources(&["reference-server/src", "reference-client/src", "harness/src"]);
    let mains: Vec<_> = sources.iter().filter(|source| source.file.ends_with("/src/main.rs")).collect();
    assert_eq!(mains.len(), 3, "each program has a main.rs");
    let wrong = longer(mains.into_iter(), 40);
    none(&wrong, "A main hands its arguments to the library and does nothing else.");
}

#[test]
fn no_scenario_is_longer_than_40_lines() {
    let apart =
        ["assignments", "requirements", "profiles", "rubrics", "vectors"].map(|folder| format!("scenarios/{folder}/"));
    let lists = ["readings", "vocabulary"].map(|list| format!("scenarios/{list}.yaml"));
    let scenarios = files_below("scenarios", "yaml")
        .into_iter()
        .filter(|file| !apart.iter().chain(&lists).any(|apart| file.starts_with(apart)));
    let lengths = scenarios.map(|file| (text(&file).lines().count(), file));
    let wrong: Vec<_> =
        lengths.filter(|(lines, _)| *lines > 40).map(|(lines, file)| format!("{file}: {lines} lines")).collect();
    none(&wrong, "One purpose a scenario: write two, or put what comes before into scenarios/given/.");
}

#[test]
fn no_module_is_called_mod_rs() {
    let wrong: Vec<_> = files(&sources(&ROOMS)).filter(|file| file.ends_with("/mod.rs")).collect();
    none(&wrong, "Call it by its name: `name.rs` beside the folder `name/`.");
}

#[test]
fn no_module_has_a_vague_name() {
    let vague = |file: &String| {
        VAGUE.iter().any(|name| file.ends_with(&format!("/{name}.rs")) || file.contains(&format!("/{name}/")))
    };
    let wrong: Vec<_> = files(&sources(&ROOMS)).filter(vague).collect();
    none(&wrong, "Name the module by what it knows, so that a reader finds it without opening it.");
}

fn longer<'s>(sources: impl Iterator<Item = &'s Source>, most: usize) -> Vec<String> {
    sources
        .filter(|source| source.lines > most)
        .map(|source| format!("{}: {} lines", source.file, source.lines))
        .collect()
}

fn files(sources: &[Source]) -> impl Iterator<Item = String> {
    sources.iter().map(|source| source.file.clone())
}
