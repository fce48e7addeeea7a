//! Checks of an instance that change nothing: each finding says what is wrong, where, and how to cure it.
//!
//! A check is a file of this folder that implements [`Check`], and a line in [`CHECKS`].

mod agents;
mod certificates;
mod finding;
mod names;
mod numbers;

use async_trait::async_trait;
use soar_store::{Store, StoreError};

use crate::executor::Registry;
use crate::settings::HostSettings;

pub use finding::Finding;

/// An instance that is examined.
#[derive(Debug)]
pub struct Examined {
    /// Its store, open for reading only.
    pub store: Store,
    /// Its settings, with the paths as they are opened.
    pub settings: HostSettings,
    /// The integrations that are compiled in.
    pub registry: Registry,
}

/// One kind of thing that may be wrong with an instance.
#[async_trait]
pub trait Check: Sync {
    /// The name of the check, such as `names`.
    fn name(&self) -> &'static str;

    /// What is wrong; empty when nothing is.
    ///
    /// # Errors
    /// [`StoreError`] when the check could not be made.
    async fn findings(&self, instance: &Examined) -> Result<Vec<Finding>, StoreError>;
}

/// All checks, in the order in which their findings are shown.
const CHECKS: &[&dyn Check] =
    &[&names::Names, &numbers::Numbers, &agents::Agents, &certificates::Certificates];

/// What all checks find. A check that could not be made is a finding too.
pub async fn examine(instance: &Examined) -> Vec<Finding> {
    let mut all = Vec::new();
    for check in CHECKS {
        match check.findings(instance).await {
            Ok(found) => all.extend(found),
            Err(error) => all.push(Finding {
                check: check.name(),
                problem: format!("The check could not be made: {error}"),
                place: "the store".to_owned(),
                cure: "Mend what the error names, and run `footprint doctor` again. A store of an earlier version is \
                       upgraded when the host is next started."
                    .to_owned(),
            }),
        }
    }
    all
}
