//! Integrations: what connections can be made to, which parameters those take, and the keys that seal their secrets.

use serde::Serialize;
use soar_connector::manifest::Setting;
use soar_store::SEALED_PLACES;
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, Managed, Operation, Outside, Run, described, described_list};
use crate::sealing::{Rotation, RotationError, rotate};

/// An integration that is compiled in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Integration {
    /// Its stable name, such as coda-footprint.
    id: String,
    /// The product's name.
    name: String,
    /// Who makes the product.
    vendor: String,
    /// The parameters of its connections.
    parameters: Vec<IntegrationParameter>,
    /// The names of its commands.
    commands: Vec<String>,
}

/// A parameter of an integration's connections.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct IntegrationParameter {
    name: String,
    /// Such as url; see the connector's manifest.
    kind: String,
    /// Whether no connection works without it.
    required: bool,
    /// Whether it is sealed and never shown.
    secret: bool,
    /// What it is for.
    description: String,
    /// The valid values of a choice.
    choices: Vec<String>,
    /// The smallest valid number.
    minimum: Option<i64>,
    /// The largest valid number.
    maximum: Option<i64>,
    /// A valid value; for a secret, one that is none.
    example: String,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/integrations",
            id: "listIntegrations",
            summary: "All integrations that are compiled in, with the parameters that their connections take",
            query: &[],
            body: None,
            status: 200,
            answer: described_list::<Integration>,
            run: Run::Inside(|managed| Box::pin(async move { list(&managed) })),
        },
        Operation {
            method: "post",
            path: "/sealing-keys/rotate",
            id: "rotateSealingKey",
            summary: "Make a new sealing key, seal every secret with it, and drop the old one; then copy the key file",
            query: &[],
            body: None,
            status: 200,
            answer: described::<Rotation>,
            run: Run::Outside(|managed| Box::pin(rotate_key(managed))),
        },
    ]
}

fn list(managed: &Managed<'_>) -> Result<Done, ManageError> {
    let plugins = managed.executor()?.registry().plugins().iter();
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
    Done::new(integrations.collect::<Vec<_>>(), "")
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

async fn rotate_key(managed: Outside<'_>) -> Result<Done, ManageError> {
    let connections = managed.executor()?.connections();
    let rotated = rotate(&managed.host.store, &connections.keyring, SEALED_PLACES, managed.now).await;
    let rotation = rotated.map_err(|error| match error {
        RotationError::Store(error) => ManageError::Store(error),
        error => ManageError::Refused(error.to_string()),
    })?;
    // The sealed secrets of JWT keys are remembered.
    if let Err(error) = managed.host.directory.refresh().await {
        tracing::warn!(%error, "resealed keys are noticed later, for the store does not answer");
    }
    let about = format!("{} is current, {} secrets were sealed again", rotation.current, rotation.resealed);
    Done::new(rotation, about)
}
