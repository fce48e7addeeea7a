//! The connection that the form describes.

use std::collections::BTreeMap;

use soar_connector::manifest::ConnectorManifest;
use soar_host::connections::{ConnectionChange, ConnectionDraft, GivenValue};
use soar_store::model::SHARED;

use super::prefill::{parameter, reference, removed};
use crate::parts::{version_of, with_line_feeds};
use crate::visit::Form;

/// The name of a connection that is tested before it has a name.
const UNNAMED: &str = "A connection without a name yet";

/// The connection of a form. Notes numbers and references that cannot be read at their fields.
pub(super) fn draft(form: &mut Form, connector: &ConnectorManifest) -> ConnectionDraft {
    let name = match form.text("do") {
        "test" if form.text("name").is_empty() => UNNAMED.to_owned(),
        _ => form.required("name", "Connection Name"),
    };
    let site = form.required("site", "Site");
    let recipient = optional(form, "recipient-site");
    ConnectionDraft {
        integration: connector.id.clone(),
        name,
        recipient_site: if site == SHARED { recipient } else { None },
        site,
        agent_name: optional(form, "agent-name"),
        description: with_line_feeds(form.text("description")),
        tenant: optional(form, "tenant"),
        active: form.is_checked("active"),
        users: form.items("users"),
        health_check_minutes: number(form, "health-check-minutes"),
        health_check_email: optional(form, "health-check-email"),
        health_check_webhooks: form.items("health-check-webhooks"),
        health_check_alert_after: number(form, "alert-after"),
        health_check_recover_after: number(form, "recover-after"),
        health_check_slow_ms: number(form, "slow-ms"),
        parameters: parameters(form, connector),
    }
}

/// The change that makes a connection what the form describes.
pub(super) fn change(form: &mut Form, connector: &ConnectorManifest) -> ConnectionChange {
    let version = version_of(form);
    let draft = draft(form, connector);
    ConnectionChange {
        version,
        name: Some(draft.name),
        site: Some(draft.site),
        recipient_site: Some(draft.recipient_site),
        agent_name: Some(draft.agent_name),
        description: Some(draft.description),
        tenant: Some(draft.tenant),
        active: Some(draft.active),
        users: Some(draft.users),
        health_check_minutes: Some(draft.health_check_minutes),
        health_check_email: Some(draft.health_check_email),
        health_check_webhooks: Some(draft.health_check_webhooks),
        health_check_alert_after: draft.health_check_alert_after,
        health_check_recover_after: draft.health_check_recover_after,
        health_check_slow_ms: draft.health_check_slow_ms,
        parameters: draft.parameters,
    }
}

fn parameters(form: &mut Form, connector: &ConnectorManifest) -> BTreeMap<String, GivenValue> {
    let mut given = BTreeMap::new();
    for setting in &connector.settings {
        let name = setting.name.clone();
        if !setting.secret {
            given.insert(name, GivenValue::text(&with_line_feeds(form.text(&parameter(&setting.name)))));
            continue;
        }
        let place = form.text(&reference(&setting.name)).to_owned();
        let secret = form.secret(&parameter(&setting.name));
        let is_typed = !secrecy::ExposeSecret::expose_secret(&secret).is_empty();
        if form.is_checked(&removed(&setting.name)) {
            if is_typed || !place.is_empty() {
                let text = "Give a new value or remove the stored one, not both.";
                form.wrong(&parameter(&setting.name), text);
            }
            given.insert(name, GivenValue::Nothing);
        } else if is_typed {
            given.insert(name, GivenValue::Value(secret));
        } else if !place.is_empty() {
            match place.parse() {
                Ok(place) => drop(given.insert(name, GivenValue::Reference(place))),
                Err(problem) => form.wrong(&reference(&setting.name), format!("Not a place of a secret: {problem}.")),
            }
        }
    }
    given
}

fn optional(form: &Form, name: &str) -> Option<String> {
    let text = form.text(name);
    (!text.is_empty()).then(|| text.to_owned())
}

fn number(form: &mut Form, name: &str) -> Option<i64> {
    let text = form.text(name).to_owned();
    if text.is_empty() {
        return None;
    }
    let number = text.parse().ok();
    if number.is_none() {
        form.wrong(name, "Expected a whole number.");
    }
    number
}
