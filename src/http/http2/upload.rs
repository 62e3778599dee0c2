//! Request bodies that nobody wants. A client that is still sending one may not read its refusal until it has sent all.

use h2::RecvStream;
use std::{
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;

/// How much of a body is read and dropped, so that its client gets to read the refusal.
const CAP: usize = 256 * 1024;
/// For how long it is, after the response has left.
const LASTS: Duration = Duration::from_secs(2);

/// The body of a request whose response does not depend on it.
pub(super) struct Upload {
    body: RecvStream,
    left: usize,
    /// When it is no longer read; none until the response has left.
    until: Option<Instant>,
}

impl Upload {
    pub fn new(body: RecvStream) -> Self {
        Upload { body, left: CAP, until: None }
    }

    /// The response has left: the body has so long to end.
    pub fn limit(&mut self) {
        self.until.get_or_insert_with(|| Instant::now() + LASTS);
    }

    /// When it is no longer read.
    pub fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Makes room in the peer's window for more; whether the body has ended or is too long to be read.
    pub fn read_and_drop(&mut self, context: &mut Context) -> bool {
        loop {
            match self.body.poll_data(context) {
                Poll::Ready(Some(Ok(bytes))) if bytes.len() <= self.left => {
                    self.left -= bytes.len();
                    // Fails only where the stream is gone.
                    let _ = self.body.flow_control().release_capacity(bytes.len());
                }
                Poll::Ready(_) => return true,
                Poll::Pending => return false,
            }
        }
    }
}
