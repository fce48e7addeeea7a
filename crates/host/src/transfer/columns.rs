//! The names under which the fields of a row are known: ours, those of D3's lists and commands, and the headings of the
//! lists that the terminal writes.

use soar_connector::name::{nearest, quoted};

use super::Subject;
use super::write_record::{CASE_COLUMNS, INCIDENT_COLUMNS};

/// Other names of the fields of an incident.
const INCIDENT_NAMES: &[(&str, &[&str])] = &[
    ("number", &["Incident", "Incident Number", "IR Number", "Incident ID"]),
    ("incidentType", &["Type", "IR Type"]),
    ("severity", &["Severity Name"]),
    ("site", &["Site Name"]),
    ("createdAt", &["Created", "Date Created"]),
    ("modifiedAt", &["Modified", "Date Modified"]),
    ("dueAt", &["Due", "Due Date"]),
    ("closedAt", &["Closed", "Date Closed", "Close Date"]),
    ("rawData", &["Incident Raw Data"]),
    ("linkedIncidents", &["Linked Incidents"]),
    ("cases", &["Linked Cases"]),
];

/// Other names of the fields of a case.
const CASE_NAMES: &[(&str, &[&str])] = &[
    ("number", &["Case", "Case Number", "Case ID"]),
    ("title", &["Case Title"]),
    ("description", &["Case Description"]),
    ("caseType", &["Type"]),
    ("site", &["Site Name", "Case Site", "Case Owner's Site"]),
    ("owner", &["Case Owner"]),
    ("priority", &["Case Priority"]),
    ("status", &["Case Status"]),
    ("timeZone", &["Case Time Zone"]),
    ("creator", &["Case Creator"]),
    ("reportedAt", &["Reported", "Date Reported", "Reported Date"]),
    ("createdAt", &["Created", "Date Created"]),
    ("modifiedAt", &["Modified", "Date Modified"]),
    ("closedAt", &["Closed", "Date Closed", "Close Date"]),
];

/// What our own lists show beside the fields, and what follows from others: it is not read.
const NOT_READ: &[(Subject, &[&str])] =
    &[(Subject::Incidents, &["version", "Time Zone"]), (Subject::Cases, &["version"])];

/// Fields of D3's incidents that this host does not keep. A row that has something in them is refused.
const NOT_KEPT: &[&str] =
    &["Stage", "Priority", "Tags", "Playbook", "Investigation Team", "Event Raw Data", "Custom Field"];

/// What a name in a file stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// A field, by its own name.
    Field(&'static str),
    /// Nothing that is read.
    NotRead,
    /// Something that this host does not keep: it has to be empty.
    NotKept(&'static str),
}

/// A name as it is compared: without blanks, hyphens and underscores, in any case.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_' | '\''));
    letters.flat_map(char::to_lowercase).collect()
}

fn own(subject: Subject) -> (&'static [&'static str], &'static [(&'static str, &'static [&'static str])]) {
    match subject {
        Subject::Incidents => (INCIDENT_COLUMNS, INCIDENT_NAMES),
        Subject::Cases => (CASE_COLUMNS, CASE_NAMES),
    }
}

impl Column {
    /// What `name` stands for; none where it stands for nothing.
    pub(super) fn named(subject: Subject, name: &str) -> Option<Self> {
        let (fields, others) = own(subject);
        let name = plain(name);
        let is = |known: &&str| plain(known) == name;
        if let Some(field) = fields.iter().find(|field| is(field)) {
            return Some(Self::Field(field));
        }
        if let Some((field, _)) = others.iter().find(|(_, names)| names.iter().any(is)) {
            return Some(Self::Field(field));
        }
        if NOT_READ.iter().any(|(of, names)| *of == subject && names.iter().any(is)) {
            return Some(Self::NotRead);
        }
        NOT_KEPT
            .iter()
            .find(|known| is(known))
            .filter(|_| subject == Subject::Incidents)
            .map(|known| Self::NotKept(known))
    }
}

/// How many problems of a first line are told.
const MOST_PROBLEMS: usize = 10;

/// The columns of a first line.
///
/// # Errors
/// Everything that is wrong with it, in one sentence.
pub(super) fn columns<'a>(subject: Subject, names: impl Iterator<Item = &'a str>) -> Result<Vec<Column>, String> {
    let (mut columns, mut problems) = (Vec::new(), Vec::new());
    let mut known: Vec<(Column, &str, usize)> = Vec::new();
    for (place, name) in (1..).zip(names) {
        let Some(column) = Column::named(subject, name) else {
            let (fields, _) = own(subject);
            let near = nearest(name, fields.iter().copied());
            let near = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
            problems.push(format!("there is no column {}{near}", quoted(name)));
            continue;
        };
        match known.iter().find(|(other, ..)| *other == column && column != Column::NotRead) {
            Some((_, first, at)) => problems.push(format!(
                "a column is there twice: {} (column {at}) and {} (column {place})",
                quoted(first),
                quoted(name)
            )),
            None => known.push((column, name, place)),
        }
        columns.push(column);
    }
    for field in ["number", "site"] {
        if !columns.contains(&Column::Field(field)) {
            problems.push(format!("the column {field} is missing"));
        }
    }
    if problems.is_empty() {
        return Ok(columns);
    }
    let more = problems.len().saturating_sub(MOST_PROBLEMS);
    problems.truncate(MOST_PROBLEMS);
    let more = if more > 0 { format!("; and {more} more problems") } else { String::new() };
    let (fields, _) = own(subject);
    Err(format!("{}{more}. Expected columns: {}", problems.join("; "), fields.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ours_of_d3_and_of_lists_mean_the_same_fields() {
        for (subject, name, field) in [
            (Subject::Incidents, "number", "number"),
            (Subject::Incidents, "Incident Number", "number"),
            (Subject::Incidents, "Incident", "number"),
            (Subject::Incidents, "INCIDENT_TYPE", "incidentType"),
            (Subject::Incidents, "Date Created", "createdAt"),
            (Subject::Incidents, "Closed By", "closedBy"),
            (Subject::Cases, "Case Number", "number"),
            (Subject::Cases, "Case Owner's Site", "site"),
            (Subject::Cases, "Priority", "priority"),
        ] {
            assert_eq!(Column::named(subject, name), Some(Column::Field(field)), "{name}");
        }
        assert_eq!(Column::named(Subject::Incidents, "priority"), Some(Column::NotKept("Priority")));
        assert_eq!(Column::named(Subject::Cases, "tags"), None);
        assert_eq!(Column::named(Subject::Incidents, "Timezone"), Some(Column::NotRead));
    }

    #[test]
    fn everything_that_is_wrong_with_a_first_line_is_told_at_once() {
        let problem = columns(Subject::Incidents, ["Number", "IR Number", "sevrity"].into_iter()).unwrap_err();
        for part in [
            "a column is there twice: \"Number\" (column 1) and \"IR Number\" (column 2)",
            "there is no column \"sevrity\" (did you mean severity?)",
            "the column site is missing",
        ] {
            assert!(problem.contains(part), "{problem}");
        }
    }
}
