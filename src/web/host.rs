//! The host that a request is for, and the decision: serve it, redirect it to the canonical name, or refuse it because
//! this is the wrong server.

use crate::{
    name::named,
    web::path::{host_and_port, is_authority},
};
use hyper::{HeaderMap, Request, StatusCode, Uri, Version, header::HOST};
use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

/// The names of the site, its HTTPS port and its HSTS time.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    /// In lower case, the canonical one first; empty to accept any name.
    pub names: Vec<String>,
    /// The port for HTTPS; none without TLS, or where a proxy terminates it.
    pub https: Option<u16>,
    /// Time for which browsers insist on HTTPS (RFC 6797); zero sends no such field.
    pub hsts: Duration,
}

named! {
    pub(crate) enum Scheme {
        Http = "http",
        Https = "https",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostDecision {
    Serve,
    /// Redirect to this origin, followed by the request's target.
    Move(String),
    /// The host is none of ours: refuse with this status, without naming ours.
    Elsewhere(StatusCode),
}

impl Hosts {
    /// Decides on a request for this authority. `https` is the port to redirect to; none while clients must not be
    /// redirected to HTTPS.
    ///
    /// A request to the default port is redirected to the default port, because behind a port mapping our own is the
    /// wrong one. A request without an authority, which HTTP/1.0 allows, is for the canonical name.
    pub(crate) fn decide(&self, authority: &str, scheme: Scheme, https: Option<u16>) -> HostDecision {
        let Some(canonical) = self.names.first() else { return HostDecision::Serve };
        let (host, port) = host_and_port(self.named(authority));
        if !self.has(host) {
            return HostDecision::Elsewhere(match scheme {
                Scheme::Https => StatusCode::MISDIRECTED_REQUEST,
                Scheme::Http => StatusCode::NOT_FOUND,
            });
        }
        let own_port = if port.is_empty() { String::new() } else { format!(":{port}") };
        match (scheme, https) {
            (Scheme::Http, Some(https)) if port.is_empty() || https == 443 => {
                HostDecision::Move(format!("https://{canonical}"))
            }
            (Scheme::Http, Some(https)) => HostDecision::Move(format!("https://{canonical}:{https}")),
            _ if host.eq_ignore_ascii_case(canonical) => HostDecision::Serve,
            (Scheme::Https, _) => HostDecision::Move(format!("https://{canonical}{own_port}")),
            // The client keeps its scheme, which only a proxy in front may know.
            (Scheme::Http, None) => HostDecision::Move(format!("//{canonical}{own_port}")),
        }
    }

    /// Whether the response to a request for this authority has Strict-Transport-Security, if it is turned on: over
    /// HTTPS, for a host that is ours.
    pub(crate) fn insist_on_https(&self, authority: &str, scheme: Scheme) -> bool {
        scheme == Scheme::Https && self.has(host_and_port(self.named(authority)).0)
    }

    /// The value of Strict-Transport-Security; none if it is turned off.
    pub(crate) fn hsts_value(&self) -> Option<String> {
        (!self.hsts.is_zero()).then(|| format!("max-age={}", self.hsts.as_secs()))
    }

    /// The authority, or the canonical name if the request names none.
    fn named<'a>(&'a self, authority: &'a str) -> &'a str {
        match self.names.first() {
            Some(canonical) if authority.is_empty() => canonical,
            _ => authority,
        }
    }

    fn has(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// Host and port of a request, empty if it names none. The target's take precedence over Host's (RFC 9112 §3.2.2).
pub(crate) fn authority<B>(request: &Request<B>) -> &str {
    authority_of(request.uri(), request.headers())
}

/// The same, from the parts of a request.
pub(crate) fn authority_of<'a>(target: &'a Uri, headers: &'a HeaderMap) -> &'a str {
    let field = || headers.get(HOST).and_then(|host| host.to_str().ok());
    target.authority().map(|authority| authority.as_str()).or_else(field).unwrap_or_default()
}

/// Whether a host is an address or a name as DNS has them. Such a host is safe in a command line.
pub(crate) fn is_plain(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let is_name = host.len() <= 253 && host.strip_suffix('.').unwrap_or(host).split('.').all(label);
    is_name || is_address(host)
}

/// Whether a host is an IP address, in brackets if it has version 6 (RFC 3986 §3.2.2).
pub(crate) fn is_address(host: &str) -> bool {
    let bracketed = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    host.parse::<Ipv4Addr>().is_ok() || bracketed.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok())
}

/// RFC 9112 §3.2: one Host, and a valid one; HTTP/1.0 may omit it. HTTP/2 and absolute targets have an authority.
pub(crate) fn names_a_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).into_iter();
    let host = hosts.next().map(|host| host.to_str().is_ok_and(is_authority));
    let authority = request.uri().authority().map(|authority| is_authority(authority.as_str()));
    let is_named = match request.version() {
        Version::HTTP_09 | Version::HTTP_10 => true,
        Version::HTTP_11 => host.is_some(),
        _ => host.or(authority).is_some(),
    };
    let is_repeated = hosts.next().is_some();
    is_named && !is_repeated && host != Some(false) && authority != Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        let names = ["example.org", "www.example.org"].map(String::from).to_vec();
        Hosts { names, https: Some(443), hsts: Duration::from_secs(300) }
    }

    #[test]
    fn a_request_is_answered_moved_or_sent_away() {
        use Scheme::{Http, Https};
        let to = |origin: &str| HostDecision::Move(origin.into());
        let away = |status: u16| HostDecision::Elsewhere(StatusCode::from_u16(status).unwrap());
        for (authority, scheme, https, ruling) in [
            ("example.org", Https, Some(443), HostDecision::Serve),
            ("Example.ORG:443", Https, Some(443), HostDecision::Serve),
            ("example.org:8443", Https, Some(8443), HostDecision::Serve),
            ("www.example.org", Https, Some(443), to("https://example.org")),
            ("www.example.org:8443", Https, Some(8443), to("https://example.org:8443")),
            ("example.org.", Https, Some(443), to("https://example.org")),
            ("example.org", Http, Some(443), to("https://example.org")),
            ("example.org:80", Http, Some(443), to("https://example.org")),
            ("www.example.org", Http, Some(443), to("https://example.org")),
            // Behind a port mapping, and on a developer's machine.
            ("example.org", Http, Some(8443), to("https://example.org")),
            ("example.org:8080", Http, Some(8443), to("https://example.org:8443")),
            // Without TLS here, or without a certificate yet.
            ("example.org", Http, None, HostDecision::Serve),
            ("example.org:8080", Http, None, HostDecision::Serve),
            ("www.example.org:8080", Http, None, to("//example.org:8080")),
            ("evil.example", Https, Some(443), away(421)),
            ("evil.example", Http, Some(443), away(404)),
            ("sub.example.org", Http, None, away(404)),
            ("example.org.evil.example", Https, Some(443), away(421)),
            ("127.0.0.1:443", Https, Some(443), away(421)),
            ("[::1]:80", Http, Some(443), away(404)),
            // HTTP/1.0 without Host.
            ("", Http, Some(443), to("https://example.org")),
            ("", Http, None, HostDecision::Serve),
            ("", Https, Some(443), HostDecision::Serve),
        ] {
            assert_eq!(hosts().decide(authority, scheme, https), ruling, "{authority} {scheme:?} {https:?}");
        }
    }

    #[test]
    fn a_plain_host_is_an_address_or_a_name_and_nothing_else() {
        for plain in ["example.org", "example.org.", "e6", "a-b.c_d", "127.0.0.1", "[2001:db8::1]"] {
            assert!(is_plain(plain), "{plain}");
        }
        for other in [
            "",
            ".",
            "-x",
            "a.-b",
            "a..b",
            "a;b",
            "$(id)",
            "a'b",
            "a%20b",
            "2001:db8::1",
            "[::1",
            "[x]",
            "a b",
        ] {
            assert!(!is_plain(other), "{other}");
        }
        assert!(is_address("[::1]") && is_address("192.0.2.1") && !is_address("example.org"));
    }

    #[test]
    fn without_names_every_host_is_answered() {
        for (authority, scheme) in [("a.example", Scheme::Http), ("", Scheme::Https), ("[::1]", Scheme::Http)]
        {
            let hosts = Hosts { https: Some(443), ..Hosts::default() };
            assert_eq!(hosts.decide(authority, scheme, Some(443)), HostDecision::Serve);
            assert!(!hosts.insist_on_https(authority, scheme));
        }
    }

    #[test]
    fn browsers_are_told_to_insist_on_https_only_over_https_and_for_our_names() {
        let insists = |authority, scheme| hosts().insist_on_https(authority, scheme);
        assert!(["example.org", "", "WWW.example.org:8443"].iter().all(|ours| insists(ours, Scheme::Https)));
        assert!(!insists("example.org", Scheme::Http) && !insists("evil.example", Scheme::Https));
        assert_eq!(hosts().hsts_value().as_deref(), Some("max-age=300"));
        assert_eq!(Hosts { hsts: Duration::ZERO, ..hosts() }.hsts_value(), None);
    }
}
