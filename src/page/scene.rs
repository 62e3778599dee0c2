//! The scene of each state, drawn from shared parts. The style sheet and the card have the colours of the parts.

use crate::{
    answer::{Answer, GameState, Reason},
    page::{colours::PageState, locale::labels::PageLabels},
};

/// A part at its place: x, y and scale.
macro_rules! placed {
    ($place:literal, $($part:literal),+) => {
        concat!("<g transform=\"", $place, "\">", $(include_str!(concat!("scenes/", $part, ".svg"))),+, "</g>")
    };
}

macro_rules! parts {
    ($($part:literal),+) => { concat!($(include_str!(concat!("scenes/", $part, ".svg"))),+) };
}

/// Declares the scenes: each with the label that describes it, and its drawing.
macro_rules! scenes {
    ($($(#[$about:meta])* $scene:ident: $text:ident = $drawing:expr;)+) => {
        /// A drawing of the ballpark.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Scene {
            $($(#[$about])* $scene,)+
        }

        impl Scene {
            #[cfg(test)]
            pub(crate) const ALL: &[Scene] = &[$(Scene::$scene),+];

            pub(crate) fn text(self, labels: &'static PageLabels) -> &'static str {
                match self { $(Scene::$scene => labels.$text,)+ }
            }

            /// The content of an SVG of 480 by 380 units. The ground goes on beyond them to both sides and below.
            pub(crate) fn drawing(self) -> &'static str {
                match self { $(Scene::$scene => $drawing,)+ }
            }
        }
    };
}

scenes! {
    /// The throw is in the stands, and fans raise their arms.
    Stands: stands = concat!(
        parts!("stands-up", "field", "trail"),
        placed!("translate(404 296)", "player", "arms-head"),
        "<g transform=\"translate(84 118)\"><g class=\"flight\">",
        parts!("ball"),
        "</g></g>"
    );
    /// The ball is in the glove.
    Glove: glove = concat!(
        parts!("stands", "field"),
        placed!("translate(404 296)", "player", "arms-catch"),
        placed!("translate(368 187)", "ball")
    );
    /// The ball is on the diamond.
    Diamond: diamond = concat!(
        parts!("stands", "field"),
        placed!("translate(404 296)", "player", "arms-down"),
        placed!("translate(230 306)", "ball")
    );
    /// The game is delayed.
    Rain: rain = parts!("stands", "umbrellas", "field", "puddle", "rain");
    /// The tarp is on the field.
    Tarp: tarp = parts!("stands-empty", "field", "tarp");
    /// The empty park at night.
    Night: night = parts!("night", "stands-empty", "field", "weed");
    /// The glove is on the bench.
    Bench: bench = parts!("stands", "field", "bench");
    /// The ball is over the fence.
    Fence: fence = concat!(
        parts!("fence", "grass"),
        placed!("translate(150 330)", "player", "arms-down"),
        placed!("translate(366 60)", "ball")
    );
}

impl Scene {
    pub(crate) fn of(answer: &Answer) -> Self {
        match PageState::of(answer) {
            PageState::Yes => Scene::Stands,
            PageState::No => Scene::Glove,
            PageState::Game if is_delayed(answer) => Scene::Rain,
            PageState::Game => Scene::Diamond,
            PageState::Off if matches!(answer.reason, Reason::Postponed(_) | Reason::Cancelled(_)) => {
                Scene::Tarp
            }
            PageState::Off => Scene::Night,
            PageState::Bench => Scene::Bench,
            PageState::Unknown => Scene::Tarp,
        }
    }

    /// The scene of a page for a status that is not a success.
    pub(crate) fn of_status(status: u16) -> Self {
        match PageState::of_status(status) {
            PageState::Unknown => Scene::Tarp,
            _ => Scene::Fence,
        }
    }
}

/// Whether the game that the answer is about is delayed or interrupted.
fn is_delayed(answer: &Answer) -> bool {
    let index = match answer.reason {
        Reason::Suspended(_) => return true,
        Reason::Playing(index) | Reason::Waiting(index) | Reason::Overdue(index) => index,
        _ => return false,
    };
    let game = answer.games.get(index);
    game.is_some_and(|game| game.state() != GameState::Over && game.status_words().starts_with("Delayed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scene_is_a_small_drawing_of_its_own() {
        for (index, scene) in Scene::ALL.iter().enumerate() {
            let drawing = scene.drawing();
            assert!((600..3000).contains(&drawing.len()), "{scene:?}: {} bytes", drawing.len());
            assert!(Scene::ALL[..index].iter().all(|other| other.drawing() != drawing), "{scene:?}");
            let svg = format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"480\" height=\"380\">{drawing}</svg>"
            );
            assert!(crate::page::png(&svg).is_some(), "{scene:?}");
        }
    }
}
