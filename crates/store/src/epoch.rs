//! A store that was restored from a backup begins a new epoch. Work that was under way or due in the backup may have
//! been done since. So the host does not repeat it, and records each skipped item.

use super::schedules::{self, ScheduleRow};
use super::{Records, StoreError};
use crate::columns::from_row;
use crate::model::{AuditEntry, Epoch, Moment, Schedule};

/// At most this many skipped items have audit entries of their own. The others are counted.
const MOST_ENTRIES: usize = 1_000;

/// The work that a restored store skipped.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewEpoch {
    /// How often the store was restored, including this time.
    pub epoch: Epoch,
    /// Commands of schedules that change something and were due. They are logged as Interrupted.
    pub schedules_skipped: usize,
    /// Alerts that were not delivered. They are not sent.
    pub alerts_skipped: usize,
    /// Runs of connectors' commands that were under way. They are Interrupted.
    pub runs_interrupted: u64,
    /// Runs of Sync Connection that were under way. They are Interrupted.
    pub syncs_interrupted: u64,
}

/// An alert that was not delivered when the backup was made.
struct Unsent {
    destination: String,
    about: String,
    since: Moment,
}

from_row! { Unsent: destination, about, since }

#[cfg(feature = "testing")]
impl crate::Store {
    /// For tests: begins a new epoch, as a restore does.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn begin_new_epoch(&self, entry: &AuditEntry) -> Result<NewEpoch, StoreError> {
        let mut transaction = self.transaction().await?;
        let made = transaction.records().begin_epoch(entry).await?;
        transaction.commit().await?;
        Ok(made)
    }
}

impl Records<'_> {
    /// Begins a new epoch. `entry` says who restored the store. It is written to the audit log, followed by one entry
    /// for each skipped item.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(super) async fn begin_epoch(&mut self, entry: &AuditEntry) -> Result<NewEpoch, StoreError> {
        let now = self.now().await?;
        let query = sqlx::query_scalar(
            "UPDATE store_state SET epoch = epoch + 1, restored_at = $1 WHERE id = 1 RETURNING epoch",
        );
        let epoch: Epoch = query.bind(now).fetch_one(&mut *self.connection).await?;
        self.raise_message_numbers(now).await?;
        self.raise_finding_sequence(now).await?;
        let mut skipped = self.skip_due_changes(now).await?;
        let schedules_skipped = skipped.len();
        let unsent = self.skip_alerts().await?;
        let alerts_skipped = unsent.len();
        skipped.extend(unsent);
        // A session that ended after the backup was made, and a link that was used, must not work again.
        for sql in ["DELETE FROM nodes", "DELETE FROM sessions", "DELETE FROM password_links"] {
            sqlx::query(sql).execute(&mut *self.connection).await?;
        }
        let runs_interrupted = self.interrupt_runs_of_the_dead(now, now).await?;
        let syncs = sqlx::query("UPDATE sync_runs SET runs_until = 0 WHERE ended_at IS NULL");
        let syncs_interrupted = syncs.execute(&mut *self.connection).await?.rows_affected();
        let made = NewEpoch { epoch, schedules_skipped, alerts_skipped, runs_interrupted, syncs_interrupted };
        self.note_epoch(entry, now, &made, &skipped).await?;
        Ok(made)
    }

    /// Raises the numbers of messages between masters and tenants above all that were given out or taken after the
    /// backup: to a thousand times the current time in milliseconds. If the other side finds a number too low, it
    /// answers with the highest number that it took, and the pair goes on from there.
    async fn raise_message_numbers(&mut self, now: Moment) -> Result<(), StoreError> {
        let number = now.0.saturating_mul(1_000);
        for sql in [
            "UPDATE tenants SET sequence = $1 WHERE sequence < $1",
            "UPDATE masters SET sequence = $1 WHERE sequence < $1",
        ] {
            sqlx::query(sql).bind(number).execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// Logs due commands that change something as Interrupted, and computes their next due times.
    async fn skip_due_changes(&mut self, now: Moment) -> Result<Vec<String>, StoreError> {
        let sql = format!(
            "SELECT {} FROM schedules
             WHERE active = 1 AND repeatable = 0 AND (next_due_at <= $1 OR run_soon_at <= $1) ORDER BY id",
            schedules::COLUMNS
        );
        let query = sqlx::query_as::<_, ScheduleRow>(sqlx::AssertSqlSafe(sql)).bind(now);
        let mut skipped = Vec::new();
        for row in query.fetch_all(&mut *self.connection).await? {
            let Schedule { id, what, next_due_at, run_soon_at } = Schedule::from(row);
            let due_at = run_soon_at.filter(|asked| *asked < next_due_at).unwrap_or(next_due_at);
            let error = format!(
                "Not run: it was due at {due_at}, before the store was restored from a backup at {now}. It may have \
                 run after the backup was made. Look at what it changes, and run the schedule if needed."
            );
            sqlx::query(
                "INSERT INTO schedule_runs (schedule_id, site_id, name, due_at, started_at, ended_at, status, input,
                     output, error, request_id, node)
                 VALUES ($1, $2, $3, $4, $5, $5, 'Interrupted', $6, 'null', $7, '', 'restore')
                 ON CONFLICT (schedule_id, due_at) DO NOTHING",
            )
            .bind(id)
            .bind(what.site_id)
            .bind(&what.name)
            .bind(due_at)
            .bind(now)
            .bind(super::columns::json(&what.parameters)?)
            .bind(&error)
            .execute(&mut *self.connection)
            .await?;
            if next_due_at <= now {
                let next = what.cadence.next_due(next_due_at, now);
                self.set_next_due(id, next.unwrap_or_else(|_| now + super::work::TRY_AGAIN)).await?;
            }
            sqlx::query("UPDATE schedules SET run_soon_at = NULL WHERE id = $1")
                .bind(id)
                .execute(&mut *self.connection)
                .await?;
            skipped.push(format!("Schedule {} not run: it was due at {due_at}, before the restore", what.name));
        }
        Ok(skipped)
    }

    /// Deletes undelivered alerts. The next failure of a connection or schedule that still fails opens a new alert.
    async fn skip_alerts(&mut self) -> Result<Vec<String>, StoreError> {
        let mut unsent = sqlx::query_as::<_, Unsent>(
            "SELECT destination, content AS about, created_at AS since FROM messages WHERE delivered_at IS NULL
             ORDER BY created_at, id",
        )
        .fetch_all(&mut *self.connection)
        .await?;
        for message in &mut unsent {
            let content = serde_json::from_str::<crate::model::MessageBody>(&message.about);
            message.about = content.map(|content| content.subjects()).unwrap_or_default().join(", ");
        }
        let waiting = sqlx::query_as::<_, Unsent>(
            "SELECT destination, subject AS about, opened_at AS since FROM alerts
             WHERE told IS NULL OR told <> reason OR closed_at IS NOT NULL
             ORDER BY opened_at, destination, schedule_id",
        );
        unsent.extend(waiting.fetch_all(&mut *self.connection).await?);
        for sql in [
            // The recovery of a failure that was reported before is still to be reported.
            "UPDATE health
             SET alerted = (SELECT MIN(told) FROM alerts
                            WHERE alerts.schedule_id = health.schedule_id AND closed_at IS NULL)
             WHERE schedule_id IN (SELECT schedule_id FROM alerts
                                   WHERE (told IS NULL OR told <> reason) AND closed_at IS NULL)",
            "DELETE FROM alerts WHERE told IS NULL OR closed_at IS NOT NULL",
            "UPDATE alerts SET reason = told WHERE told <> reason",
            "DELETE FROM messages WHERE delivered_at IS NULL",
        ] {
            sqlx::query(sql).execute(&mut *self.connection).await?;
        }
        let line = |Unsent { destination, about, since }: Unsent| {
            format!("Alert to {destination} not sent: it was decided on at {since}, before the restore: {about}")
        };
        Ok(unsent.into_iter().map(line).collect())
    }

    async fn note_epoch(
        &mut self,
        entry: &AuditEntry,
        now: Moment,
        made: &NewEpoch,
        skipped: &[String],
    ) -> Result<(), StoreError> {
        let about = |reason: &str| AuditEntry { at: now, reason: AuditEntry::kept(reason), ..entry.clone() };
        let mut entries = vec![about(&format!(
            "{}: epoch {}, {} schedules and {} alerts skipped, {} runs and {} syncs interrupted",
            entry.reason,
            made.epoch,
            made.schedules_skipped,
            made.alerts_skipped,
            made.runs_interrupted,
            made.syncs_interrupted
        ))];
        entries.extend(skipped.iter().take(MOST_ENTRIES).map(|line| about(line)));
        if skipped.len() > MOST_ENTRIES {
            entries.push(about(&format!("{} more schedules and alerts skipped", skipped.len() - MOST_ENTRIES)));
        }
        self.append_audit(&entries).await
    }
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use super::*;
    use crate::model::{AlertReason, Cadence, Destination, MessageNumber, NewSchedule, ScheduleKind, Surface};
    use crate::testing::TestStore;
    use crate::{AuditFilter, NewConnection, NewSite, NewTenant, NewUser, Registration, model};

    async fn fill(records: &mut Records<'_>) -> (Schedule, Schedule) {
        let now = Moment(1);
        let site = NewSite {
            name: "Site".to_owned(),
            kind: model::SiteKind::Internal,
            description: String::new(),
            time_zone: "UTC".to_owned(),
            language: "en".to_owned(),
        };
        let site = records.create_site(&site, now).await.unwrap().id;
        let user = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
        let user = records.create_user(&user, now).await.unwrap().id;
        let connection = NewConnection {
            integration: "x".to_owned(),
            name: "x".to_owned(),
            site: Some(site),
            recipient: None,
            agent_name: None,
            description: String::new(),
            tenant: None,
            active: true,
            health_check: None,
            users: Vec::new(),
        };
        let connection_id = records.create_connection(&connection, now).await.unwrap();
        let destination: Destination = "soc@example.com".parse().unwrap();
        let mut new = NewSchedule {
            kind: ScheduleKind::Command,
            name: "Changes".to_owned(),
            site_id: Some(site),
            connection_id,
            server: "server".to_owned(),
            user_id: Some(user),
            command: "Patch".to_owned(),
            parameters: Default::default(),
            repeatable: false,
            cadence: Cadence::Every { interval_ms: 60_000 },
            active: true,
            alert_to: vec![destination.clone()],
            alert_after: 1,
            recover_after: 1,
            slow_ms: 5_000,
        };
        let changes = records.create_schedule(&new).await.unwrap();
        (new.name, new.repeatable) = ("Reads".to_owned(), true);
        let reads = records.create_schedule(&new).await.unwrap();
        for schedule in [&changes, &reads] {
            records.set_next_due(schedule.id, Moment(5_000)).await.unwrap();
        }
        records.open_alerts(&reads, AlertReason::Failing, "detail", Moment(5)).await.unwrap();
        sqlx::query(
            "INSERT INTO health (schedule_id, state, since, failures, successes, recent, recent_count, alerted)
             VALUES ($1, 'Failing', 5, 1, 0, 1, 1, 'Failing')",
        )
        .bind(reads.id)
        .execute(&mut *records.connection)
        .await
        .unwrap();
        let content = r#"{"event":"Failing","server":"server","at":5,"stillFailing":0,"items":[]}"#;
        records.create_message("m-1", &destination, content, Moment(5)).await.unwrap();
        let tenant = NewTenant { name: "T".to_owned(), region: "R".to_owned(), url: "https://t".to_owned() };
        let tenant = records.create_tenant(&tenant, now).await.unwrap().id;
        let made = Registration { pair: "p".to_owned(), sealed: vec![0; 64], instance: "i".to_owned() };
        records.register_tenant(tenant, &made, now).await.unwrap();
        records.give_out_numbers(tenant, 7, MessageNumber(0)).await.unwrap();
        (changes, reads)
    }

    #[tokio::test]
    async fn a_new_epoch_ends_all_sessions_and_links_and_keeps_passwords() {
        for test in TestStore::on_both().await {
            let mut transaction = test.store.transaction().await.unwrap();
            let mut records = transaction.records();
            let new = crate::NewUser { name: "alice".to_owned(), email: None, is_administrator: false };
            let user = records.create_user(&new, Moment(1)).await.unwrap().id;
            let now = records.now().await.unwrap();
            let (hash, ends_at) = ("h".to_owned(), now + std::time::Duration::from_secs(3_600));
            let method = crate::model::SignInMethod::Password;
            let session = crate::NewSession { hash: hash.clone(), user, method, address: String::new(), ends_at };
            records.create_session(&session, now).await.unwrap();
            let link = crate::NewPasswordLink { user, hash: hash.clone(), expires_at: ends_at };
            records.keep_password_link(&link, now).await.unwrap();
            records.set_password(user, "a hash", now).await.unwrap();
            records.begin_epoch(&AuditEntry::new(now, Surface::Terminal, "id")).await.unwrap();
            assert!(records.session(&hash).await.unwrap().is_none());
            assert!(records.password_link(&hash).await.unwrap().is_none());
            assert!(records.sign_in_credentials("alice").await.unwrap().unwrap().hash.is_some());
        }
    }

    #[tokio::test]
    async fn a_new_epoch_repeats_no_change_and_no_alert_and_records_them() {
        for test in TestStore::on_both().await {
            let mut transaction = test.store.transaction().await.unwrap();
            let mut records = transaction.records();
            let (changes, reads) = fill(&mut records).await;
            let now = records.now().await.unwrap();
            let entry = AuditEntry {
                command: "restore".to_owned(),
                reason: "a.backup".to_owned(),
                ..AuditEntry::new(now, Surface::Terminal, "id")
            };
            let made = records.begin_epoch(&entry).await.unwrap();
            assert_eq!((made.epoch, made.schedules_skipped, made.alerts_skipped), (Epoch(1), 1, 2));
            assert!(records.schedule(changes.id).await.unwrap().next_due_at > now);
            assert_eq!(records.schedule(reads.id).await.unwrap().next_due_at, Moment(5_000));
            let log = sqlx::query_as::<_, (String, String)>("SELECT status, error FROM schedule_runs");
            let log = log.fetch_all(&mut *records.connection).await.unwrap();
            let [(status, error)] = log.as_slice() else { panic!("{log:?}") };
            assert!(status == "Interrupted" && error.contains("before the store was restored"), "{log:?}");
            assert_eq!(records.waiting_messages(10).await.unwrap().len(), 0);
            assert!(records.alert_groups().await.unwrap().is_empty());
            // The next failure of a connection that still fails is reported.
            let alerted = sqlx::query_scalar::<_, Option<String>>("SELECT alerted FROM health");
            assert_eq!(alerted.fetch_one(&mut *records.connection).await.unwrap(), None);
            let told = records.audit(&AuditFilter::default(), 10).await.unwrap();
            let told: Vec<_> = told.into_iter().map(|(_, entry)| entry.reason).collect();
            for part in
                ["a.backup: epoch 1, 1 schedules and 2 alerts skipped", "Schedule Changes not run", "Alert to soc@"]
            {
                assert!(told.iter().any(|told| told.contains(part)), "{told:?}");
            }
            // The numbers of each epoch are higher than all that the epoch before may have given out.
            let tenant = records.tenants(&crate::TenantFilter::default(), 1).await.unwrap()[0].id;
            let (first, _) = records.give_out_numbers(tenant, 1, MessageNumber(0)).await.unwrap().unwrap();
            assert!(first.0 > now.0 * 1_000, "{first}");
            assert_eq!(records.begin_epoch(&entry).await.unwrap().epoch, Epoch(2));
            let (second, _) = records.give_out_numbers(tenant, 1, MessageNumber(0)).await.unwrap().unwrap();
            assert!(second > first, "{second}");
            transaction.commit().await.unwrap();
        }
    }
}
