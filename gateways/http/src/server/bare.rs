//! What hyper answers by itself, to a head that is no HTTP or larger than it parses, has no body. Here it gets the problem that
//! every other error has.
use crate::answer::REQUEST_ID_HEADER;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use warp::http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use warp::http::{Response, StatusCode};

/// A stream on which such an answer is replaced by a whole one, which `instead` makes.
pub(super) struct Whole<S, F> {
    stream: S,
    instead: F,
    replacing: Option<Replacing>,
}

struct Replacing {
    bytes: Vec<u8>,
    written: usize,
    /// The bytes of hyper that it stands for.
    replaced: usize,
}

impl<S, F> Whole<S, F> {
    pub(super) const fn new(stream: S, instead: F) -> Self {
        Self { stream, instead, replacing: None }
    }
}

/// The status of an answer that is none of ours: every one of ours names its request.
fn bare(written: &[u8]) -> Option<StatusCode> {
    let head = std::str::from_utf8(written.strip_suffix(b"\r\n\r\n")?).ok()?;
    let status = head.strip_prefix("HTTP/1.1 4")?.get(..2)?;
    let ours = head.lines().any(|line| {
        line.split_once(':').is_some_and(|(name, _)| name.eq_ignore_ascii_case(REQUEST_ID_HEADER.as_str()))
    });
    if ours { None } else { format!("4{status}").parse().ok() }
}

fn encoded(mut answer: Response<String>) -> Vec<u8> {
    let length = answer.body().len();
    answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    let mut bytes = format!("HTTP/1.1 {}\r\n", answer.status()).into_bytes();
    for (name, value) in answer.headers() {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(answer.body().as_bytes());
    bytes
}

impl<S, F> AsyncWrite for Whole<S, F>
where
    S: AsyncWrite + Unpin,
    F: Fn(StatusCode) -> Response<String> + Unpin,
{
    // Answers are written head first and flat, because vectored writing is left to the default.
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, written: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, instead, replacing } = self.get_mut();
        if replacing.is_none() {
            *replacing = bare(written).map(|status| {
                let bytes = encoded(instead(status));
                Replacing { bytes, written: 0, replaced: written.len() }
            });
        }
        let Some(ours) = replacing else { return Pin::new(stream).poll_write(context, written) };
        while ours.written < ours.bytes.len() {
            match ready!(Pin::new(&mut *stream).poll_write(context, &ours.bytes[ours.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => ours.written += count,
            }
        }
        let replaced = ours.replaced;
        *replacing = None;
        Poll::Ready(Ok(replaced))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin, F: Unpin> AsyncRead for Whole<S, F> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_hyper_is_bare() {
        let hypers = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: Sat, 21 Nov 2026 08:00:00 GMT\r\n\r\n";
        for (written, status) in [
            (hypers, Some(400)),
            ("HTTP/1.1 431 Request Header Fields Too Large\r\n\r\n", Some(431)),
            ("HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\n\r\n", None),
            ("HTTP/1.1 404 Not Found\r\nX-Request-Id: 1\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\n\r\n", None),
            ("HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\n\r\n{}", None),
            ("{\"detail\":\"HTTP/1.1 400\"}\r\n\r\n", None),
            ("HTTP/1.1 4", None),
            ("", None),
        ] {
            assert_eq!(bare(written.as_bytes()).map(|status| status.as_u16()), status, "{written:?}");
        }
    }
}
