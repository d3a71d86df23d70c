//! What a run found, and every form it is shown in.
//!
//! [`model`] is the one canonical shape: the runner makes it, every renderer reads only it, and it travels as JSON.
//! [`compare()`] says what changed from one report to another.
//! [`matrix`](mod@matrix) shows implementations beside each other, by requirement.
//! [`coverage`](mod@coverage) is the other statement: not what a subject does, but how far the suite reaches.
//! [`benchmark`] is how fast subjects are.
//! [`class`](mod@class) shows how many submissions to one assignment came out.
//! [`render`] writes a report in a [`Format`], and [`read`] takes back what the two JSON forms hold.
//!
//! ```
//! use reports::{Format, Style, read, render};
//!
//! let report = read(include_bytes!("../gallery/clean.json"))?;
//! let text = String::from_utf8(render(&report, Format::Human, &Style::default())?)?;
//! assert!(text.ends_with("Exit 0: everything that was judged conforms\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod benchmark;
pub mod class;
pub mod compare;
pub mod coverage;
pub mod matrix;
pub mod model;

mod causes;
mod csv;
mod difference;
mod markdown;
mod read;
mod render;
mod schema;
mod visible;

pub use benchmark::{BenchmarkFormat, UnknownBenchmarkFormat, render_benchmark};
pub use class::render_class;
pub use compare::{CompareFormat, Comparison, UnknownCompareFormat, compare, render_comparison};
pub use coverage::{CoverageFormat, UnknownCoverageFormat, render_coverage};
pub use csv::{csv_field, csv_line};
pub use matrix::{Matrix, MatrixFormat, UnknownMatrixFormat, matrix, render_matrix};
pub use read::{ReadError, read};
pub use render::{Colour, Format, RenderError, Style, UnknownFormat, Verbosity, block, render, summary};
pub use schema::schema;
pub use visible::{Symbols, visible};
