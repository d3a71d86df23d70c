//! The server, a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;

use super::vitals::{Vitals, open_files};

/// How long a reply, or an end, may take.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// A server process; it ends with the test.
pub(super) struct Server {
    child: Child,
    _messages: BufReader<ChildStderr>,
    pub(super) address: SocketAddr,
    secured: Arc<ClientConfig>,
    _directory: TempDir,
}

impl Server {
    /// With these options, and room for so many sessions.
    pub(super) fn start(options: &[&str], sessions: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(file("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(file("key.pem"), made.signing_key.serialize_pem()).unwrap();
        std::fs::create_dir(file("root")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_reference-server"));
        command.args(["--port", "0", "--user", "u:p", "--sessions", &sessions.to_string()]);
        command.arg("--tls-certificate").arg(file("cert.pem")).arg("--tls-key").arg(file("key.pem"));
        if !options.contains(&"--memory") {
            command.arg("--root").arg(file("root"));
        }
        let mut child = command.args(options).stderr(Stdio::piped()).spawn().unwrap();
        let mut messages = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        messages.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().parse().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let secured = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
        Self { child, _messages: messages, address, secured, _directory: directory }
    }

    /// What a client of TLS needs.
    pub(super) fn secured(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.secured)
    }

    pub(super) fn vitals(&self) -> Vitals {
        Vitals::of(self.child.id())
    }

    /// The vitals when no session is left: as many descriptors as before are open, or, the first time, as many as after a while.
    ///
    /// # Panics
    /// When a descriptor stays open.
    pub(super) fn vitals_at_rest(&self, before: Option<Vitals>) -> Vitals {
        const GLANCE: Duration = Duration::from_millis(20);
        const STEADY: u32 = 10;
        // Nothing tells when another process closes a descriptor: one has to look. Nobody sends here; it is a clock.
        let (_clock, ticks) = mpsc::channel::<()>();
        let begun = Instant::now();
        let (mut last, mut steady) = (self.vitals(), 0);
        loop {
            match before {
                Some(before) if last.descriptors <= before.descriptors => return last,
                Some(before) => {
                    assert!(
                        begun.elapsed() < PATIENCE,
                        "descriptors stay open: {before}, and then {last}: {}",
                        open_files(self.child.id()).join(" ")
                    );
                }
                None if steady == STEADY => return last,
                None => {}
            }
            assert_eq!(ticks.recv_timeout(GLANCE), Err(RecvTimeoutError::Timeout));
            let now = self.vitals();
            steady = if now.descriptors == last.descriptors { steady + 1 } else { 0 };
            last = now;
        }
    }

    /// SIGTERM.
    pub(super) fn ends_when_asked(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
