//! The TLS handshake on an accepted socket, within one deadline.

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

/// The first byte of a TLS connection: the content type of the record with the ClientHello (RFC 8446 §5.1).
const HANDSHAKE_RECORD: u8 = 22;
/// The response to HTTP without TLS on a TLS listener.
const CLEARTEXT: &str = "This port speaks HTTPS, and you spoke HTTP: write https:// instead.
";

pub(crate) type HandshakeFailure = (RefusalReason, Box<dyn std::error::Error + Send + Sync>);

/// Performs the TLS handshake until the deadline. Nothing is held while it waits for the peer, so a silent peer delays
/// no other.
pub(crate) async fn handshake(
    stream: WriteTimeout<SocketStream>,
    acceptor: &TlsAcceptor,
    limits: &Limits,
    deadline: Instant,
) -> Result<TlsStream<WriteTimeout<SocketStream>>, HandshakeFailure> {
    match timeout_at(deadline, negotiate(stream, acceptor, limits)).await {
        Ok(result) => result,
        Err(late) => Err((RefusalReason::HandshakeDeadline, late.into())),
    }
}

async fn negotiate(
    mut stream: WriteTimeout<SocketStream>,
    acceptor: &TlsAcceptor,
    limits: &Limits,
) -> Result<TlsStream<WriteTimeout<SocketStream>>, HandshakeFailure> {
    let failed = |error: io::Error| (RefusalReason::HandshakeFailed, error.into());
    let first = stream.get_mut().peek().await.map_err(failed)?;
    if first.is_some_and(|first| first != HANDSHAKE_RECORD && first.is_ascii_uppercase()) {
        // The connection ends anyway, so an error here changes nothing.
        let _ = refuse(stream.get_mut(), limits.head_buffer()).await;
        return Err((RefusalReason::Cleartext, "HTTP without TLS on a TLS listener".into()));
    }
    let hello = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await.map_err(failed)?;
    hello.into_stream(acceptor.config().clone()).await.map_err(failed)
}

/// Responds without TLS, then reads the remaining bytes: closing a socket with unread bytes resets the connection, and
/// the peer would not see the response.
async fn refuse(stream: &mut SocketStream, most: usize) -> io::Result<()> {
    stream.write_all(bad_request(CLEARTEXT).as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = stream.take(most as u64);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(drop)
}

/// A response that refuses a connection in HTTP/1.1, with the reason as text.
pub(super) fn bad_request(why: &str) -> String {
    format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{why}",
        why.len()
    )
}
