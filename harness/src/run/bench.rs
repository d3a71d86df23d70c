//! How fast subjects are: each figure is taken in turns, subject after subject and round after round, so that what disturbs the machine
//! disturbs all of them; and beside each stands what the machine does without FTP in the same round.

mod floor;
mod usage;
mod user;
mod work;

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use reports::benchmark::{Benchmark, Better, Cell, Row, Series};
use tempfile::TempDir;

use self::usage::Usage;
use super::runtime;
use crate::subject::{Placed, Running, Subject, enter_own_network};

/// What is measured.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How often.
    pub rounds: usize,
    /// The size of the large file, in MiB.
    pub large: u32,
    /// How many small files are retrieved in one session.
    pub small: u32,
    /// How many names are listed.
    pub names: u32,
    /// How many sessions idle.
    pub idle: u32,
    /// What of it.
    pub works: Vec<Work>,
}

impl Plan {
    fn octets(&self) -> u64 {
        u64::from(self.large) << 20
    }

    fn megabytes(&self) -> f64 {
        f64::from(self.large) * 1.048_576
    }
}

/// A thing that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// One large file to the user.
    Retrieve,
    /// One large file from the user.
    Store,
    /// Many small files in one session.
    SmallFiles,
    /// Whole sessions, so many at a time.
    Sessions(u32),
    /// Many names.
    List,
    /// Memory of sessions that idle.
    Idle,
}

impl Work {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Retrieve,
        Self::Store,
        Self::SmallFiles,
        Self::Sessions(1),
        Self::Sessions(16),
        Self::Sessions(256),
        Self::List,
        Self::Idle,
    ];

    /// Its word on the command line.
    pub fn word(self) -> String {
        match self {
            Self::Retrieve => "retrieve".to_owned(),
            Self::Store => "store".to_owned(),
            Self::SmallFiles => "small-files".to_owned(),
            Self::Sessions(at_a_time) => format!("sessions-{at_a_time}"),
            Self::List => "list".to_owned(),
            Self::Idle => "idle".to_owned(),
        }
    }
}

/// Figures by the row that they belong to.
type Figures = Vec<(Figure, f64)>;

/// A row of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    Rate(Work),
    /// Processor seconds of the server for each GiB.
    Processor(Work),
}

/// What one subject, or the floor, has shown.
#[derive(Debug, Default)]
struct Shown {
    name: String,
    figures: Figures,
    trouble: Vec<(Work, String)>,
}

/// Measures. `progress` is told what is measured next.
///
/// # Errors
/// The harness cannot do its part: no folder, no socket, no thread.
pub fn bench(subjects: &[Subject], plan: &Plan, mut progress: impl FnMut(&str)) -> io::Result<Benchmark> {
    let own_network = apart();
    let own = Own::new(plan)?;
    let mut floor = Shown { name: "floor".to_owned(), ..Shown::default() };
    let mut shown: Vec<Shown> =
        subjects.iter().map(|subject| Shown { name: subject.name.clone(), ..Shown::default() }).collect();
    for round in 0..plan.rounds {
        for work in &plan.works {
            // Memory does not change from round to round.
            if *work == Work::Idle && round > 0 {
                continue;
            }
            progress(&format!("round {} of {}: {}", round + 1, plan.rounds, work.word()));
            floor.figures.extend(floor::measure(*work, plan, &own)?.map(|rate| (Figure::Rate(*work), rate)));
            for place in 0..subjects.len() {
                let turn = (place + round) % subjects.len();
                let (Some(subject), Some(shown)) = (subjects.get(turn), shown.get_mut(turn)) else { continue };
                match measure(subject, *work, plan, &own) {
                    Ok(figures) => shown.figures.extend(figures),
                    Err(error) => shown.trouble.push((*work, error.to_string())),
                }
            }
        }
    }
    let rows = plan.works.iter().flat_map(|work| [Figure::Rate(*work), Figure::Processor(*work)]);
    let rows = rows.filter_map(|figure| row(figure, plan, &floor, &shown)).collect();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Benchmark {
        generator: concat!("ftpspec ", env!("CARGO_PKG_VERSION")).to_owned(),
        processors,
        rounds: plan.rounds,
        own_network,
        rows,
    })
}

/// Gives this thread, and all that it starts, a network of its own, if the kernel lets it: what a machine has set for TCP is made for its
/// traffic with others, and thousands of connections that linger after their end slow down whoever is measured then.
fn apart() -> bool {
    let plain = || std::fs::write("/proc/sys/net/ipv4/tcp_congestion_control", "reno");
    match enter_own_network().and_then(|()| plain()) {
        Ok(()) => true,
        Err(error) => {
            tracing::debug!(%error, "measured in the network of the machine");
            false
        }
    }
}

/// What the harness itself reads and sends.
struct Own {
    folder: TempDir,
}

impl Own {
    const LARGE: &'static str = "large";
    const SMALL: &'static str = "small";
    const SMALL_LENGTH: usize = 1024;

    fn new(plan: &Plan) -> io::Result<Self> {
        let folder = TempDir::new()?;
        let mut large = std::fs::File::create(folder.path().join(Self::LARGE))?;
        let piece = vec![0x55; 1 << 20];
        let mut left = plan.octets();
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
            large.write_all(piece.get(..length).unwrap_or_default())?;
            left -= length as u64;
        }
        Ok(Self { folder })
    }

    fn large(&self) -> std::path::PathBuf {
        self.folder.path().join(Self::LARGE)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn measure(subject: &Subject, work: Work, plan: &Plan, own: &Own) -> io::Result<Figures> {
    let runtime = runtime()?;
    let running =
        runtime.block_on(subject.start()).map_err(|error| io::Error::other(first_line(&error.to_string())))?;
    place(&running, work, plan, own)?;
    let (address, login) = (running.address(), &subject.login);
    let user = || user::User::login(address, login);
    let usage = || Usage::of(&running);
    let rate = Figure::Rate(work);
    match work {
        Work::Retrieve | Work::Store => {
            let mut user = user()?;
            let before = usage()?;
            let time = if work == Work::Retrieve {
                work::retrieve(&mut user, Own::LARGE, plan.octets())?
            } else {
                work::store(&mut user, "stored", &own.large())?
            };
            let spent = usage()?.since(&before);
            drop(user);
            Ok(vec![
                (rate, plan.megabytes() / time.as_secs_f64()),
                (Figure::Processor(work), spent.as_secs_f64() * 1024.0 / f64::from(plan.large)),
            ])
        }
        Work::SmallFiles => {
            let time = work::small_files(&mut user()?, plan.small)?;
            Ok(vec![(rate, f64::from(plan.small) / time.as_secs_f64())])
        }
        Work::Sessions(at_a_time) => {
            let count = sessions(at_a_time);
            let time = work::sessions(address, login, count, at_a_time)?;
            Ok(vec![(rate, f64::from(count) / time.as_secs_f64())])
        }
        Work::List => {
            let time = work::list(&mut user()?, plan.names)?;
            Ok(vec![(rate, f64::from(plan.names) / time.as_secs_f64())])
        }
        Work::Idle => {
            let first = user()?;
            let before = usage()?;
            let users = (0..plan.idle).map(|_| user()).collect::<io::Result<Vec<_>>>()?;
            let after = usage()?;
            let kibibytes = after.memory_kib.saturating_sub(before.memory_kib);
            drop((first, users));
            Ok(vec![(rate, f64::from(u32::try_from(kibibytes).unwrap_or(u32::MAX)) / f64::from(plan.idle))])
        }
    }
}

/// Whole sessions in one round.
fn sessions(at_a_time: u32) -> u32 {
    (at_a_time * 8).clamp(100, 1024)
}

/// Lays what is asked for into the folder of the subject.
fn place(running: &Running, work: Work, plan: &Plan, own: &Own) -> io::Result<()> {
    match work {
        Work::Retrieve => {
            let mut large = std::fs::File::open(own.large())?;
            running.place(Own::LARGE, Placed::File(&mut large))
        }
        Work::SmallFiles | Work::Sessions(_) => {
            running.place(Own::SMALL, Placed::File(&mut [0x55; Own::SMALL_LENGTH].as_slice()))
        }
        Work::List => (0..plan.names)
            .try_for_each(|number| running.place(&format!("names/{number:06}.txt"), Placed::File(&mut [].as_slice()))),
        Work::Store | Work::Idle => Ok(()),
    }
}

fn row(figure: Figure, plan: &Plan, floor: &Shown, shown: &[Shown]) -> Option<Row> {
    let work = match figure {
        Figure::Rate(work) | Figure::Processor(work) => work,
    };
    let cells: Vec<Cell> = shown
        .iter()
        .map(|shown| Cell {
            subject: shown.name.clone(),
            series: shown.series(figure),
            trouble: shown.trouble.iter().find(|(failed, _)| *failed == work).map(|(_, why)| why.clone()),
        })
        .collect();
    let is_processor = matches!(figure, Figure::Processor(_));
    if is_processor && cells.iter().all(|cell| cell.series.is_none()) {
        return None;
    }
    let (name, unit, better) = words(figure, plan);
    Some(Row { name, unit: unit.to_owned(), better, floor: floor.series(figure), cells })
}

fn words(figure: Figure, plan: &Plan) -> (String, &'static str, Better) {
    let large = format!("{} MiB", plan.large);
    match figure {
        Figure::Processor(Work::Retrieve) => {
            (format!("processor of the server, RETR of {large}"), "s/GiB", Better::Less)
        }
        Figure::Processor(_) => (format!("processor of the server, STOR of {large}"), "s/GiB", Better::Less),
        Figure::Rate(Work::Retrieve) => (format!("RETR of {large}"), "MB/s", Better::More),
        Figure::Rate(Work::Store) => (format!("STOR of {large}"), "MB/s", Better::More),
        Figure::Rate(Work::SmallFiles) => {
            (format!("RETR of {} files of 1 KiB in one session", plan.small), "files/s", Better::More)
        }
        Figure::Rate(Work::Sessions(at_a_time)) => {
            (format!("whole sessions, {at_a_time} at a time"), "sessions/s", Better::More)
        }
        Figure::Rate(Work::List) => (format!("LIST of {} names", plan.names), "names/s", Better::More),
        Figure::Rate(Work::Idle) => (format!("memory of {} idle sessions", plan.idle), "KiB each", Better::Less),
    }
}

impl Shown {
    fn series(&self, figure: Figure) -> Option<Series> {
        Series::of(self.figures.iter().filter(|(own, _)| *own == figure).map(|(_, value)| *value).collect())
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_mins(1);
