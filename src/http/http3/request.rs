//! One request of an HTTP/3 connection, from its first byte until its client has the response.

use crate::http::{
    accept::at_once,
    blocked::{Blocked, own_bytes},
    body::{InFlight, ResponseBody},
    connection_metrics::CloseReason,
    handler::{HandlerResponse, UPLOAD_LASTS, UnreadBody},
    http3::{
        malformed::{self, MissingBytes},
        receiving::ReceivingStream,
        session::Http3Session,
        transport::{QuicTransport, RequestTransport, ResponseStream, SendingStream},
    },
    progress::{self, CHECK_INTERVAL},
};
use bytes::{Buf, Bytes};
use h3::{
    error::{Code, StreamError},
    server::{RequestResolver, RequestStream},
};
use hyper::{Response, StatusCode};
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    rc::Rc,
    task::Poll,
    time::Duration,
};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// Bytes that a blocked response holds beyond one of HTTP/2: measured as VmRSS over 1,800 streams whose window was
/// shut.
const HELD: usize = 3 * 1024;
/// Time for the end of a request without a body, which may come in a packet of its own.
const END_OF_REQUEST: Duration = Duration::from_secs(1);

/// The reason why a response was not sent completely.
enum Unsent {
    /// The peer has given it up.
    Peer,
    /// A limit is reached.
    Limit(CloseReason),
}

/// Reads a request, and sends the response. While a peer is slow, this holds little: each step is in memory only for
/// its time.
pub(super) async fn answer(
    session: Rc<Http3Session>,
    resolver: RequestResolver<QuicTransport, Bytes>,
    stream: ResponseStream,
) {
    match Box::pin(read(session, resolver, stream)).await {
        Some((sending, None)) => sending.respond().await,
        // The client may read the response only after it has sent its body.
        Some((sending, Some(upload))) => Box::pin(sending.respond_while_reading(upload)).await,
        None => {}
    }
}

/// Reads a request and has it answered; none if there was no valid one. Returns the response, and the rest of the
/// request if it has a body.
async fn read(
    session: Rc<Http3Session>,
    resolver: RequestResolver<QuicTransport, Bytes>,
    stream: ResponseStream,
) -> Option<(Box<Sending>, Option<Http3Upload>)> {
    let resolved = timeout(session.connection.limits().head, resolver.resolve_request()).await;
    let (request, mut parts) = match resolved {
        Ok(Ok(resolved)) => resolved,
        Ok(Err(StreamError::HeaderTooBig { .. })) => {
            // `h3` has answered.
            session.handler.refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &session.info());
            stream.finish();
            return None;
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, "an HTTP/3 stream without a request");
            session.was_fruitless();
            stream.reset(Code::H3_REQUEST_INCOMPLETE);
            return None;
        }
        Err(_) => {
            session.counters.http3_stream_reset(CloseReason::Head);
            session.was_fruitless();
            stream.reset(Code::H3_REQUEST_INCOMPLETE);
            return None;
        }
    };
    let (arrival, in_flight) = session.connection.request();
    let Some(piece) = first_piece(&mut parts).await else {
        stream.reset(Code::H3_REQUEST_CANCELLED);
        return None;
    };
    let request = request.map(|()| UnreadBody::of(piece.is_none()));
    let info = session.info();
    let missing = match malformed::check(&request, piece) {
        Ok(missing) => missing,
        Err(why) => {
            parts.stop_sending(Code::H3_MESSAGE_ERROR);
            session.reset_malformed(&stream, why);
            return None;
        }
    };
    let response = match session.handler.answer(&request, &info, arrival) {
        HandlerResponse::Now(response) => response,
        HandlerResponse::Later(promise) => tokio::select! {
            response = promise => response,
            () = stream.ended() => return None,
        },
    };
    let (sender, receiver) = parts.split();
    let sending = Sending::new(session, stream, sender, response, in_flight);
    Some((Box::new(sending), piece.map(|_| Http3Upload { receiver, missing })))
}

/// The length of the first piece of a request's body, which is none if the request has no body; none if the request was
/// given up.
async fn first_piece(request: &mut RequestStream<RequestTransport, Bytes>) -> Option<Option<usize>> {
    let first = poll_fn(|context| {
        request.poll_recv_data(context).map(|read| read.map(|piece| piece.map(|bytes| bytes.remaining())))
    });
    match timeout(END_OF_REQUEST, first).await {
        Ok(read) => read.ok(),
        Err(_) => Some(Some(0)),
    }
}

/// The rest of a request's body.
struct Http3Upload {
    receiver: RequestStream<ReceivingStream, Bytes>,
    missing: MissingBytes,
}

impl Http3Upload {
    /// Reads and drops the body, of which the stream lets through only so much. Fails if that shows that the request is
    /// malformed.
    async fn read_and_drop(mut self) -> Result<(), &'static str> {
        while let Ok(piece) = self.receiver.recv_data().await {
            let piece = piece.map(|bytes| bytes.remaining());
            if let Err(why) = self.missing.take(piece) {
                self.receiver.stop_sending(Code::H3_MESSAGE_ERROR);
                return Err(why);
            }
            if piece.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// A response that is being sent.
struct Sending {
    session: Rc<Http3Session>,
    stream: ResponseStream,
    sender: RequestStream<SendingStream, Bytes>,
    /// None once it has been sent.
    head: Option<Box<Response<()>>>,
    body: ResponseBody,
    deadline: Instant,
}

impl Sending {
    fn new(
        session: Rc<Http3Session>,
        stream: ResponseStream,
        sender: RequestStream<SendingStream, Bytes>,
        response: Response<ResponseBody>,
        in_flight: InFlight,
    ) -> Self {
        let (head, mut body) = ResponseBody::split(response);
        let (head, deadline) = (Some(Box::new(head)), body.begin(in_flight));
        Sending { session, stream, sender, head, body, deadline }
    }

    /// Sends the response, and reads and drops the rest of the request. Gives the response up if that is malformed.
    async fn respond_while_reading(self: Box<Self>, upload: Http3Upload) {
        let (session, stream) = (self.session.clone(), self.stream.clone());
        let (mut upload, mut respond) = (pin!(upload.read_and_drop()), pin!(self.respond()));
        let read = tokio::select! {
            biased;
            read = &mut upload => {
                if read.is_ok() {
                    respond.await;
                }
                read
            }
            () = &mut respond => timeout(UPLOAD_LASTS, upload).await.unwrap_or(Ok(())),
        };
        if let Err(why) = read {
            session.reset_malformed(&stream, why);
        }
    }

    /// Sends the response, and waits until the client has it.
    async fn respond(mut self: Box<Self>) {
        let sent = self.send().await;
        let mut end = self.body.end();
        match sent {
            Ok(()) => {
                self.stream.finish();
                if let Some(end) = &mut end {
                    end.taken_at(Instant::now());
                }
                // The connection must not be closed before: the client would lose what is still on its way.
                if timeout_at(self.deadline, self.stream.ended()).await.is_err() {
                    self.stream.reset(Code::H3_REQUEST_CANCELLED);
                }
            }
            Err(unsent) => {
                if let Unsent::Limit(limit) = unsent {
                    self.session.counters.http3_stream_reset(limit);
                }
                self.stream.reset(Code::H3_REQUEST_CANCELLED);
            }
        }
        drop(end);
    }

    async fn send(&mut self) -> Result<(), Unsent> {
        if let Some(head) = self.head.take() {
            self.session.write(0, self.deadline, Box::pin(self.sender.send_response(*head))).await?;
        }
        while !self.body.is_complete() {
            let Some(piece) = self.next_piece().await? else { break };
            let own_bytes = own_bytes(&piece);
            self.stream.writes(&piece);
            self.session.write(own_bytes, self.deadline, Box::pin(self.sender.send_data(piece))).await?;
        }
        Ok(())
    }

    /// The next piece of the body. Those of events may take long.
    async fn next_piece(&mut self) -> Result<Option<Bytes>, Unsent> {
        let mut next = poll_fn(|context| self.body.poll_piece(context));
        if let Some(piece) = at_once(&mut next).await {
            return Ok(piece);
        }
        let waited = async {
            tokio::select! {
                piece = next => Ok(piece),
                () = self.stream.ended() => Err(Unsent::Peer),
                () = sleep_until(self.deadline) => Err(Unsent::Limit(CloseReason::Request)),
            }
        };
        Box::pin(waited).await
    }
}

/// A response that is given up ends at once: HTTP/3 has no flush to wait for.
impl Drop for Sending {
    fn drop(&mut self) {
        drop(self.body.end());
    }
}

impl Http3Session {
    /// Resets the stream of a malformed request (RFC 9114 §4.1.2).
    fn reset_malformed(&self, stream: &ResponseStream, why: &str) {
        tracing::debug!(why, peer = %self.info().peer, "malformed HTTP/3 request");
        stream.reset(Code::H3_MESSAGE_ERROR);
    }

    /// Completes a write, while the peer takes enough of what waits.
    async fn write(
        &self,
        own_bytes: usize,
        deadline: Instant,
        mut write: Pin<Box<impl Future<Output = Result<(), StreamError>>>>,
    ) -> Result<(), Unsent> {
        if let Some(written) = at_once(&mut write).await {
            return written.map_err(|_| Unsent::Peer);
        }
        let (began, limits) = (Instant::now(), self.connection.limits());
        let (deadline, before) = (deadline.min(began + limits.request), self.streams.taken.get().0);
        let blocked = self.blocked(own_bytes).await;
        let mut check = began + limits.stall;
        loop {
            let evicted = poll_fn(|_| if blocked.is_evicted() { Poll::Ready(()) } else { Poll::Pending });
            tokio::select! {
                biased;
                written = &mut write => return written.map_err(|_| Unsent::Peer),
                () = evicted => return Err(Unsent::Limit(CloseReason::Memory)),
                () = sleep_until(check.min(deadline)) => {}
            }
            let (now, (taken, changed)) = (Instant::now(), self.streams.taken.get());
            if now >= deadline {
                return Err(Unsent::Limit(CloseReason::Request));
            }
            // While other streams go on, this one only waits for its turn.
            if progress::has_stalled(limits, now, began, taken.saturating_sub(before), changed) {
                return Err(Unsent::Limit(CloseReason::Stall));
            }
            check = now + CHECK_INTERVAL;
        }
    }

    /// Counts this task's response as blocked.
    async fn blocked(&self, own_bytes: usize) -> Blocked {
        poll_fn(|context| Poll::Ready(self.connection.blocked(HELD + own_bytes, context.waker()))).await
    }
}
