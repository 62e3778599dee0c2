//! A limit on frames that ask for nothing: SETTINGS, PING, PRIORITY and others cost their sender nine bytes, and this
//! server an answer or a look-up (CVE-2019-9512 and the CVEs around it). `h2` serves any number of them. Long header
//! blocks count as several frames, because each of their bytes may stand for a field.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// Bytes of the client's preface before its first frame (RFC 9113 §3.4).
const PREFACE: usize = 24;
/// Bytes of a frame's head (§4.1).
const HEAD: usize = 9;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
/// Bytes of a header block that count as one frame. What a request adds is enough for all that a client needs to send
/// in a head.
const BLOCK: u32 = 128;
/// Frames that a request adds to the allowance. A client opens windows as it reads a response.
const FOR_A_REQUEST: u32 = 100;
/// The time that adds one frame to the allowance. Clients ping connections on which only events arrive.
const FOR_ONE: Duration = Duration::from_millis(50);

/// The frames that a peer may still send before its next request.
pub(super) struct FrameAllowance {
    most: u32,
    left: Cell<u32>,
    /// The time up to which frames were added.
    since: Cell<Instant>,
    is_exceeded: Cell<bool>,
    /// The head of the next frame, as far as it was read.
    head: Cell<[u8; HEAD]>,
    read: Cell<usize>,
    /// Bytes until the next head.
    skip: Cell<usize>,
}

impl FrameAllowance {
    pub fn new(most: u32) -> Self {
        FrameAllowance {
            most,
            left: Cell::new(most),
            since: Cell::new(Instant::now()),
            is_exceeded: Cell::new(false),
            head: Cell::new([0; HEAD]),
            read: Cell::new(0),
            skip: Cell::new(PREFACE),
        }
    }

    /// Whether the peer has sent too many frames.
    pub fn is_exceeded(&self) -> bool {
        self.is_exceeded.get()
    }

    /// Adds the frames that go with a request that has arrived, and the one that brought it. Takes one for each field
    /// that it has beyond what is allowed: its sender pays a byte for a field, and this server a copy.
    pub fn add_request(&self, surplus: usize) {
        let left = (self.left.get() + FOR_A_REQUEST + 1).min(self.most);
        self.left.set(left.saturating_sub(u32::try_from(surplus).unwrap_or(u32::MAX)));
    }

    /// Counts the frames that begin in the next bytes of the stream.
    pub fn count(&self, mut bytes: &[u8], now: impl Fn() -> Instant) {
        while !bytes.is_empty() && !self.is_exceeded.get() {
            let skipped = self.skip.get().min(bytes.len());
            self.skip.set(self.skip.get() - skipped);
            bytes = &bytes[skipped..];
            let read = self.read.get();
            let taken = bytes.len().min(HEAD - read);
            let mut head = self.head.get();
            head[read..read + taken].copy_from_slice(&bytes[..taken]);
            self.head.set(head);
            bytes = &bytes[taken..];
            if read + taken < HEAD {
                self.read.set(read + taken);
            } else {
                self.read.set(0);
                let [a, b, c, kind, ..] = head;
                let length = u32::from_be_bytes([0, a, b, c]);
                self.skip.set(length as usize);
                self.take(frames_of(kind, length), &now);
            }
        }
    }

    /// Takes so many frames from those that are left, or all that there can be.
    fn take(&self, frames: u32, now: impl Fn() -> Instant) {
        let frames = frames.min(self.most);
        if self.left.get() < frames {
            self.renew(now());
        }
        match self.left.get().checked_sub(frames) {
            Some(left) => self.left.set(left),
            None => self.is_exceeded.set(true),
        }
    }

    /// Adds the frames for the time that has passed.
    fn renew(&self, now: Instant) {
        let passed = now.saturating_duration_since(self.since.get());
        let frames = u32::try_from(passed.as_nanos() / FOR_ONE.as_nanos()).unwrap_or(u32::MAX);
        if frames > 0 {
            self.left.set(self.left.get().saturating_add(frames).min(self.most));
            self.since.set(now);
        }
    }
}

/// The frames that a frame of this kind and length counts as.
fn frames_of(kind: u8, length: u32) -> u32 {
    match kind {
        HEADERS => 1 + length / BLOCK,
        // `h2` limits how many there are.
        CONTINUATION => length / BLOCK,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 6;
    const PRIORITY: u8 = 2;

    fn frame(kind: u8, length: u16) -> Vec<u8> {
        let [high, low] = length.to_be_bytes();
        let mut frame = vec![0, high, low, kind, 0, 0, 0, 0, 0];
        frame.resize(HEAD + usize::from(length), 0xff);
        frame
    }

    /// An allowance whose peer has sent its preface and then these bytes, `step` bytes at a time.
    fn after(most: u32, bytes: &[u8], step: usize) -> FrameAllowance {
        let (allowance, began) = (FrameAllowance::new(most), Instant::now());
        let sent = [&[b'P'; PREFACE], bytes].concat();
        sent.chunks(step).for_each(|bytes| allowance.count(bytes, || began));
        allowance
    }

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        let frames = [frame(PING, 8), frame(PRIORITY, 5), frame(4, 0), frame(0xee, 200)].concat();
        for step in [1, 2, 7, 9, 24, 33, 1000] {
            assert_eq!(after(10, &frames, step).left.get(), 6, "{step}");
            assert!(
                !after(4, &frames, step).is_exceeded() && after(3, &frames, step).is_exceeded(),
                "{step}"
            );
        }
    }

    #[test]
    fn a_request_allows_for_more_frames_up_to_the_limit() {
        let allowance = after(200, &frame(PING, 8).repeat(150), 50);
        let count = |kind, count| allowance.count(&frame(kind, 8).repeat(count), Instant::now);
        for left in [150, 200, 200] {
            count(HEADERS, 1);
            count(CONTINUATION, 9);
            allowance.add_request(0);
            assert_eq!(allowance.left.get(), left);
        }
        allowance.add_request(120);
        assert_eq!(allowance.left.get(), 80, "fields that are too many are taken off");
        allowance.add_request(1000);
        assert_eq!(allowance.left.get(), 0);
        allowance.add_request(0);
        allowance.add_request(0);
        // A head that `h2` refuses as too large is no request.
        count(HEADERS, 201);
        assert!(allowance.is_exceeded());
    }

    #[test]
    fn long_header_blocks_count_as_several_frames() {
        for (frames, left) in [
            (frame(HEADERS, 127), 199),
            (frame(HEADERS, 1280), 189),
            ([frame(HEADERS, 0), frame(CONTINUATION, 1280)].concat(), 189),
            (frame(0, 1280), 199),
            (frame(HEADERS, 16_384), 200 - 129),
        ] {
            assert_eq!(after(200, &frames, 50).left.get(), left);
        }
        assert!(!after(100, &frame(HEADERS, 16_384), 50).is_exceeded(), "one is always read");
        assert!(after(100, &frame(HEADERS, 16_384).repeat(2), 50).is_exceeded());
    }

    #[test]
    fn time_allows_for_more_frames_up_to_the_limit() {
        let (allowance, began) = (after(2, &frame(PING, 8).repeat(2), 50), Instant::now());
        for (after, is_exceeded) in [(FOR_ONE, false), (FOR_ONE * 2, false), (FOR_ONE * 2, true)] {
            allowance.count(&frame(PING, 8), || began + after);
            assert_eq!(allowance.is_exceeded(), is_exceeded, "{after:?}");
        }
        let allowance = after(2, &frame(PING, 8).repeat(2), 50);
        for (frames, is_exceeded) in [(2, false), (1, true)] {
            allowance.count(&frame(PING, 8).repeat(frames), || began + FOR_ONE * 1000);
            assert_eq!(allowance.is_exceeded(), is_exceeded, "never more than the limit at once");
        }
    }
}
