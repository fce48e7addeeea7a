//! Findings of the sample data, and rules about them.

use serde_json::json;
use soar_host::findings::CollectionToMake;
use soar_host::operations::KnownFindingShown;
use soar_store::FindingFilter;
use soar_store::model::{ConnectionId, FeedId, FindingRuleId, FindingSequence, HeldStatus, IncidentFinding};
use sqlx::Connection as _;

use crate::world::ConsoleWorld;

impl ConsoleWorld {
    /// Gives an incident this many findings, on `device-0001` and so on, of a tenant that the host does not have.
    pub async fn hold(&self, number: &str, count: usize) {
        let finding = |place: usize| IncidentFinding {
            finding_id: format!("99.{place:04}.hash"),
            feed_id: FeedId(99),
            cve: format!("CVE-2026-{place:04}"),
            device: format!("device-{place:04}"),
            address: String::new(),
            tenant: "Elsewhere".to_owned(),
            connection: "gone".to_owned(),
            first_seen: "2026-11-01T00:00:00Z".to_owned(),
            evidence: String::new(),
            status: HeldStatus::Open,
            sequence: FindingSequence(0),
        };
        let findings: Vec<_> = (1..=count).map(finding).collect();
        let mut transaction = self.host.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let incident = records.incident_for_change(number).await.unwrap();
        records.put_incident_findings(incident.id, &findings.iter().collect::<Vec<_>>()).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Collects the findings of a tenant, decides about three of them in the product, and collects them again. Returns the
    /// ids of these three.
    pub async fn findings(&self) -> Vec<String> {
        self.collect().await;
        let known = self.known("open", "\"discovered\"").await;
        let decided = known.iter().zip(["Accept Risk", "False Positive", "Fix Pending"]);
        for (known, state) in decided.clone() {
            self.decide(known, state).await;
        }
        let ids = decided.map(|(known, _)| known.known.finding_id.clone()).collect();
        self.collect().await;
        ids
    }

    /// Reopens a fixed finding with a CVSS score in the product, and collects the findings. Returns its CVE.
    pub async fn reopened(&self) -> String {
        let known = self.known("fixed", "\"cvss\":").await;
        self.decide(&known[0], "Reopen").await;
        self.collect().await;
        let finding: serde_json::Value = serde_json::from_str(known[0].known.finding.get()).unwrap();
        finding["cve"][0].as_str().unwrap().to_owned()
    }

    /// Adds a rule on findings, as the administrator. Returns its id.
    pub async fn rule(&self, rule: serde_json::Value) -> FindingRuleId {
        let rule = serde_json::from_value(rule).unwrap();
        self.host.operations.create_finding_rule(&self.context(), &rule).await.unwrap().id
    }

    /// A rule as it is stored.
    pub async fn stored_rule(&self, id: FindingRuleId) -> serde_json::Value {
        let shown = self.host.operations.finding_rule(&self.context(), id).await.unwrap();
        serde_json::to_value(shown.rule).unwrap()
    }

    /// The findings with this status that contain a text.
    async fn known(&self, status: &str, text: &str) -> Vec<KnownFindingShown> {
        let filter = FindingFilter { status: Some(status.to_owned()), ..FindingFilter::default() };
        let known = self.host.operations.list_findings(&self.context(), &filter, 100).await.unwrap().findings;
        known.into_iter().filter(|one| one.known.finding.get().contains(text)).collect()
    }

    /// Changes the state of a finding in the product.
    async fn decide(&self, known: &KnownFindingShown, state: &str) {
        let finding: serde_json::Value = serde_json::from_str(known.known.finding.get()).unwrap();
        let parameters = json!({
            "Device IDs": [finding["deviceId"]], "Vulnerability IDs": [finding["id"]], "State": state,
            "Reason": "Decided in a test",
        });
        let parameters = serde_json::from_value(parameters).unwrap();
        let executor = self.host.executor.as_ref().unwrap();
        let command = "Update Vulnerability State";
        let run = executor.run(&self.caller, "coda-footprint", Some("Footprint"), command, parameters);
        assert!(run.await.unwrap().outcome.error.is_none());
    }

    /// Collects the findings of a tenant.
    async fn collect(&self) {
        let operations = &self.host.operations;
        let wanted = CollectionToMake { connections: vec![ConnectionId(1)], tenants: vec!["1".to_owned()] };
        let made = operations.collect_findings(&self.context(), &wanted).await.unwrap();
        let ended = operations.finish_collection(made.id, &|_| {}).await.unwrap();
        assert_eq!(ended.tenants[0].problem, None);
    }

    /// Gives a finding a title and a device's name of a hostile vendor.
    pub async fn spoil(&self, id: &str) {
        let hostile = format!("<img src=x onerror=alert(1)>\u{202e}evil\u{2066} {}", "long ".repeat(2_000));
        let mut connection = sqlx_sqlite::SqliteConnection::connect(&self.test.address).await.unwrap();
        let sql = "UPDATE findings SET content = json_set(content, '$.title', $1, '$.deviceName', $1)
                   WHERE feed_id || '.' || device || '.' || finding = $2";
        let spoilt = sqlx::query(sql).bind(hostile).bind(id).execute(&mut connection).await.unwrap();
        assert_eq!(spoilt.rows_affected(), 1);
    }

    /// Copies each finding this many times.
    pub async fn multiply_findings(&self, copies: i64) {
        let mut connection = sqlx_sqlite::SqliteConnection::connect(&self.test.address).await.unwrap();
        let sql = "WITH RECURSIVE copies (copy) AS (SELECT 1 UNION ALL SELECT copy + 1 FROM copies WHERE copy < $1)
                   INSERT INTO findings
                   SELECT feed_id, device, finding || '-' || copy, counted, kept, status, listed, cve, first_at,
                          changed_at, sequence, content FROM findings, copies";
        sqlx::query(sql).bind(copies).execute(&mut connection).await.unwrap();
    }
}
