//! The program itself, over real sockets.

// The attribute tells clippy that its helpers are tests too.
#[cfg(test)]
mod atomic;
#[cfg(test)]
mod client;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod configuration;
mod control;
mod data;
#[cfg(test)]
mod escapes;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod login;
#[cfg(test)]
mod logs;
mod memory;
#[cfg(test)]
mod metrics;
mod modes;
#[cfg(test)]
mod network;
#[cfg(test)]
mod pace;
#[cfg(test)]
mod process;
#[cfg(test)]
mod read_only;
#[cfg(test)]
mod reload;
mod security;
#[cfg(test)]
mod service;
#[cfg(test)]
mod stalled;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod users;
