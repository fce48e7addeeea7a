//! What an operation of the management API is: its address, what goes in and comes out, and what it does.

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::host::Host;
use crate::store::{Records, StoreError};

/// Adds the schemas that a type needs, and refers to it.
pub(in crate::server) type Described = fn(&mut Map<String, Value>) -> Value;

/// Does it.
pub(super) type Run = for<'a> fn(Managed<'a>) -> BoxFuture<'a, Result<Done, ManageError>>;

/// One operation.
#[derive(Debug)]
pub(in crate::server) struct Operation {
    /// In lower case, such as `get`; all but `get` change something.
    pub method: &'static str,
    /// Below the API's base, such as `/sites/{name}`.
    pub path: &'static str,
    pub id: &'static str,
    pub summary: &'static str,
    pub query: &'static [Query],
    pub body: Option<Described>,
    /// Of success.
    pub status: u16,
    pub answer: Described,
    pub(super) run: Run,
}

/// A parameter after the question mark.
#[derive(Debug)]
pub(in crate::server) struct Query {
    pub name: &'static str,
    pub about: &'static str,
    pub schema: fn() -> Value,
}

/// What an operation has at hand: its records are those of one transaction where it changes something.
pub(super) struct Managed<'a> {
    pub host: &'a Host,
    pub records: Records<'a>,
    /// In milliseconds since 1970.
    pub now: i64,
    pub path: &'a [(String, String)],
    pub query: &'a [(String, String)],
    pub body: &'a [u8],
}

/// What an operation did.
#[derive(Debug)]
pub(super) struct Done {
    pub body: Value,
    /// What a repeat under the same Idempotency-Key is answered, where that is something else.
    pub repeated: Option<Value>,
    /// What it was about, for the audit log.
    pub about: String,
}

impl Done {
    pub(super) fn new(body: impl serde::Serialize, about: impl Into<String>) -> Result<Self, ManageError> {
        let body = serde_json::to_value(body)
            .map_err(|error| ManageError::Store(StoreError::Unreadable(error.to_string())))?;
        Ok(Self { body, repeated: None, about: about.into() })
    }
}

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum ManageError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Malformed(String),
}

impl Operation {
    pub(in crate::server) fn changes(&self) -> bool {
        self.method != "get"
    }
}

impl Managed<'_> {
    /// The part of the address of that name.
    pub(super) fn part(&self, name: &str) -> &str {
        self.path.iter().find(|(part, _)| part == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The parameter after the question mark of that name.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(part, _)| part == name).map(|(_, value)| value.as_str())
    }

    /// The same, as a number.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, ManageError> {
        let malformed = |_| ManageError::Malformed(format!("{name}: expected a whole number."));
        self.query(name).map(|text| text.parse().map_err(malformed)).transpose()
    }

    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, ManageError> {
        serde_json::from_slice(self.body)
            .map_err(|error| ManageError::Malformed(format!("The body is not what was expected: {error}.")))
    }
}

pub(super) fn described<T: ToSchema>(schemas: &mut Map<String, Value>) -> Value {
    let mut found = Vec::new();
    T::schemas(&mut found);
    found.push((T::name().into_owned(), T::schema()));
    for (name, schema) in found {
        schemas.insert(name, json!(schema));
    }
    json!({ "$ref": format!("#/components/schemas/{}", T::name()) })
}

/// A list of `T` under `name`.
pub(super) fn described_list<T: ToSchema>(schemas: &mut Map<String, Value>) -> Value {
    let item = described::<T>(schemas);
    json!({ "type": "array", "items": item })
}

pub(in crate::server) fn operations_of<const N: usize>(resources: [Vec<Operation>; N]) -> Vec<Operation> {
    resources.into_iter().flatten().collect()
}
