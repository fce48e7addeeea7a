//! The connections of the tools: the one of flags and environment, or else one for each profile.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use coda_footprint::FootprintPlugin;
use soar_connector::name::{quoted, suggestion};
use soar_connector::{Connector, Plugin as _};
use soar_mcp::Problem;

use crate::connection::{connect, flags::ConnectionFlags, profile_names, settings_in};
use crate::exit::WrongUse;

/// The name of a connection that no profile names.
const UNNAMED: &str = "default";

/// Connections by name. The connector of a profile is built at its first use.
#[derive(Debug)]
pub(super) struct ProfileConnections {
    plugin: FootprintPlugin,
    profile_file: Option<PathBuf>,
    connectors: Mutex<BTreeMap<String, Option<Arc<dyn Connector>>>>,
}

impl ProfileConnections {
    /// The connections. Nothing is sent yet.
    ///
    /// # Errors
    /// [`WrongUse`] when there is none.
    pub(super) fn new(plugin: &FootprintPlugin, flags: &ConnectionFlags) -> Result<Self> {
        let connectors = match connect(plugin, flags) {
            Ok(connector) => BTreeMap::from([(flags.profile().unwrap_or(UNNAMED).to_owned(), Some(connector))]),
            Err(error) if flags.name_connection() => return Err(error),
            Err(error) => {
                let names = profile_names(flags.profile_file());
                if names.is_empty() {
                    return Err(WrongUse(format!("There is no profile either.\n\n{error}")).into());
                }
                names.into_iter().map(|name| (name, None)).collect()
            }
        };
        Ok(Self { plugin: plugin.clone(), profile_file: flags.profile_file(), connectors: Mutex::new(connectors) })
    }

    /// The id of the connector.
    pub(super) fn integration(&self) -> &str {
        &self.plugin.manifest().connector.id
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.connectors.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// The connector of exactly this name.
    pub(super) fn connector(&self, name: &str) -> Result<Arc<dyn Connector>, Problem> {
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        if !connectors.contains_key(name) {
            let near = suggestion(name, connectors.keys().map(String::as_str));
            return Err(Problem::no_connection(format!("There is no connection {}.{near}", quoted(name))));
        }
        if let Some(Some(connector)) = connectors.get(name) {
            return Ok(Arc::clone(connector));
        }
        let settings = settings_in(&self.plugin, &[], Some(name), self.profile_file.as_deref());
        let connector = settings.and_then(|settings| Ok(self.plugin.build(&settings)?)).map_err(|error| {
            let cause = "The profile cannot be used.";
            Problem::new("invalid-settings", error.to_string(), cause, "Correct the profile as the message says.")
        })?;
        connectors.insert(name.to_owned(), Some(Arc::clone(&connector)));
        Ok(connector)
    }
}
