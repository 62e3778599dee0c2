//! Request bodies that are not needed. A client that is still sending one may not read the refusal until it has sent
//! everything.

use crate::http::handler::{UPLOAD_CAP, UPLOAD_LASTS};
use h2::RecvStream;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// The body of a request whose response does not depend on it.
pub(super) struct Upload {
    body: RecvStream,
    left: usize,
    /// The time at which reading stops; none until the response has left.
    until: Option<Instant>,
}

impl Upload {
    pub fn new(body: RecvStream) -> Self {
        Upload { body, left: UPLOAD_CAP, until: None }
    }

    /// Starts the time limit, once the response has left.
    pub fn limit(&mut self) {
        self.until.get_or_insert_with(|| Instant::now() + UPLOAD_LASTS);
    }

    pub fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Reads and drops what has arrived, and reopens the peer's window. Returns whether the body has ended or is too
    /// long.
    pub fn read_and_drop(&mut self, context: &mut Context) -> bool {
        loop {
            match self.body.poll_data(context) {
                Poll::Ready(Some(Ok(bytes))) if bytes.len() <= self.left => {
                    self.left -= bytes.len();
                    // Fails only if the stream is gone.
                    let _ = self.body.flow_control().release_capacity(bytes.len());
                }
                Poll::Ready(_) => return true,
                Poll::Pending => return false,
            }
        }
    }
}
