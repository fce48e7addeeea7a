//! The findings of the demo: they are read from the simulated instance twice. Between, some change their state, and a scan
//! runs. A rule makes incidents.

use std::time::Duration;

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use soar_connector::{Outcome, RawParameters};
use soar_host::Host;
use soar_host::executor::Executor;
use soar_host::findings::CollectionToMake;
use soar_host::operations::{IncidentSearch, Span};
use soar_host::rules::Rule;
use soar_host::views::IncidentShown;
use soar_store::model::{Caller, ConnectionId, FindingRuleId, Moment};
use soar_store::{FindingChangeCount, FindingFilter};

use super::{DAY, SEED, context};
use crate::subcommands::demo::names::CONNECTION;

/// The pause between two looks at a collection.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The number of findings whose state is changed with each word.
const OF_EACH: usize = 4;

/// The product's state of the findings that are changed, the word for their new state, and the reason.
const DECISIONS: [(&str, &str, &str); 4] = [
    ("discovered", "Accept Risk", "Sample data: the device is in an isolated network."),
    ("discovered", "False Positive", "Sample data: the package is not in use."),
    ("discovered", "Fix Pending", "Sample data: the patch is rolled out."),
    ("fixConfirmed", "Reopen", "Sample data: the earlier version was installed again."),
];

/// What happened to the findings.
#[derive(Debug)]
pub(crate) struct FindingStory {
    /// The changes of the day, by kind.
    pub(crate) changes: Vec<FindingChangeCount>,
    /// The incidents that the rule made.
    pub(crate) incidents: Vec<IncidentShown>,
    /// The name of the rule.
    pub(crate) rule: String,
    /// The outcome of Rescan And Wait.
    pub(crate) rescan: Outcome,
}

/// Collects the findings, adds a rule, changes the state of some findings in the simulated instance, scans again, and
/// collects the findings again.
pub(crate) async fn collect(host: &Host, caller: &Caller, connection: ConnectionId) -> Result<FindingStory> {
    let executor = host.executor.as_ref().ok_or_else(|| anyhow!("The host has no connectors."))?;
    whole(host, caller, connection).await?;
    let begun = Moment::from(host.clock.now());
    let rule: Rule = serde_json::from_value(rule())?;
    let rule = host.operations.create_finding_rule(&at(host, caller), &rule).await?;
    decide(host, caller, executor).await?;
    let rescan =
        executor.run(caller, "coda-footprint", Some(CONNECTION), "Rescan And Wait", RawParameters::default()).await?;
    whole(host, caller, connection).await?;
    has_handled_all(host, caller, rule.id).await?;
    let now = Moment::from(host.clock.now());
    let changes = host.operations.finding_change_counts(&at(host, caller), Span { from: now - DAY, to: now }).await?;
    let search = IncidentSearch { since: Some(begun), limit: 100, ..IncidentSearch::default() };
    let incidents = host.operations.list_incidents(&at(host, caller), search).await?.incidents;
    Ok(FindingStory { changes, incidents, rule: rule.rule.name, rescan: rescan.outcome })
}

/// The demo's rule: one incident per device that has a new or reopened finding with a high score.
fn rule() -> Value {
    json!({
        "name": "New and severe",
        "when": { "cvssAtLeast": 7 },
        "then": { "incident": { "onePer": "device", "title": "{device}: {cve} {change}" } },
        "mostPerCollection": 5,
    })
}

/// Changes the state of some findings in the simulated instance.
async fn decide(host: &Host, caller: &Caller, executor: &Executor) -> Result<()> {
    let filter = FindingFilter::default();
    let mut known = host.operations.list_findings(&at(host, caller), &filter, 1_000).await?.findings;
    fastrand::Rng::with_seed(SEED).shuffle(&mut known);
    let mut known: Vec<Value> =
        known.iter().map(|one| serde_json::from_str(one.known.finding.get())).collect::<Result<_, _>>()?;
    for (before, state, reason) in DECISIONS {
        for _ in 0..OF_EACH {
            let Some(place) = known.iter().position(|finding| finding["state"] == before) else { break };
            let finding = known.swap_remove(place);
            let parameters = json!({
                "Device IDs": [finding["deviceId"]],
                "Vulnerability IDs": [finding["id"]],
                "State": state,
                "Reason": reason,
            });
            let parameters: RawParameters = serde_json::from_value(parameters)?;
            let command = "Update Vulnerability State";
            executor.run(caller, "coda-footprint", Some(CONNECTION), command, parameters).await?;
        }
    }
    Ok(())
}

/// Waits until the host has applied the rule to all changes.
async fn has_handled_all(host: &Host, caller: &Caller, rule: FindingRuleId) -> Result<()> {
    loop {
        let shown = host.operations.finding_rule(&at(host, caller), rule).await?;
        if shown.after >= shown.last_sequence {
            return Ok(());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// One collection of all tenants, until its end. The tenant whose trial has expired fails, as it would anywhere.
async fn whole(host: &Host, caller: &Caller, connection: ConnectionId) -> Result<()> {
    let wanted = CollectionToMake { connections: vec![connection], tenants: Vec::new() };
    let mut collection = host.operations.collect_findings(&at(host, caller), &wanted).await?;
    while !collection.ended {
        tokio::time::sleep(POLL_INTERVAL).await;
        collection = host.operations.finding_collection(&at(host, caller), collection.id).await?;
    }
    Ok(())
}

fn at(host: &Host, caller: &Caller) -> soar_host::operations::RequestContext {
    context(caller, Moment::from(host.clock.now()))
}
