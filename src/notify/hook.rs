//! A hook: the URL that a change is sent to, and the form in which it is sent.

use crate::{
    language::Language,
    mlb::{Token, is_loopback},
    name::named,
    net::outgoing::{OutgoingProxy, port_of},
    notify::Template,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::Uri;
use std::{fmt, path::PathBuf};

/// One `[[notify]]` of the configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    pub url: HookUrl,
    /// The file that the URL was read from, if it is not in the settings file.
    pub url_file: Option<PathBuf>,
    pub preset: Preset,
    /// The key of signatures (`post`), or the access token (`ntfy`).
    pub secret: Option<Token>,
    /// The JSON to send instead of the preset's.
    pub template: Option<Template>,
    pub language: Language,
    pub occasion: Occasion,
    /// The proxy to connect through; none connects directly.
    pub proxy: Option<OutgoingProxy>,
}

named! {
    pub enum Preset {
        /// JSON for a program, as in the Standard Webhooks specification.
        Post = "post",
        /// An incoming webhook of Slack, or of Mattermost.
        Slack = "slack",
        Discord = "discord",
        Ntfy = "ntfy",
    }
}

named! {
    /// The changes of which a hook is notified.
    pub enum Occasion {
        Change = "change",
        /// Errors that are charged or taken back.
        Error = "error",
    }
}

/// A hook's URL. `Display` and `Debug` show its host only, because the rest is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct HookUrl(Uri);

/// The characters that a key of signatures has at the beginning, by the Standard Webhooks specification.
const KEY_PREFIX: &str = "whsec_";

impl Hook {
    /// A hook for plain JSON, in English.
    pub fn to(url: HookUrl) -> Self {
        Hook {
            url,
            url_file: None,
            preset: Preset::Post,
            secret: None,
            template: None,
            language: Language::English,
            occasion: Occasion::Change,
            proxy: None,
        }
    }

    /// The contradiction between its settings, and the fix; none if they are valid together.
    pub fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        match (self.preset, &self.secret) {
            (Preset::Slack | Preset::Discord, Some(_)) => {
                Some(("notify.secret_file: this preset sends no secret", "remove it; the URL is the secret"))
            }
            (Preset::Slack | Preset::Discord | Preset::Ntfy, _) if self.template.is_some() => {
                Some(("notify.template: this preset has its own message", "use it with preset = \"post\""))
            }
            (Preset::Post, Some(_)) if self.key().is_none() => Some((
                "notify.secret_file: the key is not base64",
                "write one: head -c 24 /dev/urandom | base64 > FILE",
            )),
            (Preset::Ntfy, _) if self.url.topic().is_none() => {
                Some(("notify.url: it names no topic", "write it like \"https://ntfy.sh/your-topic\""))
            }
            (Preset::Ntfy, Some(_)) if !self.url.is_safe() => Some((
                "notify.secret_file: the token would be sent without TLS",
                "give notify.url an https:// address",
            )),
            _ => None,
        }
    }

    /// The key of signatures; none without one.
    pub fn key(&self) -> Option<Vec<u8>> {
        let text = self.secret.as_ref()?.text();
        BASE64_STANDARD.decode(text.strip_prefix(KEY_PREFIX).unwrap_or(text)).ok()
    }
}

impl Preset {
    /// Whether its receiver can tell by the id that it has a message already.
    pub fn has_id(self) -> bool {
        self == Preset::Post
    }
}

impl HookUrl {
    /// Parses a URL.
    ///
    /// # Errors
    /// The reason, without the URL.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url: Uri = text.trim().parse().map_err(|_| "it is no URL")?;
        match url.scheme_str() {
            Some("http" | "https") => {}
            _ => return Err("it begins neither with https:// nor with http://"),
        }
        let authority = url.authority().filter(|authority| !authority.host().is_empty());
        let authority = authority.ok_or("it has no host")?;
        if authority.as_str().contains('@') {
            return Err("it has a user or a password");
        }
        // A port that is no number would be taken for the default one.
        if authority.as_str().len() > authority.host().len() && authority.port_u16().is_none() {
            return Err("its port is invalid");
        }
        Ok(HookUrl(url))
    }

    /// The URL itself.
    pub fn as_uri(&self) -> &Uri {
        &self.0
    }

    pub fn port(&self) -> u16 {
        port_of(&self.0)
    }

    /// ntfy's base URL, and the topic.
    pub fn topic(&self) -> Option<(String, &str)> {
        let (base, topic) = self.0.path().rsplit_once('/').filter(|(_, topic)| !topic.is_empty())?;
        Some((format!("{}://{}{base}/", self.0.scheme_str()?, self.0.authority()?), topic))
    }

    /// Whether a request is encrypted, or stays on this machine.
    fn is_safe(&self) -> bool {
        self.0.scheme_str() == Some("https") || is_loopback(&self.0.to_string())
    }
}

impl fmt::Display for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.authority().map_or("", |authority| authority.as_str()))
    }
}

impl fmt::Debug for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_by_its_host_only() {
        for (text, shown) in [
            ("https://hooks.slack.com/services/T0/B0/hidden", "hooks.slack.com"),
            (" http://127.0.0.1:9000/hidden?token=hidden\n", "127.0.0.1:9000"),
            ("https://[::1]:8443/hidden", "[::1]:8443"),
        ] {
            let url = HookUrl::parse(text).unwrap();
            assert_eq!(url.to_string(), shown, "{text}");
            assert!(!format!("{:?}", Hook::to(url)).contains("hidden"), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_url_of_a_hook_is_refused_without_its_secret() {
        for text in [
            "",
            "hooks.slack.com/secret",
            "ftp://host/secret",
            "https:///secret",
            "https://user:secret@host/",
            "https://host:secret/",
            "https://ho st/secret",
            "https://host:99999/secret",
        ] {
            let error = HookUrl::parse(text).unwrap_err();
            assert!(!error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn settings_that_contradict_each_other_are_named() {
        let hook = |url: &str| Hook::to(HookUrl::parse(url).unwrap());
        let secret = |text: &str| Some(Token::new(text, PathBuf::new()).unwrap());
        let key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let template = || Some(Template::parse("{\"a\": \"{answer}\"}").unwrap());
        let of = |preset, url| Hook { preset, ..hook(url) };
        for (hook, expected) in [
            (hook("http://a.example/"), None),
            (Hook { secret: secret(key), ..hook("http://a.example/") }, None),
            (Hook { secret: secret(&format!("whsec_{key}")), ..hook("http://a.example/") }, None),
            (
                Hook {
                    secret: secret("not base64, surely".replace(' ', "-").as_str()),
                    ..hook("http://a.example/")
                },
                Some("secret_file"),
            ),
            (Hook { template: template(), ..hook("http://a.example/") }, None),
            (Hook { template: template(), ..of(Preset::Slack, "https://a.example/") }, Some("template")),
            (Hook { secret: secret(key), ..of(Preset::Discord, "https://a.example/") }, Some("secret_file")),
            (of(Preset::Ntfy, "https://ntfy.sh/"), Some("topic")),
            (of(Preset::Ntfy, "https://ntfy.sh/tatis"), None),
            (Hook { secret: secret(key), ..of(Preset::Ntfy, "http://ntfy.example/tatis") }, Some("TLS")),
            (Hook { secret: secret(key), ..of(Preset::Ntfy, "http://127.0.0.1:1/tatis") }, None),
        ] {
            let found = hook.contradiction();
            match expected {
                None => assert_eq!(found, None, "{hook:?}"),
                Some(part) => {
                    assert!(found.is_some_and(|(what, _)| what.contains(part)), "{hook:?}: {found:?}")
                }
            }
        }
    }

    #[test]
    fn a_topic_is_the_last_part_of_the_path() {
        for (url, expected) in [
            ("https://ntfy.sh/tatis", Some(("https://ntfy.sh/", "tatis"))),
            ("http://home.example:2586/ntfy/tatis", Some(("http://home.example:2586/ntfy/", "tatis"))),
            ("https://ntfy.sh", None),
        ] {
            let url = HookUrl::parse(url).unwrap();
            let found = url.topic();
            assert_eq!(found.as_ref().map(|(base, topic)| (base.as_str(), *topic)), expected);
        }
    }
}
