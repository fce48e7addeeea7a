//! Changing the key: a new one becomes current, everything is sealed again, and the old one goes when nothing needs it.

use serde::Serialize;
use soar_store::model::{KeyId, Moment};
use soar_store::{Records, SealedPlace, Store, StoreError};
use utoipa::ToSchema;

use super::{Keyring, SealError};

/// How many secrets are sealed again in one transaction.
const BATCH: i64 = 100;

/// Why a rotation stopped. Running it again goes on where it stopped.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// A key or a secret.
    #[error("{0} Nothing is lost: run the rotation again afterwards.")]
    Seal(#[from] SealError),
    /// One secret.
    #[error("{context}: {error} Or delete what it belongs to. Nothing is lost: run the rotation again afterwards.")]
    Secret {
        /// For what it was sealed.
        context: String,
        /// Why it does not open.
        error: SealError,
    },
    /// The store.
    #[error("{0} Nothing is lost: run the rotation again.")]
    Store(#[from] StoreError),
    /// The keys are in no file.
    #[error(
        "The keys come from a text that the host cannot change, and it has one key. Put a new key before it (32 random \
         bytes in base64, then a comma), and run the rotation again."
    )]
    NoNewKey,
}

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// The key that everything is sealed with now.
    pub current: String,
    /// How many secrets were sealed again.
    pub resealed: u64,
    /// The keys that nothing needs any more. They are gone from the key file; take them out of a variable by hand.
    pub retired: Vec<String>,
    /// Whether it finished a rotation that had stopped, rather than making a new key.
    pub finished_earlier_one: bool,
}

/// Keeps a transaction from writing what was sealed with a key that a rotation has retired meanwhile.
#[derive(Debug)]
pub struct SealingGuard;

impl SealingGuard {
    /// To be called in every transaction that writes something sealed, before it seals and before it changes or deletes
    /// rows with secrets: waits for others who do so, and for a step of a rotation.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn begin(records: &mut Records<'_>) -> Result<(), StoreError> {
        records.take_sealing_turn().await
    }

    /// Notes in the store that `key` sealed something, after [`SealingGuard::begin`].
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the key is retired, so that the transaction must not be committed.
    pub async fn note(records: &mut Records<'_>, key: KeyId, now: Moment) -> Result<(), StoreError> {
        if records.note_sealing_key(&key.to_string(), now).await? {
            Ok(())
        } else {
            Err(StoreError::Conflict(format!(
                "The sealing key {key} is retired, so nothing may be sealed with it any more. Is the key file an old copy?"
            )))
        }
    }
}

/// Seals every secret in `places` with a new key, or goes on with a rotation that had stopped.
///
/// A crash at any moment loses nothing: the new key is in its file before anything is sealed with it, each batch is one
/// transaction, and the old key leaves the file last.
///
/// # Errors
/// [`RotationError`]; what was done stays done.
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

/// Makes the new key, unless there is one; says whether there was.
async fn begin(store: &Store, keyring: &Keyring, now: Moment) -> Result<bool, RotationError> {
    // While the store is locked no other process makes a new key, so none overwrites this one's in the file.
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
        for old in place.sealed_by_others(&mut records, current, BATCH).await? {
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

/// Retires all keys but the current one, if nothing is sealed with them any more; says whether it did.
async fn retire(
    store: &Store,
    keyring: &Keyring,
    places: &[&dyn SealedPlace],
    now: Moment,
) -> Result<bool, RotationError> {
    let mut transaction = store.transaction().await?;
    let mut records = transaction.records();
    // Whoever is about to write something sealed with an older key is waited for, and then seen.
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

/// Takes what the store says is retired out of the file; says which keys of the keyring that are.
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

/// Checks that every key that may have sealed something is there, so that a wrong key file is noticed at the start.
///
/// # Errors
/// [`RotationError::Seal`] names the key that is missing.
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
