//! One HTML file that needs nothing else: no network, and no script to be read.

mod case;
mod page;
mod transcript;

pub(crate) use case::{CaseView, safe};
pub(crate) use transcript::Piece;

use askama::Template as _;

use super::RenderError;
use crate::model::Report;

pub(super) fn render(report: &Report) -> Result<Vec<u8>, RenderError> {
    Ok(page::Page::of(report).render()?.into_bytes())
}
