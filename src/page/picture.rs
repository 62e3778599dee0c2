//! Conversion of SVG to PNG with the embedded typeface: a picture must not depend on the machine's fonts.

use harfrust::{Direction, FontRef, ShapeOptions, ShaperData, UnicodeBuffer};
use resvg::{tiny_skia, usvg};
use std::{
    panic::catch_unwind,
    sync::{Arc, LazyLock},
};

/// Archivo (SIL Open Font License; see assets/fonts), cut down to the Latin alphabets.
const MEDIUM: &[u8] = include_bytes!("../../assets/fonts/archivo-medium.ttf");
const EXTRA_BOLD: &[u8] = include_bytes!("../../assets/fonts/archivo-extra-bold.ttf");

static TYPEFACE: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(MEDIUM.into());
    fonts.load_font_data(EXTRA_BOLD.into());
    Arc::new(fonts)
});

#[derive(Debug, Clone, Copy)]
pub(crate) enum FontWeight {
    Medium = 500,
    ExtraBold = 800,
}

/// The picture as PNG; none if it cannot be made, which is logged.
pub fn png(svg: &str) -> Option<Vec<u8>> {
    // A panic of the renderer must not stop the poller: the answer matters more than the picture.
    let drawn = catch_unwind(|| {
        let tree = parsed(svg).map_err(|error| error.to_string())?;
        let size = tree.size().to_int_size();
        let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).ok_or("it has no size")?;
        resvg::render(&tree, tiny_skia::Transform::default(), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| error.to_string())
    });
    drawn
        .unwrap_or_else(|_| Err("the renderer panicked".into()))
        .inspect_err(|error| tracing::error!("cannot make a picture: {error}"))
        .ok()
}

/// Width and height of the picture in an icon file.
pub(crate) const ICO_PIXELS: u8 = 32;

/// A PNG of that size as an icon file: a header, one entry, and the PNG behind it.
pub fn ico(png: &[u8]) -> Vec<u8> {
    /// The sizes of the header and of one entry.
    const BEFORE_PNG: u32 = 6 + 16;
    let mut file = vec![0, 0, 1, 0, 1, 0, ICO_PIXELS, ICO_PIXELS, 0, 0, 1, 0, 32, 0];
    file.extend((png.len() as u32).to_le_bytes());
    file.extend(BEFORE_PNG.to_le_bytes());
    file.extend(png);
    file
}

/// The width of a text, in units of its size: the advance of its glyphs, kerned.
pub(crate) fn width(text: &str, weight: FontWeight) -> f32 {
    static WEIGHTS: [LazyLock<Option<Face>>; 2] =
        [LazyLock::new(|| Face::of(MEDIUM)), LazyLock::new(|| Face::of(EXTRA_BOLD))];
    let face = match weight {
        FontWeight::Medium => &WEIGHTS[0],
        FontWeight::ExtraBold => &WEIGHTS[1],
    };
    face.as_ref().map_or(0.0, |face| face.width(text))
}

/// A typeface of which texts are measured.
struct Face {
    font: FontRef<'static>,
    data: ShaperData,
}

impl Face {
    fn of(file: &'static [u8]) -> Option<Self> {
        let font = FontRef::new(file).ok()?;
        Some(Face { data: ShaperData::new(&font), font })
    }

    fn width(&self, text: &str) -> f32 {
        let shaper = self.data.shaper(&self.font).build();
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(Direction::LeftToRight);
        buffer.guess_segment_properties();
        let shaped = shaper.shape(buffer, ShapeOptions::new());
        let advance: i32 = shaped.glyph_positions().iter().map(|glyph| glyph.x_advance).sum();
        advance as f32 / shaper.units_per_em() as f32
    }
}

/// Breaks between words, as many to a line as have room; widths are in units of the size. A word wider than a line
/// stands alone, and is cut by the card's edge.
pub(crate) fn lines(words: &[(&str, f32)], room: f32) -> Vec<String> {
    const SPACE: f32 = 0.25;
    let mut lines: Vec<(String, f32)> = Vec::new();
    for (word, width) in words {
        match lines.last_mut().filter(|(_, used)| used + SPACE + width <= room) {
            Some((line, used)) => {
                *line += &format!(" {word}");
                *used += SPACE + width;
            }
            None => lines.push(((*word).to_owned(), *width)),
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}

fn parsed(svg: &str) -> Result<usvg::Tree, usvg::Error> {
    let options =
        usvg::Options { fontdb: TYPEFACE.clone(), font_family: "Archivo".into(), ..Default::default() };
    usvg::Tree::from_str(svg, &options)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The width as the renderer of the pictures has it.
    fn drawn(text: &str, weight: FontWeight) -> f32 {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\" font-family=\"Archivo\" \
             font-weight=\"{}\"><text font-size=\"100\">{}</text></svg>",
            weight as u16,
            text.replace('&', "&amp;").replace('<', "&lt;")
        );
        parsed(&svg).unwrap().root().abs_bounding_box().width() / 100.0
    }

    #[test]
    fn a_text_is_as_wide_as_it_is_drawn() {
        for text in [
            "Yes",
            "No. Injured.",
            "||",
            "|Not so far|",
            "AVATAR To. Wa",
            "¿Ándale?",
            "1,000",
            "<&>",
            "fi ffi",
        ] {
            for weight in [FontWeight::Medium, FontWeight::ExtraBold] {
                let (measured, drawn) = (width(text, weight), drawn(text, weight));
                assert!((measured - drawn).abs() < 0.002, "{text} {weight:?}: {measured}, drawn {drawn}");
            }
        }
    }
}
