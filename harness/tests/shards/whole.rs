//! A class that is split, graded and merged is the class.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::class::{Class, refused, same, well};

/// How many submissions. scripts/slurm/thousand asks for more, and tells the memory too.
fn size() -> usize {
    std::env::var("FTPSPEC_CLASS").map_or(24, |size| size.parse().unwrap())
}

fn files(folder: &Path) -> BTreeSet<String> {
    let names = |folder: &Path| -> Vec<String> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let below = |name: &String| folder.join(name).is_dir();
    let (folders, mut files): (Vec<_>, Vec<_>) = names(folder).into_iter().partition(below);
    for name in folders {
        files.extend(names(&folder.join(&name)).into_iter().map(|file| format!("{name}/{file}")));
    }
    files.into_iter().collect()
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn four_shards_are_the_class() {
    let class = Class::new(size());
    for number in 1..=4 {
        let mut command = class.grade("out", &["--shard", "auto"]);
        command.env("FTPSPEC_SHARD", number.to_string()).env("FTPSPEC_SHARDS", "4");
        let said = well(command.output().unwrap());
        assert!(said.ends_with(&format!("shard-{number}-of-4\n")), "{said}");
    }
    let merged = well(class.merge(&["out"], &[]));
    let whole = well(class.grade("whole", &[]).output().unwrap());
    same(&class.read("merged/results.jsonl"), &class.read("whole/results.jsonl"));
    assert_eq!(class.read("merged/results.csv"), class.read("whole/results.csv"));
    assert_eq!(files(&class.path("merged")), files(&class.path("whole")));
    // The same table, but for the folder that is named last.
    let table = |said: &str| said.lines().filter(|line| !line.starts_with("results in")).collect::<Vec<_>>().join("\n");
    assert_eq!(table(&merged), table(&whole));
    let results = records(&class.read("merged/results.jsonl"));
    let count = |status: &str| results.iter().filter(|record| record["status"] == status).count();
    assert_eq!(results.len(), size());
    assert_eq!((count("graded"), count("not-started"), count("not-built")), (size() * 6 / 8, size() / 8, size() / 8));
}

#[test]
fn a_shard_that_was_killed_is_graded_again() {
    let class = Class::new(6);
    well(class.grade("first", &["--shard", "1/2"]).output().unwrap());
    let results = class.path("tries/1/shard-2-of-2/results.jsonl");
    let mut command = class.grade("tries/1", &["--shard", "2/2", "--jobs", "1"]);
    let mut grader = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    // One of three is final, and the next has begun.
    let some = || {
        let text = std::fs::read_to_string(&results).unwrap_or_default();
        records(&text).iter().skip(1).filter(|record| record["status"] != "waiting").count()
    };
    while some() == 0 {
        assert!(began.elapsed() < Duration::from_mins(1), "no result came");
        std::thread::yield_now();
    }
    grader.kill().unwrap();
    grader.wait().unwrap();
    let left = records(&std::fs::read_to_string(&results).unwrap());
    assert_eq!(left[0]["schema"], "ftpspec/grade-run/1");
    let waits = |record: &&Value| record["status"] == "waiting";
    let waiting: Vec<_> = left[1..].iter().filter(waits).map(|record| record["submission"].as_str().unwrap()).collect();
    assert!(!waiting.is_empty() && left.len() == 4, "{left:?}");

    let said = refused(class.merge(&["first", "tries/1"], &[]));
    assert!(said.contains("shard 2 of 2 (") && said.contains("ended before these were graded: "), "{said}");
    let shown = said.split("were graded: ").nth(1).unwrap();
    assert!(waiting.iter().all(|name| shown.contains(&name.replace('\n', "\\n"))), "{waiting:?}: {said}");
    assert!(!class.path("merged").exists());

    well(class.merge(&["first", "tries/1"], &["--allow-missing"]));
    let partial = records(&class.read("merged/results.jsonl"));
    let ungraded = partial.iter().filter(|record| record["reason"] == "shard 2 of 2 ended before it was graded");
    assert!(ungraded.clone().all(|record| record["status"] == "ungraded" && record["ungraded"] == 100.0));
    assert_eq!(ungraded.count(), waiting.len());

    well(class.grade("tries/2", &["--shard", "2/2"]).output().unwrap());
    well(class.merge(&["tries/2", "tries/1", "first"], &[]));
    well(class.grade("whole", &[]).output().unwrap());
    same(&class.read("merged/results.jsonl"), &class.read("whole/results.jsonl"));
}
