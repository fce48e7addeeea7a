//! Reads the rows of a findings source as [`Finding`]s.

use serde_json::Value;

use crate::finding::{Finding, FindingStatus};
use crate::manifest::{ColumnType, FindingStates, FindingsSource, Manifest, ManifestPath, MemberValues};
use crate::name::same_word;
use crate::row::RowReader;
use crate::sink_error::SinkError;
use crate::vocabulary::without_placeholders;

/// Why a row is not a finding that can be compared with an earlier one.
#[derive(Debug, thiserror::Error)]
pub enum FindingProblem {
    /// The row names no device.
    #[error("a row has no device id at {0}")]
    NoDevice(String),
    /// All members of the key are missing.
    #[error("a row has none of the members that identify a finding: {0}")]
    NoKey(String),
    /// The row cannot be read.
    #[error(transparent)]
    Row(#[from] SinkError),
}

/// Reads the rows of one manifest's findings source.
#[derive(Debug)]
pub struct FindingReader {
    source: FindingsSource,
    no_value: Vec<String>,
    rows: RowReader,
}

impl FindingReader {
    /// A reader for the findings of this connector; none if the connector has no findings.
    #[must_use]
    pub fn new(manifest: &Manifest) -> Option<Self> {
        let source = manifest.connector.findings.clone()?;
        let names: Option<Vec<_>> = paths(&source).map(|path| path.row_path().first_names()).collect();
        let rows = RowReader::of(names.map(|names| names.concat()));
        Some(Self { source, no_value: manifest.connector.replies.no_value.clone(), rows })
    }

    /// The finding of a row, and the values that identify it on its device.
    ///
    /// # Errors
    /// [`FindingProblem`] if the row has no device or no key, or is too large.
    pub fn read(&self, row: &str) -> Result<(Finding, Vec<String>), FindingProblem> {
        let row = self.rows.read(row)?;
        let (device, members) = (&self.source.device, &self.source.members);
        let device_id = self.text(&row, Some(&device.id));
        let device_id = device_id.ok_or_else(|| FindingProblem::NoDevice(device.id.as_str().to_owned()))?;
        let key: Vec<_> = self.source.key.iter().map(|path| self.text(&row, Some(path)).unwrap_or_default()).collect();
        if key.iter().all(String::is_empty) {
            let names: Vec<_> = self.source.key.iter().map(ManifestPath::as_str).collect();
            return Err(FindingProblem::NoKey(names.join(", ")));
        }
        let state = self.text(&row, Some(&self.source.state.path));
        let finding = Finding {
            id: self.text(&row, members.id.as_ref()),
            device_id,
            device_name: self.text(&row, device.name.as_ref()),
            device_address: self.text(&row, device.address.as_ref()),
            device_tags: self.texts(&row, device.tags.as_ref()),
            status: state.as_deref().map_or(FindingStatus::Open, |word| self.source.state.status(word)),
            state,
            cve: self.texts(&row, members.cve.as_ref()),
            cwe: cwes(&self.texts(&row, members.cwe.as_ref())),
            title: self.text(&row, members.title.as_ref()),
            description: self.text(&row, members.description.as_ref()),
            severity: self.text(&row, members.severity.as_ref()),
            cvss: self.shown(&row, members.cvss.as_ref(), ColumnType::Number).and_then(|value| value.as_f64()),
            cvss_vector: self.text(&row, members.cvss_vector.as_ref()),
            exploit: self.shown(&row, members.exploit.as_ref(), ColumnType::Boolean).and_then(|value| value.as_bool()),
            risk_level: self.text(&row, members.risk_level.as_ref()),
            software: self.text(&row, members.software.as_ref()),
            port: self.text(&row, members.port.as_ref()),
            protocol: self.text(&row, members.protocol.as_ref()),
            first_found: self.time(&row, members.first_found.as_ref()),
            state_changed: self.time(&row, members.state_changed.as_ref()),
            fixed_reason: self.text(&row, members.fixed_reason.as_ref()),
            remediation: self.text(&row, members.remediation.as_ref()),
            published: self.time(&row, members.published.as_ref()),
            references: self.texts(&row, members.references.as_ref()),
        };
        Ok((finding, key))
    }

    fn shown(&self, row: &Value, path: Option<&ManifestPath>, kind: ColumnType) -> Option<Value> {
        let values = path?.row_path().values(row).into_iter();
        values.map(|value| kind.shown(value, &self.no_value)).find(|value| !value.is_null())
    }

    fn text(&self, row: &Value, path: Option<&ManifestPath>) -> Option<String> {
        self.shown(row, path, ColumnType::Any).map(text_of)
    }

    fn time(&self, row: &Value, path: Option<&ManifestPath>) -> Option<String> {
        self.shown(row, path, ColumnType::Time).map(text_of)
    }

    /// All values at a path; the items of a list that stands there, one by one.
    fn texts(&self, row: &Value, path: Option<&ManifestPath>) -> Vec<String> {
        let values = path.map(|path| path.row_path().values(row)).unwrap_or_default();
        let values = values.into_iter().map(|value| without_placeholders(value, &self.no_value));
        let flat = values.flat_map(|value| match value {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            other => vec![other],
        });
        flat.map(text_of).collect()
    }
}

/// All paths of a findings source into a row of its command.
fn paths(source: &FindingsSource) -> impl Iterator<Item = &ManifestPath> {
    let (device, members) = (&source.device, &source.members);
    let optional = [
        &device.name,
        &device.address,
        &device.tags,
        &members.id,
        &members.cve,
        &members.cwe,
        &members.title,
        &members.description,
        &members.severity,
        &members.cvss,
        &members.cvss_vector,
        &members.exploit,
        &members.risk_level,
        &members.software,
        &members.port,
        &members.protocol,
        &members.first_found,
        &members.state_changed,
        &members.fixed_reason,
        &members.remediation,
        &members.published,
        &members.references,
    ];
    [&device.id, &source.state.path].into_iter().chain(&source.key).chain(optional.into_iter().flatten())
}

/// The CWEs that texts name, such as CWE-79. A product may write other words there, such as NVD-CWE-noinfo.
fn cwes(texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for text in texts {
        for rest in text.to_ascii_uppercase().split("CWE-").skip(1) {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            if !digits.is_empty() {
                found.push(format!("CWE-{digits}"));
            }
        }
    }
    found
}

fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The text at `path` in a row of a list of tenants or devices; none where nothing stands there.
#[must_use]
pub fn listed_value(row: &Value, path: &ManifestPath) -> Option<String> {
    let value = path.row_path().values(row).into_iter().next()?;
    (!value.is_null()).then(|| text_of(value.clone()))
}

impl MemberValues {
    /// Whether the member of this row has one of the values.
    #[must_use]
    pub fn matches(&self, row: &Value) -> bool {
        let value = listed_value(row, &self.path).map(|value| same_word(&value));
        value.is_some_and(|value| self.values.iter().any(|known| same_word(known) == value))
    }
}

impl FindingStates {
    /// The meaning of the product's word. A word without a meaning counts as open.
    #[must_use]
    pub fn status(&self, word: &str) -> FindingStatus {
        let normal = same_word(word);
        // Most rows have the manifest's own spelling. Comparing it makes no text.
        let is_in = |words: &[String]| words.iter().any(|known| known == word || same_word(known) == normal);
        if is_in(&self.fixed) {
            FindingStatus::Fixed
        } else if is_in(&self.reopened) {
            FindingStatus::Reopened
        } else if is_in(&self.suppressed) {
            FindingStatus::Suppressed
        } else {
            FindingStatus::Open
        }
    }
}
