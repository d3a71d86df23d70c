//! Clients that nobody scripted: one that is careful, and one that is not.

#[cfg(test)]
mod sessions {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpStream;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};

    use assert_cmd::cargo::cargo_bin;
    use rstest::rstest;
    use tempfile::TempDir;

    fn ftpspec(arguments: &[&str]) -> Command {
        let mut command = Command::new(cargo_bin!("ftpspec"));
        command.args(arguments).env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// `ftpspec observe`, and where clients come.
    struct Observer {
        process: Child,
        out: BufReader<std::process::ChildStdout>,
        address: String,
    }

    impl Observer {
        fn begin(more: &[&str]) -> Self {
            let mut command = ftpspec(&["observe", "--listen", "0"]);
            let mut process = command.args(more).stdout(Stdio::piped()).spawn().unwrap();
            let mut out = BufReader::new(process.stdout.take().unwrap());
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            let (_, behind) = line.split_once("ftp://").unwrap_or_else(|| panic!("{line}"));
            let address = behind.split('/').next().unwrap().to_owned();
            Self { process, out, address }
        }

        /// What it says at its end, and its exit code.
        fn end(mut self) -> (String, Option<i32>) {
            let mut told = String::new();
            self.out.read_to_string(&mut told).unwrap();
            (told, self.process.wait().unwrap().code())
        }
    }

    impl Drop for Observer {
        fn drop(&mut self) {
            // It may have ended.
            self.process.kill().ok();
            self.process.wait().ok();
        }
    }

    /// Says each of these, behind the whole reply to the one before.
    fn say(address: &str, said: &str) {
        let mut control = TcpStream::connect(address).unwrap();
        let mut replies = BufReader::new(control.try_clone().unwrap());
        for line in said.split_inclusive('\n') {
            end_of_reply(&mut replies);
            let octets: Vec<u8> = line.chars().map(|character| u8::try_from(character).unwrap()).collect();
            control.write_all(&octets).unwrap();
        }
        end_of_reply(&mut replies);
    }

    /// The server may answer Telnet commands before it.
    fn end_of_reply(replies: &mut impl BufRead) {
        let mut line = Vec::new();
        loop {
            line.clear();
            assert!(replies.read_until(b'\n', &mut line).unwrap() > 0, "the server is gone");
            let begin = line.iter().position(u8::is_ascii_digit).unwrap_or_default();
            if line.get(begin + 3) == Some(&b' ') {
                return;
            }
        }
    }

    #[test]
    fn a_careful_client_keeps_what_it_touches() {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("here"), "from here\n").unwrap();
        let report = folder.path().join("report.jsonl");
        let observer = Observer::begin(&["--report", &format!("jsonl={}", report.display())]);
        let directory = folder.path().to_str().unwrap();
        let target = format!("ftp://test:test1234@{}/", observer.address);
        let lines = ["-c", "put here", "-c", "get here there", "-c", "rename here elsewhere"];
        let client = ftpspec(&["client", "--directory", directory]).args(lines).arg(target).output().unwrap();
        assert!(client.status.success(), "{client:?}");
        let (told, code) = observer.end();
        assert_eq!(code, Some(0), "{told}");
        for kept in [
            "rfc959-5.4-client-waits-for-reply",
            "rfc959-4.1.3-rnfr-immediately-rnto",
            "rfc959-3.2-client-closes-after-stor",
            "rfc1123-4.1.2.5-client-port-per-transfer",
        ] {
            assert!(kept_by(&report, kept), "{kept}: {told}");
        }
        assert!(!kept_by(&report, "rfc4217-9-pbsz-zero"), "what was not touched is not told: {told}");
        let whole = std::fs::read_to_string(&report).unwrap();
        assert!(!whole.contains("test1234") && whole.contains("PASS ****"), "{whole}");
    }

    /// Whether the report has this requirement among those that the session touched.
    fn kept_by(report: &Path, requirement: &str) -> bool {
        std::fs::read_to_string(report).unwrap().contains(requirement)
    }

    /// A character is an octet, and each line waits for the reply to the one before.
    #[rstest]
    #[case::lf_only("NOOP\n", 1, "rfc959-5.3.1-client-command-syntax")]
    #[case::negotiates("\u{ff}\u{fd}\u{6}NOOP\r\n", 1, "rfc1123-4.1.2.12-client-no-negotiation")]
    #[case::rename_in_two("MKD a\r\nRNFR a\r\nNOOP\r\n", 1, "rfc959-4.1.3-rnfr-immediately-rnto")]
    #[case::prefers_port("PORT 127,0,0,1,200,1\r\n", 0, "rfc1579-client-prefers-pasv")]
    #[case::other_name("AUTH SSL\r\n", 1, "rfc4217-4.1-client-auth-tls")]
    #[case::language("LANG en\r\n", 0, "rfc2640-4.1-client-feat-before-lang")]
    #[case::allocates_in_vain("ALLO 10\r\nMKD a\r\n", 1, "rfc959-4.1.3-allo-followed-by-stor")]
    fn what_a_client_breaks_is_told(#[case] said: &str, #[case] code: i32, #[case] requirement: &str) {
        let observer = Observer::begin(&[]);
        say(&observer.address, &format!("USER test\r\nPASS test1234\r\n{said}QUIT\r\n"));
        let (told, ended) = observer.end();
        assert_eq!(ended, Some(code), "{told}");
        assert!(told.contains(requirement), "{told}");
    }

    #[test]
    fn one_that_says_nothing_tells_nothing() {
        let observer = Observer::begin(&["--sessions", "1"]);
        drop(TcpStream::connect(&observer.address).unwrap());
        say(&observer.address, "NOOP\r\nQUIT\r\n");
        let (told, code) = observer.end();
        assert_eq!(code, Some(0), "{told}");
    }
}
