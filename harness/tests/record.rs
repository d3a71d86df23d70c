//! A session of the reference client with the reference server, recorded; and played again, on a server that is as it was
//! and on others that are not.

#[cfg(test)]
mod replay {
    use std::io::{BufRead, BufReader, Read};
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::sync::Arc;

    use assert_cmd::cargo::cargo_bin;
    use harness::run::relay::Relay;
    use harness::scenario::{Mutant, Sources, Suite, mutants};
    use predicates::str::contains;
    use tempfile::TempDir;

    /// A process that ends with the test.
    struct Running(Child);

    impl Drop for Running {
        fn drop(&mut self) {
            // It may have ended.
            self.0.kill().ok();
            self.0.wait().ok();
        }
    }

    fn ftpspec(arguments: &[&str]) -> Command {
        let mut command = Command::new(cargo_bin!("ftpspec"));
        command.args(arguments).env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// The address behind these words in the first line.
    fn address(out: &mut impl BufRead, before: &str) -> String {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let (_, behind) = line.split_once(before).unwrap_or_else(|| panic!("{line}"));
        behind.split(['/', ' ', '\n']).next().unwrap().to_owned()
    }

    /// What the client does while it is recorded.
    fn recorded(folder: &Path, lines: &[&str]) -> (PathBuf, String) {
        let file = folder.join("session.yaml");
        let name = file.to_str().unwrap();
        let mut command = ftpspec(&["record", "--subject", "reference-server", "--listen", "0", "-o", name]);
        let mut recorder = Running(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut out = BufReader::new(recorder.0.stdout.take().unwrap());
        let address = address(&mut out, "ftp://");
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let root = PathBuf::from(line.trim().strip_prefix("the server's folder is ").unwrap());
        std::fs::create_dir(root.join("box")).unwrap();
        std::fs::write(root.join("box/there.txt"), "on the server\n").unwrap();
        std::fs::write(folder.join("here.bin"), b"\x00from\xffhere\n").unwrap();
        let mut arguments = vec!["client", "--directory", folder.to_str().unwrap()];
        arguments.extend(lines.iter().flat_map(|line| ["-c", line]));
        let target = format!("ftp://test:test1234@{address}/");
        arguments.push(&target);
        let done = ftpspec(&arguments).output().unwrap();
        assert!(
            done.status.success(),
            "{}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
        let mut told = String::new();
        out.read_to_string(&mut told).unwrap();
        assert!(recorder.0.wait().unwrap().success(), "{told}");
        let text = std::fs::read_to_string(&file).unwrap();
        (file, text)
    }

    fn run(file: &Path, on: &[&str]) -> assert_cmd::assert::Assert {
        let arguments: Vec<_> = [&["run", file.to_str().unwrap()], on].concat();
        assert_cmd::Command::from_std(ftpspec(&arguments)).assert()
    }

    const LINES: [&str; 5] = ["binary", "put here.bin", "cd box", "get there.txt", "ls"];

    #[test]
    fn a_session_is_recorded_checked_and_played_again() {
        let folder = TempDir::new().unwrap();
        let (file, text) = recorded(folder.path(), &LINES);
        assert!(!text.contains("test1234"), "{text}");
        assert!(text.contains("box/there.txt: { text: \"on the server\\n\" }"), "{text}");
        assert!(text.contains("here.bin: { hex: \"00 66 72 6f 6d ff 68 65 72 65 0a\" }"), "{text}");
        let check = ftpspec(&["check", file.to_str().unwrap()]);
        assert_cmd::Command::from_std(check).assert().success();
        run(&file, &["--subject", "reference-server"]).code(0);
        let suite = Suite::embedded().unwrap();
        let all = mutants(Sources::mutants(), &suite).unwrap();
        for (fault, code) in [("none", 0), ("data/retr-cut", 1), ("data/stor-cut", 1), ("data/retr-451", 1)] {
            let mutant = all.iter().find(|mutant| mutant.id == fault);
            assert!(mutant.is_some() || fault == "none", "no mutant {fault}");
            mutated(&file, mutant, code);
        }
    }

    /// Plays it on the reference server with a fault of the mutants, or with none.
    fn mutated(file: &Path, mutant: Option<&Mutant>, code: i32) {
        let root = TempDir::new().unwrap();
        let folder = root.path().to_str().unwrap();
        let mut command = ftpspec(&["serve", "--port", "0", "--root", folder, "--user", "test:test1234"]);
        let mut server = Running(command.stderr(Stdio::piped()).spawn().unwrap());
        let mut out = BufReader::new(server.0.stderr.take().unwrap());
        let address = address(&mut out, "listening on ");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let deviations = mutant.map(|mutant| Arc::clone(&mutant.deviations)).unwrap_or_default();
        let relay = runtime.block_on(Relay::open(address.parse().unwrap(), deviations)).unwrap();
        let url = format!("ftp://test:test1234@{}/", relay.address());
        let found = run(file, &["--server", &url, "--root", folder]);
        let output = found.get_output().clone();
        assert_eq!(output.status.code(), Some(code), "{mutant:?}: {}", String::from_utf8_lossy(&output.stdout));
        if code == 1 {
            found.stdout(contains("as recorded: no requirement is asked"));
        }
    }
}
