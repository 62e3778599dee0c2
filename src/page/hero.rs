//! The first screen of a page: the word on the ground of its state, a sentence, and the scene.

use crate::page::{LocalizedTheme, colours::PageState, html::rendered, scene::Scene, word::WordDrawing};

/// The first screen of a page that is not the answer itself.
pub(crate) struct Hero {
    pub state: PageState,
    pub scene: Scene,
    pub scene_text: &'static str,
    pub title: String,
    pub word: String,
    /// The word as SVG.
    pub drawing: String,
    pub line: String,
}

impl Hero {
    pub(crate) fn new(
        (state, scene): (PageState, Scene),
        [title, word, line]: [String; 3],
        localized: LocalizedTheme,
    ) -> Self {
        let drawing = rendered(&WordDrawing::new(&word, Vec::new()));
        Hero { state, scene, scene_text: scene.text(localized.phrases.labels()), title, word, drawing, line }
    }
}
