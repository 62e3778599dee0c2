//! The sources of settings: a file, the environment, flags. Later ones win.

use crate::{
    bounded_file::{self, SMALL},
    config::{
        CertificateMode, Config, DEFAULT_FILE, FILE_VARIABLE, ListenAddresses, MlbProxy,
        environment::Environment,
        flags::LIMIT,
        mistake::{ConfigError, ConfigErrors, InvalidValue, SettingPlace, nearest, reading_hint},
        named_file, scalar,
        settings::{
            self, Setting,
            hooks::{HOOK, HOOKS_CAP},
        },
    },
    limits, mlb,
    net::outgoing::{self, Credentials, OutgoingProxy, Unusable},
    notify::Hook,
};
use std::{io, ops::Range, path::Path};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// An empty list, as a setting shows it.
const NO_VALUES: &str = "[]";

/// Reads settings from all sources. `flags` are names with their values; `file` is the one of `--config`.
///
/// # Errors
/// Every mistake in any of the sources.
pub fn load(
    flags: &[(&'static str, String)],
    file: Option<&Path>,
    environment: &dyn Environment,
) -> Result<Config, ConfigErrors> {
    let reader = read_all(flags, file, environment);
    if reader.mistakes.is_empty() { Ok(reader.config) } else { Err(ConfigErrors(reader.mistakes)) }
}

/// Reads settings as [`load`] does, but skips those with mistakes.
pub fn load_despite_mistakes(
    flags: &[(&'static str, String)],
    file: Option<&Path>,
    environment: &dyn Environment,
) -> Config {
    read_all(flags, file, environment).config
}

fn read_all(
    flags: &[(&'static str, String)],
    file: Option<&Path>,
    environment: &dyn Environment,
) -> SettingsReader {
    let mut reader =
        SettingsReader { config: Config::defaults(environment), mistakes: Vec::new(), typed: Vec::new() };
    match named_file(file, environment) {
        Some(path) => {
            reader.file(&path, FilePresence::Required);
            reader.config.file = path;
        }
        None => reader.file(Path::new(DEFAULT_FILE), FilePresence::Optional),
    }
    reader.environment(environment);
    for (flag, value) in flags {
        reader.flag(flag, value);
    }
    reader.together(environment);
    reader
}

#[derive(PartialEq)]
enum FilePresence {
    Required,
    Optional,
}

struct SettingsReader {
    config: Config,
    mistakes: Vec<ConfigError>,
    /// Keys that were typed anywhere.
    typed: Vec<&'static str>,
}

impl SettingsReader {
    fn wrong(&mut self, place: SettingPlace, what: impl Into<String>, hint: impl Into<String>) {
        self.mistakes.push(InvalidValue::new(what, hint).at(place));
    }

    fn set(&mut self, setting: &Setting, value: &str, place: SettingPlace) {
        self.typed.push(setting.key);
        if let Err(InvalidValue { what, hint }) = setting.set(&mut self.config, value) {
            let what = if setting.key.is_empty() { what } else { format!("{}: {what}", setting.key) };
            self.mistakes.push(InvalidValue { what, hint }.at(place));
        }
    }

    fn flag(&mut self, flag: &str, value: &str) {
        let place = SettingPlace::Flag(flag.into());
        let limit = value.split_once('=').filter(|_| flag == LIMIT);
        let key = limit.map(|(name, _)| format!("limits.{}", name.trim()));
        let is_it = |setting: &&Setting| match &key {
            Some(key) => setting.key == key,
            None => setting.flag_name() == flag,
        };
        match (settings::all().find(is_it), key) {
            (Some(setting), _) => self.set(setting, limit.map_or(value, |(_, value)| value.trim()), place),
            (None, Some(key)) => self.unknown(&key, place),
            (None, None) => {
                self.wrong(place, format!("{value:?} has no value"), "write NAME=VALUE, like drain=10");
            }
        }
    }

    fn environment(&mut self, environment: &dyn Environment) {
        let mut names: Vec<_> = environment.names();
        if names.iter().any(|name| name == FILE_VARIABLE) && environment.get(FILE_VARIABLE).is_none() {
            self.not_text(SettingPlace::Variable(FILE_VARIABLE.into()));
        }
        names.retain(|name| name.starts_with("E6_") && name != FILE_VARIABLE);
        names.sort();
        for name in names {
            let place = SettingPlace::Variable(name.clone());
            let setting = settings::all().find(|setting| setting.variable == name);
            match (setting, environment.get(&name)) {
                (Some(setting), Some(value)) => self.set(setting, &value, place),
                (Some(_), None) => self.not_text(place),
                // A name unlike all of ours belongs to another program: Kubernetes sets E6_PORT for a service named e6.
                (None, _) => {
                    if let Some(known) = nearest(&name, settings::all().map(|setting| setting.variable)) {
                        self.wrong(place, "no such setting", format!("did you mean {known}?"));
                    }
                }
            }
        }
    }

    fn not_text(&mut self, place: SettingPlace) {
        self.wrong(place, "it is not text in UTF-8", "write it as text, or unset it");
    }

    fn file(&mut self, path: &Path, presence: FilePresence) {
        let hint = "name a readable settings file, or omit --config";
        let text = match bounded_file::read_text(path, SMALL) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && presence == FilePresence::Optional => {
                return;
            }
            Err(_) if path.as_os_str().is_empty() => {
                let what = "the name of the settings file is empty (--config or E6_CONFIG)";
                return self.wrong(SettingPlace::Everywhere, what, hint);
            }
            Err(error) => {
                let (place, hint) = (SettingPlace::File(path.into()), reading_hint(path, &error, hint));
                return self.wrong(place, format!("cannot read it ({error})"), hint);
            }
        };
        let place = |span: Range<usize>| {
            SettingPlace::Line(path.into(), 1 + text[..span.start.min(text.len())].matches('\n').count())
        };
        let (table, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            self.wrong(place(error.span().unwrap_or(0..0)), error.message(), "see toml.io for the syntax");
        }
        let after_syntax = self.mistakes.len();
        self.section("", table.get_ref(), &place);
        // The parser returns the keys in alphabetical order.
        self.mistakes[after_syntax..].sort_by_key(|mistake| match &mistake.place {
            SettingPlace::Line(_, line) => *line,
            _ => usize::MAX,
        });
    }

    /// Reads a table of the file; `prefix` is the beginning of its keys.
    fn section(&mut self, prefix: &str, table: &DeTable, place: &dyn Fn(Range<usize>) -> SettingPlace) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            match value.get_ref() {
                DeValue::Array(hooks) if key == HOOK => {
                    hooks.iter().for_each(|hook| self.hook(hook.get_ref(), place(hook.span()), place));
                }
                DeValue::Table(_) if key == HOOK => {
                    self.wrong(place(name.span()), "[notify] is for one hook", "write [[notify]]");
                }
                DeValue::Table(table) => self.section(&format!("{key}."), table, place),
                _ => self.key(&key, name.span(), value, place),
            }
        }
    }

    fn key(
        &mut self,
        key: &str,
        name: Range<usize>,
        value: &Spanned<DeValue>,
        place: &dyn Fn(Range<usize>) -> SettingPlace,
    ) {
        match settings::all().find(|setting| setting.key == key) {
            None => self.unknown(key, place(name)),
            Some(setting) => {
                let (place, shown) = (place(value.span()), setting.show(&self.config));
                let is_empty_list = matches!(value.get_ref(), DeValue::Array(values) if values.is_empty());
                let what = match scalar(value.get_ref(), &shown) {
                    Some(text) => return self.set(setting, &text, place),
                    None if is_empty_list && shown == NO_VALUES => return,
                    None if is_empty_list => "the list is empty",
                    None => "this is neither text nor a whole number",
                };
                self.wrong(place, format!("{key}: {what}"), format!("write it like {shown}"));
            }
        }
    }

    /// Reads one hook: its URL first, then the settings that apply to it.
    fn hook(&mut self, hook: &DeValue, at: SettingPlace, place: &dyn Fn(Range<usize>) -> SettingPlace) {
        let (before, mistakes) = (self.config.notify.len(), self.mistakes.len());
        let DeValue::Table(table) = hook else {
            return self.wrong(at, "notify is a list of tables", "write [[notify]], and its url below");
        };
        let is_url = |name: &str| matches!(name, "url" | "url_file");
        for urls in [true, false] {
            for (name, value) in table.iter().filter(|(name, _)| is_url(name.get_ref()) == urls) {
                self.key(&format!("{HOOK}.{}", name.get_ref()), name.span(), value, place);
            }
        }
        let hooks = &self.config.notify;
        let wrong = match hooks.len() - before {
            0 => Some(("notify.url is missing", "write the hook's URL, or url_file")),
            1 => hooks.last().and_then(Hook::contradiction),
            _ => Some(("notify.url and notify.url_file are both set", "remove one of them")),
        };
        let is_known = |hook: &Hook| hooks[..before].iter().any(|other| other.url == hook.url);
        let wrong = match wrong {
            None if hooks.last().is_some_and(is_known) => {
                Some(("another hook has this URL", "remove one of them"))
            }
            None if hooks.len() > HOOKS_CAP => Some(("there are more than 16 hooks", "remove some")),
            wrong => wrong,
        };
        // A mistake in one of its settings comes first.
        if let Some((what, hint)) = wrong.filter(|_| self.mistakes.len() == mistakes) {
            self.wrong(at, what, hint);
        }
    }

    fn unknown(&mut self, key: &str, place: SettingPlace) {
        let known = settings::all().map(|setting| setting.key).filter(|key| !key.is_empty());
        let hint = match nearest(key, known) {
            Some(known) => format!("did you mean {known}?"),
            None => "remove it; `e6 settings` lists every setting".into(),
        };
        self.wrong(place, format!("unknown key {key}"), hint);
    }

    /// Finds the outgoing proxies for MLB, for hooks and for the CA.
    fn proxies_on_the_way(&mut self, environment: &dyn Environment) {
        let configured = self.configured_proxy();
        let mlb_url = self.config.mlb_url.clone();
        self.config.mlb_proxy.on_the_way = self.proxy_for(&mlb_url, configured.as_ref(), environment);
        let mut hooks = std::mem::take(&mut self.config.notify);
        for hook in &mut hooks {
            hook.proxy = self.proxy_for(&hook.url.as_uri().to_string(), None, environment);
        }
        self.config.notify = hooks;
        if self.config.tls.mode == CertificateMode::Acme {
            let directory = self.config.acme.directory.clone();
            self.config.acme.proxy = self.proxy_for(&directory, None, environment);
        }
    }

    /// The configured proxy for MLB, with its credentials.
    fn configured_proxy(&mut self) -> Option<OutgoingProxy> {
        let MlbProxy { configured, credentials, .. } = self.config.mlb_proxy.clone();
        let Some(path) = credentials else { return configured };
        let Some(proxy) = configured else {
            let what = "mlb.proxy_credentials is set, and mlb.proxy is not";
            self.wrong(SettingPlace::Everywhere, what, "name the proxy that uses them");
            return None;
        };
        let text = bounded_file::read_text(&path, SMALL).map_err(|error| error.to_string());
        match text.and_then(|text| Credentials::from_file(&text)) {
            Ok(credentials) => Some(proxy.with(credentials)),
            Err(why) => {
                let what = format!("mlb.proxy_credentials: cannot use {}: {why}", path.display());
                let hint = "write one line USER:PASSWORD to it, readable to e6";
                self.wrong(SettingPlace::Everywhere, what, hint);
                None
            }
        }
    }

    /// The outgoing proxy for a URL. An unusable one is a mistake; it never leads to a direct connection.
    fn proxy_for(
        &mut self,
        url: &str,
        configured: Option<&OutgoingProxy>,
        environment: &dyn Environment,
    ) -> Option<OutgoingProxy> {
        let url = url.parse().ok()?;
        match outgoing::proxy_for(&url, configured, &|name| environment.get(name)) {
            Ok(proxy) => proxy,
            Err(Unusable { variable, what }) => {
                let hint = "name a proxy with http, https, socks5 or socks5h, or unset it";
                let mistake = InvalidValue::new(what, hint).at(SettingPlace::Variable(variable));
                // MLB and the CA usually share a variable.
                if !self.mistakes.contains(&mistake) {
                    self.mistakes.push(mistake);
                }
                None
            }
        }
    }

    /// Derives settings that were not typed, and finds settings that contradict each other.
    fn together(&mut self, environment: &dyn Environment) {
        self.config.derive(|key| self.typed.contains(&key), environment);
        self.config.limits = self.config.limits.clone().within(limits::descriptors());
        self.proxies_on_the_way(environment);
        let Config { listen, proxies, mlb_url, mlb_token, .. } = &self.config;
        let is_mlb_safe = mlb_url.starts_with("https:") || mlb::is_loopback(mlb_url);
        let mut wrong = |what: String, hint: &str| {
            self.mistakes.push(InvalidValue::new(what, hint).at(SettingPlace::Everywhere));
        };
        if listen.http.is_empty() && listen.https.is_empty() {
            wrong("listen.http and listen.https are both off".into(), "turn one of them on");
        }
        if proxies.protocol && proxies.is_empty() {
            wrong(
                "proxy.protocol is on, and nobody is trusted to speak it".into(),
                "name the proxies in proxy.trusted",
            );
        }
        if mlb_token.is_some() && !is_mlb_safe {
            wrong(
                "mlb.token_file: the token would be sent without TLS".into(),
                "give mlb.url an https:// address, or one of this machine, as with ssh -L",
            );
        }
        if let Err(missing) = self.config.source() {
            wrong("cannot get a certificate".into(), &missing);
        }
        conflicts(listen, wrong);
    }
}

/// Finds listeners that would have the same address.
fn conflicts(listen: &ListenAddresses, mut wrong: impl FnMut(String, &str)) {
    let all: Vec<_> = [&listen.http[..], &listen.https, &listen.admin].concat();
    for (index, address) in all.iter().enumerate() {
        for other in &all[..index] {
            let (wide, narrow) = if address.covers(other) { (address, other) } else { (other, address) };
            if wide == narrow && wide.covers(narrow) {
                wrong(format!("two listeners on {narrow}"), "give each an address of its own");
            } else if wide.covers(narrow) {
                wrong(
                    format!("two listeners on {narrow}: {wide} is there as well"),
                    "remove one of them, or give it another port",
                );
            }
        }
    }
}
