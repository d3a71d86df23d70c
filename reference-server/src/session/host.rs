//! Virtual hosts (RFC 7151): who the server is for this user.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::interface::Action;
use super::{Login, Session};
use crate::store::{Location, Store};

/// A host that HOST can name.
#[derive(Debug)]
pub(crate) struct VirtualHost {
    pub(crate) name: String,
    /// Its own files; without them it has those of the server.
    pub(crate) volume: Option<Volume>,
}

/// Files that SMNT can name.
#[derive(Debug)]
pub(crate) struct Mount {
    pub(crate) name: String,
    pub(crate) volume: Volume,
}

/// Files that a session can be put on.
#[derive(Clone)]
pub(crate) struct Volume(pub(crate) Arc<dyn Store>);

impl PartialEq for Volume {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Volume {}

impl fmt::Debug for Volume {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Volume").finish_non_exhaustive()
    }
}

/// Which host a user has come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Chosen {
    /// The server itself.
    #[default]
    Server,
    /// The virtual host at this place of the settings.
    Virtual(usize),
}

/// What stands behind HOST (RFC 7151 §3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HostName {
    Address(IpAddr),
    Name(String),
}

impl HostName {
    /// Parses a name, an IPv4 address, or an IPv6 address in brackets. A port has no place here.
    pub(super) fn parse(octets: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(octets).ok()?;
        if let Some(inside) = text.strip_prefix('[') {
            let address = inside.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?;
            return Some(Self::Address(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Address(IpAddr::V4(address)));
        }
        let is_name = text.len() <= 253 && text.split('.').all(is_label);
        is_name.then(|| Self::Name(text.to_owned()))
    }
}

/// RFC 1123 §2.1: letters, digits and hyphens, and no hyphen at an end.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl Session {
    /// The name of the host this user has come to.
    pub(super) fn site(&self) -> &str {
        self.virtual_host().map_or(&self.settings.site, |host| &host.name)
    }

    fn virtual_host(&self) -> Option<&VirtualHost> {
        match self.host {
            Chosen::Server => None,
            Chosen::Virtual(place) => self.settings.hosts.get(place),
        }
    }

    /// The name in the hello of TLS is known. RFC 7151 §3.2.2: what HOST said before must be the same; else it was said by nobody
    /// knows whom, and is forgotten.
    pub(super) fn told_in_tls(&mut self, name: String) {
        if self.server_name.is_none()
            && let Some(host) = self.virtual_host()
            && !host.name.eq_ignore_ascii_case(&name)
        {
            self.become_host(Chosen::Server);
        }
        self.server_name = Some(name);
    }

    /// Becomes another host.
    pub(super) fn become_host(&mut self, host: Chosen) {
        self.host = host;
        self.mount(self.volume_of_host());
    }

    /// The files that the login has begun with: those of the user, or else of the host.
    pub(super) fn volume_of_login(&self) -> Option<Volume> {
        match &self.login {
            Login::LoggedIn { home: Some(home), .. } => Some(home.clone()),
            Login::LoggedIn { home: None, .. } | Login::NeedsAccount { .. } | Login::Named(_) | Login::Nobody => {
                self.volume_of_host()
            }
        }
    }

    /// The files of this host, before SMNT.
    pub(super) fn volume_of_host(&self) -> Option<Volume> {
        self.virtual_host().and_then(|host| host.volume.clone())
    }

    /// Goes to the root of other files; without a volume, of those of the server.
    pub(super) fn mount(&mut self, volume: Option<Volume>) {
        self.working = Location::root();
        if self.volume != volume {
            self.volume.clone_from(&volume);
            self.actions.push(Action::Mount(volume));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::name("ftp.Example.com", true)]
    #[case::a_label("xn--mller-kva.example", true)]
    #[case::one_label("localhost", true)]
    #[case::v4("192.0.2.1", true)]
    #[case::v6("[2001:db8::c000:201]", true)]
    #[case::v4_and_port("192.0.2.1:2112", false)]
    #[case::v6_and_port("[2001:db8::c000:201]:2112", false)]
    #[case::name_and_port("ftp.example.com:21", false)]
    #[case::v6_without_brackets("2001:db8::1", false)]
    #[case::v4_in_brackets("[192.0.2.1]", false)]
    #[case::hyphen_first("-bad.example", false)]
    #[case::hyphen_last("bad-.example", false)]
    #[case::empty_label("a..b", false)]
    #[case::dot_at_the_end("example.com.", false)]
    #[case::underscore("under_score.example", false)]
    #[case::space("a b", false)]
    #[case::u_label("m\u{fc}ller.example", false)]
    fn names(#[case] text: &str, #[case] is_one: bool) {
        assert_eq!(HostName::parse(text.as_bytes()).is_some(), is_one);
    }

    #[rstest]
    #[case(63, true)]
    #[case(64, false)]
    fn long_labels(#[case] length: usize, #[case] is_one: bool) {
        assert_eq!(HostName::parse("a".repeat(length).as_bytes()).is_some(), is_one);
    }
}
