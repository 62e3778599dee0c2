//! The settings of a hook: one `[[notify]]` of the file. Each applies to the last hook; the URL begins a new one.

use crate::{
    config::{
        Config,
        mistake::{InvalidValue, one_of},
        settings::{Setting, path, put, quoted, relay},
    },
    language::Language,
    notify::{Hook, HookUrl, Occasion, Preset, Template},
};
use std::{fs::File, io::Read, path::Path};

/// The most hooks: each has a thread.
pub(crate) const HOOKS_CAP: usize = 16;
/// Maximum bytes of a file with a URL.
const SIZE_CAP: u64 = 4096;

const PRESETS: [(&str, Preset); 4] =
    [("post", Preset::Post), ("slack", Preset::Slack), ("discord", Preset::Discord), ("ntfy", Preset::Ntfy)];
const OCCASIONS: [(&str, Occasion); 2] = [("change", Occasion::Change), ("error", Occasion::Error)];
const LANGUAGES: [(&str, Language); 2] = [("en", Language::English), ("es", Language::Spanish)];

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new("notify.url", "")
        .help("The webhook's URL; only its host is ever shown")
        .example("\"https://hooks.example/e6\"")
        .field(
            |config, text| url(text).map(|url| config.notify.push(Hook::to(url))),
            |config| list(config, |hook| Some(hook.url.to_string())),
        ),
    Setting::new("notify.url_file", "")
        .help("A file with the URL, instead of url, which is a secret for Slack and Discord")
        .example("\"/etc/e6/slack.url\"")
        .field(
            |config, text| {
                let file = path(text)?;
                let hook = Hook::to(url(&read(&file)?)?);
                config.notify.push(Hook { url_file: Some(file), ..hook });
                Ok(())
            },
            |config| list(config, |hook| hook.url_file.as_deref().map(shown)),
        ),
    Setting::new("notify.preset", "")
        .help("The form of the message: post, slack, discord or ntfy; by default post, which is JSON for programs")
        .example("\"post\"")
        .field(
            |config, text| set(config, one_of(text, "preset", &PRESETS), |hook| &mut hook.preset),
            |config| list(config, |hook| name(&PRESETS, hook.preset)),
        ),
    Setting::new("notify.secret_file", "")
        .help("A file with the key of signatures (post, in base64) or the access token (ntfy)")
        .example("\"/etc/e6/notify.key\"")
        .field(
            |config, text| {
                let shared = relay::token(text)?;
                if let Some(hook) = config.notify.last_mut() {
                    (hook.secret_file, hook.secret) = (Some(shared.file), Some(shared.token));
                }
                Ok(())
            },
            |config| list(config, |hook| hook.secret_file.as_deref().map(shown)),
        ),
    Setting::new("notify.template", "")
        .help("The JSON to send (post); {answer}, {reason}, {url} and others are filled in, see docs/notify.md")
        .example("'{\"text\": \"{answer}: {reason}\"}'")
        .field(
            |config, text| {
                let template = Template::parse(text).map_err(|what| {
                    InvalidValue::new(what, "write JSON like '{\"text\": \"{answer}: {reason}\"}'")
                });
                set(config, template.map(Some), |hook| &mut hook.template)
            },
            |config| list(config, |hook| hook.template.as_ref().map(|_| "…".into())),
        ),
    Setting::new("notify.language", "")
        .help("The language of the message: en or es; by default en")
        .example("\"en\"")
        .field(
            |config, text| set(config, one_of(text, "language", &LANGUAGES), |hook| &mut hook.language),
            |config| list(config, |hook| name(&LANGUAGES, hook.language)),
        ),
    Setting::new("notify.when", "")
        .help("change: every change of the answer, the default; error: errors that are charged or taken back")
        .example("\"change\"")
        .field(
            |config, text| set(config, one_of(text, "occasion", &OCCASIONS), |hook| &mut hook.occasion),
            |config| list(config, |hook| name(&OCCASIONS, hook.occasion)),
        ),
];

fn url(text: &str) -> Result<HookUrl, InvalidValue> {
    HookUrl::parse(text)
        .map_err(|what| InvalidValue::new(what, "write one like \"https://hooks.example/e6\""))
}

fn read(file: &Path) -> Result<String, InvalidValue> {
    let mut text = String::new();
    let read = File::open(file).and_then(|file| file.take(SIZE_CAP).read_to_string(&mut text));
    let wrong = |error| {
        InvalidValue::new(
            format!("cannot read the URL in {:?} ({error})", file.display().to_string()),
            "name a file with the URL on its only line, readable to e6",
        )
    };
    read.map(|_| text).map_err(wrong)
}

fn set<T>(
    config: &mut Config,
    value: Result<T, InvalidValue>,
    slot: fn(&mut Hook) -> &mut T,
) -> Result<(), InvalidValue> {
    match config.notify.last_mut() {
        Some(hook) => put(slot(hook), value),
        // The missing URL is a mistake of its own.
        None => value.map(drop),
    }
}

fn list(config: &Config, value: impl Fn(&Hook) -> Option<String>) -> String {
    let values = config.notify.iter().map(|hook| value(hook).map_or("(none)".into(), |text| quoted(&text)));
    format!("[{}]", values.collect::<Vec<_>>().join(", "))
}

fn name<T: PartialEq>(known: &[(&'static str, T)], value: T) -> Option<String> {
    known.iter().find(|(_, other)| *other == value).map(|(name, _)| (*name).to_owned())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
