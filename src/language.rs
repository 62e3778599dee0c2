//! The languages in which the site speaks, and one of something for each.

use std::ops::Index;

/// A language that every page is made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// What programs are told, and who asks for neither.
    English,
    /// As San Diego and Tijuana speak it.
    Spanish,
}

impl Language {
    /// All of them, the one for who asks for none first.
    pub const ALL: [Language; 2] = [Language::English, Language::Spanish];

    /// Its language tag (RFC 5646), a primary subtag alone.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Spanish => "es",
        }
    }

    /// What it calls itself.
    pub const fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Spanish => "Español",
        }
    }

    /// What goes before the path of what a language has of its own.
    pub const fn prefix(self) -> &'static str {
        match self {
            Language::English => "",
            Language::Spanish => "/es",
        }
    }

    /// Where search engines and previews find its page: at `/` they get the first language, for they ask for none.
    pub const fn home(self) -> &'static str {
        match self {
            Language::English => "/",
            Language::Spanish => "/es",
        }
    }
}

/// One for each language: none can be forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub struct PerLanguage<T> {
    /// In English.
    #[serde(rename = "en")]
    pub english: T,
    /// In Spanish.
    #[serde(rename = "es")]
    pub spanish: T,
}

impl<T> PerLanguage<T> {
    /// Makes one after the other.
    pub fn of(mut make: impl FnMut(Language) -> T) -> Self {
        PerLanguage { english: make(Language::English), spanish: make(Language::Spanish) }
    }

    /// Makes another of each.
    pub fn map<U>(self, mut make: impl FnMut(T) -> U) -> PerLanguage<U> {
        PerLanguage { english: make(self.english), spanish: make(self.spanish) }
    }

    /// The same of what is kept elsewhere.
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
