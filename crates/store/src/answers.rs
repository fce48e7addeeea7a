//! First answers under an Idempotency-Key, in the store, and claims on those that are still to come.

use super::{Records, StoreError};
use crate::model::{Moment, UserId};

/// A claim to answer the first call under an Idempotency-Key.
#[derive(Debug, Clone)]
pub struct AnswerClaim {
    /// The number of the user who calls.
    pub user: UserId,
    /// The Idempotency-Key.
    pub key: String,
    /// Of what was asked.
    pub fingerprint: String,
    /// Whose claim it is.
    pub request_id: String,
}

/// What was there before a claim could be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierCall {
    /// Of what was asked.
    pub fingerprint: String,
    /// Whose call it was.
    pub request_id: String,
    /// Until when it counts as running, while there is no answer.
    pub runs_until: Moment,
    /// The status and the body that were answered; none while it runs.
    pub answer: Option<(u16, String)>,
}

/// A claim as it is kept; its status is 0 while there is no answer.
#[derive(sqlx::FromRow)]
struct AnswerRow {
    fingerprint: String,
    request_id: String,
    runs_until: Moment,
    #[sqlx(try_from = "i64")]
    status: u16,
    answer: String,
}

impl Records<'_> {
    /// Claims the answer; `None` when the claim is now the caller's, otherwise the call that came first.
    ///
    /// Within a transaction of another host that claims the same, it waits for that one to end. An
    /// expired claim is deleted first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn claim_answer(
        &mut self,
        claim: &AnswerClaim,
        runs_until: Moment,
        expires_at: Moment,
        now: Moment,
    ) -> Result<Option<EarlierCall>, StoreError> {
        sqlx::query("DELETE FROM answers WHERE user_id = $1 AND idempotency_key = $2 AND expires_at <= $3")
            .bind(claim.user)
            .bind(&claim.key)
            .bind(now)
            .execute(&mut *self.connection)
            .await?;
        let made = sqlx::query(
            "INSERT INTO answers (user_id, idempotency_key, fingerprint, request_id, runs_until, status, answer,
                                  expires_at)
             VALUES ($1, $2, $3, $4, $5, 0, '', $6) ON CONFLICT (user_id, idempotency_key) DO NOTHING",
        )
        .bind(claim.user)
        .bind(&claim.key)
        .bind(&claim.fingerprint)
        .bind(&claim.request_id)
        .bind(runs_until)
        .bind(expires_at)
        .execute(&mut *self.connection)
        .await?;
        if made.rows_affected() == 1 {
            return Ok(None);
        }
        let earlier = sqlx::query_as::<_, AnswerRow>(
            "SELECT fingerprint, request_id, runs_until, status, answer FROM answers
             WHERE user_id = $1 AND idempotency_key = $2",
        )
        .bind(claim.user)
        .bind(&claim.key)
        .fetch_one(&mut *self.connection)
        .await?;
        Ok(Some(EarlierCall {
            fingerprint: earlier.fingerprint,
            request_id: earlier.request_id,
            runs_until: earlier.runs_until,
            answer: (earlier.status != 0).then_some((earlier.status, earlier.answer)),
        }))
    }

    /// Takes over the claim of `earlier`, whose call ended without an answer; whether nobody else was quicker.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_over_claim(
        &mut self,
        claim: &AnswerClaim,
        earlier: &EarlierCall,
        runs_until: Moment,
    ) -> Result<bool, StoreError> {
        let taken = sqlx::query(
            "UPDATE answers SET request_id = $1, runs_until = $2
             WHERE user_id = $3 AND idempotency_key = $4 AND request_id = $5 AND runs_until = $6 AND status = 0",
        )
        .bind(&claim.request_id)
        .bind(runs_until)
        .bind(claim.user)
        .bind(&claim.key)
        .bind(&earlier.request_id)
        .bind(earlier.runs_until)
        .execute(&mut *self.connection)
        .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Says that the call still runs, until `runs_until` unless it says so again.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn extend_claim(&mut self, claim: &AnswerClaim, runs_until: Moment) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE answers SET runs_until = $1
             WHERE user_id = $2 AND idempotency_key = $3 AND request_id = $4 AND status = 0",
        )
        .bind(runs_until)
        .bind(claim.user)
        .bind(&claim.key)
        .bind(&claim.request_id)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Gives the claim up, so that the next call under the Idempotency-Key counts as the first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn give_up_claim(&mut self, claim: &AnswerClaim) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM answers WHERE user_id = $1 AND idempotency_key = $2 AND request_id = $3 AND status = 0",
        )
        .bind(claim.user)
        .bind(&claim.key)
        .bind(&claim.request_id)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Keeps the answer to the claim; whether the claim was still the caller's.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_answer(&mut self, claim: &AnswerClaim, status: u16, answer: &str) -> Result<bool, StoreError> {
        let kept = sqlx::query(
            "UPDATE answers SET status = $1, answer = $2
             WHERE user_id = $3 AND idempotency_key = $4 AND request_id = $5 AND status = 0",
        )
        .bind(i64::from(status))
        .bind(answer)
        .bind(claim.user)
        .bind(&claim.key)
        .bind(&claim.request_id)
        .execute(&mut *self.connection)
        .await?;
        Ok(kept.rows_affected() == 1)
    }

    /// Deletes what has expired by `now`; how many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn purge_answers(&mut self, now: Moment) -> Result<u64, StoreError> {
        let purged =
            sqlx::query("DELETE FROM answers WHERE expires_at <= $1").bind(now).execute(&mut *self.connection).await?;
        Ok(purged.rows_affected())
    }
}
