use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use rstest::rstest;
use tar::EntryType;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::super::copy::CopyError;
use super::{stem, unpack};

/// Much more than any archive here holds.
const PLENTY: u64 = 1 << 40;

/// A tar that no well-meaning program would write: the names stand in it as they are.
fn tar(entries: &[(EntryType, &str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, name, held) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        let is_link = matches!(kind, EntryType::Symlink | EntryType::Link);
        header.set_size(if is_link { 0 } else { held.len() as u64 });
        let fields = header.as_gnu_mut().unwrap();
        fields.name[..name.len()].copy_from_slice(name.as_bytes());
        if is_link {
            fields.linkname[..held.len()].copy_from_slice(held.as_bytes());
        }
        header.set_cksum();
        builder.append(&header, if is_link { &[] } else { held.as_bytes() }).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gz(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// A zip; a name that begins with `@` is that of a link.
fn zip(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, held) in entries {
        if let Some(name) = name.strip_prefix('@') {
            writer.add_symlink(name, *held, SimpleFileOptions::default()).unwrap();
        } else {
            writer.start_file(*name, SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
            writer.write_all(held.as_bytes()).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

/// Unpacks into a folder of which nothing else stands beside.
fn unpacked(archive: &[u8], most: u64) -> (TempDir, Result<(), CopyError>) {
    let folder = TempDir::new().unwrap();
    let (file, above) = (folder.path().join("archive"), folder.path().join("above"));
    std::fs::write(&file, archive).unwrap();
    std::fs::create_dir(&above).unwrap();
    let result = unpack(&file, &above.join("to"), most);
    let beside = std::fs::read_dir(&above).unwrap().flatten().filter(|entry| entry.file_name() != "to");
    assert_eq!(beside.count(), 0, "nothing stands beside the folder");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nor above it");
    (folder, result)
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join("above/to").join(name)).unwrap()
}

fn is_program(folder: &Path, name: &str) -> bool {
    folder.join("above/to").join(name).metadata().unwrap().permissions().mode() & 0o111 != 0
}

#[test]
fn a_tar_is_unpacked() {
    use EntryType::{Directory, Link, Regular, Symlink, XGlobalHeader};
    let tar = tar(&[
        (XGlobalHeader, "pax_global_header", "52 comment=0123456789012345678901234567890123456789\n"),
        (Directory, "./", ""),
        (Directory, "ftp/empty/", ""),
        (Regular, "./ftp/server.c", "old"),
        (Regular, "ftp/server.c", "int main;"),
        (Link, "ftp/second.c", "ftp/server.c"),
        (Symlink, "ftp/deep/link.c", "../server.c"),
        (Regular, "__MACOSX/ftp/._server.c", "junk"),
    ]);
    for archive in [gz(&tar), tar] {
        let (folder, result) = unpacked(&archive, PLENTY);
        result.unwrap();
        for name in ["ftp/server.c", "ftp/second.c", "ftp/deep/link.c"] {
            assert_eq!(text(folder.path(), name), "int main;", "{name}");
        }
        assert!(folder.path().join("above/to/ftp/empty").is_dir());
        assert!(!folder.path().join("above/to/__MACOSX").exists());
        assert!(is_program(folder.path(), "ftp/server.c"));
    }
}

#[test]
fn a_zip_is_unpacked() {
    let archive =
        zip(&[("ftp/a/run", "one"), ("ftp\\b.c", "no folder of ours"), ("b\\c.c", "two"), ("@l", "ftp/a/run")]);
    let (folder, result) = unpacked(&archive, PLENTY);
    result.unwrap();
    assert_eq!((&*text(folder.path(), "ftp/a/run"), &*text(folder.path(), "b/c.c")), ("one", "two"));
    assert_eq!(text(folder.path(), "l"), "one");
    assert!(is_program(folder.path(), "ftp/a/run"));
}

#[rstest]
#[case::above("../x", "../x leads out of it")]
#[case::above_later("a/../../x", "a/../../x leads out of it")]
#[case::at_the_root("/etc/x", "/etc/x begins at the root of the machine")]
#[case::with_backslashes("..\\x", "../x leads out of it")]
#[case::of_a_drive("C:\\x", "C:/x leads out of it")]
#[case::with_signs("\u{1b}[31m/../x", "\\x1b[31m/../x leads out of it")]
fn names_that_lead_out_are_refused(#[case] name: &str, #[case] message: &str) {
    let mut archives = vec![zip(&[(name, "x")])];
    if !name.contains('\\') {
        archives.push(gz(&tar(&[(EntryType::Regular, name, "x")])));
    }
    for archive in archives {
        let (_folder, result) = unpacked(&archive, PLENTY);
        let error = result.unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[rstest]
#[case::at_the_root("l", "/etc/passwd")]
#[case::above("l", "../x")]
#[case::above_from_below("a/l", "../../x")]
#[case::through_a_name("a/b/l", "c/../../../x")]
#[case::nowhere("l", "")]
fn links_that_lead_out_are_refused(#[case] name: &str, #[case] target: &str) {
    let zipped = zip(&[(&format!("@{name}"), target)]);
    for archive in [zipped, tar(&[(EntryType::Symlink, name, target)])] {
        let (_folder, result) = unpacked(&archive, PLENTY);
        let error = result.unwrap_err().to_string();
        assert!(error.contains("which leads out of it"), "{error}");
    }
}

#[rstest]
#[case::a_file_behind_a_link(&[(EntryType::Symlink, "a", "b"), (EntryType::Regular, "a/x", "x")], "a is a file and a folder")]
#[case::a_link_behind_a_link(&[(EntryType::Symlink, "a", "b"), (EntryType::Symlink, "a/l", "x")], "a/l comes twice")]
#[case::a_file_in_a_file(&[(EntryType::Regular, "a", "x"), (EntryType::Regular, "a/b", "x")], "a is a file and a folder")]
#[case::a_file_for_a_folder(&[(EntryType::Directory, "a", ""), (EntryType::Regular, "a", "x")], "a is a file and a folder")]
#[case::a_device(&[(EntryType::Char, "null", "")], "null is a device")]
#[case::a_fifo(&[(EntryType::Fifo, "pipe", "")], "pipe is a device")]
#[case::a_name_of_nothing(&[(EntryType::Link, "a", "b")], "a is another name for b, which is no file")]
#[case::a_name_of_what_is_outside(&[(EntryType::Link, "a", "../../archive")], "../../archive leads out of it")]
#[case::a_name_of_a_link(&[(EntryType::Symlink, "l", "x"), (EntryType::Link, "a", "l")], "which is no file before it")]
fn what_is_no_plain_tree_is_refused(#[case] entries: &[(EntryType, &str, &str)], #[case] message: &str) {
    let (_folder, result) = unpacked(&tar(entries), PLENTY);
    let error = result.unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[test]
fn a_bomb_is_stopped() {
    let zeros = "\0".repeat(32 << 20);
    let packed = [gz(&tar(&[(EntryType::Regular, "zeros", &zeros)])), zip(&[("zeros", &zeros)])];
    for archive in packed {
        let allowed = (16 << 20) + 100 * archive.len() as u64;
        assert!(allowed < 32 << 20);
        for most in [PLENTY, 1 << 20] {
            let (folder, result) = unpacked(&archive, most);
            let error = result.unwrap_err();
            assert!(matches!(error, CopyError::TooMuch(_)), "{error}");
            let written = folder.path().join("above/to/zeros").metadata().unwrap().len();
            assert!(written <= allowed.min(most) + 1, "{written}");
        }
    }
    let (_folder, result) = unpacked(&vec![0; 4096], 4095);
    assert!(matches!(result, Err(CopyError::TooMuch(_))));
}

#[test]
fn a_crowd_is_stopped() {
    let names: Vec<String> = (0..20_001).map(|number| format!("f{number}")).collect();
    let in_zip: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    let in_tar: Vec<_> = names.iter().map(|name| (EntryType::Regular, name.as_str(), "")).collect();
    for archive in [zip(&in_zip), gz(&tar(&in_tar))] {
        let (_folder, result) = unpacked(&archive, PLENTY);
        assert_eq!(
            result.unwrap_err().to_string(),
            "the submission holds more than 20000 files; take away what it does not need"
        );
    }
}

#[rstest]
#[case::no_archive(b"Rar!\x1a\x07\x01\x00".to_vec(), "neither a zip nor a tar.gz")]
#[case::nothing(Vec::new(), "neither a zip nor a tar.gz")]
#[case::a_zip_that_is_cut(zip(&[("a", "x")])[..40].to_vec(), "the zip is broken")]
#[case::a_tar_that_is_cut(gz(&tar(&[(EntryType::Regular, "a", &"x".repeat(2000))]))[..40].to_vec(), "is broken")]
#[case::no_tar_within(gz(b"int main;"), "the archive is broken")]
fn what_is_broken_is_said(#[case] archive: Vec<u8>, #[case] message: &str) {
    let (_folder, result) = unpacked(&archive, PLENTY);
    let error = result.unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[rstest]
#[case("ann.zip", Some("ann"))]
#[case("ann.tar.gz", Some("ann"))]
#[case("group 7.TGZ", Some("group 7"))]
#[case("ann.rar", Some("ann"))]
#[case(".zip", None)]
#[case("grades.csv", None)]
#[case("zip", None)]
fn endings(#[case] name: &str, #[case] expected: Option<&str>) {
    assert_eq!(stem(name.as_bytes()), expected.map(str::as_bytes));
}
