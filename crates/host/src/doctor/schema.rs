//! Finds a store of a later version, which no host of this version can open.

use async_trait::async_trait;
use soar_store::StoreError;

use super::{Check, Examined, Finding};

/// The check of the version of the tables.
pub(super) struct Schema;

#[async_trait]
impl Check for Schema {
    fn name(&self) -> &'static str {
        "schema"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<Finding>, StoreError> {
        let later = instance.store.later_schema().await?.map(|version| Finding {
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
