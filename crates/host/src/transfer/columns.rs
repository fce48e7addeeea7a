//! The names of the fields of a row: the host's own names, the names in D3's lists and commands, and the headings of
//! the terminal's lists.

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

/// Columns of the host's own lists that the import ignores.
const NOT_READ: &[(Subject, &[&str])] =
    &[(Subject::Incidents, &["version", "Time Zone"]), (Subject::Cases, &["version"])];

/// Fields of D3's incidents that this host does not store. A row with a value in one of them is refused.
const NOT_KEPT: &[&str] =
    &["Stage", "Priority", "Tags", "Playbook", "Investigation Team", "Event Raw Data", "Custom Field"];

/// The meaning of a name in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileColumn {
    /// A field, by the host's own name.
    Field(&'static str),
    /// A name that the import ignores.
    NotRead,
    /// A field that this host does not store. It must be empty.
    NotKept(&'static str),
}

/// The name in the form for comparison: lower case, without spaces, hyphens and underscores.
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

impl FileColumn {
    /// The meaning of `name`; `None` for an unknown name.
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

/// The most problems of a header line in an error.
const MOST_PROBLEMS: usize = 10;

/// Parses the columns of a header line.
///
/// # Errors
/// All problems in one sentence.
pub(super) fn columns<'a>(subject: Subject, names: impl Iterator<Item = &'a str>) -> Result<Vec<FileColumn>, String> {
    let (mut columns, mut problems) = (Vec::new(), Vec::new());
    let mut known: Vec<(FileColumn, &str, usize)> = Vec::new();
    for (place, name) in (1..).zip(names) {
        let Some(column) = FileColumn::named(subject, name) else {
            let (fields, _) = own(subject);
            let near = nearest(name, fields.iter().copied());
            let near = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
            problems.push(format!("there is no column {}{near}", quoted(name)));
            continue;
        };
        match known.iter().find(|(other, ..)| *other == column && column != FileColumn::NotRead) {
            Some((_, first, at)) => problems.push(format!(
                "a column occurs twice: {} (column {at}) and {} (column {place})",
                quoted(first),
                quoted(name)
            )),
            None => known.push((column, name, place)),
        }
        columns.push(column);
    }
    for field in ["number", "site"] {
        if !columns.contains(&FileColumn::Field(field)) {
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
            assert_eq!(FileColumn::named(subject, name), Some(FileColumn::Field(field)), "{name}");
        }
        assert_eq!(FileColumn::named(Subject::Incidents, "priority"), Some(FileColumn::NotKept("Priority")));
        assert_eq!(FileColumn::named(Subject::Cases, "tags"), None);
        assert_eq!(FileColumn::named(Subject::Incidents, "Timezone"), Some(FileColumn::NotRead));
    }

    #[test]
    fn everything_that_is_wrong_with_a_first_line_is_told_at_once() {
        let problem = columns(Subject::Incidents, ["Number", "IR Number", "sevrity"].into_iter()).unwrap_err();
        for part in [
            "a column occurs twice: \"Number\" (column 1) and \"IR Number\" (column 2)",
            "there is no column \"sevrity\" (did you mean severity?)",
            "the column site is missing",
        ] {
            assert!(problem.contains(part), "{problem}");
        }
    }
}
