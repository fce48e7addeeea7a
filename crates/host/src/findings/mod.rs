//! Findings: collections read the findings of each tenant, compare them with the earlier ones, and log the changes.

mod collector;
mod compare;
mod enrichment;
pub mod formats;
mod gone;
mod listing;
mod planned;
mod rows;
mod service;
mod settings;
mod work;

pub use collector::FindingCollector;
pub use compare::{ComparedFinding, change_of, staged};
pub use enrichment::{Enrichment, EnrichmentFiles, EpssValue, KevValue};
pub(crate) use formats::severity_of;
pub use planned::{COLLECT_FINDINGS, CollectionProblem, CollectionToMake};
pub(crate) use planned::{PlannedCollection, collect_manifest};
pub use service::Findings;
pub use settings::FindingSettings;
