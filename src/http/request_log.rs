//! One request in the access log and the metrics, recorded at the last byte of its response.

use crate::{
    connection::ConnectionInfo,
    http::{
        access_log::AccessLog,
        log_record::LogRecord,
        metrics::{Labels, RequestMetrics},
    },
};
use hyper::{StatusCode, Version};
use std::{sync::Arc, time::Instant};

/// The metrics and the access log, which record every request.
#[derive(Clone)]
pub struct RequestObserver {
    pub metrics: RequestMetrics,
    /// The access log; none if it is turned off.
    pub log: Option<Arc<AccessLog>>,
}

/// A request in progress. It is counted and logged when this is dropped.
pub(crate) struct RequestLog {
    observer: Arc<RequestObserver>,
    route: usize,
    method: &'static str,
    version: Version,
    began: Instant,
    /// The time of the response's last byte; none if this is dropped earlier.
    pub ended: Option<Instant>,
    pub status: StatusCode,
    /// Bytes of the body that were handed to the connection.
    pub bytes: u64,
    /// Whether its duration is measured. That of a stream depends on the client alone.
    pub is_timed: bool,
    record: Option<LogRecord>,
}

impl RequestLog {
    /// The log of a request whose head was complete at `began`. `route` is the number of its route, `method` its label.
    pub fn begin(
        observer: &Arc<RequestObserver>,
        route: usize,
        (method, version): (&'static str, Version),
        began: Instant,
        record: impl FnOnce() -> LogRecord,
    ) -> Self {
        RequestLog {
            route,
            method,
            version,
            began,
            ended: None,
            status: StatusCode::INTERNAL_SERVER_ERROR,
            bytes: 0,
            is_timed: true,
            record: observer.log.is_some().then(record),
            observer: observer.clone(),
        }
    }

    /// Counts and logs a request that was unreadable. Its response has been sent already.
    pub fn refused(observer: &Arc<RequestObserver>, status: StatusCode, connection: &ConnectionInfo) {
        let record = || LogRecord::unread(connection, connection.client(), fastrand::u64(..));
        let mut log =
            RequestLog::begin(observer, usize::MAX, ("none", Version::HTTP_11), Instant::now(), record);
        (log.status, log.is_timed) = (status, false);
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let ended = self.ended.unwrap_or_else(Instant::now);
        let duration = ended - self.began;
        let labels: Labels = (self.status, self.method, self.version);
        let timed = self.is_timed.then_some(duration);
        self.observer.metrics.responded(self.route, labels, self.bytes, timed);
        if let (Some(record), Some(log)) = (&mut self.record, &self.observer.log) {
            (record.status, record.bytes, record.duration) = (self.status, self.bytes, duration);
            log.write(ended, record);
        }
    }
}
