//! Signing in to the console, with hostile callers.

mod account;
mod managed;
mod openid;
mod passwords;
mod sessions;
mod totp;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use soar_connector::Clock as _;
use soar_connector::testing::ManualClock;
use soar_host::Host;
use soar_host::access::{SecretSeal, issue_link};
use soar_host::commands::CommandRegistry;
use soar_host::operations::RequestContext;
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_host::sign_in::{
    BrowserCall, ConsoleSession, LinkToRedeem, NewConsoleSession, SignIn, SignInError, SignInRequest,
};
use soar_store::model::{AuditEntry, Moment, Role, Surface, User};
use soar_store::testing::TestStore;
use soar_store::{AuditFilter, NewUser, UserChange};
use tempfile::TempDir;

use crate::support::site;

pub const PASSWORD: &str = "correct horse battery";
pub const HOME: &str = "192.0.2.1";

/// A host with an administrator `Admin` and an analyst `alice`, who has the password.
pub struct SignInStage {
    pub host: Arc<Host>,
    pub clock: ManualClock,
    pub keyring: Keyring,
    pub test: TestStore,
    _folder: TempDir,
}

impl SignInStage {
    /// One on each store.
    pub async fn on_both() -> Vec<Self> {
        let mut stages = Vec::new();
        for test in TestStore::on_both().await {
            let clock = ManualClock::held();
            let test = test.on_clock(Arc::new(clock.clone()));
            let mut transaction = test.store.transaction().await.unwrap();
            let mut records = transaction.records();
            let security = records.create_site(&site("Security Operations"), Moment(1)).await.unwrap();
            for (name, is_administrator) in [("Admin", true), ("alice", false), ("bob", false)] {
                let new = NewUser { name: name.to_owned(), email: None, is_administrator };
                let user = records.create_user(&new, Moment(1)).await.unwrap();
                records.set_role(user.id, security.id, Role::Analyst).await.unwrap();
            }
            transaction.commit().await.unwrap();
            let folder = TempDir::new().unwrap();
            let keyring = Keyring::create_file(&folder.path().join("keys")).unwrap();
            let host = host(&test, &clock, &keyring);
            let stage = Self { host, clock, keyring, test, _folder: folder };
            stage.set_password("alice", PASSWORD).await;
            stages.push(stage);
        }
        stages
    }

    /// Another host on the same store, whose clock and the database's clock are ahead by `ahead`.
    pub fn ahead(&self, ahead: Duration) -> Arc<Host> {
        let clock = ManualClock::held_at(self.clock.now() + ahead);
        let store = self.test.store.on_clock(Arc::new(clock.clone()));
        let seal: Arc<dyn SecretSeal> = Arc::new(self.keyring.clone());
        Host::new(HostSettings::default(), store, Arc::new(clock), seal, CommandRegistry::new())
    }

    pub fn sign_in(&self) -> &SignIn {
        self.host.sign_in()
    }

    pub async fn user(&self, name: &str) -> User {
        self.test.store.reader().await.unwrap().records().user(name).await.unwrap()
    }

    /// A new link of the user.
    pub async fn link(&self, name: &str) -> SecretString {
        let user = self.user(name).await.id;
        let mut transaction = self.test.store.transaction().await.unwrap();
        let works_for = self.host.settings.sign_in.link_time();
        let issued = issue_link(&mut transaction.records(), user, works_for).await.unwrap();
        transaction.commit().await.unwrap();
        issued.token
    }

    pub async fn redeem(&self, token: &SecretString, password: &str) -> Result<User, SignInError> {
        let request = LinkToRedeem { token: token.clone(), password: password.into(), browser: browser(HOME) };
        self.sign_in().redeem(request).await
    }

    pub async fn set_password(&self, name: &str, password: &str) {
        let token = self.link(name).await;
        self.redeem(&token, password).await.unwrap();
    }

    pub async fn try_from(&self, name: &str, password: &str, address: &str) -> Result<NewConsoleSession, SignInError> {
        let (user, browser) = (name.to_owned(), browser(address));
        self.sign_in().with_password(SignInRequest { user, password: password.into(), code: None, browser }).await
    }

    pub async fn try_with(&self, code: &str) -> Result<NewConsoleSession, SignInError> {
        let (user, code) = ("alice".to_owned(), Some(code.into()));
        let request = SignInRequest { user, password: PASSWORD.into(), code, browser: browser(HOME) };
        self.sign_in().with_password(request).await
    }

    /// The token of a new session of alice.
    pub async fn enter(&self) -> SecretString {
        self.try_from("alice", PASSWORD, HOME).await.unwrap().token
    }

    pub async fn session(&self, token: &SecretString) -> Option<ConsoleSession> {
        self.sign_in().session(token).await.unwrap()
    }

    /// A session of alice, and the context of a call in it.
    pub async fn entered(&self) -> (SecretString, ConsoleSession, RequestContext) {
        let token = self.enter().await;
        let session = self.session(&token).await.unwrap();
        let context = self.context(&session);
        (token, session, context)
    }

    pub fn context(&self, session: &ConsoleSession) -> RequestContext {
        let entry = AuditEntry { address: HOME.to_owned(), command: "test".to_owned(), ..self.entry() };
        session.context(entry)
    }

    fn entry(&self) -> AuditEntry {
        AuditEntry::new(self.host.now(), Surface::Terminal, "request")
    }

    pub async fn change(&self, name: &str, change: UserChange) {
        let mut transaction = self.test.store.transaction().await.unwrap();
        transaction.records().update_user(name, &change, Moment(2)).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// The audit log, the oldest entry first.
    pub async fn audit(&self) -> Vec<AuditEntry> {
        let mut reader = self.test.store.reader().await.unwrap();
        let entries = reader.records().audit(&AuditFilter::default(), 1000).await.unwrap();
        entries.into_iter().rev().map(|(_, entry)| entry).collect()
    }
}

fn host(test: &TestStore, clock: &ManualClock, keyring: &Keyring) -> Arc<Host> {
    let seal: Arc<dyn SecretSeal> = Arc::new(keyring.clone());
    let clock = Arc::new(clock.clone());
    Host::new(HostSettings::default(), test.store.clone(), clock, seal, CommandRegistry::new())
}

pub fn browser(address: &str) -> BrowserCall {
    BrowserCall { address: Some(address.parse().unwrap()), request_id: "request".to_owned() }
}
