//! `copy`: one server sends a file to another (RFC 959 §5.2, the second figure). The one that receives listens; the other is told
//! where.

use serde_json::json;

use super::leave;
use crate::arguments::Copy;
use crate::caller::Caller;
use crate::escape::escaped;
use crate::files;
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::{Connection, Local, RuntimeError};
use crate::session::command::CommandLine;
use crate::session::operations::agree::Agree;
use crate::session::operations::exchange::Exchange;
use crate::session::operations::start::{Finish, Start};
use crate::session::{Channel, answers};

pub(super) async fn run(order: &Copy, caller: &Caller, report: &mut Report) -> Result<(), Problem> {
    let (from, Some(name)) = order.from.directories_and_name() else {
        return Err(Problem::Usage("the first URL names no file".to_owned()));
    };
    let (to, new_name) = order.to.directories_and_name();
    let new_name = new_name.unwrap_or(name);
    let mut source = caller.enter(&order.from, from, report).await?;
    let mut target = caller.enter(&order.to, to, report).await?;
    if [&source, &target].iter().any(|side| side.session.manner.channel == Channel::Tls) {
        return Err(Problem::Usage(
            "two servers cannot protect a data connection between them by PROT P: each would be the server of TLS"
                .to_owned(),
        ));
    }
    let octets = copy(&mut source, name, &mut target, new_name, report).await?;
    let words = format!("{} copied", escaped(name));
    let value = json!({
        "task": "copy", "from": order.from.server.to_string(), "to": order.to.server.to_string(),
        "name": escaped(new_name), "octets": octets,
    });
    report.result(&words, &value)?;
    leave(source, report).await;
    leave(target, report).await;
    Ok(())
}

async fn copy(
    source: &mut Connection,
    name: &[u8],
    target: &mut Connection,
    new_name: &[u8],
    report: &mut Report,
) -> Result<Option<u64>, Problem> {
    let size = files::size(source, name, report).await?;
    // Both have the same form, whichever that is.
    let manner = &target.session.manner;
    let agree = Agree::on(manner.wanted, manner);
    target.perform(agree, Local::Nothing, report).await?;
    target.perform(Exchange::new(CommandLine::bare("PASV")), Local::Nothing, report).await?;
    let there = match target.last_reply() {
        Some(reply) => answers::passive(reply).map_err(RuntimeError::from)?,
        None => return Err(Problem::Different("the server gave no address".to_owned())),
    };
    source
        .perform(Exchange::new(CommandLine::new("PORT", there.to_string().as_bytes())?), Local::Nothing, report)
        .await?;
    // The one that listens is told first: else the other would connect to a server that expects nothing.
    target.perform(Start(CommandLine::new("STOR", new_name)?), Local::Nothing, report).await?;
    let sent = async {
        source.perform(Start(CommandLine::new("RETR", name)?), Local::Nothing, report).await?;
        source.perform(Finish, Local::Nothing, report).await
    };
    sent.await?;
    target.perform(Finish, Local::Nothing, report).await?;
    let arrived = files::size(target, new_name, report).await?;
    match (size, arrived) {
        (Some(size), Some(arrived)) if size != arrived => {
            Err(Problem::Different(format!("{size} octets were to be copied, and {arrived} arrived")))
        }
        (size, arrived) => Ok(size.or(arrived)),
    }
}
