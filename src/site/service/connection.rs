//! The connection of a request for `/how`: protocol, both ends, TLS, QUIC, and where the time went.

use crate::{
    connection::{ConnectionInfo, QuicHandle},
    http::log_record::protocol,
    name::Named,
    net::socket::{PathFacts, canonical, is_global},
    site::{
        exchange::RequestContext,
        service::{Service, simulate::SimulatedResponse},
        trace::{ChosenBy, ConnectionTrace, QuicTrace, Timings, TlsTrace, micros},
    },
    tls::resolver::CertificateOrigin,
    web::{
        host::{Scheme, is_plain},
        path::host_and_port,
    },
};
use std::net::SocketAddr;

impl Service {
    /// Both ends of the connection, as the kernel or QUIC knows them.
    pub(super) fn network(&self, connection: &ConnectionInfo) -> Option<PathFacts> {
        let Some(quic) = connection.quic.as_ref().map(|quic| quic.facts()) else {
            return PathFacts::of(&connection.socket);
        };
        Some(PathFacts {
            local: canonical((quic.local?, self.parts.hosts.https?).into()),
            peer: canonical(quic.peer),
            round_trip: Some(quic.round_trip),
        })
    }

    pub(super) fn connected(
        &self,
        context: &RequestContext,
        network: Option<&PathFacts>,
        authority: &str,
    ) -> ConnectionTrace {
        let (host, port) = host_and_port(authority);
        let is_plain = is_plain(host) && port.bytes().all(|byte| byte.is_ascii_digit());
        let origin = is_plain.then(|| format!("{}://{authority}", context.client.scheme.name()));
        let peer = context.client.peer;
        ConnectionTrace {
            protocol: protocol(context.version),
            chosen_by: match &context.connection.tls {
                None => ChosenBy::Clear,
                Some(tls) if tls.alpn.is_none() => ChosenBy::NoAlpn,
                Some(_) => ChosenBy::Alpn,
            },
            ip_version: peer.address().map(|address| if address.is_ipv4() { 4 } else { 6 }),
            worker: context.connection.worker,
            request: context.arrival.number,
            scheme: context.client.scheme.name(),
            proxied: context.client.proxied,
            quic: context.connection.quic.as_ref().map(quic_trace),
            client: client_end(context, network),
            server: server_end(context, network).map(|address| address.to_string()),
            clear_origin: origin.as_ref().and_then(|_| self.clear_origin(context, host, port)),
            origin,
            idle_ms: micros(context.arrival.waited) / 1e3,
            self_signed: context.connection.tls.is_some() && self.is_self_signed(),
        }
    }

    /// The URL of the HTTP listener, as far as its port can be known to the client: the default one, or the one next to
    /// an HTTPS port that is not mapped.
    fn clear_origin(&self, context: &RequestContext, host: &str, port: &str) -> Option<String> {
        let http = self.parts.how.process_start.http_port.filter(|_| !context.client.proxied)?;
        match (context.client.scheme, port) {
            (Scheme::Http, "") | (Scheme::Https, "") => Some(format!("http://{host}")),
            (Scheme::Http, port) => Some(format!("http://{host}:{port}")),
            (Scheme::Https, port) if port.parse() == Ok(self.parts.hosts.https?) => {
                Some(format!("http://{host}:{http}"))
            }
            _ => None,
        }
    }

    pub(super) fn agreed(&self, connection: &ConnectionInfo) -> Option<TlsTrace> {
        connection.tls.as_ref().map(|tls| TlsTrace {
            version: tls.version,
            cipher: tls.cipher.clone(),
            group: tls.group,
            post_quantum: tls.is_post_quantum(),
            resumed: tls.resumed,
            server_name: tls.server_name.clone(),
            self_signed: self.is_self_signed(),
        })
    }

    fn is_self_signed(&self) -> bool {
        let certificates = self.parts.certificates.as_ref();
        certificates.is_some_and(|certificates| certificates.status().origin == CertificateOrigin::SelfSigned)
    }
}

fn quic_trace(quic: &QuicHandle) -> QuicTrace {
    let facts = quic.facts();
    QuicTrace { address_validated: facts.is_validated, migrations: facts.migrations }
}

/// The client's address, with its port if that is known.
fn client_end(context: &RequestContext, network: Option<&PathFacts>) -> Option<String> {
    if let Some(network) = network {
        return Some(network.peer.to_string());
    }
    let address = context.client.peer.address()?;
    Some(match context.client.port {
        Some(port) => SocketAddr::new(address, port).to_string(),
        None => address.to_string(),
    })
}

/// The other end of the client's connection: this server's, or that of the proxy which passes the connection on.
fn server_end(context: &RequestContext, network: Option<&PathFacts>) -> Option<SocketAddr> {
    let (client, server) = match (network, context.connection.proxied) {
        (Some(network), _) => (network.peer, network.local),
        // Another proxy before that one may have named another client.
        (None, Some(proxied)) if context.client.peer == context.connection.client() => {
            (proxied.client, proxied.proxy)
        }
        (None, _) => return None,
    };
    // Behind a port mapping this is an address that the client does not know.
    (is_global(server.ip()) || !is_global(client.ip())).then_some(server)
}

pub(super) fn timings(
    context: &RequestContext,
    simulated: &SimulatedResponse,
    own: bool,
    network: Option<&PathFacts>,
) -> Timings {
    let handshake = context.connection.tls.as_ref().map(|tls| micros(tls.took));
    let measured = network.and_then(|network| network.round_trip);
    let round_trip = measured.map(|measured| micros(measured.shortest));
    // The request opened the connection; one that is only asked about would come on the same one.
    let is_first = own && context.arrival.number == 1;
    // QUIC's handshake is that of TLS, too.
    let is_quic = context.connection.quic.is_some();
    let opening = |round_trip| match is_first {
        true if is_quic => handshake.unwrap_or(0.0),
        true => round_trip + handshake.unwrap_or(0.0),
        false => 0.0,
    };
    let (route, answer) = match own {
        true => (context.routing, None),
        false => (simulated.routing, Some(micros(simulated.answering))),
    };
    Timings {
        accept: micros(context.connection.queued),
        handshake,
        route: micros(route),
        answer,
        round_trip,
        smoothed_round_trip: measured.map(|measured| micros(measured.smoothed)),
        own: micros(route) + answer.unwrap_or(0.0),
        network: round_trip.map(|round_trip| round_trip + opening(round_trip)),
        arrived: own.then_some(context.arrival.at),
    }
}
