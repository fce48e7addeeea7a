//! The identity of this instance towards other instances: an X25519 key pair, created at its first use and sealed in
//! the store.

use soar_store::model::Moment;
use soar_store::{Records, StoreError, TenancySecret};
use zeroize::Zeroizing;

use super::handshake;
use super::key_pair::{KeyPair, from_hexadecimal, hexadecimal};
use crate::Refusal;
use crate::connections::Connections;
use crate::sealing::SealingGuard;

/// The instance's key pair, within a transaction that holds the sealing lock.
pub(super) async fn identity(
    connections: &Connections,
    records: &mut Records<'_>,
    now: Moment,
) -> Result<KeyPair, Refusal> {
    if records.instance().await?.is_none() {
        let made = handshake::new_key_pair().map_err(|error| Refusal::Unable(error.to_string()))?;
        let sealed = seal(connections, records, &TenancySecret::Instance, &*made.private, now).await?;
        records.keep_instance(&hexadecimal(&made.public), &sealed).await?;
    }
    // Read again, since another process may have stored a key pair first.
    let kept = records.instance().await?;
    let (public, sealed) = kept.ok_or_else(|| StoreError::Unreadable("the instance's own key".to_owned()))?;
    let opened = connections.keyring.open(&TenancySecret::Instance.context(), &sealed);
    let opened = opened.map_err(|error| Refusal::Unable(error.to_string()))?;
    let unreadable = || StoreError::Unreadable("the instance's own key".to_owned());
    let private = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| unreadable())?;
    Ok(KeyPair { public: from_hexadecimal(&public).ok_or_else(unreadable)?, private: Zeroizing::new(private) })
}

/// Seals a secret within a transaction that holds the sealing lock.
pub(super) async fn seal(
    connections: &Connections,
    records: &mut Records<'_>,
    place: &TenancySecret,
    secret: &[u8],
    now: Moment,
) -> Result<Vec<u8>, Refusal> {
    SealingGuard::seal(records, &connections.keyring, &place.context(), secret, now).await
}
