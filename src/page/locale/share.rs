//! The texts about sharing, in each language.

use crate::{language::Language, page::locale::labels::texts};

texts! {
    /// The texts of `/share`, and of the links to share an answer.
    ShareTexts:
    title: "Share", "Compartir";
    intro:
        "The answer for your own page, chat, terminal, program and calendar. Copy what you need.",
        "La respuesta para tu página, tu chat, tu terminal, tu programa y tu calendario. Copia lo que necesites.";
    /// For the operator.
    no_url:
        "This site does not know its own URL: put it in place of https://example.org, or set site.url.",
        "Este sitio no conoce su propia URL: ponla en lugar de https://example.org, o configura site.url.";
    /// Before a friend's name.
    text_to: "Text", "Mensaje a";
    copy: "Copy", "Copiar";
    copy_link: "Copy link", "Copiar enlace";
    copied: "Copied", "Copiado";
    look: "See it", "Míralo";
    link: "Link", "Enlace";
    badge: "Badge", "Insignia";
    badge_markdown: "Badge in Markdown", "Insignia en Markdown";
    embed: "Box for your page", "Recuadro para tu página";
    terminal: "Terminal", "Terminal";
    prompt: "One line for prompts and status bars", "Una línea para el prompt y la barra de estado";
    json: "JSON", "JSON";
    script: "JSON in a script", "JSON en un script";
    calendar: "Calendar", "Calendario";
    feed: "Feed", "Feed";
}
