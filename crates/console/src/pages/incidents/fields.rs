//! The fields of the form that changes an incident, their stored texts, and their values.

use soar_host::operations::{IncidentToChange, OperationError};
use soar_host::utility::parse_date_time;
use soar_host::views::WholeIncident;
use soar_store::model::{Moment, Severity, Status, limits};

use crate::parts::{Field, with_line_feeds};
use crate::visit::{Form, Page, PageError, segment};

/// The format of the due date.
const DATE: &str = "%Y-%m-%d %H:%M:%S";

/// A field with its stored text.
pub(super) struct StoredField {
    name: String,
    label: String,
    text: String,
    field: Field,
}

impl StoredField {
    fn new(name: impl Into<String>, label: impl Into<String>, text: impl Into<String>, field: Field) -> Self {
        let text = text.into();
        Self { name: name.into(), label: label.into(), field: field.value(&text), text }
    }

    /// Whether the form has another text. Line breaks that a browser changed make no difference.
    fn differs(&self, form: &Form) -> bool {
        with_line_feeds(form.text(&self.name)) != with_line_feeds(&self.text)
    }

    pub(super) fn into_field(self) -> Field {
        self.field
    }
}

/// A due date in the page's time zone.
fn date(page: &Page, at: Option<Moment>) -> String {
    let time = at.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok());
    time.map(|time| time.to_zoned(page.zone().clone()).strftime(DATE).to_string()).unwrap_or_default()
}

/// The field of the due date.
pub(super) fn due(page: &Page) -> Field {
    let zone = page.zone().iana_name().unwrap_or("your profile").to_owned();
    Field::text("due", "Due Date").placeholder("2099-05-15 14:32:00").help(format!("In the time zone {zone}."))
}

/// The fields of an incident.
pub(super) fn known(page: &Page, whole: &WholeIncident) -> Vec<StoredField> {
    let one = &whole.incident;
    let line = |name: &str, label: &str, text: &str| StoredField::new(name, label, text, Field::text(name, label));
    let lines = |name: &str, label: &str, text: &str| StoredField::new(name, label, text, Field::lines(name, label));
    let severities = Severity::ALL.iter().map(|one| (one.as_str(), one.as_str()));
    let states = Status::ALL.iter().map(|one| (one.as_str(), one.as_str()));
    let severity = Field::choice("severity", "Severity", severities);
    let status = Field::choice("status", "Status", states).help(
        "An incident is closed only when all required tasks are done and all fields required on close have values.",
    );
    let mut all = vec![
        line("title", "Title", &one.title),
        line("type", "Incident Type", &one.incident_type),
        StoredField::new("severity", "Severity", one.severity.as_str(), severity),
        StoredField::new("status", "Status", one.status.as_str(), status),
        line("owner", "Owner", one.owner.as_deref().unwrap_or_default()),
        line("assignee", "Assignee", one.assignee.as_deref().unwrap_or_default()),
        StoredField::new("due", "Due Date", date(page, one.due_at), due(page)),
        line("disposition", "Disposition", &whole.disposition),
        lines("description", "Description", &whole.description),
        lines("conclusion", "Conclusion", &whole.conclusion),
    ];
    for field in &whole.fields {
        let label = dynamic(&field.section, &field.name);
        let name = field_name(&label);
        let help = if field.required_on_close { "Required on close." } else { "" };
        let shown = Field::text(name.clone(), label.clone()).help(help);
        all.push(StoredField::new(name, label, field.value.clone().unwrap_or_default(), shown));
    }
    all
}

/// The name of a dynamic field.
fn dynamic(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

/// The name of its field in the form. It is an id too, which has no white space.
fn field_name(label: &str) -> String {
    format!("f.{}", segment(label))
}

/// The change from the stored texts to the texts of the form. Notes what is wrong at the fields.
pub(super) fn change(page: &Page, form: &mut Form, whole: &WholeIncident) -> IncidentToChange {
    let mut change = IncidentToChange::default();
    for known in known(page, whole) {
        let text = with_line_feeds(form.text(&known.name));
        if form.given(&known.name).is_none() || !known.differs(form) {
            continue;
        }
        if text.is_empty() {
            form.wrong(&known.name, format!("{} cannot be emptied. Give another value.", known.label));
            continue;
        }
        match known.name.as_str() {
            "title" => change.title = Some(text),
            "type" => change.incident_type = Some(text),
            "severity" => change.severity = read(form, "severity", &text),
            "status" => change.status = read(form, "status", &text),
            "owner" => change.owner = Some(text),
            "assignee" => change.assignee = Some(text),
            "due" => change.due_at = moment(page, form, &text),
            "disposition" => change.disposition = Some(text),
            "description" => change.description = Some(text),
            "conclusion" => change.conclusion = Some(text),
            _ => match limits::FIELD_VALUE.check(&text) {
                Ok(()) => drop(change.fields.insert(known.label.clone(), text)),
                Err(problem) => form.wrong(&known.name, problem.to_string()),
            },
        }
    }
    note_what_keeps_open(form, whole);
    change
}

/// Notes a refused change at the field that it is about. The refusal begins with the field's label.
///
/// # Errors
/// The error itself if it is not about the input.
pub(super) fn refused(
    page: &Page,
    form: &mut Form,
    whole: &WholeIncident,
    error: OperationError,
) -> Result<(), PageError> {
    let known = known(page, whole);
    let labels: Vec<String> = known.iter().map(|one| format!("{}: ", one.label)).collect();
    let fields = labels.iter().map(String::as_str).zip(known.iter().map(|one| one.name.as_str()));
    page.refused_among(form, &fields.collect::<Vec<_>>(), error)
}

/// Notes at the fields what keeps the incident open, if the form closes it.
fn note_what_keeps_open(form: &mut Form, whole: &WholeIncident) {
    if whole.incident.status == Status::Closed || form.text("status") != Status::Closed.as_str() {
        return;
    }
    let pending = whole.tasks.iter().filter(|task| task.required && !task.done).map(|task| task.name.as_str());
    let pending = pending.collect::<Vec<_>>().join(", ");
    if !pending.is_empty() {
        let text = format!("Required tasks are pending: {pending}. Finish them on the incident's page, then close it.");
        form.wrong("status", text);
    }
    for field in whole.fields.iter().filter(|field| field.required_on_close && field.value.is_none()) {
        let label = dynamic(&field.section, &field.name);
        let name = field_name(&label);
        if form.text(&name).is_empty() {
            form.wrong(&name, format!("{label} is required to close the incident."));
        }
    }
}

/// The value of a field. Notes a text that has another form.
pub(super) fn read<T: std::str::FromStr<Err = String>>(form: &mut Form, name: &str, text: &str) -> Option<T> {
    text.parse().map_err(|problem: String| form.wrong(name, format!("It is not valid: {problem}."))).ok()
}

/// The due date in the form.
pub(super) fn moment(page: &Page, form: &mut Form, text: &str) -> Option<Moment> {
    parse_date_time(text, page.zone()).map_err(|problem| form.wrong("due", format!("It is not valid: {problem}."))).ok()
}
