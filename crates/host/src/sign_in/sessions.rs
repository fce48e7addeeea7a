//! Sessions of the console.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use soar_store::model::{
    Allowed, AuditEntry, Moment, Profile, Role, Session, SessionId, SignInMethod, SiteId, Surface, User,
};
use soar_store::{NewSession, Records, StoreError};

use super::csrf::CsrfKey;
use super::error::SignInError;
use super::service::{BrowserCall, SignIn};
use crate::access::{Purpose, new_token};
use crate::operations::{Done, OperationError, RequestContext, Required};

/// The time for which the time of a session's last request counts as stored.
const NOTED: Duration = Duration::from_secs(60);

/// The time for which a request waits until its time is stored.
const BRIEFLY: Duration = Duration::from_millis(100);

/// A session that has just begun.
#[derive(Debug)]
pub struct NewConsoleSession {
    /// Its token, for the browser only. The host stores only a hash of it.
    pub token: SecretString,
    /// Its id.
    pub id: SessionId,
    /// Its user.
    pub user: User,
    /// When it ends even if it is in use.
    pub ends_at: Moment,
}

/// A valid session and the rights of its user.
#[derive(Debug, Clone)]
pub struct ConsoleSession {
    /// The session.
    pub session: Session,
    /// The user.
    pub user: User,
    /// The user's roles now.
    pub roles: BTreeMap<SiteId, Role>,
    /// How the console looks for the user.
    pub profile: Profile,
    /// The key against forged forms.
    pub csrf: CsrfKey,
}

impl ConsoleSession {
    /// The context of an operation in the name of the user. `entry` is the audit entry of the call, as far as it is
    /// known.
    #[must_use]
    pub fn context(&self, entry: AuditEntry) -> RequestContext {
        RequestContext {
            user: self.user.clone(),
            roles: self.roles.clone(),
            reach: Allowed::All,
            key: None,
            key_expires_at: None,
            entry: AuditEntry { surface: Surface::Console, username: self.user.name.clone(), ..entry },
            idempotency: None,
        }
    }
}

/// A session to begin.
#[derive(Debug)]
pub(super) struct SessionToBegin {
    token: SecretString,
    method: SignInMethod,
    address: String,
    longest: Duration,
}

/// The id, the user and the end of a session that has begun.
#[derive(Debug, Clone, Serialize)]
pub(super) struct BegunSession {
    id: SessionId,
    user: User,
    ends_at: Moment,
}

impl SessionToBegin {
    /// Stores the session in the caller's transaction.
    pub(super) async fn begin(
        &self,
        records: &mut Records<'_>,
        user: &User,
        now: Moment,
    ) -> Result<BegunSession, StoreError> {
        let ends_at = now + self.longest;
        let new = NewSession {
            hash: Purpose::Session.hash(self.token.expose_secret()),
            user: user.id,
            method: self.method,
            address: self.address.clone(),
            ends_at,
        };
        Ok(BegunSession { id: records.create_session(&new, now).await?, user: user.clone(), ends_at })
    }

    /// The session that was stored.
    pub(super) fn begun(&self, begun: BegunSession) -> NewConsoleSession {
        let BegunSession { id, user, ends_at } = begun;
        NewConsoleSession { token: self.token.clone(), id, user, ends_at }
    }
}

impl SignIn {
    pub(super) fn new_session(
        &self,
        method: SignInMethod,
        browser: &BrowserCall,
    ) -> Result<SessionToBegin, SignInError> {
        Ok(SessionToBegin {
            token: new_token()?,
            method,
            address: browser.address.map(|address| address.to_string()).unwrap_or_default(),
            longest: self.settings.longest(),
        })
    }

    /// The valid session with this token, and the current rights of its user. `None` if the session has ended. A valid
    /// session's idle timeout begins again.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn session(&self, token: &SecretString) -> Result<Option<ConsoleSession>, StoreError> {
        let Some((session, now)) = self.find(token).await? else { return Ok(None) };
        if now.since(session.session.seen_at) >= NOTED {
            self.touch(session.session.id, now).await;
        }
        Ok(Some(session))
    }

    /// As [`SignIn::session`], for a call that the user did not make: the session's idle timeout does not begin again.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn peek(&self, token: &SecretString) -> Result<Option<ConsoleSession>, StoreError> {
        Ok(self.find(token).await?.map(|(session, _)| session))
    }

    /// The valid session with this token, and the time by the store's clock.
    async fn find(&self, token: &SecretString) -> Result<Option<(ConsoleSession, Moment)>, StoreError> {
        let token = token.expose_secret();
        let Some(hash) = Purpose::Session.hash_of(token) else { return Ok(None) };
        let mut reader = self.store.access_reader().await?;
        let mut records = reader.records();
        let Some(session) = records.session(&hash).await? else { return Ok(None) };
        let now = records.now().await?;
        if !session.is_valid(now, self.settings.idle()) {
            return Ok(None);
        }
        let profile = records.profile(session.user_id).await?;
        drop(reader);
        let snapshot = self.directory.current().await?;
        let Some(known) = snapshot.user_numbered(session.user_id).filter(|known| known.user.active) else {
            return Ok(None);
        };
        let (user, roles) = (known.user.clone(), known.roles.clone());
        Ok(Some((ConsoleSession { session, user, roles, profile, csrf: CsrfKey::of(token) }, now)))
    }

    /// Stores the time of a request. The session stays valid even if the store takes no changes now: the next request
    /// stores its time then. The request waits only briefly, since a long change may keep an SQLite store.
    async fn touch(&self, id: SessionId, now: Moment) {
        let Ok(place) = Arc::clone(&self.touching).try_acquire_owned() else { return };
        let store = self.store.clone();
        let touching = tokio::spawn(async move {
            let _place = place;
            let touched = async {
                let mut transaction = store.transaction().await?;
                transaction.records().touch_session(id, now).await?;
                transaction.commit().await
            };
            if let Err(error) = touched.await
                && !store.note(&error)
            {
                tracing::warn!(%error, "the last request of a session could not be stored");
            }
        });
        let _ = tokio::time::timeout(BRIEFLY, touching).await;
    }

    /// Ends the session of `context`.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn end(&self, context: &RequestContext, session: &ConsoleSession) -> Result<(), OperationError> {
        let Session { user_id: user, id, .. } = session.session;
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    change.records.end_session(user, id).await?;
                    Ok(Done::new((), ""))
                })
            })
            .await
    }

    /// The user's own valid sessions, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn own_sessions(&self, session: &ConsoleSession) -> Result<Vec<Session>, StoreError> {
        let mut reader = self.store.access_reader().await?;
        let mut records = reader.records();
        let now = records.now().await?;
        let mut sessions = records.sessions(session.user.id).await?;
        sessions.retain(|session| session.is_valid(now, self.settings.idle()));
        Ok(sessions)
    }

    /// Ends one of the user's own sessions. Returns whether it existed.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn end_own(
        &self,
        context: &RequestContext,
        session: &ConsoleSession,
        id: SessionId,
    ) -> Result<bool, OperationError> {
        let user = session.user.id;
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let ended = change.records.end_session(user, id).await?;
                    Ok(Done::new(ended, format!("session {id}")))
                })
            })
            .await
    }

    /// Ends the user's other sessions. Returns their number.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn end_others(&self, context: &RequestContext, session: &ConsoleSession) -> Result<u64, OperationError> {
        let Session { user_id: user, id, .. } = session.session;
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let ended = change.records.end_sessions(user, Some(id)).await?;
                    Ok(Done::new(ended, format!("{ended} sessions")))
                })
            })
            .await
    }
}
