//! The process and its commands. `e6 serve` is, from top to bottom: `start` opens the parts, `run` handles signals,
//! `reload` replaces what is configured, `upgrade` starts the next process, and `drain` ends this one. What stays
//! across a reload is `process::Process`, what does not is `process::Configured`.

pub(crate) mod answer_metrics;
pub(crate) mod ask;
pub(crate) mod binary;
pub(crate) mod check;
pub(crate) mod control;
pub(crate) mod data_lock;
pub(crate) mod data_source;
pub(crate) mod day_pages;
pub(crate) mod demo;
pub(crate) mod design;
pub(crate) mod drain;
pub(crate) mod error;
pub(crate) mod health;
pub(crate) mod http3;
pub(crate) mod inherited;
pub(crate) mod init;
pub(crate) mod launcher;
pub(crate) mod listeners;
pub(crate) mod live_site;
pub(crate) mod logging;
pub(crate) mod metrics;
pub(crate) mod notifier;
pub(crate) mod own_files;
pub(crate) mod places;
pub(crate) mod poller_thread;
pub(crate) mod privileges;
pub(crate) mod process;
pub(crate) mod process_metrics;
pub(crate) mod publisher;
pub(crate) mod reload;
pub(crate) mod render_queue;
pub(crate) mod resources;
pub(crate) mod rollback;
pub(crate) mod run;
pub(crate) mod start;
pub(crate) mod swap_handler;
pub(crate) mod systemd;
pub(crate) mod upgrade;
pub(crate) mod workers;
