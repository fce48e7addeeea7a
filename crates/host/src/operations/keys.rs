//! Operations on API keys and JWT keys. Only the creation of a key returns its secret.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use soar_store::model::{AccessKey, Allowed, KeyKind, KeyState, Moment, shapes};
use soar_store::{Records, StoreError};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Required, boxed};
use crate::Refusal;
use crate::access::{KeyRequest, issue_key};

/// A new key.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct KeyToMake {
    /// The key's name. Upper and lower case do not matter.
    #[schema(schema_with = shapes::name)]
    pub name: String,
    /// Whether callers send the key itself (API key) or tokens signed with it (JWT key).
    pub kind: KeyKind,
    /// The name of the user who owns the key.
    #[schema(pattern = r"^[^\u0000]+$", example = "Admin")]
    pub owner: String,
    /// The names of other users who may use the key.
    #[serde(default)]
    pub users: Vec<String>,
    /// The names of the sites on which the key may be used. All sites unless given.
    #[serde(default)]
    pub sites: Option<Vec<String>>,
    /// The commands that the key may run, each by its address or its name, such as GetIncidents. All commands unless
    /// given.
    #[serde(default)]
    pub commands: Option<Vec<String>>,
    /// Whether the key may use the management API. Only an API key of an administrator may, and only without a limit to
    /// sites or commands.
    #[serde(default)]
    pub may_manage: bool,
    /// Whether a token must have exp. Only for a JWT key. Yes unless given.
    #[serde(default = "yes")]
    pub requires_expiry: bool,
    /// The time at which the key expires. Never unless given.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub expires_at: Option<Moment>,
}

fn yes() -> bool {
    true
}

/// A key.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyShown {
    /// The key's name.
    pub name: String,
    /// Whether callers send the key itself (API key) or tokens signed with it (JWT key).
    pub kind: KeyKind,
    /// The public part of an API key.
    pub public_part: String,
    /// The name of the user who owns the key.
    pub owner: String,
    /// The names of other users who may use the key.
    pub users: Vec<String>,
    /// The sites on which the key may be used; all sites where this is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sites: Option<Vec<String>>,
    /// The commands that the key may run; all commands where this is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commands: Option<Vec<String>>,
    /// Whether the key may use the management API.
    pub may_manage: bool,
    /// Whether a token must have exp.
    pub requires_expiry: bool,
    /// The time at which the key expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub expires_at: Option<Moment>,
    /// The time at which the key was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub revoked_at: Option<Moment>,
    /// The time of the last use, to within a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub last_used_at: Option<Moment>,
    /// The time at which the key was created.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// The key's state now.
    pub state: KeyState,
    /// The text of the key. Only in the first answer to the creation of the key: the host does not store it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl Operations {
    /// All keys, by name, without their secrets.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn list_keys(&self, context: &RequestContext) -> Result<Vec<KeyShown>, OperationError> {
        context.must_administer()?;
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let keys = records.keys().await?;
        Ok(shown(&mut records, keys, self.now()).await?)
    }

    /// The key of this name, without its secret.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn key(&self, context: &RequestContext, name: &str) -> Result<KeyShown, OperationError> {
        context.must_administer()?;
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let key = records.key(name).await?;
        Ok(show(&mut records, key, self.now()).await?)
    }

    /// Creates a key. The answer to a repeat does not contain the secret.
    ///
    /// # Errors
    /// [`OperationError`], also when the host does not have a command that the key names.
    #[boxed]
    pub async fn create_key(&self, context: &RequestContext, key: KeyToMake) -> Result<KeyShown, OperationError> {
        let request = &KeyRequest {
            name: key.name,
            kind: key.kind,
            owner: key.owner,
            users: key.users,
            sites: key.sites.map_or(Allowed::All, Allowed::Only),
            commands: key.commands.map_or(Allowed::All, Allowed::Only),
            may_manage: key.may_manage,
            requires_expiry: key.requires_expiry,
            expires_at: key.expires_at,
        };
        let seal = self.seal()?;
        context.must_not_outlast_key(key.expires_at)?;
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let request = KeyRequest { commands: self.addresses(&request.commands)?, ..request.clone() };
                    let issued = issue_key(&mut change.records, seal, &request, change.now).await?;
                    let about = issued.key.name.clone();
                    let key = show(&mut change.records, issued.key, change.now).await?;
                    let secret = Some(issued.text.as_str().to_owned());
                    Done::new(KeyShown { secret, ..key.clone() }, about).repeated_as(&key)
                })
            })
            .await
    }

    /// The addresses of the commands that a new key is limited to. A stored key may name other commands.
    fn addresses(&self, named: &Allowed<String>) -> Result<Allowed<String>, Refusal> {
        let Allowed::Only(named) = named else { return Ok(Allowed::All) };
        let address = |name: &String| match self.known_commands.find(name) {
            Ok(command) => Ok(command.endpoint.clone()),
            Err(problem) => Err(Refusal::Because(format!("Commands: {problem}"))),
        };
        Ok(Allowed::Only(named.iter().map(address).collect::<Result<_, _>>()?))
    }

    /// Revokes a key for ever. It is refused from the next call on.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn revoke_key(&self, context: &RequestContext, name: &str) -> Result<KeyShown, OperationError> {
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let key = change.records.revoke_key(name, change.now).await?;
                    let about = key.name.clone();
                    Ok(Done::new(show(&mut change.records, key, change.now).await?, about))
                })
            })
            .await
    }
}

async fn show(records: &mut Records<'_>, key: AccessKey, now: Moment) -> Result<KeyShown, Refusal> {
    let name = key.name.clone();
    shown(records, vec![key], now).await?.pop().ok_or_else(|| StoreError::not_found("key", name).into())
}

async fn shown(records: &mut Records<'_>, keys: Vec<AccessKey>, now: Moment) -> Result<Vec<KeyShown>, Refusal> {
    let users: HashMap<_, _> = records.users().await?.into_iter().map(|user| (user.id, user.name)).collect();
    let sites: HashMap<_, _> = records.sites().await?.into_iter().map(|site| (site.id, site.name)).collect();
    let all = keys.into_iter().map(|key| KeyShown {
        state: key.state(now),
        owner: users.get(&key.owner).cloned().unwrap_or_default(),
        users: key.users.iter().map(|id| users.get(id).cloned().unwrap_or_default()).collect(),
        sites: match key.sites {
            Allowed::All => None,
            Allowed::Only(ids) => Some(ids.iter().filter_map(|id| sites.get(id).cloned()).collect()),
        },
        commands: match key.commands {
            Allowed::All => None,
            Allowed::Only(commands) => Some(commands),
        },
        name: key.name,
        kind: key.kind,
        public_part: key.public_part,
        may_manage: key.may_manage,
        requires_expiry: key.requires_expiry,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
        last_used_at: key.last_used_at,
        created_at: key.created_at,
        secret: None,
    });
    Ok(all.collect())
}
