//! Fills an empty store for measurements with set-based SQL: the pages of a host take their rows from it.

use sqlx::{AssertSqlSafe, Executor as _};

use crate::model::Moment;
use crate::{Engine, Store, StoreError};

/// The interval of the health checks, in milliseconds.
const INTERVAL: i64 = 600_000;

/// The hours of which a host keeps counts of checks.
const HOURS: i64 = 31 * 24;

/// The connections with findings, each with one tenant.
pub const FEEDS: i64 = 20;

/// The findings of a device.
pub const FINDINGS_OF_A_DEVICE: i64 = 100;

/// The number of different CVEs.
const CVES: i64 = 5_000;
/// The title of each finding.
const TITLE: &str = "A flaw in the parser of requests lets a remote attacker run code.";

/// The number of rounds of checks in a transaction.
const ROUNDS_AT_ONCE: i64 = 100;

/// The number of rows of a store.
#[derive(Debug, Clone, Copy)]
pub struct StoreSize {
    /// The sites, which exist already: their ids begin at 1.
    pub sites: i64,
    /// Connections with a health check, on all sites.
    pub connections: i64,
    /// Incidents on all sites.
    pub incidents: i64,
    /// Results of health checks of all connections together.
    pub checks: i64,
    /// Runs of commands.
    pub runs: i64,
    /// Entries of the audit log.
    pub audit: i64,
    /// Cases, each with two incidents.
    pub cases: i64,
    /// Tenants.
    pub tenants: i64,
    /// Findings, 100 on each device, of the first [`FEEDS`] connections.
    pub findings: i64,
}

impl Store {
    /// Fills the store, which has sites and users only.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn fill(&self, size: StoreSize, now: Moment) -> Result<(), StoreError> {
        for sql in self.connections_sql(size, now.0).into_iter().chain(self.incidents_sql(size, now.0)) {
            self.fill_by(&sql).await?;
        }
        let rounds = size.checks / size.connections.max(1);
        let mut round = 0;
        while round < rounds {
            let end = (round + ROUNDS_AT_ONCE).min(rounds);
            self.fill_by(&self.checks_sql(size.connections, (round, end), rounds, now.0)).await?;
            round = end;
        }
        for sql in self.other_sql(size, now.0).into_iter().chain(self.findings_sql(size, now.0)) {
            self.fill_by(&sql).await?;
        }
        self.group_findings().await?;
        if self.engine == Engine::Postgres {
            // As the server's own maintenance does.
            self.writers.execute("VACUUM ANALYZE").await?;
        }
        Ok(())
    }

    /// Counts the groups of findings, as the end of a reading does.
    async fn group_findings(&self) -> Result<(), StoreError> {
        let feeds = self.reader().await?.records().finding_feeds().await?;
        let mut stage = self.finding_stage().await?;
        for feed in feeds {
            let counted = stage.counted_groups(feed.id).await?;
            let mut transaction = self.transaction().await?;
            transaction.records().replace_groups(feed.id, counted).await?;
            transaction.commit().await?;
        }
        stage.close().await
    }

    /// Moves the latest results of health checks to `now`, so that they do not become stale.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn refresh_health(&self, now: Moment) -> Result<(), StoreError> {
        let now = now.0;
        let sql = format!("UPDATE health SET last_check_at = {now}, last_proof_at = {now} WHERE state <> 'Failing'");
        self.fill_by(&sql).await
    }

    async fn fill_by(&self, sql: &str) -> Result<(), StoreError> {
        let mut transaction = self.transaction().await?;
        let mut records = transaction.records();
        if self.engine == Engine::Sqlite {
            (&mut *records.connection).execute("PRAGMA cache_size = -1000000").await?;
        }
        (&mut *records.connection).execute(AssertSqlSafe(sql.to_owned())).await?;
        transaction.commit().await
    }

    /// SQL for a table `name` with the column `i` from 1 to `count`.
    fn series(&self, name: &str, count: i64) -> String {
        match self.engine {
            Engine::Sqlite => format!(
                "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n) {name}"
            ),
            Engine::Postgres => format!("generate_series(CAST(1 AS BIGINT), CAST({count} AS BIGINT)) AS {name} (i)"),
        }
    }

    fn connections_sql(&self, size: StoreSize, now: i64) -> Vec<String> {
        let StoreSize { sites, connections, .. } = size;
        let n = self.series("n", connections);
        vec![
            format!(
                "INSERT INTO connections (integration, name, name_key, site_id, place, description, tenant, active,
                     health_check_minutes, version, created_at, modified_at)
                 SELECT 'coda-footprint', 'Footprint ' || i, 'footprint ' || i, 1 + i % {sites}, 1 + i % {sites}, '',
                        CASE WHEN i % 3 = 0 THEN 'Tenant ' || (i % 200) END, 1, 10, 1, {now}, {now}
                 FROM {n} ORDER BY i"
            ),
            format!(
                "INSERT INTO connection_parameters (connection_id, name, kind, value)
                 SELECT i, 'Server URL', 'Plain', 'https://footprint-' || (i % 500) || '.example.com' FROM {n}"
            ),
            format!(
                "INSERT INTO connection_parameters (connection_id, name, kind, value)
                 SELECT i, 'User Name', 'Plain', 'connector' FROM {n}"
            ),
            // No check is due while the pages are measured.
            format!(
                "INSERT INTO schedules (kind, name, name_key, site_id, connection_id, server, command, parameters,
                     repeatable, interval_ms, active, next_due_at, alert_to, alert_after, slow_ms, created_at, modified_at)
                 SELECT 'Health Check', 'Footprint ' || i, 'footprint ' || i, 1 + i % {sites}, i,
                        'https://footprint-' || (i % 500) || '.example.com', 'Test Connection', '{{}}', 1, {INTERVAL}, 1,
                        {now} + 315360000000, '[]', 3, 5000, {now}, {now}
                 FROM {n} ORDER BY i"
            ),
            format!(
                "INSERT INTO health (schedule_id, state, since, last_check_at, last_proof_at, last_error, last_error_at,
                     latency_ms, failures, successes, recent, recent_count)
                 SELECT i, CASE i % 100 WHEN 0 THEN 'Failing' WHEN 1 THEN 'Degraded' WHEN 2 THEN 'Degraded'
                                        WHEN 3 THEN 'Recovering' ELSE 'Healthy' END,
                        {now} - 3600000, {now}, {now} - CASE i % 100 WHEN 0 THEN 3600000 ELSE 0 END,
                        CASE i % 100 WHEN 0 THEN 'The server did not answer within 30 seconds. Check its address.' END,
                        CASE i % 100 WHEN 0 THEN {now} END, 20 + i % 300, CASE i % 100 WHEN 0 THEN 6 ELSE 0 END,
                        CASE i % 100 WHEN 0 THEN 0 ELSE 6 END, 0, 20
                 FROM {n} WHERE i % 100 <> 4 ORDER BY i"
            ),
            format!(
                "INSERT INTO check_hours (connection_id, hour, passed, failed)
                 SELECT n.i, {now} / 3600000 - {HOURS} + h.i, 6 - (n.i * 7 + h.i) % 89 / 88, (n.i * 7 + h.i) % 89 / 88
                 FROM {n} CROSS JOIN {} ORDER BY n.i, h.i",
                self.series("h", HOURS)
            ),
        ]
    }

    /// SQL for the checks of all connections in these rounds, the oldest first.
    fn checks_sql(&self, connections: i64, (from, to): (i64, i64), rounds: i64, now: i64) -> String {
        format!(
            "INSERT INTO checks (connection_id, due_at, started_at, ended_at, result, latency_ms, detail, node)
             SELECT connection, due, due + 15, due + 15 + latency, CASE WHEN failed = 1 THEN 'Failing' ELSE 'Healthy' END,
                    latency, CASE WHEN failed = 1 THEN 'The server did not answer within 30 seconds.' END, 'host-1'
             FROM (SELECT n.i AS connection, 20 + (n.i * 31 + r.i * 17) % 400 AS latency,
                          (n.i * 7 + r.i) % 89 / 88 AS failed,
                          {now} - ({rounds} - {from} - r.i) * {INTERVAL} - n.i % 60 * 1000 AS due
                   FROM {} CROSS JOIN {}) made ORDER BY due, connection",
            self.series("r", to - from),
            self.series("n", connections),
        )
    }

    fn incidents_sql(&self, size: StoreSize, now: i64) -> Vec<String> {
        let StoreSize { sites, incidents, .. } = size;
        let n = self.series("n", incidents);
        let number = "CAST(20250000 + i % 365 AS TEXT) || '-' || i";
        let title = "CASE i % 8 WHEN 0 THEN 'Suspicious sign-in of user u' WHEN 1 THEN 'Phishing mail reported by u'
                         WHEN 2 THEN 'Malware found on host h' WHEN 3 THEN 'Critical vulnerability on device d'
                         WHEN 4 THEN 'Data exfiltration attempt from host h' WHEN 5 THEN 'Port scan against gateway g'
                         WHEN 6 THEN 'Suspicious process on host h' ELSE 'Expired certificate on device d' END
                     || (i * 7919 % 50000)";
        let kind = "CASE i % 8 WHEN 0 THEN 'Sign-In' WHEN 1 THEN 'Phishing' WHEN 2 THEN 'Malware' ELSE 'Detection' END";
        // The latest incidents are open, and a few of the others.
        let open = format!("(i > {incidents} * 95 / 100 OR i % 97 = 0)");
        let created = format!("({now} - ({incidents} - i) * 31536000000 / {incidents})");
        let values = "(SELECT f.value FROM incident_fields f WHERE f.incident_id = incidents.id)";
        let texts = format!("number || ' ' || title || ' ' || incident_type || COALESCE(' ' || {values}, '')");
        let words = format!("LOWER(REPLACE({texts}, '-', ' '))");
        let (id, words) = match self.engine {
            Engine::Sqlite => ("rowid", words),
            Engine::Postgres => ("incident_id", format!("array_to_tsvector(string_to_array({words}, ' '))")),
        };
        vec![
            format!(
                "INSERT INTO incidents (number, title, description, incident_type, site_id, owner, assignee, severity,
                     status, disposition, conclusion, creator, created_at, modified_at, closed_at, closed_by, version)
                 SELECT {number}, {title}, 'A rule of the detection found this. See the fields for the details.', {kind},
                        1 + i % 11 % {sites}, CASE WHEN i % 5 <> 0 THEN 'Analyst ' || (i % 40) END, NULL,
                        CASE WHEN i % 200 = 0 THEN 'Critical' WHEN i % 10 = 1 THEN 'High' WHEN i % 3 = 0 THEN 'Medium'
                             ELSE 'Low' END,
                        CASE WHEN {open} THEN 'Open' ELSE 'Closed' END, '', '', 'Admin', {created}, {created},
                        CASE WHEN {open} THEN NULL ELSE {created} + 3600000 END,
                        CASE WHEN {open} THEN NULL ELSE 'Admin' END, 1
                 FROM {n} ORDER BY i"
            ),
            format!(
                "INSERT INTO incident_fields (incident_id, position, section, name, kind, required_on_close, value)
                 SELECT i, 0, 'Details', 'Host', 'Info Activity', 0, 'server-' || (i * 104729 % 100000)
                 FROM {n} WHERE i % 4 = 0"
            ),
            format!("INSERT INTO incident_words ({id}, words) SELECT id, {words} FROM incidents ORDER BY id"),
        ]
    }

    fn other_sql(&self, size: StoreSize, now: i64) -> Vec<String> {
        let StoreSize { sites, connections, incidents, runs, audit, cases, tenants, .. } = size;
        vec![
            format!(
                "INSERT INTO runs (user_id, user_name, site_id, site_name, connection_id, connection_name, integration,
                     command, parameters, status, started_at, ended_at, outcome, receipt, request_id, node, cancel_requested)
                 SELECT 1, 'Admin', 1 + i % {sites}, 'Site ' || (1 + i % {sites}), 1 + i % {connections},
                        'Footprint ' || (1 + i % {connections}), 'coda-footprint',
                        CASE i % 3 WHEN 0 THEN 'List Devices' WHEN 1 THEN 'List Scanners' ELSE 'Test Connection' END, '{{}}',
                        CASE WHEN i % 50 = 0 THEN 'Failed' ELSE 'Successful' END, {now} - ({runs} - i) * 60000,
                        {now} - ({runs} - i) * 60000 + 900, NULL, NULL, 'request-' || i, 'host-1', 0
                 FROM {} ORDER BY i",
                self.series("n", runs)
            ),
            format!(
                "INSERT INTO audit (at, request_id, surface, address, key_name, username, acting_for, site, command, status,
                     accepted, reason)
                 SELECT {now} - ({audit} - i) * 30000, 'request-' || i, 'command', '10.0.0.' || (i % 250), 'Playbooks',
                        'Analyst ' || (i % 40), '', 'Site ' || (1 + i % {sites}), 'GetIncidents', 200, 1, ''
                 FROM {} ORDER BY i",
                self.series("n", audit)
            ),
            format!(
                "INSERT INTO cases (number, title, description, case_type, site_id, priority, time_zone, status, creator,
                     created_at, modified_at, version)
                 SELECT 'C' || i, 'Case about host ' || i, '', 'Investigation', 1 + i % {sites}, 'Medium', 'UTC', 'Open',
                        'Admin', {now} - ({cases} - i) * 600000, {now}, 1
                 FROM {} ORDER BY i",
                self.series("n", cases)
            ),
            format!(
                "INSERT INTO case_incidents (case_id, incident_id, linked_at, linked_by)
                 SELECT n.i, 1 + (n.i * 2 + l.i) % {incidents}, {now}, 'Admin' FROM {} CROSS JOIN {}",
                self.series("n", cases),
                self.series("l", 2)
            ),
            format!(
                "INSERT INTO tenants (name, name_key, region, region_key, url, state, sequence, created_at)
                 SELECT 'Tenant ' || i, 'tenant ' || i, 'Canada', 'canada', 'https://tenant-' || i || '.example.com', 'Added',
                        0, {now}
                 FROM {} ORDER BY i",
                self.series("n", tenants)
            ),
        ]
    }
    /// SQL for findings that were first collected 30 days ago, and of which each day another 1 % changed.
    fn findings_sql(&self, size: StoreSize, now: i64) -> Vec<String> {
        const DAY: i64 = 86_400_000;
        let (findings, begun) = (size.findings, now - 30 * DAY);
        let n = self.series("n", findings);
        let of_a_day = (findings / 100).max(1);
        let d = self.series("d", 30);
        let device = format!("((i - 1) / {FINDINGS_OF_A_DEVICE})");
        let feed = format!("(1 + {device} % {FEEDS})");
        let cve = format!("'CVE-2025-' || (10000 + i * 7919 % {CVES})");
        let content = format!(
            "'{{\"id\":\"' || i || '\",\"deviceId\":\"' || {device} || '\",\"deviceName\":\"device-' || {device} ||
             '\",\"deviceAddress\":\"10.0.' || ({device} / 250) || '.' || ({device} % 250) || '\",\"status\":\"open\",\"cve\":[\"'
             || {cve} || '\"],\"title\":\"{TITLE}\",\"cvss\":'
             || (i % 10) || '.5,\"software\":\"nginx 1.' || (i % 20) || '\"}}'"
        );
        let columns =
            "sequence, snapshot_id, feed_id, device, finding, at, kind, baseline, before, reason, fields, content";
        vec![
            format!(
                "INSERT INTO finding_feeds (connection_id, tenant, tenant_name, baseline_at)
                 SELECT i, '1', 'Tenant ' || i, {begun} FROM {} WHERE {findings} > 0 ORDER BY i",
                self.series("n", FEEDS)
            ),
            format!(
                "INSERT INTO finding_devices (feed_id, device, product_id, name, address)
                 SELECT 1 + i % {FEEDS}, CAST(i AS TEXT), CAST(i AS TEXT), 'device-' || i, '10.0.' || (i / 250) || '.' || (i % 250)
                 FROM (SELECT i - 1 AS i FROM {}) n WHERE {findings} > 0",
                self.series("n", (findings / FINDINGS_OF_A_DEVICE).max(1))
            ),
            format!(
                "INSERT INTO findings (feed_id, device, finding, counted, kept, status, listed, cve, first_at, changed_at,
                     sequence, content)
                 SELECT {feed}, CAST({device} AS TEXT), 'f' || i, i, i, 'open', 1, {cve}, {begun}, {begun}, i, {content}
                 FROM {n} WHERE {findings} > 0"
            ),
            format!(
                "INSERT INTO finding_texts (cve, text, is_whole)
                 SELECT DISTINCT {cve}, LOWER('{TITLE}') || '\nnginx 1.' || (i % 20), 1 FROM {n} WHERE {findings} > 0"
            ),
            format!(
                "INSERT INTO finding_changes ({columns})
                 SELECT i, {feed}, {feed}, CAST({device} AS TEXT), 'f' || i, {begun}, 'opened', 1, NULL, NULL, '[]', {content}
                 FROM {n} WHERE {findings} > 0 ORDER BY i"
            ),
            format!(
                "INSERT INTO finding_changes ({columns})
                 SELECT {findings} + (day - 1) * {of_a_day} + place, day * {FEEDS} + {feed}, {feed}, CAST({device} AS TEXT),
                        'f' || i, {begun} + day * {DAY} - 3600000, 'changed', 0, 'open', NULL,
                        '[{{\"field\":\"cvss\",\"from\":5.0,\"to\":7.5}}]', {content}
                 FROM (SELECT d.i AS day, n.i AS place, 1 + (n.i * 100 + d.i) % {findings} AS i FROM {d} CROSS JOIN {}
                       WHERE {findings} > 0) changed
                 ORDER BY 1",
                self.series("n", of_a_day)
            ),
            format!(
                "INSERT INTO finding_collections (asked_at, user_name, ended_at)
                 SELECT {begun} + (i - 1) * {DAY} - 7200000, 'Admin', {begun} + (i - 1) * {DAY} FROM {} WHERE {findings} > 0
                 ORDER BY i",
                self.series("n", 31)
            ),
            // The numbers of a day's changes are those of all its snapshots.
            format!(
                "INSERT INTO finding_snapshots (collection_id, feed_id, turn, status, started_at, ended_at, baseline, rows_read,
                     requests, opened, changed, fixed, gone, reopened, first_sequence, last_sequence)
                 SELECT d.i, n.i, n.i, 'Whole', {begun} + (d.i - 1) * {DAY} - 7200000, {begun} + (d.i - 1) * {DAY},
                        CASE d.i WHEN 1 THEN 1 ELSE 0 END, {findings} / {FEEDS}, 100, 0, {of_a_day} / {FEEDS}, 0, 0, 0,
                        CASE d.i WHEN 1 THEN 1 ELSE {findings} + (d.i - 2) * {of_a_day} + 1 END,
                        CASE d.i WHEN 1 THEN {findings} ELSE {findings} + (d.i - 1) * {of_a_day} END
                 FROM {} CROSS JOIN {} WHERE {findings} > 0 ORDER BY d.i, n.i",
                self.series("d", 31),
                self.series("n", FEEDS)
            ),
            format!(
                "UPDATE finding_log SET last_sequence = {findings} + 30 * {of_a_day} WHERE {findings} > 0"
            ),
        ]
    }
}
