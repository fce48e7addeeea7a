//! The secrets of JWT keys, for a rotation of the sealing key.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::JWT_SECRET_CONTEXT;
use crate::model::KeyKind;
use crate::sealing::{KeyId, SealedPlace, SealedSecret};
use crate::store::{Records, StoreError};

/// The secrets of JWT keys, for a rotation.
#[derive(Debug)]
pub struct JwtSecrets;

#[async_trait]
impl SealedPlace for JwtSecrets {
    async fn sealed_by_others(
        &self,
        records: &mut Records<'_>,
        current: KeyId,
        limit: i64,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        let mut found = Vec::new();
        // There are few keys, and they come in the order of their names.
        for stored in records.stored_keys().await?.into_iter().filter(|stored| stored.key.kind == KeyKind::Jwt) {
            let sealed = STANDARD
                .decode(&stored.secret)
                .map_err(|_| StoreError::Unreadable(format!("the secret of key {}", stored.key.name)))?;
            if KeyId::of(&sealed) != Some(current) {
                let row = vec![stored.key.id.to_string()];
                found.push(SealedSecret { context: JWT_SECRET_CONTEXT.to_owned(), sealed, row });
            }
        }
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    async fn replace(
        &self,
        records: &mut Records<'_>,
        old: &SealedSecret,
        sealed: &[u8],
        _key: KeyId,
    ) -> Result<(), StoreError> {
        let id = old.row.first().and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| StoreError::Unreadable("a key's number".to_owned()))?;
        // The secret of a key never changes, so nobody else can have put another one there.
        records.reseal_key(id, &STANDARD.encode(sealed)).await
    }
}
