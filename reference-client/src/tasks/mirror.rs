//! `mirror`: a directory becomes as another is. Several sessions take jobs from one list; each job is a directory to be looked at or
//! a file to be moved.

mod compare;
mod download;
mod queue;
mod upload;
mod worker;

use std::cell::{Cell, RefCell};
use std::io;
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::arguments::Mirror;
use crate::caller::Caller;
use crate::escape::escaped;
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::{Tree, together};
use crate::session::command::CommandLine;
use crate::target::Target;
use queue::{Job, Queue, Side};

pub(super) async fn run(order: &Mirror, caller: &Caller, report: &mut Report) -> Result<(), Problem> {
    let undertaking = Undertaking::new(order)?;
    let queue = Queue::new(order.retries);
    queue.push(Job::first());
    let workers = (0..order.jobs).map(|_| {
        let mut beside = report.beside();
        let (undertaking, queue) = (&undertaking, &queue);
        let worker: std::pin::Pin<Box<dyn Future<Output = ()>>> =
            Box::pin(async move { worker::work(undertaking, queue, caller, &mut beside).await });
        worker
    });
    together(workers.collect()).await;
    tell(order, &undertaking, &queue, report)
}

/// What is asked for.
struct Undertaking<'o> {
    order: &'o Mirror,
    target: Target,
    tree: Tree,
    side: Side,
    tally: Tally,
    /// Whether the server refuses data connections that do not resume the TLS session.
    demands_resumption: Cell<bool>,
}

impl<'o> Undertaking<'o> {
    fn new(order: &'o Mirror) -> Result<Self, Problem> {
        let (target, local, side) = match (order.from.contains("://"), order.to.contains("://")) {
            (true, false) => (&order.from, Path::new(&order.to), Side::Here),
            (false, true) => (&order.to, Path::new(&order.from), Side::There),
            (true, true) | (false, false) => {
                return Err(Problem::Usage("one of FROM and TO is a URL, the other a directory".to_owned()));
            }
        };
        let target: Target = target.parse()?;
        // Names are said again and again; what cannot be said is told before anything begins.
        for segment in &target.segments {
            CommandLine::new("CWD", segment)?;
        }
        let opened = if side == Side::Here && !order.dry_run { Tree::made(local) } else { Tree::open(local) };
        let unusable =
            |problem| Problem::Local { what: "the directory cannot be used:", path: local.to_owned(), problem };
        Ok(Self {
            order,
            target,
            tree: opened.map_err(unusable)?,
            side,
            tally: Tally::new(),
            demands_resumption: Cell::new(false),
        })
    }
}

/// What was done so far.
#[derive(Debug)]
struct Tally {
    counts: RefCell<Counts>,
    bar: ProgressBar,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Counts {
    moved: u64,
    octets: u64,
    up_to_date: u64,
    deleted: u64,
    left_out: u64,
}

impl Tally {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg} {elapsed}") {
            bar.set_style(style);
        }
        Self { counts: RefCell::new(Counts::default()), bar }
    }

    fn count(&self, add: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.borrow_mut();
        add(&mut counts);
        if !self.bar.is_hidden() {
            self.bar.set_message(format!(
                "{} files, {} octets, {} up to date",
                counts.moved, counts.octets, counts.up_to_date
            ));
        }
    }
}

fn tell(order: &Mirror, undertaking: &Undertaking<'_>, queue: &Queue, report: &mut Report) -> Result<(), Problem> {
    undertaking.tally.bar.finish_and_clear();
    let counts = undertaking.tally.counts.borrow().clone();
    let outcome = queue.outcome();
    for (path, problem) in &outcome.failures {
        report.remark(&format!("{}: {problem}.", escaped(path)))?;
    }
    let seconds = report.elapsed().as_secs_f64();
    let Counts { moved, octets, up_to_date, deleted, left_out } = counts;
    let words = format!(
        "{moved} files and {octets} octets moved, {up_to_date} up to date, {deleted} deleted in {seconds:.2} s"
    );
    let value = json!({
        "task": "mirror", "from": if undertaking.side == Side::Here { undertaking.target.server.to_string() } else { order.from.clone() },
        "files": moved, "octets": octets, "up_to_date": up_to_date, "deleted": deleted, "left_out": left_out,
        "failed": outcome.failures.len(), "seconds": seconds, "dry_run": order.dry_run,
    });
    report.result(&words, &value)?;
    match (outcome.end, outcome.failures.len()) {
        (Some(problem), _) => Err(problem),
        (None, 0) => Ok(()),
        (None, failed) => {
            let all = usize::try_from(moved + up_to_date).unwrap_or(usize::MAX).saturating_add(failed);
            Err(Problem::Some { failed, all })
        }
    }
}

/// Something went wrong with a file here.
fn here(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Problem + use<> {
    let path = path.to_owned();
    move |problem| Problem::Local { what, path, problem }
}
