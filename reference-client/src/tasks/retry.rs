//! How long to wait before something is tried again: twice as long each time, and never for ever.

use std::time::Duration;

use crate::caller::Caller;
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::pause;

/// The tries that are left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tries {
    left: u32,
    next: Duration,
}

impl Tries {
    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(30);

    pub(super) fn new(retries: u32) -> Self {
        Self { left: retries, next: Self::FIRST }
    }

    /// Waits until another try is due.
    ///
    /// # Errors
    /// The same problem, where there is none; or that the user has interrupted the wait.
    pub(super) async fn again(&mut self, problem: Problem, caller: &Caller, report: &Report) -> Result<(), Problem> {
        let Some(wait) = self.take(&problem) else { return Err(problem) };
        report.remark(&format!("{problem}. Trying again in {} seconds.", wait.as_secs_f64()))?;
        Ok(pause(wait, caller.interrupts()).await?)
    }

    fn take(&mut self, problem: &Problem) -> Option<Duration> {
        if self.left == 0 || !problem.is_worth_a_retry() {
            return None;
        }
        self.left -= 1;
        let wait = self.next;
        self.next = (self.next * 2).min(Self::LONGEST);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::RuntimeError;

    #[test]
    fn each_wait_is_longer_up_to_a_limit_and_they_end() {
        let problem = Problem::Runtime(RuntimeError::Closed);
        let mut tries = Tries::new(9);
        let waits: Vec<_> = std::iter::from_fn(|| tries.take(&problem)).map(|wait| wait.as_secs_f64()).collect();
        assert_eq!(waits, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
        assert_eq!(Tries::new(9).take(&Problem::Usage("x".to_owned())), None);
    }
}
