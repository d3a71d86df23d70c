//! Servers and clients that are wrong on purpose, and what the harness says of them.

#![cfg(test)]

mod bad_subjects;
mod broken_servers;
mod clients;
mod fault;
mod mutants;
mod part;
mod server;
mod tasks;
mod transfer;
