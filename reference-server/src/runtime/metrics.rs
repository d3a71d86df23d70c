//! The numbers of the server over HTTP, for Prometheus: `GET /metrics`, and nothing else.
//!
//! Whoever connects is hostile: a request is small and comes soon, a few are answered at a time, and the others wait in the queue of
//! the system.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::channel::drain;
use super::{Listener, accepted};
use crate::records::Records;

/// So many are answered at a time.
const AT_ONCE: usize = 4;
/// A request that takes longer has no answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// A request that is longer is refused.
const LONGEST: usize = 8192;

/// Answers whoever connects, from now on, and while sessions come to their end too.
pub(crate) fn show(listener: Listener, records: Arc<Records>) {
    tokio::spawn(answer_all(listener, records));
}

async fn answer_all(listener: Listener, records: Arc<Records>) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    // It is never closed.
    while let Ok(turn) = Arc::clone(&turns).acquire_owned().await {
        let (stream, from) = accepted(&listener).await;
        let records = Arc::clone(&records);
        tokio::spawn(async move {
            match timeout(PATIENCE, answer(stream, &records)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%from, %error, "a request for the metrics broke"),
                Err(_) => tracing::debug!(%from, "a request for the metrics took too long"),
            }
            drop(turn);
        });
    }
}

async fn answer(mut stream: TcpStream, records: &Records) -> io::Result<()> {
    let head = head(&mut stream).await?;
    let asked = head.map_or(Asked::TooMuch, |head| asked(&head));
    stream.write_all(&response(asked, || records.metrics())).await?;
    stream.shutdown().await?;
    drain(&mut stream).await;
    Ok(())
}

/// What comes before the first empty line; `None` where it does not end.
async fn head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while head.len() <= LONGEST {
        let length = stream.read(&mut piece).await?;
        head.extend_from_slice(piece.get(..length).unwrap_or_default());
        let is_at_end = head.windows(4).any(|four| four == b"\r\n\r\n") || head.windows(2).any(|two| two == b"\n\n");
        if length == 0 || is_at_end {
            return Ok(Some(head));
        }
    }
    Ok(None)
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Metrics,
    /// The same without the body (HEAD).
    Head,
    /// Something that there is not.
    Other,
    /// Something that cannot be done.
    OtherMethod,
    /// It is no HTTP.
    Nonsense,
    TooMuch,
}

fn asked(head: &[u8]) -> Asked {
    let line = head.split(|&octet| octet == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let words: Vec<&[u8]> = line.split(|&octet| octet == b' ').collect();
    let [method, target, version] = words.as_slice() else { return Asked::Nonsense };
    if !version.starts_with(b"HTTP/1.") {
        return Asked::Nonsense;
    }
    let path = target.split(|&octet| octet == b'?').next().unwrap_or_default();
    match *method {
        _ if path != b"/metrics" => Asked::Other,
        b"GET" => Asked::Metrics,
        b"HEAD" => Asked::Head,
        _ => Asked::OtherMethod,
    }
}

fn response(asked: Asked, metrics: impl Fn() -> String) -> Vec<u8> {
    let (status, more, body) = match asked {
        Asked::Metrics | Asked::Head => ("200 OK", "", metrics()),
        Asked::Other => ("404 Not Found", "", "The metrics are at /metrics.\n".to_owned()),
        Asked::OtherMethod => ("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "Ask with GET.\n".to_owned()),
        Asked::Nonsense => ("400 Bad Request", "", "This is no request of HTTP/1.\n".to_owned()),
        Asked::TooMuch => ("431 Request Header Fields Too Large", "", "The request is too long.\n".to_owned()),
    };
    let length = body.len();
    let body = if asked == Asked::Head { String::new() } else { body };
    format!(
        "HTTP/1.0 {status}\r\n{more}Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::metrics("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", Asked::Metrics)]
    #[case::with_a_query("GET /metrics?x=/ HTTP/1.0\n\n", Asked::Metrics)]
    #[case::head("HEAD /metrics HTTP/1.1\r\n\r\n", Asked::Head)]
    #[case::below("GET /metrics/x HTTP/1.1\r\n\r\n", Asked::Other)]
    #[case::root("GET / HTTP/1.1\r\n\r\n", Asked::Other)]
    #[case::post("POST /metrics HTTP/1.1\r\n\r\n", Asked::OtherMethod)]
    #[case::two_words("GET /metrics\r\n\r\n", Asked::Nonsense)]
    #[case::two("GET /metrics HTTP/2\r\n\r\n", Asked::Nonsense)]
    #[case::nothing("", Asked::Nonsense)]
    fn what_is_asked(#[case] head: &str, #[case] expected: Asked) {
        assert_eq!(asked(head.as_bytes()), expected);
    }

    #[test]
    fn a_head_has_the_length_of_the_body_and_no_body() {
        let text = || "abc\n".to_owned();
        let [whole, head] =
            [Asked::Metrics, Asked::Head].map(|asked| String::from_utf8(response(asked, text)).unwrap());
        assert!(whole.contains("Content-Length: 4\r\n"), "{whole}");
        assert_eq!(whole.strip_suffix("abc\n"), Some(head.as_str()));
    }
}
