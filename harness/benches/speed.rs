//! How fast the harness reads the suite, judges what was written down, and runs cases against the reference server.
//!
//! `cargo bench -p harness`. Each figure is of a whole: the suite that is carried, every quick case of one run.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use harness::run::again;
use harness::scenario::Suite;
use harness::wire::reply::ReplyReader;
use reports::model::{Report, What};

/// Cases that wait for nothing: what they take is the harness's and the server's.
const QUICK: [&str; 6] =
    ["rfc959/directories", "rfc959/errors", "rfc959/login", "rfc959/parameters", "rfc959/rename", "rfc3659/size"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5))
        .without_plots();
    let suite = Suite::embedded().map_err(|faults| format!("the suite has errors: {faults:?}"))?;
    let folder = tempfile::tempdir()?;
    let report = ran(&folder.path().join("report.json"))?;
    reads_the_suite(&mut criterion, &suite);
    judges(&mut criterion, &suite, &report);
    reads_replies(&mut criterion, &report);
    runs(&mut criterion, &report);
    criterion.final_summary();
    Ok(())
}

/// The scenarios, the catalogue, the readings and the profiles: read, checked, and the rows filled in.
fn reads_the_suite(criterion: &mut Criterion, suite: &Suite) {
    let mut group = criterion.benchmark_group("suite");
    let cases = suite.scenarios().len();
    group.throughput(Throughput::Elements(cases as u64));
    group.bench_function(format!("read and check, {cases} cases"), |bencher| bencher.iter(Suite::embedded));
    group.finish();
}

/// What `ftpspec judge` does, without the file.
fn judges(criterion: &mut Criterion, suite: &Suite, report: &Report) {
    let mut group = criterion.benchmark_group("judge");
    let cases = judged(report);
    group.throughput(Throughput::Elements(cases));
    group.bench_function(format!("again, {cases} cases"), |bencher| bencher.iter(|| again(suite, black_box(report))));
    group.finish();
}

/// All that the server said in that run, in the segments in which it came.
fn reads_replies(criterion: &mut Criterion, report: &Report) {
    let said: Vec<&[u8]> = report
        .cases
        .iter()
        .flat_map(|case| &case.events)
        .filter_map(|event| if let What::Received { octets } = &event.what { Some(octets.as_slice()) } else { None })
        .collect();
    let read = || {
        let mut reader = ReplyReader::default();
        said.iter().map(|octets| reader.feed(black_box(octets)).len()).sum::<usize>()
    };
    let replies = read();
    let mut group = criterion.benchmark_group("wire");
    group.throughput(Throughput::Elements(replies as u64));
    group.bench_function(format!("read, {replies} replies"), |bencher| bencher.iter(read));
    group.finish();
}

/// The program itself: it starts the server, plays the cases, and prints the verdicts.
fn runs(criterion: &mut Criterion, report: &Report) {
    let mut group = criterion.benchmark_group("run");
    let cases = judged(report);
    group.throughput(Throughput::Elements(cases)).sample_size(10).sampling_mode(SamplingMode::Flat);
    for jobs in [1, 2, 4] {
        group.bench_function(format!("{cases} cases, {jobs} at once"), |bencher| {
            bencher.iter(|| ftpspec(&["--jobs", &jobs.to_string()]).output());
        });
    }
    group.finish();
}

fn judged(report: &Report) -> u64 {
    report.cases.iter().filter(|case| !case.events.is_empty()).count() as u64
}

/// The quick cases, run once and written down.
fn ran(file: &Path) -> Result<Report, Box<dyn Error>> {
    let output = ftpspec(&["--report", &format!("json={}", file.display())]).output()?;
    if !output.status.success() {
        return Err(format!("ftpspec run: {}\n{}", output.status, String::from_utf8_lossy(&output.stdout)).into());
    }
    Ok(reports::read(&std::fs::read(file)?)?)
}

fn ftpspec(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ftpspec"));
    command.arg("run").args(QUICK).args(arguments);
    command
}
