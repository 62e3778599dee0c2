//! MLB's replies, and the answer that follows from them.

use crate::{
    answer::{
        Answer, Availability, Club, ErrorCount, Facts, GameState, Part, Player, Schedule, Verdict, Zone,
        decide,
    },
    app::publisher::Publisher,
    clock::Clock,
    config::Config,
    mlb::{
        model::{self, FEED_FIELDS, SCHEDULE_FIELDS},
        store::Saved,
    },
    page,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock, time::Duration};
use time::{
    Date, OffsetDateTime,
    macros::{date, datetime},
};

/// A player of the invented replies in `tests/fixtures/mlb`, and his club.
const PERSON: u32 = 900_001;
const CLUB: u32 = 135;
const DAY: Date = date!(2024 - 07 - 02);
/// Noon in San Diego.
const NOON: OffsetDateTime = datetime!(2024-07-02 19:00 UTC);

macro_rules! fixture {
    ($name:literal, $fields:expr) => {
        trimmed(include_str!(concat!("../../tests/fixtures/mlb/", $name, ".json")), $fields)
    };
}

/// The day that an input changes: its schedule, its feeds, and the player's data.
static REPLIES: LazyLock<[Value; 8]> = LazyLock::new(|| {
    [
        schedule(),
        fixture!("feed_live/800001-final-3-errors", FEED_FIELDS),
        fixture!("feed_live/800002-in-progress-1-error", FEED_FIELDS),
        fixture!("feed_live/800003-scheduled", FEED_FIELDS),
        fixture!("feed_live/800004-game-over-no-error", FEED_FIELDS),
        fixture!("people/900001-hydrate-currentTeam", ""),
        fixture!("roster/135-40Man", ""),
        fixture!("people_stats/900001-gameLog-fielding", ""),
    ]
});
/// The games of the feeds, in their order.
const GAMES: [u64; 4] = [800_001, 800_002, 800_003, 800_004];

/// A schedule with the games of the feeds, all on one day.
fn schedule() -> Value {
    let mut schedule = fixture!("schedule/2024-07-02-every-state", SCHEDULE_FIELDS);
    let games = schedule["dates"][0]["games"].as_array_mut().unwrap();
    games.truncate(GAMES.len());
    for (game, pk) in games.iter_mut().zip(GAMES) {
        game["gamePk"] = json!(pk);
        game["teams"]["home"]["team"] = json!({"id": CLUB, "name": "San Diego Padres"});
    }
    schedule
}

/// A reply with these keys only, as `fields=` has it; with all keys if there are none.
fn trimmed(text: &str, fields: &str) -> Value {
    fn trim(value: &mut Value, fields: &[&str]) {
        match value {
            Value::Object(map) => {
                map.retain(|key, _| fields.contains(&key.as_str()) || key.starts_with("ID"));
                map.values_mut().for_each(|value| trim(value, fields));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| trim(item, fields)),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(text).unwrap();
    if !fields.is_empty() {
        trim(&mut value, &fields.split(',').collect::<Vec<_>>());
    }
    value
}

/// Three bytes with the time and the replies that came, then changes of a day's replies; or JSON, as every kind of
/// reply. An error is charged only if MLB has recorded it, No is said only over games that are read and over, the facts
/// are saved as they are, and every form of the page can be made.
pub fn mlb(input: &[u8]) {
    let [high, low, missing, changes @ ..] = input else { return };
    if matches!(high, b'{' | b'[') {
        return read_as_every_kind(input);
    }
    let mut replies = REPLIES.clone();
    for [reply, change @ ..] in changes.as_chunks::<5>().0.iter().take(64) {
        self::change(&mut replies[usize::from(*reply) % 8], *change);
    }
    let now = NOON + Duration::from_secs(60 * (u64::from(u16::from_be_bytes([*high, *low])) % (3 * 24 * 60)));
    let facts = facts(&replies, *missing, now);
    let answer = decide(&facts, now);
    check(&answer, &replies);
    let saved = Saved { facts, memory: None };
    let json = serde_json::to_string(&saved).unwrap();
    assert_eq!(serde_json::from_str::<Saved>(&json).unwrap(), saved);
    render(&answer, now, missing & 0x80 != 0);
}

fn read_as_every_kind(json: &[u8]) {
    let _ = model::schedule(json);
    let _ = model::person(json, PERSON);
    let _ = model::team(json, CLUB);
    let _ = model::availability(json, PERSON);
    let _ = model::season(json, 2024);
    let _ = model::leaders(json, 2024, PERSON);
    for pk in GAMES {
        if let Ok(feed) = model::feed(json, pk, PERSON) {
            assert_eq!(feed.pk, pk);
        }
    }
}

/// Replaces a value of a reply: by another of the same reply, by one of the list, or by a longer array.
fn change(reply: &mut Value, [high, low, kind, other]: [u8; 4]) {
    let at = usize::from(u16::from_be_bytes([high, low]));
    let count = count(reply);
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(2),
        json!(-1),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(1.5),
        json!(""),
        json!("2024-07-02"),
        json!("2024-07-03T02:05:00Z"),
        json!("9999-12-31T23:59:59Z"),
        json!("-9999-01-01"),
        json!("F"),
        json!("I"),
        json!("S"),
        json!("D"),
        json!("U"),
        json!("Final"),
        json!("Live"),
        json!("Preview"),
        json!("Top"),
        json!("f_throwing_error"),
        json!([]),
        json!({}),
        json!("<b>\u{1b}[31m\u{0}&"),
        json!("\u{fffe}"),
        json!(PERSON),
        json!(CLUB),
    ];
    let new = match usize::from(kind) {
        kind if kind < values.len() => values[kind].clone(),
        kind if kind % 2 == 0 => nth(reply, &mut (usize::from(other) * 31 % count)).unwrap().clone(),
        _ => {
            if let Some(Value::Array(items)) = nth(reply, &mut (at % count)) {
                items.extend(items.first().cloned());
            }
            return;
        }
    };
    *nth(reply, &mut (at % count)).unwrap() = new;
}

/// The number of values in a value, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Object(map) => map.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        _ => 0,
    }
}

fn nth<'a>(value: &'a mut Value, at: &mut usize) -> Option<&'a mut Value> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Value::Object(map) => map.values_mut().find_map(|value| nth(value, at)),
        Value::Array(items) => items.iter_mut().find_map(|value| nth(value, at)),
        _ => None,
    }
}

/// The facts in these replies, as far as they can be read and are not missing.
fn facts(replies: &[Value; 8], missing: u8, now: OffsetDateTime) -> Facts {
    let [schedule, feeds @ .., person, roster, log] = replies.each_ref().map(|reply| reply.to_string());
    let club = Club { id: CLUB, name: "San Diego Padres".into() };
    let player = model::person(person.as_bytes(), PERSON).map(|profile| profile.name);
    let player = Player { club: Some(club), ..Player::named(PERSON, player.unwrap_or_default(), "Reyes") };
    let mut facts = Facts::unread(player);
    facts.zone = Part::read(Zone::named("America/Los_Angeles").unwrap(), now);
    facts.player.asked_at = Some(now);
    if let Ok(schedule) = model::schedule(schedule.as_bytes()) {
        facts.schedule = Part::read(Schedule { clubs: vec![CLUB], ..schedule }, now);
    }
    let feed = |(at, json): (usize, &String)| {
        let pk = GAMES[at];
        let feed = model::feed(json.as_bytes(), pk, PERSON).ok().filter(|_| missing & 1 << at == 0)?;
        Some((pk, Part::read(Some(feed), now)))
    };
    facts.feeds = feeds.iter().enumerate().filter_map(feed).collect::<BTreeMap<_, _>>();
    let availability = model::availability(roster.as_bytes(), PERSON).ok().flatten();
    facts.availability = Part::read(availability.unwrap_or(Availability::Active), now);
    facts.season = Part::read(model::season(log.as_bytes(), 2024).ok(), now);
    facts.calendar = Part::read(facts.schedule.value.listings.clone(), now);
    facts
}

fn check(answer: &Answer, replies: &[Value; 8]) {
    let feed_of = |pk: u64| GAMES.iter().position(|game| *game == pk).map(|at| &replies[at + 1]);
    let recorded = |pk: u64| feed_of(pk).map_or(0, recorded);
    for game in &answer.games {
        if let (Some(ErrorCount::Read(errors)), Some(feed)) = (game.count(), feed_of(game.listing.pk)) {
            assert_eq!(u64::from(errors), in_the_box_score(feed), "game {}", game.listing.pk);
        }
    }
    match answer.verdict {
        Verdict::Yes(errors) => {
            let recorded: u64 = answer.games.iter().map(|game| recorded(game.listing.pk)).sum();
            assert!(errors > 0 && u64::from(errors) <= recorded, "{errors} of {recorded}");
        }
        Verdict::No => {
            for game in answer.games.iter().filter(|game| !game.listing.is_off()) {
                assert_eq!((game.state(), game.count()), (GameState::Over, Some(ErrorCount::Read(0))));
            }
        }
        Verdict::NotYet | Verdict::NoGame => {
            assert!(answer.games.iter().all(|game| game.errors() == 0));
        }
        Verdict::Unknown => {}
    }
    assert!(answer.day >= DAY.previous_day().unwrap());
}

/// The errors that a feed's box score records for the player. A number that no player can have is unreadable.
fn in_the_box_score(feed: &Value) -> u64 {
    let player = format!("/players/ID{PERSON}/stats/fielding/errors");
    let sides = ["away", "home"].map(|side| &feed["liveData"]["boxscore"]["teams"][side]);
    sides
        .iter()
        .filter_map(|side| side.pointer(&player)?.as_u64().filter(|errors| *errors <= u16::MAX.into()))
        .fold(0, u64::saturating_add)
}

/// The errors that a feed records for the player: in the box score, or else play by play.
fn recorded(feed: &Value) -> u64 {
    let plays = feed["liveData"]["plays"]["allPlays"].as_array().into_iter().flatten();
    let runners = plays.flat_map(|play| play["runners"].as_array().into_iter().flatten());
    let credits = runners.flat_map(|runner| runner["credits"].as_array().into_iter().flatten());
    let is_his = |credit: &&Value| {
        let charges = ["error", "interf", "missed_catch", "dropped_ball"];
        credit["player"]["id"].as_u64() == Some(PERSON.into())
            && credit["credit"]
                .as_str()
                .is_some_and(|text| charges.iter().any(|charge| text.contains(charge)))
    };
    in_the_box_score(feed).max(credits.filter(is_his).count() as u64)
}

/// Makes the page: in JSON, and in every form if asked, which takes long.
fn render(answer: &Answer, now: OffsetDateTime, in_every_form: bool) {
    static PUBLISHER: LazyLock<Publisher> =
        LazyLock::new(|| Publisher::new(&Config::default(), None, Clock::System));
    let theme = &PUBLISHER.theme;
    assert!(page::in_a_line(answer, theme).contains(": "));
    if !in_every_form {
        return;
    }
    let content = page::render(answer, theme, Duration::from_secs(5), now);
    let json: Value = serde_json::from_str(&content.home.json).expect("the answer is JSON");
    assert_eq!(json["errors"].as_u64().unwrap_or(0), u64::from(answer.verdict.errors()));
    for text in [&content.home.pages.english, &content.home.pages.spanish] {
        assert!(!text.html.contains("<b>\u{1b}") && !text.html.contains("<b>["), "MLB's text is escaped");
        assert!(!text.text.contains('\u{1b}'), "MLB's text is plain");
    }
    for (path, text) in content.files {
        let is_xml = path.ends_with(".xml") || path.ends_with(".svg");
        assert!(!is_xml || !text.contains(['\u{0}', '\u{1b}', '\u{fffe}']), "{path} is no XML");
    }
}
