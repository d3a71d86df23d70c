//! TYPE, STRU and MODE (RFC 959 §4.1.2), and what a transfer makes of them.
//!
//! What a refused command asked for does not hold: the parameter keeps the value it had. All three are taken in any
//! combination, for they come in any order; what does not go together is refused by the command that transfers.

use protocol::transfer::{Parameters, is_plain};
use protocol::{Mode, ParameterError, Structure, Type};

use crate::session::replies::reply;
use crate::session::{Session, Step};
use crate::store::Form;

/// Forms T and C are taken for N: where files for printing are nothing special, RFC 1123 §4.1.2.2 makes T the same, and the
/// characters of C are octets of the text.
pub(super) fn representation(session: &mut Session, argument: &[u8]) -> Step {
    match Type::parse(argument) {
        Ok(accepted) => {
            session.parameters.representation = accepted;
            reply::<200>(format!("Type set to {accepted}.")).into()
        }
        Err(ParameterError::Unknown) => reply::<504>("There is no such type; there are A, E, I and L.").into(),
        Err(ParameterError::Syntax) => {
            reply::<501>("TYPE takes A or E, and N, T or C behind it or not; or I; or L and a number of bits.").into()
        }
    }
}

pub(super) fn structure(session: &mut Session, argument: &[u8]) -> Step {
    match Structure::parse(argument) {
        Ok(accepted) => {
            session.parameters.structure = accepted;
            reply::<200>(format!("Structure set to {accepted}.")).into()
        }
        Err(ParameterError::Unknown) => reply::<504>("There is no such structure; there are F, R and P.").into(),
        Err(ParameterError::Syntax) => reply::<501>("STRU takes F, R or P.").into(),
    }
}

pub(super) fn mode(session: &mut Session, argument: &[u8]) -> Step {
    match Mode::parse(argument) {
        Ok(accepted) => {
            session.parameters.mode = match accepted {
                Mode::Deflate(_) => Mode::Deflate(session.options.level),
                Mode::Stream | Mode::Block | Mode::Compressed => accepted,
            };
            reply::<200>(format!("Mode set to {accepted}.")).into()
        }
        Err(ParameterError::Unknown) => reply::<504>("There is no such mode; there are S, B, C and Z.").into(),
        Err(ParameterError::Syntax) => reply::<501>("MODE takes S, B, C or Z.").into(),
    }
}

impl Session {
    /// The form of the files that are transferred now; or why none can be.
    pub(super) fn form(&self) -> Result<Form, Step> {
        form_of(self.parameters)
    }

    /// The same before MODE Z compresses it.
    pub(super) fn form_inflated(&self) -> Result<Form, Step> {
        match self.parameters.mode {
            Mode::Deflate(_) => form_of(Parameters { mode: Mode::Stream, ..self.parameters }),
            Mode::Stream | Mode::Block | Mode::Compressed => self.form(),
        }
    }

    /// How a listing is sent: in TYPE A, or E where that is set (RFC 1123 §4.1.2.7). It is text, so that it has no pages.
    pub(super) fn parameters_of_listing(&self) -> Parameters {
        let representation =
            if self.parameters.representation.is_text() { self.parameters.representation } else { Type::default() };
        let structure = match self.parameters.structure {
            Structure::Page => Structure::File,
            other @ (Structure::File | Structure::Record) => other,
        };
        Parameters { representation, structure, ..self.parameters }
    }
}

fn form_of(parameters: Parameters) -> Result<Form, Step> {
    let Parameters { representation, structure, mode } = parameters;
    match (representation, structure, mode) {
        _ if is_plain(parameters) => Ok(Form::Image),
        (Type::Ascii(_), Structure::File, Mode::Stream) => Ok(Form::Ascii),
        (Type::Local(bits), Structure::Page, _) if !(3..=64).contains(&bits) => {
            Err(reply::<504>("Pages need bytes of 3 to 64 bits.").into())
        }
        _ => Ok(Form::Encoded(parameters)),
    }
}
