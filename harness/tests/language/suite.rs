//! A small suite on disk, made into scenarios.

use std::path::{Path, PathBuf};

use harness::scenario::tree::{Action, Content, Data, Entry, Left, Method, Peer, Sent, SentBody};
use harness::scenario::{FilingKind, LoadError, Said, Sources, Suite};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite")
}

fn suite() -> Result<Suite, LoadError> {
    let mut sources = Sources::default();
    sources.add_folder(&folder())?;
    Ok(Suite::load(sources)?)
}

#[test]
fn every_row_is_a_scenario() {
    let suite = suite().unwrap();
    let ids: Vec<_> = suite.scenarios().iter().map(|scenario| scenario.id.as_str()).collect();
    let expected = [
        "example/between-two-servers",
        "example/retrieve[open=PASV,size=0]",
        "example/retrieve[open=PASV,size=64_KiB]",
        "example/retrieve[open=PORT,size=0]",
        "example/retrieve[open=PORT,size=64_KiB]",
        "example/user-and-password",
    ];
    assert_eq!(ids, expected);
}

#[test]
fn a_row_is_filled_in_and_keeps_its_lines() {
    let suite = suite().unwrap();
    let scenario = suite.scenario("example/retrieve[open=PORT,size=64_KiB]").unwrap();
    assert_eq!(scenario.purpose.value, "RETR sends the octets of a file of 64 KiB octets.");
    assert_eq!(scenario.row["open"], "PORT");
    assert_eq!(scenario.files["body"], Entry::File(Content::Generated { size: 65536, seed: 7 }));
    assert!(scenario.files.contains_key("welcome.txt"), "the given state's file");
    let open = &scenario.steps[0];
    assert_eq!(
        open.action,
        Action::Data(Data::Open { method: Method::Port, reply: None, receive_buffer: None, transfers: 1 })
    );
    assert_eq!((open.span.line, open.span.column, open.span.width), (8, 5, 10));
    assert!(scenario.source.contains("  - data: PORT\n"));
    assert!(scenario.source.contains("each: { open: [PASV, PORT]"), "the table stays");
    let body = Content::Fixture { name: "body".to_owned(), from: 0 };
    let Action::Data(Data::ServerSends(Sent { body: SentBody::Content(sent), .. })) = &scenario.steps[3].action else {
        panic!("{:?}", scenario.steps[3])
    };
    assert_eq!(*sent, body);
    assert_eq!(scenario.leaves["body"].value, Left::File(body));
}

#[test]
fn the_second_server_has_files_of_its_own() {
    let suite = suite().unwrap();
    let scenario = suite.scenario("example/between-two-servers").unwrap();
    let orig = Content::Fixture { name: "orig".to_owned(), from: 0 };
    assert_eq!(scenario.second_files["twin"], Entry::File(orig.clone()));
    assert_eq!(scenario.second_files.len(), 2);
    assert!(!scenario.files.contains_key("b") && scenario.files.contains_key("orig"));
    assert_eq!(scenario.second_leaves["copy"].value, Left::File(orig));
    assert_eq!(scenario.second_leaves["lost"].value, Left::Absent);
    assert_eq!(scenario.leaves.keys().collect::<Vec<_>>(), ["orig"]);
    assert_eq!(scenario.connections["b"], Peer::Second);
}

#[test]
fn patterns_select() {
    let suite = suite().unwrap();
    let count = |pattern: &str| suite.select(&[pattern]).map(|found| found.len()).map_err(|error| error.to_string());
    assert_eq!(count("example/retrieve"), Ok(4));
    assert_eq!(count("example/retrieve[open=PASV]"), Ok(2));
    assert_eq!(count("example/retrieve[open=PASV,size=0]"), Ok(1));
    assert_eq!(count("scenarios/example/retrieve.yaml"), Ok(4));
    assert_eq!(count("example"), Ok(6));
    assert_eq!(count("example/r*"), Ok(4));
    assert_eq!(count("exam*"), Err("no scenario matches \"exam*\"; did you mean \"exam**\"?".to_owned()));
    assert_eq!(count("example/**"), Ok(6));
    assert_eq!(count("**/retrieve"), Ok(4));
    let wrong = count("example/retreive").unwrap_err();
    assert!(wrong.contains("did you mean \"example/retrieve\"?"), "{wrong}");
    let wrong = count("example/retrieve[open=EPSV]").unwrap_err();
    assert!(wrong.contains("has no row \"open=EPSV\"") && wrong.contains("[open=PASV,size=0]"), "{wrong}");
    assert_eq!(suite.select::<&str>(&[]).unwrap().len(), 6);
}

#[test]
fn a_file_on_disk_is_a_pattern() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.yaml");
    std::fs::write(&file, "purpose: Mine.\ncovers: [x]\nsteps: [{ C: NOOP }, { S: 200 }]\n").unwrap();
    let mut sources = Sources::default();
    sources.add_path(&file).unwrap();
    let (suite, faults) = Suite::read_all(sources);
    assert_eq!(faults.len(), 1, "the requirement is unknown, and nothing else is wrong: {faults:?}");
    assert_eq!(suite.select(&[file.to_str().unwrap()]).unwrap().len(), 1);
}

#[test]
fn a_report_s_sources_are_a_suite() {
    let suite = suite().unwrap();
    let texts = ["given/example-login.yaml", "example/retrieve.yaml"];
    let texts = texts.map(|file| (file.to_owned(), suite.source(file).unwrap().to_owned()));
    let again = Suite::from_sources(texts.into()).unwrap();
    assert_eq!(again.scenarios(), &suite.scenarios()[1..5]);
    assert_eq!(again.given("example-login"), suite.given("example-login"));
}

#[test]
fn the_catalogue_is_read() {
    let suite = suite().unwrap();
    let requirement = suite.requirement("example-retrieve").unwrap();
    assert_eq!((requirement.specification.as_str(), requirement.section.as_str()), ("RFC 959", "4.1.3"));
    assert_eq!(requirement.level.to_string(), "should");
    assert_eq!(requirement.when.as_deref(), Some("the server implements RETR"));
    let filed = suite.requirement("example-account").unwrap().filed.as_ref().unwrap();
    assert_eq!((filed.kind, filed.because.as_str()), (FilingKind::NotObservable, "No subject asks for it."));
    assert_eq!(suite.hash().len(), 64);
}

/// The small suite, whose catalogue has one more line in front of one of its own.
fn filed(before: &str, line: &str) -> Result<(Suite, Vec<String>), Box<dyn std::error::Error>> {
    let mut sources = Sources::default();
    sources.add_folder(&folder())?;
    let catalogue = std::fs::read_to_string(folder().join("requirements/example.yaml"))?;
    let changed = tempfile::tempdir()?;
    std::fs::create_dir(changed.path().join("requirements"))?;
    let text = catalogue.replacen(before, &format!("{line}{before}"), 1);
    std::fs::write(changed.path().join("requirements/example.yaml"), text)?;
    sources.add_folder(changed.path())?;
    let (suite, faults) = Suite::read_all(sources);
    Ok((suite, faults.iter().map(|fault| format!("{}: {}", fault.span.line, fault.message)).collect()))
}

#[test]
fn a_requirement_is_not_covered_and_filed() {
    let line = "    filed: { as: planned, because: a server that asks for a password }\n";
    let (_, faults) = filed("    section: 4.1.1\n", line).unwrap();
    assert_eq!(faults, ["4: example-user is filed as planned, and example/user-and-password covers it"]);
}

#[test]
fn what_is_filed_for_a_file_gives_way_to_scenarios_and_to_entries() {
    let (suite, faults) = filed("requirements:\n", "filed: { as: planned, because: a server }\n").unwrap();
    assert_eq!(faults, [] as [String; 0]);
    let said = |id: &str| suite.requirement(id).unwrap().filed.as_ref().unwrap().said;
    assert_eq!((said("example-user"), said("example-account")), (Said::OfTheFile, Said::OfTheEntry));
}

#[test]
fn the_suite_in_the_program_is_right() {
    let suite = Suite::embedded().unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(suite.hash(), Sources::embedded().hash());
}
