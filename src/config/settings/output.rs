//! What is written and read besides.

use crate::{
    config::{
        mistake::{Wrong, one_of},
        settings::{Setting, TakesEffect, or_none, path, put, quoted},
    },
    http::access_log::LogDestination,
    output::format::LogFormat,
};
use std::path::PathBuf;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "data.dir",
        variable: "E6_DATA_DIR",
        flag: "--data-dir",
        takes_effect: TakesEffect::AtStart(|config, running| config.data_dir = running.data_dir.clone()),
        set: |config, text| put(&mut config.data_dir, path(text).map(Some)),
        show: |config| or_none(config.data_dir.as_deref()),
    },
    Setting {
        key: "log.format",
        variable: "E6_LOG_FORMAT",
        flag: "--log-format",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.log_format, log_format(text)),
        show: |config| quoted(if config.log_format == LogFormat::Json { "json" } else { "combined" }),
    },
    Setting {
        key: "log.access",
        variable: "E6_ACCESS_LOG",
        flag: "--access-log",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.access_log, access_log(text)),
        show: |config| match &config.access_log {
            None => quoted("off"),
            Some(LogDestination::Stdout) => quoted("stdout"),
            Some(LogDestination::File(path)) => quoted(&path.display().to_string()),
        },
    },
    Setting {
        key: "log.level",
        variable: "E6_LOG_LEVEL",
        flag: "--log-level",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.log_level, log_level(text)),
        show: |config| quoted(&config.log_level.to_string()),
    },
    Setting {
        key: "",
        variable: "E6_ASSETS",
        flag: "--assets",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.assets, directory(text).map(Some)),
        show: |_| String::new(),
    },
    Setting {
        key: "",
        variable: "E6_READY_FILE",
        flag: "--ready-file",
        takes_effect: TakesEffect::AtStart(|config, running| config.ready_file = running.ready_file.clone()),
        set: |config, text| put(&mut config.ready_file, path(text).map(Some)),
        show: |_| String::new(),
    },
    Setting {
        key: "",
        variable: "E6_PID_FILE",
        flag: "--pid-file",
        takes_effect: TakesEffect::AtStart(|config, running| config.pid_file = running.pid_file.clone()),
        set: |config, text| put(&mut config.pid_file, path(text).map(Some)),
        show: |_| String::new(),
    },
    Setting {
        key: "",
        variable: "E6_CLOCK",
        flag: "--clock",
        takes_effect: TakesEffect::AtStart(|config, running| config.clock = running.clock),
        set: |config, text| put(&mut config.clock, instant(text).map(Some)),
        show: |_| String::new(),
    },
];

fn directory(text: &str) -> Result<PathBuf, Wrong> {
    let dir = path(text)?;
    match dir.is_dir() {
        true => Ok(dir),
        false => Err(Wrong::new(format!("{text:?} is no directory"), "name one laid out like assets/")),
    }
}

fn instant(text: &str) -> Result<OffsetDateTime, Wrong> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| Wrong::new(format!("{text:?} is no time"), "write one like 2023-08-10T01:40:00Z"))
}

fn log_format(text: &str) -> Result<LogFormat, Wrong> {
    one_of(text, "log format", &[("combined", LogFormat::Combined), ("json", LogFormat::Json)])
}

fn access_log(text: &str) -> Result<Option<LogDestination>, Wrong> {
    match text {
        "off" => Ok(None),
        "stdout" => Ok(Some(LogDestination::Stdout)),
        _ => path(text).map(|path| Some(LogDestination::File(path))),
    }
}

fn log_level(text: &str) -> Result<tracing::level_filters::LevelFilter, Wrong> {
    text.parse().map_err(|_| {
        Wrong::new(
            format!("{text:?} is no log level"),
            "write \"error\", \"warn\", \"info\", \"debug\" or \"trace\"",
        )
    })
}
