//! Add Scan Targets: adds addresses, ranges, URLs or e-mail addresses to what is scanned.

use async_trait::async_trait;
use soar_connector::Parameters;
use soar_connector::name::quoted;

use super::probe::Probe;
use super::{CommandHandler, required_integers};
use crate::session::Call;
use crate::vendor::{Failure, ScanTargets};

/// The most characters that a target may have.
const LONGEST: usize = 255;

pub(super) struct AddScanTargets;

#[async_trait]
impl CommandHandler for AddScanTargets {
    fn probe(&self) -> Probe {
        Probe::Role
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let targets = parameters.list("Targets").unwrap_or_default().to_vec();
        if let Some(target) = targets.iter().find(|target| target.chars().count() > LONGEST) {
            let text = format!("Targets: expected at most {LONGEST} characters each, found {}.", quoted(target));
            return Err(Failure::new("invalid-parameter", text));
        }
        let scanners = required_integers(parameters, "Scanner IDs")?;
        let scans_now = parameters.boolean("Scan Now") != Some(false);
        // An older instance would ignore the parameter, and scan.
        if !scans_now && call.is_since_2024().await? != Some(true) {
            let text = "Nothing was sent: this instance may start a scan at once even with Scan Now = No.";
            return Err(Failure::new("scan-now-needed", text));
        }
        call.write(&ScanTargets { targets, scanners, scans_now }).await
    }
}
