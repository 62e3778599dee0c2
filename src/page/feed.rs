//! The days with an error as an Atom feed (RFC 4287), newest first.

use super::{Look, plain, question, season, when};
use crate::answer::{Answer, ErrorDay};
use askama::Template;
use time::OffsetDateTime;

pub(super) fn feed(answer: &Answer, look: &Look) -> String {
    let days = || answer.error_days.iter().rev();
    // While nothing has happened the feed is as new as what says so.
    let updated = days().map(|day| day.since).max().or(answer.changed_at);
    let name = plain(&answer.player.short_name);
    let page = FeedTemplate {
        base: look.origin(),
        id: look.tag(&answer.player.id.to_string()),
        title: format!("Errors of {name}"),
        subtitle: match &look.replay {
            Some(replay) => format!("A replay of {}", plain(replay)),
            None => plain(&question(answer, &look.words)),
        },
        updated: when::machine(updated.unwrap_or(OffsetDateTime::UNIX_EPOCH)),
        entries: days().map(|day| Entry::new(day, answer, look)).collect(),
    };
    super::html::rendered(&page)
}

#[derive(Template)]
#[template(path = "feed.xml", config = "src/page/askama.toml")]
struct FeedTemplate<'a> {
    base: &'a str,
    id: String,
    title: String,
    subtitle: String,
    updated: String,
    entries: Vec<Entry>,
}

struct Entry {
    id: String,
    title: String,
    updated: String,
    content: String,
}

impl Entry {
    fn new(day: &ErrorDay, answer: &Answer, look: &Look) -> Self {
        let (id, name) = (answer.player.id, plain(&answer.player.short_name));
        let games: Vec<_> = day.games.iter().map(season::matchup).filter(|game| !game.is_empty()).collect();
        let against = plain(&games.join(" and "));
        let errors = season::counted(day.errors(), "error");
        Entry {
            id: look.tag(&format!("{id}/{}", day.date)),
            title: format!("{}: {errors} {against}", plain(&look.words.yes)).trim_end().to_owned(),
            updated: when::machine(day.since),
            content: format!("{name} was charged with {errors} on {}.", when::long_date(day.date)),
        }
    }
}
