//! What each key of the language holds, and what it means, in a sentence.

use serde_json::{Value, json};

use super::{any, data_words, describe, properties, reference};
use crate::scenario::load::steps::CLOSED;
use crate::scenario::load::task::{DATA_FACTS, FACT_KEYS};
use crate::scenario::load::tls::TLS;

/// A map of known keys.
pub(super) fn described_map(description: &str, keys: &[&str], form: fn(&str) -> Value, required: &[&str]) -> Value {
    json!({
        "description": description,
        "type": "object",
        "required": required,
        "properties": properties(keys, form),
        "additionalProperties": false,
    })
}

fn steps() -> Value {
    json!({ "type": "array", "minItems": 1, "items": reference("step") })
}

fn words(words: &[&str]) -> Value {
    any(&[json!({ "enum": words }), reference("gap"), json!({ "type": "string", "pattern": "\\{" })])
}

pub(super) fn scenario_key(key: &str) -> Value {
    let (description, form) = match key {
        "purpose" => ("What it is for, in one sentence.", reference("text")),
        "covers" => ("Ids of requirements, the principal one first.", reference("texts")),
        "recorded" => ("Instead of covers: it asks for what one server answered.", json!({ "enum": ["true", true] })),
        "given" => ("Start states: files of given/.", reference("texts")),
        "needs" => ("What the subject must claim; else the case is skipped.", reference("texts")),
        "text" => ("Whether texts of replies decide.", words(&["exact", "shown"])),
        "connections" => (
            "Whom each control connection reaches; else { a: subject }.",
            json!({ "type": "object", "required": ["a"], "additionalProperties": words(&["subject", "second"]) }),
        ),
        "modified" => (
            "When names of files were last modified before: YYYYMMDDHHMMSS, in UTC.",
            json!({ "type": "object", "additionalProperties": reference("text") }),
        ),
        "files" => {
            ("The tree on the server before: name to content; NAME/ is a directory and has {}.", reference("tree"))
        }
        "each" => (
            "A table: a map of lists (every combination is a case) or a list of maps (every map is a case).",
            any(&[
                json!({ "type": "object", "minProperties": 1, "additionalProperties": reference("texts") }),
                json!({ "type": "array", "minItems": 1, "items": { "type": "object", "additionalProperties": reference("text") } }),
            ]),
        ),
        "steps" => ("The conversation.", steps()),
        "finally" => ("Steps that run whatever happened.", steps()),
        "leaves" => (
            "What must stand on the server afterwards: absent, directory, same, same as NAME, or a content.",
            reference("tree"),
        ),
        "tested-by" => ("The scenario that tests this state.", reference("text")),
        _ => return task_key(key),
    };
    describe(description, form)
}

/// The keys of a scenario for clients.
fn task_key(key: &str) -> Value {
    let (description, form) = match key {
        "task" => (
            "What a client is asked to do, which makes this a scenario for clients: get NAME, put NAME as NAME, list, …",
            any(&[
                reference("text"),
                json!({ "type": "object", "minProperties": 1, "maxProperties": 2, "additionalProperties": reference("text") }),
                json!({ "type": "array", "minItems": 1 }),
            ]),
        ),
        "mode" => {
            ("Who makes the data connections; else the client does as it is used to.", words(&["passive", "active"]))
        }
        "tls" => (
            "The client is told to use TLS: with any certificate, or with one that somebody vouches for.",
            words(&["explicit", "verified"]),
        ),
        "client" => (
            "What stands in the client's directory before.",
            json!({ "type": "object", "properties": { "files": reference("tree") }, "additionalProperties": false }),
        ),
        "server" => (
            "What stands on the server before, and how it deviates: rules as in harness/mutants/README.md.",
            json!({
                "type": "object",
                "properties": {
                    "files": reference("tree"),
                    "modified": { "type": "object", "additionalProperties": reference("text") },
                    "on": { "type": "object", "additionalProperties": any(&[reference("text"), json!({ "type": "object" })]) },
                    "rules": { "type": "array", "minItems": 1, "items": { "type": "object", "required": ["on"] } },
                    "clients": reference("text"),
                },
                "additionalProperties": false,
            }),
        ),
        "expect" => (
            "What must be seen of the client, in any order.",
            json!({
                "type": "array",
                "minItems": 1,
                "items": { "type": "object", "properties": properties(FACT_KEYS, fact_key), "additionalProperties": false },
            }),
        ),
        _ => ("", json!({})),
    };
    describe(description, form)
}

fn fact_key(key: &str) -> Value {
    let line = "with * for anything, and | between several";
    let (description, form) = match key {
        "C" => (format!("The client says this line, {line}."), reference("text")),
        "in-order" => ("The client says these lines in this order.".to_owned(), reference("texts")),
        "followed" => ("Right behind the one line comes the other.".to_owned(), reference("texts")),
        "never" => (format!("The client never says this line, {line}."), reference("text")),
        "at-most" => (
            "The client says it so often at most.".to_owned(),
            json!({
                "type": "object",
                "required": ["times", "C"],
                "properties": { "times": reference("text"), "C": reference("text") },
                "additionalProperties": false,
            }),
        ),
        "answered" => ("Until that is answered the client says nothing else.".to_owned(), reference("text")),
        "applies" => ("Where the client never says this line, the case is skipped.".to_owned(), reference("text")),
        "data" => (
            "Something about the data connections.".to_owned(),
            words(&DATA_FACTS.iter().map(|(word, _)| *word).collect::<Vec<_>>()),
        ),
        "local" => (
            "What stands in the client's directory afterwards; same is as on the server.".to_owned(),
            reference("tree"),
        ),
        "remote" => (
            "What stands on the server afterwards; same is as in the client's directory.".to_owned(),
            reference("tree"),
        ),
        "exit" => ("What the client tells of its end.".to_owned(), words(&["ok", "failure"])),
        "within" => ("How long the client may take.".to_owned(), reference("text")),
        "prints" => ("What the client prints.".to_owned(), any(&[reference("text"), reference("texts")])),
        "never-prints" => ("What the client does not print.".to_owned(), any(&[reference("text"), reference("texts")])),
        "for" => ("The requirement that it is measured by; else the first of `covers`.".to_owned(), reference("text")),
        "because" => ("Why it is asked for.".to_owned(), reference("text")),
        _ => (String::new(), json!({})),
    };
    describe(&description, form)
}

pub(super) fn step_key(key: &str) -> Value {
    let (description, form) = match key {
        "C" => (
            "What the client says: a command line, a list of lines in one write, or octets.",
            any(&[reference("text"), reference("texts"), reference("say-map")]),
        ),
        "S" => (
            "What the server may reply: codes, a code and its text, a sequence, or a map.",
            any(&[reference("sequence"), reference("reply-map")]),
        ),
        "login" => ("The client logs in, the way that the subject's file says.", reference("nothing")),
        "data" => ("Something on the data connection.", data_words()),
        "tls" => (
            "Something about TLS: control and data begin it there.",
            any(&[
                words(&["control", "data"]),
                json!({ "type": "object", "properties": properties(TLS, tls_key), "additionalProperties": false }),
            ]),
        ),
        "silence" => (
            "Nothing arrives.",
            json!({
                "type": "object",
                "required": ["on", "for"],
                "properties": { "on": words(&["control", "data", "both"]), "for": reference("text") },
                "additionalProperties": false,
            }),
        ),
        "closed" => (
            "The server closes the control connection.",
            json!({ "type": "object", "properties": properties(CLOSED, closed_key), "additionalProperties": false }),
        ),
        "may-close" => (
            "From here on the server may close the control connection; where it does, the case has passed.",
            reference("nothing"),
        ),
        "hang-up" => ("The client ends the control connection, without QUIT.", words(&["fin", "reset"])),
        "as" => ("The following steps speak on this control connection.", reference("text")),
        "unpredictable" => ("From the ports bound to these names the next one cannot be told.", reference("texts")),
        _ => ("", json!({})),
    };
    describe(description, form)
}

fn tls_key(key: &str) -> Value {
    let (description, form) = match key {
        "on" => ("The client begins TLS on this connection.", words(&["control", "data"])),
        "session" => ("Whether an earlier session is offered; else resumed.", words(&["resumed", "fresh"])),
        "server-name" => ("The host that the client's hello names; else none.", reference("text")),
        "failure" => ("What it is that no TLS comes of it; else against.", words(&["against", "passes"])),
        "leave" => ("TLS ends here, and the connection goes on in clear.", words(&["control"])),
        "ended" => ("How the server ended TLS on the last data connection.", words(&["close-notify"])),
        "certificate" => {
            ("The certificate of the last data connection is that of the control connection.", words(&["same"]))
        }
        _ => ("", json!({})),
    };
    describe(description, form)
}

fn closed_key(key: &str) -> Value {
    let (description, form) = match key {
        "how" => ("How it may end.", words(&["any", "fin"])),
        "within" => ("How long it may take.", reference("within")),
        "last" => ("The codes of which the last reply before it has one.", reference("text")),
        "not-applicable" => ("The last reply that shows that the case does not arise.", reference("text")),
        _ => ("", json!({})),
    };
    describe(description, form)
}

pub(super) fn reply_key(key: &str) -> Value {
    let values = [
        "host-port",
        "port",
        "path",
        "time",
        "size",
        "name",
        "sender-marker",
        "receiver-marker",
        "text",
        "chosen",
        "offered",
        "starred",
    ];
    let read = |form: &str| json!({ "type": "object", "propertyNames": { "enum": values }, "additionalProperties": reference(form) });
    let (description, form) = match key {
        "pass" => ("The accepted replies: one sequence.", reference("sequence")),
        "any-of" => {
            ("Several accepted sequences.", json!({ "type": "array", "minItems": 1, "items": reference("sequence") }))
        }
        "exactly" => ("As pass, and everything else fails.", reference("sequences")),
        "deviation" => {
            ("Tolerated, silence too where it says so; everything else outside of pass fails.", reference("sequences"))
        }
        "not-applicable" => ("Codes by which the subject says that it does not have the feature.", reference("text")),
        "enough" => ("Codes with which the case is over, and in order.", reference("text")),
        "because" => ("Why it is graded so.", reference("text")),
        "text" => ("The text of the last reply.", reference("text")),
        "text-mode" => ("Whether that text decides here.", words(&["exact", "shown"])),
        "contains" => ("Each must stand in the last reply.", any(&[reference("text"), reference("texts")])),
        "says" => {
            ("Each must stand in the last reply, in any letter case.", any(&[reference("text"), reference("texts")]))
        }
        "first-word" => {
            ("The word with which the text of the last reply begins; another word is tolerated.", reference("texts"))
        }
        "features" => (
            "Lines of the reply to FEAT that must be there; [] judges its form only.",
            json!({ "type": "array", "items": reference("text") }),
        ),
        "if-features" => ("Lines of the reply to FEAT; where one is missing, the case is skipped.", reference("texts")),
        "without-features" => ("Labels, none of which the reply to FEAT tells.", reference("texts")),
        "language" => (
            "The language in use: no other has the star in the reply to FEAT; where it is not told, the case is skipped.",
            reference("text"),
        ),
        "charset" => ("How the text of the last reply is encoded.", words(&["utf-8"])),
        "entry" => ("The entry in a reply to MLST.", reference("entry-map")),
        "capture" => ("Read a value out of the last reply and bind it to a name.", read("text")),
        "reads" => ("The value in the last reply must be this, or not this.", read("value")),
        "within" => ("How long each reply may take: 5s, or a timer of the subject.", reference("within")),
        _ => ("", json!({})),
    };
    describe(description, form)
}

pub(super) fn entry_key(key: &str) -> Value {
    let (description, form) = match key {
        "name" => ("Its name: this, or a full path that ends in it.", reference("text")),
        "facts" => ("Facts that it has.", reference("facts")),
        "only" => ("The facts that it may have: Type;Size;", reference("text")),
        _ => ("", json!({})),
    };
    describe(description, form)
}

pub(super) fn body_key(key: &str) -> Value {
    let (description, form) = match key {
        "text" => ("This text.", reference("text")),
        "times" => ("The text is said so often.", reference("text")),
        "end" => ("What stands behind a text that is said again and again, or behind zeros.", reference("text")),
        "link" => ("A symbolic link to this name of `files`.", reference("text")),
        "zeros" => ("So many octets of zero, which take no room on the disk: 5 GiB.", reference("text")),
        "hex" => ("These octets, in hexadecimal.", reference("text")),
        "size" => ("A generated body of so many octets: 1 MiB.", reference("text")),
        "seed" => ("The seed of the generated body; else 0.", reference("text")),
        "of" => ("What `files` says of this name.", reference("text")),
        "from" => ("How many octets are left out at its beginning.", reference("text")),
        "rest-of" => ("What remains of this file behind the octets read so far.", reference("text")),
        "behind" => ("What stands in the file `of` behind the place of the marker of this name.", reference("text")),
        "names" => (
            "Lines that are exactly these names, in any order.",
            json!({ "type": "array", "items": reference("text") }),
        ),
        "mentions" => ("Each of these stands in some line, as a word of its own.", reference("texts")),
        "without" => ("None of these stands in a line.", reference("texts")),
        "length" => ("So many octets.", reference("text")),
        "entries" => (
            "Entries of MLSD: exactly these names, each with its facts.",
            json!({ "type": "object", "additionalProperties": reference("facts") }),
        ),
        "only" => ("The facts that entries may have: Type;Size;", reference("text")),
        "cdir" => {
            ("The name of the listed directory itself; where it is not listed, the case is skipped.", reference("text"))
        }
        "pdir" => ("The name of the directory above; where it is not listed, the case is skipped.", reference("text")),
        _ => ("", json!({})),
    };
    describe(description, form)
}

pub(super) fn say_key(key: &str) -> Value {
    let (description, form) = match key {
        "bytes" => ("These octets in hexadecimal, nothing added.", reference("text")),
        "urgent" => ("The last octet goes as TCP urgent data.", urgent()),
        "line" => ("A command line.", reference("text")),
        "end" => ("How the line ends.", words(&["crlf", "lf", "cr", "none"])),
        "segments" => ("Each its own write, exactly as written.", reference("texts")),
        _ => ("", json!({})),
    };
    describe(description, form)
}

pub(super) fn data_key(key: &str) -> Value {
    let (description, form) = match key {
        "open" => (
            "Agree on a data connection by this command.",
            any(&[words(&["PASV", "PORT", "EPSV", "EPRT"]), json!({ "type": "null" })]),
        ),
        "reply" => ("The code and text of its reply.", reference("text")),
        "transfers" => ("For how many transfers the client goes on listening.", reference("text")),
        "connect-from" => ("The client connects from this address of its host.", reference("text")),
        "receive-buffer" => ("The receive buffer of the client's socket: 64 KiB.", reference("text")),
        "server-sends" => ("The server sends exactly this, and ends it.", reference("body")),
        "client-sends" => ("The client sends this, and ends it.", reference("body")),
        "form" => (
            "How it travels: one word of TYPE, of STRU and of MODE at most, in this order: ascii records blocks.",
            reference("text"),
        ),
        "marker" => ("The first restart marker in it is bound to this name.", reference("text")),
        "read" => ("The client takes so many octets.", reference("text")),
        "write" => ("The client sends this, and does not end it.", reference("body")),
        "expect-no-connection" => ("Nobody connects to the client for this long.", reference("text")),
        _ => ("", json!({})),
    };
    describe(description, form)
}

/// Yes or no, or a column of `each`.
fn urgent() -> Value {
    any(&[json!({ "type": "boolean" }), json!({ "type": "string", "pattern": "^\\{[^{}]+\\}$" })])
}
