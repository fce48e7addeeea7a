//! Proxy agents: connections use them and never connect directly, their secrets go only to their proxies, and callers
//! need rights to manage them.

mod chosen;
mod going_through;
mod managed;

use serde_json::{Value, json};
use soar_host::Refusal;
use soar_store::model::Caller;

use crate::stage::{ExecutorStage, parameters};

/// `soar:proxy canary` in HTTP's encoding.
const LOGIN: &str = "Basic c29hcjpwcm94eSBjYW5hcnk=";
const CANARY: &str = "proxy canary";

fn agent(name: &str, address: &str) -> Value {
    json!({"name": name, "address": address, "userName": "soar", "secret": CANARY})
}

async fn scanners(stage: &ExecutorStage, caller: &Caller) -> Result<soar_host::utility::Answer, Refusal> {
    stage.executor.remote(caller, "ListScanners", parameters(json!({}))).await
}
