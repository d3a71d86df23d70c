//! What can be seen of a subject before it is judged: whether it starts, what it says, what it can do.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::time::timeout;

use super::probe::{LoggedIn, Patience, Seen, Talk, probe};
use super::{Options, case, runtime};
use crate::plan::{Known, plan};
use crate::run::task::{NO_SUCH_FILE, bogus};
use crate::scenario::Suite;
use crate::scenario::tree::Scenario;
use crate::subject::{Role, Running, StartError, Subject};

/// What was seen of a subject, and what a run would do with it.
#[derive(Debug)]
pub struct Examined {
    /// How long it took until it listened, or why it never did.
    pub started: Result<Duration, StartError>,
    /// What it says of itself: the greeting and the reply to SYST.
    pub identity: Vec<String>,
    /// How far the login went. Nothing for a client, or where it never started.
    pub met: Option<Met>,
    /// What can be claimed, and what is known of it.
    pub features: Vec<Feature>,
    /// The cases that would be run.
    pub runs: usize,
    /// The cases that would be skipped, by the reason.
    pub skipped: BTreeMap<String, usize>,
}

/// How far somebody came who connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    /// It let the user in, with this reply.
    LoggedIn(String),
    /// It did not, with this reply.
    Refused(String),
    /// It gave a greeting and then no answer to the login.
    NoAnswer,
    /// It gave no greeting in time.
    Mute,
    /// It closed the connection, or took none, before it greeted.
    Closed,
    /// The client connected.
    Connected,
    /// The client ran, and did not connect in time.
    NeverConnected,
}

/// Something that scenarios need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// Whether the subject's file claims it; nothing where no file claims anything.
    pub said: Option<bool>,
    /// Whether it was found; nothing where it was not tried.
    pub found: Option<bool>,
    /// How many of the selected cases need it.
    pub cases: usize,
}

impl Examined {
    /// Whether a run can begin to judge it.
    pub fn is_ready(&self) -> bool {
        self.started.is_ok() && matches!(self.met, Some(Met::LoggedIn(_) | Met::Connected))
    }
}

/// Starts the subject, talks to it, and looks what a run of these scenarios would do.
///
/// # Errors
/// The harness cannot begin to talk.
pub fn examine(
    suite: &Suite,
    selected: &[&Scenario],
    subject: &Subject,
    options: &Options,
) -> std::io::Result<Examined> {
    let patience = Patience::of(options);
    let runtime = runtime()?;
    let mut examined = Examined {
        started: Ok(Duration::ZERO),
        identity: Vec::new(),
        met: None,
        features: Vec::new(),
        runs: 0,
        skipped: BTreeMap::new(),
    };
    let mut needs: BTreeMap<&str, usize> = BTreeMap::new();
    for need in selected.iter().flat_map(|scenario| &scenario.needs) {
        *needs.entry(need.value.as_str()).or_default() += 1;
    }
    match subject.role {
        Role::Server => runtime.block_on(examined.server(subject, patience)),
        Role::Client => runtime.block_on(examined.client(subject, options.reply)),
    }
    let answers = matches!(examined.met, Some(Met::LoggedIn(_) | Met::Refused(_)));
    let found = if subject.role == Role::Server && answers {
        Some(runtime.block_on(probe(subject, &needs.keys().copied().collect(), patience)).claims)
    } else {
        None
    };
    examined.compare(subject, &needs, found.as_ref());
    let claims = if subject.says_what_it_claims() { subject.claims.clone() } else { found.unwrap_or_default() };
    let given: Vec<_> = selected.iter().map(|scenario| case::given_of(suite, scenario)).collect();
    for planned in plan(selected, &given, subject, &Known { claims: &claims, folder: subject.folder_is_known() }) {
        match planned.skip {
            Some(reason) => *examined.skipped.entry(reason).or_default() += 1,
            None => examined.runs += 1,
        }
    }
    Ok(examined)
}

impl Examined {
    async fn server(&mut self, subject: &Subject, patience: Patience) {
        let begun = Instant::now();
        let running = match subject.start().await {
            Ok(running) => running,
            Err(error) => {
                self.started = Err(error);
                return;
            }
        };
        self.started = Ok(begun.elapsed());
        self.met = Some(match Talk::begin(running.address(), patience).await {
            Ok(mut talk) => {
                self.identity.push(talk.last.clone());
                let met = match talk.login(&subject.login).await {
                    Some(LoggedIn::Yes) => Met::LoggedIn(talk.last.clone()),
                    Some(LoggedIn::No) => Met::Refused(talk.last.clone()),
                    None => Met::NoAnswer,
                };
                if talk.ask("SYST").await.is_some_and(|code| code == 215) {
                    self.identity.push(talk.last.clone());
                }
                talk.leave().await;
                met
            }
            Err(Seen::Mute) => Met::Mute,
            Err(Seen::Closed | Seen::Has | Seen::HasNot | Seen::NoLogin) => Met::Closed,
        });
        Running::stop(running).await;
    }

    async fn client(&mut self, subject: &Subject, within: Duration) {
        let own = |source| StartError::Own { doing: "listen for the client".to_owned(), source };
        let begun = Instant::now();
        let started = async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(own)?;
            let address = listener.local_addr().map_err(own)?;
            let connects = timeout(within, listener.accept());
            let connected = if subject.drive.is_some() {
                let client = subject.drive(address).await?;
                let connected = connects.await.is_ok_and(|accepted| accepted.is_ok());
                client.stop().await;
                connected
            } else {
                let mut client = subject.prepare(&bogus(&NO_SUCH_FILE), address, &subject.login).await?;
                client.begin()?;
                let connected = connects.await.is_ok_and(|accepted| accepted.is_ok());
                client.stop().await;
                connected
            };
            Ok(if connected { Met::Connected } else { Met::NeverConnected })
        };
        match started.await {
            Ok(met) => {
                self.started = Ok(begun.elapsed());
                self.met = Some(met);
            }
            Err(error) => self.started = Err(error),
        }
    }

    fn compare(&mut self, subject: &Subject, needs: &BTreeMap<&str, usize>, found: Option<&BTreeSet<String>>) {
        let names: BTreeSet<&str> = needs.keys().copied().chain(subject.claims.iter().map(String::as_str)).collect();
        self.features = names
            .into_iter()
            .map(|name| Feature {
                name: name.to_owned(),
                said: subject.says_what_it_claims().then(|| subject.claims.contains(name)),
                found: found.filter(|_| needs.contains_key(name)).map(|found| found.contains(name)),
                cases: needs.get(name).copied().unwrap_or_default(),
            })
            .collect();
    }
}
