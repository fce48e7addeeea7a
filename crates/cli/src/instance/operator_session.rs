//! A user at the host's terminal: the store is open, the user is known, and every change is audited.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use soar_connector::name::{quoted, suggestion};
use soar_connector::{Clock, ExecutionContext, SystemClock};
use soar_host::Refusal;
use soar_host::commands::KnownCommands;
use soar_host::findings::Findings;
use soar_host::operations::{Changes, OperationError, Operations, RequestContext, Tried};
use soar_host::results::Results;
use soar_host::sealing::Keyring;
use soar_store::model::name::named;
use soar_store::model::{Allowed, AuditEntry, Moment, Role, Site, SiteId, Surface, User};
use soar_store::{Store, StoreError};

use super::{InstanceFlags, InstanceFolder, InstanceSettings, advised, not_done, registry};
use crate::exit::WrongUse;

/// An open instance and the user who acts on it.
#[derive(Debug)]
pub(crate) struct OperatorSession {
    pub(crate) folder: InstanceFolder,
    pub(crate) settings: InstanceSettings,
    pub(crate) store: Store,
    pub(crate) user: User,
    roles: BTreeMap<SiteId, Role>,
    request_id: String,
    pub(super) clock: Arc<dyn Clock>,
}

impl OperatorSession {
    /// Opens the instance of the flags, as the user of the flags.
    ///
    /// # Errors
    /// [`WrongUse`] when the instance or the user does not exist.
    pub(crate) async fn open(flags: &InstanceFlags) -> Result<Self> {
        let folder = InstanceFolder::of_instance(&flags.instance.folder)?;
        let settings = InstanceSettings::read(&folder)?;
        let store = Store::open_existing(&settings.store_address(&folder)?).await.map_err(advised)?;
        let mut reader = store.reader().await.map_err(advised)?;
        let name = flags.user.as_deref().unwrap_or(&settings.operator);
        let user = match reader.records().user(name).await {
            Ok(user) => user,
            Err(error @ StoreError::NotFound { .. }) => {
                let users = reader.records().users().await.map_err(advised)?;
                let near = suggestion(name, users.iter().map(|user| user.name.as_str()));
                let origin = if flags.user.is_some() { "--as or FOOTPRINT_AS" } else { "operator in host.toml" };
                return Err(WrongUse(format!("{error}{near}\n{origin} names this user.")).into());
            }
            Err(error) => return Err(advised(error)),
        };
        if !user.active {
            return Err(anyhow!(
                "The user {} is deactivated, so it may do nothing. Name another with --as USER.",
                quoted(name)
            ));
        }
        let roles = reader.records().roles(user.id).await.map_err(advised)?;
        drop(reader);
        let request_id = ExecutionContext::new().request_id;
        Ok(Self { folder, settings, store, user, roles, request_id, clock: Arc::new(SystemClock::new()) })
    }

    /// The current time.
    pub(crate) fn now(&self) -> Moment {
        Moment::from(self.clock.now())
    }

    /// The keys that seal secrets.
    pub(crate) fn keyring(&self) -> Result<Keyring> {
        self.settings.keyring(&self.folder)
    }

    /// Whether the user may see the site.
    fn sees(&self, site: &Site) -> bool {
        self.user.is_administrator || self.roles.contains_key(&site.id)
    }

    /// The sites that the user may see, by name.
    pub(crate) async fn sites(&self) -> Result<Vec<Site>> {
        let sites = self.store.reader().await.map_err(advised)?.records().sites().await.map_err(advised)?;
        Ok(sites.into_iter().filter(|site| self.sees(site)).collect())
    }

    /// The site of that name. Without a name, the only site.
    ///
    /// # Errors
    /// [`WrongUse`] with the nearest name, or with all names. Sites that the user may not see are left out.
    pub(crate) async fn site(&self, name: Option<&str>) -> Result<Site> {
        let sites = self.sites().await?;
        let names = || sites.iter().map(|site| site.name.as_str());
        let Some(name) = name else {
            return match <[Site; 1]>::try_from(sites) {
                Ok([site]) => Ok(site),
                Err(sites) if sites.is_empty() => {
                    Err(anyhow!("{} has a role on no site. `footprint user role` gives one.", quoted(&self.user.name)))
                }
                Err(sites) => {
                    let names: Vec<_> = sites.iter().map(|site| site.name.as_str()).collect();
                    Err(WrongUse(format!("Which site? Name one with --site: {}.", names.join(", "))).into())
                }
            };
        };
        let found = named(&sites, name, |site| &site.name).first().map(|site| (*site).clone());
        found.ok_or_else(|| {
            let near = suggestion(name, names());
            WrongUse(format!("There is no site {}.{near}\n`footprint site list` lists the sites.", quoted(name))).into()
        })
    }

    /// The name of this site as the store spells it. `None` without a name.
    ///
    /// # Errors
    /// As [`OperatorSession::site`].
    pub(crate) async fn site_if_named(&self, name: Option<&str>) -> Result<Option<String>> {
        Ok(match name {
            Some(name) => Some(self.site(Some(name)).await?.name),
            None => None,
        })
    }

    /// The operations that need no connection.
    pub(crate) fn operations(&self) -> Operations {
        Operations {
            changes: Changes::new(self.store.clone()),
            store: self.store.clone(),
            clock: Arc::clone(&self.clock),
            command_timeout: self.settings.host.command_timeout(),
            public_address: self.settings.host.public_address(),
            sign_in: self.settings.host.sign_in.clone(),
            seal: None,
            known_commands: KnownCommands::default(),
            connections: None,
            executor: None,
            results: Results::default(),
            tenants: None,
            findings: Arc::new(Findings::new(self.settings.host.findings.clone())),
        }
    }

    /// The operations, including those on keys, which seal secrets and name commands.
    ///
    /// # Errors
    /// When the sealing keys cannot be read.
    pub(crate) fn key_operations(&self) -> Result<Operations> {
        let known_commands = soar_host::known_commands(&registry()?);
        Ok(Operations { seal: Some(Arc::new(self.keyring()?)), known_commands, ..self.operations() })
    }

    /// The context of an operation. The audit log names the call `command`, such as `user add`.
    pub(crate) fn context(&self, command: &str) -> RequestContext {
        let entry = AuditEntry {
            username: self.user.name.clone(),
            command: command.to_owned(),
            ..AuditEntry::new(self.now(), Surface::Terminal, &self.request_id)
        };
        RequestContext {
            user: self.user.clone(),
            roles: self.roles.clone(),
            reach: Allowed::All,
            key: None,
            key_expires_at: None,
            entry,
            idempotency: None,
        }
    }

    /// The result of a change. The audit entry of a refusal is written here.
    pub(crate) async fn changed<T>(&self, context: RequestContext, ended: Result<T, OperationError>) -> Result<T> {
        match ended {
            Ok(changed) => Ok(changed),
            Err(error) => {
                let reason = AuditEntry::kept(&error.to_string());
                self.append(AuditEntry { accepted: false, reason, ..context.entry }).await?;
                Err(not_done(error))
            }
        }
    }

    /// Writes the audit entry of a call that only read, and may have been refused.
    pub(crate) async fn record(&self, context: RequestContext, refused: Option<&Refusal>) -> Result<()> {
        let reason = AuditEntry::kept(&refused.map(ToString::to_string).unwrap_or_default());
        self.append(AuditEntry { accepted: refused.is_none(), reason, ..context.entry }).await
    }

    /// The result of an operation without a transaction. Its audit entry is written here.
    pub(crate) async fn tried<T>(&self, context: RequestContext, ended: Result<Tried<T>, OperationError>) -> Result<T> {
        match ended {
            Ok(tried) => {
                let (value, entry) = tried.accepted(context.entry);
                self.append(entry).await?;
                Ok(value)
            }
            Err(error) => self.changed(context, Err(error)).await,
        }
    }

    /// Adds an entry to the audit log.
    pub(super) async fn append(&self, entry: AuditEntry) -> Result<()> {
        let mut transaction = self.store.transaction().await.map_err(advised)?;
        transaction.records().append_audit(&[entry]).await.map_err(advised)?;
        transaction.commit().await.map_err(advised)
    }
}
