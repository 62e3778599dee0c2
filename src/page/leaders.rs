//! The players with the most errors, and the player's rank among them.

use crate::{
    answer::{Answer, Leader, Leaders},
    language::{Language, PerLanguage},
    name::Named,
    page::{
        LocalizedTheme, PageState, Place, Theme,
        hero::Hero,
        html::{FooterButtons, rendered},
        json,
        locale::{labels::PageLabels, sentence_case},
        scene::Scene,
        text::{WIDTH, wrapped},
    },
    site::page::{PageContent, PageText},
};

/// Renders the leaders of an answer, or the page that says that they are not known.
pub fn leaders(answer: &Answer, theme: &Theme, place: &Place) -> PageContent {
    let page = |language: Language| {
        let localized = theme.localized(language);
        PageText { html: html(answer, localized, place), text: text(answer, localized) }
    };
    PageContent { pages: PerLanguage::of(page), terminal: None, json: json::leaders(answer, theme) }
}

/// "Tied for 14th in errors in the major leagues", if his rank is known.
pub(crate) fn line(answer: &Answer, localized: LocalizedTheme) -> Option<String> {
    let leader = answer.leaders.as_ref()?.player.as_ref().filter(|_| !answer.is_another_day)?;
    Some(sentence_case(&localized.phrases.rank(leader)))
}

/// "The most errors, 2023".
fn title(answer: &Answer, localized: LocalizedTheme) -> String {
    let labels = localized.phrases.labels();
    match &answer.leaders {
        Some(leaders) => format!("{}, {}", labels.leaders_title, leaders.year),
        None => labels.leaders_title.into(),
    }
}

fn rank(answer: &Answer, localized: LocalizedTheme) -> String {
    let labels = localized.phrases.labels();
    let rank = match answer.leaders.as_ref().map(|leaders| &leaders.player) {
        Some(Some(leader)) => localized.phrases.rank(leader),
        Some(None) => labels.unranked.into(),
        None => return labels.leaders_unknown.into(),
    };
    format!("{}: {rank}.", answer.player.short_name)
}

fn html(answer: &Answer, localized: LocalizedTheme, place: &Place) -> String {
    let LocalizedTheme { language, phrases, theme, .. } = localized;
    // He himself is the last row if he is not among the first.
    let rows = |leaders: &'_ Leaders| -> Vec<Leader> {
        let player = leaders.player.iter().filter(|player| !leaders.top.contains(player));
        leaders.top.iter().chain(player).cloned().collect()
    };
    let ranked = answer.leaders.as_ref().map(|leaders| leaders.player.as_ref());
    let (look, word) = match ranked {
        Some(Some(leader)) => ((PageState::Yes, Scene::Stands), phrases.place(leader.rank)),
        Some(None) => ((PageState::No, Scene::Glove), phrases.labels().no_rank.into()),
        None => ((PageState::Unknown, Scene::Tarp), localized.words.unknown.clone()),
    };
    rendered(&LeadersTemplate {
        theme,
        language,
        place,
        labels: phrases.labels(),
        buttons: FooterButtons::new(localized, &place.in_language(&language)),
        hero: Hero::new(look, [title(answer, localized), word, rank(answer, localized)], localized),
        note: localized.season_note(),
        player: answer.player.id,
        rows: answer.leaders.as_ref().map(rows).unwrap_or_default(),
    })
}

fn text(answer: &Answer, localized: LocalizedTheme) -> String {
    let mut lines = vec![title(answer, localized), String::new(), rank(answer, localized)];
    lines.extend(localized.season_note().map(str::to_owned));
    lines.push(String::new());
    let mut text: String =
        lines.iter().flat_map(|line| wrapped(line, WIDTH)).map(|line| line + "\n").collect();
    for Leader { rank, errors, name, club, .. } in answer.leaders.iter().flat_map(|leaders| &leaders.top) {
        let names = [name.as_str(), club].into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>();
        let row = format!("{rank:>3}. {errors:>3}  {}", crate::page::plain(&names.join(", ")));
        text.extend(row.chars().take(WIDTH).chain(['\n']));
    }
    text
}

template! {
#[derive(Template)]
#[template(path = "leaders.html")]
struct LeadersTemplate<'a> {
    theme: &'a Theme,
    language: Language,
    place: &'a Place,
    labels: &'static PageLabels,
    buttons: FooterButtons,
    hero: Hero,
    note: Option<&'a str>,
    /// The player's id.
    player: u32,
    rows: Vec<Leader>,
}
}
