//! What happens to commands while a transfer runs: the essay of `session::transfer`, sentence by sentence.

use rstest::rstest;

use super::{Bench, address, code};
use crate::session::{End, Input, Job, Received, Route};

#[rstest]
#[case(End::Complete, "226")]
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
#[case::default_port(None, Route::Active(address("127.0.0.1:50000")))]
#[case::port(Some("PORT 127,0,0,1,128,79"), Route::Active(address("127.0.0.1:32847")))]
#[case::eprt(Some("EPRT |1|127.0.0.1|32847|"), Route::Active(address("127.0.0.1:32847")))]
#[case::pasv(Some("PASV"), Route::Passive { from: Some(address("127.0.0.1:0").ip()) })]
#[case::epsv(Some("EPSV"), Route::Passive { from: Some(address("127.0.0.1:0").ip()) })]
fn a_route_is_for_one_transfer(#[case] arrange: Option<&str>, #[case] expected: Route) {
    let mut bench = Bench::logged_in();
    if let Some(line) = arrange {
        bench.say(line);
    }
    // A refusal before the transfer uses nothing up.
    bench.say("RETR none");
    bench.say("RETR robots.txt");
    assert_eq!(bench.running.as_ref().map(|order| order.route), Some(expected));
    bench.end_transfer(26, End::Complete);
    bench.say("RETR robots.txt");
    assert_eq!(bench.running.as_ref().map(|order| order.route), Some(Route::Active(address("127.0.0.1:50000"))));
}

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
#[case::used_by_a_failure(&["REST 7", "RETR none", "RETR robots.txt"], Ok(0))]
fn restart_points(#[case] lines: &[&str], #[case] expected: Result<u64, &str>) {
    let mut bench = Bench::logged_in();
    let reply = lines.iter().map(|line| bench.say(line)).last().unwrap();
    let skipped = match bench.running.take().map(|order| order.job) {
        Some(Job::Send { skip, .. }) => Ok(skip),
        Some(Job::SendText(_) | Job::Receive { .. }) | None => Err(code(&reply)),
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
