//! The scenario language from the outside: right files, wrong files, the manual, the schema.

mod bad;
mod coverage;
mod forms;
mod manual;
mod profiles;
mod schema;
mod suite;
