//! The same two reports through every format. `BLESS=1 cargo test -p reports --test gallery` rewrites the samples.

use std::error::Error;
use std::path::{Path, PathBuf};

use reports::model::Report;
use reports::{
    Colour, CompareFormat, Format, MatrixFormat, Style, Symbols, Verbosity, compare, matrix, read, render,
    render_comparison, render_matrix, schema,
};
use rstest::rstest;

const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

fn gallery(file: &str) -> PathBuf {
    Path::new(PACKAGE).join("gallery").join(file)
}

fn sample(name: &str) -> Result<Report, Box<dyn Error>> {
    Ok(read(&std::fs::read(gallery(&format!("{name}.json")))?)?)
}

/// Fails where the file does not hold these octets; writes them if `BLESS` is set.
fn agrees(file: &Path, written: &[u8]) -> Result<(), Box<dyn Error>> {
    if std::env::var_os("BLESS").is_some() {
        // Other tests read the samples meanwhile: they see the old one or the new one, and never half of it.
        let fresh = file.with_added_extension("fresh");
        std::fs::write(&fresh, written)?;
        std::fs::rename(&fresh, file)?;
    }
    let kept = std::fs::read(file).unwrap_or_default();
    let (kept, written) = (String::from_utf8_lossy(&kept), String::from_utf8_lossy(written));
    if kept != written {
        let difference = similar::TextDiff::from_lines(kept.as_ref(), written.as_ref());
        let shown = difference.unified_diff().to_string();
        return Err(format!("{} is not current; BLESS=1 rewrites it:\n{}", file.display(), shown.escape_debug()).into());
    }
    Ok(())
}

fn human(colour: Colour, symbols: Symbols, width: usize, verbosity: Verbosity) -> Style {
    Style { colour, symbols, width, verbosity }
}

#[rstest]
#[case(Format::Json, "json")]
#[case(Format::Jsonl, "jsonl")]
#[case(Format::Junit, "junit.xml")]
#[case(Format::Html, "html")]
#[case(Format::Human, "txt")]
#[case(Format::Markdown, "md")]
#[case(Format::Tap, "tap")]
#[case(Format::Ctrf, "ctrf.json")]
#[case(Format::Github, "github.txt")]
#[case(Format::Badge, "badge.json")]
#[case(Format::Csv, "csv")]
fn formats(#[values("clean", "faulty")] name: &str, #[case] format: Format, #[case] ending: &str) {
    let written = render(&sample(name).unwrap(), format, &Style::default()).unwrap();
    agrees(&gallery(&format!("{name}.{ending}")), &written).unwrap();
}

#[rstest]
#[case("faulty.colour.txt", human(Colour::Ansi, Symbols::Unicode, 100, Verbosity::Normal))]
#[case("faulty.ascii-80.txt", human(Colour::Plain, Symbols::Ascii, 80, Verbosity::Normal))]
#[case("faulty.quiet.txt", human(Colour::Plain, Symbols::Unicode, 100, Verbosity::Quiet))]
#[case("faulty.verbose.txt", human(Colour::Plain, Symbols::Unicode, 100, Verbosity::Verbose))]
fn styles(#[case] file: &str, #[case] style: Style) {
    agrees(&gallery(file), &render(&sample("faulty").unwrap(), Format::Human, &style).unwrap()).unwrap();
}

#[rstest]
#[case(CompareFormat::Human, "compared.txt")]
#[case(CompareFormat::Json, "compared.json")]
fn comparisons(#[case] format: CompareFormat, #[case] file: &str) {
    let comparison = compare(&sample("clean").unwrap(), &sample("faulty").unwrap());
    agrees(&gallery(file), &render_comparison(&comparison, format, &Style::default()).unwrap()).unwrap();
}

#[rstest]
#[case(MatrixFormat::Human, "matrix.txt")]
#[case(MatrixFormat::Markdown, "matrix.md")]
#[case(MatrixFormat::Html, "matrix.html")]
#[case(MatrixFormat::Json, "matrix.json")]
fn matrices(#[case] format: MatrixFormat, #[case] file: &str) {
    let reports = [sample("clean").unwrap(), sample("faulty").unwrap()];
    let written = render_matrix(&matrix(&reports), &reports, format, &Style::default()).unwrap();
    agrees(&gallery(file), &written).unwrap();
}

#[rstest]
#[case(MatrixFormat::Human, "requirements.txt")]
#[case(MatrixFormat::Html, "requirements.html")]
fn requirements_of_one(#[case] format: MatrixFormat, #[case] file: &str) {
    let reports = [sample("faulty").unwrap()];
    let written = render_matrix(&matrix(&reports), &reports, format, &Style::default()).unwrap();
    agrees(&gallery(file), &written).unwrap();
}

#[test]
fn json_schema() {
    let mut written = serde_json::to_string_pretty(&schema()).unwrap();
    written.push('\n');
    agrees(&Path::new(PACKAGE).join("report.schema.json"), written.as_bytes()).unwrap();
}

#[rstest]
fn come_back(#[values("clean", "faulty")] name: &str, #[values(Format::Json, Format::Jsonl)] format: Format) {
    let report = sample(name).unwrap();
    assert_eq!(read(&render(&report, format, &Style::default()).unwrap()).unwrap(), report);
}
