//! A player's short name: the last name, with its suffix.

/// Suffixes of a name, in lower case and without dots and commas.
const SUFFIXES: [&str; 7] = ["jr", "sr", "ii", "iii", "iv", "v", "vi"];
/// Words that begin a last name of several words: "De La Cruz", "Van Meter", "St. Clair".
const PARTICLES: [&str; 21] = [
    "da", "de", "del", "den", "der", "di", "do", "dos", "du", "la", "las", "le", "los", "san", "santa", "st",
    "ter", "van", "vander", "von", "zu",
];

/// The short name ("Tatis Jr."), from the full name and MLB's last names, the best first. A last name that is missing,
/// or nothing but a suffix, is not used. A suffix of the full name is added if the last name lacks it.
pub(crate) fn short_name(full: &str, last_names: [Option<&str>; 2]) -> String {
    let words: Vec<&str> = full.split_whitespace().collect();
    // A suffix stays with a name before it.
    let is_suffix_at = |at: usize| at > 0 && is_suffix(words[at]);
    let end = (0..words.len()).rev().find(|&at| !is_suffix_at(at)).map_or(0, |at| at + 1);
    let (name, suffix) = words.split_at(end);
    let given =
        last_names.into_iter().flatten().map(str::trim).find(|last| !last.split_whitespace().all(is_suffix));
    let last = given.map_or_else(|| last_name(name).join(" "), str::to_owned);
    let has_suffix = last.split_whitespace().last().is_none_or(is_suffix);
    if suffix.is_empty() || has_suffix {
        return last;
    }
    // "Griffey, Jr.": the comma goes with the suffix.
    let comma =
        if name.last().is_some_and(|word| word.ends_with(',')) && !last.ends_with(',') { "," } else { "" };
    format!("{last}{comma} {}", suffix.join(" "))
}

/// The last word, with the particles before it, but never the first word.
fn last_name<'a>(name: &'a [&'a str]) -> &'a [&'a str] {
    let mut begin = name.len().saturating_sub(1);
    while begin > 1 && is_one_of(name[begin - 1], &PARTICLES) {
        begin -= 1;
    }
    &name[begin..]
}

fn is_suffix(word: &str) -> bool {
    is_one_of(word, &SUFFIXES)
}

fn is_one_of(word: &str, known: &[&str]) -> bool {
    let bare = word.trim_matches(['.', ',']);
    known.iter().any(|known| known.eq_ignore_ascii_case(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_stays_with_the_name_before_it() {
        for (full, short) in [
            ("Fernando Tatis Jr.", "Tatis Jr."),
            ("Fernando Tatis Jr", "Tatis Jr"),
            ("Fernando Tatis JR.", "Tatis JR."),
            ("Ken Griffey, Jr.", "Griffey, Jr."),
            ("Sandy Alomar Sr.", "Alomar Sr."),
            ("LaMonte Wade II", "Wade II"),
            ("Cal Ripken III", "Ripken III"),
            ("Michael Harris IV,", "Harris IV,"),
            ("John Doe V", "Doe V"),
            ("Elly De La Cruz", "De La Cruz"),
            ("Juan De La Cruz Jr.", "De La Cruz Jr."),
            ("Van Jones", "Jones"),
            ("Shohei Ohtani", "Ohtani"),
            ("  Shohei   Ohtani ", "Ohtani"),
            ("Ichiro", "Ichiro"),
            ("Ichiro II", "Ichiro II"),
            ("Jr.", "Jr."),
            ("", ""),
        ] {
            assert_eq!(short_name(full, [None, None]), short, "{full}");
        }
    }

    #[test]
    fn what_mlb_gives_as_a_last_name_is_used_unless_it_is_none() {
        for (full, use_last, last, short) in [
            ("Fernando Tatis Jr.", Some("Tatis Jr."), Some("Tatis"), "Tatis Jr."),
            ("Fernando Tatis Jr.", None, Some("Tatis"), "Tatis Jr."),
            ("Fernando Tatis Jr.", Some("Jr."), Some("Tatis Jr."), "Tatis Jr."),
            ("Fernando Tatis Jr.", Some("Jr."), Some("Jr"), "Tatis Jr."),
            ("Fernando Tatis Jr.", Some(""), Some(" "), "Tatis Jr."),
            ("Ken Griffey, Jr.", None, Some("Griffey"), "Griffey, Jr."),
            ("Hyun Jin Ryu", Some("Ryu"), None, "Ryu"),
            ("Elly De La Cruz", None, Some("De La Cruz"), "De La Cruz"),
        ] {
            assert_eq!(short_name(full, [use_last, last]), short, "{full} {use_last:?} {last:?}");
        }
    }
}
