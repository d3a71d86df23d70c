//! The arrows between packages, by their manifests and by their sources.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::none;
use crate::reader::{Named, Source, sources, text, workspace};

/// What each package may import of the others.
const ARROWS: [(&str, &[&str]); 5] = [
    ("protocol", &[]),
    ("reports", &[]),
    ("reference-server", &["protocol"]),
    ("reference-client", &["protocol"]),
    ("harness", &["reports", "reference-server", "reference-client"]),
];

/// The one program that sees both codecs. For it alone the harness has a dev-dependency on `protocol`.
const AGREEMENT: &str = "harness/tests/agreement.rs";

/// The one file that carries and starts the references.
const BUILTIN: &str = "harness/src/builtin.rs";

/// Packages and parts of the standard library that reach the world.
const WORLD: [&str; 15] = [
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
    "std::os::unix::net",
    "std::fs",
    "std::thread",
    "std::process",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
    "socket2",
    "rustix",
    "cap_std",
    "jiff",
];

/// What opens a connection or waits for one.
const SOCKETS: [&str; 7] = [
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
    "std::os::unix::net",
    "tokio",
    "socket2",
];

#[test]
fn every_package_is_known_here() {
    let known: Vec<_> = ARROWS.iter().map(|(name, _)| *name).collect();
    let unknown: Vec<_> = packages().into_keys().filter(|name| !known.contains(&name.as_str())).collect();
    none(&unknown, "A new package: say in ARROWS and in ARCHITECTURE.md what it may import.");
}

#[test]
fn manifests_draw_no_forbidden_arrow() {
    let packages = packages();
    let mut wrong = Vec::new();
    for (name, allowed) in ARROWS {
        for dependency in packages[name]["dependencies"].as_array().expect("a list") {
            let to = dependency["name"].as_str().expect("a name");
            let for_agreement = (name, to, &dependency["kind"]) == ("harness", "protocol", &Value::from("dev"));
            if packages.contains_key(to) && !allowed.contains(&to) && !for_agreement {
                wrong.push(format!("{name}/Cargo.toml depends on {to}"));
            }
            if packages.contains_key(to) && !dependency["rename"].is_null() {
                wrong.push(format!("{name}/Cargo.toml gives {to} another name, which hides it from this test"));
            }
            let reaches = WORLD.iter().any(|world| *world == to.replace('-', "_"));
            if reaches && ["protocol", "reports"].contains(&name) {
                wrong.push(format!("{name}/Cargo.toml depends on {to}"));
            }
        }
    }
    none(
        &wrong,
        "An arrow that ARCHITECTURE.md forbids. Take the dependency out; what needs it belongs in another package.",
    );
}

#[test]
fn protocol_is_named_by_the_references_and_the_agreement_test_alone() {
    let sources = sources(&["harness", "reports"]);
    let others = sources.iter().filter(|source| source.file != AGREEMENT);
    let wrong = naming(others, |named| named.path[0] == "protocol");
    none(
        &wrong,
        "The judge may not share a codec with the judged: a misreading in `protocol` would hide itself. \
         Read the octets with harness/src/wire.",
    );
}

#[test]
fn references_are_named_in_one_file_alone() {
    let sources = sources(&["protocol", "reference-server", "reference-client", "harness", "reports"]);
    let reference = |named: &Named, own: &str| {
        ["reference_server", "reference_client"].iter().any(|name| named.path[0] == *name && *name != own)
    };
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| source.file != BUILTIN) {
        let own = source.file.split('/').next().unwrap_or_default().replace('-', "_");
        wrong.extend(naming([source], |named| reference(named, &own)));
    }
    none(
        &wrong,
        "A reference is started as a process of its own, by harness/src/builtin.rs. Play against it through sockets.",
    );
}

#[test]
fn protocol_and_reports_import_nothing_of_ours() {
    let sources = sources(&["protocol", "reports"]);
    let ours = ["harness", "reference_server", "reference_client"];
    let mut wrong = naming(&sources, |named| ours.contains(&named.path[0].as_str()));
    let reports: Vec<_> = sources.iter().filter(|source| source.file.starts_with("reports/")).collect();
    let protocol: Vec<_> = sources.iter().filter(|source| source.file.starts_with("protocol/")).collect();
    wrong.extend(naming(reports, |named| named.path[0] == "protocol"));
    wrong.extend(naming(protocol, |named| named.path[0] == "reports"));
    none(&wrong, "`protocol` and `reports` are leaves. Hand in what they need as an argument.");
}

#[test]
fn references_know_no_reports_and_no_harness() {
    let sources = sources(&["reference-server", "reference-client"]);
    let wrong = naming(&sources, |named| ["harness", "reports"].contains(&named.path[0].as_str()));
    none(&wrong, "A reference is an ordinary peer: it knows nothing of the suite that judges it.");
}

#[test]
fn protocol_and_reports_reach_nothing_of_the_world() {
    let sources = sources(&["protocol", "reports/src"]);
    let wrong = naming(&sources, |named| named.path.len() > 1 && WORLD.iter().any(|world| named.meets(world)));
    none(
        &wrong,
        "No sockets, files, clocks, processes or threads in `protocol` and `reports`: the caller does that, and hands \
         in octets. Import single types (`std::net::IpAddr`), not whole modules.",
    );
}

#[test]
fn sockets_of_the_references_are_in_their_runtimes() {
    let sources = sources(&["reference-server/src", "reference-client/src"]);
    let sessions = sources.iter().filter(|source| !source.file.contains("/src/runtime"));
    let wrong = naming(sessions, |named| named.path.len() > 1 && SOCKETS.iter().any(|socket| named.meets(socket)));
    none(
        &wrong,
        "Only runtime.rs and runtime/ know sockets and tokio. Let the session return an action, and the runtime do it.",
    );
}

#[test]
fn every_package_uses_the_table_of_lints() {
    let lacks = |name: &String| !text(&format!("{name}/Cargo.toml")).contains("\n[lints]\nworkspace = true\n");
    let wrong: Vec<_> = packages().into_keys().filter(lacks).collect();
    none(&wrong, "Write `[lints]` and `workspace = true` into its Cargo.toml: the lints stand in the root, once.");
}

/// Where a path of this kind is named, in code or in an example of the documentation.
fn naming<'s>(sources: impl IntoIterator<Item = &'s Source>, wrong: impl Fn(&Named) -> bool) -> Vec<String> {
    let all = sources
        .into_iter()
        .flat_map(|source| source.code.iter().chain(&source.documentation).map(move |named| (&source.file, named)));
    let wrong = all.filter(|(_, named)| wrong(named));
    wrong.map(|(file, named)| format!("{file}:{} names {}", named.line, named.path.join("::"))).collect()
}

/// The packages of the workspace, as `cargo metadata` describes them.
fn packages() -> BTreeMap<String, Value> {
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--locked", "--format-version", "1"])
        .current_dir(workspace())
        .output()
        .expect("cargo can be run");
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let told: Value = serde_json::from_slice(&asked.stdout).expect("cargo speaks JSON");
    let packages = told["packages"].as_array().expect("a list");
    packages.iter().map(|package| (package["name"].as_str().expect("a name").to_owned(), package.clone())).collect()
}
