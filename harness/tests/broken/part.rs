//! A broken server as a process of its own: this program, run again with a part to play.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use super::fault::Fault;
use super::server::serve;

const FAULT: &str = "BROKEN_SERVER_FAULT";
const PORT: &str = "BROKEN_SERVER_PORT";
const ROOT: &str = "BROKEN_SERVER_ROOT";

/// The server's side. Without a part to play, it checks that a part is known by its name.
#[test]
fn plays() {
    let Ok(word) = std::env::var(FAULT) else {
        assert_eq!(Fault::named(Fault::None.word()), Fault::None);
        return;
    };
    let port: u16 = std::env::var(PORT).unwrap().parse().unwrap();
    let root = std::env::var(ROOT).unwrap();
    serve(&TcpListener::bind(("127.0.0.1", port)).unwrap(), Path::new(&root), Fault::named(&word))
}

/// A subject's file for a server with this fault.
pub(crate) fn described(folder: &Path, fault: Fault) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let file = folder.join(format!("{}.yaml", fault.word()));
    let text = format!(
        "role: server\npool: true\nclaims: [writable]\ntimers: {{ data: 1s }}\nlaunch:\n  \
         command: ['{}', --exact, part::plays, --nocapture]\n  \
         environment: {{ {FAULT}: {}, {PORT}: '{{port}}', {ROOT}: '{{root}}' }}\n",
        own.display(),
        fault.word()
    );
    std::fs::write(&file, text).unwrap();
    file
}
