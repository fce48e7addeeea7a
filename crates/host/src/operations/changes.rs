//! The one way to change anything: the change, its audit entry and its kept answer are one transaction.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use serde::Serialize;
use soar_connector::Clock;
use soar_store::model::{AuditEntry, Moment};
use soar_store::{AnswerClaim, Records, Store, StoreError};

use super::{IdempotencyKey, OperationError, RequestContext};
use crate::Refusal;
use crate::access::{Directory, SecretSeal};

/// How often a transaction is tried that lost against another one.
const ATTEMPTS: u32 = 4;

/// What fingerprints of calls are sealed for.
const FINGERPRINT: &str = "answers/fingerprint";

/// Who may make a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Required {
    /// An administrator.
    Administrator,
    /// The work checks the caller's rights, because they depend on what it finds.
    CheckedByWork,
}

/// Makes changes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Changes {
    store: Store,
    clock: Arc<dyn Clock>,
    /// How long the answer to a call under an Idempotency-Key is kept.
    answers_kept: Duration,
    /// Seals the fingerprints of calls; `None` where no call has an Idempotency-Key.
    seal: Option<Arc<dyn SecretSeal>>,
    /// The cached sites, users and keys of this process, which are read again after a change.
    directory: Option<Arc<Directory>>,
}

/// What the work of a change has at hand. It borrows the transaction for `'t`; the work may borrow what lives for `'w`.
#[derive(Debug)]
pub struct Change<'t, 'w> {
    /// The records of the transaction.
    pub records: Records<'t>,
    /// When the change is made.
    pub now: Moment,
    /// Tells the compiler that what the work borrows outlives the transaction.
    work: PhantomData<&'t &'w ()>,
}

/// What the work of a change gives.
pub type Working<'t, T> = BoxFuture<'t, Result<Done<T>, Refusal>>;

/// What the work of a change came to.
#[derive(Debug)]
pub struct Done<T> {
    value: T,
    /// What a repeat under the same Idempotency-Key is answered, in place of `value`.
    repeated: Option<String>,
    about: String,
    site: String,
}

impl<T> Done<T> {
    /// `value`, and what it is about: the audit entry's reason.
    pub fn new(value: T, about: impl Into<String>) -> Self {
        Self { value, repeated: None, about: about.into(), site: String::new() }
    }

    /// The site that the audit entry names.
    #[must_use]
    pub fn on(self, site: &str) -> Self {
        Self { site: site.to_owned(), ..self }
    }

    /// What a repeat is answered: `value` without what is shown only once.
    ///
    /// # Errors
    /// [`Refusal::Store`] when it cannot be written as JSON.
    pub fn repeated_as(self, answer: &impl Serialize) -> Result<Self, Refusal> {
        Ok(Self { repeated: Some(json(answer)?), ..self })
    }
}

impl Changes {
    /// Changes of `store`, without Idempotency-Keys.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, answers_kept: Duration::ZERO, seal: None, directory: None }
    }

    /// The same with Idempotency-Keys, whose answers are kept for `answers_kept`.
    #[must_use]
    pub fn keeping_answers(self, answers_kept: Duration, seal: Arc<dyn SecretSeal>) -> Self {
        Self { answers_kept, seal: Some(seal), ..self }
    }

    /// The same, and `directory` is refreshed after each change.
    #[must_use]
    pub fn refreshing(self, directory: Arc<Directory>) -> Self {
        Self { directory: Some(directory), ..self }
    }

    /// Begins, claims the Idempotency-Key, checks the right, does `work`, writes the audit entry, keeps the answer and
    /// commits; again where the transaction lost against another one.
    ///
    /// # Errors
    /// [`OperationError`] when nothing was changed; the adapter writes the audit entry then. [`StoreError::Uncertain`] inside
    /// of it when nobody knows whether the commit was made.
    pub async fn run<'w, T: Serialize + Send>(
        &self,
        context: &RequestContext,
        required: Required,
        work: impl for<'t> Fn(Change<'t, 'w>) -> Working<'t, T> + Send + Sync + 'w,
    ) -> Result<T, OperationError> {
        if required == Required::Administrator {
            context.must_administer()?;
        }
        let claim = context.idempotency.as_ref().map(|key| self.claim(context, key)).transpose()?;
        let mut attempt = 1;
        let value = loop {
            match self.attempt(context, claim.as_ref(), &work).await {
                Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                ended => break ended?,
            }
        };
        self.refresh().await;
        Ok(value)
    }

    /// Reads the cached sites, users and keys of this process again.
    pub(super) async fn refresh(&self) {
        if let Some(directory) = &self.directory
            && let Err(error) = directory.current().await
        {
            tracing::warn!(%error, "the host notices a change later, because the store does not answer");
        }
    }

    async fn attempt<'w, T: Serialize + Send>(
        &self,
        context: &RequestContext,
        claim: Option<&Claim<'_>>,
        work: &(impl for<'t> Fn(Change<'t, 'w>) -> Working<'t, T> + Send + Sync + 'w),
    ) -> Result<T, OperationError> {
        let now = Moment::from(self.clock.now());
        let mut transaction = self.store.transaction().await?;
        if let Some(claim) = claim {
            // A repeat waits here for the first call's transaction to end.
            let earlier = transaction.records().claim_answer(&claim.kept, now, now + self.answers_kept, now).await?;
            if let Some(earlier) = earlier {
                let is_same = self.opened(&earlier.fingerprint) == claim.fingerprint;
                return Err(if is_same {
                    OperationError::Repeated(Box::new(earlier))
                } else {
                    OperationError::KeyReused
                });
            }
        }
        let done = work(Change { records: transaction.records(), now, work: PhantomData }).await?;
        let site = if done.site.is_empty() { context.entry.site.clone() } else { AuditEntry::kept(&done.site) };
        let entry = AuditEntry { accepted: true, site, reason: AuditEntry::kept(&done.about), ..context.entry.clone() };
        transaction.records().append_audit(&[entry]).await?;
        if let Some(claim) = claim {
            let answer = done.repeated.map_or_else(|| json(&done.value), Ok)?;
            let status = u16::try_from(context.entry.status).unwrap_or_default();
            transaction.records().keep_answer(&claim.kept, status, &answer).await?;
        }
        transaction.commit().await?;
        Ok(done.value)
    }

    /// The claim of a call. Its fingerprint is sealed: a reader of the store could otherwise try out secrets of the body
    /// against it.
    fn claim<'a>(&self, context: &RequestContext, key: &'a IdempotencyKey) -> Result<Claim<'a>, Refusal> {
        let unreadable = |error: String| Refusal::Store(StoreError::Unreadable(error));
        let seal = self.seal.as_ref().ok_or_else(|| unreadable("no key to seal fingerprints with".to_owned()))?;
        let sealed =
            seal.seal(FINGERPRINT, key.fingerprint.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
        let kept = AnswerClaim {
            user: context.user.id,
            key: key.key.clone(),
            fingerprint: STANDARD.encode(sealed),
            request_id: context.entry.request_id.clone(),
        };
        Ok(Claim { kept, fingerprint: &key.fingerprint })
    }

    /// The fingerprint that was sealed; empty where the sealing key is gone, so that the call counts as another one.
    fn opened(&self, fingerprint: &str) -> String {
        let sealed = STANDARD.decode(fingerprint).ok();
        let plain = sealed.and_then(|sealed| self.seal.as_ref()?.open(FINGERPRINT, &sealed).ok());
        plain.and_then(|plain| std::str::from_utf8(&plain).map(str::to_owned).ok()).unwrap_or_default()
    }
}

#[derive(Debug)]
struct Claim<'a> {
    kept: AnswerClaim,
    fingerprint: &'a str,
}

fn json(value: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|error| Refusal::Store(StoreError::Unreadable(error.to_string())))
}
