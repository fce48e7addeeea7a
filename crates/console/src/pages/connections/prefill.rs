//! The texts of a connection in the fields of its form. No secret is among them.

use std::collections::BTreeMap;

use soar_connector::manifest::ConnectorManifest;
use soar_connector::name::normalised;
use soar_store::model::{Connection, ConnectionSites, HealthCheck, ParameterState};

/// The name of the field of a parameter.
pub(super) fn parameter(name: &str) -> String {
    format!("parameter.{}", normalised(name))
}

/// The name of the field of a reference to a secret.
pub(super) fn reference(name: &str) -> String {
    format!("reference.{}", normalised(name))
}

/// The name of the field that removes a stored secret.
pub(super) fn removed(name: &str) -> String {
    format!("remove.{}", normalised(name))
}

/// The texts of a connection by the names of the form's fields.
#[derive(Debug, Default)]
pub(super) struct Prefill(BTreeMap<String, String>);

impl Prefill {
    /// The texts of a new connection.
    pub(super) fn new() -> Self {
        let mut texts = Self::default();
        texts.set("active", "yes");
        texts.set("alert-after", HealthCheck::ALERT_AFTER.to_string());
        texts.set("recover-after", HealthCheck::RECOVER_AFTER.to_string());
        texts.set("slow-ms", HealthCheck::SLOW_MS.to_string());
        texts
    }

    /// The texts of a connection.
    pub(super) fn of(connection: &Connection, connector: &ConnectorManifest) -> Self {
        let mut texts = Self::new();
        texts.set("name", &connection.name);
        texts.set("site", connection.place.name());
        if let ConnectionSites::SharedToInternalSites { recipient: Some(site) } = &connection.place {
            texts.set("recipient-site", &site.name);
        }
        texts.set("agent-name", connection.agent_name.as_deref().unwrap_or_default());
        texts.set("description", &connection.description);
        texts.set("tenant", connection.tenant.as_deref().unwrap_or_default());
        let users: Vec<_> = connection.users.iter().map(|(_, name)| name.as_str()).collect();
        texts.set("users", users.join("\n"));
        texts.set("active", if connection.active { "yes" } else { "" });
        if let Some(check) = &connection.health_check {
            texts.set("health-check-minutes", check.every_minutes.to_string());
            texts.set("health-check-email", check.email.as_deref().unwrap_or_default());
            texts.set("health-check-webhooks", check.webhooks.join("\n"));
            texts.set("alert-after", check.alert_after.to_string());
            texts.set("recover-after", check.recover_after.to_string());
            texts.set("slow-ms", check.slow_ms.to_string());
        }
        for setting in &connector.settings {
            let known = connection.parameters.iter().find(|one| one.name == setting.name);
            match known.map(|one| &one.value) {
                Some(ParameterState::Plain(value)) => texts.set(parameter(&setting.name), value),
                Some(ParameterState::Reference(place)) => texts.set(reference(&setting.name), place.to_string()),
                Some(ParameterState::Sealed) | None => {}
            }
        }
        texts
    }

    fn set(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.0.insert(name.into(), text.into());
    }

    /// The text of a field.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}
