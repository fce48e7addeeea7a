//! CA File: the certificates to trust beside those of the system's authorities, as PEM text or in a file.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use soar_connector::name::quoted;
use soar_connector::{SettingsError, certificates_in, is_pem};

pub(super) const CA_FILE: &str = "CA File";

/// In bytes; the bundle of a whole operating system has a quarter of a mebibyte.
const LARGEST: u64 = 16 * 1024 * 1024;

/// All certificates of the setting, which is PEM text or the path of a file that holds it.
pub(super) fn authorities(given: &str) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let refuse = |problem: String| SettingsError::of(CA_FILE, problem);
    let (pem, shown) = if is_pem(given) {
        (given.as_bytes().to_vec(), "It".to_owned())
    } else {
        let shown = quoted(given);
        let pem = read_bounded(given).map_err(|error| {
            refuse(format!("{shown} cannot be read ({error}). Check the path and its permissions."))
        })?;
        (pem, shown)
    };
    let pem = certificates_in(&pem).map_err(|problem| refuse(format!("{shown} {problem}")))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| refuse(format!("{shown} is no whole PEM text ({error}).")))?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store
            .add(certificate.clone())
            .map_err(|error| refuse(format!("{shown} holds what is no authority's certificate ({error}).")))?;
    }
    Ok(certificates)
}

/// The content of a regular file of limited size. A device or a pipe may never end, so it is refused.
fn read_bounded(file: &str) -> std::io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(file)?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    if metadata.len() > LARGEST {
        return Err(std::io::Error::other(format!("it is larger than {} MiB", LARGEST / (1024 * 1024))));
    }
    std::fs::read(file)
}
