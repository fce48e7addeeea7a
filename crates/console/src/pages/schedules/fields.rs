//! The fields of the forms of schedules, and their values.

use soar_connector::RawParameters;
use soar_host::Refusal;
use soar_host::operations::OperationError;
use soar_host::scheduler::ScheduleShown;

use crate::pages::named::refused_named;
use crate::parts::Field;
use crate::visit::{Form, Page, PageError};

/// The beginnings of refusals, and the fields that the refusals are about.
const FIELDS: &[(&str, &str)] = &[
    ("The name", "name"),
    ("The text of the parameters", "parameters"),
    ("Interval", "every-minutes"),
    ("The cron expression", "cron"),
    ("Alert destinations", "alert-to"),
    ("Failures before an alert", "alert-after"),
];

/// The fields that a new schedule and a change have in common, with the values of a stored schedule.
pub(super) fn fields(stored: Option<&ScheduleShown>) -> Vec<Field> {
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let parameters = stored.filter(|one| !one.parameters.is_empty());
    let parameters = parameters.and_then(|one| serde_json::to_string_pretty(&one.parameters).ok()).unwrap_or_default();
    vec![
        Field::lines("parameters", "Parameters")
            .placeholder("{\"Footprint Tenant ID\": \"1\"}")
            .help("A JSON object. All users who may see the schedule see it, so it must not contain secrets.")
            .value(parameters),
        Field::number("every-minutes", "Interval in minutes", 1, 527_040)
            .help("Give an interval or a cron expression.")
            .value(number(stored.and_then(|one| one.every_minutes))),
        Field::text("cron", "Cron expression")
            .placeholder("30 2 * * *")
            .help("In the site's time zone.")
            .value(stored.and_then(|one| one.cron.clone()).unwrap_or_default()),
        Field::lines("alert-to", "Destinations of alerts")
            .help("Mail addresses, and webhook:NAME for webhooks in the host's settings. One per line.")
            .value(stored.map(|one| one.alert_to.join("\n")).unwrap_or_default()),
        Field::number("alert-after", "Failures before an alert", 1, 100)
            .value(number(stored.map(|one| one.alert_after).or(Some(1)))),
        Field::checkbox("active", "Active", stored.is_none_or(|one| one.active)),
    ]
}

/// Notes a refused operation at the field that it is about. `own` has the fields that only this form has, as
/// [`Page::refused_among`] takes them.
///
/// # Errors
/// The error itself if it is not about the input.
pub(super) fn refused(
    page: &Page,
    form: &mut Form,
    own: &[(&str, &str)],
    error: OperationError,
) -> Result<(), PageError> {
    match &error {
        OperationError::Refusal(Refusal::Parameters(_)) => page.refused_at(form, "parameters", error),
        _ => refused_named(page, form, &[FIELDS, own].concat(), error),
    }
}

/// The values of the fields.
pub(super) struct ScheduleValues {
    pub(super) parameters: RawParameters,
    pub(super) every_minutes: Option<i64>,
    pub(super) cron: Option<String>,
    pub(super) alert_to: Vec<String>,
    pub(super) alert_after: i64,
    pub(super) active: bool,
}

impl ScheduleValues {
    /// The values of the form. Notes what is wrong at the fields.
    pub(super) fn read(form: &mut Form) -> Self {
        let number = |form: &mut Form, name: &str| {
            let text = form.text(name).to_owned();
            let parsed = (!text.is_empty()).then(|| text.parse::<i64>());
            parsed.and_then(|parsed| parsed.map_err(|_| form.wrong(name, "Expected a whole number.")).ok())
        };
        let every_minutes = number(form, "every-minutes");
        let alert_after = number(form, "alert-after").unwrap_or(1);
        let cron = Some(form.text("cron").to_owned()).filter(|cron| !cron.is_empty());
        match (every_minutes, &cron) {
            (None, None) => form.wrong("every-minutes", "Give an interval or a cron expression."),
            (Some(_), Some(_)) => form.wrong("cron", "An interval is given too. Give one of them."),
            _ => {}
        }
        let text = form.text("parameters").to_owned();
        let parameters = match text.as_str() {
            "" => RawParameters::new(),
            text => serde_json::from_str(text).unwrap_or_else(|error| {
                form.wrong("parameters", format!("Expected a JSON object: {error}."));
                RawParameters::new()
            }),
        };
        let alert_to = form.items("alert-to");
        Self { parameters, every_minutes, cron, alert_to, alert_after, active: form.is_checked("active") }
    }
}
