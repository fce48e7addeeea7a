//! Operations on rules.
//!
//! A rule has the rights of the user who added it, as a schedule has. A user who may change incidents on a site may add rules,
//! and manages its own ones. An administrator manages all.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use soar_connector::name::quoted;
use soar_store::model::{Allowed, Caller, FindingRuleId, FindingSequence, Moment, Right, UserId, Version};
use soar_store::{NewRule, Records, StoreError, StoredRule};
use utoipa::ToSchema;

use super::super::changes::json;
use super::super::{Done, OperationError, Operations, RequestContext, boxed};
use crate::Refusal;
use crate::rules::{CheckedRule, Rule, RuleChange, RulePlan, Rules, caller_of, catch_up, check_against};

/// A rule, and how far it has come.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleShown {
    /// The id in this instance.
    #[schema(value_type = i64)]
    pub id: FindingRuleId,
    /// The rule.
    pub rule: Rule,
    /// The user whose rights the rule has.
    pub user: String,
    /// The changes up to this number were handled.
    #[schema(value_type = i64)]
    pub after: FindingSequence,
    /// The number of the last change in the log.
    #[schema(value_type = i64)]
    pub last_sequence: FindingSequence,
    /// Why something was not done the last time that this happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub problem_at: Option<Moment>,
    /// Each change of the rule raises it.
    #[schema(value_type = i64)]
    pub version: Version,
    /// When the rule was added.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// When the rule was changed last.
    #[schema(value_type = i64)]
    pub modified_at: Moment,
}

/// A rule that was not added, and the days of its plan.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RuleToPlan {
    /// The rule.
    pub rule: Rule,
    /// The number of last days whose changes are looked at.
    #[schema(minimum = 1, maximum = 400)]
    pub days: i64,
}

impl Operations {
    /// The rules that the caller may see, by name.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn list_finding_rules(&self, context: &RequestContext) -> Result<Vec<RuleShown>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        let seen = records.finding_rules().await?.into_iter().filter(|rule| may_manage(&caller, rule)).collect();
        Ok(shown(&mut records, seen).await?)
    }

    /// The rule with this id.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such rule.
    #[boxed]
    pub async fn finding_rule(&self, context: &RequestContext, id: FindingRuleId) -> Result<RuleShown, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        let rule = managed(&mut records, &caller, id).await?;
        Ok(one_shown(&mut records, rule).await?)
    }

    /// The rules that the caller may see, each as it can be added again, here or in another instance.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn export_finding_rules(&self, context: &RequestContext) -> Result<Vec<Rule>, OperationError> {
        Ok(self.list_finding_rules(context).await?.into_iter().map(|shown| shown.rule).collect())
    }

    /// Adds a rule with the caller's rights. It handles the changes from now on.
    ///
    /// # Errors
    /// [`OperationError`] when the rule is not valid, its name is taken, or the right is missing.
    #[boxed]
    pub async fn create_finding_rule(
        &self,
        context: &RequestContext,
        rule: &Rule,
    ) -> Result<RuleShown, OperationError> {
        let connections = self.connections()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let records = &mut change.records;
                    may_add(&caller)?;
                    let checked = CheckedRule::new(rule.clone()).map_err(Refusal::Because)?;
                    check_against(records, connections, caller.clone(), &checked).await?;
                    checked.check_webhooks(&connections.webhooks, None, &caller)?;
                    let stored = records.create_finding_rule(&new_rule(checked.rule())?, caller.user.id).await?;
                    done(records, stored).await
                })
            })
            .await
    }

    /// Changes a rule. Members that are left out stay unchanged.
    ///
    /// # Errors
    /// [`OperationError`] when the rule is not valid or has changed, its name is taken, or the right is missing.
    #[boxed]
    pub async fn change_finding_rule(
        &self,
        context: &RequestContext,
        id: FindingRuleId,
        given: &RuleChange,
    ) -> Result<RuleShown, OperationError> {
        let connections = self.connections()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let stored = managed(records, &caller, id).await?;
                    let rule = read(&stored)?;
                    if given.version.is_some_and(|version| version != stored.version) {
                        return Err(StoreError::Conflict(format!(
                            "The rule {} was changed meanwhile: its version is {}. Read it again.",
                            quoted(&stored.name),
                            stored.version
                        ))
                        .into());
                    }
                    let checked = CheckedRule::new(given.clone().applied(rule.clone())).map_err(Refusal::Because)?;
                    checked.check_webhooks(&connections.webhooks, Some(&rule), &caller)?;
                    // A rule can be set inactive although its user is not active, or a name in it is gone.
                    if checked.rule().active {
                        let user = caller_of(records, stored.user_id).await?;
                        check_against(records, connections, user, &checked).await?;
                    }
                    let changed = records.change_finding_rule(id, &new_rule(checked.rule())?).await?;
                    // The rule goes on from the end of the log, and its incidents from what their findings are now.
                    if changed.active && !stored.active {
                        catch_up(records, connections, &changed, &checked).await?;
                    }
                    done(records, changed).await
                })
            })
            .await
    }

    /// Removes a rule. Its incidents stay as they are.
    ///
    /// # Errors
    /// [`OperationError`] when there is no such rule, or the right is missing.
    #[boxed]
    pub async fn remove_finding_rule(
        &self,
        context: &RequestContext,
        id: FindingRuleId,
    ) -> Result<RuleShown, OperationError> {
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let stored = managed(records, &caller, id).await?;
                    records.remove_finding_rule(id).await?;
                    done(records, stored).await
                })
            })
            .await
    }

    /// What a rule that was not added would have done about the changes of the last days, with the caller's rights. Nothing
    /// is changed.
    ///
    /// # Errors
    /// [`OperationError`] when the rule is not valid, or the right is missing.
    #[boxed]
    pub async fn plan_finding_rule(
        &self,
        context: &RequestContext,
        wanted: &RuleToPlan,
    ) -> Result<RulePlan, OperationError> {
        let checked = CheckedRule::new(wanted.rule.clone()).map_err(Refusal::Because)?;
        let connections = self.connections()?;
        let caller = {
            let mut reader = self.reader(context).await?;
            let mut records = reader.records();
            let caller = context.caller_anywhere(&mut records).await?;
            may_add(&caller)?;
            check_against(&mut records, connections, caller.clone(), &checked).await?;
            checked.check_webhooks(&connections.webhooks, None, &caller)?;
            caller
        };
        Ok(self.rules()?.plan(&checked, caller, wanted.days).await?)
    }

    /// What a rule would have done about the changes of the last days, with the rights of its user. Nothing is changed.
    ///
    /// # Errors
    /// [`OperationError`] when there is no such rule, or the right is missing.
    #[boxed]
    pub async fn plan_known_finding_rule(
        &self,
        context: &RequestContext,
        id: FindingRuleId,
        days: i64,
    ) -> Result<RulePlan, OperationError> {
        let (checked, user) = {
            let mut reader = self.reader(context).await?;
            let mut records = reader.records();
            let caller = context.caller_anywhere(&mut records).await?;
            let stored = managed(&mut records, &caller, id).await?;
            let checked = CheckedRule::new(read(&stored)?).map_err(Refusal::Because)?;
            (checked, caller_of(&mut records, stored.user_id).await?)
        };
        Ok(self.rules()?.plan(&checked, user, days).await?)
    }

    /// The rules, which handle changes of findings.
    pub(super) fn rules(&self) -> Result<Rules, OperationError> {
        Ok(Rules::new(self.connections()?.clone(), Arc::clone(&self.findings)))
    }
}

/// Refuses to add a rule for a user who may change incidents on no site. A key that is limited to some sites adds none either:
/// the rule would have the rights of its user on all sites.
fn may_add(caller: &Caller) -> Result<(), Refusal> {
    if caller.may_somewhere(Right::ChangeIncidents) && caller.reach == Allowed::All {
        return Ok(());
    }
    Err(Refusal::Forbidden(format!(
        "The user {} may not add rules with this key. Adding one needs the right to {} on a site, and a key without limits.",
        quoted(&caller.user.name),
        Right::ChangeIncidents
    )))
}

fn may_manage(caller: &Caller, rule: &StoredRule) -> bool {
    caller.administers() || (rule.user_id == caller.user.id && may_add(caller).is_ok())
}

/// The rule with this id. A rule that the caller may not manage counts as missing.
async fn managed(records: &mut Records<'_>, caller: &Caller, id: FindingRuleId) -> Result<StoredRule, Refusal> {
    let rule = records.finding_rule(id).await?;
    if may_manage(caller, &rule) { Ok(rule) } else { Err(StoreError::not_found("rule", id.to_string()).into()) }
}

fn read(stored: &StoredRule) -> Result<Rule, StoreError> {
    Ok(serde_json::from_str(&stored.content)?)
}

fn new_rule(rule: &Rule) -> Result<NewRule, Refusal> {
    Ok(NewRule { name: rule.name.clone(), active: rule.active, content: json(rule)? })
}

async fn shown(records: &mut Records<'_>, rules: Vec<StoredRule>) -> Result<Vec<RuleShown>, Refusal> {
    let users: HashMap<UserId, String> = records.users().await?.into_iter().map(|user| (user.id, user.name)).collect();
    let last_sequence = records.finding_log().await?.last_sequence;
    let shown = rules.into_iter().map(|stored| {
        Ok(RuleShown {
            id: stored.id,
            rule: read(&stored)?,
            user: users.get(&stored.user_id).cloned().unwrap_or_default(),
            after: stored.after,
            last_sequence,
            problem: stored.problem,
            problem_at: stored.problem_at,
            version: stored.version,
            created_at: stored.created_at,
            modified_at: stored.modified_at,
        })
    });
    shown.collect()
}

async fn one_shown(records: &mut Records<'_>, stored: StoredRule) -> Result<RuleShown, Refusal> {
    let id = stored.id;
    let one = shown(records, vec![stored]).await?.pop();
    one.ok_or_else(|| StoreError::not_found("rule", id.to_string()).into())
}

async fn done(records: &mut Records<'_>, stored: StoredRule) -> Result<Done<RuleShown>, Refusal> {
    let name = stored.name.clone();
    Ok(Done::new(one_shown(records, stored).await?, name))
}
