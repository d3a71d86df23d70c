//! One of the sessions of a mirror: takes a job, does it, takes the next. Where its session breaks, it opens another.

use std::time::Duration;

use super::queue::{Job, Queue, Side, What};
use super::{Undertaking, download, upload};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::{Connection, pause};
use crate::session::MachineListings;
use crate::tasks::leave;
use crate::tasks::names::make_all;
use crate::tasks::retry::Tries;

pub(super) async fn work(undertaking: &Undertaking<'_>, queue: &Queue, caller: &Caller, report: &mut Report) {
    let mut session = None;
    while let Some(job) = queue.next().await {
        let mut connection = match session.take() {
            Some(connection) => connection,
            None => match connect(undertaking, queue, caller, report).await {
                Ok(connection) => {
                    queue.enter();
                    connection
                }
                Err(Unconnected::OthersGoOn) => {
                    queue.give_back(job);
                    return;
                }
                Err(Unconnected::AllEnd(problem)) => {
                    queue.give_back(job);
                    return queue.end(problem);
                }
            },
        };
        let done = perform(undertaking, queue, &job, &mut connection, report).await;
        let is_spent = connection.is_out_of_tickets();
        match done {
            // Without a ticket some servers take no data connection. A new session has new ones.
            Err(problem) if is_spent && !problem.is_interruption() => {
                undertaking.demands_resumption.set(true);
                queue.leave();
                queue.again(job, problem);
            }
            Err(problem) if problem.is_worth_a_retry() => {
                queue.leave();
                let tries = queue.again(job, problem);
                // Twice as long each time, and a session of its own for the next try.
                let wait = Duration::from_millis(250) * 2u32.pow(tries.min(7));
                if let Err(interruption) = pause(wait, caller.interrupts()).await {
                    return queue.end(interruption.into());
                }
            }
            result => {
                let is_usable = match &result {
                    Err(Problem::Runtime(error)) => error.leaves_connection(),
                    _ => true,
                };
                queue.close(job, result);
                if is_spent && undertaking.demands_resumption.get() {
                    queue.leave();
                    leave(connection, report).await;
                } else if is_usable {
                    session = Some(connection);
                } else {
                    queue.leave();
                }
            }
        }
    }
    if let Some(connection) = session {
        leave(connection, report).await;
    }
}

/// Why there is no session.
enum Unconnected {
    /// The server wants no more sessions than there are.
    OthersGoOn,
    AllEnd(Problem),
}

async fn connect(
    undertaking: &Undertaking<'_>,
    queue: &Queue,
    caller: &Caller,
    report: &mut Report,
) -> Result<Connection, Unconnected> {
    let mut tries = Tries::new(undertaking.order.retries);
    loop {
        match enter(undertaking, caller, report).await {
            Ok(connection) => return Ok(connection),
            Err(problem) => {
                // Whatever it says: with fewer sessions it goes on, and nobody is asked again and again.
                if !problem.is_interruption() && queue.goes_on() {
                    return Err(Unconnected::OthersGoOn);
                }
                tries.again(problem, caller, report).await.map_err(Unconnected::AllEnd)?;
            }
        }
    }
}

async fn enter(undertaking: &Undertaking<'_>, caller: &Caller, report: &mut Report) -> Result<Connection, Problem> {
    let target = &undertaking.target;
    let mut connection = match undertaking.side {
        Side::Here => caller.enter(target, &target.segments, report).await?,
        Side::There => {
            let mut connection = caller.enter(target, &[], report).await?;
            make_all(&mut connection, &target.segments, report).await?;
            connection
        }
    };
    if undertaking.order.no_mlsd {
        connection.session.manner.machine_listings = MachineListings::Off;
    }
    Ok(connection)
}

async fn perform(
    undertaking: &Undertaking<'_>,
    queue: &Queue,
    job: &Job,
    connection: &mut Connection,
    report: &mut Report,
) -> Result<(), Problem> {
    match (undertaking.side, &job.what) {
        (Side::Here, What::Directory(_)) => {
            download::directory(undertaking, queue, &job.path, connection, report).await
        }
        (Side::Here, what @ What::File { .. }) => {
            download::file(undertaking, &job.path, *what, connection, report).await
        }
        (Side::There, What::Directory(there)) => {
            upload::directory(undertaking, queue, &job.path, *there, connection, report).await
        }
        (Side::There, What::File { .. }) => upload::file(undertaking, &job.path, connection, report).await,
    }
}
