//! Certificates that look after themselves: where they come from, which one is served, and when the next one comes.
//!
//! From the first handshake on one is served: the last good one, else one that is signed by itself. What is wrong is
//! in the [`Status`], whoever asks.

mod certificate;
mod files;
mod self_signed;
mod serving;

pub use certificate::Certificate;
pub use files::Files;
pub use serving::{Origin, Serving, Status};

use std::{convert::Infallible, error::Error, path::PathBuf, sync::Arc, time::Duration};

/// After a fault of ours in the task that looks after them, so that a fault that repeats does not spin.
const PAUSE: Duration = Duration::from_secs(5);

/// Where certificates come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Files that somebody else renews.
    Files(Files),
    /// This process, for this machine; kept in this directory.
    SelfSigned(PathBuf),
}

/// A source at work.
pub struct Certificates {
    source: Source,
    names: Vec<String>,
    serving: Arc<Serving>,
}

impl Certificates {
    /// Opens a source for these names. What it cannot give yet is in the status.
    ///
    /// # Errors
    /// Only when no key can be made at all.
    pub fn open(source: Source, names: Vec<String>) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let (first, trouble) = match &source {
            Source::SelfSigned(dir) => self_signed::kept(dir, &names)?,
            Source::Files(_) => (self_signed::for_this_run(&names)?, None),
        };
        let serving = Arc::new(Serving::new(first, Origin::SelfSigned));
        serving.trouble(trouble);
        let certificates = Certificates { source, names, serving };
        if let Source::Files(files) = &certificates.source {
            certificates.watched(files).look();
        }
        Ok(certificates)
    }

    /// What is served, and how things are.
    pub fn serving(&self) -> Arc<Serving> {
        self.serving.clone()
    }

    /// Renews, watches, tries again; a fault of ours is logged and it starts anew. Must run within a tokio runtime.
    pub async fn look_after(self) -> Infallible {
        loop {
            let faulted = match &self.source {
                Source::Files(files) => tokio::spawn(self.watched(files).run()).await.err(),
                Source::SelfSigned(_) => std::future::pending().await,
            };
            tracing::error!(?faulted, "looking after the certificate broke; starting it anew");
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn watched(&self, files: &Files) -> files::Watched {
        files::Watched::new(files.clone(), self.names.clone(), self.serving.clone())
    }
}
