//! The off season: from the last game of a year to the first of the next.

use crate::support::{
    day::{FINAL, Game, SCHEDULED, schedule, season_log},
    fake_mlb::FakeMlb,
    server::Server,
};

/// A fake MLB with the last games of 2024, the first of 2025, and his season log of 2024.
pub fn winter() -> FakeMlb {
    let mlb = FakeMlb::with(&[]);
    let year = |year: u32, games: &[Game]| {
        let prefix = format!("/api/v1/schedule?sportId=1&teamId=135&startDate={year}-01-01");
        mlb.put(&prefix, schedule(games));
    };
    let last = Game { pk: 3, listed: "2024-09-29", official: "2024-09-29", ..Game::new(FINAL) };
    year(2024, &[last]);
    let first = Game {
        pk: 5,
        listed: "2025-02-21",
        official: "2025-02-21",
        start: "2025-02-21T20:10:00Z",
        ..Game::new(SCHEDULED)
    };
    let mut spring = schedule(&[first]);
    spring["dates"][0]["games"][0]["gameType"] = "S".into();
    mlb.put("/api/v1/schedule?sportId=1&teamId=135&startDate=2025-01-01", spring);
    let games =
        [("2024-06-20", "Chicago Cubs", 3), ("2024-06-21", "", 0), ("2024-06-30", "Boston Red Sox", 1)];
    mlb.put("/api/v1/people/665487/stats?stats=gameLog&group=fielding&season=2024", season_log(&games));
    mlb
}

#[test]
fn the_season_is_over_until_the_first_game_of_spring() {
    for (what, clock) in [
        ("November", "2024-11-20T20:00:00Z"),
        ("new year's eve", "2025-01-01T07:59:00Z"),
        ("January", "2025-01-15T20:00:00Z"),
    ] {
        let mlb = winter();
        let server = Server::start(&mlb, clock);
        let said = "The season is over: 4 errors in 3 games. Next game: February 21, spring training.";
        let answer = server.wait_for(what, |answer| answer["reason"] == said);
        assert_eq!(
            (&answer["verdict"], &answer["season"]["year"]),
            (&"no_game".into(), &2024.into()),
            "{what}"
        );
        assert!(answer["season"]["on_pace_for"].is_null(), "{what}");
        let spanish = server.get("/es", "Accept: text/plain\r\n").text().replace('\n', " ");
        let said = "La temporada terminó: 4 errores en 3 juegos. Próximo juego: 21 de febrero, entrenamiento de primavera.";
        assert!(spanish.contains(said), "{what}: {spanish}");
    }
}

#[test]
fn a_page_of_the_off_season_has_the_seasons_sum_and_the_days_to_the_next_game() {
    let server = Server::start(&winter(), "2024-11-20T20:00:00Z");
    server.wait_for("the next game", |answer| answer["next_game"]["days"] == 93);
    for (path, parts) in [
        (
            "/",
            [
                "<h2>Days to the next game</h2><p class=\"days\">93</p><p>February 21, ",
                "<h2>Days since last error</h2><p class=\"days\">143",
                "<a href=\"/2024\">The 2024 season</a>",
                "<dd>4 <small>in 3 games</small></dd>",
            ],
        ),
        (
            "/es",
            [
                "<h2>Días para el próximo juego</h2><p class=\"days\">93</p><p>21 de febrero, ",
                "<h2>Días desde el último error</h2><p class=\"days\">143",
                "<a href=\"/es/2024\">La temporada de 2024</a>",
                "<dd>4 <small>en 3 juegos</small></dd>",
            ],
        ),
    ] {
        let page = server.get(path, "Accept: text/html\r\n").text().to_owned();
        for part in parts {
            assert!(page.contains(part), "{path} {part}: {page}");
        }
    }
}
