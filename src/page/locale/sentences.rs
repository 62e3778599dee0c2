//! Sentences that follow the same pattern in every language.

use crate::{
    answer::{ErrorPlay, GameKind},
    language::Language,
    page::{
        locale::{GameSides, Phrases, labels::PageLabels, sentence_case},
        times::LocalTime,
    },
};
use time::Date;

/// Each sentence in English and in Spanish, after the facts in it that each language has its own words for.
macro_rules! sentences {
    ($(
        $(#[$doc:meta])*
        fn $name:ident($($value:ident: $type:ty),*) $(with $($fact:ident = $phrase:ident($($of:expr),*)),+)?:
            $english:literal, $spanish:literal;
    )*) => {
        impl dyn Phrases + '_ {
            $($(#[$doc])* pub(crate) fn $name(&self, $($value: $type),*) -> String {
                $($(let $fact = self.$phrase($($of),*);)+)?
                match self.language() {
                    Language::English => format!($english),
                    Language::Spanish => format!($spanish),
                }
            })*
        }
    };
}

impl dyn Phrases + '_ {
    pub(crate) fn labels(&self) -> &'static PageLabels {
        PageLabels::of(self.language())
    }

    /// "Throwing error, bottom of the 3rd, playing RF".
    pub(crate) fn play(&self, play: &ErrorPlay) -> String {
        let inning = play.inning.map(|inning| format!(", {}", self.inning(inning)));
        let position = play.position.as_ref().map(|position| self.playing(position));
        let batter = play.batter.as_ref().map(|batter| self.batting(batter));
        let details = [inning, position, batter].into_iter().flatten();
        [self.kind(play.kind).to_owned()].into_iter().chain(details).collect()
    }

    /// "Jun 21 to Jul 3"; one day by its date alone.
    pub(crate) fn span(&self, from: Date, to: Date) -> String {
        if from == to { self.brief_date(from) } else { self.several_days(from, to) }
    }

    /// "an error", "2 errors".
    fn some_errors(&self, count: u32) -> String {
        if count == 1 { self.labels().an_error.into() } else { self.errors(count) }
    }

    /// "the game against Texas".
    fn the_game(&self, meeting: &GameSides) -> String {
        match meeting.begun {
            _ if meeting.kind == GameKind::AllStar => self.labels().all_star_game.into(),
            Some(day) => self.game_of(day, &GameSides { begun: None, ..*meeting }),
            None => self.game_against(meeting),
        }
    }

    /// The same at the beginning of a sentence.
    fn game(&self, meeting: &GameSides) -> String {
        sentence_case(&self.the_game(meeting))
    }

    /// " on Wednesday, August 9", if the time has a day.
    fn on_day(&self, at: &LocalTime) -> String {
        at.day.map(|day| self.on(day)).unwrap_or_default()
    }

    /// ", 7:05 PM PDT", if the time is known.
    pub(crate) fn and_time(&self, at: Option<&LocalTime>) -> String {
        at.map(|at| format!(", {}{}", self.clock(at), self.on_day(at))).unwrap_or_default()
    }
}

sentences! {
    fn on(date: Date) with date = short_date(date): " on {date}", " del {date}";
    fn game_of(day: Date, meeting: &GameSides) with day = short_date(day), against = against(meeting):
        "the game of {day} {against}", "el juego del {day} {against}";
    fn game_against(meeting: &GameSides) with against = against(meeting): "the game {against}", "el juego {against}";
    fn playing(position: &str) with position = position(position): ", playing {position}", ", como {position}";
    fn batting(batter: &str): ", {batter} batting", ", {batter} al bate";
    fn todays_games(count: usize): "in today's {count} games", "en los {count} juegos de hoy";
    /// The games of another day.
    fn games_of_day(count: usize): "in {count} games", "en {count} juegos";
    fn in_games(count: u32) with games = games(count): "in {games}", "en {games}";
    fn no_game_on(date: Date) with date = short_date(date): "No game on {date}.", "Sin juego el {date}.";
    fn ahead(ours: u32, theirs: u32): "up {ours}–{theirs}", "arriba {ours}–{theirs}";
    fn behind(ours: u32, theirs: u32): "down {ours}–{theirs}", "abajo {ours}–{theirs}";
    fn tied(runs: u32): "tied {runs}–{runs}", "empatados {runs}–{runs}";
    fn charged(name: &str, count: u32, games: &str, rest: &str) with errors = some_errors(count):
        "{name} has {errors} {games}{rest}.", "{name} tiene {errors} {games}{rest}.";
    fn taken_back(count: u32) with errors = some_errors(count):
        "The official scorer took {errors} back: earlier today, this page said otherwise.",
        "El anotador oficial retiró {errors}: hoy, más temprano, esta página decía otra cosa.";
    /// Without a full stop.
    fn is_on(meeting: &GameSides) with game = game(meeting): "{game} is on", "{game} está en marcha";
    fn first_pitch(meeting: &GameSides, at: &LocalTime) with against = against(meeting), clock = clock(at), day = on_day(at):
        "First pitch {against}: {clock}{day}.", "Primer lanzamiento {against}: {clock}{day}.";
    fn first_pitch_was_due(meeting: &GameSides, at: &LocalTime) with against = against(meeting), clock = at(at), day = on_day(at):
        "First pitch {against} was due {clock}{day}.", "El primer lanzamiento {against} estaba previsto {clock}{day}.";
    /// A game that is resumed today.
    fn resumes(meeting: &GameSides, at: &str) with game = game(meeting): "{game} resumes {at}.", "{game} se reanuda {at}.";
    fn was_due_to_resume(meeting: &GameSides, at: &str) with game = game(meeting):
        "{game} was due to resume {at}.", "{game} debía reanudarse {at}.";
    fn start_unknown(meeting: &GameSides) with against = against(meeting), game = the_game(meeting):
        "The start time {against} isn't set yet.", "Todavía no hay hora para {game}.";
    /// The cause of this and others is in parentheses, after a space.
    fn start_delayed(meeting: &GameSides, cause: &str) with against = against(meeting), game = the_game(meeting):
        "The start {against} is delayed{cause}.", "Está retrasado el inicio d{game}{cause}.";
    fn suspended_game(meeting: &GameSides) with game = game(meeting): "{game} is suspended.", "{game} está suspendido.";
    fn suspended_until(meeting: &GameSides, day: Date) with game = game(meeting), day = short_date(day):
        "{game} is suspended and resumes on {day}.", "{game} está suspendido y se reanuda el {day}.";
    fn box_unread(meeting: &GameSides) with game = game(meeting):
        "{game} has begun, but its box score can't be read right now.",
        "{game} ya empezó, pero por el momento no se puede leer su box score.";
    fn postponed(meeting: &GameSides, cause: &str) with game = game(meeting):
        "{game} is postponed{cause}. The new date isn't set yet.", "{game} está pospuesto{cause}. Todavía no hay fecha nueva.";
    fn postponed_to(meeting: &GameSides, day: Date, cause: &str) with game = game(meeting), day = short_date(day):
        "{game} is postponed to {day}{cause}.", "{game} está pospuesto para el {day}{cause}.";
    fn cancelled(meeting: &GameSides, cause: &str) with game = game(meeting):
        "{game} is cancelled{cause}.", "{game} está cancelado{cause}.";
    fn next_game(meeting: &GameSides, date: Date, at: Option<&LocalTime>)
        with against = against(meeting), date = short_date(date), at = and_time(at):
        "No game today. Next: {against}, {date}{at}.", "Hoy no hay juego. Próximo: {against}, {date}{at}.";
    fn season_figures(errors: u32, games: u32) with errors = errors(errors), games = games(games):
        ": {errors} in {games}", ": {errors} en {games}";
    fn season_over(figures: &str, next: &str):
        "The season is over{figures}. Next game: {next}.", "La temporada terminó{figures}. Próximo juego: {next}.";
    /// The note on an answer that is not about the present day.
    fn about_day(date: Date) with date = short_date(date): "This is about {date}.", "Esto es sobre el {date}.";
    fn several_days(from: Date, to: Date) with from = brief_date(from), to = brief_date(to): "{from} to {to}", "del {from} al {to}";
    fn in_season(year: i32, errors: u32, games: u32, pace: &str) with errors = errors(errors), games = games(games):
        "In {year}: {errors} in {games} in the field{pace}.", "En {year}: {errors} en {games} a la defensiva{pace}.";
    fn on_pace(errors: u32): ", on pace for {errors}", ", a paso de {errors}";
    fn latest_error(date: Date, ago: &str) with date = short_date(date):
        " The latest on {date}{ago}.", " El más reciente, el {date}{ago}.";
    fn days_and_games_ago(days: u32, games: u32) with days = days(days), games = games(games):
        ", {days} and {games} ago", ", hace {days} y {games}";
    fn longest_streak(games: u32) with games = games(games):
        " The longest streak without one: {games}.", " La racha más larga sin error: {games}.";
    fn injured_for(days: u16): "is on the {days}-day injured list", "está en la lista de lesionados de {days} días";
    fn listed_as(words: &str): "is listed by MLB as “{words}”", "aparece en la lista de MLB como «{words}»";
    fn on_rehab_with(club: &str):
        "is on a rehab assignment with the {club}", "está en asignación de rehabilitación con {club}";
    fn injured_with(status: &str, club: &str):
        "{status}, on a rehab assignment with the {club}", "{status}, en asignación de rehabilitación con {club}";
    fn with_farm_club(club: &str): "is with the {club} in the minor leagues", "está con {club} en las ligas menores";
    fn also_with_farm_club(status: &str, club: &str):
        "{status} and is with the {club} in the minor leagues", "{status} y está con {club} en las ligas menores";
    fn no_such_player(id: u32): "MLB has no player with the number {id}.", "MLB no tiene ningún jugador con el número {id}.";
    fn one_unread(games: &str):
        "One of today's {games} games can't be read right now.",
        "Uno de los {games} juegos de hoy no se puede leer por el momento.";
    fn all_unread(games: &str):
        "Today's {games} games can't be read right now.",
        "Los {games} juegos de hoy no se pueden leer por el momento.";
    fn some_unread(unread: &str, games: &str):
        "{unread} of today's {games} games can't be read right now.",
        "{unread} de los {games} juegos de hoy no se pueden leer por el momento.";
    fn no_club(name: &str): "{name} isn't with a club.", "{name} no está con ningún equipo.";
    fn clean(name: &str, games: &str): "No errors for {name} {games}.", "Sin errores de {name} {games}.";
    fn did_not_play(name: &str, games: &str): "{name} didn't play {games}.", "{name} no jugó {games}.";
    /// The same after a sentence that names him.
    fn nor_played(games: &str): "He didn't play {games}.", "No jugó {games}.";
    fn not_in_line_up(name: &str): "{name} isn't in the lineup.", "{name} no está en la alineación.";
    fn plays_disagree(counted: u32, shown: usize):
        "The box score counts {counted}; MLB's list of plays shows {shown}. The box score is right.",
        "El box score cuenta {counted}; la lista de jugadas de MLB muestra {shown}. El que vale es el box score.";
    fn out_of_date(age: &str):
        "This may be out of date. Last update: {age}.",
        "Puede no estar al día. Última actualización: {age}.";
    fn replay(about: &str): "A replay of {about}", "Repetición: {about}";
    fn replay_not_today(about: &str):
        "This is a replay of {about}, not today.",
        "Esto es una repetición, no es hoy: {about}.";
    fn season_title(year: i32): "The {year} season", "La temporada de {year}";
}
