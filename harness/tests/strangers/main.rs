//! The servers that others wrote, as their subjects' files start them: both users, both ways of a data connection.
//!
//! `scripts/strangers/fetch` fetches them. What is missing is said loudly, and fails where `FTPSPEC_REQUIRE_STRANGERS=1`.

#[cfg(test)]
mod client;
#[cfg(test)]
mod operations;

#[cfg(test)]
mod strangers {
    use std::io::Write;
    use std::net::TcpListener;
    use std::path::{Path, PathBuf};

    use harness::subject::{Found, Health, Placed, Subject};
    use rstest::rstest;

    use super::client::Client;

    const ROBOTS: &[u8] = b"User-agent: *\nDisallow: /\n";

    /// Why this stranger cannot be met here, if it cannot.
    fn missing(name: &str) -> Option<String> {
        let folder = std::env::var_os("FTPSPEC_STRANGERS")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/strangers"), PathBuf::from);
        if !folder.join(name).is_dir() {
            return Some(format!("it is not in {}; run scripts/strangers/fetch", folder.display()));
        }
        if name != "pyftpdlib" && !rustix::process::geteuid().is_root() {
            return Some("only root can start it".to_owned());
        }
        None
    }

    /// Whether it can be met; says loudly if not.
    pub(crate) fn can_be_met(name: &str) -> bool {
        let Some(reason) = missing(name) else { return true };
        let must = std::env::var("FTPSPEC_REQUIRE_STRANGERS").is_ok_and(|value| value == "1");
        assert!(!must, "{name} is required, but {reason}");
        // Past the test runner, which keeps to itself what a test prints that passes.
        writeln!(std::io::stderr(), "NOT TESTED: {name}: {reason}").unwrap();
        false
    }

    #[rstest]
    #[case::vsftpd("vsftpd")]
    #[case::proftpd("proftpd")]
    #[case::pure_ftpd("pure-ftpd")]
    #[case::inetutils_ftpd("inetutils-ftpd")]
    #[case::pyftpdlib("pyftpdlib")]
    #[tokio::test]
    async fn a_stranger_serves_both_users_and_leaves_nothing(#[case] name: &str) {
        if !can_be_met(name) {
            return;
        }
        let subject = Subject::named(name).unwrap();
        let mut running = subject.start().await.unwrap_or_else(|error| panic!("{error}"));
        let address = running.address();
        let folder = running.root().unwrap().to_owned();
        for (user, password) in [("test", "test1234"), ("anonymous", "dangfan@163.com")] {
            running.place("robots.txt", Placed::File(&mut &*ROBOTS)).unwrap();
            let mut client = Client::login(address, user, password);
            assert_eq!(client.retrieve_passive("robots.txt"), ROBOTS, "{user}");
            assert_eq!(client.retrieve_active("robots.txt"), ROBOTS, "{user}");
            client.store_passive("new", b"passive");
            client.store_active("new", b"active, and longer");
            assert_eq!(client.retrieve_passive("new"), b"active, and longer", "{user} may overwrite");
            client.quit();
            let found = running.found().unwrap();
            assert_eq!(found.keys().collect::<Vec<_>>(), ["new", "robots.txt"], "{user}");
            assert!(matches!(found["new"], Found::File { length: 18, .. }), "{found:?}");
            running.empty_root().unwrap();
        }
        // A session that is open when it is stopped must go too.
        let _open = Client::login(address, "test", "test1234");
        assert_eq!(running.health(), Health::Alive);
        running.stop().await;
        assert_eq!(using(&folder), Vec::<PathBuf>::new(), "no process and no mount is left");
        assert!(!folder.parent().unwrap().exists(), "no file is left");
        TcpListener::bind(address).expect("the port is free again");
    }

    /// What in `/proc` still speaks of this folder: the processes by their command, the mounts by their options.
    fn using(folder: &Path) -> Vec<PathBuf> {
        let private = folder.parent().unwrap().to_str().unwrap();
        let mut using = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            for file in ["cmdline", "mounts"] {
                let path = entry.path().join(file);
                let text = std::fs::read(&path).unwrap_or_default();
                if String::from_utf8_lossy(&text).contains(private) {
                    using.push(path);
                }
            }
        }
        using
    }
}
