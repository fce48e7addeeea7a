//! The call of a followed run, as the store keeps it sealed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use soar_connector::{Invocation, RawParameters};
use soar_store::model::{Connection, ParameterState};

/// What a question about the work needs of the call that started it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FollowedCall {
    /// The parameters of the call.
    pub(super) parameters: RawParameters,
    /// The connection's settings at the start, except secrets. A token is not asked about elsewhere.
    settings: BTreeMap<String, String>,
}

impl FollowedCall {
    pub(super) fn of(connection: &Connection, invocation: &Invocation) -> Result<Self, serde_json::Error> {
        let parameters = serde_json::from_value(serde_json::to_value(invocation.parameters())?)?;
        Ok(Self { parameters, settings: settings(connection) })
    }

    /// The names of the settings that were changed since the start.
    pub(super) fn changed(&self, connection: &Connection) -> Vec<String> {
        let now = settings(connection);
        let names = self.settings.keys().chain(now.keys().filter(|name| !self.settings.contains_key(*name)));
        names.filter(|name| self.settings.get(*name) != now.get(*name)).cloned().collect()
    }
}

fn settings(connection: &Connection) -> BTreeMap<String, String> {
    let plain = connection.parameters.iter().filter_map(|parameter| match &parameter.value {
        ParameterState::Plain(value) => Some((parameter.name.clone(), value.clone())),
        ParameterState::Sealed | ParameterState::Reference(_) => None,
    });
    plain.collect()
}
