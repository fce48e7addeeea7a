//! A change of a rule.

use serde::Deserialize;
use soar_store::model::Version;
use utoipa::ToSchema;

use super::rule::{Rule, RuleAction, RuleConditions, RuleEvent};

/// A change of a rule. Members that are left out stay unchanged. A member that is given replaces the former one as a whole.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RuleChange {
    /// The version that the caller read. The host refuses the change if the rule has changed since.
    #[schema(value_type = Option<i64>)]
    pub version: Option<Version>,
    /// The new name.
    #[schema(schema_with = soar_store::model::shapes::optional_name)]
    pub name: Option<String>,
    /// Whether the rule is active. A rule that becomes active handles the changes from then on.
    pub active: Option<bool>,
    /// The changes that the rule is about.
    #[schema(min_items = 1)]
    pub on: Option<Vec<RuleEvent>>,
    /// Whether the rule is also about the baseline.
    pub baseline: Option<bool>,
    /// All conditions.
    pub when: Option<RuleConditions>,
    /// What is done.
    pub then: Option<RuleAction>,
    /// The most incidents or findings in alerts per collection.
    #[schema(minimum = 1, maximum = 1000)]
    pub most_per_collection: Option<u32>,
}

impl RuleChange {
    /// The rule after the change.
    pub(crate) fn applied(self, rule: Rule) -> Rule {
        Rule {
            name: self.name.unwrap_or(rule.name),
            active: self.active.unwrap_or(rule.active),
            on: self.on.unwrap_or(rule.on),
            baseline: self.baseline.unwrap_or(rule.baseline),
            when: self.when.unwrap_or(rule.when),
            then: self.then.unwrap_or(rule.then),
            most_per_collection: self.most_per_collection.unwrap_or(rule.most_per_collection),
        }
    }
}
