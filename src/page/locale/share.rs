//! The texts about sharing, in each language.

use crate::language::Language;

/// The texts of `/share`, and of the links to share an answer.
pub(crate) struct ShareTexts {
    pub title: &'static str,
    pub intro: &'static str,
    /// For the operator.
    pub no_url: &'static str,
    /// Before a friend's name.
    pub text_to: &'static str,
    pub copy: &'static str,
    pub copy_link: &'static str,
    pub copied: &'static str,
    pub look: &'static str,
    pub link: &'static str,
    pub badge: &'static str,
    pub badge_markdown: &'static str,
    pub embed: &'static str,
    pub terminal: &'static str,
    pub prompt: &'static str,
    pub json: &'static str,
    pub script: &'static str,
    pub calendar: &'static str,
    pub feed: &'static str,
}

pub(crate) fn share(language: Language) -> &'static ShareTexts {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
    }
}

const ENGLISH: ShareTexts = ShareTexts {
    title: "Share",
    intro: "The answer for your own page, chat, terminal, program and calendar. Copy what you need.",
    no_url: "This site does not know its own URL: put it in place of https://example.org, or set site.url.",
    text_to: "Text",
    copy: "Copy",
    copy_link: "Copy link",
    copied: "Copied",
    look: "See it",
    link: "Link",
    badge: "Badge",
    badge_markdown: "Badge in Markdown",
    embed: "Box for your page",
    terminal: "Terminal",
    prompt: "One line for prompts and status bars",
    json: "JSON",
    script: "JSON in a script",
    calendar: "Calendar",
    feed: "Feed",
};

const SPANISH: ShareTexts = ShareTexts {
    title: "Compartir",
    intro: "La respuesta para tu página, tu chat, tu terminal, tu programa y tu calendario. Copia lo que necesites.",
    no_url: "Este sitio no conoce su propia URL: ponla en lugar de https://example.org, o configura site.url.",
    text_to: "Mensaje a",
    copy: "Copiar",
    copy_link: "Copiar enlace",
    copied: "Copiado",
    look: "Míralo",
    link: "Enlace",
    badge: "Insignia",
    badge_markdown: "Insignia en Markdown",
    embed: "Recuadro para tu página",
    terminal: "Terminal",
    prompt: "Una línea para el prompt y la barra de estado",
    json: "JSON",
    script: "JSON en un script",
    calendar: "Calendario",
    feed: "Feed",
};
