//! The rate limit, the concurrency limit and the rejected logins that all connections to one server and account share.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::ExposeSecret;
use soar_connector::Clock;
use tokio::sync::Semaphore;

use super::client::{Client, Clients};
use super::fair_limiter::FairLimiter;
use super::lock::lock;
use crate::settings::{ConnectionSettings, Credentials, Network};
use crate::vendor::Failure;

/// The rate limiters of all servers and accounts that connections of this plugin use.
#[derive(Debug)]
pub(crate) struct BudgetPool {
    clock: Arc<dyn Clock>,
    /// Kept while a connection uses it or it has something to remember.
    accounts: Mutex<HashMap<AccountKey, Arc<AccountBudget>>>,
    clients: Clients,
    /// One permit for each processor. Splitting a large reply takes one.
    splitting: Arc<Semaphore>,
    /// Keys hold hashes of secrets, which mean nothing outside this process.
    hasher: RandomState,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct AccountKey {
    api: String,
    name: String,
}

/// The state that connections to one server and account share.
#[derive(Debug)]
pub(crate) struct AccountBudget {
    pub(super) fair_limiter: Arc<FairLimiter>,
    /// Rejected logins by hash of the password: another password may be tried at once.
    rejections: Mutex<HashMap<u64, Rejection>>,
    hasher: RandomState,
}

/// A login that the server rejected.
#[derive(Debug, Clone)]
pub(super) struct Rejection {
    pub(super) failure: Failure,
    pub(super) until: Duration,
}

impl BudgetPool {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            clock,
            accounts: Mutex::default(),
            clients: Clients::default(),
            splitting: Arc::new(Semaphore::new(processors)),
            hasher: RandomState::new(),
        }
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The permits to split large replies, which all connections share.
    pub(super) fn splitting(&self) -> Arc<Semaphore> {
        Arc::clone(&self.splitting)
    }

    /// The client of these network settings, which connections with equal ones share.
    pub(super) fn client(&self, network: &Network) -> Arc<Client> {
        self.clients.get(network)
    }

    /// The account that `settings` connect as; its limits become the lowest that any connection asks for.
    pub(crate) fn account(&self, settings: &ConnectionSettings) -> Arc<AccountBudget> {
        let name = match &settings.credentials {
            Credentials::User { name, .. } => format!("user {name}"),
            Credentials::ApiKey(key) => format!("key {:x}", self.hasher.hash_one(key.expose_secret())),
        };
        let key = AccountKey { api: settings.api.to_string(), name };
        let limits = &settings.limits;
        let mut accounts = lock(&self.accounts);
        let now = self.clock.elapsed();
        accounts.retain(|_, account| Arc::strong_count(account) > 1 || account.remembers(now));
        if let Some(account) = accounts.get(&key).map(Arc::clone) {
            account.fair_limiter.tighten(limits.requests_per_second, limits.requests_in_flight);
            return account;
        }
        let fair_limiter =
            FairLimiter::new(Arc::clone(&self.clock), limits.requests_per_second, limits.requests_in_flight);
        let account =
            Arc::new(AccountBudget { fair_limiter, rejections: Mutex::default(), hasher: self.hasher.clone() });
        accounts.insert(key, Arc::clone(&account));
        account
    }
}

impl AccountBudget {
    /// Whether a connection made later has to heed what earlier ones were told.
    fn remembers(&self, now: Duration) -> bool {
        self.fair_limiter.closed_for().is_some()
            || lock(&self.rejections).values().any(|rejection| rejection.until > now)
    }

    /// The rejection of these credentials that is still to be heeded at `now`.
    pub(super) fn rejection(&self, credentials: &Credentials, now: Duration) -> Option<Rejection> {
        let mut rejections = lock(&self.rejections);
        rejections.retain(|_, rejection| rejection.until > now);
        rejections.get(&self.hash(credentials)).cloned()
    }

    pub(super) fn reject(&self, credentials: &Credentials, rejection: Rejection) {
        lock(&self.rejections).insert(self.hash(credentials), rejection);
    }

    fn hash(&self, credentials: &Credentials) -> u64 {
        self.hasher.hash_one(credentials.secret().expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use soar_connector::Plugin as _;
    use soar_connector::testing::ManualClock;

    #[test]
    fn connections_to_one_server_and_account_share_a_budget_and_the_lowest_limits_hold() {
        let pool = BudgetPool::new(Arc::new(ManualClock::new()));
        let settings = |user: &str, in_flight: &str| {
            let plugin = crate::FootprintPlugin::new().unwrap();
            let given = [
                ("Server URL", "https://fp.example.com"),
                ("User Name", user),
                ("Password", "p"),
                ("Requests in Flight", in_flight),
            ];
            let given = given.map(|(name, value)| (name.to_owned(), secrecy::SecretString::from(value)));
            let values = soar_connector::SettingValues::parse(&plugin.manifest().connector, given).unwrap();
            ConnectionSettings::new(&values).unwrap()
        };
        let first = pool.account(&settings("ada", "8"));
        let second = pool.account(&settings("ada", "3"));
        let other = pool.account(&settings("grace", "8"));
        assert!(Arc::ptr_eq(&first, &second) && !Arc::ptr_eq(&first, &other));
        assert_eq!(first.fair_limiter.most_in_flight(), 3);
        drop((first, second));
        assert_eq!(pool.account(&settings("ada", "8")).fair_limiter.most_in_flight(), 8, "and then no more");
    }
}
