//! RETR, STOR, APPE, LIST, NLST: TYPE where it must change, a data connection, REST to resume, the command, the data,
//! the final reply.

use protocol::transfer::{Parameters, is_plain};
use protocol::{Form, Reply, Severity, Type};

use super::abort::Aborting;
use super::agree::Agree;
use super::open_data::OpenData;
use super::{Operation, Progress};
use crate::session::command::CommandLine;
use crate::session::{Action, DataFault, Event, Failure, Manner};

/// One transfer, from agreeing on the type to the final reply.
#[derive(Debug)]
pub(crate) struct Transfer {
    verb: &'static str,
    command: CommandLine,
    direction: Direction,
    /// Said right before the command (RFC 3659 §5.3), until it is said.
    restart: Option<CommandLine>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// A file comes, in the representation the user wants.
    FileComes,
    /// A file goes.
    FileGoes,
    /// A listing comes: ASCII whatever TYPE says (RFC 1123 §4.1.2.7).
    ListingComes,
}

#[derive(Debug)]
enum Stage {
    Beginning,
    Agreeing(Agree),
    Opening(OpenData),
    /// REST is said.
    Restarting,
    /// The command is said; its first reply is awaited.
    Said,
    Moving(Moving),
    Aborting(Aborting),
}

/// Both must come, in any order: the end of the data, and the final reply.
#[derive(Debug, Default)]
struct Moving {
    data: Option<Result<(), DataFault>>,
    completed: Option<Reply>,
}

impl Transfer {
    pub(crate) fn retrieve(pathname: &[u8]) -> Result<Self, Failure> {
        Ok(Self::new("RETR", CommandLine::new("RETR", pathname)?, Direction::FileComes))
    }

    /// The rest of a file of which this side has so many octets. RFC 3659 §5.1 counts them in the representation that
    /// is sent; that is what stands in the local file in TYPE I only.
    pub(crate) fn resume(pathname: &[u8], octets: u64) -> Result<Self, Failure> {
        let restart = CommandLine::new("REST", octets.to_string().as_bytes())?;
        Ok(Self { restart: Some(restart), ..Self::retrieve(pathname)? })
    }

    pub(crate) fn store(pathname: &[u8]) -> Result<Self, Failure> {
        Ok(Self::new("STOR", CommandLine::new("STOR", pathname)?, Direction::FileGoes))
    }

    /// The rest of a file of which the server has so many octets (RFC 3659 §5.2).
    pub(crate) fn store_from(pathname: &[u8], octets: u64) -> Result<Self, Failure> {
        let restart = CommandLine::new("REST", octets.to_string().as_bytes())?;
        Ok(Self { restart: Some(restart), ..Self::store(pathname)? })
    }

    /// Under a name that the server chooses. RFC 959 §4.1.3 gives STOU no argument.
    pub(crate) fn store_unique() -> Self {
        Self::new("STOU", CommandLine::bare("STOU"), Direction::FileGoes)
    }

    pub(crate) fn append(pathname: &[u8]) -> Result<Self, Failure> {
        Ok(Self::new("APPE", CommandLine::new("APPE", pathname)?, Direction::FileGoes))
    }

    pub(crate) fn list(pathname: Option<&[u8]>) -> Result<Self, Failure> {
        Ok(Self::new("LIST", CommandLine::with_optional("LIST", pathname)?, Direction::ListingComes))
    }

    pub(crate) fn name_list(pathname: Option<&[u8]>) -> Result<Self, Failure> {
        Ok(Self::new("NLST", CommandLine::with_optional("NLST", pathname)?, Direction::ListingComes))
    }

    pub(crate) fn machine_list(pathname: Option<&[u8]>) -> Result<Self, Failure> {
        Ok(Self::new("MLSD", CommandLine::with_optional("MLSD", pathname)?, Direction::ListingComes))
    }

    fn new(verb: &'static str, command: CommandLine, direction: Direction) -> Self {
        Self { verb, command, direction, restart: None, stage: Stage::Beginning }
    }

    fn begin(&mut self, manner: &mut Manner) -> Result<Progress, Failure> {
        if self.restart.is_some() && !is_plain(manner.wanted) {
            return Err(Failure::ResumeAscii);
        }
        if self.direction == Direction::ListingComes {
            return self.open(manner);
        }
        let mut agree = Agree::on(manner.wanted, manner);
        let progress = agree.step(Event::Begin, manner)?;
        if matches!(progress, Progress::Done(_)) {
            return self.open(manner);
        }
        self.stage = Stage::Agreeing(agree);
        Ok(progress)
    }

    fn open(&mut self, manner: &mut Manner) -> Result<Progress, Failure> {
        let mut open = OpenData::as_wanted(manner);
        let progress = open.step(Event::Begin, manner)?;
        self.stage = Stage::Opening(open);
        Ok(progress)
    }

    /// REST if it is wanted and not said; else the command.
    fn say(&mut self) -> Progress {
        let (stage, line) = match self.restart.take() {
            Some(restart) => (Stage::Restarting, restart),
            None => (Stage::Said, self.command.clone()),
        };
        self.stage = stage;
        Progress::Wait(vec![Action::Say(line)])
    }

    /// The first reply to the command: the data move now, or never.
    fn answered(&mut self, reply: Reply, manner: &Manner) -> Result<Progress, Failure> {
        let completed = match reply.severity() {
            Severity::Preliminary => None,
            // A server that leaves out its 125 or 150, or an empty file: the data are still to be looked at.
            Severity::Completion => Some(reply),
            Severity::Intermediate | Severity::Transient | Severity::Permanent | Severity::Protected => {
                return Err(Failure::of(reply));
            }
        };
        self.stage = Stage::Moving(Moving { data: None, completed });
        Ok(Progress::Wait(vec![match self.direction {
            Direction::FileComes => Action::Receive(manner.wanted),
            Direction::FileGoes => Action::Transmit(manner.wanted),
            Direction::ListingComes => Action::Receive(Parameters {
                representation: Type::Ascii(Form::NonPrint),
                structure: manner.said.structure,
                mode: manner.said.mode,
            }),
        }]))
    }

    /// Once the command is said, the server must be told; before, there is nothing to abort.
    fn interrupted(&mut self) -> Result<Progress, Failure> {
        let completed = match &self.stage {
            Stage::Said => false,
            Stage::Moving(moving) => moving.completed.is_some(),
            Stage::Beginning | Stage::Agreeing(_) | Stage::Opening(_) | Stage::Restarting | Stage::Aborting(_) => {
                return Err(Failure::Interrupted);
            }
        };
        self.stage = Stage::Aborting(if completed { Aborting::after_completion() } else { Aborting::within() });
        Ok(Progress::Wait(vec![Action::Abort]))
    }

    /// The reply, where nothing else can come.
    fn awaited(&self, event: Event) -> Result<Reply, Failure> {
        match event {
            Event::Reply(reply) => Ok(reply),
            Event::DataFailed(problem) => Err(Failure::Data(problem)),
            Event::Begin
            | Event::Secured
            | Event::Listening(_)
            | Event::Connected
            | Event::DataEnded
            | Event::Silence
            | Event::Interrupted => Err(Failure::Order { verb: self.verb }),
        }
    }
}

impl Operation for Transfer {
    fn step(&mut self, event: Event, manner: &mut Manner) -> Result<Progress, Failure> {
        if event == Event::Interrupted {
            return self.interrupted();
        }
        match &mut self.stage {
            Stage::Beginning => self.begin(manner),
            Stage::Agreeing(agree) => match agree.step(event, manner)? {
                Progress::Done(_) => self.open(manner),
                waiting @ Progress::Wait(_) => Ok(waiting),
            },
            Stage::Opening(open) => match open.step(event, manner)? {
                Progress::Done(_) => Ok(self.say()),
                waiting @ Progress::Wait(_) => Ok(waiting),
            },
            Stage::Restarting => match self.awaited(event)? {
                reply if reply.severity() == Severity::Intermediate => Ok(self.say()),
                reply => Err(Failure::of(reply)),
            },
            Stage::Said => {
                let reply = self.awaited(event)?;
                self.answered(reply, manner)
            }
            Stage::Aborting(aborting) => aborting.step(event),
            Stage::Moving(moving) => moving.step(event),
        }
    }

    /// After a completion a second reply would belong to another command.
    fn wants_reply(&self) -> bool {
        !matches!(&self.stage, Stage::Moving(Moving { completed: Some(_), .. }))
    }
}

impl Moving {
    fn step(&mut self, event: Event) -> Result<Progress, Failure> {
        match event {
            Event::DataEnded => self.data = Some(Ok(())),
            // The server's final reply says more about it, and must be read before the next command anyway.
            Event::DataFailed(problem) => self.data = Some(Err(problem)),
            Event::Reply(reply) => match reply.severity() {
                Severity::Preliminary => {}
                Severity::Completion => self.completed = Some(reply),
                Severity::Intermediate | Severity::Transient | Severity::Permanent | Severity::Protected => {
                    return Err(Failure::of(reply));
                }
            },
            Event::Begin
            | Event::Secured
            | Event::Listening(_)
            | Event::Connected
            | Event::Silence
            | Event::Interrupted => {}
        }
        match (&self.completed, self.data.take()) {
            (Some(_), Some(Ok(()))) => Ok(Progress::Done(Vec::new())),
            (Some(_), Some(Err(problem))) => Err(Failure::Data(problem)),
            (_, data) => {
                self.data = data;
                Ok(Progress::Wait(Vec::new()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{peer_v4, play, reply};
    use super::*;
    use crate::session::{Extended, Session, Side};
    use rstest::rstest;

    const OPEN: [&str; 3] = ["200 type", "229 ok (|||1025|)", "connected"];

    #[rstest]
    #[case::done(&["150 comes", "ended", "226 done"], &["receive I F S", "done"])]
    #[case::reply_before_the_data(&["150 comes", "226 done", "ended"], &["receive I F S", "done"])]
    #[case::other_preliminary(&["125 comes", "ended", "250 done"], &["receive I F S", "done"])]
    #[case::two_preliminaries(&["150 comes", "150 really", "ended", "226 done"], &["receive I F S", "done"])]
    #[case::no_preliminary(&["226 done", "ended"], &["receive I F S", "done"])]
    #[case::no_such_file(&["550 none"], &["failed: the server refused: 550 none"])]
    #[case::aborted(&["150 comes", "426 broken"], &["receive I F S", "failed: the server refused: 426 broken"])]
    #[case::aborted_after_the_data(&["150 comes", "ended", "451 bad"], &["receive I F S", "failed: the server refused: 451 bad"])]
    #[case::broken_data(&["150 comes", "broken", "226 done"], &["receive I F S", "failed: broken"])]
    #[case::broken_data_and_the_server_says_why(&["150 comes", "broken", "426 why"], &["receive I F S", "failed: the server refused: 426 why"])]
    #[case::never_ends(&["150 comes", "ended"], &["receive I F S"])]
    fn after_the_command(#[case] script: &[&str], #[case] done: &[&str]) {
        let all = play(Transfer::retrieve(b"f").unwrap(), &[&OPEN[..], script].concat());
        let before = ["C: TYPE I", "C: EPSV", "connect 127.0.0.1:1025", "C: RETR f"];
        assert_eq!(all, [&before[..], done].concat());
    }

    #[rstest]
    #[case(Transfer::store(b"f"), &["C: TYPE I", "C: EPSV", "connect 127.0.0.1:1025", "C: STOR f", "transmit I F S", "done"])]
    #[case(Transfer::append(b"f"), &["C: TYPE I", "C: EPSV", "connect 127.0.0.1:1025", "C: APPE f", "transmit I F S", "done"])]
    fn files_go(#[case] transfer: Result<Transfer, Failure>, #[case] done: &[&str]) {
        let script = [&OPEN[..], &["150 go", "ended", "226 done"]].concat();
        assert_eq!(play(transfer.unwrap(), &script), done);
    }

    #[rstest]
    #[case::within(&["150 comes", "interrupted", "426 cut", "226 aborted"], &["receive I F S", "abort", "failed: it was aborted"])]
    #[case::too_late(&["150 comes", "interrupted", "226 done", "225 nothing to abort"],
        &["receive I F S", "abort", "await silence", "failed: it was aborted"])]
    #[case::one_reply_only(&["150 comes", "interrupted", "226 aborted", "silence"],
        &["receive I F S", "abort", "await silence", "failed: it was aborted"])]
    #[case::before_the_first_reply(&["interrupted", "150 comes", "426 cut", "226 aborted"], &["abort", "failed: it was aborted"])]
    #[case::after_the_reply(&["150 comes", "226 done", "interrupted", "225 nothing"], &["receive I F S", "abort", "failed: it was aborted"])]
    #[case::twice(&["150 comes", "interrupted", "interrupted"], &["receive I F S", "abort", "failed: it was interrupted"])]
    fn interrupted(#[case] script: &[&str], #[case] done: &[&str]) {
        let all = play(Transfer::retrieve(b"f").unwrap(), &[&OPEN[..], script].concat());
        let before = ["C: TYPE I", "C: EPSV", "connect 127.0.0.1:1025", "C: RETR f"];
        assert_eq!(all, [&before[..], done].concat());
    }

    #[rstest]
    #[case(Transfer::list(None), "C: LIST")]
    #[case(Transfer::list(Some(b"d")), "C: LIST d")]
    #[case(Transfer::name_list(None), "C: NLST")]
    fn listings_need_no_type(#[case] transfer: Result<Transfer, Failure>, #[case] command: &str) {
        let script = [&OPEN[1..], &["150 comes", "ended", "226 done"]].concat();
        let done = ["C: EPSV", "connect 127.0.0.1:1025", command, "receive A N F S", "done"];
        assert_eq!(play(transfer.unwrap(), &script), done);
    }

    #[rstest]
    #[case::done(&["350 go on", "150 comes", "ended", "226 done"], &["C: RETR f", "receive I F S", "done"])]
    #[case::refused(&["502 no"], &["failed: the server refused: 502 no"])]
    #[case::not_understood(&["200 ok"], &["failed: the server's reply does not fit here: 200 ok"])]
    fn the_rest_of_a_file_comes(#[case] script: &[&str], #[case] done: &[&str]) {
        let all = play(Transfer::resume(b"f", 1300).unwrap(), &[&OPEN[..], script].concat());
        let before = ["C: TYPE I", "C: EPSV", "connect 127.0.0.1:1025", "C: REST 1300"];
        assert_eq!(all, [&before[..], done].concat());
    }

    #[test]
    fn text_is_not_resumed() {
        let mut manner = Manner::new(peer_v4(), peer_v4());
        manner.wanted.representation = Type::Ascii(Form::NonPrint);
        let mut transfer = Transfer::resume(b"f", 1300).unwrap();
        assert_eq!(transfer.step(Event::Begin, &mut manner), Err(Failure::ResumeAscii));
    }

    #[test]
    fn a_refused_type_ends_it() {
        let done = play(Transfer::retrieve(b"f").unwrap(), &["504 no"]);
        assert_eq!(done, ["C: TYPE I", "failed: the server refused: 504 no"]);
    }

    #[test]
    fn type_is_said_once_and_active_mode_listens() {
        let mut session = Session::new(peer_v4(), peer_v4());
        session.manner.said.representation = Some(Type::Image);
        session.manner.side = Side::Active;
        session.manner.extended = Extended::Off;
        assert_eq!(session.begin(Box::new(Transfer::retrieve(b"f").unwrap())), [Action::Listen]);
    }

    #[test]
    fn a_reply_after_the_completion_is_left_for_the_next_command() {
        let mut manner = Manner::new(peer_v4(), peer_v4());
        let mut transfer = Transfer::retrieve(b"f").unwrap();
        transfer.stage = Stage::Moving(Moving::default());
        assert!(transfer.wants_reply());
        assert_eq!(transfer.step(Event::Reply(reply("226 done")), &mut manner), Ok(Progress::Wait(Vec::new())));
        assert!(!transfer.wants_reply());
    }
}
