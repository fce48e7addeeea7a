//! The sessions of the connections that requests name: one for each distinct connection.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use soar_connector::name::normalised;
use soar_connector::{Connector, Plugin};

use super::fault::LineProblem;
use super::request::LineConnection;
use crate::connection;

/// The number of sessions that are kept. Beyond it the session that was not used for longest is given up.
const MOST: usize = 256;

/// The hash of the settings that a connection was named with.
type Fingerprint = blake3::Hash;

struct OpenSession {
    connector: Arc<dyn Connector>,
    last_used: u64,
}

/// The sessions, and the connection of requests that name none.
pub(super) struct Sessions<'a> {
    plugin: &'a dyn Plugin,
    profile_file: Option<PathBuf>,
    kept: HashMap<Fingerprint, OpenSession>,
    uses: u64,
    default: Result<Arc<dyn Connector>, LineProblem>,
}

impl<'a> Sessions<'a> {
    /// No sessions yet. `default` is the connection of the command line and the environment.
    pub(super) fn new(
        plugin: &'a dyn Plugin,
        profile_file: Option<PathBuf>,
        default: Result<Arc<dyn Connector>, LineProblem>,
    ) -> Self {
        Self { plugin, profile_file, kept: HashMap::new(), uses: 0, default }
    }

    /// Uses `named` for later requests that name no connection. After settings that cannot be used, such requests fail
    /// too: none may run on an earlier connection.
    pub(super) fn set_default(&mut self, named: &LineConnection) -> Result<(), LineProblem> {
        self.default = self.session(named);
        self.default.as_ref().map(drop).map_err(Clone::clone)
    }

    /// The connector of a request.
    pub(super) fn connector(&mut self, named: Option<&LineConnection>) -> Result<Arc<dyn Connector>, LineProblem> {
        match named {
            None => self.default.clone(),
            Some(named) => self.session(named),
        }
    }

    fn session(&mut self, named: &LineConnection) -> Result<Arc<dyn Connector>, LineProblem> {
        self.uses += 1;
        let fingerprint = fingerprint(named);
        if let Some(session) = self.kept.get_mut(&fingerprint) {
            session.last_used = self.uses;
            return Ok(Arc::clone(&session.connector));
        }
        let (profile, file) = (named.profile.as_deref(), self.profile_file.as_deref());
        let connector = connection::settings_in(self.plugin, &named.settings, profile, file)
            .and_then(|values| Ok(self.plugin.build(&values)?))
            .map_err(|error| LineProblem::Settings(error.to_string()))?;
        if self.kept.len() >= MOST {
            let oldest = self.kept.iter().min_by_key(|(_, session)| session.last_used).map(|(key, _)| *key);
            oldest.and_then(|oldest| self.kept.remove(&oldest));
        }
        self.kept.insert(fingerprint, OpenSession { connector: Arc::clone(&connector), last_used: self.uses });
        Ok(connector)
    }
}

/// The same for the same settings in any order and spelling of their names.
fn fingerprint(named: &LineConnection) -> Fingerprint {
    let mut settings: Vec<_> =
        named.settings.iter().map(|(name, value)| (normalised(name), value.expose_secret())).collect();
    settings.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &str| {
        hasher.update(&text.len().to_le_bytes()).update(text.as_bytes());
    };
    add(if named.profile.is_some() { "profile" } else { "" });
    add(named.profile.as_deref().unwrap_or_default());
    for (name, value) in settings {
        add(&name);
        add(value);
    }
    hasher.finalize()
}
