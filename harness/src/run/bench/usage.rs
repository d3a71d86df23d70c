//! What the processes of a subject use.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::subject::Running;

/// At one moment, of all its processes together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    processor: Duration,
    /// Proportional: a page that several share counts once.
    pub(super) memory_kib: u64,
}

impl Usage {
    pub(super) fn of(running: &Running) -> io::Result<Self> {
        let mut usage = Self::default();
        for pid in running.processes()? {
            let folder = Path::new("/proc").join(pid.to_string());
            // One that ends meanwhile uses nothing any more.
            usage.processor += processor(&folder).unwrap_or_default();
            usage.memory_kib += memory(&folder).unwrap_or_default();
        }
        Ok(usage)
    }

    /// The processor time since then.
    pub(super) fn since(&self, before: &Self) -> Duration {
        self.processor.saturating_sub(before.processor)
    }
}

/// `/proc/PID/task/*/schedstat` has the time on a processor first, in nanoseconds.
fn processor(folder: &Path) -> io::Result<Duration> {
    let mut sum = 0;
    for thread in std::fs::read_dir(folder.join("task"))? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        sum += text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(Duration::from_nanos(sum))
}

fn memory(folder: &Path) -> io::Result<u64> {
    let text = std::fs::read_to_string(folder.join("smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    Ok(line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or_default())
}
