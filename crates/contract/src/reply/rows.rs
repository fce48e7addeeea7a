//! Reads the rows of a list without building values, in memory that does not grow with what they hold.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::failure::Failure;

/// How many rows one reply may have. Where a row stands takes 16 bytes: 16 MiB for all of them, however small they are.
const MOST_ROWS: usize = 1_000_000;

const _: () = assert!(MOST_ROWS * size_of::<std::ops::Range<usize>>() <= 16 * 1024 * 1024);

/// The list of rows in a page object.
#[derive(Default)]
pub(super) enum Items<'a> {
    #[default]
    Absent,
    Rows(RawRows<'a>),
    /// Something else than a list.
    Other,
}

/// Reads the list of rows. The texts are those that stand for no rows.
pub(super) struct ItemsSeed<'s>(pub(super) &'s [String]);

impl<'de> DeserializeSeed<'de> for ItemsSeed<'_> {
    type Value = Items<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemsSeed<'_> {
    type Value = Items<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        RawRows::read(list).map(Items::Rows)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Items::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let stands_for_none = self.0.iter().any(|none| none == text);
        Ok(if stands_for_none { Items::Rows(RawRows::default()) } else { Items::Other })
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Items::Rows(RawRows::default()))
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
pub(super) struct RawRows<'a> {
    kept: Vec<&'a RawValue>,
    too_many: bool,
}

impl<'a> RawRows<'a> {
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

impl<'de: 'a, 'a> Deserialize<'de> for RawRows<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RowsVisitor)
    }
}

struct RowsVisitor;

impl<'de> Visitor<'de> for RowsVisitor {
    type Value = RawRows<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        RawRows::read(list)
    }
}

/// Finds out which of these members a row lacks, and keeps nothing of what it has: it may have millions.
pub(super) struct Lacking<'a>(pub(super) &'a [&'a str]);

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
        let mut lacking = self.0.to_vec();
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            lacking.retain(|lacked| *lacked != name);
            members.next_value::<IgnoredAny>()?;
        }
        Ok(lacking)
    }
}
