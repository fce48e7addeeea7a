//! Proxy agents: connections use them and never connect directly, their secrets go only to their proxies, and callers
//! need rights to manage them.

mod chosen;
mod going_through;
mod managed;

use serde_json::{Value, json};
use soar_host::Refusal;
use soar_store::model::Caller;
use sqlx::Connection as _;

use crate::stage::{ExecutorStage, parameters};

/// `soar:proxy canary` in HTTP's encoding.
const LOGIN: &str = "Basic c29hcjpwcm94eSBjYW5hcnk=";
const CANARY: &str = "proxy canary";

fn agent(name: &str, address: &str) -> Value {
    json!({"name": name, "address": address, "userName": "soar", "secret": CANARY})
}

/// Runs SQL that gives the store the state of a version before agents.
async fn sql(stage: &ExecutorStage, statement: &'static str) {
    let address = &stage.test.address;
    let address = if address.starts_with("postgres") { address.clone() } else { format!("sqlite:{address}") };
    let mut connection = sqlx::AnyConnection::connect(&address).await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn scanners(stage: &ExecutorStage, caller: &Caller) -> Result<soar_host::utility::Answer, Refusal> {
    stage.executor.remote(caller, "ListScanners", parameters(json!({}))).await
}
