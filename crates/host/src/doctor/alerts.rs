//! Finds settings of the mail server and of webhooks with which no host starts, and secrets that others may read.

use async_trait::async_trait;
use soar_connector::name::quoted;
use soar_store::StoreError;
use soar_store::model::Reference;

use super::readable::{LIMIT_FILE, mode_for_others};
use super::{DoctorCheck, DoctorFinding, Examined};

/// The check of the ways to send alerts.
pub(super) struct AlertsCheck;

#[async_trait]
impl DoctorCheck for AlertsCheck {
    fn name(&self) -> &'static str {
        "alerts"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
        let (alerts, vault) = (&instance.alerts, &instance.vault);
        let mut found = Vec::new();
        if let Some(mail) = &alerts.mail {
            let place = "host.toml, [alerts.mail]";
            found.extend(alerts.mail_courier(vault).await.err().map(|problem| unusable(place, &problem)));
            found.extend(mail.password.as_ref().and_then(|password| readable(place, password)));
        }
        for (name, webhook) in &alerts.webhooks {
            let place = format!("host.toml, [alerts.webhooks], {}", quoted(name));
            let courier = alerts.webhook_courier(name, webhook, vault).await;
            found.extend(courier.err().map(|problem| unusable(&place, &problem)));
            found.extend(readable(&place, &webhook.secret));
        }
        Ok(found)
    }
}

fn unusable(place: &str, problem: &str) -> DoctorFinding {
    DoctorFinding {
        check: AlertsCheck.name(),
        problem: format!("No host can serve the instance: {problem}"),
        place: place.to_owned(),
        cure:
            "Correct the setting, the secret, or the part [vault]. `footprint doctor` looks for variables in its own \
               environment, so run it with the variables of the host."
                .to_owned(),
    }
}

/// The finding about a secret in a file that each user of the machine may read.
fn readable(place: &str, secret: &Reference) -> Option<DoctorFinding> {
    let Reference::File(path) = secret else { return None };
    let mode = mode_for_others(path)?;
    Some(DoctorFinding {
        check: AlertsCheck.name(),
        problem: format!("Each user of the machine may read the secret at {secret}: the mode of the file is {mode}."),
        place: place.to_owned(),
        cure: format!("{LIMIT_FILE} Make a new secret if other users had access to the machine."),
    })
}
