//! One check that lost points, as a student reads it.

use std::fmt::Write as _;

use reports::model::{Case, Finding, Grade, Report, What};
use reports::{Colour, Style, Symbols, Verbosity};

use super::{code, hidden, indented, inline};
use crate::grade::audience::Audience;
use crate::grade::cause::signal_name;
use crate::grade::score::{CaseScore, Outcome, Score};
use crate::scenario::rubric::{Points, plain};

/// How wide a transcript is.
const WIDTH: usize = 92;
/// How many lines of a program are shown.
const LINES: usize = 12;

/// Of what is told, and to whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) score: &'a Score,
    pub(super) report: &'a Report,
    /// The report without its cases: each is told as if it were the only one.
    pub(super) bare: &'a Report,
    pub(super) audience: Audience,
}

/// The checks of a group that gave less than they are worth. Those with one fault are told once, by the first.
pub(super) fn all(text: &mut String, short: &[&CaseScore], told: &Told<'_>) {
    let mut bundles: Vec<(String, Vec<&CaseScore>)> = Vec::new();
    for scored in short {
        let fault = told.fault(scored);
        match bundles.iter_mut().find(|(known, _)| *known == fault) {
            Some((_, cases)) => cases.push(scored),
            None => bundles.push((fault, vec![scored])),
        }
    }
    for (_, cases) in &bundles {
        let Some((first, others)) = cases.split_first() else { continue };
        if is_told(&first.outcome) {
            told.one(text, first, others);
        } else {
            told.unasked(text, cases);
        }
    }
}

/// Whether something was said that shows the fault.
fn is_told(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Lost | Outcome::Sometimes { .. } | Outcome::Deviates | Outcome::Earned)
}

impl Told<'_> {
    fn case(&self, scored: &CaseScore) -> Option<&Case> {
        self.report.cases.iter().find(|case| case.id == scored.id)
    }

    /// What is the same for cases that are told together.
    fn fault(&self, scored: &CaseScore) -> String {
        let Some(case) = self.case(scored) else { return scored.id.clone() };
        match &scored.outcome {
            Outcome::Lost | Outcome::Sometimes { .. } | Outcome::Deviates | Outcome::Earned => {
                let finding = gravest(case).map(|finding| (&finding.message, &finding.expected, &finding.received));
                format!("{} {:?} {finding:?}", plain(&scored.id), scored.outcome)
            }
            Outcome::Unreached { .. }
            | Outcome::Missing { .. }
            | Outcome::SameCause { .. }
            | Outcome::LeftOut { .. }
            | Outcome::Ungraded { .. } => self.because(scored, case),
        }
    }

    fn one(&self, text: &mut String, scored: &CaseScore, others: &[&CaseScore]) {
        let Some(case) = self.case(scored) else { return };
        let cases = [&[scored], others].concat();
        _ = writeln!(text, "### {} ({})\n", inline(&case.purpose), worth(&cases));
        _ = writeln!(text, "Check: `{}`\n", code(&case.id));
        if let Some(clause) = self.clause(case) {
            _ = writeln!(text, "{clause}\n");
        }
        _ = writeln!(text, "{}\n", self.because(scored, case));
        ended(text, case);
        if let Some(hint) = &scored.hint {
            _ = writeln!(text, "Hint: {}\n", inline(hint));
        }
        if !others.is_empty() {
            _ = writeln!(text, "The same in: {}\n", listed(others));
        }
        if let Some(said) = self.said(case) {
            _ = writeln!(text, "What was said (C is the check, S is your server):\n\n{}", indented(&said));
        }
    }

    /// Cases that were not asked, for one reason.
    fn unasked(&self, text: &mut String, cases: &[&CaseScore]) {
        let Some((first, _)) = cases.split_first() else { return };
        let Some(case) = self.case(first) else { return };
        let heading = match cases.len() {
            1 => inline(&case.purpose),
            many => format!("{many} checks"),
        };
        _ = writeln!(text, "### {heading} ({})\n", worth(cases));
        _ = writeln!(text, "{}\n\nIn: {}\n", self.because(first, case), listed(cases));
    }

    /// The end of the conversation, without the words around it and the output of the program, which are told apart.
    fn said(&self, case: &Case) -> Option<String> {
        if case.events.is_empty() {
            return None;
        }
        let (colour, symbols) = (Colour::Plain, Symbols::Unicode);
        let style = Style { colour, symbols, width: WIDTH, verbosity: Verbosity::Normal };
        let block = reports::block(self.bare, case, &style)?;
        let transcript = block.trim_end().rsplit_once("\n\n")?.1;
        let lines = transcript.lines().filter(|line| !line.contains("-- log: "));
        Some(lines.collect::<Vec<_>>().join("\n"))
    }

    /// The requirement that the case is about, as its specification has it.
    fn clause(&self, case: &Case) -> Option<String> {
        let finding = gravest(case).and_then(|finding| finding.requirement.as_ref());
        let requirement = self.report.requirements.get(finding.or_else(|| case.covers.first())?)?;
        Some(format!("{} ({}): {}", inline(&requirement.clause()), requirement.level, inline(&requirement.text)))
    }

    fn because(&self, scored: &CaseScore, case: &Case) -> String {
        match &scored.outcome {
            Outcome::Earned => "It passed.".to_owned(),
            Outcome::Lost => {
                gravest(case).map_or_else(|| case.reason.as_deref().map(inline).unwrap_or_default(), compared)
            }
            Outcome::Deviates => format!("{}\n\nThat is tolerated.", gravest(case).map(compared).unwrap_or_default()),
            Outcome::Sometimes { passed, runs } => {
                let compared = gravest(case).map(compared).unwrap_or_default();
                format!("It passed in {passed} of {runs} runs. In another: {compared}")
            }
            Outcome::Unreached { reason } => {
                let secret = self.score.groups.iter().flat_map(|group| &group.cases);
                let mut secret = secret.filter(|case| hidden(self.score, &case.id, self.audience));
                if secret.any(|case| reason.contains(&case.id)) {
                    return "It could not be asked, since another check failed before.".to_owned();
                }
                format!("It could not be asked: {}.", inline(reason.trim_end_matches('.')))
            }
            Outcome::Missing { reason } => {
                format!("It could not be asked: {}. The assignment wants it.", inline(reason))
            }
            Outcome::SameCause { told_in } if hidden(self.score, told_in, self.audience) => {
                format!("It met {}, as another check did.{NOT_COUNTED}", self.met(told_in))
            }
            Outcome::SameCause { told_in } => {
                format!("It met {}, as `{}` did.{NOT_COUNTED}", self.met(told_in), code(told_in))
            }
            Outcome::LeftOut { reason } => format!("It was not asked: {}.", inline(reason)),
            Outcome::Ungraded { reason } => format!("It could not be judged: {}.", inline(reason)),
        }
    }

    /// The crash or silence of this case.
    fn met(&self, id: &str) -> &'static str {
        let case = self.report.cases.iter().find(|case| case.id == id);
        match case.and_then(|case| case.kind) {
            Some(reports::model::FailKind::Crash) => "the same crash",
            Some(_) | None => "the same silence",
        }
    }
}

const NOT_COUNTED: &str = " One fault is counted once, so it neither costs nor gives anything here.";

fn worth(cases: &[&CaseScore]) -> String {
    let points: Points = cases.iter().map(|case| case.points).sum();
    let of: Points = cases.iter().map(|case| case.of).sum();
    let outcome = cases.first().map(|case| &case.outcome);
    match outcome {
        Some(Outcome::SameCause { .. } | Outcome::LeftOut { .. }) => "not counted".to_owned(),
        Some(Outcome::Ungraded { .. }) => format!("{of} points not judged"),
        Some(_) | None => format!("{points} of {of} points"),
    }
}

fn listed(cases: &[&CaseScore]) -> String {
    cases.iter().map(|case| format!("`{}`", code(&case.id))).collect::<Vec<_>>().join(", ")
}

fn gravest(case: &Case) -> Option<&Finding> {
    let worst = case.findings.iter().map(|finding| finding.grade).max().filter(|grade| *grade > Grade::Note)?;
    case.findings.iter().find(|finding| finding.grade == worst)
}

fn compared(finding: &Finding) -> String {
    let mut text = format!("{}.", inline(&sentence(&finding.message)));
    if let Some(expected) = &finding.expected {
        _ = write!(text, "\n\n- Expected: {}", inline(expected));
    }
    if let Some(received) = &finding.received {
        _ = write!(text, "\n- Came: {}", inline(received));
    }
    text
}

/// How the process ended, and what it printed last.
fn ended(text: &mut String, case: &Case) {
    for event in &case.events {
        let What::Exited { code, signal, log } = &event.what else { continue };
        let how = match (signal, code) {
            (Some(signal), _) => format!("by signal {signal}{}", signal_name(*signal)),
            (None, Some(code)) => format!("with exit code {code}"),
            (None, None) => "and nobody saw how".to_owned(),
        };
        _ = writeln!(text, "Your program ended in this check, {how}.");
        if log.is_empty() {
            _ = writeln!(text, "It printed nothing.\n");
        } else {
            let last = log.iter().rev().take(LINES).rev().cloned().collect::<Vec<_>>().join("\n");
            _ = writeln!(text, "The last that it printed:\n\n{}", indented(&last));
        }
    }
}

fn sentence(message: &str) -> String {
    let mut letters = message.trim_end_matches('.').chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
