//! The one way to change anything: the change, its audit entry and its kept answer are one transaction.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use serde::Serialize;
use soar_store::model::{AuditEntry, Caller, Moment, Surface};
use soar_store::{AnswerClaim, EarlierCall, Records, Store, StoreError, Transaction};

use super::{OperationError, RequestContext};
use crate::Refusal;
use crate::access::SecretSeal;
use crate::conflicts::until_no_conflict;

/// The timeout for the store to take a change of a page, for which a person waits. Other changes wait as long as the store
/// does.
const PAGE_TIMEOUT: Duration = Duration::from_secs(8);

/// The sealing context of the fingerprints of calls.
const FINGERPRINT: &str = "answers/fingerprint";

/// The right that a change needs.
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
    pub(super) store: Store,
    /// The retention time of the answer to a call under an Idempotency-Key.
    answers_kept: Duration,
    /// Seals the fingerprints of calls; `None` where no call has an Idempotency-Key.
    seal: Option<Arc<dyn SecretSeal>>,
}

/// The context of the work of a change. It borrows the transaction for `'t`. The work may borrow values that live for
/// `'w`.
#[derive(Debug)]
pub struct Change<'t, 'w> {
    /// The records of the transaction.
    pub records: Records<'t>,
    /// The time of the change on the database's clock.
    pub now: Moment,
    /// Tells the compiler that `'w` outlives the transaction.
    work: PhantomData<&'t &'w ()>,
}

/// The future of the work of a change.
pub type Working<'t, T> = BoxFuture<'t, Result<Done<T>, Refusal>>;

/// The result of the work of a change.
#[derive(Debug)]
pub struct Done<T> {
    value: T,
    /// The answer to a repeat under the same Idempotency-Key, in place of `value`.
    repeated: Option<String>,
    about: String,
    site: String,
    is_accepted: bool,
}

impl<T> Done<T> {
    /// `value`, and the reason of the audit entry.
    pub fn new(value: T, about: impl Into<String>) -> Self {
        Self { value, repeated: None, about: about.into(), site: String::new(), is_accepted: true }
    }

    /// `value` is the answer to a call that was refused or failed for the reason `why`. The answer is kept, and the
    /// audit entry has the call as refused.
    pub(super) fn refused(value: T, why: impl Into<String>) -> Self {
        Self { is_accepted: false, ..Self::new(value, why) }
    }

    /// Sets the site of the audit entry.
    #[must_use]
    pub fn on(self, site: &str) -> Self {
        Self { site: site.to_owned(), ..self }
    }

    /// Sets the answer to a repeat: `value` without the part that is returned only once.
    ///
    /// # Errors
    /// [`Refusal::Store`] when it cannot be serialised.
    pub fn repeated_as(self, answer: &impl Serialize) -> Result<Self, Refusal> {
        Ok(Self { repeated: Some(json(answer)?), ..self })
    }
}

impl Changes {
    /// Changes to `store`, without Idempotency-Keys.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, answers_kept: Duration::ZERO, seal: None }
    }

    /// Adds Idempotency-Keys, whose answers are kept for `answers_kept`.
    #[must_use]
    pub fn keeping_answers(self, answers_kept: Duration, seal: Arc<dyn SecretSeal>) -> Self {
        Self { answers_kept, seal: Some(seal), ..self }
    }

    /// Begins a transaction, claims the Idempotency-Key, checks the right, does `work`, writes the audit entry, keeps
    /// the answer and commits. Tries again after a conflict with another transaction.
    ///
    /// # Errors
    /// [`OperationError`] when nothing was changed. The adapter then writes the audit entry. It contains
    /// [`StoreError::Uncertain`] when the outcome of the commit is unknown.
    pub async fn run<'w, T: Serialize + Send>(
        &self,
        context: &RequestContext,
        required: Required,
        work: impl for<'t> Fn(Change<'t, 'w>) -> Working<'t, T> + Send + Sync + 'w,
    ) -> Result<T, OperationError> {
        if required == Required::Administrator {
            context.must_administer()?;
        }
        let claim = self.claim(context)?;
        until_no_conflict(|| self.attempt(context, claim.as_ref(), &work)).await
    }

    /// As [`Changes::run`], for work that checks the caller's rights. The work gets the caller.
    ///
    /// # Errors
    /// As [`Changes::run`].
    pub async fn run_as_caller<'w, T: Serialize + Send>(
        &self,
        context: &'w RequestContext,
        work: impl for<'t> Fn(Change<'t, 'w>, Caller) -> Working<'t, T> + Send + Sync + 'w,
    ) -> Result<T, OperationError> {
        let work = Arc::new(work);
        self.run(context, Required::CheckedByWork, move |mut change| {
            let work = Arc::clone(&work);
            Box::pin(async move {
                let caller = context.caller_anywhere(&mut change.records).await?;
                work(change, caller).await
            })
        })
        .await
    }

    /// A new transaction for a change that the caller asked for.
    pub(super) async fn begin_for(&self, context: &RequestContext) -> Result<Transaction, StoreError> {
        match context.entry.surface {
            Surface::Console => self.store.transaction_within(PAGE_TIMEOUT).await,
            _ => self.begin().await,
        }
    }

    /// A new transaction.
    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        self.store.transaction().await
    }

    async fn attempt<'w, T: Serialize + Send>(
        &self,
        context: &RequestContext,
        claim: Option<&IdempotencyClaim>,
        work: &(impl for<'t> Fn(Change<'t, 'w>) -> Working<'t, T> + Send + Sync + 'w),
    ) -> Result<T, OperationError> {
        let mut transaction = self.begin_for(context).await?;
        let now = transaction.records().now().await?;
        if let Some(claim) = claim {
            // A repeat waits here until the first call's transaction ends.
            if let Some(earlier) = self.first_call(&mut transaction.records(), claim, now, now).await? {
                return Err(OperationError::Repeated(Box::new(earlier)));
            }
        }
        let done = work(Change { records: transaction.records(), now, work: PhantomData }).await?;
        let kept = claim.map(|claim| Ok::<_, Refusal>((claim, done.repeated.map_or_else(|| json(&done.value), Ok)?)));
        let site = if done.site.is_empty() { context.entry.site.clone() } else { AuditEntry::kept(&done.site) };
        let entry = AuditEntry {
            accepted: done.is_accepted,
            site,
            reason: AuditEntry::kept(&done.about),
            ..context.entry.clone()
        };
        record(&mut transaction.records(), entry, kept.transpose()?).await?;
        transaction.commit().await?;
        Ok(done.value)
    }

    /// Claims the answer for the caller until `runs_until`; or returns the first call, if it had the same fingerprint.
    /// `now` is the time of the database's clock.
    pub(super) async fn first_call(
        &self,
        records: &mut Records<'_>,
        claim: &IdempotencyClaim,
        runs_until: Moment,
        now: Moment,
    ) -> Result<Option<EarlierCall>, OperationError> {
        let Some(earlier) = records.claim_answer(&claim.kept, runs_until, now + self.answers_kept).await? else {
            return Ok(None);
        };
        // An older host kept answers of the Command API with unsealed fingerprints.
        let is_same =
            earlier.fingerprint == claim.fingerprint || self.opened(&earlier.fingerprint) == claim.fingerprint;
        if is_same { Ok(Some(earlier)) } else { Err(OperationError::KeyReused) }
    }

    /// The claim of a call; `None` for a call without an Idempotency-Key. The fingerprint is sealed, since a reader of
    /// the store could otherwise guess secrets in the body by it.
    pub(super) fn claim(&self, context: &RequestContext) -> Result<Option<IdempotencyClaim>, Refusal> {
        let Some(key) = &context.idempotency else { return Ok(None) };
        let unreadable = |error: String| Refusal::Store(StoreError::Unreadable(error));
        let seal = self.seal.as_ref().ok_or_else(|| unreadable("no key to seal fingerprints with".to_owned()))?;
        let sealed =
            seal.seal(FINGERPRINT, key.fingerprint.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
        let kept = AnswerClaim {
            user: context.user.id,
            access_key: key.access_key,
            key: key.key.clone(),
            fingerprint: STANDARD.encode(sealed),
            request_id: context.entry.request_id.clone(),
        };
        Ok(Some(IdempotencyClaim { kept, fingerprint: key.fingerprint.clone() }))
    }

    /// The opened fingerprint; empty where the sealing key no longer exists, so that the call counts as a different
    /// call.
    fn opened(&self, fingerprint: &str) -> String {
        let sealed = STANDARD.decode(fingerprint).ok();
        let plain = sealed.and_then(|sealed| self.seal.as_ref()?.open(FINGERPRINT, &sealed).ok());
        plain.and_then(|plain| std::str::from_utf8(&plain).map(str::to_owned).ok()).unwrap_or_default()
    }
}

/// A claim on the answer to a call under an Idempotency-Key.
#[derive(Debug)]
pub(super) struct IdempotencyClaim {
    pub(super) kept: AnswerClaim,
    /// The fingerprint, unsealed.
    fingerprint: String,
}

/// Writes a call's audit entry, and keeps the answer under its claim.
pub(super) async fn record(
    records: &mut Records<'_>,
    entry: AuditEntry,
    kept: Option<(&IdempotencyClaim, String)>,
) -> Result<(), StoreError> {
    let status = u16::try_from(entry.status).unwrap_or_default();
    records.append_audit(&[entry]).await?;
    if let Some((claim, answer)) = kept {
        records.keep_answer(&claim.kept, status, &answer).await?;
    }
    Ok(())
}

pub(super) fn json(value: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|error| Refusal::Store(StoreError::Unreadable(error.to_string())))
}
