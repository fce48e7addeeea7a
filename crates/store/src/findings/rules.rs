//! Rules on findings, and how far each has come in the log of changes.

use super::rule_incidents::{CLOSABLE_INCIDENTS, LONGEST_LEASE};
use crate::columns::{Flag, from_row, json};
use crate::model::name::name_key;
use crate::model::{
    CollectionId, Destination, FindingRuleId, FindingSequence, FindingsMessage, MessageBody, Moment, UserId, Version,
};
use crate::{Records, StoreError};

/// A rule to be stored, which the host has checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRule {
    /// Its name.
    pub name: String,
    /// Whether it is active.
    pub active: bool,
    /// The rule, a JSON object.
    pub content: String,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRule {
    /// Its id.
    pub id: FindingRuleId,
    /// Its name.
    pub name: String,
    /// Whether it is active.
    pub active: bool,
    /// The rule, a JSON object.
    pub content: String,
    /// The user whose rights the rule has.
    pub user_id: UserId,
    /// The changes up to this number were handled.
    pub after: FindingSequence,
    /// Why something was not done the last time that this happened.
    pub problem: Option<String>,
    /// When that was.
    pub problem_at: Option<Moment>,
    /// Each change of the rule raises it.
    pub version: Version,
    /// When it was made.
    pub created_at: Moment,
    /// When it was changed last.
    pub modified_at: Moment,
}

from_row! {
    StoredRule: id, name, active as Flag, content, user_id, after, problem, problem_at, version, created_at,
        modified_at,
}

/// What a rule did about a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleCounts {
    /// The collection.
    pub collection_id: CollectionId,
    /// Incidents that were made, or findings that were in alerts.
    pub made: i64,
    /// Findings beyond the limit.
    pub left_out: i64,
}

from_row! { RuleCounts: collection_id, made, left_out }

const COLUMNS: &str =
    "id, name, active, content, user_id, after, problem, problem_at, version, created_at, modified_at";

const LAST: &str = "(SELECT last_sequence FROM finding_log WHERE id = 1)";

/// A collection `o` whose changes the rule `r` has all handled, and about whose left-out findings no alert was written. `c`
/// has its counts.
const TO_TELL: &str = "c.rule_id = r.id AND c.left_out > 0 AND c.told = 0 AND o.id = c.collection_id
    AND o.ended_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM finding_snapshots s
                    WHERE s.collection_id = c.collection_id AND s.last_sequence > r.after)";

impl Records<'_> {
    /// All rules, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_rules(&mut self) -> Result<Vec<StoredRule>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM finding_rules ORDER BY name_key, id");
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *self.connection).await?)
    }

    /// The rule with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn finding_rule(&mut self, id: FindingRuleId) -> Result<StoredRule, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM finding_rules WHERE id = $1");
        let found = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&mut *self.connection).await?;
        found.ok_or_else(|| StoreError::not_found("rule", id.to_string()))
    }

    /// Adds a rule, which handles the changes from now on.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when a rule has the name.
    pub async fn create_finding_rule(&mut self, new: &NewRule, user: UserId) -> Result<StoredRule, StoreError> {
        let now = self.now().await?;
        let sql = format!(
            "INSERT INTO finding_rules (name, name_key, active, content, user_id, after, version, created_at, modified_at)
             VALUES ($1, $2, $3, $4, $5, {LAST}, 1, $6, $6) RETURNING {COLUMNS}"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(&new.name).bind(name_key(&new.name));
        let query = query.bind(i64::from(new.active)).bind(&new.content).bind(user).bind(now);
        let added = query.fetch_one(&mut *self.connection).await;
        added.map_err(|error| StoreError::or_duplicate(error, "rule", &new.name))
    }

    /// Changes a rule. One that becomes active handles the changes from now on.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when another rule has the name, [`StoreError::NotFound`].
    pub async fn change_finding_rule(&mut self, id: FindingRuleId, new: &NewRule) -> Result<StoredRule, StoreError> {
        let now = self.now().await?;
        let sql = format!(
            "UPDATE finding_rules SET name = $1, name_key = $2, active = $3, content = $4, version = version + 1,
                 modified_at = $5, after = CASE WHEN active = 0 AND $3 = 1 THEN {LAST} ELSE after END,
                 problem = NULL, problem_at = NULL
             WHERE id = $6 RETURNING {COLUMNS}"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(&new.name).bind(name_key(&new.name));
        let query = query.bind(i64::from(new.active)).bind(&new.content).bind(now).bind(id);
        let changed = query.fetch_optional(&mut *self.connection).await;
        let changed = changed.map_err(|error| StoreError::or_duplicate(error, "rule", &new.name))?;
        changed.ok_or_else(|| StoreError::not_found("rule", id.to_string()))
    }

    /// Removes a rule. Its incidents stay as they are.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_finding_rule(&mut self, id: FindingRuleId) -> Result<(), StoreError> {
        let removed = sqlx::query("DELETE FROM finding_rules WHERE id = $1").bind(id);
        if removed.execute(&mut *self.connection).await?.rows_affected() == 0 {
            return Err(StoreError::not_found("rule", id.to_string()));
        }
        Ok(())
    }

    /// The active rules that have something to do.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn due_finding_rules(&mut self) -> Result<Vec<FindingRuleId>, StoreError> {
        let sql = format!(
            "SELECT r.id FROM finding_rules r
             WHERE r.active = 1 AND (r.after <> {LAST}
                 OR EXISTS (SELECT 1 FROM finding_rule_collections c, finding_collections o WHERE {TO_TELL})
                 OR EXISTS (SELECT 1 FROM finding_rule_incidents m, incidents i WHERE m.rule_id = r.id AND {CLOSABLE_INCIDENTS}))
             ORDER BY r.id"
        );
        let now = self.now().await?;
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(now).bind(now + LONGEST_LEASE);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// The active rule with this id, locked until the transaction ends. `None` if another host works on it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lock_finding_rule(&mut self, id: FindingRuleId) -> Result<Option<StoredRule>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM finding_rules WHERE id = $1 AND active = 1{}",
            self.engine.for_update_of_free("finding_rules")
        );
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&mut *self.connection).await?)
    }

    /// Records that a locked rule has handled the changes up to `after`, and why something was not done.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_rule_handled(
        &mut self,
        id: FindingRuleId,
        after: FindingSequence,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        let now = self.now().await?;
        let query = sqlx::query(
            "UPDATE finding_rules SET after = $1, problem = COALESCE($2, problem),
                 problem_at = CASE WHEN CAST($2 AS TEXT) IS NULL THEN problem_at ELSE $3 END
             WHERE id = $4",
        );
        let query = query.bind(after).bind(problem.map(str::to_owned)).bind(now).bind(id);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Forgets the problem of a locked rule.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn clear_rule_problem(&mut self, id: FindingRuleId) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE finding_rules SET problem = NULL, problem_at = NULL WHERE id = $1");
        query.bind(id).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// What a rule did about these collections so far.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rule_counts(
        &mut self,
        rule: FindingRuleId,
        collections: &[CollectionId],
    ) -> Result<Vec<RuleCounts>, StoreError> {
        let sql = format!(
            "SELECT collection_id, made, left_out FROM finding_rule_collections
             WHERE rule_id = $1 AND collection_id IN ({})",
            self.engine.integers_of("$2")
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(rule).bind(crate::rows::identifiers(collections));
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// Records what a locked rule did about a collection.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_rule_counts(&mut self, rule: FindingRuleId, counts: RuleCounts) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO finding_rule_collections (rule_id, collection_id, made, left_out, told)
             VALUES ($1, $2, $3, $4, 0)
             ON CONFLICT (rule_id, collection_id) DO UPDATE SET made = excluded.made, left_out = excluded.left_out",
        );
        let query = query.bind(rule).bind(counts.collection_id).bind(counts.made).bind(counts.left_out);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// The findings that a locked rule left out of collections whose changes it has handled. They count as told from now
    /// on.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_left_out(&mut self, rule: FindingRuleId) -> Result<Vec<RuleCounts>, StoreError> {
        let sql = format!(
            "UPDATE finding_rule_collections SET told = 1
             WHERE rule_id = $1 AND collection_id IN
                 (SELECT c.collection_id FROM finding_rules r, finding_rule_collections c, finding_collections o
                  WHERE r.id = $1 AND {TO_TELL})
             RETURNING collection_id, made, left_out"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(rule);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// Stores a message about findings that is due at once.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn create_findings_message(
        &mut self,
        id: &str,
        destination: &Destination,
        message: &FindingsMessage,
    ) -> Result<(), StoreError> {
        let content = json(&MessageBody::Findings(message.clone()))?;
        self.create_message(id, destination, &content, message.at).await
    }
}
