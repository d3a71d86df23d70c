//! The scenario language: what an author writes, checked and made into steps.

pub mod catalogue;
pub mod check;
pub mod content;
pub mod diagnostic;
pub mod load;
pub mod mutant;
pub mod rule;
pub mod schema;
pub mod tree;
pub mod words;
mod yaml;

pub use catalogue::{Catalogue, Level, Requirement, Role, Untested, UntestedClass};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use load::{LoadError, Select, Sources, Suite, Unreadable};
pub use mutant::{Mutant, mutants};
