//! The service that signs users in to the console.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use soar_connector::Clock;
use soar_store::model::{Allowed, AuditEntry, Moment, Surface, User};
use soar_store::{Store, StoreError};
use tokio::sync::Semaphore;

use super::attempts::Attempts;
use super::error::SignInError;
use super::hasher::Hasher;
use super::provider::Provider;
use crate::access::{Directory, SecretSeal};
use crate::audit::AuditWriter;
use crate::limits::Refusals;
use crate::operations::{Changes, RequestContext};
use crate::settings::{PublicAddress, SignInSettings};
use crate::vault::Vault;

/// The status of a refused sign-in in the audit log, as over HTTP.
pub(super) const STATUS_UNAUTHORIZED: i64 = 401;

/// The status of a sign-in beyond a limit in the audit log, as over HTTP.
pub(super) const STATUS_TOO_MANY_REQUESTS: i64 = 429;

/// The status of a success in the audit log, as over HTTP.
const STATUS_OK: i64 = 200;

/// The times of requests that are stored at once.
const TOUCHING: usize = 8;

/// A call of a browser without a session.
#[derive(Debug, Clone)]
pub struct BrowserCall {
    /// Its address.
    pub address: Option<IpAddr>,
    /// The id of the request.
    pub request_id: String,
}

/// Signs users in to the console and keeps their sessions. It writes the audit entry of each sign-in, also of a refused
/// one.
#[derive(Debug)]
pub struct SignIn {
    pub(super) store: Store,
    pub(super) directory: Arc<Directory>,
    pub(super) changes: Changes,
    clock: Arc<dyn Clock>,
    pub(super) seal: Arc<dyn SecretSeal>,
    audit: AuditWriter,
    refusals: Arc<Refusals>,
    pub(super) settings: SignInSettings,
    pub(super) hasher: Hasher,
    pub(super) attempts: Attempts,
    pub(super) openid: Option<Provider>,
    /// One permit per time of a request that may be stored at once.
    pub(super) touching: Arc<Semaphore>,
    pub(super) public_address: PublicAddress,
}

/// The services of the host that the sign-in uses.
#[derive(Debug)]
pub(crate) struct SignInParts {
    pub(crate) store: Store,
    pub(crate) directory: Arc<Directory>,
    pub(crate) changes: Changes,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) seal: Arc<dyn SecretSeal>,
    pub(crate) audit: AuditWriter,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) vault: Option<Vault>,
    pub(crate) public_address: PublicAddress,
}

impl SignIn {
    pub(crate) fn new(parts: SignInParts, settings: SignInSettings) -> Self {
        let SignInParts { store, directory, changes, clock, seal, audit, refusals, vault, public_address } = parts;
        let openid = settings.openid.clone().map(|settings| Provider::new(settings, vault, Arc::clone(&clock)));
        let attempts = Attempts::new(Arc::clone(&clock));
        let hasher = Hasher::new();
        Self {
            store,
            directory,
            changes,
            clock,
            seal,
            audit,
            refusals,
            settings,
            hasher,
            attempts,
            openid,
            touching: Arc::new(Semaphore::new(TOUCHING)),
            public_address,
        }
    }

    /// For tests: the number of password hashes computed so far.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn hashes(&self) -> u64 {
        self.hasher.hashed()
    }

    /// The time of the host's clock.
    pub(super) fn now(&self) -> Moment {
        Moment::from(self.clock.now())
    }

    /// The time of the database's clock, which hosts share.
    pub(super) async fn store_now(&self) -> Result<Moment, StoreError> {
        let mut reader = self.store.access_reader().await?;
        reader.records().now().await
    }

    /// The context of a change in the name of `user`, whom the browser has proved to be.
    pub(super) fn context(&self, browser: &BrowserCall, command: &str, user: &User) -> RequestContext {
        let username = user.name.clone();
        RequestContext {
            user: user.clone(),
            roles: BTreeMap::new(),
            reach: Allowed::All,
            key: None,
            key_expires_at: None,
            entry: AuditEntry { username, status: STATUS_OK, ..self.entry(browser, command) },
            idempotency: None,
        }
    }

    fn entry(&self, browser: &BrowserCall, command: &str) -> AuditEntry {
        AuditEntry {
            address: browser.address.map(|address| address.to_string()).unwrap_or_default(),
            command: command.to_owned(),
            ..AuditEntry::new(self.now(), Surface::Console, &browser.request_id)
        }
    }

    /// Writes the audit entry of a refusal, unless the address has too many of them, and returns `error`. The entry
    /// names the user only if it exists: a wrong name can be a password.
    pub(super) async fn refuse(
        &self,
        browser: &BrowserCall,
        command: &str,
        user: Option<&User>,
        reason: &str,
        error: SignInError,
    ) -> SignInError {
        let status =
            if matches!(error, SignInError::TooMany { .. }) { STATUS_TOO_MANY_REQUESTS } else { STATUS_UNAUTHORIZED };
        let entry = AuditEntry {
            username: user.map(|user| user.name.clone()).unwrap_or_default(),
            status,
            accepted: false,
            reason: AuditEntry::kept(reason),
            ..self.entry(browser, command)
        };
        self.refused(browser.address, entry, error).await
    }

    /// As [`SignIn::refuse`], for a call in a session.
    pub(super) async fn refuse_in(&self, context: &RequestContext, reason: &str, error: SignInError) -> SignInError {
        let status =
            if matches!(error, SignInError::TooMany { .. }) { STATUS_TOO_MANY_REQUESTS } else { STATUS_UNAUTHORIZED };
        let reason = AuditEntry::kept(reason);
        let entry = AuditEntry { status, accepted: false, reason, ..context.entry.clone() };
        self.refused(context.entry.address.parse().ok(), entry, error).await
    }

    async fn refused(&self, address: Option<IpAddr>, entry: AuditEntry, error: SignInError) -> SignInError {
        if self.refusals.takes_entry(self.refusals.stranger(address), &entry)
            && let Err(error) = self.audit.write(entry, None).await
        {
            return SignInError::failed(&error);
        }
        error
    }

    /// The user of that name, if it exists.
    pub(super) async fn known_user(&self, name: &str) -> Result<Option<User>, StoreError> {
        Ok(self.directory.current().await?.user(name).map(|known| known.user.clone()))
    }
}
