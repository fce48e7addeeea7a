//! The certificates that a connection trusts. The connection stores them as PEM text. The host opens no file for a
//! caller, which may be remote: the terminal reads a file where its path is typed. Older connections have paths.

use soar_connector::manifest::{ConnectorManifest, SettingType};
use soar_connector::name::quoted;
use soar_connector::{certificates_in, is_pem};
use soar_store::model::{Connection, ParameterState};
use soar_store::{ConnectionFilter, Records, StoreError, StoredParameter, StoredValue};

use crate::plugins::PluginRegistry;

/// The longest PEM text, in bytes. All authorities of an operating system take about 256 KiB.
const LONGEST: usize = 512 * 1024;

/// A connection that still has the path of a file with certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPath {
    /// The connection's name.
    pub connection: String,
    /// The connection's site, or `Shared to internal sites`.
    pub place: String,
    /// The parameter, such as `CA File`.
    pub parameter: String,
    /// The path.
    pub path: String,
    /// Whether a master sent the connection. The host does not open the file then.
    pub is_received: bool,
}

/// The value to store for given certificates: the PEM text, or a path that is stored already. A path from a master
/// names a file on the master.
pub(super) fn kept(setting: &str, given: &str, kept: &[StoredParameter], is_received: bool) -> Result<String, String> {
    if given.len() > LONGEST {
        return Err(format!(
            "It is longer than {} KiB. Give only the certificates of the authorities that the server needs.",
            LONGEST / 1024
        ));
    }
    if is_pem(given) {
        return certificates_in(given.as_bytes()).map(|pem| pem.trim().to_owned()).map_err(|why| format!("It {why}"));
    }
    let is_kept =
        |one: &StoredParameter| one.name == setting && matches!(&one.value, StoredValue::Plain(path) if path == given);
    if is_received {
        return Err(format!(
            "The master sent the path {} instead of the certificates, and this host does not open it. Update the \
             master, or give the certificates there as PEM text.",
            quoted(given)
        ));
    }
    if kept.iter().any(is_kept) {
        return Ok(given.to_owned());
    }
    Err(format!(
        "Expected certificates in PEM form, which begin with -----BEGIN CERTIFICATE-----. The host opens no file for a \
         caller. Send the content of the file. At the terminal, --param \"{setting}=PATH\" reads the file."
    ))
}

/// Refuses to open a file whose path came from another host.
///
/// # Errors
/// The cure.
pub(super) fn must_be_readable(
    connector: &ConnectorManifest,
    name: &str,
    value: &str,
    connection: &Connection,
) -> Result<(), String> {
    match &connection.owner {
        Some(owner) if is_path(connector, name, value) => Err(format!(
            "{name}: The path {} was typed on the master {owner}, so this host does not open it. Sync the connection \
             again: the master sends the certificates themselves.",
            quoted(value)
        )),
        _ => Ok(()),
    }
}

/// Whether a parameter's value is the path of a file with certificates.
pub(crate) fn is_path(connector: &ConnectorManifest, name: &str, value: &str) -> bool {
    connector.setting(name).is_some_and(|setting| setting.kind == SettingType::Certificates) && !is_pem(value)
}

/// Reads the certificates at a path of an older connection of this host.
///
/// # Errors
/// The reason for which they cannot be read: the end of a sentence that begins with the parameter's name.
pub(crate) async fn read(path: &str) -> Result<String, String> {
    let shown = quoted(path);
    let unread = |error: std::io::Error| format!("{shown} cannot be read ({error}).");
    let metadata = tokio::fs::metadata(path).await.map_err(unread)?;
    // A device or a pipe may be endless.
    if !metadata.is_file() || metadata.len() > LONGEST as u64 {
        return Err(format!("{shown} is no file, or is larger than {} KiB.", LONGEST / 1024));
    }
    let pem = tokio::fs::read(path).await.map_err(unread)?;
    certificates_in(&pem).map(|pem| pem.trim().to_owned()).map_err(|why| format!("{shown} {why}"))
}

/// The connections that have the path of a file with certificates, by name.
///
/// # Errors
/// [`StoreError`].
pub async fn kept_paths(records: &mut Records<'_>, registry: &PluginRegistry) -> Result<Vec<KeptPath>, StoreError> {
    let mut paths = Vec::new();
    for connection in records.connections(ConnectionFilter::All).await? {
        let Ok(plugin) = registry.named(&connection.integration) else { continue };
        for parameter in &connection.parameters {
            let ParameterState::Plain(value) = &parameter.value else { continue };
            if is_path(&plugin.manifest().connector, &parameter.name, value) {
                paths.push(KeptPath {
                    connection: connection.name.clone(),
                    place: connection.place.name().to_owned(),
                    parameter: parameter.name.clone(),
                    path: value.clone(),
                    is_received: connection.owner.is_some(),
                });
            }
        }
    }
    Ok(paths)
}
