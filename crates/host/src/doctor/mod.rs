//! Checks an instance without changing it. Each finding has the problem, its place and the cure.
//!
//! A check is a file of this folder that implements [`DoctorCheck`], and a line in `CHECKS`.

mod agents;
mod alerts;
mod certificates;
mod deliveries;
mod enrichment;
mod finding;
mod keys;
mod names;
mod numbers;
mod openid;
mod readable;
mod schema;
mod tls;

use async_trait::async_trait;
use soar_store::{Store, StoreError};

use crate::alerts::AlertSettings;
use crate::plugins::PluginRegistry;
use crate::sealing::Keyring;
use crate::settings::HostSettings;
use crate::vault::Vault;

pub use finding::DoctorFinding;

/// The instance to check.
#[derive(Debug)]
pub struct Examined {
    /// The instance's store, open for reading only.
    pub store: Store,
    /// The instance's settings, with the paths that the host opens.
    pub settings: HostSettings,
    /// The ways to send alerts, with the paths that the host opens.
    pub alerts: AlertSettings,
    /// The sealing keys, or the reason for which they cannot be read.
    pub keyring: Result<Keyring, String>,
    /// Fetches the secrets that the settings refer to.
    pub vault: Vault,
    /// The registered plugins.
    pub registry: PluginRegistry,
}

/// A check for one kind of problem.
#[async_trait]
pub trait DoctorCheck: Sync {
    /// The name of the check, such as `names`.
    fn name(&self) -> &'static str;

    /// The problems found.
    ///
    /// # Errors
    /// [`StoreError`] when the check could not run.
    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError>;
}

/// All checks, in the order of their findings in the output.
const CHECKS: &[&dyn DoctorCheck] = &[
    &schema::SchemaCheck,
    &keys::KeysCheck,
    &names::NamesCheck,
    &numbers::NumbersCheck,
    &agents::AgentsCheck,
    &certificates::CertificatesCheck,
    &openid::OpenIdCheck,
    &enrichment::EnrichmentCheck,
    &tls::TlsCheck,
    &alerts::AlertsCheck,
    &deliveries::DeliveriesCheck,
];

/// The findings of all checks. A check that could not run is a finding too.
pub async fn examine(instance: &Examined) -> Vec<DoctorFinding> {
    let mut all = Vec::new();
    for check in CHECKS {
        match check.findings(instance).await {
            Ok(found) => all.extend(found),
            Err(error) => all.push(DoctorFinding {
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
