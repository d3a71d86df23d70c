//! Why cases were lost that ended in a crash or in silence: one fault of a program may be met by many cases.

use std::collections::BTreeMap;

use reports::model::{Case, Channel, FailKind, Report, Verdict, What};

/// What ended a case, in words that are the same for the same fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// A crash, or silence.
    pub kind: FailKind,
    /// `signal 11 (SIGSEGV: a bad memory access)`, `exit code 1`; empty for silence.
    pub ending: String,
    /// The command that it was met at; empty for the connection itself.
    pub verb: String,
}

impl Cause {
    /// What ended this case, if it was a crash or silence.
    pub fn of(case: &Case) -> Option<Self> {
        let kind = case.kind.filter(|_| case.verdict == Verdict::Fail)?;
        let ending = match kind {
            FailKind::Crash => case.events.iter().rev().find_map(|event| ending(&event.what)).unwrap_or_default(),
            FailKind::Hang => String::new(),
            FailKind::NoStart => return None,
        };
        Some(Self { kind, ending, verb: last_verb(case) })
    }

    /// In a sentence without its end.
    pub fn words(&self) -> String {
        let at = match self.verb.as_str() {
            "" => "when a client connected or went away".to_owned(),
            verb => format!("at {verb}"),
        };
        match self.kind {
            FailKind::Crash => format!("the program ended by itself {at}: {}", self.ending),
            FailKind::Hang => format!("no reply {at}"),
            FailKind::NoStart => "the program never listened".to_owned(),
        }
    }
}

/// Every cause of a report with the cases that met it, in the order of the report.
pub fn causes(report: &Report) -> Vec<(Cause, Vec<&Case>)> {
    let mut places: BTreeMap<Cause, usize> = BTreeMap::new();
    let mut found: Vec<(Cause, Vec<&Case>)> = Vec::new();
    for case in &report.cases {
        let Some(cause) = Cause::of(case) else { continue };
        let at = *places.entry(cause.clone()).or_insert(found.len());
        match found.get_mut(at) {
            Some((_, cases)) => cases.push(case),
            None => found.push((cause, vec![case])),
        }
    }
    found
}

fn ending(what: &What) -> Option<String> {
    let What::Exited { code, signal, .. } = what else { return None };
    Some(match (signal, code) {
        (Some(signal), _) => format!("signal {signal}{}", signal_name(*signal)),
        (None, Some(code)) => format!("exit code {code}"),
        (None, None) => "nobody saw how".to_owned(),
    })
}

/// What the signals mean that students' programs die of.
pub fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL: an illegal instruction)",
        6 => " (SIGABRT: the program gave itself up, often after a damaged heap)",
        7 => " (SIGBUS: a bad memory access)",
        8 => " (SIGFPE: bad arithmetic, such as a division by zero)",
        9 => " (SIGKILL: it was killed, perhaps since it used too much)",
        11 => " (SIGSEGV: a bad memory access)",
        13 => " (SIGPIPE: it wrote to a connection that the client had closed)",
        14 => " (SIGALRM)",
        15 => " (SIGTERM)",
        24 => " (SIGXCPU: it used more processor time than it may)",
        25 => " (SIGXFSZ: it wrote a longer file than it may)",
        _ => "",
    }
}

/// The last command line that was said, as far as it is a verb: letters alone. Nothing counts behind the first time that
/// the client went away: what it does to a server shows at once or later, and another client may have spoken by then.
fn last_verb(case: &Case) -> String {
    let before = case.events.iter().take_while(|event| !matches!(event.what, What::Hung { .. }));
    let lines = before.filter(|event| event.channel == Channel::Control);
    let said = lines
        .filter_map(|event| if let What::Sent { octets, .. } = &event.what { Some(octets.as_slice()) } else { None });
    let verb = |octets: &[u8]| -> String {
        let letters = octets.iter().take_while(|octet| octet.is_ascii_alphabetic()).take(4);
        letters.map(|octet| char::from(octet.to_ascii_uppercase())).collect()
    };
    said.map(verb).filter(|verb| !verb.is_empty()).last().unwrap_or_default()
}
