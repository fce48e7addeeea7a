//! The password vault: a connection can have a reference to a secret. The host fetches the secret when it needs it.

mod command;
mod file;
mod settings;

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use soar_connector::secret_in;
use soar_store::model::Reference;

pub use settings::{VaultCommand, VaultSettings};

/// The longest secret, in bytes.
const LARGEST_SECRET: usize = 64 * 1024;

/// The reason for which a secret could not be fetched. The text contains the reference, never the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The secret at {reference} {problem}")]
pub struct VaultError {
    /// The reference.
    pub reference: Reference,
    /// The problem and the cure: the end of a sentence, possibly with further sentences.
    pub problem: String,
}

type Environment = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// Fetches secrets from the places that the host's settings allow. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    settings: Arc<VaultSettings>,
    environment: Environment,
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Vault").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Vault {
    /// A vault with the environment of the process.
    #[must_use]
    pub fn new(settings: VaultSettings) -> Self {
        Self::with_environment(settings, |name| std::env::var_os(name))
    }

    /// A vault with another environment, for tests.
    #[must_use]
    pub fn with_environment(
        settings: VaultSettings,
        environment: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
    ) -> Self {
        Self { settings: Arc::new(settings), environment: Arc::new(environment) }
    }

    /// Whether a user who manages connections and is no administrator may give references.
    #[must_use]
    pub fn managers_may_refer(&self) -> bool {
        self.settings.managers_may_refer
    }

    /// Checks that the settings allow the reference. Nothing is fetched.
    ///
    /// # Errors
    /// [`VaultError`] with the allowed places.
    pub fn allows(&self, reference: &Reference) -> Result<(), VaultError> {
        let problem = match reference {
            Reference::Environment(name) => {
                let prefixes = &self.settings.environment_prefixes;
                if prefixes.iter().any(|prefix| !prefix.is_empty() && name.starts_with(prefix.as_str())) {
                    return Ok(());
                }
                match prefixes.join(", ") {
                    none if none.is_empty() => "may not be used: the host's settings allow no variables.".to_owned(),
                    some => format!("may not be used: the host's settings allow variables that start with {some}."),
                }
            }
            Reference::File(path) => return file::allows(&self.settings.folders, path).map_err(|p| of(reference, p)),
            Reference::Command(name) => {
                let commands = &self.settings.commands;
                if commands.contains_key(name) {
                    return Ok(());
                }
                let near = soar_connector::name::suggestion(name, commands.keys().map(String::as_str));
                format!("may not be used: the host's settings declare no such command.{near}")
            }
        };
        Err(of(reference, problem))
    }

    /// Fetches the secret.
    ///
    /// # Errors
    /// [`VaultError`] when the reference is not allowed, or there is no secret.
    pub async fn fetch(&self, reference: &Reference) -> Result<SecretString, VaultError> {
        self.allows(reference)?;
        let fetched = match reference {
            Reference::Environment(name) => match (self.environment)(name) {
                None => Err("does not exist: the host was started without this variable.".to_owned()),
                Some(value) => text(value.into_encoded_bytes()),
            },
            Reference::File(path) => file::read(&self.settings.folders, path).await.and_then(text),
            Reference::Command(name) => match self.settings.commands.get(name) {
                Some(command) => command::run(name, command, &self.environment).await.and_then(text),
                None => Err("is not declared.".to_owned()),
            },
        };
        fetched.map_err(|problem| of(reference, problem))
    }
}

fn of(reference: &Reference, problem: String) -> VaultError {
    VaultError { reference: reference.clone(), problem }
}

fn text(bytes: Vec<u8>) -> Result<SecretString, String> {
    if bytes.len() > LARGEST_SECRET {
        return Err(too_long());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        drop(zeroize::Zeroizing::new(error.into_bytes()));
        "is no text (UTF-8).".to_owned()
    })?;
    secret_in(&zeroize::Zeroizing::new(text)).map_err(|problem| format!("{problem}."))
}

fn too_long() -> String {
    format!("is longer than the limit of {LARGEST_SECRET} bytes.")
}
