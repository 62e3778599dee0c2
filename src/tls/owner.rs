//! The one owner of the certificate source: it serves the certificate, renews it in a thread, and changes the source
//! at a reload.

use crate::{
    threads::{Heartbeat, RestartingThreads},
    tls::{
        CertificateSource,
        acme::{self, Renewals},
        certificate::Certificate,
        config,
        files::{FileWatcher, LOOK},
        resolver::{CertificateOrigin, CertificateResolver, CertificateWriter},
        self_signed,
    },
};
use prometheus::{IntGauge, Registry, register_int_gauge_with_registry as gauge};
use std::{
    cell::RefCell,
    error::Error,
    io,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    time::Duration,
};
use time::OffsetDateTime;
use tokio_rustls::TlsAcceptor;

/// The longest sleep, so that a clock that is set or a machine that was suspended does not move a renewal.
pub(crate) const NAP: Duration = Duration::from_secs(60);
/// The longest time between two heartbeats: a sleep, and a request to a CA that takes as long as it may.
const LONGEST_PAUSE: Duration = Duration::from_secs(2 * (60 + 20));

/// The certificate source in service. Its thread ends when this is dropped.
pub struct CertificateOwner {
    source: CertificateSource,
    names: Vec<String>,
    resolver: Arc<CertificateResolver>,
    acceptor: TlsAcceptor,
    /// The renewal of the source in service, until [`CertificateOwner::start`].
    waiting: Option<Renewal>,
    renewals: Sender<Renewal>,
}

/// A certificate source that is open and not in service yet.
pub struct OpenSource {
    source: CertificateSource,
    names: Vec<String>,
    /// The certificate to serve until the source has one, its origin, and the problem with it.
    first: (Arc<Certificate>, CertificateOrigin, Option<String>),
    agent: Option<ureq::Agent>,
}

impl CertificateOwner {
    /// Opens a source for these names. Until it has a certificate, a self-signed one is served. The current problem is
    /// in the resolver's status.
    ///
    /// # Errors
    /// When the files cannot be used, a CA's root cannot be read, or the system refuses what TLS needs.
    pub fn open(
        source: CertificateSource,
        names: Vec<String>,
        threads: &RestartingThreads,
        registry: &Registry,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let opened = OpenSource::open(source.clone(), names.clone(), None)?;
        let expiry: IntGauge = gauge!(
            "e6_certificate_expiry_timestamp_seconds",
            "Unix time at which the certificate that is served expires.",
            registry
        )?;
        let resolver = Arc::new(CertificateResolver::new(opened.first.0.clone(), expiry));
        let acceptor = TlsAcceptor::from(Arc::new(config::config(resolver.clone())?));
        let (renewals, changes) = mpsc::channel();
        let mut present = None;
        let renew = move |heartbeat: &Heartbeat| renew(&mut present, &changes, heartbeat);
        threads.spawn("certificates".into(), LONGEST_PAUSE, renew)?;
        let mut owner = CertificateOwner { source, names, resolver, acceptor, waiting: None, renewals };
        owner.waiting = Some(owner.take(opened));
        Ok(owner)
    }

    /// The certificate of every handshake, and its status.
    pub fn resolver(&self) -> Arc<CertificateResolver> {
        self.resolver.clone()
    }

    /// The server's side of a handshake.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Starts renewing. Call it only once the listeners are open: a CA connects to validate the names.
    pub fn start(&mut self) {
        if let Some(renewal) = self.waiting.take() {
            self.send(renewal);
        }
    }

    /// Opens another source for these names; none if it is in service already. Files are read again in any case.
    pub fn reopen(
        &self,
        source: CertificateSource,
        names: Vec<String>,
    ) -> Result<Option<OpenSource>, Box<dyn Error + Send + Sync>> {
        let may_have_changed = matches!(source, CertificateSource::Files(_));
        if !may_have_changed && (&source, &names) == (&self.source, &self.names) {
            return Ok(None);
        }
        OpenSource::open(source, names, Some(&self.resolver)).map(Some)
    }

    /// Puts an opened source into service, from the next handshake on.
    pub fn change(&mut self, opened: OpenSource) {
        let renewal = self.take(opened);
        self.send(renewal);
    }

    fn take(&mut self, opened: OpenSource) -> Renewal {
        let OpenSource { source, names, first: (certificate, origin, error), agent } = opened;
        let writer = CertificateResolver::take_over(&self.resolver, certificate, origin, source.origin());
        writer.trouble(error);
        (self.source, self.names) = (source.clone(), names.clone());
        let step = RenewalStep::begin(&source, &names, agent.as_ref(), &writer);
        Renewal { source, names, agent, writer, step }
    }

    fn send(&self, renewal: Renewal) {
        // The thread waits for renewals for as long as this exists.
        let _ = self.renewals.send(renewal);
    }
}

impl OpenSource {
    /// The certificate that is served `before` stays until the source has one, unless it is self-signed.
    fn open(
        source: CertificateSource,
        names: Vec<String>,
        before: Option<&CertificateResolver>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        if let CertificateSource::Files(files) = &source {
            files.certificate()?;
        }
        let agent = match &source {
            CertificateSource::Acme(ca) => Some(ca.agent()?),
            CertificateSource::Files(_) | CertificateSource::SelfSigned(_) => None,
        };
        let before = before.map(|before| (before.certificate(), before.status().origin));
        let first = match (&source, before) {
            (CertificateSource::SelfSigned(dir), _) => {
                let (certificate, error) = self_signed::kept(dir, &names)?;
                (Arc::new(certificate), CertificateOrigin::SelfSigned, error)
            }
            (_, Some((certificate, origin))) if origin != CertificateOrigin::SelfSigned => {
                (certificate, origin, None)
            }
            _ => (Arc::new(self_signed::for_this_run(&names)?), CertificateOrigin::SelfSigned, None),
        };
        Ok(OpenSource { source, names, first, agent })
    }
}

struct Renewal {
    source: CertificateSource,
    names: Vec<String>,
    agent: Option<ureq::Agent>,
    writer: CertificateWriter,
    step: RenewalStep,
}

/// The part of the renewal that depends on the source.
enum RenewalStep {
    Acme(Box<Renewals>),
    Files(FileWatcher),
    SelfSigned,
}

impl Renewal {
    /// Does what is due. Returns the time until the next step.
    fn step(&mut self, pause: &acme::Pause) -> Duration {
        let next = match &mut self.step {
            RenewalStep::Acme(renewals) => renewals.step(pause),
            RenewalStep::Files(watcher) => {
                watcher.look(OffsetDateTime::now_utc());
                LOOK
            }
            RenewalStep::SelfSigned => NAP,
        };
        let dir = match &self.source {
            CertificateSource::SelfSigned(dir) => Some(dir.as_path()),
            CertificateSource::Acme(_) | CertificateSource::Files(_) => None,
        };
        next.min(self_signed::renew(dir, &self.names, &self.writer))
    }
}

impl RenewalStep {
    /// Serves the certificate that the source has already.
    fn begin(
        source: &CertificateSource,
        names: &[String],
        agent: Option<&ureq::Agent>,
        writer: &CertificateWriter,
    ) -> Self {
        match (source, agent) {
            (CertificateSource::Acme(ca), Some(agent)) => {
                let renewals = Renewals::open(ca.clone(), names.to_vec(), agent.clone(), writer.clone());
                RenewalStep::Acme(Box::new(renewals))
            }
            (CertificateSource::Files(files), _) => {
                let mut watcher = FileWatcher::new(files.clone(), names.to_vec(), writer.clone());
                watcher.look(OffsetDateTime::now_utc());
                RenewalStep::Files(watcher)
            }
            (CertificateSource::SelfSigned(_) | CertificateSource::Acme(_), _) => RenewalStep::SelfSigned,
        }
    }
}

/// The work of the thread: renews the present source until another one arrives. After a panic it begins with the same
/// source again.
fn renew(
    present: &mut Option<Renewal>,
    changes: &Receiver<Renewal>,
    heartbeat: &Heartbeat,
) -> io::Result<()> {
    if let Some(Renewal { source, names, agent, writer, step }) = present {
        *step = RenewalStep::begin(source, names, agent.as_ref(), writer);
    }
    let next = RefCell::new(None);
    // Returns whether the present source stays.
    let pause = |wait: Duration| {
        heartbeat.beat();
        if next.borrow().is_none() {
            match changes.recv_timeout(wait) {
                Ok(renewal) => *next.borrow_mut() = Some(Some(renewal)),
                Err(RecvTimeoutError::Disconnected) => *next.borrow_mut() = Some(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        next.borrow().is_none()
    };
    loop {
        let wait = present.as_mut().map_or(NAP, |renewal| renewal.step(&pause));
        pause(wait);
        match next.take() {
            Some(Some(renewal)) => *present = Some(renewal),
            Some(None) => return Ok(()),
            None => {}
        }
    }
}
