//! JSON with placeholders, for a receiver that expects a form of its own.

use crate::{notify::message, page::Notice};
use serde_json::{Map, Value};

/// A JSON document whose texts may contain placeholders such as `{answer}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(Value);

impl Template {
    pub fn parse(text: &str) -> Result<Self, String> {
        let template = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
        let names = message::values("", None, &Notice::sample(""));
        filled(&template, &names).map(|_| Template(template))
    }

    /// The document with these values. A text that is one placeholder becomes the value itself, also a number.
    pub(crate) fn fill(&self, values: &Map<String, Value>) -> Value {
        // Every placeholder is known since `parse`.
        filled(&self.0, values).unwrap_or(Value::Null)
    }
}

fn filled(template: &Value, values: &Map<String, Value>) -> Result<Value, String> {
    Ok(match template {
        Value::String(text) => filled_text(text, values)?,
        Value::Array(items) => {
            items.iter().map(|item| filled(item, values)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| Ok((name.clone(), filled(value, values)?)))
            .collect::<Result<Map<_, _>, String>>()?
            .into(),
        other => other.clone(),
    })
}

fn filled_text(text: &str, values: &Map<String, Value>) -> Result<Value, String> {
    let (mut done, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("a placeholder has no end")?;
        let value = values.get(name).ok_or_else(|| {
            let known: Vec<_> = values.keys().map(|name| format!("{{{name}}}")).collect();
            format!("{{{name}}} is no placeholder; there are {}", known.join(", "))
        })?;
        if before.is_empty() && done.is_empty() && after.is_empty() {
            return Ok(value.clone());
        }
        done += before;
        match value {
            Value::String(text) => done += text,
            Value::Null => {}
            other => done += &other.to_string(),
        }
        rest = after;
    }
    Ok((done + rest).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn placeholders_are_filled_as_text_and_alone_as_what_they_are() {
        let values = json!({"answer": "Yes \"{errors}\"", "errors": 2, "before": null});
        let template = json!({
            "{answer}": ["{answer}", "a {answer}!", "{errors}", "{errors} of {errors}"],
            "none": "{before}", "nothing": "<{before}>", "deep": {"number": 1, "plain": "a } b"},
        });
        let expected = json!({
            "{answer}": ["Yes \"{errors}\"", "a Yes \"{errors}\"!", 2, "2 of 2"],
            "none": null, "nothing": "<>", "deep": {"number": 1, "plain": "a } b"},
        });
        assert_eq!(filled(&template, values.as_object().unwrap()), Ok(expected));
    }

    #[test]
    fn an_invalid_template_is_refused_with_the_reason() {
        for (text, reason) in [
            ("{", "no JSON"),
            ("\"{word}\"", "{word} is no placeholder; there are {answer}"),
            ("[\"{answer\"]", "no end"),
        ] {
            let error = Template::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(Template::parse("{\"a\": \"{id} {before} {answer} {url}\"}").is_ok());
    }
}
