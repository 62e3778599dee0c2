//! The proxy of an outgoing connection, by curl's rules: the configured proxy, else the one that the environment names
//! for the URL's scheme; none for a host in `NO_PROXY`.

use hyper::Uri;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use std::{fmt, net::IpAddr};
use ureq::ProxyProtocol;

/// curl's default port of a proxy.
const PORT: u16 = 1080;
/// curl's default port of a proxy that is reached over TLS.
const TLS_PORT: u16 = 443;

const PROTOCOLS: [(&str, ProxyProtocol); 6] = [
    ("http", ProxyProtocol::Http),
    ("https", ProxyProtocol::Https),
    ("socks4", ProxyProtocol::Socks4),
    ("socks4a", ProxyProtocol::Socks4A),
    ("socks5", ProxyProtocol::Socks5),
    ("socks5h", ProxyProtocol::Socks5h),
];

/// Looks up a variable of the environment.
pub type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A proxy. `Display` and `Debug` omit its credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingProxy {
    protocol: ProxyProtocol,
    host: String,
    port: u16,
    credentials: Option<Credentials>,
}

/// User and password for a proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

/// A variable of the environment that names no usable proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    pub variable: String,
    /// The reason, without credentials.
    pub what: String,
}

impl OutgoingProxy {
    /// Parses `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]`; the default scheme is `http`.
    ///
    /// # Errors
    /// The reason, without the text itself, which may contain credentials.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_ascii_lowercase();
        let protocol = PROTOCOLS.iter().find(|(name, _)| *name == scheme).map(|(_, protocol)| *protocol);
        let protocol = protocol.ok_or_else(|| match scheme.chars().all(|c| c.is_ascii_alphanumeric()) {
            true => format!("a proxy of the scheme {scheme:?} is not supported"),
            false => "the proxy's scheme is invalid".to_owned(),
        })?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (userinfo, place) = match authority.rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, authority),
        };
        let invalid = || "the proxy's host or port is invalid".to_owned();
        let place: hyper::http::uri::Authority = place.parse().map_err(|_| invalid())?;
        if place.host().is_empty() || place.as_str().contains('@') {
            return Err(invalid());
        }
        let has_port = place.as_str().len() > place.host().len();
        let default = if protocol == ProxyProtocol::Https { TLS_PORT } else { PORT };
        let port = match (has_port, place.port_u16()) {
            (false, _) => default,
            (true, port) => port.filter(|port| *port > 0).ok_or_else(invalid)?,
        };
        let credentials = userinfo.map(|userinfo| Credentials::parse(userinfo, decoded)).transpose()?;
        Ok(OutgoingProxy { protocol, host: place.host().to_owned(), port, credentials })
    }

    /// The same proxy with these credentials instead of its own.
    pub fn with(self, credentials: Credentials) -> Self {
        OutgoingProxy { credentials: Some(credentials), ..self }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The proxy as the HTTP client needs it.
    pub fn for_client(&self) -> Result<ureq::Proxy, ureq::Error> {
        let mut proxy = ureq::Proxy::builder(self.protocol).host(&self.host).port(self.port);
        if let Some(Credentials { user, password }) = &self.credentials {
            proxy = proxy.username(user).password(password);
        }
        proxy.build()
    }
}

impl fmt::Display for OutgoingProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = PROTOCOLS.iter().find(|(_, protocol)| *protocol == self.protocol);
        write!(f, "{}://{}:{}", name.map_or("", |(name, _)| name), self.host, self.port)
    }
}

impl fmt::Debug for OutgoingProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Credentials {
    /// Parses the content of a file: `USER:PASSWORD`.
    pub fn from_file(text: &str) -> Result<Self, String> {
        let line = text.trim_end_matches(['\r', '\n']);
        if !line.contains(':') || line.contains('\n') {
            return Err("it is not one line of the form USER:PASSWORD".into());
        }
        Credentials::parse(line, |text| Ok(text.to_owned()))
    }

    fn parse(text: &str, read: impl Fn(&str) -> Result<String, String>) -> Result<Self, String> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Ok(Credentials { user: read(user)?, password: read(password)? })
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(String::from).map_err(|_| "the proxy's credentials are not UTF-8".to_owned())
}

/// The proxy for this URL: the configured one, else the environment's; none for a host in `NO_PROXY`.
///
/// # Errors
/// The variable that names no usable proxy. It is never ignored, because that would mean a direct connection.
pub fn proxy_for(
    url: &Uri,
    configured: Option<&OutgoingProxy>,
    variable: Variable,
) -> Result<Option<OutgoingProxy>, Unusable> {
    let first = |names: &[String]| {
        names.iter().find_map(|name| {
            let value = variable(name)?.trim().to_owned();
            (!value.is_empty()).then(|| (name.clone(), value))
        })
    };
    let exceptions = first(&["no_proxy".into(), "NO_PROXY".into()]);
    if exceptions.is_some_and(|(_, list)| is_exception(url, &list)) {
        return Ok(None);
    }
    if let Some(proxy) = configured {
        return Ok(Some(proxy.clone()));
    }
    let scheme = url.scheme_str().unwrap_or("http");
    let mut names = vec![format!("{scheme}_proxy")];
    // `HTTP_PROXY` is not used: a CGI script's client can set it with a header field `Proxy` (httpoxy).
    names.extend((scheme != "http").then(|| format!("{}_PROXY", scheme.to_ascii_uppercase())));
    names.extend(["all_proxy", "ALL_PROXY"].map(String::from));
    let Some((name, value)) = first(&names) else { return Ok(None) };
    let proxy = OutgoingProxy::parse(&value);
    proxy.map(Some).map_err(|what| Unusable { variable: name, what })
}

/// The port of an `http://` or `https://` URL.
pub fn port_of(url: &Uri) -> u16 {
    url.port_u16().unwrap_or(if url.scheme_str() == Some("https") { 443 } else { 80 })
}

/// Whether a list such as `example.org, .example.net:8080, 10.0.0.0/8` names the host of this URL.
fn is_exception(url: &Uri, list: &str) -> bool {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let port = port_of(url);
    let address = host.parse::<IpAddr>().ok();
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Ok(network) = entry.parse::<IpNet>() {
            return address.is_some_and(|address| network.contains(&address));
        }
        let (name, only) = split_port(entry);
        if only.is_some_and(|only| only != port) {
            return false;
        }
        let name = name.trim_matches(['[', ']']);
        match (name.parse::<IpAddr>(), address) {
            (Ok(name), Some(address)) => name == address,
            (Ok(_), None) | (Err(_), Some(_)) => false,
            (Err(_), None) => {
                let name = name.strip_prefix('*').unwrap_or(name);
                let name = name.strip_prefix('.').unwrap_or(name);
                let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
                let above = host.strip_suffix(&name).filter(|_| !name.is_empty());
                above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
        }
    })
}

/// Splits the port off a name. The colons of a bare IPv6 address separate no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read_as_curl_reads_them() {
        for (text, shown) in [
            ("proxy.example", "http://proxy.example:1080"),
            ("proxy.example:3128", "http://proxy.example:3128"),
            ("HTTP://proxy.example:3128/", "http://proxy.example:3128"),
            ("https://proxy.example", "https://proxy.example:443"),
            ("socks5://[::1]:9", "socks5://[::1]:9"),
            ("socks5h://user:secret@10.0.0.1", "socks5h://10.0.0.1:1080"),
            ("http://us%40er:se%3Acret@proxy.example:1", "http://proxy.example:1"),
            ("socks4a://proxy.example", "socks4a://proxy.example:1080"),
        ] {
            let proxy = OutgoingProxy::parse(text).unwrap();
            assert_eq!(proxy.to_string(), shown, "{text}");
            assert_eq!(format!("{proxy:?}"), shown, "{text}");
            assert!(proxy.for_client().is_ok(), "{text}");
        }
        let proxy = OutgoingProxy::parse("http://us%40er:se%3Acret@proxy.example:1").unwrap();
        let client = proxy.for_client().unwrap();
        assert_eq!((client.username(), client.password()), (Some("us@er"), Some("se:cret")));
        let other = Credentials::from_file("me:a:b c\n").unwrap();
        let client = proxy.with(other).for_client().unwrap();
        assert_eq!((client.username(), client.password()), (Some("me"), Some("a:b c")));
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_its_credentials() {
        for text in [
            "",
            "http://",
            "ftp://user:secret@host",
            "socks://user:secret@host",
            "http://user:secret@",
            "http://user:secret@host:x",
            "http://user:secret@host:0",
            "http://user:secret@host:99999",
            "user:secret://host",
            "http://user:secret@ho st",
            "http://user:secret%ff@host",
        ] {
            let error = OutgoingProxy::parse(text).unwrap_err();
            assert!(!error.contains("secret") && !error.contains("user"), "{text}: {error}");
        }
        for text in ["", "secret", "a:b\nc:d"] {
            let error = Credentials::from_file(text).err().unwrap();
            assert!(!error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn the_environment_names_a_proxy_for_each_scheme() {
        let decided = |url: &str, variables: &[(&str, &str)]| {
            let value = |name: &str| {
                let found = variables.iter().find(|(other, _)| *other == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            proxy_for(&url.parse().unwrap(), None, &value)
                .map(|proxy| proxy.map(|proxy| proxy.host))
                .map_err(|unusable| unusable.variable)
        };
        let (https, http) = ("https://a.example/", "http://a.example/");
        let some = |host: &str| Ok(Some(host.to_owned()));
        for (url, variables, expected) in [
            (https, &[][..], Ok(None)),
            (https, &[("HTTPS_PROXY", "upper")], some("upper")),
            (https, &[("HTTPS_PROXY", "upper"), ("https_proxy", "lower")], some("lower")),
            (https, &[("https_proxy", ""), ("HTTPS_PROXY", "upper")], some("upper")),
            (https, &[("ALL_PROXY", "all"), ("http_proxy", "http")], some("all")),
            (https, &[("HTTPS_PROXY", "upper"), ("all_proxy", "all")], some("upper")),
            (http, &[("HTTP_PROXY", "upper")], Ok(None)),
            (http, &[("http_proxy", "lower")], some("lower")),
            (http, &[("HTTPS_PROXY", "upper"), ("ALL_PROXY", "all")], some("all")),
            (https, &[("HTTPS_PROXY", "ftp://x")], Err("HTTPS_PROXY".into())),
            (http, &[("HTTPS_PROXY", "ftp://x")], Ok(None)),
            (https, &[("HTTPS_PROXY", "ftp://x"), ("NO_PROXY", "a.example")], Ok(None)),
            (https, &[("HTTPS_PROXY", "upper"), ("no_proxy", "b.example"), ("NO_PROXY", "*")], some("upper")),
        ] {
            assert_eq!(decided(url, variables), expected, "{url} {variables:?}");
        }
    }

    #[test]
    fn a_configured_proxy_beats_the_environments_and_gives_way_to_no_proxy() {
        let configured = OutgoingProxy::parse("socks5://mine").unwrap();
        let url = "https://a.example/".parse().unwrap();
        let environment = |name: &str| (name == "HTTPS_PROXY").then(|| "other".to_owned());
        assert_eq!(proxy_for(&url, Some(&configured), &environment), Ok(Some(configured.clone())));
        let none = |name: &str| (name == "NO_PROXY").then(|| "example".to_owned());
        assert_eq!(proxy_for(&url, Some(&configured), &none), Ok(None));
    }

    #[test]
    fn exceptions_are_names_with_all_below_addresses_and_networks() {
        for (url, list, expected) in [
            ("https://example.org/", "example.org", true),
            ("https://www.example.org/", "example.org", true),
            ("https://www.example.org/", ".example.org", true),
            ("https://example.org/", ".example.org", true),
            ("https://a.b.example.org/", "*.example.org", true),
            ("https://EXAMPLE.org./", "Example.ORG.", true),
            ("https://badexample.org/", "example.org", false),
            ("https://example.org/", "www.example.org", false),
            ("https://example.org/", "other.example, example.org", true),
            ("https://example.org/", "other.example example.org", true),
            ("https://example.org/", " ,, example.org ,", true),
            ("https://example.org/", "*", true),
            ("https://example.org/", "", false),
            ("https://example.org/", ".", false),
            ("https://example.org:8443/", "example.org:8443", true),
            ("https://example.org/", "example.org:443", true),
            ("http://example.org/", "example.org:443", false),
            ("https://example.org/", "org", true),
            ("http://10.1.2.3/", "10.1.2.3", true),
            ("http://10.1.2.3/", "10.0.0.0/8", true),
            ("http://11.1.2.3/", "10.0.0.0/8", false),
            ("http://10.1.2.3:81/", "10.1.2.3:80", false),
            ("http://10.1.2.3/", "2.3", false),
            ("http://[::1]/", "::1", true),
            ("http://[::1]:80/", "[::1]:80", true),
            ("http://[2001:db8::7]/", "2001:db8::/32", true),
            ("http://[2001:db9::7]/", "2001:db8::/32", false),
            ("http://[::1]/", "0:0:0:0:0:0:0:1", true),
            ("http://localhost/", "127.0.0.1", false),
            ("http://127.0.0.1/", "localhost,127.0.0.1", true),
        ] {
            assert_eq!(is_exception(&url.parse().unwrap(), list), expected, "{url} {list:?}");
        }
    }
}
