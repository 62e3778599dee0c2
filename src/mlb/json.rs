//! Reading MLB's JSON leniently: a field that is missing or of another shape than expected is none.

use serde_json::Value;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// The values that MLB writes as numbers, lists and texts.
pub(crate) trait Json {
    fn number<T: TryFrom<u64>>(&self) -> Option<T>;
    fn list(&self) -> &[Value];
    /// The day of a date or of a time.
    fn day(&self) -> Option<Date>;
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
        OffsetDateTime::parse(self.as_str()?, &Rfc3339).ok()
    }

    fn text_or_missing(&self, key: &str) -> Option<&str> {
        self.get(key).map_or(Some(""), Value::as_str)
    }
}

/// The day of a date or of a time.
pub(crate) fn day(text: &str) -> Option<Date> {
    Date::parse(text.get(..10)?, format_description!("[year]-[month]-[day]")).ok()
}
