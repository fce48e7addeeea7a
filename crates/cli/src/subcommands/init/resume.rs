//! Resumes an interrupted creation of an instance.

use std::fs;

use anyhow::{Context as _, Result};
use soar_store::{Records, Store, StoreError};

use super::{CreatedInstance, FIRST_KEY, first_access, is_empty, now, seal};
use crate::exit::WrongUse;
use crate::instance::{InstanceFolder, InstanceSettings, advised};
use soar_store::model::Moment;

/// Completes the instance in the folder, if its store was filled before. Whether a user saw its first key is unknown,
/// so this key is revoked and another is created.
///
/// `None` if nothing was begun, or nothing that cannot be begun again.
pub(super) async fn begun(folder: &InstanceFolder) -> Result<Option<CreatedInstance>> {
    let file = folder.draft_file();
    if !file.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(&file).with_context(|| format!("The file {} cannot be read", file.display()))?;
    let settings = InstanceSettings::from_text(&text).map_err(WrongUse)?;
    let store = Store::open(&settings.store_address(folder)?).await.map_err(advised)?;
    let mut transaction = store.transaction().await.map_err(advised)?;
    let mut records = transaction.records();
    if is_empty(&mut records).await.map_err(advised)? {
        return Ok(None);
    }
    let seal = seal(folder, &settings)?;
    let site = records.sites().await.map_err(advised)?.into_iter().next().map(|site| site.name).unwrap_or_default();
    let now = now();
    let name = replace_first_key(&mut records, now).await.map_err(advised)?;
    let access = first_access(&mut records, &settings, &seal, &settings.operator, &name, now).await.map_err(advised)?;
    transaction.commit().await.map_err(advised)?;
    store.close().await;
    folder.finish()?;
    Ok(Some(CreatedInstance::of(folder, &settings, &site, &settings.operator, &access)))
}

/// Revokes the keys of earlier attempts, and returns a free name for the next key.
async fn replace_first_key(records: &mut Records<'_>, now: Moment) -> Result<String, StoreError> {
    let keys = records.keys().await?;
    for key in &keys {
        records.revoke_key(&key.name, now).await?;
    }
    Ok(format!("{FIRST_KEY} {}", keys.len() + 1))
}
