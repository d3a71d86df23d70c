//! Servers of every bad kind: this program itself, run again with a part to play.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, ExitCode, Stdio, Termination};

use harness::subject::Subject;
use tempfile::TempDir;

/// What a bad server plays, and on which port: said to it in its environment.
const PART: &str = "FAKE_SERVER";
const ADDRESS: &str = "FAKE_PORT";

/// The bad servers' side. Without a part to play, it checks that an unknown part is refused.
#[test]
fn fake_server() -> ExitCode {
    let Ok(role) = std::env::var(PART) else {
        assert!(play("nonsense", 0).is_err(), "a slip in the name of a part must not pass for a server");
        return ExitCode::SUCCESS;
    };
    let port = std::env::var(ADDRESS).unwrap().parse().unwrap();
    play(&role, port).unwrap().report()
}

/// Plays the part until it is killed, or as long as the part goes.
fn play(role: &str, port: u16) -> Result<ExitCode, String> {
    match role {
        "exit" => {
            eprintln!("cannot read users.conf");
            std::process::exit(7)
        }
        "abort" => std::process::abort(),
        "deaf" => forever(),
        "mute" => serve(port),
        "verbose" => {
            let _listener = listen(port);
            let mut out = std::io::stdout();
            while out.write_all(&[b'x'; 4096]).is_ok() {}
            forever()
        }
        "daemon" => {
            again("daemon's child", port);
            std::process::exit(0)
        }
        "daemon's child" => {
            rustix::process::setsid().unwrap();
            serve(port)
        }
        "parent" => {
            again("mute", port);
            forever()
        }
        "stubborn" => {
            // A process in a stopped state does not even notice SIGTERM.
            let _listener = listen(port);
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP).unwrap();
            forever()
        }
        "deafened" => {
            // One session, and nobody listens any more.
            let listener = listen(port);
            let session = listener.accept().unwrap();
            drop((listener, session));
            forever()
        }
        other => Err(format!("there is no part `{other}`")),
    }
}

fn serve(port: u16) -> ! {
    let listener = listen(port);
    let mut sessions = Vec::new();
    while let Ok(session) = listener.accept() {
        sessions.push(session);
    }
    forever()
}

fn listen(port: u16) -> TcpListener {
    TcpListener::bind(("127.0.0.1", port)).unwrap()
}

fn forever() -> ! {
    loop {
        std::thread::park();
    }
}

fn again(role: &str, port: u16) {
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new(own);
    command.args(["--exact", "fakes::fake_server", "--nocapture"]).env(PART, role).env(ADDRESS, port.to_string());
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    // Nobody waits for it: it is its part to be left over.
    drop(spawned.unwrap());
}

/// A subject that plays this part.
pub(crate) fn playing(role: &str) -> Subject {
    let folder = tempfile::tempdir().unwrap();
    described(
        &folder,
        &format!(
            "role: server\nlaunch:\n  command: ['{{self}}', --exact, fakes::fake_server, --nocapture]\n  ready-within: 2s\n  \
         environment: {{ {PART}: \"{role}\", {ADDRESS}: '{{port}}' }}\n"
        ),
    )
}

pub(crate) fn described(folder: &TempDir, text: &str) -> Subject {
    let path = folder.path().join("fake.yaml");
    std::fs::write(&path, text).unwrap();
    Subject::named(path.to_str().unwrap()).unwrap()
}

/// Every process, by number, whose environment says that it plays this part on this port.
pub(crate) fn players(address: SocketAddr) -> BTreeMap<String, String> {
    let port = format!("{ADDRESS}={}", address.port());
    let mut players = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|octet| *octet == 0).any(|variable| variable == port.as_bytes()) {
            players
                .insert(entry.file_name().into_string().unwrap(), String::from_utf8_lossy(&environment).into_owned());
        }
    }
    players
}
