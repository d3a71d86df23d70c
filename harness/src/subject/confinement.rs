//! How a submission is kept from doing harm: to the machine, to its neighbours, to its own grade.

mod bubblewrap;
mod network;
mod step;

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

pub(crate) use self::network::enter as enter_own_network;
pub(super) use self::step::TOLD;
pub use self::step::{Step, become_confined};

/// What one process of a submission may use up, and all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Processes and threads at one time.
    pub processes: u64,
    /// Octets of memory of one process.
    pub memory: u64,
    /// Seconds of processor time of one process.
    pub cpu: u64,
    /// Octets of one file.
    pub file: u64,
    /// Octets of all that is written.
    pub disk: u64,
}

/// What keeps submissions apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// bubblewrap at this path: an own view of files, processes, users.
    Bubblewrap(PathBuf),
    /// landlock: files are denied by the kernel, processes are seen.
    Landlock,
    /// Limits alone.
    LimitsOnly,
}

/// What this machine has to keep submissions apart with. Found out once, before there is any thread.
#[derive(Debug, Clone)]
pub struct Seclusion {
    kind: Kind,
    /// Whether every start can have a network of its own.
    network: bool,
    /// Whether room on a disk can be bounded.
    disk: bool,
    /// Whether submissions run as users of their own.
    users: bool,
    program: PathBuf,
}

/// The first of the users that submissions run as, where the harness is root. No people of a machine have such numbers;
/// bubblewrap takes none from 2^31 on.
const FIRST_USER: u32 = 1_900_000_000;

impl Seclusion {
    /// Finds out what there is, and takes namespaces of mounts, and where it is not root of users, for this process. It must
    /// be called while the process has one thread.
    ///
    /// # Errors
    /// This program cannot be found.
    pub fn begin(wanted: Option<Kind>) -> io::Result<Self> {
        let mut program = std::env::current_exe()?;
        let users = rustix::process::geteuid().is_root();
        let namespaces = own_namespaces(users);
        let disk = namespaces.is_ok() && mount_privately().is_ok();
        if disk && let Ok(reachable) = reachable(&program) {
            program = reachable;
        }
        let network = namespaces.is_ok() && in_a_thread(network::enter).is_ok();
        let mut seclusion = Self { kind: Kind::LimitsOnly, network, disk, users, program };
        seclusion.kind = match wanted {
            Some(kind) => kind,
            None => seclusion.best(),
        };
        Ok(seclusion)
    }

    /// What is said of it in a result: `bubblewrap, own network, own user, bounded disk`.
    pub fn words(&self) -> String {
        let kind = match self.kind {
            Kind::Bubblewrap(_) => "bubblewrap",
            Kind::Landlock => "landlock",
            Kind::LimitsOnly => "limits alone",
        };
        let parts = [(self.network, "own network"), (self.users, "own user"), (self.disk, "bounded disk")];
        let parts = parts.into_iter().filter(|(has, _)| *has).map(|(_, words)| words);
        std::iter::once(kind).chain(parts).collect::<Vec<_>>().join(", ")
    }

    /// What is missing, in words for the person who grades; nothing where all is there.
    pub fn warning(&self) -> Option<String> {
        let lacking = match self.kind {
            Kind::Bubblewrap(_) => None,
            Kind::Landlock => {
                Some("install bubblewrap (bwrap): with landlock alone a submission sees the processes of others")
            }
            Kind::LimitsOnly => {
                Some("install bubblewrap (bwrap): nothing but limits keeps a submission from the files of others")
            }
        };
        let network = (!self.network)
            .then_some("submissions share the machine's network: ports may be taken, so grade with --jobs 1");
        let all: Vec<_> = lacking.into_iter().chain(network).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Whether every start has a network of its own.
    pub fn has_networks(&self) -> bool {
        self.network
    }

    /// Gives this thread, and whatever it starts, a network of its own.
    ///
    /// # Errors
    /// The kernel gives none.
    pub fn enter_network(&self) -> io::Result<()> {
        if self.network { network::enter() } else { Ok(()) }
    }

    /// How the submission of this number is confined.
    pub fn confine(&self, number: u32, bounds: Bounds, readable: &[PathBuf]) -> Confinement {
        let owner = self.users.then(|| FIRST_USER + number % 1_000_000);
        Confinement { seclusion: self.clone(), owner, bounds, readable: readable.to_vec() }
    }

    fn best(&self) -> Kind {
        let bounds = Bounds { processes: 64, memory: 1 << 30, cpu: 10, file: 1 << 20, disk: 1 << 20 };
        let found = bubblewrap::program().map(Kind::Bubblewrap);
        let landlock = step::has_landlock().then_some(Kind::Landlock);
        for kind in found.into_iter().chain(landlock) {
            let mut trial = self.confine(0, bounds, &[]);
            trial.seclusion.kind = kind.clone();
            let tried = in_a_thread(move || {
                let place = Place { directory: Path::new("/"), writable: &[], environment: &[] };
                let mut command = trial.command(&["true".to_owned()], &place);
                command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
                command.stderr(std::process::Stdio::null()).status()
            });
            if tried.is_ok_and(|status| status.success()) {
                return kind;
            }
        }
        Kind::LimitsOnly
    }
}

/// How one submission is confined.
#[derive(Debug, Clone)]
pub struct Confinement {
    seclusion: Seclusion,
    owner: Option<u32>,
    bounds: Bounds,
    readable: Vec<PathBuf>,
}

/// Where a command runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The working directory.
    pub(super) directory: &'a Path,
    /// The folders that it may write to.
    pub(super) writable: &'a [&'a Path],
    /// Its environment, on top of ours.
    pub(super) environment: &'a [(String, String)],
}

impl Confinement {
    /// The user and group that the submission runs as, where it is not the user who grades.
    pub(super) fn owner(&self) -> Option<(u32, u32)> {
        self.owner.map(|user| (user, user))
    }

    /// What it may use up.
    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Gives this thread a network of its own.
    ///
    /// # Errors
    /// The kernel gives none.
    pub(super) fn enter_network(&self) -> io::Result<()> {
        self.seclusion.enter_network()
    }

    /// Whether the process that is started holds the submission, and tells on its standard input how that ended.
    pub(super) fn holds(&self) -> bool {
        matches!(self.seclusion.kind, Kind::Bubblewrap(_))
    }

    /// The command, confined.
    pub(super) fn command(&self, words: &[String], place: &Place<'_>) -> Command {
        let step = Step {
            bounds: self.bounds,
            owner: self.owner,
            landlock: self.seclusion.kind == Kind::Landlock,
            hold: self.holds(),
            readable: self.readable.clone(),
            writable: place.writable.iter().map(|folder| (*folder).to_owned()).collect(),
        };
        let program = &self.seclusion.program;
        let Kind::Bubblewrap(bwrap) = &self.seclusion.kind else {
            let mut command = Command::new(program);
            command.args(step.arguments()).args(words).current_dir(place.directory).env_clear();
            // There is no private /tmp.
            let own = place.writable.first().copied().unwrap_or(place.directory);
            command.env("HOME", own).env("TMPDIR", own).envs(environment(place));
            return command;
        };
        let mut command = Command::new(bwrap);
        command.args(bubblewrap::arguments(self, place)).arg(bubblewrap::STEP).args(step.arguments()).args(words);
        if let Some(owner) = self.owner {
            // The standard library drops the other groups as well.
            command.gid(owner).uid(owner);
        }
        command
    }
}

/// The variables that a submission sees: nothing of ours but the path of programs.
fn environment(place: &Place<'_>) -> Vec<(String, String)> {
    let usual = [
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("LANG", "C.UTF-8"),
        ("USER", "student"),
        ("TERM", "dumb"),
    ];
    let usual = usual.map(|(name, value)| (name.to_owned(), value.to_owned()));
    usual.into_iter().chain(place.environment.iter().cloned()).collect()
}

fn own_namespaces(root: bool) -> io::Result<()> {
    if root {
        return Ok(unshare(CloneFlags::CLONE_NEWNS)?);
    }
    let (user, group) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

/// What is mounted from here on is seen by nobody else.
fn mount_privately() -> io::Result<()> {
    let none: Option<&str> = None;
    Ok(mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?)
}

/// This program at a place that every user can reach: its own may lie in a folder that is closed to submissions.
fn reachable(program: &Path) -> io::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("fg-").tempdir()?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711))?;
    let place = folder.path().join("ftpspec");
    std::fs::write(&place, [])?;
    let none: Option<&str> = None;
    mount(Some(program), &place, none, MsFlags::MS_BIND, none)?;
    grounds().insert(folder.keep());
    Ok(place)
}

/// What changes a thread's network stays in that thread.
fn in_a_thread<T: Send + 'static>(act: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let joined = std::thread::Builder::new().spawn(act)?.join();
    joined.unwrap_or_else(|_| Err(io::Error::other("the thread broke off")))
}

/// A folder for one submission, on a file system of its own size where that can be had.
#[derive(Debug)]
pub(super) struct Ground {
    path: PathBuf,
    mounted: bool,
    folder: Option<tempfile::TempDir>,
}

impl Ground {
    /// Makes it. It is seen by the submission's user, and no other.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn make(seclusion: &Seclusion, confinement: &Confinement) -> io::Result<Self> {
        let above = std::env::temp_dir().canonicalize()?;
        let folder = tempfile::Builder::new().prefix("fg-").rand_bytes(8).tempdir_in(above)?;
        let path = folder.path().to_owned();
        if seclusion.disk {
            let options = format!("size={},nr_inodes=100000,mode=0711", confinement.bounds.disk);
            mount(
                Some("ftpspec"),
                &path,
                Some("tmpfs"),
                MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
                Some(options.as_str()),
            )?;
        } else {
            let mode = if confinement.owner.is_some() { 0o711 } else { 0o700 };
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
        }
        grounds().insert(path.clone());
        Ok(Self { path, mounted: seclusion.disk, folder: Some(folder) })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        grounds().remove(&self.path);
        if self.mounted
            && let Err(error) = nix::mount::umount2(&self.path, nix::mount::MntFlags::MNT_DETACH)
        {
            tracing::error!(%error, "the folder of a submission could not be unmounted");
        }
        if let Some(Err(error)) = self.folder.take().map(tempfile::TempDir::close) {
            tracing::error!(%error, "the folder of a submission could not be removed");
        }
    }
}

/// The grounds that there are, so that a program that ends early leaves none.
static GROUNDS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn grounds() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    GROUNDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the ground of every submission, and what else was laid, for a program that ends.
pub fn sweep() {
    for path in std::mem::take(&mut *grounds()) {
        // What is not mounted cannot be unmounted, and what is still written to stays: there is nobody left to tell.
        for mounted in [path.join("ftpspec"), path.clone()] {
            let _ = nix::mount::umount2(&mounted, nix::mount::MntFlags::MNT_DETACH);
        }
        let _ = std::fs::remove_dir_all(&path);
    }
}
