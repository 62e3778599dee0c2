//! The `process_*` metrics of every Prometheus client library, read from /proc. The `prometheus` crate's own need a
//! second version of `rustix`, and have CPU time in whole seconds only.

use prometheus::{
    Counter, Gauge,
    core::{Collector, Desc},
    proto::MetricFamily,
};
use rustix::{
    param::{clock_ticks_per_second, page_size},
    process::{Resource, getrlimit},
};
use std::fs;

/// A collector that reads the metrics of this process at each scrape.
pub(crate) struct ProcessMetrics;

impl Collector for ProcessMetrics {
    /// None: the names are no other collector's.
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        // Without /proc there are no metrics.
        let samples = samples().unwrap_or_default();
        samples
            .into_iter()
            .flat_map(|(name, help, value)| family(name, help, value?).ok())
            .flatten()
            .collect()
    }
}

fn family(name: &str, help: &str, value: f64) -> prometheus::Result<Vec<MetricFamily>> {
    if name.ends_with("_total") {
        let counter = Counter::new(name, help)?;
        counter.inc_by(value);
        return Ok(counter.collect());
    }
    let gauge = Gauge::new(name, help)?;
    gauge.set(value);
    Ok(gauge.collect())
}

/// Name, description and value of each metric of this process at one moment, in seconds, bytes and counts.
fn samples() -> Option<[(&'static str, &'static str, Option<f64>); 7]> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name may hold spaces and parentheses; the third field is the first after it (proc_pid_stat(5)).
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    let ticks = clock_ticks_per_second() as f64;
    // Reading the directory opens one descriptor more.
    let fds = fs::read_dir("/proc/self/fd").ok().map(|dir| dir.count().saturating_sub(1) as f64);
    Some([
        (
            "process_cpu_seconds_total",
            "CPU time that the process has used, in seconds.",
            Some((field(14)? + field(15)?) / ticks),
        ),
        (
            "process_start_time_seconds",
            "Unix time at which the process started.",
            field(22).zip(booted()).map(|(since_boot, boot)| boot + since_boot / ticks),
        ),
        (
            "process_resident_memory_bytes",
            "Memory of the process that is in RAM, in bytes.",
            Some(field(24)? * page_size() as f64),
        ),
        ("process_virtual_memory_bytes", "Address space of the process, in bytes.", field(23)),
        ("process_threads", "Threads of the process.", field(20)),
        ("process_open_fds", "File descriptors that the process has open.", fds),
        (
            "process_max_fds",
            "File descriptors that the process may have open.",
            getrlimit(Resource::Nofile).current.map(|most| most as f64),
        ),
    ])
}

/// The Unix time at which the machine was started.
fn booted() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{SystemTime, UNIX_EPOCH};

    #[test]
    fn a_process_knows_what_it_uses() {
        let [cpu, start, resident, virtual_memory, threads, fds, max_fds] =
            samples().unwrap().map(|(_, _, value)| value.unwrap());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        assert!((0.0..1e6).contains(&cpu));
        // A day covers tests that run for long, and clocks that were set since the machine was started.
        assert!((now - 86_400.0..now + 60.0).contains(&start), "{start}");
        assert!(resident > 1e6 && virtual_memory > resident);
        assert!(threads >= 1.0);
        assert!((3.0..=max_fds).contains(&fds));
        assert_eq!(ProcessMetrics.collect().len(), 7);
    }
}
