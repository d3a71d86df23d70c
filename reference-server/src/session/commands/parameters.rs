//! TYPE, STRU and MODE (RFC 959 §4.1.2).
//!
//! What a refused command asked for does not hold: the parameter keeps the value it had.

use protocol::{Form, Mode, ParameterError, Structure, Type};

use crate::session::replies::reply;
use crate::session::{Session, Step};

/// Form T is taken for N: where files for printing are nothing special, RFC 1123 §4.1.2.2 makes the two the same.
pub(super) fn representation(session: &mut Session, argument: &[u8]) -> Step {
    match Type::parse(argument) {
        Ok(accepted @ (Type::Ascii(Form::NonPrint | Form::Telnet) | Type::Image | Type::Local(8))) => {
            session.representation = accepted;
            let letter = match accepted {
                Type::Ascii(_) | Type::Ebcdic(_) => "A",
                Type::Image => "I",
                Type::Local(_) => "L 8",
            };
            reply::<200>(format!("Type set to {letter}.")).into()
        }
        Ok(Type::Ascii(Form::CarriageControl) | Type::Ebcdic(_) | Type::Local(_)) | Err(ParameterError::Unknown) => {
            reply::<504>("This type is not implemented; A, A N, I and L 8 are.").into()
        }
        Err(ParameterError::Syntax) => reply::<501>("TYPE takes A, A N, I or L 8.").into(),
    }
}

pub(super) fn structure(_: &mut Session, argument: &[u8]) -> Step {
    match Structure::parse(argument) {
        Ok(Structure::File) => reply::<200>("Structure set to F.").into(),
        Ok(Structure::Record | Structure::Page) | Err(ParameterError::Unknown) => {
            reply::<504>("This structure is not implemented; F is.").into()
        }
        Err(ParameterError::Syntax) => reply::<501>("STRU takes F.").into(),
    }
}

pub(super) fn mode(_: &mut Session, argument: &[u8]) -> Step {
    match Mode::parse(argument) {
        Ok(Mode::Stream) => reply::<200>("Mode set to S.").into(),
        Ok(Mode::Block | Mode::Compressed) | Err(ParameterError::Unknown) => {
            reply::<504>("This mode is not implemented; S is.").into()
        }
        Err(ParameterError::Syntax) => reply::<501>("MODE takes S.").into(),
    }
}
