//! Servers that are wrong on purpose, and what the harness says of them.

#![cfg(test)]

mod broken_servers;
mod fault;
mod mutants;
mod part;
mod server;
mod transfer;
