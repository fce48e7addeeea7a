//! Sessions in memory, until the host's own service for signing in is there.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use soar_host::Host;
use soar_store::StoreError;
use soar_store::model::UserId;

use super::session::{Session, Theme};

/// The profile of a session's user.
#[derive(Debug, Clone)]
struct Entry {
    user: UserId,
    time_zone: Option<String>,
    theme: Theme,
}

#[derive(Debug, Default)]
pub(crate) struct SignIn(Mutex<HashMap<String, Entry>>);

impl SignIn {
    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn with_password(
        &self,
        host: &Host,
        name: &str,
        password: &SecretString,
    ) -> Result<Option<SecretString>, StoreError> {
        let snapshot = host.directory.current().await?;
        let known = snapshot.user(name.trim()).filter(|known| known.user.active);
        let Some(known) = known.filter(|_| password.expose_secret() == "footprint demo") else { return Ok(None) };
        let token = soar_connector::ExecutionContext::new().request_id;
        self.entries().insert(token.clone(), Entry { user: known.user.id, time_zone: None, theme: Theme::System });
        Ok(Some(token.into()))
    }

    pub(crate) async fn session(&self, host: &Host, token: &SecretString) -> Result<Option<Session>, StoreError> {
        let Some(entry) = self.entries().get(token.expose_secret()).cloned() else { return Ok(None) };
        let snapshot = host.directory.current().await?;
        let known = snapshot.user_numbered(entry.user).filter(|known| known.user.active);
        Ok(known.map(|known| Session {
            token: token.clone(),
            user: known.user.clone(),
            roles: known.roles.clone(),
            time_zone: entry.time_zone,
            theme: entry.theme,
        }))
    }

    pub(crate) async fn end(&self, token: &SecretString) -> Result<(), StoreError> {
        self.entries().remove(token.expose_secret());
        Ok(())
    }

    pub(crate) async fn change_profile(
        &self,
        token: &SecretString,
        time_zone: Option<String>,
        theme: Theme,
    ) -> Result<(), StoreError> {
        if let Some(entry) = self.entries().get_mut(token.expose_secret()) {
            entry.time_zone = time_zone;
            entry.theme = theme;
        }
        Ok(())
    }
}
