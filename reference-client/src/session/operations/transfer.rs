//! RETR, STOR, APPE, LIST, NLST: TYPE where it must change, a data connection, REST to resume, the command, the data,
//! the final reply.

use protocol::{Reply, Severity};

use super::open_data::OpenData;
use super::set_type::SetType;
use super::{Operation, Progress};
use crate::representation::Representation;
use crate::session::command::CommandLine;
use crate::session::{Action, Event, Failure, Manner};

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
    Type(SetType),
    Opening(OpenData),
    /// REST is said.
    Restarting,
    /// The command is said; its first reply is awaited.
    Said,
    Moving(Moving),
}

/// Both must come, in any order: the end of the data, and the final reply.
#[derive(Debug, Default)]
struct Moving {
    data: Option<Result<(), String>>,
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

    pub(crate) fn append(pathname: &[u8]) -> Result<Self, Failure> {
        Ok(Self::new("APPE", CommandLine::new("APPE", pathname)?, Direction::FileGoes))
    }

    pub(crate) fn list(pathname: Option<&[u8]>) -> Result<Self, Failure> {
        Ok(Self::new("LIST", CommandLine::with_optional("LIST", pathname)?, Direction::ListingComes))
    }

    pub(crate) fn name_list(pathname: Option<&[u8]>) -> Result<Self, Failure> {
        Ok(Self::new("NLST", CommandLine::with_optional("NLST", pathname)?, Direction::ListingComes))
    }

    fn new(verb: &'static str, command: CommandLine, direction: Direction) -> Self {
        Self { verb, command, direction, restart: None, stage: Stage::Beginning }
    }

    fn begin(&mut self, manner: &mut Manner) -> Result<Progress, Failure> {
        if self.restart.is_some() && manner.representation == Representation::Ascii {
            return Err(Failure::ResumeAscii);
        }
        if self.direction == Direction::ListingComes || manner.said == Some(manner.representation) {
            return self.open(manner);
        }
        let mut set_type = SetType::new(manner.representation)?;
        let progress = set_type.step(Event::Begin, manner)?;
        self.stage = Stage::Type(set_type);
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
            Direction::FileComes => Action::Receive(manner.representation),
            Direction::FileGoes => Action::Transmit(manner.representation),
            Direction::ListingComes => Action::Receive(Representation::Ascii),
        }]))
    }
}

impl Operation for Transfer {
    fn step(&mut self, event: Event, manner: &mut Manner) -> Result<Progress, Failure> {
        match &mut self.stage {
            Stage::Beginning => self.begin(manner),
            Stage::Type(set_type) => match set_type.step(event, manner)? {
                Progress::Done(_) => self.open(manner),
                waiting @ Progress::Wait(_) => Ok(waiting),
            },
            Stage::Opening(open) => match open.step(event, manner)? {
                Progress::Done(_) => Ok(self.say()),
                waiting @ Progress::Wait(_) => Ok(waiting),
            },
            Stage::Restarting => match event {
                Event::Reply(reply) if reply.severity() == Severity::Intermediate => Ok(self.say()),
                Event::Reply(reply) => Err(Failure::of(reply)),
                Event::DataFailed(problem) => Err(Failure::Data(problem)),
                Event::Begin | Event::Listening(_) | Event::Connected | Event::DataEnded => {
                    Err(Failure::Order { verb: self.verb })
                }
            },
            Stage::Said => match event {
                Event::Reply(reply) => self.answered(reply, manner),
                Event::DataFailed(problem) => Err(Failure::Data(problem)),
                Event::Begin | Event::Listening(_) | Event::Connected | Event::DataEnded => {
                    Err(Failure::Order { verb: self.verb })
                }
            },
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
            Event::Begin | Event::Listening(_) | Event::Connected => {}
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
    #[case::done(&["150 comes", "ended", "226 done"], &["receive image", "done"])]
    #[case::reply_before_the_data(&["150 comes", "226 done", "ended"], &["receive image", "done"])]
    #[case::other_preliminary(&["125 comes", "ended", "250 done"], &["receive image", "done"])]
    #[case::two_preliminaries(&["150 comes", "150 really", "ended", "226 done"], &["receive image", "done"])]
    #[case::no_preliminary(&["226 done", "ended"], &["receive image", "done"])]
    #[case::no_such_file(&["550 none"], &["failed: the server refused: 550 none"])]
    #[case::aborted(&["150 comes", "426 broken"], &["receive image", "failed: the server refused: 426 broken"])]
    #[case::aborted_after_the_data(&["150 comes", "ended", "451 bad"], &["receive image", "failed: the server refused: 451 bad"])]
    #[case::broken_data(&["150 comes", "broken", "226 done"], &["receive image", "failed: broken"])]
    #[case::broken_data_and_the_server_says_why(&["150 comes", "broken", "426 why"], &["receive image", "failed: the server refused: 426 why"])]
    #[case::never_ends(&["150 comes", "ended"], &["receive image"])]
    fn after_the_command(#[case] script: &[&str], #[case] done: &[&str]) {
        let all = play(Transfer::retrieve(b"f").unwrap(), &[&OPEN[..], script].concat());
        let before = ["C: TYPE I", "C: EPSV", "connect 127.0.0.1:1025", "C: RETR f"];
        assert_eq!(all, [&before[..], done].concat());
    }

    #[rstest]
    #[case(Transfer::store(b"f"), &["C: TYPE I", "C: EPSV", "connect 127.0.0.1:1025", "C: STOR f", "transmit image", "done"])]
    #[case(Transfer::append(b"f"), &["C: TYPE I", "C: EPSV", "connect 127.0.0.1:1025", "C: APPE f", "transmit image", "done"])]
    fn files_go(#[case] transfer: Result<Transfer, Failure>, #[case] done: &[&str]) {
        let script = [&OPEN[..], &["150 go", "ended", "226 done"]].concat();
        assert_eq!(play(transfer.unwrap(), &script), done);
    }

    #[rstest]
    #[case(Transfer::list(None), "C: LIST")]
    #[case(Transfer::list(Some(b"d")), "C: LIST d")]
    #[case(Transfer::name_list(None), "C: NLST")]
    fn listings_need_no_type(#[case] transfer: Result<Transfer, Failure>, #[case] command: &str) {
        let script = [&OPEN[1..], &["150 comes", "ended", "226 done"]].concat();
        let done = ["C: EPSV", "connect 127.0.0.1:1025", command, "receive ascii", "done"];
        assert_eq!(play(transfer.unwrap(), &script), done);
    }

    #[rstest]
    #[case::done(&["350 go on", "150 comes", "ended", "226 done"], &["C: RETR f", "receive image", "done"])]
    #[case::refused(&["502 no"], &["failed: the server refused: 502 no"])]
    #[case::not_understood(&["200 ok"], &["failed: the server's reply does not fit here: 200 ok"])]
    fn the_rest_of_a_file_comes(#[case] script: &[&str], #[case] done: &[&str]) {
        let all = play(Transfer::resume(b"f", 1300).unwrap(), &[&OPEN[..], script].concat());
        let before = ["C: TYPE I", "C: EPSV", "connect 127.0.0.1:1025", "C: REST 1300"];
        assert_eq!(all, [&before[..], done].concat());
    }

    #[test]
    fn text_is_not_resumed() {
        let mut manner = Manner { representation: Representation::Ascii, ..Manner::new(peer_v4(), peer_v4()) };
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
        session.manner.said = Some(Representation::Image);
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
