//! Start, reload, upgrade, drain, and the commands for operators.

pub mod check;
pub mod demo;
pub mod deploy;
pub mod deploy_script;
pub mod drain;
pub mod health;
pub mod init;
pub mod kill;
pub mod listen;
pub mod manual;
pub mod notify;
pub mod notify_restarts;
pub mod odd_files;
pub mod operations;
pub mod output;
pub mod package;
pub mod promises;
pub mod reload;
pub mod rollback;
pub mod secrets;
pub mod socket_activation;
pub mod start;
pub mod systemd_notify;
pub mod upgrade;
pub mod upgrade_http3;
pub mod upgrade_under_load;
