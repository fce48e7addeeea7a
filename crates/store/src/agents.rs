//! Proxy agents in the store. Their secrets are sealed, or are references to secrets elsewhere.

use super::columns::{decoded, encoded, from_row};
use super::sealed_column::SealedColumn;
use super::{Records, StoreError, StoredValue};
use crate::model::name::{name_key, same_name};
use crate::model::{Agent, AgentId, ConnectionId, KeyId, Moment, NamedSite, ParameterState, SiteId, Version};

/// An agent to be made or changed, which the host has checked.
#[derive(Debug, Clone)]
pub struct NewAgent {
    /// Its name.
    pub name: String,
    /// The only site whose connections may go through it. `None` for all sites.
    pub site: Option<SiteId>,
    /// The address of the proxy.
    pub address: String,
    /// The user name for the proxy.
    pub user_name: Option<String>,
    /// Its description.
    pub description: String,
}

/// An agent with its secret as the store keeps it: sealed, or a reference.
#[derive(Debug, Clone)]
pub struct StoredAgent {
    /// The agent.
    pub agent: Agent,
    /// Its secret. Never [`StoredValue::Plain`].
    pub secret: Option<StoredValue>,
}

/// A connection and the agent that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentUse {
    /// The connection's id.
    pub id: ConnectionId,
    /// The connection's name.
    pub connection: String,
    /// The connection's site. `None` where it is shared to internal sites.
    pub site_id: Option<SiteId>,
    /// The name of that site.
    pub site: Option<String>,
    /// The agent's name, as the connection spells it.
    pub agent_name: String,
}

from_row! { AgentUse: id, connection, site_id, site, agent_name }

struct AgentRow {
    id: AgentId,
    name: String,
    site_id: Option<SiteId>,
    site_name: Option<String>,
    address: String,
    user_name: Option<String>,
    description: String,
    secret_kind: Option<String>,
    secret: Option<String>,
    version: Version,
    created_at: Moment,
    modified_at: Moment,
}

from_row! {
    AgentRow: id, name, site_id, site_name, address, user_name, description, secret_kind, secret, version, created_at,
        modified_at,
}

impl TryFrom<AgentRow> for StoredAgent {
    type Error = StoreError;

    fn try_from(row: AgentRow) -> Result<Self, StoreError> {
        let secret = match (row.secret_kind.as_deref(), row.secret) {
            (Some("Reference"), Some(place)) => {
                Some(StoredValue::Reference(place.parse().map_err(StoreError::Unreadable)?))
            }
            (_, Some(sealed)) => Some(StoredValue::Sealed(decoded(&sealed)?)),
            (_, None) => None,
        };
        let agent = Agent {
            id: row.id,
            name: row.name,
            site: row.site_id.zip(row.site_name).map(|(id, name)| NamedSite { id, name }),
            address: row.address,
            user_name: row.user_name,
            secret: secret.as_ref().map(|secret| match secret {
                StoredValue::Reference(reference) => ParameterState::Reference(reference.clone()),
                StoredValue::Sealed(_) | StoredValue::Plain(_) => ParameterState::Sealed,
            }),
            description: row.description,
            version: row.version,
            created_at: row.created_at,
            modified_at: row.modified_at,
        };
        Ok(Self { agent, secret })
    }
}

/// The context that an agent's secret is sealed with.
#[must_use]
pub fn agent_sealing_context(agent: AgentId) -> String {
    format!("agent/{agent}")
}

const SELECT: &str = "SELECT a.id, a.name, a.site_id, s.name AS site_name, a.address, a.user_name, a.description,
                             a.secret_kind, a.secret, a.version, a.created_at, a.modified_at
                      FROM agents a LEFT JOIN sites s ON s.id = a.site_id";

/// An agent that connections of a place name.
struct NamedAgent {
    agent_name: String,
    place: SiteId,
}

from_row! { NamedAgent: agent_name, place }

impl Records<'_> {
    /// Creates an agent without a secret.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when an agent of that name exists.
    pub async fn create_agent(&mut self, new: &NewAgent, now: Moment) -> Result<AgentId, StoreError> {
        sqlx::query_scalar(
            "INSERT INTO agents (name, name_key, site_id, address, user_name, description, version, created_at,
                                 modified_at)
             VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7) RETURNING id",
        )
        .bind(&new.name)
        .bind(name_key(&new.name))
        .bind(new.site)
        .bind(&new.address)
        .bind(new.user_name.as_deref())
        .bind(&new.description)
        .bind(now)
        .fetch_one(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "agent", &new.name))
    }

    /// Writes all fields of an agent except its secret, and raises its version.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when another agent has the name.
    pub async fn change_agent(&mut self, id: AgentId, new: &NewAgent, now: Moment) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE agents SET name = $1, name_key = $2, site_id = $3, address = $4, user_name = $5, description = $6,
                               version = version + 1, modified_at = $7
             WHERE id = $8",
        )
        .bind(&new.name)
        .bind(name_key(&new.name))
        .bind(new.site)
        .bind(&new.address)
        .bind(new.user_name.as_deref())
        .bind(&new.description)
        .bind(now)
        .bind(id)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "agent", &new.name))?;
        Ok(())
    }

    /// Sets or removes an agent's secret. The secret is sealed or a reference, never plain.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a plain secret.
    pub async fn set_agent_secret(&mut self, id: AgentId, secret: Option<&StoredValue>) -> Result<(), StoreError> {
        let (kind, value, key) = match secret {
            None => (None, None, None),
            Some(StoredValue::Sealed(sealed)) => {
                (Some("Sealed"), Some(encoded(sealed)), KeyId::of(sealed).map(|key| key.to_string()))
            }
            Some(StoredValue::Reference(reference)) => (Some("Reference"), Some(reference.to_string()), None),
            Some(StoredValue::Plain(_)) => {
                return Err(StoreError::Invalid("An agent's secret must be sealed or a reference.".to_owned()));
            }
        };
        sqlx::query("UPDATE agents SET secret_kind = $1, secret = $2, sealing_key = $3 WHERE id = $4")
            .bind(kind)
            .bind(value)
            .bind(key)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Deletes an agent and its secret.
    pub async fn delete_agent(&mut self, id: AgentId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM agents WHERE id = $1").bind(id).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// All agents, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn agents(&mut self) -> Result<Vec<Agent>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY a.name_key"));
        let rows = sqlx::query_as::<_, AgentRow>(sql).fetch_all(&mut *self.connection).await?;
        rows.into_iter().map(|row| Ok(StoredAgent::try_from(row)?.agent)).collect()
    }

    /// The agent of that name, if it exists.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn find_agent(&mut self, name: &str) -> Result<Option<StoredAgent>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE a.name_key = $1"));
        let query = sqlx::query_as::<_, AgentRow>(sql).bind(name_key(name));
        query.fetch_optional(&mut *self.connection).await?.map(StoredAgent::try_from).transpose()
    }

    /// Locks the agent of that name until the transaction ends. Without the lock a connection that is being saved could
    /// name an agent that another transaction removes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lock_agent(&mut self, name: &str) -> Result<(), StoreError> {
        let sql = format!("SELECT id FROM agents WHERE name_key = $1{}", self.engine.for_update());
        let query = sqlx::query_scalar::<_, AgentId>(sqlx::AssertSqlSafe(sql)).bind(name_key(name));
        query.fetch_optional(&mut *self.connection).await?;
        Ok(())
    }

    /// The agents that connections name, each with the connections' places.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn named_agents(&mut self) -> Result<Vec<(String, SiteId)>, StoreError> {
        let query = sqlx::query_as::<_, NamedAgent>(
            "SELECT DISTINCT agent_name, place FROM connections WHERE agent_name IS NOT NULL",
        );
        let rows = query.fetch_all(&mut *self.connection).await?;
        Ok(rows.into_iter().map(|row| (row.agent_name, row.place)).collect())
    }

    /// The connections that name an agent, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn agent_uses(&mut self) -> Result<Vec<AgentUse>, StoreError> {
        let query = sqlx::query_as(
            "SELECT c.id, c.name AS connection, c.site_id, s.name AS site, c.agent_name FROM connections c
             LEFT JOIN sites s ON s.id = c.site_id
             WHERE c.agent_name IS NOT NULL ORDER BY c.name_key, c.id",
        );
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}

impl AgentUse {
    /// Whether the connection names the agent of this name.
    #[must_use]
    pub fn names(&self, agent: &str) -> bool {
        same_name(&self.agent_name, agent)
    }
}

/// The agents' secrets, for a rotation of the sealing key.
pub(super) const AGENT_SECRETS: SealedColumn =
    SealedColumn { table: "agents", id: "id", column: "secret", context: |id| agent_sealing_context(AgentId(id)) };
