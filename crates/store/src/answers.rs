//! Answers kept under Idempotency-Keys, and claims of calls whose answer is not there yet.

use std::collections::BTreeMap;

use super::{Records, StoreError};
use crate::columns::from_row;
use crate::model::{AccessKeyId, Moment, UserId};

/// The most answers, and the most bytes of answers, that the host keeps for a key.
const MOST_ANSWERS: i64 = 100_000;
const MOST_BYTES: i64 = 256 * 1024 * 1024;

/// The claim of a call to answer first under an Idempotency-Key.
#[derive(Debug, Clone)]
pub struct AnswerClaim {
    /// The user in whose name the call is made.
    pub user: UserId,
    /// The key whose quota the answer counts for.
    pub access_key: AccessKeyId,
    /// The Idempotency-Key.
    pub key: String,
    /// A hash of the request.
    pub fingerprint: String,
    /// The request id of the call that makes the claim.
    pub request_id: String,
}

/// The call that holds the claim, or its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierCall {
    /// A hash of its request.
    pub fingerprint: String,
    /// Its request id.
    pub request_id: String,
    /// While there is no answer: until when the call counts as running.
    pub runs_until: Moment,
    /// The status and the body of its answer. `None` while the call runs.
    pub answer: Option<(u16, String)>,
}

/// A claim as the table holds it. Its status is 0 while there is no answer.
struct AnswerRow {
    fingerprint: String,
    request_id: String,
    runs_until: Moment,
    status: u16,
    answer: String,
}

from_row! { AnswerRow: fingerprint, request_id, runs_until, status as i64, answer }

/// The number and the bytes of the answers that are kept for a key.
struct KeptAnswers {
    answers: i64,
    bytes: i64,
}

from_row! { KeptAnswers: answers, bytes }

/// An answer that was deleted.
struct DeletedAnswer {
    access_key_id: AccessKeyId,
    status: i64,
    bytes: i64,
}

from_row! { DeletedAnswer: access_key_id, status, bytes }

impl Records<'_> {
    /// Claims the answer. Returns `None` if the caller now holds the claim, otherwise the call that holds it.
    ///
    /// The statement waits for another transaction that claims the same. A claim that has expired counts until it is purged:
    /// a clock that is ahead for a while would make all repeats new calls.
    ///
    /// # Errors
    /// [`StoreError::AnswersFull`] when the key's quota is used up; [`StoreError::Database`].
    pub async fn claim_answer(
        &mut self,
        claim: &AnswerClaim,
        runs_until: Moment,
        expires_at: Moment,
    ) -> Result<Option<EarlierCall>, StoreError> {
        let made = sqlx::query(
            "INSERT INTO answers (user_id, idempotency_key, fingerprint, request_id, runs_until, status, answer,
                                  expires_at, access_key_id)
             VALUES ($1, $2, $3, $4, $5, 0, '', $6, $7) ON CONFLICT (user_id, idempotency_key) DO NOTHING",
        )
        .bind(claim.user)
        .bind(&claim.key)
        .bind(&claim.fingerprint)
        .bind(&claim.request_id)
        .bind(runs_until)
        .bind(expires_at)
        .bind(claim.access_key)
        .execute(&mut *self.connection)
        .await?;
        if made.rows_affected() == 1 {
            self.check_quota(claim.access_key).await?;
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

    /// Takes over the claim of `earlier`, whose call ended without an answer. Returns whether no other call was
    /// quicker.
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

    /// Extends the claim of a running call until `runs_until`.
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

    /// Gives the claim up: the next call under the Idempotency-Key counts as the first.
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

    /// Keeps the answer to the claim. Returns whether the caller still held the claim.
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
        let is_kept = kept.rows_affected() == 1;
        if is_kept {
            // This is the last statement of most transactions, so the row is not locked for long.
            sqlx::query(
                "INSERT INTO kept_answers (access_key_id, answers, bytes) VALUES ($1, 1, $2)
                 ON CONFLICT (access_key_id) DO UPDATE
                 SET answers = kept_answers.answers + 1, bytes = kept_answers.bytes + excluded.bytes",
            )
            .bind(claim.access_key)
            .bind(i64::try_from(answer.len()).unwrap_or(i64::MAX))
            .execute(&mut *self.connection)
            .await?;
        }
        Ok(is_kept)
    }

    async fn check_quota(&mut self, access_key: AccessKeyId) -> Result<(), StoreError> {
        let kept: Option<KeptAnswers> =
            sqlx::query_as("SELECT answers, bytes FROM kept_answers WHERE access_key_id = $1")
                .bind(access_key)
                .fetch_optional(&mut *self.connection)
                .await?;
        match kept {
            Some(KeptAnswers { answers, bytes }) if answers >= MOST_ANSWERS || bytes >= MOST_BYTES => {
                Err(StoreError::AnswersFull { answers, bytes })
            }
            _ => Ok(()),
        }
    }

    /// Subtracts deleted answers from their keys' quotas.
    async fn uncount_answers(&mut self, deleted: &[DeletedAnswer]) -> Result<(), StoreError> {
        // In the order of the keys, so that two transactions do not wait for each other.
        let mut counts = BTreeMap::<AccessKeyId, (i64, i64)>::new();
        for answer in deleted.iter().filter(|answer| answer.status != 0) {
            let (answers, bytes) = counts.entry(answer.access_key_id).or_default();
            *answers += 1;
            *bytes += answer.bytes;
        }
        for (key, (answers, bytes)) in counts {
            sqlx::query("UPDATE kept_answers SET answers = answers - $2, bytes = bytes - $3 WHERE access_key_id = $1")
                .bind(key)
                .bind(answers)
                .bind(bytes)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    /// Deletes answers and claims that expired by `now`. Returns their number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn purge_answers(&mut self, now: Moment) -> Result<u64, StoreError> {
        let purged: Vec<DeletedAnswer> = sqlx::query_as(
            "DELETE FROM answers WHERE expires_at <= $1
             RETURNING access_key_id, status, CAST(OCTET_LENGTH(answer) AS BIGINT) AS bytes",
        )
        .bind(now)
        .fetch_all(&mut *self.connection)
        .await?;
        self.uncount_answers(&purged).await?;
        Ok(purged.len() as u64)
    }
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use super::*;
    use crate::NewUser;
    use crate::testing::TestStore;

    fn claim(user: UserId, key: &str) -> AnswerClaim {
        AnswerClaim {
            user,
            access_key: AccessKeyId(7),
            key: key.to_owned(),
            fingerprint: String::new(),
            request_id: key.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_key_has_a_quota_of_kept_answers_which_expire() {
        let (now, end) = (Moment(0), Moment(1_000));
        for test in TestStore::on_both().await {
            let mut transaction = test.store.transaction().await.unwrap();
            let mut records = transaction.records();
            let user = NewUser { name: "a".to_owned(), email: None, is_administrator: false };
            let user = records.create_user(&user, now).await.unwrap().id;
            assert_eq!(records.claim_answer(&claim(user, "one"), now, end).await.unwrap(), None);
            assert!(records.keep_answer(&claim(user, "one"), 200, "äb").await.unwrap());
            // The other answers are counted without being stored.
            sqlx::query("UPDATE kept_answers SET answers = answers + $1 - 1")
                .bind(MOST_ANSWERS)
                .execute(&mut *records.connection)
                .await
                .unwrap();
            transaction.commit().await.unwrap();

            let mut transaction = test.store.transaction().await.unwrap();
            let refused = transaction.records().claim_answer(&claim(user, "two"), now, end).await.unwrap_err();
            assert!(matches!(refused, StoreError::AnswersFull { answers: MOST_ANSWERS, bytes: 3 }), "{refused:?}");
            drop(transaction);
            let mut transaction = test.store.transaction().await.unwrap();
            let mut records = transaction.records();
            let earlier = records.claim_answer(&claim(user, "one"), now, end).await.unwrap().unwrap();
            assert_eq!(earlier.answer, Some((200, "äb".to_owned())), "a repeat is answered all the same");
            // Other keys have quotas of their own.
            let other = AnswerClaim { access_key: AccessKeyId(8), ..claim(user, "three") };
            assert_eq!(records.claim_answer(&other, now, end).await.unwrap(), None);
            assert_eq!(records.purge_answers(end).await.unwrap(), 2);
            assert_eq!(records.claim_answer(&claim(user, "two"), now, end).await.unwrap(), None);
            let kept: KeptAnswers = sqlx::query_as("SELECT answers, bytes FROM kept_answers WHERE access_key_id = 7")
                .fetch_one(&mut *records.connection)
                .await
                .unwrap();
            assert_eq!((kept.answers, kept.bytes), (MOST_ANSWERS - 1, 0));
        }
    }
}
