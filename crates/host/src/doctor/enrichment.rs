//! The files with values about CVEs.

use async_trait::async_trait;
use soar_store::StoreError;

use super::{DoctorCheck, DoctorFinding, Examined};

/// Each file with values about CVEs can be read.
pub(super) struct EnrichmentCheck;

#[async_trait]
impl DoctorCheck for EnrichmentCheck {
    fn name(&self) -> &'static str {
        "enrichment"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
        let files = instance.settings.findings.enrichment.clone();
        let read = tokio::task::spawn_blocking(move || crate::findings::Enrichment::read(&files)).await;
        Ok(match read {
            Ok(Err(problem)) => vec![DoctorFinding {
                check: "enrichment",
                problem,
                place: "host.toml, [findings.enrichment]".to_owned(),
                cure: "Correct the path, or put a readable file there. Rules on kev and epssAtLeast wait until then."
                    .to_owned(),
            }],
            _ => Vec::new(),
        })
    }
}
