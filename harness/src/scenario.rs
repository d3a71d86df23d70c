//! The scenario language: what an author writes, checked and made into steps.

pub mod catalogue;
pub mod check;
pub mod content;
pub mod diagnostic;
pub mod load;
pub mod mutant;
pub mod profile;
pub mod readings;
pub mod rubric;
pub mod rule;
pub mod schema;
pub mod spoken;
pub mod tree;
pub mod vocabulary;
pub mod words;
mod yaml;

pub use catalogue::{Catalogue, Filing, FilingKind, Level, Requirement, Role, Said};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use load::{LoadError, Select, Sources, Suite, Unreadable};
pub use mutant::{Mutant, mutants};
pub use profile::{Grades, Profile};
pub use readings::{Breach, Readings};
pub use rubric::Rubric;
