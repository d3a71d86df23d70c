//! Users who need an account (RFC 959 §4.1.1 ACCT).

/// The users of a subject who need an account, where its file names some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Somebody who needs one to log in.
    pub to_log_in: Option<Account>,
    /// Somebody who logs in without one, and needs it to store files.
    pub to_store: Option<Account>,
}

/// A user with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What USER says.
    pub user: String,
    /// What PASS says.
    pub password: String,
    /// What ACCT says.
    pub account: String,
}

impl Accounts {
    /// What a scenario that is about one of them needs.
    pub fn claims(&self) -> impl Iterator<Item = &'static str> {
        let all = [("account-to-log-in", &self.to_log_in), ("account-to-store", &self.to_store)];
        all.into_iter().filter(|(_, account)| account.is_some()).map(|(claim, _)| claim)
    }

    /// What scenarios call the names, passwords and accounts. They are empty where there is no such user.
    pub fn named(&self) -> Vec<(&'static str, String)> {
        let to_log_in =
            ["log-in-user", "log-in-password", "log-in-account"].into_iter().zip(values(self.to_log_in.as_ref()));
        let to_store =
            ["store-user", "store-password", "store-account"].into_iter().zip(values(self.to_store.as_ref()));
        to_log_in.chain(to_store).map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// The passwords.
    pub fn passwords(&self) -> impl Iterator<Item = &str> {
        [&self.to_log_in, &self.to_store].into_iter().flatten().map(|own| own.password.as_str())
    }
}

fn values(account: Option<&Account>) -> [&str; 3] {
    account.map_or([""; 3], |own| [&own.user, &own.password, &own.account])
}
