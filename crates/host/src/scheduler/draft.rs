//! The bodies with which callers create and change schedules of commands.

use serde::Deserialize;
use soar_connector::RawParameters;
use soar_store::model::shapes;
use utoipa::ToSchema;

/// A new schedule of a command.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ScheduleDraft {
    /// The schedule's name, unique on its site. Upper and lower case do not matter.
    #[schema(schema_with = shapes::name)]
    pub name: String,
    /// The name of the site.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub site: String,
    /// The connection's integration, such as `coda-footprint`.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub integration: String,
    /// The connection's name. Required only where the site has several connections of the integration.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub connection: Option<String>,
    /// The command, such as `List Device Vulnerabilities`.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub command: String,
    /// The command's parameters by name. All users who may see the schedule see them, so they must not contain secrets.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub parameters: RawParameters,
    /// The interval in minutes; or give `cron` instead.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 527040)]
    pub every_minutes: Option<i64>,
    /// A cron expression, such as `30 2 * * *`, in the site's time zone.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub cron: Option<String>,
    /// Whether the schedule is active. Yes unless given.
    #[serde(default = "yes")]
    pub active: bool,
    /// The destinations of alerts: mail addresses, and `webhook:NAME` for webhooks in the host's settings.
    #[serde(default)]
    pub alert_to: Vec<String>,
    /// The number of failures in a row after which an alert is sent. 1 unless given.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100)]
    pub alert_after: i64,
}

fn yes() -> bool {
    true
}

fn one() -> i64 {
    1
}

/// A change of a schedule. Fields that are left out stay unchanged. A new `everyMinutes` replaces `cron`, and the
/// reverse.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ScheduleChange {
    /// The schedule's new name.
    #[serde(default)]
    #[schema(schema_with = shapes::optional_name)]
    pub name: Option<String>,
    /// The command's new parameters. They replace all former parameters.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<RawParameters>,
    /// The interval in minutes.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 527040)]
    pub every_minutes: Option<i64>,
    /// A cron expression in the site's time zone.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub cron: Option<String>,
    /// Whether the schedule is active.
    #[serde(default)]
    pub active: Option<bool>,
    /// The destinations of alerts. They replace all former destinations.
    #[serde(default)]
    pub alert_to: Option<Vec<String>>,
    /// The number of failures in a row after which an alert is sent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    pub alert_after: Option<i64>,
}
