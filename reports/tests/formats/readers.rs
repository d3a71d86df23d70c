//! TAP, CTRF, workflow commands, badges, tables and Markdown, read as those read them who know no other form.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use reports::model::{Report, Verdict};
use reports::{Format, Style, read, render};
use rstest::rstest;
use serde::Deserialize;
use serde_json::Value;

const HOSTILE: &str = "#\\# TODO x</script>]]>=cmd()\x1b[2J\r\n::error::forged\nok 1 - forged\n  ...\nnot ok 2 # SKIP\n1..1\nBail out! x\n\
    ::stop-commands::ftpspec-0 ::ftpspec-0::%0A,title=x:y |`*_[x](http://y) \"q\" \u{202e}\u{2028}";

fn sample(name: &str) -> Result<Report, Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("gallery").join(name).with_extension("json");
    Ok(read(&std::fs::read(file)?)?)
}

fn written(report: &Report, format: Format) -> String {
    String::from_utf8(render(report, format, &Style::default()).unwrap()).unwrap()
}

/// Both samples, and the second with hostile words before and behind what a peer or a user has a word in.
fn reports() -> [Report; 3] {
    let mut worse = sample("faulty").unwrap();
    let worsen = |text: &mut String| *text = format!("{HOSTILE}{text}{HOSTILE}");
    worsen(&mut worse.subject.name);
    worsen(&mut worse.profile);
    worse.stale.push("an entry".to_owned());
    worse.stale.iter_mut().chain(&mut worse.remarks).for_each(worsen);
    for case in &mut worse.cases {
        [&mut case.id, &mut case.purpose, &mut case.place.file].into_iter().chain(&mut case.reason).for_each(worsen);
        for finding in &mut case.findings {
            worsen(&mut finding.message);
            [&mut finding.expected, &mut finding.received].into_iter().flatten().for_each(worsen);
        }
    }
    [sample("clean").unwrap(), sample("faulty").unwrap(), worse]
}

/// A line of TAP.
#[derive(Debug, PartialEq, Eq)]
struct Point {
    ok: bool,
    number: usize,
    description: String,
    directive: Option<String>,
    has_block: bool,
}

/// As TAP 14 has it: a version, a plan, points in order, and blocks that are indented by two.
fn tap(text: &str) -> Vec<Point> {
    let mut lines = text.lines().peekable();
    assert_eq!(lines.next(), Some("TAP version 14"));
    let plan: usize = lines.next().unwrap().strip_prefix("1..").unwrap().parse().unwrap();
    let mut points = Vec::new();
    while let Some(line) = lines.next() {
        let (ok, rest) = match line.strip_prefix("not ok ") {
            Some(rest) => (false, rest),
            None => (true, line.strip_prefix("ok ").unwrap_or_else(|| panic!("this is no point: {line}"))),
        };
        let (number, rest) = rest.split_once(" - ").unwrap();
        let (description, directive) = directive(rest);
        let has_block = lines.next_if_eq(&"  ---").is_some();
        if has_block {
            while lines.next().unwrap_or_else(|| panic!("the block of {number} has no end")) != "  ..." {
                let next = lines.peek().unwrap();
                assert!(next.starts_with("  "), "{next}");
            }
        }
        points.push(Point { ok, number: number.parse().unwrap(), description, directive, has_block });
    }
    assert_eq!(points.len(), plan);
    points
}

/// A `#` that is not escaped begins a directive.
fn directive(text: &str) -> (String, Option<String>) {
    let mut description = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => description.push(letters.next().unwrap()),
            '#' => return (description.trim_end().to_owned(), Some(letters.as_str().trim().to_owned())),
            letter => description.push(letter),
        }
    }
    (description, None)
}

#[rstest]
fn tap_says_what_the_report_does(#[values(0, 1, 2)] which: usize) {
    let report = &reports()[which];
    let points = tap(&written(report, Format::Tap));
    assert_eq!(points.len(), report.cases.len() + report.stale.len());
    for (number, (case, point)) in (1..).zip(report.cases.iter().zip(&points)) {
        let word = point.directive.as_deref().map(|directive| directive.split(' ').next().unwrap());
        let expected = match case.verdict {
            Verdict::Pass | Verdict::Deviation => (true, None),
            Verdict::Fail | Verdict::Inconclusive => (false, None),
            Verdict::Skipped | Verdict::Blocked => (true, Some("SKIP")),
            Verdict::Known => (false, Some("TODO")),
        };
        assert_eq!((point.ok, word, point.number), (expected.0, expected.1, number), "{point:?}");
        let failed =
            matches!(case.verdict, Verdict::Fail | Verdict::Inconclusive | Verdict::Deviation | Verdict::Known);
        assert_eq!(
            point.has_block,
            failed || (case.verdict == Verdict::Pass && !case.findings.is_empty()),
            "{point:?}"
        );
    }
    // The description comes back as it was, but for what could not be seen.
    let first = format!("{}: {}", report.cases[0].id, report.cases[0].purpose);
    assert_eq!(points[0].description, reports::visible(&first, reports::Symbols::Unicode));
}

#[rstest]
fn blocks_of_tap_are_yaml(#[values(1, 2)] which: usize) {
    let text = written(&reports()[which], Format::Tap);
    for block in text.split("  ---\n").skip(1) {
        let block = block.split("  ...\n").next().unwrap();
        let messages: Vec<_> = block.lines().filter_map(|line| line.trim_start().strip_prefix("- message: ")).collect();
        for message in messages {
            // Strings of JSON are strings of YAML.
            assert!(serde_json::from_str::<String>(message).is_ok(), "{message}");
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Ctrf {
    report_format: String,
    spec_version: String,
    #[serde(rename = "generatedBy")]
    _generated_by: String,
    results: Results,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Results {
    tool: Tool,
    summary: Summary,
    tests: Vec<Test>,
    #[serde(rename = "environment")]
    _environment: Environment,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    #[serde(rename = "version")]
    _version: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Summary {
    tests: usize,
    passed: usize,
    failed: usize,
    skipped: usize,
    pending: usize,
    other: usize,
    #[serde(rename = "flaky")]
    _flaky: usize,
    start: i64,
    stop: i64,
    duration: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Test {
    name: String,
    status: String,
    #[serde(rename = "duration")]
    _duration: u64,
    raw_status: String,
    #[serde(default)]
    suite: Option<Vec<String>>,
    #[serde(default, rename = "flaky")]
    _flaky: bool,
    #[serde(default, rename = "filePath")]
    _file_path: String,
    #[serde(default, rename = "line")]
    _line: usize,
    #[serde(default, rename = "tags")]
    _tags: Vec<String>,
    #[serde(default, rename = "message")]
    _message: String,
    #[serde(default, rename = "trace")]
    _trace: String,
    #[serde(default, rename = "extra")]
    _extra: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Environment {
    #[serde(rename = "appName")]
    _app_name: String,
    #[serde(rename = "extra")]
    _extra: BTreeMap<String, Value>,
}

#[rstest]
fn ctrf_has_its_form(#[values(0, 1, 2)] which: usize) {
    let report = &reports()[which];
    let text = written(report, Format::Ctrf);
    let ctrf: Ctrf = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!((&*ctrf.report_format, &*ctrf.spec_version), ("CTRF", "1.0.0"));
    assert!(!ctrf.results.tool.name.is_empty());
    let Results { summary, tests, .. } = ctrf.results;
    let count = |status: &str| tests.iter().filter(|test| test.status == status).count();
    assert_eq!(
        [summary.passed, summary.failed, summary.skipped, summary.other],
        ["passed", "failed", "skipped", "other"].map(count)
    );
    assert_eq!((summary.tests, summary.pending), (tests.len(), 0));
    assert_eq!(summary.tests, summary.passed + summary.failed + summary.skipped + summary.other);
    assert!(summary.start > 1_500_000_000_000, "{}", summary.start);
    assert_eq!(summary.stop - summary.start, summary.duration);
    for (case, test) in report.cases.iter().zip(&tests) {
        assert_eq!(test.raw_status, case.verdict.word());
        assert!(!test.name.is_empty() && test.suite.as_ref().is_none_or(|suite| !suite.is_empty()));
    }
}

/// A workflow command, with its escapes undone.
#[derive(Debug, PartialEq, Eq)]
struct Command {
    name: String,
    properties: BTreeMap<String, String>,
    message: String,
}

/// As GitHub reads a log: the commands that it would obey, and what it would not.
fn log(text: &str) -> (Vec<Command>, Vec<String>) {
    let undone = |text: &str| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    let (mut commands, mut others) = (Vec::new(), Vec::new());
    let mut stopped: Option<String> = None;
    for line in text.split('\n') {
        let command = line.trim_start().strip_prefix("::").and_then(|rest| rest.split_once("::"));
        match (command, &stopped) {
            (Some((word, _)), Some(stop)) if word == stop => stopped = None,
            (Some(("stop-commands", word)), None) => stopped = Some(word.to_owned()),
            (Some((head, message)), None) => {
                let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
                let properties = properties.split(',').map(|property| property.split_once('=').unwrap());
                let properties = properties.map(|(name, value)| (name.to_owned(), undone(value)));
                commands.push(Command {
                    name: name.to_owned(),
                    properties: properties.collect(),
                    message: undone(message),
                });
            }
            _ => others.push(line.to_owned()),
        }
    }
    assert_eq!(stopped, None, "commands are obeyed again in the end");
    (commands, others)
}

#[rstest]
fn github_shows_what_failed_and_obeys_nobody_else(#[values(0, 1, 2)] which: usize) {
    let report = &reports()[which];
    let text = written(report, Format::Github);
    let (commands, others) = log(&text);
    let summary = report.summary();
    let count = |name: &str| commands.iter().filter(|command| command.name == name).count();
    assert_eq!(count("error"), summary.of(Verdict::Fail) + report.stale.len());
    assert_eq!(count("warning"), summary.of(Verdict::Inconclusive) + summary.of(Verdict::Blocked));
    assert_eq!(count("notice"), summary.of(Verdict::Deviation));
    assert_eq!(commands.len(), count("error") + count("warning") + count("notice"));
    let failed = report.cases.iter().filter(|case| case.verdict == Verdict::Fail);
    for (case, command) in failed.zip(&commands) {
        let shown = |text: &str| reports::visible(text, reports::Symbols::Unicode);
        let names: Vec<_> = command.properties.keys().map(String::as_str).collect();
        assert_eq!(names, ["file", "line", "title"]);
        assert_eq!(command.properties["title"], shown(&format!("fail: {}", case.id)));
        assert_eq!(command.properties["file"], shown(&case.place.file));
        assert!(!command.message.contains('\r'));
    }
    // The text of the log is all there, and its last line says how it went.
    assert!(others.iter().any(|line| line.starts_with("Exit ")), "{text}");
}

/// GitHub shows ten of a kind.
#[test]
fn many_failures_are_not_many_annotations() {
    let mut report = sample("faulty").unwrap();
    let failed = report.cases.iter().find(|case| case.verdict == Verdict::Fail).unwrap().clone();
    report.cases = vec![failed; 40];
    report.stale.clear();
    let (commands, _) = log(&written(&report, Format::Github));
    assert_eq!(commands.len(), 10);
    assert_eq!(commands[9].message, "31 more of this kind: see the report");
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Badge {
    schema_version: u8,
    label: String,
    message: String,
    color: String,
    is_error: bool,
}

#[rstest]
#[case(0, "brightgreen", false)]
#[case(1, "red", true)]
#[case(2, "red", true)]
fn a_badge_has_its_form(#[case] which: usize, #[case] color: &str, #[case] is_error: bool) {
    let report = &reports()[which];
    let badge: Badge = serde_json::from_str(&written(report, Format::Badge)).unwrap();
    assert_eq!((badge.schema_version, &*badge.color, badge.is_error), (1, color, is_error));
    assert!(!badge.message.is_empty() && !badge.message.contains("forged"));
    assert!(badge.label.starts_with("FTP ") && badge.label.chars().count() < 40, "{}", badge.label);
    assert!(!badge.label.chars().any(char::is_control));
}

/// As RFC 4180 has it.
fn table(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut is_quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let row = rows.last_mut().unwrap();
        match letter {
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => row.last_mut().unwrap().push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\r' if !is_quoted => assert_eq!(letters.peek(), Some(&'\n')),
            '\n' if !is_quoted => rows.push(vec![String::new()]),
            letter => row.last_mut().unwrap().push(letter),
        }
    }
    assert_eq!(rows.pop(), Some(vec![String::new()]), "the last line is ended");
    rows
}

#[rstest]
fn a_table_has_a_line_for_each_case_and_no_formula(#[values(0, 1, 2)] which: usize) {
    let mut report = reports()[which].clone();
    if which == 2 {
        // What a server is asked and what it says may begin so.
        for (case, sign) in report.cases.iter_mut().zip("=+-@\u{ff1d}".chars().cycle()) {
            case.id.insert(0, sign);
            for finding in &mut case.findings {
                finding.received = Some(format!("{sign}cmd()"));
            }
        }
    }
    let rows = table(&written(&report, Format::Csv));
    assert_eq!(rows.len(), report.cases.len() + 1);
    for row in &rows {
        assert_eq!(row.len(), rows[0].len(), "{row:?}");
        for field in row {
            assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}']), "{field}");
            assert!(!field.contains(['\n', '\x1b']), "{field}");
        }
    }
    assert_eq!(rows[1][1], report.cases[0].verdict.word());
}

#[rstest]
fn markdown_keeps_its_lists_and_its_table(#[values(0, 1, 2)] which: usize) {
    let report = &reports()[which];
    let text = written(report, Format::Markdown);
    let told = |verdict: Verdict| !matches!(verdict, Verdict::Pass | Verdict::Skipped);
    let cases = report.cases.iter().filter(|case| told(case.verdict)).count();
    assert_eq!(text.lines().filter(|line| line.starts_with("- **")).count(), cases);
    for line in text.lines() {
        let beginnings = ["# ", "## ", "- **", "  - ", "| ", "|---", "Note: "];
        let is_counted = line.contains(" cases in ");
        assert!(line.is_empty() || is_counted || beginnings.iter().any(|begins| line.starts_with(begins)), "{line}");
        let plain = line.replace("\\\\", "");
        for sign in ['<', '[', '`', '@'] {
            assert!(!plain.replace(&format!("\\{sign}"), "").contains(sign), "{line}");
        }
    }
}

/// A step summary that is longer is refused as a whole.
#[test]
fn markdown_fits_into_a_step_summary() {
    let mut report = sample("faulty").unwrap();
    let mut failed = report.cases.iter().find(|case| case.verdict == Verdict::Fail).unwrap().clone();
    failed.findings[0].message = "|".repeat(50_000);
    report.cases = vec![failed; 3_000];
    let text = written(&report, Format::Markdown);
    assert!(text.len() < 1 << 20, "{}", text.len());
    assert!(text.contains("more cases are not shown here."));
}
