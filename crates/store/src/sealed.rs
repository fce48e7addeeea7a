//! Sealed secrets in the store, as a rotation of the sealing key reads and replaces them.

use async_trait::async_trait;

use crate::model::KeyId;
use crate::{Records, StoreError};

/// A sealed secret in the store.
#[derive(Debug, Clone)]
pub struct SealedSecret {
    /// The context that it is sealed with.
    pub context: String,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// Its row, in the form of the place that returned it.
    pub row: Vec<String>,
}

/// A kind of sealed secrets in the store, such as those of connections.
#[async_trait]
pub trait SealedPlace: Send + Sync {
    /// At most `limit` secrets that a key other than `current` sealed. They are the same ones until they are replaced.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn sealed_by_others(
        &self,
        records: &mut Records<'_>,
        current: KeyId,
        limit: i64,
    ) -> Result<Vec<SealedSecret>, StoreError>;

    /// Replaces `old` by `sealed`, which `key` sealed, unless another process changed it meanwhile.
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
