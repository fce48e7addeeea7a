//! The severity of a finding: by its CVSS score, else by the product's word.

use soar_connector::Finding;

/// A severity, with its numbers in OCSF and its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OcsfSeverity {
    /// Neither a score nor a word is known.
    Unknown,
    /// None.
    Informational,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
    /// The product has another word for it.
    Other,
}

/// The severity of a finding, in the words of incidents. `None` if it is not known.
pub(crate) fn severity_of(finding: &Finding) -> Option<soar_store::model::Severity> {
    OcsfSeverity::of(finding).word().parse().ok()
}

impl OcsfSeverity {
    /// The severity by the bands of CVSS 3 (<https://www.first.org/cvss/v3.1/specification-document>, section 5). Without a
    /// score, the product's word.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        if let Some(score) = finding.cvss {
            return match score {
                score if score >= 9.0 => Self::Critical,
                score if score >= 7.0 => Self::High,
                score if score >= 4.0 => Self::Medium,
                score if score > 0.0 => Self::Low,
                _ => Self::Informational,
            };
        }
        match finding.severity.as_deref().map(str::to_lowercase).as_deref() {
            None => Self::Unknown,
            Some("none" | "info" | "informational" | "log") => Self::Informational,
            Some("low") => Self::Low,
            Some("medium" | "moderate") => Self::Medium,
            Some("high") => Self::High,
            Some("critical") => Self::Critical,
            Some(_) => Self::Other,
        }
    }

    /// OCSF's `severity_id`.
    pub(super) const fn ocsf(self) -> i64 {
        match self {
            Self::Unknown => 0,
            Self::Informational => 1,
            Self::Low => 2,
            Self::Medium => 3,
            Self::High => 4,
            Self::Critical => 5,
            Self::Other => 99,
        }
    }

    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Informational => "Informational",
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
            Self::Other => "Other",
        }
    }
}
