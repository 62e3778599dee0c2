//! The answer for terminals.

use super::*;

const NOW: OffsetDateTime = datetime!(2024-07-03 05:00 UTC);

fn line(runs: &[Option<u32>], totals: [Option<u32>; 3]) -> TeamLine {
    let [runs_total, hits, errors] = totals;
    TeamLine { innings: runs.to_vec(), runs: runs_total, hits, errors }
}

fn charged() -> Answer {
    let mut game = game(GameState::On, "In Progress", Participation::Fielded);
    let feed = game.feed.as_mut().unwrap();
    feed.line = Some(LineScore {
        away: line(&[Some(0), Some(4), Some(0)], [Some(4), Some(6), Some(0)]),
        home: line(&[Some(2), Some(0), None], [Some(2), None, Some(1)]),
    });
    let play = crate::answer::tests::feed(1, GameState::On, Participation::Fielded, 1).plays.remove(0);
    let reason = Reason::Charged { over: false, unread: vec![] };
    Answer { plays: vec![play], ..answer(Verdict::Yes(1), reason, vec![game]) }
}

fn text(answer: &Answer) -> String {
    render(answer, &theme(), Duration::ZERO, NOW).home.pages.english.text
}

#[test]
fn the_board_has_the_innings_and_the_totals() {
    let expected = "\
                  1  2  3  4  5  6  7  8  9    R  H  E
Texas Rangers     0  4  0                      4  6  0
San Diego Padres  2  0                         2  -  1
";
    assert!(text(&charged()).contains(expected), "{}", text(&charged()));
}

#[test]
fn a_long_game_shows_its_last_innings() {
    let mut long = charged();
    let score = long.games[0].feed.as_mut().unwrap().line.as_mut().unwrap();
    score.away.innings = vec![Some(12); 25];
    score.home.innings = vec![Some(0); 25];
    let text = text(&long);
    let head = text.lines().find(|line| line.ends_with("R  H  E")).unwrap();
    assert!(head.contains(" 25 ") && !head.contains("  3 "), "{head}");
    assert!(head.chars().count() <= 80, "{head}");
}

#[test]
fn the_third_line_is_the_word_and_big_letters_follow() {
    let text = text(&charged());
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..4], ["Does Tatis Jr. have an error today?", "", "Yes", ""]);
    assert!(lines[4].starts_with("██      ██  ██████████    ████████"), "{text}");
    assert!(!text.contains('\x1b') && lines.iter().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains("- E9: Throwing error"), "{text}");
}

#[test]
fn a_word_without_big_letters_is_there_in_plain_ones() {
    for word in ["はい", "Yes 🎉", "Afraid so, as he does"] {
        let mut theme = theme();
        theme.words.english.yes = word.into();
        let text = render(&charged(), &theme, Duration::ZERO, NOW).home.pages.english.text;
        assert_eq!(text.lines().nth(2), Some(word));
        assert!(!text.contains(['█', '▀']), "{text}");
    }
}

#[test]
fn colours_are_those_of_the_state_and_end_on_each_line() {
    for (verdict, colour) in [(Verdict::Yes(1), "48;5;25;38;5;231"), (Verdict::No, "48;5;16;38;5;220")] {
        let rendered = render(&Answer { verdict, ..charged() }, &theme(), Duration::ZERO, NOW);
        let terminal = rendered.home.terminal.unwrap().english;
        for text in [&terminal.colour, &terminal.colour_line] {
            assert!(text.contains(&format!("\x1b[{colour}m")), "{text}");
            for line in text.lines() {
                let (begun, ended) = (line.matches("\x1b[").count(), line.matches("\x1b[0m").count());
                assert_eq!(begun, 2 * ended, "{line:?}");
            }
        }
        // The errors of his club are red; without the escape sequences, the text is the plain one.
        assert!(terminal.colour.contains("\x1b[1;31m  1\x1b[0m"), "{}", terminal.colour);
        let mut plain = terminal.colour.clone();
        while let Some((before, after)) = plain.split_once("\x1b[") {
            plain = format!("{before}{}", after.split_once('m').unwrap().1);
        }
        let bare = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(bare(&plain), bare(&rendered.home.pages.english.text));
        assert!(plain.lines().all(|line| line.chars().count() <= 80));
    }
}

#[test]
fn one_line_has_the_word_first_and_the_age_if_it_is_stale() {
    let of = |answer: &Answer| render(answer, &theme(), Duration::ZERO, NOW).home.terminal.unwrap();
    assert_eq!(of(&charged()).english.line, "Yes (1 error)\n");
    assert_eq!(of(&charged()).spanish.line, "Sí (1 error)\n");
    let stale = Answer { stale: true, ..charged() };
    assert_eq!(of(&stale).english.line, "Yes (1 error, 2 hours ago)\n");
    let clean = Answer { verdict: Verdict::No, ..charged() };
    assert_eq!(of(&clean).english.line, "No\n");
    let mut theme = theme();
    theme.words.english.yes = "y".repeat(80);
    let long = render(&stale, &theme, Duration::ZERO, NOW).home.terminal.unwrap().english.line;
    assert!(long.chars().count() <= 81 && long.ends_with("(1 error, 2 hours ago)\n"), "{long}");
}
