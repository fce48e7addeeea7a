//! The findings of the demo: they are read from the simulated instance twice, and change between.

use std::time::Duration;

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use soar_connector::RawParameters;
use soar_host::Host;
use soar_host::findings::CollectionToMake;
use soar_store::FindingFilter;
use soar_store::model::{Caller, ConnectionId, Moment};

use super::{SEED, context};
use crate::subcommands::demo::names::CONNECTION;

/// The pause between two looks at a collection.
const LOOK: Duration = Duration::from_millis(200);

/// The number of findings whose state is changed with each word.
const OF_EACH: usize = 4;

/// The words for states, and the reason that is given with each.
const DECISIONS: [(&str, &str); 3] = [
    ("Accept Risk", "Sample data: the device is in an isolated network."),
    ("False Positive", "Sample data: the package is not in use."),
    ("Fix Pending", "Sample data: the patch is rolled out."),
];

/// Collects the findings, changes the state of some in the simulated instance, and collects them again.
pub(crate) async fn collect(host: &Host, caller: &Caller, connection: ConnectionId) -> Result<()> {
    whole(host, caller, connection).await?;
    let filter = FindingFilter { status: Some("open".to_owned()), ..FindingFilter::default() };
    let open = host.operations.list_findings(&at(host, caller), &filter, 1_000).await?.findings;
    let mut dice = fastrand::Rng::with_seed(SEED);
    // The state of a finding about which the product knows no decision.
    let open = open.iter().filter(|one| one.known.finding.get().contains("\"discovered\""));
    let mut chosen = dice.choose_multiple(open, DECISIONS.len() * OF_EACH).into_iter();
    let executor = host.executor.as_ref().ok_or_else(|| anyhow!("The host has no connectors."))?;
    for (state, reason) in DECISIONS {
        for known in chosen.by_ref().take(OF_EACH) {
            let finding: Value = serde_json::from_str(known.known.finding.get())?;
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
    whole(host, caller, connection).await
}

/// One collection of all tenants, until its end. The tenant whose trial has expired fails, as it would anywhere.
async fn whole(host: &Host, caller: &Caller, connection: ConnectionId) -> Result<()> {
    let wanted = CollectionToMake { connections: vec![connection], tenants: Vec::new() };
    let mut collection = host.operations.collect_findings(&at(host, caller), &wanted).await?;
    while !collection.ended {
        tokio::time::sleep(LOOK).await;
        collection = host.operations.finding_collection(&at(host, caller), collection.id).await?;
    }
    Ok(())
}

fn at(host: &Host, caller: &Caller) -> soar_host::operations::RequestContext {
    context(caller, Moment::from(host.clock.now()))
}
