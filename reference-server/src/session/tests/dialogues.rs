//! Dialogues of the extensions: what is said, and the beginning of what must come back.

use std::sync::Arc;

use protocol::transfer::is_plain;
use rstest::rstest;

use super::{Bench, address, code, plain};
use crate::session::{Creation, Input, Links};
use crate::session::{End, ForeignHosts, Job, Mount, Route, VirtualHost, Volume};
use crate::store::{Disk, Form, Location, Memory, Start, Store as _};

/// Says each line; what comes back begins as told.
fn play(bench: &mut Bench, dialogue: &[(&str, &str)]) {
    for (line, expected) in dialogue {
        let reply = bench.say(line);
        assert!(reply.starts_with(expected), "{line}: {reply}");
    }
}

fn text_of(bench: &mut Bench) -> String {
    match bench.running.as_mut().map(|order| &mut order.job) {
        Some(Job::SendLines { lines, .. }) => std::io::read_to_string(lines).unwrap(),
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
    assert_eq!(text_of(&mut bench), "Type=cdir; /\r\nType=file; robots.txt\r\nType=dir; sub\r\n");
    assert!(bench.end_transfer(9, End::Complete).starts_with("226 "));
}

/// RFC 3659 §7.2: as octets in MODE S and STRU F, whatever is set, and it stays set.
#[test]
fn mlsd_has_parameters_of_its_own() {
    let mut bench = Bench::logged_in();
    play(&mut bench, &[("TYPE E", "200"), ("MODE B", "200"), ("STRU R", "200"), ("MLSD", "150")]);
    let job = bench.running.as_ref().map(|order| &order.job);
    assert!(matches!(job, Some(Job::SendLines { parameters, .. }) if is_plain(*parameters)), "{job:?}");
    bench.end_transfer(1, End::Complete);
    assert!(bench.say("STAT").contains("TYPE: E N; STRU: R; MODE: B"));
    play(&mut bench, &[("TYPE I", "200"), ("RANG 0 9", "551")]);
}

#[test]
fn a_guest_may_do_less() {
    let mut bench = Bench::new();
    play(&mut bench, &[("USER anonymous", "331"), ("PASS me@here", "230"), ("OPTS MLST Perm;", "200")]);
    assert!(bench.say("MLST robots.txt").contains("\r\n Perm=r; /robots.txt\r\n"));
    play(&mut bench, &[("USER u", "331"), ("PASS p", "230")]);
    assert!(bench.say("MLST robots.txt").contains("\r\n Perm=arwdf; /robots.txt\r\n"));
}

#[rstest]
#[case::german(&[("LANG de", "200 Sprache auf DE gesetzt.\r\n"), ("NOOP", "200 Befehl NOOP ausgeführt.\r\n"),
    ("PWD", "257 \"/\" ist das aktuelle Verzeichnis.\r\n"), ("LANG", "200 Language set to EN.\r\n"), ("NOOP", "200 NOOP command")])]
#[case::any_case_and_variant(&[("lang DE-at", "200 Sprache"), ("LANG en-AU", "200 Language set to EN.")])]
#[case::unknown(&[("LANG qaa", "504"), ("LANG en_US!", "501"), ("LANG de", "200"), ("LANG qaa", "504"), ("NOOP", "200 Befehl")])]
#[case::rein_forgets_it(&[("LANG de", "200"), ("REIN", "220 ftp.ssast.org FTP server ready."), ("NOOP", "200 NOOP")])]
#[case::what_programs_read_stays(&[("LANG de", "200"), ("SYST", "215 UNIX Type: L8"), ("PASV", "227 Entering Passive Mode (127,0,0,1,"),
    ("EPSV", "229 Entering Extended Passive Mode (|||"), ("TYPE I", "200"), ("SIZE robots.txt", "213 26\r\n"),
    ("OPTS MLST Size;", "200 MLST OPTS Size;\r\n"), ("MLST robots.txt", "250-Die Angaben folgen:\r\n Size=26; /robots.txt\r\n250 End.\r\n")])]
#[case::a_name_is_not_translated(&[("LANG de", "200"), ("MKD Goodbye.", "257 \"/Goodbye.\" Verzeichnis angelegt.")])]
fn languages(#[case] dialogue: &[(&str, &str)]) {
    play(&mut Bench::logged_in(), dialogue);
}

#[test]
fn feat_stars_the_language() {
    let mut bench = Bench::new();
    assert!(bench.say("FEAT").contains("\r\n LANG EN*;DE\r\n"));
    bench.say("LANG DE");
    assert!(bench.say("FEAT").contains("\r\n LANG EN;DE*\r\n"));
}

/// RFC 2640 §4.1: numbers are not translated. And what is said in German is said in UTF-8.
#[test]
fn a_language_changes_no_code() {
    let lines = [
        "NOOP",
        "PWD",
        "XYZQ",
        "RETR",
        "RETR none",
        "CWD sub",
        "CWD none",
        "TYPE I",
        "STRU F",
        "MODE S",
        "HELP",
        "STAT",
        "FEAT",
        "RNTO x",
        "RNFR robots.txt",
        "RNTO r",
        "DELE r",
        "SMNT x",
        "REST 5",
        "ACCT x",
        "RMD /",
        "CWD /",
        "QUIT",
    ];
    let (mut english, mut german) = (Bench::logged_in(), Bench::logged_in());
    german.say("LANG de");
    for line in lines {
        let (one, other) = (english.say(line), german.say(line));
        assert_eq!(code(&one), code(&other), "{line}");
        assert_ne!(one, other, "{line} is said in English still");
        assert!(!other.contains('\u{fffd}'), "{other}");
    }
}

#[rstest]
#[case::lprt(&[("LPRT 4,4,127,0,0,1,2,8,1", "200 LPRT command successful.")])]
#[case::lprt_of_a_foreign_host(&[("LPRT 4,4,127,0,0,9,2,8,1", "501")])]
#[case::lprt_of_a_low_port(&[("LPRT 4,4,127,0,0,1,2,0,21", "504")])]
#[case::lprt_of_another_family(&[("LPRT 6,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,8,1", "521 Supported address families are (4)\r\n"),
    ("LPRT 16,4,1,2,3,4,2,10,10", "521")])]
#[case::lprt_syntax(&[("LPRT 4,4,127,0,0,1,2,8", "501"), ("LPRT", "501"), ("LPSV x", "501")])]
#[case::lpsv(&[("LPSV", "228 Entering Long Passive Mode (4,4,127,0,0,1,2,102,110)\r\n")])]
#[case::only_epsv(&[("EPSV ALL", "200"), ("LPRT 4,4,127,0,0,1,2,8,1", "501"), ("LPSV", "501"), ("PASV", "501"), ("EPSV 1", "229")])]
#[case::eprt_of_another_family(&[("EPRT |2|::1|2000|", "522 Network protocol not supported, use (1)\r\n"), ("EPRT |3|x|1|", "522")])]
#[case::epsv_of_another_family(&[("EPSV 2", "522 Network protocol not supported, use (1)\r\n"), ("EPSV 9", "522"), ("EPSV x", "501")])]
#[case::rest_is_kept(&[("REST 20", "350"), ("LPSV", "228"), ("RETR robots.txt", "150")])]
fn addresses(#[case] dialogue: &[(&str, &str)]) {
    play(&mut Bench::logged_in(), dialogue);
}

#[rstest]
#[case("PORT 127,0,0,9,8,1")]
#[case("EPRT |1|127.0.0.9|2049|")]
#[case("LPRT 4,4,127,0,0,9,2,8,1")]
fn a_foreign_host_may_be_allowed(#[case] line: &str) {
    let mut bench = Bench::with(|settings| settings.foreign_hosts = ForeignHosts::Allowed).log_in();
    play(&mut bench, &[("PORT 127,0,0,9,0,21", "504"), (line, "200"), ("RETR robots.txt", "150")]);
    assert_eq!(bench.running.unwrap().route, Route::Active(address("127.0.0.9:2049")));
}

#[test]
fn anyone_may_connect_where_foreign_hosts_are_allowed() {
    let mut bench = Bench::with(|settings| settings.foreign_hosts = ForeignHosts::Allowed).log_in();
    play(&mut bench, &[("PASV", "227"), ("RETR robots.txt", "150")]);
    assert_eq!(bench.running.unwrap().route, Route::Passive { from: None });
}

fn bench_in_memory() -> Bench {
    let mut bench = Bench::with(|settings| {
        settings.creation = Creation::Settable;
        let disk = Volume(Arc::new(Disk::open(tempfile::tempdir().unwrap().path()).unwrap()));
        settings.mounts.push(Mount { name: "disk".to_owned(), volume: disk });
    });
    bench.store = Arc::new(Memory::new(1000).unwrap());
    let mut bench = bench.log_in();
    play(&mut bench, &[("MKD d", "257"), ("MFMT 20020717210715 d", "213"), ("OPTS MLST Modify;Create;", "200")]);
    bench
}

#[rstest]
#[case::mfct(&[("MFCT 20020717210714 d", "213 Create=20020717210714; d\r\n"),
    ("MLST d", "250-Facts follow:\r\n Modify=20020717210715;Create=20020717210714; /d\r\n")])]
#[case::refused(&[("MFCT 20020717210715 none", "550"), ("MFCT 20010229000000 d", "501"), ("MFCT d", "501"), ("MFCT 20020717210715 ", "501")])]
#[case::mff(&[("MFF Create=20010101000000;Modify=20020101000000; d", "213 Create=20010101000000;Modify=20020101000000; d\r\n"),
    ("MLST d", "250-Facts follow:\r\n Modify=20020101000000;Create=20010101000000; /d\r\n"), ("MFF Create=x; d", "501")])]
#[case::nothing_is_made_after_it_was_modified(&[("MFCT 20020717210716 d", "213 Create=20020717210716; d"),
    ("MLST d", "250-Facts follow:\r\n Modify=20020717210715; /d\r\n")])]
#[case::not_on_the_disk_beside_it(&[("SMNT disk", "250"), ("MFCT 20020717210714 d", "502"), ("MFF Create=20010101000000; d", "504"), ("SMNT /", "250"),
    ("MFCT 20020717210714 d", "213")])]
fn creation_times_in_memory(#[case] dialogue: &[(&str, &str)]) {
    play(&mut bench_in_memory(), dialogue);
}

#[test]
fn feat_tells_of_creation_times_where_they_can_be_set() {
    let mut bench = bench_in_memory();
    let told = bench.say("FEAT");
    assert!(told.contains("\r\n MFCT\r\n") && told.contains("\r\n MFF Modify;Create;UNIX.mode;\r\n"), "{told}");
    bench.say("SMNT disk");
    let told = bench.say("FEAT");
    assert!(!told.contains("MFCT") && told.contains("\r\n MFF Modify;UNIX.mode;\r\n"), "{told}");
}

/// A bench with a virtual host that has files of its own, and one that has not.
fn bench_of_hosts() -> (tempfile::TempDir, Bench) {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("own"), "123").unwrap();
    let volume = Volume(Arc::new(Disk::open(root.path()).unwrap()));
    let bench = Bench::with(|settings| {
        settings.hosts.push(VirtualHost { name: "own.example".to_owned(), volume: Some(volume) });
        settings.hosts.push(VirtualHost { name: "bare.example".to_owned(), volume: None });
    });
    (root, bench)
}

const LOGIN: [(&str, &str); 2] = [("USER u", "331"), ("PASS p", "230")];

#[rstest]
#[case::own_files(&[("HOST own.example", "220 own.example FTP server ready."), LOGIN[0], LOGIN[1], ("SIZE own", "213"), ("SIZE robots.txt", "550"),
    ("QUIT", "221")])]
#[case::files_of_the_server(&[("host BARE.Example", "220 bare.example FTP"), LOGIN[0], LOGIN[1], ("SIZE robots.txt", "213")])]
#[case::the_last_one_counts(&[("HOST own.example", "220"), ("HOST ftp.ssast.org", "220 ftp.ssast.org"), LOGIN[0], LOGIN[1], ("SIZE own", "550"),
    ("SIZE robots.txt", "213")])]
#[case::a_refused_one_changes_nothing(&[("HOST own.example", "220"), ("HOST no.example", "504"), ("HOST a..b", "501"), LOGIN[0], LOGIN[1],
    ("SIZE own", "213")])]
#[case::own_address(&[("HOST 127.0.0.1", "220 ftp.ssast.org"), ("HOST 192.0.2.1", "504"), ("HOST [::1]", "504"), ("HOST 127.0.0.1:21", "501")])]
#[case::not_after_login(&[LOGIN[0], LOGIN[1], ("HOST own.example", "503"), ("HOST no.example", "503"), ("SIZE robots.txt", "213")])]
#[case::it_drops_the_user(&[LOGIN[0], ("HOST own.example", "220"), ("PASS p", "503"), LOGIN[0], LOGIN[1]])]
#[case::rein_forgets_it(&[("HOST own.example", "220"), LOGIN[0], LOGIN[1], ("REIN", "220 ftp.ssast.org"), LOGIN[0], LOGIN[1],
    ("SIZE robots.txt", "213")])]
#[case::it_takes_back_lang(&[("LANG de", "200"), ("HOST own.example", "220 own.example FTP server ready."), ("NOOP", "200 NOOP")])]
#[case::missing(&[("HOST", "501")])]
fn hosts(#[case] dialogue: &[(&str, &str)]) {
    let (_root, mut bench) = bench_of_hosts();
    play(&mut bench, dialogue);
}

/// RFC 7151 §3.2.2: HOST in clear may have been said by somebody in between, and the hello of TLS tells whom the client wants.
#[rstest]
#[case::another("ftp.ssast.org", "SIZE robots.txt")]
#[case::the_same("Own.Example", "SIZE own")]
fn the_hello_of_tls_decides(#[case] told: &str, #[case] there: &str) {
    let (_root, mut bench) = bench_of_hosts();
    play(&mut bench, &[("HOST own.example", "220 own.example")]);
    bench.feed(Input::ServerName(told.to_owned()));
    play(&mut bench, &[LOGIN[0], LOGIN[1], (there, "213")]);
}

#[test]
fn feat_tells_host() {
    assert!(Bench::new().say("FEAT").contains("\r\n HOST\r\n"));
}

#[rstest]
#[case::mfmt(&[("MFMT 20020717210715 robots.txt", "213 Modify=20020717210715; robots.txt\r\n"), ("MDTM robots.txt", "213 20020717210715\r\n")])]
#[case::mfmt_of_a_directory(&[("mfmt 20020717210715.5 sub", "213 Modify=20020717210715; sub"), ("OPTS MLST Modify;", "200"),
    ("MLST sub", "250-Facts follow:\r\n Modify=20020717210715; /sub")])]
#[case::mfmt_before_1970(&[("MFMT 19600229000000 robots.txt", "213 Modify=19600229000000; ")])]
#[case::mfmt_refused(&[("MFMT 20020717210715 none", "550"), ("MFMT 20010229000000 robots.txt", "501"), ("MFMT robots.txt", "501"),
    ("MFMT 20020717210715 ", "501")])]
#[case::mfct_is_not_here(&[("MFCT 20020717210715 robots.txt", "502"), ("HELP MFCT", "501")])]
#[case::mff(&[("MFF Modify=20020717210715;UNIX.mode=600; robots.txt", "213 Modify=20020717210715;UNIX.mode=0600; robots.txt\r\n"),
    ("OPTS MLST UNIX.mode;", "200"), ("MLST robots.txt", "250-Facts follow:\r\n UNIX.mode=0600; /robots.txt")])]
#[case::mff_changes_all_or_nothing(&[("MFF UNIX.mode=600;frogs=1; robots.txt", "504 This fact cannot be set: frogs"),
    ("OPTS MLST UNIX.mode;", "200"), ("MLST robots.txt", "250-Facts follow:\r\n UNIX.mode=0644;")])]
#[case::mff_refused(&[("MFF Modify=20020717210715; none", "550"), ("MFF robots.txt", "501"), ("MFF Modify=20010229000000; robots.txt", "501")])]
#[case::hash(&[("HASH robots.txt", "213 SHA-256 0-25 331ea9090db0c9f6f597bd9840fd5b171830f6e0b3ba1cb24dfa91f0c95aedc1 robots.txt\r\n"),
    ("OPTS HASH", "200 SHA-256\r\n"), ("OPTS HASH sha-1", "200 SHA-1\r\n"), ("HASH robots.txt", "213 SHA-1 0-25 "),
    ("OPTS HASH CRC-37", "501"), ("OPTS HASH", "200 SHA-1\r\n"), ("REIN", "220"), ("OPTS HASH", "200 SHA-256\r\n")])]
#[case::hash_refused(&[("HASH none", "550"), ("HASH sub", "553"), ("HASH", "501"), ("HASH ../x", "550")])]
#[case::hash_of_a_range(&[("TYPE I", "200"), ("RANG 0 9", "350"), ("HASH robots.txt", "213 SHA-256 0-9 "), ("HASH robots.txt", "213 SHA-256 0-25 "),
    ("RANG 20 99", "350"), ("HASH robots.txt", "213 SHA-256 20-25 "), ("RANG 26 30", "350"), ("HASH robots.txt", "501")])]
#[case::rang(&[("RANG 0 9", "551"), ("TYPE I", "200"), ("RANG 9 5", "501"), ("RANG 1 0", "350"), ("RANG 1", "501"), ("RANG a b", "501"),
    ("RANG 1 2 3", "501"), ("RANG 0 0", "350")])]
#[case::checksums(&[("XCRC robots.txt", "250 "), ("XMD5 \"robots.txt\"", "250 F71D20196D4CAF35B6A670DB8C70B03D\r\n"),
    ("XSHA1 robots.txt", "250 "), ("XSHA256 robots.txt", "250 331EA9090DB0C9F6"), ("XSHA512 robots.txt", "250 "), ("XCRC none", "550"),
    ("XCRC sub", "550"), ("XCRC \"robots.txt\" 30 40", "550"), ("XCRC \"robots.txt\" x", "501")])]
#[case::avbl(&[("AVBL", "213 "), ("AVBL sub", "213 "), ("AVBL robots.txt", "550"), ("AVBL none", "550")])]
#[case::clnt(&[("CLNT harness 1.0", "200"), ("CLNT", "501")])]
#[case::chmod(&[("SITE CHMOD 640 robots.txt", "200"), ("OPTS MLST UNIX.mode;", "200"), ("MLST robots.txt", "250-Facts follow:\r\n UNIX.mode=0640;"),
    ("SITE CHMOD 640", "501"), ("SITE CHMOD u+x robots.txt", "501"), ("SITE CHMOD 4755 robots.txt", "501"), ("SITE CHMOD 640 none", "550")])]
#[case::utime(&[("SITE UTIME 200207172107 robots.txt", "200"), ("MDTM robots.txt", "213 20020717210700"),
    ("SITE UTIME robots.txt 20010101000000 20020717210715 20030101000000 UTC", "200"), ("MDTM robots.txt", "213 20020717210715"),
    ("SITE UTIME robots.txt", "501"), ("SITE UTIME 200207172107 none", "550")])]
#[case::symlink_is_off(&[("SITE SYMLINK robots.txt sub/link", "504"), ("SIZE sub/link", "550")])]
#[case::idle(&[("SITE IDLE", "200 The idle limit is 900 seconds; the most is 900."), ("SITE IDLE 60", "200"), ("site idle", "200 The idle limit is 60 "),
    ("SITE IDLE 0", "501"), ("SITE IDLE 901", "501"), ("SITE IDLE x", "501"), ("REIN", "220")])]
#[case::umask(&[("SITE UMASK", "200"), ("SITE UMASK 027", "200 The umask is 027."), ("MKD d", "257"), ("OPTS MLST UNIX.mode;", "200"),
    ("MLST d", "250-Facts follow:\r\n UNIX.mode=0750; /d"), ("SITE UMASK 9", "501")])]
#[case::site(&[("SITE HELP", "214-These commands are recognised:\r\n SITE CHMOD <SP> mode <SP> pathname\r\n"), ("SITE EXEC id", "504")])]
fn drafts(#[case] dialogue: &[(&str, &str)]) {
    play(&mut Bench::logged_in(), dialogue);
}

#[test]
fn links_where_they_are_allowed() {
    let mut bench = Bench::with(|settings| settings.links = Links::Allowed).log_in();
    let dialogue = [
        ("SITE SYMLINK robots.txt sub/link", "200"),
        ("SIZE sub/link", "213"),
        ("SITE SYMLINK /robots.txt sub/link", "550"),
        ("SITE SYMLINK ../x link", "550"),
        ("SITE SYMLINK a", "501"),
        // Moved, it would lead out; it is not followed there.
        ("RNFR sub/link", "350"),
        ("RNTO link", "250"),
        ("SIZE link", "550"),
    ];
    play(&mut bench, &dialogue);
}

#[test]
fn feat_tells_the_drafts() {
    let mut bench = Bench::logged_in();
    let told = bench.say("FEAT");
    let lines = [
        "MFMT",
        "MFF Modify;UNIX.mode;",
        "HASH SHA-256*;SHA-512;SHA-1;MD5;",
        "RANG STREAM",
        "XCRC",
        "XSHA512",
        "AVBL",
        "CLNT",
    ];
    for line in lines {
        assert!(told.contains(&format!("\r\n {line}\r\n")), "{line}: {told}");
    }
    assert!(!told.contains("MFCT"), "{told}");
    bench.say("OPTS HASH MD5");
    assert!(bench.say("FEAT").contains("\r\n HASH SHA-256;SHA-512;SHA-1;MD5*;\r\n"));
}

#[rstest]
#[case("MFMT 20020717210715 robots.txt")]
#[case("MFF UNIX.mode=600; robots.txt")]
#[case("SITE CHMOD 600 robots.txt")]
#[case("SITE UTIME 200207172107 robots.txt")]
fn a_guest_may_not(#[case] line: &str) {
    let mut bench = Bench::new();
    play(&mut bench, &[("USER anonymous", "331"), ("PASS me@here", "230"), (line, "550"), ("HASH robots.txt", "213")]);
}

/// draft-bryan-ftp-range §4.3: what is behind the end of the file is not there, and that is no error.
#[rstest]
#[case("RANG 5 9", 0, Some(5))]
#[case("RANG 20 99", 0, Some(80))]
#[case("RANG 27 30", 0, Some(0))]
#[case("RANG 1 0", 0, None)]
#[case("REST 5", 0, None)]
fn a_range_to_send(#[case] line: &str, #[case] expected_skip: u64, #[case] expected: Option<u64>) {
    let mut bench = Bench::logged_in();
    play(&mut bench, &[("TYPE I", "200"), (line, "350"), ("PASV", "227"), ("RETR robots.txt", "150")]);
    let job = bench.running.map(|order| order.job);
    assert!(matches!(job, Some(Job::Send { most, skip, .. }) if most == expected && skip == expected_skip), "{job:?}");
}

#[test]
fn a_range_to_store_cuts_nothing() {
    let mut bench = Bench::logged_in();
    play(&mut bench, &[("TYPE I", "200"), ("RANG 5 9", "350"), ("STOR robots.txt", "150")]);
    let Some(Job::Receive { cut_to: None, room, .. }) = bench.running.as_mut().map(|order| &mut order.job) else {
        panic!("no file is received")
    };
    assert_eq!(room.take(usize::MAX), 5);
    bench.end_transfer(5, End::Complete);
    play(&mut bench, &[("RANG 27 30", "350"), ("STOR robots.txt", "554")]);
}

fn bench_of_accounts() -> Bench {
    Bench::with(|settings| {
        settings.accounts.admit(b"v".to_vec(), plain("p"));
        settings.accounts.of_login.insert(b"u".to_vec(), b"a".to_vec());
        settings.accounts.of_storing.insert(b"v".to_vec(), b"b".to_vec());
    })
}

#[rstest]
#[case::for_the_login(&[("USER u", "331"), ("ACCT a", "503"), ("PASS p", "332"), ("PWD", "530"), ("ACCT a", "230"), ("PWD", "257"), ("ACCT a", "202")])]
#[case::a_wrong_one(&[("USER u", "331"), ("PASS p", "332"), ("ACCT x", "530"), ("ACCT a", "503"), ("PWD", "530")])]
#[case::of_another_user(&[("USER u", "331"), ("PASS p", "332"), ("ACCT b", "530")])]
#[case::to_store(&[("USER v", "331"), ("PASS p", "230"), ("STOR x", "532"), ("STOU", "532"), ("APPE x", "532"), ("RNFR robots.txt", "350"),
    ("RNTO r", "532"), ("SIZE robots.txt", "213"), ("ACCT b", "230"), ("STOR x", "150")])]
#[case::a_wrong_one_to_store(&[("USER v", "331"), ("PASS p", "230"), ("ACCT x", "530"), ("PWD", "530")])]
#[case::user_takes_it_back(&[("USER v", "331"), ("PASS p", "230"), ("ACCT b", "230"), ("USER v", "331"), ("PASS p", "230"), ("STOR x", "532")])]
fn accounts(#[case] dialogue: &[(&str, &str)]) {
    play(&mut bench_of_accounts(), dialogue);
}

#[test]
fn accounts_cannot_be_guessed_for_ever() {
    let mut bench = bench_of_accounts();
    for expected in ["530", "530", "530", "530", "421"] {
        play(&mut bench, &[("USER u", "331"), ("PASS p", "332"), ("ACCT guess", expected)]);
    }
    assert!(bench.is_closed());
}

#[rstest]
#[case::there_and_back(&[("CWD sub", "250"), ("TYPE I", "200"), ("SMNT other", "250"), ("PWD", "257 \"/\""), ("SIZE own", "213 3"),
    ("SIZE robots.txt", "550"), ("SMNT /", "250"), ("SIZE robots.txt", "213 26")])]
#[case::unknown(&[("SMNT none", "550"), ("SIZE robots.txt", "213")])]
#[case::login_takes_it_back(&[("SMNT other", "250"), ("USER u", "331"), ("PASS p", "230"), ("SIZE robots.txt", "213")])]
#[case::rein_takes_it_back(&[("SMNT other", "250"), ("REIN", "220"), ("USER u", "331"), ("PASS p", "230"), ("SIZE robots.txt", "213")])]
fn mounts(#[case] dialogue: &[(&str, &str)]) {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("own"), "123").unwrap();
    let volume = Volume(Arc::new(Disk::open(root.path()).unwrap()));
    let mut bench = Bench::with(|settings| settings.mounts.push(Mount { name: "other".to_owned(), volume })).log_in();
    play(&mut bench, dialogue);
}

/// The quota is 100 octets, and 26 are used.
#[rstest]
#[case::within(&[("ALLO 74", "200"), ("ALLO 75", "552"), ("ALLO 75 R 5", "552"), ("ALLO 99999999999999999999", "552"), ("AVBL", "213 74\r\n")])]
#[case::what_is_stored_counts(&[("MKD d", "257"), ("ALLO 74", "200")])]
fn quotas(#[case] dialogue: &[(&str, &str)]) {
    play(&mut bench_of_quota(100), dialogue);
}

fn bench_of_quota(quota: u64) -> Bench {
    let mut bench = Bench::logged_in();
    bench.store = Arc::new(Disk::open(bench.root.path()).unwrap().with_quota(Some(quota)));
    bench
}

#[rstest]
#[case::new("STOR new", 74)]
#[case::replaced("STOR robots.txt", 100)]
#[case::unique("STOU", 74)]
#[case::appended("APPE robots.txt", 74)]
fn the_room_of_a_file(#[case] line: &str, #[case] expected: usize) {
    let mut bench = bench_of_quota(100);
    assert_eq!(code(&bench.say(line)), "150");
    let Some(Job::Receive { mut room, file, cut_to, .. }) = bench.running.map(|order| order.job) else {
        panic!("no file is received")
    };
    if let Some(length) = cut_to {
        room.cut(&file, length).unwrap();
    }
    assert_eq!(room.take(usize::MAX), expected);
}

/// Files that are received at a time share what is left, and do not get it once each.
#[test]
fn the_room_of_two_files() {
    let root = tempfile::tempdir().unwrap();
    let store = Disk::open(root.path()).unwrap().with_quota(Some(100));
    let write = |name: &[u8]| store.write(&Location::root().child(name), Form::Image, Start::Beginning).unwrap();
    let (mut one, mut other) = (write(b"one"), write(b"other"));
    assert_eq!(one.room.take(60), 60);
    assert_eq!(other.room.take(60), 40);
    assert_eq!(one.room.take(1), 0);
    drop((one, other));
    assert_eq!(write(b"third").room.take(200), 100);
}

/// Two that wait for their data connections with the same file have not freed it twice.
#[test]
fn what_is_not_cut_yet_is_not_free() {
    let mut bench = bench_of_quota(30);
    let store = Arc::clone(&bench.store);
    assert_eq!(code(&bench.say("STOR robots.txt")), "150");
    let write = || store.write(&Location::root().child(b"robots.txt"), Form::Image, Start::Beginning).unwrap();
    let (mut one, mut other) = (write(), write());
    assert_eq!(one.room.take(100), 4);
    one.room.cut(&one.file, 0).unwrap();
    other.room.cut(&other.file, 0).unwrap();
    assert_eq!(other.room.take(100), 26);
}

#[test]
fn no_disk_holds_so_much() {
    play(&mut Bench::logged_in(), &[("ALLO 99999999999999999999", "452"), ("ALLO 1", "200")]);
}
