//! What a grading left behind.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

/// The results in a file, by submission.
pub(super) fn lines_of(file: &Path) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.is_ascii() && !text.contains('\u{7f}'), "{text}");
    let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.map(|record| (record["submission"].as_str().unwrap().to_owned(), record)).collect()
}

/// Whether this machine confines submissions wholly. Said loudly where it does not.
pub(super) fn is_confined(results: &BTreeMap<String, Value>) -> bool {
    let sandbox = results.values().next().unwrap()["sandbox"].as_str().unwrap().to_owned();
    let whole = sandbox.starts_with("bubblewrap, own network");
    if !whole {
        eprintln!("NOT TRIED: what only bubblewrap and own networks keep apart; here the sandbox is: {sandbox}");
    }
    whole
}

/// A folder for the grounds of submissions. The users that they run as pass through.
pub(super) fn grounds() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).unwrap();
    folder
}

/// The processes of this machine that the grader with this number started, or that see one of its grounds. Those in a
/// sandbox bear no mark, and have the ground mounted.
pub(super) fn left_over(grader: u32, grounds: &Path) -> Vec<String> {
    let mark = format!("FTPSPEC_SUBJECT={grader}-");
    let grounds = grounds.to_str().unwrap();
    let mut left = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| {
            String::from_utf8_lossy(&std::fs::read(entry.path().join(name)).unwrap_or_default()).into_owned()
        };
        if read("environ").split('\0').any(|variable| variable.starts_with(&mark))
            || read("mountinfo").contains(grounds)
        {
            left.push(read("cmdline"));
        }
    }
    left
}
