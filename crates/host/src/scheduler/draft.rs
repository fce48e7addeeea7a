//! What a caller gives to make or change a schedule of a command.

use serde::Deserialize;
use soar_connector::RawParameters;
use soar_store::model::shapes;
use utoipa::ToSchema;

/// A schedule of a command, as it is asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ScheduleDraft {
    /// Its name, unique on its site; compared without regard to case.
    #[schema(schema_with = shapes::name)]
    pub name: String,
    /// Its site's name.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub site: String,
    /// The connection's integration, such as `coda-footprint`.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub integration: String,
    /// The connection's name, where the site has several of the integration.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub connection: Option<String>,
    /// The command, such as `List Device Vulnerabilities`.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub command: String,
    /// Its parameters by name. They are shown to whoever may see the schedule, so no secret belongs here.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub parameters: RawParameters,
    /// Every so many minutes; or else `cron`.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 527040)]
    pub every_minutes: Option<i64>,
    /// By a cron expression, such as `30 2 * * *`, in the site's time zone.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub cron: Option<String>,
    /// Whether it runs at all; it does unless told otherwise.
    #[serde(default = "yes")]
    pub active: bool,
    /// Who is told when it fails: mail addresses, and `webhook:NAME` for those in the host's settings.
    #[serde(default)]
    pub alert_to: Vec<String>,
    /// After how many failures in a row; 1 unless given.
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

/// What is to be changed of a schedule; what is not given stays. The one of `everyMinutes` and `cron` that is given
/// takes the place of the other.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ScheduleChange {
    /// Another name.
    #[serde(default)]
    #[schema(schema_with = shapes::optional_name)]
    pub name: Option<String>,
    /// Other parameters, all of them.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<RawParameters>,
    /// Every so many minutes.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 527040)]
    pub every_minutes: Option<i64>,
    /// By a cron expression in the site's time zone.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub cron: Option<String>,
    /// Whether it runs at all.
    #[serde(default)]
    pub active: Option<bool>,
    /// Who is told.
    #[serde(default)]
    pub alert_to: Option<Vec<String>>,
    /// After how many failures in a row.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    pub alert_after: Option<i64>,
}
