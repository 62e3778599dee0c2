//! Ports for programs that cannot bind port 0.

use std::{
    net::TcpListener,
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

/// A port that nobody has over TCP, below the ephemeral range, so that only this function assigns it.
pub fn free_port() -> u16 {
    // Each test process starts with 20 ports of its own, so that processes side by side do not collide.
    static NEXT: LazyLock<AtomicU16> =
        LazyLock::new(|| AtomicU16::new(20_000 + 20 * (std::process::id() % 500) as u16));
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
