//! The formats of changes of findings. `docs/findings.md` maps each field.

mod csv;
mod ecs;
mod ocsf;
mod severity;

pub use severity::OcsfSeverity;
pub(crate) use severity::severity_of;

use serde::Serialize;
use soar_connector::Finding;
use soar_store::model::{FindingChange, FindingSequence};
use soar_store::text_enum;
use utoipa::ToSchema;

use super::enrichment::{Enrichment, EpssValue, KevValue};

/// The most bytes of a batch of more than one change: 1 MiB.
const BATCH_BYTES: usize = 1 << 20;

text_enum! {
    /// A format of changes of findings.
    pub enum FindingFormat {
        /// This host's own: one JSON object per line.
        Ndjson = "ndjson",
        /// The same objects in one JSON array.
        Json = "json",
        /// OCSF Vulnerability Finding (class 2002): one JSON object per line.
        Ocsf = "ocsf",
        /// Elastic Common Schema: one JSON object per line.
        Ecs = "ecs",
        /// Comma-separated values that no spreadsheet takes for formulas.
        Csv = "csv",
    }
}

impl FindingFormat {
    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Json => "application/json",
            Self::Ndjson | Self::Ocsf | Self::Ecs => "application/x-ndjson",
        }
    }
}

/// A change of a finding, with values about its CVEs and the names of the product.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeShown {
    /// The change.
    #[serde(flatten)]
    pub change: FindingChange,
    /// The name of the connection.
    pub connection: String,
    /// The product that lists the finding.
    pub product: String,
    /// The maker of the product.
    pub vendor: String,
    /// CISA's catalog of known exploited vulnerabilities; missing where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kev: Option<KevValue>,
    /// EPSS; missing where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss: Option<EpssValue>,
    #[serde(skip)]
    finding: Finding,
}

impl ChangeShown {
    /// The change with what is known about its CVEs.
    ///
    /// # Errors
    /// When the log holds a finding that this version cannot read.
    pub fn new(
        change: FindingChange,
        (connection, product, vendor): (String, String, String),
        enrichment: &Enrichment,
    ) -> Result<Self, serde_json::Error> {
        let finding: Finding = serde_json::from_str(change.finding.get())?;
        let (kev, epss) = (enrichment.kev(&finding.cve), enrichment.epss(&finding.cve));
        Ok(Self { change, connection, product, vendor, kev, epss, finding })
    }

    /// The number of the change.
    #[must_use]
    pub fn sequence(&self) -> FindingSequence {
        self.change.sequence
    }
}

/// Cuts changes to a batch of at most 1 MiB in this format, but at least one change. Returns the number of its last change
/// if later ones were cut.
///
/// # Errors
/// When a change cannot be serialised.
pub fn cut_to_batch(
    format: FindingFormat,
    changes: &mut Vec<ChangeShown>,
) -> Result<Option<FindingSequence>, serde_json::Error> {
    let (mut bytes, mut fitting) = (0, 0);
    for change in &*changes {
        bytes += render(format, std::slice::from_ref(change), false)?.len();
        if bytes > BATCH_BYTES && fitting > 0 {
            break;
        }
        fitting += 1;
    }
    if fitting == changes.len() {
        return Ok(None);
    }
    changes.truncate(fitting);
    Ok(changes.last().map(ChangeShown::sequence))
}

/// Changes in a format: a line each. CSV begins with its headings if `with_head`.
///
/// # Errors
/// When a change cannot be serialised.
pub fn render(format: FindingFormat, changes: &[ChangeShown], with_head: bool) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::new();
    if format == FindingFormat::Csv {
        return csv::render(changes, with_head);
    }
    if format == FindingFormat::Json {
        return serde_json::to_vec(changes);
    }
    for change in changes {
        match format {
            FindingFormat::Ocsf => serde_json::to_writer(&mut text, &ocsf::event(change))?,
            FindingFormat::Ecs => serde_json::to_writer(&mut text, &ecs::event(change))?,
            FindingFormat::Ndjson | FindingFormat::Json | FindingFormat::Csv => {
                serde_json::to_writer(&mut text, change)?
            }
        }
        text.push(b'\n');
    }
    Ok(text)
}
