//! The words and sentences, in every language.

use crate::page::tests::*;

/// The sentence in both languages.
fn sentences(answer: &Answer) -> [String; 2] {
    Language::ALL.map(|language| sentence::sentence(answer, locale::phrases(language)))
}

#[test]
fn every_reason_has_its_sentence() {
    use Participation::{Bench, Fielded, Lineup};
    let away = |mut game: Game| {
        std::mem::swap(&mut game.listing.home, &mut game.listing.away);
        game.listing.venue = "Globe Life Field".into();
        game
    };
    let in_all_star = |mut game: Game| {
        game.listing.kind = GameKind::AllStar;
        game
    };
    let twin = |mut game: Game| {
        game.listing.double_header = DoubleHeader::Split;
        game
    };
    let nowhere = |mut game: Game| {
        game.listing.away.club.name = "Toros de Tijuana".into();
        game
    };
    let early = |mut game: Game| {
        game.listing.start = Some(datetime!(2024-07-02 20:10 UTC));
        game
    };
    let second = |mut game: Game| {
        game.listing.number = 2;
        game.listing.start = None;
        game
    };
    let on = |presence| game(GameState::On, "In Progress", presence);
    let ahead = |words, presence| game(GameState::Ahead, words, presence);
    let moved = ScheduleEntry {
        moved_to: Some(date!(2024 - 08 - 26)),
        ..listing(GameState::Postponed, "Postponed: Rain")
    };
    let resumed = |state| {
        let mut game = game(state, "In Progress", Fielded);
        game.listing.official = date!(2024 - 06 - 30);
        game
    };
    let mut tomorrow = game(GameState::Suspended, "Suspended", Fielded);
    tomorrow.listing.resumes_on = Some(date!(2024 - 07 - 03));
    for (reason, games, said) in [
        (
            Reason::NeverHeard(Outage::Starting),
            vec![],
            ["Asking MLB. The answer is on its way.", "Preguntando a MLB. La respuesta viene en camino."],
        ),
        (
            Reason::NeverHeard(Outage::Unreachable),
            vec![],
            [
                "MLB's data service can't be reached. Trying again.",
                "No hay conexión con el servicio de datos de MLB. Intentando de nuevo.",
            ],
        ),
        (
            Reason::NeverHeard(Outage::TooSlow),
            vec![],
            [
                "MLB's data service is too slow. Trying again.",
                "El servicio de datos de MLB tarda demasiado. Intentando de nuevo.",
            ],
        ),
        (
            Reason::NeverHeard(Outage::TurnedAway),
            vec![],
            [
                "MLB's data service isn't answering. Trying again.",
                "El servicio de datos de MLB no responde. Intentando de nuevo.",
            ],
        ),
        (
            Reason::NeverHeard(Outage::Refused),
            vec![],
            [
                "MLB's data service refuses this server's network.",
                "El servicio de datos de MLB rechaza la red de este servidor.",
            ],
        ),
        (
            Reason::NeverHeard(Outage::Garbled),
            vec![],
            [
                "MLB's data service sent an unreadable reply. Trying again.",
                "El servicio de datos de MLB envió una respuesta ilegible. Intentando de nuevo.",
            ],
        ),
        (
            Reason::NeverHeard(Outage::NoSuchPlayer),
            vec![],
            [
                "MLB has no player with the number 665487.",
                "MLB no tiene ningún jugador con el número 665487.",
            ],
        ),
        (Reason::NoClub, vec![], ["Tatis Jr. isn't with a club.", "Tatis Jr. no está con ningún equipo."]),
        (
            Reason::Clean { played: true },
            vec![game(GameState::Over, "Final", Fielded)],
            ["No errors for Tatis Jr. against Texas.", "Sin errores de Tatis Jr. contra Texas."],
        ),
        (
            Reason::Clean { played: false },
            vec![on(Bench), on(Bench)],
            ["Tatis Jr. didn't play in today's 2 games.", "Tatis Jr. no jugó en los 2 juegos de hoy."],
        ),
        (
            Reason::Clean { played: false },
            vec![twin(on(Bench)), twin(on(Bench))],
            [
                "Tatis Jr. didn't play in today's doubleheader.",
                "Tatis Jr. no jugó en la doble cartelera de hoy.",
            ],
        ),
        (
            Reason::Playing(0),
            vec![on(Fielded)],
            [
                "Bottom of the 3rd against Texas, down 2–4. No errors so far.",
                "Baja de la 3.ª entrada contra Texas, abajo 2–4. Sin errores hasta ahora.",
            ],
        ),
        (
            Reason::Playing(0),
            vec![away(on(Bench))],
            [
                "Bottom of the 3rd in Texas, up 4–2. Tatis Jr. isn't in the lineup.",
                "Baja de la 3.ª entrada en Texas, arriba 4–2. Tatis Jr. no está en la alineación.",
            ],
        ),
        (
            Reason::Playing(0),
            vec![game(GameState::On, "Delayed: Rain", Fielded)],
            [
                "Bottom of the 3rd against Texas, down 2–4 (Delayed: Rain). No errors so far.",
                "Baja de la 3.ª entrada contra Texas, abajo 2–4 (Retrasado: lluvia). Sin errores hasta ahora.",
            ],
        ),
        (
            Reason::Waiting(0),
            vec![ahead("Scheduled", Lineup)],
            ["First pitch against Texas: 7:05 PM PDT.", "Primer lanzamiento contra Texas: 7:05 p. m. PDT."],
        ),
        (
            Reason::Waiting(0),
            vec![second(ahead("Scheduled", Lineup))],
            [
                "The start time against Texas in game 2 isn't set yet.",
                "Todavía no hay hora para el juego contra Texas en el juego 2.",
            ],
        ),
        (
            Reason::Waiting(0),
            vec![ahead("Delayed Start: Rain", Bench)],
            [
                "The start against Texas is delayed (rain). Tatis Jr. isn't in the lineup.",
                "Está retrasado el inicio del juego contra Texas (lluvia). Tatis Jr. no está en la alineación.",
            ],
        ),
        (
            Reason::Waiting(0),
            vec![in_all_star(ahead("Warmup", Lineup))],
            [
                "First pitch in the All-Star Game: 7:05 PM PDT.",
                "Primer lanzamiento en el Juego de Estrellas: 7:05 p. m. PDT.",
            ],
        ),
        (
            Reason::Waiting(0),
            vec![nowhere(early(ahead("Scheduled", Lineup)))],
            [
                "First pitch against the Toros de Tijuana: 1:10 PM PDT.",
                "Primer lanzamiento contra Toros de Tijuana: 1:10 p. m. PDT.",
            ],
        ),
        (
            Reason::Suspended(0),
            vec![on(Fielded)],
            [
                "The game against Texas is suspended. No errors so far.",
                "El juego contra Texas está suspendido. Sin errores hasta ahora.",
            ],
        ),
        (
            Reason::BoxUnread(vec![0]),
            vec![on(Fielded)],
            [
                "The game against Texas has begun, but its box score can't be read right now.",
                "El juego contra Texas ya empezó, pero por el momento no se puede leer su box score.",
            ],
        ),
        (
            Reason::Postponed(Box::new(moved)),
            vec![],
            [
                "The game against Texas is postponed to Monday, August 26 (rain).",
                "El juego contra Texas está pospuesto para el lunes 26 de agosto (lluvia).",
            ],
        ),
        (
            Reason::Postponed(Box::new(listing(GameState::Postponed, "Postponed"))),
            vec![],
            [
                "The game against Texas is postponed. The new date isn't set yet.",
                "El juego contra Texas está pospuesto. Todavía no hay fecha nueva.",
            ],
        ),
        (
            Reason::Cancelled(Box::new(listing(GameState::Cancelled, "Cancelled: Inclement Weather"))),
            vec![],
            [
                "The game against Texas is cancelled (inclement weather).",
                "El juego contra Texas está cancelado (mal tiempo).",
            ],
        ),
        (
            Reason::Playing(0),
            vec![resumed(GameState::On)],
            [
                "Bottom of the 3rd against Texas in the game of Sunday, June 30, resumed today, down 2–4. No errors so far.",
                "Baja de la 3.ª entrada contra Texas en el juego del domingo 30 de junio, reanudado hoy, abajo 2–4. Sin errores hasta ahora.",
            ],
        ),
        (
            Reason::Waiting(0),
            vec![resumed(GameState::Ahead)],
            [
                "The game of Sunday, June 30 against Texas resumes at 7:05 PM PDT.",
                "El juego del domingo 30 de junio contra Texas se reanuda a las 7:05 p. m. PDT.",
            ],
        ),
        (
            Reason::Clean { played: true },
            vec![resumed(GameState::Over)],
            [
                "No errors for Tatis Jr. against Texas in the game of Sunday, June 30, resumed today.",
                "Sin errores de Tatis Jr. contra Texas en el juego del domingo 30 de junio, reanudado hoy.",
            ],
        ),
        (
            Reason::Overdue(0),
            vec![game(GameState::Ahead, "Pre-Game", Fielded)],
            [
                "First pitch against Texas was due at 7:05 PM PDT.",
                "El primer lanzamiento contra Texas estaba previsto a las 7:05 p. m. PDT.",
            ],
        ),
        (
            Reason::Suspended(0),
            vec![tomorrow],
            [
                "The game against Texas is suspended and resumes on Wednesday, July 3. No errors so far.",
                "El juego contra Texas está suspendido y se reanuda el miércoles 3 de julio. Sin errores hasta ahora.",
            ],
        ),
        (
            Reason::OffDay { next: None },
            vec![],
            [
                "No game today, and none in the next seven days.",
                "Hoy no hay juego, ni en los próximos siete días.",
            ],
        ),
        (
            Reason::OffDay { next: Some(Box::new(listing(GameState::Ahead, "Scheduled"))) },
            vec![],
            [
                "No game today. Next: against Texas, Tuesday, July 2, 7:05 PM PDT.",
                "Hoy no hay juego. Próximo: contra Texas, martes 2 de julio, 7:05 p. m. PDT.",
            ],
        ),
    ] {
        assert_eq!(sentences(&answer(Verdict::Unknown, reason, games)), said);
    }
    let charged = |errors, over| {
        sentences(&answer(Verdict::Yes(errors), Reason::Charged { over, unread: vec![] }, vec![on(Fielded)]))
    };
    assert_eq!(
        charged(1, true),
        ["Tatis Jr. has an error against Texas.", "Tatis Jr. tiene un error contra Texas.",]
    );
    assert_eq!(
        charged(2, false),
        [
            "Tatis Jr. has 2 errors against Texas, and the day isn't over.",
            "Tatis Jr. tiene 2 errores contra Texas, y la jornada no ha terminado.",
        ]
    );
}

#[test]
fn a_time_on_another_day_is_told_with_its_day() {
    let waiting = |calendar_day| {
        let games = vec![game(GameState::Ahead, "Scheduled", Participation::Lineup)];
        sentences(&Answer { calendar_day, ..answer(Verdict::NotYet, Reason::Waiting(0), games) })
    };
    assert_eq!(
        waiting(date!(2024 - 07 - 03)),
        [
            "First pitch against Texas: 7:05 PM PDT on Tuesday, July 2. This is about Tuesday, July 2.",
            "Primer lanzamiento contra Texas: 7:05 p. m. PDT del martes 2 de julio. Esto es sobre el martes 2 de julio.",
        ]
    );
    // Noon in Tokyo is the evening before in San Diego.
    let next = ScheduleEntry { official: date!(2024 - 07 - 03), ..listing(GameState::Ahead, "Scheduled") };
    let next = Reason::OffDay { next: Some(Box::new(next)) };
    assert_eq!(
        sentences(&answer(Verdict::NoGame, next, vec![])),
        [
            "No game today. Next: against Texas, Wednesday, July 3, 7:05 PM PDT on Tuesday, July 2.",
            "Hoy no hay juego. Próximo: contra Texas, miércoles 3 de julio, 7:05 p. m. PDT del martes 2 de julio.",
        ]
    );
}

#[test]
fn the_off_season_and_an_unreadable_schedule_are_told() {
    let on = |kind, month| ScheduleEntry {
        kind,
        official: Date::from_calendar_date(2025, month, 26).unwrap(),
        ..listing(GameState::Ahead, "Scheduled")
    };
    let off = |next: Option<ScheduleEntry>| {
        sentences(&answer(Verdict::NoGame, Reason::OffSeason { next: next.map(Box::new) }, vec![]))
    };
    for (next, said) in [
        (
            Some(on(GameKind::Spring, time::Month::February)),
            [
                "The season is over. Next game: February 26, spring training.",
                "La temporada terminó. Próximo juego: 26 de febrero, entrenamiento de primavera.",
            ],
        ),
        (
            Some(on(GameKind::Regular, time::Month::March)),
            [
                "The season is over. Next game: March 26, against Texas.",
                "La temporada terminó. Próximo juego: 26 de marzo, contra Texas.",
            ],
        ),
        (
            None,
            [
                "The season is over. Next game: not announced yet.",
                "La temporada terminó. Próximo juego: sin anunciar todavía.",
            ],
        ),
    ] {
        assert_eq!(off(next), said);
    }
    assert_eq!(
        sentences(&answer(Verdict::Unknown, Reason::EntryUnread, vec![])),
        [
            "One of today's games can't be read in MLB's schedule right now.",
            "Por el momento no se puede leer uno de los juegos de hoy en el calendario de MLB.",
        ]
    );
}

#[test]
fn where_he_is_is_said_with_the_farm_clubs_name() {
    let said = |availability, reason| {
        let waiting = vec![game(GameState::Ahead, "Scheduled", Participation::Absent)];
        let mut answer = Answer { availability, ..answer(Verdict::NotYet, reason, waiting) };
        answer.player.farm_club = Some(club(4904, "El Paso Chihuahuas"));
        let tail = |said: &str| said[said.find("Tatis Jr. ").unwrap()..].to_owned();
        sentences(&answer).each_ref().map(|said| tail(said))
    };
    let with = "Tatis Jr. is with the El Paso Chihuahuas in the minor leagues.";
    for (availability, english) in [
        (Availability::Active, with),
        (Availability::Unknown, with),
        (Availability::Away(Absence::Minors), with),
        (
            Availability::Injured(Injury::Rehab),
            "Tatis Jr. is on a rehab assignment with the El Paso Chihuahuas.",
        ),
        (
            Availability::Injured(Injury::Days(60)),
            "Tatis Jr. is on the 60-day injured list, on a rehab assignment with the El Paso Chihuahuas.",
        ),
        (
            Availability::Away(Absence::Designated),
            "Tatis Jr. has been designated for assignment and is with the El Paso Chihuahuas in the minor leagues.",
        ),
    ] {
        for reason in [Reason::Waiting(0), Reason::OffDay { next: None }] {
            assert_eq!(said(availability.clone(), reason)[0], english);
        }
    }
    assert_eq!(
        said(Availability::Injured(Injury::Rehab), Reason::Waiting(0))[1],
        "Tatis Jr. está en asignación de rehabilitación con El Paso Chihuahuas."
    );
}

#[test]
fn what_keeps_him_away_is_said_after_his_name() {
    let said = |availability| {
        let waiting = vec![game(GameState::Ahead, "Scheduled", Participation::Absent)];
        let answer = Answer { availability, ..answer(Verdict::NotYet, Reason::Waiting(0), waiting) };
        sentences(&answer).map(|sentence| sentence.split_once(". ").unwrap().1.replace("m. PDT. ", ""))
    };
    for (availability, expected) in [
        (
            Availability::Injured(Injury::Days(10)),
            [
                "Tatis Jr. is on the 10-day injured list.",
                "Tatis Jr. está en la lista de lesionados de 10 días.",
            ],
        ),
        (
            Availability::Injured(Injury::FullSeason),
            [
                "Tatis Jr. is on the injured list for the full season.",
                "Tatis Jr. está en la lista de lesionados por toda la temporada.",
            ],
        ),
        (
            Availability::Injured(Injury::Rehab),
            ["Tatis Jr. is on a rehab assignment.", "Tatis Jr. está en asignación de rehabilitación."],
        ),
        (
            Availability::Injured(Injury::Other("Injured".into())),
            [
                "Tatis Jr. is on the injured list (Injured).",
                "Tatis Jr. está en la lista de lesionados (Injured).",
            ],
        ),
        (
            Availability::Injured(Injury::Other(String::new())),
            ["Tatis Jr. is on the injured list.", "Tatis Jr. está en la lista de lesionados."],
        ),
        (Availability::Suspended, ["Tatis Jr. is suspended.", "Tatis Jr. está suspendido."]),
        (
            Availability::Away(Absence::Restricted),
            ["Tatis Jr. is on the restricted list.", "Tatis Jr. está en la lista restringida."],
        ),
        (
            Availability::Away(Absence::Paternity),
            ["Tatis Jr. is on the paternity list.", "Tatis Jr. está de licencia por paternidad."],
        ),
        (
            Availability::Away(Absence::Bereavement),
            ["Tatis Jr. is on the bereavement list.", "Tatis Jr. está de licencia por duelo."],
        ),
        (
            Availability::Away(Absence::Minors),
            ["Tatis Jr. is in the minor leagues.", "Tatis Jr. está en las ligas menores."],
        ),
        (
            Availability::Away(Absence::Designated),
            ["Tatis Jr. has been designated for assignment.", "Tatis Jr. fue designado para asignación."],
        ),
        (
            Availability::Away(Absence::Reserve),
            ["Tatis Jr. is on the reserve list.", "Tatis Jr. está en la lista de reserva."],
        ),
        (
            Availability::Away(Absence::Released),
            ["Tatis Jr. has been released.", "Tatis Jr. fue dado de baja."],
        ),
        (Availability::Away(Absence::Traded), ["Tatis Jr. has been traded.", "Tatis Jr. fue canjeado."]),
        (
            Availability::Away(Absence::Assigned),
            ["Tatis Jr. has been assigned to another club.", "Tatis Jr. fue asignado a otro equipo."],
        ),
        (Availability::Away(Absence::Waivers), ["Tatis Jr. is on waivers.", "Tatis Jr. está en waivers."]),
        (
            Availability::Away(Absence::FreeAgent),
            ["Tatis Jr. is a free agent.", "Tatis Jr. es agente libre."],
        ),
        (
            Availability::Other("Sabbatical".into()),
            [
                "Tatis Jr. is listed by MLB as “Sabbatical”.",
                "Tatis Jr. aparece en la lista de MLB como «Sabbatical».",
            ],
        ),
    ] {
        assert_eq!(said(availability), expected);
    }
}

#[test]
fn what_could_not_be_read_is_named() {
    let told = |verdict, games: usize, unread: Vec<usize>| {
        let reason = match verdict {
            Verdict::Unknown => Reason::BoxUnread(unread),
            _ => Reason::Charged { over: true, unread },
        };
        let games = vec![game(GameState::Over, "Final", Participation::Fielded); games];
        sentences(&answer(verdict, reason, games))
    };
    for (verdict, games, unread, said) in [
        (
            Verdict::Yes(1),
            1,
            vec![0],
            [
                "Tatis Jr. has an error against Texas. The box score can't be read right now; there may be more.",
                "Tatis Jr. tiene un error contra Texas. Por el momento no se puede leer el box score; puede haber más.",
            ],
        ),
        (
            Verdict::Yes(1),
            2,
            vec![1],
            [
                "Tatis Jr. has an error in today's 2 games. One of today's two games can't be read right now.",
                "Tatis Jr. tiene un error en los 2 juegos de hoy. Uno de los dos juegos de hoy no se puede leer por el momento.",
            ],
        ),
        (
            Verdict::Unknown,
            2,
            vec![0],
            [
                "One of today's two games can't be read right now.",
                "Uno de los dos juegos de hoy no se puede leer por el momento.",
            ],
        ),
        (
            Verdict::Unknown,
            2,
            vec![0, 1],
            [
                "Today's two games can't be read right now.",
                "Los dos juegos de hoy no se pueden leer por el momento.",
            ],
        ),
        (
            Verdict::Unknown,
            3,
            vec![0, 2],
            [
                "Two of today's three games can't be read right now.",
                "Dos de los tres juegos de hoy no se pueden leer por el momento.",
            ],
        ),
    ] {
        assert_eq!(told(verdict, games, unread), said);
    }
}

#[test]
fn of_several_games_the_one_resumed_from_another_day_is_told_apart() {
    let mut resumed = game(GameState::Over, "Final", Participation::Fielded);
    resumed.listing.official = date!(2024 - 06 - 30);
    resumed.feed.as_mut().unwrap().errors = ErrorCount::Read(1);
    let reason = Reason::Charged { over: true, unread: vec![] };
    let games = vec![resumed, game(GameState::Over, "Final", Participation::Fielded)];
    assert_eq!(
        sentences(&answer(Verdict::Yes(1), reason, games)),
        [
            "Tatis Jr. has an error in today's 2 games. 1 error against Texas in the game of Sunday, June 30, resumed today.",
            "Tatis Jr. tiene un error en los 2 juegos de hoy. 1 error contra Texas en el juego del domingo 30 de junio, reanudado hoy.",
        ]
    );
}

#[test]
fn every_kind_of_error_has_its_word() {
    let word = |kind| {
        let play = ErrorPlay {
            game: 1,
            inning: None,
            at: None,
            kind,
            position: None,
            batter: None,
            text: String::new(),
        };
        Language::ALL.map(|language| locale::phrases(language).play(&play))
    };
    for (kind, said) in [
        (ErrorKind::MissedCatch, ["Missed catch", "Tiro no atrapado"]),
        (ErrorKind::DroppedBall, ["Dropped ball", "Bola caída"]),
        (ErrorKind::Foul, ["Dropped foul ball", "Elevado de foul no atrapado"]),
        (ErrorKind::CatcherInterference, ["Catcher's interference", "Interferencia del receptor"]),
        (ErrorKind::Interference, ["Interference", "Interferencia"]),
        (ErrorKind::ShiftViolation, ["Defensive shift violation", "Formación defensiva ilegal"]),
        (ErrorKind::Other, ["Error", "Error"]),
    ] {
        assert_eq!(word(kind), said);
    }
}

#[test]
fn a_play_is_told_as_a_broadcaster_would() {
    let play = |kind, position: Option<&str>| ErrorPlay {
        game: 1,
        inning: Some(Inning { number: 3, half: Half::Bottom }),
        at: None,
        kind,
        position: position.map(str::to_owned),
        batter: Some("Sam Batter".into()),
        text: String::new(),
    };
    let told = |play: &ErrorPlay| Language::ALL.map(|language| locale::phrases(language).play(play));
    assert_eq!(
        told(&play(ErrorKind::Throwing, Some("RF"))),
        [
            "Throwing error, bottom of the 3rd, playing RF, Sam Batter batting",
            "Error en el tiro, baja de la 3.ª entrada, como jardinero derecho, Sam Batter al bate",
        ]
    );
    assert_eq!(
        told(&play(ErrorKind::Fielding, Some("SS"))),
        [
            "Fielding error, bottom of the 3rd, playing SS, Sam Batter batting",
            "Error de fildeo, baja de la 3.ª entrada, como campocorto, Sam Batter al bate",
        ]
    );
    let unknown = told(&play(ErrorKind::Other, Some("XX")));
    assert_eq!(unknown[1], "Error, baja de la 3.ª entrada, como XX, Sam Batter al bate");
}

#[test]
fn the_word_follows_the_verdict_and_what_keeps_him_from_playing() {
    let words = Words::of(Language::English);
    let on = game(GameState::On, "In Progress", Participation::Bench);
    let injured = Availability::Injured(Injury::Days(10));
    let suspended = Availability::Suspended;
    for (verdict, reason, availability, presence, expected) in [
        (
            Verdict::Yes(2),
            Reason::Charged { over: true, unread: vec![] },
            Availability::Active,
            Participation::Fielded,
            "Yes",
        ),
        (Verdict::No, Reason::Clean { played: false }, injured.clone(), Participation::Absent, "No"),
        (Verdict::NotYet, Reason::Waiting(0), Availability::Active, Participation::Listed, "Not yet"),
        (Verdict::NotYet, Reason::Playing(0), Availability::Active, Participation::Bench, "Not so far"),
        (Verdict::NotYet, Reason::Waiting(0), injured.clone(), Participation::Absent, "No. Injured."),
        (Verdict::NotYet, Reason::Playing(0), injured, Participation::Lineup, "Not so far"),
        (Verdict::NotYet, Reason::Playing(0), suspended, Participation::Absent, "No. Suspended."),
        (
            Verdict::NoGame,
            Reason::OffDay { next: None },
            Availability::Active,
            Participation::Absent,
            "No game",
        ),
        (
            Verdict::Unknown,
            Reason::NeverHeard(Outage::Starting),
            Availability::Unknown,
            Participation::Absent,
            "Can't tell yet",
        ),
    ] {
        let mut game = on.clone();
        game.feed.as_mut().unwrap().presence = presence;
        let answer = Answer { availability, ..answer(verdict, reason.clone(), vec![game]) };
        assert_eq!(sentence::word(&answer, &words), expected, "{reason:?}");
    }
}

#[test]
fn between_the_games_of_a_day_the_word_is_of_what_has_been() {
    let games = vec![
        game(GameState::Over, "Final", Participation::Fielded),
        game(GameState::Ahead, "Scheduled", Participation::Listed),
    ];
    let between = answer(Verdict::NotYet, Reason::Waiting(1), games);
    assert_eq!(sentence::word(&between, &Words::of(Language::English)), "Not so far");
}

#[test]
fn ages_are_said_in_words() {
    for (seconds, words) in [
        (-5, ["less than a minute ago", "hace menos de un minuto"]),
        (59, ["less than a minute ago", "hace menos de un minuto"]),
        (60, ["1 minute ago", "hace 1 minuto"]),
        (7199, ["1 hour ago", "hace 1 hora"]),
        (7200, ["2 hours ago", "hace 2 horas"]),
        (200_000, ["2 days ago", "hace 2 días"]),
    ] {
        let age = times::age(time::Duration::seconds(seconds));
        assert_eq!(Language::ALL.map(|language| locale::phrases(language).ago(age)), words);
    }
}

#[test]
fn times_and_dates_are_written_as_each_language_does() {
    let zone = Zone::named("America/Los_Angeles").unwrap();
    let said =
        |say: &dyn Fn(&dyn Phrases) -> String| Language::ALL.map(|language| say(locale::phrases(language)));
    for (at, expected) in [
        (datetime!(2024-07-02 19:00 UTC), ["12:00 PM PDT", "12:00 p. m. PDT"]),
        (datetime!(2024-07-02 07:05 UTC), ["12:05 AM PDT", "12:05 a. m. PDT"]),
        (datetime!(2024-12-02 21:30 UTC), ["1:30 PM PST", "1:30 p. m. PST"]),
    ] {
        assert_eq!(said(&|phrases| phrases.clock(&times::LocalTime::at(at, &zone))), expected);
    }
    let day = date!(2024 - 12 - 25);
    assert_eq!(
        said(&|phrases| phrases.long_date(day)),
        ["Wednesday, December 25, 2024", "miércoles 25 de diciembre de 2024"]
    );
    assert_eq!(said(&|phrases| phrases.brief_date(day)), ["Dec 25", "25 dic"]);
}

#[test]
fn a_season_is_told_in_a_line() {
    let games = |count: u64| {
        let game = |pk| SeasonGame {
            pk,
            date: date!(2024 - 04 - 30),
            number: 1,
            opponent: None,
            at_home: false,
            errors: 0,
            club: None,
            positions: vec![],
        };
        (0..count).map(game).collect()
    };
    let clean = SeasonSoFar {
        year: 2024,
        games: games(1),
        errors: 0,
        is_complete: true,
        last_error: None,
        longest_clean: Some(Streak { games: 1, from: date!(2024 - 04 - 30), to: date!(2024 - 04 - 30) }),
        on_pace_for: None,
    };
    let last =
        |days, games| Some(crate::answer::season::LastError { date: date!(2024 - 06 - 30), days, games });
    for (season, expected) in [
        (SeasonSoFar { games: vec![], ..clean.clone() }, None),
        (
            clean.clone(),
            Some([
                "In 2024: no errors in 1 game in the field.",
                "En 2024: sin errores en 1 juego a la defensiva.",
            ]),
        ),
        (
            SeasonSoFar {
                games: games(2),
                errors: 1,
                last_error: last(2, 1),
                on_pace_for: Some(3),
                ..clean.clone()
            },
            Some([
                "In 2024: 1 error in 2 games in the field, on pace for 3. The latest on Sunday, June 30, 2 days and 1 \
                 game ago. The longest streak without one: 1 game.",
                "En 2024: 1 error en 2 juegos a la defensiva, a paso de 3. El más reciente, el domingo 30 de junio, hace 2 días y 1 juego. La racha más larga sin error: 1 juego.",
            ]),
        ),
        (
            SeasonSoFar { is_complete: false, ..clean.clone() },
            Some([
                "In 2024: no errors in 1 game in the field. Incomplete: a row of MLB's log can't be read.",
                "En 2024: sin errores en 1 juego a la defensiva. Está incompleto: un renglón del registro de MLB no se puede leer.",
            ]),
        ),
        (
            SeasonSoFar { errors: 2, last_error: last(0, 0), longest_clean: None, ..clean },
            Some([
                "In 2024: 2 errors in 1 game in the field. The latest on Sunday, June 30.",
                "En 2024: 2 errores en 1 juego a la defensiva. El más reciente, el domingo 30 de junio.",
            ]),
        ),
    ] {
        let answer = Answer { season: Some(season), ..answer(Verdict::No, Reason::NoClub, vec![]) };
        let said =
            Language::ALL.map(|language| crate::page::season::line(&answer, locale::phrases(language)));
        assert_eq!(said.each_ref().map(Option::as_deref), expected.map_or([None; 2], |said| said.map(Some)));
    }
}

#[test]
fn a_remark_follows_the_fact_and_all_readers_of_a_day_see_the_same() {
    let yes = |day: Date| Answer {
        day,
        ..answer(
            Verdict::Yes(1),
            Reason::Charged { over: true, unread: vec![] },
            vec![game(GameState::Over, "Final", Participation::Fielded)],
        )
    };
    let days: Vec<_> =
        (1..=8).map(|day| Date::from_calendar_date(2024, time::Month::July, day).unwrap()).collect();
    for language in Language::ALL {
        let words = Words::of(language);
        let remarks = || days.iter().map(|day| sentence::wit(&yes(*day), &words).unwrap().to_owned());
        let all: std::collections::BTreeSet<_> = remarks().collect();
        assert_eq!(all.len(), words.wit_yes.split('|').count(), "each has its turn");
        assert!(remarks().eq(remarks()), "the date alone chooses");
        assert!(all.iter().all(|remark| remark.trim() == remark && remark.ends_with('.')), "{all:?}");
        for lines in
            [&words.wit_no, &words.wit_not_yet, &words.wit_so_far, &words.wit_no_game, &words.wit_unknown]
        {
            assert!(lines.split('|').count() >= 3, "{lines}");
        }
        for lines in [&words.wit_injured, &words.wit_suspended] {
            assert!(lines.split('|').count() >= 2, "{lines}");
        }
    }
    for (presence, played) in [(Participation::Bench, false), (Participation::Lineup, true)] {
        let games = vec![game(GameState::Over, "Final", presence)];
        let idle = answer(Verdict::No, Reason::Clean { played }, games);
        assert_eq!(sentence::wit(&idle, &Words::of(Language::English)), None, "he did not field");
    }
    let none = Words { wit_yes: " | ".into(), ..Words::of(Language::English) };
    assert_eq!(sentence::wit(&yes(days[0]), &none), None);
    let shown = |voice| {
        let theme = Theme { voice, ..theme() };
        let rendered = render(&yes(days[0]), &theme, Duration::ZERO, datetime!(2024-07-03 05:00 UTC));
        let remark = sentence::wit(&yes(days[0]), &theme.words.english).unwrap();
        rendered.home.pages.english.html.contains(&format!("<span class=\"wit\">{remark}</span>"))
    };
    assert_eq!([shown(Voice::Witty), shown(Voice::Plain)], [true, false]);
}

#[test]
fn an_opponent_is_named_by_the_city_where_that_names_one_club() {
    let against = |club: &str, at_home: bool, kind| {
        let place = locale::cities::city(club).filter(|_| !at_home && kind == Regular);
        let sides = locale::GameSides { kind, at_home, opponent: club, place, number: 1, begun: None };
        Language::ALL.map(|language| locale::phrases(language).against(&sides))
    };
    use GameKind::{AllStar, Regular, Spring};
    for (club, at_home, kind, expected) in [
        ("Seattle Mariners", false, Regular, ["in Seattle", "en Seattle"]),
        ("Seattle Mariners", true, Regular, ["against Seattle", "contra Seattle"]),
        ("Seattle Mariners", false, Spring, ["against Seattle", "contra Seattle"]),
        ("St. Louis Cardinals", false, Regular, ["in St. Louis", "en San Luis"]),
        ("New York Mets", false, Regular, ["in New York against the Mets", "en Nueva York contra los Mets"]),
        ("Chicago White Sox", true, Regular, ["against the White Sox", "contra los Medias Blancas"]),
        ("Los Angeles Dodgers", false, Spring, ["against the Dodgers", "contra los Dodgers"]),
        ("Athletics", false, Regular, ["against the Athletics", "contra los Atléticos"]),
        ("Toros de Tijuana", true, Spring, ["against the Toros de Tijuana", "contra Toros de Tijuana"]),
        ("National League", false, AllStar, ["in the All-Star Game", "en el Juego de Estrellas"]),
    ] {
        assert_eq!(against(club, at_home, kind), expected, "{club}");
    }
}

#[test]
fn the_place_of_a_game_is_named_only_where_it_was_played() {
    let said = |venue: &str, home: &str, away: &str, kind| {
        let mut game = game(GameState::Over, "Final", Participation::Fielded);
        (game.listing.venue, game.listing.kind) = (venue.into(), kind);
        let id = |name: &str| if name == "San Diego Padres" { 135 } else { 999 };
        for (side, name) in [(&mut game.listing.home, home), (&mut game.listing.away, away)] {
            (side.club.id, side.club.name) = (id(name), name.into());
        }
        sentences(&answer(Verdict::No, Reason::Clean { played: true }, vec![game]))
    };
    let (padres, giants, dodgers) = ("San Diego Padres", "San Francisco Giants", "Los Angeles Dodgers");
    use GameKind::{Postseason, Regular, Spring};
    for (venue, home, away, kind, english, spanish) in [
        ("Oracle Park", giants, padres, Regular, "in San Francisco.", "en San Francisco."),
        ("Petco Park", padres, giants, Regular, "against San Francisco.", "contra San Francisco."),
        (
            "Estadio Alfredo Harp Helu",
            padres,
            giants,
            Regular,
            "against San Francisco in Mexico City.",
            "contra San Francisco en la Ciudad de México.",
        ),
        (
            "Gocheok Sky Dome",
            dodgers,
            padres,
            Regular,
            "against the Dodgers in Seoul.",
            "contra los Dodgers en Seúl.",
        ),
        (
            "Tokyo Dome",
            dodgers,
            padres,
            Regular,
            "against the Dodgers in Tokyo.",
            "contra los Dodgers en Tokio.",
        ),
        (
            "Globe Life Field",
            dodgers,
            padres,
            Postseason,
            "against the Dodgers in Texas.",
            "contra los Dodgers en Texas.",
        ),
        (
            "Dodger Stadium",
            padres,
            dodgers,
            Regular,
            "against the Dodgers in Los Angeles.",
            "contra los Dodgers en Los Angeles.",
        ),
        (
            "Angel Stadium",
            "Los Angeles Angels",
            padres,
            Regular,
            "against the Angels in Anaheim.",
            "contra los Angelinos en Anaheim.",
        ),
        (
            "Sutter Health Park",
            "Athletics",
            padres,
            Regular,
            "against the Athletics in Sacramento.",
            "contra los Atléticos en Sacramento.",
        ),
        (
            "A park of another name",
            giants,
            padres,
            Regular,
            "against San Francisco.",
            "contra San Francisco.",
        ),
        ("", giants, padres, Regular, "against San Francisco.", "contra San Francisco."),
        ("Gocheok Sky Dome", dodgers, padres, Spring, "against the Dodgers.", "contra los Dodgers."),
    ] {
        let [in_english, in_spanish] = said(venue, home, away, kind);
        assert!(in_english.ends_with(english), "{venue}: {in_english}");
        assert!(in_spanish.ends_with(spanish), "{venue}: {in_spanish}");
    }
}
