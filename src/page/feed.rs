//! The days with an error as an Atom feed (RFC 4287), newest first.

use crate::{
    answer::{Answer, ErrorDay},
    page::{LocalizedTheme, Place, html::rendered, plain, times},
};
use time::OffsetDateTime;

pub(crate) fn feed(answer: &Answer, localized: LocalizedTheme) -> String {
    let theme = localized.theme;
    let days = || answer.error_days.iter().rev();
    // A feed without entries is as new as the answer.
    let updated = days().map(|day| day.since).max().or(answer.changed_at);
    let name = plain(&answer.player.short_name);
    let page = FeedTemplate {
        base: theme.origin(),
        id: theme.tag(&answer.player.id.to_string()),
        title: format!("Errors of {name}"),
        subtitle: plain(&match localized.replay() {
            Some(about) => localized.phrases.replay(about),
            None => localized.question(answer),
        }),
        updated: times::machine(updated.unwrap_or(OffsetDateTime::UNIX_EPOCH)),
        entries: days().map(|day| FeedEntry::new(day, answer, localized)).collect(),
    };
    rendered(&page)
}

template! {
#[derive(Template)]
#[template(path = "feed.xml")]
struct FeedTemplate<'a> {
    base: &'a str,
    id: String,
    title: String,
    subtitle: String,
    updated: String,
    entries: Vec<FeedEntry>,
}
}

struct FeedEntry {
    id: String,
    title: String,
    updated: String,
    /// The path of the day's page.
    path: String,
    content: String,
}

impl FeedEntry {
    fn new(day: &ErrorDay, answer: &Answer, localized: LocalizedTheme) -> Self {
        let (id, name) = (answer.player.id, plain(&answer.player.short_name));
        let phrases = localized.phrases;
        let games: Vec<_> =
            day.games.iter().map(|game| phrases.matchup(game)).filter(|game| !game.is_empty()).collect();
        let against = plain(&games.join(" and "));
        let errors = phrases.errors(day.errors());
        FeedEntry {
            id: localized.theme.tag(&format!("{id}/{}", day.date)),
            title: format!("{}: {errors} {against}", plain(&localized.words.yes)).trim_end().to_owned(),
            updated: times::machine(day.since),
            path: Place::day(day.date, (None, None)).in_language(&localized.language),
            content: format!("{name} was charged with {errors} on {}.", phrases.long_date(day.date)),
        }
    }
}
