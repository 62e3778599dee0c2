//! Reading MLB's JSON leniently: a field that is missing or of another shape than expected is none.

use crate::clock::YEARS;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use std::fmt;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// Parses JSON. A name that comes twice in an object is an error: programs disagree about which of the values counts
/// (RFC 8259 §4), so that either would be a guess.
pub(crate) fn parse(json: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(json).map(|UniqueNames(value)| value)
}

/// A value whose objects have no name twice.
struct UniqueNames(Value);

impl<'de> Deserialize<'de> for UniqueNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueNamesVisitor).map(UniqueNames)
    }
}

struct UniqueNamesVisitor;

impl<'de> Visitor<'de> for UniqueNamesVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(UniqueNames(value)) = values.next_element()? {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let UniqueNames(value) = entries.next_value()?;
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("{name:?} comes twice")));
            }
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

/// The values that MLB writes as numbers, lists and texts.
pub(crate) trait Json {
    fn number<T: TryFrom<u64>>(&self) -> Option<T>;
    fn list(&self) -> &[Value];
    /// The day of a date or of a time, in one of the [`YEARS`].
    fn day(&self) -> Option<Date>;
    /// A time in one of the [`YEARS`].
    fn instant(&self) -> Option<OffsetDateTime>;
    /// A text that is empty if it is missing; none if it is something else.
    fn text_or_missing(&self, key: &str) -> Option<&str>;
}

impl Json for Value {
    fn number<T: TryFrom<u64>>(&self) -> Option<T> {
        self.as_u64()?.try_into().ok()
    }

    fn list(&self) -> &[Value] {
        self.as_array().map_or(&[], Vec::as_slice)
    }

    fn day(&self) -> Option<Date> {
        day(self.as_str()?)
    }

    fn instant(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(self.as_str()?, &Rfc3339).ok().filter(|at| YEARS.contains(&at.year()))
    }

    fn text_or_missing(&self, key: &str) -> Option<&str> {
        self.get(key).map_or(Some(""), Value::as_str)
    }
}

/// The day of a date or of a time.
pub(crate) fn day(text: &str) -> Option<Date> {
    let day = Date::parse(text.get(..10)?, format_description!("[year]-[month]-[day]")).ok()?;
    YEARS.contains(&day.year()).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_near_the_ends_of_the_calendar_is_none() {
        let value = |text: &str| Value::from(text);
        for known in ["1900-01-01T00:00:00Z", "2999-12-31T23:59:59-08:00"] {
            assert!(value(known).instant().is_some() && value(known).day().is_some(), "{known}");
        }
        for unknown in
            ["0000-01-01T00:00:00Z", "1899-12-31T00:00:00Z", "3000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
        {
            assert!(value(unknown).instant().is_none() && value(unknown).day().is_none(), "{unknown}");
        }
    }

    #[test]
    fn json_is_parsed_as_by_serde_json_but_for_names_that_come_twice() {
        for json in [
            "null",
            "true",
            "-1",
            "18446744073709551615",
            "1.5",
            "[]",
            r#"{"a":[{"a":"\u00e9"},"b"],"b":{}}"#,
        ] {
            assert_eq!(
                parse(json.as_bytes()).unwrap(),
                serde_json::from_str::<Value>(json).unwrap(),
                "{json}"
            );
        }
        for (json, error) in [
            (r#"{"errors":0,"errors":1}"#, "\"errors\" comes twice"),
            (r#"[{"a":{"b":1,"c":2,"\u0062":1}}]"#, "\"b\" comes twice"),
            (r#"{"errors":NaN}"#, "expected value"),
            (r#"{"errors":1}{}"#, "trailing characters"),
        ] {
            let failed = parse(json.as_bytes()).unwrap_err().to_string();
            assert!(failed.contains(error), "{json}: {failed}");
        }
        let deep = "[".repeat(1_000_000);
        assert!(parse(deep.as_bytes()).unwrap_err().to_string().contains("recursion limit"));
    }
}
