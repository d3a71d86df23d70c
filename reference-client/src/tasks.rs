//! What is done without a shell: one task, its result, an exit code.

mod completions;
mod copy;
mod get;
pub(crate) mod list;
pub(crate) mod mirror;
mod names;
mod put;
mod retry;

use std::io;
use std::process::ExitCode;

use crate::arguments::{Connecting, Task};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::{Connection, Local};
use crate::session::command::CommandLine;
use crate::session::operations::exchange::Exchange;

/// Does a task.
///
/// # Errors
/// When standard output is gone.
pub(crate) async fn run(task: &Task, connecting: &Connecting) -> io::Result<ExitCode> {
    let caller = Caller::new(connecting)?;
    let mut report = Report::new(connecting);
    let done = match task {
        Task::Get(order) => get::run(order, &caller, &mut report).await,
        Task::Put(order) => put::run(order, &caller, &mut report).await,
        Task::Ls(order) => list::run(order, &caller, &mut report).await,
        Task::Mirror(order) => mirror::run(order, &caller, &mut report).await,
        Task::Rm { urls } => names::remove(urls, &caller, &mut report).await,
        Task::Mkdir { urls, parents } => names::make_directories(urls, *parents, &caller, &mut report).await,
        Task::Mv { from, to } => names::rename(from, to, &caller, &mut report).await,
        Task::Copy(order) => copy::run(order, &caller, &mut report).await,
        Task::Completions { shell } => completions::print(*shell),
        Task::Man => completions::print_man_page(),
    };
    match done {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(Problem::Output(error)) => Err(error),
        Err(problem) => {
            report.failure(&problem)?;
            Ok(ExitCode::from(problem.code()))
        }
    }
}

/// Says QUIT. What was asked for is done by then, so nothing that goes wrong here matters any more.
pub(crate) async fn leave(mut connection: Connection, report: &mut Report) {
    connection.hurry();
    let _said = connection.perform(Exchange::new(CommandLine::bare("QUIT")), Local::Nothing, report).await;
}
