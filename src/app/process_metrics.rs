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
        let Some(process) = ProcessSample::read() else { return Vec::new() };
        let mut families = Vec::new();
        let cpu = ("process_cpu_seconds_total", "CPU time that the process has used, in seconds.");
        if let Ok(counter) = Counter::new(cpu.0, cpu.1) {
            counter.inc_by(process.cpu);
            families.extend(counter.collect());
        }
        for (name, help, value) in [
            ("process_start_time_seconds", "Unix time at which the process started.", process.start),
            (
                "process_resident_memory_bytes",
                "Memory of the process that is in RAM, in bytes.",
                Some(process.resident),
            ),
            (
                "process_virtual_memory_bytes",
                "Address space of the process, in bytes.",
                Some(process.virtual_memory),
            ),
            ("process_threads", "Threads of the process.", Some(process.threads)),
            ("process_open_fds", "File descriptors that the process has open.", process.fds),
            ("process_max_fds", "File descriptors that the process may have open.", process.max_fds),
        ] {
            if let (Some(value), Ok(gauge)) = (value, Gauge::new(name, help)) {
                gauge.set(value);
                families.extend(gauge.collect());
            }
        }
        families
    }
}

/// The values of this process at one moment, in seconds, bytes and counts.
struct ProcessSample {
    cpu: f64,
    start: Option<f64>,
    resident: f64,
    virtual_memory: f64,
    threads: f64,
    fds: Option<f64>,
    max_fds: Option<f64>,
}

impl ProcessSample {
    fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The name may hold spaces and parentheses; the third field is the first after it (proc_pid_stat(5)).
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        let ticks = clock_ticks_per_second() as f64;
        // Reading the directory opens one descriptor more.
        let fds = fs::read_dir("/proc/self/fd").ok().map(|dir| dir.count().saturating_sub(1) as f64);
        Some(ProcessSample {
            cpu: (field(14)? + field(15)?) / ticks,
            start: field(22).zip(booted()).map(|(since_boot, boot)| boot + since_boot / ticks),
            resident: field(24)? * page_size() as f64,
            virtual_memory: field(23)?,
            threads: field(20)?,
            fds,
            max_fds: getrlimit(Resource::Nofile).current.map(|most| most as f64),
        })
    }
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
        let process = ProcessSample::read().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        assert!((0.0..1e6).contains(&process.cpu));
        // A day covers tests that run for long, and clocks that were set since the machine was started.
        assert!((now - 86_400.0..now + 60.0).contains(&process.start.unwrap()), "{:?}", process.start);
        assert!(process.resident > 1e6 && process.virtual_memory > process.resident);
        assert!(process.threads >= 1.0);
        assert!((3.0..=process.max_fds.unwrap()).contains(&process.fds.unwrap()));
        assert_eq!(ProcessMetrics.collect().len(), 7);
    }
}
