//! Runs the tools' commands as the Command API does: with the same checks, the same executor and the same audit entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use rmcp::model::Extensions;
use serde_json::{Value, json};
use soar_connector::Command;
use soar_connector::name::{quoted, suggestion};
use soar_host::Host;
use soar_host::operations::{ConnectionQuery, OperationError};
use soar_host::plugins::endpoint_name;
use soar_mcp::{Backend, CommandCall, NamedPlan, Problem, ToolAnswer, UsableConnection};
use soar_store::model::{self, Moment, Right, SiteKind};
use soar_store::{AnswerClaim, StoreError};

use super::message::{McpCaller, McpMessage, MessageEnd};
use super::reading;
use crate::command_api::{AuthorizedCall, authorize_message, run_external};
use crate::gate::{ApiReply, IDEMPOTENCY_KEY};

/// The connections of a host.
#[derive(Debug)]
pub(super) struct HostBackend {
    host: Arc<Host>,
}

impl HostBackend {
    pub(super) fn new(host: Arc<Host>) -> Self {
        Self { host }
    }

    /// The caller's active connections, with each site that they may be used on.
    async fn places(&self, message: &McpMessage) -> Result<Vec<UsableConnection>, ApiReply> {
        let context = message.context()?;
        let failed = |error: OperationError| ApiReply::failed(&self.host.store, &message.call.entry, &error);
        let operations = &self.host.operations;
        let active = ConnectionQuery { active: Some(true), ..ConnectionQuery::default() };
        let sites = operations.list_sites(&context).await.map_err(failed)?;
        let connections = operations.list_connections(&context, &active).await.map_err(failed)?.connections;
        let may_use = |site: &&model::Site| {
            site.inactive().is_none() && context.caller((*site).clone()).may(Right::UseConnections, site.id)
        };
        let sites: Vec<_> = sites.iter().filter(may_use).collect();
        let mut places = Vec::new();
        for connection in &connections {
            let is_there = |site: &&&model::Site| match &connection.place {
                model::ConnectionSites::Site(own) => own.id == site.id,
                model::ConnectionSites::SharedToInternalSites { .. } => site.kind == SiteKind::Internal,
            };
            places.extend(sites.iter().filter(is_there).map(|site| UsableConnection {
                connection: connection.name.clone(),
                site: site.name.clone(),
                integration: connection.integration.clone(),
            }));
        }
        places.sort();
        Ok(places)
    }

    /// Authorizes a call of a command, under the Idempotency-Key of its plan.
    async fn authorize(
        &self,
        message: &mut McpMessage,
        call: &CommandCall,
        plan: Option<&NamedPlan>,
    ) -> Result<AuthorizedCall, Problem> {
        let command = match self.host.commands.find(&endpoint_name(&call.command.name)) {
            Ok(command) => command.clone(),
            Err(error) => return Err(refused(message, ApiReply::refused(error))),
        };
        message.call.label = Arc::clone(&command.endpoint);
        message.call.entry.site = model::AuditEntry::kept(&call.site);
        message.call.entry.command = command.endpoint.to_string();
        let places = match self.places(message).await {
            Ok(places) => places,
            Err(reply) => return Err(refused(message, reply)),
        };
        if !places.iter().any(|place| place.connection == call.connection && place.site == call.site) {
            let text = unknown(&places, call);
            message.end = Some(MessageEnd { reply: ApiReply::refused(text.clone()), is_written: false });
            return Err(Problem::no_connection(text));
        }
        let mut parameters: BTreeMap<_, _> = call.parameters.clone().into_iter().collect();
        parameters.insert("Connection Name".to_owned(), call.connection.clone().into());
        let body = json!({"Username": message.username, "Site": call.site, "CommandParams": parameters});
        let headers = plan.and_then(|plan| {
            let key = HeaderValue::from_str(&format!("mcp-{}", plan.name)).ok()?;
            Some(HeaderMap::from_iter([(IDEMPOTENCY_KEY, key)]))
        });
        let Some(entered) = message.entered.take() else {
            return Err(refused(message, ApiReply::unexpected("A message called two commands.")));
        };
        authorize_message(&mut message.call, command, entered, headers, Bytes::from(Value::to_string(&body)))
            .map_err(|reply| refused(message, reply))
    }

    /// Whether an earlier call under the Idempotency-Key of this call was answered, or still runs.
    async fn is_repeat(&self, authorized: &AuthorizedCall) -> Result<bool, StoreError> {
        let context = &authorized.context;
        let Some(idempotency) = &context.idempotency else { return Ok(false) };
        let claim = AnswerClaim {
            user: context.user.id,
            access_key: idempotency.access_key,
            key: idempotency.key.clone(),
            fingerprint: idempotency.fingerprint.clone(),
            request_id: context.entry.request_id.clone(),
        };
        // The transaction is not committed, so nothing is claimed.
        let mut transaction = self.host.store.transaction().await?;
        let earlier = transaction.records().claim_answer(&claim, Moment(0), Moment(0)).await?;
        Ok(earlier.is_some())
    }
}

/// Ends the message with a reply of the Command API that refuses its command.
fn refused(message: &mut McpMessage, reply: ApiReply) -> Problem {
    let problem = reading::problem(&reply);
    message.end = Some(MessageEnd { reply, is_written: false });
    problem
}

fn unknown(places: &[UsableConnection], call: &CommandCall) -> String {
    let near = match places.iter().filter(|place| place.site == call.site).map(|place| place.connection.as_str()) {
        names if names.clone().next().is_some() => suggestion(&call.connection, names),
        _ => suggestion(&call.site, places.iter().map(|place| place.site.as_str())),
    };
    format!("There is no connection {} on site {}.{near}", quoted(&call.connection), quoted(&call.site))
}

#[async_trait]
impl Backend for HostBackend {
    type Caller = McpCaller;

    fn caller(&self, extensions: &Extensions) -> Result<McpCaller, Problem> {
        extensions.get::<Parts>().and_then(|head| head.extensions.get::<McpCaller>()).cloned().ok_or_else(answered)
    }

    fn identity(&self, caller: &McpCaller) -> String {
        caller.identity.clone()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.host.now().0).unwrap_or_default()
    }

    async fn connections(&self, caller: &McpCaller) -> Result<Vec<UsableConnection>, Problem> {
        let mut message = caller.message.lock().await;
        let message = message.as_mut().ok_or_else(answered)?;
        self.places(message).await.map_err(|reply| refused(message, reply))
    }

    async fn offers(&self, caller: &McpCaller, command: &Command) -> bool {
        let message = caller.message.lock().await;
        let Some(entered) = message.as_ref().and_then(|message| message.entered.as_ref()) else { return false };
        entered.shown.known.key.commands.allows(&endpoint_name(&command.name).to_ascii_lowercase())
    }

    async fn check(&self, caller: &McpCaller, call: &CommandCall) -> Result<(), Problem> {
        let mut message = caller.message.lock().await;
        let message = message.as_mut().ok_or_else(answered)?;
        self.authorize(message, call, None).await?;
        message.call.entry.command.push_str("/plan");
        Ok(())
    }

    async fn run(
        &self,
        caller: &McpCaller,
        call: CommandCall,
        plan: Option<&NamedPlan>,
    ) -> Result<ToolAnswer, Problem> {
        let mut message = caller.message.lock().await;
        let message = message.as_mut().ok_or_else(answered)?;
        let authorized = self.authorize(message, &call, plan).await?;
        if plan.is_some_and(|plan| plan.is_expired) {
            let is_repeat = self.is_repeat(&authorized).await;
            let failed = |error: StoreError| ApiReply::store_failed(&self.host.store, &message.call.entry, &error);
            match is_repeat.map_err(failed) {
                Ok(true) => {}
                Ok(false) => {
                    let problem = Problem::expired_plan();
                    message.end =
                        Some(MessageEnd { reply: ApiReply::refused(problem.message.clone()), is_written: false });
                    return Err(problem);
                }
                Err(reply) => return Err(refused(message, reply)),
            }
        }
        let (reply, is_written) = run_external(&mut message.call, &authorized).await;
        let answer = reading::answer(&reply);
        message.end = Some(MessageEnd { reply, is_written });
        answer
    }
}

fn answered() -> Problem {
    let cure = "Call again.";
    Problem::new("host-failed", "The message has no caller.", "The message was answered already.", cure)
}
