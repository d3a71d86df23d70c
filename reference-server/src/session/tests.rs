//! The session without sockets: lines in, replies out, on a directory of its own.

mod dialogues;
mod properties;
mod transfers;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use protocol::command::{Login as When, TABLE};
use rstest::rstest;
use tempfile::TempDir;

use super::data_port::Arranged;
use super::{Action, End, Input, Order, Received, Route, Security, Session, Settings, Standing, State, Volume};
use crate::accounts::{Access, Accounts, Room, Secret, User};
use crate::store::{Disk, Store};

/// Plays the runtime: does at once what the session asks for, except transfers, which a test ends when it wants to.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the world outside, free of the others")]
struct Bench {
    session: Session,
    store: Arc<dyn Store>,
    /// What HOST or SMNT has put the session on.
    volume: Option<Volume>,
    root: TempDir,
    /// Whether a port listens.
    listens: bool,
    /// Whether a transfer left its data connection open.
    is_open: bool,
    /// Whether a port can be opened.
    can_listen: bool,
    /// What a failed login leads to; without it, to a time of waiting.
    standing: Option<Standing>,
    running: Option<Order>,
    stops: usize,
    is_secure: bool,
    replies: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// With other settings.
    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut accounts = Accounts::default();
        accounts.anonymous = Some(Access::ReadOnly);
        accounts.admit(b"u".to_vec(), plain("p"));
        let mut settings = Settings {
            site: "ftp.ssast.org".to_owned(),
            accounts,
            idle_limit: Duration::from_mins(15),
            ..Settings::default()
        };
        change(&mut settings);
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("robots.txt"), "User-agent: *\nDisallow: /\n").unwrap();
        std::fs::create_dir(root.path().join("sub")).unwrap();
        let (local, peer) = (address("127.0.0.1:2121"), address("127.0.0.1:50000"));
        let mut bench = Self {
            session: Session::new(Arc::new(settings), local, peer, Security::Clear),
            store: Arc::new(Disk::open(root.path()).unwrap()),
            volume: None,
            root,
            listens: false,
            is_open: false,
            can_listen: true,
            standing: Some(Standing::MayTryAgain),
            running: None,
            stops: 0,
            is_secure: false,
            replies: Vec::new(),
        };
        bench.feed(Input::Connected);
        bench
    }

    fn logged_in() -> Self {
        Self::new().log_in()
    }

    fn log_in(mut self) -> Self {
        self.say("USER u");
        self.say("PASS p");
        self
    }

    fn feed(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for action in self.session.handle(input) {
                match action {
                    Action::Say(octets) => self.replies.push(String::from_utf8_lossy(&octets).into_owned()),
                    Action::Mount(volume) => self.volume = volume,
                    Action::Perform(perform) => {
                        let store = self.volume.as_ref().map_or(&self.store, |volume| &volume.0);
                        inputs.push(Input::Performed(perform.run(store.as_ref())));
                    }
                    Action::Verify(verify) => inputs.push(Input::Performed(verify.run(&mut Room::default()))),
                    Action::CountFailure { .. } => inputs.extend(self.standing.map(Input::FailureCounted)),
                    Action::Listen => {
                        self.listens = self.can_listen;
                        inputs.push(Input::Listening(self.can_listen.then(|| address("127.0.0.1:26222"))));
                    }
                    Action::StopListening => self.listens = false,
                    Action::Close => (self.listens, self.is_open) = (false, false),
                    Action::Transfer(order) => {
                        assert!(self.running.is_none(), "two transfers at a time");
                        if matches!(order.route, Route::Passive { .. }) {
                            assert!(self.listens, "a transfer on a port that does not listen");
                            self.listens = false;
                        }
                        if let Route::Open(_) = order.route {
                            assert!(self.is_open, "a transfer on a connection that is closed");
                        }
                        self.is_open = false;
                        self.running = Some(order);
                    }
                    Action::CloseData => self.is_open = false,
                    Action::Deleted(_) | Action::LoggedIn(_) => {}
                    Action::StopTransfer => self.stops += 1,
                    Action::BeginTls => self.is_secure = true,
                    Action::EndTls => self.is_secure = false,
                }
            }
        }
        assert_eq!(self.session.data_port.arranged == Arranged::Passive && !self.is_closed(), self.listens);
        assert_eq!(self.session.data_port.arranged == Arranged::Open && !self.is_closed(), self.is_open);
    }

    /// Says a line and returns what came back, the replies joined.
    fn say(&mut self, line: &str) -> String {
        let before = self.replies.len();
        self.feed(Input::Received(Received::Line(line.as_bytes().to_vec())));
        self.replies[before..].concat()
    }

    fn end_transfer(&mut self, octets: u64, end: End) -> String {
        let before = self.replies.len();
        assert!(self.running.take().is_some(), "no transfer runs");
        self.is_open = end == End::LeftOpen;
        self.feed(Input::TransferEnded { octets, end });
        self.replies[before..].concat()
    }

    fn is_closed(&self) -> bool {
        matches!(self.session.state, State::Closed)
    }
}

/// A user who may do everything.
fn plain(password: &str) -> User {
    User { secret: Secret::Plain(password.into()), access: Access::ReadWrite }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The code of the first reply.
fn code(replies: &str) -> &str {
    replies.get(..3).unwrap_or("")
}

#[test]
fn the_example_of_the_assignment() {
    let mut bench = Bench::new();
    assert_eq!(bench.replies, ["220 ftp.ssast.org FTP server ready.\r\n"]);
    let dialogue = [
        ("USER anonymous", "331 Guest login ok, send your complete e-mail address as password.\r\n"),
        (
            "PASS dangfan@163.com",
            "230-\r\n\
             230-Welcome to\r\n\
             230- School of Software\r\n\
             230- FTP Archives at ftp.ssast.org\r\n\
             230-\r\n\
             230-This site is provided as a public service by School of\r\n\
             230-Software. Use in violation of any applicable laws is strictly\r\n\
             230-prohibited. We make no guarantees, explicit or implicit, about the\r\n\
             230-contents of this site. Use at your own risk.\r\n\
             230-\r\n\
             230 Guest login ok, access restrictions apply.\r\n",
        ),
        ("SYST", "215 UNIX Type: L8\r\n"),
        ("TYPE I", "200 Type set to I.\r\n"),
        ("PORT 127,0,0,1,128,79", "200 PORT command successful.\r\n"),
        ("RETR robots.txt", "150 Opening BINARY mode data connection for robots.txt (26 bytes).\r\n"),
    ];
    for (line, replies) in dialogue {
        assert_eq!(bench.say(line), replies);
    }
    assert_eq!(bench.end_transfer(26, End::Complete), "226 Transfer complete.\r\n");
    assert_eq!(bench.say("PASV"), "227 Entering Passive Mode (127,0,0,1,102,110)\r\n");
    assert_eq!(bench.say("RETR robots.txt"), "150 Opening BINARY mode data connection for robots.txt (26 bytes).\r\n");
    assert_eq!(bench.end_transfer(26, End::Complete), "226 Transfer complete.\r\n");
    let farewell = bench.say("QUIT");
    let lines: Vec<&str> = farewell.lines().collect();
    assert_eq!(lines[0], "221-You have transferred 52 bytes in 2 files.");
    assert!(lines[1].starts_with("221-Total traffic for this session was "), "{}", lines[1]);
    assert!(lines[1].ends_with(" bytes in 2 transfers."), "{}", lines[1]);
    assert_eq!(lines[2..], ["221-Thank you for using the FTP service on ftp.ssast.org.", "221 Goodbye."]);
    assert!(bench.is_closed());
}

#[rstest]
#[case::login(&[("USER u", "331"), ("PASS p", "230"), ("PWD", "257")])]
#[case::wrong_password(&[("USER u", "331"), ("PASS x", "530"), ("PASS p", "503"), ("PWD", "530")])]
#[case::unknown_user_is_asked_all_the_same(&[("USER nobody", "331"), ("PASS x", "530")])]
#[case::pass_alone(&[("PASS p", "503")])]
#[case::a_command_between(&[("USER u", "331"), ("NOOP", "200"), ("PASS p", "230")])]
#[case::user_again_logs_out(&[("USER u", "331"), ("PASS p", "230"), ("USER u", "331"), ("PWD", "530")])]
#[case::acct(&[("ACCT x", "503"), ("USER u", "331"), ("ACCT x", "503"), ("PASS p", "230"), ("ACCT x", "202")])]
#[case::rein(&[("USER u", "331"), ("PASS p", "230"), ("REIN", "220"), ("PWD", "530")])]
#[case::five_wrong_passwords(&[("USER u", "331"), ("PASS 1", "530"), ("USER u", "331"), ("PASS 2", "530"), ("USER u", "331"),
    ("PASS 3", "530"), ("USER u", "331"), ("PASS 4", "530"), ("USER u", "331"), ("PASS 5", "421"), ("NOOP", "")])]
fn logging_in(#[case] dialogue: &[(&str, &str)]) {
    let mut bench = Bench::new();
    for (line, expected) in dialogue {
        assert_eq!(code(&bench.say(line)), *expected, "{line}");
    }
}

#[test]
fn who_is_shut_out_is_told_and_closed() {
    let mut bench = Bench::new();
    bench.standing = Some(Standing::ShutOut);
    bench.say("USER u");
    assert_eq!(code(&bench.say("PASS x")), "421");
    assert!(bench.is_closed());
}

/// What comes meanwhile waits; an idle client it is not.
#[test]
fn a_wrong_password_is_answered_when_its_time_has_come() {
    let mut bench = Bench::new();
    bench.standing = None;
    bench.say("USER u");
    assert_eq!(bench.say("PASS x"), "");
    assert_eq!(bench.say("NOOP"), "");
    bench.feed(Input::Idle);
    let before = bench.replies.len();
    bench.feed(Input::FailureCounted(Standing::MayTryAgain));
    let codes: Vec<&str> = bench.replies[before..].iter().map(|reply| code(reply)).collect();
    assert_eq!(codes, ["530", "200"]);
}

#[rstest]
#[case::stopped(Input::Stopping, &["421"])]
#[case::disconnected(Input::Disconnected, &["530"])]
fn what_ends_the_time_of_waiting(#[case] input: Input, #[case] expected: &[&str]) {
    let mut bench = Bench::new();
    bench.standing = None;
    bench.say("USER u");
    bench.say("PASS x");
    let before = bench.replies.len();
    bench.feed(input);
    if !bench.is_closed() {
        bench.feed(Input::FailureCounted(Standing::MayTryAgain));
    }
    let codes: Vec<&str> = bench.replies[before..].iter().map(|reply| code(reply)).collect();
    assert_eq!(codes, expected);
    assert!(bench.is_closed());
}

#[test]
fn nothing_of_the_files_is_reached_before_login() {
    for row in TABLE.iter().filter(|row| row.login == When::After) {
        for line in [row.name.to_owned(), format!("{} x", row.name)] {
            let reply = Bench::new().say(&line);
            assert!(["530", "501", "502"].contains(&code(&reply)), "{line}: {reply}");
        }
    }
}

#[rstest]
#[case::unknown("XYZQ", "500")]
#[case::empty("", "500")]
#[case::leading_space(" NOOP", "500")]
#[case::known_not_implemented("SMNT x", "502")]
#[case::not_implemented_without_argument("AUTH", "502")]
#[case::missing_argument("RETR", "501")]
#[case::unexpected_argument("NOOP x", "501")]
#[case::lower_case("noop", "200")]
#[case::type_a_n("type a n", "200")]
#[case::type_a_t("TYPE A T", "200")]
#[case::type_a_c("TYPE A C", "200")]
#[case::type_e("TYPE E", "200")]
#[case::type_e_t("TYPE E T", "200")]
#[case::type_l_8("TYPE L 8", "200")]
#[case::type_l_36("TYPE L 36", "200")]
#[case::type_a_x("TYPE A X", "504")]
#[case::type_l("TYPE L", "501")]
#[case::type_x("TYPE X", "504")]
#[case::stru_f("STRU f", "200")]
#[case::stru_r("STRU R", "200")]
#[case::stru_p("STRU p", "200")]
#[case::stru_x("STRU X", "504")]
#[case::mode_s("MODE  S", "200")]
#[case::mode_b("MODE B", "200")]
#[case::mode_c("MODE c", "200")]
#[case::mode_x("MODE X", "504")]
#[case::mode_z("mode z", "200")]
#[case::opts_mode_z("OPTS MODE Z", "200")]
#[case::opts_mode_s("OPTS MODE S", "501")]
#[case::opts_mode("OPTS MODE", "501")]
#[case::port("PORT 127,0,0,1,4,0", "200")]
#[case::port_malformed("PORT 127,0,0,1,4", "501")]
#[case::port_foreign("PORT 127,0,0,2,4,1", "501")]
#[case::port_privileged("PORT 127,0,0,1,3,255", "504")]
#[case::port_zero("PORT 127,0,0,1,0,0", "504")]
#[case::pasv("PASV", "227")]
#[case::eprt("EPRT |1|127.0.0.1|2000|", "200")]
#[case::eprt_foreign("EPRT |1|127.0.0.2|2000|", "501")]
#[case::eprt_privileged("EPRT |1|127.0.0.1|21|", "504")]
#[case::eprt_unknown("EPRT |9|x|1|", "522")]
#[case::eprt_other_family("EPRT |2|::1|2000|", "522")]
#[case::epsv("EPSV", "229")]
#[case::epsv_1("EPSV 1", "229")]
#[case::epsv_2("EPSV 2", "522")]
#[case::epsv_word("EPSV x", "501")]
#[case::allo("ALLO 1000", "200")]
#[case::allo_record("ALLO 1000 R 80", "200")]
#[case::allo_word("ALLO x", "501")]
#[case::rest("REST 10", "350")]
#[case::rest_word("REST x", "501")]
#[case::rest_beyond_64_bits("REST 99999999999999999999", "350")]
#[case::abor("ABOR", "226")]
#[case::rnto_alone("RNTO x", "503")]
#[case::rnfr_missing("RNFR none", "550")]
#[case::retr_missing("RETR none", "550")]
#[case::retr_directory("RETR sub", "550")]
#[case::retr_outside("RETR ../x", "550")]
#[case::stor_no_parent("STOR none/x", "553")]
#[case::stor_directory("STOR sub", "553")]
#[case::list_missing("LIST none", "450")]
#[case::list_options("LIST -la sub", "150")]
#[case::nlst_missing("NLST none", "450")]
#[case::cwd("CWD sub", "250")]
#[case::cwd_file("CWD robots.txt", "550")]
#[case::cwd_missing("CWD none", "550")]
#[case::cwd_outside("CWD ..", "550")]
#[case::cdup_at_the_root("CDUP", "550")]
#[case::mkd("MKD new", "257")]
#[case::mkd_again("MKD sub", "550")]
#[case::rmd("RMD sub", "250")]
#[case::rmd_root("RMD /", "550")]
#[case::rmd_file("RMD robots.txt", "550")]
#[case::dele("DELE robots.txt", "250")]
#[case::dele_directory("DELE sub", "550")]
#[case::xpwd("XPWD", "257")]
#[case::xmkd("xmkd y", "257")]
#[case::size("SIZE robots.txt", "213")]
#[case::size_directory("SIZE sub", "550")]
#[case::mdtm("MDTM robots.txt", "213")]
#[case::mdtm_sets_nothing("MDTM 19990929043300 robots.txt", "550")]
#[case::stat_file("STAT robots.txt", "213")]
#[case::stat_missing("STAT none", "450")]
#[case::help("HELP", "214")]
#[case::help_verb("HELP retr", "214")]
#[case::help_unknown("HELP XYZQ", "501")]
#[case::site("SITE HELP", "214")]
#[case::site_exec("SITE EXEC id", "504")]
#[case::feat("FEAT", "211")]
#[case::feat_argument("FEAT x", "501")]
#[case::opts_utf8("opts utf8 on", "200")]
#[case::opts_noop("OPTS NOOP x", "501")]
#[case::opts_feat("OPTS FEAT", "501")]
fn one_command(#[case] line: &str, #[case] expected: &str) {
    let reply = Bench::logged_in().say(line);
    assert_eq!(code(&reply), expected, "{reply}");
}

#[rstest]
#[case::rename(&[("RNFR robots.txt", "350"), ("RNTO r", "250"), ("RNTO r2", "503"), ("SIZE r", "213")])]
#[case::rename_noop(&[("RNFR robots.txt", "350"), ("NOOP", "200"), ("RNTO r", "250")])]
#[case::rename_interrupted(&[("RNFR robots.txt", "350"), ("PWD", "257"), ("RNTO r", "503")])]
#[case::rename_refused_then(&[("RNFR robots.txt", "350"), ("RNFR none", "550"), ("RNTO r", "503")])]
#[case::epsv_all(&[("EPSV ALL", "200"), ("PORT 127,0,0,1,4,1", "501"), ("PASV", "501"), ("EPRT |1|127.0.0.1|2000|", "501"),
    ("EPSV", "229")])]
#[case::epsv_all_is_kept(&[("EPSV ALL", "200"), ("RETR none", "550"), ("ABOR", "226"), ("PASV", "501")])]
#[case::mkd_is_absolute(&[("CWD sub", "250"), ("MKD d", "257 \"/sub/d\""), ("PWD", "257 \"/sub\""), ("CDUP", "250"), ("RMD sub", "550")])]
#[case::quotes(&[("MKD a\"b", "257 \"/a\"\"b\""), ("CWD a\"b", "250"), ("PWD", "257 \"/a\"\"b\"")])]
#[case::size_of_ascii(&[("SIZE robots.txt", "213 28\r\n"), ("TYPE I", "200"), ("SIZE robots.txt", "213 26\r\n"), ("TYPE E", "200"),
    ("SIZE robots.txt", "213 26\r\n"), ("TYPE A", "200"), ("STRU R", "200"), ("SIZE robots.txt", "213 30\r\n"), ("MODE B", "200"),
    ("SIZE robots.txt", "213 30\r\n"), ("STRU P", "200"), ("SIZE robots.txt", "550")])]
#[case::size_before_it_is_deflated(&[("MODE Z", "200"), ("SIZE robots.txt", "213 28\r\n"), ("TYPE I", "200"), ("SIZE robots.txt", "213 26\r\n"),
    ("STRU P", "200"), ("SIZE robots.txt", "550")])]
#[case::level(&[("OPTS MODE Z LEVEL 9", "200 MODE Z LEVEL set to 9.\r\n"), ("OPTS MODE Z LEVEL 10", "501 MODE Z LEVEL 10 is invalid.\r\n"),
    ("OPTS MODE Z LEVEL", "501 MODE Z LEVEL needs a value.\r\n"), ("OPTS MODE Z level +1", "501 MODE Z LEVEL +1 is invalid.\r\n")])]
#[case::other_options(&[("OPTS MODE Z BLOCKSIZE 8192", "501 MODE Z BLOCKSIZE is not available.\r\n"), ("OPTS MODE Z METHOD 9", "501 MODE Z METHOD 9"),
    ("OPTS MODE Z EXTRA OFF", "501 MODE Z EXTRA"), ("OPTS MODE Z ENGINE BZIP2", "501 MODE Z ENGINE BZIP2"), ("OPTS MODE Z ENGINE zlib", "200")])]
#[case::options_together(&[("OPTS MODE Z ENGINE ZLIB LEVEL 9 METHOD 8", "200-Set:\r\n MODE Z ENGINE set to ZLIB.\r\n MODE Z LEVEL set to 9.\r\n MODE Z METHOD set to 8.\r\n200 End."),
    ("OPTS MODE Z ENGINE ZLIB, LEVEL 1,", "200-Set:"), ("OPTS MODE Z LEVEL 1 METHOD 15", "501 MODE Z METHOD 15 is invalid.")])]
fn sequences(#[case] dialogue: &[(&str, &str)]) {
    let mut bench = Bench::logged_in();
    for (line, expected) in dialogue {
        let reply = bench.say(line);
        assert!(reply.starts_with(expected), "{line}: {reply}");
    }
}

#[rstest]
#[case("STOR new")]
#[case("APPE robots.txt")]
#[case("STOU")]
#[case("DELE robots.txt")]
#[case("MKD new")]
#[case("RMD sub")]
#[case("RNFR robots.txt")]
fn a_guest_may_only_read(#[case] line: &str) {
    let mut bench = Bench::new();
    bench.say("USER anonymous");
    bench.say("PASS me@here");
    assert_eq!(code(&bench.say(line)), "550");
    assert_eq!(code(&bench.say("SIZE robots.txt")), "213");
    assert_eq!(code(&bench.say("CWD sub")), "250");
}

#[rstest]
#[case("PORT 127,0,0,1,4,1")]
#[case("EPRT |1|127.0.0.1|2000|")]
#[case("ABOR")]
#[case("REIN")]
fn these_close_the_port_that_listens(#[case] line: &str) {
    let mut bench = Bench::logged_in();
    bench.say("PASV");
    assert!(bench.listens);
    bench.say(line);
    assert!(!bench.listens);
}

#[test]
fn no_port_can_be_opened() {
    let mut bench = Bench::logged_in();
    bench.say("PASV");
    bench.can_listen = false;
    assert_eq!(code(&bench.say("PASV")), "425");
    assert_eq!(code(&bench.say("NOOP")), "200");
}

#[test]
fn a_line_that_is_too_long_has_one_reply() {
    let mut bench = Bench::logged_in();
    let before = bench.replies.len();
    bench.feed(Input::Received(Received::TooLong));
    assert_eq!(bench.replies.len(), before + 1);
    assert_eq!(code(&bench.replies[before]), "500");
    assert_eq!(code(&bench.say("NOOP")), "200");
}

#[rstest]
#[case(Input::Idle)]
#[case(Input::Stopping)]
fn an_idle_client_is_told_before_the_close(#[case] input: Input) {
    let mut bench = Bench::logged_in();
    let before = bench.replies.len();
    bench.feed(input);
    assert_eq!(code(&bench.replies[before]), "421");
    assert!(bench.is_closed());
}

#[test]
fn the_name_of_a_file_cannot_forge_a_reply() {
    let mut bench = Bench::logged_in();
    std::fs::write(bench.root.path().join("213 x"), "").unwrap();
    let reply = bench.say("STAT");
    assert!(reply.starts_with("211-") && reply.ends_with("\r\n211 End of status.\r\n"), "{reply}");
    let reply = bench.say("STAT /");
    assert!(reply.lines().skip(1).all(|line| line.starts_with(' ') || line == "213 End of status."), "{reply}");
}
