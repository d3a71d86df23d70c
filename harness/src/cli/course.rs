//! How a run goes on: how often, in which order, how patiently, and when it ends.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Failure;
use crate::run::{Options, Order, REPLY, STRETCHES};
use crate::subject::Known;

/// How a run goes on.
#[derive(Debug, Args)]
pub(super) struct Course {
    /// Run every case so often. A case whose verdict changes is reported as flaky, with its worst verdict.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeat: u16,
    /// In which order cases are begun.
    #[arg(long, value_enum, default_value_t)]
    order: Written,
    /// The seed of the random order; the report says it. Without it, another one each time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seed: Option<u64>,
    /// Begin no other case after the first fail that is not known.
    #[arg(long)]
    fail_fast: bool,
    /// How long a reply may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = REPLY.as_secs_f64(), value_parser = seconds)]
    deadline: f64,
    /// By how much every deadline is stretched, for a slow machine: 2 waits twice as long. Silences stay as they are.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = scale)]
    timeout_scale: f64,
    /// A file of known deviations, in the form of `known` in a subject's file. An entry that holds no more fails the run.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Written {
    /// As the suite has them.
    Plan,
    /// Any order, by the seed.
    Random,
    /// Those that must wait longest first.
    #[default]
    Longest,
}

impl Course {
    /// The options of a run that this says.
    pub(super) fn options(&self) -> Result<Options, Failure> {
        let baseline = self.baseline.as_deref().map(Known::read).transpose();
        Ok(Options {
            reply: Duration::from_secs_f64(self.deadline * self.timeout_scale),
            stretch: self.timeout_scale,
            repeat: self.repeat.into(),
            order: self.order()?,
            fail_fast: self.fail_fast,
            baseline: baseline.map_err(|error| Failure::Usage(error.to_string()))?.unwrap_or_default(),
            ..Options::default()
        })
    }

    fn order(&self) -> Result<Order, Failure> {
        match (self.order, self.seed) {
            (Written::Random, seed) => Ok(Order::Random(seed.unwrap_or_else(any_seed))),
            (Written::Plan | Written::Longest, Some(_)) => {
                Err(Failure::Usage("--seed is for --order random; the other orders have none".to_owned()))
            }
            (Written::Plan, None) => Ok(Order::Plan),
            (Written::Longest, None) => Ok(Order::Longest),
        }
    }
}

/// Short enough to be typed again.
fn any_seed() -> u64 {
    RandomState::new().hash_one(0) % 1_000_000 + 1
}

fn seconds(text: &str) -> Result<f64, String> {
    let most = 3600.0;
    let seconds: f64 = text.parse().map_err(|_| "say seconds, such as 10 or 0.5".to_owned())?;
    if (0.01..=most).contains(&seconds) { Ok(seconds) } else { Err("say 0.01 to 3600 seconds".to_owned()) }
}

fn scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "say a number, such as 2 or 0.5".to_owned())?;
    let message = || format!("say {} to {}", STRETCHES.start(), STRETCHES.end());
    if STRETCHES.contains(&scale) { Ok(scale) } else { Err(message()) }
}
