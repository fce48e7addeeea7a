//! Finds a store of a later version, which no host of this version can open.

use async_trait::async_trait;
use soar_store::StoreError;

use super::{DoctorCheck, DoctorFinding, Examined};

/// The check of the version of the tables.
pub(super) struct SchemaCheck;

#[async_trait]
impl DoctorCheck for SchemaCheck {
    fn name(&self) -> &'static str {
        "schema"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
        let later = instance.store.later_schema().await?.map(|version| DoctorFinding {
            check: self.name(),
            problem: format!(
                "A later version of footprint made the store's tables: they have version {version}, which this version \
                 does not know. It cannot serve the instance."
            ),
            place: "the store".to_owned(),
            cure: "Install the version of footprint that last served the instance, or a later one.".to_owned(),
        });
        Ok(later.into_iter().collect())
    }
}
