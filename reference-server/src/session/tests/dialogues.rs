//! Dialogues of the extensions: what is said, and the beginning of what must come back.

use rstest::rstest;

use super::Bench;
use crate::session::{End, Job};

/// Says each line; what comes back begins as told.
fn play(bench: &mut Bench, dialogue: &[(&str, &str)]) {
    for (line, expected) in dialogue {
        let reply = bench.say(line);
        assert!(reply.starts_with(expected), "{line}: {reply}");
    }
}

fn text_of(bench: &Bench) -> String {
    match bench.running.as_ref().map(|order| &order.job) {
        Some(Job::SendText(text)) => String::from_utf8_lossy(text).into_owned(),
        other => panic!("no text is sent: {other:?}"),
    }
}

#[rstest]
#[case::facts_of_a_file(&[("OPTS MLST type;size;", "200 MLST OPTS Type;Size;\r\n"),
    ("MLST robots.txt", "250-Facts follow:\r\n Type=file;Size=26; /robots.txt\r\n250 End.\r\n")])]
#[case::a_directory_is_dir(&[("OPTS MLST Type;", "200"), ("MLST", "250-Facts follow:\r\n Type=dir; /\r\n250"),
    ("MLST sub", "250-Facts follow:\r\n Type=dir; /sub\r\n250")])]
#[case::names_alone(&[("OPTS MLST", "200 MLST OPTS\r\n"), ("MLST sub", "250-Facts follow:\r\n  /sub\r\n250 End.\r\n")])]
#[case::unknown_facts_are_left_out(&[("opts mlst frogs;TYPE;X.none;", "200 MLST OPTS Type;\r\n")])]
#[case::a_wrong_list_changes_nothing(&[("OPTS MLST Type;", "200"), ("OPTS MLST fish cakes;", "501"), ("OPTS MLST Size", "501"),
    ("MLST sub", "250-Facts follow:\r\n Type=dir; /sub\r\n")])]
#[case::missing(&[("MLST none", "550"), ("MLSD none", "550"), ("MLST ..", "550")])]
#[case::mlsd_of_a_file(&[("MLSD robots.txt", "501")])]
#[case::no_patterns_no_options(&[("MLST *", "550"), ("MLST -la", "550"), ("MLSD -la", "550")])]
#[case::no_options_of_mlsd(&[("OPTS MLSD Size;", "501")])]
fn machine_listings(#[case] dialogue: &[(&str, &str)]) {
    play(&mut Bench::logged_in(), dialogue);
}

#[test]
fn feat_stars_what_is_chosen() {
    let mut bench = Bench::logged_in();
    assert!(bench.say("FEAT").contains("\r\n MLST Type*;Size*;Modify*;Create;Perm*;Unique*;UNIX.mode;\r\n"));
    bench.say("OPTS MLST unix.mode;");
    assert!(bench.say("FEAT").contains("\r\n MLST Type;Size;Modify;Create;Perm;Unique;UNIX.mode*;\r\n"));
    bench.say("REIN");
    assert!(bench.say("FEAT").contains("\r\n MLST Type*;"), "REIN forgets the choice");
}

#[test]
fn mlsd_lists_on_the_data_connection() {
    let mut bench = Bench::logged_in();
    bench.say("OPTS MLST Type;");
    assert!(bench.say("MLSD").starts_with("150 "));
    assert_eq!(text_of(&bench), "Type=cdir; /\r\nType=file; robots.txt\r\nType=dir; sub\r\n");
    assert!(bench.end_transfer(9, End::Complete).starts_with("226 "));
}

#[test]
fn a_guest_may_do_less() {
    let mut bench = Bench::new();
    play(&mut bench, &[("USER anonymous", "331"), ("PASS me@here", "230"), ("OPTS MLST Perm;", "200")]);
    assert!(bench.say("MLST robots.txt").contains("\r\n Perm=r; /robots.txt\r\n"));
    play(&mut bench, &[("USER u", "331"), ("PASS p", "230")]);
    assert!(bench.say("MLST robots.txt").contains("\r\n Perm=arwdf; /robots.txt\r\n"));
}
