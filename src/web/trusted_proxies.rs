//! The proxies in front of this server: the peers that are trusted to name their client, and the way in which they do.

use crate::{
    connection::{ConnectionInfo, Peer},
    name::named,
};
use ipnet::IpNet;
use std::net::IpAddr;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    pub peers: TrustedPeers,
    /// Whether their connections begin with a header of the PROXY protocol.
    pub protocol: bool,
    /// The field of their requests that names the client.
    pub field: ForwardedField,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedPeers {
    /// Addresses of proxies.
    pub networks: Vec<IpNet>,
    /// Whether peers on a Unix socket are trusted.
    pub unix: bool,
}

named! {
    /// The field in which proxies name the client.
    #[derive(Default)]
    pub enum ForwardedField {
        /// `X-Forwarded-For`, and `X-Forwarded-Proto` for the scheme.
        #[default]
        XForwardedFor = "x-forwarded-for",
        /// `Forwarded` (RFC 7239).
        Forwarded = "forwarded",
        Off = "off",
    }
}

impl TrustedProxies {
    pub fn trust(&self, peer: Peer) -> bool {
        match peer {
            Peer::Address(address) => self.peers.networks.iter().any(|network| network.contains(&address)),
            Peer::Unix => self.peers.unix,
        }
    }

    /// The address whose limits a connection counts for; none for connections from this machine and for proxies that
    /// name no client, which stand for many clients.
    pub fn counted(&self, connection: &ConnectionInfo) -> Option<IpAddr> {
        match connection.proxied {
            Some(proxied) => Some(proxied.client.ip().to_canonical()),
            None if self.trust(connection.peer) => None,
            None => connection.peer.address().filter(|address| !address.is_loopback()),
        }
    }

    /// Whether no proxy is trusted.
    pub fn is_empty(&self) -> bool {
        self.peers == TrustedPeers::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_known_by_its_network() {
        let networks = ["10.0.0.0/8", "2001:db8::/32"].map(|network| network.parse().unwrap()).to_vec();
        let mut proxies = TrustedProxies::default();
        proxies.peers.networks = networks;
        let trusted = |address: &str| proxies.trust(Peer::from(address.parse::<IpAddr>().unwrap()));
        assert!(trusted("10.1.2.3") && trusted("::ffff:10.1.2.3") && trusted("2001:db8::1"));
        assert!(!trusted("11.0.0.1") && !trusted("2001:db9::1") && !trusted("127.0.0.1"));
        assert!(!proxies.trust(Peer::Unix));
        proxies.peers.unix = true;
        assert!(proxies.trust(Peer::Unix));
    }
}
