//! Reads a row's table columns and key fields, parsing no more of the row than they need.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::exact::{exact_value, may_round};
use crate::manifest::{ColumnType, Command, Replies};
use crate::row_path::RowPath;
use crate::sink_error::SinkError;
use crate::vocabulary::without_placeholders;

/// Rows up to this many bytes are parsed without a look at what their values may take: it is a few MiB at most.
const SMALL_ROW: usize = 64 * 1024;

/// How much memory the values of one row may take, in bytes: 256 MiB. Parsed, JSON can take a hundred times its size.
const LARGEST_ROW: usize = 256 * 1024 * 1024;

/// Reads the columns and key fields of one command from its rows.
#[derive(Debug)]
pub struct RowReader {
    columns: Vec<(RowPath, ColumnType)>,
    keys: Vec<RowPath>,
    wanted: Projection,
    /// How the product's replies look.
    replies: Arc<Replies>,
}

impl RowReader {
    /// A reader for `command`'s columns and key fields.
    #[must_use]
    pub fn new(command: &Command) -> Self {
        let columns: Vec<_> =
            command.columns.iter().map(|column| (column.path.row_path().clone(), column.kind)).collect();
        let keys: Vec<_> = command.key_fields.iter().map(|field| field.path.row_path().clone()).collect();
        let paths = columns.iter().map(|(path, _)| path).chain(&keys);
        let names: Option<Vec<_>> = paths.map(RowPath::first_names).collect();
        Self {
            columns,
            keys,
            wanted: Projection::of(names.map(|names| names.concat())),
            replies: Arc::clone(&command.replies),
        }
    }

    /// A reader of the members of these names alone, without columns and key fields.
    #[must_use]
    pub fn of_members(names: &[&str]) -> Self {
        Self::of(Some(names.iter().map(|name| (*name).to_owned()).collect()))
    }

    /// A reader of all members, without columns and key fields.
    #[must_use]
    pub fn whole() -> Self {
        Self::of(None)
    }

    /// A reader of the members of these names, or of all members.
    pub(crate) fn of(names: Option<Vec<String>>) -> Self {
        Self { columns: Vec::new(), keys: Vec::new(), wanted: Projection::of(names), replies: Arc::default() }
    }

    /// The row with the members that columns and key fields need; null for a row that is no JSON.
    ///
    /// A member that cannot be parsed (lone surrogate, too deep, number beyond 64 bits) is kept as text. The other members
    /// are read.
    ///
    /// # Errors
    /// [`SinkError::Full`] when the values of those members could take more than 256 MiB.
    pub fn read(&self, row: &str) -> Result<Value, SinkError> {
        if row.len() <= SMALL_ROW && !may_round(row) {
            let mut deserializer = serde_json::Deserializer::from_str(row);
            if let Ok(read) = (&self.wanted).deserialize(&mut deserializer) {
                return Ok(read);
            }
        }
        self.wanted.read_what_can_be(row)
    }

    /// One value per column, of a row that was [`read`](Self::read).
    #[must_use]
    pub fn cells(&self, row: &Value) -> Vec<Value> {
        self.columns.iter().map(|(path, kind)| cell(path, row, *kind, &self.replies.no_value)).collect()
    }

    /// The values of each key field, of a row that was [`read`](Self::read).
    pub fn keys<'a>(&'a self, row: &'a Value) -> impl Iterator<Item = Vec<Value>> + 'a {
        let no_value = &self.replies.no_value;
        let values = |path: &RowPath| path.values(row).into_iter().map(|value| without_placeholders(value, no_value));
        self.keys.iter().map(move |path| values(path).filter(|value| !value.is_null()).collect())
    }
}

/// The value for a table cell: the one value of a plain path, else a list of all.
fn cell(path: &RowPath, row: &Value, kind: ColumnType, no_value: &[String]) -> Value {
    let mut values = path.values(row).into_iter().map(|value| kind.shown(value, no_value));
    if path.is_plain() {
        values.next().unwrap_or(Value::Null)
    } else {
        Value::Array(values.filter(|value| !value.is_null()).collect())
    }
}

/// Which members of a row are parsed; the rest is skipped without building values.
#[derive(Debug)]
enum Projection {
    All,
    Members(BTreeSet<String>),
}

impl Projection {
    fn of(names: Option<Vec<String>>) -> Self {
        names.map_or(Self::All, |names| Self::Members(names.into_iter().collect()))
    }

    fn read_what_can_be(&self, row: &str) -> Result<Value, SinkError> {
        let mut deserializer = serde_json::Deserializer::from_str(row);
        let visitor = LenientVisitor(self);
        deserializer.deserialize_map(visitor).unwrap_or(Ok(Value::Null))
    }
}

/// An upper bound of the memory of a parsed JSON text. Each object or list counts as one of a single item, and each
/// comma as a further item.
fn most_memory(json: &str) -> usize {
    let of_byte = |byte| match byte {
        b'{' => 700,
        b',' => 160,
        b'[' => 128,
        _ => 1,
    };
    json.bytes().map(of_byte).sum()
}

/// Reads members one by one, of a row that could not be read as a whole, or is too large to be tried.
struct LenientVisitor<'a>(&'a Projection);

impl<'de> Visitor<'de> for LenientVisitor<'_> {
    type Value = Result<Value, SinkError>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut kept = Map::new();
        let mut memory = 0_usize;
        while let Some((name, value)) = members.next_entry::<&RawValue, &RawValue>()? {
            let Ok(name) = serde_json::from_str::<String>(name.get()) else { continue };
            let wanted = match self.0 {
                Projection::All => true,
                Projection::Members(names) => names.contains(&name),
            };
            if wanted && memory <= LARGEST_ROW {
                memory += most_memory(",") + name.len() + most_memory(value.get());
            }
            if wanted && memory <= LARGEST_ROW {
                kept.insert(name, exact_value(value.get()));
            }
        }
        Ok(if memory > LARGEST_ROW { Err(SinkError::Full { limit: LARGEST_ROW }) } else { Ok(kept.into()) })
    }
}

impl<'de> DeserializeSeed<'de> for &Projection {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self {
            Projection::All => serde::Deserialize::deserialize(deserializer),
            Projection::Members(names) => deserializer.deserialize_map(MemberVisitor(names)),
        }
    }
}

struct MemberVisitor<'a>(&'a BTreeSet<String>);

impl<'de> Visitor<'de> for MemberVisitor<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            if self.0.contains(name.as_ref()) {
                kept.insert(name.into_owned(), members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn none() -> Vec<String> {
        vec![String::new(), "None".to_owned()]
    }

    #[test]
    fn plain_paths_and_queries_read_the_same_row() {
        let row = json!({"id": 7, "scanners": [{"targets": [{"id": 1}, {"id": 2}]}, {"targets": [{"id": 3}]}]});
        let plain = RowPath::parse("$.id").unwrap();
        assert_eq!(cell(&plain, &row, ColumnType::Any, &none()), json!(7));
        let query = RowPath::parse("$.scanners[*].targets[*].id").unwrap();
        assert_eq!(cell(&query, &row, ColumnType::Any, &none()), json!([1, 2, 3]));
        assert_eq!(query.first_names(), Some(vec!["scanners".to_owned()]));
    }

    #[test]
    fn a_path_that_leads_nowhere_gives_an_empty_cell() {
        let row = json!({"id": ""});
        assert_eq!(cell(&RowPath::parse("$.name.first").unwrap(), &row, ColumnType::Any, &none()), Value::Null);
        assert_eq!(cell(&RowPath::parse("$.id").unwrap(), &row, ColumnType::Any, &none()), Value::Null);
    }

    #[test]
    fn a_broken_path_is_refused() {
        assert!(RowPath::parse("$.items[").is_err());
    }

    #[test]
    fn a_member_that_is_no_value_costs_no_other_member() {
        let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        for wanted in [Projection::All, Projection::Members(["id".to_owned(), "name".to_owned()].into())] {
            let reader = RowReader { columns: Vec::new(), keys: Vec::new(), wanted, replies: Arc::default() };
            let row = reader.read(r#"{"id": 7, "name": "a\ud800b", "\udc00": 1}"#).unwrap();
            assert_eq!(row, json!({"id": 7, "name": r#""a\ud800b""#}));
            let row = reader.read(&format!(r#"{{"id": 7, "name": {deep}}}"#)).unwrap();
            assert_eq!(row, json!({"id": 7, "name": deep}));
            assert_eq!(reader.read("no JSON").unwrap(), Value::Null);
        }
    }

    #[test]
    fn a_number_beyond_64_bits_is_not_rounded() {
        let row =
            RowReader::of_members(&["id"]).read(r#"{"id": 123456789012345678901234567890, "name": "a"}"#).unwrap();
        assert_eq!(row, json!({"id": "123456789012345678901234567890"}));
    }

    #[test]
    fn a_row_whose_values_would_take_a_hundred_times_its_size_is_refused_unless_nobody_wants_them() {
        let row = |items: usize| format!(r#"{{"id": 7, "name": [{}0]}}"#, r#"{"":0},"#.repeat(items));
        let large = row(LARGEST_ROW / most_memory("{,"));
        assert!(large.len() < 4 * 1024 * 1024);
        for wanted in [Projection::All, Projection::Members(["id".to_owned(), "name".to_owned()].into())] {
            let reader = RowReader { columns: Vec::new(), keys: Vec::new(), wanted, replies: Arc::default() };
            assert!(matches!(reader.read(&large), Err(SinkError::Full { limit: LARGEST_ROW })));
            let some = reader.read(&row(SMALL_ROW)).unwrap();
            assert_eq!(some["name"].as_array().unwrap().len(), SMALL_ROW + 1, "a large row is read as a small one is");
        }
        assert_eq!(RowReader::of_members(&["id"]).read(&large).unwrap(), json!({"id": 7}));
    }

    #[test]
    fn only_wanted_members_are_kept() {
        let wanted = Projection::Members(["b".to_owned()].into());
        let mut deserializer = serde_json::Deserializer::from_str(r#"{"a": [1, {"x": 2}], "b": {"c": null}}"#);
        let row = (&wanted).deserialize(&mut deserializer).unwrap();
        assert_eq!(row, json!({"b": {"c": null}}));
    }
}
