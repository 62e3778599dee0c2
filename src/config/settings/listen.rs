//! Where the site is, and where it asks.

use super::{
    super::{mistake::Wrong, tls},
    Setting, Taken, put, quoted,
};
use hyper::Uri;
use std::net::SocketAddr;

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "site.url",
        variable: "E6_URL",
        flag: "--url",
        taken: Taken::AtReload,
        set: |config, text| put(&mut config.url, origin(text).map(Some)),
        show: |config| config.public_url().map_or("(not known)".into(), |url| quoted(&url)),
    },
    Setting {
        key: "listen.http",
        variable: "E6_HTTP",
        flag: "--http",
        taken: Taken::AtStart,
        set: |config, text| put(&mut config.listen.http, address(text)),
        show: |config| listener(config.listen.http),
    },
    Setting {
        key: "listen.https",
        variable: "E6_HTTPS",
        flag: "--https",
        taken: Taken::AtStart,
        set: |config, text| put(&mut config.listen.https, address(text)),
        show: |config| listener(config.listen.https),
    },
    Setting {
        key: "listen.admin",
        variable: "E6_ADMIN",
        flag: "--admin",
        taken: Taken::AtStart,
        set: |config, text| put(&mut config.listen.admin, admin(text)),
        show: |config| listener(config.listen.admin),
    },
    Setting {
        key: "mlb.url",
        variable: "E6_MLB_URL",
        flag: "--mlb-url",
        taken: Taken::AtReload,
        set: |config, text| put(&mut config.mlb_url, url(text)),
        show: |config| quoted(&config.mlb_url),
    },
    Setting {
        key: "site.domains",
        variable: "E6_DOMAIN",
        flag: "--domain",
        taken: Taken::AtReload,
        set: |config, text| put(&mut config.domains, tls::domains(text)),
        show: |config| format!("{:?}", config.domains),
    },
];

/// `ADDRESS:PORT`, `localhost:PORT`, `:PORT` for every address of the machine, or `off`.
fn address(text: &str) -> Result<Option<SocketAddr>, Wrong> {
    if text == "off" {
        return Ok(None);
    }
    let spelled_out = match text.split_once(':') {
        Some(("", port)) => format!("[::]:{port}"),
        Some(("localhost", port)) => format!("127.0.0.1:{port}"),
        _ => text.to_owned(),
    };
    spelled_out.parse().map(Some).map_err(|_| {
        let port = text.parse::<u16>().map_or("8080".into(), |port| port.to_string());
        let mend = format!(
            "write an address and a port like \"127.0.0.1:{port}\", \":{port}\" for every address of this machine, or \"off\""
        );
        Wrong::new(format!("{text:?} is no address to listen on"), mend)
    })
}

fn admin(text: &str) -> Result<Option<SocketAddr>, Wrong> {
    match address(text)? {
        Some(public) if !public.ip().is_loopback() => Err(Wrong::new(
            format!("{public} can be reached from other machines"),
            "write a loopback address like \"127.0.0.1:9100\", or \"off\"",
        )),
        admin => Ok(admin),
    }
}

fn url(text: &str) -> Result<String, Wrong> {
    let valid = text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    });
    match valid {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => {
            Err(Wrong::new(format!("{text:?} is no base URL"), "write one like \"https://statsapi.mlb.com\""))
        }
    }
}

/// A base URL without a path: this site is all there is at its address.
fn origin(text: &str) -> Result<String, Wrong> {
    let mend = "write where the site is, like \"https://example.org\"";
    let url = url(text).map_err(|wrong| Wrong::new(wrong.what, mend))?;
    let uri: Uri = url.parse().map_err(|_| Wrong::new(format!("{text:?} is no base URL"), mend))?;
    let plain =
        uri.path() == "/" && !uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if plain { Ok(url) } else { Err(Wrong::new(format!("{text:?} is more than an address"), mend)) }
}

fn listener(address: Option<SocketAddr>) -> String {
    quoted(&address.map_or("off".into(), |address| address.to_string()))
}
