//! The client as proxies name it: Forwarded, X-Forwarded-For, and the PROXY protocol.

use crate::{
    connection::Peer,
    fuzzing::{connection, fields, first_line},
    net::proxy_protocol,
    web::{
        forwarded::ClientAddr,
        host::Scheme,
        trusted_proxies::{ForwardedField, TrustedPeers, TrustedProxies},
    },
};
use hyper::{HeaderMap, header::HeaderValue};
use std::net::IpAddr;

/// The client that the trusted proxy names.
const CLIENT: [u8; 4] = [203, 0, 113, 9];

/// Fields as a client sends them to a trusted proxy, which appends its own element, to the last line of the field or as
/// a line of its own. The client is the one that the proxy names, whatever it has sent.
pub fn forwarded(input: &[u8]) {
    let (first, lines) = first_line(input);
    let request = fields(lines);
    let peer = connection(None);
    let untrusted = ClientAddr::of(&peer, &request, &TrustedProxies::default());
    assert_eq!((untrusted.peer, untrusted.proxied, untrusted.port), (peer.peer, false, None));
    let own_line = first.first() == Some(&b'L');
    for field in [ForwardedField::XForwardedFor, ForwardedField::Forwarded] {
        let networks = vec!["192.0.2.0/24".parse().unwrap()];
        let peers = TrustedPeers { networks, unix: false };
        let proxies = TrustedProxies { peers, field, ..TrustedProxies::default() };
        let _ = ClientAddr::of(&peer, &request, &proxies);
        let mut passed_on = request.clone();
        let elements = match field {
            ForwardedField::Forwarded => vec![("forwarded", "for=203.0.113.9;proto=https")],
            _ => vec![("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")],
        };
        for (name, element) in elements {
            append(&mut passed_on, name, element, own_line);
        }
        let client = ClientAddr::of(&peer, &passed_on, &proxies);
        let expected = (Peer::from(IpAddr::from(CLIENT)), Some(IpAddr::from(CLIENT)), Scheme::Https, true);
        assert_eq!((client.peer, client.counted, client.scheme, client.proxied), expected, "{passed_on:?}");
    }
}

/// Appends an element to a list field, as a proxy does.
fn append(request: &mut HeaderMap, name: &'static str, element: &str, own_line: bool) {
    let lines: Vec<_> = request.get_all(name).into_iter().cloned().collect();
    match lines.split_last() {
        Some((last, before)) if !own_line => {
            request.remove(name);
            for line in before {
                request.append(name, line.clone());
            }
            let line = [last.as_bytes(), b", ", element.as_bytes()].concat();
            request.append(name, HeaderValue::from_bytes(&line).unwrap());
        }
        _ => {
            request.append(name, HeaderValue::from_str(element).unwrap());
        }
    }
}

/// The first bytes of a connection with the PROXY protocol. However they are split, they name the same client, and a
/// header that names it in version 1 names the same.
pub fn proxy_header(input: &[u8]) {
    let read = |bytes: &[u8]| proxy_protocol::parse(bytes).map_err(|error| error.kind());
    let whole = read(input);
    if let Ok(Some((length, _))) = &whole {
        assert!(*length <= input.len());
    }
    let ends = (0..input.len().min(300)).chain((300..input.len()).step_by(97));
    for end in ends {
        match read(&input[..end]) {
            Ok(None) => {}
            begun => assert_eq!(begun, whole, "after {end} bytes"),
        }
    }
    let Ok(Some((_, Some(proxied)))) = whole else { return };
    let family = match (proxied.client.ip(), proxied.proxy.ip()) {
        (IpAddr::V4(_), IpAddr::V4(_)) => "TCP4",
        (IpAddr::V6(_), IpAddr::V6(_)) => "TCP6",
        // An IPv4-mapped address counts as IPv4.
        _ => return,
    };
    let (client, proxy) = (proxied.client, proxied.proxy);
    let line =
        format!("PROXY {family} {} {} {} {}\r\n", client.ip(), proxy.ip(), client.port(), proxy.port());
    assert_eq!(read(line.as_bytes()), Ok(Some((line.len(), Some(proxied)))));
}
