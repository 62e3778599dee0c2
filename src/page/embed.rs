//! The answer as a small box in other sites' pages: one document without script, about 300 by 120 pixels.

use crate::{
    answer::Answer,
    language::Language,
    name::Named,
    page::{
        LocalizedTheme, Theme,
        colours::PageState,
        html::{self, rendered},
        times,
        word::WordDrawing,
    },
};
use time::OffsetDateTime;

/// The box's size in snippets, in pixels; it fills any other.
pub(crate) const WIDTH: u32 = 300;
pub(crate) const HEIGHT: u32 = 120;

/// The rules of the box, in addition to the typeface and the colours of the states.
const RULES: &str = "html,body,main{margin:0;height:100%}\
    body{background:var(--ground);color:var(--text);font:600 13px/1.3 system-ui,sans-serif;overflow:hidden}\
    a{box-sizing:border-box;height:100%;padding:8px 12px;display:flex;flex-direction:column;gap:6px;color:inherit;text-decoration:none}\
    a:focus-visible{outline:3px solid;outline-offset:-3px}\
    .question,.reason{flex:none;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}\
    .question{-webkit-line-clamp:1;margin:0;font:inherit}\
    .word{flex:1;min-height:0;width:100%;overflow:visible;fill:currentColor;font:800 100px/1 Archivo,\"Arial Black\",system-ui,sans-serif}\
    .seal{fill:#c8102e}.rim{fill:none;stroke:#fff;stroke-width:2}.number{fill:#fff;font-size:24px;letter-spacing:0}\
    .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}";

template! {
#[derive(Template)]
#[template(path = "embed.html")]
struct EmbedTemplate<'a> {
    language: Language,
    state: PageState,
    style: String,
    home: String,
    question: String,
    word: &'a str,
    /// The word as SVG.
    drawing: String,
    reason: String,
}
}

pub(crate) fn embed(answer: &Answer, localized: LocalizedTheme, now: OffsetDateTime) -> String {
    let (phrases, language) = (localized.phrases, localized.language);
    let replay = localized.replay().map(|about| phrases.replay_not_today(about));
    let stale = answer.asked_at.filter(|_| answer.stale);
    let stale = stale.map(|at| phrases.out_of_date(&phrases.ago(times::age(now - at))));
    let reason = replay.or(stale).unwrap_or_else(|| localized.sentence(answer));
    rendered(&EmbedTemplate {
        language,
        state: PageState::of(answer),
        style: style(localized.theme),
        home: format!("{}{}", localized.theme.origin(), language.home()),
        question: localized.question(answer),
        word: localized.word(answer),
        drawing: rendered(&WordDrawing::of(answer, localized.word(answer))),
        reason,
    })
}

pub(crate) fn style(theme: &Theme) -> String {
    html::style(theme) + RULES
}
