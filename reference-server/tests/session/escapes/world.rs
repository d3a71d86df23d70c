//! What lies around the root and in it.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tempfile::TempDir;

use crate::client::SECRET;

/// 1987-06-05 12:00:00 UTC.
const DATE: u64 = 549_892_800;
/// No port, count or number of anything else.
const SIZE: usize = 1_273_613;

/// A directory with files that nobody may reach, and the root beside them.
pub(super) struct World {
    outside: TempDir,
    before: BTreeMap<PathBuf, Facts>,
    digest: String,
}

/// All that can change of a file: nobody can set the time of its last change (`ctime`).
#[derive(Debug, PartialEq, Eq)]
struct Facts {
    mode: u32,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    names: u64,
    number: u64,
    octets: Arc<[u8]>,
}

impl World {
    pub(super) fn new() -> Self {
        let outside = tempfile::tempdir().unwrap();
        let at = |name: &str| outside.path().join(name);
        let secret: Vec<u8> = SECRET.bytes().cycle().take(SIZE).collect();
        std::fs::create_dir(at("vault")).unwrap();
        std::fs::create_dir(at("root")).unwrap();
        for name in ["classified", "vault/ledger", "vault/unnamed-91b7"] {
            std::fs::write(at(name), &secret).unwrap();
            std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(0o644)).unwrap();
        }
        for name in ["classified", "vault/ledger", "vault/unnamed-91b7", "vault"] {
            std::fs::File::open(at(name)).unwrap().set_modified(UNIX_EPOCH + Duration::from_secs(DATE)).unwrap();
        }
        let digest = <sha2::Sha256 as sha2::Digest>::digest(&secret);
        let digest = digest.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<String>>().concat();
        let mut world = Self { outside, before: BTreeMap::new(), digest };
        world.before = world.walk();
        assert_eq!(world.before.len(), 5);
        world
    }

    pub(super) fn outside(&self) -> PathBuf {
        self.outside.path().to_owned()
    }

    pub(super) fn root(&self) -> PathBuf {
        self.outside.path().join("root")
    }

    /// Empties the root, and lays files and links in it.
    pub(super) fn lay(&self) {
        let root = self.root();
        for entry in std::fs::read_dir(&root).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                std::fs::remove_dir_all(entry.path()).unwrap();
            } else {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
        std::fs::create_dir(root.join("box")).unwrap();
        std::fs::create_dir(root.join("swapped")).unwrap();
        for name in ["inside", "box/inside", "swapped/ledger"] {
            std::fs::write(root.join(name), "inside of the root\n").unwrap();
        }
        for (link, way) in self.links() {
            symlink(way, root.join(link)).unwrap();
        }
    }

    fn links(&self) -> Vec<(&'static str, PathBuf)> {
        let outside = |name: &str| self.outside.path().join(name);
        let to = |way: &str| PathBuf::from(way);
        vec![
            ("to-file", outside("classified")),
            ("to-directory", outside("vault")),
            ("to-here", self.root()),
            ("relative-file", to("../classified")),
            ("relative-directory", to("../vault")),
            ("up", to("..")),
            ("slash", to("/")),
            ("dangling", outside("not-yet")),
            ("relative-dangling", to("../not-yet")),
            ("process-root", to("/proc/self/root")),
            ("process-cwd", to("/proc/self/cwd")),
            ("process-environment", to("/proc/self/environ")),
            ("descriptors", to("/proc/self/fd")),
            ("null", to("/dev/null")),
            ("chain-1", to("chain-2")),
            ("chain-2", to("box/up/classified")),
            ("chain-directory", to("box/sideways")),
            ("detour", to("box/../../classified")),
            ("box/up", to("../..")),
            ("box/sideways", to("../../vault")),
            ("circle", to("circle")),
            ("empty-steps", to(".//..//classified")),
            ("long-way", to(&"../".repeat(1000))),
        ]
    }

    /// Nothing of what lies outside was heard, and nothing of it has changed.
    pub(super) fn check(&self, line: &[u8], heard: &[u8]) {
        let said = || format!("{}: {}", shown(line), shown(heard));
        let texts = [SECRET, "unnamed-91b7", "19870605", "Jun  5  1987", "root:x:0:0", &self.digest];
        for text in texts {
            assert!(!heard.windows(text.len()).any(|octets| octets == text.as_bytes()), "{text} in {}", said());
        }
        let mut words = heard.split(|octet| !octet.is_ascii_alphanumeric());
        assert!(!words.any(|word| word == SIZE.to_string().as_bytes()), "the size in {}", said());
        let now = self.walk();
        for (path, facts) in &now {
            let before = self.before.get(path);
            assert!(before == Some(facts), "{} was made or changed by {}", path.display(), said());
        }
        assert_eq!(now.len(), self.before.len(), "something is gone: {}", said());
    }

    /// Everything outside of the root.
    fn walk(&self) -> BTreeMap<PathBuf, Facts> {
        let mut all = BTreeMap::new();
        let mut left = vec![self.outside()];
        while let Some(path) = left.pop() {
            let metadata = std::fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                let entries = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
                left.extend(entries.filter(|entry| *entry != self.root()));
            }
            all.insert(path.clone(), facts(&path, &metadata, self.before.get(&path)));
        }
        all
    }
}

/// What has changed has another time of its last change. So the octets are read once, and again when that is another.
fn facts(path: &Path, metadata: &std::fs::Metadata, before: Option<&Facts>) -> Facts {
    let changed = (metadata.ctime(), metadata.ctime_nsec());
    let octets = match before {
        Some(before) if before.changed == changed => Arc::clone(&before.octets),
        Some(_) | None if metadata.is_file() => std::fs::read(path).unwrap().into(),
        Some(_) | None => Arc::default(),
    };
    Facts {
        mode: metadata.mode(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed,
        names: metadata.nlink(),
        number: metadata.ino(),
        octets,
    }
}

fn shown(octets: &[u8]) -> String {
    octets.get(..500).unwrap_or(octets).escape_ascii().to_string()
}
