//! A server of one reply a line, and a suite for it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

/// A server on a thread of its own, which ends with the program.
pub(crate) struct SmallServer {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl SmallServer {
    /// It replies to the line of the so-manieth connection; 0 is the first one. No reply is silence.
    pub(crate) fn replying(reply: fn(usize, &str) -> Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let said = Arc::clone(&heard);
        std::thread::spawn(move || {
            for (nth, stream) in listener.incoming().flatten().enumerate() {
                // A client that goes away ends its session, and nothing else.
                let _ = session(&stream, nth, reply, &said);
            }
        });
        Self { address, heard }
    }

    pub(crate) fn url(&self) -> String {
        format!("ftp://anonymous@{}/", self.address)
    }

    /// The lines that were said so far, without QUIT.
    pub(crate) fn take_heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

fn session(
    mut stream: &TcpStream,
    nth: usize,
    reply: fn(usize, &str) -> Option<&'static str>,
    said: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    stream.write_all(b"220 small\r\n")?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if line == "QUIT" {
            stream.write_all(b"221 bye\r\n")?;
            return Ok(());
        }
        said.lock().unwrap().push(line.clone());
        if let Some(reply) = reply(nth, &line) {
            stream.write_all(format!("{reply}\r\n").as_bytes())?;
        }
    }
    Ok(())
}

/// A folder whose `suite` has `small/rows.yaml`: eight rows that say `NOOP n` and ask for 200.
pub(crate) struct SmallSuite(TempDir);

impl SmallSuite {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let small = folder.path().join("suite/small");
        std::fs::create_dir_all(&small).unwrap();
        let rows = "purpose: A line is answered.\ncovers: [rfc959-4.1.3-noop]\neach: { n: [0, 1, 2, 3, 4, 5, 6, 7] }\n\
                    steps:\n  - S: 220\n  - C: NOOP {n}\n  - S: { exactly: 200, within: 5s }\n";
        std::fs::write(small.join("rows.yaml"), rows).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }
}
