//! What the host remembers of sites, users, roles and keys, so that a call need not ask the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use soar_connector::Clock;
use soar_store::model::name::ByName;
use soar_store::model::{AccessKey, KeyKind, Role, Site, SiteId, User, UserId};
use soar_store::{Store, StoreError};

use super::secret;

/// How long what is remembered counts without a look at the store: a key that another process revokes is refused no
/// later than this.
const FRESH: Duration = Duration::from_millis(500);

/// A user and its roles by the number of the site.
#[derive(Debug, Clone)]
pub struct KnownUser {
    /// The user.
    pub user: User,
    /// Its roles.
    pub roles: BTreeMap<SiteId, Role>,
}

/// A key, and what it is checked against.
#[derive(Clone)]
pub struct KnownKey {
    /// The key.
    pub key: AccessKey,
    /// An API key's hash; of a JWT key zeros.
    pub(super) hash: [u8; 32],
    /// A JWT key's sealed secret; of an API key empty.
    pub(super) sealed: Vec<u8>,
}

impl std::fmt::Debug for KnownKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KnownKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Sites, users, roles and keys as they were at one time.
#[derive(Debug, Default)]
pub struct Snapshot {
    generation: i64,
    sites: ByName<Site>,
    users: ByName<KnownUser>,
    names: HashMap<UserId, String>,
    keys: HashMap<String, Arc<KnownKey>>,
}

impl Snapshot {
    /// The site of that name, in any case.
    #[must_use]
    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.get(name)
    }

    /// The user of that name, in any case, active or not.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&KnownUser> {
        self.users.get(name)
    }

    /// The user of that number.
    #[must_use]
    pub fn user_numbered(&self, id: UserId) -> Option<&KnownUser> {
        self.users.get(self.names.get(&id)?)
    }

    /// The API key with that readable part.
    pub(super) fn api_key(&self, public_part: &str) -> Option<&Arc<KnownKey>> {
        self.keys.get(public_part).filter(|known| known.key.kind == KeyKind::Api)
    }

    pub(super) fn jwt_keys(&self) -> impl Iterator<Item = &Arc<KnownKey>> {
        self.keys.values().filter(|known| known.key.kind == KeyKind::Jwt)
    }

    async fn read(store: &Store) -> Result<Self, StoreError> {
        let mut reader = store.reader().await?;
        let mut records = reader.records();
        // First the count: a change in between is then seen by the next look.
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

/// Remembers sites, users, roles and keys, and notices within half a second when anyone changed them in the store.
#[derive(Debug)]
pub struct Directory {
    store: Store,
    clock: Arc<dyn Clock>,
    /// What is remembered, and when it was last known to be right, on the clock's count.
    known: RwLock<Option<(Arc<Snapshot>, Duration)>>,
    /// Whoever looks at the store, so that it is one at a time.
    looking: tokio::sync::Mutex<()>,
    /// How many looks failed.
    failed: AtomicU64,
}

impl Directory {
    /// Nothing is remembered yet.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, known: RwLock::new(None), looking: tokio::sync::Mutex::new(()), failed: AtomicU64::new(0) }
    }

    /// Sites, users, roles and keys, as they were in the store no longer than half a second ago.
    ///
    /// # Errors
    /// [`StoreError`] when the store had to be asked and did not answer.
    pub async fn current(&self) -> Result<Arc<Snapshot>, StoreError> {
        if let Some(known) = self.fresh() {
            return Ok(known);
        }
        let failed = self.failed.load(Ordering::SeqCst);
        let _looking = self.looking.lock().await;
        if let Some(known) = self.fresh() {
            return Ok(known);
        }
        // Each look takes as long as a store is waited for that does not answer: all who wait fail with the first.
        if self.failed.load(Ordering::SeqCst) != failed {
            return Err(StoreError::no_answer());
        }
        self.look().await
    }

    /// Looks at the store now; for after a change of one's own.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let _looking = self.looking.lock().await;
        self.look().await.map(|_| ())
    }

    fn fresh(&self) -> Option<Arc<Snapshot>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (snapshot, checked) = known.as_ref()?;
        (self.clock.elapsed().saturating_sub(*checked) < FRESH).then(|| Arc::clone(snapshot))
    }

    async fn look(&self) -> Result<Arc<Snapshot>, StoreError> {
        self.look_at_the_store().await.inspect_err(|_| {
            self.failed.fetch_add(1, Ordering::SeqCst);
        })
    }

    async fn look_at_the_store(&self) -> Result<Arc<Snapshot>, StoreError> {
        // Taken before the look: what changes meanwhile may have been missed.
        let now = self.clock.elapsed();
        let before = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let generation = self.store.reader().await?.records().access_generation().await?;
        let snapshot = match before {
            Some((snapshot, _)) if snapshot.generation == generation => snapshot,
            _ => Arc::new(Snapshot::read(&self.store).await?),
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&snapshot), now));
        Ok(snapshot)
    }
}
