//! Starting, watching and ending subjects of every bad kind.

#[cfg(test)]
mod fakes;

#[cfg(test)]
mod start {
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    use harness::subject::{Health, Login, Placed, Running, StartError, Subject};
    use rstest::rstest;

    use super::fakes::{described, players, playing};

    async fn stopped(running: Running) {
        let address = running.address();
        let root = running.root().unwrap().to_owned();
        assert!(!players(address).is_empty(), "it runs");
        running.stop().await;
        assert!(players(address).is_empty(), "nobody is left");
        assert!(!root.exists(), "nothing is left");
        TcpListener::bind(address).expect("the port is free again");
    }

    #[rstest]
    #[case::mute("mute")]
    #[case::verbose("verbose")]
    #[case::daemon("daemon")]
    #[case::parent("parent")]
    #[case::stubborn("stubborn")]
    #[tokio::test]
    async fn a_server_that_listens_is_alive_and_then_gone(#[case] part: &str) {
        let mut running = playing(part).start().await.unwrap();
        assert_eq!(running.health(), Health::Alive);
        stopped(running).await;
    }

    #[tokio::test]
    async fn dropping_it_is_enough() {
        let running = playing("daemon").start().await.unwrap();
        let address = running.address();
        drop(running);
        assert!(players(address).is_empty());
    }

    #[tokio::test]
    async fn readiness_and_health_touch_nobody() {
        // It stops listening with its first connection: a probe that connects would be found out.
        let mut running = playing("deafened").start().await.unwrap();
        assert_eq!(running.health(), Health::Alive);
        let connection = TcpStream::connect(running.address()).unwrap();
        // It closes the session when it has stopped to listen.
        let mut end = [0];
        assert_eq!(std::io::Read::read(&mut &connection, &mut end).unwrap(), 0);
        assert_eq!(running.health(), Health::NotListening);
        stopped(running).await;
    }

    #[tokio::test]
    async fn endless_output_does_not_block_it_and_is_bounded() {
        let running = playing("verbose").start().await.unwrap();
        let length = || running.log_tail().iter().map(String::len).sum::<usize>();
        let began = Instant::now();
        while length() == 0 {
            assert!(began.elapsed() < Duration::from_secs(5), "what it prints is read");
            tokio::task::yield_now().await;
        }
        assert!(length() < 64 * 1024);
        stopped(running).await;
    }

    #[tokio::test]
    async fn one_that_exits_says_why() {
        let error = playing("exit").start().await.unwrap_err();
        assert!(matches!(error, StartError::ExitedAtOnce { code: Some(7), signal: None, .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains("fakes::fake_server") && message.contains("exit code 7"), "{message}");
        assert!(message.contains("cannot read users.conf"), "{message}");
    }

    #[tokio::test]
    async fn one_that_aborts_says_its_signal() {
        let error = playing("abort").start().await.unwrap_err();
        assert!(matches!(error, StartError::ExitedAtOnce { code: None, signal: Some(6), .. }), "{error:?}");
        assert!(error.to_string().contains("signal 6 (SIGABRT"), "{error}");
    }

    #[tokio::test]
    async fn one_that_never_listens_is_ended_at_the_deadline() {
        let began = Instant::now();
        let error = playing("deaf").start().await.unwrap_err();
        let StartError::NeverListened { port, .. } = error else { panic!("{error:?}") };
        assert!(
            began.elapsed() >= Duration::from_secs(2) && began.elapsed() < Duration::from_secs(6),
            "{:?}",
            began.elapsed()
        );
        assert!(players(SocketAddr::from(([127, 0, 0, 1], port))).is_empty());
        assert!(error.to_string().contains("does not listen on port"), "{error}");
    }

    #[tokio::test]
    async fn one_that_is_not_there_cannot_be_run() {
        let subject = Subject::launched("./no-such-server {port}", Login::anonymous()).unwrap();
        let error = subject.start().await.unwrap_err();
        assert!(matches!(error, StartError::CannotRun { .. }), "{error:?}");
        assert!(error.to_string().contains("./no-such-server"), "{error}");
    }

    #[tokio::test]
    async fn an_end_in_the_middle_is_seen() {
        let subject = playing("mute");
        let mut running = subject.start().await.unwrap();
        for pid in players(running.address()).keys() {
            let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::ABORT).unwrap();
        }
        let began = Instant::now();
        while running.health() == Health::Alive || running.health() == Health::NotListening {
            assert!(began.elapsed() < Duration::from_secs(5), "{:?}", running.health());
            tokio::task::yield_now().await;
        }
        assert_eq!(running.health(), Health::Exited { code: None, signal: Some(6) });
    }

    #[tokio::test]
    async fn a_taken_port_is_told_before_anything_is_run() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let subject =
            described(&folder, &format!("role: server\nlaunch: {{ command: 'no-such-server', port: {port} }}\n"));
        let error = subject.start().await.unwrap_err();
        assert!(matches!(error, StartError::PortTaken { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn files_and_setup_come_before_the_command() {
        let folder = tempfile::tempdir().unwrap();
        let subject = described(
            &folder,
            concat!(
                "role: server\nlaunch:\n  command: sh {config}/run.sh\n  port: 9\n",
                "  setup: [\"sh -c 'echo made >{root}/made'\"]\n",
                "  files: { run.sh: 'cat {root}/made; echo as {user} on {host}; exit 3' }\n",
                "login: { user: test, password: x }\n",
            ),
        );
        let error = subject.start().await.unwrap_err();
        let StartError::ExitedAtOnce { code: Some(3), log, .. } = error else { panic!("{error:?}") };
        assert_eq!(log, ["made", "as test on 127.0.0.1"]);
    }

    #[tokio::test]
    async fn a_setup_that_fails_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let subject = described(
            &folder,
            "role: server\nlaunch: { command: 'true {port}', setup: [\"sh -c 'echo no compiler; exit 2'\"] }\n",
        );
        let error = subject.start().await.unwrap_err();
        assert!(matches!(error, StartError::SetupFailed { code: Some(2), .. }), "{error:?}");
        assert!(error.to_string().contains("no compiler"), "{error}");
    }

    #[tokio::test]
    async fn its_folder_is_filled_found_and_emptied() {
        let running = playing("mute").start().await.unwrap();
        running.place("robots.txt", Placed::File(&mut "User-agent: *\n".as_bytes())).unwrap();
        assert_eq!(running.found().unwrap().keys().collect::<Vec<_>>(), ["robots.txt"]);
        running.empty_root().unwrap();
        assert!(running.found().unwrap().is_empty());
        stopped(running).await;
    }

    #[tokio::test]
    async fn a_server_that_runs_already_is_watched_and_left_running() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let subject = Subject::at(&format!("ftp://u:sesame@{address}/"), None, None).unwrap();
        assert!(!subject.reached().contains("sesame"));
        let mut running = subject.start().await.unwrap();
        assert_eq!(running.address(), address);
        assert_eq!(running.health(), Health::Alive);
        assert!(running.place("a", Placed::Directory).unwrap_err().to_string().contains("--root"));
        drop(listener);
        // A program that another test starts just now holds every descriptor of ours until it is executed.
        let began = Instant::now();
        while running.health() == Health::Alive {
            assert!(began.elapsed() < Duration::from_secs(10), "it is seen that nobody listens");
            tokio::task::yield_now().await;
        }
        assert_eq!(running.health(), Health::NotListening);
        running.stop().await;
    }

    #[tokio::test]
    async fn a_client_is_told_line_by_line_and_answers() {
        let folder = tempfile::tempdir().unwrap();
        let subject = described(
            &folder,
            concat!(
                "role: client\nlaunch:\n",
                "  command: [sh, -c, 'echo to {host} {port}; while read -r line; do echo \"$line\" | tee said; done; exit 4']\n",
                "  directory: '{root}'\n",
            ),
        );
        let mut client = subject.drive("127.0.0.1:2121".parse().unwrap()).await.unwrap();
        assert_eq!(client.next_line().await.unwrap().unwrap(), b"to 127.0.0.1 2121");
        client.say("C NOOP").await.unwrap();
        assert_eq!(client.next_line().await.unwrap().unwrap(), b"C NOOP");
        assert_eq!(client.health(), Health::Alive);
        assert_eq!(client.running().found().unwrap().into_keys().collect::<Vec<_>>(), ["said"]);
        client.finish();
        assert_eq!(client.next_line().await.unwrap(), None);
        let began = Instant::now();
        while client.health() == Health::Alive {
            assert!(began.elapsed() < Duration::from_secs(5), "it ends with its input");
            tokio::task::yield_now().await;
        }
        assert_eq!(client.health(), Health::Exited { code: Some(4), signal: None });
        let root = client.running().root().unwrap().to_owned();
        client.stop().await;
        assert!(!root.exists());
    }

    #[tokio::test]
    async fn a_line_of_a_client_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let text = "role: client\nlaunch: { command: [sh, -c, 'head -c 100000 /dev/zero', '{host}:{port}'] }\n";
        let subject = described(&folder, text);
        let mut client = subject.drive("127.0.0.1:2121".parse().unwrap()).await.unwrap();
        let error = client.next_line().await.unwrap_err();
        assert!(error.to_string().contains("longer than 64 KiB"), "{error}");
        client.stop().await;
    }
}
