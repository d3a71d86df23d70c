//! Every table in one HTML file that needs nothing else: no network and no script.

use askama::Template;

use super::count::{by_role_and_level, by_specification, cells, head, kinds, specifications};
use super::{Coverage, Filed, State};
use crate::render::RenderError;
use crate::visible::{Symbols, visible};

pub(super) fn render(coverage: &Coverage) -> Result<Vec<u8>, RenderError> {
    Ok(Page::of(coverage).render()?.into_bytes())
}

/// Everything that the template shows. Every text in it has been made visible; the template escapes it for HTML.
#[derive(Template)]
#[template(path = "coverage.html")]
struct Page {
    generator: String,
    counts: Vec<Table>,
    specifications: Vec<Specification>,
    commands: Vec<Command>,
    replies: Vec<Reply>,
    scenarios: Vec<Scenario>,
}

struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

struct Specification {
    name: String,
    requirements: Vec<Requirement>,
}

struct Requirement {
    id: String,
    section: String,
    level: String,
    role: String,
    text: String,
    state: &'static str,
    tested: Tested,
}

struct Command {
    verb: String,
    specification: String,
    tested: Tested,
}

struct Reply {
    code: u16,
    specification: String,
    meaning: String,
    tested: Tested,
    tolerated: Vec<String>,
}

struct Scenario {
    id: String,
    cases: usize,
    purpose: String,
    requirements: Vec<String>,
    commands: String,
    replies: String,
}

/// The scenarios, and the reason where there is one to say.
struct Tested {
    scenarios: Vec<String>,
    filed: Option<(String, String)>,
}

impl Page {
    fn of(coverage: &Coverage) -> Self {
        let kinds = kinds(coverage);
        let table = |labels: &[&str], rows: Vec<super::count::Row<'_>>| Table {
            head: head(labels, &kinds).iter().map(|word| safe(word)).collect(),
            rows: rows.iter().map(|row| safe_all(&cells(row, &kinds))).collect(),
        };
        Self {
            generator: safe(&coverage.generator),
            counts: vec![
                table(&["Binds", "Level"], by_role_and_level(coverage)),
                table(&["Specification"], by_specification(coverage)),
            ],
            specifications: specifications(coverage).into_iter().map(Specification::of).collect(),
            commands: coverage.commands.iter().map(Command::of).collect(),
            replies: coverage.replies.iter().map(Reply::of).collect(),
            scenarios: coverage.scenarios.iter().map(Scenario::of).collect(),
        }
    }
}

impl Specification {
    fn of((name, requirements): (&str, &[super::RequirementCoverage])) -> Self {
        Self { name: safe(name), requirements: requirements.iter().map(Requirement::of).collect() }
    }
}

impl Requirement {
    fn of(requirement: &super::RequirementCoverage) -> Self {
        let state = requirement.state();
        let filed = requirement.filed.as_ref().filter(|_| state != State::Covered);
        Self {
            id: safe(&requirement.id),
            section: safe(&requirement.section),
            level: safe(&requirement.level),
            role: safe(&requirement.role),
            text: safe(&requirement.text),
            state: match state {
                State::Covered => "covered",
                State::Filed(_) => "filed",
                State::Neither => "neither",
            },
            tested: Tested::of(&requirement.scenarios, filed),
        }
    }
}

impl Command {
    fn of(command: &super::CommandCoverage) -> Self {
        let filed = command.filed.as_ref().filter(|_| command.scenarios.is_empty());
        Self {
            verb: safe(&command.verb),
            specification: safe(&command.specification),
            tested: Tested::of(&command.scenarios, filed),
        }
    }
}

impl Reply {
    fn of(reply: &super::ReplyCoverage) -> Self {
        Self {
            code: reply.code,
            specification: safe(&reply.specification),
            meaning: safe(&reply.meaning),
            tested: Tested::of(&reply.required, reply.filed.as_ref()),
            tolerated: safe_all(&reply.tolerated),
        }
    }
}

impl Scenario {
    fn of(scenario: &super::ScenarioCoverage) -> Self {
        let replies: Vec<_> = scenario.replies.iter().map(u16::to_string).collect();
        Self {
            id: safe(&scenario.id),
            cases: scenario.cases,
            purpose: safe(&scenario.purpose),
            requirements: safe_all(&scenario.requirements),
            commands: safe(&scenario.commands.join(" ")),
            replies: replies.join(" "),
        }
    }
}

impl Tested {
    fn of(scenarios: &[String], filed: Option<&Filed>) -> Self {
        Self { scenarios: safe_all(scenarios), filed: filed.map(|filed| (safe(&filed.kind), safe(&filed.because))) }
    }
}

fn safe(text: &str) -> String {
    visible(text, Symbols::Unicode)
}

fn safe_all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| safe(text)).collect()
}
