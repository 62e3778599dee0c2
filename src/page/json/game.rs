//! Games and plays for programs.

use crate::{
    answer::{ErrorPlay, Game, LineScore, ScheduleEntry, Side},
    name::Named,
    page::times,
};
use time::Date;

body! {
    pub(super) struct GameBody<'a>(game: &'a Game) with {
        feed = game.feed.as_ref();
        score = feed.and_then(|feed| feed.score);
        inning = feed.and_then(|feed| feed.inning);
    } {
        id: u64 = game.listing.pk;
        state: &'static str = game.state().name();
        status: &'a str = game.status_words();
        away: SideBody<'a> = SideBody::new(&game.listing.away, score.map(|score| score.away));
        home: SideBody<'a> = SideBody::new(&game.listing.home, score.map(|score| score.home));
        start: Option<String> = game.listing.start.map(times::machine);
        venue: &'a str = &game.listing.venue;
        number: u8 = game.listing.number;
        inning: Option<u8> = inning.map(|inning| inning.number);
        half: Option<&'static str> = inning.map(|inning| inning.half.name());
        errors: u32 = game.errors();
        line: Option<&'a LineScore> = feed.and_then(|feed| feed.line.as_ref());
    }
}

body! {
    struct SideBody<'a>(side: &'a Side, runs: Option<u32>) {
        id: u32 = side.club.id;
        name: &'a str = &side.club.name;
        runs: Option<u32> = runs.or(side.runs);
    }
}

body! {
    pub(super) struct NextGameBody<'a>(next: &'a ScheduleEntry, today: Date) {
        id: u64 = next.pk;
        date: String = next.official.to_string();
        days: i64 = (next.official - today).whole_days();
        start: Option<String> = next.start.map(times::machine);
        away: &'a str = &next.away.club.name;
        home: &'a str = &next.home.club.name;
        venue: &'a str = &next.venue;
    }
}

body! {
    pub(super) struct PlayBody<'a>(play: &'a ErrorPlay) {
        game: u64 = play.game;
        inning: Option<u8> = play.inning.map(|inning| inning.number);
        half: Option<&'static str> = play.inning.map(|inning| inning.half.name());
        kind: &'static str = play.kind.name();
        position: Option<&'a str> = play.position.as_deref();
        batter: Option<&'a str> = play.batter.as_deref();
        text: &'a str = &play.text;
        position_number: Option<u8> = play.position_number();
        scoring: String = play.scoring();
    }
}
