//! The proxies in front, and how they say for whom they come.

use crate::{
    config::{
        mistake::{Wrong, one_of},
        settings::{Setting, TakesEffect, put, quoted, truth},
    },
    web::trusted_proxies::{Field, Proxies},
};
use ipnet::IpNet;
use std::net::IpAddr;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "proxy.trusted",
        variable: "E6_TRUSTED",
        flag: "--trusted",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| trusted(&mut config.proxies, text),
        show: |config| show(&config.proxies),
    },
    Setting {
        key: "proxy.protocol",
        variable: "E6_PROXY_PROTOCOL",
        flag: "",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.proxies.protocol, truth(text)),
        show: |config| config.proxies.protocol.to_string(),
    },
    Setting {
        key: "proxy.field",
        variable: "E6_PROXY_FIELD",
        flag: "",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.proxies.field, one_of(text, "field", &FIELDS)),
        show: |config| {
            let name = FIELDS.iter().find(|(_, field)| *field == config.proxies.field);
            quoted(name.map_or("", |(name, _)| name))
        },
    },
];

const FIELDS: [(&str, Field); 3] =
    [("x-forwarded-for", Field::XForwardedFor), ("forwarded", Field::Forwarded), ("off", Field::Off)];

/// Networks, addresses and `unix`, parted by commas; `none` is none.
fn trusted(proxies: &mut Proxies, text: &str) -> Result<(), Wrong> {
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

fn network(text: &str) -> Result<IpNet, Wrong> {
    let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let network = text.parse::<IpNet>().ok().or_else(alone).filter(|network| match network {
        // Such an address is compared as what it stands for.
        IpNet::V6(network) => network.addr().to_ipv4_mapped().is_none(),
        IpNet::V4(_) => true,
    });
    network.map(|network| network.trunc()).ok_or_else(|| {
        Wrong::new(
            format!("{text:?} is no network"),
            "write networks and addresses like \"10.0.0.0/8, 2001:db8::1\", \"unix\" for Unix sockets, or \"none\"",
        )
    })
}

fn show(proxies: &Proxies) -> String {
    let networks = proxies.networks.iter().map(IpNet::to_string);
    let names: Vec<_> = networks.chain(proxies.unix.then(|| "unix".to_owned())).collect();
    if names.is_empty() { quoted("none") } else { format!("{names:?}") }
}
