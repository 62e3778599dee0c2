//! The settings of state, logs, assets, the pid file and the clock.

use crate::{
    config::{
        mistake::{InvalidValue, one_of},
        settings::{Setting, or_none, path, put, quoted},
    },
    http::access_log::LogDestination,
    output::format::LogFormat,
};
use std::path::PathBuf;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new("data.dir", "E6_DATA_DIR")
        .help(
            "Where the last good state is kept; by default $STATE_DIRECTORY, \
            $XDG_STATE_HOME/e6 or ~/.local/state/e6",
        )
        .flag("--data-dir", "DIR")
        .example("\"/var/lib/e6\"")
        .at_start(|config, running| config.data_dir = running.data_dir.clone())
        .field(
            |config, text| put(&mut config.data_dir, path(text).map(Some)),
            |config| or_none(config.data_dir.as_deref()),
        ),
    Setting::new("log.format", "E6_LOG_FORMAT")
        .help("Format of log lines; combined is that of Apache and nginx")
        .flag("--log-format", "combined|json")
        .field(
            |config, text| put(&mut config.log_format, log_format(text)),
            |config| quoted(if config.log_format == LogFormat::Json { "json" } else { "combined" }),
        ),
    Setting::new("log.access", "E6_ACCESS_LOG")
        .help("Where the access log goes; a file is opened again on SIGUSR1")
        .flag("--access-log", "stdout|off|FILE")
        .field(
            |config, text| put(&mut config.access_log, access_log(text)),
            |config| match &config.access_log {
                None => quoted("off"),
                Some(LogDestination::Stdout) => quoted("stdout"),
                Some(LogDestination::File(path)) => quoted(&path.display().to_string()),
            },
        ),
    Setting::new("log.level", "E6_LOG_LEVEL")
        .help("How much is logged: error, warn, info, debug or trace")
        .flag("--log-level", "LEVEL")
        .field(
            |config, text| put(&mut config.log_level, log_level(text)),
            |config| quoted(&config.log_level.to_string()),
        ),
    Setting::new("", "E6_ASSETS")
        .help("Serve assets from this directory in place of the embedded ones, while designing")
        .flag("--assets", "DIR")
        .write_only(|config, text| put(&mut config.assets, directory(text).map(Some))),
    Setting::new("", "E6_READY_FILE")
        .help("Write pid and bound addresses to this file once serving")
        .flag("--ready-file", "FILE")
        .at_start(|config, running| config.ready_file = running.ready_file.clone())
        .write_only(|config, text| put(&mut config.ready_file, path(text).map(Some))),
    Setting::new("", "E6_PID_FILE")
        .help(
            "Write the pid to this file, for reload and upgrade; by default e6.pid in \
            $RUNTIME_DIRECTORY or the data directory",
        )
        .flag("--pid-file", "FILE")
        .at_start(|config, running| config.pid_file = running.pid_file.clone())
        .write_only(|config, text| put(&mut config.pid_file, path(text).map(Some))),
    Setting::new("", "E6_CLOCK")
        .help("Start the site's clock at this time")
        .flag("--clock", "RFC3339")
        .at_start(|config, running| config.clock = running.clock)
        .write_only(|config, text| put(&mut config.clock, instant(text).map(Some))),
];

fn directory(text: &str) -> Result<PathBuf, InvalidValue> {
    let dir = path(text)?;
    match dir.is_dir() {
        true => Ok(dir),
        false => {
            Err(InvalidValue::new(format!("{text:?} is no directory"), "name one laid out like assets/"))
        }
    }
}

fn instant(text: &str) -> Result<OffsetDateTime, InvalidValue> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| InvalidValue::new(format!("{text:?} is no time"), "write one like 2023-08-10T01:40:00Z"))
}

fn log_format(text: &str) -> Result<LogFormat, InvalidValue> {
    one_of(text, "log format", &[("combined", LogFormat::Combined), ("json", LogFormat::Json)])
}

fn access_log(text: &str) -> Result<Option<LogDestination>, InvalidValue> {
    match text {
        "off" => Ok(None),
        "stdout" => Ok(Some(LogDestination::Stdout)),
        _ => path(text).map(|path| Some(LogDestination::File(path))),
    }
}

fn log_level(text: &str) -> Result<tracing::level_filters::LevelFilter, InvalidValue> {
    text.parse().map_err(|_| {
        InvalidValue::new(
            format!("{text:?} is no log level"),
            "write \"error\", \"warn\", \"info\", \"debug\" or \"trace\"",
        )
    })
}
