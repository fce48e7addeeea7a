//! The settings of an instance: `host.toml`, read as a whole before anything else.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use soar_connector::name::suggestion;
use soar_connector::{NoSecret, secret_in};
use soar_host::alerts::{AlertSettings, Couriers};
use soar_host::executor::ExecutorSettings;
use soar_host::sealing::Keyring;
use soar_host::settings::{HostSettings, StoreAddress};
use soar_host::vault::{Vault, VaultSettings};
use toml::{Table, Value};

use super::InstanceFolder;
use crate::exit::WrongUse;
use crate::printer::Printer;

/// The environment variable for the store's address. It overrides the settings.
pub(crate) const STORE_VARIABLE: &str = "FOOTPRINT_STORE";

/// The environment variable for the sealing keys. It overrides the file.
const KEYS_VARIABLE: &str = "FOOTPRINT_SEALING_KEYS";

/// The setting of the server that was removed. It is read with a warning, and no error lists it.
const REMOVED: &str = "remembered-bytes";

/// The contents of `host.toml`.
#[derive(Debug, Clone)]
pub(crate) struct InstanceSettings {
    /// The user who acts at the terminal, unless a flag names another.
    pub(crate) operator: String,
    /// The server and the store.
    pub(crate) host: HostSettings,
    /// The permitted sources of secrets that are not sealed in the store.
    pub(crate) vault: VaultSettings,
    /// The limits of running commands.
    pub(crate) executor: ExecutorSettings,
    /// The ways to send alerts.
    pub(crate) alerts: AlertSettings,
}

impl InstanceSettings {
    /// The settings in the folder.
    ///
    /// # Errors
    /// [`WrongUse`] with the fault, without any value.
    pub(crate) fn read(folder: &InstanceFolder) -> Result<Self> {
        let file = folder.settings_file();
        let shown = file.display();
        let text = fs::read_to_string(&file).with_context(|| format!("The file {shown} cannot be read"))?;
        Self::from_text(&text).map_err(|problem| WrongUse(format!("The file {shown} cannot be used: {problem}")).into())
    }

    /// The settings in `text`.
    ///
    /// # Errors
    /// The fault and the expected value, without the given value, which may be a secret.
    pub(crate) fn from_text(text: &str) -> Result<Self, String> {
        let mut table: Table = text.parse().map_err(|error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("line {line}: {}.", error.message())
        })?;
        let operator = match table.remove("operator") {
            Some(Value::String(name)) if !name.trim().is_empty() => name,
            _ => return Err("operator: expected the name of the user who acts at the terminal.".to_owned()),
        };
        let vault = part(table.remove("vault"), "vault")?;
        let executor = part(table.remove("executor"), "executor")?;
        let alerts = part(table.remove("alerts"), "alerts")?;
        let host: HostSettings = part(Some(Value::Table(table)), "")?;
        host.check().map_err(|problem| problem.to_string())?;
        Ok(Self { operator, host, vault, executor, alerts })
    }

    /// The default address of a host.
    pub(crate) fn default_listen() -> SocketAddr {
        HostSettings::default().listen
    }

    /// The settings of the server in the form in which it needs them: paths from the folder, and the store's address
    /// from the environment, the settings or the folder.
    ///
    /// # Errors
    /// [`WrongUse`] when the settings name a variable that is not set.
    pub(crate) fn resolved(&self, folder: &InstanceFolder) -> Result<HostSettings> {
        let mut host = self.host.clone();
        host.store = StoreAddress::new(self.store_address(folder)?);
        if let Some(tls) = &mut host.tls {
            tls.certificate = from(folder, &tls.certificate);
            tls.key = from(folder, &tls.key);
        }
        for file in [&mut host.findings.enrichment.kev, &mut host.findings.enrichment.epss].into_iter().flatten() {
            *file = from(folder, file);
        }
        if let Some(file) = &mut host.tenants.authorities {
            *file = from(folder, file);
        }
        if let Some(file) = host.sign_in.openid.as_mut().and_then(|openid| openid.certificate_authority.as_mut()) {
            *file = from(folder, file);
        }
        Ok(host)
    }

    /// The ways to send alerts, with paths from the folder.
    pub(crate) fn resolved_alerts(&self, folder: &InstanceFolder) -> AlertSettings {
        let mut alerts = self.alerts.clone();
        if let Some(authority) = alerts.mail.as_mut().and_then(|mail| mail.certificate_authority.as_mut()) {
            *authority = from(folder, authority);
        }
        alerts
    }

    /// The couriers of alerts. Their secrets are fetched now.
    ///
    /// # Errors
    /// [`WrongUse`] with the fault, without any secret.
    pub(crate) async fn couriers(&self, folder: &InstanceFolder) -> Result<Couriers> {
        let vault = Vault::new(self.vault.clone());
        self.resolved_alerts(folder).couriers(&vault).await.map_err(|problem| {
            let file = folder.settings_file();
            WrongUse(format!("The alerts that {} asks for cannot be sent: {problem}", file.display())).into()
        })
    }

    /// Warns if mail is among the destinations and these settings have no mail server. The host that serves the instance
    /// may have other settings. A webhook that these settings do not have is refused by the operation.
    pub(crate) fn warn_of_mail<'a>(&self, mut told: impl Iterator<Item = &'a str>, printer: &mut Printer) {
        if self.alerts.mail.is_none() && told.any(|destination| !destination.starts_with("webhook:")) {
            printer.warning("host.toml names no mail server, so mail waits until [alerts.mail] is set.");
        }
    }

    /// The store's address.
    ///
    /// # Errors
    /// [`WrongUse`] when the settings name a variable that is not set.
    pub(crate) fn store_address(&self, folder: &InstanceFolder) -> Result<String> {
        if let Some(address) = secret_variable(STORE_VARIABLE)? {
            return Ok(address);
        }
        let address = self.host.store.expose();
        if let Some(name) = address.strip_prefix("env:") {
            return secret_variable(name)?.ok_or_else(|| {
                let file = folder.settings_file();
                WrongUse(format!(
                    "{} takes the store's address from the environment variable {name}, which is not set.\n\
                     Set it, or write the address into {0}.",
                    file.display()
                ))
                .into()
            });
        }
        if address.contains("://") {
            return Ok(address.to_owned());
        }
        let path = address.strip_prefix("sqlite:").unwrap_or(address);
        Ok(from(folder, Path::new(path)).display().to_string())
    }

    /// The keys that seal secrets, from the environment or from the folder.
    pub(crate) fn keyring(&self, folder: &InstanceFolder) -> Result<Keyring> {
        match variable(KEYS_VARIABLE) {
            Some(keys) => {
                let origin = format!("The environment variable {KEYS_VARIABLE}");
                Keyring::from_text(&origin, &keys).map_err(|error| anyhow!(error))
            }
            None => Keyring::from_file(&folder.sealing_key_file()).map_err(|error| anyhow!(error)),
        }
    }

    /// Whether the environment has the sealing keys, so that the folder needs none.
    pub(crate) fn keys_are_in_environment() -> bool {
        variable(KEYS_VARIABLE).is_some()
    }

    /// The host's address on this machine.
    pub(crate) fn url(&self) -> String {
        self.host.url()
    }

    /// The part of addresses before `/api/…`.
    pub(crate) fn prefix(&self) -> String {
        format!("{}/{}", self.host.base_path, self.host.namespace)
    }
}

fn part<T: DeserializeOwned + Default>(value: Option<Value>, name: &str) -> Result<T, String> {
    let Some(value) = value else { return Ok(T::default()) };
    value.try_into().map_err(|error: toml::de::Error| {
        // The second line names the key. The first line may repeat a value.
        let text = error.to_string();
        let place = text.lines().find_map(|line| line.strip_prefix("in ")).unwrap_or(name).trim_matches('`');
        let problem = without_values(error.message()).replace(&format!("`, `{REMOVED}`"), "`");
        let near = near_field(&problem);
        match (name.is_empty(), place.is_empty() || place == name) {
            (_, true) if name.is_empty() => format!("{problem}.{near}"),
            (_, true) => format!("{name}: {problem}.{near}"),
            (true, false) => format!("{place}: {problem}.{near}"),
            (false, false) => format!("{name}.{place}: {problem}.{near}"),
        }
    })
}

/// The field that the user probably meant, for a text such as ``unknown field `lisen`, expected one of `listen`, …``.
fn near_field(problem: &str) -> String {
    if !problem.starts_with("unknown field") {
        return String::new();
    }
    let mut names = problem.split('`').skip(1).step_by(2);
    names.next().map(|given| suggestion(given, names)).unwrap_or_default()
}

/// `invalid type: string "…", expected …` without the string.
fn without_values(message: &str) -> String {
    match (message.find("string \""), message.rfind("\", expected")) {
        (Some(start), Some(end)) if start < end => {
            format!("{}text{}", &message[..start], &message[end + 1..])
        }
        _ => message.to_owned(),
    }
}

fn from(folder: &InstanceFolder, path: &Path) -> PathBuf {
    folder.path().join(path)
}

/// The value of a variable that may contain a password.
fn secret_variable(name: &str) -> Result<Option<String>, WrongUse> {
    match variable(name).map(|value| secret_in(&value)) {
        None | Some(Err(NoSecret::Empty)) => Ok(None),
        Some(Ok(secret)) => Ok(Some(secret.expose_secret().to_owned())),
        Some(Err(problem)) => Err(WrongUse(format!("The environment variable {name} {problem}."))),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_named_without_its_value() {
        let wrong = |text: &str| InstanceSettings::from_text(&format!("operator = \"Admin\"\n{text}")).unwrap_err();
        for (text, problem) in [
            ("requests-per-second = \"canary\"", "requests-per-second"),
            ("lisen = \"canary\"", "lisen"),
            ("[tls]\ncertificate = 5\nkey = \"canary\"", "tls"),
            ("[vault.commands.hashicorp]\nprogram = \"/bin/vault\"\narguments = \"canary\"", "vault"),
            ("namespace = \"a/b\"", "namespace"),
            ("store = \"canary", "line 2"),
            ("[alerts.mail]\nhost = 5\nfrom = \"canary\"", "alerts.mail.host"),
            ("[alerts.mail]\nhost = \"a\"\nfrom = \"a@b.c\"\npassword = \"canary\"", "expected env:NAME"),
            ("[schedules]\nat-once = 0", "schedules.at-once"),
            ("[retention]\nchecks-days = 0", "checks-days"),
        ] {
            let error = wrong(text);
            assert!(error.contains(problem) && !error.contains("canary"), "{error}");
        }
        let error = wrong("lisen = \"canary\"");
        assert!(error.contains("Did you mean \"listen\"?") && !error.contains(REMOVED), "{error}");
        assert!(InstanceSettings::from_text("").unwrap_err().contains("operator"));
    }

    #[test]
    fn a_setting_that_was_removed_is_read_and_warned_of() {
        let settings = InstanceSettings::from_text("operator = \"Admin\"\nremembered-bytes = 33554432\n").unwrap();
        let [warning] = settings.host.warnings().try_into().unwrap();
        assert!(warning.contains("remembered-bytes was removed") && warning.contains("Delete its line"), "{warning}");
        assert!(InstanceSettings::from_text("operator = \"Admin\"\n").unwrap().host.warnings().is_empty());
    }
}
