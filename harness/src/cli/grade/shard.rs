//! `--shard`: which part of the class this machine grades.

use std::ffi::OsString;
use std::str::FromStr;

use super::super::Failure;
use super::names::Named;
use crate::grade::merge::{MOST, NoShard, Place, Roll, Run, Shard};
use crate::scenario::diagnostic::escape;
use crate::scenario::{Rubric, Suite};

/// What `--shard` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// This one.
    Said(Shard),
    /// The one that the variables of Slurm, Kubernetes, GNU parallel or the like say.
    Auto,
}

impl FromStr for Wanted {
    type Err = NoShard;

    fn from_str(text: &str) -> Result<Self, NoShard> {
        if text == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::Said) }
    }
}

impl Wanted {
    /// The shard.
    pub(super) fn found(self) -> Result<Shard, Failure> {
        match self {
            Self::Said(shard) => Ok(shard),
            Self::Auto => auto(&|name| std::env::var_os(name)).map_err(Failure::Usage),
        }
    }
}

/// The shard with what all shards have in common, as its results begin.
pub(super) fn run(
    shard: Shard,
    (rubric, text, only): (&Rubric, &str, &[String]),
    suite: &Suite,
    class: &[Named],
) -> Result<Run, Failure> {
    let place = |named: &Named| Place { submission: named.entry.name.clone(), folder: named.folder.clone() };
    let roll = Roll::new(rubric, text, only, suite.hash(), class.iter().map(place).collect());
    Run::new(shard, roll).map_err(|error| Failure::Output(error.into()))
}

/// Our own two variables: they win over everybody's, so that any other engine can be used.
const SHARD: &str = "FTPSPEC_SHARD";
const SHARDS: &str = "FTPSPEC_SHARDS";

type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The shard that the environment says.
fn auto(variables: Variables<'_>) -> Result<Shard, String> {
    if variables(SHARD).is_some() {
        return shard(SHARD, demanded(variables, SHARD)?, demanded(variables, SHARDS)?);
    }
    let engines: [(&str, Engine); 3] = [
        ("SLURM_ARRAY_TASK_ID", slurm),
        ("JOB_COMPLETION_INDEX", |variables| {
            let at = demanded(variables, "JOB_COMPLETION_INDEX")?;
            shard("JOB_COMPLETION_INDEX", at.saturating_add(1), count(variables, "JOB_COMPLETION_INDEX")?)
        }),
        ("PARALLEL_SEQ", |variables| {
            shard("PARALLEL_SEQ", demanded(variables, "PARALLEL_SEQ")?, count(variables, "PARALLEL_SEQ")?)
        }),
    ];
    let there: Vec<_> = engines.iter().filter(|(name, _)| variables(name).is_some()).collect();
    match there.as_slice() {
        [(_, engine)] => engine(variables),
        [] => {
            let names: Vec<_> = engines.iter().map(|(name, _)| *name).collect();
            Err(format!(
                "--shard auto finds none of {SHARD}, {} in its environment; say --shard k/n, or set {SHARD}=k and {SHARDS}=n",
                names.join(", ")
            ))
        }
        [(one, _), (other, _), ..] => Err(format!(
            "--shard auto finds both {one} and {other}, and cannot tell which counts; say --shard k/n, or set {SHARD}=k and {SHARDS}=n"
        )),
    }
}

type Engine = fn(Variables<'_>) -> Result<Shard, String>;

/// A task of an array. A task that is submitted again alone is of an array of one, so the count can be said beside it.
fn slurm(variables: Variables<'_>) -> Result<Shard, String> {
    const ID: &str = "SLURM_ARRAY_TASK_ID";
    let id = demanded(variables, ID)?;
    let tasks = demanded(variables, "SLURM_ARRAY_TASK_COUNT")?;
    if let Some(count) = number(variables, SHARDS)?
        && count != tasks
    {
        return shard(ID, id, count);
    }
    let least = demanded(variables, "SLURM_ARRAY_TASK_MIN")?;
    let step = number(variables, "SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
    let most = number(variables, "SLURM_ARRAY_TASK_MAX")?;
    let is_even = most.is_none_or(|most| most.checked_sub(least) == Some(tasks.saturating_sub(1).saturating_mul(step)));
    let at = id.checked_sub(least).filter(|far| is_even && far.is_multiple_of(step));
    let Some(at) = at else {
        return Err(format!(
            "the tasks of the Slurm array are not evenly numbered; submit it with --array=1-n, or set {SHARDS}=n where only some of the tasks 1 to n are submitted"
        ));
    };
    shard(ID, at / step + 1, tasks)
}

/// The count of shards, for engines that do not tell it.
fn count(variables: Variables<'_>, engine: &str) -> Result<usize, String> {
    number(variables, SHARDS)?.ok_or_else(|| {
        format!("{engine} says which shard this is, and nothing says of how many; set {SHARDS} to their number")
    })
}

fn shard(name: &str, number: usize, of: usize) -> Result<Shard, String> {
    Shard::new(number, of).ok_or_else(|| {
        format!("{name} makes this shard {number} of {of}, and there is none; shards are 1/1 to {MOST}/{MOST}")
    })
}

fn demanded(variables: Variables<'_>, name: &str) -> Result<usize, String> {
    number(variables, name)?.ok_or_else(|| format!("{name} is not set, and --shard auto needs it; say --shard k/n"))
}

fn number(variables: Variables<'_>, name: &str) -> Result<Option<usize>, String> {
    let Some(value) = variables(name) else { return Ok(None) };
    let text = value.to_string_lossy();
    let decimal = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let parsed = decimal.then(|| text.parse().ok()).flatten();
    let shown: String = text.chars().take(40).collect();
    parsed.map(Some).ok_or_else(|| format!("{name} is no number: \"{}\"", escape(&shown)))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use rstest::rstest;

    use super::auto;

    /// The shard that these variables make, or what is said of them.
    fn found(variables: &[(&str, &str)]) -> Result<(usize, usize), String> {
        let value =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(*value));
        auto(&value).map(|shard| (shard.number, shard.of))
    }

    /// The variables of an array, as Slurm sets them.
    const ARRAY: [&str; 5] = [
        "SLURM_ARRAY_TASK_ID",
        "SLURM_ARRAY_TASK_COUNT",
        "SLURM_ARRAY_TASK_MIN",
        "SLURM_ARRAY_TASK_MAX",
        "SLURM_ARRAY_TASK_STEP",
    ];

    #[rstest]
    #[case::from_one(["3", "50", "1", "50", "1"], None, Ok((3, 50)))]
    #[case::from_zero(["0", "50", "0", "49", "1"], None, Ok((1, 50)))]
    #[case::the_last(["49", "50", "0", "49", "1"], None, Ok((50, 50)))]
    #[case::with_a_step(["21", "4", "1", "31", "10"], None, Ok((3, 4)))]
    #[case::the_count_said_too(["0", "50", "0", "49", "1"], Some("50"), Ok((1, 50)))]
    #[case::one_again(["3", "1", "3", "3", "1"], Some("50"), Ok((3, 50)))]
    #[case::two_again(["7", "2", "3", "7", "1"], Some("50"), Ok((7, 50)))]
    #[case::with_gaps(["3", "2", "3", "7", "1"], None, Err("not evenly numbered"))]
    #[case::beyond(["51", "1", "51", "51", "1"], Some("50"), Err("shard 51 of 50"))]
    #[case::no_number(["3x", "50", "1", "50", "1"], None, Err("SLURM_ARRAY_TASK_ID is no number"))]
    fn slurm_says_it(
        #[case] values: [&str; 5],
        #[case] shards: Option<&str>,
        #[case] expected: Result<(usize, usize), &str>,
    ) {
        let mut variables: Vec<_> = ARRAY.into_iter().zip(values).collect();
        variables.extend(shards.map(|shards| ("FTPSPEC_SHARDS", shards)));
        agrees(found(&variables), expected);
    }

    #[rstest]
    #[case::kubernetes(&[("JOB_COMPLETION_INDEX", "0"), ("FTPSPEC_SHARDS", "4")], Ok((1, 4)))]
    #[case::kubernetes_last(&[("JOB_COMPLETION_INDEX", "3"), ("FTPSPEC_SHARDS", "4")], Ok((4, 4)))]
    #[case::kubernetes_beyond(&[("JOB_COMPLETION_INDEX", "4"), ("FTPSPEC_SHARDS", "4")], Err("shard 5 of 4"))]
    #[case::kubernetes_alone(&[("JOB_COMPLETION_INDEX", "0")], Err("set FTPSPEC_SHARDS"))]
    #[case::parallel(&[("PARALLEL_SEQ", "1"), ("FTPSPEC_SHARDS", "4")], Ok((1, 4)))]
    #[case::parallel_alone(&[("PARALLEL_SEQ", "1")], Err("set FTPSPEC_SHARDS"))]
    #[case::ours(&[("FTPSPEC_SHARD", "2"), ("FTPSPEC_SHARDS", "4")], Ok((2, 4)))]
    #[case::ours_first(&[("FTPSPEC_SHARD", "2"), ("FTPSPEC_SHARDS", "4"), ("PARALLEL_SEQ", "9")], Ok((2, 4)))]
    #[case::ours_alone(&[("FTPSPEC_SHARD", "2")], Err("FTPSPEC_SHARDS is not set"))]
    #[case::ours_zero(&[("FTPSPEC_SHARD", "0"), ("FTPSPEC_SHARDS", "4")], Err("shard 0 of 4"))]
    #[case::two_engines(&[("PARALLEL_SEQ", "1"), ("JOB_COMPLETION_INDEX", "0"), ("FTPSPEC_SHARDS", "4")], Err("both"))]
    #[case::hostile(&[("FTPSPEC_SHARD", "\x1b[2J"), ("FTPSPEC_SHARDS", "4")], Err("no number: \"\\u{1b}[2J\""))]
    #[case::empty(&[("FTPSPEC_SHARD", ""), ("FTPSPEC_SHARDS", "4")], Err("FTPSPEC_SHARD is no number"))]
    #[case::nothing(&[], Err("say --shard k/n"))]
    fn others_say_it(#[case] variables: &[(&str, &str)], #[case] expected: Result<(usize, usize), &str>) {
        agrees(found(variables), expected);
    }

    fn agrees(found: Result<(usize, usize), String>, expected: Result<(usize, usize), &str>) {
        match (found, expected) {
            (Err(said), Err(part)) => assert!(said.contains(part), "{said}"),
            (found, expected) => assert_eq!(found, expected.map_err(str::to_owned)),
        }
    }
}
