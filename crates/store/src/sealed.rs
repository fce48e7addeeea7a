//! Secrets in the store, as a rotation of the sealing key finds and replaces them.

use async_trait::async_trait;

use crate::model::KeyId;
use crate::{Records, StoreError};

/// A sealed secret in the store.
#[derive(Debug, Clone)]
pub struct SealedSecret {
    /// For what it is sealed, as the keyring was told.
    pub context: String,
    /// What was sealed.
    pub sealed: Vec<u8>,
    /// Its row, as the place that gave it understands.
    pub row: Vec<String>,
}

/// A kind of sealed secrets in the store, such as those of connections.
#[async_trait]
pub trait SealedPlace: Send + Sync {
    /// At most `limit` secrets that another key than `current` sealed, always the same ones until they are replaced.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn sealed_by_others(
        &self,
        records: &mut Records<'_>,
        current: KeyId,
        limit: i64,
    ) -> Result<Vec<SealedSecret>, StoreError>;

    /// Puts `sealed`, by the key `key`, in the place of `old`, unless somebody else has put something there meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn replace(
        &self,
        records: &mut Records<'_>,
        old: &SealedSecret,
        sealed: &[u8],
        key: KeyId,
    ) -> Result<(), StoreError>;
}
