//! A receiver of webhooks, on loopback, that fails on request.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// The reaction to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    Accept,
    /// Replies with this status, and these fields.
    Status(u16, &'static str),
    /// Reads the request and never replies.
    Hang,
    /// Reads the request and closes the connection.
    Close,
    /// Accepts, and sends an endless body.
    Huge,
}

/// A request that was received.
#[derive(Debug, Clone)]
pub struct Received {
    pub head: String,
    pub body: serde_json::Value,
    pub text: String,
    pub at: Instant,
}

impl Received {
    /// The value of a field.
    pub fn field(&self, name: &str) -> &str {
        let value = |line: &'_ str| {
            line.split_once(": ")
                .filter(|(other, _)| other.eq_ignore_ascii_case(name))
                .map(|(other, _)| other.len() + 2)
        };
        self.head.lines().find_map(|line| value(line).map(|start| &line[start..])).unwrap_or_default()
    }
}

pub struct FakeHook {
    pub address: SocketAddr,
    behaviour: Arc<Mutex<Behaviour>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl FakeHook {
    pub fn start(behaviour: Behaviour) -> Self {
        FakeHook::at("127.0.0.1:0".parse().unwrap(), behaviour)
    }

    /// Starts at this address.
    pub fn at(address: SocketAddr, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let hook = FakeHook {
            address: listener.local_addr().unwrap(),
            behaviour: Arc::new(Mutex::new(behaviour)),
            received: Arc::default(),
        };
        let (behaviour, received) = (hook.behaviour.clone(), hook.received.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (behaviour, received) = (behaviour.clone(), received.clone());
                thread::spawn(move || {
                    // e6 may close the connection at any point.
                    let _ = serve(stream, &behaviour, &received);
                });
            }
        });
        hook
    }

    pub fn url(&self) -> String {
        format!("http://{}/secret-path", self.address)
    }

    pub fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.received.lock().unwrap().len()
    }
}

fn serve(
    mut stream: TcpStream,
    behaviour: &Mutex<Behaviour>,
    received: &Mutex<Vec<Received>>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length = head
        .to_ascii_lowercase()
        .split("content-length: ")
        .nth(1)
        .map(|rest| rest.lines().next().unwrap().parse());
    let mut body = vec![0; length.unwrap().unwrap()];
    reader.read_exact(&mut body)?;
    let text = String::from_utf8(body).unwrap();
    let body = serde_json::from_str(&text).unwrap();
    let behaviour = behaviour.lock().unwrap().clone();
    received.lock().unwrap().push(Received { head, body, text, at: Instant::now() });
    match behaviour {
        Behaviour::Accept => write!(stream, "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"),
        Behaviour::Status(status, fields) => {
            write!(stream, "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: 0\r\n{fields}\r\n")
        }
        Behaviour::Hang => {
            thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Behaviour::Close => Ok(()),
        Behaviour::Huge => {
            write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 104857600\r\n\r\n")?;
            (0..100).try_for_each(|_| stream.write_all(&vec![b' '; 1024 * 1024]))
        }
    }
}
