//! The word, the remarks and the other short texts, in every language.

use super::*;

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
    use Availability::{Away, Injured, Other, Suspended};
    for (availability, english, spanish) in [
        (
            Injured(Injury::Days(10)),
            "is on the 10-day injured list.",
            "está en la lista de lesionados de 10 días.",
        ),
        (
            Injured(Injury::FullSeason),
            "is on the injured list for the full season.",
            "está en la lista de lesionados por toda la temporada.",
        ),
        (Injured(Injury::Rehab), "is on a rehab assignment.", "está en asignación de rehabilitación."),
        (
            Injured(Injury::Other("Injured".into())),
            "is on the injured list (Injured).",
            "está en la lista de lesionados (Injured).",
        ),
        (Injured(Injury::Other(String::new())), "is on the injured list.", "está en la lista de lesionados."),
        (Suspended, "is suspended.", "está suspendido."),
        (Away(Absence::Restricted), "is on the restricted list.", "está en la lista restringida."),
        (Away(Absence::Paternity), "is on the paternity list.", "está de licencia por paternidad."),
        (Away(Absence::Bereavement), "is on the bereavement list.", "está de licencia por duelo."),
        (Away(Absence::Minors), "is in the minor leagues.", "está en las ligas menores."),
        (Away(Absence::Designated), "has been designated for assignment.", "fue designado para asignación."),
        (Away(Absence::Reserve), "is on the reserve list.", "está en la lista de reserva."),
        (Away(Absence::Released), "has been released.", "fue dado de baja."),
        (Away(Absence::Traded), "has been traded.", "fue canjeado."),
        (Away(Absence::Assigned), "has been assigned to another club.", "fue asignado a otro equipo."),
        (Away(Absence::Waivers), "is on waivers.", "está en waivers."),
        (Away(Absence::FreeAgent), "is a free agent.", "es agente libre."),
        (
            Other("Sabbatical".into()),
            "is listed by MLB as “Sabbatical”.",
            "aparece en la lista de MLB como «Sabbatical».",
        ),
    ] {
        assert_eq!(said(availability), [english, spanish].map(|said| format!("Tatis Jr. {said}")));
    }
}

#[test]
fn every_kind_of_error_has_its_word() {
    let word = |kind| {
        let play = ErrorPlay { kind, inning: None, position: None, ..error_play(1) };
        Language::ALL.map(|language| locale::phrases(language).play(&play))
    };
    for (kind, english, spanish) in [
        (ErrorKind::MissedCatch, "Missed catch", "Tiro no atrapado"),
        (ErrorKind::DroppedBall, "Dropped ball", "Bola caída"),
        (ErrorKind::Foul, "Dropped foul ball", "Elevado de foul no atrapado"),
        (ErrorKind::CatcherInterference, "Catcher's interference", "Interferencia del receptor"),
        (ErrorKind::Interference, "Interference", "Interferencia"),
        (ErrorKind::ShiftViolation, "Defensive shift violation", "Formación defensiva ilegal"),
        (ErrorKind::Other, "Error", "Error"),
    ] {
        assert_eq!(word(kind), [english, spanish]);
    }
}

#[test]
fn a_play_is_told_as_a_broadcaster_would() {
    let play = |kind, position: Option<&str>| ErrorPlay {
        kind,
        position: position.map(str::to_owned),
        batter: Some("Sam Batter".into()),
        ..error_play(1)
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
    let (first, last) = (date!(2024 - 06 - 21), date!(2024 - 07 - 03));
    assert_eq!(said(&|phrases| phrases.span(first, last)), ["Jun 21 to Jul 3", "del 21 jun al 3 jul"]);
    assert_eq!(said(&|phrases| phrases.span(first, first)), ["Jun 21", "21 jun"]);
}

#[test]
fn a_season_is_told_in_a_line() {
    let games = |count| (0..count).map(|pk| answer::tests::logged(pk, date!(2024 - 04 - 30), 0)).collect();
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
