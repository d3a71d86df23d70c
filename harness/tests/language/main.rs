//! The scenario language from the outside: right files, wrong files, the manual, the schema.

mod bad;
mod forms;
mod manual;
mod schema;
mod suite;
