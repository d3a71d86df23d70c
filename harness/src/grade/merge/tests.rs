use proptest::prelude::*;
use proptest::sample::Index;
use rstest::rstest;

use super::*;
use crate::grade::record;

/// The result of a submission that ended so.
fn result(name: &str, status: Status, points: u32) -> Record {
    let roll = roll(&[]);
    let place = Place { submission: name.to_owned(), folder: folder(name) };
    let points = Points::parse(&points.to_string()).unwrap();
    Record { status, points, sandbox: "limits alone".to_owned(), ..unknown(&roll, &place) }
}

fn folder(name: &str) -> String {
    format!("f-{}", name.escape_unicode().filter(char::is_ascii_alphanumeric).collect::<String>())
}

fn roll(names: &[&str]) -> Roll {
    Roll {
        program: "1".to_owned(),
        suite: "5".to_owned(),
        rubric: "small".to_owned(),
        rubric_text: "7".to_owned(),
        of: Points::parse("100").unwrap(),
        groups: vec![group()],
        checks: Vec::new(),
        submissions: names.iter().map(|name| Place { submission: (*name).to_owned(), folder: folder(name) }).collect(),
    }
}

fn group() -> record::GroupRecord {
    record::GroupRecord {
        name: "Files".to_owned(),
        part: "functionality".to_owned(),
        visibility: "visible".to_owned(),
        extra: false,
        points: Points::ZERO,
        of: Points::parse("100").unwrap(),
        ungraded: Points::ZERO,
    }
}

fn part(name: &str, shard: Shard, class: &[Record], of_shard: impl Fn(&Record) -> Record) -> Part {
    let names: Vec<_> = class.iter().map(|record| record.submission.as_str()).collect();
    let own = class.iter().enumerate().filter(|(at, _)| shard.holds(*at));
    Part {
        name: name.to_owned(),
        run: Run::new(shard, roll(&names)).unwrap(),
        records: own.map(|(_, record)| of_shard(record)).collect(),
    }
}

fn split(class: &[Record], of: usize) -> Vec<Part> {
    let shards = (1..=of).map(|number| Shard { number, of });
    shards.map(|shard| part(&format!("part {}", shard.number), shard, class, Clone::clone)).collect()
}

fn waiting(record: &Record) -> Record {
    Record { status: Status::Waiting, points: Points::ZERO, ..record.clone() }
}

fn records(merged: &Merged) -> Vec<Record> {
    merged.results.iter().map(|kept| kept.record.clone()).collect()
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Graded),
        Just(Status::PartlyGraded),
        Just(Status::NotBuilt),
        Just(Status::NotStarted),
        Just(Status::Ungraded),
    ]
}

/// Submissions in the order of their names, with results.
fn class() -> impl Strategy<Value = Vec<Record>> {
    proptest::collection::btree_map("[a-z0-9=\\-ü\n]{1,8}", (status(), 0_u32..=100, 0_u64..9), 0..40).prop_map(
        |class| {
            let result = |(name, (status, points, duration)): (String, (Status, u32, u64))| Record {
                duration,
                ..result(&name, status, points)
            };
            class.into_iter().map(result).collect()
        },
    )
}

/// What was merged, with the names of the parts instead of their places.
fn told(merged: Merged, parts: &[Part]) -> (Vec<Option<String>>, Merged) {
    let names = merged.results.iter().map(|kept| kept.part.map(|part| parts[part].name.clone())).collect();
    let without = |kept: Kept| Kept { part: None, ..kept };
    let results = merged.results.into_iter().map(without).collect();
    (names, Merged { results, ..merged })
}

proptest! {
    #[test]
    fn any_split_merges_to_the_whole(class in class(), of in 1_usize..50) {
        let merged = merge(&split(&class, of)).unwrap();
        prop_assert_eq!(records(&merged), class);
        prop_assert_eq!((merged.gaps, merged.remarks), (Vec::new(), Vec::new()));
    }

    #[test]
    fn no_shard_is_longer_than_another_by_more_than_one(class in class(), of in 1_usize..50) {
        let lengths: Vec<_> = split(&class, of).iter().map(|part| part.records.len()).collect();
        prop_assert!(lengths.iter().max().unwrap() - lengths.iter().min().unwrap() <= 1, "{:?}", lengths);
    }

    /// Shards are killed and graded again, once or several times.
    #[test]
    fn a_shard_that_was_killed_is_graded_again(
        class in class(), of in 1_usize..6, killed in proptest::collection::vec((any::<Index>(), any::<u64>()), 0..8)
    ) {
        let mut parts = split(&class, of);
        for (number, (at, waits)) in killed.iter().enumerate() {
            let shard = Shard { number: at.index(of) + 1, of };
            let waits_still = |record: &Record| waits >> (record.submission.len() + record.folder.len()) & 1 != 0;
            let tried = |record: &Record| if waits_still(record) { waiting(record) } else { record.clone() };
            parts.push(part(&format!("try {number}"), shard, &class, tried));
        }
        let merged = merge(&parts).unwrap();
        prop_assert_eq!(records(&merged), class);
        prop_assert_eq!((merged.gaps, merged.remarks), (Vec::new(), Vec::new()));
    }

    /// Whatever the parts are: killed, graded twice with other points, missing.
    #[test]
    fn the_order_of_parts_decides_nothing(
        class in class(),
        tries in proptest::collection::vec((1_usize..=4, 0_u32..3, status()), 1..7).prop_shuffle(),
        turn in any::<Index>(),
    ) {
        let tries = tries.iter().enumerate().map(|(number, (shard, points, status))| {
            let tried = |record: &Record| Record { status: *status, ..result(&record.submission, *status, *points) };
            part(&format!("try {number}"), Shard { number: *shard, of: 4 }, &class, tried)
        });
        let parts: Vec<Part> = tries.collect();
        let mut turned = parts.clone();
        turned.rotate_left(turn.index(parts.len()));
        turned.reverse();
        prop_assert_eq!(told(merge(&parts).unwrap(), &parts), told(merge(&turned).unwrap(), &turned));
    }

    #[test]
    fn who_waits_is_missing(class in class(), of in 1_usize..6, waits in any::<u64>()) {
        let is_waiting = |at: usize| waits >> (at % 64) & 1 != 0;
        let left: Vec<_> = class.iter().enumerate().map(|(at, one)| if is_waiting(at) { waiting(one) } else { one.clone() }).collect();
        let merged = merge(&split(&left, of)).unwrap();
        let mut missing: Vec<_> = merged.gaps.iter().flat_map(|gap| gap.submissions.clone()).collect();
        missing.sort();
        let mut expected: Vec<_> =
            left.iter().filter(|one| one.status == Status::Waiting).map(|one| one.submission.clone()).collect();
        expected.sort();
        prop_assert_eq!(missing, expected);
        prop_assert!(records(&merged).iter().all(|record| record.status.is_final()));
        prop_assert_eq!(merged.results.len(), class.len());
    }

    #[test]
    fn what_is_written_is_read(class in class(), number in 1_usize..5) {
        let part = part("a", Shard { number, of: 4 }, &class, Clone::clone);
        let text = record::line(&part.run).unwrap() + &record::lines(&part.records).unwrap();
        // Whoever wants the results alone has them too.
        prop_assert_eq!(&record::read(&text).unwrap(), &part.records);
        prop_assert_eq!(read(&text).unwrap(), Results { run: Some(part.run), records: part.records });
    }
}

fn small() -> Vec<Record> {
    ["ann", "bob", "cem", "dee", "eva"].map(|name| result(name, Status::Graded, 50)).to_vec()
}

#[test]
fn a_missing_shard_is_named_with_its_submissions() {
    let class = small();
    let mut parts = split(&class, 3);
    parts.remove(1);
    let merged = merge(&parts).unwrap();
    let gap = Gap {
        shard: Shard { number: 2, of: 3 },
        parts: Vec::new(),
        submissions: vec!["bob".to_owned(), "eva".to_owned()],
    };
    assert_eq!(merged.gaps, [gap]);
    let bob = &merged.results[1].record;
    assert_eq!((bob.status, bob.reason.as_deref()), (Status::Ungraded, Some("shard 2 of 3 is missing")));
    assert_eq!((bob.ungraded, &*bob.graded_by), (bob.of, "small 5"));
}

#[test]
fn a_missing_shard_without_submissions_is_only_said() {
    let mut parts = split(&small(), 7);
    parts.pop();
    let merged = merge(&parts).unwrap();
    assert_eq!(merged.gaps, []);
    assert_eq!(merged.remarks, [Remark::EmptyShard { shard: Shard { number: 7, of: 7 } }]);
}

#[rstest]
#[case::more_points((Status::Graded, 60), (Status::Graded, 50))]
#[case::judged_before_ungraded((Status::Graded, 10), (Status::Ungraded, 0))]
#[case::whole_before_part((Status::Graded, 10), (Status::PartlyGraded, 90))]
#[case::part_before_ungraded((Status::PartlyGraded, 0), (Status::Ungraded, 0))]
fn the_better_of_two_counts(#[case] kept: (Status, u32), #[case] left: (Status, u32)) {
    let class = small();
    let shard = Shard { number: 2, of: 5 };
    let tried = |(status, points): (Status, u32)| move |record: &Record| result(&record.submission, status, points);
    let mut parts = split(&class, 5);
    parts.remove(1);
    parts.push(part("one", shard, &class, tried(left)));
    parts.push(part("two", shard, &class, tried(kept)));
    let merged = merge(&parts).unwrap();
    assert_eq!(merged.results[1].record, result("bob", kept.0, kept.1));
    let seen = |part: &str, (status, points): (Status, u32)| Seen {
        part: part.to_owned(),
        status,
        points: Points::parse(&points.to_string()).unwrap(),
    };
    let differs = Remark::Differs { submission: "bob".to_owned(), kept: seen("two", kept), left: seen("one", left) };
    assert_eq!(merged.remarks, [differs]);
}

#[test]
fn other_reasons_and_other_sandboxes_are_said() {
    let class = small();
    let mut parts = split(&class, 1);
    let other = |record: &Record| Record { launch: Some("./b".to_owned()), ..record.clone() };
    parts.push(part("again", Shard { number: 1, of: 1 }, &class[..], other));
    parts[0].records[3].sandbox = "bubblewrap".to_owned();
    let merged = merge(&parts).unwrap();
    let names = ["ann", "bob", "cem", "dee", "eva"].map(str::to_owned).to_vec();
    assert!(merged.remarks.contains(&Remark::OtherWords { submissions: names }), "{:?}", merged.remarks);
    parts.pop();
    let found = vec![("bubblewrap".to_owned(), 1), ("limits alone".to_owned(), 4)];
    assert_eq!(merge(&parts).unwrap().remarks, [Remark::Sandboxes { found }]);
}

#[rstest]
#[case::another_suite(|part: &mut Part| part.run.roll.suite = "6".to_owned(), &["of another run than a", "the suite is 6, and not 5"])]
#[case::another_rubric(|part: &mut Part| part.run.roll.rubric = "big".to_owned(), &["the rubric is big, and not small"])]
#[case::another_text(|part: &mut Part| part.run.roll.rubric_text = "8".to_owned(), &["the text of the rubric, or --only is 8"])]
#[case::another_program(|part: &mut Part| part.run.roll.program = "2".to_owned(), &["the version of ftpspec is 2, and not 1"])]
#[case::another_class(
    |part: &mut Part| part.run.roll.submissions[4].submission = "fay".to_owned(),
    &["it knows besides the submissions fay", "it does not know the submissions eva"]
)]
#[case::other_groups(|part: &mut Part| part.run.roll.groups.clear(), &["the groups, the checks or the folders"])]
#[case::another_split(|part: &mut Part| part.run.shard.of = 4, &["a is shard 1 of 3, and b is shard 2 of 4"])]
#[case::another_shard(|part: &mut Part| part.run.shard.number = 3, &["b is shard 3 of 3, and holds a result of \"bob\""])]
#[case::a_stranger(|part: &mut Part| part.records[0].submission = "zoe".to_owned(), &["holds a result of \"zoe\""])]
#[case::another_folder(|part: &mut Part| part.records[0].folder = "../x".to_owned(), &["holds a result of \"bob\""])]
fn what_is_not_of_one_class_is_refused(#[case] change: impl FnOnce(&mut Part), #[case] expected: &[&str]) {
    let class = small();
    let mut other = part("b", Shard { number: 2, of: 3 }, &class, Clone::clone);
    change(&mut other);
    other.run = Run::new(other.run.shard, other.run.roll).unwrap();
    let parts = [part("a", Shard { number: 1, of: 3 }, &class, Clone::clone), other];
    let said: Vec<_> = merge(&parts).unwrap_err().iter().map(ToString::to_string).collect();
    for words in expected {
        assert!(said.iter().any(|said| said.contains(words)), "{words}: {said:?}");
    }
}

#[test]
fn nothing_is_no_class() {
    assert_eq!(merge(&[]), Err(vec![Disagreement::Nothing]));
}

#[rstest]
#[case::cut_short("{\"schema\":\"ftpspec/grade/1\",\"subm", "line 2 is no result of `ftpspec grade`: EOF")]
#[case::a_later_form("{\"schema\":\"ftpspec/grade/9\"}", "line 2 has the schema \"ftpspec/grade/9\"")]
#[case::escaped("{\"schema\":\"\\u001b[2J\"}", "line 2 has the schema \"\\u{1b}[2J\"")]
#[case::another_shard("{\"schema\":\"ftpspec/grade-run/1\"}", "line 2 has the schema \"ftpspec/grade-run/1\"")]
fn a_line_that_is_none_is_said(#[case] line: &str, #[case] expected: &str) {
    let text = record::line(&split(&small(), 1)[0].run).unwrap() + line + "\n";
    let said = read(&text).unwrap_err().to_string();
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn a_run_that_was_changed_by_hand_is_refused() {
    let run = record::line(&split(&small(), 2)[1].run).unwrap();
    for (from, to) in [("\"ann\"", "\"ANN\""), ("\"number\":2", "\"number\":3"), ("\"suite\":\"5\"", "\"suite\":\"6\"")]
    {
        assert!(run.contains(from), "{run}");
        let said = read(&run.replace(from, to)).unwrap_err();
        assert!(said.to_string().contains("changed by hand"), "{said}");
    }
    let said = read(&run.replace("\"roll\"", "\"rolls\"")).unwrap_err().to_string();
    assert!(said.starts_with("line 1 does not say which shard this is: missing field"), "{said}");
    assert!(read(&run).is_ok());
}

#[test]
fn results_without_a_run_are_read_too() {
    let class = small();
    assert_eq!(read(&record::lines(&class).unwrap()).unwrap(), Results { run: None, records: class });
}

#[test]
fn many_names_are_counted() {
    let names: Vec<String> = (0..23).map(|number| format!("n{number}")).collect();
    assert!(listed(&names).ends_with("n19 and 3 more"));
    assert!(listed(&names[..20]).ends_with("n18, n19"));
}
