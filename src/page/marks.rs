//! Marks around the texts of a template, between its tags, by which they are found in what the template rendered. Also
//! part of the build script: nothing here may need the rest of the program.

/// Characters of a private use area, which no template has: before a text's name, before the text, and after it.
const MARKS: [char; 3] = ['\u{E000}', '\u{E001}', '\u{E002}'];

/// The texts of a template, and the tags between them. There is one text more than there are tags.
pub fn split(template: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut texts, mut tags, mut rest) = (Vec::new(), Vec::new(), template);
    let begin = |rest: &str| ["{{", "{%", "{#"].iter().filter_map(|opening| rest.find(opening)).min();
    while let Some(start) = begin(rest) {
        let close = ["}}", "%}", "#}"].iter().filter_map(|closing| rest[start..].find(closing)).min();
        let end = close.map_or(rest.len(), |length| start + length + 2);
        texts.push(&rest[..start]);
        tags.push(&rest[start..end]);
        rest = &rest[end..];
    }
    texts.push(rest);
    (texts, tags)
}

/// The template with marks around its texts. Spaces stay outside, where the template engine treats them as before.
pub fn marked(name: &str, template: &str) -> String {
    let [begin, middle, end] = MARKS;
    let (texts, tags) = split(template);
    let mut tags = tags.into_iter();
    let pieces = texts.into_iter().enumerate().flat_map(|(index, text)| {
        let marked = match text.split_once(text.trim()) {
            Some((before, after)) if !text.trim().is_empty() => {
                format!("{before}{begin}{name} {index}{middle}{}{end}{after}", text.trim())
            }
            _ => text.to_owned(),
        };
        [marked, tags.next().unwrap_or_default().to_owned()]
    });
    pieces.collect()
}

/// A page that a marked template rendered, without the marks. `replaced` has the text to show for a template's name and
/// a text's index; none if it is the text of the build.
pub fn resolved<'a>(rendered: &str, replaced: impl Fn(&str, usize) -> Option<&'a str>) -> String {
    let [begin, middle, end] = MARKS;
    let mut parts = rendered.split(begin);
    let mut resolved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (mark, rest) = part.split_once(middle).unwrap_or(("", part));
        let (text, after) = rest.split_once(end).unwrap_or((rest, ""));
        let place = mark.split_once(' ').and_then(|(name, index)| Some((name, index.parse().ok()?)));
        resolved += place.and_then(|(name, index)| replaced(name, index)).unwrap_or(text);
        resolved += after;
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "<p>\n{% if a %} <b>{{ x }}</b>\n{%- else ~%}\n{# none #}  {% endif %}</p>\n";

    #[test]
    fn a_template_is_its_texts_and_its_tags() {
        let (texts, tags) = split(TEMPLATE);
        assert_eq!(texts, ["<p>\n", " <b>", "</b>\n", "\n", "  ", "</p>\n"]);
        assert_eq!(tags, ["{% if a %}", "{{ x }}", "{%- else ~%}", "{# none #}", "{% endif %}"]);
        assert_eq!(split(""), (vec![""], vec![]));
    }

    #[test]
    fn without_marks_a_marked_template_is_as_it_was_and_with_a_replacement_only_that_text_changes() {
        let marked = marked("a.html", TEMPLATE);
        assert_ne!(marked, TEMPLATE);
        assert_eq!(resolved(&marked, |_, _| None), TEMPLATE);
        let replaced = |name: &str, index| (name == "a.html" && index == 2).then_some("</b>!");
        assert_eq!(resolved(&marked, replaced), TEMPLATE.replace("</b>", "</b>!"));
    }
}
