//! The parts that the QUIC endpoints of all workers share, with the keys of the old process or of the data directory.

use crate::{
    app::{
        error::RunError,
        inherited::{Inherited, QuicHandoff},
        listeners::BoundAddresses,
        metrics::AllMetrics,
        resources::Resources,
    },
    config::{Config, Http3Mode},
    connection::ListenerKind,
    http::http3::{Http3Server, QuicSecret},
    net::udp::{datagram_line::DatagramLine, steering::OlderProcesses},
    per_worker::workers,
    site::service::AlternativeService,
};
use std::{io, path::Path, sync::Arc};
use tokio_rustls::TlsAcceptor;

/// Makes these parts; none without HTTP/3.
pub(crate) fn server(
    config: &Config,
    resources: &Resources,
    metrics: &AllMetrics,
    tls: Option<&TlsAcceptor>,
    inherited: &mut Inherited,
) -> Result<Option<Arc<Http3Server>>, RunError> {
    // If it is dropped here, its end tells the old process that this one does not read the UDP sockets.
    let line = inherited.quic.take();
    let sockets = resources.listeners.of(ListenerKind::Http3).count();
    let Some(tls) = tls.filter(|_| sockets > 0) else { return Ok(None) };
    let handoff = inherited.handoff().and_then(|handoff| handoff.quic.as_ref());
    let cannot = |error: &dyn std::fmt::Display| {
        RunError::new(format!("cannot set up HTTP/3: {error}; run with --http3 off"))
    };
    let secret = secret(handoff, resources.data_dir(config)).map_err(|error| cannot(&error))?;
    let older = older(handoff, line);
    let may_migrate = config.listen.http3.migration;
    // Each worker has at most one endpoint for each socket.
    let endpoints = sockets * workers();
    let server = Http3Server::new(tls.config(), secret, endpoints, older, may_migrate, metrics.quic.clone());
    server.map(|server| Some(Arc::new(server))).map_err(|error| cannot(&error))
}

/// HTTP/3 as responses announce it; none if there is nothing to say about it. If it `has_ended` with the old process of
/// an upgrade, clients may still expect it.
pub(crate) fn alternative(
    config: &Config,
    addresses: &BoundAddresses,
    has_ended: bool,
) -> Option<AlternativeService> {
    let max_age = config.listen.http3.max_age.as_secs();
    if max_age == 0 || has_ended {
        return Some(AlternativeService { value: "clear".into(), is_unconditional: true });
    }
    Some(AlternativeService {
        value: format!("h3=\":{}\"; ma={max_age}", addresses.http3_port()?),
        is_unconditional: config.listen.http3.mode == Http3Mode::On,
    })
}

/// The secret of the old process, else the one in the data directory, else one for this run.
fn secret(handoff: Option<&QuicHandoff>, dir: Option<&Path>) -> io::Result<QuicSecret> {
    if let Some(secret) = handoff.and_then(|handoff| QuicSecret::parse(&handoff.secret)) {
        return Ok(secret);
    }
    let Some(dir) = dir else { return QuicSecret::fresh() };
    QuicSecret::kept(dir).or_else(|error| {
        tracing::warn!(
            %error,
            dir = %dir.display(),
            "cannot keep the QUIC key in the data directory: after a restart, HTTP/3 clients wait for a timeout"
        );
        QuicSecret::fresh()
    })
}

fn older(handoff: Option<&QuicHandoff>, line: Option<std::os::fd::OwnedFd>) -> Option<OlderProcesses> {
    let (handoff, line) = (handoff?, line?);
    Some(OlderProcesses { processes: handoff.processes.clone(), line: DatagramLine::new(line) })
}
