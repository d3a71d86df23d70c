//! Submissions that are archives, and what a regrade says.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::lines_of;

/// Nothing is played: the one case cannot pass, and what a build printed tells what was unpacked.
const RUBRIC: &str = "title: Archives\nbuild: { command: \"sh -c 'cat sign; exit 1'\" }\nlaunch: [\"./server {port}\"]\n\
                      groups:\n  - { name: G, points: 10, scenarios: [rfc959/control/noop] }\n";

fn zip(file: &Path, entries: &[(&str, &[u8])]) {
    let mut writer = ZipWriter::new(std::fs::File::create(file).unwrap());
    for (name, held) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(held).unwrap();
    }
    writer.finish().unwrap();
}

fn tar_gz(file: &Path, name: &str, held: &[u8]) {
    let mut builder = tar::Builder::new(GzEncoder::new(std::fs::File::create(file).unwrap(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(held.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, name, held).unwrap();
    builder.into_inner().unwrap().finish().unwrap();
}

struct Class(TempDir);

impl Class {
    fn new(rubric: &str) -> Self {
        let class = Self(TempDir::new().unwrap());
        std::fs::create_dir(class.path("subs")).unwrap();
        std::fs::write(class.path("rubric.yaml"), rubric).unwrap();
        class
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn grade(&self, more: &[&str]) -> Output {
        let mut command = Command::new(cargo_bin!("ftpspec"));
        command.arg("grade").arg(self.path("subs")).arg("--rubric").arg(self.path("rubric.yaml"));
        command.arg("--out").arg(self.path("out")).args(more).output().unwrap()
    }
}

#[test]
fn archives_and_lone_folders_are_unwrapped() {
    let class = Class::new(RUBRIC);
    let subs = class.path("subs");
    zip(&subs.join("ann.zip"), &[("ann-main/sign", b"of ann")]);
    tar_gz(&subs.join("bob.tar.gz"), "sign", b"of bob");
    // As an LMS hands it out: a folder, in it an archive, in it a folder.
    let folder = subs.join("Cy_4711_assignsubmission_file");
    std::fs::create_dir(&folder).unwrap();
    tar_gz(&folder.join("project.tgz"), "project/sign", b"of cy");
    std::fs::create_dir_all(subs.join("dan/dan-ftp")).unwrap();
    std::fs::write(subs.join("dan/dan-ftp/sign"), "of dan").unwrap();
    zip(&subs.join("eve.zip"), &[("../eve", b"out")]);
    std::fs::write(subs.join("fay.rar"), "Rar!").unwrap();
    let output = class.grade(&[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results = lines_of(&class.path("out/results.jsonl"));
    for (name, sign) in
        [("ann", "of ann"), ("bob", "of bob"), ("Cy_4711_assignsubmission_file", "of cy"), ("dan", "of dan")]
    {
        let printed = results[name]["build"]["printed"].to_string();
        assert!(printed.contains(sign), "{name}: {printed}");
    }
    for (name, reason) in [("eve", "../eve leads out of it"), ("fay", "neither a zip nor a tar.gz")] {
        let record = &results[name];
        assert_eq!(record["status"], "not-built", "{name}");
        assert!(record["reason"].as_str().unwrap().contains(reason), "{record}");
    }
}

#[test]
fn a_regrade_says_what_changed() {
    let class = Class::new(RUBRIC);
    for name in ["ann", "bob"] {
        std::fs::create_dir(class.path("subs").join(name)).unwrap();
    }
    class.grade(&[]);
    let old = class.path("old.jsonl");
    let text = std::fs::read_to_string(class.path("out/results.jsonl")).unwrap();
    std::fs::write(&old, text.replacen("not-built", "ungraded", 1)).unwrap();
    let compared = |file: &Path| class.grade(&["--compare", file.to_str().unwrap()]);
    let said = String::from_utf8(compared(&old).stdout).unwrap();
    assert!(said.contains("1 changed, 1 as before\nann: ungraded before, not built now\n"), "{said}");
    // What cannot be compared with is said before anything is graded.
    std::fs::remove_dir_all(class.path("out")).unwrap();
    std::fs::write(&old, "{}").unwrap();
    let output = compared(&old);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("line 1 is no result of `ftpspec grade`"), "{said}");
    assert!(!class.path("out").exists());
}
