//! The log line for each change of the answer.

use super::*;

fn yes(errors: u32) -> Answer {
    let inning = |number| Some(Inning { number, half: Half::Bottom });
    let play = |number| ErrorPlay { inning: inning(number), position: None, ..error_play(1) };
    let game = game(GameState::On, "In Progress", Participation::Fielded);
    Answer {
        plays: (1..=errors).map(|count| play(2 + u8::try_from(count).unwrap())).collect(),
        ..answer(Verdict::Yes(errors), Reason::Charged { over: false, unread: vec![] }, vec![game])
    }
}

fn not_yet() -> Answer {
    answer(
        Verdict::NotYet,
        Reason::Playing(0),
        vec![game(GameState::On, "In Progress", Participation::Fielded)],
    )
}

#[test]
fn each_change_is_told_with_its_reason_and_nothing_else_is() {
    let unknown = || answer(Verdict::Unknown, Reason::NoClub, vec![]);
    let off_day = || answer(Verdict::NoGame, Reason::OffDay { next: None }, vec![]);
    let sentence = |answer: &Answer| {
        sentence::sentence(answer, theme().english().phrases).trim_end_matches('.').to_owned()
    };
    let taken_back = |answer: Answer, count| Answer { taken_back: count, ..answer };
    for (before, after, expected) in [
        (not_yet(), yes(1), "not_yet → yes (1 error, bottom of the 3rd)".to_owned()),
        (yes(1), yes(2), "yes → yes (2 errors, bottom of the 4th)".into()),
        (not_yet(), Answer { plays_complete: false, ..yes(2) }, "not_yet → yes (2 errors)".into()),
        (yes(2), taken_back(yes(1), 1), "yes → yes (1 error, 1 error taken back)".into()),
        (yes(1), taken_back(not_yet(), 1), "yes → not_yet (1 error taken back)".into()),
        (
            taken_back(not_yet(), 1),
            taken_back(yes(1), 1),
            "not_yet → yes (1 error, bottom of the 3rd)".into(),
        ),
        (yes(1), unknown(), format!("yes → unknown ({})", sentence(&unknown()))),
        (unknown(), not_yet(), format!("unknown → not_yet ({})", sentence(&not_yet()))),
        (not_yet(), off_day(), format!("not_yet → no_game ({})", sentence(&off_day()))),
    ] {
        assert_eq!(change(&before, &after, &theme()), Some(expected));
    }
    let mut inning = not_yet();
    inning.games[0].feed.as_mut().unwrap().inning = Some(Inning { number: 4, half: Half::Top });
    let older = Answer { asked_at: Some(datetime!(2024-07-03 03:01 UTC)), stale: true, ..not_yet() };
    for same in [not_yet(), inning, older] {
        assert_eq!(change(&not_yet(), &same, &theme()), None);
    }
}
