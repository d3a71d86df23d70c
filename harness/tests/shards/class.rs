//! A class that was made by counting.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

/// One group of two cases; nothing is built.
const RUBRIC: &str = r#"
title: A small server
login: { user: anonymous, password: student@example.org }
readable: [BIN]
build: { command: test -x server }
launch: [{ command: "./server -port {port} -root {root}", ready-within: 10s }]
groups:
  - { name: Login, points: 40, scenarios: [rfc959/control/greeting] }
  - { name: Files, points: 60, scenarios: ["rfc959/transfer/store[open=PASV,size=1]"] }
limits: { reply: 10s }
"#;

const SERVE: &str = "if [ -x /run/ftpspec ]; then F=/run/ftpspec; else F=BIN; fi\n\
                     exec $F serve --login-delay 0 --login-attempts 0 --anonymous";

/// A folder with submissions, a rubric, and the results.
pub(crate) struct Class {
    folder: TempDir,
}

impl Class {
    /// So many submissions. They take turns: whole, read-only, ended at once, not built.
    pub(crate) fn new(size: usize) -> Self {
        let class = Self { folder: TempDir::new().unwrap() };
        std::fs::create_dir(class.path("subs")).unwrap();
        std::fs::write(class.path("rubric.yaml"), filled(RUBRIC)).unwrap();
        for number in 0..size {
            let server = match number % 8 {
                3 => None,
                5 => Some("echo this is no server; exit 3".to_owned()),
                1 | 6 => Some(format!("{SERVE} read-only \"$@\"")),
                _ => Some(format!("{SERVE} read-write \"$@\"")),
            };
            class.submission(&name(number), server.as_deref());
        }
        class
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A submission whose server is this script; without one it is not built.
    pub(crate) fn submission(&self, name: &OsStr, server: Option<&str>) {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.path("subs").join(name);
        std::fs::create_dir(&folder).unwrap();
        if let Some(server) = server {
            let file = folder.join("server");
            std::fs::write(&file, format!("#!/bin/sh\n{}\n", filled(server))).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    /// `ftpspec grade`, with results in a folder of this name.
    pub(crate) fn grade(&self, out: &str, more: &[&str]) -> Command {
        let mut command = program();
        command.arg("grade").arg(self.path("subs")).arg("--rubric").arg(self.path("rubric.yaml"));
        command.arg("--out").arg(self.path(out)).args(more).env("TMPDIR", self.folder.path());
        command
    }

    /// `ftpspec merge` of folders or files, with results in `merged`.
    pub(crate) fn merge(&self, shards: &[&str], more: &[&str]) -> Output {
        let mut command = program();
        command.arg("merge").args(shards.iter().map(|shard| self.path(shard)));
        command.arg("--out").arg(self.path("merged")).args(more).output().unwrap()
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }
}

/// Names as students choose them, and numbers behind them, so that their order is not that of the numbers.
fn name(number: usize) -> OsString {
    let odd: [&[u8]; 7] = [b"ann", b"=cmd()", b"b c", b"\xff\xfe", b"\xc3\xa9va", b"-rf", b"x\ny"];
    let mut name = odd[number % odd.len()].to_vec();
    name.extend(format!("-{}", number * 7919 % 10_007).bytes());
    OsString::from_vec(name)
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(cargo_bin!("ftpspec"));
    for variable in ["FTPSPEC_SHARD", "FTPSPEC_SHARDS", "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "PARALLEL_SEQ"] {
        command.env_remove(variable);
    }
    command
}

fn filled(text: &str) -> String {
    text.replace("BIN", &cargo_bin!("ftpspec").to_string_lossy())
}

/// It must end well. What it prints is given back.
pub(crate) fn well(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// It must end with exit code 2. What it says of it is given back.
pub(crate) fn refused(output: Output) -> String {
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: ") && output.stdout.is_empty(), "{said}");
    said
}

/// Two files of results must be the same, line by line, but for what is never the same twice: how long it took, and which
/// port and folder were free.
pub(crate) fn same(one: &str, other: &str) {
    let (one, other) = (timeless(one), timeless(other));
    for (one, other) in one.lines().zip(other.lines()) {
        let differs = one.bytes().zip(other.bytes()).position(|(one, other)| one != other);
        let from = differs.unwrap_or_default().saturating_sub(50);
        let shown = |line: &str| line.get(from..).unwrap_or_default().chars().take(100).collect::<String>();
        assert_eq!(shown(one), shown(other));
    }
    assert_eq!(one.len(), other.len());
}

fn timeless(results: &str) -> String {
    let mut text = results.to_owned();
    for mark in ["\"duration\":", "-port ", " port ", "/ftpspec-"] {
        let mut parts = text.split(mark);
        let first = parts.next().unwrap_or_default().to_owned();
        text = parts.fold(first, |text, part| {
            text + mark + part.trim_start_matches(|octet: char| octet.is_ascii_alphanumeric())
        });
    }
    text
}
