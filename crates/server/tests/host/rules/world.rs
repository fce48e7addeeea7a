//! Rules in the world of findings.

use serde_json::{Value, json};
use soar_host::operations::{IncidentSearch, RuleShown};
use soar_host::rules::{PlannedIncident, Rule, RulePlan, Rules};
use soar_host::views::WholeIncident;
use soar_store::model::{FindingsMessage, MessageBody, Moment};

use crate::findings::world::FindingsWorld;

/// The rule of this JSON.
pub fn rule(text: &Value) -> Rule {
    serde_json::from_value(text.clone()).unwrap()
}

pub async fn add(world: &FindingsWorld, text: &Value) -> RuleShown {
    world.operations().create_finding_rule(&world.context, &rule(text)).await.unwrap()
}

/// The rules, as a host of the store applies them.
pub fn rules(world: &FindingsWorld) -> Rules {
    let operations = world.operations();
    Rules::new(operations.connections.clone().unwrap(), operations.findings.clone())
}

/// All incidents, the oldest first.
pub async fn incidents(world: &FindingsWorld) -> Vec<WholeIncident> {
    let wanted = IncidentSearch { limit: 10_000, ..IncidentSearch::default() };
    let page = world.operations().list_incidents(&world.context, wanted).await.unwrap();
    let mut whole = Vec::new();
    for incident in page.incidents {
        whole.push(world.operations().incident(&world.context, &incident.number).await.unwrap());
    }
    whole
}

/// The titles of incidents with the CVEs and devices of their findings, sorted.
pub async fn told(world: &FindingsWorld) -> Vec<String> {
    let shown = incidents(world).await.into_iter().map(|whole| {
        let mut findings: Vec<_> =
            whole.findings.iter().map(|one| format!("{}/{} {}", one.cve, one.device, one.status)).collect();
        findings.sort();
        format!("{} [{}] {}", whole.incident.title, findings.join(", "), whole.incident.status)
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort();
    shown
}

/// The messages about findings that wait, and their destinations.
pub async fn messages(world: &FindingsWorld) -> Vec<(String, FindingsMessage)> {
    let mut transaction = world.test.store.transaction().await.unwrap();
    let mut records = transaction.records();
    let waiting = records.waiting_messages(1_000).await.unwrap();
    let ids: Vec<&str> = waiting.iter().map(|message| message.id.as_str()).collect();
    // They stay as they are: the transaction is not committed.
    let mut messages = records.take_messages(&ids, Moment::MAX, Moment::MAX).await.unwrap();
    messages.sort_by(|one, other| one.id.cmp(&other.id));
    let content = |message: soar_store::model::Message| match message.content {
        MessageBody::Findings(content) => (message.destination.to_string(), content),
        MessageBody::Health(content) => panic!("{content:?}"),
    };
    messages.into_iter().map(content).collect()
}

/// The rule of this name, as it is shown.
pub async fn shown(world: &FindingsWorld, name: &str) -> RuleShown {
    let all = world.operations().list_finding_rules(&world.context).await.unwrap();
    all.into_iter().find(|one| one.rule.name == name).unwrap()
}

/// The parts of incidents that a plan has, sorted.
pub fn parts(incidents: &[PlannedIncident]) -> Vec<Value> {
    let mut parts: Vec<_> = incidents
        .iter()
        .map(|one| {
            let mut findings: Vec<_> = one.findings.iter().map(|finding| json!(finding)).collect();
            findings.sort_by_key(|finding| finding["findingId"].to_string());
            json!([one.title, one.site, one.severity, one.owner, one.finding_count, findings])
        })
        .collect();
    parts.sort_by_key(Value::to_string);
    parts
}

/// All incidents are those of the plan.
pub async fn assert_as_planned(world: &FindingsWorld, plan: &RulePlan) {
    let made = incidents(world).await.into_iter().map(|whole| PlannedIncident {
        title: whole.incident.title,
        site: whole.incident.site,
        severity: whole.incident.severity,
        owner: whole.incident.owner.unwrap(),
        finding_count: whole.findings.len(),
        findings: whole.findings,
    });
    let made: Vec<_> = made.collect();
    assert_eq!(plan.made, i64::try_from(made.len()).unwrap());
    for (planned, made) in parts(&plan.incidents).into_iter().zip(parts(&made)) {
        assert_eq!(planned, made);
    }
}
