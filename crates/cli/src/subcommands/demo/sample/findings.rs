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

/// The product's state of the findings that are changed, the word for their new state, and the reason.
const DECISIONS: [(&str, &str, &str); 4] = [
    ("discovered", "Accept Risk", "Sample data: the device is in an isolated network."),
    ("discovered", "False Positive", "Sample data: the package is not in use."),
    ("discovered", "Fix Pending", "Sample data: the patch is rolled out."),
    ("fixConfirmed", "Reopen", "Sample data: the earlier version was installed again."),
];

/// Collects the findings, changes the state of some in the simulated instance, and collects them again.
pub(crate) async fn collect(host: &Host, caller: &Caller, connection: ConnectionId) -> Result<()> {
    whole(host, caller, connection).await?;
    let filter = FindingFilter::default();
    let mut known = host.operations.list_findings(&at(host, caller), &filter, 1_000).await?.findings;
    fastrand::Rng::with_seed(SEED).shuffle(&mut known);
    let mut known: Vec<Value> =
        known.iter().map(|one| serde_json::from_str(one.known.finding.get())).collect::<Result<_, _>>()?;
    let executor = host.executor.as_ref().ok_or_else(|| anyhow!("The host has no connectors."))?;
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
