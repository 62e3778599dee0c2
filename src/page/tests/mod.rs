mod changes;
mod opponents;
mod sentences;
mod terminal;
mod words;

use crate::{
    answer::{self, tests::error_play, *},
    page::*,
};
use std::time::Duration;
use time::macros::{date, datetime};

fn club(id: u32, name: &str) -> Club {
    Club { id, name: name.into() }
}

fn listing(state: GameState, words: &str) -> ScheduleEntry {
    ScheduleEntry { status: GameStatus { state, words: words.into() }, ..answer::tests::listing(1, state) }
}

fn game(state: GameState, words: &str, presence: Participation) -> Game {
    let listing = listing(state, words);
    let feed = GameFeed {
        status: listing.status.clone(),
        inning: Some(Inning { number: 3, half: Half::Bottom }),
        score: Some(Score { away: 4, home: 2 }),
        ..answer::tests::feed(1, state, presence, 0)
    };
    Game { listing, feed: Some(feed), feed_asked_at: None, feed_trouble: None, session: Session::default() }
}

/// An answer about July 2, 2024.
fn answer(verdict: Verdict, reason: Reason, games: Vec<Game>) -> Answer {
    let asked_at = datetime!(2024-07-03 03:00 UTC);
    Answer { verdict, reason, games, ..decide(&answer::tests::facts(asked_at, [], []), asked_at) }
}

pub(crate) fn theme() -> Theme {
    Theme {
        words: PerLanguage::of(Words::of),
        voice: Voice::Witty,
        colours: Colours::default(),
        stylesheet: "/static/e6.css",
        script: "/static/e6.js",
        copy_script: "/static/copy.js",
        font: "/static/archivo.woff2",
        drawings: "/static/how.css",
        url: None,
        replay: None,
        season_note: None,
        design: Default::default(),
    }
}

/// The sentence in both languages.
fn sentences(answer: &Answer) -> [String; 2] {
    Language::ALL.map(|language| sentence::sentence(answer, locale::phrases(language)))
}

#[test]
fn the_version_changes_with_what_a_reader_sees_and_not_with_its_age() {
    let now = datetime!(2024-07-03 05:00 UTC);
    let on = || {
        let game = game(GameState::On, "In Progress", Participation::Fielded);
        answer(Verdict::NotYet, Reason::Playing(0), vec![game])
    };
    let version = |answer: &Answer, theme: &Theme| render(answer, theme, Duration::ZERO, now).version;
    let before = version(&on(), &theme());
    let later = Answer { asked_at: Some(datetime!(2024-07-03 03:10 UTC)), ..on() };
    assert_eq!(version(&later, &theme()), before, "a poll that finds nothing new");
    assert_eq!(render(&later, &theme(), Duration::ZERO, now + Duration::from_secs(60)).version, before);
    let mut scored = on();
    scored.games[0].feed.as_mut().unwrap().score = Some(Score { away: 5, home: 2 });
    let mut inning = on();
    inning.games[0].feed.as_mut().unwrap().inning = Some(Inning { number: 4, half: Half::Top });
    let stale = Answer { stale: true, ..on() };
    for (what, changed) in [("score", scored), ("inning", inning), ("stale", stale)] {
        assert_ne!(version(&changed, &theme()), before, "{what}");
    }
    let mut words = theme();
    words.words.spanish.yes = "Ni modo, sí".into();
    for (what, changed) in [("words", words), ("voice", Theme { voice: Voice::Plain, ..theme() })] {
        assert_ne!(version(&on(), &changed), before, "{what}");
    }
}

#[test]
fn a_stale_page_says_how_old_it_is_and_a_replay_that_it_is_one() {
    let stale = Answer { stale: true, ..answer(Verdict::No, Reason::Clean { played: true }, vec![]) };
    let theme = Theme { replay: Some(PerLanguage::of(|_| "June 1".into())), ..theme() };
    let rendered = render(&stale, &theme, Duration::from_secs(9), datetime!(2024-07-03 05:00 UTC));
    assert!(
        rendered.home.pages.english.html.contains(
            "Last update: <span class=\"age\" aria-live=\"off\" data-seconds=\"7200\">2 hours ago</span>."
        ),
        "{}",
        rendered.home.pages.english.html
    );
    assert!(rendered.home.pages.english.html.contains("This is a replay of June 1, not today."));
    assert!(rendered.home.pages.english.html.contains("data-refresh=\"9\""));
    let text = rendered.home.pages.english.text.replace('\n', " ");
    assert!(text.contains("2 hours ago. This may be out of date."), "{text}");
    assert!(text.contains("A replay of June 1."), "{text}");
}

#[test]
fn everything_from_outside_is_escaped() {
    let evil = "<img src=x onerror=alert(1)>\" & '";
    let mut answer = answer(
        Verdict::Yes(1),
        Reason::Charged { over: true, unread: vec![] },
        vec![game(GameState::Over, evil, Participation::Fielded)],
    );
    answer.player.short_name = evil.into();
    answer.plays = vec![ErrorPlay {
        position: Some(evil.into()),
        batter: Some(evil.into()),
        text: evil.into(),
        ..error_play(1)
    }];
    let mut theme = theme();
    theme.words.english.yes = evil.into();
    theme.replay = Some(PerLanguage::of(|_| evil.into()));
    let html =
        render(&answer, &theme, Duration::ZERO, datetime!(2024-07-03 05:00 UTC)).home.pages.english.html;
    assert!(!html.contains("<img src=x") && !html.contains("\" & '"), "{html}");
}

/// WCAG 2.2 §1.4.3: text against what it stands on below the fold, in both colour schemes. `colours` tests the rest.
#[test]
fn every_colour_of_text_has_contrast_enough() {
    let css = include_str!("../../../assets/static/e6.css");
    let (light, dark) = css.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let colour = |scheme: &str, name: &str| {
        let (_, value) = scheme.split_once(&format!("--{name}: ")).unwrap();
        value[value.find('#').unwrap()..][..7].parse::<colours::Colour>().unwrap()
    };
    for (what, scheme) in [("light", light), ("dark", dark)] {
        for name in ["ink", "soft", "mark", "error"] {
            let pair = ColourPair { text: colour(scheme, name), ground: colour(scheme, "paper") };
            assert!(pair.contrast() >= LEAST_CONTRAST, "{what} {name}: {:.2}", pair.contrast());
        }
    }
}
