//! From a target to a session that is logged in, by the rules of the command line.

use std::cell::OnceCell;
use std::io;
use std::path::PathBuf;

use crate::arguments::Connecting;
use crate::netrc::Netrc;
use crate::problem::Problem;
use crate::runtime::{Approach, Authorities, Connection, Interrupts, Local, RuntimeError, Security, Trust, Witness};
use crate::session::command::{CommandLine, Secret};
use crate::session::operations::ask_features::AskFeatures;
use crate::session::operations::exchange::Exchange;
use crate::session::operations::greeting::Greeting;
use crate::session::operations::login::Login;
use crate::session::operations::secure::{Protect, Secure};
use crate::session::{Channel, Extended, PassiveHost, Side};
use crate::target::{Scheme, Target, User};

/// Opens sessions.
pub(crate) struct Caller {
    connecting: Connecting,
    interrupts: Option<Interrupts>,
    netrc: OnceCell<Netrc>,
    trust: OnceCell<Trust>,
}

impl Caller {
    /// Ctrl-C is dealt with from now on: it aborts what is going on.
    pub(crate) fn new(connecting: &Connecting) -> io::Result<Self> {
        Ok(Self {
            connecting: connecting.clone(),
            interrupts: Some(Interrupts::listen()?),
            netrc: OnceCell::new(),
            trust: OnceCell::new(),
        })
    }

    pub(crate) fn interrupts(&self) -> Option<Interrupts> {
        self.interrupts.clone()
    }

    pub(crate) fn security(&self, scheme: Scheme) -> Security {
        match scheme {
            Scheme::Ftps => Security::Implicit,
            Scheme::Ftpes => Security::Explicit,
            Scheme::Ftp if self.connecting.tls => Security::Explicit,
            Scheme::Ftp => Security::Clear,
        }
    }

    pub(crate) fn approach(&self, security: Security) -> Result<Approach, Problem> {
        let trust = if security == Security::Clear { None } else { Some(self.trust()?.clone()) };
        let connecting = &self.connecting;
        Ok(Approach {
            wait: connecting.timeout(),
            security,
            trust,
            side: if connecting.active { Side::Active } else { Side::Passive },
            extended: if connecting.no_epsv { Extended::Off } else { Extended::Tried },
            passive_host: if connecting.trust_pasv_address { PassiveHost::AsTold } else { PassiveHost::ControlPeer },
            interrupts: self.interrupts(),
        })
    }

    /// Whose the target is: whom the URL names, else whom `.netrc` names, else anybody.
    pub(crate) fn user(&self, target: &Target) -> Result<User, Problem> {
        let mut user = match &target.user {
            Some(user) if user.password.is_some() => user.clone(),
            Some(user) => self.netrc()?.user(&target.server.host, Some(&user.name)).unwrap_or_else(|| user.clone()),
            None => self.netrc()?.user(&target.server.host, None).unwrap_or_else(User::anonymous),
        };
        if let Some(account) = &self.connecting.account {
            user.account = Some(Secret::new(account.as_bytes()));
        }
        Ok(user)
    }

    /// Opens a session and logs in; where TLS is asked for, not before it stands. Then the directories, one after another.
    pub(crate) async fn enter(
        &self,
        target: &Target,
        directories: &[Vec<u8>],
        witness: &mut dyn Witness,
    ) -> Result<Connection, Problem> {
        let user = self.user(target)?;
        let mut connection = self.open(target, witness).await?;
        log_in(&mut connection, &user, witness).await?;
        for directory in directories {
            let change = Exchange::new(CommandLine::new("CWD", directory)?);
            connection.perform(change, Local::Nothing, witness).await?;
        }
        Ok(connection)
    }

    /// Opens a session; where TLS is asked for, it stands then.
    pub(crate) async fn open(&self, target: &Target, witness: &mut dyn Witness) -> Result<Connection, Problem> {
        let security = self.security(target.scheme);
        let approach = self.approach(security)?;
        if approach.trust.is_some() && self.connecting.insecure {
            witness.note("The certificate of the server is not checked (--insecure): it may be anybody.")?;
        }
        let mut connection = Connection::open(&target.server, &approach).await?;
        // The greeting comes unasked, and is wanted: nothing is looked at before it.
        connection.perform(Greeting, Local::Nothing, witness).await?;
        if security == Security::Explicit {
            connection.perform(Secure, Local::Nothing, witness).await?;
        }
        Ok(connection)
    }

    fn trust(&self) -> Result<&Trust, Problem> {
        if self.trust.get().is_none() {
            let authorities = match &self.connecting.ca_file {
                _ if self.connecting.insecure => Authorities::Unchecked,
                Some(path) => Authorities::File(path.clone()),
                None => Authorities::System,
            };
            // Set once, here.
            let _set = self.trust.set(Trust::new(&authorities)?);
        }
        self.trust.get().ok_or_else(|| Problem::Usage("TLS is not set up".to_owned()))
    }

    fn netrc(&self) -> Result<&Netrc, Problem> {
        if self.netrc.get().is_none() {
            let read = match &self.connecting.netrc_file {
                Some(path) => Netrc::read(path)?,
                None => match home().map(|home| home.join(".netrc")).filter(|path| path.exists()) {
                    Some(path) => Netrc::read(&path)?,
                    None => Netrc::default(),
                },
            };
            let _set = self.netrc.set(read);
        }
        self.netrc.get().ok_or_else(|| Problem::Usage("there is no .netrc".to_owned()))
    }
}

/// Logs in, and under TLS protects the data connections.
pub(crate) async fn log_in(
    connection: &mut Connection,
    user: &User,
    witness: &mut dyn Witness,
) -> Result<(), RuntimeError> {
    let login = Login::new(&user.name, user.password.as_ref(), user.account.as_ref())?;
    match connection.perform(login, Local::Nothing, witness).await {
        Err(RuntimeError::Failed(failure)) => return Err(RuntimeError::NotLoggedIn(failure)),
        done => done?,
    }
    if connection.session.manner.channel == Channel::Tls {
        connection.perform(Protect::new()?, Local::Nothing, witness).await?;
    }
    Ok(())
}

/// Asks what the server offers, once.
pub(crate) async fn ask_features(connection: &mut Connection, witness: &mut dyn Witness) -> Result<(), RuntimeError> {
    if connection.session.manner.features.is_none() {
        connection.perform(AskFeatures::new(), Local::Nothing, witness).await?;
    }
    Ok(())
}

fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute())
}
