//! The integrations that are compiled in.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use coda_footprint::FootprintPlugin;
use soar_connector::Plugin;
use soar_host::plugins::PluginRegistry;

use super::refused;
use crate::exit::WrongUse;

/// The integrations that are compiled in.
pub(crate) fn registry() -> Result<PluginRegistry> {
    let plugins: Vec<Arc<dyn Plugin>> = vec![Arc::new(FootprintPlugin::new()?)];
    PluginRegistry::new(plugins, &[]).map_err(|error| anyhow!(error))
}

/// The integration of this name. Without a name, the only integration.
///
/// # Errors
/// [`WrongUse`] with the nearest name and all valid names.
pub(crate) fn integration(named: Option<&str>) -> Result<Arc<dyn Plugin>> {
    let registry = registry()?;
    match (named, registry.plugins()) {
        (Some(name), _) => registry.named(name).map_err(refused),
        (None, [only]) => Ok(Arc::clone(only)),
        (None, several) => {
            let valid: Vec<_> = several.iter().map(|plugin| plugin.manifest().connector.id.as_str()).collect();
            let text = format!("Which integration? Name one with --integration: {}.", valid.join(", "));
            Err(WrongUse(text).into())
        }
    }
}
