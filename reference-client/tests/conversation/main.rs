//! The program against a server that says and hears exactly what each test writes down.

#[cfg(test)]
mod fake_server;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod interruptions;
#[cfg(test)]
mod mirrors;
#[cfg(test)]
mod script;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod tls;
