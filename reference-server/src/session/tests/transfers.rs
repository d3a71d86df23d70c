//! What happens to commands while a transfer runs: the essay of `session::transfer`, sentence by sentence.

use protocol::Mode;
use protocol::restart::{Mark, Marker, Position};
use protocol::transfer::{DecodeError, Fault};
use rstest::rstest;

use super::{Bench, address, code};
use crate::session::{End, Input, Job, Received, Route};
use crate::store::Form;

#[rstest]
#[case(End::Complete, "226")]
#[case(End::LeftOpen, "250")]
#[case(End::Refused(DecodeError { offset: 3, fault: Fault::Incomplete }), "426")]
#[case(End::Refused(DecodeError { offset: 3, fault: Fault::PageType(9) }), "551")]
#[case(End::NotOpened, "425")]
#[case(End::Broken, "426")]
#[case(End::LocalError, "451")]
#[case(End::NoSpace, "552")]
#[case(End::TooMuch, "552")]
fn each_end_has_its_reply(#[case] end: End, #[case] expected: &str) {
    let mut bench = Bench::logged_in();
    assert_eq!(code(&bench.say("RETR robots.txt")), "150");
    assert_eq!(code(&bench.end_transfer(0, end)), expected);
    assert_eq!(code(&bench.say("NOOP")), "200");
}

#[test]
fn commands_wait_and_are_answered_in_order() {
    let mut bench = Bench::logged_in();
    bench.say("RETR robots.txt");
    for line in ["NOOP", "PWD", "STAT robots.txt", "LIST"] {
        assert_eq!(bench.say(line), "", "{line}");
    }
    let before = bench.replies.len();
    bench.end_transfer(26, End::Complete);
    let codes: Vec<&str> = bench.replies[before..].iter().map(|reply| code(reply)).collect();
    assert_eq!(codes, ["226", "200", "257", "213", "150"]);
    assert_eq!(code(&bench.end_transfer(0, End::Complete)), "226");
}

#[test]
fn abor_stops_at_once_and_is_answered_in_its_turn() {
    let mut bench = Bench::logged_in();
    bench.say("RETR robots.txt");
    bench.say("NOOP");
    assert_eq!(bench.say("ABOR"), "");
    assert_eq!(bench.stops, 1);
    let before = bench.replies.len();
    bench.end_transfer(5, End::Stopped);
    let codes: Vec<&str> = bench.replies[before..].iter().map(|reply| code(reply)).collect();
    assert_eq!(codes, ["426", "200", "226"]);
}

#[test]
fn abor_stops_the_transfers_that_wait_before_it() {
    let mut bench = Bench::logged_in();
    for line in ["RETR robots.txt", "RETR robots.txt", "ABOR", "RETR robots.txt"] {
        bench.say(line);
    }
    assert_eq!(bench.stops, 1);
    bench.end_transfer(5, End::Stopped);
    assert_eq!(bench.stops, 2);
    bench.end_transfer(5, End::Stopped);
    assert_eq!(bench.stops, 2, "what comes behind ABOR is not stopped");
    assert_eq!(code(&bench.end_transfer(26, End::Complete)), "226");
}

#[test]
fn abor_that_comes_too_late() {
    let mut bench = Bench::logged_in();
    bench.say("RETR robots.txt");
    bench.say("ABOR");
    let replies = bench.end_transfer(26, End::Complete);
    assert_eq!(replies.lines().map(code).collect::<Vec<_>>(), ["226", "226"]);
}

#[test]
fn stat_is_answered_at_once() {
    let mut bench = Bench::logged_in();
    bench.say("RETR robots.txt");
    bench.feed(Input::Moved(7));
    let reply = bench.say("STAT");
    assert!(reply.starts_with("211-") && reply.contains(" 7 bytes"), "{reply}");
    assert_eq!(code(&bench.end_transfer(26, End::Complete)), "226");
}

#[test]
fn quit_waits_for_the_transfer() {
    let mut bench = Bench::logged_in();
    bench.say("RETR robots.txt");
    assert_eq!(bench.say("QUIT"), "");
    assert_eq!(bench.say("STAT"), "", "what comes behind QUIT is dropped");
    bench.say("ABOR");
    bench.feed(Input::Disconnected);
    assert_eq!(bench.stops, 0);
    let replies = bench.end_transfer(26, End::Complete);
    assert!(replies.starts_with("226 ") && replies.ends_with("221 Goodbye.\r\n"), "{replies}");
    assert!(bench.is_closed());
}

/// Else who always asks for the next file before the one is there would keep the server for ever.
#[test]
fn a_server_that_ends_begins_nothing_that_waits() {
    let mut bench = Bench::logged_in();
    bench.say("RETR robots.txt");
    bench.say("RETR robots.txt");
    let before = bench.replies.len();
    bench.feed(Input::Stopping);
    assert_eq!(bench.replies.len(), before);
    bench.end_transfer(26, End::Complete);
    let codes: Vec<&str> = bench.replies[before..].iter().map(|reply| code(reply)).collect();
    assert_eq!(codes, ["226", "421"]);
    assert!(bench.is_closed() && bench.running.is_none());
}

#[test]
fn the_loss_of_the_control_connection_stops_the_transfer() {
    let mut bench = Bench::logged_in();
    bench.say("STOR new");
    bench.feed(Input::Disconnected);
    assert_eq!(bench.stops, 1);
    bench.end_transfer(3, End::Stopped);
    assert!(bench.is_closed());
}

#[test]
fn a_half_closed_connection_gets_its_replies() {
    let mut bench = Bench::logged_in();
    assert_eq!(code(&bench.say("NOOP")), "200");
    bench.feed(Input::Disconnected);
    assert!(bench.is_closed());
}

#[test]
fn the_queue_is_bounded() {
    let mut bench = Bench::logged_in();
    bench.say("RETR robots.txt");
    let mut taken = 0;
    while bench.session.takes_commands() {
        bench.say("NOOP");
        taken += 1;
        assert!(taken < 1000);
    }
    bench.end_transfer(26, End::Complete);
    assert!(bench.session.takes_commands());
}

#[rstest]
#[case::default_port(None, USER_PORT, USER_PORT)]
#[case::port(Some("PORT 127,0,0,1,128,79"), "127.0.0.1:32847", "127.0.0.1:32847")]
#[case::eprt(Some("EPRT |1|127.0.0.1|32847|"), "127.0.0.1:32847", "127.0.0.1:32847")]
#[case::pasv(Some("PASV"), "passive", USER_PORT)]
#[case::epsv(Some("EPSV"), "passive", USER_PORT)]
fn port_holds_for_every_transfer_and_pasv_for_one(
    #[case] arrange: Option<&str>,
    #[case] first: &str,
    #[case] second: &str,
) {
    let from = Some(address(USER_PORT).ip());
    let route =
        |written: &str| if written == "passive" { Route::Passive { from } } else { Route::Active(address(written)) };
    let mut bench = Bench::logged_in();
    if let Some(line) = arrange {
        bench.say(line);
    }
    // A refusal before the transfer uses nothing up.
    bench.say("RETR none");
    bench.say("RETR robots.txt");
    assert_eq!(bench.running.as_ref().map(|order| order.route), Some(route(first)));
    bench.end_transfer(26, End::Complete);
    bench.say("RETR robots.txt");
    assert_eq!(bench.running.as_ref().map(|order| order.route), Some(route(second)));
}

/// Where the control connection of a bench comes from.
const USER_PORT: &str = "127.0.0.1:50000";

#[rstest]
#[case::no_data_connection(0, End::NotOpened, "425", false)]
#[case::aborted_before_anything_came(0, End::Stopped, "426", false)]
#[case::aborted_in_the_middle(5, End::Stopped, "426", true)]
#[case::broken(0, End::Broken, "426", true)]
#[case::empty(0, End::Complete, "226", true)]
fn a_new_file_that_nothing_came_for_goes_away(
    #[case] octets: u64,
    #[case] end: End,
    #[case] reply: &str,
    #[case] stays: bool,
) {
    let mut bench = Bench::logged_in();
    bench.say("STOR new");
    assert!(bench.root.path().join("new").exists());
    assert_eq!(code(&bench.end_transfer(octets, end)), reply);
    assert_eq!(bench.root.path().join("new").exists(), stays);
}

#[test]
fn an_old_file_without_data_connection_stays_whole() {
    let mut bench = Bench::logged_in();
    bench.say("STOR robots.txt");
    assert_eq!(code(&bench.end_transfer(0, End::NotOpened)), "425");
    assert_eq!(std::fs::metadata(bench.root.path().join("robots.txt")).unwrap().len(), 26);
}

#[test]
fn stou_names_its_file() {
    let mut bench = Bench::logged_in();
    bench.say("CWD sub");
    assert_eq!(bench.say("STOU"), "150 FILE: unique.1\r\n");
    bench.end_transfer(0, End::Complete);
    assert_eq!(bench.say("STOU ignored"), "150 FILE: unique.2\r\n");
    assert!(bench.root.path().join("sub/unique.2").exists());
}

#[rstest]
#[case::none(&["RETR robots.txt"], Ok(0))]
#[case::at_once(&["REST 7", "RETR robots.txt"], Ok(7))]
#[case::at_the_end(&["REST 28", "RETR robots.txt"], Ok(28))]
#[case::behind_the_end(&["REST 29", "RETR robots.txt"], Err("554"))]
#[case::noop_between(&["REST 7", "NOOP", "RETR robots.txt"], Ok(7))]
#[case::pasv_between(&["REST 7", "PASV", "RETR robots.txt"], Ok(7))]
#[case::forgotten(&["REST 7", "PWD", "RETR robots.txt"], Ok(0))]
#[case::taken_back(&["REST 7", "REST 0", "RETR robots.txt"], Ok(0))]
#[case::deflated(&["MODE Z", "REST 7", "RETR robots.txt"], Ok(7))]
#[case::deflated_to_the_end(&["MODE Z", "REST 28", "RETR robots.txt"], Ok(28))]
#[case::deflated_behind_the_end(&["MODE Z", "REST 29", "RETR robots.txt"], Err("554"))]
#[case::deflated_records(&["MODE Z", "STRU R", "REST 7", "RETR robots.txt"], Err("554"))]
#[case::used_by_a_failure(&["REST 7", "RETR none", "RETR robots.txt"], Ok(0))]
fn restart_points(#[case] lines: &[&str], #[case] expected: Result<u64, &str>) {
    let mut bench = Bench::logged_in();
    let reply = lines.iter().map(|line| bench.say(line)).last().unwrap();
    let skipped = match bench.running.take().map(|order| order.job) {
        Some(Job::Send { skip, .. }) => Ok(skip),
        Some(Job::SendLines { .. } | Job::Receive { .. }) | None => Err(code(&reply)),
    };
    assert_eq!(skipped, expected);
}

#[test]
fn a_restarted_file_is_cut_where_it_goes_on() {
    let mut bench = Bench::logged_in();
    bench.say("TYPE I");
    bench.say("REST 14");
    bench.say("STOR robots.txt");
    assert!(matches!(bench.running.as_ref().map(|order| &order.job), Some(Job::Receive { cut_to: Some(14), .. })));
    bench.end_transfer(0, End::Complete);
    bench.say("TYPE A");
    // The line end is two octets on the wire, and one in the file.
    bench.say("REST 15");
    bench.say("STOR robots.txt");
    assert!(matches!(bench.running.as_ref().map(|order| &order.job), Some(Job::Receive { cut_to: Some(14), .. })));
    bench.end_transfer(0, End::Complete);
    bench.say("REST 14");
    assert_eq!(code(&bench.say("STOR robots.txt")), "554");
    bench.say("MODE Z");
    bench.say("REST 15");
    bench.say("STOR robots.txt");
    assert!(matches!(bench.running.as_ref().map(|order| &order.job), Some(Job::Receive { cut_to: Some(14), .. })));
}

#[test]
fn the_end_of_line_that_is_too_long_is_queued_too() {
    let mut bench = Bench::logged_in();
    bench.say("RETR robots.txt");
    let before = bench.replies.len();
    bench.feed(Input::Received(Received::TooLong));
    assert_eq!(bench.replies.len(), before);
    let replies = bench.end_transfer(26, End::Complete);
    assert_eq!(replies.lines().map(code).collect::<Vec<_>>(), ["226", "500"]);
}

/// draft-preston-ftpext-deflate §3.6: the settings hold until others are said, whether MODE Z is said before or behind them.
#[rstest]
#[case::before(&["OPTS MODE Z LEVEL 9", "MODE Z"], Some(9))]
#[case::behind(&["MODE Z", "OPTS MODE Z LEVEL 9"], Some(9))]
#[case::kept(&["OPTS MODE Z LEVEL 9", "MODE Z", "MODE S", "MODE Z"], Some(9))]
#[case::refused(&["OPTS MODE Z LEVEL 9", "MODE Z", "OPTS MODE Z LEVEL 1 METHOD 9"], Some(9))]
#[case::another(&["OPTS MODE Z LEVEL 9", "MODE Z", "OPTS MODE Z ENGINE ZLIB"], Some(9))]
#[case::taken_back(&["OPTS MODE Z LEVEL 9", "MODE Z", "OPTS MODE Z"], Some(6))]
#[case::other_mode(&["OPTS MODE Z LEVEL 9", "MODE B"], None)]
fn levels(#[case] lines: &[&str], #[case] expected: Option<u32>) {
    let mut bench = Bench::logged_in();
    for line in lines {
        bench.say(line);
    }
    bench.say("RETR robots.txt");
    let Some(Job::Send { form: Form::Encoded(parameters), .. }) = bench.running.take().map(|order| order.job) else {
        panic!("nothing is sent");
    };
    let level = match parameters.mode {
        Mode::Deflate(level) => Some(level.number()),
        Mode::Stream | Mode::Block | Mode::Compressed => None,
    };
    assert_eq!(level, expected);
}

/// RFC 959 §3.3: in MODE B and C a connection may carry more than one file.
#[test]
fn a_connection_that_is_open_is_used_again() {
    let mut bench = Bench::logged_in();
    bench.say("MODE B");
    bench.say("PASV");
    assert_eq!(code(&bench.say("RETR robots.txt")), "150");
    assert_eq!(code(&bench.end_transfer(9, End::LeftOpen)), "250");
    assert_eq!(code(&bench.say("RETR none")), "550");
    assert_eq!(bench.say("STOU"), "125 FILE: unique.1\r\n");
    bench.end_transfer(9, End::LeftOpen);
    assert_eq!(code(&bench.say("STOR new")), "125");
    let route = Route::Open(address("127.0.0.1:50000"));
    assert_eq!(bench.running.as_ref().map(|order| order.route), Some(route));
    bench.end_transfer(9, End::Complete);
    bench.say("RETR robots.txt");
    assert_eq!(bench.running.as_ref().map(|order| order.route), Some(Route::Active(address("127.0.0.1:50000"))));
}

#[rstest]
#[case("PASV")]
#[case("PORT 127,0,0,1,128,79")]
#[case("ABOR")]
#[case("REIN")]
#[case("QUIT")]
fn what_closes_a_connection_that_is_open(#[case] line: &str) {
    let mut bench = Bench::logged_in();
    bench.say("MODE C");
    bench.say("RETR robots.txt");
    bench.end_transfer(9, End::LeftOpen);
    assert!(bench.is_open);
    bench.say(line);
    assert!(!bench.is_open);
}

#[test]
fn markers_are_told_at_once() {
    let mut bench = Bench::logged_in();
    bench.say("MODE B");
    bench.say("STOR new");
    let mark = Mark { sender: Marker::new(b"abc123").unwrap(), receiver: Marker::new(b"512").unwrap() };
    bench.feed(Input::Marked(mark));
    assert_eq!(bench.replies.last().unwrap(), "110 MARK abc123 = 512\r\n");
    assert_eq!(code(&bench.end_transfer(9, End::Complete)), "226");
}

#[rstest]
#[case::marker(&["MODE B", "REST 7c", "RETR robots.txt"], Ok("7c"))]
#[case::no_marker(&["MODE B", "REST x"], Err("501"))]
#[case::marker_in_a_stream(&["REST 7c"], Err("501"))]
#[case::records_of_a_stream(&["STRU R", "REST 7", "RETR robots.txt"], Err("554"))]
#[case::records_in_blocks(&["STRU R", "MODE B", "REST 7", "RETR robots.txt"], Ok("7"))]
#[case::numbered_records(&["STRU R", "MODE B", "REST 7.1", "RETR robots.txt"], Err("554"))]
#[case::pages(&["STRU P", "MODE B", "REST 7", "RETR robots.txt"], Err("554"))]
#[case::beyond(&["MODE B", "REST 27", "RETR robots.txt"], Err("554"))]
#[case::no_pages(&["STRU P", "RETR robots.txt"], Err("550"))]
#[case::records_of_octets(&["STRU R", "TYPE I", "RETR robots.txt"], Ok("0"))]
#[case::marked_records_of_octets(&["STRU R", "TYPE I", "MODE B", "REST 7", "RETR robots.txt"], Err("554"))]
#[case::appended_records_of_octets(&["STRU R", "TYPE L 36", "APPE robots.txt"], Err("504"))]
#[case::small_bytes(&["STRU P", "TYPE L 2", "STOR new"], Err("504"))]
#[case::appended_pages(&["STRU P", "APPE robots.txt"], Err("504"))]
fn restart_markers(#[case] lines: &[&str], #[case] expected: Result<&str, &str>) {
    let mut bench = Bench::logged_in();
    let reply = lines.iter().map(|line| bench.say(line)).last().unwrap();
    let expected = expected.map(|marker| Position::parse(marker.as_bytes()).unwrap());
    let position = match bench.running.take().map(|order| order.job) {
        Some(Job::Send { position, .. }) => Ok(position),
        Some(Job::SendLines { .. } | Job::Receive { .. }) | None => Err(code(&reply)),
    };
    assert_eq!(position, expected);
}
