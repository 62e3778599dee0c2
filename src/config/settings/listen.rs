//! The settings of the site's address, the listeners and the connection to MLB.

use crate::{
    config::{
        mistake::InvalidValue,
        settings::{Setting, or_none, path, put, quoted},
        tls,
    },
    net::{listen::Address, outgoing::OutgoingProxy},
};
use hyper::Uri;

/// Maximum bytes of a Unix socket's path: `sun_path` in unix(7) has 108, with the final zero byte.
const SOCKET_PATH_CAP: usize = 107;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new("site.url", "E6_URL")
        .help("Where links that leave the site lead; by default https:// and the first domain")
        .flag("--url", "URL")
        .example("\"https://example.org\"")
        .field(
            |config, text| put(&mut config.url, origin(text).map(Some)),
            |config| config.public_url().map_or("(not known)".into(), |url| quoted(&url)),
        ),
    Setting::new("site.domains", "E6_DOMAIN")
        .help(
            "The site's names, the canonical one first; the others redirect to it. Without \
            any, every name is answered",
        )
        .list("--domain", "NAME")
        .example("[\"example.org\", \"www.example.org\"]")
        .field(
            |config, text| put(&mut config.domains, tls::domains(text)),
            |config| format!("{:?}", config.domains),
        ),
    Setting::new("listen.http", "E6_HTTP")
        .help(
            "HTTP without TLS: \"ADDRESS:PORT\", \":PORT\" for every address of the machine, \
            \"unix:/PATH\", or \"off\"",
        )
        .list("--http", "ADDR|unix:PATH|off")
        .at_start(|config, running| config.listen.http = running.listen.http.clone())
        .field(
            |config, text| put(&mut config.listen.http, addresses(text, without_tls)),
            |config| listeners(&config.listen.http),
        ),
    Setting::new("listen.https", "E6_HTTPS")
        .help("HTTP/2 and HTTP/1.1 over TLS")
        .list("--https", "ADDR|off")
        .at_start(|config, running| config.listen.https = running.listen.https.clone())
        .field(
            |config, text| put(&mut config.listen.https, addresses(text, over_tls)),
            |config| listeners(&config.listen.https),
        ),
    Setting::new("listen.admin", "E6_ADMIN")
        .help("Metrics and health for operators")
        .list("--admin", "ADDR|unix:PATH|off")
        .at_start(|config, running| config.listen.admin = running.listen.admin.clone())
        .field(
            |config, text| put(&mut config.listen.admin, addresses(text, without_tls)),
            |config| listeners(&config.listen.admin),
        ),
    Setting::new("listen.unix_mode", "E6_UNIX_MODE")
        .help("Who may connect to a Unix socket, as for chmod")
        .at_start(|config, running| config.listen.unix_mode = running.listen.unix_mode)
        .field(
            |config, text| put(&mut config.listen.unix_mode, mode(text)),
            |config| quoted(&format!("{:04o}", config.listen.unix_mode)),
        ),
    Setting::new("mlb.url", "E6_MLB_URL")
        .help("Base URL of MLB's Stats API, or of a relay")
        .flag("--mlb-url", "URL")
        .field(|config, text| put(&mut config.mlb_url, url(text)), |config| quoted(&config.mlb_url)),
    Setting::new("mlb.proxy", "E6_MLB_PROXY")
        .help(
            "The proxy through which MLB is asked (http, https, socks5, socks5h); by default \
            the environment's, as for curl",
        )
        .flag("--mlb-proxy", "URL")
        .example("\"http://proxy.example:3128\"")
        .field(
            |config, text| put(&mut config.mlb_proxy.configured, mlb_proxy(text).map(Some)),
            |config| {
                let proxy = config.mlb_proxy.configured.as_ref();
                proxy.map_or("(none)".into(), |proxy| quoted(&proxy.to_string()))
            },
        ),
    Setting::new("mlb.proxy_credentials", "E6_MLB_PROXY_CREDENTIALS")
        .help("A file with one line USER:PASSWORD for that proxy")
        .example("\"/etc/e6/proxy.credentials\"")
        .field(
            |config, text| put(&mut config.mlb_proxy.credentials, path(text).map(Some)),
            |config| or_none(config.mlb_proxy.credentials.as_deref()),
        ),
];

/// Addresses separated by commas; `off` is an empty list.
fn addresses(
    text: &str,
    kind: fn(Address) -> Result<Address, InvalidValue>,
) -> Result<Vec<Address>, InvalidValue> {
    match text {
        "off" => Ok(Vec::new()),
        _ => text.split(',').map(|text| address(text.trim()).and_then(kind)).collect(),
    }
}

/// `ADDRESS:PORT`, `localhost:PORT`, `:PORT` for every address of the machine, or `unix:/PATH`.
fn address(text: &str) -> Result<Address, InvalidValue> {
    if let Some(path) = text.strip_prefix("unix:") {
        return unix(path);
    }
    let spelled_out = match text.split_once(':') {
        Some(("", port)) => format!("[::]:{port}"),
        Some(("localhost", port)) => format!("127.0.0.1:{port}"),
        _ => text.to_owned(),
    };
    spelled_out.parse().map(Address::Tcp).map_err(|_| {
        let port = text.parse::<u16>().map_or("8080".into(), |port| port.to_string());
        let mend = format!(
            "write an address and a port like \"127.0.0.1:{port}\", \":{port}\" for every address of this machine, or \"off\""
        );
        InvalidValue::new(format!("{text:?} is no address to listen on"), mend)
    })
}

fn unix(path: &str) -> Result<Address, InvalidValue> {
    let valid = path.starts_with('/') && !path.ends_with('/') && path.len() <= SOCKET_PATH_CAP;
    match valid {
        true => Ok(Address::Unix(path.into())),
        false => Err(InvalidValue::new(
            format!("{path:?} is no place for a socket"),
            format!(
                "write a path from the root, like \"unix:/run/e6/e6.sock\", of at most {SOCKET_PATH_CAP} bytes"
            ),
        )),
    }
}

fn without_tls(address: Address) -> Result<Address, InvalidValue> {
    Ok(address)
}

fn over_tls(address: Address) -> Result<Address, InvalidValue> {
    match address {
        Address::Unix(_) => Err(InvalidValue::new(
            format!("{address} is on this machine, where nobody needs TLS"),
            "write it for listen.http",
        )),
        tcp => Ok(tcp),
    }
}

fn mode(text: &str) -> Result<u32, InvalidValue> {
    match u32::from_str_radix(text, 8) {
        Ok(mode @ 0..=0o777) => Ok(mode),
        _ => Err(InvalidValue::new(
            format!("{text:?} is no mode of a file"),
            "write three digits as for chmod, like \"0660\" (owner and group) or \"0666\" (everyone)",
        )),
    }
}

fn url(text: &str) -> Result<String, InvalidValue> {
    let valid = text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    });
    match valid {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(InvalidValue::new(
            format!("{text:?} is no base URL"),
            "write one like \"https://statsapi.mlb.com\"",
        )),
    }
}

fn mlb_proxy(text: &str) -> Result<OutgoingProxy, InvalidValue> {
    OutgoingProxy::parse(text.trim()).map_err(|what| {
        InvalidValue::new(what, "write one like \"http://proxy.example:3128\" or \"socks5://127.0.0.1:1080\"; https and socks5h are known too")
    })
}

/// A base URL without a path, because the site is always at the root.
fn origin(text: &str) -> Result<String, InvalidValue> {
    let mend = "write where the site is, like \"https://example.org\"";
    let url = url(text).map_err(|wrong| InvalidValue::new(wrong.what, mend))?;
    let uri: Uri = url.parse().map_err(|_| InvalidValue::new(format!("{text:?} is no base URL"), mend))?;
    let plain =
        uri.path() == "/" && !uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if plain { Ok(url) } else { Err(InvalidValue::new(format!("{text:?} is more than an address"), mend)) }
}

/// The addresses as the file has them.
fn listeners(addresses: &[Address]) -> String {
    match addresses {
        [] => quoted("off"),
        [one] => quoted(&one.to_string()),
        several => format!("{:?}", several.iter().map(Address::to_string).collect::<Vec<_>>()),
    }
}
