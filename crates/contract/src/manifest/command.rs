//! One command's manifest file.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FollowableCommand, ManifestPath, Replies};
use crate::name::{flag_of, is_same};

/// The manifest of a command: its parameters, reply, columns and errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "Command manifest")]
pub struct Command {
    /// The command's name as users know it, such as "List Devices".
    pub name: String,
    /// A sentence that describes the command.
    pub description: String,
    /// Facts to know before the command runs. They may use the row paths of other commands.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Whether it only reads or also changes something in the product.
    pub effect: Effect,
    /// Whether the documentation of the product's integration has the command. False for a command that the connector
    /// adds to these.
    #[serde(default = "documented_unless_told")]
    pub documented: bool,
    /// The product's roles that may run it.
    pub permissions: Vec<String>,
    /// The failure indicator of its Error tab; "NAME failed." unless given.
    #[serde(default)]
    pub failure_indicator: Option<String>,
    /// The product's endpoint, method and path, for readers.
    pub endpoint: String,
    /// The shapes of reply that prove success. Empty for a command that shows no reply.
    #[serde(default)]
    pub reply: Vec<ReplyShape>,
    /// Members that every row must have; a reply without them is another product's.
    #[serde(default)]
    pub row_members: Vec<String>,
    /// Whether the product publishes no shape for the reply, or not on every instance. Rows without `row-members` then
    /// count as the product's own if the connector has another proof.
    #[serde(default)]
    pub unpublished_reply: bool,
    /// Parameters, in the order in which a form shows them.
    #[serde(default)]
    pub inputs: Vec<Input>,
    /// Names of the connector's shared inputs that it takes too; they stand after its own.
    #[serde(default)]
    pub takes: Vec<String>,
    /// Values in the rows that other commands take.
    #[serde(default)]
    pub key_fields: Vec<KeyField>,
    /// The result table's columns.
    #[serde(default)]
    pub columns: Vec<Column>,
    /// The command's effect on further objects if a parameter names no known object.
    #[serde(default)]
    pub widening: Option<Widening>,
    /// How the command is followed, where its work goes on in the product after its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow: Option<FollowableCommand>,
    /// Errors of this command beside those of the connector, or in their place.
    #[serde(default)]
    pub errors: Vec<ErrorEntry>,
    /// Codes of the connector's shared errors that it can end in too.
    #[serde(default)]
    pub ends_in: Vec<String>,
    /// How the product's replies look: the connector's.
    #[serde(skip)]
    pub(crate) replies: Arc<Replies>,
}

fn documented_unless_told() -> bool {
    true
}

impl Command {
    /// The first line of its Error tab.
    #[must_use]
    pub fn failure_indicator(&self) -> String {
        self.failure_indicator.clone().unwrap_or_else(|| format!("{} failed.", self.name))
    }

    /// The input of that name, in any of the forms people type.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Input> {
        find(&self.inputs, name)
    }

    /// Where rows are found in the raw data, one JSONPath per accepted shape.
    #[must_use]
    pub fn row_paths(&self) -> Vec<String> {
        self.reply
            .iter()
            .filter_map(|shape| match shape {
                ReplyShape::Array => Some("$[*]".to_owned()),
                ReplyShape::PageObject => self.replies.page.as_ref().map(|page| format!("$.{}[*]", page.rows)),
                ReplyShape::Object => Some("$".to_owned()),
                ReplyShape::Empty => None,
            })
            .collect()
    }
}

pub(crate) fn find<'a>(inputs: &'a [Input], name: &str) -> Option<&'a Input> {
    inputs.iter().find(|input| is_same(&input.name, name))
}

/// Whether a command changes anything in the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It changes nothing and may be repeated freely.
    Read,
    /// It changes something; repeating it may do so again.
    Write,
}

/// A shape of reply body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyShape {
    /// A JSON array of rows.
    Array,
    /// An object with the members that the connector's `replies.page` names.
    PageObject,
    /// One object, the only row.
    Object,
    /// No body at all.
    Empty,
}

/// One parameter of a command, or one field of an object parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Input {
    /// The parameter's name as users know it, such as "Footprint Tenant ID".
    pub name: String,
    /// The kind of value that the input takes.
    #[serde(rename = "type")]
    pub kind: InputType,
    /// Whether the command refuses to run without it.
    #[serde(default)]
    pub required: bool,
    /// Its flag at the terminal, where the one drawn from its name would be another flag's or hard to read.
    #[serde(default)]
    pub flag: Option<String>,
    /// The input's purpose, and the effect of leaving it out.
    pub description: String,
    /// A valid value.
    pub example: serde_json::Value,
    /// The valid values of a choice, or of each item of a list; matched without regard to case.
    #[serde(default)]
    pub choices: Vec<String>,
    /// The smallest valid integer.
    #[serde(default)]
    pub minimum: Option<i64>,
    /// The largest valid integer.
    #[serde(default)]
    pub maximum: Option<i64>,
    /// The valid fields of an object.
    #[serde(default)]
    pub fields: Vec<Input>,
}

impl Input {
    /// Its flag at the terminal, without the dashes before it: the manifest's, else drawn from the name.
    #[must_use]
    pub fn flag(&self) -> String {
        self.flag.clone().unwrap_or_else(|| flag_of(&self.name))
    }

    /// The values that the input takes, in words that finish "expected …".
    #[must_use]
    pub fn expectation(&self) -> String {
        let choices = || self.choices.join(", ");
        match self.kind {
            InputType::Integer => match (self.minimum, self.maximum) {
                (Some(low), Some(high)) => format!("a whole number from {low} to {high}"),
                (Some(low), None) => format!("a whole number of at least {low}"),
                (None, Some(high)) => format!("a whole number of at most {high}"),
                (None, None) => "a whole number".to_owned(),
            },
            InputType::Text => "text".to_owned(),
            InputType::Boolean => "Yes or No (or true or false)".to_owned(),
            InputType::Choice => format!("one of {}", choices()),
            InputType::List if self.choices.is_empty() => "a list, or text with commas between the items".to_owned(),
            InputType::List => format!("one or more of {}", choices()),
            InputType::Object => "a JSON object".to_owned(),
            InputType::Json => "JSON".to_owned(),
        }
    }
}

/// The kind of value that an input takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InputType {
    /// A whole number, as a number or as text.
    Integer,
    /// Any text or number.
    Text,
    /// true or false, Yes or No, in any case.
    Boolean,
    /// One of the input's choices.
    Choice,
    /// A list, as JSON array or as text with commas.
    List,
    /// A JSON object, as such or as text, with the input's fields.
    Object,
    /// Any JSON array or object, as such or as text; what it must hold is for the command to say.
    Json,
}

impl std::fmt::Display for InputType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Integer => "integer",
            Self::Text => "text",
            Self::Boolean => "yes/no",
            Self::Choice => "choice",
            Self::List => "list",
            Self::Object => "JSON object",
            Self::Json => "JSON",
        })
    }
}

/// A command that runs for everything where an input is missing, or names nothing that is known. A person is asked first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Widening {
    /// The input that narrows the command.
    pub input: String,
    /// The command that lists the input's known values.
    pub known_from: String,
    /// The key field of that command that holds them.
    pub key_field: String,
    /// The command's effect without a known value, in words that follow its name.
    pub effect: String,
    /// The connection's yes-or-no setting with which the connector refuses an unknown value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forbidden_by: Option<String>,
}

/// Values in the rows that other commands take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeyField {
    /// The field's name, such as "Device IDs".
    pub name: String,
    /// Where it is in a row.
    pub path: ManifestPath,
}

/// A column of the result table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Column {
    /// The heading.
    pub name: String,
    /// Where the cell's value is in a row.
    pub path: ManifestPath,
    /// The kind of value that the column shows. A value of another kind belongs in a column of its own.
    #[serde(rename = "type", default)]
    pub kind: ColumnType,
}

/// The kind of value that a column shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnType {
    /// The value as it came.
    #[default]
    Any,
    /// A date and time, as RFC 3339 in UTC. Other text is shown as it came.
    Time,
    /// The product's own word. A number is not shown.
    Word,
    /// A number. A word is not shown.
    Number,
    /// true or false, also where the product sends text. Other text is shown as it came.
    Boolean,
}

/// An error that a command can end in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ErrorEntry {
    /// Stable and kebab-case, such as "device-not-supported".
    pub code: String,
    /// The HTTP statuses that mean this error; none for what is found out in other ways.
    #[serde(default)]
    pub statuses: Vec<u16>,
    /// Why it happens.
    pub cause: String,
    /// The remedy.
    pub cure: String,
    /// Whether the same call may succeed later with nothing changed.
    #[serde(default)]
    pub retryable: bool,
}
