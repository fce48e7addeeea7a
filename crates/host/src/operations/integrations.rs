//! Operations on integrations and on the sealing key.

use std::sync::Arc;

use serde::Serialize;
use soar_connector::Plugin;
use soar_connector::manifest::Setting;
use soar_store::SEALED_PLACES;
use utoipa::ToSchema;

use super::{OperationError, Operations, RequestContext, Tried, boxed};
use crate::Refusal;
use crate::sealing::{Rotation, RotationError, rotate};

/// An integration.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// The integration's stable name, such as coda-footprint.
    pub id: String,
    /// The product's name.
    pub name: String,
    /// The product's vendor.
    pub vendor: String,
    /// The parameters of the integration's connections.
    pub parameters: Vec<IntegrationParameter>,
    /// The names of the integration's commands.
    pub commands: Vec<String>,
}

/// A parameter of an integration's connections.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationParameter {
    /// The parameter's name.
    pub name: String,
    /// The type of the value, such as url. See the connector's manifest.
    pub kind: String,
    /// Whether every connection needs the parameter.
    pub required: bool,
    /// Whether the value is a secret, which is sealed and never shown.
    pub secret: bool,
    /// The purpose of the parameter.
    pub description: String,
    /// The valid values of a choice.
    pub choices: Vec<String>,
    /// The smallest valid number.
    pub minimum: Option<i64>,
    /// The largest valid number.
    pub maximum: Option<i64>,
    /// An example of a valid value; for a secret, a placeholder.
    pub example: String,
}

impl Operations {
    /// All integrations.
    ///
    /// # Errors
    /// [`OperationError::NoConnectors`].
    pub fn list_integrations(&self) -> Result<Vec<Integration>, OperationError> {
        let plugins = self.connections()?.registry.plugins().iter();
        let integrations = plugins.map(|plugin| {
            let manifest = plugin.manifest();
            let connector = &manifest.connector;
            Integration {
                id: connector.id.clone(),
                name: connector.name.clone(),
                vendor: connector.vendor.clone(),
                parameters: connector.settings.iter().map(parameter).collect(),
                commands: manifest.commands.iter().map(|command| command.name.clone()).collect(),
            }
        });
        Ok(integrations.collect())
    }

    /// The plugin of an integration, with its manifest. `name` is the integration's stable name or its product's name.
    ///
    /// # Errors
    /// [`OperationError`] when there is no such integration.
    pub fn integration(&self, name: &str) -> Result<Arc<dyn Plugin>, OperationError> {
        Ok(self.connections()?.registry.named(name)?)
    }

    /// Creates a new sealing key, seals every secret with it, and deletes the old key.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator. Secrets that were sealed again stay sealed with the
    /// new key.
    #[boxed]
    pub async fn rotate_sealing_key(&self, context: &RequestContext) -> Result<Tried<Rotation>, OperationError> {
        context.must_administer()?;
        let keyring = &self.connections()?.keyring;
        let rotation = rotate(&self.store, keyring, SEALED_PLACES, self.now()).await.map_err(|error| match error {
            RotationError::Store(error) => Refusal::Store(error),
            error => Refusal::Because(error.to_string()),
        })?;
        let about = format!("{} is current, {} secrets were sealed again", rotation.current, rotation.resealed);
        Ok(Tried { value: rotation, about, site: String::new() })
    }
}

fn parameter(setting: &Setting) -> IntegrationParameter {
    let kind = serde_json::to_value(setting.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
    IntegrationParameter {
        name: setting.name.clone(),
        kind: kind.unwrap_or_default(),
        required: setting.required,
        secret: setting.secret,
        description: setting.description.clone(),
        choices: setting.choices.clone(),
        minimum: setting.minimum,
        maximum: setting.maximum,
        example: setting.example.clone(),
    }
}
