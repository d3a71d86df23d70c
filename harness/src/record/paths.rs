//! Where the names that a client says lead, below the folder that it came to.

/// Where a session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The path that PWD told first.
    home: Option<String>,
    /// The parts of the path below it; none where it was left.
    cwd: Option<Vec<String>>,
}

impl Default for Place {
    fn default() -> Self {
        Self { home: None, cwd: Some(Vec::new()) }
    }
}

impl Place {
    /// The path below the first folder, `""` for that itself; none where nobody can tell.
    pub(super) fn path(&self, argument: &[u8]) -> Option<String> {
        self.parts(argument).map(|parts| parts.join("/"))
    }

    /// The folder it stands in.
    pub(super) fn here(&self) -> Option<String> {
        self.cwd.as_ref().map(|parts| parts.join("/"))
    }

    /// CWD was accepted.
    pub(super) fn goes_to(&mut self, argument: &[u8]) {
        self.cwd = self.parts(argument);
    }

    /// Whoever logs in stands in the first folder again.
    pub(super) fn goes_home(&mut self) {
        self.cwd = Some(Vec::new());
    }

    /// PWD told a path. Gives how a scenario says it: with a capture where it may be another elsewhere.
    pub(super) fn told(&mut self, path: &str) -> Told {
        let Some(here) = self.here() else { return Told::Nothing };
        if here.is_empty() && self.home.is_none() {
            self.home = Some(path.to_owned());
        }
        let Some(home) = &self.home else { return Told::Nothing };
        if path == home && here.is_empty() {
            return Told::Home;
        }
        if below(path, home).is_none_or(|rest| rest.join("/") != here) {
            return Told::Nothing;
        }
        Told::Below(if home == "/" {
            super::yaml::bare(path)
        } else {
            format!("{{home}}/{}", super::yaml::bare(&here))
        })
    }

    /// A line with the first folder as `{home}`, where that may be another elsewhere. As a template.
    pub(super) fn abstracted(&self, verb: &str, argument: &str, line: &str) -> String {
        let home = self.home.as_deref().filter(|home| *home != "/" && WITH_PATH.contains(&verb));
        match home.and_then(|home| argument.strip_prefix(home)) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                let before = line.strip_suffix(argument).unwrap_or(line);
                format!("{}{{home}}{}", super::yaml::bare(before), super::yaml::bare(rest))
            }
            Some(_) | None => super::yaml::bare(line),
        }
    }

    fn parts(&self, argument: &[u8]) -> Option<Vec<String>> {
        let argument = std::str::from_utf8(argument).ok()?;
        // `~` means what the server's shell makes of it.
        if argument.starts_with('~') || argument.contains(['\0', '\r', '\n']) {
            return None;
        }
        let home = self.home.as_deref().unwrap_or("/");
        if argument.starts_with('/') {
            return below(argument, home);
        }
        let mut parts = self.cwd.clone()?;
        for part in argument.split('/').filter(|part| !matches!(*part, "" | ".")) {
            if part != ".." {
                parts.push(part.to_owned());
            } else if parts.pop().is_none() && home != "/" {
                return None;
            }
        }
        Some(parts)
    }
}

/// How the path that PWD told is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// It is that of the first folder.
    Home,
    /// A template.
    Below(String),
    /// Not at all.
    Nothing,
}

/// The commands whose argument is a path.
const WITH_PATH: [&str; 19] = [
    "CWD", "XCWD", "RETR", "STOR", "APPE", "DELE", "RNFR", "RNTO", "MKD", "XMKD", "RMD", "XRMD", "LIST", "NLST",
    "MLSD", "MLST", "SIZE", "MDTM", "STAT",
];

/// The parts of `path` behind those of `home`.
fn below(path: &str, home: &str) -> Option<Vec<String>> {
    walked(path)?.strip_prefix(walked(home)?.as_slice()).map(<[String]>::to_vec)
}

/// From the root, with `..` leading upwards and never above it.
fn walked(path: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part.to_owned());
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn at(home: &str, cwd: &str) -> Place {
        let mut place = Place::default();
        place.told(home);
        place.goes_to(cwd.as_bytes());
        place
    }

    #[rstest]
    #[case("/", "", "a/b", Some("a/b"))]
    #[case("/", "", "/a//b/", Some("a/b"))]
    #[case("/", "box", "../c", Some("c"))]
    #[case("/", "", "../c", Some("c"))]
    #[case("/", "", "/../c", None)]
    #[case("/home/u", "", "/home/u/x", Some("x"))]
    #[case("/home/u", "", "/home/u", Some(""))]
    #[case("/home/u", "", "/home/user", None)]
    #[case("/home/u", "", "/etc/passwd", None)]
    #[case("/home/u", "", "../x", None)]
    #[case("/home/u", "box/in", "./.././x", Some("box/x"))]
    #[case("/", "", "~root", None)]
    fn names_lead_below_the_first_folder(
        #[case] home: &str,
        #[case] cwd: &str,
        #[case] argument: &str,
        #[case] path: Option<&str>,
    ) {
        assert_eq!(at(home, cwd).path(argument.as_bytes()).as_deref(), path);
    }

    #[rstest]
    #[case("/", "CWD", "/a", "CWD /a")]
    #[case("/home/u", "CWD", "/home/u/a{", "CWD {home}/a{{")]
    #[case("/home/u", "CWD", "/home/u", "CWD {home}")]
    #[case("/home/u", "CWD", "/home/user", "CWD /home/user")]
    #[case("/home/u", "SITE", "/home/u", "SITE /home/u")]
    fn lines_name_the_first_folder(
        #[case] home: &str,
        #[case] verb: &str,
        #[case] argument: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(at(home, "").abstracted(verb, argument, &format!("{verb} {argument}")), expected);
    }

    #[test]
    fn what_pwd_tells() {
        let mut place = Place::default();
        assert_eq!(place.told("/home/u"), Told::Home);
        place.goes_to(b"box");
        assert_eq!(place.told("/home/u/box"), Told::Below("{home}/box".to_owned()));
        assert_eq!(place.told("/elsewhere"), Told::Nothing);
        let mut place = at("/", "box");
        assert_eq!(place.told("/box"), Told::Below("/box".to_owned()));
    }
}
