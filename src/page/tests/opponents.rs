//! Opponents and places, in every language.

use super::*;

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
