//! Reads the rows of a list without building values, in memory that does not grow with what they hold.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Failure;

/// How many rows one reply may have. Where a row stands takes 16 bytes: 16 MiB for all of them, however small they are.
const MOST_ROWS: usize = 1_000_000;

/// The member `items` of a page object.
#[derive(Default)]
pub(super) enum Items<'a> {
    #[default]
    Absent,
    Rows(Rows<'a>),
    /// Something else than a list.
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemsVisitor)
    }
}

struct ItemsVisitor;

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Items<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Rows::read(list).map(Items::Rows)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Items::Other)
    }

    /// This API writes an empty string, or "None", where it has nothing.
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(if matches!(text, "" | "None") { Items::Rows(Rows::default()) } else { Items::Other })
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Items::Rows(Rows::default()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Items::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Items::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Items::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Items::Other)
    }
}

/// The rows of a list, up to the most that a reply may have.
#[derive(Default)]
pub(super) struct Rows<'a> {
    kept: Vec<&'a RawValue>,
    too_many: bool,
}

impl<'a> Rows<'a> {
    fn read<'de: 'a, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut rows = Self::default();
        while rows.kept.len() < MOST_ROWS {
            match list.next_element()? {
                Some(row) => rows.kept.push(row),
                None => return Ok(rows),
            }
        }
        // Looked at without being kept: whether the reply is JSON at all is told first.
        while list.next_element::<IgnoredAny>()?.is_some() {
            rows.too_many = true;
        }
        Ok(rows)
    }

    /// The rows, unless there are too many.
    pub(super) fn within_bounds(self) -> Result<Vec<&'a RawValue>, Failure> {
        if self.too_many {
            return Err(Failure::new("reply-too-large", format!("The reply holds more than {MOST_ROWS} rows.")));
        }
        Ok(self.kept)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Rows<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RowsVisitor)
    }
}

struct RowsVisitor;

impl<'de> Visitor<'de> for RowsVisitor {
    type Value = Rows<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Rows::read(list)
    }
}

/// Finds out which of these members a row lacks, and keeps nothing of what it has: it may have millions.
pub(super) struct Lacking<'a>(pub(super) &'a [String]);

impl<'de, 'a> DeserializeSeed<'de> for Lacking<'a> {
    type Value = Vec<&'a str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, 'a> Visitor<'de> for Lacking<'a> {
    type Value = Vec<&'a str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut lacking: Vec<_> = self.0.iter().map(String::as_str).collect();
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            lacking.retain(|lacked| *lacked != name);
            members.next_value::<IgnoredAny>()?;
        }
        Ok(lacking)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use soar_connector::Plugin as _;

    use super::*;
    use crate::vendor::split;

    #[test]
    fn a_reply_of_more_rows_than_may_be_is_refused_whatever_its_shape() {
        const { assert!(MOST_ROWS * size_of::<Range<usize>>() <= 16 * 1024 * 1024) };
        let plugin = crate::FootprintPlugin::new().unwrap();
        let tenants = plugin.manifest().command("List Tenants").unwrap();
        let split_rows = |row: &str, count: usize, frame: [&str; 2]| {
            let rows = [row, &format!(",{row}").repeat(count - 1)].concat();
            split(tenants, "application/json", [frame[0], &rows, frame[1]].concat().into_bytes())
        };
        for frame in [["[", "]"], ["{\"items\":[", "]}"]] {
            let whole = split_rows(r#"{"id":1,"name":""}"#, MOST_ROWS, frame).unwrap();
            assert_eq!(whole.page.len(), MOST_ROWS);
            for row in ["0", "{}", r#"{"id":1,"name":""}"#] {
                let refused = split_rows(row, MOST_ROWS + 1, frame).unwrap_err();
                assert_eq!(refused, Failure::new("reply-too-large", "The reply holds more than 1000000 rows."));
            }
            let broken = split_rows("0", MOST_ROWS + 1, [frame[0], ""]).unwrap_err();
            assert_eq!(broken.code, Some("unreadable-reply"), "{}", broken.message);
        }
    }
}
