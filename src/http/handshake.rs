//! From an accepted socket to a TLS session, within one deadline.

use crate::{
    http::{connection_metrics::RefusalReason, write_timeout::WriteTimeout},
    limits::Limits,
    net::socket::SocketStream,
};
use std::io;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout_at},
};
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor, server::TlsStream};

/// The content type of every TLS hello (RFC 8446 §5.1).
const HANDSHAKE_RECORD: u8 = 22;
/// To whoever speaks HTTP where TLS is spoken.
const CLEARTEXT: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 68\r\n\
    Connection: close\r\n\r\nThis port speaks HTTPS, and you spoke HTTP: write https:// instead.\n";

/// Why there is no session.
pub(crate) type HandshakeFailure = (RefusalReason, Box<dyn std::error::Error + Send + Sync>);

/// Shakes hands until the deadline. Nothing is held while it waits for the peer, so a silent one delays nobody.
pub(crate) async fn handshake(
    stream: WriteTimeout<SocketStream>,
    acceptor: &TlsAcceptor,
    limits: &Limits,
    deadline: Instant,
) -> Result<TlsStream<WriteTimeout<SocketStream>>, HandshakeFailure> {
    match timeout_at(deadline, greet(stream, acceptor, limits)).await {
        Ok(greeted) => greeted,
        Err(late) => Err((RefusalReason::HandshakeDeadline, late.into())),
    }
}

async fn greet(
    mut stream: WriteTimeout<SocketStream>,
    acceptor: &TlsAcceptor,
    limits: &Limits,
) -> Result<TlsStream<WriteTimeout<SocketStream>>, HandshakeFailure> {
    let failed = |error: io::Error| (RefusalReason::HandshakeFailed, error.into());
    let first = stream.get_mut().peek().await.map_err(failed)?;
    if first.is_some_and(|first| first != HANDSHAKE_RECORD && first.is_ascii_uppercase()) {
        // A peer that does not listen loses nothing it wanted.
        let _ = refuse(stream.get_mut(), limits.head_buffer()).await;
        return Err((RefusalReason::Cleartext, "cleartext HTTP where TLS is spoken".into()));
    }
    let hello = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await.map_err(failed)?;
    hello.into_stream(acceptor.config().clone()).await.map_err(failed)
}

/// Answers in clear, and reads what is left: a socket closed with bytes unread resets, and the peer sees no answer.
async fn refuse(stream: &mut SocketStream, most: usize) -> io::Result<()> {
    stream.write_all(CLEARTEXT.as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = stream.take(most as u64);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_in_clear_has_the_length_it_says() {
        let (head, body) = CLEARTEXT.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{}", body.len());
    }
}
