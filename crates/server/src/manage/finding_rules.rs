//! Rules: what is done about findings that were opened, reopened or changed.

use axum::response::Response;
use serde::Deserialize;
use soar_host::operations::{RuleShown, RuleToPlan};
use soar_host::rules::{Rule, RuleChange, RulePlan};
use soar_store::model::FindingRuleId;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::address::{Id, IdempotencyHeader};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(handlers!(list, create))
        .routes(handlers!(export))
        .routes(handlers!(plan))
        .routes(handlers!(get, change, remove))
        .routes(handlers!(plan_known))
}

/// The days of a plan.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Days {
    /// The number of last days whose changes are looked at.
    #[param(minimum = 1, maximum = 400)]
    days: i64,
}

/// All rules, by name, and how far they have come
#[utoipa::path(get, path = "/findings/rules", operation_id = "listFindingRules",
    responses((status = 200, body = Vec<RuleShown>)))]
async fn list(Managed { request, .. }: Managed) -> Response {
    let rules = request.operations().list_finding_rules(&request.context).await;
    request.answer(rules).await
}

/// Add a rule, which makes incidents or sends alerts about changes of findings from now on, with the caller's rights
#[utoipa::path(post, path = "/findings/rules", operation_id = "addFindingRule", params(IdempotencyHeader),
    request_body = Rule, responses((status = 201, body = RuleShown)))]
async fn create(Managed { request, body, .. }: Managed<Nothing, Nothing, Rule>) -> Response {
    let request = request.creating();
    let added = request.operations().create_finding_rule(&request.context, &body).await;
    request.answer_change(added).await
}

/// All rules, each as it can be added again
#[utoipa::path(get, path = "/findings/rules/export", operation_id = "exportFindingRules",
    responses((status = 200, body = Vec<Rule>)))]
async fn export(Managed { request, .. }: Managed) -> Response {
    let rules = request.operations().export_finding_rules(&request.context).await;
    request.answer(rules).await
}

/// What a rule that was not added would have done about the changes of the last days; nothing is changed
#[utoipa::path(post, path = "/findings/rules/plan", operation_id = "planFindingRule", request_body = RuleToPlan,
    responses((status = 200, body = RulePlan)))]
async fn plan(Managed { request, body, .. }: Managed<Nothing, Nothing, RuleToPlan>) -> Response {
    let plan = request.operations().plan_finding_rule(&request.context, &body).await;
    request.answer(plan).await
}

/// One rule
#[utoipa::path(get, path = "/findings/rules/{id}", operation_id = "getFindingRule", params(Id<FindingRuleId>),
    responses((status = 200, body = RuleShown)))]
async fn get(Managed { request, path, .. }: Managed<Id<FindingRuleId>>) -> Response {
    let rule = request.operations().finding_rule(&request.context, path.id).await;
    request.answer(rule).await
}

/// Change a rule; members that are left out stay unchanged
#[utoipa::path(patch, path = "/findings/rules/{id}", operation_id = "changeFindingRule",
    params(Id<FindingRuleId>, IdempotencyHeader), request_body = RuleChange, responses((status = 200, body = RuleShown)))]
async fn change(Managed { request, path, body, .. }: Managed<Id<FindingRuleId>, Nothing, RuleChange>) -> Response {
    let changed = request.operations().change_finding_rule(&request.context, path.id, &body).await;
    request.answer_change(changed).await
}

/// Remove a rule; its incidents stay as they are
#[utoipa::path(delete, path = "/findings/rules/{id}", operation_id = "removeFindingRule",
    params(Id<FindingRuleId>, IdempotencyHeader), responses((status = 200, body = RuleShown)))]
async fn remove(Managed { request, path, .. }: Managed<Id<FindingRuleId>>) -> Response {
    let removed = request.operations().remove_finding_rule(&request.context, path.id).await;
    request.answer_change(removed).await
}

/// What a rule would have done about the changes of the last days; nothing is changed
#[utoipa::path(get, path = "/findings/rules/{id}/plan", operation_id = "planKnownFindingRule",
    params(Id<FindingRuleId>, Days), responses((status = 200, body = RulePlan)))]
async fn plan_known(Managed { request, path, query, .. }: Managed<Id<FindingRuleId>, Days>) -> Response {
    let plan = request.operations().plan_known_finding_rule(&request.context, path.id, query.days).await;
    request.answer(plan).await
}
