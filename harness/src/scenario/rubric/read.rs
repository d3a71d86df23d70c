//! Reads a rubric, and says everything that is wrong in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Build, Deduction, Group, Limits, Login, Missing, Part, PartOfGrade, Points, Rubric, StaticCheck, Style, Visibility,
};
use crate::scenario::load::reader::{Fields, Reader, Wrong};
use crate::scenario::load::values;
use crate::scenario::profile::USUAL;
use crate::scenario::tree::{Located, Span};
use crate::scenario::yaml::{Node, Value};

pub(super) const RUBRIC: &[&str] = &[
    "title", "profile", "login", "timers", "build", "files", "setup", "launch", "readable", "limits", "missing",
    "repeat", "groups", "crash", "hang", "checks",
];
pub(super) const LOGIN: &[&str] = &["user", "password", "after"];
pub(super) const BUILD: &[&str] = &["clean", "command"];
pub(super) const STYLE: &[&str] = &["command", "directory", "environment", "port", "ready-within"];
pub(super) const LIMITS: &[&str] = &["processes", "memory", "cpu", "file", "disk", "build", "reply", "case", "all"];
pub(super) const GROUP: &[&str] =
    &["name", "points", "scenarios", "except", "all", "gate", "part", "extra", "deviation", "visibility", "hint"];
pub(super) const PART: &[&str] = &["match", "weight", "visibility", "hint"];
pub(super) const DEDUCTION: &[&str] = &["each", "most"];
pub(super) const CHECK: &[&str] = &["name", "command", "points", "deducts", "hint"];

pub(super) const MISSING: &[(&str, Missing)] = &[("lost", Missing::Lost), ("left-out", Missing::LeftOut)];
pub(super) const PARTS: &[(&str, PartOfGrade)] =
    &[("functionality", PartOfGrade::Functionality), ("robustness", PartOfGrade::Robustness)];
pub(super) const VISIBILITIES: &[(&str, Visibility)] =
    &[("visible", Visibility::Visible), ("after-due-date", Visibility::AfterDueDate), ("hidden", Visibility::Hidden)];
const WHETHER: &[(&str, bool)] = &[("true", true), ("false", false)];

/// The most that a group may be worth, and a scenario may weigh.
const MOST_WEIGHT: u64 = 10_000;

impl Reader<'_> {
    pub(super) fn rubric(&mut self, node: &Node, file: &Arc<str>) -> Option<Rubric> {
        let fields = self.fields(node, "a rubric", RUBRIC)?;
        let title = self.required(node, &fields, "title");
        let groups = self.groups(node, &fields);
        let launch = self.launch(node, &fields);
        let name = file.rsplit('/').next().unwrap_or_default();
        let name = name.trim_end_matches(".yaml").trim_end_matches(".yml").to_owned();
        let profile = self.optional(&fields, "profile").unwrap_or_else(|| USUAL.to_owned());
        let login = fields.value("login").and_then(|node| self.login(node));
        let timers = fields.value("timers").map(|node| self.timers(node)).unwrap_or_default();
        let build = fields.value("build").and_then(|node| self.build(node)).unwrap_or_default();
        let files = fields.value("files").map(|node| self.texts_by_name(node, "files")).unwrap_or_default();
        let setup = fields.value("setup").map(|node| self.texts(node, "setup")).unwrap_or_default();
        let readable = fields.value("readable").map(|node| self.texts(node, "readable")).unwrap_or_default();
        let limits = fields.value("limits").and_then(|node| self.limits(node)).unwrap_or_default();
        let missing = fields.value("missing").and_then(|node| self.word(node, "missing", MISSING)).unwrap_or_default();
        let repeat = fields.value("repeat").and_then(|node| self.up_to(node, "repeat", 20)).unwrap_or(1);
        let crash = fields.value("crash").and_then(|node| self.deduction(node, "crash"));
        let hang = fields.value("hang").and_then(|node| self.deduction(node, "hang"));
        let checks = self.items(&fields, "checks", Self::check);
        Some(Rubric {
            name,
            file: Arc::clone(file),
            title: title?,
            profile,
            login,
            timers,
            build,
            files,
            setup,
            launch: launch?,
            readable: readable.into_iter().map(|folder| folder.value).collect(),
            limits,
            missing,
            repeat: usize::try_from(repeat).unwrap_or(1),
            groups: groups?,
            crash,
            hang,
            checks,
        })
    }

    fn groups(&mut self, node: &Node, fields: &Fields<'_>) -> Option<Vec<Group>> {
        let Some(written) = fields.value("groups") else {
            if fields.are_known() {
                let help = "say what gives points: groups: [{ name: Login, points: 10, scenarios: [rfc959/login] }]";
                self.fault_with_help(&node.span, "\"groups\" is missing", help);
            }
            return None;
        };
        let groups: Vec<_> = self.list(written, "groups")?.iter().filter_map(|node| self.group(node)).collect();
        for (at, group) in groups.iter().enumerate() {
            if groups.iter().take(at).any(|earlier| earlier.name.value == group.name.value) {
                let message = format!("two groups are called \"{}\"", group.name.value);
                self.fault_with_help(&group.name.span, message, "a student must be able to tell them apart");
            }
        }
        Some(groups)
    }

    fn group(&mut self, node: &Node) -> Option<Group> {
        let fields = self.fields(node, "a group", GROUP)?;
        let name = self.located(node, &fields, "name");
        let points = self.points(node, &fields, "points");
        let scenarios = fields.value("scenarios").and_then(|list| {
            let items = self.list(list, "scenarios")?;
            Some(items.iter().filter_map(|item| self.part(item)).collect())
        });
        if fields.value("scenarios").is_none() && fields.are_known() {
            self.fault(&node.span, "\"scenarios\" is missing");
        }
        let mut globs = |key: &str| fields.value(key).map(|list| self.texts(list, key)).unwrap_or_default();
        let (except, gate) = (globs("except"), globs("gate"));
        let mut whether =
            |key: &str| fields.value(key).and_then(|node| self.word(node, key, WHETHER)).unwrap_or_default();
        let (all, extra) = (whether("all"), whether("extra"));
        let part = fields.value("part").and_then(|node| self.word(node, "part", PARTS)).unwrap_or_default();
        let deviation = fields.value("deviation").and_then(|node| self.percent(node)).unwrap_or(100);
        let visibility = fields.value("visibility").and_then(|node| self.visibility(node)).unwrap_or_default();
        let hint = self.optional(&fields, "hint");
        Some(Group {
            name: name?,
            points: points?,
            scenarios: scenarios?,
            except,
            all,
            gate,
            part,
            extra,
            deviation,
            visibility,
            hint,
        })
    }

    /// A glob alone, or one with its weight.
    fn part(&mut self, node: &Node) -> Option<Part> {
        if let Value::Scalar { .. } = &node.value {
            let pattern = self.text(node, "a scenario")?.to_owned();
            let pattern = Located { value: pattern, span: node.span.clone() };
            return Some(Part { pattern, weight: 1, visibility: None, hint: None });
        }
        let fields = self.fields(node, "a scenario with its weight", PART)?;
        let pattern = self.located(node, &fields, "match");
        let weight = fields.value("weight").and_then(|node| self.up_to(node, "weight", MOST_WEIGHT)).unwrap_or(1);
        let visibility = fields.value("visibility").and_then(|node| self.visibility(node));
        let hint = self.optional(&fields, "hint");
        Some(Part { pattern: pattern?, weight: u32::try_from(weight).unwrap_or(1), visibility, hint })
    }

    fn launch(&mut self, node: &Node, fields: &Fields<'_>) -> Option<Vec<Style>> {
        let Some(written) = fields.value("launch") else {
            if fields.are_known() {
                let help = "say how a submission is started: launch: [./server -port {port} -root {root}]";
                self.fault_with_help(&node.span, "\"launch\" is missing", help);
            }
            return None;
        };
        Some(self.list(written, "launch")?.iter().filter_map(|node| self.style(node)).collect())
    }

    /// A command line alone, or with what belongs to it.
    fn style(&mut self, node: &Node) -> Option<Style> {
        let usual = Duration::from_secs(5);
        if let Value::Scalar { .. } = &node.value {
            let command = Located { value: self.text(node, "a command")?.to_owned(), span: node.span.clone() };
            let style =
                Style { command, directory: None, environment: BTreeMap::new(), port: None, ready_within: usual };
            return self.told_its_port(style);
        }
        let fields = self.fields(node, "a way to start", STYLE)?;
        let command = self.located(node, &fields, "command");
        let directory = self.optional(&fields, "directory");
        let environment = fields.value("environment").map(|node| self.texts_by_name(node, "environment"));
        let port = fields.value("port").and_then(|node| self.up_to(node, "port", u64::from(u16::MAX)));
        let ready_within = fields.value("ready-within").and_then(|node| self.time(node)).unwrap_or(usual);
        self.told_its_port(Style {
            command: command?,
            directory,
            environment: environment.unwrap_or_default(),
            port: port.and_then(|port| u16::try_from(port).ok()),
            ready_within,
        })
    }

    /// A server must learn its port from somewhere. What is written into its files is not looked at here.
    fn told_its_port(&mut self, style: Style) -> Option<Style> {
        let told = style.command.value.contains("{port}")
            || style.environment.values().any(|value| value.contains("{port}"))
            || style.port.is_some();
        if !told && !style.command.value.contains("{config}") {
            let help = "write {port} in the command, or, if the port is compiled in: { command: ./server, port: 21 }";
            self.fault_with_help(&style.command.span, "the server is not told its port", help);
            return None;
        }
        Some(style)
    }

    fn login(&mut self, node: &Node) -> Option<Login> {
        let fields = self.fields(node, "login", LOGIN)?;
        let user = self.required(node, &fields, "user");
        let password = self.optional(&fields, "password").unwrap_or_default();
        let after = fields.value("after").map(|list| self.texts(list, "after")).unwrap_or_default();
        Some(Login { user: user?, password, after: after.into_iter().map(|line| line.value).collect() })
    }

    fn build(&mut self, node: &Node) -> Option<Build> {
        let fields = self.fields(node, "build", BUILD)?;
        let mut commands = |key: &str| -> Vec<Located<String>> {
            match fields.value(key) {
                Some(one) if one.text().is_some() => {
                    let text = self.text(one, key).map(str::to_owned);
                    text.map(|value| Located { value, span: one.span.clone() }).into_iter().collect()
                }
                Some(list) => self.texts(list, key),
                None => Vec::new(),
            }
        };
        Some(Build { clean: commands("clean"), commands: commands("command") })
    }

    fn limits(&mut self, node: &Node) -> Option<Limits> {
        let fields = self.fields(node, "limits", LIMITS)?;
        let usual = Limits::default();
        let mut time = |key: &str, usual: Duration| fields.value(key).and_then(|node| self.time(node)).unwrap_or(usual);
        let (cpu, build, reply) = (time("cpu", usual.cpu), time("build", usual.build), time("reply", usual.reply));
        let (case, all) = (time("case", usual.case), time("all", usual.all));
        let mut octets = |key: &str, usual: u64| {
            let Some(node) = fields.value(key) else { return usual };
            let read = self.text(node, key).map(values::size);
            read.and_then(|read| self.or_fault(node, read)).unwrap_or(usual)
        };
        let (memory, file, disk) =
            (octets("memory", usual.memory), octets("file", usual.file), octets("disk", usual.disk));
        let processes = fields.value("processes").and_then(|node| self.up_to(node, "processes", 100_000));
        let processes = processes.unwrap_or(usual.processes);
        Some(Limits { processes, memory, cpu, file, disk, build, reply, case, all })
    }

    fn deduction(&mut self, node: &Node, what: &str) -> Option<Deduction> {
        let fields = self.fields(node, what, DEDUCTION)?;
        let each = self.points(node, &fields, "each");
        let most = fields.value("most").and_then(|_| self.points(node, &fields, "most"));
        Some(Deduction { each: each?, most })
    }

    fn check(&mut self, node: &Node) -> Option<StaticCheck> {
        let fields = self.fields(node, "a check", CHECK)?;
        let name = self.required(node, &fields, "name");
        let command = self.located(node, &fields, "command");
        let points = self.points(node, &fields, "points");
        let deducts = fields.value("deducts").and_then(|node| self.word(node, "deducts", WHETHER)).unwrap_or_default();
        let hint = self.optional(&fields, "hint");
        Some(StaticCheck { name: name?, command: command?, points: points?, deducts, hint })
    }

    fn timers(&mut self, node: &Node) -> BTreeMap<String, Duration> {
        let entries =
            self.entries(node, "timers").map(|fields| fields.entries().collect::<Vec<_>>()).unwrap_or_default();
        let read = entries.into_iter().filter_map(|(name, time)| Some((name.text()?.to_owned(), self.time(time)?)));
        read.collect()
    }

    fn texts_by_name(&mut self, node: &Node, what: &str) -> BTreeMap<String, String> {
        let entries = self.entries(node, what).map(|fields| fields.entries().collect::<Vec<_>>()).unwrap_or_default();
        let read = entries.into_iter().filter_map(|(name, text)| {
            let text = self.text(text, what)?;
            Some((name.text()?.to_owned(), text.to_owned()))
        });
        read.collect()
    }

    fn items<T>(&mut self, fields: &Fields<'_>, key: &str, item: fn(&mut Self, &Node) -> Option<T>) -> Vec<T> {
        let Some(list) = fields.value(key) else { return Vec::new() };
        let items = self.list(list, key).unwrap_or_default();
        items.iter().filter_map(|node| item(self, node)).collect()
    }

    fn located(&mut self, node: &Node, fields: &Fields<'_>, key: &str) -> Option<Located<String>> {
        let value = self.required(node, fields, key)?;
        let span: Span = fields.value(key).map_or_else(|| node.span.clone(), |node| node.span.clone());
        Some(Located { value, span })
    }

    fn points(&mut self, node: &Node, fields: &Fields<'_>, key: &str) -> Option<Points> {
        let text = self.required(node, fields, key)?;
        let place = fields.value(key).unwrap_or(node);
        let help = "points are a number with at most two digits behind the point: 10, 2.5 or 0.25";
        let read = Points::parse(&text).ok_or_else(|| Wrong::new(format!("\"{text}\" are no points"), help));
        self.or_fault(place, read)
    }

    fn percent(&mut self, node: &Node) -> Option<u8> {
        let text = self.text(node, "deviation")?;
        let percent =
            text.strip_suffix('%').and_then(|number| number.trim().parse().ok()).filter(|percent| *percent <= 100);
        let help = "say how much of its points a case gives that deviates in a tolerated way: 100% to 0%";
        let read = percent.ok_or_else(|| Wrong::new(format!("\"{text}\" is no share"), help));
        self.or_fault(node, read)
    }

    fn up_to(&mut self, node: &Node, what: &str, most: u64) -> Option<u64> {
        let text = self.text(node, what)?;
        let read = values::number(text).and_then(|number| {
            let wrong = || Wrong::new(format!("{what} cannot be {text}"), format!("say 1 to {most}"));
            if (1..=most).contains(&number) { Ok(number) } else { Err(wrong()) }
        });
        self.or_fault(node, read)
    }

    fn time(&mut self, node: &Node) -> Option<Duration> {
        let read = self.text(node, "a time").map(values::duration)?;
        self.or_fault(node, read)
    }

    fn visibility(&mut self, node: &Node) -> Option<Visibility> {
        self.word(node, "visibility", VISIBILITIES)
    }
}
