//! Wrong files, and what the program says of them. `BLESS=1 cargo test -p harness --test language` writes the messages anew; read the difference.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use harness::scenario::{Diagnostic, Sources, Suite};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-scenarios")
}

/// The files, in the order of their names, without their messages.
fn wrong_files() -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder())? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    files.sort();
    Ok(files)
}

/// What is wrong in a file when it stands in the small suite.
fn faults(file: &Path) -> Outcome<Vec<Diagnostic>> {
    let name = file.file_name().and_then(|name| name.to_str()).ok_or("a name")?;
    let place = match name.split_once('-') {
        Some(("given" | "requirements", _)) => name.replacen('-', "/", 1),
        _ => format!("bad/{name}"),
    };
    let suite = tempfile::tempdir()?;
    let target = suite.path().join(&place);
    std::fs::create_dir_all(target.parent().ok_or("a folder")?)?;
    std::fs::copy(file, target)?;
    let mut sources = Sources::default();
    sources.add_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite"))?;
    sources.add_folder(suite.path())?;
    let (_, faults) = Suite::read_all(sources);
    if let Some(elsewhere) = faults.iter().find(|fault| fault.span.file.as_ref() != place) {
        return Err(format!("a fault in another file: {elsewhere}").into());
    }
    Ok(faults)
}

fn messages(file: &Path) -> Outcome<String> {
    let mut text = String::new();
    for fault in faults(file)? {
        writeln!(text, "{fault}")?;
    }
    Ok(text)
}

#[test]
fn every_wrong_file_has_the_messages_that_were_read_and_found_good() {
    let files = wrong_files().unwrap();
    assert!(files.len() >= 40, "{}", files.len());
    for file in files {
        let found = messages(&file).unwrap();
        let golden = file.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&golden, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        assert!(!expected.is_empty(), "{} is not wrong, or has no messages", file.display());
        assert_eq!(found, expected, "{}", file.display());
    }
}

#[test]
fn every_message_has_a_place_inside_the_file() {
    for file in wrong_files().unwrap() {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        for fault in faults(&file).unwrap() {
            let line = text.lines().nth(fault.span.line - 1).unwrap_or_default();
            let width = line.chars().count();
            // The end of the file, and the end of a line, are places too.
            assert!(fault.span.line <= text.lines().count() + 1, "{fault}");
            assert!(fault.span.column <= width.max(fault.line.chars().count()) + 1, "{fault}");
            assert!(!fault.message.is_empty() && fault.span.width >= 1, "{fault}");
        }
    }
}

#[test]
fn a_huge_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("huge.yaml");
    std::fs::write(&file, "x".repeat((1 << 20) + 1)).unwrap();
    let mut sources = Sources::default();
    sources.add_path(&file).unwrap();
    let (suite, faults) = Suite::read_all(sources);
    assert_eq!(faults[0].message, "the file has 1048577 octets, and at most 1048576 are read");
    assert!(suite.scenarios().is_empty() && suite.source("huge.yaml").is_none());
}

#[test]
fn a_wrong_given_state_is_one_fault_and_not_one_for_every_scenario() {
    let mut sources = Sources::default();
    sources.add_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite")).unwrap();
    let wrong = tempfile::tempdir().unwrap();
    for (file, text) in
        [("given/example-login.yaml", "purpose: x\n"), ("requirements/example.yaml", "specification: RFC 959\n")]
    {
        let target = wrong.path().join(file);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, text).unwrap();
    }
    sources.add_folder(wrong.path()).unwrap();
    let (_, faults) = Suite::read_all(sources);
    let messages: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(messages, ["\"tested-by\" is missing", "\"steps\" is missing", "\"requirements\" is missing"]);
}

proptest::proptest! {
    #[test]
    fn whatever_the_text_is_the_reader_ends_and_every_fault_has_words(
        at in 0..2000_usize,
        cut in 0..30_usize,
        put in "[a-z{}\\[\\]\":,?|&*!#>%@` \n\t\u{1b}é-]{0,12}",
        scenario in 0..4_usize,
    ) {
        let files = ["example/user-and-password", "example/retrieve", "example/between-two-servers", "given/example-login"];
        let file = format!("{}.yaml", files[scenario]);
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite").join(&file)).unwrap();
        let at = at % text.len();
        let changed: String = text.chars().take(at).chain(put.chars()).chain(text.chars().skip(at + cut)).collect();
        if let Err(faults) = Suite::from_sources([(file, changed)].into()) {
            proptest::prop_assert!(faults.0.iter().all(|fault| !fault.message.is_empty() && fault.span.line >= 1));
            proptest::prop_assert!(!faults.to_string().as_bytes().contains(&0x1b));
        }
    }
}
