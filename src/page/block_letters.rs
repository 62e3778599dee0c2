//! A word in big letters, of block characters, for terminals.

/// Rows of dots of an accent, and of the letter below it.
const ACCENT_ROWS: usize = 2;
const ROWS: usize = 7;
/// Dots of a letter's width, and between two letters.
const WIDTH: usize = 5;
const GAP: usize = 1;

/// A letter: its rows from the top, each with one bit a dot, the left one first.
type Letter = [u8; ROWS];

/// The lines of a word in the largest letters that fit into this width; none if it is too long, or has a character
/// without a letter here.
pub(crate) fn block_letters(word: &str, width: usize) -> Option<Vec<String>> {
    let letters: Vec<_> = word.trim().chars().map(letter).collect::<Option<_>>()?;
    let dots = (letters.len() * (WIDTH + GAP)).checked_sub(GAP)?;
    let has_accent = letters.iter().any(|(_, accent)| accent.is_some());
    let rows: Vec<Vec<bool>> = (if has_accent { 0 } else { ACCENT_ROWS }..ACCENT_ROWS + ROWS)
        .map(|row| letters.iter().flat_map(|letter| dots_of(*letter, row)).collect())
        .collect();
    if dots * 2 <= width {
        Some(rows.iter().map(|row| line(row.iter().map(|dot| if *dot { "██" } else { "  " }))).collect())
    } else if dots <= width {
        Some(rows.chunks(2).map(|rows| half_line(&rows[0], rows.get(1))).collect())
    } else {
        None
    }
}

/// Two rows of dots in one line.
fn half_line(upper: &[bool], lower: Option<&Vec<bool>>) -> String {
    line(upper.iter().enumerate().map(|(at, upper)| match (upper, lower.is_some_and(|lower| lower[at])) {
        (true, true) => "█",
        (true, false) => "▀",
        (false, true) => "▄",
        (false, false) => " ",
    }))
}

fn line<'a>(blocks: impl Iterator<Item = &'a str>) -> String {
    blocks.collect::<String>().trim_end().to_owned()
}

fn dots_of((letter, accent): (Letter, Option<[u8; ACCENT_ROWS]>), row: usize) -> impl Iterator<Item = bool> {
    let bits = match row.checked_sub(ACCENT_ROWS) {
        Some(row) => letter[row],
        None => accent.map_or(0, |accent| accent[row]),
    };
    (0..WIDTH + GAP).map(move |dot| dot < WIDTH && bits >> (WIDTH - 1 - dot) & 1 == 1)
}

/// A character in capitals, and its accent.
fn letter(char: char) -> Option<(Letter, Option<[u8; ACCENT_ROWS]>)> {
    const ACUTE: [u8; ACCENT_ROWS] = [0b00010, 0b00100];
    const TILDE: [u8; ACCENT_ROWS] = [0b01101, 0b10110];
    const DIAERESIS: [u8; ACCENT_ROWS] = [0b01010, 0b00000];
    let upper = match char.to_uppercase().collect::<Vec<_>>()[..] {
        [one] => one,
        _ => return None,
    };
    let (base, accent) = match upper {
        'Á' => ('A', Some(ACUTE)),
        'É' => ('E', Some(ACUTE)),
        'Í' => ('I', Some(ACUTE)),
        'Ó' => ('O', Some(ACUTE)),
        'Ú' => ('U', Some(ACUTE)),
        'Ü' => ('U', Some(DIAERESIS)),
        'Ñ' => ('N', Some(TILDE)),
        '’' => ('\'', None),
        other => (other, None),
    };
    LETTERS.iter().find(|(known, _)| *known == base).map(|(_, letter)| (*letter, accent))
}

const LETTERS: [(char, Letter); 46] = [
    (' ', [0; ROWS]),
    ('A', [0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001]),
    ('B', [0b11110, 0b10001, 0b10001, 0b11110, 0b10001, 0b10001, 0b11110]),
    ('C', [0b01110, 0b10001, 0b10000, 0b10000, 0b10000, 0b10001, 0b01110]),
    ('D', [0b11110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b11110]),
    ('E', [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111]),
    ('F', [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b10000]),
    ('G', [0b01110, 0b10001, 0b10000, 0b10111, 0b10001, 0b10001, 0b01110]),
    ('H', [0b10001, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001]),
    ('I', [0b01110, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('J', [0b00111, 0b00010, 0b00010, 0b00010, 0b00010, 0b10010, 0b01100]),
    ('K', [0b10001, 0b10010, 0b10100, 0b11000, 0b10100, 0b10010, 0b10001]),
    ('L', [0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111]),
    ('M', [0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001]),
    ('N', [0b10001, 0b11001, 0b10101, 0b10011, 0b10001, 0b10001, 0b10001]),
    ('O', [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110]),
    ('P', [0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000, 0b10000]),
    ('Q', [0b01110, 0b10001, 0b10001, 0b10001, 0b10101, 0b10010, 0b01101]),
    ('R', [0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001]),
    ('S', [0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110]),
    ('T', [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100]),
    ('U', [0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110]),
    ('V', [0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01010, 0b00100]),
    ('W', [0b10001, 0b10001, 0b10001, 0b10101, 0b10101, 0b11011, 0b10001]),
    ('X', [0b10001, 0b10001, 0b01010, 0b00100, 0b01010, 0b10001, 0b10001]),
    ('Y', [0b10001, 0b10001, 0b01010, 0b00100, 0b00100, 0b00100, 0b00100]),
    ('Z', [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b10000, 0b11111]),
    ('0', [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110]),
    ('1', [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('2', [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111]),
    ('3', [0b11110, 0b00001, 0b00001, 0b01110, 0b00001, 0b00001, 0b11110]),
    ('4', [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010]),
    ('5', [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110]),
    ('6', [0b01110, 0b10000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110]),
    ('7', [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000]),
    ('8', [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110]),
    ('9', [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00001, 0b01110]),
    ('.', [0, 0, 0, 0, 0, 0b01100, 0b01100]),
    (',', [0, 0, 0, 0, 0b01100, 0b00100, 0b01000]),
    ('!', [0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0, 0b00100]),
    ('?', [0b01110, 0b10001, 0b00001, 0b00110, 0b00100, 0, 0b00100]),
    ('¡', [0b00100, 0, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100]),
    ('¿', [0b00100, 0, 0b00100, 0b01100, 0b10000, 0b10001, 0b01110]),
    ('\'', [0b00100, 0b00100, 0b01000, 0, 0, 0, 0]),
    ('-', [0, 0, 0, 0b01110, 0, 0, 0]),
    (':', [0, 0b01100, 0b01100, 0, 0b01100, 0b01100, 0]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_word_has_the_largest_letters() {
        let expected = "\
██      ██    ██████
████    ██  ██      ██
██  ██  ██  ██      ██
██    ████  ██      ██
██      ██  ██      ██
██      ██  ██      ██
██      ██    ██████";
        assert_eq!(block_letters("No", 80).unwrap().join("\n"), expected);
    }

    #[test]
    fn a_longer_word_has_letters_of_half_the_size() {
        let expected = "\
█▄  █ ▄▀▀▀▄ ▀▀█▀▀       ▄▀▀▀▀ ▄▀▀▀▄
█ ▀▄█ █   █   █         ▀▄▄▄  █   █
█   █ █   █   █             █ █   █
▀   ▀  ▀▀▀    ▀         ▀▀▀▀   ▀▀▀";
        assert_eq!(block_letters("not so", 60).unwrap().join("\n"), expected);
    }

    #[test]
    fn letters_have_accents() {
        let lines = block_letters("Sí", 80).unwrap();
        assert_eq!(lines.len(), 9);
        assert_eq!((lines[0].trim(), lines[1].trim()), ("██", "██"));
        for word in ["SÉ", "Ñandú", "¿Qué?", "pingüino", "Didn’t: no!"] {
            assert!(block_letters(word, 80).is_some(), "{word}");
        }
    }

    #[test]
    fn no_line_is_too_wide() {
        for length in 0..=20 {
            let made = block_letters(&"W".repeat(length), 80);
            assert_eq!(made.is_some(), (1..=13).contains(&length), "{length}");
            for line in made.into_iter().flatten() {
                assert!(line.chars().count() <= 80, "{length}: {line}");
            }
        }
    }

    #[test]
    fn a_word_with_another_character_has_no_letters() {
        for word in ["", " ", "はい", "Yes 🎉", "ß", "Да"] {
            let made = block_letters(word, 80);
            assert!(made.is_none_or(|lines| lines.iter().all(String::is_empty)), "{word}");
        }
    }

    #[test]
    fn every_letter_is_there_once() {
        for (index, (char, _)) in LETTERS.iter().enumerate() {
            assert!(LETTERS[..index].iter().all(|(other, _)| other != char), "{char}");
        }
    }
}
