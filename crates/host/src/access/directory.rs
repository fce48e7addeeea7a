//! A cache of sites, users, roles and keys.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use soar_store::model::name::ByName;
use soar_store::model::{AccessGeneration, AccessKey, KeyKind, Role, Site, SiteId, User, UserId};
use soar_store::{Store, StoreError};
use tokio::sync::Mutex;

use super::secret;

/// A user and its roles by site.
#[derive(Debug, Clone)]
pub struct KnownUser {
    /// The user.
    pub user: User,
    /// Its roles.
    pub roles: BTreeMap<SiteId, Role>,
}

/// A key and its secret.
#[derive(Clone)]
pub struct KnownKey {
    /// The key.
    pub key: AccessKey,
    /// The hash of an API key's secret; zeros for a JWT key.
    pub(super) hash: [u8; 32],
    /// The sealed secret of a JWT key; empty for an API key.
    pub(super) sealed: Vec<u8>,
}

impl std::fmt::Debug for KnownKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KnownKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The sites, users, roles and keys at one moment.
#[derive(Debug)]
pub struct Snapshot {
    generation: AccessGeneration,
    sites: ByName<Site>,
    users: ByName<KnownUser>,
    names: HashMap<UserId, String>,
    keys: HashMap<String, Arc<KnownKey>>,
}

impl Snapshot {
    /// The site of that name. Upper and lower case do not matter.
    #[must_use]
    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.get(name)
    }

    /// All sites.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        self.sites.iter()
    }

    /// The user of that name, active or not. Upper and lower case do not matter.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&KnownUser> {
        self.users.get(name)
    }

    /// The user of that number.
    #[must_use]
    pub fn user_numbered(&self, id: UserId) -> Option<&KnownUser> {
        self.users.get(self.names.get(&id)?)
    }

    /// The API key with that public part.
    pub(super) fn api_key(&self, public_part: &str) -> Option<&Arc<KnownKey>> {
        self.keys.get(public_part).filter(|known| known.key.kind == KeyKind::Api)
    }

    pub(super) fn jwt_keys(&self) -> impl Iterator<Item = &Arc<KnownKey>> {
        self.keys.values().filter(|known| known.key.kind == KeyKind::Jwt)
    }

    async fn read(store: &Store) -> Result<Self, StoreError> {
        let mut reader = store.access_reader().await?;
        let mut records = reader.records();
        // Read the generation first: the next check then notices a change made during this read.
        let generation = records.access_generation().await?;
        let sites = records.sites().await?.into_iter().map(|site| (site.name.clone(), site)).collect();
        let mut roles = records.all_roles().await?;
        let users: ByName<_> = records
            .users()
            .await?
            .into_iter()
            .map(|user| {
                let roles = roles.remove(&user.id).unwrap_or_default();
                (user.name.clone(), KnownUser { user, roles })
            })
            .collect();
        let names = users.iter().map(|known| (known.user.id, known.user.name.clone())).collect();
        let mut keys = HashMap::new();
        for stored in records.stored_keys().await? {
            let unreadable = || StoreError::Unreadable(format!("the secret of key {}", stored.key.name));
            let (hash, sealed) = match stored.key.kind {
                KeyKind::Api => (secret::read_stored(&stored.secret).ok_or_else(unreadable)?, Vec::new()),
                KeyKind::Jwt => ([0; 32], STANDARD.decode(&stored.secret).map_err(|_| unreadable())?),
            };
            keys.insert(stored.key.public_part.clone(), Arc::new(KnownKey { key: stored.key, hash, sealed }));
        }
        Ok(Self { generation, sites, users, names, keys })
    }
}

/// A cache of sites, users, roles and keys. Each call checks that the cache is current, so a key that any process
/// revoked is refused from then on. A check reads one number from the store. Calls that arrive during a check share the
/// next check.
#[derive(Debug)]
pub struct Directory {
    store: Store,
    /// The number of checks that have begun.
    begun: AtomicU64,
    /// The lock allows one check at a time.
    latest: Mutex<Latest>,
}

/// The result of the latest check.
#[derive(Debug, Default)]
struct Latest {
    /// The number of the check, counted from 1.
    look: u64,
    has_failed: bool,
    snapshot: Option<Arc<Snapshot>>,
}

impl Directory {
    /// An empty cache.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, begun: AtomicU64::new(0), latest: Mutex::default() }
    }

    /// Sites, users, roles and keys with all changes that were acknowledged before this call.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn current(&self) -> Result<Arc<Snapshot>, StoreError> {
        let begun = self.begun.load(Ordering::SeqCst);
        let mut latest = self.latest.lock().await;
        if latest.look > begun {
            // Another call's check began after this call did.
            let snapshot = latest.snapshot.clone().filter(|_| !latest.has_failed);
            return snapshot.ok_or_else(StoreError::no_answer);
        }
        let look = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let found = self.look(latest.snapshot.as_ref()).await;
        latest.look = look;
        latest.has_failed = found.is_err();
        let snapshot = found?;
        latest.snapshot = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    async fn look(&self, known: Option<&Arc<Snapshot>>) -> Result<Arc<Snapshot>, StoreError> {
        let generation = self.store.access_reader().await?.records().access_generation().await?;
        match known {
            Some(known) if known.generation == generation => Ok(Arc::clone(known)),
            // Boxed, because it is rare and large.
            _ => Ok(Arc::new(Box::pin(Snapshot::read(&self.store)).await?)),
        }
    }
}
