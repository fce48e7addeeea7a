//! Keys in the store.

use async_trait::async_trait;

use super::columns::{Flag, Json, Sealed, encoded, from_row};
use super::{Records, StoreError};
use crate::model::name::{checked_name, name_key};
use crate::model::{
    AccessKey, AccessKeyId, Allowed, JWT_SECRET_CONTEXT, KeyId, KeyKind, Moment, SiteId, UserId, limits,
};
use crate::{SealedPlace, SealedSecret};

/// A key to be created.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: KeyKind,
    /// Its readable part.
    pub public_part: String,
    /// Its secret in base64, as the store keeps it: a hash, or sealed.
    pub secret: String,
    /// Its owner.
    pub owner: UserId,
    /// Other users who may use it.
    pub users: Vec<UserId>,
    /// The sites on which it works.
    pub sites: Allowed<SiteId>,
    /// Endpoints in lower case.
    pub commands: Allowed<String>,
    /// Whether it opens the management API.
    pub may_manage: bool,
    /// Whether a token must carry `exp`.
    pub requires_expiry: bool,
    /// When it expires.
    pub expires_at: Option<Moment>,
}

/// A key and its secret as the store keeps it.
#[derive(Clone)]
pub struct StoredKey {
    /// The key.
    pub key: AccessKey,
    /// A hash or a sealed secret, in base64.
    pub secret: String,
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StoredKey").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Records<'_> {
    /// Creates a key.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when a key of that name exists.
    pub async fn create_key(&mut self, key: &NewKey, now: Moment) -> Result<AccessKey, StoreError> {
        let name = checked_name("key", &key.name)?;
        let named = |count: usize, what: &str| {
            let most = limits::MOST_NAMED;
            let error = || StoreError::Invalid(format!("The key names {count} {what}, and {most} is the most."));
            if count > most { Err(error()) } else { Ok(()) }
        };
        named(key.users.len(), "users")?;
        if let Allowed::Only(sites) = &key.sites {
            named(sites.len(), "sites")?;
        }
        if let Allowed::Only(commands) = &key.commands {
            named(commands.len(), "commands")?;
            commands.iter().try_for_each(|command| limits::NAME.check(command))?;
        }
        let commands = match &key.commands {
            Allowed::All => "[]".to_owned(),
            Allowed::Only(commands) => serde_json::Value::from(commands.clone()).to_string(),
        };
        let id: AccessKeyId = sqlx::query_scalar(
            "INSERT INTO keys (name, name_key, kind, public_part, secret, owner_id, every_site, every_command, commands,
                               may_manage, requires_expiry, expires_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             RETURNING id",
        )
        .bind(&name)
        .bind(name_key(&name))
        .bind(key.kind.as_str())
        .bind(&key.public_part)
        .bind(&key.secret)
        .bind(key.owner)
        .bind(i64::from(key.sites == Allowed::All))
        .bind(i64::from(key.commands == Allowed::All))
        .bind(commands)
        .bind(i64::from(key.may_manage))
        .bind(i64::from(key.requires_expiry))
        .bind(key.expires_at)
        .bind(now)
        .fetch_one(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "key", &name))?;
        if let Allowed::Only(sites) = &key.sites {
            for site in sites {
                sqlx::query("INSERT INTO key_sites (key_id, site_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                    .bind(id)
                    .bind(*site)
                    .execute(&mut *self.connection)
                    .await?;
            }
        }
        for user in &key.users {
            sqlx::query("INSERT INTO key_users (key_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(id)
                .bind(*user)
                .execute(&mut *self.connection)
                .await?;
        }
        self.key(&name).await
    }

    /// The key of that name, in any state.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn key(&mut self, name: &str) -> Result<AccessKey, StoreError> {
        let found = self.read_keys(Some(name)).await?.pop();
        found.map(|stored| stored.key).ok_or_else(|| StoreError::not_found("key", name))
    }

    /// All keys with their stored secrets, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn stored_keys(&mut self) -> Result<Vec<StoredKey>, StoreError> {
        self.read_keys(None).await
    }

    /// All keys, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keys(&mut self) -> Result<Vec<AccessKey>, StoreError> {
        Ok(self.read_keys(None).await?.into_iter().map(|stored| stored.key).collect())
    }

    /// Revokes a key for good. A key that was revoked before stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn revoke_key(&mut self, name: &str, now: Moment) -> Result<AccessKey, StoreError> {
        let key = self.found_key("keys", name).await?;
        sqlx::query("UPDATE keys SET revoked_at = $1 WHERE name_key = $2 AND revoked_at IS NULL")
            .bind(now)
            .bind(key)
            .execute(&mut *self.connection)
            .await?;
        self.key(name).await
    }

    /// Records that a key was used at `at`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn touch_key(&mut self, id: AccessKeyId, at: Moment) -> Result<(), StoreError> {
        sqlx::query("UPDATE keys SET last_used_at = $1 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $1)")
            .bind(at)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    async fn read_keys(&mut self, name: Option<&str>) -> Result<Vec<StoredKey>, StoreError> {
        let key = match name {
            Some(name) => Some(self.found_key("keys", name).await?),
            None => None,
        };
        let which = if key.is_some() { "WHERE name_key = $1" } else { "" };
        let sql = format!(
            "SELECT id, name, kind, public_part, owner_id, every_site, every_command, commands, may_manage,
                    requires_expiry, expires_at, revoked_at, last_used_at, created_at, secret
             FROM keys {which} ORDER BY name_key"
        );
        let mut query = sqlx::query_as::<_, AccessKeyRow>(sqlx::AssertSqlSafe(sql));
        if let Some(key) = key {
            query = query.bind(key);
        }
        let rows = query.fetch_all(&mut *self.connection).await?;
        let mut keys: Vec<StoredKey> = rows.into_iter().map(StoredKey::from).collect();
        // A key has few sites and users, and the host reads keys again only when one has changed.
        let sites = sqlx::query_as::<_, KeySite>("SELECT key_id, site_id FROM key_sites ORDER BY key_id, site_id");
        for KeySite { key_id, site_id } in sites.fetch_all(&mut *self.connection).await? {
            let key = keys.iter_mut().map(|stored| &mut stored.key).find(|key| key.id == key_id);
            if let Some(Allowed::Only(sites)) = key.map(|key| &mut key.sites) {
                sites.push(site_id);
            }
        }
        let users = sqlx::query_as::<_, KeyUser>("SELECT key_id, user_id FROM key_users ORDER BY key_id, user_id");
        for KeyUser { key_id, user_id } in users.fetch_all(&mut *self.connection).await? {
            if let Some(stored) = keys.iter_mut().find(|stored| stored.key.id == key_id) {
                stored.key.users.push(user_id);
            }
        }
        Ok(keys)
    }
}

struct AccessKeyRow {
    id: AccessKeyId,
    name: String,
    kind: KeyKind,
    public_part: String,
    owner_id: UserId,
    every_site: bool,
    every_command: bool,
    commands: Json<Vec<String>>,
    may_manage: bool,
    requires_expiry: bool,
    expires_at: Option<Moment>,
    revoked_at: Option<Moment>,
    last_used_at: Option<Moment>,
    created_at: Moment,
    secret: String,
}

from_row! {
    AccessKeyRow: id, name, kind, public_part, owner_id, every_site as Flag, every_command as Flag, commands,
        may_manage as Flag, requires_expiry as Flag, expires_at, revoked_at, last_used_at, created_at, secret,
}

/// A site on which a key works.
struct KeySite {
    key_id: AccessKeyId,
    site_id: SiteId,
}

from_row! { KeySite: key_id, site_id }

/// A user besides its owner who may use a key.
struct KeyUser {
    key_id: AccessKeyId,
    user_id: UserId,
}

from_row! { KeyUser: key_id, user_id }

struct SealedKeyRow {
    id: AccessKeyId,
    secret: Vec<u8>,
}

from_row! { SealedKeyRow: id, secret as Sealed }

impl From<AccessKeyRow> for StoredKey {
    fn from(row: AccessKeyRow) -> Self {
        let key = AccessKey {
            id: row.id,
            name: row.name,
            kind: row.kind,
            public_part: row.public_part,
            owner: row.owner_id,
            users: Vec::new(),
            sites: if row.every_site { Allowed::All } else { Allowed::Only(Vec::new()) },
            commands: if row.every_command { Allowed::All } else { Allowed::Only(row.commands.0) },
            may_manage: row.may_manage,
            requires_expiry: row.requires_expiry,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
            created_at: row.created_at,
        };
        Self { key, secret: row.secret }
    }
}

/// The secrets of JWT keys, for a rotation of the sealing key.
#[derive(Debug)]
pub struct KeySecrets;

#[async_trait]
impl SealedPlace for KeySecrets {
    async fn sealed_by_others(
        &self,
        records: &mut Records<'_>,
        current: KeyId,
        limit: i64,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        // There are few keys. Which sealing key sealed a secret is read from the secret itself.
        let query = sqlx::query_as::<_, SealedKeyRow>("SELECT id, secret FROM keys WHERE kind = 'jwt' ORDER BY id");
        let rows = query.fetch_all(&mut *records.connection).await?;
        let others = rows.into_iter().filter(|row| KeyId::of(&row.secret) != Some(current));
        let secret = |row: SealedKeyRow| SealedSecret {
            context: JWT_SECRET_CONTEXT.to_owned(),
            sealed: row.secret,
            row: vec![row.id.to_string()],
        };
        Ok(others.take(usize::try_from(limit).unwrap_or_default()).map(secret).collect())
    }

    async fn replace(
        &self,
        records: &mut Records<'_>,
        old: &SealedSecret,
        sealed: &[u8],
        _key: KeyId,
    ) -> Result<(), StoreError> {
        let [id] = old.row.as_slice() else { return Ok(()) };
        let id: i64 = id.parse().map_err(|_| StoreError::Unreadable("the number of a key".to_owned()))?;
        sqlx::query("UPDATE keys SET secret = $1 WHERE id = $2 AND secret = $3")
            .bind(encoded(sealed))
            .bind(id)
            .bind(encoded(&old.sealed))
            .execute(&mut *records.connection)
            .await?;
        Ok(())
    }
}
