//! Resolves a connection: its settings with the secrets opened and fetched, and its agent.

use secrecy::SecretString;
use soar_connector::name::quoted;
use soar_connector::{Plugin, Redactor, SettingValues};
use soar_store::model::Connection;
use soar_store::{ConnectionFilter, StoreError, StoredAgent, StoredParameter, StoredValue, agent_sealing_context};

use super::parameters::open;
use super::service::Connections;
use super::{agent, certificates};
use crate::sealing::SealError;

/// The settings of a connection with its secrets, ready to build a connector.
pub(crate) struct Resolved {
    pub(crate) values: SettingValues,
    /// The secrets, to find out whether a secret in a vault has changed.
    pub(crate) secrets: Vec<(String, SecretString)>,
    /// Masks the secrets.
    pub(crate) redactor: Redactor,
    /// Whether a secret is in a vault, where it can change.
    pub(crate) has_references: bool,
}

impl Connections {
    /// The settings of a connection with its secrets opened or fetched, and with the proxy settings of its agent. The
    /// error contains no value.
    pub(crate) async fn resolve(
        &self,
        connection: &Connection,
        plugin: &dyn Plugin,
        agent: Option<&StoredAgent>,
    ) -> Result<Resolved, String> {
        let id = connection.id;
        let stored = async {
            let mut reader = self.store.reader().await?;
            Ok::<_, StoreError>(reader.records().connection_parameters(ConnectionFilter::Id(id)).await?.remove(&id))
        };
        let stored = stored.await.map_err(|error| {
            tracing::error!(connection = id.0, %error, "a connection's parameters could not be read");
            "Its parameters could not be read from the store. The host's log has the cause.".to_owned()
        })?;
        self.resolve_from(connection, plugin, agent, stored.unwrap_or_default()).await
    }

    /// The same from these parameters of the connection.
    pub(crate) async fn resolve_from(
        &self,
        connection: &Connection,
        plugin: &dyn Plugin,
        agent: Option<&StoredAgent>,
        stored: Vec<StoredParameter>,
    ) -> Result<Resolved, String> {
        let (id, connector) = (connection.id, &plugin.manifest().connector);
        let (mut given, mut secrets) = (Vec::new(), Vec::new());
        let (mut redactor, mut has_references) = (Redactor::default(), false);
        for StoredParameter { name, value } in stored {
            let secret = match value {
                StoredValue::Plain(value) => {
                    certificates::must_be_readable(connector, &name, &value, connection)?;
                    given.push((name, SecretString::from(value)));
                    continue;
                }
                StoredValue::Sealed(sealed) => {
                    open(&self.keyring, id, &name, &sealed).map_err(|error| format!("{name}: {error}"))?
                }
                StoredValue::Reference(reference) => {
                    has_references = true;
                    self.vault.fetch(&reference).await.map_err(|error| format!("{name}: {error}"))?
                }
            };
            redactor.add(&secret);
            secrets.push((name.clone(), secret.clone()));
            given.push((name, secret));
        }
        if let Some(agent) = agent {
            let proxy = agent::proxy_of(connector)?;
            if let Some((own, _)) = given.iter().find(|(name, _)| proxy.names().any(|one| one == name)) {
                return Err(format!("{own}: {}", agent::two_proxies(&agent.agent.name)));
            }
            let secret = self.agent_secret(agent).await?;
            if let Some(secret) = &secret {
                redactor.add(secret);
                secrets.push((proxy.password.clone(), secret.clone()));
            }
            has_references |= matches!(agent.secret, Some(StoredValue::Reference(_)));
            given.extend(agent::values(proxy, agent, secret));
        }
        let values =
            SettingValues::parse(connector, given).map_err(|error| redactor.clean(&error.to_string()).into_owned())?;
        Ok(Resolved { values, secrets, redactor, has_references })
    }

    /// The agent that the connection uses.
    ///
    /// # Errors
    /// The reason for which the connection cannot use its agent.
    pub(crate) async fn agent_of(&self, connection: &Connection) -> Result<Option<StoredAgent>, String> {
        let Some(name) = connection.agent_name.as_deref() else { return Ok(None) };
        let found = async { self.store.reader().await?.records().find_agent(name).await };
        let found = found.await.map_err(|error: StoreError| {
            tracing::error!(connection = connection.id.0, %error, "the agent of a connection could not be read");
            "Its agent could not be read from the store. The host's log has the cause.".to_owned()
        })?;
        match agent::unusable(name, found.as_ref().map(|found| &found.agent), &connection.place) {
            Some(why) => Err(why),
            None => Ok(found),
        }
    }

    /// The secret of an agent, opened or fetched.
    ///
    /// # Errors
    /// The problem, without the secret.
    pub(crate) async fn agent_secret(&self, agent: &StoredAgent) -> Result<Option<SecretString>, String> {
        let name = quoted(&agent.agent.name);
        let about_secret = |problem: String| format!("The secret of the agent {name}: {problem}");
        match &agent.secret {
            None => Ok(None),
            Some(StoredValue::Plain(value)) => Ok(Some(SecretString::from(value.as_str()))),
            Some(StoredValue::Sealed(sealed)) => {
                let context = agent_sealing_context(agent.agent.id);
                let opened = self.keyring.open(&context, sealed).map_err(|error| about_secret(error.to_string()))?;
                let text = std::str::from_utf8(&opened).map_err(|_| about_secret(SealError::Altered.to_string()))?;
                Ok(Some(SecretString::from(text)))
            }
            Some(StoredValue::Reference(reference)) => {
                self.vault.fetch(reference).await.map(Some).map_err(|error| about_secret(error.to_string()))
            }
        }
    }
}
