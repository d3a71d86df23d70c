//! `ftpspec observe`: any client at its work, and what that tells of it.

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use jiff::Timestamp;
use reports::model::{Grade, Report};
use reports::{Format, Symbols, render};

use super::Failure;
use super::record::{opened, place};
use super::run::{Look, replace, report_file, unwritable};
use crate::judge::grade::Scale;
use crate::judge::task::observe;
use crate::run::door::{Asked, door};
use crate::run::observed;
use crate::scenario::Suite;
use crate::subject::Subject;

/// Watch any client at its work, and say which requirements it kept and which it broke.
///
/// Point the client at the door that this opens, and let it do what it does. Only what it did itself counts: what a session does not
/// touch is not judged.
#[derive(Debug, Args)]
pub(super) struct Observe {
    /// Where the client shall connect: a port of this machine, or an address and a port. 0 is any free port.
    #[arg(long, value_name = "PORT", value_parser = place)]
    listen: (Option<IpAddr>, u16),
    /// The server behind the door: ftp://host:port/. Without it, the reference server with an empty folder.
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// End after so many sessions; 0 goes on until Ctrl-C.
    #[arg(long, value_name = "N", default_value_t = 1)]
    sessions: usize,
    /// The profile whose grades decide.
    #[arg(long, value_name = "NAME", default_value = "rfc1123")]
    profile: String,
    /// Write a report into a file, with the transcript: FORMAT=FILE; may be given several times.
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = report_file)]
    reports: Vec<(Format, PathBuf)>,
    #[command(flatten)]
    look: Look,
}

impl Observe {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let (begun, started) = (Instant::now(), Timestamp::now());
        let suite = Suite::for_patterns(None, &[])?;
        let profile = super::run::profile(&suite, &self.profile)?;
        let scale = Scale::of(&profile, &suite);
        let subject = match &self.to {
            Some(url) => Subject::at(url, None, None),
            None => Subject::named("reference-server"),
        };
        let subject = subject.map_err(|error| Failure::Usage(error.to_string()))?;
        let asked = Asked { at: self.listen, sessions: Some(self.sessions).filter(|sessions| *sessions > 0) };
        let mut cases = Vec::new();
        door(
            &subject,
            &asked,
            |open| {
                opened(open, &mut *out)?;
                if self.to.is_none() {
                    writeln!(
                        out,
                        "it takes anonymous, and {} with the password {}",
                        subject.login.user, subject.login.password
                    )?;
                }
                Ok(out.flush()?)
            },
            |events| {
                cases.push(observe(cases.len() + 1, events, suite.catalogue(), &scale));
                Ok::<_, Failure>(())
            },
        )?;
        if cases.is_empty() {
            return Err(Failure::Usage("no client said anything, so there is nothing to tell".to_owned()));
        }
        let reached = format!("came to a door in front of {}", self.to.as_deref().unwrap_or("the reference server"));
        let mut report = observed(&suite, &profile, reached, cases);
        report.started = started.to_string();
        report.duration = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.tell(&report, out)
    }

    fn tell(&self, report: &Report, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let failed = |error: reports::RenderError| Failure::Usage(format!("the report cannot be made: {error}"));
        let style = self.look.style();
        for (format, file) in &self.reports {
            let written = render(report, *format, &reports::Style::default()).map_err(failed)?;
            replace(file, &written).map_err(|error| unwritable(file, &error))?;
        }
        out.write_all(&render(report, Format::Human, &style).map_err(failed)?)?;
        let code = report.exit_code();
        out.write_all(touched(report, style.symbols).as_bytes())?;
        Ok(ExitCode::from(code))
    }
}

/// What the sessions touched: the requirements that were kept, and those that were broken, by their worst.
fn touched(report: &Report, symbols: Symbols) -> String {
    let (kept_sign, deviation_sign, fail_sign) = match symbols {
        Symbols::Unicode => ("✓", "~", "✗"),
        Symbols::Ascii => ("ok", "~", "x"),
    };
    let (mut kept, mut broken) = (Vec::new(), Vec::new());
    for (id, text) in &report.requirements {
        let findings = report.cases.iter().flat_map(|case| &case.findings);
        let worst =
            findings.filter(|finding| finding.requirement.as_ref() == Some(id)).map(|finding| finding.grade).max();
        let line = |sign: &str| format!("  {sign} {}, {}: {id}\n", text.clause(), text.level);
        match worst {
            None | Some(Grade::Note) => kept.push(line(kept_sign)),
            Some(Grade::Deviation) => broken.push(line(deviation_sign)),
            Some(Grade::Fail | Grade::Inconclusive) => broken.push(line(fail_sign)),
        }
    }
    let counts =
        format!("Touched   {} requirements: {} kept, {} broken\n", kept.len() + broken.len(), kept.len(), broken.len());
    std::iter::once(counts).chain(kept).chain(broken).collect()
}
