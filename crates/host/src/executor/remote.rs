//! Runs integration commands for the Command API.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};
use soar_connector::name::{is_same, quoted};
use soar_connector::{Command, Invocation, Outcome, ParameterProblem, RawParameters, ReturnData};
use soar_store::HeldRoom;
use soar_store::model::{Caller, RunId};
use tokio::time::Instant;

use super::Executor;
use super::finished_run::{FinishedRun, WorkUnderWay};
use crate::Refusal;
use crate::commands::{IntegrationCommand, IntegrationCommands};
use crate::plugins::{CONNECTION_NAME, endpoint_name};
use crate::utility::{Answer, CcTable, CommandResult, More};

/// Outcomes with more rows are converted on a thread for blocking work.
const MANY_ROWS: usize = 1_000;

impl Executor {
    /// Runs the command with this endpoint, such as `ListDevices`. It runs on the connection that `"Connection Name"`
    /// in the parameters names, or else on the only connection. The manifest of the connection's integration checks the
    /// other parameters. Dropping the future cancels the run. Work that goes on in the product is waited for within the
    /// timeout; the answer then says that it goes on.
    ///
    /// # Errors
    /// [`Refusal`] when the command did not run. A failed command returns an answer whose `error` is the Error tab.
    pub async fn remote(
        &self,
        caller: &Caller,
        endpoint: &str,
        mut parameters: RawParameters,
    ) -> Result<Answer, Refusal> {
        let until = Instant::now() + self.shared.settings.time_limit();
        let name = connection_name(&mut parameters)?;
        let commands = self.registry().commands_at(endpoint);
        let integrations: Vec<_> = commands.iter().map(|(plugin, _)| plugin.manifest().connector.id.as_str()).collect();
        if integrations.is_empty() {
            return Err(Refusal::Because(format!("There is no command {}.", quoted(endpoint))));
        }
        let connection = self.connections().choose(caller, &integrations, name.as_deref()).await?;
        let mut holders = commands.into_iter();
        let (plugin, command) = holders
            .find(|(plugin, _)| plugin.manifest().connector.id == connection.integration)
            .ok_or_else(|| Refusal::Because(format!("There is no command {}.", quoted(endpoint))))?;
        let invocation = Invocation::parse(command, &parameters).map_err(Refusal::Parameters)?;
        let started = self.run_on(caller, connection, Arc::clone(plugin), invocation).await?;
        let ended = self.wait_for(started, Some(until)).await?;
        if let Some(under_way) = &ended.under_way {
            return running(ended.run, under_way);
        }
        let FinishedRun { outcome, room, .. } = ended;
        let answer = if outcome.result.rows.len() <= MANY_ROWS {
            answer(&outcome)
        } else {
            let answering = tokio::task::spawn_blocking(move || answer(&outcome));
            answering.await.unwrap_or_else(|_| Err(Refusal::Unable("The outcome could not be converted.".to_owned())))
        };
        Ok(Answer { room, ..answer? })
    }
}

#[async_trait]
impl IntegrationCommands for Executor {
    fn commands(&self) -> Vec<IntegrationCommand> {
        let commands = self.registry().plugins().iter().flat_map(|plugin| &plugin.manifest().commands);
        let described = |command: &Arc<Command>| IntegrationCommand {
            endpoint: endpoint_name(&command.name),
            manifest: Command::clone(command),
        };
        commands.map(described).collect()
    }

    async fn run(&self, caller: &Caller, endpoint: &str, parameters: RawParameters) -> Result<Answer, Refusal> {
        self.remote(caller, endpoint, parameters).await
    }
}

/// Removes the connection's name from the parameters and returns it.
fn connection_name(parameters: &mut RawParameters) -> Result<Option<String>, Refusal> {
    let is_name = |name: &String| is_same(name, CONNECTION_NAME);
    let spellings: Vec<_> = parameters.keys().filter(|name| is_name(name)).cloned().collect();
    let mut found = None;
    for spelling in &spellings {
        match parameters.remove(spelling) {
            Some(Value::String(name)) if found.is_none() => found = Some(name),
            None | Some(Value::Null) => {}
            Some(value) => {
                let problem = ParameterProblem::Invalid {
                    name: CONNECTION_NAME.to_owned(),
                    expected: "one connection's name, as text".to_owned(),
                    found: if value.is_string() { "several".to_owned() } else { quoted(&value.to_string()) },
                };
                return Err(Refusal::Parameters(problem.into()));
            }
        }
    }
    Ok(found.filter(|name| !name.trim().is_empty()))
}

/// The value of `returnData` while the work of a command goes on in the product.
const RUNNING: &str = "Running";

/// The answer of the Command API that says that the work of a command goes on.
fn running(run: RunId, under_way: &WorkUnderWay) -> Result<Answer, Refusal> {
    let mut more = More::default();
    more.insert("run", &run)
        .and_then(|()| more.insert("following", &under_way.progress))
        .and_then(|()| more.insert("followToken", &under_way.token))
        .and_then(|()| more.insert("message", &under_way.text(run)))
        .map_err(|error| Refusal::Unable(format!("The answer could not be written: {error}.")))?;
    Ok(Answer { shown: Some(RUNNING.into()), more, ..Answer::ended(CommandResult::Successful) })
}

/// The outcome as an answer of the Command API.
fn answer(outcome: &Outcome) -> Result<Answer, Refusal> {
    let mut more = More::default();
    let key_fields: Map<_, _> =
        outcome.key_fields.iter().map(|field| (field.name.clone(), Value::from(field.values.clone()))).collect();
    more.insert("keyFields", &key_fields)
        .and_then(|()| more.insert("rawData", &outcome.raw_data))
        .and_then(|()| more.insert("receipt", &outcome.receipt))
        .and_then(|()| more.insert("warnings", &outcome.warnings))
        .and_then(|()| outcome.error.as_ref().map_or(Ok(()), |error| more.insert("errorDetails", error)))
        .map_err(|error| Refusal::Unable(format!("The outcome could not be converted: {error}.")))?;
    let row = |cells: &Vec<Value>| -> Value {
        outcome.result.columns.iter().cloned().zip(cells.iter().cloned()).collect::<Map<_, _>>().into()
    };
    Ok(Answer {
        result: CcTable::of(&outcome.result).map(CcTable::html),
        error: outcome.error.as_ref().map(ToString::to_string).unwrap_or_default(),
        return_data: match outcome.return_data {
            ReturnData::Successful => CommandResult::Successful,
            ReturnData::Failed => CommandResult::Failed,
        },
        shown: None,
        context_data: Some(outcome.result.rows.iter().map(row).collect()),
        more,
        room: HeldRoom::default(),
    })
}
