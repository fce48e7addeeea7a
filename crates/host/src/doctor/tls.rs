//! Finds a certificate or a private key with which no host can listen, or clients refuse to connect.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use soar_connector::name::quoted;
use soar_connector::{Clock as _, SystemClock};
use soar_store::StoreError;
use soar_store::model::Moment;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::readable::{LIMIT_FILE, mode_for_others};
use super::{DoctorCheck, DoctorFinding, Examined};
use crate::tls::{certificates, load};

/// The days before the end of a certificate in which it is a finding.
const DAYS_BEFORE_END: u64 = 14;

/// The check of the listener's certificate and private key.
pub(super) struct TlsCheck;

#[async_trait]
impl DoctorCheck for TlsCheck {
    fn name(&self) -> &'static str {
        "tls"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
        let Some(files) = &instance.settings.tls else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        if let Err(error) = load(files) {
            found.push(finding(
                format!("No host can serve the instance: {error}"),
                "Correct certificate and key in the part [tls], or the files. The user who runs the host must be able to \
                 read them.",
            ));
        }
        found.extend(ending(&files.certificate, Moment::from(SystemClock::new().now())));
        if let Some(mode) = mode_for_others(&files.key) {
            let file = files.key.display();
            found.push(finding(
                format!("Each user of the machine may read the private key in {file}: its mode is {mode}."),
                &format!("{LIMIT_FILE} Make a new key and certificate if other users had access to the machine."),
            ));
        }
        Ok(found)
    }
}

/// The certificates of the file that have expired or expire soon. The first one is the host's own, the others are its chain.
fn ending(file: &Path, now: Moment) -> Vec<DoctorFinding> {
    let certificates = certificates(file).unwrap_or_default();
    let found = certificates.iter().enumerate().filter_map(|(place, certificate)| {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let ends = Moment(certificate.validity().not_after.timestamp().saturating_mul(1_000));
        let (subject, file) = (quoted(&certificate.subject().to_string()), file.display());
        let what = match place {
            0 => format!("The certificate of {subject} in {file}"),
            _ => format!("A certificate of the chain in {file}, of {subject},"),
        };
        let problem = if ends <= now {
            let effect = if place == 0 { " Clients refuse to connect." } else { "" };
            format!("{what} expired at {ends}.{effect}")
        } else if ends <= now + Duration::from_secs(DAYS_BEFORE_END * 24 * 60 * 60) {
            format!("{what} expires at {ends}, in less than {DAYS_BEFORE_END} days.")
        } else {
            return None;
        };
        let cure = match place {
            0 => "Renew the certificate, and start the host again.",
            _ => "Remove or replace this certificate in the file, and start the host again.",
        };
        Some(finding(problem, cure))
    });
    found.collect()
}

fn finding(problem: String, cure: &str) -> DoctorFinding {
    DoctorFinding { check: TlsCheck.name(), problem, place: "host.toml, [tls]".to_owned(), cure: cure.to_owned() }
}
