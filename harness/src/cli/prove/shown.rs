//! A proof, for people and for programs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::run::prove::{Asked, Outcome, Proof, Seen, Tried, is_meant, without_row};
use crate::scenario::Mutant;
use crate::scenario::diagnostic::escape;

/// The kill matrix by mutant and by scenario, and everything that is not as it should be.
pub(super) fn human(proof: &Proof, asked: &Asked<'_>, out: &mut dyn Write) -> io::Result<()> {
    let pairs = || proof.mutants.iter().zip(&asked.mutants);
    writeln!(out, "Mutants: what each turns red (* is the scenario that it names)")?;
    for (tried, mutant) in pairs() {
        let word = if tried.outcome == Outcome::Killed { "killed " } else { "LIVES  " };
        writeln!(out, "  {word} {}  {}", mutant.id, red_files(tried, mutant))?;
    }
    writeln!(out, "\nScenarios: the mutants that turn each red (* names it)")?;
    let named: BTreeMap<_, _> = asked.mutants.iter().map(|mutant| (mutant.id.as_str(), *mutant)).collect();
    for (file, mutants) in &proof.reds {
        let star = |id: &String| {
            let own = named.get(id.as_str()).is_some_and(|mutant| without_row(&mutant.kills.value) == file);
            if own { format!("*{id}") } else { id.clone() }
        };
        let list: Vec<_> = mutants.iter().map(star).collect();
        let list = if list.is_empty() { "nothing".to_owned() } else { list.join(" ") };
        writeln!(out, "  {file}  {list}")?;
    }
    wrong(proof, asked, out)?;
    let killed = proof.mutants.iter().filter(|tried| tried.outcome == Outcome::Killed).count();
    let proven = proof.reds.len() - proof.unproven().len();
    writeln!(out, "\nControl   {} cases, {} strange", proof.controls, proof.strange.len())?;
    writeln!(out, "Mutants   {} of {} killed as they say", killed, proof.mutants.len())?;
    writeln!(out, "Scenarios {} of {} proven", proven, proof.reds.len())?;
    writeln!(out, "Took      {:.1} s", proof.duration.as_secs_f64())
}

fn wrong(proof: &Proof, asked: &Asked<'_>, out: &mut dyn Write) -> io::Result<()> {
    for strange in &proof.strange {
        writeln!(out, "\nSTRANGE: without a fault {} is not the same, or not green", strange.case)?;
        writeln!(out, "  without the relay: {}", words(&strange.direct))?;
        writeln!(out, "  with the relay:    {}", words(&strange.relayed))?;
    }
    for (tried, mutant) in proof.mutants.iter().zip(&asked.mutants) {
        let Outcome::Otherwise(seen) = &tried.outcome else { continue };
        writeln!(out, "\nLIVES: {} ({})", mutant.id, escape(&mutant.about))?;
        writeln!(
            out,
            "  {} must be {} by {} on the axis {}",
            mutant.kills.value,
            mutant.verdict.word(),
            mutant.requirement.value,
            mutant.axis.word()
        )?;
        if seen.is_empty() {
            writeln!(out, "  but it was not run: the reference server lacks what it needs")?;
        }
        for seen in seen {
            writeln!(out, "  but it is {}", words(seen))?;
        }
    }
    for id in proof.unproven() {
        writeln!(out, "\nUNPROVEN: nothing turned {id} red; write a mutant for it (harness/mutants/README.md)")?;
    }
    Ok(())
}

/// The scenarios that a mutant turned red, its own first.
fn red_files(tried: &Tried, mutant: &Mutant) -> String {
    let own = tried.reds.keys().filter(|id| is_meant(mutant, id)).map(|id| format!("*{}", without_row(id)));
    let others = tried.reds.keys().filter(|id| !is_meant(mutant, id)).map(|id| without_row(id).to_owned());
    let mut files: Vec<String> = own.chain(others).collect();
    files.dedup();
    if files.is_empty() { format!("nothing of {} cases", tried.met) } else { files.join(" ") }
}

fn words(seen: &Seen) -> String {
    let verdict = seen.verdict.word();
    let reason = seen.reason.iter().map(|reason| format!("{verdict} ({})", escape(reason)));
    let findings = seen.findings.iter().map(|found| {
        let requirement = found.requirement.as_deref().unwrap_or("no requirement");
        let (grade, axis) = (found.grade.word(), found.axis.word());
        format!("{grade} by {requirement} on the axis {axis}: {}", escape(&found.message))
    });
    let verdict = if seen.reason.is_none() { Some(verdict.to_owned()) } else { None };
    verdict.into_iter().chain(reason).chain(findings).collect::<Vec<_>>().join("; ")
}

/// Everything, as one object.
pub(super) fn json(proof: &Proof, asked: &Asked<'_>) -> Value {
    let mutants: Vec<_> =
        proof.mutants.iter().zip(&asked.mutants).map(|(tried, mutant)| tried_json(tried, mutant)).collect();
    let strange = proof.strange.iter().map(|strange| {
        json!({ "case": strange.case, "direct": seen_json(&strange.direct), "relayed": seen_json(&strange.relayed) })
    });
    json!({
        "schema": "ftpspec/proof/1",
        "holds": proof.holds(),
        "controls": proof.controls,
        "strange": strange.collect::<Vec<_>>(),
        "mutants": mutants,
        "scenarios": proof.reds,
        "unproven": proof.unproven(),
        "duration": u64::try_from(proof.duration.as_millis()).unwrap_or(u64::MAX),
    })
}

fn tried_json(tried: &Tried, mutant: &Mutant) -> Value {
    let reds: BTreeMap<_, _> = tried.reds.iter().map(|(id, seen)| (id, seen_json(seen))).collect();
    let instead = match &tried.outcome {
        Outcome::Killed => Vec::new(),
        Outcome::Otherwise(seen) => seen.iter().map(seen_json).collect(),
    };
    json!({
        "id": mutant.id,
        "about": mutant.about,
        "source": mutant.source,
        "kills": mutant.kills.value,
        "for": mutant.requirement.value,
        "axis": mutant.axis.word(),
        "verdict": mutant.verdict.word(),
        "killed": tried.outcome == Outcome::Killed,
        "instead": instead,
        "met": tried.met,
        "red": reds,
    })
}

fn seen_json(seen: &Seen) -> Value {
    let findings = seen.findings.iter().map(|found| {
        json!({
            "requirement": found.requirement,
            "axis": found.axis.word(),
            "grade": found.grade.word(),
            "message": found.message,
        })
    });
    json!({
        "verdict": seen.verdict.word(),
        "reason": seen.reason,
        "findings": findings.collect::<Vec<_>>(),
    })
}
