//! HOST (RFC 7151).

use crate::session::host::{Chosen, HostName};
use crate::session::language::Language;
use crate::session::replies::reply;
use crate::session::{Login, Session, Step};

/// It comes before login, and the last one counts (§3). It drops a USER that came before it: who may log in is for the host to
/// say (§4). It takes back LANG too (RFC 2640 §4.1). A refused one changes nothing (§3.3).
pub(super) fn host(session: &mut Session, argument: &[u8]) -> Step {
    if session.is_logged_in() {
        return reply::<503>("HOST comes before login; send REIN first.").into();
    }
    let Some(name) = HostName::parse(argument) else {
        return reply::<501>("HOST takes a name, an IPv4 address, or an IPv6 address in brackets, and no port.").into();
    };
    if session.is_other_than_in_tls(&name) {
        return reply::<504>("TLS was begun with another host than this.").into();
    }
    let Some(host) = session.find_host(&name) else {
        return reply::<504>("There is no such host here.").into();
    };
    session.become_host(host);
    session.login = Login::Nobody;
    session.options.language = Language::default();
    session.greeting().into()
}

impl Session {
    /// RFC 7151 §3.2.2: the name must be the one of the TLS hello, if there is one.
    fn is_other_than_in_tls(&self, name: &HostName) -> bool {
        match (&self.server_name, name) {
            (None, _) => false,
            (Some(told), HostName::Name(name)) => !told.eq_ignore_ascii_case(name),
            (Some(_), HostName::Address(_)) => true,
        }
    }

    /// The host of this name. The server has its address for a name, too.
    fn find_host(&self, name: &HostName) -> Option<Chosen> {
        match name {
            HostName::Address(address) => {
                (address.to_canonical() == self.local.ip().to_canonical()).then_some(Chosen::Server)
            }
            HostName::Name(name) if self.settings.site.eq_ignore_ascii_case(name) => Some(Chosen::Server),
            HostName::Name(name) => {
                let place = self.settings.hosts.iter().position(|host| host.name.eq_ignore_ascii_case(name));
                place.map(Chosen::Virtual)
            }
        }
    }
}
