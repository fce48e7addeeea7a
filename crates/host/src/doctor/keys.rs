//! Finds sealing keys with which no host can serve the instance.

use async_trait::async_trait;
use soar_store::StoreError;

use super::{DoctorCheck, DoctorFinding, Examined};

/// The check of the sealing keys.
pub(super) struct KeysCheck;

#[async_trait]
impl DoctorCheck for KeysCheck {
    fn name(&self) -> &'static str {
        "keys"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
        let keyring = match &instance.keyring {
            Ok(keyring) => keyring,
            Err(problem) => return Ok(vec![finding(format!("No host can serve the instance: {problem}"))]),
        };
        let there: Vec<_> = keyring.ids().iter().map(ToString::to_string).collect();
        let in_use = instance.store.reader().await?.records().sealing_keys_in_use().await?;
        let missing = in_use.into_iter().filter(|key| !there.contains(key));
        Ok(missing.map(|key| finding(format!("The store has secrets of the key {key}, which is missing."))).collect())
    }
}

fn finding(problem: String) -> DoctorFinding {
    DoctorFinding {
        check: KeysCheck.name(),
        problem,
        place: "the sealing keys".to_owned(),
        cure:
            "Put the keys of your backup into sealing.key or FOOTPRINT_SEALING_KEYS. The file must be readable only by \
               its owner (chmod 600)."
                .to_owned(),
    }
}
