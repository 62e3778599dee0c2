//! The languages of the site, and a container with a value for each.

use std::ops::Index;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// The default, and the language for programs.
    English,
    /// Spanish as spoken in San Diego and Tijuana.
    Spanish,
}

impl Language {
    /// All languages, the default first.
    pub const ALL: [Language; 2] = [Language::English, Language::Spanish];

    /// Its language tag (RFC 5646), a primary subtag alone.
    pub const fn tag(self) -> &'static str {
        self.pick("en", "es")
    }

    /// The language's name in the language itself.
    pub const fn name(self) -> &'static str {
        self.pick("English", "Español")
    }

    /// The prefix of paths that exist once per language.
    pub const fn prefix(self) -> &'static str {
        self.pick("", "/es")
    }

    /// One of a text's two versions.
    pub const fn pick(self, english: &'static str, spanish: &'static str) -> &'static str {
        match self {
            Language::English => english,
            Language::Spanish => spanish,
        }
    }

    /// The path of its page for search engines and previews, which ask for no language and get the default at `/`.
    pub const fn home(self) -> &'static str {
        self.pick("/", "/es")
    }
}

/// A value for each language; a missing one does not compile.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub struct PerLanguage<T> {
    #[serde(rename = "en")]
    pub english: T,
    #[serde(rename = "es")]
    pub spanish: T,
}

impl<T> PerLanguage<T> {
    pub fn of(mut make: impl FnMut(Language) -> T) -> Self {
        PerLanguage { english: make(Language::English), spanish: make(Language::Spanish) }
    }

    pub fn map<U>(self, mut make: impl FnMut(T) -> U) -> PerLanguage<U> {
        PerLanguage { english: make(self.english), spanish: make(self.spanish) }
    }

    pub fn get_mut(&mut self, language: Language) -> &mut T {
        match language {
            Language::English => &mut self.english,
            Language::Spanish => &mut self.spanish,
        }
    }

    pub const fn as_ref(&self) -> PerLanguage<&T> {
        PerLanguage { english: &self.english, spanish: &self.spanish }
    }
}

impl<T> Index<Language> for PerLanguage<T> {
    type Output = T;

    fn index(&self, language: Language) -> &T {
        match language {
            Language::English => &self.english,
            Language::Spanish => &self.spanish,
        }
    }
}
