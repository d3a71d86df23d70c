//! Every example of the manual is a scenario that loads, and is the suite's where the suite has it.

use std::collections::BTreeMap;
use std::path::Path;

use harness::scenario::{Sources, Suite};

/// The examples: file name and text of every YAML block.
fn examples(manual: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = manual;
    while let Some((_, behind)) = rest.split_once("```yaml\n") {
        let (block, after) = behind.split_once("```").unwrap_or((behind, ""));
        let name = block.strip_prefix("# scenarios/").and_then(|text| text.lines().next());
        found.push((name.unwrap_or_default().trim().to_owned(), block.to_owned()));
        rest = after;
    }
    found
}

fn manual() -> std::io::Result<Vec<(String, String)>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/README.md");
    Ok(examples(&std::fs::read_to_string(file)?))
}

#[test]
fn every_example_loads() {
    let examples = manual().unwrap();
    assert!(examples.len() >= 12, "{}", examples.len());
    assert!(
        examples.iter().all(|(name, _)| name.strip_suffix(".yaml").is_some()),
        "every block says which file it is: {examples:?}"
    );
    let texts: BTreeMap<_, _> = examples.iter().cloned().collect();
    assert_eq!(texts.len(), examples.len(), "two examples have one name");
    let loaded = Suite::from_sources(texts).unwrap_or_else(|faults| panic!("{faults}"));
    for (name, _) in &examples {
        let given = name.strip_prefix("given/").and_then(|name| loaded.given(name.strip_suffix(".yaml")?));
        let scenario = loaded.scenarios().iter().any(|scenario| scenario.file.as_ref() == name);
        assert!(scenario || given.is_some() || name.starts_with("requirements/"), "{name}");
    }
}

#[test]
fn every_example_names_requirements_that_exist() {
    let suite = Suite::embedded().unwrap();
    if suite.catalogue().is_empty() {
        return;
    }
    let examples = manual().unwrap().into_iter().collect();
    for scenario in Suite::from_sources(examples).unwrap().scenarios() {
        for covered in &scenario.covers {
            assert!(suite.requirement(&covered.value).is_some(), "{}: {}", scenario.id, covered.value);
        }
    }
}

#[test]
fn an_example_of_the_suite_is_the_suite_s() {
    let suite = Sources::embedded();
    let bare = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with('#')).map(|line| line.trim_end().to_owned()).collect()
    };
    for (name, example) in manual().unwrap() {
        if let Some(text) = suite.text(&name) {
            assert_eq!(bare(&example), bare(text), "copy scenarios/{name} into scenarios/README.md");
        }
    }
}
