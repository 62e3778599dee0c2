//! Proxies between e6 and the servers that it asks: HTTP CONNECT and SOCKS.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A proxy that connects every name and address to one server.
pub struct Proxy {
    pub address: SocketAddr,
    /// Clients' requests: the head of CONNECT, or user, password and target of SOCKS.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy for this server; `serve` answers the client's request.
    pub fn start(target: &str, serve: fn(&mut TcpStream) -> io::Result<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let (target, seen) = (target.trim_start_matches("http://").to_owned(), asked.clone());
        thread::spawn(move || {
            for client in listener.incoming() {
                let (mut client, target, seen) = (client.unwrap(), target.clone(), seen.clone());
                thread::spawn(move || {
                    let Ok(asked) = serve(&mut client) else { return };
                    seen.lock().unwrap().push(asked);
                    let mut server = TcpStream::connect(target).unwrap();
                    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                    thread::spawn(move || io::copy(&mut from, &mut to));
                    let _ = io::copy(&mut server, &mut client);
                });
            }
        });
        Proxy { address, asked }
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Answers a request with the method CONNECT.
pub fn connect(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    Ok(String::from_utf8(head).unwrap())
}

/// Answers a request by SOCKS 5 with user and password (RFC 1928, RFC 1929).
pub fn socks(client: &mut TcpStream) -> io::Result<String> {
    let some = |client: &mut TcpStream| -> io::Result<String> {
        let mut length = [0];
        client.read_exact(&mut length)?;
        let mut text = vec![0; length[0].into()];
        client.read_exact(&mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    };
    client.read_exact(&mut [0])?;
    some(client)?;
    client.write_all(&[5, 2])?;
    client.read_exact(&mut [0])?;
    let (user, password) = (some(client)?, some(client)?);
    client.write_all(&[1, 0])?;
    let mut request = [0; 4];
    client.read_exact(&mut request)?;
    assert_eq!(request, [5, 1, 0, 3], "CONNECT to a name");
    let name = some(client)?;
    client.read_exact(&mut [0; 2])?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    Ok(format!("{user} {password} {name}"))
}
