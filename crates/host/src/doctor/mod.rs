//! Checks an instance without changing it. Each finding has the problem, its place and the cure.
//!
//! A check is a file of this folder that implements [`Check`], and a line in `CHECKS`.

mod agents;
mod certificates;
mod enrichment;
mod finding;
mod keys;
mod names;
mod numbers;
mod openid;
mod schema;

use async_trait::async_trait;
use soar_store::{Store, StoreError};

use crate::plugins::PluginRegistry;
use crate::sealing::Keyring;
use crate::settings::HostSettings;
use crate::vault::Vault;

pub use finding::Finding;

/// The instance to check.
#[derive(Debug)]
pub struct Examined {
    /// The instance's store, open for reading only.
    pub store: Store,
    /// The instance's settings, with the paths that the host opens.
    pub settings: HostSettings,
    /// The sealing keys, or the reason for which they cannot be read.
    pub keyring: Result<Keyring, String>,
    /// Fetches the secrets that the settings refer to.
    pub vault: Vault,
    /// The registered plugins.
    pub registry: PluginRegistry,
}

/// A check for one kind of problem.
#[async_trait]
pub trait Check: Sync {
    /// The name of the check, such as `names`.
    fn name(&self) -> &'static str;

    /// The problems found.
    ///
    /// # Errors
    /// [`StoreError`] when the check could not run.
    async fn findings(&self, instance: &Examined) -> Result<Vec<Finding>, StoreError>;
}

/// All checks, in the order of their findings in the output.
const CHECKS: &[&dyn Check] = &[
    &schema::Schema,
    &keys::Keys,
    &names::Names,
    &numbers::Numbers,
    &agents::Agents,
    &certificates::Certificates,
    &openid::OpenId,
    &enrichment::Enrichment,
];

/// The findings of all checks. A check that could not run is a finding too.
pub async fn examine(instance: &Examined) -> Vec<Finding> {
    let mut all = Vec::new();
    for check in CHECKS {
        match check.findings(instance).await {
            Ok(found) => all.extend(found),
            Err(error) => all.push(Finding {
                check: check.name(),
                problem: format!("The check could not run: {error}"),
                place: "the store".to_owned(),
                cure: "Correct the cause in the error, and run `footprint doctor` again. The host upgrades a store of \
                       an earlier version at its next start."
                    .to_owned(),
            }),
        }
    }
    all
}
