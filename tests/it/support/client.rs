//! An HTTP/1.1 client with a persistent connection.

use crate::support::server::{PATIENCE, Response, parse};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
};

pub struct Kept<S = TcpStream>(S);

impl Kept {
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Kept(stream))
    }
}

impl<S: Read + Write> Kept<S> {
    /// Uses an open connection.
    pub fn over(stream: S) -> Self {
        Kept(stream)
    }

    /// Sends a GET request and reads the whole response. Its fields show whether the connection persists.
    pub fn get(&mut self, path: &str) -> io::Result<Response> {
        self.get_with(path, "")
    }

    /// As `get`, with more fields, each ending in CRLF.
    pub fn get_with(&mut self, path: &str, fields: &str) -> io::Result<Response> {
        self.0.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").as_bytes())?;
        self.0.flush()?;
        self.response()
    }

    /// Reads one response.
    pub fn response(&mut self) -> io::Result<Response> {
        let mut bytes = Vec::new();
        let mut piece = [0; 16 * 1024];
        loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
                let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
                let length: usize = length.map_or(0, |length| length.parse().unwrap());
                if bytes.len() >= end + 4 + length {
                    return Ok(parse(&bytes, true));
                }
            }
            match self.0.read(&mut piece)? {
                0 => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        format!("after {} bytes", bytes.len()),
                    ));
                }
                count => bytes.extend_from_slice(&piece[..count]),
            }
        }
    }
}
