//! The sentence of each reason, in every language.

use super::*;

#[test]
fn every_reason_without_a_game_has_its_sentence() {
    let moved = ScheduleEntry {
        moved_to: Some(date!(2024 - 08 - 26)),
        ..listing(GameState::Postponed, "Postponed: Rain")
    };
    let off_day = |next: Option<ScheduleEntry>| Reason::OffDay { next: next.map(Box::new) };
    use Outage::{Garbled, NoSuchPlayer, Refused, Starting, TooSlow, TurnedAway, Unreachable};
    use Reason::{Cancelled, NeverHeard, NoClub, Postponed};
    for (reason, english, spanish) in [
        (
            NeverHeard(Starting),
            "Asking MLB. The answer is on its way.",
            "Preguntando a MLB. La respuesta viene en camino.",
        ),
        (
            NeverHeard(Unreachable),
            "MLB's data service can't be reached. Trying again.",
            "No hay conexión con el servicio de datos de MLB. Intentando de nuevo.",
        ),
        (
            NeverHeard(TooSlow),
            "MLB's data service is too slow. Trying again.",
            "El servicio de datos de MLB tarda demasiado. Intentando de nuevo.",
        ),
        (
            NeverHeard(TurnedAway),
            "MLB's data service isn't answering. Trying again.",
            "El servicio de datos de MLB no responde. Intentando de nuevo.",
        ),
        (
            NeverHeard(Refused),
            "MLB's data service refuses this server's network.",
            "El servicio de datos de MLB rechaza la red de este servidor.",
        ),
        (
            NeverHeard(Garbled),
            "MLB's data service sent an unreadable reply. Trying again.",
            "El servicio de datos de MLB envió una respuesta ilegible. Intentando de nuevo.",
        ),
        (
            NeverHeard(NoSuchPlayer),
            "MLB has no player with the number 665487.",
            "MLB no tiene ningún jugador con el número 665487.",
        ),
        (NoClub, "Tatis Jr. isn't with a club.", "Tatis Jr. no está con ningún equipo."),
        (
            Postponed(Box::new(moved)),
            "The game against Texas is postponed to Monday, August 26 (rain).",
            "El juego contra Texas está pospuesto para el lunes 26 de agosto (lluvia).",
        ),
        (
            Postponed(Box::new(listing(GameState::Postponed, "Postponed"))),
            "The game against Texas is postponed. The new date isn't set yet.",
            "El juego contra Texas está pospuesto. Todavía no hay fecha nueva.",
        ),
        (
            Cancelled(Box::new(listing(GameState::Cancelled, "Cancelled: Inclement Weather"))),
            "The game against Texas is cancelled (inclement weather).",
            "El juego contra Texas está cancelado (mal tiempo).",
        ),
        (
            off_day(None),
            "No game today, and none in the next seven days.",
            "Hoy no hay juego, ni en los próximos siete días.",
        ),
        (
            off_day(Some(listing(GameState::Ahead, "Scheduled"))),
            "No game today. Next: against Texas, Tuesday, July 2, 7:05 PM PDT.",
            "Hoy no hay juego. Próximo: contra Texas, martes 2 de julio, 7:05 p. m. PDT.",
        ),
    ] {
        assert_eq!(sentences(&answer(Verdict::Unknown, reason, vec![])), [english, spanish]);
    }
}

#[test]
fn every_reason_of_a_game_has_its_sentence() {
    use Participation::{Bench, Fielded, Lineup};
    let with = |mut game: Game, change: fn(&mut ScheduleEntry)| {
        change(&mut game.listing);
        game
    };
    let away = |game| {
        with(game, |listing| {
            std::mem::swap(&mut listing.home, &mut listing.away);
            listing.venue = "Globe Life Field".into();
        })
    };
    let twin = |game| with(game, |listing| listing.double_header = DoubleHeader::Split);
    let on = |presence| game(GameState::On, "In Progress", presence);
    let ahead = |words, presence| game(GameState::Ahead, words, presence);
    let resumed =
        |state| with(game(state, "In Progress", Fielded), |listing| listing.official = date!(2024 - 06 - 30));
    let tomorrow = with(game(GameState::Suspended, "Suspended", Fielded), |listing| {
        listing.resumes_on = Some(date!(2024 - 07 - 03));
    });
    let second = with(ahead("Scheduled", Lineup), |listing| (listing.number, listing.start) = (2, None));
    let all_star = with(ahead("Warmup", Lineup), |listing| listing.kind = GameKind::AllStar);
    let early = with(ahead("Scheduled", Lineup), |listing| {
        listing.away.club.name = "Toros de Tijuana".into();
        listing.start = Some(datetime!(2024-07-02 20:10 UTC));
    });
    for (reason, games, english, spanish) in [
        (
            Reason::Clean { played: true },
            vec![game(GameState::Over, "Final", Fielded)],
            "No errors for Tatis Jr. against Texas.",
            "Sin errores de Tatis Jr. contra Texas.",
        ),
        (
            Reason::Clean { played: false },
            vec![on(Bench), on(Bench)],
            "Tatis Jr. didn't play in today's 2 games.",
            "Tatis Jr. no jugó en los 2 juegos de hoy.",
        ),
        (
            Reason::Clean { played: false },
            vec![twin(on(Bench)), twin(on(Bench))],
            "Tatis Jr. didn't play in today's doubleheader.",
            "Tatis Jr. no jugó en la doble cartelera de hoy.",
        ),
        (
            Reason::Playing(0),
            vec![on(Fielded)],
            "Bottom of the 3rd against Texas, down 2–4. No errors so far.",
            "Baja de la 3.ª entrada contra Texas, abajo 2–4. Sin errores hasta ahora.",
        ),
        (
            Reason::Playing(0),
            vec![away(on(Bench))],
            "Bottom of the 3rd in Texas, up 4–2. Tatis Jr. isn't in the lineup.",
            "Baja de la 3.ª entrada en Texas, arriba 4–2. Tatis Jr. no está en la alineación.",
        ),
        (
            Reason::Playing(0),
            vec![game(GameState::On, "Delayed: Rain", Fielded)],
            "Bottom of the 3rd against Texas, down 2–4 (Delayed: Rain). No errors so far.",
            "Baja de la 3.ª entrada contra Texas, abajo 2–4 (Retrasado: lluvia). Sin errores hasta ahora.",
        ),
        (
            Reason::Waiting(0),
            vec![ahead("Scheduled", Lineup)],
            "First pitch against Texas: 7:05 PM PDT.",
            "Primer lanzamiento contra Texas: 7:05 p. m. PDT.",
        ),
        (
            Reason::Waiting(0),
            vec![second],
            "The start time against Texas in game 2 isn't set yet.",
            "Todavía no hay hora para el juego contra Texas en el juego 2.",
        ),
        (
            Reason::Waiting(0),
            vec![ahead("Delayed Start: Rain", Bench)],
            "The start against Texas is delayed (rain). Tatis Jr. isn't in the lineup.",
            "Está retrasado el inicio del juego contra Texas (lluvia). Tatis Jr. no está en la alineación.",
        ),
        (
            Reason::Waiting(0),
            vec![all_star],
            "First pitch in the All-Star Game: 7:05 PM PDT.",
            "Primer lanzamiento en el Juego de Estrellas: 7:05 p. m. PDT.",
        ),
        (
            Reason::Waiting(0),
            vec![early],
            "First pitch against the Toros de Tijuana: 1:10 PM PDT.",
            "Primer lanzamiento contra Toros de Tijuana: 1:10 p. m. PDT.",
        ),
        (
            Reason::Suspended(0),
            vec![on(Fielded)],
            "The game against Texas is suspended. No errors so far.",
            "El juego contra Texas está suspendido. Sin errores hasta ahora.",
        ),
        (
            Reason::BoxUnread(vec![0]),
            vec![on(Fielded)],
            "The game against Texas has begun, but its box score can't be read right now.",
            "El juego contra Texas ya empezó, pero por el momento no se puede leer su box score.",
        ),
        (
            Reason::Playing(0),
            vec![resumed(GameState::On)],
            "Bottom of the 3rd against Texas in the game of Sunday, June 30, resumed today, down 2–4. No errors so far.",
            "Baja de la 3.ª entrada contra Texas en el juego del domingo 30 de junio, reanudado hoy, abajo 2–4. Sin errores hasta ahora.",
        ),
        (
            Reason::Waiting(0),
            vec![resumed(GameState::Ahead)],
            "The game of Sunday, June 30 against Texas resumes at 7:05 PM PDT.",
            "El juego del domingo 30 de junio contra Texas se reanuda a las 7:05 p. m. PDT.",
        ),
        (
            Reason::Clean { played: true },
            vec![resumed(GameState::Over)],
            "No errors for Tatis Jr. against Texas in the game of Sunday, June 30, resumed today.",
            "Sin errores de Tatis Jr. contra Texas en el juego del domingo 30 de junio, reanudado hoy.",
        ),
        (
            Reason::Overdue(0),
            vec![game(GameState::Ahead, "Pre-Game", Fielded)],
            "First pitch against Texas was due at 7:05 PM PDT.",
            "El primer lanzamiento contra Texas estaba previsto a las 7:05 p. m. PDT.",
        ),
        (
            Reason::Suspended(0),
            vec![tomorrow],
            "The game against Texas is suspended and resumes on Wednesday, July 3. No errors so far.",
            "El juego contra Texas está suspendido y se reanuda el miércoles 3 de julio. Sin errores hasta ahora.",
        ),
    ] {
        assert_eq!(sentences(&answer(Verdict::Unknown, reason, games)), [english, spanish]);
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
    for (next, english, spanish) in [
        (
            Some(on(GameKind::Spring, time::Month::February)),
            "The season is over. Next game: February 26, spring training.",
            "La temporada terminó. Próximo juego: 26 de febrero, entrenamiento de primavera.",
        ),
        (
            Some(on(GameKind::Regular, time::Month::March)),
            "The season is over. Next game: March 26, against Texas.",
            "La temporada terminó. Próximo juego: 26 de marzo, contra Texas.",
        ),
        (
            None,
            "The season is over. Next game: not announced yet.",
            "La temporada terminó. Próximo juego: sin anunciar todavía.",
        ),
    ] {
        assert_eq!(off(next), [english, spanish]);
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
fn what_could_not_be_read_is_named() {
    let told = |verdict, games: usize, unread: Vec<usize>| {
        let reason = match verdict {
            Verdict::Unknown => Reason::BoxUnread(unread),
            _ => Reason::Charged { over: true, unread },
        };
        let games = vec![game(GameState::Over, "Final", Participation::Fielded); games];
        sentences(&answer(verdict, reason, games))
    };
    for (verdict, games, unread, english, spanish) in [
        (
            Verdict::Yes(1),
            1,
            vec![0],
            "Tatis Jr. has an error against Texas. The box score can't be read right now; there may be more.",
            "Tatis Jr. tiene un error contra Texas. Por el momento no se puede leer el box score; puede haber más.",
        ),
        (
            Verdict::Yes(1),
            2,
            vec![1],
            "Tatis Jr. has an error in today's 2 games. One of today's two games can't be read right now.",
            "Tatis Jr. tiene un error en los 2 juegos de hoy. Uno de los dos juegos de hoy no se puede leer por el momento.",
        ),
        (
            Verdict::Unknown,
            2,
            vec![0],
            "One of today's two games can't be read right now.",
            "Uno de los dos juegos de hoy no se puede leer por el momento.",
        ),
        (
            Verdict::Unknown,
            2,
            vec![0, 1],
            "Today's two games can't be read right now.",
            "Los dos juegos de hoy no se pueden leer por el momento.",
        ),
        (
            Verdict::Unknown,
            3,
            vec![0, 2],
            "Two of today's three games can't be read right now.",
            "Dos de los tres juegos de hoy no se pueden leer por el momento.",
        ),
    ] {
        assert_eq!(told(verdict, games, unread), [english, spanish]);
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
