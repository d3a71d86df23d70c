//! From a line to what its command does. The table of `protocol` says what a verb takes and when it may come; here stands
//! what of it this server can do.

mod abort;
mod data_port;
mod deflate;
mod directory;
mod extensions;
mod facts;
mod file;
mod hash;
mod host;
mod language;
mod list;
mod login;
mod machine_list;
mod modify;
mod parameters;
mod range;
mod rename;
mod restart;
mod retrieve;
mod security;
mod site;
mod status;
mod store;

use protocol::command::{Login as When, Source};
use protocol::{Command, CommandError, Verb};

use super::replies::reply;
use super::{Changes, Creation, Login, Sequence, Session, Step};

/// What a verb does with its argument.
type Procedure = fn(&mut Session, &[u8]) -> Step;

/// The procedure of a verb.
#[expect(clippy::too_many_lines, reason = "a line for each verb, so that the compiler misses one that is forgotten")]
fn procedure(verb: Verb) -> Procedure {
    match verb {
        Verb::User => login::user,
        Verb::Pass => login::pass,
        Verb::Acct => login::acct,
        Verb::Rein => login::rein,
        Verb::Quit => login::quit,
        Verb::Cwd => directory::cwd,
        Verb::Cdup => directory::cdup,
        Verb::Smnt => directory::smnt,
        Verb::Pwd => directory::pwd,
        Verb::Mkd => directory::mkd,
        Verb::Rmd => directory::rmd,
        Verb::Port => data_port::port,
        Verb::Pasv => data_port::pasv,
        Verb::Eprt => data_port::eprt,
        Verb::Epsv => data_port::epsv,
        Verb::Lprt => data_port::lprt,
        Verb::Lpsv => data_port::lpsv,
        Verb::Type => parameters::representation,
        Verb::Stru => parameters::structure,
        Verb::Mode => parameters::mode,
        Verb::Retr => retrieve::retr,
        Verb::Stor => store::stor,
        Verb::Stou => store::stou,
        Verb::Appe => store::appe,
        Verb::Allo => store::allo,
        Verb::Rest => restart::rest,
        Verb::Rnfr => rename::rnfr,
        Verb::Rnto => rename::rnto,
        Verb::Dele => file::dele,
        Verb::Abor => abort::abor,
        Verb::List => list::list,
        Verb::Nlst => list::nlst,
        Verb::Stat => status::stat,
        Verb::Syst => status::syst,
        Verb::Help => status::help,
        Verb::Site => site::site,
        Verb::Noop => status::noop,
        Verb::Feat => extensions::feat,
        Verb::Opts => extensions::opts,
        Verb::Size => facts::size,
        Verb::Mdtm => facts::mdtm,
        Verb::Host => host::host,
        Verb::Lang => language::lang,
        Verb::Mlst => machine_list::mlst,
        Verb::Mlsd => machine_list::mlsd,
        Verb::Auth => security::auth,
        Verb::Adat => security::adat,
        Verb::Pbsz => security::pbsz,
        Verb::Prot => security::prot,
        Verb::Ccc => security::ccc,
        Verb::Mic | Verb::Conf | Verb::Enc => security::protected_command,
        Verb::Mfmt => modify::mfmt,
        Verb::Mff => modify::mff,
        Verb::Hash => hash::hash,
        Verb::Rang => range::rang,
        Verb::Xcrc => hash::xcrc,
        Verb::Xmd5 => hash::xmd5,
        Verb::Xsha1 => hash::xsha1,
        Verb::Xsha256 => hash::xsha256,
        Verb::Xsha512 => hash::xsha512,
        Verb::Avbl => store::avbl,
        Verb::Clnt => extensions::clnt,
        Verb::Mfct => modify::mfct,
    }
}

impl Session {
    /// Executes a line.
    pub(super) fn execute(&mut self, line: &[u8]) -> Step {
        // What the command before has prepared is for this one alone, whatever it is.
        self.sequence = std::mem::take(&mut self.next_sequence);
        let command = match Command::parse(line) {
            Ok(command) => command,
            Err(error) => return self.refuse(error),
        };
        let verb = command.verb();
        let Some(procedure) = self.procedure(verb) else { return not_implemented(verb) };
        if verb.row().login == When::After && !self.is_logged_in() {
            return reply::<530>("Not logged in: send USER and PASS first.").into();
        }
        if let Some(refusal) = self.transfer_needs_tls(verb) {
            return refusal.into();
        }
        self.keep_sequence(verb);
        procedure(self, command.argument())
    }

    /// RFC 959 §4.2.1: 500 for a command that is not recognised, 501 for an error in its argument.
    fn refuse(&self, error: CommandError) -> Step {
        match error {
            CommandError::UnknownVerb => reply::<500>("Command not recognised.").into(),
            CommandError::MissingArgument { verb }
            | CommandError::UnexpectedArgument { verb }
            | CommandError::ForbiddenOctet { verb, .. } => {
                if self.procedure(verb).is_none() {
                    return not_implemented(verb);
                }
                let mut text = error.to_string();
                text.push('.');
                reply::<501>(text).into()
            }
        }
    }

    /// The procedure of a verb; `None` when this server does not have it, or has it switched off.
    fn procedure(&self, verb: Verb) -> Option<Procedure> {
        let is_of_security = verb.row().source == Source::Rfc(2228);
        let is_off = (is_of_security && self.settings.tls.is_none())
            || (verb == Verb::Smnt && self.settings.mounts.is_empty())
            || (verb == Verb::Mfct && self.creation() == Creation::Fixed)
            // FEAT would promise what nobody may do.
            || (matches!(verb, Verb::Mff | Verb::Mfmt | Verb::Mfct) && self.settings.changes == Changes::Refused);
        (!is_off).then(|| procedure(verb))
    }

    fn is_logged_in(&self) -> bool {
        matches!(self.login, Login::LoggedIn { .. })
    }

    /// Some commands do not come between two that belong together. NOOP leaves alone what was said before it (RFC 959
    /// §4.1.3). Behind REST the transfer command has to come at once (RFC 3659 §5.3), but there are clients that say PASV in
    /// between, and to forget the restart point there would give them the whole file where they want its rest.
    fn keep_sequence(&mut self, verb: Verb) {
        let arranges_data = matches!(verb, Verb::Port | Verb::Pasv | Verb::Eprt | Verb::Epsv | Verb::Lprt | Verb::Lpsv);
        let is_kept = match self.sequence {
            Sequence::None => false,
            Sequence::Rename { .. } => verb == Verb::Noop,
            Sequence::Restart { .. } | Sequence::Range { .. } => verb == Verb::Noop || arranges_data,
        };
        if is_kept {
            self.next_sequence = std::mem::take(&mut self.sequence);
        }
    }
}

fn not_implemented(verb: Verb) -> Step {
    reply::<502>(format!("{verb} is not implemented on this server.")).into()
}
