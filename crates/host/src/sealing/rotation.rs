//! Rotation of the sealing key: a new key becomes current, all secrets are sealed again, and old keys are retired.

use serde::Serialize;
use soar_store::model::{KeyId, Moment};
use soar_store::{Records, SealedPlace, Store, StoreError};
use utoipa::ToSchema;

use super::{Keyring, SealError};
use crate::Refusal;

/// The number of secrets sealed again in one transaction.
const BATCH_SIZE: i64 = 100;

/// The reason for which a rotation stopped. Another rotation continues it.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// A key or a secret cannot be used.
    #[error("{0} Nothing is lost: run the rotation again afterwards.")]
    Seal(#[from] SealError),
    /// A secret cannot be opened.
    #[error(
        "{context}: {error} You can also delete the object of the secret. Nothing is lost: run the rotation again \
             afterwards."
    )]
    Secret {
        /// The sealing context of the secret.
        context: String,
        /// The reason for which it cannot be opened.
        error: SealError,
    },
    /// The store failed.
    #[error("{0} Nothing is lost: run the rotation again.")]
    Store(#[from] StoreError),
    /// The keyring has no file.
    #[error(
        "The keyring comes from a text that the host cannot change, and the text has one key. Put a new key before it \
         (32 random bytes in base64, then a comma), and run the rotation again."
    )]
    NoNewKey,
}

/// The result of a rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// The key that now seals all secrets.
    pub current: String,
    /// The number of secrets that were sealed again.
    pub resealed: u64,
    /// The retired keys. They are removed from the key file. Remove them from a variable by hand.
    pub retired: Vec<String>,
    /// Whether this rotation finished an earlier rotation instead of creating a new key.
    pub finished_earlier_one: bool,
}

/// Prevents a transaction from storing secrets sealed with a key that a rotation has retired meanwhile.
#[derive(Debug)]
pub struct SealingGuard;

impl SealingGuard {
    /// Takes the sealing lock. Every transaction that stores sealed secrets must call this before it seals, and before
    /// it changes or deletes rows with secrets. It waits for other such transactions and for a step of a rotation.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn begin(records: &mut Records<'_>) -> Result<(), StoreError> {
        records.take_sealing_turn().await
    }

    /// Seals a secret with the current key, and records in the store that the key is in use, after
    /// [`SealingGuard::begin`].
    ///
    /// # Errors
    /// [`Refusal`] when the secret cannot be sealed, or the key is retired. The transaction must not be committed then.
    pub async fn seal(
        records: &mut Records<'_>,
        keyring: &Keyring,
        context: &str,
        secret: &[u8],
        now: Moment,
    ) -> Result<Vec<u8>, Refusal> {
        let sealed = keyring.seal(context, secret).map_err(|error| Refusal::Unable(error.to_string()))?;
        Self::note_key_of(records, &sealed, now).await?;
        Ok(sealed)
    }

    /// Records in the store that the key of these sealed bytes is in use, after [`SealingGuard::begin`].
    ///
    /// # Errors
    /// As [`SealingGuard::note`].
    pub async fn note_key_of(records: &mut Records<'_>, sealed: &[u8], now: Moment) -> Result<(), StoreError> {
        match KeyId::of(sealed) {
            Some(key) => Self::note(records, key, now).await,
            None => Ok(()),
        }
    }

    /// Records in the store that `key` is in use, after [`SealingGuard::begin`].
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the key is retired. The transaction must not be committed then.
    pub async fn note(records: &mut Records<'_>, key: KeyId, now: Moment) -> Result<(), StoreError> {
        if records.note_sealing_key(&key.to_string(), now).await? {
            Ok(())
        } else {
            Err(StoreError::Conflict(format!(
                "The sealing key {key} is retired and must not be used. Check whether the key file is an old copy."
            )))
        }
    }
}

/// Seals every secret in `places` with a new key, or continues a rotation that had stopped.
///
/// A crash loses nothing: the new key is in the file before it seals a secret, each batch is one transaction, and the
/// old key is removed from the file last.
///
/// # Errors
/// [`RotationError`]. Secrets that were sealed again stay sealed with the new key.
pub async fn rotate(
    store: &Store,
    keyring: &Keyring,
    places: &[&dyn SealedPlace],
    now: Moment,
) -> Result<Rotation, RotationError> {
    let finished_earlier_one = begin(store, keyring, now).await?;
    let mut resealed = 0;
    loop {
        let done = reseal_batch(store, keyring, places, now).await?;
        resealed += done;
        if done == 0 && retire(store, keyring, places, now).await? {
            break;
        }
    }
    let retired = drop_retired(store, keyring).await?;
    Ok(Rotation { current: keyring.current_id().to_string(), resealed, retired, finished_earlier_one })
}

/// Creates the new key, unless an unfinished rotation has one. Returns whether it has.
async fn begin(store: &Store, keyring: &Keyring, now: Moment) -> Result<bool, RotationError> {
    // The store is locked, so no other process creates a key and overwrites this key in the file.
    let mut transaction = store.transaction().await?;
    let mut records = transaction.records();
    records.take_sealing_turn().await?;
    keyring.reload()?;
    let has_older = keyring.ids().len() > 1;
    if !has_older {
        if !keyring.is_in_file() {
            return Err(RotationError::NoNewKey);
        }
        keyring.add_key()?;
    }
    for key in keyring.ids() {
        records.note_sealing_key(&key.to_string(), now).await?;
    }
    transaction.commit().await?;
    Ok(has_older)
}

async fn reseal_batch(
    store: &Store,
    keyring: &Keyring,
    places: &[&dyn SealedPlace],
    now: Moment,
) -> Result<u64, RotationError> {
    let mut transaction = store.transaction().await?;
    let mut records = transaction.records();
    records.take_sealing_turn().await?;
    keyring.reload()?;
    let current = keyring.current_id();
    SealingGuard::note(&mut records, current, now).await?;
    let mut done = 0;
    for place in places {
        for old in place.sealed_by_others(&mut records, current, BATCH_SIZE).await? {
            let failed = |error| RotationError::Secret { context: old.context.clone(), error };
            let secret = keyring.open(&old.context, &old.sealed).map_err(failed)?;
            let sealed = keyring.seal(&old.context, &secret).map_err(failed)?;
            place.replace(&mut records, &old, &sealed, KeyId::of(&sealed).unwrap_or(current)).await?;
            done += 1;
        }
    }
    transaction.commit().await?;
    Ok(done)
}

/// Retires all keys except the current key, if they seal no secret. Returns whether it did.
async fn retire(
    store: &Store,
    keyring: &Keyring,
    places: &[&dyn SealedPlace],
    now: Moment,
) -> Result<bool, RotationError> {
    let mut transaction = store.transaction().await?;
    let mut records = transaction.records();
    // The lock waits for transactions that are storing secrets sealed with an older key.
    records.take_sealing_turn().await?;
    keyring.reload()?;
    let current = keyring.current_id();
    for place in places {
        if !place.sealed_by_others(&mut records, current, 1).await?.is_empty() {
            return Ok(false);
        }
    }
    for key in keyring.ids() {
        records.note_sealing_key(&key.to_string(), now).await?;
    }
    records.retire_sealing_keys_but(&current.to_string(), now).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Removes the keys that are retired in the store from the file. Returns those of them that were in the keyring.
async fn drop_retired(store: &Store, keyring: &Keyring) -> Result<Vec<String>, RotationError> {
    let mut transaction = store.transaction().await?;
    let mut records = transaction.records();
    records.take_sealing_turn().await?;
    keyring.reload()?;
    let in_use = records.sealing_keys_in_use().await?;
    let retired: Vec<_> = keyring.ids().into_iter().filter(|id| !in_use.contains(&id.to_string())).collect();
    if keyring.is_in_file() {
        keyring.drop_keys(&retired)?;
    }
    Ok(retired.iter().map(ToString::to_string).collect())
}

/// Checks at the start that the keyring has every key in use, so that a wrong key file is noticed.
///
/// # Errors
/// [`RotationError::Seal`] names the missing key.
pub async fn check_keys(store: &Store, keyring: &Keyring) -> Result<(), RotationError> {
    let in_use = store.reader().await?.records().sealing_keys_in_use().await?;
    let has = keyring.ids();
    for key in in_use {
        let key: KeyId = key.parse().map_err(StoreError::Unreadable)?;
        if !has.contains(&key) {
            return Err(SealError::MissingKey { key }.into());
        }
    }
    Ok(())
}
