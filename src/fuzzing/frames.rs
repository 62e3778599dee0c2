//! HTTP/2 frames into the connection's loop, and HTTP/3 field sections into a request.

use crate::{
    app::swap_handler::SwapHandler,
    connection::{ListenerKind, TlsSession},
    fuzzing::{SERVICE, at_once, connection},
    http::{
        clients::Clients,
        connection::{Connection, Protocol},
        connection_metrics::ConnectionMetrics,
        handler::UnreadBody,
        http2,
        http3::malformed,
        worker_connections::WorkerConnections,
    },
    limits::Limits,
    site::sample,
};
use bytes::{Buf, Bytes};
use h3::{
    error::Code,
    quic::{
        BidiStream, Connection as QuicConnection, ConnectionErrorIncoming, OpenStreams, RecvStream,
        SendStream, StreamErrorIncoming, StreamId, WriteBuf,
    },
    server,
};
use hyper::{StatusCode, Version};
use prometheus::Registry;
use std::{
    sync::{Arc, LazyLock},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::timeout,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const EMPTY_SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
const HEADERS: u8 = 1;
/// The end of an input that is sent as it is.
const RAW: u8 = 0xff;

/// A byte with the peer's behaviour, then frames. The connection ends in time and leaves its place to another; what it
/// has sent are frames, and no more responses than there were requests.
pub fn http2_frames(input: &[u8]) {
    static METRICS: LazyLock<ConnectionMetrics> =
        LazyLock::new(|| ConnectionMetrics::register(&Registry::new()).unwrap());
    let Some((&behaviour, frames)) = input.split_first() else { return };
    let frames = frames_of(frames);
    let requests = kinds(&frames).filter(|kind| *kind == HEADERS).count();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let sent = runtime.unwrap().block_on(async {
        let clients = Arc::new(Clients::new(Limits { connections: 1, ..Limits::default() }));
        let enter = || Clients::enter(&clients, ListenerKind::Https);
        let info = connection(Some(session("h2")));
        let connection = Connection::new(enter().unwrap(), &WorkerConnections::new());
        connection.ready(Protocol::Http2);
        let (client, server) = duplex(1 << 14);
        let longest = connection.limits().age * 2;
        let served = http2::serve(
            server,
            info,
            SwapHandler::new(SERVICE.clone()).of(ListenerKind::Http),
            connection,
            &METRICS,
        );
        let (_, sent) = timeout(longest, async { tokio::join!(served, peer(client, frames, behaviour)) })
            .await
            .expect("the connection ends");
        assert!(enter().is_some(), "its place is free");
        sent
    });
    assert!(kinds(&sent).all(|kind| kind <= 9), "e6 sends frames that RFC 9113 knows");
    let responses = kinds(&sent).filter(|kind| *kind == HEADERS).count();
    assert!(responses <= requests, "{responses} responses to {requests} requests");
}

/// Sends the preface and the frames, and returns what the server sent.
async fn peer(mut stream: DuplexStream, frames: Vec<u8>, behaviour: u8) -> Vec<u8> {
    let [stays, reads, acts_at_once] = [1, 2, 4].map(|bit| behaviour & bit == 0);
    let mut sent = Vec::new();
    let pieces = if acts_at_once { usize::MAX } else { 1 + usize::from(behaviour >> 3) };
    for piece in [PREFACE, EMPTY_SETTINGS, &frames].concat().chunks(pieces) {
        if stream.write_all(piece).await.is_err() {
            break;
        }
    }
    if !stays {
        let _ = stream.shutdown().await;
    }
    if reads {
        let _ = stream.read_to_end(&mut sent).await;
    } else {
        // The server learns of it only when it writes.
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    sent
}

/// Frames from an input: each is four bytes, its type, flags, stream and payload's length, and the payload. A fuzzer
/// that had to keep the lengths of whole frames right would rarely get beyond the first.
fn frames_of(mut input: &[u8]) -> Vec<u8> {
    let mut frames = Vec::new();
    while let [kind, flags, stream, length, rest @ ..] = input {
        if *kind == RAW {
            frames.extend_from_slice(&input[1..]);
            break;
        }
        let (payload, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        frames.extend([0, 0, payload.len() as u8, *kind, *flags, 0, 0, 0, *stream]);
        frames.extend(payload);
        input = rest;
    }
    frames
}

/// The types of the frames in these bytes, until one is incomplete.
fn kinds(mut bytes: &[u8]) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let [a, b, c, kind, ..] = *bytes else { return None };
        bytes = bytes.get(9 + u32::from_be_bytes([0, a, b, c]) as usize..)?;
        Some(kind)
    })
}

fn session(alpn: &'static str) -> TlsSession {
    TlsSession {
        version: "TLSv1.3",
        cipher: None,
        group: None,
        resumed: false,
        server_name: None,
        alpn: Some(alpn),
        took: Duration::ZERO,
    }
}

/// A field section, or with a first byte that is odd all bytes of a request stream. A request that passes our checks
/// has a target of ours and no field of the connection, and gets a response that is not a 500.
pub fn http3_fields(input: &[u8]) {
    static LIST: LazyLock<u64> = LazyLock::new(|| Limits::default().header_list().into());
    let Some((&form, section)) = input.split_first() else { return };
    let stream = match form & 1 {
        1 => section.to_vec(),
        // A HEADERS frame; the length has two bytes (RFC 9000 §16).
        _ => {
            let length = section.len().min(0x3fff);
            let [high, low] = (length as u16 | 0x4000).to_be_bytes();
            [&[1, high, low], &section[..length]].concat()
        }
    };
    let Some((request, is_complete)) = at_once(read_request(stream, *LIST)).flatten() else { return };
    let request = request.map(|()| UnreadBody::of(is_complete));
    assert_eq!(request.version(), Version::HTTP_3);
    let size: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    assert!(size as u64 <= *LIST, "{size} bytes of fields");
    if malformed::why(&request).is_some() {
        return;
    }
    let uri = request.uri();
    assert!(uri.authority().is_none_or(|authority| !authority.as_str().contains('@')));
    assert!(uri.path_and_query().is_none_or(|path| path.as_str().starts_with(['/', '*'])));
    for (name, value) in request.headers() {
        assert!(!matches!(name.as_str(), "connection" | "transfer-encoding" | "upgrade" | "keep-alive"));
        assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
    }
    assert_ne!(
        sample::respond(&SERVICE, &request, &connection(None)).status(),
        StatusCode::INTERNAL_SERVER_ERROR
    );
}

/// The request on a stream, as `h3` reads it; none if it is no request.
async fn read_request(stream: Vec<u8>, most: u64) -> Option<(hyper::Request<()>, bool)> {
    let mut builder = server::builder();
    builder.send_grease(false).max_field_section_size(most);
    let mut connection =
        builder.build::<_, Bytes>(FuzzedStream { request: Some(stream.into()) }).await.ok()?;
    let resolver = connection.accept().await.ok()??;
    let (request, mut stream) = resolver.resolve_request().await.ok()?;
    let is_complete = stream.recv_data().await.ok()?.is_none();
    Some((request, is_complete))
}

/// A connection with one request and without a control stream.
struct FuzzedStream {
    request: Option<Bytes>,
}

/// A stream that has these bytes to read and takes all that is written.
struct Stream(Option<Bytes>);

impl FuzzedStream {
    fn opened() -> Stream {
        Stream(None)
    }
}

impl QuicConnection<Bytes> for FuzzedStream {
    type RecvStream = Stream;
    type OpenStreams = FuzzedStream;

    fn poll_accept_recv(&mut self, _: &mut Context) -> Poll<Result<Stream, ConnectionErrorIncoming>> {
        Poll::Pending
    }

    fn poll_accept_bidi(&mut self, _: &mut Context) -> Poll<Result<Stream, ConnectionErrorIncoming>> {
        self.request.take().map_or(Poll::Pending, |bytes| Poll::Ready(Ok(Stream(Some(bytes)))))
    }

    fn opener(&self) -> FuzzedStream {
        FuzzedStream { request: None }
    }
}

impl OpenStreams<Bytes> for FuzzedStream {
    type BidiStream = Stream;
    type SendStream = Stream;

    fn poll_open_bidi(&mut self, _: &mut Context) -> Poll<Result<Stream, StreamErrorIncoming>> {
        Poll::Pending
    }

    fn poll_open_send(&mut self, _: &mut Context) -> Poll<Result<Stream, StreamErrorIncoming>> {
        Poll::Ready(Ok(FuzzedStream::opened()))
    }

    fn close(&mut self, _: Code, _: &[u8]) {}
}

impl BidiStream<Bytes> for Stream {
    type SendStream = Stream;
    type RecvStream = Stream;

    fn split(self) -> (Stream, Stream) {
        (FuzzedStream::opened(), self)
    }
}

impl RecvStream for Stream {
    type Buf = Bytes;

    fn poll_data(&mut self, _: &mut Context) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        Poll::Ready(Ok(self.0.take().filter(Bytes::has_remaining)))
    }

    fn stop_sending(&mut self, _: u64) {}

    #[expect(clippy::unwrap_used, reason = "0 is a stream ID")]
    fn recv_id(&self) -> StreamId {
        0.try_into().unwrap()
    }
}

impl SendStream<Bytes> for Stream {
    fn poll_ready(&mut self, _: &mut Context) -> Poll<Result<(), StreamErrorIncoming>> {
        Poll::Ready(Ok(()))
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, _: T) -> Result<(), StreamErrorIncoming> {
        Ok(())
    }

    fn poll_finish(&mut self, _: &mut Context) -> Poll<Result<(), StreamErrorIncoming>> {
        Poll::Ready(Ok(()))
    }

    fn reset(&mut self, _: u64) {}

    fn send_id(&self) -> StreamId {
        self.recv_id()
    }
}
