//! Keys. What a key's user shows is answered once, when the key is made.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use soar_store::Records;
use soar_store::model::{AccessKey, Allowed, KeyKind, KeyState, Moment, shapes};
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, Managed, Operation, Run, described, described_list};
use crate::access::{KeyRequest, issue_key};

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct KeyToMake {
    /// Its name; compared without regard to case.
    #[schema(schema_with = shapes::name)]
    name: String,
    kind: KeyKind,
    /// The name of the user whose it is.
    #[schema(pattern = r"^[^\u0000]+$", example = "Admin")]
    owner: String,
    /// The names of other users who may use it.
    #[serde(default)]
    users: Vec<String>,
    /// The names of the sites on which it works. All unless given.
    #[serde(default)]
    sites: Option<Vec<String>>,
    /// The commands it may run, such as GetIncidents. All unless given.
    #[serde(default)]
    commands: Option<Vec<String>>,
    /// Whether it opens this API; an API key of an administrator's only, and on all sites.
    #[serde(default)]
    may_manage: bool,
    /// Whether a token must carry exp; a JWT key's only. Yes unless given.
    #[serde(default = "yes")]
    requires_expiry: bool,
    /// From when on it is refused. Never unless given.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Moment>,
}

fn yes() -> bool {
    true
}

/// A key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct KeyShown {
    name: String,
    kind: KeyKind,
    /// The readable part of an API key.
    public_part: String,
    owner: String,
    users: Vec<String>,
    /// All sites when there is none of this.
    #[serde(skip_serializing_if = "Option::is_none")]
    sites: Option<Vec<String>>,
    /// All commands when there is none of this.
    #[serde(skip_serializing_if = "Option::is_none")]
    commands: Option<Vec<String>>,
    may_manage: bool,
    requires_expiry: bool,
    /// From when on it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Moment>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    revoked_at: Option<Moment>,
    /// When it was last used, to within a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    last_used_at: Option<Moment>,
    /// When it was made.
    #[schema(value_type = i64)]
    created_at: Moment,
    state: KeyState,
    /// What its user shows, or signs tokens with. Only in the first answer to making the key: it cannot be had again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/keys",
            id: "listKeys",
            summary: "All keys, by name, without their secrets",
            query: &[],
            body: None,
            status: 200,
            answer: described_list::<KeyShown>,
            run: Run::Inside(|managed| Box::pin(list(managed))),
        },
        Operation {
            method: "post",
            path: "/keys",
            id: "makeKey",
            summary: "Make a key; its secret is answered once",
            query: &[],
            body: Some(described::<KeyToMake>),
            status: 201,
            answer: described::<KeyShown>,
            run: Run::Inside(|managed| Box::pin(make(managed))),
        },
        Operation {
            method: "get",
            path: "/keys/{name}",
            id: "getKey",
            summary: "One key, without its secret",
            query: &[],
            body: None,
            status: 200,
            answer: described::<KeyShown>,
            run: Run::Inside(|managed| Box::pin(get(managed))),
        },
        Operation {
            method: "post",
            path: "/keys/{name}/revoke",
            id: "revokeKey",
            summary: "Take a key back for good, at once",
            query: &[],
            body: None,
            status: 200,
            answer: described::<KeyShown>,
            run: Run::Inside(|managed| Box::pin(revoke(managed))),
        },
    ]
}

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let keys = managed.records.keys().await?;
    let now = managed.now;
    Done::new(shown(&mut managed.records, keys, now).await?, "")
}

async fn get(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let name = managed.part("name").to_owned();
    let key = managed.records.key(&name).await?;
    let now = managed.now;
    Done::new(shown(&mut managed.records, vec![key], now).await?.pop(), "")
}

async fn revoke(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let name = managed.part("name").to_owned();
    let now = managed.now;
    let key = managed.records.revoke_key(&name, now).await?;
    let about = key.name.clone();
    Done::new(shown(&mut managed.records, vec![key], now).await?.pop(), about)
}

async fn make(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let body: KeyToMake = managed.body()?;
    let only = |items: Option<Vec<String>>| items.map_or(Allowed::All, Allowed::Only);
    let request = KeyRequest {
        name: body.name,
        kind: body.kind,
        owner: body.owner,
        users: body.users,
        sites: only(body.sites),
        commands: only(body.commands),
        may_manage: body.may_manage,
        requires_expiry: body.requires_expiry,
        expires_at: body.expires_at,
    };
    let now = managed.now;
    let issued = issue_key(&mut managed.records, managed.host.seal.as_ref(), &request, now).await?;
    let about = issued.key.name.clone();
    let mut made = shown(&mut managed.records, vec![issued.key], now).await?.pop();
    // What is kept for a repeat never holds the secret.
    let repeated = Done::new(&made, "")?.body;
    if let Some(made) = &mut made {
        made.secret = Some(issued.text.as_str().to_owned());
    }
    Ok(Done { repeated: Some(repeated), ..Done::new(made, about)? })
}

async fn shown(records: &mut Records<'_>, keys: Vec<AccessKey>, now: Moment) -> Result<Vec<KeyShown>, ManageError> {
    let users: HashMap<_, _> = records.users().await?.into_iter().map(|user| (user.id, user.name)).collect();
    let sites: HashMap<_, _> = records.sites().await?.into_iter().map(|site| (site.id, site.name)).collect();
    let user = |id: &i64| users.get(id).cloned().unwrap_or_default();
    let all = keys.into_iter().map(|key| KeyShown {
        state: key.state(now),
        owner: user(&key.owner),
        users: key.users.iter().map(user).collect(),
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
