use super::*;
use crate::{
    connection::{ListenerKind, ProxiedConnection},
    web::trusted_proxies::TrustedPeers,
};

fn connection(peer: &str) -> ConnectionInfo {
    let peer = peer.parse().map_or(Peer::Unix, |address: IpAddr| address.into());
    ConnectionInfo::new(ListenerKind::Http, peer)
}

fn proxies(field: ForwardedField) -> TrustedProxies {
    let networks = ["10.0.0.0/8", "2001:db8:1::/48"].map(|network| network.parse().unwrap()).to_vec();
    TrustedProxies { peers: TrustedPeers { networks, unix: true }, protocol: false, field }
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }
}

/// The client and the scheme of a request from a trusted proxy.
fn told(field: ForwardedField, lines: &[(&'static str, &str)]) -> (String, Scheme) {
    let client = ClientAddr::of(&connection("10.0.0.1"), &headers(lines), &proxies(field));
    (client.peer.to_string(), client.scheme)
}

#[test]
fn the_client_is_the_last_address_that_is_no_proxy() {
    for (lines, client) in [
        (&["192.0.2.7"][..], "192.0.2.7"),
        (&["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
        (&["spoofed, 192.0.2.7, 10.0.0.3,10.0.0.2"], "192.0.2.7"),
        (&["198.51.100.1", "192.0.2.7 ,10.0.0.2"], "192.0.2.7"),
        (&["192.0.2.7", "10.0.0.3", "10.0.0.2"], "192.0.2.7"),
        (&["10.0.0.4, 10.0.0.3"], "10.0.0.4"),
        (&["192.0.2.7:4711"], "192.0.2.7"),
        (&["2001:db8::7"], "2001:db8::7"),
        (&["[2001:db8::7]"], "2001:db8::7"),
        (&["[2001:db8::7]:4711"], "2001:db8::7"),
        (&["2001:db8::7, [2001:db8:1::1]:80"], "2001:db8::7"),
        (&["::ffff:192.0.2.7"], "192.0.2.7"),
        (&["192.0.2.7, ,"], "192.0.2.7"),
        (&["192.0.2.7, unix:"], "192.0.2.7"),
        (&["\"never ends, 192.0.2.7"], "192.0.2.7"),
    ] {
        let lines: Vec<_> = lines.iter().map(|line| (X_FORWARDED_FOR, *line)).collect();
        assert_eq!(told(ForwardedField::XForwardedFor, &lines).0, client, "{lines:?}");
    }
}

#[test]
fn what_cannot_be_read_names_nobody() {
    for text in [
        "",
        ",",
        "unknown",
        "_hidden",
        "192.0.2.7, garbage",
        "192.0.2.256",
        "[192.0.2.7]",
        "192.0.2.7:99999",
        "fe80::1%eth0",
        "\u{e9}",
    ] {
        let line = [(X_FORWARDED_FOR, text)];
        assert_eq!(told(ForwardedField::XForwardedFor, &line).0, "10.0.0.1", "{text}");
        let line = [(FORWARDED, &*format!("for={text}"))];
        assert_eq!(told(ForwardedField::Forwarded, &line).0, "10.0.0.1", "{text}");
    }
}

#[test]
fn forwarded_is_read_from_its_end() {
    for (text, client) in [
        ("for=192.0.2.7", "192.0.2.7"),
        ("For=\"[2001:db8::7]:4711\"", "2001:db8::7"),
        ("for=192.0.2.7;proto=http;by=203.0.113.43", "192.0.2.7"),
        ("for=198.51.100.1, for=192.0.2.7", "192.0.2.7"),
        ("for=192.0.2.7;by=_x , FOR=10.0.0.2", "192.0.2.7"),
        ("host=\"a,for=198.51.100.1\";for=192.0.2.7", "192.0.2.7"),
        ("for=192.0.2.7;host=\"a, for=198.51.100.1;b=\"", "192.0.2.7"),
        ("for=192.0.2.7;host=\"a\\\", for=198.51.100.1;b=\\\"\"", "192.0.2.7"),
        ("for=\"never ends, for=192.0.2.7", "192.0.2.7"),
        ("for=192.0.2.7, proto=https", "10.0.0.1"),
        ("for", "10.0.0.1"),
        ("=;=,=", "10.0.0.1"),
    ] {
        assert_eq!(told(ForwardedField::Forwarded, &[(FORWARDED, text)]).0, client, "{text}");
    }
}

#[test]
fn the_proxy_tells_the_scheme() {
    use Scheme::{Http, Https};
    let by_x = |text: &str| told(ForwardedField::XForwardedFor, &[(X_FORWARDED_PROTO, text)]).1;
    for (text, scheme) in
        [("https", Https), ("HTTPS", Https), ("http,https", Https), ("http", Http), ("wss", Http)]
    {
        assert_eq!(by_x(text), scheme, "{text}");
    }
    let by_forwarded = |text: &str| told(ForwardedField::Forwarded, &[(FORWARDED, text)]).1;
    for (text, scheme) in [
        ("for=192.0.2.7;proto=https", Https),
        ("for=192.0.2.7;proto=https, for=10.0.0.2;proto=http", Https),
        ("for=192.0.2.7;proto=http, for=10.0.0.2;proto=\"https\"", Http),
        ("proto=https", Https),
    ] {
        assert_eq!(by_forwarded(text), scheme, "{text}");
    }
}

#[test]
fn the_scheme_is_the_one_beside_the_client() {
    use Scheme::{Http, Https};
    for (clients, schemes, expected) in [
        ("192.0.2.7, 10.0.0.2", "https, http", Https),
        ("192.0.2.7, 10.0.0.2", "http, https", Http),
        ("192.0.2.7, 10.0.0.3, 10.0.0.2", "https, http, http", Https),
        // All are proxies: the farthest is the client.
        ("10.0.0.3, 10.0.0.2", "https, http", Https),
        // One for all: the first proxy's, which the others passed on.
        ("192.0.2.7, 10.0.0.2", "https", Https),
        ("192.0.2.7, 10.0.0.2", "http", Http),
        ("192.0.2.7, 10.0.0.3, 10.0.0.2", "https, http", Https),
        // Elements that the client wrote itself are ignored.
        ("198.51.100.1, 192.0.2.7, 10.0.0.2", "http, https", Http),
        ("192.0.2.7", "https, http", Http),
        ("192.0.2.7, 10.0.0.2", "https, http, https", Http),
        // No client is named: HTTPS anywhere is enough.
        ("", "https, http", Https),
        ("", "http, http", Http),
        ("192.0.2.7, 10.0.0.2", "", Http),
        ("192.0.2.7, 10.0.0.2", "gopher, http", Http),
        ("garbage, 10.0.0.2", "https, http", Https),
    ] {
        let lines = [(X_FORWARDED_FOR, clients), (X_FORWARDED_PROTO, schemes)];
        assert_eq!(told(ForwardedField::XForwardedFor, &lines).1, expected, "{clients} | {schemes}");
    }
    for (text, expected) in [
        ("for=192.0.2.7;proto=https, for=10.0.0.2;proto=http", Https),
        ("for=192.0.2.7, for=10.0.0.2;proto=https", Https),
        ("for=192.0.2.7;proto=http, for=10.0.0.2;proto=https", Http),
        ("for=198.51.100.1;proto=https, for=192.0.2.7;proto=http, for=10.0.0.2", Http),
        ("proto=https, proto=http", Https),
        ("proto=https, for=192.0.2.7;proto=http", Http),
    ] {
        assert_eq!(told(ForwardedField::Forwarded, &[(FORWARDED, text)]).1, expected, "{text}");
    }
}

#[test]
fn who_is_no_proxy_is_not_believed() {
    let lines = [
        (X_FORWARDED_FOR, "198.51.100.1"),
        (X_FORWARDED_PROTO, "https"),
        (FORWARDED, "for=198.51.100.1;proto=https"),
    ];
    for field in [ForwardedField::XForwardedFor, ForwardedField::Forwarded] {
        let client = ClientAddr::of(&connection("192.0.2.7"), &headers(&lines), &proxies(field));
        assert_eq!(
            (client.peer.to_string().as_str(), client.scheme, client.proxied),
            ("192.0.2.7", Scheme::Http, false)
        );
        let untrusting = TrustedProxies { peers: TrustedPeers::default(), ..proxies(field) };
        assert_eq!(ClientAddr::of(&connection("unix"), &headers(&lines), &untrusting).peer, Peer::Unix);
    }
    let off = ClientAddr::of(&connection("10.0.0.1"), &headers(&lines), &proxies(ForwardedField::Off));
    assert_eq!((off.peer.to_string().as_str(), off.scheme), ("10.0.0.1", Scheme::Http));
}

#[test]
fn limits_count_clients_and_not_the_proxies_before_them() {
    let counted = |connection: &ConnectionInfo, named: &[(&'static str, &str)]| {
        ClientAddr::of(connection, &headers(named), &proxies(ForwardedField::XForwardedFor))
            .counted
            .map(|address| address.to_string())
    };
    for (peer, address) in
        [("192.0.2.7", Some("192.0.2.7")), ("10.0.0.1", None), ("127.0.0.1", None), ("unix", None)]
    {
        assert_eq!(counted(&connection(peer), &[]).as_deref(), address, "{peer}");
    }
    for named in ["192.0.2.7", "127.0.0.1", "10.0.0.9"] {
        let line = [(X_FORWARDED_FOR, named)];
        assert_eq!(counted(&connection("unix"), &line).as_deref(), Some(named));
        let client = SocketAddr::new(named.parse().unwrap(), 54321);
        let proxied = Some(ProxiedConnection { client, proxy: client });
        assert_eq!(
            counted(&ConnectionInfo { proxied, ..connection("10.0.0.1") }, &[]).as_deref(),
            Some(named)
        );
    }
}

#[test]
fn bytes_that_are_no_text_do_not_hide_the_client_that_a_proxy_appends() {
    for (name, field, line) in [
        (X_FORWARDED_FOR, ForwardedField::XForwardedFor, &b"\xe9, 192.0.2.7"[..]),
        (FORWARDED, ForwardedField::Forwarded, b"for=\xff, for=192.0.2.7"),
    ] {
        let headers = HeaderMap::from_iter([(
            name.parse().unwrap(),
            hyper::header::HeaderValue::from_bytes(line).unwrap(),
        )]);
        let client = ClientAddr::of(&connection("10.0.0.1"), &headers, &proxies(field));
        assert_eq!(client.counted, Some("192.0.2.7".parse().unwrap()), "{name}: its limits hold");
    }
}

#[test]
fn no_field_is_more_than_not_understood() {
    let mut random = fastrand::Rng::with_seed(6);
    let alphabet = b"\",;=\\[]: \tfor proto1.\xe9";
    for _ in 0..20_000 {
        let value: Vec<u8> = (0..random.usize(..40)).map(|_| *random.choice(alphabet).unwrap()).collect();
        let value = hyper::header::HeaderValue::from_bytes(&value).unwrap();
        for (name, field) in
            [(X_FORWARDED_FOR, ForwardedField::XForwardedFor), (FORWARDED, ForwardedField::Forwarded)]
        {
            let mut headers = HeaderMap::new();
            headers.append(name, value.clone());
            headers.append(X_FORWARDED_PROTO, value.clone());
            ClientAddr::of(&connection("10.0.0.1"), &headers, &proxies(field));
        }
    }
}
