//! What the server takes: memory, descriptors, threads.

use std::fmt;
use std::time::{Duration, Instant};

/// What a process takes at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vitals {
    /// The memory that it has of its own or shares (`VmRSS`), in KiB.
    pub(super) resident: u64,
    /// Without those of files in memory (`--memory`), of which each has one as long as it is there.
    pub(super) descriptors: usize,
    pub(super) threads: u64,
}

impl Vitals {
    /// Those of a process that runs.
    pub(super) fn of(process: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        Self { resident: field("VmRSS:"), descriptors: open_files(process).len(), threads: field("Threads:") }
    }
}

/// What its descriptors lead to.
pub(super) fn open_files(process: u32) -> Vec<String> {
    let entries = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    // One may be closed since it was listed.
    let names = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    names.map(|name| name.display().to_string()).filter(|name| !name.starts_with("/memfd:")).collect()
}

impl fmt::Display for Vitals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resident, descriptors, threads } = self;
        write!(formatter, "{resident} KiB, {descriptors} descriptors, {threads} threads")
    }
}

/// The vitals over time.
pub(super) struct Course {
    pub(super) lasting: Duration,
    begun: Instant,
    samples: Vec<(Duration, Vitals)>,
}

impl Course {
    pub(super) fn new(lasting: Duration) -> Self {
        Self { lasting, begun: Instant::now(), samples: Vec::new() }
    }

    pub(super) fn add(&mut self, vitals: Vitals) {
        self.samples.push((self.begun.elapsed(), vitals));
    }

    /// The rule of flat memory: the first half of the time warms the server up. Of the last quarter the middle value is over that of
    /// the quarter before by a tenth, 4 MiB, and 256 KiB for each thread more, at most: how many transfers move at a moment is up to
    /// what else the machine does. What leaks with each session or transfer is far over it in a long run; a short one shows only a
    /// bad leak.
    pub(super) fn verdict(&self) -> Result<(), String> {
        let of = |quarter| (self.median(quarter, |of| of.resident), self.median(quarter, |of| of.threads));
        let ((third, threads_before), (last, threads)) = (of(2), of(3));
        let for_threads = threads.saturating_sub(threads_before) * 256;
        if last <= third + third / 10 + (4 << 10) + for_threads {
            return Ok(());
        }
        Err(format!("the memory grows: {third} KiB in the third quarter, {last} KiB in the last"))
    }

    /// The middle value in a quarter of the time, from 0 on.
    fn median(&self, quarter: u32, value: impl Fn(&Vitals) -> u64) -> u64 {
        let (from, to) = (self.lasting * quarter / 4, self.lasting * (quarter + 1) / 4);
        let within = self.samples.iter().filter(|(at, _)| (from..to).contains(at));
        let mut values: Vec<u64> = within.map(|(_, vitals)| value(vitals)).collect();
        values.sort_unstable();
        assert!(!values.is_empty(), "nobody looked at the server in a quarter of the time\n{self}");
        values[values.len() / 2]
    }
}

/// Twenty lines at most.
impl fmt::Display for Course {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{:>8} {:>10} {:>12} {:>8}", "seconds", "KiB", "descriptors", "threads")?;
        let last = self.samples.len().saturating_sub(1);
        for (number, (at, vitals)) in self.samples.iter().enumerate() {
            if number % (last / 18).max(1) == 0 || number == last {
                let Vitals { resident, descriptors, threads } = vitals;
                writeln!(formatter, "{:>8.1} {resident:>10} {descriptors:>12} {threads:>8}", at.as_secs_f64())?;
            }
        }
        Ok(())
    }
}

/// The same crowd takes as much memory as before, but for a twentieth and 1 MiB.
pub(super) fn verdict_on_crowds(first: Vitals, again: Vitals) -> Result<(), String> {
    if again.resident <= first.resident + first.resident / 20 + (1 << 10) {
        return Ok(());
    }
    Err(format!("idle sessions leave memory behind: {first}, and the next time {again}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::flat(&[(9, 1), (20, 1), (20, 1), (20, 1)], true)]
    #[case::grows_at_first(&[(1, 1), (9, 1), (20, 1), (22, 1)], true)]
    #[case::grows(&[(20, 1), (30, 1), (40, 1), (50, 1)], false)]
    #[case::grows_with_its_threads(&[(20, 1), (30, 1), (40, 1), (50, 21)], true)]
    fn memory_is_flat(#[case] mebibytes_and_threads: &[(u64, u64)], #[case] is_flat: bool) {
        let mut course = Course::new(Duration::from_secs(4));
        for (second, &(resident, threads)) in mebibytes_and_threads.iter().enumerate() {
            let at = Duration::from_secs(second as u64);
            course.samples.push((at, Vitals { resident: resident << 10, descriptors: 1, threads }));
        }
        assert_eq!(course.verdict().is_ok(), is_flat);
    }

    #[rstest]
    #[case(100 << 10, 105 << 10, true)]
    #[case(100 << 10, 107 << 10, false)]
    fn a_crowd_takes_as_much_again(#[case] first: u64, #[case] again: u64, #[case] is_right: bool) {
        let vitals = |resident| Vitals { resident, descriptors: 1, threads: 1 };
        assert_eq!(verdict_on_crowds(vitals(first), vitals(again)).is_ok(), is_right);
    }
}
