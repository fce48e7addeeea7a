//! CA File: the certificates to trust beside those of the system's authorities.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use soar_connector::name::quoted;
use soar_connector::{SettingsError, certificates_in};

pub(super) const CA_FILE: &str = "CA File";

/// In bytes; the bundle of a whole operating system has a quarter of a mebibyte.
const LARGEST: u64 = 16 * 1024 * 1024;

/// All certificates of the file.
pub(super) fn authorities(file: &str) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let refuse = |problem: String| SettingsError::of(CA_FILE, problem);
    let shown = quoted(file);
    let pem = read_bounded(file)
        .map_err(|error| refuse(format!("{shown} cannot be read ({error}). Check the path and its permissions.")))?;
    let pem = certificates_in(&pem).map_err(|problem| refuse(format!("{shown} {problem}")))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| refuse(format!("{shown} is no whole PEM file ({error}).")))?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store
            .add(certificate.clone())
            .map_err(|error| refuse(format!("{shown} holds what is no authority's certificate ({error}).")))?;
    }
    Ok(certificates)
}

/// A file's content; no device or pipe, which may never end, and not more than certificates need.
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
