//! The settings of a hook: one `[[notify]]` of the file. Each applies to the last hook; the URL begins a new one.

use crate::{
    bounded_file,
    config::{
        Config,
        mistake::{InvalidValue, one_of, reading_hint},
        settings::{
            Setting, Value,
            kinds::{Kind, MAYBE_PATH, TOKEN, name_of, or_none},
            quoted,
            values::{LINE_CAP, path},
        },
    },
    language::Language,
    limits::TakesEffect,
    name::Named,
    notify::{Hook, HookUrl, Occasion, Preset, Template},
};
use std::path::Path;

/// The section of a hook, which a file may have several times or not at all.
pub(crate) const HOOK: &str = "notify";
/// Limit on hooks: each has a thread.
pub(crate) const HOOKS_CAP: usize = 16;

const PRESET: Kind<Preset> = Kind { parse: |text| one_of(text, "preset", Preset::NAMES), show: name_of };
const OCCASION: Kind<Occasion> =
    Kind { parse: |text| one_of(text, "occasion", Occasion::NAMES), show: name_of };
const LANGUAGE: Kind<Language> = Kind {
    parse: |text| one_of(text, "language", &Language::ALL.map(|language| (language.tag(), language))),
    show: |language| quoted(language.tag()),
};
const TEMPLATE: Kind<Option<Template>> = Kind {
    parse: |text| match Template::parse(text) {
        Ok(template) => Ok(Some(template)),
        Err(what) => Err(InvalidValue::new(what, "write JSON like '{\"text\": \"{answer}: {reason}\"}'")),
    },
    show: |template| or_none(template.as_ref().map(|_| "…")),
};

/// Rows: key, field of the hook and kind, help, example.
macro_rules! hook_settings {
    ($($key:literal, $field:ident: $kind:ident, $help:literal, $example:literal;)*) => {
        [$(row(
            $key,
            $help,
            $example,
            |config, text| {
                let value = ($kind.parse)(text)?;
                // The missing URL is a mistake of its own.
                if let Some(hook) = config.notify.last_mut() {
                    hook.$field = value;
                }
                Ok(())
            },
            |config| list(config, |hook| ($kind.show)(&hook.$field)),
        )),*]
    };
}

pub(crate) const URLS: &[Setting] = &[
    row(
        "notify.url",
        "The webhook's URL; only its host is ever shown",
        "\"https://hooks.example/e6\"",
        |config, text| url(text).map(|url| config.notify.push(Hook::to(url))),
        |config| list(config, |hook| quoted(&hook.url)),
    ),
    row(
        "notify.url_file",
        "A file with the URL, instead of url, which is a secret for Slack and Discord",
        "\"/etc/e6/slack.url\"",
        |config, text| {
            let file = path(text)?;
            let hook = Hook::to(url(&read(&file)?)?);
            config.notify.push(Hook { url_file: Some(file), ..hook });
            Ok(())
        },
        |config| list(config, |hook| (MAYBE_PATH.show)(&hook.url_file)),
    ),
];

pub(crate) const SETTINGS: &[Setting] = &hook_settings! {
    "notify.preset", preset: PRESET,
        "The form of the message: post, slack, discord or ntfy; by default post, which is JSON for programs", "\"post\"";
    "notify.secret_file", secret: TOKEN,
        "A file with the key of signatures (post, in base64) or the access token (ntfy)", "\"/etc/e6/notify.key\"";
    "notify.template", template: TEMPLATE,
        "The JSON to send (post); {answer}, {reason}, {url} and others are filled in, see docs/notify.md",
        "'{\"text\": \"{answer}: {reason}\"}'";
    "notify.language", language: LANGUAGE,
        "The language of the message: en or es; by default en", "\"en\"";
    "notify.when", occasion: OCCASION,
        "change: every change of the answer, the default; error: errors that are charged or taken back", "\"change\"";
};

const fn row(
    key: &'static str,
    help: &'static str,
    example: &'static str,
    set: fn(&mut Config, &str) -> Result<(), InvalidValue>,
    show: fn(&Config) -> String,
) -> Setting {
    let (value, takes_effect) = (Value::Field { set, show, keep: |_, _| () }, TakesEffect::AtReload);
    Setting { key, variable: "", flag: "", help, example, takes_effect, value }
}

fn url(text: &str) -> Result<HookUrl, InvalidValue> {
    HookUrl::parse(text)
        .map_err(|what| InvalidValue::new(what, "write one like \"https://hooks.example/e6\""))
}

fn read(file: &Path) -> Result<String, InvalidValue> {
    bounded_file::read_text(file, LINE_CAP).map_err(|error| {
        InvalidValue::new(
            format!("cannot read the URL in {:?} ({error})", file.display().to_string()),
            reading_hint(file, &error, "name a file with the URL on its only line"),
        )
    })
}

fn list(config: &Config, show: fn(&Hook) -> String) -> String {
    format!("[{}]", config.notify.iter().map(show).collect::<Vec<_>>().join(", "))
}
