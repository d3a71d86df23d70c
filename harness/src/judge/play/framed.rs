//! What a flaw of a framing is against.

use crate::judge::grade::Outcome;
use crate::scenario::tree::{Form, Mode, Structure};
use crate::wire::framing::Flaw;

/// Whether a framing is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framed {
    /// It is.
    Rightly,
    /// It is not.
    Wrongly,
}

/// A flaw in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) requirement: &'static str,
    pub(super) outcome: Outcome,
    pub(super) message: &'static str,
    pub(super) expected: &'static str,
}

/// What is said of a flaw where a body travelled in this form.
pub(super) fn remark(flaw: Flaw, form: Form) -> Remark {
    let (message, expected) = words(flaw);
    let (requirement, outcome) = match flaw {
        Flaw::NoEndOfFile => (end_of_file(form), Outcome::Against),
        // draft-preston-ftpext-deflate §3.2 has the receiver go by the end of the stream; it says nothing of what stands behind.
        Flaw::BehindTheEnd if form.mode == Mode::Deflated => (end_of_file(form), Outcome::Tolerated),
        Flaw::CutShort | Flaw::BehindTheEnd => (form_of(form), Outcome::Against),
        Flaw::NotZlib | Flaw::NotDeflated | Flaw::WrongChecksum => ("modez-3.3.1-zlib-format", Outcome::Against),
        Flaw::RecordNotEnded | Flaw::RecordEndInFile => (end_of_record(form), Outcome::Against),
        Flaw::UnknownEscape => ("rfc959-3.4.1-stream-record-escape", Outcome::Against),
        // RFC 959 gives these bits no meaning, and does not say that they are zero.
        Flaw::UnknownDescriptor => (form_of(form), Outcome::Tolerated),
        Flaw::EmptyBlock => ("rfc959-3.4.2-block-header", Outcome::Tolerated),
        Flaw::EmptyRun => ("rfc959-3.4.3-replicated-byte", Outcome::Tolerated),
        Flaw::MarkerNotPrintable => ("rfc959-3.4.2-marker-printable", Outcome::Against),
        Flaw::PageHeaderTooShort => ("rfc959-3.1.2.3-page-header-fields", Outcome::Against),
        // Appendix I of RFC 959 itself has five fields in every page.
        Flaw::PageHeaderLength => ("rfc959-3.1.2.3-page-types", Outcome::Tolerated),
        Flaw::LastPageWithData | Flaw::UnknownPageType => ("rfc959-3.1.2.3-page-types", Outcome::Against),
        Flaw::NoLastPage => ("rfc959-3.1.2.3-page-eof", Outcome::Against),
    };
    Remark { requirement, outcome, message, expected }
}

fn words(flaw: Flaw) -> (&'static str, &'static str) {
    match flaw {
        Flaw::NoEndOfFile => ("nothing says that the file ends", "the mark of the end of the file"),
        Flaw::CutShort => ("the end comes in the middle of something", "whole blocks, strings or pages"),
        Flaw::BehindTheEnd => ("octets come behind the end of the file", "nothing behind it"),
        Flaw::NotZlib => ("no header of a zlib stream", "a header of RFC 1950, with method 8 and without a dictionary"),
        Flaw::NotDeflated => ("the zlib stream cannot be inflated", "blocks of RFC 1951"),
        Flaw::WrongChecksum => ("the zlib stream has a wrong checksum", "the Adler-32 of what is inflated"),
        Flaw::RecordNotEnded => ("the last record has no end", "an end behind every record"),
        Flaw::RecordEndInFile => ("the end of a record in a file without records", "no end of a record"),
        Flaw::UnknownEscape => {
            ("an octet of ones, and no code behind it", "FF 01, FF 02, FF 03, or FF FF for the octet")
        }
        Flaw::UnknownDescriptor => ("a descriptor with bits that have no meaning", "bits of 128, 64, 32 and 16"),
        Flaw::EmptyBlock => ("a block without octets and without a meaning", "a block that holds something"),
        Flaw::EmptyRun => ("a run of no octets", "a run of 1 to 63"),
        Flaw::MarkerNotPrintable => {
            ("a restart marker of octets that cannot be printed", "printable characters, no space")
        }
        Flaw::PageHeaderTooShort => ("a page header of less than four fields", "a header length of at least 4"),
        Flaw::PageHeaderLength => ("a page header of another length than its type has", "4, and 5 for type 3"),
        Flaw::LastPageWithData => ("a last page with data", "a data length of 0"),
        Flaw::UnknownPageType => ("a page of an unknown type", "0, 1, 2 or 3"),
        Flaw::NoLastPage => ("the file ends without a last page", "a page of type 0 at the end"),
    }
}

/// What says how a framing is built.
fn form_of(form: Form) -> &'static str {
    match (form.mode, form.structure) {
        (Mode::Blocks, _) => "rfc959-3.4.2-block-header",
        (Mode::Compressed, _) => "rfc959-3.4.3-byte-string",
        (Mode::Deflated, _) => "modez-3.3.1-zlib-format",
        (Mode::Stream, Structure::Pages) => "rfc959-3.1.2.3-page-header-fields",
        (Mode::Stream, Structure::File | Structure::Records | Structure::Marked) => {
            "rfc959-3.4.1-stream-record-eor-eof"
        }
    }
}

fn end_of_file(form: Form) -> &'static str {
    match form.mode {
        Mode::Blocks => "rfc959-3.4.2-block-eof-flag",
        Mode::Compressed => "rfc959-3.4.3-compressed-eof",
        Mode::Deflated => "modez-3.2-end-of-data",
        Mode::Stream => "rfc959-3.4.1-stream-record-eor-eof",
    }
}

fn end_of_record(form: Form) -> &'static str {
    match form.mode {
        Mode::Blocks | Mode::Compressed => "rfc959-3.4.2-block-eor-flag",
        Mode::Stream | Mode::Deflated => "rfc959-3.4.1-stream-record-eor-eof",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Suite;
    use crate::scenario::tree::Representation;

    #[test]
    fn every_flaw_is_against_a_requirement_of_the_catalogue() {
        let suite = Suite::embedded().unwrap();
        for mode in [Mode::Stream, Mode::Blocks, Mode::Compressed, Mode::Deflated] {
            for structure in [Structure::File, Structure::Records, Structure::Marked, Structure::Pages] {
                for flaw in Flaw::ALL {
                    let remark = remark(flaw, Form { representation: Representation::Image, structure, mode });
                    assert!(suite.catalogue().requirement(remark.requirement).is_some(), "{}", remark.requirement);
                }
            }
        }
    }
}
