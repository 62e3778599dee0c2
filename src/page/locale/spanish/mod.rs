//! Spanish, as broadcasters in San Diego and Tijuana speak it.

pub(crate) mod terms;

use crate::{
    answer::{
        Availability, Club, ErrorPlay, GameKind, Half, Inning, Leader, Outage, SeasonGame, SeasonSoFar,
    },
    language::Language,
    page::{
        locale::{
            Age, Doubleheader, Due, GameSides, NextGame, Phrases, ScoreLine, bracketed, cities, games,
            labels::PageLabels,
            roster, seasons, sentence_case,
            spanish::terms::{ClubCity, month_day, on_day, short_date},
        },
        scene::Scene,
        times::LocalTime,
    },
};
use time::Date;

pub(crate) struct Spanish;

impl Phrases for Spanish {
    fn language(&self) -> Language {
        Language::Spanish
    }

    fn clock(&self, at: &LocalTime) -> String {
        terms::clock(at)
    }

    fn long_date(&self, date: Date) -> String {
        format!("{} de {}", short_date(date), date.year())
    }

    fn brief_date(&self, date: Date) -> String {
        format!("{} {}", date.day(), self.month(date))
    }

    fn month(&self, date: Date) -> String {
        terms::month(date.month()).chars().take(3).collect()
    }

    fn ago(&self, age: Age) -> String {
        let (count, one, more) = match age {
            Age::Moments => return "hace menos de un minuto".into(),
            Age::Minutes(count) => (count, "minuto", "minutos"),
            Age::Hours(count) => (count, "hora", "horas"),
            Age::Days(count) => (count, "día", "días"),
        };
        format!("hace {count} {}", if count == 1 { one } else { more })
    }

    fn errors(&self, count: u32) -> String {
        match count {
            0 => "sin errores".into(),
            1 => "1 error".into(),
            n => format!("{n} errores"),
        }
    }

    fn games(&self, count: u32) -> String {
        format!("{count} juego{}", if count == 1 { "" } else { "s" })
    }

    fn days(&self, count: u32) -> String {
        format!("{count} día{}", if count == 1 { "" } else { "s" })
    }

    fn club(&self, name: &str) -> String {
        terms::club(name).unwrap_or(name).to_owned()
    }

    fn pairing(&self, away: &str, home: &str) -> String {
        format!("{} en casa de {}", self.club(away), terms::the_club(home))
    }

    fn matchup(&self, game: &SeasonGame) -> String {
        let at = if game.at_home { "vs." } else { "en" };
        let second = if game.number > 1 { format!(", juego {}", game.number) } else { String::new() };
        let place = |club: &Club| match ClubCity::of(&club.name).filter(|_| !game.at_home) {
            Some(ClubCity { city, nickname, has_two_clubs: true }) => format!("{city}, {nickname}"),
            _ => terms::opponent(&club.name).trim_start_matches("los ").to_owned(),
        };
        game.opponent.as_ref().map(|club| format!("{at} {}{second}", place(club))).unwrap_or_default()
    }

    fn against(&self, meeting: &GameSides) -> String {
        let name = meeting.opponent;
        let place = match (ClubCity::of(name), meeting.place) {
            _ if meeting.kind == GameKind::AllStar => return "en el Juego de Estrellas".into(),
            (Some(ClubCity { city, has_two_clubs, .. }), place)
                if place.is_some() && place == cities::city(name) && !meeting.at_home =>
            {
                if has_two_clubs {
                    format!("en {city} contra {}", terms::opponent(name))
                } else {
                    format!("en {city}")
                }
            }
            (_, Some(place)) => format!("contra {} en {}", terms::opponent(name), terms::place(place)),
            (_, None) => format!("contra {}", terms::opponent(name)),
        };
        let second =
            if meeting.number > 1 { format!(" en el juego {}", meeting.number) } else { String::new() };
        let begun = meeting.begun.map(|day| format!(" en el juego del {}, reanudado hoy", short_date(day)));
        format!("{place}{second}{}", begun.unwrap_or_default())
    }

    fn todays_games(&self, count: usize, day: Doubleheader) -> String {
        match day {
            Doubleheader::Yes => "en la doble cartelera de hoy".into(),
            Doubleheader::No => format!("en los {count} juegos de hoy"),
        }
    }

    fn games_of_day(&self, count: usize, day: Doubleheader) -> String {
        match day {
            Doubleheader::Yes => "en la doble cartelera".into(),
            Doubleheader::No => format!("en {count} juegos"),
        }
    }

    fn no_game_on(&self, date: Date) -> String {
        format!("Sin juego el {}.", short_date(date))
    }

    fn inning(&self, Inning { number, half }: Inning) -> String {
        let half = match half {
            Half::Top => "alta de la",
            Half::Bottom => "baja de la",
            Half::Middle => "mitad de la",
            Half::End => "fin de la",
        };
        format!("{half} {number}.ª entrada")
    }

    fn standing(&self, standing: ScoreLine) -> String {
        match standing {
            ScoreLine::Ahead(ours, theirs) => format!("arriba {ours}–{theirs}"),
            ScoreLine::Behind(ours, theirs) => format!("abajo {ours}–{theirs}"),
            ScoreLine::Tied(runs) => format!("empatados {runs}–{runs}"),
        }
    }

    fn status(&self, words: &str) -> String {
        let (status, cause) =
            words.split_once(": ").map_or((words, None), |(status, cause)| (status, Some(cause)));
        let status = terms::status(status).unwrap_or(status);
        cause.map_or(status.to_owned(), |cause| format!("{status}: {}", self.cause(cause)))
    }

    fn cause(&self, words: &str) -> String {
        terms::cause(words).map_or_else(|| words.to_lowercase(), str::to_owned)
    }

    fn play(&self, play: &ErrorPlay) -> String {
        let kind = games::spanish_kind(play.kind);
        let inning = play.inning.map(|inning| format!(", {}", self.inning(inning))).unwrap_or_default();
        let position =
            |position: &String| format!(", como {}", terms::position(position).unwrap_or(position));
        let position = play.position.as_ref().map(position).unwrap_or_default();
        let batter = play.batter.as_ref().map(|batter| format!(", {batter} al bate")).unwrap_or_default();
        format!("{kind}{inning}{position}{batter}")
    }

    fn never_heard(&self, trouble: Outage, player: u32) -> String {
        match trouble {
            Outage::Starting => "Preguntando a MLB. La respuesta viene en camino.".into(),
            Outage::Unreachable => {
                "No hay conexión con el servicio de datos de MLB. Intentando de nuevo.".into()
            }
            Outage::TooSlow => "El servicio de datos de MLB tarda demasiado. Intentando de nuevo.".into(),
            Outage::TurnedAway => "El servicio de datos de MLB no responde. Intentando de nuevo.".into(),
            Outage::Refused => "El servicio de datos de MLB rechaza la red de este servidor.".into(),
            Outage::Garbled => {
                "El servicio de datos de MLB envió una respuesta ilegible. Intentando de nuevo.".into()
            }
            Outage::NoSuchPlayer => format!("MLB no tiene ningún jugador con el número {player}."),
        }
    }

    fn charged(&self, name: &str, errors: u32, games: &str, over: bool) -> String {
        let still = if over { "" } else { ", y la jornada no ha terminado" };
        let errors = if errors == 1 { "un error".into() } else { self.errors(errors) };
        format!("{name} tiene {errors} {games}{still}.")
    }

    fn is_on(&self, meeting: &GameSides) -> String {
        format!("{} está en marcha", the_game(meeting))
    }

    fn first_pitch(&self, meeting: &GameSides, at: &LocalTime, due: Due) -> String {
        let place = self.against(meeting);
        match due {
            Due::Past => {
                format!("El primer lanzamiento {place} estaba previsto {}{}.", terms::at(at), on_day(at))
            }
            Due::ToCome => format!("Primer lanzamiento {place}: {}{}.", self.clock(at), on_day(at)),
        }
    }

    fn goes_on(&self, meeting: &GameSides, at: Option<&LocalTime>, due: Due) -> String {
        let is = if due == Due::Past { "debía reanudarse" } else { "se reanuda" };
        let at = at.map_or("hoy".into(), terms::at);
        format!("{} {is} {at}.", sentence_case(&the_game(meeting)))
    }

    fn start_unknown(&self, meeting: &GameSides) -> String {
        format!("Todavía no hay hora para {}.", the_game(meeting))
    }

    fn start_delayed(&self, meeting: &GameSides, cause: Option<&str>) -> String {
        format!("Está retrasado el inicio d{}{}.", the_game(meeting), bracketed(cause))
    }

    fn suspended_game(&self, meeting: &GameSides, to: Option<Date>) -> String {
        let later = to.map(|day| format!(" y se reanuda el {}", short_date(day))).unwrap_or_default();
        let game = sentence_case(&the_game(meeting));
        format!("{game} está suspendido{later}. {}", PageLabels::of(Language::Spanish).no_error_so_far)
    }

    fn box_unread(&self, meeting: &GameSides) -> String {
        let game = sentence_case(&the_game(meeting));
        format!("{game} ya empezó, pero por el momento no se puede leer su box score.")
    }

    fn games_unread(&self, unread: usize, games: usize) -> String {
        games::spanish_unread(unread, games)
    }

    fn postponed(&self, meeting: &GameSides, to: Option<Date>, cause: Option<&str>) -> String {
        let game = sentence_case(&the_game(meeting));
        let to = to.map_or(String::new(), |date| format!(" para el {}", short_date(date)));
        let unset = if to.is_empty() { " Todavía no hay fecha nueva." } else { "" };
        format!("{game} está pospuesto{to}{}.{unset}", bracketed(cause))
    }

    fn cancelled(&self, meeting: &GameSides, cause: Option<&str>) -> String {
        format!("{} está cancelado{}.", sentence_case(&the_game(meeting)), bracketed(cause))
    }

    fn next_game(&self, meeting: &GameSides, date: Date, at: Option<&LocalTime>) -> String {
        let at = at.map(|at| format!(", {}{}", self.clock(at), on_day(at))).unwrap_or_default();
        format!("Hoy no hay juego. Próximo: {}, {}{at}.", self.against(meeting), short_date(date))
    }

    fn absence(&self, name: &str, availability: &Availability, farm_club: Option<&str>) -> Option<String> {
        roster::spanish(availability, farm_club).map(|status| format!("{name} {status}."))
    }

    fn season_over(&self, figures: Option<(u32, u32)>, next: Option<(Date, NextGame)>) -> String {
        let figures =
            figures.map(|(errors, games)| format!(": {} en {}", self.errors(errors), self.games(games)));
        let next = match next {
            Some((date, NextGame::Spring)) => format!("{}, entrenamiento de primavera", month_day(date)),
            Some((date, NextGame::Game(meeting))) => {
                format!("{}, {}", month_day(date), self.against(&meeting))
            }
            None => "sin anunciar todavía".into(),
        };
        format!("La temporada terminó{}. Próximo juego: {next}.", figures.unwrap_or_default())
    }

    fn about_day(&self, date: Date) -> String {
        format!("Esto es sobre el {}.", short_date(date))
    }

    fn taken_back(&self, errors: u32) -> String {
        let errors = if errors == 1 { "un error".into() } else { self.errors(errors) };
        format!("El anotador oficial retiró {errors}: hoy, más temprano, esta página decía otra cosa.")
    }

    fn scene(&self, scene: Scene) -> &'static str {
        match scene {
            Scene::Stands => {
                "El tiro cae en las gradas. Los aficionados alzan los brazos; el jugador se lleva las manos a la cabeza."
            }
            Scene::Glove => "El jugador muestra la bola en su guante.",
            Scene::Diamond => "La bola está en el diamante y las gradas están llenas.",
            Scene::Rain => "Llueve sobre el campo. Los aficionados abren sus paraguas.",
            Scene::Tarp => "La lona cubre el campo y las gradas están vacías.",
            Scene::Night => "El parque vacío de noche: luna, estrellas y una planta rodadora.",
            Scene::Bench => "Un guante descansa en la banca.",
            Scene::Fence => "La bola vuela sobre la barda. El jugador la mira.",
        }
    }

    fn joke(&self, club: Option<&str>) -> String {
        let fan = club.map_or_else(|| "casa".into(), |club| format!("los {}", cities::nickname(club)));
        format!("Va directo al plato, según un aficionado de {fan}. Va a las gradas, según todos los demás.")
    }

    fn rank(&self, leader: &Leader) -> String {
        match (leader.rank, leader.is_tied) {
            (1, false) => "líder en errores de las Grandes Ligas".into(),
            (rank, true) => format!("empatado en el lugar {rank} en errores de las Grandes Ligas"),
            (rank, false) => format!("lugar {rank} en errores de las Grandes Ligas"),
        }
    }

    fn place(&self, rank: u32) -> String {
        format!("Lugar {rank}")
    }

    fn season(&self, season: &SeasonSoFar) -> String {
        seasons::spanish(season)
    }

    fn span(&self, from: Date, to: Date) -> String {
        format!("del {} al {}", self.brief_date(from), self.brief_date(to))
    }

    fn record(&self, games: &str, span: &str, at_least: bool) -> String {
        let record = if at_least { "Racha más larga conocida" } else { "Récord" };
        format!("{record}: {games}, {span}")
    }

    fn next_on_sign(&self, meeting: &GameSides, date: Date, at: Option<&LocalTime>) -> String {
        let kind = if meeting.kind == GameKind::Spring { ", entrenamiento de primavera" } else { "" };
        let at = at.map(|at| format!(", {}{}", self.clock(at), on_day(at))).unwrap_or_default();
        format!("{}, {}{kind}{at}", month_day(date), self.against(meeting))
    }

    fn in_games(&self, count: u32) -> String {
        format!("en {}", self.games(count))
    }
}

fn the_game(meeting: &GameSides) -> String {
    match meeting.begun {
        _ if meeting.kind == GameKind::AllStar => "el Juego de Estrellas".into(),
        Some(day) => {
            let against = Spanish.against(&GameSides { begun: None, ..*meeting });
            format!("el juego del {} {against}", short_date(day))
        }
        None => format!("el juego {}", Spanish.against(meeting)),
    }
}
