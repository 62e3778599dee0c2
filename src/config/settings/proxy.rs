//! The settings of trusted reverse proxies, and of the way in which they name the client.

use crate::{
    config::{
        mistake::{InvalidValue, one_of},
        settings::{Setting, put, quoted, truth},
    },
    web::trusted_proxies::{ForwardedField, TrustedProxies},
};
use ipnet::IpNet;
use std::net::IpAddr;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new("proxy.trusted", "E6_TRUSTED")
        .help(
            "Proxies in front that are believed when they name the client: networks, \
            addresses, and \"unix\" for Unix sockets",
        )
        .list("--trusted", "NETWORK|unix")
        .field(|config, text| trusted(&mut config.proxies, text), |config| show(&config.proxies)),
    Setting::new("proxy.protocol", "E6_PROXY_PROTOCOL")
        .help("Connections of these proxies begin with a PROXY protocol header, version 1 or 2")
        .field(
            |config, text| put(&mut config.proxies.protocol, truth(text)),
            |config| config.proxies.protocol.to_string(),
        ),
    Setting::new("proxy.field", "E6_PROXY_FIELD")
        .help(
            "The field that names the client: \"x-forwarded-for\" (with X-Forwarded-Proto), \
            \"forwarded\" (RFC 7239), or \"off\"",
        )
        .field(
            |config, text| put(&mut config.proxies.field, one_of(text, "field", &FIELDS)),
            |config| {
                let name = FIELDS.iter().find(|(_, field)| *field == config.proxies.field);
                quoted(name.map_or("", |(name, _)| name))
            },
        ),
];

const FIELDS: [(&str, ForwardedField); 3] = [
    ("x-forwarded-for", ForwardedField::XForwardedFor),
    ("forwarded", ForwardedField::Forwarded),
    ("off", ForwardedField::Off),
];

/// Networks, addresses and `unix`, separated by commas; `none` is an empty list.
fn trusted(proxies: &mut TrustedProxies, text: &str) -> Result<(), InvalidValue> {
    let (mut networks, mut unix) = (Vec::new(), false);
    for name in text.split(',').map(str::trim).filter(|_| text != "none") {
        match name {
            "unix" => unix = true,
            _ => networks.push(network(name)?),
        }
    }
    (proxies.networks, proxies.unix) = (networks, unix);
    Ok(())
}

fn network(text: &str) -> Result<IpNet, InvalidValue> {
    let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let network = text.parse::<IpNet>().ok().or_else(alone).filter(|network| match network {
        // Peers with an IPv4-mapped address are compared as IPv4, so such a network would never match.
        IpNet::V6(network) => network.addr().to_ipv4_mapped().is_none(),
        IpNet::V4(_) => true,
    });
    network.map(|network| network.trunc()).ok_or_else(|| {
        InvalidValue::new(
            format!("{text:?} is no network"),
            "write networks and addresses like \"10.0.0.0/8, 2001:db8::1\", \"unix\" for Unix sockets, or \"none\"",
        )
    })
}

fn show(proxies: &TrustedProxies) -> String {
    let networks = proxies.networks.iter().map(IpNet::to_string);
    let names: Vec<_> = networks.chain(proxies.unix.then(|| "unix".to_owned())).collect();
    if names.is_empty() { quoted("none") } else { format!("{names:?}") }
}
