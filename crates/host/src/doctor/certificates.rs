//! Finds older connections that store the path of a file with certificates instead of the certificates.

use async_trait::async_trait;
use soar_connector::name::quoted;
use soar_store::StoreError;

use super::{DoctorCheck, DoctorFinding, Examined};
use crate::connections::{KeptPath, kept_paths};

/// The check of certificates.
pub(super) struct CertificatesCheck;

#[async_trait]
impl DoctorCheck for CertificatesCheck {
    fn name(&self) -> &'static str {
        "certificates"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
        let paths = kept_paths(&mut instance.store.reader().await?.records(), &instance.registry).await?;
        Ok(paths.into_iter().map(finding).collect())
    }
}

fn finding(kept: KeptPath) -> DoctorFinding {
    let KeptPath { connection, place, parameter, path, is_received } = kept;
    let path = quoted(&path);
    let (problem, cure) = if is_received {
        (
            format!(
                "{parameter} is the path {path}, which was typed on a master. This host does not open it, so no \
                 command runs on the connection."
            ),
            "Sync the connection from its master again. The master then sends the certificates.".to_owned(),
        )
    } else {
        (
            format!("{parameter} is the path {path}. It works only on the host where it was typed."),
            format!(
                "Store the certificates in the connection: `footprint connection change {} --param \
                 \"{parameter}=PATH\"` reads the file. Give the connection's secrets again with it, such as `--secret-stdin \
                 Password`.",
                quoted(&connection)
            ),
        )
    };
    DoctorFinding {
        check: CertificatesCheck.name(),
        problem,
        place: format!("connection {} ({place})", quoted(&connection)),
        cure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cure_fits_the_host_where_the_path_was_typed_and_the_tenant_that_received_it() {
        let kept = |is_received| KeptPath {
            connection: "Main".to_owned(),
            place: "Security Operations".to_owned(),
            parameter: "CA File".to_owned(),
            path: "/etc/ca.pem".to_owned(),
            is_received,
        };
        let typed = finding(kept(false));
        assert!(typed.cure.contains(r#"`footprint connection change "Main" --param "CA File=PATH"`"#), "{typed:?}");
        assert!(typed.problem.contains(r#""/etc/ca.pem". It works only on the host"#), "{typed:?}");
        let received = finding(kept(true));
        assert!(
            received.cure.contains("from its master again") && received.problem.contains("does not open it"),
            "{received:?}"
        );
        assert_eq!(received.place, r#"connection "Main" (Security Operations)"#);
    }
}
