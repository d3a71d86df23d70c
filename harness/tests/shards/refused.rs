//! What cannot be merged is said, with names.

use std::ffi::OsStr;

use rstest::rstest;

use super::class::{Class, program, refused, well};

/// Five submissions, none of which is built, in three shards; and a sixth name.
fn graded() -> Class {
    let class = Class::new(0);
    for name in ["ann", "bob", "=cmd()", "dee\u{202e}\x1b[2J\n::error::", "<script>]]>"] {
        class.submission(OsStr::new(name), None);
    }
    for shard in ["1/3", "2/3", "3/3"] {
        well(class.grade("out", &["--shard", shard]).output().unwrap());
    }
    class
}

/// In order of their names, `=cmd()` is the second, and the name that begins with `dee` the fifth.
#[test]
fn a_missing_shard_is_named() {
    let class = graded();
    let said = refused(class.merge(&["out/shard-1-of-3", "out/shard-3-of-3/results.jsonl"], &[]));
    assert!(said.contains("2 of 5 submissions have no result\n"), "{said}");
    assert!(said.contains("\n  shard 2 of 3 is missing: =cmd(), dee\\u{202e}\\x1b[2J\\n::error::\n"), "{said}");
    assert!(said.contains("--allow-missing"), "{said}");
    assert!(!class.path("merged").exists());

    let output = class.merge(&["out/shard-1-of-3", "out/shard-3-of-3"], &["--allow-missing"]);
    let warned = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(warned.contains("warning: shard 2 of 3 is missing: =cmd(), dee"), "{warned}");
    let said = well(output);
    assert!(said.contains("3 of 5 submissions graded by rubric, 3 not built, 2 ungraded"), "{said}");
    let results = class.read("merged/results.jsonl");
    assert_eq!(results.matches("\"reason\":\"shard 2 of 3 is missing\"").count(), 2, "{results}");
    assert!(class.read("merged/results.csv").contains("\"'=cmd()\",\"ungraded\",0,100,100,"));
}

#[test]
fn what_is_shown_of_names_is_harmless() {
    let class = graded();
    let output = class.merge(&["out"], &[]);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(said.contains("dee\\u{202e}\\x1b[2J\\n::error::"), "{said}");
    assert!(!said.contains(['\u{202e}', '\x1b']) && !said.lines().any(|line| line.starts_with("::")), "{said}");
    for file in ["out/shard-2-of-3/results.jsonl", "merged/results.jsonl"] {
        let text = class.read(file);
        assert!(text.is_ascii() && !text.contains(['\x1b', '\x7f']), "{text}");
    }
    let changed = class.read("out/shard-2-of-3/results.jsonl").replacen("dee", "\\u001b[2Jdee", 1);
    std::fs::write(class.path("changed"), changed).unwrap();
    let said = refused(class.merge(&["changed"], &[]));
    assert!(said.contains("changed by hand") && !said.contains('\x1b'), "{said}");
}

#[test]
fn two_runs_are_not_merged() {
    let class = graded();
    let rubric = class.read("rubric.yaml");
    std::fs::write(class.path("rubric.yaml"), rubric.replace("points: 40", "points: 30")).unwrap();
    well(class.grade("other-rubric", &["--shard", "2/3"]).output().unwrap());
    std::fs::write(class.path("rubric.yaml"), &rubric).unwrap();
    well(class.grade("other-cases", &["--shard", "2/3", "--only", "rfc959/control/greeting"]).output().unwrap());
    well(class.grade("other-split", &["--shard", "2/4"]).output().unwrap());
    class.submission(OsStr::new("late"), None);
    well(class.grade("other-class", &["--shard", "2/3"]).output().unwrap());
    for (other, message) in [
        ("other-rubric", "of another run than "),
        ("other-rubric", "the text of the rubric, or --only is "),
        ("other-cases", "the text of the rubric, or --only is "),
        ("other-split", "is shard 2 of 4: all must come from one split"),
        ("other-class", "it knows besides the submissions late"),
    ] {
        let said = refused(class.merge(&["out/shard-1-of-3", other, "out/shard-3-of-3"], &["--allow-missing"]));
        assert!(said.contains(message), "{message}: {said}");
    }
}

#[test]
fn two_results_of_one_are_told() {
    let class = graded();
    std::fs::create_dir(class.path("again")).unwrap();
    let results = class.read("out/shard-1-of-3/results.jsonl");
    let (run, records) = results.split_once('\n').unwrap();
    let better = records.replacen("\"points\":0.0", "\"points\":7.5", 1);
    std::fs::write(class.path("again/results.jsonl"), format!("{run}\n{better}")).unwrap();
    for order in [["out", "again"], ["again", "out"]] {
        let output = class.merge(&order, &[]);
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        assert!(said.contains("warning: <script>]]> was graded more than once: not built, 7.5 points in "), "{said}");
        assert!(said.contains("again/results.jsonl, which counts, and not built, 0 points in "), "{said}");
        assert!(said.contains("the results came without the folders of reports of <script>]]>"), "{said}");
        well(output);
        assert!(class.read("merged/results.jsonl").lines().next().unwrap().contains("\"points\":7.5"));
    }
}

#[test]
fn what_is_no_result_of_a_shard_is_said() {
    let class = graded();
    well(class.grade("whole", &[]).output().unwrap());
    let text = class.read("out/shard-1-of-3/results.jsonl");
    std::fs::write(class.path("cut"), &text[..text.len() - 20]).unwrap();
    std::fs::write(class.path("led-away"), text.replace("\"folder\":\"ann\"", "\"folder\":\"../ann\"")).unwrap();
    std::fs::create_dir(class.path("bare")).unwrap();
    for (named, message) in [
        ("whole", "whole/results.jsonl does not say which shard it is"),
        ("cut", "cut: line 3 is no result of `ftpspec grade`: EOF"),
        ("led-away", "line 1 was changed by hand"),
        ("none", "none: No such file or directory"),
        ("bare", "bare holds no results.jsonl: was a shard ended before it began?"),
    ] {
        let said = refused(class.merge(&[named, "out/shard-2-of-3", "out/shard-3-of-3"], &[]));
        assert!(said.contains(message), "{message}: {said}");
    }
    let own = class.path("out/shard-1-of-3");
    let output = program().arg("merge").arg(class.path("out")).arg("-o").arg(&own).output().unwrap();
    assert!(refused(output).contains("would be written over"));
}

#[test]
fn an_empty_shard_is_a_shard() {
    let class = Class::new(0);
    class.submission(OsStr::new("ann"), None);
    for shard in ["1/2", "2/2"] {
        well(class.grade("out", &["--shard", shard]).output().unwrap());
    }
    assert_eq!(class.read("out/shard-2-of-2/results.jsonl").lines().count(), 1);
    well(class.merge(&["out"], &["--link"]));
    assert_eq!(class.read("merged/results.jsonl").lines().count(), 1);
    let inode = |file: &str| std::os::unix::fs::MetadataExt::ino(&class.path(file).metadata().unwrap());
    assert_eq!(inode("merged/ann/feedback.md"), inode("out/shard-1-of-2/ann/feedback.md"));
    // What is copied behind a link is written beside the shard's file, not into it.
    well(class.merge(&["out"], &[]));
    assert_ne!(inode("merged/ann/feedback.md"), inode("out/shard-1-of-2/ann/feedback.md"));
}

#[rstest]
#[case(&["--shard", "0/4", "--out", "x"], "say which shard of how many")]
#[case(&["--shard", "1/4"], "--out")]
#[case(&["--shard", "auto", "--out", "x"], "say --shard k/n, or set FTPSPEC_SHARD=k and FTPSPEC_SHARDS=n")]
fn a_shard_that_is_none_is_said(#[case] arguments: &[&str], #[case] message: &str) {
    let class = Class::new(1);
    let mut command = program();
    command.current_dir(class.path("")).args(["grade", "subs", "--rubric", "rubric.yaml"]).args(arguments);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(message), "{said}");
    assert!(!class.path("x").exists());
}
