//! A fake of the part of MLB's API that e6 uses, on loopback: serves a test's replies, applies `fields=`, and fails on
//! request.

use crate::support::day::{self, Game, PADRES, TATIS};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime},
};

/// How the fake fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Closes every connection without a reply.
    Refuse,
    /// Never replies.
    Hang,
    /// Sends half of a head and then nothing.
    HangInHead,
    /// Sends half of the body and then nothing.
    HangInBody,
    /// Resets the connection after half of the body.
    Reset,
    /// Sends bytes that are not HTTP.
    NotHttp,
    /// Redirects to the same URL.
    Redirect,
    /// Replies after this many milliseconds.
    Late(u64),
    /// Sends one byte a second.
    Drip,
    /// Closes the connection after half of the body.
    Truncate,
    /// Replies with this status, and JSON.
    Status(u16),
    /// Replies with this status, and HTML as from a CDN.
    StatusHtml(u16),
    /// Replies 429 with this Retry-After, in seconds.
    Wait(u32),
    /// Replies with HTML.
    Html,
    /// Sends an endless body.
    Huge,
    /// Sends lists in lists, a million deep.
    Deep,
    /// Sends NaN, which is not JSON, for each number of errors.
    NotANumber,
    /// Sends each number of errors twice, with another value each time.
    Twice,
}

#[derive(Default)]
struct State {
    replies: Vec<(String, Value)>,
    /// Feeds by game and the first timecode at which they apply.
    timed: Vec<(u64, &'static str, Value)>,
    /// Faults by path prefix; the empty prefix matches every path.
    faults: Vec<(String, Fault)>,
    asked: Vec<String>,
    agents: Vec<String>,
    heads: Vec<String>,
    /// The `Date` of replies.
    date: Option<String>,
    /// `Age` of replies in seconds, by path prefix; the longest prefix counts.
    ages: Vec<(String, u32)>,
}

/// The fake MLB. Its threads end with the test process.
pub struct FakeMlb {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl FakeMlb {
    /// A fake with a player and his club, and no games.
    pub fn of(player: u32, club: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fake = FakeMlb { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = fake.state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = state.clone();
                thread::spawn(move || {
                    // e6 may close the connection at any point.
                    let _ = reply(stream, &state);
                });
            }
        });
        fake.put(
            &format!("/api/v1/people/{player}?"),
            json!({"people": [{
                "id": player, "fullName": "Fernando Tatis Jr.", "useLastName": "Tatis Jr.",
                "currentTeam": {"id": club, "name": "San Diego Padres"},
            }]}),
        );
        fake.put(&format!("/api/v1/teams/{club}?"), json!({"teams": [{
            "id": club, "name": "San Diego Padres", "venue": {"id": 1, "timeZone": {"id": "America/Los_Angeles"}},
        }]}));
        fake.put("/api/v1/schedule?", json!({"dates": []}));
        fake
    }

    /// A fake with Tatis and these games.
    pub fn with(games: &[Game]) -> Self {
        let fake = FakeMlb::of(TATIS, PADRES);
        fake.play(games);
        fake
    }

    /// Replaces the games.
    pub fn play(&self, games: &[Game]) {
        self.put("/api/v1/schedule?", day::schedule(games));
        for game in games {
            self.put(&format!("/api/v1.1/game/{}/", game.pk), game.feed());
        }
    }

    /// Sets the reply to paths with this prefix; the longest prefix counts.
    pub fn put(&self, prefix: &str, reply: Value) {
        let mut state = self.state.lock().unwrap();
        state.replies.retain(|(known, _)| known != prefix);
        state.replies.push((prefix.into(), reply));
    }

    /// Sets the `Date` of replies.
    pub fn date(&self, at: SystemTime) {
        self.state.lock().unwrap().date = Some(httpdate::fmt_http_date(at));
    }

    /// Sets the game's feed for requests with this timecode or a later one.
    pub fn at(&self, timecode: &'static str, game: &Game) {
        self.state.lock().unwrap().timed.push((game.pk, timecode, game.feed()));
    }

    /// Sets the only fault, for every path, or removes all faults.
    pub fn fault(&self, fault: impl Into<Option<Fault>>) {
        self.state.lock().unwrap().faults =
            fault.into().map(|fault| (String::new(), fault)).into_iter().collect();
    }

    /// Adds a fault for paths with this prefix.
    pub fn fault_at(&self, prefix: &str, fault: Fault) {
        self.state.lock().unwrap().faults.push((prefix.into(), fault));
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the `Age` of replies to paths with this prefix, in seconds.
    pub fn age(&self, prefix: &str, seconds: u32) {
        let mut state = self.state.lock().unwrap();
        state.ages.retain(|(known, _)| known != prefix);
        state.ages.push((prefix.into(), seconds));
    }

    /// The head of each request so far.
    pub fn heads(&self) -> Vec<String> {
        self.state.lock().unwrap().heads.clone()
    }

    /// The number of requests for paths with this prefix.
    pub fn count(&self, prefix: &str) -> usize {
        self.asked().iter().filter(|path| path.starts_with(prefix)).count()
    }

    /// The User-Agent of each request so far.
    pub fn agents(&self) -> Vec<String> {
        self.state.lock().unwrap().agents.clone()
    }

    /// The path of each request so far.
    pub fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }
}

fn reply(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone()?).take(64 * 1024);
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (fault, body, fields) = {
        let mut state = state.lock().unwrap();
        state.asked.push(path.clone());
        state.heads.push(head.clone());
        let agent = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("user-agent: ").map(String::from));
        state.agents.push(agent.unwrap_or_default());
        let timed = path.split_once("timecode=").and_then(|(_, code)| {
            let of_game = |pk: &u64| path.starts_with(&format!("/api/v1.1/game/{pk}/"));
            state.timed.iter().rev().find(|(pk, from, _)| of_game(pk) && *from <= code).map(|(.., feed)| feed)
        });
        let matching = |prefix: &String| path.starts_with(prefix);
        let longest = state
            .replies
            .iter()
            .filter(|(prefix, _)| matching(prefix))
            .max_by_key(|(prefix, _)| prefix.len());
        let body = timed.or(longest.map(|(_, body)| body)).cloned();
        let fault = state.faults.iter().find(|(prefix, _)| matching(prefix)).map(|(_, fault)| *fault);
        let date = state.date.as_ref().map(|date| format!("date: {date}\r\n")).unwrap_or_default();
        let ages = state.ages.iter().filter(|(prefix, _)| matching(prefix));
        let age = ages.max_by_key(|(prefix, _)| prefix.len()).map_or(0, |(_, age)| *age);
        (fault, body, format!("{date}age: {age}\r\n"))
    };
    // Like MLB's replies, without ETag and Last-Modified.
    let lasts = if path.contains("/feed/live") { 10 } else { 20 };
    let fields = format!(
        "content-type: application/json;charset=UTF-8\r\nvary: accept-encoding, Accept-Encoding\r\n\
         cache-control: max-age={lasts}, public, stale-while-revalidate=30, stale-if-error=86400\r\n{fields}"
    );
    let body = body.map(|body| trimmed(&body, &path).to_string());
    let fault = match fault {
        Some(Fault::Late(milliseconds)) => {
            thread::sleep(Duration::from_millis(milliseconds));
            None
        }
        fault => fault,
    };
    match (fault, body) {
        (None, Some(body)) => send(&mut stream, 200, &fields, body.as_bytes(), body.len()),
        (None, None) => send(&mut stream, 404, "", b"{}", 2),
        (Some(fault), body) => misbehave(&mut stream, fault, &path, body.unwrap_or_default().as_bytes()),
    }
}

fn misbehave(stream: &mut TcpStream, fault: Fault, path: &str, body: &[u8]) -> std::io::Result<()> {
    match fault {
        Fault::Refuse | Fault::Late(_) => Ok(()),
        Fault::Hang => {
            thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Fault::HangInHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le")?;
            thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Fault::HangInBody => {
            send(stream, 200, "", &body[..body.len() / 2], body.len())?;
            thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Fault::Reset => {
            send(stream, 200, "", &body[..body.len() / 2], body.len())?;
            socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO))
        }
        Fault::NotHttp => stream.write_all(b"\x15\x03\x01\x00\x02\x02\x16"),
        Fault::Redirect => {
            let location = format!("location: http://{}{path}\r\n", stream.local_addr()?);
            send(stream, 302, &location, b"", 0)
        }
        Fault::Drip => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len())?;
            for byte in body.iter().take(60) {
                stream.write_all(&[*byte])?;
                thread::sleep(Duration::from_secs(1));
            }
            Ok(())
        }
        Fault::Truncate => send(stream, 200, "", &body[..body.len() / 2], body.len()),
        Fault::Status(status) => send(stream, status, "", b"{}", 2),
        Fault::StatusHtml(status) => {
            let page =
                "<!DOCTYPE html><html><head><title>403 Forbidden</title></head><h3>Error 54113</h3></html>";
            send(stream, status, "content-type: text/html\r\n", page.as_bytes(), page.len())
        }
        Fault::Wait(seconds) => send(stream, 429, &format!("retry-after: {seconds}\r\n"), b"", 0),
        Fault::Html => send(stream, 200, "", b"<!doctype html><p>Hello", 23),
        Fault::Huge => {
            write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[")?;
            for _ in 0..100 {
                stream.write_all(&vec![b' '; 1024 * 1024])?;
            }
            Ok(())
        }
        Fault::Deep => send(stream, 200, "", &[b'['; 1_000_000], 1_000_000),
        Fault::NotANumber | Fault::Twice => {
            let body = String::from_utf8_lossy(body);
            let (wrong, mut parts) = (fault == Fault::Twice, body.split("\"errors\":"));
            let mut changed = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                changed += if wrong { "\"errors\":7,\"errors\":" } else { "\"errors\":NaN,\"before\":" };
                changed += part;
            }
            send(stream, 200, "", changed.as_bytes(), changed.len())
        }
    }
}

fn send(
    stream: &mut TcpStream,
    status: u16,
    fields: &str,
    body: &[u8],
    length: usize,
) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{fields}\r\n")?;
    stream.write_all(body)
}

/// Applies `fields=`: keeps the listed keys at every depth, and the keys of id maps whose parent is listed.
fn trimmed(reply: &Value, path: &str) -> Value {
    let Some((_, fields)) = path.split_once("fields=") else { return reply.clone() };
    let fields: Vec<&str> = fields.split('&').next().unwrap().split(',').collect();
    trim(reply, &fields)
}

fn trim(value: &Value, fields: &[&str]) -> Value {
    let is_id =
        |key: &str| key.strip_prefix("ID").is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| fields.contains(&key.as_str()) || is_id(key))
            .map(|(key, value)| (key.clone(), trim(value, fields)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| trim(item, fields)).collect(),
        other => other.clone(),
    }
}
