//! TLS, as the harness begins and leaves it (RFC 4217).

use std::io;
use std::time::Duration;

use reports::model::{Channel, CloseKind, What};
use tokio::time::timeout_at;

use super::data::overhear;
use super::live::Wires;
use super::recorder::{Recorder, millis};
use super::trust::Sessions;
use crate::scenario::tree::{Session, Wire};

/// Which TLS is negotiated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) on: Wire,
    pub(super) session: Session,
    /// The host that the hello on the control connection names.
    pub(super) server_name: Option<&'a str>,
    pub(super) within: Duration,
}

pub(super) async fn negotiate(wires: &mut Wires, recorder: &mut Recorder, way: Way<'_>) {
    let channel = match way.on {
        Wire::Control => Channel::Control,
        Wire::Data => Channel::Data,
    };
    let sessions = match &wires.sessions {
        Some(sessions) => sessions.clone(),
        None => match Sessions::new() {
            Ok(sessions) => wires.sessions.insert(sessions).clone(),
            Err(error) => return recorder.note(channel, What::Fault { why: error.to_string() }),
        },
    };
    let sessions = match way.session {
        Session::Resumed => sessions.shared,
        Session::Fresh => sessions.fresh,
    };
    let within = recorder.patience(way.within);
    let until = recorder.deadline(within);
    if way.on == Wire::Control {
        wires.server_name = way.server_name.map(str::to_owned);
    }
    let Wires { control, data, server_name, .. } = wires;
    let server_name = server_name.as_deref();
    // What is said on the control connection meanwhile is not lost: a server may say 150 before TLS or behind it.
    let (socket, mut other) = match way.on {
        Wire::Control => (control.as_mut(), None),
        Wire::Data => (data.as_mut(), control.as_mut()),
    };
    let Some(socket) = socket else {
        return recorder.note(channel, What::Fault { why: "there is no connection for TLS".to_owned() });
    };
    let mut negotiating = std::pin::pin!(timeout_at(until, socket.secure(&sessions, server_name)));
    let negotiated = loop {
        tokio::select! {
            biased;
            negotiated = &mut negotiating => break negotiated,
            ended = overhear(&mut other, recorder) => if ended { other = None },
        }
    };
    let what = match negotiated {
        Ok(Ok(found)) => {
            What::Secured { version: found.version, resumed: found.resumed, certificate: found.certificate }
        }
        Ok(Err(error)) => What::NotSecured { why: error.to_string() },
        Err(_) => What::NotSecured { why: format!("it was not done within {} ms", millis(within)) },
    };
    recorder.note(channel, what);
}

pub(super) async fn leave(wires: &mut Wires, recorder: &mut Recorder, within: Duration) {
    let within = recorder.patience(within);
    let left = match &mut wires.control {
        Some(socket) => socket.leave_tls(within).await,
        None => Err(io::ErrorKind::NotConnected.into()),
    };
    let what = match left {
        Ok(notified) => What::TlsEnded { notified },
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => What::Closed { how: CloseKind::Fin },
        Err(_) => What::Closed { how: CloseKind::Reset },
    };
    recorder.note(Channel::Control, what);
}
