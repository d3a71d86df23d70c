//! `ftpspec explain`: a scenario or a requirement in words.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;

use super::{Failure, SuiteFolder};
use crate::scenario::diagnostic::{escape, nearest};
use crate::scenario::tree::{DataMode, Errand, Peer, Protection, Scenario, Step};
use crate::scenario::{Breach, Requirement, Suite, words};

/// Explain a scenario or a requirement in words.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The id of a scenario or of a requirement, or a scenario's file.
    id: String,
    #[command(flatten)]
    suite: SuiteFolder,
}

impl Explain {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let suite = Suite::for_patterns(self.suite.scenarios.as_deref(), std::slice::from_ref(&self.id))?;
        if let Some(requirement) = suite.requirement(&self.id) {
            Explained { suite: &suite, out }.requirement_alone(requirement)?;
            return Ok(ExitCode::SUCCESS);
        }
        let found = match suite.select(&[&self.id]) {
            Ok(found) => found,
            Err(error) => {
                let near = nearest(&self.id, suite.catalogue().iter().map(|known| known.id.as_str()));
                return Err(near.map_or(Failure::Select(error), |near| {
                    Failure::Usage(format!(
                        "no scenario and no requirement \"{}\"; did you mean \"{near}\"?",
                        escape(&self.id)
                    ))
                }));
            }
        };
        Explained { suite: &suite, out }.scenarios(&found)?;
        Ok(ExitCode::SUCCESS)
    }
}

struct Explained<'a> {
    suite: &'a Suite,
    out: &'a mut dyn Write,
}

impl Explained<'_> {
    fn scenarios(&mut self, found: &[&Scenario]) -> io::Result<()> {
        let Some((first, others)) = found.split_first() else { return Ok(()) };
        self.scenario(first)?;
        let (rows, files): (Vec<&Scenario>, Vec<&Scenario>) = others.iter().partition(|other| other.file == first.file);
        if !rows.is_empty() {
            self.title("The same with other values")?;
            rows.iter().try_for_each(|row| self.line(&row.id))?;
        }
        if !files.is_empty() {
            self.title("Also selected")?;
            files.iter().try_for_each(|other| self.line(&other.id))?;
        }
        Ok(())
    }

    fn scenario(&mut self, scenario: &Scenario) -> io::Result<()> {
        let bold = anstyle::Style::new().bold();
        writeln!(self.out, "{bold}{}{bold:#}", escape(&scenario.id))?;
        writeln!(self.out, "{}", escape(&scenario.purpose.value))?;
        self.title("Requirements")?;
        if scenario.recorded.is_some() {
            self.line("none: it was recorded, and asks for what one server answered")?;
        }
        for covered in &scenario.covers {
            match self.suite.requirement(&covered.value) {
                Some(requirement) => self.requirement(requirement)?,
                None => self.line(&covered.value)?,
            }
        }
        if !scenario.given.is_empty() || !scenario.needs.is_empty() {
            self.title("Before")?;
        }
        for name in &scenario.given {
            let given = self.suite.given(&name.value);
            let purpose = given.map(|given| given.purpose.value.as_str()).unwrap_or_default();
            let test = given.and_then(|given| given.tested_by.as_deref()).unwrap_or_default();
            self.line(&format!("{}: {purpose} (tested by {test})", name.value))?;
        }
        if !scenario.needs.is_empty() {
            let needs: Vec<_> = scenario.needs.iter().map(|need| need.value.as_str()).collect();
            self.line(&format!("the subject must claim {}", needs.join(", ")))?;
        }
        for (name, peer) in &scenario.connections {
            if *peer == Peer::Second {
                self.line(&format!("connection {name} reaches the second server"))?;
            }
        }
        for (path, entry) in &scenario.files {
            self.line(&format!("{path}: {}", words::entry(entry)))?;
        }
        for (path, entry) in &scenario.second_files {
            self.line(&format!("on the second server {path}: {}", words::entry(entry)))?;
        }
        if let Some(errand) = &scenario.errand {
            self.errand(errand)?;
        }
        self.steps("Steps", &scenario.steps)?;
        self.steps("Whatever happened", &scenario.finally)?;
        if !scenario.leaves.is_empty() || !scenario.second_leaves.is_empty() {
            self.title("Afterwards")?;
        }
        for (path, left) in &scenario.leaves {
            self.line(&format!("{path}: {}", words::left(&left.value)))?;
        }
        for (path, left) in &scenario.second_leaves {
            self.line(&format!("on the second server {path}: {}", words::left(&left.value)))?;
        }
        Ok(())
    }

    /// What a client is asked, how the server deviates, and what must be seen.
    fn errand(&mut self, errand: &Errand) -> io::Result<()> {
        for (path, entry) in &errand.files {
            self.line(&format!("in the client's directory {path}: {}", words::entry(entry)))?;
        }
        self.title("The client is asked to")?;
        errand.tasks.iter().try_for_each(|task| self.line(&words::task(task)))?;
        if errand.mode != DataMode::Usual {
            self.line(&format!("in {} mode", errand.mode.word()))?;
        }
        match errand.protection {
            Protection::None => {}
            Protection::Explicit => self.line("under TLS, and takes any certificate")?,
            Protection::Verified => self.line("under TLS, and takes no certificate that nobody vouches for")?,
        }
        if !errand.deviations.rules.is_empty() {
            self.title("The server is right, but for these rules of the file")?;
            for rule in &errand.deviations.rules {
                self.line(&format!("line {}", rule.span.line))?;
            }
        }
        if !errand.facts.is_empty() {
            self.title("Seen must be")?;
            errand.facts.iter().try_for_each(|fact| self.line(&words::fact(fact)))?;
        }
        Ok(())
    }

    fn requirement_alone(&mut self, requirement: &Requirement) -> io::Result<()> {
        self.requirement(requirement)?;
        let covering: Vec<_> =
            self.suite.scenarios().iter().filter(|scenario| scenario.measures(&requirement.id)).collect();
        if let Some(filed) = requirement.filed.as_ref().filter(|_| covering.is_empty()) {
            self.line(&format!("filed as {}: {}", filed.kind, filed.because))?;
        }
        self.disputes(requirement)?;
        self.title("Scenarios that cover it")?;
        if covering.is_empty() {
            return self.line("none");
        }
        covering.chunk_by(|one, other| one.file == other.file).try_for_each(|rows| match rows {
            [scenario] => self.line(&format!("{}  {}", scenario.id, scenario.purpose.value)),
            [first, ..] => {
                let path = first.id.split('[').next().unwrap_or_default();
                self.line(&format!("{path} ({} rows)  {}", rows.len(), first.purpose.value))
            }
            [] => Ok(()),
        })
    }

    /// The disputed questions that it is part of.
    fn disputes(&mut self, requirement: &Requirement) -> io::Result<()> {
        let suite = self.suite;
        for question in suite.readings().about(&requirement.id) {
            self.title(&format!("Disputed: {}", escape(&question.question)))?;
            for answer in &question.answers {
                let breach =
                    if answer.breach == Breach::Against { "a breach is against it" } else { "a breach is tolerated" };
                let default = if answer.id == question.default { ", the default" } else { "" };
                self.line(&format!("{} ({breach}{default}): {}", answer.id, answer.says))?;
                self.line(&format!("  held by {}", answer.held_by.join(", ")))?;
                let takes = suite
                    .profiles()
                    .values()
                    .filter(|profile| profile.readings.get(&question.id).is_some_and(|taken| taken.value == answer.id));
                let takes: Vec<_> = takes.map(|profile| profile.name.as_str()).collect();
                if !takes.is_empty() {
                    self.line(&format!("  taken by the profile {}", takes.join(", ")))?;
                }
            }
        }
        Ok(())
    }

    fn requirement(&mut self, requirement: &Requirement) -> io::Result<()> {
        let Requirement { id, specification, section, level, role, .. } = requirement;
        self.line(&format!("{id}: {specification} §{section}, {level}, {role}"))?;
        self.line(&format!("  {}", requirement.text))?;
        let more = [("when", requirement.when.as_deref()), ("decided by", Some(requirement.decided.as_str()))];
        let more = more.into_iter().chain([("notes", requirement.notes.as_deref())]);
        for (what, text) in more {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                self.line(&format!("  {what}: {text}"))?;
            }
        }
        Ok(())
    }

    fn steps(&mut self, title: &str, steps: &[Step]) -> io::Result<()> {
        if steps.is_empty() {
            return Ok(());
        }
        self.title(title)?;
        for (index, step) in steps.iter().enumerate() {
            self.line(&format!("{:2}  {}", index + 1, words::step(step)))?;
        }
        Ok(())
    }

    fn title(&mut self, title: &str) -> io::Result<()> {
        let bold = anstyle::Style::new().bold();
        writeln!(self.out, "\n{bold}{title}{bold:#}")
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        // Words of a file may hold line ends; a folded text of the catalogue does.
        let parts: Vec<_> = line.lines().map(escape).collect();
        writeln!(self.out, "  {}", parts.join("\n    "))
    }
}
