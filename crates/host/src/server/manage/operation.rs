//! What an operation of the management API is: its address, what goes in and comes out, and what it does.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use soar_store::model::{Allowed, Caller, Moment, Site, User};
use soar_store::{Records, StoreError};
use utoipa::ToSchema;

use super::ManageError;
use super::body::without_values;
use crate::executor::Executor;
use crate::host::Host;
use crate::tenants::Tenants;
use crate::transfer::Subject;

/// Adds the schemas that a type needs, and refers to it.
pub(in crate::server) type Described = fn(&mut Map<String, Value>) -> Value;

type Doing<'a> = BoxFuture<'a, Result<Done, ManageError>>;

/// Does what works on the store.
pub(super) type WorkInside = for<'a> fn(Managed<'a>) -> Doing<'a>;

/// Does what waits for something else.
pub(super) type WorkOutside = for<'a> fn(Outside<'a>) -> Doing<'a>;

/// What an operation does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Run {
    /// Works on the store: one transaction with its entry and its kept answer, where it changes something.
    Inside(WorkInside),
    /// Waits for something other than the store, so it holds no transaction meanwhile; its entry is written after. Done
    /// twice it does no harm, so it takes no Idempotency-Key.
    Outside(WorkOutside),
    /// Answers a file, once it is whole.
    Export(Subject),
    /// Takes a file: batches of its rows are transactions with their entries, and one more entry says how it ended.
    Import(Subject),
}

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

/// Any text that can be kept, as the schema of a parameter.
pub(super) const TEXT: fn() -> Value = || json!({ "type": "string", "pattern": r"^[^\u0000]*$" });

/// Any whole number, as the schema of a parameter.
pub(super) const NUMBER: fn() -> Value = || json!({ "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX });

/// The most that a page has.
pub(super) const MOST: i64 = 1000;

/// How many a page has, as a parameter.
pub(super) const LIMIT: Query = Query {
    name: "limit",
    about: "How many at most; 100 unless given.",
    schema: || json!({ "type": "integer", "minimum": 1, "maximum": MOST }),
};

/// What an operation has at hand: its records are those of one transaction where it changes something.
pub(super) struct Managed<'a, R = Records<'a>> {
    pub host: &'a Host,
    /// Who calls.
    pub administrator: &'a User,
    /// The name of the key that was shown.
    pub key: &'a str,
    pub request_id: &'a str,
    pub records: R,
    /// The time of the call.
    pub now: Moment,
    pub path: &'a [(String, String)],
    pub query: &'a [(String, String)],
    pub body: &'a [u8],
}

/// What an operation outside of the store has at hand.
pub(super) type Outside<'a> = Managed<'a, ()>;

/// What is left to do once the change is made for good.
pub(super) type Afterwards = Box<dyn FnOnce(&Host) + Send>;

/// What an operation did.
pub(super) struct Done {
    /// JSON.
    pub body: String,
    /// What a repeat under the same Idempotency-Key is answered, where that is something else.
    pub repeated: Option<String>,
    /// What it was about, for the audit log.
    pub about: String,
    /// On which site, for the audit log.
    pub site: String,
    pub afterwards: Option<Afterwards>,
}

impl Done {
    pub(super) fn new(body: impl serde::Serialize, about: impl Into<String>) -> Result<Self, ManageError> {
        let body = serde_json::to_string(&body)
            .map_err(|error| ManageError::Store(StoreError::Unreadable(error.to_string())))?;
        Ok(Self { body, repeated: None, about: about.into(), site: String::new(), afterwards: None })
    }

    pub(super) fn on(self, site: &str) -> Self {
        Self { site: site.to_owned(), ..self }
    }
}

impl Operation {
    pub(in crate::server) fn changes(&self) -> bool {
        self.method != "get"
    }

    pub(in crate::server) fn is_export(&self) -> bool {
        matches!(self.run, Run::Export(_))
    }

    pub(in crate::server) fn is_import(&self) -> bool {
        matches!(self.run, Run::Import(_))
    }

    /// Whether a call under an Idempotency-Key is done once.
    pub(in crate::server) fn is_once(&self) -> bool {
        self.changes() && matches!(self.run, Run::Inside(_))
    }
}

impl<R> Managed<'_, R> {
    /// The part of the address of that name.
    pub(super) fn part(&self, name: &str) -> &str {
        self.path.iter().find(|(part, _)| part == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The part of the address of that name, which is the number of what is a `what`.
    pub(super) fn numbered(&self, name: &str, what: &'static str) -> Result<i64, ManageError> {
        let text = self.part(name);
        text.parse().map_err(|_| ManageError::Store(StoreError::not_found(what, text)))
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

    /// The same, as a moment.
    pub(super) fn moment(&self, name: &str) -> Result<Option<Moment>, ManageError> {
        Ok(self.number(name)?.map(Moment))
    }

    /// The same, as one of a few texts.
    pub(super) fn choice<T: std::str::FromStr<Err = String>>(&self, name: &str) -> Result<Option<T>, ManageError> {
        let malformed = |problem| ManageError::Malformed(format!("{name}: {problem}."));
        self.query(name).map(|text| text.parse().map_err(malformed)).transpose()
    }

    /// How many a page has.
    pub(super) fn limit(&self) -> Result<i64, ManageError> {
        match self.number(LIMIT.name)?.unwrap_or(100) {
            limit @ 1..=MOST => Ok(limit),
            _ => Err(ManageError::Malformed(format!("limit: expected a whole number from 1 to {MOST}."))),
        }
    }

    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, ManageError> {
        let malformed = |error| format!("The body is not what was expected: {}.", without_values(&error));
        serde_json::from_slice(self.body).map_err(|error| ManageError::Malformed(malformed(error)))
    }

    /// The administrator as the caller of something on a site.
    pub(super) fn caller(&self, site: Site) -> Caller {
        Caller {
            user: self.administrator.clone(),
            site,
            // An administrator has every right without a role.
            roles: BTreeMap::new(),
            // A key that is limited to sites does not open this API.
            reach: Allowed::All,
            key: Some(self.key.to_owned()),
            request_id: self.request_id.to_owned(),
        }
    }

    /// The host's tenants, and its masters.
    pub(super) fn tenants(&self) -> Result<&Tenants, ManageError> {
        self.host.tenants.as_deref().ok_or(ManageError::NoConnectors)
    }

    /// What runs connectors' commands.
    pub(super) fn executor(&self) -> Result<&Executor, ManageError> {
        self.host.executor.as_ref().ok_or(ManageError::NoConnectors)
    }
}

impl Outside<'_> {
    /// The administrator as the caller of what does not depend on the site.
    pub(super) async fn caller_anywhere(&self) -> Result<Caller, ManageError> {
        let sites = self.host.store.reader().await?.records().sites().await?;
        first(sites).map(|site| self.caller(site))
    }
}

fn first(sites: Vec<Site>) -> Result<Site, ManageError> {
    let site = sites.into_iter().next();
    site.ok_or_else(|| ManageError::Refused("There is no site yet. Make one first.".to_owned()))
}

impl Managed<'_> {
    /// The administrator as the caller of what does not depend on the site.
    pub(super) async fn any_caller(&mut self) -> Result<Caller, ManageError> {
        first(self.records.sites().await?).map(|site| self.caller(site))
    }

    /// The names of the sites that are meant, by their number: the one that the parameter names, or all.
    pub(super) async fn sites(&mut self) -> Result<BTreeMap<i64, String>, ManageError> {
        let sites = match self.query("site").map(str::to_owned) {
            Some(name) => vec![self.records.site(&name).await?],
            None => self.records.sites().await?,
        };
        Ok(sites.into_iter().map(|site| (site.id, site.name)).collect())
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
