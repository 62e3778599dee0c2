//! Random days, read at random times through random outages, against a small model of what an answer may say.

use super::*;
use fastrand::Rng;

/// Just before midnight in San Diego, where the day turns.
const NIGHT: OffsetDateTime = datetime!(2024-07-03 06:59 UTC);

/// A game as it really goes.
struct TrueGame {
    pk: u64,
    /// The announced start.
    start: OffsetDateTime,
    begins: OffsetDateTime,
    ends: OffsetDateTime,
    /// The time at which it is called off before it begins.
    called_off: Option<OffsetDateTime>,
    /// Each time at which the official scorer changes the player's errors, and their number since.
    scored: Vec<(OffsetDateTime, u32)>,
}

impl TrueGame {
    fn random(random: &mut Rng, pk: u64, start: OffsetDateTime) -> Self {
        let minutes = |random: &mut Rng, most: i64| Duration::seconds(random.i64(0..=most * 60));
        let begins = start + if random.bool() { Duration::ZERO } else { minutes(random, 90) };
        let ends = begins + Duration::HOUR + minutes(random, 120);
        let mut scored = Vec::new();
        // The scorer charges an error, takes it back, or charges another, also after the end.
        while random.f32() < 0.5 && scored.len() < 4 {
            scored.push((begins + minutes(random, 200), random.u32(0..=2)));
        }
        scored.sort();
        let called_off = (random.f32() < 0.15).then(|| begins - minutes(random, 240));
        TrueGame { pk, start, begins, ends, called_off, scored }
    }

    fn state(&self, at: OffsetDateTime) -> GameState {
        match self.called_off {
            Some(called_off) if called_off <= at => GameState::Postponed,
            _ if at < self.begins => GameState::Ahead,
            _ if at < self.ends => GameState::On,
            _ => GameState::Over,
        }
    }

    fn errors(&self, at: OffsetDateTime) -> u32 {
        if self.called_off.is_some() {
            return 0;
        }
        self.scored.iter().rfind(|(scored_at, _)| *scored_at <= at).map_or(0, |(_, errors)| *errors)
    }

    fn listing(&self, at: OffsetDateTime) -> ScheduleEntry {
        ScheduleEntry { start: Some(self.start), ..listing(self.pk, self.state(at)) }
    }

    fn feed(&self, at: OffsetDateTime) -> GameFeed {
        let state = self.state(at);
        let last_play = matches!(state, GameState::On | GameState::Over).then(|| at.min(self.ends));
        GameFeed { last_play, ..feed(self.pk, state, Participation::Fielded, self.errors(at)) }
    }
}

/// The requests that an outage concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    All,
    Feeds,
}

/// A day and the part of it that was read.
struct Model {
    games: Vec<TrueGame>,
    facts: Facts,
}

impl Model {
    fn random(random: &mut Rng) -> Self {
        let games = match random.u8(0..6) {
            0 => vec![],
            1 | 2 => {
                let first = TrueGame::random(random, 1, NOON + Duration::HOUR);
                let second = TrueGame::random(random, 2, first.ends.max(FIRST_PITCH - Duration::HOUR));
                vec![first, second]
            }
            _ => vec![TrueGame::random(random, 1, FIRST_PITCH)],
        };
        Model { games, facts: Facts { schedule: Part::default(), ..facts(NOON, [], []) } }
    }

    /// One round of the poller, in which each request may fail, or be answered by a cache with an older reply.
    fn poll(&mut self, now: OffsetDateTime, random: &mut Rng, outage: Option<Scope>) {
        let reply = |random: &mut Rng, is_feed: bool| {
            let is_out = outage.is_some_and(|scope| is_feed || scope == Scope::All);
            let is_lost = is_out || random.f32() < 0.1;
            (!is_lost).then(|| now - Duration::seconds(random.i64(0..5)))
        };
        let is_newer = |part: Option<OffsetDateTime>, made: &OffsetDateTime| part < Some(*made);
        match reply(random, false) {
            Some(made) if is_newer(self.facts.schedule.asked_at, &made) => {
                let listings = self.games.iter().map(|game| game.listing(made)).collect();
                let schedule = Schedule { clubs: vec![135], listings, unread: Vec::new() };
                self.facts.schedule = Part::read(schedule, made);
            }
            Some(_) => {}
            None => self.facts.schedule.fail(Outage::Unreachable),
        }
        for game in self.games.iter().filter(|game| game.start - now < Duration::HOUR) {
            let part = self.facts.feeds.entry(game.pk).or_default();
            match reply(random, true) {
                Some(made) if is_newer(part.asked_at, &made) => {
                    *part = Part::read(Some(game.feed(made)), made)
                }
                Some(_) => part.trouble = None,
                None => part.fail(Outage::Unreachable),
            }
        }
    }

    /// The errors that were read.
    fn read_errors(&self) -> u32 {
        let read_at = |game: &TrueGame| self.facts.feeds.get(&game.pk).and_then(|part| part.asked_at);
        self.games.iter().filter_map(|game| Some(game.errors(read_at(game)?))).sum()
    }

    /// The verdict over games that have just been read.
    fn verdict(&self, at: OffsetDateTime) -> Verdict {
        let errors = self.games.iter().map(|game| game.errors(at)).sum();
        let any = |state| self.games.iter().any(|game| game.state(at) == state);
        match errors {
            1.. => Verdict::Yes(errors),
            0 if any(GameState::On) || any(GameState::Ahead) => Verdict::NotYet,
            0 if any(GameState::Over) => Verdict::No,
            0 => Verdict::NoGame,
        }
    }

    /// Asserts that an answer says nothing that was not read, and calls nothing fresh that is not.
    fn check(&self, answer: &Answer, now: OffsetDateTime) {
        let read_at = |game: &TrueGame| self.facts.feeds.get(&game.pk).and_then(|part| part.asked_at);
        match answer.verdict {
            Verdict::Yes(errors) => assert_eq!(errors, self.read_errors(), "{now}: {answer:#?}"),
            Verdict::Unknown => return,
            Verdict::No | Verdict::NotYet | Verdict::NoGame => {
                assert_eq!(self.read_errors(), 0, "{now}: {answer:#?}")
            }
        }
        if answer.verdict == Verdict::No {
            for game in self.games.iter().filter(|game| game.called_off.is_none()) {
                assert!(
                    read_at(game) >= Some(game.ends),
                    "{now}: No over a game whose end was not read: {answer:#?}"
                );
            }
        }
        for game in self.games.iter().filter(|_| !answer.stale) {
            // The schedule may be 5 minutes old around the start of a game.
            let is_on = game.state(now) == GameState::On && now - game.begins > Duration::minutes(6);
            let is_fresh = read_at(game).is_some_and(|at| now - at <= Duration::MINUTE);
            assert!(!is_on || is_fresh, "{now}: says it is fresh: {answer:#?}");
        }
    }
}

#[test]
fn a_random_day_never_has_a_wrong_verdict_nor_a_stale_one_that_says_it_is_fresh() {
    for seed in 0..60 {
        // A round of the poller every 20 s or so.
        let mut random = Rng::with_seed(seed);
        let mut model = Model::random(&mut random);
        let (mut now, mut outage) = (NOON, None);
        let mut known = 0;
        while now < NIGHT {
            now = NIGHT.min(now + Duration::seconds(random.i64(5..40)));
            match outage {
                None if random.f32() < 0.004 => {
                    let scope = *random.choice(&[Scope::All, Scope::Feeds]).unwrap();
                    outage = Some((scope, now + Duration::minutes(random.i64(1..200))));
                }
                Some((_, until)) if until < now => outage = None,
                _ => {}
            }
            model.poll(now, &mut random, outage.map(|(scope, _)| scope));
            let answer = decide(&model.facts, now);
            assert_eq!(answer.day, TODAY, "seed {seed}");
            model.check(&answer, now);
            known += u32::from(answer.verdict != Verdict::Unknown);
        }
        assert!(known > 0, "seed {seed}: nothing is ever known");
        // Once all is read, the answer is the model's.
        for game in &model.games {
            model.facts.feeds.insert(game.pk, Part::read(Some(game.feed(now)), now));
        }
        let listings = model.games.iter().map(|game| game.listing(now)).collect();
        model.facts.schedule = Part::read(Schedule { clubs: vec![135], listings, unread: Vec::new() }, now);
        let answer = decide(&model.facts, now);
        assert_eq!((answer.verdict, answer.stale), (model.verdict(now), false), "seed {seed}: {answer:#?}");
    }
}
