//! Reads a page object in one pass that builds no values but the counts.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::rows::{Items, ItemsSeed};
use crate::manifest::{PageMembers, Replies};

/// The members of a page object.
#[derive(Default)]
pub(super) struct PageObject<'a> {
    pub(super) number: Option<u64>,
    pub(super) total_pages: Option<u64>,
    pub(super) total_rows: Option<u64>,
    pub(super) items: Items<'a>,
}

/// Reads a page object whose members have these names.
pub(super) struct PageObjectSeed<'s> {
    pub(super) members: &'s PageMembers,
    pub(super) replies: &'s Replies,
}

impl<'de> DeserializeSeed<'de> for PageObjectSeed<'_> {
    type Value = PageObject<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PageObjectSeed<'_> {
    type Value = PageObject<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let PageMembers { rows, number, total_pages, total_rows } = self.members;
        let mut page = PageObject::default();
        let mut seen = [false; 4];
        let mut once = |index: usize, name: &str| {
            if std::mem::replace(&mut seen[index], true) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            Ok(())
        };
        while let Some(name) = object.next_key::<Cow<'de, str>>()? {
            let is = |member: &Option<String>| member.as_deref() == Some(&*name);
            if *name == **rows {
                once(0, &name)?;
                page.items = object.next_value_seed(ItemsSeed(&self.replies.no_value))?;
            } else if is(number) {
                once(1, &name)?;
                page.number = count(&object.next_value()?);
            } else if is(total_pages) {
                once(2, &name)?;
                page.total_pages = count(&object.next_value()?);
            } else if is(total_rows) {
                once(3, &name)?;
                page.total_rows = count(&object.next_value()?);
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(page)
    }
}

/// A whole number, also as `3.0` or as text. All other values leave it unknown.
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => whole(&number.to_string()),
        Value::String(text) => whole(text.trim()),
        _ => None,
    }
}

fn whole(number: &str) -> Option<u64> {
    let (integer, fraction) = number.split_once('.').unwrap_or((number, ""));
    integer.parse().ok().filter(|_| fraction.bytes().all(|digit| digit == b'0'))
}
